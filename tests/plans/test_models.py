"""Rules about plans, sections, targets and observations that hold whoever writes."""

from __future__ import annotations

import datetime
import re
import tempfile
from decimal import Decimal
from typing import Any

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F, ProtectedError
from django.forms import modelform_factory
from django.test import Client

from bodies.models import Status
from plans.models import Indicator, Observation, Plan, Section, SectionKind, Target
from plans.progress import State
from portal import revision
from tests import factories
from tests.pages import page

pytestmark = pytest.mark.django_db


def refused(constraint: str, **fields: Any) -> None:
    """One row is changed past all of Django's own checks, and the database refuses it."""
    model, pk = fields.pop("of")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model._base_manager.filter(pk=pk).update(**fields)


def test_the_database_refuses_values_outside_its_lists() -> None:
    plan = factories.plan()
    section = factories.section(plan, "1")
    target = factories.target(plan)
    refused("plans_plan_kind_listed", of=(Plan, plan.pk), kind="x")
    refused("plans_plan_status_listed", of=(Plan, plan.pk), status="x")
    refused("plans_section_kind_listed", of=(Section, section.pk), kind="x")
    refused("plans_target_kind_listed", of=(Target, target.pk), kind="x")
    refused("plans_target_comparator_listed", of=(Target, target.pk), comparator="!")
    refused("plans_target_per_listed", of=(Target, target.pk), per="day")
    refused("plans_target_calendar_listed", of=(Target, target.pk), calendar="XX")


def test_the_database_refuses_what_cannot_be() -> None:
    plan = factories.plan()
    section = factories.section(plan, "1")
    factories.section(plan, "2")
    target = factories.target(plan)
    refused("plans_plan_period_in_order", of=(Plan, plan.pk), from_fy=2030)
    refused("plans_plan_follows_another", of=(Plan, plan.pk), follows=plan)
    refused("(?i)unique", of=(Section, section.pk), number="2")
    refused("plans_section_counterpart_is_another", of=(Section, section.pk), counterpart=section)
    refused("plans_plan_years", of=(Plan, plan.pk), from_fy=5)
    refused("plans_target_years", of=(Target, target.pk), to_fy=20_252_029)
    refused("plans_target_derived_baseline_has_value", of=(Target, target.pk), baseline_derived=True)
    with pytest.raises(IntegrityError, match="plans_observation_period_in_order"), transaction.atomic():
        factories.observation(plan, "o1", 2025, 1, to_fy=None)
    with pytest.raises(IntegrityError, match="plans_observation_period_in_order"), transaction.atomic():
        factories.observation(plan, "o2", 2025, 1, to_fy=2024)
    with pytest.raises(IntegrityError, match="plans_observation_years"), transaction.atomic():
        factories.observation(plan, "o3", 2025, 1, to_fy=20_252_029)


def test_sections_stand_in_order_and_move_with_what_hangs_under_them() -> None:
    plan = factories.plan()
    one = factories.section(plan, "1", sort_order=2)
    two = factories.section(plan, "2", sort_order=1)
    factories.section(plan, "1.1", one)

    assert [each.number for each in Section.objects.filter(plan=plan)] == ["2", "1", "1.1"]
    one.refresh_from_db()
    one.parent = two
    one.save()
    assert [(each.number, each.level) for each in Section.objects.filter(plan=plan)] == [("2", 0), ("1", 1), ("1.1", 2)]


def test_a_plan_with_targets_cannot_be_deleted_and_one_without_takes_its_sections_along() -> None:
    plan, empty = factories.plan(), factories.plan("empty")
    factories.target(plan)
    factories.section(empty, "1")

    with pytest.raises(ProtectedError):
        plan.delete()
    empty.delete()
    assert not Section.objects.filter(number="1").exists()


