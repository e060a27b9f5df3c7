"""Slide 1 itself is the test: every name, role and composition printed on it stands on the page of the structure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from tests.pages import page

SLIDES = Path(__file__).parent.parent / "source" / "third-period-slides.txt"
# Where the text extraction ran boxes together, what was printed.
JUMBLED = {"その他関係省文科省AMED所管府省": ["その他関係省", "文科省", "AMED所管府省"]}
# Printed side by side, or with a gap or brackets that the page sets out in another way.
IN_PARTS = {
    "(日本医療研究開発機構担当室) 厚労省 経産省 総務省",
    "国立研究開発法人日本医療研究開発機構(AMED)",
    "理事長等の任命・解任 中長期目標の提示 補助金・運営費交付金の交付",
    "その他関係省文科省AMED所管府省",
}


def slide_1() -> str:
    return SLIDES.read_text(encoding="utf-8").split("第３期 医療分野研究開発推進計画（概要）")[0]


def phrases() -> Iterator[str]:
    """What stands together on the slide: lines of a block belong together unless one opens something new."""
    for block in re.split(r"\n\s*\n", unicodedata.normalize("NFKC", slide_1())):
        found: list[str] = []
        for line in filter(None, map(str.strip, block.splitlines())):
            opens = re.match(r"[・(【※]", line) or ":" in line or not found or re.match(r"[(【].*[)】]$", found[-1])
            if opens:
                found.append(line.lstrip("・※"))
            else:
                found[-1] += line
        yield from found


def squeezed(words: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", words))


@pytest.fixture
def shown(client: Client, third_period: None) -> str:
    """The page's words without white space and without the marks of notes, which stand elsewhere in the text.

    The chart, which says the same once more, is left out.
    """
    soup = page(client, "/structure/third-period/")
    for mark in [*soup.select("sup"), *soup.select(".heard"), *soup.select("svg")]:
        mark.decompose()
    main = soup.find("main")
    assert main is not None
    return squeezed(main.get_text())


def test_everything_printed_on_slide_1_stands_on_the_page(shown: str) -> None:
    missing, in_parts = [], set()
    for phrase in phrases():
        bare = squeezed(re.sub(r"\(\*\d\)|^\*\d(\s*\*\d)*$", "", phrase))
        if bare.strip("()【】") in shown:
            continue
        in_parts.add(phrase)
        parts = JUMBLED.get(bare) or re.split(r"[()\s]+", phrase)
        missing += [(phrase, part) for part in parts if squeezed(part) not in shown]

    assert missing == []
    assert in_parts == IN_PARTS


def test_the_slide_was_read_whole() -> None:
    """The test above would pass on an empty slide."""
    found = list(phrases())

    assert len(found) > 45
    for expected in [
        "本部長 :内閣総理大臣",
        "医療分野研究開発推進計画の作成・実施の推進に関する調査・検討",
        "健康・医療分野の成長戦略や研究開発の出口戦略等に関する専門的助言",
        "健康・医療グローバル協議会",
        "構成員 :関係府省局長クラス",
    ]:
        assert expected in found


def test_order_of_the_slide_is_kept(shown: str) -> None:
    """Bodies in the structure's order, members by rank, roles as printed."""
    names = re.findall(r"・(.*協議会)$", slide_1(), re.MULTILINE)
    assert len(names) == 10
    for row in (
        [squeezed(name) for name in names],
        ["本部長:内閣総理大臣", "副本部長:内閣官房長官、健康・医療戦略担当大臣", "本部員:全閣僚"],
        ["議長:健康・医療戦略担当大臣", "議長代行:", "副議長:", "構成員:関係府省局長クラス"],
        ["健康・医療戦略の作成・実施の推進", "医療分野研究開発推進計画の作成", "司令塔機能の役割等"],
    ):
        places = [shown.index(words) for words in row]
        assert places == sorted(places), row


def test_order_of_the_tree(client: Client, third_period: None) -> None:
    cards = [
        str(item["id"]).removeprefix("body-") for item in page(client, "/structure/third-period/").select(".placement")
    ]

    councils = [f"kyogikai{number:02}" for number in range(1, 11)]
    ministries = ["group_shokan", "cao", "cao_amed", "mext", "mhlw", "meti", "group_other", "mic"]
    assert cards == ["hq", "expert", "advisors", "council", *councils, "secretariat", *ministries, "amed"]
