"""A file's bytes as a `Book`: XLSX, ODS or CSV. The file is opened in a process of its own, with limits.

Nothing of the file is parsed in this process: the other one (`portal.workbook.reader`) refuses with a code, which is
put into words here, or writes a stream of values.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
import tempfile
from array import array
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from portal.workbook.book import Book, Sheet, Trouble, Unusable, Value
from portal.workbook.guard import MAX_FILE, MAX_SHEETS

TIMEOUT = 60  # seconds by the clock: the reader's own limit counts processor time only
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ("LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH")  # what Python may need; no secret goes to the reader
SUFFIXES = {"xlsx": {"", ".xlsx"}, "ods": {"", ".ods"}, "csv": {"", ".csv", ".txt"}}
SPREADSHEETS = (".xlsx", ".xlsm", ".xltx", ".xlsb", ".xls", ".ods", ".ots")
MAKERS: dict[str, Any] = {
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
    "time": datetime.time.fromisoformat,
}


def read(content: bytes, name: str) -> Book:
    """What a file holds. What it is, its content says, and `name` must not say otherwise; a CSV's sheet is
    called by the stem of it.

    Raises `Unusable`, in the user's language, for every other kind and whatever is broken, hostile or too large.
    """
    if len(content) > MAX_FILE:
        raise Unusable(_reason("size", limit=MAX_FILE // 1_000_000))
    head, numbers = _stream(content)
    if refused := head.get("refused"):
        raise Unusable(_reason(refused[0], **refused[1]))
    book, path = _book(head, numbers), Path(name)
    if book.kind == "csv" and path.suffix.lower() in SPREADSHEETS:
        raise Unusable(_reason("text", suffix=path.suffix))
    if path.suffix.lower() not in SUFFIXES[book.kind]:
        said = _(
            "中身は %(kind)s ですが、名前の終わりが「%(suffix)s」です。ファイルを取り違えていないか確かめてください。"
        )
        raise Unusable(said % {"kind": book.kind.upper(), "suffix": path.suffix})
    if book.kind == "csv":
        book.sheets[0].name = path.stem
    return book


def read_folder(folder: Path) -> tuple[Book, dict[str, bytes]]:
    """The CSV files of a folder as one book, ordered by name, and what they hold; other files are ignored.

    All of them together may be as large as one file. Raises `Unusable`.
    """
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file())
    if not paths:
        raise Unusable(_("フォルダー「%(folder)s」に CSV ファイルがありません。") % {"folder": folder.name})
    if len(paths) > MAX_SHEETS or sum(path.stat().st_size for path in paths) > MAX_FILE:
        raise Unusable(_reason("size", limit=MAX_FILE // 1_000_000))
    book, contents = Book("csv"), {}
    for path in paths:
        contents[path.name] = path.read_bytes()
        try:
            found = read(contents[path.name], path.name)
        except Unusable as error:
            raise Unusable(f"{path.name}: {error}") from error
        book.sheets += found.sheets
    return book, contents


def _stream(content: bytes) -> tuple[dict[str, Any], array[int]]:
    """What the reader wrote: its line, and its numbers. Raises `Unusable` if it did not come to an end."""
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    with tempfile.TemporaryFile() as output:  # a file and not a pipe: the reader's limit on files bounds it
        try:
            done = subprocess.run(
                [sys.executable, "-m", "portal.workbook.reader"],
                input=content,
                stdout=output,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,  # where `-m` looks for the package
                env=environment,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unusable(_reason("memory")) from None
        if done.returncode:  # by a signal: its limits, or the library's abort when memory ends
            raise Unusable(_reason("memory" if done.returncode < 0 else "broken"))
        output.seek(0)
        try:
            head = json.loads(output.readline())
            numbers = array("I")
            numbers.frombytes(output.read())
            return dict(head), numbers
        except (TypeError, ValueError):
            raise Unusable(_reason("broken")) from None


def _book(head: dict[str, Any], numbers: array[int]) -> Book:
    """The book of a stream. Equal values are one object, so that 50,000 rows take little more than their lists."""
    try:
        values: list[Value] = [_value(*each) if isinstance(each, list) else each for each in head["values"]]
        book = Book(head["kind"], is_1904=head["is_1904"])
        position = 0
        for each in head["sheets"]:
            rows: list[list[Value]] = []
            for _row in range(each["rows"]):
                end = position + 1 + numbers[position]
                rows.append([values[index] for index in numbers[position + 1 : end]])
                position = end
            book.sheets.append(
                Sheet(
                    each["name"],
                    rows,
                    each["is_hidden"],
                    frozenset(each["hidden_rows"]),
                    frozenset(each["hidden_columns"]),
                    each["formulas"],
                )
            )
    except (IndexError, KeyError, TypeError, ValueError):
        raise Unusable(_reason("broken")) from None
    return book


def _value(kind: str, text: str) -> Value:
    maker = MAKERS.get(kind)
    return maker(text) if maker else Trouble(kind, text)


def _reason(code: str, **details: str | int) -> str:
    """Why a file is refused, in the user's language."""
    if details.get("sheet") == "":
        code += " of the only sheet"
    reasons = {
        "size": _("ファイルが大きすぎます（上限 %(limit)s MB）。"),
        "empty": _("ファイルが空です。"),
        "xls": _("古い形式のファイル（.xls など）は読めません。XLSX 形式で保存し直してください。"),
        "xlsb": _("バイナリ形式のブック（.xlsb）は読めません。XLSX 形式で保存し直してください。"),
        "password": _("パスワードで保護されたファイルは読めません。保護を外して保存し直してください。"),
        "macros": _("マクロを含むファイルは読み込みません。マクロのない XLSX 形式で保存し直してください。"),
        "links": _("ほかのファイルへのリンクを含むため、読み込みません。リンクを解除して保存し直してください。"),
        "html": _("中身は HTML（ウェブページ）です。XLSX、ODS、CSV のいずれかにしてください。"),
        "xml": _("中身は XML です。XLSX、ODS、CSV のいずれかにしてください。"),
        "pdf": _("中身は PDF です。XLSX、ODS、CSV のいずれかにしてください。"),
        "zip": _("中身は ZIP ですが、XLSX でも ODS でもありません。"),
        "other": _("XLSX、ODS、CSV のいずれでもないファイルです。"),
        "text": _("名前は %(suffix)s ですが、中身はテキストです。CSV であれば、名前の末尾を .csv にしてください。"),
        "utf16": _("文字コードが UTF-16 です。CSV は UTF-8 で保存し直してください。"),
        "nul": _("%(line)s行目に、文字ではないデータ（NUL）があります。CSV ではないか、壊れています。"),
        "bytes": _("%(line)s行目に、UTF-8 としても Shift_JIS（CP932）としても読めない文字があります。"),
        "csv": _("%(line)s行目で、CSV の引用符の使い方が正しくないか、セルが長すぎます。"),
        "broken": _("ファイルが壊れているか、途中で切れています。"),
        "dtd": _("XML の文書型宣言（DTD）を含むため、読み込みません。表計算ソフトで保存し直してください。"),
        "parts": _("ファイルの中の部品が多すぎます（上限 %(limit)s 個）。"),
        "unpacked": _("展開すると大きくなりすぎるファイルです（上限 %(limit)s MB、圧縮率にも上限があります）。"),
        "no sheet": _("シートがありません。"),
        "sheets": _("シートが多すぎます（上限 %(limit)s 枚）。"),
        "rows": _("シート「%(sheet)s」の行が多すぎます（上限 %(limit)s 行）。"),
        "columns": _("シート「%(sheet)s」の列が多すぎます（上限 %(limit)s 列）。"),
        "rows of the only sheet": _("行が多すぎます（上限 %(limit)s 行）。"),
        "columns of the only sheet": _("列が多すぎます（上限 %(limit)s 列）。"),
        "cells": _("セルが多すぎます（すべてのシートの行×列で上限 %(limit)s）。"),
        "memory": _("読み取りに必要なメモリまたは時間が上限を超えたため、中止しました。"),
    }
    return reasons[code] % {name: f"{value:,}" if isinstance(value, int) else value for name, value in details.items()}
