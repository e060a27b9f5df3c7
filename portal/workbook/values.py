"""One cell of a spreadsheet → the text that the strict widgets of `portal.resources` read. Plain values, no Django.

A function for each kind of column takes what stands in a cell (a text, a number, a day …; never blank, see `is_blank`)
and returns the canonical text, the same that an export writes: `１，３００` → `1300`, `令和7年2月18日` → `2025-02-18`.
What cannot be read without guessing raises `Unread` with the reason; `portal.workbook.words` puts it into words.
Keys, numbers, dates, choices and headings are compared in NFKC; stored texts keep every character.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache, partial

Cell = str | int | float | bool | datetime.datetime | datetime.date | datetime.time

SHOWN = 60  # characters of a value that a message repeats
DIGITS = 15  # that a spreadsheet keeps of a number
EXACT = 10**DIGITS
SERIALS, SERIALS_1904 = datetime.date(1899, 12, 30), datetime.date(1904, 1, 1)  # number 0
LONGEST = 28  # digits of a decimal but for the zeros around them: what `DecimalWidget` can render
WINDOW = 50  # neighbours that `near` compares, before and behind, in both orders


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    KEY = "key"
    INTEGER = "integer"
    YEAR = "year"
    DECIMAL = "decimal"
    DAY = "day"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    CODES = "codes"


class Reason(StrEnum):
    """Why a cell was not read."""

    FORM = "form"  # nothing of the kind that the column holds
    NUL = "nul"
    NOTHING = "nothing"  # a dash or 未定, where a number or a day should be
    PRECISION = "precision"  # more digits than a spreadsheet keeps: the last ones are lost
    LONG = "long"
    FRACTION = "fraction"
    NEGATIVE = "negative"
    SCIENTIFIC = "scientific"
    SEPARATORS = "separators"  # 1,30 or 1 300
    BRACKETS = "brackets"  # (5) is a remark to one reader and -5 to another
    PERCENT = "percent"
    UNIT = "unit"  # a number with something behind it
    DATE = "date"  # where none belongs: spreadsheets turn 1-2 into one
    TIME = "time"  # a day with a time of day
    INCOMPLETE = "incomplete"  # a day without year, month or day
    NO_SUCH_DAY = "no_such_day"
    ERA_NOT_BEGUN = "era_not_begun"  # `expected`: the era and its first day
    ERA_OVER = "era_over"  # `expected`: the era and its last day
    CHOICE = "choice"  # `expected`: the values that may stand there; `near`: those that look alike


class Unread(ValueError):
    """A cell that cannot be read as what its column holds. `shown`: its value, shortened, for the message."""

    def __init__(self, reason: Reason, value: Cell, expected: tuple[str, ...] = (), near: tuple[str, ...] = ()) -> None:
        shown = _typed(value).replace("\0", "␀")
        self.reason, self.expected, self.near = reason, expected, near
        self.shown = shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
        super().__init__(f"{reason}: {self.shown}")


@dataclass(frozen=True, slots=True)
class Era:
    """An era with its first and last day. Until 1926 the last is the next one's first (改元の詔書), since then the day
    before it (元号を改める政令). Days before 1873 are taken for those of today's calendar."""

    name: str
    letter: str
    first: datetime.date
    last: datetime.date

    def year(self, number: int) -> int:
        return self.first.year + number - 1


ERAS = [
    Era("令和", "r", datetime.date(2019, 5, 1), datetime.date.max),
    Era("平成", "h", datetime.date(1989, 1, 8), datetime.date(2019, 4, 30)),
    Era("昭和", "s", datetime.date(1926, 12, 25), datetime.date(1989, 1, 7)),
    Era("大正", "t", datetime.date(1912, 7, 30), datetime.date(1926, 12, 25)),
    Era("明治", "m", datetime.date(1868, 1, 25), datetime.date(1912, 7, 30)),
]
_ERAS = {called: era for era in ERAS for called in (era.name, era.letter)}

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]+")
_DASHES = str.maketrans(dict.fromkeys("−‐–—―─ー", "-"))  # also those that a Japanese keyboard gives between figures
_NOTHING = {"n/a", "#n/a", "na", "none", "null", "なし", "無し", "不明", "未定", "未公表", "...", "*"}

