"""The structure chart, by its rules: random charts are drawn and measured with plain geometry, not the engine's own."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bodies.chart.drawing import STROKES, TONES, draw
from bodies.chart.figure import Figure, compose
from bodies.chart.layout import Box, Line, Point
from bodies.chart.model import (
    COMPACT_SHEET,
    FULL_SHEET,
    Bundle,
    Chart,
    Link,
    Note,
    Place,
    Stand,
    Style,
    Words,
    bundled,
    walk,
)
from bodies.chart.routing import Route
from bodies.chart.text import MARK, UNMARK, width

Rect = tuple[float, float, float, float]  # left, top, right, bottom
Segment = tuple[Point, Point]

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {"svg", "title", "desc", "g", "a", "rect", "path", "circle", "text", "tspan"}
WORDS = Words(
    language="ja",
    title="体制図",
    title_language="",
    day="2026年11月22日現在",
    description="12 機関の位置と 3 件の関係を示す図。",
    source="出典：体制図（スライド１）",
    legend="凡例",
    notes="注",
    tree="上下の位置づけ",
    kinds=dict.fromkeys(STROKES, "関係"),
    comma="、",
    brackets="（%s）",
)
ALPHABETS = (
    "健康医療戦略推進本部会議局課室員長大臣・、。（）「」ーァっ々",
    "アイウエオカキクケコッャュョー",
    "ｱｲｳｴｵｶﾞｯｬｰ･｡｢｣",
    "abcdefg hijk lmn opqrs tuvwxyz ABCDEFG HIJKLMNOPQRSTUVWXYZ 0123456789",
    "MW@%m",
    "()[]{}<>&\"'.,:;!?-/ ",
    "（）〔〕［］｛｝〈〉《》「」『』【】",
    "𠮷𩸽😀é漢\u3099字\u200dが\n\t\x00\x0b\x7f\x85\ue000\ue001\ue123\uffff ",
)


@dataclass(frozen=True)
class Drawn:
    chart: Chart
    figure: Figure
    svg: str


def words(source: random.Random, least: int, most: int) -> str:
    """A text of so many characters, of one sort or of all."""
    letters = source.choice([*ALPHABETS[:4], "".join(ALPHABETS)])
    return "".join(source.choices(letters, k=source.randint(least, most)))


def forest(source: random.Random, count: int) -> tuple[Place, ...]:
    """So many places in a random shape: deep, broad or in between."""
    broad, roots = source.choice([1, 3, 10, 200]), source.choice([0.02, 0.1, 0.5])
    longest, is_full = source.choice([8, 20, 60]), source.random() < 0.4
    some: list[list[Stand]] = [[Stand.BELOW], [Stand.BELOW] * 6 + list(Stand), list(Stand)]
    ways: list[list[bool | None]] = [[None], [None, True, False], [True], [False]]
    stands, hanging = source.choice(some), source.choice(ways)
    children: dict[int | None, list[int]] = {number: [] for number in range(count)} | {None: []}
    for number in range(count):
        is_root = number == 0 or source.random() < roots
        children[None if is_root else source.randint(max(0, number - broad), number - 1)].append(number)
    made: dict[int, Place] = {}
    for number in reversed(range(count)):
        paragraphs = tuple(
            (source.choice(list(Style)), "", words(source, 0, longest * 2))
            for _paragraph in range(source.randint(1, 4) if is_full and source.random() < 0.5 else 0)
        )
        made[number] = Place(
            f"p{number}",
            words(source, 1, longest),
            source.choice(stands),
            tuple(made[child] for child in children[number]),
            f"/bodies/p{number}/?a&b",
            source.choice(["", "en"]),
            paragraphs,
            source.choice(hanging),
            words(source, 1, 10) if source.random() < 0.2 else "",
            source.choice(list(TONES)),
        )
    return tuple(made[number] for number in children[None])


def relations(source: random.Random, places: tuple[Place, ...], count: int) -> tuple[Link, ...]:
    """So many links, of few kinds and labels, so that they are bundled; many between a place and one under it."""
    keys = [place.key for place in walk(places)]
    under = [(place.key, each.key) for place in walk(places) for each in place.children]
    kinds, labels = source.sample(list(STROKES), 3), ["", *(words(source, 0, 30) for _label in range(3))]
    found: list[Link] = []
    while len(keys) > 1 and len(found) < count:
        one, other = source.choice(under) if under and source.random() < 0.3 else source.sample(keys, 2)
        if source.random() < 0.5:
            one, other = other, one
        found.append(Link(one, other, source.choice(kinds), source.choice(labels), source.choice(["", "推定"])))
        if source.random() < 0.1:
            found.append(found[-1])
    return tuple(found[:count])


@cache
def drawn(seed: int, count: int, links: int) -> Drawn:
    source = random.Random(seed)  # noqa: S311 - charts for tests
    places = forest(source, count)
    notes = tuple(
        Note(source.choice(["", "※1", "法令上の根拠", words(source, 1, 60)]), words(source, 0, 80))
        for _note in range(source.choice([0, 0, 3]))
    )
    title = words(source, 0, 60)
    told = replace(WORDS, title=title, language=source.choice(["ja", "en"]))
    chart = Chart(places, relations(source, places, links), notes, told, source.choice([FULL_SHEET, COMPACT_SHEET]))
    return Drawn(chart, compose(chart), draw(chart))


def chain(length: int, hanging: bool | None) -> Place:
    """Places one under the other."""
    place = Place(f"p{length - 1}", "最下位の部会", hanging=hanging)
    for number in reversed(range(length - 1)):
        key = f"p{number}" if number else "p"
        place = Place(key, f"第{number}段の会議", children=(place,), hanging=hanging)
    return place


def rect(box: Box) -> Rect:
    return box.x, box.y, box.x + box.w, box.y + box.h


def head(box: Box) -> Rect:
    assert box.head is not None
    x, y, w, h = box.head
    return x, y, x + w, y + h


def meet(one: Rect, other: Rect) -> bool:
    """Whether two rectangles have more than their borders in common; a segment is one without height or width."""
    return all(
        max(one[low], other[low]) < min(one[low + 2], other[low + 2])
        or (max(one[low], other[low]) == min(one[low + 2], other[low + 2]) and _inside(one, other, low))
        for low in (0, 1)
    )


def _inside(one: Rect, other: Rect, axis: int) -> bool:
    """Whether the one that is flat along an axis lies strictly within the other."""
    return any(
        flat[axis] == flat[axis + 2] and wide[axis] < flat[axis] < wide[axis + 2]
        for flat, wide in ((one, other), (other, one))
    )


def touch(one: Rect, other: Rect) -> bool:
    """Whether two rectangles have a point in common, be it of their borders."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def holds(outer: Rect, inner: Rect) -> bool:
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


