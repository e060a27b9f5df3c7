"""The process in which a file is opened: `python -m portal.workbook.reader < file > stream`, never imported elsewhere.

The library that reads XLSX can abort the process or ask for all the memory there is; here it can do neither harm.
Plain Python with few imports, as every file pays for its start (about 0.04 s of processor time).

The stream is a line of JSON and then 32-bit numbers. The line is `{"refused": [code, details]}`, or `kind`, `is_1904`,
`values` (every distinct value once; index 0 is a blank cell, 1 false, 2 true) and `sheets`, each with `name`,
`is_hidden`, `hidden_rows`, `hidden_columns`, `formulas` and `rows` (how many). The numbers are, row by row, how many
cells follow and the index of each one's value. A value that is not text or a number is `[kind, text]`.
"""

from __future__ import annotations

import csv
import datetime
import gc
import io
import json
import math
import os
import re
import resource
import sys
import zipfile
from array import array
from collections.abc import Iterable
from xml.parsers import expat

import python_calamine

from portal.workbook import guard
from portal.workbook.guard import Refused

MAX_MEMORY = 768 << 20  # bytes of address space; 50,000 rows × 22 columns take a third
MAX_SECONDS = 20  # of processor time; the same file takes 1
MAX_STREAM = 1 << 28  # bytes written
UNUSED = re.compile("[\x80\uf8f0-\uf8f3]")  # what Python makes of bytes that CP932 leaves undefined

Raw = str | float | bool | datetime.date | datetime.time | datetime.timedelta | tuple[str, str] | None
Ranges = list[tuple[int, int, int, int]]  # first row, first column, last row, last column; from 1


class Values(dict[Raw, int]):
    """The index of each distinct value, given out as values come by."""

    def __init__(self) -> None:
        super().__init__({None: 0, "": 0})
        self.listed: list[Raw] = [None, False, True]

    def __missing__(self, value: Raw) -> int:
        index = self[value] = len(self.listed)
        self.listed.append(value)
        return index


class Output:
    """Collects sheets and writes the stream."""

    def __init__(self, kind: str, is_1904: bool = False) -> None:
        self.head: dict[str, object] = {"kind": kind, "is_1904": is_1904}
        self.sheets: list[dict[str, object]] = []
        self.values = Values()
        self.numbers = array("I")

    def sheet(
        self,
        name: str,
        rows: Iterable[list[Raw]],
        troubles: dict[tuple[int, int], tuple[str, str]],
        *,
        is_hidden: bool = False,
        hidden_rows: list[tuple[int, int]] | None = None,
        hidden_columns: list[tuple[int, int]] | None = None,
        formulas: int = 0,
    ) -> None:
        """`rows` from row 1 and column A on; `troubles` take the place of what stands there, or stand beyond."""
        values, numbers = self.values, self.numbers
        in_row: dict[int, list[tuple[int, tuple[str, str]]]] = {}
        for (row, column), trouble in troubles.items():
            in_row.setdefault(row, []).append((column, trouble))
        number = width = 0
        for number, cells in enumerate(_continued(rows, max(in_row, default=0)), 1):
            for column, trouble in in_row.get(number, ()):
                cells += [None] * (column - len(cells))
                cells[column - 1] = trouble
            # True equals 1.0 and would be found as it.
            found = [values[cell] if cell.__class__ is not bool else 1 + cell for cell in cells]
            while found and not found[-1]:
                found.pop()
            numbers.append(len(found))
            numbers.extend(found)
            width = max(width, len(found))
        self.sheets.append(
            {
                "name": name,
                "is_hidden": is_hidden,
                "hidden_rows": sorted(set(guard.spread(hidden_rows or [], number))),
                "hidden_columns": sorted(set(guard.spread(hidden_columns or [], width))),
                "formulas": formulas,
                "rows": number,
            }
        )

    def stream(self) -> bytes:
        """All of it. Dates and times are not numbers to JSON; infinite numbers are errors to every reader."""
        values = [_plain(value) for value in self.values.listed]
        line = json.dumps({**self.head, "sheets": self.sheets, "values": values}, ensure_ascii=False)
        return line.encode() + b"\n" + self.numbers.tobytes()


def _continued(rows: Iterable[list[Raw]], last: int) -> Iterable[list[Raw]]:
    given = 0
    for cells in rows:
        given += 1
        yield cells
    for _number in range(given, last):
        yield []


