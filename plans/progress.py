"""How far a target has come: this site's own arithmetic, which is no official evaluation.

A result *counts* if its period is known, lies within the goal's years and has ended, if it has a value that the rule
below can use, and if neither its unit nor its calendar is another than the goal's; where the goal names no unit, all
are of one. Of several for one period a final one counts before others, then the last. Every other result is a reference
value: never progress; only that of the baseline's year may serve as the start.

| `Rule` | which goal | what is compared | percentage |
|---|---|---|---|
| CUMULATIVE | a total over years | sum of the reported years with total × reported years ÷ all years | sum ÷ total |
| ANNUAL | a value for each year | the latest reported year with the year's value | year ÷ goal |
| ANNUAL_TOTAL | the same, all years over and reported | the sum with the year's value × years | sum ÷ that |
| ANNUAL_EVERY | the same, in a unit that is not summed (%) | the worst of the years with the goal | worst ÷ goal |
| LEVEL_FROM_BASELINE | from a start to a value by a year | the latest year with the straight line | way done ÷ way |
| HOLD | a value that the start has already | the latest year with the goal | none: there is no way to go |
| LEVEL, FLOOR, CEILING | a value without a start: just so, 以上, 以内 | the same | value ÷ goal |
| PERIOD | a value for some years as one | the result for just these years (%: the latest year) | value ÷ goal |
| RATIO | a multiple of the base year's amount | as LEVEL_FROM_BASELINE, from that amount | way done ÷ way |
| RANK | a place in an order | the latest year with the goal; no line, places are no steps of one length | none |
| INCREASE, MILESTONE, CONTRIBUTE | words; a part in the total of others | nothing | none |
| OBSERVED, UNREAD | no goal is set; the text was not read | nothing | none |

*Direction*: 以上 is up, 以内 and a rank are down; else from the start to the goal; else (no start, or the goal equals
it) away from zero, as "130 a year" means at least 130. A goal of just zero without a start is met by zero alone.

*Missing values*: null is not zero. A year without a value is in no sum and in no expectation; once it has ended it is
in `overdue_years`, whatever the state. Of results that overlap: the disjoint ones that cover the most years, of these
those with the most final years, then the finest. A multi-year result is no year's value: only sums and PERIOD use it.

*Percentage*: 100 × way done ÷ way, never capped: over 100 beyond the goal, negative on the wrong side of the start.
From zero (value ÷ goal) only where the goal lies in its direction from zero: a share of "at most 5" says nothing; an
annual goal that falls is measured from its start. None where the way is zero; else zero is a number like any other.

*States*. REACHED: a total, once it is reached in full; a level, when the latest value has come to it (a later one may
take that back); what is to be kept up (ANNUAL, HOLD, PERIOD, a total as a ceiling) only when all its years are over.
WORSE: than the start, also at the end; a total has no start. ON_COURSE, BELOW_COURSE: against `expected`, which is of
the year of the latest value, not of today. NOT_PUBLISHED: a year is over and no value at all is in; or all years are
over and the value that decides is not in; or the goal has no years. NOT_DUE: no year is over; or the values that are in
decide nothing before the end (a level without a start). OBSERVED_ONLY: a series without a goal; words with a result.

*Bounds*: a result of 以上 or 以内 decides where it suffices ("6,000 or more" reaches 5,000); else it decides nothing.
"""

from __future__ import annotations

import datetime
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

HUGE = 1000  # digits; a number of more is none that a target is measured in
EXACT = Context(prec=6 * HUGE, traps=[])  # no number that is let in is rounded
PRINTED = Context(prec=50, traps=[])
YEARS = range(1, 9999)  # whose ends the calendar knows
NOT_SUMMED = frozenset({"%", "‰", "ポイント", "割", "倍", "位", "歳", "点"})


class State(StrEnum):
    REACHED = "reached"
    ON_COURSE = "on_course"
    BELOW_COURSE = "below_course"
    WORSE = "worse"
    NOT_DUE = "not_due"
    NOT_PUBLISHED = "not_published"
    OBSERVED_ONLY = "observed_only"


