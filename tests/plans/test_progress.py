"""How far a target has come: each rule by example, and what holds for all goals and results."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from plans.progress import Goal, Progress, Result, Rule, State, progress, year_end

BEFORE = datetime.date(2026, 3, 31)  # the last day of FY2025
AFTER = {year: datetime.date(year + 1, 4, 1) for year in range(2022, 2032)}  # the day after a fiscal year

D = Decimal
TOTAL = Goal(
    kind="level", comparator="=", value=D(130), unit="件", per="year", cumulative=D(650), cumulative_from=2025,
    cumulative_to=2029,
)  # fmt: skip
ANNUAL = Goal(kind="level", comparator="=", value=D(130), unit="件", per="year", from_fy=2025, to_fy=2029)
SITES = Goal(kind="level", comparator="=", value=D(16), unit="拠点", baseline=D(0), baseline_fy=2023, target_fy=2028)
SHARE = Goal(kind="level", comparator=">=", value=D(65), unit="%", baseline=D("56.7"), baseline_fy=2023, target_fy=2029)
FALLING = Goal(kind="level", value=D(20), baseline=D(100), baseline_fy=2024, target_fy=2028)
FLOOR = Goal(kind="level", comparator=">=", value=D(10), unit="社", from_fy=2024, target_fy=2028)
TWICE = Goal(kind="ratio", value=D(2), unit="倍", baseline_fy=2023, target_fy=2028)


def of(year: int, value: str | int | None, to: int | None = None, **others: Any) -> Result:
    """The result of a year, or of the years up to another."""
    number = None if value is None else D(value)
    return Result(from_fy=year, to_fy=to or year, value=number, code=f"{year}-{to or year}", **others)


def said(goal: Goal, today: datetime.date, *results: Result) -> tuple[Any, ...]:
    return parts(progress(goal, results, today), "state", "percent")


def parts(made: Progress, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(made, name) for name in names)


def codes(rows: Iterable[Result]) -> list[str]:
    return [row.code for row in rows]


def stood_for(rows: Iterable[Result]) -> list[tuple[str, Decimal | None]]:
    return [(row.code, row.value) for row in rows]


# Years


def test_fiscal_year_ends_in_march_and_calendar_year_in_december() -> None:
    assert year_end(2029) == datetime.date(2030, 3, 31)
    assert year_end(2029, "CY") == datetime.date(2029, 12, 31)
    assert (year_end(0), year_end(9999)) == (datetime.date.min, datetime.date.max)  # what the calendar does not reach


def test_year_is_over_on_the_day_after_its_end() -> None:
    results = [of(2025, 130)]
    assert progress(TOTAL, results, BEFORE).counted == ()
    assert codes(progress(TOTAL, results, AFTER[2025]).counted) == ["2025-2025"]


# Without results


def test_nothing_is_due_before_the_first_year_is_over() -> None:
    assert progress(TOTAL, [], BEFORE) == Progress(
        state=State.NOT_DUE,
        rule=Rule.CUMULATIVE,
        unit="件",
        first_year=2025,
        last_year=2029,
        goal=D(650),
        next_due=datetime.date(2026, 3, 31),
    )


def test_year_that_is_over_without_a_value_is_not_published_and_not_zero() -> None:
    assert progress(TOTAL, [of(2025, None)], AFTER[2026]) == Progress(
        state=State.NOT_PUBLISHED,
        rule=Rule.CUMULATIVE,
        unit="件",
        first_year=2025,
        last_year=2029,
        goal=D(650),
        next_due=datetime.date(2028, 3, 31),
        overdue_years=(2025, 2026),
    )


def test_calendar_years_are_due_in_december() -> None:
    goal = replace(TOTAL, calendar="CY")
    assert progress(goal, [], datetime.date(2025, 12, 31)).state == State.NOT_DUE
    assert progress(goal, [], datetime.date(2026, 1, 1)).overdue_years == (2025,)


def test_goal_without_years_counts_no_result() -> None:
    goal = Goal(kind="level", cumulative=D(50), unit="件")
    made = progress(goal, [of(2025, 60, unit="件")], AFTER[2029])
    assert made == Progress(state=State.NOT_PUBLISHED, rule=Rule.CUMULATIVE, unit="件", goal=D(50))


def test_result_without_a_period_never_counts() -> None:
    result = Result(from_fy=None, to_fy=None, value=D(650), is_final=True)
    assert progress(TOTAL, [result], AFTER[2029]).counted == ()
    assert progress(TOTAL, [replace(result, to_fy=2025)], AFTER[2029]).counted == ()


@pytest.mark.parametrize(
    ("goal", "years"),
    [
        (TOTAL, (2025, 2029)),
        (replace(TOTAL, cumulative_from=None, from_fy=2026), (2026, 2029)),
        (replace(TOTAL, cumulative_to=None, deadline_fy=2028), (2025, 2028)),
        (ANNUAL, (2025, 2029)),
        (SITES, (2024, 2028)),
        (replace(SITES, from_fy=2026), (2026, 2028)),
        (replace(SITES, from_fy=2020), (2024, 2028)),
        (replace(FLOOR, from_fy=None), (2028, 2028)),
        (replace(FLOOR, target_fy=None), (2024, None)),
        (TWICE, (2024, 2028)),
        (Goal(kind="milestone", from_fy=2025, deadline_fy=2026), (2025, 2026)),
        (Goal(kind="level", cumulative=D(50)), (None, None)),
    ],
)
def test_years_of_the_goal_are_those_whose_results_count(goal: Goal, years: tuple[int | None, int | None]) -> None:
    made = progress(goal, [], BEFORE)
    assert (made.first_year, made.last_year) == years
    first, last = years
    if first is not None and goal.kind == "level":
        results = [of(first - 1, 1), of(first, 2), of(last or 2031, 3), of((last or 2031) + 1, 4)]
        inside = results[1:3] if last else results[1:]
        expected = list(dict.fromkeys(codes(inside)))
        assert codes(progress(goal, results, datetime.date(2040, 1, 1)).counted) == expected


# What counts, and what is for reference


def test_total_counts_each_year_once_and_grows() -> None:
    results = [of(2025, 140, is_final=False), of(2025, 120, is_final=True), of(2026, 100), of(2028, 90)]
    made = progress(TOTAL, results, AFTER[2028])
    assert stood_for(made.counted) == [("2025-2025", D(120)), ("2026-2026", D(220)), ("2028-2028", D(310))]
    assert made.counted[-1].value == made.actual
    assert (made.reference, made.overdue_years) == ((), (2027,))


def test_total_is_provisional_and_a_bound_from_its_first_such_part_on() -> None:
    results = [of(2025, 1), of(2026, 2, is_final=False), of(2027, 3, is_final=True, comparator=">="), of(2028, 4)]
    made = progress(TOTAL, results, AFTER[2028])
    assert [(row.is_final, row.comparator) for row in made.counted] == [
        (None, ""),
        (False, ""),
        (False, ">="),
        (False, ">="),
    ]
    assert parts(made, "is_provisional", "bound") == (True, ">=")


def test_years_of_an_annual_goal_grow_to_a_total_when_all_are_over() -> None:
    results = [of(2025 + n, 130) for n in range(5)]
    assert [row.value for row in progress(ANNUAL, results[:4], AFTER[2028]).counted] == [130] * 4
    made = progress(ANNUAL, results, AFTER[2029])
    assert [row.value for row in made.counted] == [130, 260, 390, 520, 650]


def test_value_of_other_years_is_for_reference() -> None:
    """Not one that lies partly in the goal's years, which is neither."""
    results = [
        of(2020, 90),
        of(2024, 100),
        of(2023, 230, to=2025),
        of(2025, 120),
        of(2029, 250, to=2030),
        of(2030, 130),
        of(2031, 140),
    ]
    made = progress(TOTAL, results, AFTER[2030])
    assert codes(made.counted) == ["2025-2025"]
    assert stood_for(made.reference) == [("2020-2020", D(90)), ("2024-2024", D(100)), ("2030-2030", D(130))]


