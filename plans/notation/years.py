"""Years and spans of years: 2025~2029年度, 令和2~6年度, H29~R3, R8まで.

A fiscal year is named by the year in which it starts (April to March): R5 = 令和5年度 = 2023.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from plans.notation.reading import Unread

_BEFORE_FIRST = {"昭和": 1925, "平成": 1988, "H": 1988, "令和": 2018, "R": 2018}
_LAST = {"昭和": 64, "平成": 31, "H": 31, "令和": 42, "R": 42}  # nobody plans beyond 2060
_CALENDARS = {"年度": "FY", "年": "CY"}

_NAME = (
    r"(?:(?P<era>令和|平成|昭和|(?<![A-Za-z])[RH])(?P<n>元|[0-9]{1,2})"
    r"|(?P<fy>(?<![A-Za-z])FY)?(?P<west>(?:19|20)[0-9]{2}))(?![0-9])"
)
_YEAR = re.compile(_NAME + "(?P<suffix>年度|年)?")
_AGAIN = re.compile(r"\(" + _NAME + r"(?P<inner>年度|年)?\)(?P<suffix>年度|年)?")
_SHORT_OR_BARE = re.compile(r"(?P<n>[0-9]{1,2})(?:(?P<suffix>年度|年(?!間))|(?=$|[)、,:;。/ ]|まで|に(?!よ)|の|末))")
_SHORT = re.compile("(?P<n>[0-9]{1,2})(?P<suffix>年度|年(?!間))")
# 28年 = 2028. Not 10年 (a duration), and only where it stands for a time.
_BRIEF = re.compile("(?<![0-9.,])(?P<n>2[4-9]|3[0-9])(?:年度|年(?=に(?![一わ及])|まで|末|比|[0-9]{1,2}月))")
_TO = re.compile("[~-]|から")
_DATE = re.compile(r"([0-9]{1,2})月(?:([0-9]{1,2})日|(末日?))?|([./-])[0-9]{1,2}\4[0-9]{1,2}(?![0-9])")
_FOR_YEARS = re.compile("(?:の)?(?P<n>[0-9]{1,2})(?:年間|[かヶケカヵ箇]年間?)(?!計画|戦略)")
_VAGUE = re.compile(
    "頃|ごろ|ころ|央|前半|後半|半ば|上期|下期|上半期|下半期|[をの]?目途|[をの]?めど|代|以前|前(?!年)|より前"
)
_AFTER_BARE_ERA = re.compile(
    r"$|[)~→、,:;。/ ]|\.\.|-(?=[RH0-9令平])|まで|中?に(?!よ)|から|[比末以値]|の?(?:累[計積]|合計|計(?![画測]))"
    r"|の(?=[0-9]+[年かヶケカヵ箇]|約?[0-9.]+倍)|時点|実績|目標|当初|補正|予算|概算|要求"
)
_UNTIL = re.compile(r"まで(?:に(?:は)?)?|中(?:に|(?=$|[)、]))")
_SINCE = re.compile("以[降後]")
_MARCH = re.compile(r"年?\)?3月(?:31日|末日?)?")


@dataclass(frozen=True, slots=True)
class Span:
    """A year or some years in a text, and where they end in it."""

    end: int
    first: int | None = None
    last: int | None = None  # None: open
    calendar: str | None = None
    deadline: bool = False  # まで
    opens: bool = False  # から、以降
    is_date: bool = False  # a day or a month, of which only the year is known here

    @property
    def single(self) -> bool:
        return self.first is not None and self.first == self.last and not self.opens


@dataclass(frozen=True, slots=True)
class _Year:
    year: int
    calendar: str | None
    end: int
    era: str = ""  # empty: a western year
    is_short: bool = False  # R5, FY2025: how a fiscal year is abbreviated


def _count(era: str, number: str) -> int:
    n = 1 if number == "元" else int(number)
    if not 1 <= n <= _LAST[era]:
        raise Unread(f"no year: {era}{number}")
    return _BEFORE_FIRST[era] + n


def _named(found: re.Match[str]) -> tuple[int, str]:
    era = found["era"] or ""
    return (_count(era, found["n"]) if era else int(found["west"])), era


def _year_at(text: str, place: int) -> _Year | None:
    """A year by its own name, said once (R5) or in both ways that agree: 令和7(2025)年度."""
    found = _YEAR.match(text, place)
    if found is None:
        return None
    (year, era), suffix, end = _named(found), found["suffix"], found.end()
    if again := _AGAIN.match(text, end):
        if _named(again)[0] != year:
            raise Unread("two names of a year that do not agree")
        suffix, end = again["suffix"] or again["inner"] or suffix, again.end()
    if suffix is None and len(era) == 1 and _DATE.match(text, end) is None and not _AFTER_BARE_ERA.match(text, end):
        return None
    is_short = len(era) == 1 or bool(found["fy"])
    return _Year(year, _CALENDARS[suffix] if suffix else "FY" if is_short else None, end, era, is_short)


def _last_year(text: str, place: int, first: _Year) -> _Year | None:
    """The year behind a range mark; its era or century may be the first one's (令和2~6年度, 2025~29年度, R7~11)."""
    if named := _year_at(text, place):
        is_bare = named.calendar is None and first.is_short and _AFTER_BARE_ERA.match(text, named.end)
        return replace(named, calendar=first.calendar) if is_bare else named
    found = (_SHORT_OR_BARE if first.is_short else _SHORT).match(text, place)
    if found is None:
        return None
    calendar = _CALENDARS[found["suffix"]] if found["suffix"] else "FY"
    if first.era:
        return _Year(_count(first.era, found["n"]), calendar, found.end(), first.era)
    return _Year(first.year // 100 * 100 + int(found["n"]), calendar, found.end())


def _from_to(text: str, first: _Year) -> Span | None:
    """The range that a year begins, if it begins one. Without a named end it is open: 2025年度から."""
    mark = _TO.match(text, first.end)
    if mark is None:
        return None
    last = _last_year(text, mark.end(), first)
    if last is None:
        if text[mark.end() : mark.end() + 1].isdigit() and mark.group() != "から":
            raise Unread("a range without an end")
        if first.calendar is None or mark.group() == "-":
            return None
        span = Span(mark.end(), first.year, None, first.calendar, opens=True)
        lasts = _FOR_YEARS.match(text, mark.end())
        if lasts is None:
            return span
        return replace(span, end=lasts.end(), last=first.year + int(lasts["n"]) - 1, opens=False)
    if last.calendar is None or (first.calendar or last.calendar) != last.calendar or first.year > last.year:
        raise Unread("a range of years and fiscal years, or backwards")
    return Span(last.end, first.year, last.year, last.calendar)


def _months(text: str, first: _Year) -> Span | None:
    """What a year becomes with a month or a day: fiscal years from an April to a March, the end of one in March."""
    month = _DATE.match(text, first.end)
    if month is None:
        return None
    date = Span(month.end(), first.year, first.year, is_date=True)
    mark = _TO.match(text, month.end())
    if month[1] == "4" and month[2] in (None, "1") and mark:
        until = _last_year(text, mark.end(), first)
        march = _MARCH.match(text, until.end) if until and until.calendar == "CY" else None
        if until and march:
            return replace(date, end=march.end(), last=until.year - 1, calendar="FY", is_date=False)
    if month[1] == "3" and month[2] in (None, "31") and text.startswith("まで", month.end()):
        return Span(month.end(), first.year - 1, first.year - 1, "FY")
    return date


def span_at(text: str, place: int) -> Span | None:
    """The year or the years that begin at a place. Raises Unread for what cannot be a year (R99) or only nears one."""
    first = _year_at(text, place)
    if first is None:
        brief = _BRIEF.match(text, place)
        if brief is None:
            return None
        first = _Year(2000 + int(brief["n"]), _CALENDARS["年度" if "度" in brief.group() else "年"], brief.end())
    span = _months(text, first)
    if span and span.is_date:
        return span
    span = span or _from_to(text, first)
    if span is None:
        if first.calendar is None:
            return None
        span = Span(first.end, first.year, first.year, first.calendar)
    if span.first is not None and span.last is not None and span.first > span.last:
        raise Unread("backwards")
    return _tail(text, span)


def _tail(text: str, span: Span) -> Span:
    """What stands behind a span and belongs to it: の5年間, 末, まで, 以降."""
    end = span.end
    end = _after_length(text, span, end)
    if _VAGUE.match(text, end):
        raise Unread("a vague time")
    if text.startswith("末", end):
        end += 1
    if until := _UNTIL.match(text, end):
        end = until.end()
        if span.single:
            return replace(span, end=end, deadline=True)
        return replace(span, end=_after_length(text, span, end))
    if since := _SINCE.match(text, end):
        return replace(span, end=since.end(), last=None, opens=True)
    return replace(span, end=end)


def _after_length(text: str, span: Span, end: int) -> int:
    """Where a range ends with its length behind it, which must be right. Left where it says more: の5年間で650件."""
    lasts = _FOR_YEARS.match(text, end)
    if lasts is None or span.single or span.first is None or span.last is None:
        return end
    if int(lasts["n"]) != span.last - span.first + 1:
        raise Unread("the years do not add up")
    return end if text.startswith(("で", "に"), lasts.end()) else lasts.end()
