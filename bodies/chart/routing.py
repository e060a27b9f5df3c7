"""Typed links led past the boxes.

Lines run on lanes: vertical and horizontal lines half way between multiples of `UNIT`. What a lane has free between two
obstacles is a channel. A route is a chain of crossing channels from a side of one box to a side of another, found by A*
over channels (length plus a price for each bend); a channel that ends at a box is a port of it. A line takes its part
of the lane away from those after it, so that no two run over each other; they may cross. A link that finds no way, or
no room for its number, is left to the caller, who puts its number at both ends instead.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise, product
from math import ceil, floor, inf

from bodies.chart.layout import TEXT, UNIT, Box, Layout, Point
from bodies.chart.model import Bundle
from bodies.chart.text import phrases, width, wrap

HALF = UNIT // 2
BEND = 60  # what a bend costs, in units of length
CROSSING = 24  # what it costs to cross another line
HUGGING = 1  # what a unit costs more on the lane next to the side of a box
CORNER = 48  # what it costs to leave or reach a box at a corner
FORK = 240  # what it costs to reach the hub once more rather than join a line that leads there
ASTRAY = 64  # what it costs to leave or reach a box at another side than the one that faces the other end
DETOUR = 1.4  # how much longer ways are taken to be than they look: a search that is less thorough, and faster
APPROACH = 24  # the last piece of a line, which carries the arrowhead, is at least so long
BADGE = 20  # height of a number's circle
LABELS = (9 * TEXT + 4, 5 * TEXT)  # how wide a label beside a line may be: the wider if there is room
LABEL_LEADING = 16
TRIED = 16  # places for a number at which room for its label is looked for

Rect = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(slots=True)
class Route:
    """A bundle drawn: one line from each end to the hub or to where it joins another, with number and label."""

    bundle: Bundle
    lines: list[list[Point]] = field(default_factory=list)  # each from an end to the hub or to a junction
    junctions: list[Point] = field(default_factory=list)
    badge: tuple[float, float] = (0, 0)
    label: list[tuple[float, float, str]] = field(default_factory=list)  # (x, baseline, text)


def badge_width(number: int) -> float:
    return max(BADGE, width(str(number), TEXT, bold=True) + 8)


# A free piece of a lane: (vertical, number of the lane, its coordinate, low, high, box at the low end, box at the high
# end). Boxes by number; -1 where no box ends the channel.
Channel = tuple[bool, int, int, int, int, int, int]
# A channel by identity, and whether it is entered too near the goal to end there.
State = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class Wish:
    """Where on a box a bundle would best end: a side, and a place along it."""

    vertical: bool  # at the top or the bottom
    far: bool  # at the bottom or the right
    at: int

    def price(self, box: Box, vertical: bool, at: int, end: int) -> int:
        """What it costs to end elsewhere."""
        start, length = (box.x, box.w) if vertical else (box.y, box.h)
        corner = CORNER if min(at - start, start + length - at) < UNIT < length // 3 else 0
        middle = box.y + box.h // 2 if vertical else box.x + box.w // 2
        if vertical == self.vertical and (end > middle) == self.far:
            return abs(at - self.at) + corner
        return ASTRAY + abs(at - start - length // 2) // 2 + corner


class Goal:
    """Where a line may end: at a box, or at a line of its bundle that leads there."""

    def __init__(self, box: Box, number: int, wish: Wish, source: Box, joined: list[list[Point]]) -> None:
        self.box, self.number, self.wish = box, number, wish
        self.inside = _holds(box, source)
        self.fork = FORK if joined else 0
        self.pieces = [_span(start, end) for line in joined for start, end in pairwise(line)]
        self.rects = [] if self.inside else [(box.x, box.y, box.x + box.w, box.y + box.h), *self.pieces]

    def ahead(self, channel: Channel, at: int) -> int:
        """What a line in a channel costs from here on: its length, and a bend where it leads past; and `DETOUR`."""
        x, y = _point(channel, at)
        least = 0
        for left, top, right, bottom in self.rects:
            aside = left - x if x < left else x - right if x > right else 0
            away = top - y if y < top else y - bottom if y > bottom else 0
            cost = aside + away + (BEND if (aside if channel[0] else away) else 0)
            if not least or cost < least:
                least = cost
            if not cost:
                return 0
        return int(least * DETOUR)

    def ends(self, channel: Channel, entry: int, *, is_first: bool) -> Iterator[tuple[int, bool, int]]:
        """Where a line in a channel may end, whether it joins another there, and what that costs beside its length."""
        vertical, _lane, at, low, high, before, after = channel
        if self.box.head is None:
            borders = [end for end, box in ((low, before), (high, after)) if box == self.number]
        else:
            borders = self._borders(channel, entry)
        for end in borders:
            if abs(end - entry) >= (UNIT if is_first else APPROACH):
                yield end, False, self.wish.price(self.box, vertical, at, end) + self.fork
        for left, top, right, bottom in self.pieces:
            start, end, across, stop = (left, right, top, bottom) if vertical else (top, bottom, left, right)
            if across == stop and low < across < high and start < at < end and abs(across - entry) >= UNIT:
                yield across, True, 0

    def is_short(self, channel: Channel, entry: int) -> bool:
        """Whether a line entering there is at the box, but too near it for its last piece."""
        _vertical, _lane, _at, low, high, before, after = channel
        at_low, at_high = (
            before == self.number and entry - low < APPROACH,
            after == self.number and high - entry < APPROACH,
        )
        return at_low or at_high

    def _borders(self, channel: Channel, entry: int) -> list[int]:
        """Where a channel meets a frame's border, coming from the side where the line began."""
        vertical, _lane, at, low, high, _before, _after = channel
        frame = self.box
        near, far = (frame.y, frame.y + frame.h) if vertical else (frame.x, frame.x + frame.w)
        start, end = (frame.x, frame.x + frame.w) if vertical else (frame.y, frame.y + frame.h)
        if not start < at < end:
            return []
        if self.inside:
            return [border for border in (near, far) if low <= border <= high and near <= entry <= far]
        return [near] if entry <= near <= high else [far] if low <= far <= entry else []