def test_values_for_reference_are_final_before_others_and_disjoint() -> None:
    results = [
        of(2023, 1, is_final=True),
        of(2023, 2, is_final=False),
        of(2023, 3, to=2024),
        of(2020, 4, to=2021),
        of(2024, None),
    ]
    made = progress(TOTAL, results, AFTER[2024])
    assert stood_for(made.reference) == [("2020-2021", D(4)), ("2023-2024", D(3))]
    assert stood_for(progress(TOTAL, results[:2], AFTER[2024]).reference) == [("2023-2023", D(1))]


def test_several_years_as_one_are_no_reference_for_an_annual_value() -> None:
    results = [of(2020, 520, to=2024), of(2024, 100)]
    assert codes(progress(ANNUAL, results, AFTER[2024]).reference) == ["2024-2024"]


def test_start_is_told_once() -> None:
    assert progress(SITES, [of(2023, 0)], AFTER[2024]).reference == ()
    assert codes(progress(SITES, [of(2023, 1), of(2022, 0)], AFTER[2024]).reference) == ["2022-2022", "2023-2023"]
    goal = replace(ANNUAL, baseline=D(110), baseline_fy=2024)
    results = [of(2024, 110), *(of(2025 + n, 130) for n in range(5))]
    assert codes(progress(goal, results, AFTER[2028]).reference) == []
    assert codes(progress(goal, results, AFTER[2029]).reference) == ["2024-2024"]  # a total has no start


def test_value_in_another_unit_or_calendar_is_not_set_beside_the_others() -> None:
    results = [
        of(2024, 55, unit="件"),
        of(2024, 54, calendar="CY"),
        of(2025, 60, unit="件"),
        of(2025, 61, calendar="CY"),
    ]
    made = progress(SHARE, results, AFTER[2025])
    assert (made.counted, made.reference, made.overdue_years) == ((), (), (2024, 2025))


# Totals


def test_total_is_compared_with_the_share_of_the_reported_years() -> None:
    results = [of(2025, 128, unit="件"), of(2027, 145, unit="件", is_final=False)]
    made = progress(TOTAL, results, AFTER[2027])
    assert made == Progress(
        state=State.ON_COURSE,
        rule=Rule.CUMULATIVE,
        unit="件",
        first_year=2025,
        last_year=2029,
        percent=D(42),
        actual=D(273),
        years=(2025, 2027),
        goal=D(650),
        expected=D(260),
        elapsed_years=2,
        total_years=5,
        counted=(results[0], replace(results[1], value=D(273))),
        is_provisional=True,
        next_due=datetime.date(2029, 3, 31),
        overdue_years=(2026,),
    )
    assert progress(TOTAL, [of(2025, 129)], AFTER[2027]).state == State.BELOW_COURSE


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ((130, 130, 130, 130, 130), State.REACHED),
        ((130, 130, 130, 130, 129), State.BELOW_COURSE),
        ((130, 130, 130, 259, 1), State.REACHED),
        ((0, 0, 0, 0, 0), State.BELOW_COURSE),
    ],
)
def test_total_is_judged_for_good_when_all_years_are_over(values: tuple[int, ...], state: State) -> None:
    results = [of(2025 + n, value) for n, value in enumerate(values)]
    assert progress(TOTAL, results, AFTER[2029]).state == state


def test_total_is_reached_only_in_full() -> None:
    assert progress(TOTAL, [of(2025, 325), of(2026, 324)], AFTER[2026]).state == State.ON_COURSE
    assert said(TOTAL, AFTER[2026], of(2025, 325), of(2026, 325)) == (State.REACHED, 100)


