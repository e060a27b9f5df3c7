"""What is done to an edition of the structure as a whole: cloned, published, withdrawn. Each is one change.

`**recorded` goes to `portal.journal.recording` (`user`, `reason`, `reason_en`, `token`); inside a change that is open
already it is that one. What is read before something is written is read with the revision held.
"""

from __future__ import annotations

import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, OuterRef, Subquery
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from bodies.models import Link, Mandate, Note, Placement, Seat, Standing, Status, Structure, today
from portal.journal import recording
from portal.models import Change, ChangeKind
from portal.tree import faults, settle

Row = TypeVar("Row", bound=Model)


class Refused(Exception):
    """What cannot be done to an edition now, with the reasons in words. Nothing was written."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


def clone(
    structure: Structure, code: str, title: str, valid_from: datetime.date | None = None, **recorded: Any
) -> Structure:
    """A draft that holds what the edition does: places in their tree, roles, composition, relations and notes.

    Bodies and their successors are the same; the parts keep their codes. A new title has no English yet. Raises
    `Refused`.
    """
    with recording(ChangeKind.CLONE, **recorded) as change, settle():
        row = _now(structure)
        if Structure.objects.filter(code=code).exists():
            raise Refused(_("「%(code)s」というコードの体制が、すでにあります。") % {"code": code})
        made = _copy(row, code=code, status=Status.DRAFT, valid_from=valid_from)
        if title != row.title:
            made.title, made.title_en, made.title_en_standing = title, "", ""
        made.save()
        _clone_places(row, made)
        _tell(change, made, is_public=False)
    return made


def _clone_places(structure: Structure, made: Structure) -> None:
    old = list(Placement.objects.filter(structure=structure).order_by("lft"))  # siblings of one order stand by age
    # The copies stand under the places of the old tree until all of them have keys.
    new = Placement.objects.bulk_create(_copy(row, structure=made) for row in old)
    at = {row.pk: copy for row, copy in zip(old, new, strict=True)}
    places: Any = Placement.objects.filter(structure=made)
    places.update(parent=Subquery(places.filter(body__placements=OuterRef("parent_id")).values("pk")))
    links = Link.objects.filter(from_placement__structure=structure).order_by("pk")
    Link.objects.bulk_create(
        _copy(row, from_placement=at[row.from_placement_id], to_placement=at[row.to_placement_id]) for row in links
    )
    mandates, seats = (_clone_parts(model, structure, at) for model in (Mandate, Seat))
    notes = Note.objects.filter(placement__structure=structure).order_by("pk")
    Note.objects.bulk_create(
        _copy(
            row,
            placement=at[row.placement_id],
            mandate=mandates[row.mandate_id] if row.mandate_id else None,
            seat=seats[row.seat_id] if row.seat_id else None,
        )
        for row in notes
    )


def _clone_parts(model: Any, structure: Structure, at: dict[int, Placement]) -> dict[int, Any]:
    old = list(model.objects.filter(placement__structure=structure).order_by("pk"))
    new = model.objects.bulk_create(_copy(row, placement=at[row.placement_id]) for row in old)
    return {row.pk: copy for row, copy in zip(old, new, strict=True)}


def _copy(row: Row, **changed: Any) -> Row:
    """The row as a new one, with some fields changed."""
    kept = [field for field in row._meta.concrete_fields if field.name not in changed and not field.primary_key]
    return type(row)(**{field.attname: getattr(row, field.attname) for field in kept}, **changed)


def publish(structure: Structure, valid_from: datetime.date, **recorded: Any) -> Structure:
    """The draft, published: in force from that day, today or later, by itself. Readers are told. Raises `Refused`."""
    with recording(ChangeKind.PUBLISH, **recorded) as change:
        row = _now(structure)
        if reasons := [*unfit(row), *unfit_day(row, valid_from)]:
            raise Refused(*reasons)
        row.status, row.valid_from = Status.PUBLISHED, valid_from
        row.save(update_fields=["status", "valid_from"])
        _tell(change, row, is_public=True)
    return row


def withdraw(structure: Structure, **recorded: Any) -> Structure:
    """The edition, withdrawn for good: a draft, or what is published but not yet in force.

    Readers are told of what they could see. Raises `Refused`.
    """
    with recording(ChangeKind.WITHDRAW, **recorded) as change:
        row = _now(structure)
        if reasons := unwithdrawable(row):
            raise Refused(*reasons)
        _tell(change, row, is_public=row.status == Status.PUBLISHED)
        row.status = Status.WITHDRAWN
        row.save(update_fields=["status"])
    return row


def _now(structure: Structure) -> Structure:
    row = Structure.objects.filter(pk=structure.pk).first()
    if row is None:
        raise Refused(_("「%(name)s」は、ほかの更新で削除されています。") % {"name": structure})
    return row


def _tell(change: Change, structure: Structure, *, is_public: bool) -> None:
    for name, value in described(structure).items():
        setattr(change, name, value)
    change.is_public = is_public
    change.save()


def described(structure: Structure) -> dict[str, str]:
    """What the journal says that a change of an edition is about."""
    with override(settings.LANGUAGE_CODE):
        address = structure.get_absolute_url()
    return {"about": structure.title, "about_en": structure.title_en, "address": address}


def unfit(structure: Structure) -> list[str]:
    """Why an edition cannot be published on any day, in words. Empty: it can."""
    found = []
    if structure.status != Status.DRAFT:
        state = structure.standing.label
        found.append(_("公開できるのは、下書きだけです（いまの状態：%(state)s）。") % {"state": state})
    if not structure.title.strip():
        found.append(_("題名がありません。"))
    if not Placement.objects.filter(structure=structure).exists():
        found.append(_("機関が一つも置かれていません。"))
    wrong, fault = faults(Placement, structure.pk)
    if fault:
        found.append(_("木に誤りがあります：%(fault)s") % {"fault": fault})
    elif wrong:
        found.append(
            _("木の索引が %(count)s 件の機関で合っていません。管理者に知らせてください（check_tree）。")
            % {"count": wrong}
        )
    return found


def unfit_day(structure: Structure, day: datetime.date) -> list[str]:
    """Why it cannot apply from that day, in words. Empty: it can. Only loaded data may carry a past day."""
    found = []
    if day < today():
        found.append(_("過去の日からは適用できません。今日か、これからの日を指定してください。"))
    rival = Structure.objects.reachable().filter(valid_from=day).exclude(pk=structure.pk).first()
    if rival is not None:
        found.append(
            _("%(day)sから適用される体制が、すでに公開されています：%(title)s")
            % {"day": date_format(day, "DATE_FORMAT"), "title": rival.title}
        )
    return found


def unwithdrawable(structure: Structure) -> list[str]:
    """Why an edition cannot be withdrawn, in words. Empty: it can."""
    if structure.standing not in {Standing.DRAFT, Standing.SCHEDULED}:
        state = structure.standing.label
        return [_("取り下げられるのは、下書きと公開予定の体制だけです（いまの状態：%(state)s）。") % {"state": state}]
    if structure.valid_from is None:  # the database wants a day of all but drafts
        return [_("適用日のない下書きは、取り下げずに削除してください。")]
    return []


def replaced(structure: Structure, day: datetime.date) -> Structure | None:
    """The edition that goes out of force when this one comes into force on that day."""
    return Structure.objects.exclude(pk=structure.pk).in_force(day)


def following(structure: Structure, day: datetime.date) -> Structure | None:
    """The published edition that will replace this one, in force from that day; None: none is known."""
    later = Structure.objects.reachable().exclude(pk=structure.pk).filter(valid_from__gt=day)
    return later.order_by("valid_from").first()


def held(structure: Structure) -> list[tuple[type[Model], int]]:
    """How many rows of each kind belong to an edition."""
    models: tuple[Any, ...] = (Placement, Mandate, Seat, Link, Note)
    return [(model, model.objects.filter(**{model.edition: structure}).count()) for model in models]
