"""Batches: a workbook that was handed in, the plan of what it would change, the loading of it, and taking it back."""

from __future__ import annotations

import copy
import hashlib
import json
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from portal import history, revision
from portal.bulk import chunks, collecting_later
from portal.journal import recording
from portal.models import Batch, Change, ChangeKind
from portal.resources import Dataset, datasets
from portal.tree import InvalidTree
from portal.workbook import labels
from portal.workbook.book import Book
from portal.workbook.compare import State
from portal.workbook.labels import find_column, sheet_title
from portal.workbook.plan import Plan, Problem
from portal.workbook.read import read
from portal.workbook.tables import SheetWording, read_tables

Row = dict[str, Any]  # as `Report.rows` holds it
LONGEST = 200  # characters of a file's name that are kept
Progress = Callable[[int, int], object]  # called with how much is done, and of how much


@dataclass(frozen=True)
class Report:
    """A plan as plain data, to be kept and shown.

    - `sheets`: by dataset how many rows are `add`, `change`, `unchanged`, and how many have an `error` or a `warning`.
    - `problems`: `{sheet, cell, message, level}`, level `error` or `warning`, in the order of the file.
    - `rows`: those that would be written: `{sheet, dataset, row, key, state, cells}`, cells as `[column, old, new,
      whether it was read from another column]`; old is None where there was no row.
    - `places`: the dataset by the name of its sheet.
    - `loose`: headings and sheets at fault that could be set aside.
    """

    sheets: dict[str, dict[str, int]]
    problems: list[dict[str, Any]]
    rows: list[Row]
    places: dict[str, str] = field(default_factory=dict)
    loose: list[str] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return sum(1 for problem in self.problems if problem["level"] == "error")

    @property
    def digest(self) -> str:
        """A fingerprint of what would be written; words do not count, as they change with the reader's language."""
        hashed = hashlib.sha256()
        for row in self.rows:
            hashed.update(_line(row))
        return hashed.hexdigest()

    def pack(self) -> bytes:
        """As lines of JSON, one for each row: of 50,000 of them a single text would take as much memory as the plan."""
        packer = zlib.compressobj()
        lines = (packer.compress(_line(each)) for each in chain([vars(self) | {"rows": []}], self.rows))
        return b"".join([*lines, packer.flush()])

    @classmethod
    def unpack(cls, packed: bytes) -> Report:
        head, *rows = map(json.loads, zlib.decompress(packed).splitlines())
        return cls(**head | {"rows": rows})


