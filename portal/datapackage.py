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
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from portal import revision
from portal.models import LoadedPackage
from portal.resources import (
    BooleanWidget,
    Dataset,
    DateWidget,
    DecimalWidget,
    IntegerWidget,
    datasets,
)
from portal.tree import InvalidTree, settle
from portal.workbook import labels
from portal.workbook.plan import Plan, Problem, Table

DESCRIPTION = "datapackage.json"
LICENCE = {
    "name": "PDL-1.0",
    "title": "公共データ利用規約（第1.0版）",
    "path": "https://www.digital.go.jp/resources/open_data/public_data_license_v1.0",
}


class Unloadable(Exception):
    """The package was not loaded; nothing was written."""

    def __init__(self, faults: list[Problem]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


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
    tables, faults = [], []
    for dataset in datasets():
        if path := files.get(dataset.name):
            table, found = _read(dataset, path)
            tables.append(table)
            faults += found
    try:
        with settle(using):
            plan = Plan(tables, using)
            if not (found := faults + plan.faults):
                plan.write()
                found = plan.faults
            if found:
                raise Unloadable(found)
            LoadedPackage.objects.using(using).get_or_create(digest=digest(folder))
    except InvalidTree as error:  # the renumbering at the end found what the rows do not show
        raise Unloadable([Problem(folder.name, str(error))]) from error
    return plan.counts


def _files(folder: Path) -> dict[str, Path]:
    """The files of a package by dataset, from its description. Raises `Unloadable`."""
    try:
        description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        listed = {str(resource["name"]): str(resource["path"]) for resource in description["resources"]}
    except FileNotFoundError as error:
        raise Unloadable([Problem(DESCRIPTION, _("ファイルがありません。"))]) from error
    except (ValueError, KeyError, TypeError) as error:
        raise Unloadable([Problem(DESCRIPTION, _("データパッケージの記述として読めません（%s）。") % error)]) from error
    known = {dataset.name for dataset in datasets()}
    faults = []
    for name, path in listed.items():
        if name not in known:
            faults.append(Problem(DESCRIPTION, _("「%(name)s」というデータセットはありません。") % {"name": name}))
        elif Path(path).name != path or not (folder / path).is_file():
            faults.append(Problem(DESCRIPTION, _("「%(path)s」がこのフォルダーにありません。") % {"path": path}))
    faults += [
        Problem(path.name, _("%(file)s に書かれていないファイルです。") % {"file": DESCRIPTION})
        for path in sorted(folder.glob("*.csv"))
        if path.name not in listed.values()
    ]
    if faults:
        raise Unloadable(faults)
    return {name: folder / path for name, path in listed.items()}


def _read(dataset: Dataset, path: Path) -> tuple[Table, list[Problem]]:
    """A file's rows, and what is wrong with the file itself."""
    faults: list[Problem] = []
    rows = list(_rows(dataset, path, faults))
    columns, *lines = rows or [(0, list(dataset.columns))]
    return Table(dataset, path.name, tuple(columns[1]), list(lines), is_whole=not faults), faults


def _rows(dataset: Dataset, path: Path, faults: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """The lines of a file, by row number; the headings first. None where these cannot be used."""

    def fault(message: str, row: int = 0, column: str = "") -> None:
        faults.append(Problem(path.name, message, row, column))

    try:
        lines = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return fault(_("文字コードが UTF-8 ではありません（テキストとして %(line)s 行目）。") % {"line": line})
    try:
        csv.field_size_limit(max(csv.field_size_limit(), len(lines)))  # of the whole process: never less than it was
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
    if faults:
        return None
    yield 1, headings
    for number, record in enumerate(records[1:], start=2):
        if len(record) == len(headings):
            yield number, record
        else:
            counts = {"found": len(record), "expected": len(headings)}
            fault(_("セルが %(found)s 個あります（見出しは %(expected)s 個）。") % counts, number)
    return None


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
        "licenses": [LICENCE],
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
            words[f"{key}{suffix}"] = str(_(text) if isinstance(text, str) else text() if callable(text) else text)
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
        **_both("title", lambda: labels.column_title(dataset, name)),
        **_both("description", lambda: labels.help_of(dataset, name)),
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
