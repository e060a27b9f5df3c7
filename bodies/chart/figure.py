"""A whole figure: boxes and lines, with title, legend and notes, put together so that it fits a landscape sheet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from bodies.chart.layout import TEXT, TEXT_LEADING, UNIT, Layout, Line, Measures, arrange, bands, up
from bodies.chart.model import Bundle, Chart, Place, Stand, Style, Words, bundled, walk
from bodies.chart.routing import Route, badge_width, route
from bodies.chart.text import width, wrap

TITLE = 20
EDGE = 24  # from the figure's border to what is in it
COLUMN = 320  # of legend and notes
SAMPLE = (34, 70)  # from where to where a line of the legend is drawn
MEANING = 80  # where its meaning begins
SHEET = 2**0.5  # the proportions of a landscape sheet
SCREEN = 1392  # what a desktop window shows without scrolling
WIDTHS = (760, 1000, 1300)  # how wide rows may become: tried in turn
LABELLED = 9 * UNIT + 8  # how much of a box's side a line with its label takes
REPLACED = {"secretariat_of", "advises", "investigates_for"}  # say more than the plain line to the body above


@dataclass(slots=True)
class Entry:
    """A row of the legend or a note: at its place in the figure."""

    bundle: Bundle | None
    sample: str  # the line drawn beside it: "link" for the bundle's, "tree" for the plain one, "" for none
    x: int
    y: int
    paragraphs: list[list[Line]]


@dataclass(slots=True)
class Figure:
    """Everything with its place. The boxes and lines keep the coordinates of the layout; `origin` is where they go."""

    words: Words
    width: int
    height: int
    origin: tuple[int, int]
    layout: Layout
    routes: list[Route]
    lost: list[Bundle]
    heading: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def compose(chart: Chart) -> Figure:
    """The figure of a chart. The same chart gives the same figure."""
    bundles = bundled(list(chart.links))
    lost: dict[int, Bundle] = {}
    for attempt in range(3):
        figure, failed = _composed(chart, bundles, lost)
        if not failed:
            return figure
        # What found no way is numbered in its boxes, which grow: so all is laid out anew. The last time nothing is led.
        lost |= {bundle.number: bundle for bundle in (failed if attempt == 0 else bundles)}
    raise AssertionError("a figure without lines has none that fails")


def _composed(chart: Chart, bundles: list[Bundle], lost: dict[int, Bundle]) -> tuple[Figure, list[Bundle]]:
    places = _marked(chart.places, lost)
    led = [bundle for bundle in bundles if bundle.number not in lost]
    asked, crossing = _asked(places, led)
    cells = _cells(chart, places, bundles, lost)
    tried = []
    for wide in WIDTHS:
        layout = arrange(places, replace(asked, wide=wide), crossing)
        for beside in (True, False):
            w, h = _extent(layout.width + 4 * UNIT, layout.height, cells, beside=beside)
            tried.append((max(w / SHEET, h) + max(0, w - SCREEN), len(tried), layout, beside))
    _score, _order, layout, beside = min(tried, key=lambda each: each[:2])
    routes, failed = route(layout, led, up(UNIT * (2 + min(len(led), 24))))
    return _laid_out(chart.words, layout, routes, list(lost.values()), cells, beside=beside), failed


def _marked(places: tuple[Place, ...], lost: dict[int, Bundle]) -> tuple[Place, ...]:
    """The places with the numbers of the links that no line could be drawn for."""
    numbers: dict[str, list[int]] = {}
    for bundle in lost.values():
        for key in (bundle.hub, *bundle.ends):
            numbers.setdefault(key, []).append(bundle.number)
    if not numbers:
        return places
    # From the leaves up and without recursion: a chain may be deeper than Python's stack.
    made: dict[int, Place] = {}
    for place in reversed(list(walk(places))):
        children = tuple(made[id(child)] for child in place.children)
        text = " ".join(f"〔{number}〕" for number in sorted(numbers.get(place.key, ())))
        if text and place.stand is Stand.FRAME and children:
            made[id(place)] = replace(place, children=children, name=f"{place.name} {text}")
        elif text:
            paragraphs = (*place.paragraphs, (Style.ITEM, "", text))
            made[id(place)] = replace(place, children=children, paragraphs=paragraphs)
        else:
            made[id(place)] = replace(place, children=children)
    return tuple(made[id(place)] for place in places)


def _asked(places: tuple[Place, ...], led: list[Bundle]) -> tuple[Measures, dict[int, int]]:
    """What the links need of the layout: room at the boxes, and lanes under each band."""
    band = {place.key: number for number, roots in enumerate(bands(places)) for place in walk(tuple(roots))}
    above = {child.key: place.key for place in walk(places) for child in place.children}
    aside = {place.key for place in walk(places) if place.stand in (Stand.BESIDE, Stand.ASSISTANT)}
    needed: Counter[str] = Counter()
    crossing: Counter[int] = Counter()
    replaced, roomy = set(), set()
    inside = {place.key: {each.key for each in walk(place.children)} for place in walk(places) if place.stand is Stand.FRAME}
    for bundle in led:
        reached = {band[key] for key in (bundle.hub, *bundle.ends)}
        crossing.update(range(min(reached), max(reached)))
        needed[bundle.hub] += (LABELLED if bundle.label else 2 * UNIT) if len(reached) > 1 else 2 * UNIT
        needed.update({end: 2 * UNIT for end in bundle.ends})
        if bundle.kind in REPLACED and bundle.to_hub:
            replaced |= {end for end in bundle.ends if above.get(end) == bundle.hub and end in aside}
        roomy |= {key for key in (bundle.hub, *bundle.ends) if inside.get(key, set()) & {bundle.hub, *bundle.ends}}
    needed = Counter({key: min(need, WIDTHS[0]) for key, need in needed.items()})
    return Measures(0, needed, frozenset(replaced), frozenset(roomy)), crossing


@dataclass(slots=True)
class _Cell:
    """Part of the panel of legend and notes, at (0, 0)."""

    height: int
    paragraphs: list[list[Line]]
    bundle: Bundle | None = None
    sample: str = ""  # "": none; "tree": the plain line; "link": that of the bundle
    begins: bool = False  # a heading, which does not end a column


def _cells(chart: Chart, places: tuple[Place, ...], bundles: list[Bundle], lost: dict[int, Bundle]) -> list[_Cell]:
    words = chart.words
    cells: list[_Cell] = []
    below = (child for place in walk(places) if place.stand is not Stand.FRAME for child in place.children)
    has_tree = any(child.stand is not Stand.MORE for child in below)
    if bundles or has_tree:
        cells.append(_heading(words.legend))
    if has_tree:
        cells.append(_Cell(24, [[Line(MEANING, 16, words.tree, TEXT, False, False, "")]], sample="tree"))
    names = {place.key: (place.short or place.name).replace("\n", "") for place in walk(chart.places)}
    for bundle in bundles:
        ends = words.comma.join(names[end] for end in bundle.ends)
        who = f"{ends} → {names[bundle.hub]}" if bundle.to_hub else f"{names[bundle.hub]} → {ends}"
        if bundle.standing:
            who += words.brackets % bundle.standing
        label = _set(bundle.label or words.kinds[bundle.kind], MEANING, 16, bundle.language, bold=True)
        meaning = [label, _set(who, MEANING, label[-1].y + TEXT_LEADING, "", soft=True)]
        height = round(meaning[-1][-1].y) + 10
        cells.append(_Cell(height, meaning, bundle, "" if bundle.number in lost else "link"))
    if chart.notes:
        cells.append(_heading(words.notes))
    marks = [note.mark for note in chart.notes if len(note.mark) <= 3]
    indent = up(max((width(mark, TEXT, bold=True) for mark in marks), default=0) + 8, 4)
    for note in chart.notes:
        paragraphs = [[Line(0, 14, note.mark, TEXT, True, False, "")]]
        x, y = (indent, 14.0) if note.mark in marks else (0, 14.0 + TEXT_LEADING)
        for part in note.text.split("\n"):
            paragraphs.append(_set(part, x, y, note.language, running=True))
            y = paragraphs[-1][-1].y + TEXT_LEADING
        cells.append(_Cell(round(y) - 4, paragraphs))
    return cells


def _set(
    text: str, x: int, y: float, language: str, *, bold: bool = False, soft: bool = False, running: bool = False
) -> list[Line]:
    """A paragraph of the panel; an item of a list hangs behind its bullet."""
    hang = TEXT if text[:1] in "・•" else 0
    lines = wrap(text, TEXT, COLUMN - x - hang, bold=bold, running=running)
    return [
        Line(x + (hang if number else 0), y + number * TEXT_LEADING, line, TEXT, bold, soft, language)
        for number, line in enumerate(lines)
    ]


def _heading(text: str) -> _Cell:
    return _Cell(34, [[Line(0, 20, text, 14, True, False, "")]], begins=True)


def _in_columns(cells: list[_Cell], count: int) -> list[list[_Cell]]:
    """Cells in order in at most so many columns, none longer than it must be."""
    target = max([sum(cell.height for cell in cells) // count, *(cell.height for cell in cells)], default=0)
    while True:
        columns: list[list[_Cell]] = [[]]
        used = 0
        for cell, following in zip(cells, [*cells[1:], None], strict=True):
            need = cell.height + (following.height if cell.begins and following else 0)
            if columns[-1] and used + need > target:
                columns.append([])
                used = 0
            columns[-1].append(cell)
            used += cell.height
        if len(columns) <= count:
            return columns
        target += UNIT


def _extent(w: int, h: int, cells: list[_Cell], *, beside: bool) -> tuple[int, int]:
    """How large the whole becomes with the panel beside the boxes, or under them."""
    if not cells:
        return w, h
    if beside:
        return w + EDGE + COLUMN, max(h, sum(cell.height for cell in cells))
    columns = _in_columns(cells, max(1, (w + EDGE) // (COLUMN + EDGE)))
    return max(w, COLUMN), h + EDGE + max(sum(cell.height for cell in column) for column in columns)


def _laid_out(
    words: Words, layout: Layout, routes: list[Route], lost: list[Bundle], cells: list[_Cell], *, beside: bool
) -> Figure:
    """The parts brought together, cut to what is drawn."""
    left, top, right, bottom = _drawn(layout, routes)
    w, h = right - left, bottom - top
    total, _height = _extent(w, h, cells, beside=beside)
    total = max(total, COLUMN)
    figure = Figure(words, 0, 0, (0, 0), layout, routes, lost)
    y = EDGE
    for text, size, language in ((words.title, TITLE, words.title_language), (words.day, 13, "")):
        for line in wrap(text, size, total, bold=size == TITLE, balanced=True):
            y += round(size * 1.4)
            figure.heading.append(Line(EDGE, y, line, size, size == TITLE, size != TITLE, language))
        y += 2
    y += EDGE
    if beside:
        columns, x, panel = [cells] if cells else [], EDGE + w + EDGE, y
    else:
        columns = _in_columns(cells, max(1, (w + EDGE) // (COLUMN + EDGE))) if cells else []
        x, panel = EDGE, y + h + EDGE
    # Cut to the drawing, which is centred when the panel under it is wider.
    figure.origin = (EDGE - left + (0 if beside else max(0, (total - w) // 2)), y - top)
    end = y + h
    for column in columns:
        at = panel
        for cell in column:
            figure.entries.append(Entry(cell.bundle, cell.sample, x, at, cell.paragraphs))
            at += cell.height
        end = max(end, at)
        x += COLUMN + EDGE
    end += 8
    for line in wrap(words.source, TEXT, total):
        end += TEXT_LEADING
        figure.heading.append(Line(EDGE, end, line, TEXT, False, True, ""))
    figure.width, figure.height = total + 2 * EDGE, end + EDGE
    return figure


def _drawn(layout: Layout, routes: list[Route]) -> tuple[int, int, int, int]:
    """The rectangle of everything drawn, in the coordinates of the layout."""
    xs, ys = [0.0, layout.width], [0.0, layout.height]
    for each in routes:
        for line in each.lines:
            xs += [x for x, _y in line]
            ys += [y for _x, y in line]
        half = badge_width(each.bundle.number) / 2
        xs += [each.badge[0] - half, each.badge[0] + half]
        for x, y, text in each.label:
            xs += [x, x + width(text, TEXT)]
            ys += [y - TEXT, y + 4]
    return int(min(xs)) - 2, int(min(ys)) - 2, up(max(xs) + 2, 2), up(max(ys) + 2, 2)
