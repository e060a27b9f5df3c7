"""The picture of a target: what each mark is, and that nothing overlaps or leaves the figure, whatever the numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import combinations
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bodies.chart.drawing import INK
from bodies.chart.text import width
from plans.graph import BAND, BLUE, EDGE, PALE, SIZE, WIDTH, Box, Labels, Point, draw, written

D = Decimal
SVG = "{http://www.w3.org/2000/svg}"
WORDS: dict[str, Any] = {
    "goal": "目標",
    "baseline": "基準値",
    "actual": "実績値",
    "provisional": "速報値",
    "reference": "参考値",
    "period": "目標の期間",
}
ENGLISH: dict[str, Any] = {
    "goal": "Target (at least)",
    "baseline": "Baseline",
    "actual": "Actual",
    "provisional": "Provisional",
    "reference": "Reference",
    "period": "Target period",
}
HATCHED, SOLID, FRAME = "url(#kpi-hatch)", BLUE, "2 2"


def drawn(*points: Point, labels: dict[str, Any] | None = None, **others: Any) -> ET.Element:
    wanted: dict[str, Any] = {
        "unit": "件",
        "from_year": 2025,
        "to_year": 2029,
        "baseline": None,
        "goal": D(130),
        "goal_years": (2025, 2029),
    }
    made = draw("kpi", "題", "説明", points=points, labels=Labels(**(WORDS | (labels or {}))), **(wanted | others))
    return ET.fromstring(made)  # noqa: S314  # made here


def texts(picture: ET.Element) -> list[str]:
    return ["".join(each.itertext()) for each in picture.iter(f"{SVG}text")]


def found(picture: ET.Element, sort: str, **attributes: str) -> list[ET.Element]:
    """The shapes of a sort with some attributes, without those of the key, which is a group."""
    wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
    return [each for each in picture.findall(SVG + sort) if {name: each.get(name) for name in wanted} == wanted]


def height(shape: ET.Element) -> float:
    return float(shape.attrib["height"])


def box(shape: ET.Element) -> Box:
    """What a shape or a text covers; a path is of points, H, V and v."""
    at = shape.attrib
    if shape.tag == f"{SVG}text":
        text = "".join(shape.itertext())
        wide = width(text, SIZE, bold=at.get("font-weight") == "700")
        left = float(at["x"]) - {"start": 0, "middle": wide / 2, "end": wide}[at["text-anchor"]]
        return Box(left, float(at["y"]) - 10.5, left + wide, float(at["y"]) + 2.5)
    if shape.tag == f"{SVG}circle":
        x, y, r = float(at["cx"]), float(at["cy"]), float(at["r"])
        return Box(x - r, y - r, x + r, y + r)
    if shape.tag == f"{SVG}rect":
        x, y = float(at.get("x", 0)), float(at.get("y", 0))
        return Box(x, y, x + float(at["width"]), y + float(at["height"]))
    place = re.fullmatch(r"M([-\d.]+) ([-\d.]+)([HVv])([-\d.]+)", at["d"])
    assert place is not None, at["d"]
    x, y, end = float(place[1]), float(place[2]), float(place[4])
    x2, y2 = (end, y) if place[3] == "H" else (x, end if place[3] == "V" else y + end)
    return Box(min(x, x2), min(y, y2), max(x, x2), max(y, y2))


# Marks


def test_values_are_bars_of_their_length_on_zero() -> None:
    picture = drawn(Point(2025, D(50)), Point(2026, D(100)), Point(2027, D(125)))
    bars = found(picture, "rect", fill=SOLID)
    assert [height(bar) / height(bars[0]) for bar in bars] == pytest.approx([1, 2, 2.5], rel=0.01)
    assert len({box(bar).bottom for bar in bars}) == 1
    assert texts(picture) == [
        "0", "50", "100", "150", "目標", "130", "件", "125", "50", "100", "2029", "2025", "2028", "2027", "2026",
        "目標の期間", "実績値",
    ]  # fmt: skip


def test_goal_line_stands_at_its_value_over_its_years() -> None:
    picture = drawn(Point(2026, D(130)), from_year=2024)
    [line] = found(picture, "path", stroke=INK, stroke_width="2")
    [bar] = found(picture, "rect", fill=SOLID)
    assert box(line).top == box(bar).top
    [band] = found(picture, "rect", fill=BAND)
    assert (box(line).left, box(line).right) == (box(band).left, box(band).right + 4)


def test_sorts_of_values_have_looks_of_their_own() -> None:
    points = [Point(2024, D(90), is_reference=True), Point(2025, D(120)), Point(2026, D(125), is_provisional=True)]
    picture = drawn(*points, baseline=Point(2024, D(110)))
    counts = [len(found(picture, "rect", fill=fill)) for fill in (PALE, SOLID, HATCHED)]
    assert (counts, len(found(picture, "circle"))) == ([1, 1, 1], 1)
    assert texts(picture)[-4:] == ["実績値", "速報値", "参考値", "基準値"]
    assert [each.get("id") for each in picture.iter(f"{SVG}pattern")] == ["kpi-hatch"]


def test_year_without_a_value_is_a_frame_and_no_bar() -> None:
    points = [Point(2025, D(120)), Point(2026, None), Point(2028, D("NaN"))]
    picture = drawn(*points, labels={"gaps": {2026: "未公表"}})
    assert len(found(picture, "rect", fill=SOLID)) == 1
    frames = found(picture, "rect", stroke=EDGE, stroke_dasharray=FRAME)
    assert len(frames) == 2  # 2026, of which something is said, and 2027 to 2029
    [said] = [each for each in picture.iter(f"{SVG}text") if each.text == "未公表"]
    assert box(frames[0]).left < box(said).left < box(said).right < box(frames[0]).right


def test_words_that_are_broader_than_a_gap_stand_over_it() -> None:
    picture = drawn(*(Point(year, D(20)) for year in (2025, 2026, 2028)), labels={"gaps": {2027: "Not published"}})
    [said] = [each for each in picture.iter(f"{SVG}text") if each.text == "Not published"]
    frame = found(picture, "rect", stroke_dasharray=FRAME)[0]
    assert box(said).bottom < box(frame).top


def test_zero_is_a_mark_with_its_number() -> None:
    picture = drawn(Point(2025, D("0.0000")), baseline=Point(2024, D(0)))
    assert len(found(picture, "path", stroke=INK, stroke_width="3")) == 1
    assert found(picture, "rect", fill=SOLID) == []
    assert texts(picture).count("0") == 3  # of the axis, the value and the start


def test_tiny_value_is_not_taken_for_zero() -> None:
    [bar] = found(drawn(Point(2025, D("0.001"))), "rect", fill=SOLID)
    assert height(bar) == 2


def test_negative_values_hang_from_the_base_line() -> None:
    picture = drawn(Point(2025, D(-50)), Point(2026, D(50)), goal=D(100))
    below, above = found(picture, "rect", fill=SOLID)
    [line] = found(picture, "path", stroke=INK, stroke_width="1")
    assert [box(below).top, box(above).bottom] == pytest.approx([box(line).top, box(line).top], abs=0.1)
    [number] = [each for each in picture.iter(f"{SVG}text") if each.text == "−50" and each.get("fill") is None]
    assert box(number).top > box(below).bottom


def test_value_of_several_years_is_as_broad_as_they_are() -> None:
    picture = drawn(Point(2020, D(434), until=2023, is_reference=True), Point(2025, D(128)), from_year=2020)
    [whole], [single] = found(picture, "rect", fill=PALE), found(picture, "rect", fill=SOLID)
    years = {each.text: box(each) for each in picture.iter(f"{SVG}text") if each.text in {"2020", "2023"}}
    assert box(whole).left < years["2020"].right < years["2023"].left < box(whole).right
    assert box(whole).right < box(single).left


def test_picture_without_results_shows_start_goal_and_empty_years() -> None:
    picture = drawn(baseline=Point(None, D(110)))
    assert len(found(picture, "circle")) == 1
    assert len(found(picture, "rect", stroke_dasharray=FRAME)) == 1
    assert len(found(picture, "path", stroke=INK, stroke_width="2")) == 1
    assert {"110", "目標", "130", "2025", "2026", "2027", "2028", "2029", "基準値"} <= set(texts(picture))


def test_picture_without_any_number_shows_its_years() -> None:
    picture = drawn(goal=None)
    assert texts(picture) == ["0", "件", "2029", "2025", "2028", "2027", "2026", "目標の期間"]


def test_older_baseline_stands_before_the_axis_with_its_year() -> None:
    picture = drawn(Point(2025, D(120)), baseline=Point(2013, D(100)), labels={"years": {2013: "平成25"}})
    [ring], [year] = found(picture, "circle"), [each for each in picture.iter(f"{SVG}text") if each.text == "平成25"]
    assert float(ring.attrib["cx"]) == pytest.approx(float(year.attrib["x"]), abs=0.1)


def test_later_baseline_stands_in_its_year() -> None:
    picture = drawn(baseline=Point(2031, D(100)), goal_years=None)
    [ring], [year] = found(picture, "circle"), [each for each in picture.iter(f"{SVG}text") if each.text == "2031"]
    assert float(ring.attrib["cx"]) == pytest.approx(float(year.attrib["x"]), abs=0.1)
    assert box(year).left > WIDTH / 2


def test_start_that_is_also_a_value_is_written_once() -> None:
    picture = drawn(Point(2024, D("56.7000"), is_reference=True), baseline=Point(2024, D("56.7")), from_year=2024)
    assert texts(picture).count("56.7") == 1


def test_text_of_a_value_stands_for_its_number() -> None:
    picture = drawn(Point(2025, D(6000), text="6,000以上"))
    assert [text for text in texts(picture) if text.startswith("6,000以上")] == ["6,000以上"]


# Numbers and words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("4250.0000", "4,250"),
        ("56.7000", "56.7"),
        ("-0", "0"),
        ("0E+5", "0"),
        ("1E+3", "1,000"),
        ("-1234567.5", "−1,234,567.5"),
        ("999999999999999", "999,999,999,999,999"),
        ("1E+40", "1e+40"),
        ("-0.00000000000000012", "−1.2e−16"),
    ],
)
def test_numbers_are_written_with_thousands_set_off(value: str, text: str) -> None:
    assert written(D(value)) == text


def test_counts_have_no_halves_on_the_axis() -> None:
    assert texts(drawn(Point(2025, D(1)), goal=D(2)))[:3] == ["0", "1", "2"]
    assert texts(drawn(Point(2025, D("0.5")), goal=D(2)))[:3] == ["0", "0.5", "1"]


def test_words_are_escaped() -> None:
    made = draw(
        "kpi", "<b>&", "\x00'\"", unit="<i>", from_year=2025, to_year=2026, points=[Point(2025, D(1), text="<1")],
        baseline=None, goal=D(1), goal_years=None, labels=Labels("&", "", "<a>", "", "", years={2025: "<y>"}),
    )  # fmt: skip
    picture = ET.fromstring(made)  # noqa: S314  # made here
    assert [each.text for each in picture[:2]] == ["<b>&", "'\""]
    assert set(texts(picture)) == {"0", "1", "&", "<i>", "<1", "2026", "<y>", "<a>"}


def test_key_that_is_too_broad_for_a_line_takes_two() -> None:
    points = [Point(2025, D(120)), Point(2026, D(125), is_provisional=True)]
    one = drawn(*points)
    two = drawn(*points, labels={"actual": "実績" * 10, "provisional": "速報" * 10})
    assert float(two.attrib["height"]) - float(one.attrib["height"]) == 21
    first, second = list(two.iter(f"{SVG}text"))[-2:]
    assert (first.attrib["x"], box(second).top - box(first).top) == (second.attrib["x"], 21)


def test_letters_are_large_enough_on_a_phone() -> None:
    assert SIZE * 343 / WIDTH >= 11


def test_picture_names_itself_and_needs_nothing_else() -> None:
    made = draw(
        "kpi", "題", "説明", unit="", from_year=2025, to_year=2026, points=[Point(2025, D(1), is_provisional=True)],
        baseline=None, goal=None, goal_years=None, labels=Labels(**WORDS),
    )  # fmt: skip
    picture = ET.fromstring(made)  # noqa: S314  # made here
    assert {name: picture.get(name) for name in ("role", "aria-labelledby", "aria-describedby")} == {
        "role": "img",
        "aria-labelledby": "kpi-title",
        "aria-describedby": "kpi-desc",
    }
    assert [each.get("id") for each in picture.iter() if each.get("id")] == ["kpi-title", "kpi-desc", "kpi-hatch"]
    assert re.findall(r"style|<script|href|<a |foreignObject|http[^ ]*", made) == ['http://www.w3.org/2000/svg"']
    assert re.findall(r"url\([^)]*\)", made) == ["url(#kpi-hatch)"] * 2


def test_twenty_values_keep_first_last_and_goal() -> None:
    points = [Point(2010 + n, D(3900 + 37 * n), is_reference=n < 15) for n in range(20)]
    picture = drawn(*points, goal=D(4250), labels=ENGLISH | {"years": {y: f"FY{y}" for y in range(2010, 2030)}})
    shown = texts(picture)
    assert {"3,900", "4,603", "4,250", "FY2010", "FY2029"} <= set(shown)
    assert len([text for text in shown if text in {written(D(3900 + 37 * n)) for n in range(20)}]) >= 5


# What holds for all

numbers = st.one_of(
    st.integers(-20, 5000).map(D),
    st.decimals(-200, 200, places=4),
    st.sampled_from(["0", "0E+7", "NaN", "Infinity", "-1E+40", "1E-40", "8E+14", "-123456789012345"]).map(D),
    st.sampled_from([D("1E+999999"), D("-9.9E-999999")]),
)
years = st.integers(2010, 2032)
points = st.builds(
    lambda year, value, more, provisional, reference: Point(
        year, value, None if more is None else year + more, provisional, reference
    ),
    years,
    st.none() | numbers,
    st.sampled_from([None, None, None, 0, 2, 5]),
    st.booleans(),
    st.booleans(),
)
sames = st.builds(lambda value, start, count: [Point(start + n, value + n) for n in range(count)],
                  st.integers(0, 10**9).map(D), years, st.integers(1, 20))  # fmt: skip


def overlapping(boxes: list[tuple[str, Box]]) -> list[tuple[str, str]]:
    return [(a, b) for (a, one), (b, other) in combinations(boxes, 2) if one.hits(other)]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.one_of(st.lists(points, max_size=20), sames),
    st.none() | st.builds(Point, st.none() | st.integers(2000, 2032), numbers),
    st.none() | numbers,
    st.none() | st.tuples(years, years),
    st.tuples(years, years),
    st.sampled_from(["ja", "en"]),
)
def test_nothing_overlaps_or_leaves_the_figure(
    given_points: list[Point],
    baseline: Point | None,
    goal: Decimal | None,
    goal_years: tuple[int, int] | None,
    axis: tuple[int, int],
    language: str,
) -> None:
    words = WORDS if language == "ja" else ENGLISH
    gap = "未公表" if language == "ja" else "Not published"
    label = "{}年度" if language == "ja" else "FY{}"
    labels = words | {
        "gaps": dict.fromkeys(range(2010, 2026), gap),
        "years": {y: label.format(y) for y in range(2000, 2033)},
    }
    picture = drawn(
        *given_points, baseline=baseline, goal=goal, goal_years=goal_years, from_year=axis[0], to_year=axis[1],
        labels=labels, unit="億円",
    )  # fmt: skip
    figure = Box(0, 0, *(float(side) for side in picture.attrib["viewBox"].split()[2:]))
    shapes = [
        each for each in picture.iter() if each.tag in {SVG + sort for sort in ("rect", "circle", "path", "text")}
    ]
    covered = [(each.get("d") or "".join(each.itertext()) or each.tag, box(each)) for each in shapes]
    outside = [
        (name, each)
        for name, each in covered
        if min(each.left, each.top) < -0.1 or each.right > figure.right + 0.1 or each.bottom > figure.bottom + 0.1
    ]
    assert outside == []
    letters = [(name, each) for (name, each), shape in zip(covered, shapes, strict=True) if shape.tag == f"{SVG}text"]
    assert overlapping(letters) == []
    assert not re.search(r"nan|inf", " ".join(str(value) for each in shapes for value in each.attrib.values()), re.I)
    told = {name for name, _each in letters}
    real = [point for point in given_points if point.value is not None and point.value.is_finite()]
    ends = sorted(real, key=lambda point: (point.year or 0, point.until or point.year or 0))
    kept = {written(point.value) for point in [*ends[:1], *ends[-1:]] if point.value is not None}
    assert kept <= told
    assert goal is None or not goal.is_finite() or written(goal) in told
