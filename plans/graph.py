"""One target as a small picture: its years, its start, what was reported, and the line that it is to come to.

Plain SVG for a strict content security policy: no style, no script, nothing from elsewhere. What a mark is is said by
its shape: solid bars are values of the goal's years, hatched ones provisional, pale ones reference values of earlier
years, a ring is the start, a line the goal. A year of the goal without a value is a dashed frame and never a bar; a
value of zero is a mark on the base line. Bars stand on zero, so that their lengths can be compared.

All lengths are in units of the figure, which is 400 wide: in 343 pixels its letters are 11 pixels high.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from html import escape
from itertools import pairwise
from typing import NamedTuple

from bodies.chart.drawing import FONTS, INK, LATIN, NOT_TEXT, PAPER, SOFT
from bodies.chart.text import width, wrap

WIDTH, SIZE, LINE = 400, 13, 16
UNIT_ROW, HEADROOM, PLOT, YEARS, ROW = 20, 38, 106, 25, 21  # heights: of unit, numbers, bars, axis, a line of the key
ASIDE = 92  # how wide words and numbers beside the plot may be
BLUE, BAND, GRID, PALE, EDGE = "#0017c1", "#e8f1fe", "#e6e6e6", "#cccccc", "#767676"
WIDEST_BAR = 34
APART = 20  # a number farther from its mark than that hangs on a line
MOST_YEARS = 100
LONGEST = 15  # digits; longer numbers are written with a power of ten
EXACT = Context(prec=34, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Point:
    """A value of a year, or of all the years up to another as one."""

    year: int | None  # None: not known; only of a baseline
    value: Decimal | None  # None: no mark
    until: int | None = None
    is_provisional: bool = False
    is_reference: bool = False  # of an earlier period: never progress
    text: str = ""  # what is written at the mark, where it is not just the number ("6,000以上")


@dataclass(frozen=True, slots=True)
class Labels:
    """The words of the picture, in the reader's language."""

    goal: str
    baseline: str
    actual: str
    provisional: str
    reference: str
    years: Mapping[int, str] = field(default_factory=dict)  # on the axis; a year that is not in it is its number
    gaps: Mapping[int, str] = field(default_factory=dict)  # of years without a value, what is said of it: 未公表
    period: str = ""  # over the goal's years


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def hits(self, other: Box) -> bool:
        """Whether they share more than an edge."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def draw(
    name: str,
    title: str,
    description: str,
    *,
    unit: str,
    from_year: int,
    to_year: int,
    points: Sequence[Point],
    baseline: Point | None,
    goal: Decimal | None,
    goal_years: tuple[int, int] | None,
    labels: Labels,
) -> str:
    """An SVG element. `name` begins its ids: letters, digits and hyphens, once on a page.

    The axis holds `from_year` to `to_year`, the goal's years and those of the points, a hundred at most. A baseline
    that is older, or of a year that is not known, stands before it.
    """
    picture = _Picture(name, labels, (from_year, to_year), points, baseline, goal, goal_years)
    inside = "".join(picture.drawn(unit))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {picture.height}" width="{WIDTH}"'
        f' height="{picture.height}" role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc"'
        f' class="graph" font-family="{LATIN}{FONTS}" font-size="{SIZE}" letter-spacing="0" fill="{INK}">'
        f'<title id="{name}-title">{_safe(title)}</title><desc id="{name}-desc">{_safe(description)}</desc>'
        f'<rect width="{WIDTH}" height="{picture.height}" fill="{PAPER}"/>{inside}</svg>'
    )


def written(value: Decimal) -> str:
    """A number as it is read: thousands set off, no zeros behind the last digit that counts."""
    value = value.normalize(EXACT) if value else ZERO
    is_long = abs(value.adjusted()) >= LONGEST or len(value.as_tuple().digits) > LONGEST
    return f"{value:{'.3g' if is_long else ',f'}}".replace("-", "−")


def _finite(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value.is_finite() else None


def _span(point: Point) -> tuple[int, int]:
    first = point.year or 0
    return first, max(first, point.until or first)


def _ticks(values: Sequence[Decimal]) -> list[Decimal]:
    """Round numbers from below the least value, and zero, to above the greatest."""
    low, high = min([ZERO, *values]), max([ZERO, *values])
    if low == high:
        return [low]
    rough = EXACT.divide(EXACT.subtract(high, low), Decimal(4))
    steps = [Decimal(n).scaleb(rough.adjusted(), EXACT) for n in (1, 2, 5, 10)]
    step = next(step for step in steps if step >= rough)
    if all(value == value.to_integral_value() for value in values):
        step = max(step, Decimal(1))
    first = EXACT.divide(low, step).to_integral_value(ROUND_FLOOR)
    last = EXACT.divide(high, step).to_integral_value(ROUND_CEILING)
    return [EXACT.multiply(step, Decimal(n)) for n in range(int(first), int(last) + 1)]


class _Picture:
    """Where everything stands, and what room is taken."""

    def __init__(
        self,
        name: str,
        labels: Labels,
        axis: tuple[int, int],
        points: Sequence[Point],
        baseline: Point | None,
        goal: Decimal | None,
        goal_years: tuple[int, int] | None,
    ) -> None:
        self.name, self.labels, self.goal = name, labels, _finite(goal)
        self.start = baseline if baseline is not None and _finite(baseline.value) is not None else None
        marks = [point for point in points if _finite(point.value) is not None]
        named = [*axis, *(goal_years or ()), *(year for point in marks for year in _span(point))]
        named += [self.start.year] if self.start and self.start.year and self.start.year > max(axis) else []
        first = max(min(named), min(axis) - MOST_YEARS // 2)
        self.years = range(first, min(max(named), first + MOST_YEARS - 1) + 1)
        self.goal_years = [year for year in self.years if goal_years and goal_years[0] <= year <= goal_years[1]]
        self.bars = sorted((point for point in marks if all(year in self.years for year in _span(point))), key=_span)
        self.is_before = self.start is not None and self.start.year not in self.years
        values = [self.goal, *(point.value for point in self.bars), self.start.value if self.start else None]
        self.ticks = _ticks([value for value in values if value is not None])
        self.scale = [written(tick) for tick in self.ticks]
        if max(width(text, SIZE) for text in self.scale) > ASIDE:
            self.scale = ["" for _tick in self.ticks]
        self.aside = [] if self.goal is None else [*wrap(labels.goal, SIZE, ASIDE), written(self.goal)]
        self.left = max(width(text, SIZE) for text in self.scale) + 6
        self.right = WIDTH - 2 - max((width(text, SIZE, bold=True) + 8 for text in self.aside), default=0)
        self.column = (self.right - self.left) / (len(self.years) + self.is_before)
        self.half = min(self.column * 0.68, WIDEST_BAR) / 2  # of a bar
        self.foot = UNIT_ROW + HEADROOM + PLOT  # of the bars' room
        self.bottom = self.foot + (HEADROOM if self.ticks[0] < 0 else 0)  # of the plot
        self.zero = self.y(ZERO)
        self.taken: list[Box] = []
        self.words: list[Box] = []
        self.across: list[Box] = []  # the goal's line, which words do not touch but may pass
        self.frames = [self.frame(run) for run in self.gaps()]
        self.legend = self.sorts()
        self.height = self.bottom + YEARS + (int(self.legend[-1][2]) + ROW if self.legend else 0)

    def x(self, year: int | None) -> float:
        """The middle of a year's column; of what stands before the axis, that of the column before it."""
        place = year - self.years[0] + self.is_before if year is not None and year in self.years else 0
        return self.left + (place + 0.5) * self.column

    def y(self, value: Decimal) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        if low == high:
            return float(self.foot)
        share = float(EXACT.divide(EXACT.subtract(value, low), EXACT.subtract(high, low)))
        return self.foot - PLOT * min(max(share, 0.0), 1.0)

    def drawn(self, unit: str) -> list[str]:
        """All parts, from the back to the front; each text takes its room before those that matter less."""
        broad_first = sorted(self.bars, key=lambda point: _span(point)[0] - _span(point)[1])
        return [
            *self.ground(),
            *(_rect(box, f'fill="{PAPER}" stroke="{EDGE}" stroke-dasharray="2 2"') for box, _text in self.frames),
            *(self.bar(point) for point in broad_first),
            _line(self.left, self.zero, self.right, INK, 1),
            *self.goal_line(),
            *([self.ring(self.start)] if self.start else []),
            self.text(0, 13, unit, "start", SOFT) if width(unit, SIZE) <= WIDTH else "",
            *self.values(),
            *(self.gap_text(box, text) for box, text in self.frames),
            *self.axis(),
            self.period(),
            "<g>",
            *self.key(),
            "</g>",
        ]

    def text(self, x: float, y: float, text: str, anchor: str, colour: str = INK, *, bold: bool = False) -> str:
        wide = width(text, SIZE, bold=bold)
        left = x - {"start": 0, "middle": wide / 2, "end": wide}[anchor]
        self.words.append(Box(left - 1, y - 11, left + wide + 1, y + 3))
        look = (f' fill="{colour}"' if colour != INK else "") + (' font-weight="700"' if bold else "")
        return f'<text x="{_at(x)}" y="{_at(y)}" text-anchor="{anchor}"{look}>{_safe(text)}</text>' if text else ""

    def room(self, text: str, x: float, y: float, *others: Box, space: float = 1, whole: bool = False) -> float | None:
        """Where the middle of a text can be, at x or beside it, touching nothing, in the plot or the whole figure."""
        least, most, wide = 0.0 if whole else self.left, WIDTH if whole else self.right, width(text, SIZE)
        left = max(min(x - wide / 2, most - wide), least)
        box = Box(left - space, y - 11, left + wide + space, y + 3)
        is_free = wide <= most - least and not any(box.hits(other) for other in [*self.words, *self.taken, *others])
        return left + wide / 2 if text and is_free else None

    def ground(self) -> list[str]:
        """The band of the goal's years, and the lines of the round numbers."""
        out = []
        if self.goal_years:
            left, right = self.x(self.goal_years[0]) - self.column / 2, self.x(self.goal_years[-1]) + self.column / 2
            out.append(_rect(Box(left, UNIT_ROW, right, self.bottom), f'fill="{BAND}"'))
        for tick, text in zip(self.ticks, self.scale, strict=True):
            out.append(_line(self.left, self.y(tick), self.right, GRID, 1))
            out.append(self.text(self.left - 5, self.y(tick) + 4.5, text, "end", SOFT))
        return out

    def gaps(self) -> list[list[int]]:
        """The goal's years without a value, in runs of which the same is to be said."""
        valued = {year for point in self.bars for year in range(_span(point)[0], _span(point)[1] + 1)}
        runs: list[list[int]] = []
        for year in (year for year in self.goal_years if year not in valued):
            if runs and runs[-1][-1] == year - 1 and self.labels.gaps.get(year) == self.labels.gaps.get(year - 1):
                runs[-1].append(year)
            else:
                runs.append([year])
        return runs

    def frame(self, run: list[int]) -> tuple[Box, str]:
        half = self.column * 0.45
        box = Box(self.x(run[0]) - half, self.zero - ROW, self.x(run[-1]) + half, self.zero)
        return box, self.labels.gaps.get(run[0], "")

    def bar(self, point: Point) -> str:
        first, last = _span(point)
        value, left, right = point.value or ZERO, self.x(first) - self.half, self.x(last) + self.half
        end = self.y(value)
        if not value:
            self.taken.append(Box(left, self.zero - 3, right, self.zero))
            return _line(left, self.zero - 1.5, right, INK, 3)
        if abs(end - self.zero) < 2:  # never so short that it could be taken for nothing
            end = self.zero - 2 if value > 0 else self.zero + 2
        self.taken.append(Box(left, min(end, self.zero), right, max(end, self.zero)))
        return _rect(self.taken[-1], self.look(point))

    def look(self, point: Point) -> str:
        if point.is_reference:
            return f'fill="{PALE}" stroke="{EDGE}"'
        return f'fill="url(#{self.name}-hatch)" stroke="{BLUE}"' if point.is_provisional else f'fill="{BLUE}"'

    def ring(self, point: Point) -> str:
        x, y = self.x(point.year), self.y(point.value or ZERO)
        self.taken.append(Box(x - 6, y - 6, x + 6, y + 6))
        return _ring(x, y)

    def goal_line(self) -> list[str]:
        """From the goal's first year to its words at the right; on white, so that it is seen across bars."""
        if self.goal is None:
            return []
        y, count = self.y(self.goal), len(self.aside)
        left = self.x(self.goal_years[0]) - self.column / 2 if self.goal_years else self.left
        self.across = [Box(left, y - 2, self.right, y + 2)]
        top = min(max(y - LINE * count / 2, UNIT_ROW), self.bottom - LINE * count)
        lines = [(self.right + 8, top + LINE * n - 4, text, n == count) for n, text in enumerate(self.aside, start=1)]
        words = [self.text(x, at, text, "start", bold=is_number) for x, at, text, is_number in lines]
        return [_line(left, y, self.right + 4, PAPER, 5), _line(left, y, self.right + 4, INK, 2), *words]

    def values(self) -> list[str]:
        """The number of each mark: of the last bar, of the first, of the start; then of those that have room."""
        start = [self.start] if self.start else []
        if any((point.year, point.value) == (each.year, each.value) for point in self.bars for each in start):
            start = []
        kept = [*self.bars[-1:], *self.bars[:-1][:1], *start]
        return [self.value(p, True) for p in kept] + [self.value(p, False) for p in reversed(self.bars[1:-1])]

    def value(self, point: Point, is_kept: bool) -> str:
        """Beyond the end of its mark and, if need be, the goal's line; one that is kept wherever there is room."""
        value, text = point.value or ZERO, point.text or written(point.value or ZERO)
        x, end = (self.x(point.year) + self.x(_span(point)[1] or point.year)) / 2, self.y(value)
        frames = [box for box, _text in self.frames]
        for lift in range(0, self.bottom, 2):
            y = end + 15 + lift if value < 0 else end - 5 - lift
            if not UNIT_ROW + 11 <= y <= self.bottom - 2:
                break
            if (middle := self.room(text, x, y, *frames, *self.across)) is not None:
                foot, top = (end + 2, y - 12) if value < 0 else (end - 2, y + 4)
                stalk = f'<path d="M{_at(x)} {_at(foot)}V{_at(top)}" stroke="{EDGE}" stroke-width="1"/>'
                colour = SOFT if point.is_reference else INK
                return (stalk if lift > APART else "") + self.text(middle, y, text, "middle", colour)
            if not is_kept and self.room(text, x, y, *frames) is None:
                break
        return ""

    def gap_text(self, frame: Box, text: str) -> str:
        """In the frame, or over it where that is too narrow, or nowhere."""
        others = [box for box, _text in self.frames if box != frame]
        is_inside = width(text, SIZE) <= frame.right - frame.left
        for x in [(frame.left + frame.right) / 2, frame.left + width(text, SIZE) / 2]:
            y = frame.bottom - (6 if is_inside else ROW + 5)
            middle = self.room(text, x, y, *others, *self.across, space=1 if is_inside else 7)
            if middle is not None:
                return self.text(middle, y, text, "middle", SOFT)
        return ""

    def axis(self) -> list[str]:
        """The names of the years: the last, the first, and evenly of the others as many as have room."""
        columns = [*([self.start.year if self.start else None] if self.is_before else []), *self.years]
        names = ["" if year is None else self.labels.years.get(year, str(year)) for year in columns]
        places, y = [*range(len(columns))], self.bottom + 19
        step = 1
        while any(
            width(names[a], SIZE) + width(names[b], SIZE) + 10 > 2 * step * self.column
            for a, b in pairwise(places[::-step])
        ):
            step += 1
        out = [_tick(self.x(year), self.bottom) for year in self.years]
        for place in dict.fromkeys([places[-1], 0, *(place for place in places[::-step] if place >= step)]):
            middle = self.room(names[place], self.left + (place + 0.5) * self.column, y, space=3, whole=True)
            out.append("" if middle is None else self.text(middle, y, names[place], "middle", SOFT))
        return out

    def period(self) -> str:
        if not self.goal_years:
            return ""
        middle = (self.x(self.goal_years[0]) + self.x(self.goal_years[-1])) / 2
        free = self.room(self.labels.period, middle, UNIT_ROW - 7, whole=True)
        return "" if free is None else self.text(free, UNIT_ROW - 7, self.labels.period, "middle", SOFT)

    def sorts(self) -> list[tuple[Point | None, float, float, str]]:
        """The sorts of marks that occur, one of each (None: the ring), with their places and words."""
        sorts = [
            (Point(None, None), self.labels.actual),
            (Point(None, None, is_provisional=True), self.labels.provisional),
            (Point(None, None, is_reference=True), self.labels.reference),
        ]
        looks = {self.look(point) for point in self.bars}
        found: list[tuple[Point | None, str]] = [(point, word) for point, word in sorts if self.look(point) in looks]
        out: list[tuple[Point | None, float, float, str]] = []
        x = y = 0.0
        for point, word in [*found, *([(None, self.labels.baseline)] if self.start else [])]:
            wide = 18 + width(word, SIZE)
            if x + wide > WIDTH:
                x, y = 0.0, y + ROW
            out.append((point, x, y, word))
            x += wide + 18
        return out

    def key(self) -> list[str]:
        out = [
            f'<defs><pattern id="{self.name}-hatch" width="5" height="5" patternUnits="userSpaceOnUse"'
            f' patternTransform="rotate(45)"><rect width="5" height="5" fill="{PAPER}"/>'
            f'<path d="M1 0V5" stroke="{BLUE}" stroke-width="1.6"/></pattern></defs>'
        ]
        for point, x, y, word in self.legend:
            y += self.bottom + YEARS + 3
            out.append(_rect(Box(x + 1, y + 2, x + 12, y + 13), self.look(point)) if point else _ring(x + 6, y + 7.5))
            out.append(self.text(x + 18, y + 12, word, "start", SOFT))
        return out


def _safe(text: str) -> str:
    return escape(NOT_TEXT.sub("", text))


def _at(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _rect(box: Box, look: str) -> str:
    size = f'width="{_at(box.right - box.left)}" height="{_at(box.bottom - box.top)}"'
    return f'<rect x="{_at(box.left)}" y="{_at(box.top)}" {size} {look}/>'


def _line(left: float, y: float, right: float, colour: str, wide: float) -> str:
    return f'<path d="M{_at(left)} {_at(y)}H{_at(right)}" stroke="{colour}" stroke-width="{wide}"/>'


def _tick(x: float, y: float) -> str:
    return f'<path d="M{_at(x)} {_at(y)}v3" stroke="{EDGE}" stroke-width="1"/>'


def _ring(x: float, y: float) -> str:
    return f'<circle cx="{_at(x)}" cy="{_at(y)}" r="4.5" fill="{PAPER}" stroke="{INK}" stroke-width="2"/>'