class Rule(StrEnum):
    CUMULATIVE = "cumulative"
    ANNUAL = "annual"
    ANNUAL_TOTAL = "annual_total"
    ANNUAL_EVERY = "annual_every"
    LEVEL_FROM_BASELINE = "level_from_baseline"
    LEVEL = "level"
    FLOOR = "floor"
    CEILING = "ceiling"
    HOLD = "hold"
    PERIOD = "period"
    RATIO = "ratio"
    RANK = "rank"
    INCREASE = "increase"
    MILESTONE = "milestone"
    CONTRIBUTE = "contribute"
    OBSERVED = "observed"
    UNREAD = "unread"


NUMERIC = frozenset({"level", "ratio", "rank"})
WORDS = {
    "increase": Rule.INCREASE,
    "milestone": Rule.MILESTONE,
    "contribute": Rule.CONTRIBUTE,
    "observe": Rule.OBSERVED,
}
WORDED = frozenset(WORDS.values()) | {Rule.UNREAD}
SUMS = frozenset({Rule.CUMULATIVE, Rule.ANNUAL_TOTAL})
BOUNDS = {">=": 1, ">": 1, "<=": -1, "<": -1}
STRICT = frozenset({">", "<"})
Span = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A target as it was read. Years as in `calendar`: FY (named by the year of its April) or CY.

    Where the text prints no first year the caller puts the plan's into `from_fy` (and its last into `to_fy`, where it
    prints none): with neither `from_fy` nor `baseline_fy` only the year of the goal itself counts.
    """

    kind: str = ""  # level, increase, observe, milestone, ratio, rank, contribute; "": unread
    comparator: str = ""  # = >= > <= <; "" is read as =
    value: Decimal | None = None
    unit: str | None = None
    per: str = ""  # "year" or "fiscal_year": each year has this value
    from_fy: int | None = None
    to_fy: int | None = None
    target_fy: int | None = None  # the year whose value is the goal
    deadline_fy: int | None = None  # by the end of this year
    cumulative: Decimal | None = None  # the total over the two years and those between
    cumulative_from: int | None = None
    cumulative_to: int | None = None
    calendar: str = "FY"
    baseline: Decimal | None = None
    baseline_fy: int | None = None
    delta: Decimal | None = None  # goal minus baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A published value for a period; for a period that is not known in full it never counts."""

    from_fy: int | None
    to_fy: int | None
    value: Decimal | None
    comparator: str = ""  # >= > <= <: the value is a bound
    unit: str | None = None
    is_final: bool | None = None  # None: not stated
    code: str = ""
    calendar: str = ""  # FY or CY; "": as the goal's


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a target has come, with every number that was used.

    The state is decided by exact numbers. To be read, `percent` is rounded to one place and `expected` to one beyond
    the goal's, unless that would move them across 100 or across `actual`.
    """

    state: State
    rule: Rule
    unit: str = ""  # of all numbers but `percent`; of a ratio that of the amounts behind it
    first_year: int | None = None  # of the goal's years: those whose results count
    last_year: int | None = None
    percent: Decimal | None = None
    start: Decimal | None = None
    start_year: int | None = None
    actual: Decimal | None = None
    bound: str = ""  # >= > <= <: `actual` is a bound
    years: tuple[int, ...] = ()  # those that `actual` is of
    goal: Decimal | None = None
    expected: Decimal | None = None  # with which it would be on course in the last of `years`
    elapsed_years: int | None = None  # from the start to `actual`; of a sum: the reported years
    total_years: int | None = None  # from the start to the goal; of a sum: all years
    counted: tuple[Result, ...] = ()  # by their ends; of a total each with the sum up to it
    reference: tuple[Result, ...] = ()  # of years before or after the goal's, and comparable; disjoint
    is_provisional: bool = False
    next_due: datetime.date | None = None  # end of the earliest running or coming year without a value
    overdue_years: tuple[int, ...] = ()  # over, and without a value

    @property
    def actual_year(self) -> int | None:
        return self.years[-1] if self.years else None


def year_end(year: int, calendar: str = "FY") -> datetime.date:
    if year not in YEARS:
        return datetime.date.max if year > 1 else datetime.date.min
    return datetime.date(year, 12, 31) if calendar == "CY" else datetime.date(year + 1, 3, 31)


def progress(goal: Goal, results: Sequence[Result], today: datetime.date) -> Progress:
    """The state of a target on a day. Never raises; numbers that are not finite, or huge, count as not given."""
    goal, rows = _cleaned(goal), [_cleaned_row(row) for row in results]
    rows = [row for row in rows if {row.calendar, goal.calendar} != {"FY", "CY"}]
    span = _span(goal)
    if goal.kind == "ratio":
        goal, rows = _in_amounts(goal, rows, span)
    else:
        goal, rows = _in_unit(goal, rows, span)
        goal = _completed(goal, rows)
    return _Case(goal, _rule(goal, span), span, rows, today).progress()


def _number(value: Decimal | None) -> Decimal | None:
    if value is None or not value.is_finite():
        return None
    return (value if abs(value.adjusted()) < HUGE else None) if value else Decimal(0)


def _year(year: int | None) -> int | None:
    return year if year is not None and year in YEARS else None  # a range looks for None one by one


def _cleaned(goal: Goal) -> Goal:
    """With numbers and years that can be reckoned with. Only a level can be a total."""
    years = ("from_fy", "to_fy", "target_fy", "deadline_fy", "cumulative_from", "cumulative_to", "baseline_fy")
    changes: dict[str, Any] = {name: _number(getattr(goal, name)) for name in ("value", "baseline", "delta")}
    changes |= {name: _year(getattr(goal, name)) for name in years}
    total = _number(goal.cumulative) if goal.kind == "level" else None
    return replace(goal, **changes, cumulative=total, unit=_plain(goal.unit))


def _cleaned_row(row: Result) -> Result:
    from_fy, to_fy = _year(row.from_fy), _year(row.to_fy)
    return replace(row, value=_number(row.value), from_fy=from_fy, to_fy=to_fy, unit=_plain(row.unit))


def _first_of(*years: int | None) -> int | None:
    return next((year for year in years if year is not None), None)


def _span(goal: Goal) -> Span:
    """The first and the last year whose results count. Without a first one none do; without a last one all later."""
    if goal.cumulative is not None:
        last = _first_of(goal.cumulative_to, goal.to_fy, goal.target_fy, goal.deadline_fy)
        return _first_of(goal.cumulative_from, goal.from_fy), last
    first = _first_of(goal.from_fy, goal.cumulative_from)
    last = _first_of(goal.target_fy, goal.deadline_fy, goal.to_fy, goal.cumulative_to)
    if goal.baseline_fy is not None:
        first = max(first or 0, goal.baseline_fy + 1)
    return last if first is None else first, last


def _lies_in(row: Result, first: int | None, last: int | None) -> bool:
    if first is None or row.from_fy is None or row.to_fy is None:
        return False
    return first <= row.from_fy <= row.to_fy and (last is None or row.to_fy <= last)


def _plain(unit: str | None) -> str:
    return unicodedata.normalize("NFKC", unit or "").strip()


def _in_unit(goal: Goal, rows: list[Result], span: Span) -> tuple[Goal, list[Result]]:
    """The results in the goal's unit, the goal in theirs where it names none. Numbers in several are not compared."""
    used = [row for row in rows if _lies_in(row, *span) or _is_of_base_year(row, goal)]
    units = {goal.unit} - {""} or {row.unit for row in used if row.value is not None} - {""}
    if len(units) > 1:
        return goal, [] if goal.kind in NUMERIC else rows
    unit = units.pop() if units else ""
    return replace(goal, unit=unit), [row for row in rows if row.unit in {"", unit}]


