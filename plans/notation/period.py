"""Periods of plans and figures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plans.notation.reading import Reading, Unread
from plans.notation.text import plain
from plans.notation.tokens import Kind, tokens_of
from plans.notation.years import Span


@dataclass(frozen=True, slots=True)
class Period(Reading):
    """A period: its first and last year, or the year until whose end something is to be done."""

    from_fy: int | None = None
    to_fy: int | None = None
    deadline_fy: int | None = None
    calendar: str | None = None  # FY, CY


_AROUND = frozenset({Kind.SPAN, Kind.TEXT, Kind.OPEN, Kind.CLOSE, Kind.STOP, Kind.CUMULATIVE})
_BRIEF = re.compile("(2[4-9]|3[0-9])年")  # 28年 = 2028
# The year of a law, a decision or a document.
_NOT_BEHIND = re.compile(
    r"[-~]|以外|でな|を除|の[翌前]"
    r"|\(?(?:法律|[政省府]令|告示|第|閣議|[^()]{0,8}(?:決定|改[定訂]|変更|公表)|[^()]{0,4}白書|版)"
)


def read_period(text: str) -> Period | None:
    """Read a period (対象期間: 2025-2029年度, 令和2年度から令和6年度まで, R8まで), or None.

    Words around it are passed over, a second year or another number is not. A day is no period, nor is a date that is
    still to be filled in (12月XX日).
    """
    if brief := _BRIEF.fullmatch(plain(text)):
        year = 2000 + int(brief[1])
        return Period(from_fy=year, to_fy=year, calendar="CY")
    try:
        tokens = tokens_of(text)
    except Unread:
        return None
    kinds = [token.kind for token in tokens]
    if kinds.count(Kind.SPAN) != 1 or not _AROUND.issuperset(kinds):
        return None
    place = kinds.index(Kind.SPAN)
    span, behind = tokens[place].span, "".join(token.text for token in tokens[place + 1 :])
    return None if span is None or _NOT_BEHIND.match(behind) else period_of(span)


def period_of(span: Span) -> Period | None:
    """The period that a span of years is; None for a day."""
    if span.is_date:
        return None
    if span.deadline:
        return Period(deadline_fy=span.first, calendar=span.calendar)
    return Period(from_fy=span.first, to_fy=span.last, calendar=span.calendar)