def test_total_that_lacks_a_year_at_the_end_is_not_judged() -> None:
    made = progress(TOTAL, [of(2025 + n, 140) for n in range(4)], AFTER[2029])
    assert parts(made, "state", "actual", "overdue_years") == (State.NOT_PUBLISHED, 560, (2029,))


def test_strict_total_must_be_passed() -> None:
    goal = replace(TOTAL, comparator=">")
    assert progress(goal, [of(2025, 650)], AFTER[2025]).state == State.ON_COURSE
    assert progress(goal, [of(2025, 651)], AFTER[2025]).state == State.REACHED


def test_total_as_a_ceiling_is_kept_only_when_all_years_are_over() -> None:
    goal = replace(TOTAL, comparator="<=", cumulative=D(50))
    assert said(goal, AFTER[2025], of(2025, 10)) == (State.ON_COURSE, None)
    assert said(goal, AFTER[2025], of(2025, 11)) == (State.BELOW_COURSE, None)
    years = [of(2025 + n, 10) for n in range(5)]
    assert said(goal, AFTER[2029], *years) == (State.REACHED, None)
    assert said(goal, AFTER[2029], *years[:4]) == (State.NOT_PUBLISHED, None)


def test_overlapping_results_are_counted_once() -> None:
    results = [of(2025, 100), of(2026, 110), of(2025, 330, to=2027), of(2027, 120), of(2026, 240, to=2027)]
    for order in permutations(results):
        made = progress(TOTAL, order, AFTER[2027])
        assert made.actual == 330
        assert stood_for(made.counted) == [("2025-2025", D(100)), ("2026-2026", D(210)), ("2027-2027", D(330))]


def test_overlapping_results_that_are_final_come_first() -> None:
    results = [of(2025, 100), of(2026, 110), of(2025, 215, to=2026, is_final=True)]
    assert progress(TOTAL, results, AFTER[2026]).actual == 215


def test_multi_year_result_stands_for_years_without_one_of_their_own() -> None:
    made = progress(TOTAL, [of(2025, 100), of(2025, 330, to=2027), of(2028, 140)], AFTER[2028])
    assert parts(made, "actual", "years", "overdue_years") == (470, (2025, 2026, 2027, 2028), ())


def test_result_that_reaches_beyond_the_years_of_the_goal_does_not_count() -> None:
    assert progress(TOTAL, [of(2024, 300, to=2025), of(2029, 300, to=2030)], AFTER[2030]).counted == ()


# Which value of a year


def test_final_value_replaces_a_provisional_one() -> None:
    early, final = of(2025, 140, is_final=False), of(2025, 120, is_final=True)
    for results in ([early, final], [final, early]):
        made = progress(ANNUAL, results, AFTER[2025])
        assert parts(made, "actual", "is_provisional") == (120, False)


def test_last_of_several_values_counts_where_none_is_final() -> None:
    results = [of(2025, 140), of(2025, 120, is_final=False)]
    assert progress(ANNUAL, results, AFTER[2025]).actual == 120
    assert progress(ANNUAL, results, AFTER[2025]).is_provisional
    assert progress(ANNUAL, results[::-1], AFTER[2025]).actual == 140


def test_value_in_another_unit_does_not_count() -> None:
    assert progress(ANNUAL, [of(2025, 200, unit="社")], AFTER[2025]).state == State.NOT_PUBLISHED
    assert progress(ANNUAL, [of(2025, 200)], AFTER[2025]).actual == 200
    assert progress(SHARE, [of(2025, 60, unit="％")], AFTER[2025]).actual == 60


def test_unit_is_that_of_the_goal_else_of_the_results() -> None:
    assert progress(replace(SHARE, unit="％"), [of(2025, 60), of(2026, 61, unit=" % ")], AFTER[2026]).actual == 61
    assert progress(replace(SHARE, unit="％"), [], BEFORE).unit == "%"
    blank = replace(ANNUAL, unit="")
    made = progress(blank, [of(2024, 1, unit="社"), of(2025, 140, unit="件"), of(2026, 150)], AFTER[2026])
    assert (made.unit, codes(made.counted), made.reference) == ("件", ["2025-2025", "2026-2026"], ())


def test_numbers_in_several_units_are_not_compared_where_the_goal_names_none() -> None:
    results = [of(2025, 140, unit="件"), of(2026, 150, unit="社")]
    assert parts(progress(replace(ANNUAL, unit=""), results, AFTER[2026]), "unit", "counted") == ("", ())
    seen = progress(Goal(kind="observe", from_fy=2025, to_fy=2029), results, AFTER[2026])
    assert codes(seen.counted) == ["2025-2025", "2026-2026"]


def test_value_in_another_calendar_does_not_count() -> None:
    assert progress(ANNUAL, [of(2025, 200, calendar="CY")], AFTER[2025]).counted == ()
    assert progress(ANNUAL, [of(2025, 200, calendar="FY")], AFTER[2025]).actual == 200


# Annual values


def test_annual_goal_is_compared_with_the_latest_reported_year() -> None:
    results = [of(2026, 169, unit="件"), of(2025, 65, unit="件")]
    made = progress(ANNUAL, results, AFTER[2027])
    assert made == Progress(
        state=State.ON_COURSE,
        rule=Rule.ANNUAL,
        unit="件",
        first_year=2025,
        last_year=2029,
        percent=D(130),
        actual=D(169),
        years=(2026,),
        goal=D(130),
        expected=D(130),
        counted=(results[1], results[0]),
        next_due=datetime.date(2029, 3, 31),
        overdue_years=(2027,),
    )
    assert said(ANNUAL, AFTER[2025], of(2025, 65)) == (State.BELOW_COURSE, 50)
    assert said(replace(ANNUAL, comparator=">"), AFTER[2025], of(2025, 130)) == (State.BELOW_COURSE, 100)


