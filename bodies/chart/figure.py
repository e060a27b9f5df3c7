"""A whole figure: boxes and lines, with title, legend and notes, put together so that it fits a landscape sheet."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from bodies.chart.layout import TEXT, UNIT, Layout, Line, Measures, arrange, bands, leading, up
from bodies.chart.model import Bundle, Chart, Place, Stand, Style, Words, bundled, walk
from bodies.chart.routing import Route, badge_width, route
from bodies.chart.text import width, wrap

TITLE = 20
EDGE = 20  # from the figure's border to what is in it
SAMPLE = (34, 70)  # from where to where a line of the legend is drawn
MEANING = 80  # where its meaning begins
SCREEN = 1392  # what a desktop window shows at natural size
# How wide rows may become, how wide running text, how many bodies hang in a column, how wide names: tried in turn.
TRIED = ((760, 336, 5, 195), (1000, 336, 4, 195), (1000, 400, 4, 135), (1300, 480, 3, 135), (1600, 480, 3, 195))
# The panel of legend and notes: in how many columns beside the boxes (0: under them), and how wide those are.
PANELS = ((1, 280), (1, 348), (1, 456), (2, 280), (2, 348), (0, 348))
Shape = tuple[tuple[int, int, int, int], tuple[int, int]]  # one of `TRIED` with one of `PANELS`
BULLETS = ("・", "•")
HEADING = 108  # what title, day and source take, with the borders
LED = 40  # more lines than that are a tangle; the rest is numbered in its boxes
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
    footing: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)


def compose(chart: Chart) -> Figure:
    """The figure of a chart. The same chart gives the same figure."""
    bundles = bundled(list(chart.links))
    lost = {bundle.number: bundle for bundle in bundles[LED:]}
    shapes = [(rows, columns) for rows in TRIED for columns in PANELS]
    while True:
        places = _marked(chart.places, lost)
        led = [bundle for bundle in bundles if bundle.number not in lost]
        shapes, layout, panel = _fitted(chart, places, bundles, led, shapes)
        routes, failed = route(layout, led, up(UNIT * (2 + min(len(led), 12))))
        if not failed:
            return _laid_out(chart.words, layout, routes, list(lost.values()), panel)
        # What found no way is numbered in its boxes, which grow: so all is laid out anew. Each time fewer are led.
        lost |= {bundle.number: bundle for bundle in failed}


def _fitted(
    chart: Chart, places: tuple[Place, ...], bundles: list[Bundle], led: list[Bundle], shapes: list[Shape]
) -> tuple[list[Shape], Layout, _Panel]:
    """The shape that fits its sheet best, with boxes and panel set in it."""
    asked, crossing = _asked(places, led)
    asked = replace(asked, is_latin=chart.words.language != "ja")
    layouts: dict[tuple[int, ...], Layout] = {}
    panels: dict[tuple[int, ...], _Panel] = {}

    def misfit(shape: Shape) -> float:
        (wide, text, rows, name), columns = shape
        if shape[0] not in layouts:
            measures = replace(asked, wide=wide, text=text, rows=rows, name=name)
            layouts[shape[0]] = arrange(places, measures, crossing)
        if columns not in panels:
            panels[columns] = _Panel(chart, bundles, led, *columns)
        w, h = panels[columns].around(layouts[shape[0]].width + 4 * UNIT, layouts[shape[0]].height)
        w, h = w + 2 * EDGE, h + HEADING
        # That it fits the sheet comes first, that it fits the screen and is as broad as a sheet second, size last.
        sheet, screen, landscape = (
            max(w / chart.sheet[0], h / chart.sheet[1], 1),
            max(w / SCREEN, 1),
            max(h * 1.4 / w, 1),
        )
        return 4 * sheet + screen / 4 + landscape / 8 + w * h / 1e8

    best = min(shapes, key=misfit)
    return [best], layouts[best[0]], panels[best[1]]


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
    replaced, roomy, linked, paired = set(), set(), set(), set()
    frames = [place for place in walk(places) if place.stand is Stand.FRAME]
    inside = {frame.key: {each.key for each in walk(frame.children)} for frame in frames}
    for bundle in led:
        reached = {band[key] for key in (bundle.hub, *bundle.ends)}
        crossing.update(range(min(reached), max(reached)))
        needed[bundle.hub] += (LABELLED if bundle.label else 2 * UNIT) if len(reached) > 1 else 2 * UNIT
        needed.update(dict.fromkeys(bundle.ends, 2 * UNIT))
        if bundle.kind in REPLACED and bundle.to_hub:
            replaced |= {end for end in bundle.ends if above.get(end) == bundle.hub and end in aside}
        roomy |= {key for key in (bundle.hub, *bundle.ends) if inside.get(key, set()) & {bundle.hub, *bundle.ends}}
        linked |= {end for end in bundle.ends if above.get(end) == bundle.hub}
        paired |= {key for end in bundle.ends if above.get(end) == above.get(bundle.hub) for key in (end, bundle.hub)}
        linked |= {bundle.hub for end in bundle.ends if above.get(bundle.hub) == end}
    needed = Counter({key: min(need, TRIED[0][0]) for key, need in needed.items()})
    sets = [frozenset(found) for found in (replaced, roomy, linked, paired)]
    return Measures(0, needed=needed, replaced=sets[0], roomy=sets[1], linked=sets[2], paired=sets[3]), crossing


@dataclass(slots=True)
class _Cell:
    """Part of the panel of legend and notes, at (0, 0)."""

    height: int
    paragraphs: list[list[Line]]
    bundle: Bundle | None = None
    sample: str = ""  # "": none; "tree": the plain line; "link": that of the bundle
    begins: bool = False  # a heading, which does not end a column


class _Panel:
    """Legend and notes, in so many columns beside the boxes (0: as many as fit under them) of a width in units."""

    def __init__(self, chart: Chart, bundles: list[Bundle], led: list[Bundle], beside: int, column: int) -> None:
        self.beside, self.column = beside, column
        self.lead = leading(TEXT, chart.words.language != "ja")
        self.cells = [*self._legend(chart, bundles, {bundle.number for bundle in led}), *self._notes(chart)]

    def _legend(self, chart: Chart, bundles: list[Bundle], led: set[int]) -> list[_Cell]:
        words, cells = chart.words, []
        below = (child for place in walk(chart.places) if place.stand is not Stand.FRAME for child in place.children)
        if any(child.stand is not Stand.MORE for child in below):
            cells.append(_Cell(24, [[Line(MEANING, 16, words.tree, TEXT, False, False, "")]], sample="tree"))
        names = {place.key: (place.short or place.name).replace("\n", "") for place in walk(chart.places)}
        for bundle in bundles:
            ends = words.comma.join(names[end] for end in bundle.ends)
            who = f"{ends} → {names[bundle.hub]}" if bundle.to_hub else f"{names[bundle.hub]} → {ends}"
            if bundle.standing:
                who += words.brackets % bundle.standing
            label = self._set(bundle.label or words.kinds[bundle.kind], MEANING, 16, "", bold=True)
            meaning = [label, self._set(who, MEANING, label[-1].y + self.lead, "", soft=True)]
            height = round(meaning[-1][-1].y) + 8
            cells.append(_Cell(height, meaning, bundle, "link" if bundle.number in led else ""))
        return [_heading(words.legend), *cells] if cells else []

    def _notes(self, chart: Chart) -> list[_Cell]:
        cells = [_heading(chart.words.notes)] if chart.notes else []
        marks = [note.mark for note in chart.notes if 0 < len(note.mark) <= 3]
        indent = up(max((width(mark, TEXT, bold=True) for mark in marks), default=0) + 8, 4)
        for note in chart.notes:
            paragraphs = [self._set(note.mark, 0, 14, "", bold=True)] if note.mark else []
            x = indent if note.mark in marks else 0
            y = paragraphs[0][-1].y + self.lead if note.mark and not x else 14.0
            for part in note.text.split("\n"):
                paragraphs.append(self._set(part, x, y, note.language, running=True))
                y = paragraphs[-1][-1].y + self.lead
            cells.append(_Cell(round(y) - 5, paragraphs))
        return cells

    def _set(
        self, text: str, x: int, y: float, lang: str, *, bold: bool = False, soft: bool = False, running: bool = False
    ) -> list[Line]:
        """A paragraph; an item of a list hangs behind its bullet."""
        hang = TEXT if text[:1] in BULLETS and "\n" not in text else 0
        lines = wrap(text, TEXT, self.column - x - hang, bold=bold, running=running)
        return [
            Line(x + (hang if number else 0), y + number * self.lead, line, TEXT, bold, soft, lang)
            for number, line in enumerate(lines)
        ]

    def columns(self, w: int) -> list[list[_Cell]]:
        """The cells in order, in columns none of which is longer than it must be; `w`: how wide the boxes are."""
        if not self.cells:
            return []
        count = self.beside or max(1, (w + EDGE) // (self.column + EDGE))
        target = max([sum(cell.height for cell in self.cells) // count, *(cell.height for cell in self.cells)])
        while True:
            columns: list[list[_Cell]] = [[]]
            used = 0
            for cell, following in zip(self.cells, [*self.cells[1:], None], strict=True):
                need = cell.height + (following.height if cell.begins and following else 0)
                if columns[-1] and used + need > target:
                    columns.append([])
                    used = 0
                columns[-1].append(cell)
                used += cell.height
            if len(columns) <= count:
                return columns
            target += UNIT

    def around(self, w: int, h: int) -> tuple[int, int]:
        """How large boxes of that size become together with the panel."""
        if not self.cells:
            return w, h
        columns = self.columns(w)
        high = max(sum(cell.height for cell in column) for column in columns)
        if self.beside:
            return w + len(columns) * (EDGE + self.column), max(h, high)
        return max(w, self.column), h + EDGE + high


def _heading(text: str) -> _Cell:
    return _Cell(34, [[Line(0, 20, text, 14, True, False, "")]], begins=True)


def _laid_out(words: Words, layout: Layout, routes: list[Route], lost: list[Bundle], panel: _Panel) -> Figure:
    """The parts brought together, cut to what is drawn."""
    left, top, right, bottom = _drawn(layout, routes)
    w, h = right - left, bottom - top
    total = max(panel.around(w, h)[0], min(up(width(words.title, TITLE, bold=True)), 640), 280)
    figure = Figure(words, 0, 0, (0, 0), layout, routes, lost)
    y = EDGE
    for text, size, language in ((words.title, TITLE, words.title_language), (words.day, 13, "")):
        for line in wrap(text, size, total, bold=size == TITLE, balanced=True):
            y += round(size * 1.3)
            figure.heading.append(Line(EDGE, y, line, size, size == TITLE, size != TITLE, language))
    y += 12
    columns = panel.columns(w)
    x, start = (EDGE + w + EDGE, y) if panel.beside else (EDGE, y + h + EDGE)
    # Cut to the drawing, which is centred when the panel under it is wider.
    figure.origin = (EDGE - left + (0 if panel.beside else max(0, (total - w) // 2)), y - top)
    end = y + h
    for column in columns:
        at = start
        for cell in column:
            figure.entries.append(Entry(cell.bundle, cell.sample, x, at, cell.paragraphs))
            at += cell.height
        end = max(end, at)
        x += panel.column + EDGE
    end += 4
    for line in wrap(words.source, TEXT, total):
        end += panel.lead
        figure.footing.append(Line(EDGE, end, line, TEXT, False, True, ""))
    figure.width, figure.height = total + 2 * EDGE, end + 12
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
