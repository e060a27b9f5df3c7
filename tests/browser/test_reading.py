"""What a reader does: follow links, switch the language, use a phone, the keyboard, paper, a screen reader."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from portal.views import PAGES

pytestmark = pytest.mark.browser

KINDS = [
    "/",
    "/structure/",
    "/structure/?detail=compact",
    "/structure/large/",
    "/structure/large/?q=big-3",
    "/bodies/hq/",
    "/bodies/amed/",
    "/bodies/kyogikai03/",
    "/bodies/mhlw/",
    "/plans/",
    "/plans/third-period/",
    "/plans/third-period-strategy/",
    "/plans/third-period/sections/1.3.4/",
    "/plans/third-period/sections/pipeline/",
    "/plans/third-period/targets/",
    "/plans/second-period/targets/",
    "/plans/third-period/targets/slide-04/",
    "/plans/policy-targets-2024/targets/koso-10/",
    "/indicators/out-licensing/",
    "/projects/",
    "/projects/pj5/",
    "/programmes/",
    "/alignment/",
    "/search/?q=%E5%8D%94%E8%AD%B0%E4%BC%9A",
    "/search/?q=zzzz",
    "/sources/",
    "/sources/third-period-slides/",
    "/sitemap/",
    *(f"/{name}/" for name in PAGES),
]
BOTH = [prefix + address for address in KINDS for prefix in ("", "/en")]


def test_a_reader_walks_from_home_to_a_source(tab: Page) -> None:
    tab.goto("/")
    tab.get_by_role("link", name="第３期における健康・医療戦略の推進体制").first.click()
    expect(tab).to_have_url(re.compile("/structure/third-period/$"))
    tab.locator("#body-amed .name a").first.click()
    expect(tab.get_by_role("heading", level=1)).to_contain_text("国立研究開発法人日本医療研究開発機構")
    tab.locator("#relations ~ .facts").get_by_role("link", name="文部科学省").first.click()
    expect(tab).to_have_url(re.compile("/bodies/mext/$"))
    tab.locator(".cite a").first.click()
    expect(tab).to_have_url(re.compile("/sources/third-period-slides/$"))
    tab.locator("#kind-mandate ~ .facts a").first.click()
    expect(tab).to_have_url(re.compile("/bodies/hq/#mandate-"))


def test_a_note_is_one_click_away(tab: Page) -> None:
    tab.goto("/structure/")
    tab.locator("#body-hq sup a").first.click()

    expect(tab.locator(".note:target")).to_contain_text("健康・医療戦略推進法第24条に")


@pytest.mark.parametrize("address", ["/", "/bodies/hq/", "/structure/large/?q=big-3", "/terms/"])
def test_the_language_switch_stays_on_the_page(tab: Page, address: str) -> None:
    tab.goto(address)
    tab.get_by_role("link", name="English", exact=True).click()
    expect(tab).to_have_url(re.compile(re.escape(f"/en{address}") + "$"))
    expect(tab.locator("html")).to_have_attribute("lang", "en")

    tab.get_by_role("link", name="日本語", exact=True).click()
    expect(tab).to_have_url(re.compile(r"\d" + re.escape(address) + "$"))
    expect(tab.locator("html")).to_have_attribute("lang", "ja")


def keeps_to_a_phone(tab: Page, address: str, scrolling: str) -> None:
    """Nothing is wider than the window but for what scrolls within itself, or is folded away."""
    tab.set_viewport_size({"width": 375, "height": 800})
    tab.goto(address)

    assert tab.evaluate("document.documentElement.scrollWidth") == 375
    outside = """scrolling => [...document.querySelectorAll('main *')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width > 0 && (box.right > 376 || box.left < -1) && !e.closest(scrolling);
    }).map(e => e.outerHTML.slice(0, 100))"""
    assert tab.evaluate(outside, scrolling) == []


@pytest.mark.parametrize("address", BOTH)
def test_nothing_scrolls_sideways_on_a_phone(tab: Page, address: str) -> None:
    keeps_to_a_phone(tab, address, ".table-scroll, .chart-scroll, .heard")


@pytest.mark.parametrize("address", BOTH)
def test_axe_finds_nothing(tab: Page, address: str) -> None:
    tab.goto(address)

    found = Axe().run(tab)

    assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found.response["violations"]] == []


def test_axe_finds_nothing_on_the_page_for_unknown_addresses(browser: Browser, served: str) -> None:
    page = browser.new_page(base_url=served)
    page.goto("/bodies/nobody/")

    assert Axe().run(page).response["violations"] == []
    page.close()


def test_the_keyboard_reaches_everything_and_shows_where_it_is(tab: Page) -> None:
    tab.goto("/structure/")
    tab.keyboard.press("Tab")
    expect(tab.locator(".skip")).to_be_focused()
    expect(tab.locator(".skip")).to_be_in_viewport()
    tab.keyboard.press("Enter")
    expect(tab.locator("main")).to_be_focused()
    tab.keyboard.press("Tab")
    expect(tab.locator("main a").first).to_be_focused()
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "4px"

    wanted = tab.locator("main a, main [tabindex='0'], main input, main button").count()
    step = """() => { const here = document.activeElement;
        window.reached = (window.reached || new Set()).add(here); return !!here.closest('main'); }"""
    while tab.evaluate(step):
        tab.keyboard.press("Tab")
    assert tab.evaluate("window.reached.size") - 1 == wanted  # the last one reached stands in the footer


def test_a_folded_tree_opens_by_keyboard(tab: Page) -> None:
    tab.goto("/structure/large/")
    division = tab.locator("#list").get_by_role("link", name="big-3-1 課", include_hidden=True)
    expect(division).to_be_hidden()

    tab.locator("summary").first.focus()
    tab.keyboard.press("Enter")
    tab.locator("li:has(> a[href='/bodies/big-3/']) summary").focus()
    tab.keyboard.press("Enter")

    expect(division).to_be_visible()


@pytest.mark.parametrize("address", BOTH)
def test_pages_work_without_javascript(browser: Browser, served: str, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served)
    page = context.new_page()
    page.goto(address)

    assert len(page.locator("main").inner_text()) > 200
    context.close()


def test_the_filter_works_without_javascript(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served)
    page = context.new_page()
    page.goto("/structure/large/")
    page.get_by_label("機関名でしぼり込む").fill("big-3-1")
    page.get_by_role("button", name="しぼり込む").click()

    expect(page.locator(".matches li")).to_have_text("big 課 › big-3 課 › big-3-1 課")
    page.get_by_role("link", name="解除").click()
    expect(page.locator(".matches")).to_have_count(0)
    context.close()


def printed(tab: Page, address: str, folder: Path, *, landscape: bool = False) -> str:
    """The text of the page as it prints, and that it has pages of A4."""
    tab.goto(address)
    tab.pdf(path=folder / "page.pdf", prefer_css_page_size=True, landscape=landscape)
    about = subprocess.run(["pdfinfo", folder / "page.pdf"], capture_output=True, text=True, check=True).stdout
    assert "A4" in about
    text = subprocess.run(["pdftotext", folder / "page.pdf", "-"], capture_output=True, text=True, check=True).stdout
    return re.sub(r"\s+", "", text)


def test_the_structure_prints_whole(tab: Page, tmp_path: Path) -> None:
    text = printed(tab, "/structure/third-period/", tmp_path)

    for words in ("健康・医療戦略推進本部", "健康・医療グローバル協議会", "補助金・運営費交付金の交付", "出典間の相違"):
        assert words in text
    for words in ("本文へ", "サイトマップ", "このページの内容"):
        assert words not in text


def test_a_folded_tree_prints_unfolded(tab: Page, tmp_path: Path) -> None:
    assert "big-11-8課" in printed(tab, "/structure/large/", tmp_path)


def test_a_body_prints_whole(tab: Page, tmp_path: Path) -> None:
    text = printed(tab, "/bodies/hq/", tmp_path)

    assert "内閣官房長官" in text
    assert "スライド1" in text


def test_a_screen_reader_hears_marks_in_words(tab: Page) -> None:
    tab.goto("/bodies/hq/")

    expect(tab.get_by_role("link", name="注1")).to_have_count(1)
    expect(tab.get_by_role("link", name="＊1")).to_have_count(0)
    assert [tab.locator(f"main {level}").count() > 0 for level in ("h1", "h2")] == [True, True]