def _is_of_base_year(row: Result, goal: Goal) -> bool:
    return goal.baseline_fy is not None and row.from_fy == row.to_fy == goal.baseline_fy


def _best(rows: Iterable[Result]) -> list[Result]:
    """For each period its final result, else its last one; in the order of their ends."""
    kept: dict[tuple[int, int], Result] = {}
    for row in rows:
        period = (row.to_fy or 0, row.from_fy or 0)
        if period not in kept or row.is_final or not kept[period].is_final:
            kept[period] = row
    return [kept[period] for period in sorted(kept)]


def _base(goal: Goal, rows: Iterable[Result]) -> Decimal | None:
    """The start as it is printed, else as the result of its year says. A bound is no start."""
    if goal.baseline is not None or goal.baseline_fy is None:
        return goal.baseline
    of_year = [row for row in rows if _is_of_base_year(row, goal) and row.value is not None]
    found = _best(row for row in of_year if row.comparator not in BOUNDS)
    return found[0].value if found else None


def _completed(goal: Goal, rows: Iterable[Result]) -> Goal:
    """With start and goal, where one follows from the other and their difference. A total has no start."""
    if goal.cumulative is not None:
        return replace(goal, value=goal.cumulative, baseline=None)
    value, baseline, delta = goal.value, goal.baseline, goal.delta
    if baseline is None and value is not None and delta is not None:
        return replace(goal, baseline=EXACT.subtract(value, delta))
    baseline = _base(goal, rows)
    if value is None and baseline is not None and delta is not None:
        value = EXACT.add(baseline, delta)
    return replace(goal, value=value, baseline=baseline)


