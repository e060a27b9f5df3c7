"""What the portal reads in the words of a row, beside what is recorded of them, and what someone should look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from plans.models import Comparator, Target
from plans.notation import read_target
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


def unread(reading: Any, rows: Iterable[Beside]) -> list[str]:
    """Warnings that words were not read, or say another thing than what is recorded."""
    if reading is None:
        return [_("文言を読み取れませんでした（未読）。数値や年度は、文言を確かめて入力してください。")]
    differing = [row.label for row in rows if row.differs]
    if not differing:
        return []
    labels = _("、").join(differing)
    return [_("文言から読み取った値と、記録されている値が違います：%(labels)s") % {"labels": labels}]


def uneven(target: Target) -> list[str]:
    """A warning where the yearly value times the years is not the total: in the plans of the state it is."""
    first, last = target.cumulative_from, target.cumulative_to
    if not target.per or target.value is None or target.cumulative is None or first is None or last is None:
        return []
    years = last - first + 1
    if target.value * years == target.cumulative:
        return []
    numbers = {"value": target.value, "product": target.value * years, "total": target.cumulative}
    said = _("1年の値%(value)s × %(years)s年 ＝ %(product)sですが、累計の目標値は%(total)sです。")
    return [said % {"years": years, **{name: figure(Decimal(value)) for name, value in numbers.items()}}]


def doubts(target: Target) -> list[str]:
    """What someone should look at again in a target; nothing of it keeps it from being saved."""
    reading = read_target(target.text)
    return [*unread(reading, beside(target, reading, Target.reading_fields)), *uneven(target)]
