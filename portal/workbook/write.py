"""Datasets as a workbook: what is stored, written so that it reads back the same, or an empty one to be filled in.

Texts are text cells, quote-prefixed, so that `=1+1` is never a formula and 0012 keeps its zeros. A number is a number
cell where a spreadsheet keeps all its digits, a day a date cell where one has it; choices stand as their labels. Blank
is "no value"; `portal.workbook.values` has the rest of the rules. The same data make the same bytes.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO

import xlsxwriter
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from xlsxwriter.worksheet import Worksheet

from portal import revision
from portal.resources import (
    BooleanWidget,
    CodesWidget,
    Dataset,
    DateWidget,
    DecimalWidget,
    IntegerWidget,
    datasets,
)
from portal.workbook import labels
from portal.workbook.book import address
from portal.workbook.values import DIGITS, escape, fold, fold_choices

CLEARED = "(削除)"
REMARK = "※"  # a row whose first cell begins with it is not read
LONGEST = 32_767  # UTF-16 units that a cell holds
FIRST_DAY = "1900-03-01"  # before it spreadsheets count differently
FILLED = 5_000  # rows of a template that have drop-down lists
LISTED = 1_000  # codes that a drop-down list offers
CREATED = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 - the same for every file
NARROWEST, WIDEST = 8, 48  # of columns, in characters

Line = list[str]


class Unwritable(Exception):
    """A text that no cell can hold to the letter; nothing was written. The message names sheet and cell."""


@dataclass(frozen=True)
class Table:
    """A dataset's rows in their order, as the canonical texts of its columns."""

    dataset: Dataset
    rows: list[Line]


# --- what is written ---


def tables(names: Collection[str] | None = None, *, public: bool = False) -> Iterator[Table]:
    """The datasets of those names (all, unless told), with all rows or only what readers may see.

    For one state of them all it is consumed inside `revision.reading()`.
    """
    seen = _Seen()
    for dataset in datasets():
        if names is None or dataset.name in names:
            rows = public_rows(dataset, seen) if public else dataset.in_order(dataset.rows())
            columns = dataset.columns.values()
            yield Table(dataset, [[column.export(row) for column in columns] for row in rows])


class _Seen(dict[type[models.Model], set[Any]]):
    """By model the primary keys of the rows that readers may see, in one query each."""

    def __missing__(self, model: type[models.Model]) -> set[Any]:
        public: Any = model._default_manager
        self[model] = set(public.public().order_by().values_list("pk", flat=True))
        return self[model]


def public_rows(dataset: Dataset, seen: _Seen | None = None, *, first: bool = False) -> list[Any]:
    """What readers may see of a dataset, or its first row: without any reference to what they may not."""
    seen = _Seen() if seen is None else seen
    codes = [
        models.Prefetch(each.name, dataset.joined(each.name)._default_manager.public())  # type: ignore[attr-defined]
        for each in dataset.model._meta.local_many_to_many
    ]
    found: Any = dataset.rows().prefetch_related(None).prefetch_related(*codes)
    rows = dataset.in_order(found.public()[:1] if first else found.public())
    for name in dataset.references:
        key: Any = dataset.model._meta.get_field(name)
        known = seen[key.related_model]
        for row in rows:
            if (pk := getattr(row, key.attname)) is not None and pk not in known:
                setattr(row, name, None)
    return rows


# --- formulas in CSV ---

_LIVE = re.compile(r"[=+\-@\t\r\n＝＋－＠].", re.DOTALL)
_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")


def guard_formula(text: str) -> str:
    """A text as a CSV holds it that may be opened in a spreadsheet: with `'` before what would be a live formula.

    That is what begins with `= + - @`, their full-width forms, a tab or a line break and is no plain number. A text
    that begins so after apostrophes of its own gets one more, so that `unguard_formula` returns every text.
    """
    return f"'{text}" if is_live(text) else text


def unguard_formula(text: str) -> str:
    return text[1:] if text.startswith("'") and is_live(text) else text


def is_live(text: str) -> bool:
    """Whether a spreadsheet might take a text for a formula."""
    bare = text.lstrip("'")
    return bool(_LIVE.match(bare)) and not _NUMBER.fullmatch(bare)


# --- cells ---


class _Sheet(Worksheet):
    """A sheet that keeps two kinds of text which xlsxwriter alters: `_x0041_x0042_`, and `<r>…</r>`, which it takes for
    markup of its own."""

    @staticmethod
    def _escape_control_characters(data: str) -> str:
        text = re.sub("_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", data)
        text = re.sub("[\x00-\x08\x0b-\x1f]", lambda found: f"_x{ord(found[0]):04X}_", text)
        return f"_x003C_{text[1:]}" if text.startswith("<r>") else text