def _in_amounts(goal: Goal, rows: list[Result], span: Span) -> tuple[Goal, list[Result]]:
    """A ratio as a level: a multiple of the base amount, or of one where the results are ratios themselves."""
    unit, one = goal.unit, Decimal(100) if goal.unit == "%" else Decimal(1)
    ratios = [row for row in rows if unit and row.unit == unit]
    if any(row.value is not None and _lies_in(row, *span) for row in ratios):
        return replace(goal, baseline=one), ratios
    goal, amounts = _in_unit(replace(goal, unit=""), [row for row in rows if not unit or row.unit != unit], span)
    base, value = _base(goal, amounts), None
    if goal.value is not None and base is not None and base > 0 and unit in {"", "%", "倍"}:
        value = EXACT.divide(EXACT.multiply(goal.value, base), one)
    return replace(goal, value=value, baseline=base), amounts


def _rule(goal: Goal, span: Span) -> Rule:
    if goal.kind not in NUMERIC:
        return WORDS.get(goal.kind, Rule.UNREAD)
    if goal.kind == "ratio":
        return Rule.RATIO
    if goal.value is None:
        return Rule.UNREAD
    if goal.kind == "rank":
        return Rule.RANK
    if goal.cumulative is not None:
        return Rule.CUMULATIVE
    is_dated = goal.target_fy is not None or goal.deadline_fy is not None
    if goal.per and not is_dated:
        return Rule.ANNUAL
    if goal.baseline is not None:
        return Rule.HOLD if _is_met_at_start(goal) else Rule.LEVEL_FROM_BASELINE
    if not is_dated and None not in span:
        return Rule.PERIOD
    return {1: Rule.FLOOR, -1: Rule.CEILING}.get(BOUNDS.get(goal.comparator, 0), Rule.LEVEL)


def _way(goal: Goal) -> int:
    """The direction. 1: up, -1: down, 0: to be just that."""
    if goal.comparator in BOUNDS:
        return BOUNDS[goal.comparator]
    if goal.kind == "rank":
        return -1
    value = goal.value or Decimal(0)
    start = Decimal(0) if goal.baseline is None or goal.baseline == value else goal.baseline
    return (value > start) - (value < start)


