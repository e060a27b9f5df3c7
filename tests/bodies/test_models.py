"""The database refuses what must not be; one test for each named constraint."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import override

from bodies.models import Body, Link, Mandate, Note, Placement, Relation, Seat, Status, Structure, today
from portal.models import Change, ChangeKind, Revision, Source
from tests import factories

REFUSED: set[str] = set()


def refused(name: str, write: Any) -> None:
    """The database itself refuses, by the constraint of that name, and the row before it stays."""
    REFUSED.add(name)
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        write()
    constraint_model, constraint = next(
        (model, each) for model in apps.get_models() for each in model._meta.constraints if each.name == name
    )
    words = str(error.value)
    fields = [
        str(getattr(constraint_model._meta.get_field(field), "column", ""))
        for field in getattr(constraint, "fields", ())
    ]
    columns = ", ".join(f"{constraint_model._meta.db_table}.{column}" for column in fields)
    assert name in words or words == f"UNIQUE constraint failed: {columns}", words


@pytest.fixture
def edition(db: Any) -> Structure:
    return factories.structure()


@pytest.fixture
def placement(edition: Structure) -> Placement:
    return factories.place(edition, "a")


def test_one_published_structure_per_day(edition: Structure) -> None:
    refused("bodies_structure_one_published_per_day", lambda: factories.structure("other"))
    factories.structure("draft", status=Status.DRAFT)  # a draft for the same day is no conflict


def test_a_published_structure_has_its_day(db: Any) -> None:
    refused("bodies_structure_published_has_day", lambda: factories.structure("x", valid_from=None))


def test_a_body_stands_once_in_a_structure(placement: Placement) -> None:
    refused("bodies_placement_once_per_structure", lambda: factories.place(placement.structure, "a"))


def test_a_placement_is_not_its_own_parent(placement: Placement) -> None:
    refused(
        "bodies_placement_not_its_own_parent",
        lambda: models.QuerySet(Placement).filter(pk=placement.pk).update(parent=placement.pk),
    )


def test_a_basis_has_a_source(placement: Placement) -> None:
    refused("bodies_placement_basis_has_source", lambda: Placement.objects.update(basis="法"))


@pytest.mark.parametrize("model", [Mandate, Seat, Note])
def test_codes_of_parts_are_unique_in_a_placement(placement: Placement, model: Any) -> None:
    words = {"holder": "者"} if model is Seat else {"text": "文"}
    fields = {"placement": placement, "code": "x", "source": factories.source(), **words}
    model.objects.create(**fields)

    refused(f"bodies_{model._meta.model_name}_code_once_per_placement", lambda: model.objects.create(**fields))


def test_a_note_has_one_anchor(placement: Placement) -> None:
    source = factories.source()
    mandate = Mandate.objects.create(placement=placement, code="m", text="役割", source=source)
    seat = Seat.objects.create(placement=placement, code="s", holder="者", source=source)
    note = Note(placement=placement, code="n", text="注", source=source, mandate=mandate, seat=seat)

    refused("bodies_note_one_anchor", note.save)


def link(placement: Placement, other: Placement, **fields: Any) -> Link:
    words: dict[str, Any] = {"kind": Relation.FUNDS, "source": factories.source()} | fields
    return Link(from_placement=placement, to_placement=other, **words)


def test_a_link_stands_once(placement: Placement) -> None:
    other = factories.place(placement.structure, "b")
    link(placement, other).save()

    refused("bodies_link_once", link(placement, other).save)
    link(other, placement).save()  # the other way is another relation


def test_a_link_does_not_lead_to_itself(placement: Placement) -> None:
    refused("bodies_link_not_to_itself", link(placement, placement).save)


def test_a_link_across_structures_is_refused_by_every_door(placement: Placement) -> None:
    other = factories.place(factories.structure("other", valid_from="2021-04-01"), "b")

    with pytest.raises(ValidationError, match="同じ体制の機関"):
        link(placement, other).save()
    with pytest.raises(ValidationError, match="同じ体制の機関"):
        Link.objects.bulk_create([link(placement, other)])
    with pytest.raises(ValidationError, match="同じ体制の機関"):
        link(placement, other).full_clean()
    assert not Link.objects.exists()


def test_revision_has_one_row(db: Any) -> None:
    refused("portal_revision_one_row", lambda: Revision.objects.create(pk=2))


LISTED = [
    (Source, "title_en_standing"),
    (Change, "kind"),
    (Structure, "status"),
    (Structure, "coverage"),
    (Structure, "evidence"),
    (Structure, "title_en_standing"),
    (Placement, "kind"),
    (Placement, "arrangement"),
    (Placement, "evidence"),
    (Placement, "name_en_standing"),
    (Mandate, "evidence"),
    (Mandate, "text_en_standing"),
    (Seat, "evidence"),
    (Seat, "holder_en_standing"),
    (Link, "kind"),
    (Link, "evidence"),
    (Note, "kind"),
    (Note, "evidence"),
    (Note, "text_en_standing"),
]


@pytest.mark.parametrize(("model", "field"), LISTED)
def test_a_value_outside_its_list_is_refused(placement: Placement, model: Any, field: str) -> None:
    source = factories.source()
    Mandate.objects.create(placement=placement, code="m", text="役割", source=source)
    Seat.objects.create(placement=placement, code="s", holder="者", source=source)
    Note.objects.create(placement=placement, code="n", text="注", source=source)
    link(placement, factories.place(placement.structure, "b")).save()
    Change.objects.create(kind=ChangeKind.EDIT)

    name = f"{model._meta.app_label}_{model._meta.model_name}_{field}_listed"
    refused(name, lambda: model.objects.update(**{field: "nonsense"}))


def test_a_break_hint_is_the_name_with_bars(placement: Placement) -> None:
    placement.name, placement.name_breaks = "推進専門調査会", "推進｜専門調査会"
    placement.name_en, placement.name_breaks_en = "Expert Panel on Policy", "Expert Panel ｜on Policy"
    placement.full_clean()

    for hint in ("推進｜調査会", "推進専門調査会｜", "推進｜｜専門調査会"):
        placement.name_breaks = hint
        with pytest.raises(ValidationError) as refusal:
            placement.full_clean()
        assert set(refusal.value.error_dict) == {"name_breaks"}


def test_every_named_constraint_has_its_test() -> None:
    """Runs last in this file: what the tests above refused is all that there is to refuse."""
    named = {
        constraint.name
        for model in apps.get_models()
        if model.__module__.split(".")[0] in ("portal", "bodies")
        for constraint in model._meta.constraints
    }

    assert named == REFUSED


@pytest.mark.parametrize("code", ["", "Ａ", "A", "a b", "-a", "a--b", "a/b", "機関"])
def test_a_code_that_makes_no_address_is_refused(db: Any, code: str) -> None:
    with pytest.raises(ValidationError):
        Body(code=code).full_clean()


@pytest.mark.parametrize("code", ["hq", "cao_amed", "third-period", "kyogikai01", "2024"])
def test_a_code_that_makes_an_address_is_taken(db: Any, code: str) -> None:
    Body(code=code).full_clean()


def test_a_body_in_use_is_not_deleted(placement: Placement) -> None:
    with pytest.raises(models.ProtectedError):
        placement.body.delete()


def test_a_source_in_use_is_not_deleted(placement: Placement) -> None:
    with pytest.raises(models.ProtectedError):
        placement.source.delete()


def test_notes_belong_to_the_body_of_their_anchor(placement: Placement) -> None:
    source = factories.source()
    mandate = Mandate.objects.create(placement=placement, code="m", text="戦略の作成", source=source)
    other = factories.place(placement.structure, "b")

    with pytest.raises(ValidationError, match="同じ機関のもの"):
        Note(placement=other, code="n", text="注", source=source, mandate=mandate).clean()
    with pytest.raises(ValidationError, match="役割の文言の中にありません"):
        Note(placement=placement, code="n", text="注", source=source, mandate=mandate, phrase="計画").clean()
    Note(placement=placement, code="n", text="注", source=source, mandate=mandate, phrase="戦略").clean()


def test_in_force_is_the_latest_published_one_that_applies(db: Any) -> None:
    day = datetime.date
    old = factories.structure("old", valid_from=day(2020, 4, 1))
    new = factories.structure("new", valid_from=day(2025, 4, 1))
    factories.structure("draft", valid_from=day(2026, 4, 1), status=Status.DRAFT)
    factories.structure("withdrawn", valid_from=day(2026, 4, 1), status=Status.WITHDRAWN)
    later = factories.structure("later", valid_from=today() + datetime.timedelta(days=1))

    in_force = Structure.objects.in_force
    assert in_force(day(2020, 3, 31)) is None
    assert in_force(day(2020, 4, 1)) == old
    assert in_force(day(2025, 3, 31)) == old
    assert in_force(day(2025, 4, 1)) == new
    assert in_force() == new
    assert list(Structure.objects.public()) == [new, old]
    assert set(Structure.objects.reachable()) == {new, old, later}
    assert later.is_scheduled
    assert not new.is_scheduled


def test_public_bodies_are_those_that_readers_can_reach(db: Any) -> None:
    shown = factories.place(factories.structure("new"), "shown")
    factories.place(factories.structure("draft", status=Status.DRAFT), "hidden")
    factories.place(factories.structure("later", valid_from=today() + datetime.timedelta(days=1)), "tomorrow")

    assert list(Body.objects.public()) == [shown.body]
    assert list(Placement.objects.public()) == [shown]


def test_every_field_is_described_in_both_languages() -> None:
    for model in (Source, Structure, Body, Placement, Mandate, Seat, Link, Note):
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            if field.editable and field.name != "id":
                with override("en"):
                    english = str(field.help_text)
                assert str(field.help_text), (model, field.name)
                assert english != str(field.help_text), (model, field.name)
                assert not re.search("[ぁ-ん]", english), (model, field.name)