def on_border(point: Point, of: Rect) -> bool:
    at = (*point, *point)
    return touch(at, of) and not meet(at, of)


def span(segment: Segment) -> Rect:
    (a, b), (c, d) = segment
    return min(a, c), min(b, d), max(a, c), max(b, d)


def is_frame(place: Place) -> bool:
    return place.stand is Stand.FRAME and bool(place.children)


def frames_around(chart: Chart) -> dict[str, set[str]]:
    """The frames that each place stands in, by keys."""
    around: dict[str, set[str]] = {place.key: set() for place in chart.places}
    for place in walk(chart.places):
        for child in place.children:
            around[child.key] = around[place.key] | ({place.key} if is_frame(place) else set())
    return around


def parents(chart: Chart) -> dict[str, str]:
    return {child.key: place.key for place in walk(chart.places) for child in place.children}


def lines_of(box: Box) -> list[Line]:
    return [line for lines in (box.names, *box.paragraphs) for line in lines]


def plain(text: str) -> str:
    """A text without its breaks and without what XML cannot hold."""
    return re.sub(rf"[\s\x00-\x1f\x7f-\x9f{MARK}{UNMARK}\ufffe\uffff]", "", text)


def segments(lines: list[list[Point]]) -> Iterator[Segment]:
    for line in lines:
        yield from pairwise(line)


def badge(route: Route) -> Rect:
    """The rectangle of a number: as high as its circle, and as wide as its digits need."""
    (x, y), half = route.badge, max(20, width(str(route.bundle.number), 12, bold=True) + 8) / 2
    return x - half, y - 10, x + half, y + 10


def label(route: Route) -> list[Rect]:
    return [(x, y - 10, x + width(text, 12), y + 3) for x, y, text in route.label]