_CANONICAL = re.compile(r"-?(?!0\d)\d{1,15}(?:\.\d{0,11}[1-9])?", re.ASCII)
_NUMBER = re.compile(
    r"(?P<sign>[+-]|[△▲]\s*)?(?P<whole>\d+|[1-9]\d{0,2}(?:,\d{3})+)?(?:\.(?P<part>\d+))?(?P<unit>千|[百千]?[万億兆])?",
    re.ASCII,
)
_ZEROS = {"百": 2, "千": 3, "万": 4, "億": 8, "兆": 12}

_BY_ERA = rf"(?P<era>{'|'.join(_ERAS)})\s*(?P<n>元|\d{{1,2}})"
_YEAR = re.compile(rf"fy\s*(?P<fy>\d{{4}})|(?P<year>\d{{4}})\s*(?:年度|fy)|{_BY_ERA}\s*(?:年度)?", re.ASCII)
_DAY = re.compile(
    rf"(?:{_BY_ERA}|(?P<year>\d{{4}}))\s*"
    r"(?:年\s*(?P<month>\d{1,2})\s*月\s*(?P<day>\d{1,2})\s*日"
    r"|(?P<sep>[-/.])\s*(?P<month2>\d{1,2})\s*(?P=sep)\s*(?P<day2>\d{1,2}))"
    r"(?:(?:t|\s+)(?P<time>\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?))?",
    re.ASCII,
)
_PART_OF_DAY = re.compile(
    rf"(?:{_BY_ERA}|\d{{4}})(?:\s*年度?|\s*年\s*\d{{1,2}}\s*月|[-/.]\d{{1,2}})?"
    r"|\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?|\d{1,4}|\d{6}",
    re.ASCII,
)
_SERIAL = re.compile(r"(?P<day>[1-9][0-9]{4})(?P<time>\.[0-9]+)?")

_SEPARATORS = re.compile(r"[;,、\r\n]+")
_BOOLEANS = {
    **dict.fromkeys(["true", "1", "yes", "○", "〇", "◯", "はい", "有", "有り", "あり"], "true"),
    **dict.fromkeys(["false", "0", "no", "×", "✕", "✗", "✖", "いいえ", "無", "無し", "なし"], "false"),
}
# What a label is the same without.
_UNTOLD = re.compile("[\\s_\\-‐–—―−()\\[\\]{}「」『』【】〔〕〈〉《》“”‘’\"'、。,:・]+")


# --- blank, cleared, escaped ---


def is_blank(value: Cell | None) -> bool:
    """A cell that leaves the stored value alone: nothing in it, or nothing to be seen."""
    return value is None or (isinstance(value, str) and (not value or value.isspace()))


def is_clear(value: Cell | None) -> bool:
    """`(削除)`, in whatever brackets and with whatever space: the stored value is to be removed."""
    return isinstance(value, str) and "削除" in value and bool(re.fullmatch("[(（]削除[)）]", _bare(value)))


def escape(text: str) -> str:
    """A stored text as a cell holds it: in one more pair of brackets where it would be taken for blank or `(削除)`."""
    return f"({text})" if _is_misleading(text) else text


def unescape(text: str) -> str:
    """The stored text of a cell, the way back from `escape`. What `is_clear` is returned as it is."""
    inside = text[1:-1]
    return inside if text[:1] == "(" and text[-1:] == ")" and _is_misleading(inside) else text


def _is_misleading(text: str) -> bool:
    """Only white space, or brackets around nothing or 削除: in brackets once more it is the same kind of text."""
    first = text[:1]
    if first not in ("(", "（") and not first.isspace():
        return False
    bare = _bare(text)
    return not bare or bool(re.fullmatch("[(（]+(?:削除)?[)）]+", bare))


def _bare(text: str) -> str:
    return "".join(text.split())


# --- what stands in a cell ---