def test_annual_value_of_one_year_is_a_level() -> None:
    goal = replace(ANNUAL, baseline=D(110), baseline_fy=2024, target_fy=2028)
    assert progress(goal, [], AFTER[2025]).rule == Rule.LEVEL_FROM_BASELINE
    assert said(goal, AFTER[2025], of(2025, 115)) == (State.ON_COURSE, 25)


def test_annual_goal_is_reached_when_the_sum_of_all_years_is() -> None:
    values = [of(2025 + n, value) for n, value in enumerate((100, 160, 130, 130, 130))]
    made = progress(ANNUAL, values, AFTER[2029])
    assert parts(made, "state", "rule", "actual", "goal") == (State.REACHED, Rule.ANNUAL_TOTAL, 650, 650)
    assert said(ANNUAL, AFTER[2029], *values[:4]) == (State.NOT_PUBLISHED, 100)
    assert said(ANNUAL, AFTER[2029], *values[:4], of(2029, 0)) == (State.BELOW_COURSE, 80)


def test_annual_share_is_reached_when_every_year_is() -> None:
    goal = replace(ANNUAL, value=D(40), unit="%")
    values = [of(2025 + n, value) for n, value in enumerate((90, 40, 45, 41, 44))]
    made = progress(goal, values, AFTER[2029])
    assert parts(made, "state", "rule", "years", "percent") == (State.REACHED, Rule.ANNUAL_EVERY, (2026,), 100)
    assert said(goal, AFTER[2029], *values[:4], of(2029, 30)) == (State.BELOW_COURSE, 75)


def test_annual_value_below_the_start_is_worse() -> None:
    goal = replace(ANNUAL, delta=D(20))  # 130件/年(20件増)
    made = progress(goal, [of(2025, 104)], AFTER[2025])
    assert parts(made, "state", "start", "percent") == (State.WORSE, 110, 80)
    assert said(goal, AFTER[2025], of(2025, 117)) == (State.BELOW_COURSE, 90)


def test_annual_goal_that_falls_is_measured_from_its_start() -> None:
    goal = replace(ANNUAL, value=D(100), baseline=D(120), baseline_fy=2024)
    assert said(goal, AFTER[2025], of(2025, 115)) == (State.BELOW_COURSE, 25)
    assert said(goal, AFTER[2025], of(2025, 90)) == (State.ON_COURSE, 150)
    assert said(goal, AFTER[2025], of(2025, 125)) == (State.WORSE, -25)


def test_multi_year_value_is_no_annual_value() -> None:
    made = progress(ANNUAL, [of(2025, 300, to=2026)], AFTER[2026])
    assert parts(made, "state", "actual", "overdue_years") == (State.NOT_DUE, None, ())


# Levels with a start


def test_level_is_compared_with_the_straight_line_from_its_start() -> None:
    result = of(2025, 8, unit="拠点")
    made = progress(SITES, [result], AFTER[2026])
    assert made == Progress(
        state=State.ON_COURSE,
        rule=Rule.LEVEL_FROM_BASELINE,
        unit="拠点",
        first_year=2024,
        last_year=2028,
        percent=D(50),
        start=D(0),
        start_year=2023,
        actual=D(8),
        years=(2025,),
        goal=D(16),
        expected=D("6.4"),
        elapsed_years=2,
        total_years=5,
        counted=(result,),
        next_due=datetime.date(2028, 3, 31),
        overdue_years=(2024, 2026),
    )
    assert made.actual_year == 2025
    assert progress(SITES, [of(2025, 6)], AFTER[2025]).state == State.BELOW_COURSE


def test_value_if_on_course_is_told_with_one_place_more_than_the_goal() -> None:
    made = progress(replace(SHARE, value=D("65.0000")), [of(2024, 60)], AFTER[2024])
    assert str(made.expected) == "58.1"  # 56.7 + 8.3 ÷ 6
    assert str(progress(replace(SHARE, value=D("65.25")), [of(2024, 60)], AFTER[2024]).expected) == "58.125"
    assert progress(TWICE, [of(2023, 1), of(2024, 2)], AFTER[2024]).expected == D("1.2")


def test_rounding_never_moves_a_number_across_the_one_it_is_compared_with() -> None:
    made = progress(SHARE, [of(2024, "58.1")], AFTER[2024])
    assert parts(made, "state", "expected") == (State.ON_COURSE, D("58.08"))
    made = progress(SHARE, [of(2024, "58.083")], AFTER[2024])
    assert parts(made, "state", "expected") == (State.BELOW_COURSE, D("58.1"))
    made = progress(TOTAL, [of(2025, "649.9")], AFTER[2025])
    assert parts(made, "state", "percent") == (State.ON_COURSE, D("99.98"))
    assert progress(TOTAL, [of(2025, "640.1")], AFTER[2025]).percent == D("98.5")


def test_zero_start_is_a_number() -> None:
    """Not 0.001: two of sixteen are an eighth, and nothing done is nothing."""
    assert said(SITES, AFTER[2024], of(2024, 2)) == (State.BELOW_COURSE, D("12.5"))
    assert said(SITES, AFTER[2024], of(2024, 0)) == (State.BELOW_COURSE, 0)


def test_zero_goal_is_a_number() -> None:
    goal = replace(FALLING, value=D(0))
    assert said(goal, AFTER[2025], of(2025, 40)) == (State.ON_COURSE, 60)
    assert said(goal, AFTER[2025], of(2025, 0)) == (State.REACHED, 100)