# The rules. Each takes a chart with its figure and says what is wrong by failing.


def every_place_has_one_box(each: Drawn) -> None:
    keys = Counter(box.place.key for box in each.figure.layout.boxes)
    assert keys == Counter(place.key for place in walk(each.chart.places))
    for box in each.figure.layout.boxes:
        assert (box.head is not None) == is_frame(box.place)


def boxes_are_apart(each: Drawn) -> None:
    around = frames_around(each.chart)
    for one, other in combinations(each.figure.layout.boxes, 2):
        outer, inner = (one, other) if one.place.key in around[other.place.key] else (other, one)
        if outer.place.key in around[inner.place.key]:
            left, top, right, bottom = rect(inner)
            assert holds(rect(outer), (left - 8, top - 8, right + 8, bottom + 8)), (outer.place.key, inner.place.key)
            assert not touch(head(outer), rect(inner)), (outer.place.key, inner.place.key)
        else:
            left, top, right, bottom = rect(one)
            near = (left - 8, top - 8, right + 8, bottom + 8)
            assert not touch(near, rect(other)), (one.place.key, other.place.key)


def tree_lines_keep_off_boxes(each: Drawn) -> None:
    """A tree line touches the box of its place and of the one above, with an end; every other box it passes."""
    around, above = frames_around(each.chart), parents(each.chart)
    for key, line in each.figure.layout.tree:
        for start, end in pairwise(line):
            piece = span((start, end))
            assert piece[0] == piece[2] or piece[1] == piece[3]
            for box in each.figure.layout.boxes:
                if box.place.key in around[key]:
                    left, top, right, bottom = rect(box)
                    assert left < piece[0] <= piece[2] < right, (key, box.place.key)
                    assert top < piece[1] <= piece[3] < bottom, (key, box.place.key)
                    assert not meet(piece, head(box)), (key, box.place.key)
                elif touch(piece, rect(box)):
                    assert box.place.key in {key, above.get(key)}, (key, box.place.key)
                    assert not meet(piece, rect(box)), (key, box.place.key)


def tree_lines_join_parent_and_child(each: Drawn) -> None:
    """From every box in a tree its lines lead to that of its parent, unless a typed line says so instead."""
    boxes = {box.place.key: rect(box) for box in each.figure.layout.boxes}
    pieces = [span(segment) for segment in segments([line for _key, line in each.figure.layout.tree])]
    joined = list(range(len(pieces)))

    def root(number: int) -> int:
        while joined[number] != number:
            number = joined[number]
        return number

    for one, other in combinations(range(len(pieces)), 2):
        if touch(pieces[one], pieces[other]):
            joined[root(one)] = root(other)
    reached = {key: {root(n) for n, piece in enumerate(pieces) if touch(piece, box)} for key, box in boxes.items()}
    by_link = {(end, each.bundle.hub) for each in each.figure.routes for end in each.bundle.ends}
    for place in walk(each.chart.places):
        if place.stand is Stand.FRAME:
            continue
        for child in place.children:
            assert reached[place.key] & reached[child.key] or (child.key, place.key) in by_link, child.key


def routes_keep_off_boxes(each: Drawn) -> None:
    for route in each.figure.routes:
        ends = {route.bundle.hub, *route.bundle.ends}
        for line in route.lines:
            for start, end in pairwise(line):
                assert (start[0] == end[0]) != (start[1] == end[1])
                piece = span((start, end))
                for box in each.figure.layout.boxes:
                    if box.head is not None:
                        assert not meet(piece, head(box)), (route.bundle.number, box.place.key)
                    elif touch(piece, rect(box)):
                        assert not meet(piece, rect(box)), (route.bundle.number, box.place.key)
                        assert box.place.key in ends, (route.bundle.number, box.place.key)
                        assert any(on_border(point, rect(box)) for point in (line[0], line[-1]))


