"""How labels of the chart are measured and broken: checked against the rules of Japanese line breaking."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodies.chart.text import MARK, UNMARK, width, wrap

NOT_FIRST = "、。，．・）〕］｝〉》」』】ー々ぁっゃゅょァッャュョ｡､･｣ｰ)]}!?.,:;%"
NOT_LAST = "（〔［｛〈《「『【([{"
LETTERS = "健康医療戦略推進本部会議のとを" + "ｱｲｳ" + "abcMW12" + NOT_FIRST + NOT_LAST
# What the figure's fonts give these at most, in ems, regular and bold: Arial and Noto Sans CJK JP.
MEASURED = {
    "健": (1.0, 1.0),
    "ア": (1.0, 1.0),
    "ｱ": (0.5, 0.5),
    "W": (0.944, 0.944),
    "m": (0.927, 0.938),
    "/": (0.392, 0.397),
    "J": (0.535, 0.568),
    "i": (0.275, 0.304),
    "8": (0.556, 0.59),
    "Œ": (1.0, 1.0),
}

texts = st.one_of(
    st.text(st.sampled_from(LETTERS), max_size=60),
    st.text(st.sampled_from(LETTERS + "\n  　"), max_size=60),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
sizes = st.sampled_from([12, 14, 15, 20])
limits = st.integers(3, 30)  # ems
flags = st.fixed_dictionaries({"bold": st.booleans(), "balanced": st.booleans(), "running": st.booleans()})


@settings(deadline=None, derandomize=True, max_examples=400)
@given(texts, sizes, limits, flags)
def test_lines_fit_and_hold_the_text(text: str, size: int, ems: int, flags: dict[str, bool]) -> None:
    limit = size * ems
    lines = wrap(text, size, limit, **flags)
    assert all(width(line, size, bold=flags["bold"]) <= limit for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    assert len(lines) >= len(text.split("\n"))  # an editor's breaks are kept
    assert all(line == line.strip() for line in lines)


@settings(deadline=None, derandomize=True, max_examples=400)
@given(st.text(st.sampled_from(LETTERS), max_size=60), sizes, limits, flags)
def test_what_may_not_begin_or_end_a_line(text: str, size: int, ems: int, flags: dict[str, bool]) -> None:
    """Unless characters that must stay together fill more than a line."""
    place = 0
    for line in wrap(text, size, size * ems, **flags)[:-1]:
        place += len(line)
        if not may_break(text, place):
            start, end = place - 1, place + 1
            while start > 0 and not may_break(text, start):
                start -= 1
            while end < len(text) and not may_break(text, end):
                end += 1
            assert width(text[start:end], size, bold=flags["bold"]) > size * ems, text[start:end]


def may_break(text: str, place: int) -> bool:
    return text[place] not in NOT_FIRST and text[place - 1] not in NOT_LAST


def test_spaces_at_a_break_hide_nothing() -> None:
    """What is beyond the spaces at the end of a line counts, not the spaces."""
    for ems in range(2, 12):
        lines = wrap("推進（ 本部 ）会議「 事務 」局", 12, 12 * ems)
        assert not any(line[0] in NOT_FIRST or line[-1] in NOT_LAST for line in lines if ems > 3), lines


@pytest.mark.parametrize("char", MEASURED)
def test_width_is_an_upper_bound(char: str) -> None:
    regular, bold = MEASURED[char]
    assert regular * 10 <= width(char * 10, 1) <= regular * 14
    assert bold * 10 <= width(char * 10, 1, bold=True) <= bold * 14


@settings(deadline=None, derandomize=True)
@given(texts, sizes)
def test_width_adds_up(text: str, size: int) -> None:
    assert width(text, size) == pytest.approx(sum(width(char, size) for char in text))
    assert width(text, size) <= width(text, size, bold=True)
    assert width(text, size, bold=True) == width(text, size, bold=True)


def test_phrases() -> None:
    assert wrap("健康・医療戦略\n推進本部", 15, 600) == ("健康・医療戦略", "推進本部")
    assert wrap("Headquarters for Healthcare Policy", 12, 130) == ("Headquarters for", "Healthcare Policy")
    assert wrap("", 12, 100) == ("",)


def test_marks_stay_with_what_they_mark() -> None:
    marked = f"健康・医療戦略担当大臣{MARK}※1{UNMARK}"
    for ems in range(4, 12):
        for line in wrap(marked, 12, 12 * ems, running=True):
            assert not line.startswith((MARK, UNMARK))
    assert width(f"{MARK}{UNMARK}", 12) == 0


def test_combining_marks_stay_with_their_letter() -> None:
    decomposed = unicodedata.normalize("NFD", "がぎぐげご" * 6)
    for line in wrap(decomposed, 12, 60, running=True):
        assert not unicodedata.combining(line[0])