def test_only_published_plans_and_what_is_theirs_are_public() -> None:
    for status in Status:
        plan = factories.plan(f"plan-{status}", status=status)
        factories.section(plan, "1")
        factories.target(plan, f"t-{status}", indicator=factories.indicator(f"i-{status}"))
        factories.observation(plan, f"o-{status}", 2025, 1, indicator=factories.indicator(f"i-{status}"))

    assert [each.code for each in Plan.objects.public()] == ["plan-published"]
    assert [each.plan.code for each in Section.objects.public()] == ["plan-published"]
    assert [each.code for each in Target.objects.public()] == ["t-published"]
    assert [each.code for each in Observation.objects.public()] == ["o-published"]
    assert [each.code for each in type(factories.indicator()).objects.public()] == ["i-published"]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2019-12-31", None),
        ("2020-03-31", None),
        ("2020-04-01", "second"),
        ("2025-03-31", "second"),
        ("2025-04-01", "third"),
        ("2031-01-01", "third"),
    ],
)
def test_the_plan_we_are_in_changes_in_april(day: str, expected: str | None) -> None:
    factories.plan("second", from_fy=2020, to_fy=2024)
    factories.plan("third")
    factories.plan("fourth", from_fy=2024, status=Status.DRAFT)
    factories.plan("strategy", kind="strategy", from_fy=2019)

    found = Plan.objects.current(datetime.date.fromisoformat(day))

    assert (found.code if found is not None else None) == expected


def test_a_target_stands_in_its_own_plan_and_in_a_category() -> None:
    plan, other = factories.plan(), factories.plan("other")
    target = factories.target(plan)
    target.full_clean()

    target.section = factories.section(other, "1")
    with pytest.raises(ValidationError, match="目標と同じ計画の項目"):
        target.full_clean()
    target.section, target.category = None, factories.section(plan, "2")
    with pytest.raises(ValidationError, match="目標の区分を表す項目"):
        target.full_clean()
    target.category = factories.section(plan, "3", kind=SectionKind.CATEGORY)
    target.full_clean()
    target.section = factories.section(other, "2")
    with pytest.raises(ValidationError, match="目標と同じ計画の項目"):
        target.save()


def test_an_observation_is_never_deleted() -> None:
    row = factories.observation(factories.plan(), "o1", 2025, 120)

    for attempt in (row.delete, Observation.objects.all().delete):
        with pytest.raises(ValidationError, match="書き換えも削除もできません"):
            attempt()
    assert Observation.objects.count() == 1


def changed(row: Observation, **fields: Any) -> Observation:
    """The same row as another instance would hold it."""
    copied = Observation(**{field.attname: getattr(row, field.attname) for field in Observation._meta.concrete_fields})
    for name, value in fields.items():
        setattr(copied, name, value)
    return copied


def save_what_was_read(row: Observation, other: Plan) -> None:
    read = Observation.objects.get()
    read.value = Decimal(121)
    read.save()


@pytest.mark.parametrize(
    "attempt",
    [
        save_what_was_read,
        lambda row, other: changed(row, value=121).save(),
        lambda row, other: changed(row, value=121).full_clean(exclude=["id", "code"]),
        lambda row, other: Observation.objects.update(value=121),
        lambda row, other: Observation.objects.update(plan=other),
        lambda row, other: Observation.objects.update(plan_id=other.pk),
        lambda row, other: Observation.objects.update(text=F("period")),
        lambda row, other: Observation.objects.bulk_update([changed(row, plan=other)], ["plan"]),
        lambda row, other: Observation.objects.bulk_create(
            [changed(row, value=121)], update_conflicts=True, unique_fields=["code"], update_fields=["value"]
        ),
        lambda row, other: Observation.objects.update_or_create(code=row.code, defaults={"value": 121}),
    ],
)
def test_an_observation_is_never_changed_and_the_user_is_told_so(attempt: Any) -> None:
    plan, other = factories.plan(), factories.plan("other")
    row = factories.observation(plan, "o1", 2025, 120)

    with pytest.raises(ValidationError, match="書き換えも削除もできません"), transaction.atomic():
        attempt(row, other)

    stored = Observation.objects.get()
    assert (stored.value, stored.plan, stored.text) == (Decimal(120), plan, "120件")


def load_fixture(row: Observation, other: Plan) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(serializers.serialize("json", [changed(row, value=121)]))
        file.flush()
        call_command("loaddata", file.name, verbosity=0)