def _is_met_at_start(goal: Goal) -> bool:
    if goal.baseline is None or goal.value is None:
        return False
    start = Fraction(goal.baseline)
    return bool(_Known(start, start).meets(Fraction(goal.value), _way(goal), strict=goal.comparator in STRICT))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a number: both bounds are it, or one bound, which itself it is not where `is_open`."""

    low: Fraction | None
    high: Fraction | None
    is_open: bool = False

    def meets(self, threshold: Fraction, way: int, *, strict: bool = False) -> bool | None:
        """Whether it has come to a threshold from below (way 1), from above (-1), or is just that (0)."""
        if way == 0:
            both = {self.meets(threshold, 1), self.meets(threshold, -1)}
            return False if False in both else None if None in both else True
        near, far = (self.low, self.high) if way > 0 else (self.high, self.low)
        if near is not None and (way * near > way * threshold or (near == threshold and (self.is_open or not strict))):
            return True
        if far is not None and (way * far < way * threshold or (far == threshold and (self.is_open or strict))):
            return False
        return None

    @property
    def number(self) -> Fraction | None:
        return self.high if self.low is None else self.low

    @property
    def bound(self) -> str:
        if self.low == self.high:
            return ""
        return ("<" if self.low is None else ">") + ("" if self.is_open else "=")


def _known(rows: Iterable[Result]) -> _Known:
    """The sum of results."""
    low: Fraction | None = Fraction(0)
    high: Fraction | None = Fraction(0)
    is_open = False
    for row in rows:
        value = Fraction(row.value or 0)
        low = None if low is None or row.comparator in {"<=", "<"} else low + value
        high = None if high is None or row.comparator in {">=", ">"} else high + value
        is_open = is_open or row.comparator in {"<", ">"}
    return _Known(low, high, is_open)


def _disjoint(rows: list[Result]) -> list[Result]:
    """Of results for different periods, by their ends, the disjoint ones that cover the most years.

    Where that is the same: the most final years, then the finest periods, then the later ones.
    """
    spans = [(row.from_fy or 0, row.to_fy or 0) for row in rows]
    ends = [end for _start, end in spans]
    best: list[tuple[tuple[int, ...], list[Result]]] = [((0, 0, 0, 0), [])]  # of the first n rows
    for row, (start, end) in zip(rows, spans, strict=True):
        years = end - start + 1
        weight, taken = best[bisect_left(ends, start)]
        gain = (years, years if row.is_final else 0, 1, years * (start + end))
        with_it = (tuple(a + b for a, b in zip(weight, gain, strict=True)), [*taken, row])
        best.append(with_it if with_it[0] > best[-1][0] else best[-1])
    return best[-1][1]


def _is_provisional(rows: Iterable[Result]) -> bool:
    return any(row.is_final is False for row in rows)


def _years(rows: Iterable[Result]) -> tuple[int, ...]:
    return tuple(year for row in rows for year in range(row.from_fy or 0, (row.to_fy or 0) + 1))


def _printed(number: Fraction | None) -> Decimal | None:
    return None if number is None else PRINTED.divide(Decimal(number.numerator), Decimal(number.denominator))


def _places(number: Fraction) -> int:
    """How many it has behind the point."""
    exponent = (_printed(number) or Decimal(0)).normalize(EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rounded(number: Fraction | None, places: int, mark: Fraction | None) -> Decimal | None:
    """To so many places behind the point; to more where it would come to a mark, or beyond, that it is not at."""
    exact = _printed(number)
    if number is None or exact is None:
        return None
    for each in range(places, PRINTED.prec):
        short = exact.quantize(Decimal(1).scaleb(-each), ROUND_HALF_UP, EXACT)
        if mark is None or (number > mark, number < mark) == (Fraction(short) > mark, Fraction(short) < mark):
            return short
    return exact


class _Case:
    """A goal and the results in its unit and calendar, judged on a day."""

    def __init__(self, goal: Goal, rule: Rule, span: Span, rows: list[Result], today: datetime.date) -> None:
        self.goal, self.rule, self.today = goal, rule, today
        self.first, self.last = span
        self.way, self.is_strict, self.is_held = _way(goal), goal.comparator in STRICT, _is_met_at_start(goal)
        self.aim = None if goal.value is None or rule in WORDED else Fraction(goal.value)
        self.start = None if goal.baseline is None or rule in WORDED else Fraction(goal.baseline)
        valued = [row for row in rows if row.value is not None]
        inside = rows if rule in {Rule.MILESTONE, Rule.UNREAD} else valued  # what comes of words may be words
        self.rows = _best(row for row in inside if _lies_in(row, *span) and (rule in WORDED or self.is_over(row.to_fy)))
        self.single = [row for row in self.rows if row.from_fy == row.to_fy]
        self.summed = _disjoint(self.rows)
        self.due = range(0)  # the years for which a value is to come; of a milestone the last: its deadline is all
        if self.first is not None and self.last is not None:
            self.due = range(self.last if rule is Rule.MILESTONE else self.first, self.last + 1)
        if rule is Rule.ANNUAL and self.ended and self.aim is not None:
            is_summed = goal.unit not in NOT_SUMMED
            if is_summed and len(_years(self.summed)) == len(self.due):
                self.rule, self.aim, self.start = Rule.ANNUAL_TOTAL, self.aim * len(self.due), None
            elif not is_summed and len(self.single) == len(self.due):
                self.rule = Rule.ANNUAL_EVERY
        self.used = self.usable()
        self.outside = _disjoint(_best(row for row in valued if self.is_outside(row)))

    def usable(self) -> list[Result]:
        """The results that the rule can use. `actual` is of all of them, or of one."""
        if self.rule in WORDED:
            return self.rows
        if self.rule in SUMS:
            return self.summed
        if self.rule is Rule.PERIOD:
            whole = [row for row in self.rows if (row.from_fy, row.to_fy) == (self.first, self.last)]
            return whole or (self.single if self.goal.unit in NOT_SUMMED else [])
        return self.single

    def is_outside(self, row: Result) -> bool:
        """Whether it is of other years than the goal's, and comparable with what counts. The start stands alone."""
        if self.first is None or row.from_fy is None or row.to_fy is None or not self.is_over(row.to_fy):
            return False
        if row.from_fy != row.to_fy and self.rule not in SUMS | {Rule.PERIOD} | WORDED:
            return False
        if self.start is not None and _is_of_base_year(row, self.goal) and row.value == self.goal.baseline:
            return False
        return row.to_fy < self.first or (self.last is not None and row.from_fy > self.last)

    def counted(self) -> list[Result]:
        """What is used; of a total each as the sum up to it, which is provisional where a part of it is."""
        if self.rule not in SUMS:
            return self.used
        grown = []
        for number, row in enumerate(self.used, start=1):
            known = _known(self.used[:number])
            is_final = False if _is_provisional(self.used[:number]) else row.is_final
            grown.append(replace(row, value=_printed(known.number), comparator=known.bound, is_final=is_final))
        return grown

    def is_over(self, year: int | None) -> bool:
        return year is not None and year_end(year, self.goal.calendar) < self.today

    @property
    def ended(self) -> bool:
        return self.is_over(self.last)

    @property
    def undecided(self) -> State:
        """What is said where values are in and decide nothing."""
        return State.NOT_PUBLISHED if self.ended else State.NOT_DUE

    def progress(self) -> Progress:
        covered = set(_years(self.rows)) if self.due else set()
        missing = [year for year in self.due if year not in covered]
        overdue = tuple(year for year in missing if self.is_over(year))
        coming = missing[len(overdue) :]
        made = self.judged()
        if not self.rows and self.rule is not Rule.OBSERVED:
            made = replace(made, state=State.NOT_PUBLISHED if overdue or not self.due else State.NOT_DUE)
        next_due = year_end(coming[0], self.goal.calendar) if coming else None
        return replace(
            made,
            unit=self.goal.unit or "",
            first_year=self.first,
            last_year=self.last,
            counted=tuple(self.counted()),
            reference=tuple(self.outside),
            overdue_years=overdue,
            next_due=next_due,
        )

    def judged(self) -> Progress:
        if self.rule in WORDED:
            return Progress(state=State.OBSERVED_ONLY, rule=self.rule)
        if self.aim is None or not self.rows:  # without a goal: a ratio whose base amount is not known
            return self.report(self.undecided, self.used[-1:])
        if self.rule in SUMS:
            return self.total(self.aim)
        if self.rule is Rule.ANNUAL_EVERY:
            return self.every(self.aim)
        return self.latest(self.aim)

    def meets(self, known: _Known, aim: Fraction) -> bool | None:
        return known.meets(aim, self.way, strict=self.is_strict)

    def against(self, met: bool | None) -> State:
        return self.undecided if met is None else State.ON_COURSE if met else State.BELOW_COURSE

    def total(self, aim: Fraction) -> Progress:
        known, reported, years = _known(self.used), len(_years(self.used)), len(self.due)
        expected = aim * reported / years if years else None
        is_complete = self.ended and reported == years
        met = self.meets(known, aim)
        if met and (self.way * aim > 0 or is_complete):
            state = State.REACHED
        elif self.ended:
            state = State.BELOW_COURSE if is_complete and met is False else State.NOT_PUBLISHED
        else:
            state = self.against(None if expected is None else known.meets(expected, self.way))
        return self.report(state, self.used, expected, reported, years or None)

    def every(self, aim: Fraction) -> Progress:
        met = {self.meets(_known([row]), aim) for row in self.used}
        state = State.BELOW_COURSE if False in met else State.NOT_PUBLISHED if None in met else State.REACHED
        worst = min(self.used, key=lambda row: (self.way or 1) * Fraction(row.value or 0))
        return self.report(state, [worst], aim)

    def latest(self, aim: Fraction) -> Progress:
        rows = self.used[-1:]
        if not rows:
            return self.report(self.undecided)
        known, year, begin = _known(rows), rows[0].to_fy, self.goal.baseline_fy
        expected, elapsed, years = aim if self.rule is Rule.ANNUAL else None, None, None
        if (
            self.start is not None
            and begin
            and year
            and self.last
            and self.last > begin
            and self.rule is not Rule.ANNUAL
        ):
            elapsed, years = year - begin, self.last - begin
            if self.rule is not Rule.RANK:
                expected = self.start + (aim - self.start) * elapsed / years
        return self.report(self.state(known, aim, expected, year), rows, expected, elapsed, years)

    def state(self, known: _Known, aim: Fraction, expected: Fraction | None, year: int | None) -> State:
        met = self.meets(known, aim)
        is_final = self.ended and year == self.last and self.rule is not Rule.ANNUAL
        if met and (is_final or not (self.is_held or self.rule in {Rule.PERIOD, Rule.ANNUAL})):
            return State.REACHED
        if self.ended and not is_final:
            return State.NOT_PUBLISHED
        if met:
            return State.ON_COURSE
        if self.start is not None and known.meets(self.start, self.way) is False:
            return State.WORSE
        if is_final or self.rule is Rule.ANNUAL:
            return self.against(met)
        return self.against(None if expected is None else known.meets(expected, self.way))

    def report(
        self,
        state: State,
        rows: Sequence[Result] = (),
        expected: Fraction | None = None,
        elapsed: int | None = None,
        years: int | None = None,
    ) -> Progress:
        known = _known(rows)
        actual = known.number if rows else None
        return Progress(
            state=state,
            rule=self.rule,
            percent=_rounded(self.percent(actual), 1, Fraction(100)),
            start=_printed(self.start),
            start_year=None if self.start is None else self.goal.baseline_fy,
            actual=_printed(actual),
            bound=known.bound,
            years=_years(rows),
            goal=_printed(self.aim),
            expected=_rounded(expected, _places(self.aim or Fraction(0)) + 1, actual),
            elapsed_years=elapsed,
            total_years=years,
            is_provisional=_is_provisional(rows),
        )

    def percent(self, actual: Fraction | None) -> Fraction | None:
        if actual is None or self.aim is None or self.rule is Rule.RANK:
            return None
        lies_ahead = self.way * self.aim > 0
        if self.start is None or (lies_ahead and self.rule in {Rule.ANNUAL, Rule.ANNUAL_EVERY}):
            return 100 * actual / self.aim if lies_ahead else None
        if self.is_held or self.aim == self.start:
            return None
        return 100 * (actual - self.start) / (self.aim - self.start)
