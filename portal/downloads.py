"""Open data: `/data/` lists every dataset with its columns; what readers may see of it is a file at a lasting address.

A file holds the rows of `objects.public()` without any reference to what is not public, in one of three forms:

- CSV: column names as headings, UTF-8 with a byte order mark (without it Excel in Japan takes the file for CP932), and
  no live formula: see `write.guard_formula`.
- XLSX: the workbook that editors exchange, in the language of the address.
- JSON: typed values, null where there is none.

`package.zip` is all of it as a data package that `load_data` reads: `datapackage.json` and CSV files to the letter,
for programs. Every file is made once for each state of the data and day.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal import revision
from portal.datapackage import DESCRIPTION, LICENCE, describe
from portal.models import Source
from portal.resources import BooleanWidget, CodesWidget, Dataset, DateWidget, DecimalWidget, IntegerWidget, datasets
from portal.views import NotFound
from portal.workbook import labels, write

T = TypeVar("T")
TYPES = {
    DateWidget: gettext_lazy("日付（2025-04-01）"),
    IntegerWidget: gettext_lazy("整数"),
    DecimalWidget: gettext_lazy("数"),
    BooleanWidget: gettext_lazy("true か false"),
    CodesWidget: gettext_lazy("コード（「;」区切り）"),
}
PACKED = (1980, 1, 1, 0, 0, 0)  # the time of every file in the package: the same data make the same bytes


# --- the page ---


@dataclass(frozen=True)
class Column:
    """A column as the page describes it."""

    name: str
    title: str
    type: str
    help: str
    is_required: bool
    values: dict[str, str]
    referred: Dataset | None
    referred_title: str


@dataclass(frozen=True)
class Listed:
    """A dataset as the page lists it."""

    name: str
    title: str
    about: str
    count: int
    columns: list[Column]
    sources: list[Source]
    files: list[tuple[str, str]]  # what a file is called, its address


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    counts = _once(request, ("counts",), _counted)
    listed = [_listed(dataset, *counts[dataset.name]) for dataset in datasets()]
    context = {"datasets": listed, "licence": LICENCE, "revision": revision.seen_by(request)}
    return render(request, "portal/data.html", context)


def _counted() -> dict[str, tuple[int, list[Source]]]:
    """By dataset how many rows readers may see, and the documents that they are read from."""
    found = {}
    with revision.reading():
        for dataset in datasets():
            public: Any = dataset.model._default_manager
            rows, cited = public.public().order_by(), Q(pk__in=[])
            for field in dataset.model._meta.fields:
                if field.related_model is Source:
                    cited |= Q(pk__in=rows.filter(**{f"{field.name}__isnull": False}).values(field.name))
            found[dataset.name] = rows.count(), list(Source.objects.filter(cited))
    return found


def _listed(dataset: Dataset, count: int, sources: list[Source]) -> Listed:
    files = [(kind.upper(), reverse("download", args=[dataset.name, kind])) for kind in KINDS]
    columns = [_column(dataset, name) for name in dataset.columns]
    return Listed(dataset.name, labels.sheet_title(dataset), labels.about(dataset), count, columns, sources, files)


def _column(dataset: Dataset, name: str) -> Column:
    referred = labels.referred(dataset, name)
    return Column(
        name,
        labels.column_title(dataset, name),
        str(TYPES.get(type(dataset.columns[name].widget)) or _("文字列")),
        labels.help_of(dataset, name),
        labels.is_required(dataset, name),
        labels.choices_of(dataset, name),
        referred,
        labels.sheet_title(referred) if referred else "",
    )


# --- the files ---


@dataclass(frozen=True)
class File:
    """What is sent, what it is called (without its kind), and what it is known by."""

    content: bytes
    name: str
    tag: str


@require_safe
def download(request: HttpRequest, name: str, kind: str) -> HttpResponseBase:
    """One dataset as CSV, XLSX or JSON."""
    dataset = next((each for each in datasets() if each.name == name), None)
    if dataset is None:
        message = _("「%(name)s」というデータセットはありません。") % {"name": name}
        raise NotFound(message, [(reverse("data"), _("データ"))])
    media_type, make = KINDS[kind]
    file = _once(request, (name, kind, str(get_language())), lambda: _made(name, lambda: make(dataset)))
    return _sent(request, file, kind, media_type)


@require_safe
def package(request: HttpRequest) -> HttpResponseBase:
    """All datasets as one data package."""
    file = _once(request, ("package",), lambda: _made("package", _package))
    return _sent(request, file, "zip", "application/zip")


def _made(name: str, make: Callable[[], bytes]) -> File:
    with revision.reading():
        number, content = revision.current().number, make()
    return File(content, f"{name}-r{number}", f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _sent(request: HttpRequest, file: File, kind: str, media_type: str) -> HttpResponseBase:
    response = HttpResponse(file.content, content_type=media_type)
    disposition = content_disposition_header(as_attachment=True, filename=f"{file.name}.{kind}")
    response["Content-Disposition"] = disposition or "attachment"
    response["Cache-Control"] = "no-cache"  # kept by browsers and proxies, but never shown without asking
    response["ETag"] = file.tag
    return get_conditional_response(request, etag=file.tag, response=response) or response


_kept: dict[tuple[int, datetime.datetime, datetime.date], dict[tuple[str, ...], Any]] = {}
_building = threading.Lock()


def _once(request: HttpRequest, what: tuple[str, ...], build: Callable[[], T]) -> T:
    """Made once for each state of the data and day, and never older than either.

    In a preview it is what that shows, made each time and not kept.
    """
    if hasattr(request, "preview"):
        return build()
    state = revision.seen_by(request)
    key = (state.number, state.moved_at, timezone.localdate())
    made = _kept.get(key, {})
    if what not in made:
        with _building:
            if key not in _kept:
                _kept.clear()
            made = _kept.setdefault(key, {})
            if what not in made:
                made[what] = build()
    found: T = made[what]
    return found


def _table(dataset: Dataset) -> write.Table:
    return next(write.tables({dataset.name}, public=True))


def _revision() -> dict[str, Any]:
    current = revision.current()
    return {"number": current.number, "moved_at": current.moved_at.isoformat()}


def _csv(dataset: Dataset) -> bytes:
    rows = ([write.guard_formula(text) for text in row] for row in _table(dataset).rows)
    return b"\xef\xbb\xbf" + _lines([list(dataset.columns), *rows])


def _xlsx(dataset: Dataset) -> bytes:
    file = io.BytesIO()
    write.write(file, [_table(dataset)])
    return file.getvalue()


def _json(dataset: Dataset) -> bytes:
    columns = [(name, _typed(column.widget)) for name, column in dataset.columns.items()]
    rows = [
        {name: typed(text) for (name, typed), text in zip(columns, row, strict=True)} for row in _table(dataset).rows
    ]
    titles = labels.sheet_titles(dataset)
    content = {
        "name": dataset.name,
        "title": titles["ja"],
        "title_en": titles["en"],
        "licence": LICENCE,
        "revision": _revision(),
        "rows": rows,
    }
    return (json.dumps(content, ensure_ascii=False) + "\n").encode()


KINDS: dict[str, tuple[str, Callable[[Dataset], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
    "json": ("application/json", _json),
}


def _package() -> bytes:
    state = _revision()
    description = describe() | {"version": str(state["number"]), "created": state["moved_at"]}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for table in write.tables(public=True):
            name = f"{table.dataset.name}.csv"
            archive.writestr(_member(name), _lines([list(table.dataset.columns), *table.rows]))
        archive.writestr(_member(DESCRIPTION), json.dumps(description, ensure_ascii=False, indent=2) + "\n")
    return file.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, PACKED)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _lines(rows: Iterable[list[str]]) -> bytes:
    """A table as CSV, as `datapackage.dump` writes it."""
    rows, text = list(rows), io.StringIO(newline="")
    # Python before 3.13 leaves a lone carriage return unquoted, and would not read it back.
    quote_all = any("\r" in cell for row in rows for cell in row)
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL).writerows(rows)
    return text.getvalue().encode()


def _typed(widget: Any) -> Callable[[str], Any]:
    """How JSON has a text of such a column. Numbers of up to 15 digits are exact in it."""
    readers: dict[type[Any], Callable[[str], Any]] = {
        IntegerWidget: int,
        DecimalWidget: lambda text: float(text) if "." in text else int(text),
        BooleanWidget: lambda text: text == "true",
    }
    if isinstance(widget, CodesWidget):
        return lambda text: text.split(";") if text else []
    read = readers.get(type(widget), str)
    return lambda text: read(text) if text else None