def test_falling_goal_is_counted_downwards() -> None:
    assert said(FALLING, AFTER[2025], of(2025, 80)) == (State.ON_COURSE, 25)
    assert said(FALLING, AFTER[2025], of(2025, 81)) == (State.BELOW_COURSE, D("23.8"))
    assert said(FALLING, AFTER[2025], of(2025, 10)) == (State.REACHED, D("112.5"))
    assert said(FALLING, AFTER[2025], of(2025, 120)) == (State.WORSE, -25)


def test_late_years_are_told_whatever_the_state() -> None:
    assert progress(FALLING, [of(2026, 10)], AFTER[2027]).overdue_years == (2025, 2027)
    assert progress(FALLING, [of(2026, 110)], AFTER[2027]).overdue_years == (2025, 2027)
    assert progress(Goal(kind="observe", from_fy=2025, to_fy=2029), [], AFTER[2026]).overdue_years == (2025, 2026)


def test_percentage_is_not_capped() -> None:
    assert said(SITES, AFTER[2025], of(2025, 40)) == (State.REACHED, 250)
    assert said(SHARE, AFTER[2025], of(2025, "48.4")) == (State.WORSE, -100)
    assert said(TOTAL, AFTER[2025], of(2025, 6500)) == (State.REACHED, 1000)


def test_level_at_its_year_is_judged_for_good() -> None:
    assert said(SHARE, AFTER[2029], of(2029, 65)) == (State.REACHED, 100)
    assert progress(SHARE, [of(2029, "64.9")], AFTER[2029]).state == State.BELOW_COURSE
    assert progress(SHARE, [of(2029, 50)], AFTER[2029]).state == State.WORSE


def test_level_without_the_value_of_its_year_is_not_judged() -> None:
    made = progress(SHARE, [of(2028, "64.9")], AFTER[2029])
    assert parts(made, "state", "actual", "overdue_years") == (
        State.NOT_PUBLISHED,
        D("64.9"),
        (2024, 2025, 2026, 2027, 2029),
    )


def test_later_value_takes_reached_back() -> None:
    assert progress(SITES, [of(2025, 17), of(2026, 15)], AFTER[2026]).state == State.ON_COURSE


def test_result_of_the_start_year_is_the_start() -> None:
    goal = replace(SHARE, baseline=None)
    made = progress(goal, [of(2023, "56.7"), of(2026, "60.85"), of(2022, 30)], AFTER[2026])
    assert replace(made, reference=()) == progress(SHARE, [of(2026, "60.85")], AFTER[2026])
    assert parts(made, "start", "percent") == (D("56.7"), 50)
    assert (codes(made.counted), codes(made.reference)) == (["2026-2026"], ["2022-2022"])
    assert progress(goal, [of(2023, 56, comparator=">=")], AFTER[2026]).start is None


def test_difference_makes_a_goal_of_a_start() -> None:
    goal = Goal(kind="level", delta=D(20), baseline_fy=2024, target_fy=2028)
    made = progress(goal, [of(2024, 110), of(2026, 120)], AFTER[2026])
    assert parts(made, "goal", "percent", "state") == (130, 50, State.ON_COURSE)
    assert progress(goal, [], AFTER[2026]).rule == Rule.UNREAD


def test_level_without_a_year_has_no_course() -> None:
    goal = Goal(kind="level", value=D(150), baseline=D(100), baseline_fy=2021)
    made = progress(goal, [of(2025, 125)], AFTER[2026])
    assert parts(made, "state", "percent", "expected", "next_due") == (State.NOT_DUE, 50, None, None)
    assert progress(goal, [of(2025, 150)], AFTER[2026]).state == State.REACHED
    assert progress(goal, [of(2025, 99)], AFTER[2026]).state == State.WORSE


def test_goal_that_is_met_at_the_start_is_to_be_held() -> None:
    for start in (65, 70):
        goal = replace(SHARE, baseline=D(start))
        assert progress(goal, [of(2025, 66)], AFTER[2025]).rule == Rule.HOLD
        assert said(goal, AFTER[2025], of(2025, 66)) == (State.ON_COURSE, None)
        assert said(goal, AFTER[2025], of(2025, 64)) == (State.WORSE, None)
        assert said(goal, AFTER[2029], of(2029, 65)) == (State.REACHED, None)
        assert said(goal, AFTER[2029], of(2029, 64)) == (State.WORSE, None)
        assert said(goal, AFTER[2029], of(2028, 66)) == (State.NOT_PUBLISHED, None)


def test_start_equal_to_the_goal_is_to_be_held_without_a_comparator() -> None:
    goal = replace(SHARE, comparator="=", baseline=D(65))
    assert said(goal, AFTER[2025], of(2025, 65)) == (State.ON_COURSE, None)
    assert said(goal, AFTER[2025], of(2025, 64)) == (State.WORSE, None)


def test_zero_to_be_kept_is_left_by_any_other_number() -> None:
    goal = Goal(kind="level", value=D(0), baseline=D(0), baseline_fy=2024, target_fy=2026)
    assert said(goal, AFTER[2025], of(2025, 0)) == (State.ON_COURSE, None)
    assert said(goal, AFTER[2025], of(2025, 1)) == (State.WORSE, None)
    assert said(goal, AFTER[2026], of(2026, 0)) == (State.REACHED, None)


def test_strict_goal_is_not_met_by_its_own_value() -> None:
    strict = replace(SHARE, comparator=">")
    assert progress(strict, [of(2029, 65)], AFTER[2029]).state == State.BELOW_COURSE
    assert said(replace(strict, baseline=D(65)), AFTER[2025], of(2025, 65)) == (State.ON_COURSE, None)
    assert said(replace(strict, baseline=D(65)), AFTER[2025], of(2025, 66)) == (State.REACHED, None)


# Levels without a start, ranks, ratios