def _typed(value: Cell) -> str:
    """A cell that is no text as its reader sees it: 2025, not 2025.0; 2025-04-01, not with 00:00."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _shortest(value)
    if isinstance(value, datetime.datetime) and not any(value.timetuple()[3:6]) and not value.microsecond:
        value = value.date()
    return value.isoformat()


def _shortest(value: float) -> str:
    """Without an exponent, in the digits that a spreadsheet shows: 0.1 + 0.2 is 0.3."""
    if not value or not math.isfinite(value):
        return str(value) if value else "0"
    if isinstance(value, int) or (value.is_integer() and abs(value) < EXACT):
        return str(int(value))
    return f"{Decimal(f'{value:.{DIGITS}g}').normalize():f}"


def _plain(text: str) -> str:
    """NFKC, without what cannot be seen and without space around it."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()


def _figures(value: Cell) -> str:
    """The characters of a cell that should hold a number or a date. Raises `Unread` for what is none for certain."""
    if isinstance(value, str):
        found = value.strip()
        if found.isascii() and len(found) <= SHOWN:
            return found.lower()
        if len(found) > SHOWN or any(map(_is_like_digit, found)):
            raise Unread(Reason.FORM, value)
        return _plain(found).translate(_DASHES).casefold()
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        raise Unread(Reason.FORM, value)
    if isinstance(value, int | float):
        if abs(value) >= EXACT:
            raise Unread(Reason.PRECISION, value)
        return _shortest(value)
    raise Unread(Reason.DATE, value)


def _is_like_digit(char: str) -> bool:
    """A character that becomes a digit by normalising only: 5² is not 52, ①0 is not 10."""
    return not char.isdecimal() and bool(re.search("[0-9]", unicodedata.normalize("NFKC", char)))


# --- the kinds of columns ---


def text(value: Cell) -> str:
    """A text to the letter. What was typed as a number or a day: as its reader sees it; see `is_converted`.

    A text is not unescaped: the caller does that, once.
    """
    found = value if isinstance(value, str) else _typed(value)
    if "\0" in found:
        raise Unread(Reason.NUL, value)
    return found


def is_converted(value: Cell) -> bool:
    """Whether a text column was given what a spreadsheet may have made out of another text: a day or a time (from 1-2),
    a number of more digits than it keeps."""
    if isinstance(value, str | bool):
        return False
    return abs(value) >= EXACT if isinstance(value, int | float) else True


def key(value: Cell) -> str:
    """A code, or a number such as 1.3.1 that names something."""
    if not isinstance(value, str):
        return _typed(value) if isinstance(value, bool) else _figures(value)
    found = _plain(value)
    if not found or "\0" in found:
        raise Unread(Reason.NUL if found else Reason.FORM, value)
    return found


def codes(value: Cell) -> str:
    """Codes, apart by `;` `、` `,` or new lines: each once, in order, joined by `;`."""
    found = sorted({piece.strip() for piece in _SEPARATORS.split(key(value))} - {""})
    if not found:
        raise Unread(Reason.FORM, value)
    return ";".join(found)


def decimal(value: Cell) -> str:
    """A number: `1,300`, `△5`, `1.3億`. Exact; of a number cell the 15 digits that a spreadsheet keeps."""
    if isinstance(value, str) and _CANONICAL.fullmatch(value) and value != "-0":
        return value
    figures = _figures(value)
    found = _NUMBER.fullmatch(figures)
    if not found or not (found["whole"] or found["part"]):
        raise Unread(_why_no_number(figures), value)
    whole, part = (found["whole"] or "").replace(",", ""), found["part"] or ""
    point = len(whole) + sum(_ZEROS[char] for char in found["unit"] or "")
    digits = (whole + part).ljust(point, "0")
    whole, part = digits[:point].lstrip("0"), digits[point:].rstrip("0")
    if len((whole + part).strip("0")) > LONGEST:
        raise Unread(Reason.LONG, value)
    number = (whole or "0") + (f".{part}" if part else "")
    return f"-{number}" if found["sign"] not in (None, "+") and number != "0" else number