def routes_end_at_their_boxes(each: Drawn) -> None:
    boxes = {box.place.key: rect(box) for box in each.figure.layout.boxes}
    for route in each.figure.routes:
        bundle = route.bundle
        starts = {end: [line for line in route.lines if on_border(line[0], boxes[end])] for end in bundle.ends}
        assert len(route.lines) == len(bundle.ends)
        assert all(len(lines) == 1 for lines in starts.values()), bundle
        for line in route.lines:
            others = [span(segment) for segment in segments([other for other in route.lines if other is not line])]
            last = (*line[-1], *line[-1])
            if line[-1] in route.junctions:
                assert any(touch(last, other) for other in others), bundle.number
            else:
                assert on_border(line[-1], boxes[bundle.hub]), bundle.number
            tip = line[-2:] if bundle.to_hub else line[:2]
            if not (bundle.to_hub and line[-1] in route.junctions):
                left, top, right, bottom = span((tip[0], tip[1]))
                assert right - left + bottom - top >= 12, (bundle.number, line)  # room for its arrowhead


def lines_do_not_run_over_one_another(each: Drawn) -> None:
    """Typed lines run 12 apart from one another and 8 from the tree, and cross in the open, not at a bend or an end."""
    pieces = [(route.bundle.number, span(piece)) for route in each.figure.routes for piece in segments(route.lines)]
    tree = [(0, span(piece)) for piece in segments([line for _key, line in each.figure.layout.tree])]
    for (one, a), (other, b) in [*combinations(pieces, 2), *((x, y) for x in pieces for y in tree)]:
        if one == other:
            for axis in (0, 1):
                if a[axis] == a[axis + 2] == b[axis] == b[axis + 2]:  # may meet at a junction
                    assert min(a[3 - axis], b[3 - axis]) <= max(a[1 - axis], b[1 - axis]), one
        elif touch(a, b):
            assert meet(a, b), (one, other, a, b)
            assert (a[0] == a[2]) != (b[0] == b[2]), (one, other, a, b)
        for axis in (0, 1):
            if one != other and a[axis] == a[axis + 2] and b[axis] == b[axis + 2]:
                along = min(a[3 - axis], b[3 - axis]) > max(a[1 - axis], b[1 - axis])
                assert not along or abs(a[axis] - b[axis]) >= (12 if other else 8), (one, other, a, b)


def no_two_tree_lines_merge(each: Drawn) -> None:
    """Tree lines of two parents have no point in common: what belongs to whom would be lost."""
    above = parents(each.chart)
    boxes = {box.place.key: box for box in each.figure.layout.boxes}
    pieces = []
    for key, line in each.figure.layout.tree:
        is_up = any(on_border(point, rect(boxes[key])) for point in line) and key in above
        pieces += [(key, above.get(key) if is_up else None, span(piece)) for piece in pairwise(line)]
    for (key, up, a), (other_key, other_up, b) in combinations(pieces, 2):
        if touch(a, b):
            assert {key, up} & {other_key, other_up} - {None}, (key, other_key)


def every_link_is_accounted_for(each: Drawn) -> None:
    figure = each.figure
    bundles = [*(route.bundle for route in figure.routes), *figure.lost]
    assert sorted(bundle.number for bundle in bundles) == list(range(1, len(bundles) + 1))
    covered = Counter(covering for bundle in bundles for covering in ends_of(bundle))
    assert covered == Counter(
        {(link.source, link.target, link.kind, link.label, link.standing) for link in each.chart.links}
    )
    texts = {box.place.key: "".join(line.text for line in lines_of(box)) for box in figure.layout.boxes}
    for bundle in figure.lost:
        for key in (bundle.hub, *bundle.ends):
            assert f"〔{bundle.number}〕" in texts[key].replace(" ", ""), (bundle.number, key)
    in_legend = [entry.bundle.number for entry in figure.entries if entry.bundle is not None]
    assert in_legend == list(range(1, len(bundles) + 1))
    for entry in figure.entries:
        assert (entry.sample == "link") == (entry.bundle is not None and entry.bundle not in figure.lost)


def ends_of(bundle: Bundle) -> Iterator[tuple[str, ...]]:
    for end in bundle.ends:
        source, target = (end, bundle.hub) if bundle.to_hub else (bundle.hub, end)
        yield source, target, bundle.kind, bundle.label, bundle.standing