def write_sql(row: Observation, other: Plan) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE plans_observation SET plan_id = %s", [other.pk])


@pytest.mark.parametrize(
    "attempt",
    [
        lambda row, other: Observation._base_manager.update(value=121),
        lambda row, other: Observation._base_manager.bulk_update([changed(row, plan=other)], ["plan"]),
        lambda row, other: changed(row, value=121).save_base(raw=True),
        load_fixture,
        write_sql,
    ],
)
def test_what_goes_past_the_model_does_not_change_an_observation_either(attempt: Any) -> None:
    plan, other = factories.plan(), factories.plan("other")
    row = factories.observation(plan, "o1", 2025, 120)

    with pytest.raises(IntegrityError, match="portal_kept"), transaction.atomic():
        attempt(row, other)

    stored = Observation.objects.get()
    assert (stored.value, stored.plan) == (Decimal(120), plan)


def test_what_is_said_beside_a_value_can_be_mended_at_every_door() -> None:
    row = factories.observation(factories.plan(), "o1", 2025, 120, rate=Decimal("98.5"))

    row.remark = "備考は直せる"
    row.save()
    changed(row, sort_order=2).save()
    Observation.objects.update(reported_by="内閣府", value=120)  # what stays the same is no change
    Observation.objects.bulk_update([changed(row, locator_en="p. 1")], ["locator_en", "value", "rate"])

    stored = Observation.objects.get()
    assert (stored.remark, stored.sort_order, stored.reported_by, stored.locator_en) == (
        "備考は直せる",
        2,
        "内閣府",
        "p. 1",
    )


def test_a_refused_change_leaves_the_rest_of_a_transaction_alone() -> None:
    row = factories.observation(factories.plan(), "o1", 2025, 120)

    with transaction.atomic():
        with pytest.raises(ValidationError, match="書き換えも削除もできません"):
            changed(row, value=121).save()
        Observation.objects.update(remark="備考")

    assert Observation.objects.get().remark == "備考"


def test_a_correction_replaces_the_value_in_the_progress() -> None:
    plan = factories.plan()
    target = factories.target(plan, cumulative=650, cumulative_from=2025, cumulative_to=2029)
    wrong = factories.observation(plan, "o1", 2025, 20)
    assert Target.objects.in_words().get().progress.state == State.BELOW_COURSE

    factories.observation(plan, "o2", 2025, 140, replaces=wrong)

    read = Target.objects.in_words().get(pk=target.pk)
    assert [each.code for each in read.observations] == ["o2"]
    assert read.progress.actual == 140
    assert read.progress.state == State.ON_COURSE
    assert [each.is_replaced for each in read.indicator.observations.all()] == [True, False]
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.observation(plan, "o3", 2025, 1, replaces=wrong)


def test_a_correction_is_of_the_same_indicator_and_plan_at_every_door() -> None:
    plan, draft = factories.plan(), factories.plan("draft", status=Status.DRAFT)
    wrong = factories.observation(plan, "wrong", 2025, 20)
    other = factories.indicator("other")

    def correction(**fields: Any) -> Observation:
        return changed(wrong, pk=None, code="right", replaces=wrong, **fields)

    for fields in ({"plan": draft}, {"indicator": other}):
        for attempt in (
            lambda row: row.full_clean(),
            lambda row: row.save(),
            lambda row: Observation.objects.bulk_create(each for each in [row]),
            lambda row: plan.observations.bulk_create([row]),
        ):
            with pytest.raises(ValidationError, match="同じ指標、同じ計画"):
                attempt(correction(**fields))
    correction().save()
    assert [each.code for each in Observation.objects.filter(replaces=wrong)] == ["right"]


def test_a_form_without_an_indicator_says_what_is_missing() -> None:
    wrong = factories.observation(factories.plan(), "wrong", 2025, 20)
    form = modelform_factory(Observation, fields=["indicator", "plan", "replaces"])({"replaces": wrong.pk})

    assert sorted(form.errors) == ["indicator", "plan", "replaces"]


