"""A box for every place of a forest: siblings in statutory order, no two boxes over each other.

Blocks are put together from the leaves up: a block is a place with all that stands under it, and fills a rectangle of
its own. Edges of boxes lie on multiples of `UNIT`; the lanes for typed links (see `routing`) lie half way between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, cycle, groupby
from math import ceil

from bodies.chart.model import Place, Stand, Style, walk
from bodies.chart.text import phrases, width, wrap

UNIT = 16
GAP = 2 * UNIT  # from a box to the row under it
BESIDE = 5 * UNIT  # from a box to an advisory body: room for a numbered line
APART = 2 * UNIT  # between two blocks of a row: two lanes
PAD = 10  # from a box's border to its text
NAME, LATIN_NAME = 15, 14  # size of names: Latin words are longer
TEXT = 12  # size of everything else; nothing in the figure is smaller
BRACKETS = frozenset("（「『［【〔")
MOST = 14  # lines of a paragraph
NARROW = 13 * NAME  # how wide names may be before they are broken
LISTED = 18 * NAME  # how wide names in hanging columns may be before they are broken


@dataclass(slots=True)
class Line:
    """One line of text; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: int
    bold: bool
    soft: bool
    language: str
    centred: bool = False  # about the middle of its measured width


@dataclass(slots=True)
class Box:
    """A place with its rectangle; a frame's `head` is the rectangle of its title."""

    place: Place
    x: int
    y: int
    w: int
    h: int
    names: list[Line]
    paragraphs: list[list[Line]] = field(default_factory=list)
    head: tuple[int, int, int, int] | None = None

    @property
    def middle(self) -> int:
        return self.x + self.w // 2


Point = tuple[int, int]


@dataclass(slots=True)
class Block:
    """Boxes and tree lines that fill the rectangle (left, top, right, bottom); `box` is that of its topmost place."""

    box: Box
    boxes: list[Box]
    tree: list[tuple[str, list[Point]]]  # (key of the lower place, line)
    walls: list[tuple[int, int, int, int]]  # gaps too narrow for a line to run through
    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    @classmethod
    def of(cls, box: Box) -> Block:
        return cls(box, [box], [], [], box.x, box.y, box.x + box.w, box.y + box.h)

    def changed(self, at: Callable[[int, int], Point], *, mirrored: bool = False) -> None:
        """Move every coordinate."""
        for box in self.boxes:
            was_x, was_y = box.x, box.y
            box.x, box.y = at(box.x + box.w if mirrored else box.x, box.y)
            for line in chain(box.names, *box.paragraphs):
                line.x += box.x - was_x
                line.y += box.y - was_y
            if box.head:
                x, y, w, h = box.head
                box.head = (x + box.x - was_x, y + box.y - was_y, w, h)
        self.tree = [(key, [at(x, y) for x, y in line]) for key, line in self.tree]
        corners = [(at(x0, y0), at(x1, y1)) for x0, y0, x1, y1 in self.walls]
        self.walls = [(min(x0, x1), y0, max(x0, x1), y1) for (x0, y0), (x1, y1) in corners]
        (x0, self.top), (x1, self.bottom) = at(self.left, self.top), at(self.right, self.bottom)
        self.left, self.right = min(x0, x1), max(x0, x1)

    def shifted(self, dx: int, dy: int) -> None:
        if dx or dy:
            self.changed(lambda x, y: (x + dx, y + dy))

    def mirrored(self) -> None:
        """Left and right exchanged, so that what hung to the right of a line hangs to its left."""
        self.changed(lambda x, y: (-x, y), mirrored=True)

    def resized(self, w: int, h: int) -> None:
        """A single box made larger, its text kept in the middle."""
        box = self.box
        for line in box.names:
            line.x += (w - box.w) / 2
            line.y += (h - box.h) / 2
        box.w, box.h = w, h
        self.right, self.bottom = box.x + w, box.y + h

    def take(self, other: Block) -> None:
        self.boxes += other.boxes
        self.tree += other.tree
        self.walls += other.walls
        self.left, self.top = min(self.left, other.left), min(self.top, other.top)
        self.right, self.bottom = max(self.right, other.right), max(self.bottom, other.bottom)


def up(length: float, step: int = UNIT) -> int:
    """The next multiple of a step."""
    return ceil(length / step) * step


def leading(size: int, is_latin: bool) -> int:
    """The distance between baselines."""
    return round(size * (1.22 if is_latin else 1.4))


