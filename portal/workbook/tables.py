"""From a workbook to tables: which sheet holds what, which column stands where, and what every cell says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext as _

from portal.models import code_validator
from portal.resources import (
    BooleanWidget,
    CodesWidget,
    Dataset,
    DateWidget,
    DecimalWidget,
    IntegerWidget,
    Key,
    datasets,
)
from portal.workbook import labels, values, words
from portal.workbook.book import Book, Sheet, Trouble, Value, column_letters
from portal.workbook.plan import Problem, Table, Wording, first_part
from portal.workbook.values import Kind, Unread
from portal.workbook.write import REMARK, is_live, shown_choices, unguard_formula

SHOWN = 20  # hidden rows and columns that a warning names
WIDGETS = {
    CodesWidget: Kind.CODES,
    BooleanWidget: Kind.BOOLEAN,
    DateWidget: Kind.DAY,
    IntegerWidget: Kind.INTEGER,
    DecimalWidget: Kind.DECIMAL,
}


class Cell(NamedTuple):
    """What a cell says: a text that its widget reads (None: leave the stored value), or what is wrong with it."""

    text: str | None = None
    fault: str = ""
    warning: str = ""


@dataclass
class Reading:
    """The tables of a workbook, and what was noticed while reading it."""

    tables: list[Table] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_tables(book: Book, aside: Collection[str] = ()) -> Reading:
    """Read every sheet. `aside` are headings and names of sheets that are left out on purpose."""
    reader = _Reader(book, {values.fold(name) for name in aside})
    for sheet in book.sheets:
        reader.read(sheet)
    for name in aside:
        if values.fold(name) not in reader.met:
            said = _("取り込まない列に指定された「%(name)s」は、このファイルにありません。")
            reader.tell("", said % {"name": name}, is_warning=True)
    return Reading(list(reader.tables.values()), reader.problems)


def kind_of(dataset: Dataset, name: str) -> Kind:
    """What a column holds, as it is read from a cell."""
    column, model_field = dataset.columns[name], dataset.model_field(name)
    if isinstance(column.widget, CodesWidget):
        return Kind.CODES
    if column.readonly:
        return Kind.KEY
    if model_field.choices:
        return Kind.CHOICE
    if name in dataset.years:
        return Kind.YEAR
    if type(column.widget) in WIDGETS:
        return WIDGETS[type(column.widget)]
    return Kind.KEY if name in dataset.key_columns or code_validator in model_field.validators else Kind.TEXT


def is_clearable(dataset: Dataset, name: str) -> bool:
    """Whether a stored value may be removed."""
    if name in dataset.key_columns:
        return False
    for attribute, columns in dataset.references.items():
        if name in columns:
            return bool(dataset.model._meta.get_field(attribute).null)
    model_field = dataset.model_field(name)
    return bool(model_field.null or (model_field.blank and not isinstance(model_field, models.BooleanField)))


class SheetWording(Wording):
    """For people who look at a cell: with its value and what was expected of it."""

    def absent(self, dataset: Dataset, key: Key, known: Callable[[], Collection[Key]]) -> str:
        alike = [each[-1] for each in known() if each[:-1] == key[:-1]]
        guess = words.did_you_mean(values.near(key[-1], alike))
        place = _("「%(sheet)s」にある行を書いてください。") % {"sheet": labels.sheet_title(dataset)}
        return words.join([super().absent(dataset, key, known), guess or place])

    def incomplete(self, dataset: Dataset, column: str) -> str:
        return super().incomplete(dataset, labels.column_title(dataset, column))

    def refused(self, text: str, message: str) -> str:
        shown = text if len(text) <= values.SHOWN else f"{text[: values.SHOWN]}…"
        return message if not text or shown in message else _("「%(value)s」：") % {"value": shown} + message

    def doubt(self, dataset: Dataset, column: str, text: str) -> str:
        is_doubtful = is_live(text) and kind_of(dataset, column) is Kind.TEXT
        return _("数式のように見える文字です。数式にせず、文字のまま取り込みます。") if is_doubtful else ""


class _Reader:
    def __init__(self, book: Book, aside: set[str]) -> None:
        self.book, self.aside = book, aside
        self.tables: dict[str, Table] = {}
        self.problems: list[Problem] = []
        self.met: set[str] = set()  # of what is set aside

    def tell(self, sheet: str, message: str, row: int = 0, at: int = 0, *, is_warning: bool = False) -> None:
        self.problems.append(Problem(sheet, message, row, "", is_warning, at))

    def _is_aside(self, name: str) -> bool:
        told = values.fold(name)
        if told in self.aside:
            self.met.add(told)
        return told in self.aside

    def read(self, sheet: Sheet) -> None:
        if labels.is_guide(sheet.name) or self._is_aside(sheet.name):
            return
        top = next((place for place, row in enumerate(sheet.rows) if not _is_passed_over(row)), None)
        if top is None:
            return
        if sheet.is_hidden:
            self.tell(sheet.name, _("隠しシートは読んでいません。"), is_warning=True)
            return
        width = max(map(len, sheet.rows))
        headings = [_heading(value) for value in sheet.rows[top]] + [""] * (width - len(sheet.rows[top]))
        dataset = labels.find_dataset(sheet.name) or _by_headings(
            [heading for heading in headings if heading and values.fold(heading) not in self.aside]
        )
        if dataset is None:
            titles = [labels.sheet_title(each) for each in datasets()]
            said = _("どのデータのシートか、名前からも見出しからもわかりません。使える名前：%(names)s。")
            guess = words.did_you_mean(values.near(sheet.name, titles))
            self.tell(sheet.name, words.join([said % {"names": ", ".join(titles)}, guess]))
            return
        if earlier := self.tables.get(dataset.name):
            said = _("シート「%(sheet)s」と同じデータです。一つのシートにまとめてください。")
            self.tell(sheet.name, said % {"sheet": earlier.place})
            return
        places = self._columns(sheet, dataset, headings, top)
        table = Table(dataset, sheet.name, tuple(places), [], positions={name: at + 1 for name, at in places.items()})
        self.tables[dataset.name] = table
        if self._is_whole(sheet, dataset, places, top):
            self._fill(sheet, table, places, top)
        else:
            table.is_whole = False
        self._tell_hidden(sheet)

    def _columns(self, sheet: Sheet, dataset: Dataset, headings: Sequence[str], top: int) -> dict[str, int]:
        """Where each column stands, counted from 0."""
        found: dict[str, int] = {}
        for place, heading in enumerate(headings):
            if heading and self._is_aside(heading):
                continue
            if not heading:
                below = ((row, cells) for row, cells in enumerate(sheet.rows) if row > top and place < len(cells))
                filled = (row for row, cells in below if not (_is_blank(cells[place]) or _is_passed_over(cells)))
                if (used := next(filled, None)) is not None:
                    self.tell(sheet.name, _("見出しのない列に値があります。"), used + 1, place + 1)
                continue
            name = labels.find_column(dataset, heading)
            if name is None:
                titles = [labels.column_title(dataset, each) for each in dataset.columns]
                said = _("「%(heading)s」という列はありません。") % {"heading": heading}
                guess = words.did_you_mean(values.near(heading, titles))
                more = _("使わない列なら、取り込まない列に指定してください。")
                self.tell(sheet.name, words.join([said, guess, more]), top + 1, place + 1)
            elif name in found:
                said = _("同じ列が二つあります（%(first)s列と）。")
                self.tell(sheet.name, said % {"first": _letters(found[name])}, top + 1, place + 1)
            else:
                found[name] = place
        return found

    def _is_whole(self, sheet: Sheet, dataset: Dataset, places: dict[str, int], top: int) -> bool:
        """Whether the columns are there by which rows are found, and those that need each other."""
        before = len(self.problems)
        for name in dataset.key_columns:
            if name not in places:
                said = _("行を見分ける列「%(column)s」がありません。") % {"column": labels.column_title(dataset, name)}
                self.tell(sheet.name, said, top + 1)
        for attribute, columns in dataset.references.items():
            half = [name for name in first_part(dataset, attribute) if name in places]
            lacking = [name for name in columns if name not in places and name not in dataset.key_columns]
            if half and columns[-1] not in places:
                self._tell_lacking(sheet, dataset, top, half[0], places[half[0]], columns[-1])
            elif columns[-1] in places and lacking and len(lacking) < len(columns):
                self._tell_lacking(sheet, dataset, top, columns[-1], places[columns[-1]], lacking[0])
        return len(self.problems) == before

    def _tell_lacking(self, sheet: Sheet, dataset: Dataset, top: int, name: str, place: int, other: str) -> None:
        names = {"column": labels.column_title(dataset, name), "other": labels.column_title(dataset, other)}
        self.tell(sheet.name, _("列「%(column)s」には、列「%(other)s」も必要です。") % names, top + 1, place + 1)

    def _fill(self, sheet: Sheet, table: Table, places: dict[str, int], top: int) -> None:
        keys = [places[name] for name in table.dataset.key_columns]
        taken: list[tuple[int, list[Value]]] = []
        remarks = 0
        for number, row in enumerate(sheet.rows[top + 1 :], start=top + 2):
            if not _is_passed_over(row) or (taken and not _is_remark(row, keys)):
                taken.append((number, row))
            elif taken and not all(map(_is_blank, row)):
                remarks += 1
        if remarks:
            said = _("「※」で始まる%(count)s行は読んでいません。") % {"count": remarks}
            self.tell(sheet.name, said, is_warning=True)
        numbers = [number for number, _row in taken]
        faulty: dict[int, set[str]] = defaultdict(set)
        columns: list[list[str | None]] = []
        for name, place in places.items():
            read = self._cells(table.dataset, name)
            cells = [read(row[place]) if place < len(row) else _NOTHING for _number, row in taken]
            for number, cell in zip(numbers, cells, strict=True):
                if cell.fault:
                    self.problems.append(Problem(table.place, cell.fault, number, name, False, place + 1))
                    faulty[number].add(name)
                if cell.warning:
                    self.problems.append(Problem(table.place, cell.warning, number, name, True, place + 1))
            columns.append([cell.text for cell in cells])
        rows = list(zip(numbers, map(list, zip(*columns, strict=True)), strict=True)) if numbers else []
        for number, texts in rows:
            for place in [table.columns.index(name) for name in table.dataset.key_columns]:
                name = table.columns[place]
                if not texts[place] and name not in faulty[number]:
                    said = _("行を見分ける列が空です。")
                    self.problems.append(Problem(table.place, said, number, name, False, table.positions[name]))
                    faulty[number].add(name)
        broken = {number for number, names in faulty.items() if names.intersection(table.dataset.key_columns)}
        table.rows = [(number, texts) for number, texts in rows if number not in broken]
        table.faulty = {number: frozenset(names) for number, names in faulty.items() if names}
        table.is_whole = not broken

    def _cells(self, dataset: Dataset, name: str) -> Callable[[Value], Cell]:
        """How the cells of a column are read; the same text says the same in every row."""
        kind = kind_of(dataset, name)
        choices = values.fold_choices(labels.choice_names(dataset, name)) if kind is Kind.CHOICE else None
        shown = shown_choices(dataset, name)
        read = values.reader_of(kind, choices=choices, is_1904=self.book.is_1904)
        may_clear, is_csv = is_clearable(dataset, name), self.book.kind == "csv"
        known: dict[Value, Cell] = {None: _NOTHING}

        def cell(value: Value) -> Cell:
            if value.__class__ is bool:
                return _read(value)  # it would be found as 1 or 0
            if value not in known:
                known[value] = _trouble(value) if isinstance(value, Trouble) else _read(value)
            return known[value]

        def _read(value: Any) -> Cell:
            if is_csv and isinstance(value, str):
                value = unguard_formula(value)
            if values.is_blank(value):
                return _NOTHING
            if values.is_clear(value):
                return Cell("") if may_clear else Cell(fault=_("この列の値は、なくせません。"))
            try:
                text = read(values.unescape(value) if kind is Kind.TEXT and isinstance(value, str) else value)
            except Unread as unread:
                unread.expected, unread.near = (
                    tuple(shown.get(each, each) for each in told) for told in (unread.expected, unread.near)
                )
                return Cell(fault=words.say(unread, kind))
            is_doubtful = kind is Kind.TEXT and values.is_converted(value)
            return Cell(text, warning=words.converted(text) if is_doubtful else "")

        return cell

    def _tell_hidden(self, sheet: Sheet) -> None:
        rows, columns = sorted(sheet.hidden_rows), sorted(sheet.hidden_columns)
        if rows:
            said = _("隠れた行も読みました（%(rows)s）。") % {"rows": _listed(map(str, rows), len(rows))}
            self.tell(sheet.name, said, is_warning=True)
        if columns:
            said = _("隠れた列も読みました（%(columns)s）。")
            named = _listed((_letters(number - 1) for number in columns), len(columns))
            self.tell(sheet.name, said % {"columns": named}, is_warning=True)
        if sheet.formulas:
            said = _("数式のセルが%(count)s個あります。保存されている計算結果を読みました。")
            self.tell(sheet.name, said % {"count": sheet.formulas}, is_warning=True)


_NOTHING = Cell()


def _is_passed_over(row: Sequence[Value]) -> bool:
    """A blank row, or one that is for people only."""
    first = next((value for value in row if not _is_blank(value)), None)
    return first is None or (isinstance(first, str) and first.lstrip().startswith(REMARK))


def _is_remark(row: Sequence[Value], keys: Collection[int]) -> bool:
    """Whether a row below others that is passed over is none of data: a footnote may begin with ※ as well."""
    first = next((place for place, value in enumerate(row) if not _is_blank(value)), None)
    return first is None or first in keys or all(place >= len(row) or _is_blank(row[place]) for place in keys)


def _is_blank(value: Value) -> bool:
    return not isinstance(value, Trouble) and values.is_blank(value)


def _heading(value: Value) -> str:
    if isinstance(value, Trouble):
        return value.shown
    return "" if value is None or values.is_blank(value) else values.text(value).strip()


def _by_headings(headings: Sequence[str]) -> Dataset | None:
    """The one dataset that has all these columns, its key among them."""
    fitting = []
    for dataset in datasets():
        found = [labels.find_column(dataset, heading) for heading in headings]
        if None not in found and set(dataset.key_columns) <= set(found):
            fitting.append(dataset)
    return fitting[0] if len(fitting) == 1 else None


def _trouble(trouble: Trouble) -> Cell:
    said = {
        "error": _("エラー値（%(shown)s）です。正しい値を入れるか、空にしてください。"),
        "formula": _(
            "数式（%(shown)s）の計算結果がファイルにありません。表計算ソフトで開いて保存し直すか、値を入れてください。"
        ),
        "percent": _(
            "パーセントの書式のセルです（表示は %(shown)s）。書式を「標準」か「文字列」にして、値を入れ直してください。"
        ),
        "merged": _("結合されたセル（%(shown)s）の一部です。結合を解いて、それぞれのセルに値を入れてください。"),
    }
    return Cell(fault=said[trouble.kind] % {"shown": trouble.shown})


def _letters(place: int) -> str:
    return column_letters(place + 1)


def _listed(names: Iterable[str], count: int) -> str:
    shown = [name for name, _place in zip(names, range(SHOWN), strict=False)]
    return ", ".join(shown) + (" …" if count > SHOWN else "")