def _plain(value: Raw) -> object:
    match value:
        case datetime.datetime():
            return "datetime", value.isoformat()
        case datetime.date():
            return "date", value.isoformat()
        case datetime.time():
            return "time", value.isoformat()
        case datetime.timedelta():
            return _duration(value.total_seconds())
        case float() if not math.isfinite(value):
            return "error", str(value)
    return value


def _duration(seconds: float) -> str:
    """As a spreadsheet shows it: `30:00:00`. It is no time of day, and no field of the portal holds one."""
    minutes, rest = divmod(round(abs(seconds)), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{rest:02}"


def covered(ranges: Ranges, last_row: int) -> dict[tuple[int, int], tuple[str, str]]:
    """A trouble for each cell of merged ranges but the first, down to the last row with content. Raises `Refused`."""
    clipped = [
        (range(top, min(bottom, last_row) + 1), range(left, min(right, guard.MAX_COLUMNS) + 1))
        for top, left, bottom, right in ranges
    ]
    if sum(len(rows) * len(columns) for rows, columns in clipped) > guard.MAX_CELLS:  # ranges may lie upon each other
        raise Refused("cells", limit=guard.MAX_CELLS)
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for (top, left, bottom, right), (rows, columns) in zip(ranges, clipped, strict=True):
        shown = f"{_letters(left)}{top}:{_letters(right)}{bottom}"
        found.update({(row, column): ("merged", shown) for row in rows for column in columns})
        found.pop((top, left), None)
    return found


def _letters(column: int) -> str:
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read(content: bytes) -> Output:
    """A file's content. Raises `Refused`."""
    if not guard.is_zip(content):
        return read_csv(content)
    names, xml = guard.parts(content)
    return read_ods(xml) if guard.kind(names, xml) == "ods" else read_xlsx(xml)


def read_csv(content: bytes) -> Output:
    """UTF-8, with or without the mark, else CP932 (as Excel writes it in Japan). The sheet gets no name here."""
    if (position := content.find(b"\0")) >= 0:
        raise Refused("nul", line=_line(content[:position]))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as in_utf8:
        try:
            text = content.decode("cp932")
        except UnicodeDecodeError as in_cp932:
            raise Refused("bytes", line=_line(content[: max(in_utf8.start, in_cp932.start)])) from None
        before = content[: in_utf8.start].decode("utf-8-sig")
        if content.startswith(b"\xef\xbb\xbf") or any(character >= "\u3000" for character in before):
            raise Refused("bytes", line=_line(content[: in_utf8.start])) from None  # UTF-8, broken in one place
        if unused := UNUSED.search(text):
            raise Refused("bytes", line=_line(text[: unused.start()].encode())) from None
    rows: list[list[Raw]] = []
    cells = 0
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in lines:
            cells += len(row)
            if len(row) > guard.MAX_COLUMNS:
                raise Refused("columns", limit=guard.MAX_COLUMNS, sheet="")
            if len(rows) == guard.MAX_ROWS:
                raise Refused("rows", limit=guard.MAX_ROWS, sheet="")
            if cells > guard.MAX_CELLS:
                raise Refused("cells", limit=guard.MAX_CELLS)
            rows.append([*row])
    except csv.Error:
        raise Refused("csv", line=lines.line_num) from None
    output = Output("csv")
    output.sheet("", rows, {})
    return output


def _line(before: bytes) -> int:
    return len(re.findall(rb"\r\n|\r|\n", before)) + 1


def read_xlsx(xml: dict[str, bytes]) -> Output:
    """The parts of an XLSX, once the guard has seen them. The library is given these and nothing else."""
    is_1904, every = guard.xlsx(xml)
    output = Output("xlsx", is_1904)
    try:
        book = python_calamine.load_workbook(_packed(xml))
        if len(book.sheets_metadata) != len(every):
            raise Refused("broken")
        for index, (facts, sheet) in enumerate(zip(every, book.sheets_metadata, strict=True)):
            if facts is None:
                continue
            cells = book.get_sheet_by_index(index)
            ranges = [
                (first[0] + 1, first[1] + 1, last[0] + 1, last[1] + 1) for first, last in cells.merged_cell_ranges or []
            ]
            output.sheet(
                sheet.name,
                _rows(cells),
                {**facts.troubles, **covered(ranges, facts.last_row)},
                is_hidden=sheet.visible != python_calamine.SheetVisibleEnum.Visible,
                hidden_rows=facts.hidden_rows,
                hidden_columns=facts.hidden_columns,
                formulas=facts.formulas,
            )
    except python_calamine.CalamineError as error:
        raise Refused("broken") from error
    return output


def _packed(xml: dict[str, bytes]) -> io.BytesIO:
    """The parts as a ZIP again, without compression. Empties `xml`, as both together can be large."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in [*xml]:
            archive.writestr(name, xml.pop(name))
    file.seek(0)
    return file


def _rows(sheet: python_calamine.CalamineSheet) -> Iterable[list[Raw]]:
    """The rows from the first on, each from column A on: the library begins with the first column that is used."""
    blank: list[Raw] = [None] * (sheet.start or (0, 0))[1]
    for row in sheet.iter_rows():
        yield [*blank, *row]


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0 "
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 "
TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0 "
CALCEXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0 "
TIME = re.compile(r"(-?)P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,]\d+)?S)?")


def read_ods(xml: dict[str, bytes]) -> Output:
    """The parts of an ODS. Read here and not by the library, which tells neither errors, formulas nor merges."""
    try:
        return Ods(xml["content.xml"]).output
    except (KeyError, expat.ExpatError) as error:
        raise Refused("broken") from error


class Ods:
    """One pass over `content.xml`. Repeated rows and cells are counted before they are made."""

    def __init__(self, content: bytes) -> None:
        self.output = Output("ods")
        self.hidden_styles: set[str] = set()
        self.style = ""
        self.area = 0
        self.depth = 0  # of elements within a cell
        self.paragraph: list[str] | None = None
        self.deaf = 0  # the depth of an element whose text is not the cell's: a comment, the reading of a word
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.Parse(content, True)
        if not self.output.sheets:
            raise Refused("no sheet")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth:
            self.start_within_cell(name, attributes)
        elif name in (TABLE + "table-cell", TABLE + "covered-table-cell"):
            self.depth = 1
            self.cell = attributes
            self.is_covered = name != TABLE + "table-cell"
            self.paragraphs: list[str] = []
        elif name == TABLE + "table-row":
            self.row: list[Raw] = []
            self.row_attributes = attributes
            self.column = 0
        elif name == TABLE + "table-column":
            count = _count(attributes, "number-columns-repeated")
            if attributes.get(TABLE + "visibility", "visible") != "visible":
                self.hidden_columns.append((self.columns + 1, self.columns + count))
            self.columns += count
        elif name == TABLE + "table":
            self.start_sheet(attributes)
        elif name == STYLE + "style":
            self.style = attributes.get(STYLE + "name", "")
        elif name == STYLE + "table-properties" and attributes.get(TABLE + "display") == "false":
            self.hidden_styles.add(self.style)
        elif name == TABLE + "null-date":
            self.output.head["is_1904"] = attributes.get(TABLE + "date-value", "").startswith("1904")

    def start_sheet(self, attributes: dict[str, str]) -> None:
        if len(self.output.sheets) == guard.MAX_SHEETS:
            raise Refused("sheets", limit=guard.MAX_SHEETS)
        self.name = attributes.get(TABLE + "name", "")
        self.is_hidden = attributes.get(TABLE + "style-name") in self.hidden_styles
        self.rows: list[list[Raw]] = []
        self.hidden_rows: list[tuple[int, int]] = []
        self.hidden_columns: list[tuple[int, int]] = []
        self.ranges: Ranges = []
        self.columns = self.number = self.formulas = self.width = 0

    def start_within_cell(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == 2 and name == TEXT + "p":
            self.paragraph = []
        elif self.paragraph is None or self.deaf:
            return
        elif name in (OFFICE + "annotation", TEXT + "ruby-text", TEXT + "note"):
            self.deaf = self.depth
        elif name == TEXT + "s":
            self.paragraph.append("\0" * min(int(attributes.get(TEXT + "c", "1")), 32_767))
        elif name == TEXT + "tab":
            self.paragraph.append("\t")
        elif name == TEXT + "line-break":
            self.paragraph.append("\n")

    def characters(self, data: str) -> None:
        if self.paragraph is None or self.deaf:
            return
        text = re.sub("[ \t\r\n]+", " ", data)  # as OpenDocument part 3, 6.1.2 has it; others are elements
        if text[0] == " " and (not self.paragraph or self.paragraph[-1][-1:] == " "):
            text = text[1:]
        self.paragraph.append(text)

    def end(self, name: str) -> None:
        if self.depth > 1:
            if self.depth == self.deaf:
                self.deaf = 0
            if self.depth == 2 and self.paragraph is not None:
                self.paragraphs.append("".join(self.paragraph).replace("\0", " "))
                self.paragraph = None
            self.depth -= 1
        elif self.depth:
            self.depth = 0
            self.end_cell()
        elif name == TABLE + "table-row":
            self.end_row()
        elif name == TABLE + "table":
            self.end_sheet()

    def end_cell(self) -> None:
        repeated = _count(self.cell, "number-columns-repeated")
        rows, columns = _count(self.cell, "number-rows-spanned"), _count(self.cell, "number-columns-spanned")
        if rows * columns > 1:
            place = self.number + 1, self.column + 1
            self.ranges.append((*place, self.number + rows, self.column + columns))
        value = None if self.is_covered else self.value()
        if value not in (None, ""):
            if self.column + repeated > guard.MAX_COLUMNS:
                raise Refused("columns", limit=guard.MAX_COLUMNS, sheet=self.name)
            self.row += [None] * (self.column - len(self.row)) + [value] * repeated
            if TABLE + "formula" in self.cell:
                self.formulas += repeated * _count(self.row_attributes, "number-rows-repeated")
        self.column += repeated

    def value(self) -> Raw:
        cell, text = self.cell, "\n".join(self.paragraphs)
        kind = cell.get(OFFICE + "value-type")
        formula = cell.get(TABLE + "formula")
        if cell.get(CALCEXT + "value-type") == "error" or (
            formula is not None and kind in (None, "float") and re.match(r"#\w|Err:\d", text)
        ):
            return "error", text
        if formula is not None and kind is None:
            return "formula", formula[formula.find("=") :]
        try:
            if kind == "percentage":
                return "percent", text
            if kind in ("float", "currency"):
                return float(cell[OFFICE + "value"])
            if kind == "boolean":
                return cell[OFFICE + "boolean-value"] == "true"
            if kind == "date":
                moment = datetime.datetime.fromisoformat(cell[OFFICE + "date-value"]).replace(tzinfo=None)
                return moment if moment.time() != datetime.time() else moment.date()
            if kind == "time":
                return _time(cell[OFFICE + "time-value"])
        except (KeyError, ValueError):
            return text  # what is shown is still right
        return text or cell.get(OFFICE + "string-value")

    def end_row(self) -> None:
        repeated = _count(self.row_attributes, "number-rows-repeated")
        if self.row_attributes.get(TABLE + "visibility", "visible") != "visible":
            self.hidden_rows.append((self.number + 1, self.number + repeated))
        if self.row:
            last = self.number + repeated
            if last > guard.MAX_ROWS:
                raise Refused("rows", limit=guard.MAX_ROWS, sheet=self.name)
            self.width = max(self.width, len(self.row))
            if self.area + last * self.width > guard.MAX_CELLS:
                raise Refused("cells", limit=guard.MAX_CELLS)
            self.rows += [[] for _row in range(self.number - len(self.rows))]
            self.rows += [[*self.row] for _row in range(repeated)]
        self.number += repeated

    def end_sheet(self) -> None:
        self.area += len(self.rows) * self.width
        self.output.sheet(
            self.name,
            self.rows,
            covered(self.ranges, len(self.rows)),
            is_hidden=self.is_hidden,
            hidden_rows=self.hidden_rows,
            hidden_columns=self.hidden_columns,
            formulas=self.formulas,
        )


def _count(attributes: dict[str, str], name: str) -> int:
    number = attributes.get(TABLE + name, "1")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise Refused("broken")
    return int(number)


def _time(text: str) -> datetime.time | str:
    """A time of day, or the text of a longer or negative duration. Raises `ValueError`."""
    found = TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if found[1] or total >= 86_400:
        return _duration(-total if found[1] else total)
    return datetime.time(total // 3600, total // 60 % 60, total % 60)


def main() -> None:
    """Set the limits, read standard input, write the stream."""
    for limit, amount in [
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_CPU, MAX_SECONDS),
        (resource.RLIMIT_FSIZE, MAX_STREAM),
        (resource.RLIMIT_CORE, 0),
    ]:
        resource.setrlimit(limit, (amount, amount))
    gc.disable()  # nothing here goes in circles, and the process soon ends
    try:
        stream = read(sys.stdin.buffer.read()).stream()
    except Refused as refused:
        stream = json.dumps({"refused": [refused.code, refused.details]}).encode() + b"\n"
    except MemoryError:
        stream = json.dumps({"refused": ["memory", {}]}).encode() + b"\n"
    sys.stdout.buffer.write(stream)
    sys.stdout.flush()
    os._exit(0)  # without giving every value back first, a tenth of the time


if __name__ == "__main__":
    main()