@dataclass(frozen=True, slots=True)
class Measures:
    """What a layout is asked for: how wide rows, running text and names in frames may become, after how many bodies a
    second hanging column is begun, and the least width of boxes that many links end at."""

    wide: int
    text: int = 28 * TEXT
    rows: int = 4
    name: int = NARROW
    is_latin: bool = False  # Latin lines stand closer than Japanese ones
    needed: Mapping[str, int] = field(default_factory=dict)
    replaced: frozenset[str] = frozenset()  # places whose typed link to the one above stands for the tree line
    roomy: frozenset[str] = frozenset()  # frames with a link to what is in them
    linked: frozenset[str] = frozenset()  # places with a typed link to the one above, which needs room for its number
    paired: frozenset[str] = frozenset()  # places with a typed link to one next to them, which needs the same

    @property
    def size(self) -> int:
        """The size of names."""
        return LATIN_NAME if self.is_latin else NAME


def _measured(place: Place, asked: Measures, limit: float) -> Box:
    """A box as large as its text."""
    need, size = asked.needed.get(place.key, 0), asked.size
    if place.paragraphs:
        limit = max(asked.text * 4 // 7 if place.stand is Stand.BESIDE else asked.text, need - 2 * PAD)
    else:
        longest = max(width(phrase.rstrip(), size, bold=True) for phrase in phrases(place.name))
        limit = max(limit, min(longest, NARROW), need - 2 * PAD)
    names = wrap(place.name, size, limit, bold=True, balanced=True)
    paragraphs, inner, ink = _told(place, limit, asked)
    inner = max(inner, *(width(line, size, bold=True) for line in names))
    w = up(max(inner + 2 * PAD, need), 2 * UNIT)
    name_lead = leading(size, asked.is_latin)
    ink += len(names) * name_lead
    box = Box(place, 0, 0, w, up(ink + 10), [])
    y = (box.h - ink) / 2
    for line in names:
        x = PAD if place.paragraphs else (w - width(line, size, bold=True)) / 2
        box.names.append(Line(x, y + 15, line, size, True, False, place.language, not place.paragraphs))
        y += name_lead
    for told in chain(*paragraphs):
        told.y += y
    box.paragraphs = paragraphs
    return box


def _told(place: Place, limit: float, asked: Measures) -> tuple[list[list[Line]], float, int]:
    """What a box says under its name, from y = 0 on; how wide and how high that is."""
    paragraphs: list[list[Line]] = []
    y, wide = 4, 0.0
    for style, language, text in place.paragraphs:
        bold = style is Style.HEADING
        paragraphs.append([])
        for line in _cut_off(wrap(text, TEXT, limit, bold=bold)):
            x = PAD - TEXT // 2 if line[:1] in BRACKETS else PAD  # the empty half of the bracket hangs out
            paragraphs[-1].append(Line(x, y + 13, line, TEXT, bold, bold, language))
            y += leading(TEXT, asked.is_latin)
            wide = max(wide, width(line, TEXT, bold=bold))
    return paragraphs, wide, y if paragraphs else 0


def _cut_off(lines: tuple[str, ...]) -> tuple[str, ...]:
    """A paragraph without what makes a chart unreadable: the page of the body has the rest."""
    return lines if len(lines) <= MOST else (*lines[: MOST - 1], f"{lines[MOST - 1][:-1]}…")


def block(place: Place, asked: Measures) -> Block:
    """A place with all that stands under it.

    A block may lean: its box at the left edge, everything else to the right of it (1), or so that it can be mirrored
    to the left of a line (-1): what must read from left to right then is set from right to left.
    Works off a stack of its own: a chain may be deeper than Python's.
    """
    done: dict[int, Block] = {}
    stack = [(place, 0, NARROW, False)]
    while stack:
        node, lean, limit, ready = stack.pop()
        if ready:
            made = [done.pop(id(child)) for child in node.children]
            done[id(node)] = _assembled(node, made, asked, lean, limit)
        else:
            stack.append((node, lean, limit, True))
            hung = lean or _hangs(node)
            member = asked.name if node.stand is Stand.FRAME else NARROW
            for child, leans in zip(node.children, _leans(node, lean), strict=True):
                stack.append((child, leans, LISTED if hung and not child.children else member, False))
    return done[id(place)]


def _hangs(place: Place) -> bool:
    """The rule of thumb: more than three bodies with nothing under them hang; everything else stands in rows."""
    if place.hanging is not None:
        return place.hanging
    below = [child for child in place.children if child.stand in (Stand.BELOW, Stand.MORE)]
    return len(below) > 3 and not any(child.children for child in below)


def _leans(place: Place, lean: int) -> list[int]:
    """How each child of a place leans, which itself leans so."""
    if place.stand is Stand.FRAME:
        return [0] * len(place.children)
    if lean:
        return [lean] * len(place.children)
    sides = cycle((-1, 1))  # advisory bodies stand at the left and at the right in turn
    hung = int(_hangs(place))
    return [
        next(sides) if child.stand is Stand.BESIDE else 1 if child.stand is Stand.ASSISTANT else hung
        for child in place.children
    ]


def _assembled(place: Place, children: list[Block], asked: Measures, lean: int, limit: int) -> Block:
    if place.stand is Stand.FRAME and children:
        return _framed(place, children, asked)
    made = Block.of(_measured(place, asked, limit))
    by_stand: dict[Stand, list[Block]] = {stand: [] for stand in Stand}
    for child in children:
        by_stand[child.box.place.stand].append(child)
    assistants = by_stand[Stand.ASSISTANT]
    below = [child for child in children if child.box.place.stand in (Stand.BELOW, Stand.FRAME, Stand.MORE)]
    beside = by_stand[Stand.BESIDE]
    if lean:
        _put_beside(made, beside, asked)
        if lean < 0:
            for child in by_stand[Stand.FRAME]:
                child.mirrored()  # twice in all: its members stand in rows
        _hang(made, assistants + below, asked, lean=lean)
        return made
    _put_beside(made, beside[1::2], asked)
    _put_beside(made, beside[0::2], asked, to_left=True)
    trunk_end = _put_assistants(made, assistants, asked)
    if below and _hangs(place):
        _hang(made, below, asked)
    elif below:
        _put_rows(made, below, asked)
    if trunk_end and (not below or _hangs(place)):
        made.tree.append((place.key, [(made.box.middle, made.box.h), (made.box.middle, trunk_end)]))
    return made


def _put_beside(made: Block, stack: list[Block], asked: Measures, *, to_left: bool = False) -> None:
    """Advisory bodies one under the other beside the box."""
    box = made.box
    edge = box.x if to_left else box.x + box.w
    sign = -1 if to_left else 1
    y, stubs = box.y, []
    for child in stack:
        if to_left:
            child.mirrored()
            child.shifted(edge - BESIDE - child.right, y - child.top)
        else:
            child.shifted(edge + BESIDE - child.left, y - child.top)
        near = child.box.x + child.box.w if to_left else child.box.x
        stubs.append((child.box.place.key, near, child.box.y + child.box.h // 2))
        y = child.bottom + UNIT
    for child in stack:
        made.take(child)
    if len(stubs) == 1:
        key, near, _middle = stubs[0]
        if key not in asked.replaced:
            level = box.y + min(box.h, stack[0].box.h) // 2
            made.tree.append((key, [(edge, level), (near, level)]))
    elif stubs:
        level, spine = box.y + min(box.h, stack[0].box.h) // 2, edge + sign * BESIDE // 2
        made.tree.append((box.place.key, [(edge, level), (spine, level), (spine, stubs[-1][2])]))
        made.tree += [(key, [(spine, middle), (near, middle)]) for key, near, middle in stubs]


def _put_assistants(made: Block, assistants: list[Block], asked: Measures) -> int:
    """Secretariats to the right of the line that leads down; returns where that line must reach, 0 without any."""
    trunk, reach = made.box.middle, 0
    for child in assistants:
        child.shifted(trunk + APART - child.left, made.bottom + 3 * UNIT - child.top)
        made.take(child)
        if child.box.place.key not in asked.replaced:
            reach = child.box.y + child.box.h // 2
            made.tree.append((child.box.place.key, [(trunk, reach), (child.box.x, reach)]))
    return reach


def _rows(blocks: list[Block], wide: int, apart: int) -> list[list[Block]]:
    """Blocks in reading order, as many in a row as fit."""
    rows: list[list[Block]] = [[]]
    used = 0
    for each in blocks:
        w = each.right - each.left
        if rows[-1] and used + w > wide:
            rows.append([])
            used = 0
        rows[-1].append(each)
        used += w + apart
    return rows


def _is_name(each: Block) -> bool:
    """Whether a block is one box with nothing but a name in it."""
    return len(each.boxes) == 1 and not each.box.place.paragraphs and each.box.head is None


def _line_up(row: list[Block], x: int, y: int, apart: int) -> int:
    """Put blocks side by side, single boxes equally high; returns where the row ends below."""
    names = [each for each in row if _is_name(each)]
    high = max((each.box.h for each in names), default=0)
    for each in names:
        each.resized(each.box.w, high)
    for each in row:
        each.shifted(x - each.left, y - each.top)
        x = up(each.right + apart)
    return max(each.bottom for each in row)


def _room(below: list[Block], asked: Measures) -> int:
    """How much further down those next to their parent stand, so that a short line to it has room for its number."""
    return 2 * UNIT if any(child.box.place.key in asked.linked for child in below) else 0


def _apart(blocks: list[Block], asked: Measures) -> int:
    """How far blocks stand from each other in a row."""
    return APART + UNIT if any(each.box.place.key in asked.paired for each in blocks) else APART


def _put_rows(made: Block, below: list[Block], asked: Measures) -> None:
    """Children in a row under their parent; what is wider than `wide` goes on in further rows along a spine."""
    apart = _apart(below, asked)
    rows = _rows(below, asked.wide, apart)
    box, key = made.box, made.box.place.key
    y, buses = made.bottom, []
    for row in rows:
        buses.append(y + GAP // 2)
        y = _line_up(row, 0, y + GAP + (_room(row, asked) if row is rows[0] else 0), apart)
    # The boxes of the first row, not its outline, decide where the middle is.
    middle = (rows[0][0].box.middle + rows[0][-1].box.middle) // 2
    dx = up(box.middle - middle)
    ends = [[box.middle], *([] for _row in rows[1:])]
    made.tree.append((key, [(box.middle, box.y + box.h), (box.middle, buses[0])]))
    for row, bus, reached in zip(rows, buses, ends, strict=True):
        for child in row:
            child.shifted(dx, 0)
            made.tree.append((child.box.place.key, [(child.box.middle, bus), (child.box.middle, child.box.y)]))
            made.take(child)
            reached.append(child.box.middle)
    if len(rows) > 1:
        spine = min(box.middle - APART, *(row[0].left - UNIT for row in rows))
        made.tree.append((key, [(spine, buses[0]), (spine, buses[-1])]))
        made.left = min(made.left, spine - UNIT)
        for reached in ends:
            reached.append(spine)
    made.tree += [
        (key, [(min(reached), bus), (max(reached), bus)])
        for bus, reached in zip(buses, ends, strict=True)
        if min(reached) < max(reached)
    ]


def _columns(blocks: list[Block], asked: Measures, gap: int) -> list[list[Block]]:
    """Blocks in reading order, in columns about equally long; a second column is begun after `rows`."""
    widest = max(each.right - each.left for each in blocks) + UNIT
    count = max(1, min((asked.wide + gap) // (widest + gap), ceil(len(blocks) / asked.rows)))
    heights = [each.bottom - each.top + UNIT for each in blocks]
    target = sum(heights) // count
    while True:
        columns: list[list[Block]] = []
        used = target + 1
        for each, height in zip(blocks, heights, strict=True):
            if used + height > target and used:
                columns.append([])
                used = 0
            columns[-1].append(each)
            used += height
        if len(columns) <= count:
            return columns
        target += UNIT


def _hang(made: Block, below: list[Block], asked: Measures, *, lean: int = 0) -> None:
    """Children in columns, each hanging from a line at its left."""
    if not below:
        return
    singles = [child for child in below if len(child.boxes) == 1 and child.box.head is None]
    wide = max((child.box.w for child in singles), default=0)
    for child in singles:
        child.resized(wide, child.box.h)
        for line in child.box.names:
            line.x, line.centred = child.box.x + PAD, False  # a list reads from one edge
    # A lane more between columns for each body that has relations.
    gap = APART + UNIT * min(4, sum(child.box.place.key in asked.needed for child in below))
    columns = _columns(below, asked, gap)
    if lean < 0:
        columns.reverse()
    box, key, single = made.box, made.box.place.key, len(columns) == 1
    widths = [up(UNIT + max(child.right - child.left for child in column)) for column in columns]
    total = sum(widths) + gap * (len(columns) - 1)
    x = box.x + UNIT if lean or single else up(box.middle - total / 2)
    top = made.bottom + (UNIT if single else GAP) + _room([column[0] for column in columns], asked)
    bus = box.y + box.h if single else made.bottom + GAP // 2
    trunk = box.x + UNIT if lean or single else box.middle
    spines = []
    for column, column_width in zip(columns, widths, strict=True):
        y = top
        for before, child in zip([None, *column], column, strict=False):
            child.shifted(x + UNIT - child.left, y - child.top)
            if before is not None:
                made.walls.append((x, before.bottom, child.right, child.top))
            middle = child.box.y + child.box.h // 2
            made.tree.append((child.box.place.key, [(x, middle), (child.box.x, middle)]))
            y = child.bottom + UNIT
        made.tree.append((key, [(x, bus), (x, middle)]))
        spines.append(x)
        x += column_width + gap
    if not single:
        made.tree.append((key, [(trunk, box.y + box.h), (trunk, bus)]))
        made.tree.append((key, [(min(*spines, trunk), bus), (max(*spines, trunk), bus)]))
        made.left = min(made.left, spines[0])
    for child in below:
        made.take(child)


def _framed(place: Place, members: list[Block], asked: Measures) -> Block:
    """A frame around its members, which stand in rows, with its title at the top left."""
    side = (4 if place.key in asked.roomy else 2) * UNIT
    size, lead = asked.size, leading(asked.size, asked.is_latin)
    apart = max(GAP, _apart(members, asked))
    rows = _rows(members, asked.wide - 2 * side, apart)
    across = max(sum(member.right - member.left + GAP for member in row) for row in rows)
    names = wrap(place.name, size, max(across, NARROW), bold=True, balanced=True)
    paragraphs, inner, ink = _told(place, max(across, asked.text), asked)
    title = up(max(inner, *(width(line, size, bold=True) for line in names)) + UNIT)
    head = (UNIT, UNIT // 2, title, up(len(names) * lead + ink + (8 if paragraphs else 4)))
    y = head[1] + head[3] + UNIT // 2
    for row in rows:
        y = _line_up(row, side, up(y), apart) + apart
    w = max(max(member.right for member in members) + side, title + 2 * UNIT, asked.needed.get(place.key, 0))
    h = up(max(member.bottom for member in members) + 2 * UNIT)
    lines = [
        Line(UNIT + 4, 28 + number * lead, line, size, True, False, place.language) for number, line in enumerate(names)
    ]
    for told in chain(*paragraphs):
        told.x, told.y = UNIT + 4, told.y + 12 + len(names) * lead
    made = Block.of(Box(place, 0, 0, up(w, 2 * UNIT), h, lines, paragraphs, head))
    for member in members:
        made.take(member)
    return made


@dataclass(slots=True)
class Layout:
    """All boxes of a forest, frames before their members, with the lines of the tree."""

    boxes: list[Box]
    tree: list[tuple[str, list[Point]]]
    walls: list[tuple[int, int, int, int]]
    width: int
    height: int


def bands(forest: tuple[Place, ...]) -> list[list[Place]]:
    """The roots, in order: frames next to frames, trees next to trees, single boxes next to single boxes."""

    def sort(root: Place) -> tuple[bool, bool]:
        return root.stand is Stand.FRAME, bool(root.children)

    return [list(roots) for _sort, roots in groupby(forest, key=sort)]


def arrange(forest: tuple[Place, ...], asked: Measures, crossing: Mapping[int, int]) -> Layout:
    """Bands of roots, one under the other and centred.

    `crossing` says how many lines run through the gap under a band, by its number: each needs a lane there.
    """
    rows: list[tuple[list[Block], int]] = []
    below: list[int] = []
    for number, band in enumerate(bands(forest)):
        blocks = [block(root, asked) for root in band]
        apart, lines = _apart(blocks, asked), crossing.get(number, 0)
        found = _rows(blocks, asked.wide, apart)
        rows += [(row, apart) for row in found]
        # A lane for each line, and at least so much that a line has room for its number.
        below += [apart] * (len(found) - 1) + [max(lines + 1, 3) * UNIT if lines else GAP]
    y, layout = 0, Layout([], [], [], 0, 0)
    for (row, apart), gap in zip(rows, below, strict=True):
        layout.height = _line_up(row, 0, y, apart)
        y = layout.height + gap
        layout.width = max(layout.width, row[-1].right)
    for row, _apart_from_each_other in rows:
        dx = up((layout.width - row[-1].right) / 2)
        for each in row:
            each.shifted(dx, 0)
            layout.boxes += each.boxes
            layout.tree += each.tree
            layout.walls += each.walls
        layout.width = max(layout.width, row[-1].right)
    order = {place.key: number for number, place in enumerate(walk(forest))}
    layout.boxes.sort(key=lambda box: order[box.place.key])
    return layout
