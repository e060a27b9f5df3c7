"""Two editors with the same form: each field as it was when the form was opened, as it is now, and as it was typed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from portal.history import ORDER, Key, Words, columns_of, in_words, joins, model_of
from portal.models import ChangedRow

Versions = dict[str, Any]  # "opened", "now" and "typed"


@dataclass(frozen=True)
class Collision:
    """A field that someone else changed while the form was open: as it was then, as it is now, and as typed."""

    kind: str
    name: str
    label: str
    opened: str
    now: str
    typed: str
    who: str
    at: Any


def collisions(rows: Iterable[ChangedRow], forms: Mapping[Key, Any]) -> list[Collision]:
    """What was written since the form was opened, in the order of the journal, beside what stands in the form.

    `forms` holds the form of each row: that of the page and those of its inlines.
    """
    own, joined = defaultdict(list), defaultdict(list)
    lists = joins()
    for row in rows:
        if (field := lists.get(row.model)) is None:
            own[row.model, row.object_id].append(row)
        else:
            joined[row.model, owner_of(row, field)].append(row)
    return [*_of_fields(own, forms), *_of_lists(joined, forms)]


def owner_of(row: ChangedRow, field: Any) -> int:
    """The key of the row to whose list of others a row of the joining table belongs."""
    pk: int = (row.after or row.before or {})[field.m2m_column_name()]
    return pk


def _of_fields(grouped: Mapping[Key, list[ChangedRow]], forms: Mapping[Key, Any]) -> list[Collision]:
    words = Words(row for written in grouped.values() for row in written)
    found = []
    for (label, pk), written in grouped.items():
        first, last, form = written[0].before or {}, written[-1].after, forms.get((label, pk))
        differing = {name for row in written for name in row.differing} - {ORDER}
        for column, field in columns_of(model_of(label)).items():
            if column in differing:
                versions = {
                    "opened": words.value(field, first.get(column)),
                    "now": words.value(field, last.get(column)) if last is not None else _("（削除されました）"),
                    "typed": _typed(form, field),
                }
                found.append(_collision(words, written[-1], field, versions))
    return found


def _typed(form: Any, field: models.Field[Any, Any]) -> str:
    """What stands in the form for a field, in words; empty where the form does not hold it."""
    if form is None or field.name not in form.fields:
        return ""
    if isinstance(field, models.ForeignKey):
        try:
            chosen = form.fields[field.name].clean(form[field.name].data)
        except ValidationError:
            return str(form[field.name].data)
        return str(chosen) if chosen is not None else in_words(field, None)
    try:
        return in_words(field, form.fields[field.name].clean(form[field.name].data))
    except ValidationError:
        return str(form[field.name].data)


def _of_lists(grouped: Mapping[Key, list[ChangedRow]], forms: Mapping[Key, Any]) -> list[Collision]:
    lists = joins()
    found = {key: _keys(lists[key[0]], key[1], written, forms) for key, written in grouped.items()}
    targets = {label: lists[label].related_model._meta.label_lower for label, _pk in grouped}
    named = {(targets[key[0]], pk) for key, versions in found.items() for pks in versions.values() for pk in pks}
    written = [row for rows in grouped.values() for row in rows]
    words = Words([*written, *(ChangedRow(model=label, object_id=pk) for label, pk in named)])

    def said(label: str, pks: Iterable[int]) -> str:
        return _("、").join(sorted(words.name(targets[label], pk) for pk in pks)) or _("（なし）")

    return [
        _collision(words, grouped[key][-1], lists[key[0]], {name: said(key[0], pks) for name, pks in versions.items()})
        for key, versions in found.items()
    ]


def _keys(field: Any, pk: int, written: list[ChangedRow], forms: Mapping[Key, Any]) -> Versions:
    """The keys of the rows in a list, in each version of it: what was written is taken back from what is there now."""
    joined = field.remote_field.through._base_manager.filter(**{field.m2m_field_name(): pk})
    now = set(joined.values_list(field.m2m_reverse_field_name(), flat=True))
    opened = set(now)
    for row in reversed(written):
        if row.after is not None:
            opened.discard(row.after[field.m2m_reverse_name()])
        if row.before is not None:
            opened.add(row.before[field.m2m_reverse_name()])
    form = forms.get((field.model._meta.label_lower, pk))
    typed = (form[field.name].data or ()) if form is not None else ()
    keys = {int(each) for each in typed if str(each).isdecimal() and len(str(each)) < 19}
    return {"opened": opened, "now": now, "typed": keys}


def _collision(words: Words, last: ChangedRow, field: Any, versions: Versions) -> Collision:
    """`last` is what the journal has of it last."""
    shown, who = words.of(last), last.change.user_name if last.change else ""
    return Collision(shown.kind, shown.name, str(field.verbose_name), **versions, who=who, at=last.at)
