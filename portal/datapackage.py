"""Data packages: a folder of CSV files, one per dataset, with the `datapackage.json` that describes them.

`load` checks everything first, collects every fault with file, row and column, and then writes all of it or nothing,
in one transaction that holds the revision. `dump` writes the same bytes back. Rows absent from a file are left alone.
Format: Data Package and Table Schema v1 (Frictionless Standards).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from portal import revision
from portal.models import LoadedPackage
from portal.resources import (
    BooleanWidget,
    CodesWidget,
    Dataset,
    DateWidget,
    DecimalWidget,
    IntegerWidget,
    Key,
    datasets,
    messages,
)
from portal.tree import InvalidTree, settle

DESCRIPTION = "datapackage.json"


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: the file, the row as a spreadsheet counts it (the headings are row 1), the column."""

    file: str
    message: str
    row: int = 0
    column: str = ""

    def __str__(self) -> str:
        row = _("%(row)s行目") % {"row": self.row} if self.row else ""
        column = _("列「%(column)s」") % {"column": self.column} if self.column else ""
        return f"{' '.join(filter(None, [self.file, row, column]))}: {self.message}"


class Unloadable(Exception):
    """The package was not loaded; nothing was written."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass
class Row:
    """One line of a file, and the model instance that it becomes."""

    number: int
    cells: dict[str, str]
    instance: models.Model
    lists: dict[str, list[str]] = field(default_factory=dict)
    state: str = "unchanged"

    def set(self, attribute: str, value: Any) -> None:
        """Put a value into the instance; if it differs from what stood there, the row is changed."""
        if self.state == "unchanged" and getattr(self.instance, attribute) != value:
            self.state = "changed"
        setattr(self.instance, attribute, value)


def digest(folder: Path) -> str:
    """A fingerprint of everything in the package."""
    hashed = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file():
            hashed.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def load(folder: Path, using: str = DEFAULT_DB_ALIAS) -> dict[str, Counter[str]]:
    """Load a package. Returns per dataset how many rows were `added`, `changed`, `unchanged`. Raises `Unloadable`."""
    files = _files(folder)
    loader = _Loader(using)
    try:
        with settle(using):
            for dataset in loader.datasets.values():
                if path := files.get(dataset.name):
                    loader.plan(dataset, path)
            loader.refuse_circles()
            if not loader.faults:
                loader.save()
            if loader.faults:
                raise Unloadable(loader.faults)
            LoadedPackage.objects.using(using).get_or_create(digest=digest(folder))
    except InvalidTree as error:  # the renumbering at the end found what the rows do not show
        raise Unloadable([Fault(folder.name, str(error))]) from error
    if (
        connections[using].vendor == "postgresql"
        and sum(sum(count.values()) for count in loader.counts.values()) > 1000
    ):
        with connections[using].cursor() as cursor:
            cursor.execute("ANALYZE")  # until autovacuum comes by, the planner would take full tables for empty ones
    return loader.counts


def _files(folder: Path) -> dict[str, Path]:
    """The files of a package by dataset, from its description. Raises `Unloadable`."""
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        listed = {str(resource["name"]): str(resource["path"]) for resource in description["resources"]}
    except FileNotFoundError as error:
        raise Unloadable([Fault(DESCRIPTION, _("ファイルがありません。"))]) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unloadable([Fault(DESCRIPTION, _("データパッケージの記述として読めません（%s）。") % error)]) from error
    known = {dataset.name for dataset in datasets()}
    faults = []
    for name, path in listed.items():
        if name not in known:
            faults.append(Fault(DESCRIPTION, _("「%(name)s」というデータセットはありません。") % {"name": name}))
        elif Path(path).name != path or not (folder / path).is_file():
            faults.append(Fault(DESCRIPTION, _("「%(path)s」がこのフォルダーにありません。") % {"path": path}))
    faults += [
        Fault(path.name, _("%(file)s に書かれていないファイルです。") % {"file": DESCRIPTION})
        for path in sorted(folder.glob("*.csv"))
        if path.name not in listed.values()
    ]
    if faults:
        raise Unloadable(faults)
    return {name: folder / path for name, path in listed.items()}


class _Loader:
    """One load: reads, resolves and compares every row before the first is written."""

    def __init__(self, using: str) -> None:
        self.using = using
        self.faults: list[Fault] = []
        self.counts: dict[str, Counter[str]] = {}
        self.planned: list[tuple[Dataset, str, list[Row]]] = []
        self.datasets = {dataset.model: dataset for dataset in datasets()}
        self._known: dict[type[models.Model], dict[Key, models.Model]] = {}
        self._unread: set[Any] = set()  # what a file could not be read for is not reported as absent elsewhere
        self._open: set[int] = set()  # the ids of instances with an end left open: no rule can look through them

    def known(self, model: type[models.Model]) -> dict[Key, models.Model]:
        """Every row of a dataset by natural key: those in the database, and those planned so far."""
        if model not in self._known:
            dataset = self.datasets[model]
            rows = list(dataset.rows().using(self.using))
            by_pk = {row.pk: row for row in rows}
            for name in dataset.self_references:
                for row in rows:  # one object for each row, so that a chain can be followed without a query
                    if (pk := getattr(row, f"{name}_id")) is not None:
                        setattr(row, name, by_pk[pk])
            self._known[model] = {dataset.key(row): row for row in rows}
        return self._known[model]

    def plan(self, dataset: Dataset, path: Path) -> None:
        known, rows, seen = self.known(dataset.model), [], dict[Key, int]()
        before = len(self.faults)
        lines = list(self._read(dataset, path))
        if len(self.faults) > before:
            self._unread.add(dataset.model)
        for number, cells in lines:
            key = tuple(cells[name] for name in dataset.key_columns)
            if key in seen:
                text = _("同じキー（%(key)s）の行が %(row)s行目にもあります。") % {
                    "key": ", ".join(key),
                    "row": seen[key],
                }
                self.faults.append(Fault(path.name, text, number, dataset.key_columns[-1]))
                continue
            seen[key] = number
            row = Row(number, cells, known.get(key) or dataset.model())
            if key not in known:
                row.state = "added"
                known[key] = row.instance
            rows.append(row)
        # References are resolved when every row of the file is known, and rows are checked when every one is filled:
        # a child may stand before its parent.
        before = len(self.faults)
        faulty = [self._fill(dataset, path.name, row) for row in rows]
        for row, columns in zip(rows, faulty, strict=True):
            if row.state != "unchanged":
                self._validate(dataset, path.name, row, columns)
        self.faults[before:] = sorted(self.faults[before:], key=lambda fault: fault.row)
        self.planned.append((dataset, path.name, rows))

    def _read(self, dataset: Dataset, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
        def fault(message: str, row: int = 0, column: str = "") -> None:
            self.faults.append(Fault(path.name, message, row, column))

        try:
            lines = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            return fault(_("文字コードが UTF-8 ではありません（テキストとして %(line)s 行目）。") % {"line": line})
        try:
            csv.field_size_limit(
                max(csv.field_size_limit(), len(lines))
            )  # of the whole process: never less than it was
            records = list(csv.reader(io.StringIO(lines, newline=""), strict=True))
        except csv.Error as error:
            return fault(_("CSV として読めません（%s）。") % error)
        headings, columns = (records or [[]])[0], dataset.columns
        for name in sorted({name for name in headings if name not in columns}):
            fault(_("知らない列です。使える列：%(columns)s") % {"columns": ", ".join(columns)}, 1, name)
        for name, times in Counter(headings).items():
            if times > 1:
                fault(_("同じ列が %(times)s 回あります。") % {"times": times}, 1, name)
        for name in columns:
            if name not in headings and name in dataset.key_columns:
                fault(_("キーの列がありません。"), 1, name)
        if any(each.file == path.name for each in self.faults):
            return None
        for number, record in enumerate(records[1:], start=2):
            if len(record) == len(headings):
                yield number, dict(zip(headings, record, strict=True))
            else:
                counts = {"found": len(record), "expected": len(headings)}
                fault(_("セルが %(found)s 個あります（見出しは %(expected)s 個）。") % counts, number)
        return None

    def _fill(self, dataset: Dataset, file: str, row: Row) -> set[str]:
        """Put a line's cells into its instance, note whether anything differs, and say what is wrong.

        Returns the columns that hold no value to be checked.
        """
        before = len(self.faults)
        self._fill_values(dataset, file, row)
        open_ends = self._fill_references(dataset, file, row)
        faulty = open_ends | {fault.column for fault in self.faults[before:]}
        if any(faulty.intersection(columns) for columns in dataset.references.values()):
            self._open.add(id(row.instance))
        return faulty

    def _fill_values(self, dataset: Dataset, file: str, row: Row) -> None:
        for name, column in dataset.columns.items():
            if column.readonly or name not in row.cells:
                continue
            try:
                value = column.clean(row.cells)
            except ValueError as error:
                self.faults.append(Fault(file, str(error), row.number, name))
                continue
            if isinstance(column.widget, CodesWidget):
                row.lists[column.attribute] = value
                joined = dataset.joined(column.attribute)
                if joined not in self._unread:
                    unknown = [code for code in value if (code,) not in self.known(joined)]
                    self.faults += [Fault(file, _absent(code), row.number, name) for code in unknown]
                if row.state == "unchanged" and column.widget.clean(column.export(row.instance)) != value:
                    row.state = "changed"
            else:
                row.set(column.attribute, value)

    def _fill_references(self, dataset: Dataset, file: str, row: Row) -> set[str]:
        """Returns the columns whose reference leads into a file that could not be read."""
        open_ends = set()
        for attribute, columns in dataset.references.items():
            reference = dataset.model._meta.get_field(attribute)
            if not all(name in row.cells for name in columns):
                if row.state == "added" and not reference.null:
                    self.faults.append(Fault(file, _("この列が必要です。"), row.number, columns[-1]))
                continue
            key = tuple(row.cells[name] for name in columns)
            target = self.known(reference.related_model).get(key)  # type: ignore[arg-type]  # a model class
            if target is None and (key[-1] or not reference.null):
                if reference.related_model in self._unread:
                    open_ends.add(columns[-1])
                    continue
                self.faults.append(Fault(file, _absent(", ".join(key)), row.number, columns[-1]))
            else:
                row.set(attribute, target)
        return open_ends

    def _validate(self, dataset: Dataset, file: str, row: Row, faulty: set[str]) -> None:
        by_attribute = {column.attribute: name for name, column in dataset.columns.items()}
        by_attribute |= {attribute: columns[-1] for attribute, columns in dataset.references.items()}
        read = {attribute for attribute, name in by_attribute.items() if name in faulty}
        errors: list[tuple[str, str]] = []
        try:
            # References are settled already; Django would look each of them up again.
            row.instance.clean_fields(exclude={*read, *dataset.references})
        except ValidationError as error:
            errors += messages(error)
        if not faulty and not any(id(getattr(row.instance, name)) in self._open for name in dataset.references):
            try:
                row.instance.clean()
            except ValidationError as error:
                errors += messages(error)
        self.faults += [Fault(file, text, row.number, by_attribute.get(name, "")) for name, text in errors]

    def refuse_circles(self) -> None:
        """A row cannot stand under itself; found here so that the message names the row."""
        for dataset, file, rows in self.planned:
            for name in _grounds(dataset):
                for row in rows:
                    seen, next_one = {id(row.instance)}, getattr(row.instance, name)
                    while next_one is not None and id(next_one) not in seen:
                        seen.add(id(next_one))
                        next_one = getattr(next_one, name)
                    if next_one is row.instance:
                        column = dataset.references[name][-1]
                        self.faults.append(Fault(file, _("たどっていくと、自分自身に戻ります。"), row.number, column))

    def save(self) -> None:
        for dataset, file, rows in self.planned:
            self.counts[dataset.name] = Counter({"added": 0, "changed": 0, "unchanged": 0})
            grounds = _grounds(dataset)
            loose = set(dataset.self_references).difference(grounds)
            pointing: list[tuple[Row, str, models.Model]] = []
            for row in _in_order(rows, grounds):
                self.counts[dataset.name][row.state] += 1
                ends = {attribute: getattr(row.instance, attribute) for attribute in dataset.references}
                unwritten = {attribute: end for attribute, end in ends.items() if end is not None and end.pk is None}
                # What hangs on a row that was refused is not tried: the fault is that row's.
                if row.state == "unchanged" or unwritten.keys() - loose:
                    continue
                for attribute in unwritten:  # two new rows may point to each other: this one is written again later
                    setattr(row.instance, attribute, None)
                if self._save(file, row):
                    pointing += [(row, attribute, end) for attribute, end in unwritten.items()]
            for row, attribute, end in pointing:
                if end.pk is not None:
                    setattr(row.instance, attribute, end)
                    self._save(file, row)
            for row in rows:
                if row.state != "unchanged" and row.instance.pk is not None:
                    for attribute, codes in row.lists.items():
                        joined = [self.known(dataset.joined(attribute))[code,] for code in codes]
                        getattr(row.instance, attribute).set(each for each in joined if each.pk is not None)

    def _save(self, file: str, row: Row) -> bool:
        """Write one row; what only the database can refuse becomes a fault of that row, and the others go on.

        Returns whether it was written.
        """
        try:
            with transaction.atomic(using=self.using):
                row.instance.save(using=self.using)
        except IntegrityError as error:
            try:
                row.instance.validate_constraints()
                found = [("", str(error))]
            except ValidationError as violated:
                found = messages(violated)
            self.faults += [Fault(file, text, row.number) for _name, text in found]
            return False
        return True


def _absent(value: str) -> str:
    return _("「%(value)s」がありません。") % {"value": value}


def _grounds(dataset: Dataset) -> list[str]:
    """The self-references that a row stands on. One that is emptied when its end goes (SET_NULL) only points there."""
    keys: list[Any] = [dataset.model._meta.get_field(name) for name in dataset.self_references]
    return [key.name for key in keys if key.remote_field.on_delete is not models.SET_NULL]


def _in_order(rows: list[Row], grounds: list[str]) -> list[Row]:
    """The rows of a file, each new one before those that stand on it. They stand in no circle: see `refuse_circles`."""
    by_instance = {id(row.instance): row for row in rows}
    new = {key for key, row in by_instance.items() if row.state == "added"}
    order = TopologicalSorter[int]()
    for key, row in by_instance.items():
        order.add(key, *new.intersection(id(getattr(row.instance, name)) for name in grounds))
    return [by_instance[key] for key in order.static_order()]


def dump(folder: Path, using: str = DEFAULT_DB_ALIAS) -> None:
    """Write every dataset and the description into `folder`, in one reading of the database."""
    folder.mkdir(parents=True, exist_ok=True)
    with revision.reading(using):
        for dataset in datasets():
            table = dataset.export(dataset.in_order(dataset.rows().using(using)))
            # Python before 3.13 leaves a lone carriage return unquoted, and would not read it back.
            quote_all = any("\r" in cell for row in table for cell in row)
            with (folder / f"{dataset.name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(
                    file, lineterminator="\n", quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
                ).writerows([table.headers, *table])
    (folder / DESCRIPTION).write_text(json.dumps(describe(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def describe() -> dict[str, Any]:
    """The content of `datapackage.json`: every dataset with its columns, keys and references, in both languages."""
    return {
        "profile": "tabular-data-package",
        "name": "health-medical-rd-governance",
        **_both("title", gettext_noop("健康・医療研究開発の体制と計画")),
        "licenses": [{"name": "PDL-1.0", "title": "公共データ利用規約（第1.0版）"}],
        "resources": [
            {
                "name": dataset.name,
                "path": f"{dataset.name}.csv",
                "profile": "tabular-data-resource",
                **_both("title", dataset.model._meta.verbose_name),
                "encoding": "utf-8",
                "schema": {
                    "fields": [_describe(dataset, name) for name in dataset.columns],
                    "primaryKey": list(dataset.key_columns),
                    "foreignKeys": _references(dataset),
                },
            }
            for dataset in datasets()
        ],
    }


def _both(key: str, text: Any) -> dict[str, str]:
    words = {}
    for language, suffix in [("ja", ""), ("en", "_en")]:
        with override(language):
            words[f"{key}{suffix}"] = str(_(text) if isinstance(text, str) else text)
    return words


def _describe(dataset: Dataset, name: str) -> dict[str, Any]:
    column, model_field = dataset.columns[name], dataset.model_field(name)
    types = {DateWidget: "date", IntegerWidget: "integer", DecimalWidget: "number", BooleanWidget: "boolean"}
    constraints: dict[str, Any] = {}
    if not column.readonly and (not model_field.blank or name in dataset.key_columns):
        constraints["required"] = True
    if model_field.choices:
        constraints["enum"] = [value for value, _label in model_field.flatchoices if value]
    return {
        "name": name,
        "type": types.get(type(column.widget), "string"),
        **_both("title", model_field.verbose_name),
        **_both("description", model_field.help_text),
        **({"constraints": constraints} if constraints else {}),
    }


def _references(dataset: Dataset) -> list[dict[str, Any]]:
    found = []
    for attribute, columns in dataset.references.items():
        model = dataset.model._meta.get_field(attribute).related_model
        target = next(each for each in datasets() if each.model is model)
        resource = "" if target.model is dataset.model else target.name
        keys = list(target.key_columns)
        found.append({"fields": list(columns), "reference": {"resource": resource, "fields": keys}})
    return found