def test_floor_is_judged_when_it_is_met_or_at_its_year() -> None:
    assert progress(FLOOR, [], AFTER[2025]).rule == Rule.FLOOR
    assert said(FLOOR, AFTER[2025], of(2025, 8)) == (State.NOT_DUE, 80)
    assert said(FLOOR, AFTER[2025], of(2025, 10)) == (State.REACHED, 100)
    assert said(FLOOR, AFTER[2028], of(2028, 9)) == (State.BELOW_COURSE, 90)
    assert said(FLOOR, AFTER[2028], of(2027, 9)) == (State.NOT_PUBLISHED, 90)


def test_ceiling_has_no_percentage() -> None:
    goal = replace(FLOOR, comparator="<=")
    assert progress(goal, [], AFTER[2025]).rule == Rule.CEILING
    assert said(goal, AFTER[2025], of(2025, 8)) == (State.REACHED, None)
    assert said(goal, AFTER[2028], of(2028, 11)) == (State.BELOW_COURSE, None)
    assert progress(replace(goal, comparator="<"), [of(2028, 10)], AFTER[2028]).state == State.BELOW_COURSE


def test_level_without_first_year_counts_only_its_own() -> None:
    goal = replace(FLOOR, from_fy=None)
    assert progress(goal, [of(2023, 12), of(2027, 12)], AFTER[2027]).state == State.NOT_DUE
    assert progress(goal, [of(2028, 12)], AFTER[2028]).state == State.REACHED


def test_rank_has_neither_percentage_nor_line() -> None:
    goal = Goal(kind="rank", comparator="<=", value=D(10), unit="位", baseline=D(20), baseline_fy=2023, target_fy=2028)
    made = progress(goal, [of(2026, 14)], AFTER[2026])
    assert parts(made, "state", "rule", "percent", "expected") == (State.NOT_DUE, Rule.RANK, None, None)
    assert said(goal, AFTER[2026], of(2026, 10)) == (State.REACHED, None)
    assert said(goal, AFTER[2026], of(2026, 21)) == (State.WORSE, None)
    assert said(goal, AFTER[2028], of(2028, 11)) == (State.BELOW_COURSE, None)
    assert said(replace(goal, comparator="", baseline=None), AFTER[2028], of(2028, 3)) == (State.REACHED, None)
    assert progress(replace(goal, cumulative=D(5)), [of(2026, 14)], AFTER[2026]) == made


def test_ratio_is_a_multiple_of_the_amount_of_the_base_year() -> None:
    results = [of(2023, 300, unit="億円"), of(2025, 450, unit="億円")]
    made = progress(TWICE, results, AFTER[2025])
    assert parts(made, "state", "rule", "percent") == (State.ON_COURSE, Rule.RATIO, 50)
    assert parts(made, "start", "goal", "expected") == (300, 600, 420)
    assert progress(replace(TWICE, baseline=D(300)), results[1:], AFTER[2025]) == made


def test_ratio_is_told_in_the_unit_of_its_amounts() -> None:
    made = progress(TWICE, [of(2022, 250, unit="億円"), of(2023, 300, unit="億円"), of(2025, 450)], AFTER[2025])
    assert (made.unit, codes(made.counted), codes(made.reference)) == ("億円", ["2025-2025"], ["2022-2022"])
    assert progress(TWICE, [of(2025, "1.5", unit="倍")], AFTER[2025]).unit == "倍"
    assert progress(TWICE, [], AFTER[2025]).unit == ""


def test_ratio_without_its_base_amount_has_no_percentage() -> None:
    made = progress(TWICE, [of(2025, 450, unit="億円")], AFTER[2025])
    assert parts(made, "state", "percent", "actual", "goal") == (State.NOT_DUE, None, 450, None)
    assert said(TWICE, AFTER[2025], of(2023, 0), of(2025, 450)) == (State.NOT_DUE, None)
    assert progress(TWICE, [of(2023, 300, unit="億円"), of(2025, 450, unit="ドル")], AFTER[2025]).counted == ()


def test_result_that_is_a_ratio_needs_no_base_amount() -> None:
    made = progress(TWICE, [of(2025, "1.5", unit="倍"), of(2026, 700, unit="億円")], AFTER[2026])
    assert parts(made, "start", "actual", "goal", "percent") == (1, D("1.5"), 2, 50)
    goal = replace(TWICE, value=D(150), unit="%")
    assert said(goal, AFTER[2028], of(2028, 150, unit="％")) == (State.REACHED, 100)
    assert said(goal, AFTER[2028], of(2023, 40), of(2028, 60)) == (State.REACHED, 100)


def test_value_for_some_years_as_one_is_met_by_the_result_of_just_these() -> None:
    goal = Goal(kind="level", value=D(3), unit="件", from_fy=2020, to_fy=2024)
    part = of(2020, 1, to=2021)
    made = progress(goal, [part], AFTER[2023])
    assert parts(made, "state", "rule", "actual") == (State.NOT_DUE, Rule.PERIOD, None)
    assert progress(goal, [part, of(2024, 3)], AFTER[2024]).state == State.NOT_PUBLISHED
    assert said(goal, AFTER[2024], part, of(2020, 3, to=2024)) == (State.REACHED, 100)
    assert progress(goal, [of(2020, 2, to=2024)], AFTER[2024]).state == State.BELOW_COURSE


def test_share_for_some_years_is_judged_by_the_latest() -> None:
    goal = Goal(kind="level", value=D(40), unit="%", from_fy=2025, to_fy=2029)
    assert said(goal, AFTER[2025], of(2025, 50)) == (State.ON_COURSE, 125)
    assert said(goal, AFTER[2025], of(2025, 30)) == (State.NOT_DUE, 75)
    assert said(goal, AFTER[2029], of(2025, 50), of(2029, 30)) == (State.BELOW_COURSE, 75)


