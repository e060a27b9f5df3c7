"""Open data in a browser: found, folded out, taken home."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

each_language = pytest.mark.parametrize("address", ["/data/", "/en/data/"])
UNFOLD = "document.querySelectorAll('.datasets details').forEach(each => { each.open = true; })"


def test_a_reader_finds_the_data_and_takes_a_table_home(tab: Page) -> None:
    tab.goto("/")
    tab.get_by_role("contentinfo").get_by_role("link", name="データ", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("データ")

    with tab.expect_download() as taken:
        tab.get_by_role("link", name="実績値 CSV").click()

    assert re.fullmatch(r"observations-r\d+\.csv", taken.value.suggested_filename)
    assert Path(taken.value.path()).read_text(encoding="utf-8-sig").startswith("indicator,plan,code,")


def test_the_columns_of_a_table_fold_out_by_keyboard_and_lead_to_what_they_refer_to(tab: Page) -> None:
    tab.goto("/data/")
    column = tab.locator("#observations .columns div", has_text="値が属する期間の計画").first
    expect(column).to_be_hidden()

    tab.locator("#observations summary").focus()
    tab.keyboard.press("Enter")
    expect(column).to_be_visible()
    column.get_by_role("link", name="計画").click()

    expect(tab).to_have_url(re.compile("/data/#plans$"))
    expect(tab.locator("#plans")).to_be_in_viewport()


@each_language
@pytest.mark.parametrize("width", [320, 375])
def test_nothing_scrolls_sideways_on_a_phone_with_everything_folded_out(tab: Page, address: str, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto(address)
    tab.evaluate(UNFOLD)

    assert tab.evaluate("document.documentElement.scrollWidth") == width
    outside = f"""() => [...document.querySelectorAll('main *')].filter(e => {{
        const box = e.getBoundingClientRect();
        return box.width > 0 && (box.right > {width + 1} || box.left < -1) && !e.closest('.heard');
    }}).map(e => e.outerHTML.slice(0, 100))"""
    assert tab.evaluate(outside) == []


@each_language
def test_axe_finds_nothing_folded_and_unfolded(tab: Page, address: str) -> None:
    tab.goto(address)
    folded = Axe().run(tab).response["violations"]
    tab.evaluate(UNFOLD)
    unfolded = Axe().run(tab).response["violations"]

    assert [(each["id"], each["nodes"][0]["html"]) for each in [*folded, *unfolded]] == []


def test_the_page_works_without_javascript(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served)
    page = context.new_page()
    page.goto("/data/")
    page.locator("#budgets summary").click()

    expect(page.locator("#budgets .columns div").first).to_be_visible()
    context.close()


def test_the_columns_print_unfolded(tab: Page, tmp_path: Path) -> None:
    tab.goto("/data/")
    tab.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)

    text = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True).stdout
    words = re.sub(r"\s+", "", text)
    for said in ("公共データ利用規約（第1.0版）", "counterpart_plan", "訂正の対象replaces", "この表の出典"):
        assert said in words
