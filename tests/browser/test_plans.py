"""What a reader does with a plan: see it whole, print it, filter its targets, walk to the body that answers for one."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_reading import printed

pytestmark = pytest.mark.browser


def sheets(tab: Page, address: str, folder: Path) -> tuple[int, list[float]]:
    """How many pages an address prints on, and the width and height of the first in millimetres."""
    tab.goto(address)
    tab.pdf(path=folder / "sheet.pdf", prefer_css_page_size=True)
    about = subprocess.run(["pdfinfo", folder / "sheet.pdf"], capture_output=True, text=True, check=True).stdout
    size = re.search(r"Page size:\s+([\d.]+) x ([\d.]+) pts", about)
    pages = re.search(r"Pages:\s+(\d+)", about)
    assert size is not None
    assert pages is not None
    return int(pages[1]), [round(float(each) * 25.4 / 72) for each in size.groups()]


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_plan_prints_whole_on_one_a3_landscape_sheet(tab: Page, tmp_path: Path, prefix: str) -> None:
    assert sheets(tab, f"{prefix}/plans/third-period/", tmp_path) == (1, [420, 297])

    words = subprocess.run(
        ["pdftotext", tmp_path / "sheet.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    expected = {
        "": [
            "現状認識",
            "感染症有事に備えた対応",
            "イノベーション・エコシステムPJ",
            "AMED主導の事業間連携数",
            "民間企業",
        ],
        "/en": ["Current situation", "Role of AMED", "Private companies"],
    }
    for phrase in expected[prefix]:
        assert re.sub(r"\s", "", phrase) in re.sub(r"\s", "", words), phrase


def test_nothing_of_the_printed_plan_is_smaller_than_can_be_read(tab: Page) -> None:
    tab.goto("/en/plans/third-period/")
    tab.emulate_media(media="print")

    smallest = tab.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.plan-sheet *')]
            .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))
            .filter(e => e.getClientRects().length && !e.closest('.heard'))
            .map(e => parseFloat(getComputedStyle(e).fontSize) * 0.75))"""
    )

    assert smallest >= 6


def test_the_plan_stands_on_a_wide_screen_without_a_bar_below(tab: Page) -> None:
    tab.goto("/plans/third-period/")
    flow = tab.locator(".plan-flow").bounding_box()
    steps = [tab.locator(".plan-step").nth(number).bounding_box() for number in range(3)]

    assert flow is not None
    assert all(step is not None for step in steps)
    lefts = [step["x"] for step in steps if step is not None]
    assert lefts == sorted(lefts)
    assert len({round(step["y"]) for step in steps if step is not None}) == 1
    assert flow["x"] >= 0
    assert flow["x"] + flow["width"] <= 1440


@pytest.mark.parametrize("address", ["/projects/pj5/", "/plans/third-period/targets/"])
def test_tables_and_targets_print_whole(tab: Page, tmp_path: Path, address: str) -> None:
    text = printed(tab, address, tmp_path)

    words = {
        "/projects/pj5/": ["長寿科学研究開発事業", "172.1億円", "4,979,676,000円"],
        "/plans/third-period/targets/": ["60件/年(2025~2029年度累計300件)", "公式の評価ではありません"],
    }
    for each in words[address]:
        assert each in text


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_alignment_prints_on_two_a3_landscape_sheets(tab: Page, tmp_path: Path, prefix: str) -> None:
    """One table on each."""
    assert sheets(tab, f"{prefix}/alignment/", tmp_path) == (2, [420, 297])

    words = subprocess.run(
        ["pdftotext", tmp_path / "sheet.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    first, second = (re.sub(r"\s", "", page) for page in words.split("\f")[:2])
    expected = {
        "": (
            ["感染症協議会", "小児用医薬品の開発計画の策定件数", "経産省", "治験に至った件数"],
            ["機関から見る", "AMED業務運営の基本方針"],
        ),
        "/en": (["CouncilforInfectiousDiseases", "METI"], ["Bybody", "JapanAgencyforMedicalResearchandDevelopment"]),
    }
    for phrases, page in zip(expected[prefix], (first, second), strict=True):
        assert [phrase for phrase in phrases if phrase not in page] == []


def test_rows_of_the_alignment_stay_whole_under_a_head_on_every_sheet(tab: Page, tmp_path: Path) -> None:
    tab.goto("/alignment/")
    tab.evaluate(
        """() => {
            const rows = document.querySelector('.alignment tbody')
            const copies = [...Array(6)].flatMap(() => [...rows.children].map(row => row.cloneNode(true)))
            rows.append(...copies)
            for (const [n, row] of [...rows.children].entries())
                for (const cell of row.children) cell.prepend(`<${n} `), cell.append(` ${n}>`)
        }"""
    )
    tab.pdf(path=tmp_path / "long.pdf", prefer_css_page_size=True)
    words = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "long.pdf", "-"], capture_output=True, text=True, check=True
    )
    pages = [page for page in words.stdout.split("\f") if re.search(r"<\d+ ", page)]

    assert len(pages) > 2
    for page in pages:
        head = page[: page.index("<")]
        assert re.search(r"プロジェクト\s+協議会\s+府省\s+目標", head), page[:200]
        begun, ended = (sorted(re.findall(pattern, page)) for pattern in (r"<(\d+)\s", r"\s(\d+)>"))
        assert begun == ended