def words_stand_free(each: Drawn) -> None:
    """Numbers and labels lie over no box, title, border, line and other word but the line of a number."""
    figure = each.figure
    tree = [(0, span(piece)) for piece in segments([line for _key, line in figure.layout.tree])]
    lines = [(route.bundle.number, span(piece)) for route in figure.routes for piece in segments(route.lines)] + tree
    found: list[tuple[int, Rect]] = []
    for route in figure.routes:
        number = route.bundle.number
        assert any(one == number and meet(badge(route), piece) for one, piece in lines), number
        assert not any(touch(badge(route), piece) for one, piece in lines if one != number), number
        assert not any(meet(part, piece) for part in label(route) for _one, piece in lines), number
        found += [(number, part) for part in (badge(route), *label(route))]
    for box in figure.layout.boxes:
        left, top, right, bottom = rect(box)
        taken = [rect(box)]
        if box.head is not None:
            taken = [head(box), (left, top, right, top), (left, bottom, right, bottom)]
            taken += [(left, top, left, bottom), (right, top, right, bottom)]
        for number, part in found:
            assert not any(meet(part, each) for each in taken), (number, box.place.key)
    for (one, part), (other, another) in combinations(found, 2):
        assert not meet(part, another), (one, other)


def everything_is_within_the_figure(each: Drawn) -> None:
    figure = each.figure
    x, y = figure.origin
    here: list[Rect] = [rect(box) for box in figure.layout.boxes]
    here += [span(piece) for piece in segments([line for _key, line in figure.layout.tree])]
    for route in figure.routes:
        here += [*(span(piece) for piece in segments(route.lines)), badge(route), *label(route)]
    places = [(left + x, top + y, right + x, bottom + y) for left, top, right, bottom in here]
    drawing = places[:]
    heading = [_line_rect(line) for line in figure.heading]
    panel = []
    for entry in figure.entries:
        for lines in entry.paragraphs:
            for line in lines:
                left, top, right, bottom = _line_rect(line)
                panel.append((left + entry.x, top + entry.y, right + entry.x, bottom + entry.y))
    for part in [*places, *heading, *panel]:
        assert holds((4, 4, figure.width - 4, figure.height - 4), part), part
    for one, other in combinations([*heading, *panel], 2):
        assert not meet(one, other), (one, other)
    bounds = (
        min(r[0] for r in drawing),
        min(r[1] for r in drawing),
        max(r[2] for r in drawing),
        max(r[3] for r in drawing),
    )
    for part in [*heading, *panel]:
        assert not meet(bounds, part), (bounds, part)


def _line_rect(line: Line) -> Rect:
    """A line without its leading: letters that stand on the baseline, with what hangs under it."""
    wide = width(line.text, line.size, bold=line.bold)
    return line.x, line.y - line.size * 0.85, line.x + wide, line.y + line.size * 0.15


def siblings_keep_their_order(each: Drawn) -> None:
    """In rows from left to right, or in columns from top to bottom; asides and assistants among themselves."""
    boxes = {box.place.key: box for box in each.figure.layout.boxes}
    for place in walk(each.chart.places):
        under = [(child.stand, boxes[child.key]) for child in place.children]
        if is_frame(place):
            groups = [[box for _stand, box in under]]
        else:
            aside = [box for stand, box in under if stand is Stand.BESIDE]
            left = [box for box in aside if box.x < boxes[place.key].x]
            right = [box for box in aside if box.x > boxes[place.key].x]
            assert not left or not right or [left, right] == [aside[0::2], aside[1::2]], place.key
            groups = [left, right]
            helping = [box for stand, box in under if stand is Stand.ASSISTANT]
            below = [box for stand, box in under if stand not in (Stand.BESIDE, Stand.ASSISTANT)]
            groups += [helping, below]
        for group in groups:
            in_rows = all((a.y == b.y and a.x < b.x) or a.y + a.h < b.y for a, b in pairwise(group))
            in_columns = all((a.x < b.x + b.w and a.y + a.h < b.y) or a.x + a.w < b.x for a, b in pairwise(group))
            assert in_rows or in_columns, place.key


def text_fits_its_box(each: Drawn) -> None:
    for box in each.figure.layout.boxes:
        outer = head(box) if box.head is not None else rect(box)
        lines = lines_of(box)
        for line in lines:
            assert line.size >= 12
            left, top, right, bottom = _line_rect(line)
            margin = 2 if box.head is not None else 8
            hangs = line.size / 2 if line.text[:1] in "（「『［【〔" else 0  # the left half of these is empty
            assert holds(outer, (left + hangs - margin, top - 2, right + margin, bottom + 2)), (
                box.place.key,
                line.text,
            )
        for one, other in pairwise(lines):
            assert other.y - one.y >= other.size * 1.2, (box.place.key, other.text)
        text = plain("".join(line.text for line in lines))
        told = [box.place.name, *(text for _style, _language, text in box.place.paragraphs)]
        assert text == plain("".join(told)), box.place.key