def _why_no_number(figures: str) -> Reason:
    if _is_nothing(figures):
        return Reason.NOTHING
    if figures.endswith("%"):
        return Reason.PERCENT
    if figures.startswith("(") and figures.endswith(")"):
        return Reason.BRACKETS
    if re.fullmatch(r"[+-]?[0-9.]+e[+-]?[0-9]+", figures):
        return Reason.SCIENTIFIC
    if re.fullmatch(r"[+-]?[△▲]?\s*[0-9]+(?:[, ][0-9]+)+(?:\.[0-9]*)?", figures):
        return Reason.SEPARATORS
    return Reason.UNIT if re.match(r"[+-]?[△▲]?\s*[0-9]", figures) else Reason.FORM


def _is_nothing(figures: str) -> bool:
    return figures in _NOTHING or not figures.strip("-")


def integer(value: Cell, digits: int = 18) -> str:
    """A whole number from 0 of up to so many digits (see `IntegerWidget`)."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and value[0] != "0" and len(value) <= digits:
        return value
    number = decimal(value)
    if "." in number or number[0] == "-":
        raise Unread(Reason.FRACTION if "." in number else Reason.NEGATIVE, value)
    if len(number) > digits:
        raise Unread(Reason.LONG, value)
    return number


def year(value: Cell) -> str:
    """A fiscal year by the year in which it begins, in April: `2025`, `西暦2025年度`, `FY2025`, `令和7年度`, `R7`.

    Of an era there are the fiscal years of which at least a day lies in it: 平成31年度 and 令和元年度 are both 2019.
    """
    if isinstance(value, str) and not (len(value) == 4 and value.isascii() and value.isdigit()):
        found = _YEAR.fullmatch(_figures(value).removeprefix("西暦").lstrip())
        if found and found["era"]:
            era, number = _ERAS[found["era"]], _in_era(found["n"])
            first = era.year(number)
            _check_era(era, value, number, datetime.date(first, 4, 1), datetime.date(first + 1, 3, 31))
            return str(first)
        if found:
            return found["fy"] or found["year"]
    return integer(value.strip().removeprefix("西暦") if isinstance(value, str) else value)


def day(value: Cell, *, is_1904: bool = False) -> str:
    """A day: ISO, `2025/2/18`, `2025年2月18日`, `令和7年2月18日`, `R7.2.18`, or a spreadsheet's number of a day.

    Numbers count from 1900, with the 29 February that this year did not have, or from 1904. Only those of five digits
    are days (from 1927 or 1931 on): 60, which is no day, and 18, 2025 and 202504 are part of one.
    """
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return _date(value, *map(int, value.split("-"))).isoformat()
    if isinstance(value, datetime.date):
        if len(iso := _typed(value)) > len("2025-04-01"):
            raise Unread(Reason.TIME, value)
        return iso
    if isinstance(value, datetime.time):
        raise Unread(Reason.FORM, value)
    figures = _figures(value).removeprefix("西暦").lstrip()
    if parts := _DAY.fullmatch(figures):
        found, time = _written_day(value, parts), parts["time"]
    elif parts := _SERIAL.fullmatch(figures):
        found, time = (SERIALS_1904 if is_1904 else SERIALS) + datetime.timedelta(int(parts["day"])), parts["time"]
    elif _is_nothing(figures):
        raise Unread(Reason.NOTHING, value)
    else:
        raise Unread(Reason.INCOMPLETE if _PART_OF_DAY.fullmatch(figures) else Reason.FORM, value)
    if time and not set(time) <= set("0:."):
        raise Unread(Reason.TIME, value)
    return found.isoformat()


def _written_day(value: Cell, parts: re.Match[str]) -> datetime.date:
    month, day = int(parts["month"] or parts["month2"]), int(parts["day"] or parts["day2"])
    if not parts["era"]:
        return _date(value, int(parts["year"]), month, day)
    era, number = _ERAS[parts["era"]], _in_era(parts["n"])
    found = _date(value, era.year(number), month, day)
    _check_era(era, value, number, found, found)
    return found


def _in_era(number: str) -> int:
    return 1 if number == "元" else int(number)


def _check_era(era: Era, value: Cell, number: int, first: datetime.date, last: datetime.date) -> None:
    """Refuse a span of days that lies outside the era."""
    if number < 1 or last < era.first:
        raise Unread(Reason.ERA_NOT_BEGUN, value, (era.name, era.first.isoformat()))
    if first > era.last:
        raise Unread(Reason.ERA_OVER, value, (era.name, era.last.isoformat()))


def _date(value: Cell, year: int, month: int, day: int) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        raise Unread(Reason.NO_SUCH_DAY, value) from None


def boolean(value: Cell) -> str:
    """`true` or `false`, also as 1/0, ○/×, はい/いいえ, 有/無, yes/no."""
    found = _BOOLEANS.get(_plain(value if isinstance(value, str) else key(value)).casefold())
    if found is None:
        raise Unread(Reason.FORM, value)
    return found


def choice(value: Cell, choices: Mapping[str, str]) -> str:
    """One of the values of `fold_choices`, by itself or by its label."""
    told = value if isinstance(value, str) else key(value)
    found = choices.get(told) or choices.get(fold(told))
    if found is None:
        alike = dict.fromkeys(choices[name] for name in near(told, choices))
        raise Unread(Reason.CHOICE, value, tuple(dict.fromkeys(choices.values())), tuple(alike))
    return found


def fold_choices(labels: Iterable[tuple[str, object]]) -> dict[str, str]:
    """The values of a choice by themselves and by every folded name, from pairs of value and label in any languages.

    A name that two values share names neither. The empty value is left out: a cell says it by `(削除)`.
    """
    named: dict[str, set[str]] = {}
    pairs = [(value, str(label)) for value, label in labels if value]  # a label may be a translation to come
    for value, label in pairs:
        for name in (value, label):
            named.setdefault(fold(name), set()).add(value)
    folded = {name: min(values) for name, values in named.items() if name and len(values) == 1}
    return {value: value for value, _ in pairs} | folded


def reader_of(kind: Kind, *, choices: Mapping[str, str] | None = None, is_1904: bool = False) -> Callable[[Cell], str]:
    """The function that reads a column of this kind."""
    if kind is Kind.CHOICE:
        return partial(choice, choices=choices or {})
    if kind is Kind.DAY:
        return partial(day, is_1904=is_1904)
    return {
        Kind.TEXT: text,
        Kind.KEY: key,
        Kind.INTEGER: integer,
        Kind.YEAR: year,
        Kind.DECIMAL: decimal,
        Kind.BOOLEAN: boolean,
        Kind.CODES: codes,
    }[kind]


# --- the same name, and nearly the same ---


def fold(text: str) -> str:
    """A heading, a label or a code as it is compared: NFKC, no case, no space, brackets, quotation marks or hyphens."""
    if text.isascii():
        return _UNTOLD.sub("", text.lower())
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    return unicodedata.normalize("NFKC", _UNTOLD.sub("", plain))


def near(value: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Up to `n` of the known names that look most like a value, the likest first: "did you mean …".

    Of many names only those are compared that share the beginning or the end with the value: with 10,000 of them it
    takes one or two milliseconds, after some tens for a set of names that is asked for the first time.
    """
    return list(_finder(tuple(known))(value[:SHOWN], n))


@lru_cache(8)
def _finder(known: tuple[str, ...]) -> Callable[[str, int], tuple[str, ...]]:
    names: dict[str, str] = {}
    for name in sorted(known):
        names.setdefault(fold(name[:SHOWN]), name)
    forward, backward = sorted(names), sorted(name[::-1] for name in names)

    @lru_cache(256)  # the same mistake often stands in many rows
    def find(value: str, n: int) -> tuple[str, ...]:
        told = fold(value)
        if told in names:
            return (names[told],)
        there, back = bisect_left(forward, told), bisect_left(backward, told[::-1])
        neighbours = set(forward[max(0, there - WINDOW) : there + WINDOW])
        neighbours |= {name[::-1] for name in backward[max(0, back - WINDOW) : back + WINDOW]}
        return tuple(names[name] for name in get_close_matches(told, sorted(neighbours), n))

    return find
