"""The chart in a real browser: letters in their boxes, links by mouse and keyboard, paper, a phone, other colours."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bodies.chart.drawing import draw
from bodies.chart.model import Chart, Link, Note, Place, Stand, Style, Words

pytestmark = pytest.mark.browser

# Every text that leaves its box by more than the rounding of a letter's outline, with where it is.
OUTSIDE = """() => [...document.querySelectorAll('svg.chart a, svg.chart g')].flatMap(box => {
    const rect = box.querySelector(':scope > rect');
    const room = rect && rect.getBBox();
    return !rect ? [] : [...box.querySelectorAll(':scope > text')].filter(text => {
        const ink = text.getBBox();
        return ink.x < room.x || ink.x + ink.width > room.x + room.width
            || ink.y < room.y || ink.y + ink.height > room.y + room.height;
    }).map(text => text.textContent);
})"""
# The same for every text of the figure and its edge.
CUT_OFF = """() => { const edge = document.querySelector('svg.chart').getBoundingClientRect();
    return [...document.querySelectorAll('svg.chart text')].filter(text => {
        const ink = text.getBoundingClientRect();
        return ink.left < edge.left || ink.right > edge.right || ink.top < edge.top || ink.bottom > edge.bottom;
    }).map(text => text.textContent); }"""
# Words of the figure that stand over others.
OVER_EACH_OTHER = """() => { const all = [...document.querySelectorAll('svg.chart text')].map(text =>
        [text.textContent, text.getBoundingClientRect()]);
    const found = [];
    for (let i = 0; i < all.length; i++) for (let j = i + 1; j < all.length; j++) {
        const [a, b] = [all[i][1], all[j][1]];
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 4) found.push([all[i][0], all[j][0], wide, high]);
    }
    return found; }"""

CHARTS = [
    prefix + address
    for address in (
        "/",
        "/structure/",
        "/structure/?detail=compact",
        "/structure/large/",
        "/bodies/hq/",
        "/bodies/cao/",
        "/bodies/amed/",
        "/bodies/kyogikai03/",
        "/bodies/big-3/",
    )
    for prefix in ("", "/en")
]


@pytest.mark.parametrize("address", CHARTS)
def test_letters_stay_in_their_boxes(tab: Page, address: str) -> None:
    tab.goto(address)

    assert tab.locator("svg.chart a > rect + text").count() > 0
    assert tab.evaluate(OUTSIDE) == []
    assert tab.evaluate(CUT_OFF) == []
    assert tab.evaluate(OVER_EACH_OTHER) == []


HARD = [
    "国立研究開発法人量子科学技術研究開発機構量子生命・医学部門放射線医学研究所計測・線量評価部",
    "（仮称）「健康・医療」データ利活用《推進》協議会（第２期）準備会合〈作業部会〉",
    "ｿﾌﾄｳｪｱ･ﾊﾞｲｵｲﾝﾌｫﾏﾃｨｸｽ戦略ﾁｰﾑ（AI/ML・IT-BPR）",
    "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
    "Office for Interministerial Coordination of Pharmaceuticals, Counter-bioterrorism & Radiopharmaceuticals",
    "%%%%@@@@MMMM mmmm wwww ＆＜＞“”‘’ & < > \" '",
    "ーーー、、、。。。ぁぃぅぇぉ」」」』』』",
    "ÅÉÎÕÜ ñçß Đường — ‘Ærøskøbing’ № 12 ± 3 €",
    "a",
    "１",
]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_hard_names_stay_in_their_boxes(browser: Browser, language: str) -> None:
    lines = tuple((Style.ITEM, "", f"・{name}") for name in HARD[:4])
    hard = [Place(f"h{n}", name, paragraphs=lines if n % 3 == 0 else ()) for n, name in enumerate(HARD)]
    places = (
        Place("top", HARD[0], children=(Place("beside", HARD[1], Stand.BESIDE), *hard), paragraphs=lines),
        Place("frame", HARD[4], Stand.FRAME, (Place("in", HARD[4]), Place("other", HARD[3]))),
    )
    words = Words(
        language, HARD[4], "", HARD[1], "", HARD[4] * 3, "凡例", "注", "上下", {"funds": HARD[2]}, "、", "（%s）"
    )
    links = tuple(Link(f"h{n}", "in", "funds", name) for n, name in enumerate(HARD))
    notes = tuple(Note(f"＊{n}", name * 3) for n, name in enumerate(HARD))
    page = browser.new_page()
    page.set_content(draw(Chart(places, links, notes, words)))

    assert page.locator("svg.chart g > rect + text").count() > len(HARD)
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(CUT_OFF) == []
    page.close()


def test_a_box_leads_to_its_body_by_mouse_and_by_keyboard(tab: Page) -> None:
    tab.goto("/structure/")
    tab.locator("svg.chart a", has_text="健康・医療戦略推進会議").first.click()
    expect(tab).to_have_url(re.compile("/bodies/council/$"))

    tab.goto("/structure/")
    tab.locator(".chart-scroll").focus()
    tab.keyboard.press("Tab")
    focused = tab.locator("svg.chart a").first
    expect(focused).to_be_focused()
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("/bodies/hq/$"))


def test_the_chart_can_be_skipped(tab: Page) -> None:
    tab.goto("/structure/")
    tab.get_by_role("link", name="図をとばす").press("Enter")
    tab.keyboard.press("Tab")

    expect(tab.locator("#list a").first).to_be_focused()


def test_on_a_phone_skipping_the_chart_leads_on(tab: Page) -> None:
    tab.set_viewport_size({"width": 375, "height": 800})
    tab.emulate_media(reduced_motion="reduce")  # where it leads, not how long it scrolls
    tab.goto("/structure/")
    tab.get_by_role("link", name="図をとばす").press("Enter")

    below = tab.evaluate("document.querySelector('.chart-scroll').getBoundingClientRect().bottom")
    assert below <= 60


def test_find_in_page_finds_a_name_across_its_lines(tab: Page) -> None:
    tab.goto("/structure/")

    assert tab.evaluate("window.find('健康・医療戦略推進専門調査会')")
    assert tab.evaluate("getSelection().anchorNode.parentElement.closest('svg.chart') !== null")


def test_the_chart_is_a_labelled_group_of_links(tab: Page) -> None:
    tab.goto("/structure/")

    group = tab.get_by_role("group", name="第３期における健康・医療戦略の推進体制")
    expect(group).to_be_visible()
    expect(group).to_have_accessible_description(re.compile("22 機関の位置と 18 件の関係"))
    expect(group.get_by_role("link", name=re.compile("^国立研究開発法人日本医療研究開発機構"))).to_have_count(1)


def test_on_a_phone_the_list_comes_first_and_the_chart_scrolls_in_its_frame(tab: Page) -> None:
    tab.set_viewport_size({"width": 375, "height": 800})
    for address in ("/", "/structure/"):
        tab.goto(address)
        chart, listed = tab.locator(".chart-scroll").bounding_box(), tab.locator("#list").bounding_box()
        assert chart is not None
        assert listed is not None
        assert listed["y"] + listed["height"] <= chart["y"]
        assert chart["width"] <= 375
        tab.locator(".chart-scroll").focus()
        before = tab.evaluate("document.querySelector('.chart-scroll').scrollLeft")
        tab.keyboard.press("ArrowRight")
        for _wait in range(50):
            if tab.evaluate("document.querySelector('.chart-scroll').scrollLeft") > before:
                break
            tab.wait_for_timeout(50)
        assert tab.evaluate("document.querySelector('.chart-scroll').scrollLeft") > before
        assert tab.evaluate("document.documentElement.scrollWidth") == 375
        # text is not made much smaller than it is drawn
        assert tab.evaluate("document.querySelector('svg.chart text').getScreenCTM().a") >= 0.85


def test_on_a_desktop_the_chart_comes_first_and_is_shown_whole(tab: Page) -> None:
    for address in ("/", "/structure/"):
        tab.goto(address)
        chart, listed = tab.locator("svg.chart").bounding_box(), tab.locator("#list").bounding_box()
        assert chart is not None
        assert listed is not None
        assert chart["y"] + chart["height"] <= listed["y"]
        assert chart["x"] >= 0
        assert chart["x"] + chart["width"] <= 1440
        assert tab.evaluate("document.documentElement.scrollWidth") <= 1440


def pages(pdf: Path) -> list[tuple[float, float]]:
    """Width and height of each page in points."""
    about = subprocess.run(["pdfinfo", "-l", "99", pdf], capture_output=True, text=True, check=True).stdout
    return [(float(w), float(h)) for w, h in re.findall(r"size:\s+([\d.]+) x ([\d.]+) pts", about)]


def letters(pdf: Path, page: int) -> list[float]:
    """The sizes of the letters on a page in points, rounded down to thirds."""
    command = ["pdftohtml", "-xml", "-i", "-zoom", "3", "-f", str(page), "-l", str(page), "-stdout", str(pdf)]
    xml = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [int(size) / 3 for size in re.findall(r'<fontspec [^>]*size="(\d+)"', xml)]


A3, A4 = (1191, 842), (842, 595)


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(
    ("address", "paper", "least"),
    [("/structure/", A3, 7), ("/structure/?detail=compact", A4, 6), ("/", A4, 6)],
)
def test_the_chart_prints_on_one_landscape_page(
    tab: Page, tmp_path: Path, prefix: str, address: str, paper: tuple[int, int], least: int
) -> None:
    tab.goto(prefix + address)
    tab.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)

    printed = pages(tmp_path / "page.pdf")
    landscape = [number for number, (w, h) in enumerate(printed, start=1) if w > h]
    assert len(landscape) == 1
    assert printed[landscape[0] - 1] == pytest.approx(paper, abs=1)
    assert min(letters(tmp_path / "page.pdf", landscape[0])) >= least
    command = ["pdftotext", "-f", str(landscape[0]), "-l", str(landscape[0]), str(tmp_path / "page.pdf"), "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    source = "Sources:" if prefix else "出典"
    assert source in text  # the last line of the figure stands on the page


def test_a_small_chart_prints_where_it_stands(tab: Page, tmp_path: Path) -> None:
    tab.goto("/bodies/cao/")
    tab.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)

    assert {w < h for w, h in pages(tmp_path / "page.pdf")} == {True}


def test_a_file_of_its_own_opens_and_needs_nothing_else(tab: Page, served: str) -> None:
    tab.goto("/structure/third-period/chart.svg")  # `tab` fails on requests to elsewhere and on refused styles

    assert tab.evaluate("document.documentElement.namespaceURI") == "http://www.w3.org/2000/svg"
    assert tab.evaluate("[...document.querySelectorAll('a')].every(a => a.href.baseVal.startsWith('http://'))")
    assert tab.evaluate("document.querySelectorAll('style, script, image, use, foreignObject').length") == 0


def test_the_chart_downloads_under_its_title(tab: Page) -> None:
    tab.goto("/structure/")
    with tab.expect_download() as waiting:
        tab.get_by_role("link", name="図をダウンロード").click()

    name = waiting.value.suggested_filename
    assert re.fullmatch(r"第３期における健康・医療戦略の推進体制 体制図 \d{4}-\d\d-\d\d\.svg", name)


def contrasts(page: Page) -> Any:
    """The lightness of each text in a box and of its ground, as painted."""
    return page.evaluate("""() => [...document.querySelectorAll('svg a:has(> rect)')].map(a => {
        const light = colour => colour.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
        const fill = each => light(getComputedStyle(each).fill);
        return Math.abs(fill(a.querySelector('text')) - fill(a.querySelector('rect')));
    })""")


@pytest.mark.parametrize("address", ["/structure/", "/structure/third-period/chart.svg"])
@pytest.mark.parametrize("colours", [{"forced_colors": "active"}, {"color_scheme": "dark"}])
def test_other_colours_stay_legible(browser: Browser, served: str, address: str, colours: dict[str, Any]) -> None:
    page = browser.new_page(base_url=served, **colours)
    page.goto(address)

    found = contrasts(page)
    assert len(found) > 20
    assert min(found) > 0.7
    page.close()