def svg_is_plain(each: Drawn) -> None:
    root = ElementTree.fromstring(each.svg)  # noqa: S314 - written by the engine under test
    texts, hrefs = [], Counter[str]()
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ELEMENTS, element.tag
        assert "style" not in element.attrib
        assert not any(name.startswith("on") for name in element.attrib)
        assert float(element.get("font-size", "12")) >= 12
        if element.tag == f"{SVG}text":
            texts.append(plain("".join(element.itertext())))
        if element.tag == f"{SVG}a":
            hrefs[element.attrib["href"]] += 1
    shown = set(texts)
    for box in each.figure.layout.boxes:
        assert plain("".join(line.text for line in box.names)) in shown
    for place in walk(each.chart.places):
        assert any(text.startswith(plain(place.name)) for text in shown), place.name
    assert hrefs == Counter(place.href for place in walk(each.chart.places) if place.href)
    assert (float(root.attrib["width"]), float(root.attrib["height"])) == (each.figure.width, each.figure.height)


def same_again(each: Drawn) -> None:
    assert draw(each.chart) == each.svg


RULES: list[Callable[[Drawn], None]] = [
    every_place_has_one_box,
    boxes_are_apart,
    tree_lines_keep_off_boxes,
    tree_lines_join_parent_and_child,
    no_two_tree_lines_merge,
    routes_keep_off_boxes,
    routes_end_at_their_boxes,
    lines_do_not_run_over_one_another,
    every_link_is_accounted_for,
    words_stand_free,
    everything_is_within_the_figure,
    siblings_keep_their_order,
    text_fits_its_box,
    svg_is_plain,
    same_again,
]


@settings(deadline=None, derandomize=True, max_examples=70, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 999_999),
    count=st.sampled_from([1, 2, 4, 8, 15, 30, 60, 150]),
    links=st.sampled_from([0, 3, 10, 30, 60]),
)
@pytest.mark.no_cover
def test_rules(seed: int, count: int, links: int) -> None:
    """Few links in large charts: those take long."""
    each = drawn(seed, count, min(links, 10) if count > 30 else links)
    for rule in RULES:
        rule(each)


def broad(hanging: bool | None) -> Place:
    return Place("p", "本部", children=tuple(Place(f"p{n}", f"第{n}部会") for n in range(300)), hanging=hanging)


@pytest.mark.parametrize(
    ("place", "widest", "highest"),
    [
        pytest.param(broad(None), FULL_SHEET[0], 4000, id="broad"),
        pytest.param(broad(False), FULL_SHEET[0], 4000, id="broad in rows"),
        pytest.param(chain(300, None), FULL_SHEET[0], 30_000, id="deep"),
        pytest.param(chain(300, True), 300 * 32 + 600, 20_000, id="deep and hanging"),
    ],
)
@pytest.mark.no_cover
def test_large(place: Place, widest: int, highest: int) -> None:
    links = (Link("p1", "p7", "advises"), Link("p", "p299", "funds", "交付"))
    chart = Chart((place,), links, (), WORDS)
    each = Drawn(chart, compose(chart), draw(chart))
    for rule in RULES:
        rule(each)
    assert each.figure.width <= widest
    assert each.figure.height <= highest


def test_two_levels() -> None:
    """A headquarters with an aside at its left, a secretariat at its right under it, and two ministries in a frame."""
    ministries = Place("group", "関係府省", Stand.FRAME, (Place("a", "総務省"), Place("b", "文部科学省")))
    asides = (Place("aside", "専門調査会", Stand.BESIDE), Place("help", "事務局", Stand.ASSISTANT))
    chart = Chart((Place("top", "推進本部", children=(*asides, Place("under", "推進会議"))), ministries), (), (), WORDS)
    figure = compose(chart)
    box = {each.place.key: each for each in figure.layout.boxes}
    assert box["aside"].x + box["aside"].w < box["top"].x
    assert box["aside"].y == box["top"].y
    assert box["top"].middle < box["help"].x
    assert box["top"].y + box["top"].h < box["help"].y < box["under"].y
    assert box["under"].middle == box["top"].middle
    assert box["under"].y + box["under"].h < box["group"].y
    assert box["a"].y == box["b"].y > head(box["group"])[3]
    assert [entry.paragraphs[0][0].text for entry in figure.entries] == ["凡例", "上下の位置づけ"]
    for rule in RULES:
        rule(Drawn(chart, figure, draw(chart)))


