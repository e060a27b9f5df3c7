"""What of a file may be read: decided from its bytes, in bounded memory, before a spreadsheet library is let near it.

It also finds what the library does not say: error cells, formulas without a value, hidden rows and columns.
Plain Python with few imports: it runs in the process of `portal.workbook.reader`, which has to start quickly.
Sources: ECMA-376 (Office Open XML, part 1 §18), OASIS OpenDocument 1.3 part 3, ISO/IEC 21320-1 (ZIP of documents).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

# Each is several times what a ministry's plan data need, and small enough for the limits of the reader's process.
MAX_FILE = 20_000_000  # bytes; 50,000 rows × 22 columns are 5 MB
MAX_UNPACKED = 200_000_000  # bytes of all parts together; the same file unpacks to 35 MB
MAX_RATIO = 200  # unpacked by packed, of a part above a megabyte; sheets written by programs stay below 50
MAX_PARTS = 2_000  # entries of the ZIP; a sheet with notes and drawings has about ten
MAX_SHEETS = 60
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELLS = 4_000_000  # last row × last column, over all sheets: the library lays out every cell in between

BROKEN = (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, NotImplementedError, UnicodeDecodeError)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OTHER = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"{\\rtf")

DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
ENCODING = re.compile(rb"""\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)""")
PREFIX = re.compile(rb"<(/?)[\w.-]+:")
WIDE = re.compile(rb'<c r="([A-Z]{2,})')
CELL = re.compile(rb"<c\b([^>]*?)(?:/>|>(.*?)</c\s*>)", re.DOTALL)
VALUE = re.compile(rb"<v\b[^>]*>(.*?)</v\s*>", re.DOTALL)
FORMULA = re.compile(rb"<f\b[^>]*?(?:/>|>(.*?)</f\s*>)", re.DOTALL)
ROW_NUMBER = re.compile(rb"""[^>]*?\sr\s*=\s*["'](\d+)["']""")
REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]+)(\d+)["']""")
TYPE = re.compile(rb"""\st\s*=\s*["'](\w*)["']""")
ERROR_TYPE = re.compile(rb"""(\st\s*=\s*)["']e["']""")
HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']""")
COLUMN = re.compile(rb"<col\b([^>]*)>")
BOUND = re.compile(rb"""\s(min|max)\s*=\s*["'](\d+)["']""")
STYLE = re.compile(rb"""\ss\s*=\s*["'](\d+)["']""")
QUOTED = re.compile(r'"[^"]*"|\\.')  # in the code of a format: what is shown as it stands
PERCENT_FORMATS = {"9", "10"}  # of those that every program knows
SPECIAL = (b"<f", b'"e"', b"'e'")  # in rows where there may be a formula or an error
TRUE = ("1", "true")


