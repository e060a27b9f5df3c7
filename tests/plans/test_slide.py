"""Slide 2 itself is the test: every phrase printed on it stands on the plan's pages; every target has its source."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from plans.models import Section, Target
from tests.bodies.test_slide import SLIDES, squeezed
from tests.pages import page

TITLE = "第３期 医療分野研究開発推進計画（概要）"
# Printed side by side on the slide.
IN_PARTS = {
    TITLE,
    "課題 求められる取組",
    "⑦橋渡し・臨床加速化PJ ⑧イノベ-ション・エコシステムPJ",
}


def phrases() -> list[str]:
    """The lines of slide 2, split where a colon sets a heading before its words."""
    slide = SLIDES.read_text(encoding="utf-8")
    found = []
    for line in slide[slide.index(TITLE) :].splitlines():
        found += [part.strip(" •・◆") for part in line.split("：") if part.strip(" •・◆")]
    return found


@pytest.fixture
def shown(client: Client, third_period: None) -> str:
    """The words of the plan's page and of the pages of its sections, without white space."""
    addresses = ["/plans/third-period/"]
    addresses += [each.get_absolute_url() for each in Section.objects.filter(plan__code="third-period")]
    texts = []
    for address in addresses:
        soup = page(client, address)
        for heard in soup.select(".heard"):
            heard.decompose()
        main = soup.find("main")
        assert main is not None
        texts.append(squeezed(main.get_text()))
    return "\n".join(texts)


def test_everything_printed_on_slide_2_stands_on_the_plans_pages(shown: str) -> None:
    missing, in_parts = [], set()
    for phrase in phrases():
        if squeezed(phrase) in shown:
            continue
        in_parts.add(phrase)
        parts = re.split(r"[、()（）\s]+", phrase)
        missing += [(phrase, part) for part in parts if squeezed(part) not in shown]

    assert missing == []
    assert in_parts == IN_PARTS


def test_the_slide_was_read_whole() -> None:
    """The test above would pass on an empty slide."""
    found = phrases()

    assert len(found) > 90
    for expected in [
        "医療分野研究開発推進計画とは、健康・医療戦略推進法第18条に基づき、政府が講ずべき医療分野の研究開発並びにその"
        "環境の整備及び成果の普及に関する施策の集中的かつ計画的な推進を",
        "2025-2029年度",
        "推進本部が予算要求配分方針を調整",
        "ニーズはあるものの市場性が低い分野 等",
        "被引用度Top1%の論文数120件/年",
    ]:
        assert any(expected in phrase for phrase in found), expected


def test_the_plan_stands_on_one_page(client: Client, third_period: None) -> None:
    """All but the quotation of a misprint is on the page of the plan itself, in the order of the slide."""
    main = page(client, "/plans/third-period/").find("main")
    assert main is not None
    words = squeezed(main.get_text())

    order = [
        "現状認識",
        "課題",
        "求められる取組",
        "健康長寿社会の実現に向け",
        "基本方針",
        "研究開発等施策",
        "成果目標",
        "目指すもの",
    ]
    places = [words.index(squeezed(each)) for each in order]
    assert places == sorted(places)
    parts = [part for phrase in phrases() for part in re.split(r"[、()（）\s]+", phrase)]
    missing = [part for part in parts if squeezed(part) not in words]
    assert missing == ["⑧イノベ-ション・エコシステムPJ", "推移の観測"], "a misprint, and a label said in other words"


def test_every_numeric_target_stands_on_a_page_with_its_source_and_place(client: Client, third_period: None) -> None:
    numeric = Target.objects.public().exclude(value=None, cumulative=None).select_related("plan", "source")
    assert len(numeric) == 18

    for target in numeric:
        soup = page(client, target.get_absolute_url())
        text = squeezed(soup.get_text())
        assert squeezed(target.text) in text, target.code
        assert squeezed(target.locator) in text, target.code
        assert target.locator, target.code
        assert soup.select_one(f"#words ~ .cite a[href='{target.source.get_absolute_url()}']") is not None, target.code
