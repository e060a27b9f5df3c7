"""Awkward spreadsheets, made where they are needed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import xlsxwriter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET = "xl/worksheets/sheet1.xml"


def xlsx(fill: Callable[[Any, Any], object] = lambda book, sheet: None) -> bytes:
    """What xlsxwriter makes of a book with one sheet `S` that `fill` was given."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        fill(book, book.add_worksheet("S"))
    return file.getvalue()


def with_parts(content: bytes, changed: dict[str, bytes | Callable[[str], str] | None]) -> bytes:
    """A ZIP with parts added, replaced, edited as text, or (None) left out."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in dict.fromkeys([*old.namelist(), *changed]):
            change = changed.get(name, old.read(name) if name in old.namelist() else None)
            if callable(change):
                change = change(old.read(name).decode()).encode()
            if change is not None:
                new.writestr(name, change)
    return file.getvalue()


def with_sheet(rows: str, before: str = "", after: str = "") -> bytes:
    """An XLSX whose one sheet `S` is written by hand: `rows` are the content of sheetData."""
    data = f'{XML}<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    return with_parts(xlsx(), {SHEET: data.encode()})


def ods(tables: str, styles: str = "", settings: str = "") -> bytes:
    """An ODS whose content is written by hand."""
    names = {"office", "style", "table", "text"}
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in sorted(names))
    calc = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    content = (
        f"{XML}<office:document-content {spaces} {calc}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{settings}{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
    return file.getvalue()


def table(rows: str, attributes: str = 'table:name="S"') -> str:
    return f"<table:table {attributes}>{rows}</table:table>"


def text_row(*texts: str, attributes: str = "") -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f"<table:table-row {attributes}>{cells}</table:table-row>"


def zeros(megabytes: int) -> bytes:
    """That many megabytes of spaces as a raw deflate stream of about a kilobyte each, made in no time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b" " * 1_000_000) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * megabytes + packer.flush()


def raw_zip(entries: Iterable[tuple[str, bytes, int]]) -> bytes:
    """A ZIP of raw deflate streams whose directory claims the given sizes, true or not: `(name, stream, size)`."""
    body, directory, count = b"", b"", 0
    for name, stream, size in entries:
        common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, 0, len(stream), size, len(name), 0)
        directory += b"PK\1\2" + struct.pack("<H", 20) + common + struct.pack("<HHHII", 0, 0, 0, 0, len(body))
        directory += name.encode()
        body += b"PK\3\4" + common + name.encode() + stream
        count += 1
    return body + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
