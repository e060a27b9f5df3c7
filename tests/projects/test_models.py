"""Rules about projects, programmes, budgets and successions that hold whoever writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from bodies.models import Body, Status
from projects.models import Budget, Programme, Project, Succession
from tests import factories

pytestmark = pytest.mark.django_db


def refused(constraint: str, model: Any, pk: int, **fields: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model._base_manager.filter(pk=pk).update(**fields)


def test_the_database_refuses_what_cannot_be() -> None:
    plan = factories.plan()
    one, two = factories.project(plan, "one"), factories.project(plan, "two")
    budget = factories.budget(plan, "b")
    body = Body.objects.create(code="body")
    made = Succession.objects.create(code="s", successor=one, kind="new", source=factories.source())
    again = Succession.objects.create(code="t", predecessor=one, successor=two, kind="kept", source=factories.source())

    refused("(?i)unique", Project, two.pk, number=one.number)
    refused("projects_project_council_has_evidence", Project, one.pk, council=body)
    refused("projects_project_marking_has_source", Project, one.pk, marking="◎厚")
    refused("projects_project_marking_has_source", Project, one.pk, lead=body)
    refused("projects_project_summary_has_source", Project, one.pk, summary="要約")
    refused("projects_project_council_evidence_listed", Project, one.pk, council_evidence="guess")
    refused("projects_budget_stage_listed", Budget, budget.pk, stage="x")
    refused("projects_budget_years", Budget, budget.pk, fiscal_year=20_255)
    refused("projects_budget_amount_or_bound", Budget, budget.pk, within=1)
    refused("projects_succession_kind_listed", Succession, made.pk, kind="x")
    refused("projects_succession_only_new_has_no_predecessor", Succession, made.pk, kind="kept")
    with pytest.raises(IntegrityError), transaction.atomic():
        Succession.objects.create(
            code="u", predecessor=again.predecessor, successor=two, kind="kept", source=factories.source()
        )


def test_a_project_stands_in_the_plan_of_its_section_and_a_budget_in_that_of_its_project() -> None:
    plan, other = factories.plan(), factories.plan("other")
    project = factories.project(plan, section=factories.section(plan, "1"))
    project.full_clean()
    budget = factories.budget(other, "b")

    project.section = factories.section(other, "1")
    with pytest.raises(ValidationError, match="プロジェクトと同じ計画"):
        project.full_clean()
    budget.project = project
    with pytest.raises(ValidationError, match="予算と同じ計画"):
        budget.full_clean()
    for row in (project, budget):
        with pytest.raises(ValidationError, match="と同じ計画の"):
            row.save()


def test_bodies_and_projects_that_something_rests_on_cannot_be_deleted() -> None:
    plan = factories.plan()
    body = Body.objects.create(code="body")
    project = factories.project(plan, council=body, council_evidence="inferred")
    factories.budget(plan, "b", project=project)

    for row in (body, project, plan):
        with pytest.raises(ProtectedError):
            row.delete()


def test_what_belongs_to_a_draft_is_hidden() -> None:
    plan, draft = factories.plan(), factories.plan("draft", status=Status.DRAFT)
    shown, hidden = factories.project(plan, "shown"), factories.project(draft, "hidden")
    factories.programme("both", shown, hidden)
    secret = factories.programme("secret", hidden)
    factories.budget(plan, "total")
    factories.budget(plan, "of-secret", programme=secret)
    factories.budget(draft, "of-draft")
    source = factories.source()
    Succession.objects.create(code="open", successor=shown, kind="new", source=source)
    Succession.objects.create(code="into-draft", predecessor=shown, successor=hidden, kind="kept", source=source)
    Succession.objects.create(code="from-draft", predecessor=hidden, successor=shown, kind="kept", source=source)

    assert [each.code for each in Project.objects.public()] == ["shown"]
    assert [each.code for each in Programme.objects.public()] == ["both"]
    assert [each.code for each in Programme.objects.public().in_words().get().projects.all()] == ["shown"]
    assert [each.code for each in Budget.objects.public()] == ["total"]
    assert [each.code for each in Succession.objects.public()] == ["open"]
