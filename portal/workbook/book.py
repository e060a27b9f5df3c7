"""A workbook as it was read: values by sheet, row and column, and what cannot be used as a value."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field


class Unusable(Exception):
    """The file as a whole cannot be used: of an unknown or dangerous kind, broken, or too large. The text says why."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cell that holds no value to be used.

    `kind`: `error` (an error value such as #DIV/0!, in `shown`), `formula` (a formula, in `shown`, whose value the file
    does not hold), `percent` (a number that is shown as percent, as in `shown`: 0.55 to a program, 55% to a reader)
    or `merged` (a cell covered by a merged range, in `shown` as A1:B2, which is not its first).
    """

    kind: str
    shown: str


Value = str | int | float | bool | datetime.datetime | datetime.date | datetime.time | Trouble | None


@dataclass(slots=True)
class Sheet:
    """One sheet. `rows[0]` is what a spreadsheet calls row 1; blank rows stand in their place; lengths may differ."""

    name: str
    rows: list[list[Value]]
    is_hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()  # counted from 1
    hidden_columns: frozenset[int] = frozenset()  # counted from 1
    formulas: int = 0  # cells whose value is a formula's cached one


@dataclass(slots=True)
class Book:
    """Every sheet of a file, in its order. `kind`: `xlsx`, `ods`, `csv`."""

    kind: str
    sheets: list[Sheet] = field(default_factory=list)
    is_1904: bool = False  # serial numbers of days count from 1904 (old Macintosh workbooks)


def column_letters(number: int) -> str:
    """`1` → `A`, `27` → `AA`."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def address(sheet: str, row: int, column: int = 0) -> str:
    """Where a cell stands, as a spreadsheet says it: `bodies!B3`; without a column the row, without a row the sheet."""
    if not row:
        return sheet
    name = sheet if re.fullmatch(r"\w+", sheet) else "'" + sheet.replace("'", "''") + "'"
    return f"{name}!{column_letters(column)}{row}" if column else f"{name}!{row}:{row}"
