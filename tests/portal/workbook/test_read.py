"""Files of every kind as they are met: each is read exactly, or refused with a reason before anything opens it."""

from __future__ import annotations

import csv
import datetime
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from portal.workbook import guard
from portal.workbook import read as reading
from portal.workbook.book import Book, Sheet, Trouble, Unusable, Value
from portal.workbook.read import read, read_folder
from tests.portal.workbook.files import SHEET, ods, raw_zip, table, text_row, with_parts, with_sheet, xlsx, zeros

CONTENT_TYPES, BOOK, STRINGS = "[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml"
BROKEN = "ファイルが壊れているか、途中で切れています。"
DTD = "XML の文書型宣言（DTD）を含むため、読み込みません。表計算ソフトで保存し直してください。"
HTML = "中身は HTML（ウェブページ）です。XLSX、ODS、CSV のいずれかにしてください。"
LINKS = "ほかのファイルへのリンクを含むため、読み込みません。リンクを解除して保存し直してください。"
MACROS = "マクロを含むファイルは読み込みません。マクロのない XLSX 形式で保存し直してください。"
MEMORY = "読み取りに必要なメモリまたは時間が上限を超えたため、中止しました。"
PASSWORD = "パスワードで保護されたファイルは読めません。保護を外して保存し直してください。"
UNPACKED = "展開すると大きくなりすぎるファイルです（上限 200 MB、圧縮率にも上限があります）。"
CELLS = "セルが多すぎます（すべてのシートの行×列で上限 4,000,000）。"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
BILLION = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


def rows_of(content: bytes, name: str = "a.xlsx") -> list[list[Value]]:
    [sheet] = read(content, name).sheets
    return sheet.rows


def with_strings(items: str) -> bytes:
    """Cells A1, A2 … hold the shared strings whose XML is given, separated by line breaks."""
    listed = items.split("\n")
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 1}</v></c></row>' for n in range(1, len(listed) + 1))
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{cells}</sheetData></worksheet>'
    strings = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{"".join(listed)}</sst>'
    content = xlsx(lambda book, sheet: sheet.write_string("A1", "x"))  # so that there is a part for strings
    return with_parts(content, {SHEET: sheet.encode(), STRINGS: strings.encode()})


def many_sheets(count: int) -> bytes:
    return xlsx(lambda book, sheet: [book.add_worksheet() for _number in range(count - 1)])


