"""What counts as the same text, and that marks stand on exactly the characters that were found."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.folding import CHARACTER, ELLIPSIS, VARIANTS, fold, marked, snippet, words

# What changes its length or its neighbours when it is folded, beside any text at all.
TRICKY = [
    *"㌔㈱ﬁßİ①½かカｶﾞﾟ\u3099\u309a゛ﾊ高髙𠮷﨑・･、。（）「」ー-−〜～aAａéＡ1.,/　 \t\n",
    "\u0301",
    "\U000e0100",
    "\u200b",
    "\0",
]
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=30), st.lists(st.sampled_from(TRICKY)).map("".join)
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＭＥＤ", "amed"),
        ("第３期", "第3期"),
        ("ｼｰｽﾞ開発", "シーズ開発"),
        ("しーずかいはつ", "シーズカイハツ"),
        ("カ\u3099ン", "がん"),
        ("か゛ん", "ガン"),
        ("ﾊﾟﾝﾃﾞﾐｯｸ", "ぱんでみっく"),
        ("ヴ", "ゔ"),
        ("髙﨑", "高崎"),
        ("渡邉", "渡邊"),
        ("渡辺", "渡邊"),
        ("𠮷田", "吉田"),
        ("齋藤", "斉藤"),
        ("斎藤", "齊藤"),
        ("澤", "沢"),
        ("廣", "広"),
        ("國立", "国立"),
        ("神", "神"),
        ("霞ヶ関", "霞ケ関"),
        ("葛\U000e0100", "葛"),
        ("イノベ-ション", "イノベーション"),
        ("2025–2029", "2025～2029"),
        ("A−D", "A―D"),
        ("健康・医療", "健康医療"),
        ("健康･医療", "健康 医療"),
        ("山田　太郎", "山田太郎"),
        ("「計画」（案）", "計画案"),
        ("4,250件/年", "4250件／年"),
        ("café", "CAFÉ"),
        ("drug  discovery", "Drug\tDiscovery"),
        ("㌔", "キロ"),
        ("ﬁrst", "first"),
        ("re\u00adsearch", "research"),
    ],
)
def test_texts_that_readers_take_for_the_same_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("か", "が"),
        ("ハ", "パ"),
        ("ビル", "ビール"),
        ("1.3", "13"),
        ("for drugs", "ford rugs"),
        ("R&D", "RD"),
        ("高", "低"),
        ("つ", "っ"),
    ],
)
def test_texts_that_differ_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    "nothing", ["", " ", "　\t\n", "・・・", "（）「」、。", "\0\u200b\x1b", "\ud800", "゛", "!?*"]
)
def test_what_does_not_count_folds_to_nothing(nothing: str) -> None:
    assert fold(nothing) == ""
    assert words(nothing) == ()


def test_a_word_holds_more_than_punctuation() -> None:
    assert words("ー … --- . % & /") == ()
    assert words("1.3 -b- R&D 5%") == ("1.3", "-b-", "r&d", "5%")


def test_every_form_of_a_character_is_listed_once_and_needs_to_be() -> None:
    groups = VARIANTS.split()
    characters = [character for group in groups for character in group]

    assert len(characters) == len(set(characters))
    assert [each for each in characters if unicodedata.normalize("NFKC", each) != each] == []
    assert {len(set(map(fold, group))) for group in groups} == {1}


def test_words_of_a_query_stand_once_each() -> None:
    assert words("ＡＭＥＤ　amed ・ 推進 Amed") == ("amed", "推進")


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("５㌔走る", "ロ", [("５", False), ("㌔", True), ("走る", False)]),
        ("ﾊﾞｲｵ", "ば", [("ﾊﾞ", True), ("ｲｵ", False)]),
        ("ﾊﾞｲｵ", "は", [("ﾊﾞｲｵ", False)]),
        ("か\u3099ん研究", "ガン", [("か\u3099ん", True), ("研究", False)]),
        ("健康・医療戦略", "康医", [("健", False), ("康・医", True), ("療戦略", False)]),
        ("（健康）医療", "健康", [("（", False), ("健康", True), ("）医療", False)]),
        ("aaa", "aa", [("aaa", True)]),
        ("推進と計画", "計画 推進", [("推進", True), ("と", False), ("計画", True)]),
        ("Council for Drugs", "ford", [("Council for Drugs", False)]),
        ("山田 太郎 氏", "田太郎", [("山", False), ("田 太郎", True), (" 氏", False)]),
        ("髙𠮷\U000e0100x", "高吉", [("髙𠮷\U000e0100", True), ("x", False)]),
        ("e\u0301a", "e", [("e\u0301", True), ("a", False)]),
        ("", "a", []),
    ],
)
def test_marks_cover_whole_characters(text: str, query: str, expected: list[tuple[str, bool]]) -> None:
    assert marked(text, words(query)) == expected


@settings(deadline=None)
@given(TEXTS)
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_marks_say_exactly_where_words_stand(text: str, query: str) -> None:
    asked = words(query)
    pieces = marked(text, asked)

    assert "".join(piece for piece, _is_hit in pieces) == text
    assert [each for piece, _is_hit in pieces for each in CHARACTER.findall(piece)] == CHARACTER.findall(text)
    for piece, is_hit in pieces:
        assert any(word in fold(piece) for word in asked) == is_hit
        if is_hit:
            edges = CHARACTER.findall(piece)
            assert fold(edges[0])
            assert fold(edges[-1])


@settings(deadline=None)
@given(TEXTS, st.data())
def test_any_part_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    characters = CHARACTER.findall(text)
    start = data.draw(st.integers(0, len(characters)))
    part = "".join(characters[start : data.draw(st.integers(start, len(characters)))])

    asked = words(part)

    assert [word for word in asked if word not in fold(text)] == []
    assert any(is_hit for _piece, is_hit in marked(text, asked)) == bool(asked)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=12).map("".join), TEXTS)
def test_a_snippet_shows_every_word_and_holds_only_parts_of_the_text(text: str, query: str) -> None:
    asked = [word for word in words(query) if word in fold(text)]
    pieces = snippet(text, words(query))
    shown = "".join(piece for piece, _is_hit in pieces)
    hits = [piece for piece, is_hit in pieces if is_hit]

    assert [word for word in asked if not any(word in fold(hit) for hit in hits)] == []
    assert [hit for hit in hits if hit not in text] == []
    at = 0
    for part in [shown] if shown == text else shown.split(ELLIPSIS):
        at = text.find(part, at)
        assert at >= 0
        at += len(part)


def test_a_snippet_cuts_no_latin_word_and_shows_the_first_hit_of_each() -> None:
    text = "The governance of research " * 20 + "needle " + "and development of medicine " * 20 + "haystack"

    assert snippet(text, ("needle", "haystack")) == [
        ("…research The governance of research ", False),
        ("needle", True),
        (f" {'and development of medicine ' * 2}and development of…medicine and development of medicine ", False),
        ("haystack", True),
    ]
    assert snippet("short", ("o",)) == [("sh", False), ("o", True), ("rt", False)]
    assert snippet("文" * 200, ("無",)) == [("文" * 80 + "…", False)]
    assert snippet("", ("無",)) == []