def _line(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


class Outdated(Exception):
    """What the file would change is no longer what was confirmed, or holds faults now. Nothing was written."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


class AlreadyLoaded(Exception):
    """The batch was confirmed before."""


class _TakenBack(Exception):
    """Ends a transaction whose writes were only tried."""


def report(plan: Plan, noticed: Iterable[Problem], book: Book) -> Report:
    """What a plan says, with what was noticed while reading the file. It takes the cells of the plan's lines."""
    problems = [*noticed, *plan.problems]
    order = {table.place: number for number, table in enumerate(plan.tables.values())}
    problems.sort(key=lambda problem: (order.get(problem.place, -1), problem.row, problem.at))
    sheets, rows = {}, []
    alike = lru_cache(1000)(lambda *cell: [*cell])  # most cells of many rows say the same: one object for all
    for model, table in plan.tables.items():
        counts = Counter(line.state for line in plan.lines[model])
        found: dict[bool, set[int]] = {True: set(), False: set()}
        for problem in problems:
            if problem.place == table.place:
                found[problem.is_warning].add(problem.row)
        sheets[table.dataset.name] = {
            "add": counts[State.ADDED],
            "change": counts[State.CHANGED],
            "unchanged": counts[State.UNCHANGED],
            "error": len(found[False]),
            "warning": len(found[True]),
        }
        for item in sorted(plan.items[model].values(), key=lambda item: item.line.number):
            line, is_new = item.line, item.line.state is State.ADDED
            cells = [
                alike(name, None if is_new else line.stored.get(name), text, name in line.derived)
                for name, text in line.cells.items()
            ]
            line.cells.clear()  # or 50,000 rows would be held twice
            place = {"sheet": table.place, "dataset": table.dataset.name, "row": line.number}
            rows.append({**place, "key": list(line.key), "state": line.state.value, "cells": cells})
    places = {table.place: table.dataset.name for table in plan.tables.values()}
    return Report(sheets, _told(problems, plan), rows, places, _loose(problems, places, book))


def _told(problems: Iterable[Problem], plan: Plan) -> list[dict[str, Any]]:
    """Problems as plain data. One of a column that the sheet does not have names it, at the first of its rows."""
    held = {table.place: table.dataset for table in plan.tables.values()}
    told: dict[tuple[str, int, int, str], dict[str, Any]] = {}
    for problem in problems:
        row, message = problem.row, problem.message
        if problem.column and not problem.at:
            names = {"column": labels.column_title(held[problem.place], problem.column), "message": message}
            row, message = 0, _("列「%(column)s」がありません：%(message)s") % names
        level = "warning" if problem.is_warning else "error"
        said = {"sheet": problem.place, "cell": problem.cell, "message": message, "level": level}
        told.setdefault((problem.place, row, problem.at, message), said)
    return list(told.values())


def _loose(problems: Iterable[Problem], places: dict[str, str], book: Book) -> list[str]:
    by_name = {dataset.name: dataset for dataset in datasets()}
    sheets = {sheet.name: sheet for sheet in book.sheets}
    found: dict[str, None] = {}
    for problem in problems:
        if problem.is_warning or problem.place not in sheets:
            continue
        if not problem.row:
            found[problem.place] = None
        elif problem.place in places and not problem.column and problem.at:
            row = sheets[problem.place].rows[problem.row - 1]
            heading = row[problem.at - 1] if problem.at <= len(row) else None
            if isinstance(heading, str) and find_column(by_name[places[problem.place]], heading) is None:
                found[heading.strip()] = None
    return list(filter(None, found))


def planned(book: Book, aside: Collection[str] = (), user: Any = None, *, progress: Progress | None = None) -> Report:
    """What a workbook would change, found out by writing it and taking it back: so the database's own rules are asked.

    `user` is asked for rights where there is one. Raises `Busy`.
    """
    found: Report | None = None
    try:
        with revision.moving():
            found = _write(book, aside, user, progress)[1]
            raise _TakenBack
    except _TakenBack:
        pass
    assert found is not None  # noqa: S101 - it was set, or another exception left
    return found


@collecting_later()
def _write(book: Book, aside: Collection[str], user: Any, progress: Progress | None = None) -> tuple[bool, Report]:
    """Plan and write. With a fault in the report the caller must undo what was written.

    Also says whether readers see any of what was written, or saw it before.
    """
    reading = read_tables(book, aside)
    plan = Plan(reading.tables, wording=SheetWording(), user=user, progress=progress)
    noticed, is_public = list(reading.problems), False
    is_faulty = bool(plan.faults) or not all(problem.is_warning for problem in noticed)
    try:
        with transaction.atomic():
            was_public = _shows(plan)
            plan.write()  # with faults as well: what the database refuses of the other rows is told at the same time
            is_public = was_public or _shows(plan)
    except InvalidTree as error:  # the renumbering at the end found what the rows do not show
        if not is_faulty:
            noticed.append(Problem("", str(error)))
    return is_public, report(plan, noticed, book)


def load(
    book: Book,
    aside: Collection[str] = (),
    *,
    user: Any = None,
    file: tuple[str, bytes] | None = None,
    progress: Progress | None = None,
    **recorded: Any,
) -> tuple[Report, Change | None]:
    """Load a workbook at once, in one change: all of it, or nothing where the report has errors.

    `file`, a name and the bytes, is kept as a batch if anything was written. `recorded` goes to `recording()`. Returns
    the report and the change; there is none where nothing was to be written. Raises `Busy`.
    """
    try:
        with recording(ChangeKind.LOAD, user=user, **recorded) as change:
            change.is_public, found = _write(book, aside, user, progress)
            if found.errors:
                raise Outdated(found)
            change.save()
            if file is not None and change.rows.exists():
                _keep(*file, aside, user, found, change)
    except Outdated as outdated:
        return outdated.report, None
    return found, change if change.pk else None


def draft(name: str, content: bytes, aside: Collection[str] = (), user: Any = None) -> Batch:
    """Keep a file with its plan: as one batch, however often the same user hands it in before it is loaded.

    Raises `Unusable` and `Busy`; then nothing is kept.
    """
    name = name[-LONGEST:]
    found = planned(read(content, name), aside, user)
    with revision.holding():  # a form that was sent twice: the second waits for the first
        alike = Batch.objects.filter(name=name, digest=_digest(content), aside=list(aside), user=user, change=None)
        same = alike.defer("content").first()
        if same is None:
            return _keep(name, content, aside, user, found)
        kept = _kept(found)
        for attribute, value in kept.items():
            setattr(same, attribute, value)
        same.save(update_fields=list(kept))
        return same


def _keep(
    name: str, content: bytes, aside: Collection[str], user: Any, found: Report, change: Change | None = None
) -> Batch:
    return Batch.objects.create(
        name=name[-LONGEST:],  # the end says of what kind it is
        content=content,
        digest=_digest(content),
        aside=list(aside),
        user=user,
        user_name=user.get_username() if user is not None else "",
        change=change,
        **_kept(found),
    )


def plan_anew(batch: Batch, aside: Collection[str], user: Any = None) -> Report:
    """Plan a batch that is not loaded against what is stored now. Raises `AlreadyLoaded` and `Busy`."""
    found = planned(read(bytes(batch.content), batch.name), aside, user)
    kept = {"aside": list(aside), **_kept(found)}
    with revision.holding():  # nobody loads it at the same time
        if not Batch.objects.filter(pk=batch.pk, change=None).update(**kept):
            raise AlreadyLoaded
    return found


def discard(batch: Batch) -> bool:
    """Delete a batch with its file; one that was loaded stays. Returns whether it is gone. Raises `Busy`."""
    with revision.holding():
        return bool(Batch.objects.filter(pk=batch.pk, change=None).delete()[0])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _kept(found: Report) -> dict[str, Any]:
    """What a batch holds of its plan. One with errors has no fingerprint: it cannot be confirmed."""
    digest = "" if found.errors else found.digest
    return {"plan": found.pack(), "plan_digest": digest, "revision": revision.current().number}


def confirm(
    batch: Batch,
    user: Any,
    *,
    seen: str | None = None,
    token: uuid.UUID | None = None,
    reason: str = "",
    reason_en: str = "",
) -> Change:
    """Load what was planned, in one change. `seen` is the fingerprint of the plan that the user looked at.

    Raises `Outdated` where the plan is another one by now (which is kept as the batch's), `AlreadyLoaded`,
    `AlreadyDone` for a token that was used, `Unusable` and `Busy`.
    """
    book = read(bytes(batch.content), batch.name)
    try:
        with recording(
            ChangeKind.LOAD, user=user, token=token, about=batch.name, reason=reason, reason_en=reason_en
        ) as change:
            current = Batch.objects.get(pk=batch.pk)  # as it is while nobody else can write
            if current.change_id is not None:
                raise AlreadyLoaded
            change.is_public, found = _write(book, current.aside, user)
            agreed = current.plan_digest if seen is None else seen
            if found.errors or found.digest != agreed or not found.rows:
                raise Outdated(found)
            change.save()
            if not change.rows.exists():
                raise Outdated(found)  # nothing of it is written: then there is nothing to link the batch to
            Batch.objects.filter(pk=batch.pk).update(change=change)
    except Outdated as outdated:
        Batch.objects.filter(pk=batch.pk, change=None).update(**_kept(outdated.report))
        raise
    return change


def undo(batch: Batch, user: Any, *, token: uuid.UUID | None = None, reason: str = "", reason_en: str = "") -> Change:
    """Take a loaded batch back, in one change. Raises `Obstructed` with the reasons where later changes stand on it or
    the user may not, and as `revert()` does."""

    def ask(made: Change, effects: history.Effects) -> None:
        if refused := _refused(effects, user):
            raise history.Obstructed(refused)
        pks = {history.model_of(label): set(each) for label, each in history.by_model(effects).items()}
        for owner, some in _joined(effects).items():
            pks.setdefault(owner, set()).update(some)
        made.is_public = made.is_public or _any_public(pks)
        made.save()

    if batch.change is None:
        raise history.Obstructed([_("まだ取り込まれていません。")])
    return history.revert(batch.change, ask=ask, user=user, token=token, reason=reason, reason_en=reason_en)


def obstacles(batch: Batch, user: Any) -> list[str]:
    """Why a loaded batch cannot be taken back now. To who may not do it anyway nothing is told of the rows."""
    if batch.change is None:
        return [_("まだ取り込まれていません。")]
    effects = history.net(batch.change.rows.order_by("pk"))
    return _refused(effects, user) or history.obstacles(effects, batch.change)


def _refused(effects: history.Effects, user: Any) -> list[str]:
    """Why the user may not take back what a batch wrote: who may load something may take it back."""
    by_label = {dataset.model._meta.label_lower: dataset for dataset in datasets()}
    now = history.fetched(effects)
    was = {
        key: history.instance_of(*key, effect.before) for key, effect in effects.items() if effect.before is not None
    }
    history.tie(now.values())
    history.tie(was.values())
    said: dict[str, None] = {}
    for label, pks in history.by_model(effects).items():
        if (dataset := by_label.get(label)) is not None:
            parts = [(effects[label, pk], now[label, pk], was.get((label, pk))) for pk in pks if (label, pk) in now]
            for reason in [*_unpermitted(dataset, parts, user), *dataset.refusals(user, _rows(parts)).values()]:
                said[f"{sheet_title(dataset)}：{reason}"] = None
    for owner, some in _joined(effects).items():
        dataset = by_label[owner._meta.label_lower]
        rows = list(owner._base_manager.in_bulk(list(some)).values())
        parts = [(history.Net(None, None), row, row) for row in rows]
        asked = dataset.refusals(user, [(row, {}) for row in rows]).values()
        for reason in [*_unpermitted(dataset, parts, user), *asked]:
            said[f"{sheet_title(dataset)}：{reason}"] = None
    return list(said)


def _joined(effects: history.Effects) -> dict[type[models.Model], set[int]]:
    """The rows whose lists of other rows were changed: a list belongs to the row that has it."""
    found: dict[type[models.Model], set[int]] = {}
    fields = history.joins()
    for (label, _pk), effect in effects.items():
        if (field := fields.get(label)) is not None:
            for values in filter(None, (effect.before, effect.after)):
                found.setdefault(field.model, set()).add(values[field.m2m_column_name()])
    return found


Part = tuple[history.Net, Any, Any]  # what a batch did to a row; the row as it is, and as it was before, if it was


def _unpermitted(dataset: Dataset, parts: list[Part], user: Any) -> Iterator[str]:
    app, model = dataset.model._meta.app_label, dataset.model._meta.model_name
    if not user.has_perm(f"{app}.view_{model}"):
        yield _("この種類のデータを見る権限がありません。")
    if any(was is None for _effect, _now, was in parts) and not user.has_perm(f"{app}.add_{model}"):
        yield _("この種類のデータを加える権限がありません。")
    if any(was is not None for _effect, _now, was in parts) and not user.has_perm(f"{app}.change_{model}"):
        yield _("この種類のデータを変更する権限がありません。")


def _rows(parts: list[Part]) -> list[tuple[Any, dict[str, str]]]:
    """The rows as a dataset is asked about them: as they are and as they are to be, with the texts of now. Of one that
    is to go it is asked whether the user might add it."""
    found: list[tuple[Any, dict[str, str]]] = []
    for effect, now, was in parts:
        found.append((now, {}))
        if was is None:
            added = copy.copy(now)
            added.pk = None
            found.append((added, {}))
        else:
            texts = {name: text for name, text in (effect.after or {}).items() if isinstance(text, str)}
            found.append((was, texts))
    return found


def _shows(plan: Plan) -> bool:
    """Whether readers can see one of the rows of a plan as they are stored now."""
    pks = {
        model: [item.instance.pk for item in items.values() if item.instance.pk is not None]
        for model, items in plan.items.items()
    }
    return _any_public(pks)


def _any_public(pks: Mapping[type[models.Model], Collection[int]]) -> bool:
    for model, each in pks.items():
        public = getattr(model._default_manager, "public", None)
        if public is not None and any(public().filter(pk__in=some).exists() for some in chunks(list(each))):
            return True
    return False