def stored_zip(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def lzma_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(CONTENT_TYPES, "x")
    return file.getvalue()


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
ENCRYPTED_ODS = {"META-INF/manifest.xml": b"<m><manifest:encryption-data/></m>"}

REFUSED: dict[str, tuple[str, bytes | Callable[[], bytes], str]] = {
    "empty": ("a.csv", b"", "ファイルが空です。"),
    "only blanks": ("a.csv", b"\r\n \n", "ファイルが空です。"),
    "too large": ("a.csv", lambda: b"a" * 20_000_001, "ファイルが大きすぎます（上限 20 MB）。"),
    "old workbook": (
        "a.xlsx",
        OLE + bytes(500) + "Workbook".encode("utf-16-le"),
        "古い形式のファイル（.xls など）は読めません。XLSX 形式で保存し直してください。",
    ),
    "with a password": ("a.xlsx", OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le"), PASSWORD),
    "ODS with a password": ("a.ods", lambda: with_parts(ods(table(text_row("a"))), {**ENCRYPTED_ODS}), PASSWORD),
    "web page": ("a.xlsx", b"\n<!DOCTYPE html><html><body>", HTML),
    "table of a web page": ("a.xls", b"\xef\xbb\xbf<TABLE><tr><td>1", HTML),
    "XHTML": ("a.xlsx", b'<?xml version="1.0"?><html xmlns="x">', HTML),
    "XML": (
        "a.xlsx",
        b'<?xml version="1.0"?><Workbook/>',
        "中身は XML です。XLSX、ODS、CSV のいずれかにしてください。",
    ),
    "PDF": ("a.xlsx", b"%PDF-1.7\n%\xe2\xe3", "中身は PDF です。XLSX、ODS、CSV のいずれかにしてください。"),
    "picture": ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "XLSX、ODS、CSV のいずれでもないファイルです。"),
    "text called a workbook": (
        "a.XLSX",
        b"code,name\n",
        "名前は .XLSX ですが、中身はテキストです。CSV であれば、名前の末尾を .csv にしてください。",
    ),
    "truncated": ("a.xlsx", lambda: xlsx()[:-300], BROKEN),
    "damaged part": (
        "a.xlsx",
        lambda: xlsx().replace(b"PK\3\4", b"PK\3\5", 2).replace(b"PK\3\5", b"PK\3\4", 1),
        BROKEN,
    ),
    "other ZIP": ("a.xlsx", stored_zip("a.txt"), "中身は ZIP ですが、XLSX でも ODS でもありません。"),
    "ZIP in a ZIP": (
        "a.xlsx",
        lambda: stored_zip("a.xlsx", "b.zip"),
        "中身は ZIP ですが、XLSX でも ODS でもありません。",
    ),
    "document of another program": (
        "a.xlsx",
        lambda: with_parts(
            xlsx(), {CONTENT_TYPES: lambda text: text.replace("spreadsheetml.sheet", "wordprocessingml")}
        ),
        "中身は ZIP ですが、XLSX でも ODS でもありません。",
    ),
    "binary workbook": (
        "a.xlsb",
        lambda: with_parts(xlsx(), {CONTENT_TYPES: b'<x ContentType="application/vnd.ms-excel.sheet.binary.main"/>'}),
        "バイナリ形式のブック（.xlsb）は読めません。XLSX 形式で保存し直してください。",
    ),
    "macros": ("a.xlsx", lambda: with_parts(xlsx(), {"xl/vbaProject.bin": b"x"}), MACROS),
    "macros by type": (
        "a.xlsx",
        lambda: with_parts(
            xlsx(),
            {
                CONTENT_TYPES: lambda text: text.replace(
                    "openxmlformats-officedocument.spreadsheetml.sheet", "ms-excel.sheet.macroEnabled", 1
                )
            },
        ),
        MACROS,
    ),
    "old macros": ("a.xlsx", lambda: with_parts(xlsx(), {"xl/macrosheets/sheet1.xml": b"<x/>"}), MACROS),
    "macros in an ODS": ("a.ods", lambda: with_parts(ods(table("")), {"Basic/Standard/Module1.xml": b"<x/>"}), MACROS),
    "links": ("a.xlsx", lambda: with_parts(xlsx(), {"xl/externalLinks/externalLink1.xml": b"<x/>"}), LINKS),
    "links in an ODS": ("a.ods", lambda: ods(table('<table:table-source table:mode="copy-all"/>')), LINKS),
    "entities in the strings": ("a.xlsx", lambda: with_parts(xlsx(), {STRINGS: BILLION + b"<sst/>"}), DTD),
    "entities in a part that is not read": ("a.xlsx", lambda: with_parts(xlsx(), {"docProps/core.xml": BILLION}), DTD),
    "entities in an ODS": ("a.ods", lambda: with_parts(ods(""), {"content.xml": BILLION + b"<x>&b;</x>"}), DTD),
    "entities in UTF-16": (
        "a.xlsx",
        lambda: with_parts(xlsx(), {STRINGS: BILLION.decode().encode("utf-16")}),
        BROKEN,
    ),
    "another encoding": (
        "a.xlsx",
        lambda: with_parts(xlsx(), {SHEET: b"<?xml version='1.0' encoding='UTF-7'?><worksheet/>"}),
        BROKEN,
    ),
    "unusual packing": ("a.xlsx", lzma_zip, BROKEN),
    "a part twice": ("a.xlsx", lambda: with_parts(xlsx(), {"XL/Workbook.xml": b"<workbook/>"}), BROKEN),
    "a part missing": ("a.xlsx", lambda: with_parts(xlsx(), {SHEET: None}), BROKEN),
    "no content": ("a.ods", lambda: with_parts(ods(""), {"content.xml": None}), BROKEN),
    "broken XML": ("a.xlsx", lambda: with_sheet('<row r="1"><c r="A1"><v>1</v></row>'), BROKEN),
    "broken XML in an ODS": ("a.ods", lambda: ods("<table:table>"), BROKEN),
    "comments in a sheet": ("a.xlsx", lambda: with_sheet('<row r="1"><c r="A1"><v>1<!-- -->2</v></c></row>'), BROKEN),
    "no such string": ("a.xlsx", lambda: with_sheet('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'), BROKEN),
    "no such type": ("a.xlsx", lambda: with_sheet('<row r="1"><c r="A1" t="zz"><v>7</v></c></row>'), BROKEN),
    "no such number of rows": (
        "a.ods",
        lambda: ods(table(text_row("a", attributes='table:number-rows-repeated="-1"'))),
        BROKEN,
    ),
    "no sheets in an ODS": ("a.ods", lambda: ods(""), "シートがありません。"),
    "many sheets": ("a.xlsx", lambda: many_sheets(61), "シートが多すぎます（上限 60 枚）。"),
    "many sheets in an ODS": ("a.ods", lambda: ods(table("") * 61), "シートが多すぎます（上限 60 枚）。"),
    "many parts": (
        "a.xlsx",
        lambda: stored_zip(*map(str, range(2_001))),
        "ファイルの中の部品が多すぎます（上限 2,000 個）。",
    ),
    "the farthest cell": ("a.xlsx", lambda: with_sheet(FAR), "シート「S」の行が多すぎます（上限 200,000 行）。"),
    "the farthest cell first": (
        "a.xlsx",
        lambda: with_sheet('<row r="1"><c r="XFD1"><v>1</v></c><c r="A1"><v>1</v></c></row>'),
        "シート「S」の列が多すぎます（上限 200 列）。",
    ),
    "a million rows without r": (
        "a.xlsx",
        lambda: with_sheet("".join(f"<row><c><v>{n * 7919 % 1_000_003}</v></c></row>" for n in range(1_000_000))),
        "シート「S」の行が多すぎます（上限 200,000 行）。",
    ),
    "a wide and long sheet": (
        "a.xlsx",
        lambda: with_sheet('<row r="1"><c r="GR1"><v>1</v></c></row><row r="20001"><c r="A20001"><v>1</v></c></row>'),
        CELLS,
    ),
    "repeated rows": (
        "a.ods",
        lambda: ods(table(text_row("a", attributes='table:number-rows-repeated="1048576"'))),
        "シート「S」の行が多すぎます（上限 200,000 行）。",
    ),
    "repeated cells": (
        "a.ods",
        lambda: ods(
            table(text_row("a").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="16384"'))
        ),
        "シート「S」の列が多すぎます（上限 200 列）。",
    ),
    "repeated rows of repeated cells": (
        "a.ods",
        lambda: ods(table(text_row(*"a" * 200, attributes='table:number-rows-repeated="20001"'))),
        CELLS,
    ),
    "merged ranges upon each other": (
        "a.xlsx",
        lambda: with_sheet(
            '<row r="20000"><c r="A20000"><v>1</v></c></row>',
            after="<mergeCells>" + '<mergeCell ref="A1:GR20000"/>' * 2 + "</mergeCells>",
        ),
        CELLS,
    ),
    "UTF-16": (
        "a.csv",
        "code\tname".encode("utf-16"),
        "文字コードが UTF-16 です。CSV は UTF-8 で保存し直してください。",
    ),
    "NUL": (
        "a.csv",
        b"code\r\nab\0c\r\n",
        "2行目に、文字ではないデータ（NUL）があります。CSV ではないか、壊れています。",
    ),
    "bytes of no encoding": (
        "a.csv",
        "名称\n医療\n".encode("cp932") + b"\xfd\xff\n",
        "3行目に、UTF-8 としても Shift_JIS（CP932）としても読めない文字があります。",
    ),
    "UTF-8 broken in one place": (
        "a.csv",
        "名称\n医療\n".encode() + b"\x83\x41\n",
        "3行目に、UTF-8 としても Shift_JIS（CP932）としても読めない文字があります。",
    ),
    "open quote": ("a.csv", b'a\n"b\nc\n', "3行目で、CSV の引用符の使い方が正しくないか、セルが長すぎます。"),
    "long cell": ("a.csv", b"a\n" + b"b" * 140_000, "2行目で、CSV の引用符の使い方が正しくないか、セルが長すぎます。"),
    "wide CSV": ("a.csv", b"," * 200, "列が多すぎます（上限 200 列）。"),
    "long CSV": ("a.csv", b"a\n" * 200_001, "行が多すぎます（上限 200,000 行）。"),
    "large CSV": ("a.csv", (b"," * 199 + b"\n") * 20_001, CELLS),
}


@pytest.mark.parametrize(("name", "content", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_with_its_reason(
    name: str, content: bytes | Callable[[], bytes], message: str
) -> None:
    with pytest.raises(Unusable) as refused:
        read(content if isinstance(content, bytes) else content(), name)

    assert str(refused.value) == message


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "honest": (lambda: raw_zip([(CONTENT_TYPES, zeros(1_000), 1_000_000_000)]), UNPACKED),
    "in many parts": (lambda: raw_zip([(f"{n}.xml", zeros(1), 1_000_000) for n in range(201)]), UNPACKED),
    "dense": (lambda: raw_zip([(CONTENT_TYPES, zeros(150), 150_000_000)]), UNPACKED),
    "with a false directory": (lambda: raw_zip([(CONTENT_TYPES, zeros(1_000), 100_000)]), BROKEN),
    "farthest cell": (lambda: with_sheet(FAR), "シート「S」の行が多すぎます（上限 200,000 行）。"),
    # Small to unpack and within every limit, but the library makes a copy of the text for each cell: 6 GB.
    "one long text in many cells": (
        lambda: with_parts(
            xlsx(lambda book, sheet: sheet.write_string("A1", "長" * 10_000)),
            {
                SHEET: lambda text: text.replace(
                    '<row r="1" spans="1:1"><c r="A1" t="s"><v>0</v></c></row>',
                    "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 200_001)),
                )
            },
        ),
        MEMORY,
    ),
}


def test_bombs_are_refused_in_bounded_memory(tmp_path: Path) -> None:
    for name, (bomb, _message) in BOMBS.items():
        (tmp_path / name).write_bytes(bomb())
    script = """
import json, resource, sys
from pathlib import Path
import django
django.setup()
from portal.workbook.book import Unusable
from portal.workbook.read import read
def used(who): return resource.getrusage(who).ru_maxrss // 1024
before, said = used(resource.RUSAGE_SELF), {}
for path in Path(sys.argv[1]).iterdir():
    try: read(path.read_bytes(), "a.xlsx")
    except Unusable as error: said[path.name] = str(error), used(resource.RUSAGE_CHILDREN)
print(json.dumps([said, used(resource.RUSAGE_SELF) - before, used(resource.RUSAGE_CHILDREN)]))
"""

    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path], cwd=reading.ROOT, capture_output=True, text=True, check=True
    )
    said, parent, child = json.loads(done.stdout)

    assert {name: message for name, (message, _used) in said.items()} == {
        name: message for name, (_bomb, message) in BOMBS.items()
    }
    assert parent < 30
    assert child < 1024


def children() -> list[str]:
    return [each for task in Path("/proc/self/task").iterdir() for each in (task / "children").read_text().split()]


def test_a_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    before = children()
    monkeypatch.setattr(reading, "TIMEOUT", 0.005)

    with pytest.raises(Unusable) as refused:
        read(xlsx(), "a.xlsx")

    assert str(refused.value) == MEMORY
    assert children() == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import os; os.abort()", MEMORY),
        ("raise SystemExit(3)", BROKEN),
        ("pass", BROKEN),
        ("print('[1]')", BROKEN),
        ("print('{}'); print('abc')", BROKEN),
        ("print('{}')", BROKEN),
        (
            "import json; print(json.dumps({'kind': 'csv', 'is_1904': 0, 'values': [], 'sheets': [{'rows': 1}]}))",
            BROKEN,
        ),
    ],
)
def test_a_reader_that_fails_makes_the_file_unusable(
    body: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "portal" / "workbook"
    package.mkdir(parents=True)
    (package / "reader.py").write_text(body)
    monkeypatch.setattr(reading, "ROOT", tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)

    with pytest.raises(Unusable) as refused:
        read(xlsx(), "a.xlsx")

    assert str(refused.value) == message


def test_no_secret_goes_to_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "portal" / "workbook"
    package.mkdir(parents=True)
    (package / "reader.py").write_text(f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(' '.join(os.environ))")
    monkeypatch.setattr(reading, "ROOT", tmp_path)

    with pytest.raises(Unusable):
        read(xlsx(), "a.xlsx")

    seen = set((tmp_path / "seen").read_text().split())
    assert seen & set(os.environ) <= {*reading.ENVIRONMENT, "LC_CTYPE"}


def test_the_working_directory_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert read(b"a", "a.csv") == Book("csv", [Sheet("a", [["a"]])])


TEXTS = [
    "tab\there", "line\nhere", "return\rhere", "both\r\nhere", "_x0041_", "_x000D_", "_x005f_", " lead", "trail ", "  ",
    "\nlead", "trail\n", "　全角　", "\u00a0", "👨‍👩‍👧 𠮷", "か\u3099", "<&>\"'", "=1+1", "'=1", "a\x01\x0b\x1fb",
    "]]>", "&amp;",
]  # fmt: skip


def test_texts_come_out_as_they_were_written() -> None:
    def fill(book: Any, sheet: Any) -> None:
        for row, text in enumerate(TEXTS):
            sheet.write_string(row, 0, text)

    assert rows_of(xlsx(fill)) == [[text] for text in TEXTS]


def test_every_character_of_xml_comes_out_as_it_was_written() -> None:
    allowed = [chr(code) for code in [9, 10, 13, *range(32, 0xD800), *range(0xE000, 0xFFFE), *range(0x1F300, 0x1F700)]]
    texts = ["".join(allowed[start : start + 100]) for start in range(0, len(allowed), 100)]

    def fill(book: Any, sheet: Any) -> None:
        for row, text in enumerate(texts):
            sheet.write_string(row, 0, text)

    assert rows_of(xlsx(fill)) == [[text] for text in texts]


def test_escapes_and_formatting_within_texts_are_resolved() -> None:
    content = with_strings(
        "<si><t>_x005F_x005F_x005F_x0041_</t></si>\n"
        "<si><r><t>太</t></r><r><rPr><b/></rPr><t xml:space='preserve'> 字</t></r></si>\n"
        "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si>\n"
        "<si><t>a&#13;&#10;b&#x1F600;<![CDATA[<b>]]></t></si>\n"
        "<si><t xml:space='preserve'> a </t></si>\n"
        "<si/>"
    )

    assert rows_of(content) == [["_x005F_x0041_"], ["太 字"], ["東京"], ["a\r\nb😀<b>"], [" a "], []]


def test_values_come_with_their_kinds_and_places() -> None:
    moment = datetime.datetime.fromisoformat("2025-02-18T03:04:05")

    def fill(book: Any, sheet: Any) -> None:
        day, clock, period = (book.add_format({"num_format": code}) for code in ("yyyy-mm-dd", "hh:mm", "[h]:mm:ss"))
        era = book.add_format({"num_format": '[$-411]ggge"年"m"月"d"日"'})
        sheet.write_row("C3", [5, 0, 1, -1.5, True, False, "5", 1e300])
        sheet.write_datetime("B5", moment, day)
        sheet.write_datetime("C5", moment.replace(hour=0, minute=0, second=0), era)
        sheet.write_datetime("D5", datetime.time(3, 4), clock)
        sheet.write_datetime("E5", datetime.timedelta(hours=30), period)
        sheet.write_blank("Z9", None, day)

    assert read(xlsx(fill), "a.xlsx") == Book(
        "xlsx",
        [
            Sheet(
                "S",
                [
                    [],
                    [],
                    [None, None, 5.0, 0.0, 1.0, -1.5, True, False, "5", 1e300],
                    [],
                    [None, moment, datetime.date(2025, 2, 18), datetime.time(3, 4), "30:00:00"],
                ],
            )
        ],
    )


def test_true_is_not_one() -> None:
    rows = rows_of(xlsx(lambda book, sheet: sheet.write_row("A1", [1, True, 0, False])))

    assert [type(value) for value in rows[0]] == [float, bool, float, bool]


def test_numbers_beyond_all_numbers_are_errors() -> None:
    content = with_sheet('<row r="1"><c r="A1"><v>1E400</v></c><c r="B1"><v>NaN</v></c></row>')

    assert rows_of(content) == [[Trouble("error", "inf"), Trouble("error", "nan")]]


def test_days_that_count_from_1904_are_told_and_read() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_datetime("A1", datetime.date(2025, 2, 18), book.add_format({"num_format": "yyyy-mm-dd"}))

    content = with_parts(xlsx(fill), {BOOK: lambda text: text.replace("<workbookPr ", '<workbookPr date1904="1" ')})

    book = read(content, "a.xlsx")

    assert (book.is_1904, book.sheets[0].rows) == (True, [[datetime.date(2029, 2, 19)]])


def test_numbers_that_are_shown_as_percent_are_told() -> None:
    """A reader sees 55 where a program finds 0.55."""

    def fill(book: Any, sheet: Any) -> None:
        forms = ["0%", "0.00%", '0.0" %"', "[Red]0.0%;-0.0%", '"%"0', "General"]
        for column, form in enumerate(forms):
            sheet.write_number(0, column, 0.55, book.add_format({"num_format": form}))
        sheet.write_blank(1, 0, None, book.add_format({"num_format": "0%"}))
        sheet.write_string(2, 0, "55%", book.add_format({"num_format": "0%"}))

    percent = Trouble("percent", "55%")
    assert read(xlsx(fill), "a.xlsx") == Book(
        "xlsx", [Sheet("S", [[percent, percent, 0.55, percent, 0.55, 0.55], [], ["55%"]])]
    )


def test_error_cells_are_told_however_new() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_formula("A1", "=1/0", None, "#DIV/0!")
        sheet.write_string("A2", "#N/A")
        sheet.write_number("C2", 1)

    content = with_parts(
        xlsx(fill),
        {
            SHEET: lambda text: text.replace(
                '<c r="C2"><v>1</v>', '<c r="B2" t="e"><v>#SPILL!</v></c><c r="C2"><v>1</v>'
            )
        },
    )

    assert read(content, "a.xlsx").sheets == [
        Sheet("S", [[Trouble("error", "#DIV/0!")], ["#N/A", Trouble("error", "#SPILL!"), 1.0]], formulas=1)
    ]


def test_formulas_are_used_by_their_values_and_told_without() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append([1, 2, "=A1+B1"])
    sheet.append([None, None, '=IF(A1<B1,"<","&")'])
    file = io.BytesIO()
    book.save(file)
    with_value = xlsx(
        lambda book, sheet: [sheet.write_formula("B2", "=1+1", None, 2), sheet.write_formula("C2", '="a"', None, "a")]
    )

    assert read(file.getvalue(), "a.xlsx").sheets == [
        Sheet(
            "Sheet",
            [[1.0, 2.0, Trouble("formula", "=A1+B1")], [None, None, Trouble("formula", '=IF(A1<B1,"<","&")')]],
            formulas=2,
        )
    ]
    assert read(with_value, "a.xlsx").sheets == [Sheet("S", [[], [None, 2.0, "a"]], formulas=2)]


def test_what_is_hidden_and_merged_is_told() -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.merge_range("B1:C2", "見出し")
        sheet.write_row("A3", ["a", "b", "c", "d"])
        sheet.merge_range("D3:D9", "d")  # beyond the last row with content there is nothing to be told
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_column("D:XFD", None, None, {"hidden": True})
        book.add_worksheet("隠").hide()
        book.add_worksheet("もっと").very_hidden()
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=S!$A$3"})
        book.add_chartsheet("図").set_chart(chart)  # no sheet of cells

    covered = Trouble("merged", "B1:C2")
    assert read(xlsx(fill), "a.xlsx").sheets == [
        Sheet(
            "S",
            [[None, "見出し", covered], [None, covered, covered], ["a", "b", "c", "d"]],
            hidden_rows=frozenset({2}),
            hidden_columns=frozenset({4}),
        ),
        Sheet("隠", [], is_hidden=True),
        Sheet("もっと", [], is_hidden=True),
    ]


def test_cells_without_a_place_stand_after_the_one_before() -> None:
    content = with_sheet(
        '<row><c><v>1</v></c><c t="e"><v>#N/A</v></c></row><row r="3"><c r="C3"><v>3</v></c><c><v>4</v></c></row>'
    )

    assert rows_of(content) == [[1.0, Trouble("error", "#N/A")], [], [None, None, 3.0, 4.0]]


def test_formatting_to_the_end_of_the_sheet_does_not_count() -> None:
    content = with_sheet(
        '<row r="1"><c r="A1"><v>1</v></c><c r="AMJ1" s="0"/></row>'
        '<row r="1048576" s="1"><c r="A1048576" s="0"/></row>',
        before='<cols><col min="1" max="16384" style="0"/></cols>',
    )

    assert rows_of(content) == [[1.0]]


@pytest.mark.parametrize("name", ["a.csv", "a.ods", "a.pdf", "a.xlsx.txt"])
def test_a_workbook_of_another_name_is_refused(name: str) -> None:
    content = xlsx(lambda book, sheet: sheet.write_row("A1", ["a"]))

    assert read(content, "a") == read(content, "a.XLSX") == Book("xlsx", [Sheet("S", [["a"]])])
    with pytest.raises(Unusable, match=f"中身は XLSX ですが、名前の終わりが「{Path(name).suffix}」です。"):
        read(content, name)
    with pytest.raises(Unusable, match=r"中身は CSV ですが、名前の終わりが「\.docx」です。"):
        read(b"a,b", "a.docx")


def cell(kind: str, shown: str = "", **attributes: str) -> str:
    given = " ".join(f'{name.replace("__", ":").replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<table:table-cell office:value-type="{kind}" {given}><text:p>{shown}</text:p></table:table-cell>'


def test_ods_values_come_with_their_kinds() -> None:
    row = "<table:table-row>{}</table:table-row>".format
    content = ods(
        table(
            row(
                cell("float", "1,300", office__value="1300")
                + cell("percentage", "5%", office__value="0.05")
                + cell("boolean", "TRUE", office__boolean_value="true")
                + cell("float", "1", office__value="1")
            )
            + row(
                cell("date", "令和7年2月18日", office__date_value="2025-02-18")
                + cell("date", "x", office__date_value="2025-02-18T03:04:05")
                + cell("date", "x", office__date_value="2025-02-18T00:00:00")
                + cell("date", "紀元前", office__date_value="-0044-03-15")
                + cell("time", "3:04", office__time_value="PT03H04M05S")
                + cell("time", "30:00", office__time_value="PT30H00M00S")
                + cell("time", "-1:00", office__time_value="-PT01H00M00S")
            )
        )
    )

    rows = rows_of(content, "a.ods")

    day = datetime.date(2025, 2, 18)
    assert rows == [
        [1300.0, Trouble("percent", "5%"), True, 1.0],
        [
            day,
            datetime.datetime.fromisoformat("2025-02-18T03:04:05"),
            day,
            "紀元前",
            datetime.time(3, 4, 5),
            "30:00:00",
            "-1:00:00",
        ],
    ]
    assert type(rows[0][2]) is bool


def test_ods_texts_are_read_without_comments_and_readings() -> None:
    content = ods(
        table(
            text_row(
                "  a \n b<text:s text:c='3'/>c<text:tab/>d<text:line-break/>e",
                "<text:span>太</text:span> <text:a>字</text:a>",
                "<text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>トウキョウ</text:ruby-text></text:ruby>",
                "一</text:p><text:p/><text:p>二",
                "&lt;&amp;&gt;&#13;",
                "a</text:p><office:annotation><text:p>注記</text:p></office:annotation><text:p>b",
            )
        )
    )

    assert rows_of(content, "a.ods") == [["a b   c\td\ne", "太 字", "東京", "一\n\n二", "<&> ", "a\nb"]]


def test_ods_repetitions_errors_formulas_and_merges() -> None:
    content = ods(
        table(
            '<table:table-column table:number-columns-repeated="2"/>'
            '<table:table-column table:visibility="collapse" table:number-columns-repeated="1022"/>'
            + text_row("見出し").replace(
                "<table:table-cell", '<table:table-cell table:number-columns-spanned="2" table:number-rows-spanned="2"'
            )
            + '<table:table-row table:number-rows-repeated="2"><table:covered-table-cell'
            ' table:number-columns-repeated="2"/>'
            + '<table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="7"/>'
            "</table:table-row>"
            '<table:table-row table:visibility="filter" table:number-rows-repeated="3"/>'
            "<table:table-row>"
            + cell("float", "3", office__value="3", table__formula="of:=[.A1]+1")
            + cell("string", "#DIV/0!", office__string_value="", calcext__value_type="error", table__formula="of:=1/0")
            + cell("float", "#N/A", office__value="0", table__formula="of:=NA()")
            + '<table:table-cell table:formula="of:=[.A1]&amp;1"/>'
            '<table:table-cell table:number-columns-repeated="16380"/></table:table-row>'
            '<table:table-row table:number-rows-repeated="1048569"><table:table-cell/></table:table-row>',
            'table:name="表" table:style-name="ta2"',
        )
        + table(text_row("b")),
        styles='<style:style style:name="ta1"><style:table-properties table:display="true"/></style:style>'
        '<style:style style:name="ta2"><style:table-properties table:display="false"/></style:style>',
        settings='<table:null-date table:date-value="1904-01-01"/>',
    )

    covered = Trouble("merged", "A1:B2")
    assert read(content, "a.ods") == Book(
        "ods",
        [
            Sheet(
                "表",
                [
                    ["見出し", covered],
                    [covered, covered, 7.0, 7.0, 7.0],
                    [None, None, 7.0, 7.0, 7.0],
                    [],
                    [],
                    [],
                    [3.0, Trouble("error", "#DIV/0!"), Trouble("error", "#N/A"), Trouble("formula", "=[.A1]&1")],
                ],
                is_hidden=True,
                hidden_rows=frozenset({4, 5, 6}),
                hidden_columns=frozenset({3, 4, 5}),
                formulas=4,
            ),
            Sheet("S", [["b"]]),
        ],
        is_1904=True,
    )


def test_ods_of_another_program_is_read() -> None:
    document = OpenDocumentSpreadsheet()
    sheet = Table(name="S")
    row = TableRow()
    for value in ("推進会議", "5"):
        each = TableCell(valuetype="string") if value != "5" else TableCell(valuetype="float", value=value)
        each.addElement(P(text=value))
        row.addElement(each)
    sheet.addElement(row)
    document.spreadsheet.addElement(sheet)
    file = io.BytesIO()
    document.write(file)

    assert read(file.getvalue(), "a.ods") == Book("ods", [Sheet("S", [["推進会議", 5.0]])])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_csv_is_read_in_the_encodings_in_use(encoding: str) -> None:
    content = 'コード,名称\r\n\r\n①,"髙橋, ""甲""\r\n乙"\r\n ,\r\n'.encode(encoding)

    assert read(content, "機関.csv") == Book(
        "csv", [Sheet("機関", [["コード", "名称"], [], ["①", '髙橋, "甲"\r\n乙'], [" "]])]
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_lines_may_end_in_any_way(end: str) -> None:
    assert rows_of(f"a,b{end}c,d".encode(), "a.csv") == [["a", "b"], ["c", "d"]]


def test_a_folder_is_read_as_one_book(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("二", encoding="cp932")
    (tmp_path / "a.CSV").write_text("一", encoding="utf-8")
    (tmp_path / "datapackage.json").write_text("{}")
    (tmp_path / "c.csv").mkdir()

    book, contents = read_folder(tmp_path)

    assert book == Book("csv", [Sheet("a", [["一"]]), Sheet("b", [["二"]])])
    assert contents == {"a.CSV": "一".encode(), "b.csv": "二".encode("cp932")}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.txt": b"a"}, "フォルダー「data」に CSV ファイルがありません。"),
        ({"a.csv": b"a", "b.csv": b""}, "b.csv: ファイルが空です。"),
        (
            {"a.csv": xlsx()},
            "a.csv: 中身は XLSX ですが、名前の終わりが「.csv」です。ファイルを取り違えていないか確かめてください。",
        ),
        ({"a.csv": b"a" * 10_000_001, "b.csv": b"a" * 10_000_000}, "ファイルが大きすぎます（上限 20 MB）。"),
    ],
    ids=["none", "empty", "not CSV", "too large"],
)
def test_a_folder_that_cannot_be_used_is_refused(files: dict[str, bytes], message: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)

    with pytest.raises(Unusable) as refused:
        read_folder(folder)

    assert str(refused.value) == message


def test_equal_values_are_one_object() -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["統合プロジェクト", str(number % 3)] for number in range(50_000)])

    rows = rows_of(file.getvalue().encode(), "a.csv")

    assert len({id(value) for row in rows for value in row}) == 4


def test_every_reason_has_words() -> None:
    """The codes that guard and reader give are those that this process can say."""
    source = "".join((Path(guard.__file__).parent / name).read_text() for name in ("guard.py", "reader.py"))
    codes = set(re.findall(r'Refused\(\s*"([\w ]+)"', source))

    assert {code for code in codes if reading._reason(code, limit=1, line=1, sheet="a", suffix="b")} == codes