class Refused(Exception):
    """The file is not to be read. `code` says why (`portal.workbook.read` has the words), `details` fill them."""

    def __init__(self, code: str, **details: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class Facts:
    """What one sheet of an XLSX holds besides values. Rows and columns are counted from 1.

    `troubles`: `{(row, column): (kind, shown)}`, as `portal.workbook.book.Trouble` has them.
    """

    def __init__(self) -> None:
        self.last_row = self.last_column = self.formulas = 0
        self.hidden_rows: list[tuple[int, int]] = []
        self.hidden_columns: list[tuple[int, int]] = []
        self.troubles: dict[tuple[int, int], tuple[str, str]] = {}


def is_zip(content: bytes) -> bool:
    """Whether it is a ZIP; else it is text. Raises `Refused` for what can be neither XLSX, ODS nor CSV."""
    if not content.strip():
        raise Refused("empty")
    if content.startswith(b"PK\x03\x04"):
        return True
    if content.startswith(OLE):  # a password turns an XLSX into an OLE file with this stream
        raise Refused("password" if "EncryptedPackage".encode("utf-16-le") in content else "xls")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Refused("utf16")
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<meta", b"<table")):
        raise Refused("html")
    if start.startswith((b"<?xml", b"<!")):
        raise Refused("html" if b"<html" in content[:2000].lower() else "xml")
    if start.startswith(b"%pdf"):
        raise Refused("pdf")
    if content.startswith(OTHER):
        raise Refused("other")
    return False


def parts(content: bytes) -> tuple[list[str], dict[str, bytes]]:
    """The names of all entries of a ZIP, and the unpacked content of those that are XML. Raises `Refused`."""
    if content.count(b"PK\x01\x02") > MAX_PARTS:  # before the directory is made into objects
        raise Refused("parts", limit=MAX_PARTS)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
        if len(entries) > MAX_PARTS:
            raise Refused("parts", limit=MAX_PARTS)
        if sum(entry.file_size for entry in entries) > MAX_UNPACKED or any(
            entry.file_size > max(1_000_000, MAX_RATIO * entry.compress_size) for entry in entries
        ):
            raise Refused("unpacked", limit=MAX_UNPACKED // 1_000_000)
        names = [entry.filename for entry in entries]
        if len({name.lower() for name in names}) < len(names):
            raise Refused("broken")  # readers differ in which of the two they take
        return names, {entry.filename: _inflated(archive, entry) for entry in entries if _is_xml(entry.filename)}
    except BROKEN as error:
        raise Refused("broken") from error


def _is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels", ".rdf")) or name == "mimetype"


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One part. In steps, as a directory may lie: `zipfile` then stops at the size that was promised and checked."""
    if entry.flag_bits & 1:
        raise Refused("password")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("broken")  # documents know no others, and Python unpacks those at once
    with archive.open(entry) as part:
        data = b"".join(iter(lambda: part.read(1 << 20), b""))
    if len(data) != entry.file_size:
        raise Refused("broken")
    if b"<!" in data and DTD.search(data):
        raise Refused("dtd")
    declared = ENCODING.match(data)
    if b"\0" in data or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        raise Refused("broken")  # what is written in another encoding, none of these expressions would see
    return data


def kind(names: list[str], xml: dict[str, bytes]) -> str:
    """`xlsx` or `ods`. Raises `Refused` for another kind, and for what goes beyond its own cells: macros, links."""
    mimetype = xml.get("mimetype", b"").strip()
    types = xml.get("[Content_Types].xml", b"")
    lower = [name.lower() for name in names]
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        if b"encryption-data" in xml.get("META-INF/manifest.xml", b""):
            raise Refused("password")
        if any(name.startswith(("basic/", "scripts/")) for name in lower):
            raise Refused("macros")
        if re.search(rb"<[\w.-]*:?table-source\b", xml.get("content.xml", b"")):
            raise Refused("links")
        return "ods"
    if mimetype or not types:
        raise Refused("zip")
    if any(name.endswith("vbaproject.bin") or name.startswith("xl/macrosheets/") for name in lower) or re.search(
        rb"macroEnabled|vbaProject|ms-excel\.(?:intl)?macrosheet", types, re.IGNORECASE
    ):
        raise Refused("macros")
    if any(name.startswith("xl/externallinks/") for name in lower) or b"externalLink+xml" in types:
        raise Refused("links")
    if b"sheet.binary.main" in types:
        raise Refused("xlsb")
    if b"spreadsheetml.sheet.main+xml" not in types and b"spreadsheetml.template.main+xml" not in types:
        raise Refused("zip")
    return "xlsx"


def elements(data: bytes) -> list[tuple[str, dict[str, str]]]:
    """The elements of a small part in their order, without namespaces: `[(name, attributes)]`."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def start(name: str, attributes: dict[str, str]) -> None:
        local = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        found.append((name.rpartition(" ")[2], local))

    parser.StartElementHandler = start
    parser.Parse(data, True)
    return found


def xlsx(xml: dict[str, bytes]) -> tuple[bool, list[Facts | None]]:
    """Whether days count from 1904, and the facts of each sheet in the book's order (None: a sheet without cells).

    Raises `Refused` where a sheet is larger than the limits. In the parts, error cells are made text: the library
    fails on errors that are younger than it is, such as #SPILL!.
    """
    try:
        book = elements(xml["xl/workbook.xml"])
        relations = {
            each["Id"]: each
            for name, each in elements(xml["xl/_rels/workbook.xml.rels"])
            if name == "Relationship" and each.get("TargetMode") != "External"
        }
        is_1904 = any(each.get("date1904") in TRUE for name, each in book if name == "workbookPr")
        # Programs that cannot calculate write 0 as the value of every formula, and ask for it to be calculated.
        to_calculate = any(each.get("fullCalcOnLoad") in TRUE for name, each in book if name == "calcPr")
        sheets = [each for name, each in book if name == "sheet"]
        _refuse_above(MAX_SHEETS, "sheets", len(sheets))
        paths = [_path(relations[sheet["id"]]) for sheet in sheets]
        percents = _percent_styles(xml.get("xl/styles.xml", b"<styles/>"))
        for is_exact in (False, True):
            found = [
                sheet_facts(xml[path], sheet["name"], to_calculate, percents, is_exact) if path else None
                for sheet, path in zip(sheets, paths, strict=True)
            ]
            area = sum(facts.last_row * facts.last_column for facts in found if facts)
            if area <= MAX_CELLS:
                break
        _refuse_above(MAX_CELLS, "cells", area)
    except (KeyError, *BROKEN) as error:
        raise Refused("broken") from error
    if not any(found):
        raise Refused("no sheet")
    for path, facts in zip(paths, found, strict=True):
        if facts and any(kind == "error" for kind, _shown in facts.troubles.values()):
            xml[path] = ERROR_TYPE.sub(rb'\1"str"', xml[path])
    return is_1904, found


def _path(relation: dict[str, str]) -> str:
    """The part that holds a sheet of cells; of a sheet with a chart nothing."""
    target = relation["Target"]
    if not relation["Type"].endswith("/worksheet"):
        return ""
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _refuse_above(limit: int, code: str, number: int, **details: str) -> None:
    if number > limit:
        raise Refused(code, limit=limit, **details)


def _percent_styles(styles: bytes) -> frozenset[bytes]:
    """The numbers of the cell styles that show 0.55 as 55 %."""
    formats, found, numbers, is_cells = set(PERCENT_FORMATS), set(), 0, False
    for name, each in elements(styles):
        if name == "numFmt" and "%" in QUOTED.sub("", each.get("formatCode", "")):
            formats.add(each.get("numFmtId", ""))
        elif name in ("cellStyleXfs", "cellXfs", "cellStyles", "dxfs"):
            is_cells = name == "cellXfs"
        elif name == "xf" and is_cells:
            if each.get("numFmtId") in formats:
                found.add(b"%d" % numbers)
            numbers += 1
    return frozenset(found)


def sheet_facts(
    data: bytes,
    name: str,
    to_calculate: bool = False,
    percents: frozenset[bytes] = frozenset(),
    is_exact: bool = False,
) -> Facts:
    """The facts of one sheet's XML. Raises `Refused` where cells with content stand outside the limits.

    `percents` are the cell styles that show percent.
    Unless `is_exact`, the last row and column may be beyond the true ones: of a formatted blank, or Z.
    """
    if b"<!--" in data:
        raise Refused("broken")  # no spreadsheet program writes comments, and the library loses text around them
    if b"<sheetData" not in data:
        data = PREFIX.sub(rb"<\1", data)
    start = max(data.find(b"<sheetData"), 0)
    end = max(data.find(b"</sheetData", start), start)
    cells = data.count(b"<c", start, end)
    _refuse_above(MAX_CELLS, "cells", cells)
    _refuse_above(1 << 20, "rows", data.count(b"<row", start, end), sheet=name)
    # Mostly every cell names its place in the ordinary way, and a look at each row is enough; that takes a tenth of
    # the time. Otherwise each cell is looked at, also before a sheet is refused: formatted blanks must not count.
    widest = max(map(column_number, set(WIDE.findall(data, start, end))), default=26)
    quick = not is_exact and data.count(b'<c r="', start, end) == cells and widest <= MAX_COLUMNS
    facts = _scan(data, start, end, to_calculate, percents, widest if quick else None)
    if quick and facts.last_row > MAX_ROWS:
        facts = _scan(data, start, end, to_calculate, percents, None)
    _refuse_above(MAX_ROWS, "rows", facts.last_row, sheet=name)
    _refuse_above(MAX_COLUMNS, "columns", facts.last_column, sheet=name)
    for column in COLUMN.findall(data, 0, start):
        bounds = dict(BOUND.findall(column))
        if HIDDEN.search(column) and len(bounds) == 2:
            facts.hidden_columns.append((int(bounds[b"min"]), int(bounds[b"max"])))
    return facts


def _scan(
    data: bytes, start: int, end: int, to_calculate: bool, percents: frozenset[bytes], widest: int | None
) -> Facts:
    """Row by row; cell by cell in rows with formulas, errors or percent, and everywhere without a `widest` column."""
    facts = Facts()
    facts.last_column = widest or 0
    marks = [*SPECIAL, *(mark % style for style in percents for mark in (b's="%s"', b"s='%s'"))]
    marks = [mark for mark in marks if data.find(mark, start, end) >= 0]
    number = 0
    after = data.find(b"<row", start, end)
    while after >= 0:
        begin, after = after, data.find(b"<row", after + 4, end)
        row = data[begin + 4 : after if after >= 0 else end]
        attributes = row[: row.find(b">")]
        given = ROW_NUMBER.match(attributes)
        number = int(given[1]) if given else number + 1
        if b"hidden" in attributes and HIDDEN.search(attributes):
            facts.hidden_rows.append((number, number))
        if widest is None or given is None or any(mark in row for mark in marks):
            _look_at_cells(row, number, to_calculate, percents, facts)
        elif b"<v" in row or b"<is" in row:
            facts.last_row = max(facts.last_row, number)
    return facts


def _look_at_cells(cells: bytes, row: int, to_calculate: bool, percents: frozenset[bytes], facts: Facts) -> None:
    column = 0
    for attributes, content in CELL.findall(cells):
        if place := REFERENCE.search(attributes):
            column, row = column_number(place[1]), int(place[2])
        else:
            column += 1
        if b"<v" not in content and b"<is" not in content and b"<f" not in content:
            continue
        facts.last_row, facts.last_column = max(facts.last_row, row), max(facts.last_column, column)
        type_of = TYPE.search(attributes)
        is_error = type_of is not None and type_of[1] == b"e"
        formula = FORMULA.search(content)
        style = STYLE.search(attributes) if percents else None
        is_percent = style is not None and style[1] in percents and (type_of is None or type_of[1] == b"n")
        if not is_error and not formula and not is_percent:
            continue
        value = VALUE.search(content)
        facts.formulas += formula is not None
        if is_error and value and value[1]:
            facts.troubles[row, column] = "error", _text(value[1])
        elif formula and (
            value is None
            or (not value[1] and (type_of is None or type_of[1] != b"str"))
            or (to_calculate and value[1] == b"0" and type_of is None)
        ):
            facts.troubles[row, column] = "formula", "=" + _text(formula[1] or b"")
        elif is_percent and value and value[1]:
            facts.troubles[row, column] = "percent", _percent(_text(value[1]))


def _percent(number: str) -> str:
    """What a spreadsheet shows of a number, in about as many digits."""
    try:
        return f"{float(number) * 100:g}%"
    except ValueError:
        return number


def _text(escaped: bytes) -> str:
    text = escaped.decode(errors="replace")
    for entity, character in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")]:
        text = text.replace(entity, character)
    return text


def column_number(letters: bytes) -> int:
    """`A` → 1, `XFD` → 16384. Of more than four letters a number beyond every limit."""
    number = 0
    for letter in letters[:5].upper():
        number = number * 26 + letter - 64
    return number


def spread(ranges: list[tuple[int, int]], last: int) -> Iterator[int]:
    """The numbers in the ranges (both ends included), up to `last`."""
    for first, end in ranges:
        yield from range(first, min(end, last) + 1)