class _Book:
    """A workbook that is being written, with its formats.

    Its rows are written from top to bottom and kept on disk, not in memory.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = xlsxwriter.Workbook(file, {"constant_memory": True})
        self.file.set_properties({"created": CREATED})
        top = {"valign": "top"}
        self.text = self.file.add_format({**top, "num_format": "@", "quote_prefix": True, "text_wrap": True})
        self.day = self.file.add_format({**top, "num_format": "yyyy-mm-dd", "align": "left"})
        self.number = self.file.add_format({**top, "num_format": "0"})
        self.decimal = self.file.add_format({**top, "num_format": "General"})
        self.amount = self.file.add_format({**top, "num_format": "#,##0"})
        heading = {**top, "num_format": "@", "text_wrap": True, "bold": True, "bottom": 1}
        self.heading = self.file.add_format({**heading, "bg_color": "#E6E6E6"})
        self.key = self.file.add_format({**heading, "bg_color": "#C5D7FB"})
        remark = {**top, "num_format": "@", "text_wrap": True, "quote_prefix": True, "font_color": "#4D4D4D"}
        self.remark = self.file.add_format({**remark, "bg_color": "#F2F2F2", "italic": True})
        self.title = self.file.add_format({"bold": True, "font_size": 16})

    def sheet(self, title: str) -> Worksheet:
        return self.file.add_worksheet(title, _Sheet)

    def format(self, dataset: Dataset, column: str) -> Any:
        widget = dataset.columns[column].widget
        if isinstance(widget, IntegerWidget):
            return self.amount if widget.digits > DIGITS else self.number
        return {DateWidget: self.day, DecimalWidget: self.decimal}.get(type(widget), self.text)

    def writers(self, dataset: Dataset, sheet: Worksheet) -> list[Callable[[int, int, str], object]]:
        """By column how a text that is not empty is written."""
        found: list[Callable[[int, int, str], object]] = []
        text = partial(_write_text, sheet, self.text)
        for name, column in dataset.columns.items():
            if isinstance(column.widget, IntegerWidget | DecimalWidget):
                found.append(partial(_write_number, sheet, self.format(dataset, name), text))
            elif isinstance(column.widget, DateWidget):
                found.append(partial(_write_day, sheet, self.day, text))
            elif shown := shown_choices(dataset, name):
                found.append(partial(_write_choice, text, shown))
            else:
                found.append(text)
        return found


def _write_text(sheet: Worksheet, form: Any, row: int, column: int, text: str) -> None:
    sheet.write_string(row, column, escape(text), form)


def _write_number(sheet: Worksheet, form: Any, as_text: Any, row: int, column: int, text: str) -> None:
    if len(text.strip("-").replace(".", "")) <= DIGITS:
        sheet.write_number(row, column, float(text), form)
    else:
        as_text(row, column, text)


def _write_day(sheet: Worksheet, form: Any, as_text: Any, row: int, column: int, text: str) -> None:
    if text >= FIRST_DAY:
        sheet.write_datetime(row, column, datetime.date.fromisoformat(text), form)
    else:
        as_text(row, column, text)


def _write_choice(as_text: Any, shown: dict[str, str], row: int, column: int, text: str) -> None:
    as_text(row, column, shown.get(text, text))


def shown_choices(dataset: Dataset, column: str) -> dict[str, str]:
    """The values of a choice with what a cell shows: the label, or the value where the label could mean another."""
    read = fold_choices(labels.choice_names(dataset, column))
    choices = labels.choices_of(dataset, column)
    return {value: label if read.get(fold(label)) == value else value for value, label in choices.items()}


def cleared(dataset: Dataset) -> list[bool]:
    """By column whether an empty value must be written as `(削除)`: left blank, a new row would get the default."""
    found = []
    for name, column in dataset.columns.items():
        default = None if column.readonly else dataset.model_field(name)
        has_default = default is not None and default.has_default()
        found.append(has_default and bool(column.widget.render(default.get_default())))  # type: ignore[union-attr]
    return found


# --- all that is stored ---


def export(file: BinaryIO, *, names: Collection[str] | None = None, public: bool = False) -> None:
    """Write a sheet for each dataset (of those names), in the active language, with all rows or those for readers.

    Raises `Unwritable`.
    """
    with revision.reading():
        found = list(tables(names, public=public))
    write(file, found)


def write(file: BinaryIO, found: Iterable[Table]) -> None:
    """Write these tables as a workbook. Raises `Unwritable`."""
    found = list(found)
    for table in found:
        _refuse_unwritable(table)
    book = _Book(file)
    for table in found:
        _write_table(book, table)
    book.file.close()


def _refuse_unwritable(table: Table) -> None:
    for number, row in enumerate(table.rows, start=2):
        for place, text in enumerate(row, start=1):
            if len(text) > LONGEST // 2 and len(escape(text).encode("utf-16-le")) > 2 * LONGEST:
                why = _("文字が多すぎて、表計算のセルに入りません（%(limit)s 文字まで）。") % {"limit": f"{LONGEST:,}"}
            elif "\ufffe" in text or "\uffff" in text:
                why = _("表計算のファイルに書けない文字（U+FFFE または U+FFFF）が含まれています。")
            else:
                continue
            raise Unwritable(f"{address(labels.sheet_title(table.dataset), number, place)}: {why}")


def _write_table(book: _Book, table: Table) -> None:
    dataset = table.dataset
    sheet = book.sheet(labels.sheet_title(dataset))
    titles = _write_headings(book, sheet, dataset)
    writers, clears = book.writers(dataset, sheet), cleared(dataset)
    widths = [_width(title) for title in titles]
    has_readings = type(dataset).complete is not Dataset.complete
    for number, row in enumerate(table.rows, start=1):
        unread = _unread(dataset, row) if has_readings else ()
        for place, text in enumerate(row):
            if text:
                writers[place](number, place, text)
                if widths[place] < WIDEST:
                    widths[place] = max(widths[place], _width(text))
            elif clears[place] or place in unread:
                sheet.write_string(number, place, CLEARED, book.text)
    for place, (name, width) in enumerate(zip(dataset.columns, widths, strict=True)):
        sheet.set_column(place, place, min(max(width + 2, NARROWEST), WIDEST), book.format(dataset, name))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(table.rows), len(titles) - 1)


def _unread(dataset: Dataset, row: Sequence[str]) -> set[int]:
    """The columns that are empty on purpose: left blank, they would be filled from others of the row when it is new."""
    texts = dict(zip(dataset.columns, row, strict=True))
    filled = dataset.complete(texts, {name for name, text in texts.items() if text})
    return {place for place, name in enumerate(dataset.columns) if filled.get(name) and not texts[name]}


def _write_headings(book: _Book, sheet: Worksheet, dataset: Dataset) -> list[str]:
    titles = [labels.column_title(dataset, name) for name in dataset.columns]
    for place, (name, title) in enumerate(zip(dataset.columns, titles, strict=True)):
        sheet.write_string(0, place, title, book.key if name in dataset.key_columns else book.heading)
    return titles


def _width(text: str) -> int:
    """In Latin characters, of which a Japanese one takes two: in UTF-8 the ones have one byte, the others three."""
    return (len(text.encode()) + len(text)) // 2 if len(text) < WIDEST else WIDEST


# --- an empty one ---

RULES = [
    gettext_lazy(
        "1行目の見出しは変えないでください。列の順は自由で、使わない列は消してかまいません。色の付いた見出しの列は、行を見分けるキーです。"
    ),
    gettext_lazy("「※」で始まる行（項目の説明と記入例）は読み込みません。消してもかまいません。"),
    gettext_lazy(
        "同じキーの行がすでにあれば、その行を変更します。なければ追加します。ファイルにない行は、そのまま残ります。"
    ),
    gettext_lazy("空欄は「変更しない」の意味です。値を消すには「(削除)」と書きます。"),
    gettext_lazy(
        "「(削除)」という文字そのもの、または空白だけを値にするには、半角のかっこでもう一度囲みます（例：((削除))）。"
    ),
    gettext_lazy("日付は、2025-02-18、2025/2/18、令和7年2月18日、R7.2.18 のいずれでも読みます。"),
    gettext_lazy("年度は、2025、2025年度、令和7年度 のいずれでも読みます。"),
    gettext_lazy("数は、全角でも、1,300、△5、1.3億 の形でも読みます。空欄とゼロは別のものです。"),
    gettext_lazy("数式は、表計算ソフトが保存した計算結果を読みます。エラーの値は読み込めません。"),
    gettext_lazy(
        "複数のコードは「;」で区切ります。ほかの行を指すコードは、同じファイルの別のシートにあるものでもかまいません。"
    ),
    gettext_lazy("セルは結合しないでください。"),
]


@dataclass
class _Lists:
    """The drop-down lists of a template: each a column of one hidden sheet."""

    columns: dict[tuple[str, ...], int] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)

    def place(self, values: Iterable[str]) -> str:
        """Where a list stands, as a formula. The same list stands once."""
        key = tuple(values)
        place = self.columns.setdefault(key, len(self.columns))
        return f"='{labels.LISTS}'!{xlsxwriter.utility.xl_range_abs(0, place, len(key) - 1, place)}"

    def write(self, book: _Book) -> None:
        sheet = book.sheet(str(labels.LISTS))
        sheet.hide()
        for number in range(max(map(len, self.columns), default=0)):
            for values, place in self.columns.items():
                if number < len(values):
                    sheet.write_string(number, place, values[number], book.text)

    def codes_of(self, dataset: Dataset) -> list[str]:
        """The codes of a dataset whose rows have one each and are few; else none."""
        if dataset.key_columns != ("code",):
            return []
        if dataset.name not in self.codes:
            known = dataset.model._default_manager.order_by("code").values_list("code", flat=True)
            codes = list(known[: LISTED + 1])
            self.codes[dataset.name] = codes if len(codes) <= LISTED else []
        return self.codes[dataset.name]


def template(file: BinaryIO) -> None:
    """Write an empty workbook in the active language: headings, what belongs below them, an example, lists, a guide.

    The example is the first row that readers see; the lists offer every code, that of a draft too.
    """
    with revision.reading():
        examples = [(dataset, public_rows(dataset, first=True)) for dataset in datasets()]
        lists = _Lists()
        offered = {
            dataset.name: {name: _offer(lists, dataset, name) for name in dataset.columns}
            for dataset, _rows in examples
        }
    found = [
        Table(dataset, [[column.export(row) for column in dataset.columns.values()] for row in rows])
        for dataset, rows in examples
    ]
    for table in found:
        _refuse_unwritable(table)
    book = _Book(file)
    _write_guide(book, [table.dataset for table in found])
    for table in found:
        _write_empty(book, table, offered[table.dataset.name])
    lists.write(book)
    book.file.close()


def _offer(lists: _Lists, dataset: Dataset, column: str) -> dict[str, Any] | None:
    """The drop-down list of a column, as xlsxwriter takes it."""
    widget = dataset.columns[column].widget
    values, is_open = list(shown_choices(dataset, column).values()), False
    if isinstance(widget, BooleanWidget):
        values = ["true", "false"]
    elif not values and not isinstance(widget, CodesWidget) and (target := labels.referred(dataset, column)):
        values, is_open = list(lists.codes_of(target)), True  # the code may be of a new row of another sheet
    if not values:
        return None
    if not labels.is_required(dataset, column):
        values.append(CLEARED)
    message = (
        _("一覧にないコードです。新しい行のコードなら、このまま入力できます。")
        if is_open
        else _("一覧から選んでください。")
    )
    return {
        "validate": "list",
        "source": lists.place(values),
        "error_type": "warning" if is_open else "stop",
        "error_title": labels.column_title(dataset, column)[:32],
        "error_message": message,
    }


def _write_empty(book: _Book, table: Table, offered: dict[str, dict[str, Any] | None]) -> None:
    dataset = table.dataset
    sheet = book.sheet(labels.sheet_title(dataset))
    titles = _write_headings(book, sheet, dataset)
    for place, name in enumerate(dataset.columns):
        sheet.write_string(
            1, place, f"{REMARK} {_hint(dataset, name)}" if not place else _hint(dataset, name), book.remark
        )
    marked = REMARK + _("例") + " "
    for row in table.rows:
        for place, (name, text) in enumerate(zip(dataset.columns, row, strict=True)):
            shown = escape(shown_choices(dataset, name).get(text, text))
            sheet.write_string(2, place, shown if place else marked + shown, book.remark)
    first = 2 + len(table.rows)
    for place, (name, title) in enumerate(zip(dataset.columns, titles, strict=True)):
        sheet.set_column(place, place, min(max(_width(title) + 2, 16), 30), book.format(dataset, name))
        if (offer := offered[name]) is not None:
            sheet.data_validation(first, place, first + FILLED - 1, place, offer)
    sheet.freeze_panes(2, 0)


def _hint(dataset: Dataset, column: str) -> str:
    """What belongs into a column, and whether something must."""
    words = labels.help_of(dataset, column)
    if column in dataset.key_columns:
        return _("キー。%(help)s") % {"help": words}
    if labels.is_required(dataset, column) and not dataset.model_field(column).has_default():
        return _("必須。%(help)s") % {"help": words}
    return words


def _write_guide(book: _Book, listed: list[Dataset]) -> None:
    sheet = book.sheet(str(labels.GUIDE))
    for place, width in enumerate((24, 64, 40)):
        sheet.set_column(place, place, width)
    lines: list[tuple[Any, list[str]]] = [(book.title, [_("データの記入用紙")])]
    lines += [(book.text, ["", str(rule)]) for rule in RULES]
    lines += [(book.text, []), (book.heading, [_("シート"), _("内容"), _("キー")])]
    for dataset in listed:
        keys = _("、").join(labels.column_title(dataset, name) for name in dataset.key_columns)
        lines.append((book.text, [labels.sheet_title(dataset), labels.about(dataset), keys]))
    for row, (form, texts) in enumerate(lines):
        for place, text in enumerate(texts):
            if text:
                sheet.write_string(row, place, text, form)
    sheet.activate()