def test_a_correction_in_a_plan_in_draft_strikes_no_public_value(client: Client) -> None:
    """Not even one that got past the model: readers would see a value struck for what they cannot see."""
    plan, draft = factories.plan(), factories.plan("draft", status=Status.DRAFT)
    factories.target(plan)
    wrong = factories.observation(plan, "wrong", 2025, 20)
    hidden = factories.observation(draft, "hidden-wrong", 2025, 30)
    Observation._base_manager.bulk_create(
        [
            changed(wrong, pk=None, plan=draft, code="hidden", replaces=wrong),
            changed(hidden, pk=None, plan=plan, code="right", replaces=hidden),
        ]
    )

    shown = Target.objects.in_words().get()
    html = page(client, "/plans/plan/targets/t1/")

    assert [each.code for each in shown.observations] == ["right", "wrong"]
    assert [each.is_replaced for each in (wrong, *Observation.objects.in_words())] == [False] * 5
    assert [row["id"] for row in html.select(".observations tbody tr")] == ["observation-right", "observation-wrong"]
    assert html.select(".observations s, .observations a[href^='#observation']") == []


def test_whether_a_value_is_replaced_is_known_for_one_and_for_many() -> None:
    plan = factories.plan()
    wrong = factories.observation(plan, "a", 2025, 20)
    right = factories.observation(plan, "b", 2025, 30, replaces=wrong)

    assert [each.correction for each in Observation.objects.in_words()] == ["b", None]
    assert [each.correction for each in (wrong, right, Observation(plan=plan))] == ["b", None, None]
    assert [each.is_replaced for each in (wrong, right)] == [True, False]
    assert [each.corrected for each in (wrong, right)] == [None, wrong]


def test_values_are_read_by_their_indexes_where_nothing_is_corrected_yet() -> None:
    """Once the columns are counted, a join to the rows that replace made SQLite read the whole table for each row."""
    plan = factories.plan()
    row = factories.observation(plan, "o", 2025, 1)
    Observation.objects.bulk_create(
        changed(row, pk=None, code=f"o{number}", indicator=factories.indicator(f"i{number // 100}"))
        for number in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")

    shown = Observation.objects.in_words().filter(indicator__in=list(Indicator.objects.all()[:5]))

    assert not re.search(r"SCAN [TU]\d|Seq Scan on plans_observation u\d", shown.explain())


def test_what_has_no_years_of_its_own_is_measured_in_those_of_the_plan() -> None:
    plan = factories.plan()
    factories.observation(plan, "before", 2024, 500)
    factories.observation(plan, "first", 2025, 140)
    factories.target(plan)

    progress = Target.objects.in_words().get().progress

    assert (progress.years, progress.actual, progress.state) == ((2025,), Decimal(140), State.ON_COURSE)


def test_a_reading_says_what_the_words_state_and_what_was_added() -> None:
    target = factories.target(
        factories.plan(),
        text="企業導出件数130件/年(20件増)",
        kind="level",
        value=130,
        unit="件",
        per="year",
        delta=20,
        baseline=110,
        baseline_derived=True,
        from_fy=2025,
        to_fy=2029,
    )

    reading = {name: is_stated for name, _value, is_stated in target.recorded}

    assert reading == {
        "kind": True,
        "value": True,
        "unit": True,
        "per": True,
        "delta": True,
        "baseline": True,
        "baseline_derived": True,
        "from_fy": False,
        "to_fy": False,
    }


@pytest.mark.parametrize(
    "write",
    [
        lambda plan: Plan.objects.filter(pk=plan.pk).update(title="x"),
        lambda plan: factories.section(plan, "1"),
        lambda plan: factories.target(plan),
        lambda plan: factories.observation(plan, "o", 2025, 1),
        lambda plan: factories.programme("p", factories.project(plan)),
        lambda plan: factories.budget(plan, "b"),
    ],
)
def test_every_change_moves_the_revision(write: Any) -> None:
    plan = factories.plan()
    before = revision.current().number

    write(plan)

    assert revision.current().number > before