# Words


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("milestone", Rule.MILESTONE),
        ("increase", Rule.INCREASE),
        ("contribute", Rule.CONTRIBUTE),
        ("", Rule.UNREAD),
        ("level", Rule.UNREAD),
        ("rank", Rule.UNREAD),
    ],
)
def test_words_have_no_percentage(kind: str, rule: Rule) -> None:
    value = D(20) if kind == "contribute" else None
    goal = Goal(kind=kind, value=value, from_fy=2025, deadline_fy=2026)
    assert progress(goal, [], BEFORE) == Progress(
        state=State.NOT_DUE,
        rule=rule,
        first_year=2025,
        last_year=2026,
        next_due=year_end(2026 if kind == "milestone" else 2025),
    )
    late = (2026,) if kind == "milestone" else (2025, 2026)
    assert progress(goal, [], AFTER[2026]) == Progress(
        state=State.NOT_PUBLISHED, rule=rule, first_year=2025, last_year=2026, overdue_years=late
    )
    results = (of(2025, 25, unit="件"), of(2026, 25, unit="件"))
    assert progress(goal, results, AFTER[2026]) == Progress(
        state=State.OBSERVED_ONLY, rule=rule, unit="件", first_year=2025, last_year=2026, counted=results
    )


def test_result_in_words_is_a_result_of_a_milestone_only() -> None:
    goal = Goal(kind="milestone", deadline_fy=2026)
    made = progress(goal, [of(2026, None)], AFTER[2026])
    assert (made.state, codes(made.counted)) == (State.OBSERVED_ONLY, ["2026-2026"])
    increase = Goal(kind="increase", from_fy=2026, to_fy=2026)
    assert progress(increase, [of(2026, None)], AFTER[2026]).state == State.NOT_PUBLISHED


def test_observed_series_is_only_observed() -> None:
    goal = Goal(kind="observe", from_fy=2025, to_fy=2029)
    assert progress(goal, [], BEFORE).state == State.OBSERVED_ONLY
    result = of(2025, 7, unit="件")
    assert progress(goal, [result], AFTER[2025]) == Progress(
        state=State.OBSERVED_ONLY,
        rule=Rule.OBSERVED,
        unit="件",
        first_year=2025,
        last_year=2029,
        counted=(result,),
        next_due=datetime.date(2027, 3, 31),
    )


# Bounds


def test_lower_bound_decides_where_it_suffices() -> None:
    made = progress(TOTAL, [of(2025, 650, comparator=">=")], AFTER[2025])
    assert parts(made, "state", "actual", "bound") == (State.REACHED, 650, ">=")
    assert progress(TOTAL, [of(2025, 130, comparator=">=")], AFTER[2025]).state == State.ON_COURSE
    assert progress(TOTAL, [of(2025, 129, comparator=">=")], AFTER[2025]).state == State.NOT_DUE
    assert progress(SITES, [of(2028, 15, comparator=">=")], AFTER[2028]).state == State.NOT_PUBLISHED
    years = [of(2025 + n, 120, comparator=">=") for n in range(5)]
    assert progress(TOTAL, years, AFTER[2029]).state == State.NOT_PUBLISHED


def test_upper_bound_decides_where_it_suffices() -> None:
    assert progress(SITES, [of(2028, 15, comparator="<=")], AFTER[2028]).state == State.BELOW_COURSE
    assert progress(SITES, [of(2028, 16, comparator="<=")], AFTER[2028]).state == State.NOT_PUBLISHED
    assert progress(SITES, [of(2028, 16, comparator="<")], AFTER[2028]).state == State.BELOW_COURSE
    assert progress(FALLING, [of(2028, 20, comparator="<=")], AFTER[2028]).state == State.REACHED


def test_open_bound_passes_a_strict_goal() -> None:
    strict = replace(FLOOR, comparator=">")
    assert progress(strict, [of(2028, 10, comparator=">")], AFTER[2028]).state == State.REACHED
    assert progress(strict, [of(2028, 10, comparator=">=")], AFTER[2028]).state == State.NOT_PUBLISHED
    assert progress(strict, [of(2028, 10, comparator="<=")], AFTER[2028]).state == State.BELOW_COURSE


def test_sum_of_bounds_on_both_sides_is_no_number() -> None:
    results = [of(2025, 650, comparator=">="), of(2026, 10, comparator="<=")]
    made = progress(TOTAL, results, AFTER[2026])
    assert parts(made, "state", "actual", "percent", "bound") == (State.NOT_DUE, None, None, "")


# What holds for all

numbers = st.one_of(
    st.integers(-5, 200).map(D),
    st.decimals(-1000, 1000, places=2),
    st.sampled_from([D(0), D("-0"), D("0E+9"), D("1E+40"), D("-1E-40")]),
)
odd_numbers = st.one_of(numbers, st.sampled_from([D("Infinity"), D("NaN"), D("sNaN"), D("1E+999999"), D("-9E-999999")]))
years = st.integers(2020, 2032)
odd_years = st.one_of(years, st.sampled_from([-(10**12), 0, 1, 9998, 9999, 10**12]))
comparators = st.sampled_from(["", "=", ">=", ">", "<=", "<"])
days = st.dates(datetime.date(2024, 1, 1), datetime.date(2033, 1, 1))
examples = settings(deadline=None, derandomize=True, max_examples=120)


def goals(
    kinds: list[str], number: st.SearchStrategy[Decimal] = numbers, year: st.SearchStrategy[int] = years
) -> st.SearchStrategy[Goal]:
    return st.builds(
        Goal,
        kind=st.sampled_from(kinds),
        comparator=comparators,
        unit=st.sampled_from([None, "件", "%", "倍"]),
        per=st.sampled_from(["", "", "year"]),
        calendar=st.sampled_from(["FY", "FY", "CY", ""]),
        **{name: st.none() | number for name in NUMBERS},
        **{name: st.none() | year for name in Goal.__dataclass_fields__ if name.endswith(("_fy", "_from", "_to"))},
    )