@pytest.mark.parametrize("colours", [None, "active"])
def test_a_table_that_goes_on_beyond_its_edge_has_a_shadow_there(
    browser: Browser, served: str, colours: Literal["active"] | None
) -> None:
    page = browser.new_page(base_url=served, viewport={"width": 375, "height": 800}, forced_colors=colours)
    page.goto("/alignment/")
    table = page.locator(".table-scroll").first
    table.evaluate("e => e.firstElementChild.style.visibility = 'hidden'")

    def edges() -> list[bytes]:
        """What the left and the right edge look like, without the table."""
        box = table.bounding_box()
        assert box is not None
        places = (box["x"] + 1, box["x"] + box["width"] - 5)
        return [page.screenshot(clip={"x": x, "y": box["y"] + 200, "width": 4, "height": 40}) for x in places]

    table.scroll_into_view_if_needed()
    left, right = edges()
    table.evaluate("e => e.scrollLeft = e.scrollWidth")
    left_at_end, right_at_end = edges()
    page.close()

    assert left == right_at_end, "plain, where nothing lies beyond"
    assert right != left
    assert left_at_end != left


def test_nothing_of_the_shadow_prints(tab: Page) -> None:
    tab.goto("/alignment/")
    tab.emulate_media(media="print")

    assert tab.locator(".table-scroll").first.evaluate("e => getComputedStyle(e).backgroundImage") == "none"


def test_a_reader_walks_from_a_target_to_the_body_that_answers_and_back(tab: Page) -> None:
    tab.goto("/plans/")
    tab.locator("main").get_by_role("link", name="第３期健康・医療戦略", exact=True).click()
    tab.get_by_role("link", name=re.compile("目標 13 件")).click()
    tab.get_by_role("link", name="小児用医薬品の開発計画の策定件数").first.click()
    expect(tab).to_have_url(re.compile("/plans/third-period-strategy/targets/str-08/$"))
    tab.locator(".sight").get_by_role("link", name="医薬品開発協議会").click()
    expect(tab).to_have_url(re.compile("/bodies/kyogikai01/$"))
    tab.locator("section[aria-labelledby=projects]").get_by_role("link", name="医薬品プロジェクト").click()
    expect(tab).to_have_url(re.compile("/projects/pj1/$"))
    tab.get_by_role("link", name="① 医薬品PJ").click()
    expect(tab).to_have_url(re.compile("/plans/third-period/sections/1.3.1/$"))


def test_targets_are_filtered_without_javascript(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served)
    page = context.new_page()
    page.goto("/plans/third-period/targets/")
    assert page.locator(".target").count() == 17

    page.get_by_label("区分").select_option("アウトプット指標")
    page.get_by_label("進み具合").select_option("未公表")
    page.get_by_role("button", name="しぼり込む").click()

    expect(page.locator(".target")).to_have_count(2)
    expect(page.get_by_role("status")).to_have_text("17 件のうち 2 件")
    page.get_by_role("link", name="解除").click()
    expect(page.locator(".target")).to_have_count(17)
    context.close()


def test_the_small_chart_says_in_words_what_it_shows(tab: Page) -> None:
    tab.goto("/plans/policy-targets-2024/targets/koso-10/")
    chart = tab.get_by_role("img", name="後発品金額シェア")

    expect(chart).to_be_visible()
    described = chart.evaluate("e => document.getElementById(e.getAttribute('aria-describedby')).textContent")
    assert "65%以上" in described
    box = chart.bounding_box()
    assert box is not None
    assert box["width"] >= 343


def test_search_finds_from_every_page_without_javascript(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served)
    page = context.new_page()
    page.goto("/projects/")
    page.get_by_label("検索する語").fill("感染")
    page.get_by_role("button", name="検索").click()

    expect(page).to_have_url(re.compile(r"/search/\?q="))
    main = page.locator("main")
    expect(main.get_by_role("link", name="感染症協議会", exact=True)).to_be_visible()
    expect(main.get_by_role("link", name="感染症プロジェクト", exact=True).first).to_be_visible()
    assert page.locator("main mark").count() > 5
    context.close()
