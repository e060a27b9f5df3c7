"""What the portal reads in the words of a row, beside what is recorded of them: shown in the row's form and on save."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from plans.models import Comparator
from plans.words import figure


@dataclass(frozen=True)
class Beside:
    """A column with what was read from the words and what is recorded, each in words."""

    label: str
    read: str
    recorded: str
    differs: bool


def stated(reading: Any, names: Iterable[str]) -> dict[str, Any]:
    """What was read from words, as the columns of that name hold it: None where the words do not say it.

    "About" is a comparison here; of a bound that is made of several numbers no column holds anything.
    """
    found = {name: getattr(reading, name, None) for name in names}
    if "comparator" in found and getattr(reading, "approx", None) and found["comparator"] in (None, "="):
        found["comparator"] = Comparator.ABOUT.value
    return {name: None if isinstance(value, tuple) else value for name, value in found.items()}


def beside(obj: models.Model, reading: Any, names: Iterable[str]) -> list[Beside]:
    """What words say beside what is recorded, where either says something."""
    rows = []
    for name, read in stated(reading, names).items():
        field: Any = obj._meta.get_field(name)
        recorded = getattr(obj, name)
        if not _is_said(read) and not _is_said(recorded):
            continue
        differs = _is_said(read) and field.to_python(read) != field.to_python(recorded or None)
        rows.append(Beside(str(field.verbose_name), _shown(field, read), _shown(field, recorded), bool(differs)))
    return rows


def _is_said(value: Any) -> bool:
    return value is not None and value is not False and value not in ("", "=")


def _shown(field: Any, value: Any) -> str:
    if not _is_said(value):
        return ""
    if value is True:
        return _("はい")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(field, models.PositiveIntegerField)):
        return figure(value)
    return str(value)


class ReadingMixin:
    """For an admin whose rows hold words and what was read from them: both stand side by side."""

    read_from = "text"
    read_into: Sequence[str] = ()

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def warnings(self, obj: Any) -> list[str]:
        """What an editor should look at again; nothing of it keeps the row from being saved."""
        return []

    @admin.display(description=gettext_lazy("文言からの読み取り"))
    def reading_beside(self, obj: Any) -> str:
        text = getattr(obj, self.read_from)
        reading = self.read(text) if text else None
        context = {
            "text": text,
            "is_read": reading is not None,
            "rows": beside(obj, reading, self.read_into) if text else [],
            "warnings": self.warnings(obj) if text else [],
        }
        return render_to_string("portal/admin/reading.html", context)

    def tell_reading(self, request: HttpRequest, obj: Any) -> None:
        """At once on save: what was read, and what to look at."""
        reading = self.read(getattr(obj, self.read_from))
        said = [f"{row.label} {row.read}" for row in beside(obj, reading, self.read_into) if row.read]
        if said:
            messages.info(request, _("文言の読み取り：%(said)s") % {"said": _("、").join(said)})
        for warning in self.warnings(obj):
            messages.warning(request, warning)


def unread(reading: Any, rows: Iterable[Beside]) -> list[str]:
    """Warnings that words were not read, or say another thing than what is recorded."""
    if reading is None:
        return [_("文言を読み取れませんでした（未読）。数値や年度は、文言を確かめて入力してください。")]
    differing = [row.label for row in rows if row.differs]
    if not differing:
        return []
    labels = _("、").join(differing)
    return [_("文言から読み取った値と、記録されている値が違います：%(labels)s") % {"labels": labels}]