def rows(number: st.SearchStrategy[Decimal] = numbers, year: st.SearchStrategy[int] = years) -> st.SearchStrategy[Any]:
    """Results in the order of their codes; most of one year."""
    row = st.builds(
        lambda start, more, **others: Result(from_fy=start, to_fy=None if start is None else start + more, **others),
        st.one_of(year, year, st.none()),
        st.sampled_from([0, 0, 0, 1, 3]),
        value=st.none() | number,
        comparator=st.one_of(st.just(""), comparators),
        unit=st.sampled_from([None, None, "件", "%", "倍"]),
        is_final=st.sampled_from([None, True, False]),
    )
    return st.lists(row, max_size=8).map(lambda made: [replace(row, code=str(n)) for n, row in enumerate(made)])


NUMBERS = ("value", "cumulative", "baseline", "delta")
KINDS = ["level", "level", "level", "increase", "observe", "milestone", "ratio", "rank", "contribute", "", "other"]


WITHOUT_PERCENTAGE = {
    Rule.HOLD, Rule.RANK, Rule.INCREASE, Rule.MILESTONE, Rule.CONTRIBUTE, Rule.OBSERVED, Rule.UNREAD,
}  # fmt: skip


@examples
@given(goals(KINDS, odd_numbers, odd_years), rows(odd_numbers, odd_years), st.dates())
def test_progress_never_raises_and_never_shows_what_is_no_number(
    goal: Goal, results: list[Result], today: datetime.date
) -> None:
    made = progress(goal, results, today)
    shown = [made.percent, made.start, made.actual, made.goal, made.expected]
    assert all(number.is_finite() for number in shown if number is not None)
    if made.rule in WITHOUT_PERCENTAGE:
        assert made.percent is None
    assert len(made.years) == len(set(made.years))


TURNED = {">=": "<=", "<=": ">=", ">": "<", "<": ">"}


def turned(number: Decimal | None) -> Decimal | None:
    return None if number is None else -number


@examples
@given(goals(["level", "rank"]), rows(), days)
def test_turning_all_signs_keeps_the_state(goal: Goal, results: list[Result], today: datetime.date) -> None:
    assume(goal.kind == "level" or goal.comparator in TURNED)  # a rank without a comparator is down
    changes: dict[str, Any] = {name: turned(getattr(goal, name)) for name in NUMBERS}
    mirrored = replace(goal, comparator=TURNED.get(goal.comparator, goal.comparator), **changes)
    others = [
        replace(row, value=turned(row.value), comparator=TURNED.get(row.comparator, row.comparator)) for row in results
    ]
    made, other = progress(goal, results, today), progress(mirrored, others, today)
    assert (made.state, made.percent, codes(made.counted)) == (other.state, other.percent, codes(other.counted))


def scaled(number: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if number is None else number * factor


@examples
@given(goals(["level", "ratio"]), rows(), days, st.sampled_from([D("0.001"), D(3), D("1E+8")]))
def test_scaling_keeps_state_and_percentage(
    goal: Goal, results: list[Result], today: datetime.date, factor: Decimal
) -> None:
    """All but a ratio, which is of no unit; a result that is a ratio itself has none either."""
    names = ("baseline",) if goal.kind == "ratio" else NUMBERS
    assume(goal.kind == "level" or not goal.unit or all(row.unit != goal.unit for row in results))
    changes: dict[str, Any] = {name: scaled(getattr(goal, name), factor) for name in names}
    larger = replace(goal, **changes)
    others = [replace(row, value=scaled(row.value, factor)) for row in results]
    made, other = progress(goal, results, today), progress(larger, others, today)
    assert (made.state, made.percent, codes(made.counted)) == (other.state, other.percent, codes(other.counted))


@examples
@given(goals(KINDS), rows(), days, st.integers(0, 8), numbers, st.integers(2000, 2019), st.integers(0, 3))
def test_reference_value_changes_nothing(
    goal: Goal, results: list[Result], today: datetime.date, place: int, value: Decimal, year: int, more: int
) -> None:
    reference = Result(from_fy=year, to_fy=min(year + more, 2019), value=value, is_final=True, code="reference")
    made = progress(goal, [*results[:place], reference, *results[place:]], today)
    assert replace(made, reference=()) == replace(progress(goal, results, today), reference=())


ORDER = [State.BELOW_COURSE, State.ON_COURSE, State.REACHED]


@examples
@given(rows(st.integers(0, 400).map(D)), st.integers(0, 8), st.integers(1, 500), days)
def test_more_of_a_total_never_lowers_the_state(
    results: list[Result], place: int, more: int, today: datetime.date
) -> None:
    exact = [replace(row, comparator="") for row in results]
    raised = [
        replace(row, value=row.value + more) if n == place and row.value is not None else row
        for n, row in enumerate(exact)
    ]
    before, after = progress(TOTAL, exact, today), progress(TOTAL, raised, today)
    if before.state in ORDER:
        assert ORDER.index(after.state) >= ORDER.index(before.state)
    else:
        assert after.state in {before.state, State.REACHED}


@examples
@given(goals(KINDS), rows(), days, st.randoms(use_true_random=False))
def test_order_of_results_for_different_periods_does_not_matter(
    goal: Goal, results: list[Result], today: datetime.date, random: Any
) -> None:
    one_each = list({(row.from_fy, row.to_fy): row for row in results}.values())
    shuffled = list(one_each)
    random.shuffle(shuffled)
    assert progress(goal, shuffled, today) == progress(goal, one_each, today)