def test_lines_of_rows_and_of_hanging_columns_are_apart() -> None:
    """Rows go on at a line to the left of all of them, and of the lines that bodies in them hang from."""
    children = [
        Place(f"c{n}", f"第{n}会議", children=tuple(Place(f"c{n}-{m}", "長い名前の付いた第一部会") for m in range(12)))
        for n in range(6)
    ]
    chart = Chart((Place("top", "推進本部", children=tuple(children)),), (), (), WORDS)
    figure = compose(chart)
    assert len({box.y for box in figure.layout.boxes if box.place in children}) > 1
    for rule in RULES:
        rule(Drawn(chart, figure, draw(chart)))


def test_what_stands_to_the_left_reads_from_left_to_right() -> None:
    """An advisory body at the left is set from right to left, but the columns and frames under it are not."""
    members = tuple(Place(f"m{n}", f"第{n}部会") for n in range(12))
    frame = Place("frame", "作業部会", Stand.FRAME, (Place("a", "甲"), Place("b", "乙")))
    aside = Place("aside", "専門調査会", Stand.BESIDE, (*members, frame))
    chart = Chart((Place("top", "推進本部", children=(aside,)),), (), (), WORDS)
    figure = compose(chart)
    x = {box.place.key: box.x for box in figure.layout.boxes}
    assert x["m0"] < x["m11"] < x["top"]
    assert x["a"] < x["b"]
    for rule in RULES:
        rule(Drawn(chart, figure, draw(chart)))


def test_a_link_that_says_more_than_the_tree_stands_for_its_line() -> None:
    aside = Place("aside", "専門調査会", Stand.BESIDE)
    chart = Chart((Place("top", "推進本部", children=(aside,)),), (Link("aside", "top", "advises", "助言"),), (), WORDS)
    figure = compose(chart)
    assert figure.layout.tree == []
    (route,) = figure.routes
    assert [text for _x, _y, text in route.label] == ["助言"]
    assert len(route.lines[0]) == 2


def test_what_finds_no_way_is_numbered_at_both_ends() -> None:
    """Forty links between two small boxes: not all of them have room."""
    kinds = list(STROKES)
    links = tuple(Link("a", "b", kinds[n % len(kinds)], f"関係{n}") for n in range(40))
    chart = Chart((Place("a", "甲", Stand.FRAME, (Place("b", "乙"),)),), links, (), WORDS)
    figure = compose(chart)
    assert figure.lost
    each = Drawn(chart, figure, draw(chart))
    for rule in RULES:
        rule(each)


@pytest.mark.no_cover
def test_same_bytes_in_another_process() -> None:
    """Nothing hangs on the order of a set, which differs from process to process."""
    code = (
        "from tests.bodies.test_chart import drawn; import sys; sys.stdout.buffer.write(drawn(5, 30, 20).svg.encode())"
    )
    for seed in ("1", "2"):
        made = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        assert made.stdout == drawn(5, 30, 20).svg.encode()


KEYS = st.sampled_from("abcdef")
LINKS = st.builds(Link, KEYS, KEYS, st.sampled_from(["funds", "advises"]), st.sampled_from(["", "交付"]))


@settings(deadline=None, derandomize=True)
@given(st.lists(LINKS, max_size=30))
def test_bundles(links: list[Link]) -> None:
    bundles = bundled(links)
    covered = Counter(covering for bundle in bundles for covering in ends_of(bundle))
    assert covered == Counter({(link.source, link.target, link.kind, link.label, link.standing) for link in links})
    assert [bundle.number for bundle in bundles] == list(range(1, len(bundles) + 1))
    first = [min(n for n, link in enumerate(links) if covers(bundle, link)) for bundle in bundles]
    assert first == sorted(first)


def covers(bundle: Bundle, link: Link) -> bool:
    return (link.source, link.target, link.kind, link.label, link.standing) in ends_of(bundle)