class Field:
    """The plane with its obstacles and lanes; the first index is the direction: 1 (True) for vertical, 0 for not."""

    def __init__(self, layout: Layout, margin: int) -> None:
        self.boxes = layout.boxes
        self.numbers = {box.place.key: number for number, box in enumerate(layout.boxes)}
        self.low = (-margin, -margin)
        self.high = (layout.width + margin, layout.height + margin)
        # vertical lanes lie along x, horizontal ones along y
        self.first = (self.low[1] + HALF, self.low[0] + HALF)
        self.counts = ((self.high[1] - self.low[1]) // UNIT, (self.high[0] - self.low[0]) // UNIT)
        self.blocks: tuple[list[list[tuple[int, int, int]]], ...] = tuple(
            [[] for _lane in range(count)] for count in self.counts
        )
        self.skirts: tuple[list[list[tuple[int, int]]], ...] = tuple([[] for _lane in range(n)] for n in self.counts)
        self.lines: tuple[list[tuple[int, int, int]], ...] = ([], [])  # drawn so far: (coordinate, low, high), sorted
        self.words: list[Rect] = []  # labels and numbers set so far
        for number, box in enumerate(layout.boxes):
            x, y, w, h = box.head or (box.x, box.y, box.w, box.h)
            self._obstruct((x, y, x + w, y + h), number if box.head is None else -1)
            for vertical, edges, along in ((True, (x, x + w), (y, y + h)), (False, (y, y + h), (x, x + w))):
                for edge in edges:
                    for lane in self._lanes(vertical, edge - UNIT, edge + UNIT):
                        self.skirts[vertical][lane].append(along)
        for wall in layout.walls:
            self._obstruct(wall)
        for _key, line in layout.tree:
            self._take(line, 12)
        self.channels: tuple[list[list[Channel]], ...] = tuple([[] for _lane in range(n)] for n in self.counts)
        self.begins: tuple[list[list[int]], ...] = tuple([[] for _lane in range(n)] for n in self.counts)
        self._recut((vertical, lane) for vertical in (False, True) for lane in range(self.counts[vertical]))

    def _lanes(self, vertical: bool, low: float, high: float) -> range:
        """The numbers of the lanes strictly between two coordinates."""
        first = self.first[vertical]
        return range(max(0, floor((low - first) / UNIT) + 1), min(self.counts[vertical], ceil((high - first) / UNIT)))

    def _obstruct(self, rect: tuple[int, int, int, int], number: int = -1) -> set[tuple[bool, int]]:
        """Close the lanes under a rectangle; returns which."""
        x0, y0, x1, y1 = rect
        columns, rows = self._lanes(True, x0, x1), self._lanes(False, y0, y1)
        for lane in columns:
            self.blocks[True][lane].append((y0, y1, number))
        for lane in rows:
            self.blocks[False][lane].append((x0, x1, number))
        return {(True, lane) for lane in columns} | {(False, lane) for lane in rows}

    def _take(self, line: list[Point], near: int, *, back: bool = False) -> set[tuple[bool, int]]:
        """Keep later lines from running along this one; they may cross it. Returns the lanes concerned.

        `back`: let them again.
        """
        touched = set()
        for (x0, y0), (x1, y1) in pairwise(line):
            vertical = x0 == x1
            at = x0 if vertical else y0
            low, high = sorted((y0, y1) if vertical else (x0, x1))
            if back:
                self.lines[vertical].remove((at, low, high))
            else:
                insort(self.lines[vertical], (at, low, high))
            for lane in self._lanes(vertical, at - near, at + near):
                block = (low - HALF, high + HALF, -1)
                if back:
                    self.blocks[vertical][lane].remove(block)
                else:
                    self.blocks[vertical][lane].append(block)
                touched.add((vertical, lane))
        return touched

    def _cut(self, vertical: bool, lane: int) -> list[Channel]:
        """The channels of a lane."""
        axis = 1 if vertical else 0
        coordinate = self.first[vertical] + lane * UNIT
        at, before, found = self.low[axis], -1, []
        for start, end, number in sorted(self.blocks[vertical][lane]):
            if start > at:
                found.append((vertical, lane, coordinate, at, start, before, number))
            if end > at:
                at, before = end, number
        if at < self.high[axis]:
            found.append((vertical, lane, coordinate, at, self.high[axis], before, -1))
        return found

    def close(self, line: list[Point]) -> None:
        self._recut(self._take(line, UNIT))

    def reopen(self, line: list[Point]) -> None:
        self._recut(self._take(line, UNIT, back=True))

    def write(self, rect: Rect) -> None:
        """Keep lines and other words off a label."""
        self.words.append(rect)
        x0, y0, x1, y1 = rect
        self._recut(self._obstruct((floor(x0), floor(y0), ceil(x1), ceil(y1))))

    def _recut(self, touched: Iterable[tuple[bool, int]]) -> None:
        for vertical, lane in touched:
            self.channels[vertical][lane] = self._cut(vertical, lane)
            self.begins[vertical][lane] = [channel[3] for channel in self.channels[vertical][lane]]

    def ports(self, number: int, other: Box) -> list[tuple[Channel, int]]:
        """Where a line may leave a box: channels with the coordinate at which they begin."""
        box = self.boxes[number]
        columns, rows = self._lanes(True, box.x, box.x + box.w), self._lanes(False, box.y, box.y + box.h)
        if box.head is not None:
            return self._openings(box, other, columns, rows)
        found = []
        for vertical, lanes in ((True, columns), (False, rows)):
            for lane in lanes:
                for channel in self.channels[vertical][lane]:
                    if channel[5] == number:
                        found.append((channel, channel[3]))
                    if channel[6] == number:
                        found.append((channel, channel[4]))
        return found

    def _openings(self, box: Box, other: Box, columns: range, rows: range) -> list[tuple[Channel, int]]:
        """The same for a frame, whose border is open: only the part of a channel on the other box's side counts."""
        inside = _holds(box, other)
        found = []
        for vertical, lanes in ((True, columns), (False, rows)):
            low, high = (box.y, box.y + box.h) if vertical else (box.x, box.x + box.w)
            for lane in lanes:
                for kind, number, at, start, end, before, after in self.channels[vertical][lane]:
                    if start < low < end:
                        part = (low, end, -1, after) if inside else (start, low, before, -1)
                        found.append(((kind, number, at, *part), low))
                    if start < high < end:
                        part = (start, high, before, -1) if inside else (high, end, -1, after)
                        found.append(((kind, number, at, *part), high))
        return found

    def search(
        self, starts: list[tuple[Channel, int, int]], goal: Goal, *, begins_with_tip: bool
    ) -> tuple[list[Point], bool] | None:
        """The cheapest way from the starts to a box, or to lines that it may join; and whether it joined one.

        A channel is entered once, at its cheapest: what that loses in length it gains in time. Only where that is too
        near the box to end there, it may be entered once more.
        """
        heap: list[tuple[int, int, int, Channel, int, State | None, bool | None]] = []
        order = 0
        for channel, entry, price in starts:
            heap.append((price + goal.ahead(channel, entry), order, price, channel, entry, None, None))
            order += 1
        heapq.heapify(heap)
        # By identity: channels are not made anew while a way is searched.
        reached: dict[State, tuple[Channel, int, State | None]] = {}
        offered: dict[State, int] = {}
        while heap:
            _estimate, _order, cost, channel, entry, came, joins = heapq.heappop(heap)
            if joins is not None:
                return self._way(channel, entry, came, reached), joins
            state = id(channel), goal.is_short(channel, entry)
            if state in reached:
                continue
            reached[state] = (channel, entry, came)
            offered[state] = 0
            vertical, lane, at, low, high, _before, _after = channel
            crossed = self._crossings(vertical, at, low, high)
            here = bisect_left(crossed, entry)
            skirts = [skirt for skirt in self.skirts[vertical][lane] if skirt[0] < high and low < skirt[1]]
            for end, joining, price in goal.ends(channel, entry, is_first=came is None):
                price += cost + abs(end - entry) + CROSSING * abs(bisect_left(crossed, end) - here)
                price += _hugging(skirts, entry, end)
                heapq.heappush(heap, (price, order, price, channel, end, state, joining))
                order += 1
            least = APPROACH if begins_with_tip and came is None else HALF
            for other in self._across(channel):
                turn = other[2]
                length = turn - entry if turn > entry else entry - turn
                price = cost + BEND + length
                key = id(other), goal.is_short(other, at)
                best = offered.get(key, inf)
                if price >= best or length < least:
                    continue
                price += CROSSING * abs(bisect_left(crossed, turn) - here) + _hugging(skirts, entry, turn)
                if price < best:
                    offered[key] = price
                    heapq.heappush(heap, (price + goal.ahead(other, at), order, price, other, at, state, None))
                    order += 1
        return None

    def _across(self, channel: Channel) -> list[Channel]:
        """The channels that cross one."""
        vertical, _lane, at, low, high, _before, _after = channel
        lanes, found = self._lanes(not vertical, low, high), []
        part = slice(lanes.start, lanes.stop)
        for channels, begins in zip(self.channels[not vertical][part], self.begins[not vertical][part], strict=True):
            place = bisect_left(begins, at)
            if place and at < channels[place - 1][4]:
                found.append(channels[place - 1])
        return found

    def _way(
        self, last: Channel, end: int, state: State | None, reached: dict[State, tuple[Channel, int, State | None]]
    ) -> list[Point]:
        """The points of a way, from its end back."""
        points = [_point(last, end)]
        while state is not None:
            channel, entry, state = reached[state]
            points.append(_point(channel, entry))
        return points[::-1]

    def _crossings(self, vertical: bool, at: int, low: int, high: int) -> list[int]:
        """Where a channel crosses what is drawn already, sorted."""
        lines = self.lines[not vertical]
        start, stop = bisect_left(lines, (low,)), bisect_right(lines, (high, inf))
        return [line[0] for line in lines[start:stop] if line[1] < at < line[2]]

    def is_free(self, rect: Rect) -> bool:
        """Whether words may stand here: off every box, title, label and line."""
        x0, y0, x1, y1 = rect
        if x0 < self.low[0] or y0 < self.low[1] or x1 > self.high[0] or y1 > self.high[1]:
            return False
        for box in self.boxes:
            sides = [(box.x, box.y, box.x + box.w, box.y + box.h)]
            if box.head is not None:
                x, y, w, h = box.head
                right, bottom = box.x + box.w, box.y + box.h
                sides = [(x, y, x + w, y + h), (box.x, box.y, right, box.y), (box.x, bottom, right, bottom)]
                sides += [(box.x, box.y, box.x, bottom), (right, box.y, right, bottom)]
            if any(a < x1 and x0 < c and b < y1 and y0 < d for a, b, c, d in sides):
                return False
        if any(a < x1 and x0 < c and b < y1 and y0 < d for a, b, c, d in self.words):
            return False
        for vertical in (False, True):
            for at, low, high in self.lines[vertical]:
                a, b, c, d = (at, low, at, high) if vertical else (low, at, high, at)
                if a <= x1 and x0 <= c and b <= y1 and y0 <= d:
                    return False
        return True


def _hugging(skirts: list[tuple[int, int]], start: int, end: int) -> int:
    """What a piece of a lane costs for running along the sides of boxes."""
    low, high = (start, end) if start < end else (end, start)
    return HUGGING * sum([min(high, to) - max(low, begin) for begin, to in skirts if begin < high and low < to])


def _point(channel: Channel, at: int) -> Point:
    return (channel[2], at) if channel[0] else (at, channel[2])


def _span(start: Point, end: Point) -> tuple[int, int, int, int]:
    return min(start[0], end[0]), min(start[1], end[1]), max(start[0], end[0]), max(start[1], end[1])


def _holds(frame: Box, box: Box) -> bool:
    return (
        frame is not box
        and frame.x <= box.x
        and frame.y <= box.y
        and box.x + box.w <= frame.x + frame.w
        and box.y + box.h <= frame.y + frame.h
    )


def _distance(x: float, y: float, rect: tuple[int, int, int, int]) -> int:
    """How far a point is from a rectangle along the axes."""
    return int(max(rect[0] - x, 0, x - rect[2]) + max(rect[1] - y, 0, y - rect[3]))


def route(layout: Layout, bundles: list[Bundle], margin: int) -> tuple[list[Route], list[Bundle]]:
    """Lines for the bundles, short ones first, and the bundles that found no way."""
    field = Field(layout, margin)
    wishes = _wishes(field, bundles)
    routes, lost = [], []

    def reach(bundle: Bundle) -> tuple[int, int]:
        hub = field.boxes[field.numbers[bundle.hub]]
        return min(_apart(hub, field.boxes[field.numbers[end]]) for end in bundle.ends), bundle.number

    for bundle in sorted(bundles, key=reach):
        found = _routed(field, bundle, wishes)
        if found is None:
            lost.append(bundle)
        else:
            routes.append(found)
    return sorted(routes, key=lambda each: each.bundle.number), sorted(lost, key=lambda each: each.number)


def _wishes(field: Field, bundles: list[Bundle]) -> dict[tuple[int, int], Wish]:
    """For each end of each bundle a place of its own on the side that faces the other end, by (box, bundle).

    Along a side they stand in the order of what they lead to, so that they need not cross.
    """
    sides: dict[tuple[int, bool, bool], list[tuple[float, int]]] = {}
    for bundle in bundles:
        hub = field.numbers[bundle.hub]
        ends = [field.numbers[end] for end in bundle.ends]
        for box, others in [(hub, ends), *((end, [hub]) for end in ends)]:
            x, y = (
                sum(values) / len(others)
                for values in zip(*(_centre(field.boxes[each]) for each in others), strict=True)
            )
            here = field.boxes[box]
            if y > here.y + here.h or y < here.y:
                sides.setdefault((box, True, y > here.y), []).append((x, bundle.number))
            else:
                sides.setdefault((box, False, x > here.x), []).append((y, bundle.number))
    wishes = {}
    for (box, vertical, far), waiting in sides.items():
        here = field.boxes[box]
        start, length = (here.x, here.w) if vertical else (here.y, here.h)
        for place, (_at, number) in enumerate(sorted(waiting)):
            wishes[box, number] = Wish(vertical, far, round(start + length * (place + 0.5) / len(waiting)))
    return wishes


def _centre(box: Box) -> tuple[float, float]:
    return box.x + box.w / 2, box.y + box.h / 2


def _apart(one: Box, other: Box) -> int:
    rect = (other.x, other.y, other.x + other.w, other.y + other.h)
    near_x, near_y = min(max(one.x, rect[0]), one.x + one.w), min(max(one.y, rect[1]), one.y + one.h)
    return _distance(near_x, near_y, rect)


def _routed(field: Field, bundle: Bundle, wishes: dict[tuple[int, int], Wish]) -> Route | None:
    """The nearest end first; the others lead to the hub or to a line of the same bundle. None leaves no trace."""
    hub = field.numbers[bundle.hub]
    found = Route(bundle)
    ends = sorted(bundle.ends, key=lambda end: (_apart(field.boxes[hub], field.boxes[field.numbers[end]]), end))
    for end in ends:
        for line in found.lines[-1:]:
            field.close(line)  # the next may join it, but not run over it
        number = field.numbers[end]
        source = field.boxes[number]
        starts = [
            (channel, entry, wishes[number, bundle.number].price(source, channel[0], channel[2], entry))
            for channel, entry in field.ports(number, field.boxes[hub])
        ]
        goal = Goal(field.boxes[hub], hub, wishes[hub, bundle.number], source, found.lines)
        way = field.search(starts, goal, begins_with_tip=not bundle.to_hub)
        if way is None:
            for line in found.lines:
                field.reopen(line)
            return None
        line, joins = way
        if joins:
            found.junctions.append(line[-1])
        found.lines.append(line)
    for line in found.lines[:-1]:
        field.reopen(line)  # a number may stand on a line of its own
    badges = list(islice(_badges(field, found), TRIED))
    if not badges:
        return None
    for line in found.lines:
        field.close(line)
    _name(field, found, badges)
    return found


def _pieces(found: Route) -> list[tuple[Point, Point]]:
    """The straight pieces of a route, those next to the hub first, then the longest."""
    pieces = [
        (place == len(line) - 1 and line[-1] not in found.junctions, start, end)
        for line in found.lines
        for place, (start, end) in enumerate(pairwise(line), start=1)
    ]
    pieces.sort(key=lambda each: (not each[0], -abs(each[1][0] - each[2][0]) - abs(each[1][1] - each[2][1]), each[1:]))
    return [(start, end) for _near, start, end in pieces]


def _badges(field: Field, found: Route) -> Iterator[tuple[float, float]]:
    """Where the number may stand on a line; between two boxes its middle may be at the line's side."""
    half = badge_width(found.bundle.number) / 2
    pieces = _pieces(found)
    for aside in (0, -HALF, HALF):
        for (x0, y0), (x1, y1) in pieces:
            length = abs(x1 - x0) + abs(y1 - y0)
            dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
            keep = (half if dx else BADGE / 2) + 4
            for _off, shift in sorted((abs(at - length / 2), at) for at in range(0, length, HALF)):
                if shift < keep or length - shift < keep + HALF:
                    continue
                x, y = x0 + dx * shift + abs(dy) * aside, y0 + dy * shift + abs(dx) * aside
                if field.is_free((x - half, y - BADGE / 2, x + half, y + BADGE / 2)):
                    yield x, y


def _name(field: Field, found: Route, badges: list[tuple[float, float]]) -> None:
    """Set the number where its label has room beside it, else where it stands best; the legend has the label anyway."""
    half = badge_width(found.bundle.number) / 2
    found.badge = badges[0]
    for limit, badge in product(LABELS, badges) if found.bundle.label else ():
        if limit < LABELS[0] and max(width(phrase, TEXT) for phrase in phrases(found.bundle.label)) > limit:
            break  # better no label than one cut within its words
        lines = wrap(found.bundle.label, TEXT, limit, balanced=True)
        if free := _beside(field, badge, half, max(width(line, TEXT) for line in lines), len(lines) * LABEL_LEADING):
            left, top = free[0] + 3, free[1]
            found.badge = badge
            found.label = [(left, top + LABEL_LEADING * number + 12.5, line) for number, line in enumerate(lines)]
            field.write(free)
            break
    x, y = found.badge
    field.write((x - half, y - BADGE / 2, x + half, y + BADGE / 2))


def _beside(field: Field, badge: tuple[float, float], half: float, wide: float, high: float) -> Rect | None:
    """Room for a label of that size next to a number."""
    x, y = badge
    places = [(x + half + 5, y - high / 2), (x - half - 5 - wide, y - high / 2)]
    places += [(x + half + 4, y - high - 3), (x + half + 4, y + 3), (x - wide / 2, y - BADGE / 2 - 2 - high)]
    rects = ((left - 3, top, left + wide + 3, top + high) for left, top in places)
    return next((rect for rect in rects if field.is_free(rect)), None)
