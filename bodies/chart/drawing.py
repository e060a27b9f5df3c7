"""The figure as SVG: plain elements and attributes that browsers, Inkscape and office programs draw alike.

No style sheet, no marker elements (office programs drop them), no `foreignObject`. Every colour is written out on a
white ground, so that the figure reads the same wherever it is pasted. What a line means is said by its dashes, the
shape of its end and its number; its colour only helps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from bodies.chart.figure import SAMPLE, Entry, Figure, compose
from bodies.chart.layout import Box, Line, Point, up
from bodies.chart.model import Bundle, Chart, Words
from bodies.chart.routing import BADGE, Route, badge_width
from bodies.chart.text import MARK, UNMARK, width

# Latin letters: these have much the same widths. Japanese: what systems bring along, gothic.
LATIN = "Arial, Helvetica, Liberation Sans, "
FONTS = "Hiragino Sans, Hiragino Kaku Gothic ProN, Noto Sans JP, Noto Sans CJK JP, BIZ UDPGothic, Yu Gothic, sans-serif"
INK, SOFT, TREE, PAPER = "#1a1a1a", "#4d4d4d", "#666666", "#ffffff"
BROAD = 900  # a figure wider than that is printed on a page of its own
WIDE = 1200  # a figure wider than that may be drawn a little smaller where the window is narrower
RADIUS = 6
HEAD = 10  # length of an arrowhead
NOT_TEXT = re.compile(f"[^\\t\\n -~\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]|[{MARK}{UNMARK}]")
MARKED = re.compile(f"{MARK}([^{MARK}{UNMARK}]*)")


@dataclass(frozen=True, slots=True)
class Stroke:
    """How the lines of one kind of relation look."""

    colour: str
    width: float
    dashes: str
    end: str  # "arrow", "open", "dot" or "diamond"


STROKES = {
    "supervises": Stroke("#1a1a1a", 1.75, "", "arrow"),
    "funds": Stroke("#0c472a", 3, "", "arrow"),
    "appoints": Stroke("#0017c1", 1.75, "10 4", "arrow"),
    "sets_goals": Stroke("#0017c1", 1.75, "3 3", "arrow"),
    "gives_opinion_on": Stroke("#6c006c", 1.5, "2 5", "open"),
    "allocates": Stroke("#0c472a", 1.75, "12 3 3 3", "arrow"),
    "coordinates": Stroke("#604b00", 1.5, "6 4", "diamond"),
    "secretariat_of": Stroke("#4d4d4d", 1.5, "", "dot"),
    "belongs_to": Stroke("#4d4d4d", 1.5, "16 5", "diamond"),
    "investigates_for": Stroke("#6c006c", 1.5, "8 3", "open"),
    "advises": Stroke("#6c006c", 1.5, "4 3", "open"),
}


@dataclass(frozen=True, slots=True)
class Tone:
    """How a box looks."""

    fill: str
    stroke: str
    width: float
    dashes: str = ""


TONES = {
    "lead": Tone("#e8f1fe", "#0017c1", 1.5),
    "aside": Tone("#ffffff", "#0017c1", 1),
    "plain": Tone("#ffffff", "#767676", 1),
    "frame": Tone("#f5f5f5", "#949494", 1),
    "more": Tone("#ffffff", "#949494", 1, "3 3"),
    "focus": Tone("#fbf5e0", "#604b00", 2.5),
    "came": Tone("#e6f5ec", "#0c472a", 2.5),
    "changed": Tone("#fbf5e0", "#604b00", 2, "8 3"),
    "unrecorded": Tone("#ffffff", "#666666", 1.5, "2 3"),
}


def draw(chart: Chart) -> str:
    """The chart as one SVG element, which is a whole document too."""
    return write(compose(chart))


def write(figure: Figure) -> str:
    words = figure.words
    sort = "chart" + (" broad" if figure.width > BROAD else "")
    if figure.width > WIDE:
        sort += f" at-{min(110, up(figure.width * 0.9 / 16 - 5, 10))}"
    fonts = FONTS if words.language == "ja" else LATIN + FONTS
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {figure.width} {figure.height}" width="{figure.width}"'
        f' height="{figure.height}" role="group" aria-labelledby="chart-title" aria-describedby="chart-desc"'
        f' lang="{words.language}" font-family="{fonts}" font-size="12" letter-spacing="0" fill="{INK}" class="{sort}">'
        f'<title id="chart-title"{_lang(words.title_language)}>{_safe(words.title)}</title>'
        f'<desc id="chart-desc">{_safe(words.description)}</desc>'
        f'<rect width="{figure.width}" height="{figure.height}" fill="{PAPER}"/>'
    ]
    out += [_text([line]) for line in figure.heading]
    x, y = figure.origin
    out.append(f'<g transform="translate({x} {y})">')
    out += [_ground(box) for box in figure.layout.boxes if box.head is not None]
    out.append(f'<g aria-hidden="true" fill="none"><path stroke="{TREE}" stroke-width="1.25" d="{_tree(figure)}"/>')
    out += [_route(each) for each in figure.routes]
    out.append("</g>")
    out += [_box(box, words) for box in figure.layout.boxes]
    out.append('<g aria-hidden="true">')
    out += [_named(each) for each in figure.routes]
    out.append("</g></g>")
    out += [_entry(entry) for entry in figure.entries]
    out += [_text([line]) for line in figure.footing]
    out.append("</svg>")
    return "".join(out)


def _safe(text: str) -> str:
    """Escaped, without the characters that XML does not have or advises against, and without marks."""
    return escape(NOT_TEXT.sub("", text))


def _lang(language: str) -> str:
    return f' lang="{language}"' if language else ""


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(lines: list[Line]) -> str:
    """Lines of the same sort as one text, so that a reader can find and copy it whole."""
    first = lines[0]
    attributes = _at(first)
    if first.size != 12:
        attributes += f' font-size="{first.size}"'
    if first.bold:
        attributes += ' font-weight="700"'
    if first.soft:
        attributes += f' fill="{SOFT}"'
    if first.centred:
        attributes += ' text-anchor="middle"'
    spans = [_words(first.text)]
    for before, line in pairwise(lines):
        gap = " " if before.text.isascii() else ""
        spans.append(f"{gap}<tspan{_at(line)}>{_words(line.text)}</tspan>")
    return f"<text{attributes}{_lang(first.language)}>{''.join(spans)}</text>"


def _at(line: Line) -> str:
    """Where a line is set. A centred one keeps its middle: real letters are narrower than they were measured."""
    x = line.x + width(line.text, line.size, bold=line.bold) / 2 if line.centred else line.x
    return f' x="{_number(x)}" y="{_number(line.y)}"'


def _words(text: str) -> str:
    """A line with the marks of its notes set off. A mark that is cut by the end of a line ends with it."""
    pieces = MARKED.split(text)
    pieces[1::2] = [f'<tspan fill="#0017c1" font-weight="700">{_safe(mark)}</tspan>' for mark in pieces[1::2]]
    pieces[0::2] = map(_safe, pieces[0::2])
    return "".join(pieces)


def _box(box: Box, words: Words) -> str:
    """A box with its text, as a link; of a frame the title, as its members have links of their own."""
    ground = _ground(box) if box.head is None else ""
    inside = ground + "".join(_text(lines) for lines in [box.names, *box.paragraphs])
    if not box.place.href:
        return f"<g>{inside}</g>"
    return f'<a href="{escape(box.place.href)}"{_heard(box, words)}>{inside}</a>'


def _heard(box: Box, words: Words) -> str:
    """What a screen reader says of a box in which marks stand: the same text with the marks in words."""
    text = " ".join("".join(line.text for line in lines) for lines in [box.names, *box.paragraphs])
    if MARK not in text:
        return ""
    for mark, spoken in words.spoken.items():
        text = text.replace(f"{MARK}{mark}{UNMARK}", f" {spoken} ")
    return f' aria-label="{_safe(text)}"'


def _ground(box: Box) -> str:
    tone = TONES[box.place.tone]
    dashes = f' stroke-dasharray="{tone.dashes}"' if tone.dashes else ""
    return (
        f'<rect x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" rx="4" fill="{tone.fill}"'
        f' stroke="{tone.stroke}" stroke-width="{_number(tone.width)}"{dashes}/>'
    )


def _tree(figure: Figure) -> str:
    return "".join(_path(line) for _key, line in figure.layout.tree)


def _path(line: list[Point]) -> str:
    pieces = [f"M{line[0][0]} {line[0][1]}"]
    for (x0, _y0), (x1, y1) in pairwise(line):
        pieces.append(f"V{y1}" if x0 == x1 else f"H{x1}")
    return "".join(pieces)


def _rounded(line: list[Point]) -> str:
    pieces = [f"M{line[0][0]} {line[0][1]}"]
    for (x0, y0), (x1, y1), (x2, y2) in zip(line, line[1:], line[2:], strict=False):
        r = min(RADIUS, (abs(x1 - x0) + abs(y1 - y0)) / 2, (abs(x2 - x1) + abs(y2 - y1)) / 2)
        ax, ay = x1 - r * _sign(x1 - x0), y1 - r * _sign(y1 - y0)
        bx, by = x1 + r * _sign(x2 - x1), y1 + r * _sign(y2 - y1)
        pieces.append(f"L{_number(ax)} {_number(ay)}Q{x1} {y1} {_number(bx)} {_number(by)}")
    return "".join([*pieces, f"L{_number(line[-1][0])} {_number(line[-1][1])}"])


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _route(route: Route) -> str:
    stroke = STROKES[route.bundle.kind]
    path = "".join(_rounded(_shortened(line, stroke, route)) for line in route.lines)
    # On a white ground of its own, so that what it crosses is seen to pass under it.
    out = [f'<path d="{path}" stroke="{PAPER}" stroke-width="{_number(stroke.width + 4)}"/>', _stroked(stroke, path)]
    for line in route.lines:
        for end, before in _tips(line, route):
            out.append(_tip(stroke, end, before))
    out += [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{stroke.colour}"/>' for x, y in route.junctions]
    return "".join(out)


def _stroked(stroke: Stroke, path: str) -> str:
    dashes = f' stroke-dasharray="{stroke.dashes}"' if stroke.dashes else ""
    return f'<path d="{path}" stroke="{stroke.colour}" stroke-width="{_number(stroke.width)}"{dashes}/>'


def _tips(line: list[Point], route: Route) -> list[tuple[Point, Point]]:
    """The ends that carry an arrowhead, each with the point before it. Lines are drawn from an end to the hub."""
    if not route.bundle.to_hub:
        return [(line[0], line[1])]
    return [] if line[-1] in route.junctions else [(line[-1], line[-2])]


def _shortened(line: list[Point], stroke: Stroke, route: Route) -> list[Point]:
    """The line without the piece that its arrowhead covers: a broad line would show past the point."""
    if stroke.end not in {"arrow", "diamond"}:
        return line
    made = list(line)
    for end, before in _tips(line, route):
        index = 0 if end == line[0] and not route.bundle.to_hub else len(line) - 1
        made[index] = (end[0] - HEAD * _sign(end[0] - before[0]), end[1] - HEAD * _sign(end[1] - before[1]))
    return made


def _tip(stroke: Stroke, end: tuple[float, float], before: tuple[float, float]) -> str:
    x, y = end
    dx, dy = _sign(x - before[0]), _sign(y - before[1])

    def at(back: float, side: float) -> str:
        return f"{_number(x - dx * back - dy * side)} {_number(y - dy * back + dx * side)}"

    if stroke.end == "dot":
        return f'<circle cx="{_number(x - 4 * dx)}" cy="{_number(y - 4 * dy)}" r="4" fill="{stroke.colour}"/>'
    if stroke.end == "open":
        return f'<path d="M{at(HEAD, 5)}L{x} {y}L{at(HEAD, -5)}" stroke="{stroke.colour}" stroke-width="1.5"/>'
    if stroke.end == "diamond":
        path = f"M{at(0, 0)}L{at(HEAD / 2, 4)}L{at(HEAD, 0)}L{at(HEAD / 2, -4)}Z"
        return f'<path d="{path}" fill="{PAPER}" stroke="{stroke.colour}" stroke-width="1.5"/>'
    return f'<path d="M{at(0, 0)}L{at(HEAD, 5)}L{at(HEAD, -5)}Z" fill="{stroke.colour}"/>'


def _named(route: Route) -> str:
    colour = STROKES[route.bundle.kind].colour
    out = [_badge(route.bundle, *route.badge)]
    if route.label:
        first, *others = route.label
        spans = "".join(f'<tspan x="{_number(x)}" y="{_number(y)}">{_safe(text)}</tspan>' for x, y, text in others)
        at = f'x="{_number(first[0])}" y="{_number(first[1])}"'
        out.append(f'<text {at} fill="{colour}">{_safe(first[2])}{spans}</text>')
    return "".join(out)


def _badge(bundle: Bundle, x: float, y: float) -> str:
    colour, wide = STROKES[bundle.kind].colour, badge_width(bundle.number)
    return (
        f'<g><rect x="{_number(x - wide / 2)}" y="{_number(y - BADGE / 2)}" width="{_number(wide)}" height="{BADGE}"'
        f' rx="{BADGE // 2}" fill="{PAPER}" stroke="{colour}" stroke-width="1.5"/>'
        f'<text x="{_number(x)}" y="{_number(y + 4.5)}" text-anchor="middle" font-weight="700" fill="{colour}">'
        f"{bundle.number}</text></g>"
    )


def _entry(entry: Entry) -> str:
    out = [f'<g transform="translate({entry.x} {entry.y})">']
    if entry.sample == "tree":
        out.append(f'<path d="M{SAMPLE[0]} 12H{SAMPLE[1]}" stroke="{TREE}" stroke-width="1.25" fill="none"/>')
    if entry.bundle is not None:
        out.append(_badge(entry.bundle, BADGE / 2, 12))
    if entry.bundle is not None and entry.sample == "link":
        stroke, end = STROKES[entry.bundle.kind], (SAMPLE[1], 12)
        back = HEAD if stroke.end in {"arrow", "diamond"} else 0
        out.append(
            f'<g fill="none">{_stroked(stroke, f"M{SAMPLE[0]} 12H{end[0] - back}")}{_tip(stroke, end, (0, 12))}</g>'
        )
    out += [_text(lines) for lines in entry.paragraphs]
    return "".join([*out, "</g>"])
