"""Editions and changes in a real browser: wide, on a phone, on paper, without JavaScript, with a screen reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_chart import CUT_OFF, OUTSIDE, OVER_EACH_OTHER
from tests.browser.test_reading import keeps_to_a_phone, printed

pytestmark = pytest.mark.browser

COMPARED = "/structure/compare/second-period/third-period/"
LARGE = "/structure/compare/large/second-period/"
KINDS = [
    COMPARED,
    LARGE,
    "/structure/compare/",
    "/structure/compare/third-period/third-period/",
    "/structure/second-period/",
    "/bodies/cas_office/",
    "/changes/",
]
BOTH = [prefix + address for address in KINDS for prefix in ("", "/en")]


@pytest.mark.parametrize("address", BOTH)
@pytest.mark.parametrize("how", ["wide", "phone", "paper"])
def test_axe_finds_nothing(tab: Page, address: str, how: str) -> None:
    if how == "phone":
        tab.set_viewport_size({"width": 375, "height": 800})
    tab.goto(address)
    if how == "paper":
        tab.emulate_media(media="print")

    found = Axe().run(tab)

    assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []


@pytest.mark.parametrize("address", BOTH)
def test_nothing_scrolls_sideways_on_a_phone(tab: Page, address: str) -> None:
    keeps_to_a_phone(tab, address, ".table-scroll, .chart-scroll, .heard, .what dt")


@pytest.mark.parametrize("address", [COMPARED, f"/en{COMPARED}", "/structure/second-period/", LARGE, f"/en{LARGE}"])
def test_letters_stay_in_their_boxes(tab: Page, address: str) -> None:
    tab.set_viewport_size({"width": 1600, "height": 900})  # the figure in its own size, where it was measured
    tab.goto(address)

    assert tab.locator("svg.chart a > rect + text").count() > 0
    assert tab.evaluate(OUTSIDE) == []
    assert tab.evaluate(CUT_OFF) == []
    assert tab.evaluate(OVER_EACH_OTHER) == []


@pytest.mark.parametrize("script", [True, False])
def test_a_reader_goes_from_the_structure_to_what_changed(browser: Browser, served: str, script: bool) -> None:
    context = browser.new_context(java_script_enabled=script, base_url=served)
    page = context.new_page()
    page.goto("/structure/")
    page.get_by_label("日付を指定して見る").fill("2023-04-01")
    page.get_by_role("button", name="表示").click()
    expect(page).to_have_url(re.compile("/structure/second-period/$"))
    expect(page.locator("p.state")).to_contain_text("過去の体制")
    page.locator(".in-force").get_by_role("link", name="この版との違い").click()
    expect(page).to_have_url(re.compile(f"{COMPARED}$"))
    expect(page.locator("#unrecorded-before")).to_contain_text("前の体制に記録のない機関")

    page.get_by_label("前の体制", exact=True).select_option("third-period")
    page.get_by_label("後の体制", exact=True).select_option("large")
    page.get_by_role("button", name="比べる").click()
    expect(page).to_have_url(re.compile("/structure/compare/large/third-period/$"))  # by day, whatever was chosen
    expect(page.locator("#came")).to_be_visible()

    page.locator(".dates").get_by_role("link", name="変更の記録").click()
    expect(page).to_have_url(re.compile("/changes/$"))
    page.get_by_role("link", name="第２期における健康・医療戦略の推進体制（一部）").click()
    expect(page).to_have_url(re.compile("/structure/second-period/$"))
    context.close()


def test_an_entry_keeps_its_address(tab: Page) -> None:
    tab.goto("/changes/")
    entry = tab.locator(".changes > li[id^=change-]").first
    place = entry.get_attribute("id")
    entry.locator(".when a").click()

    expect(tab).to_have_url(re.compile(rf"/changes/\?page=1#{place}$"))
    expect(tab.locator(f"#{place}:target")).to_be_in_viewport()


def test_marks_of_the_chart_are_words_and_lines_and_not_colour_alone(tab: Page) -> None:
    tab.goto(COMPARED)

    box = tab.locator("svg.chart a[href='/bodies/kyogikai01/']")
    expect(box).to_contain_text("？ 前は記録なし")
    assert box.locator("rect").get_attribute("stroke-dasharray") == "2 3"
    expect(tab.locator("svg.chart")).to_contain_text("前の体制の記録は一部なので、あったかどうかはわからない")


def test_comparison_and_changes_print_whole(tab: Page, tmp_path: Path) -> None:
    text = printed(tab, COMPARED, tmp_path)
    for words in (
        "体制の比較",
        "前の体制に記録のない機関",
        "医薬品開発協議会",
        "内閣官房健康・医療戦略室",
        "政策的助言",
    ):
        assert words in text, words
    assert "比べる" not in text

    text = printed(tab, "/changes/", tmp_path)
    for words in ("変更の記録", "読み込み：", "適用開始：第３期における健康・医療戦略の推進体制"):
        assert words in text, words
