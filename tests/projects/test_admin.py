"""Projects, programmes, budgets and what projects grew from, as an editor writes them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.models import Change
from projects.models import Budget, Project, Succession
from tests import factories
from tests.pages import page
from tests.plans.test_admin import address, beside, save, told
from tests.portal.test_admin import editor

pytestmark = pytest.mark.django_db


def test_a_budget_says_what_was_read_beside_what_is_recorded() -> None:
    budget = factories.budget(factories.plan(), "b", amount=None)

    soup = save(editor(), address(budget), text="533億円(447億円)", amount="53300000000")

    assert beside(soup) == [
        ["額（円）", "53,300,000,000", "53,300,000,000"],
        ["前年度の額（円）", "44,700,000,000", ""],
    ]
    assert told(soup)[:2] == [
        "文言の読み取り：額（円） 53,300,000,000、前年度の額（円） 44,700,000,000",
        "文言から読み取った値と、記録されている値が違います：前年度の額（円）",
    ]
    budget.refresh_from_db()
    assert (budget.amount, budget.prior) == (53_300_000_000, None)


def test_a_bound_is_no_amount() -> None:
    budget = factories.budget(factories.plan(), "b", text="89億円の内数", amount=None, within=8_900_000_000)

    soup = page(editor(), address(budget))

    assert beside(soup) == [["上限（円）", "8,900,000,000", "8,900,000,000"]]
    assert soup.select(".look") == []


def test_a_project_is_saved_with_what_it_grew_from_as_one_change() -> None:
    old = factories.project(factories.plan("old"), "old", name="前のプロジェクト")
    project = factories.project(factories.plan("new"), "new")
    rows = {
        "came_from-TOTAL_FORMS": "1",
        "came_from-0-code": "old-new",
        "came_from-0-sort_order": "1",
        "came_from-0-predecessor": str(old.pk),
        "came_from-0-kind": "kept",
        "came_from-0-source": str(old.source.pk),
        "came_from-0-evidence": "printed",
    }

    save(editor(), address(project), name="改めた名", **rows)

    change = Change.objects.get(kind="edit")
    assert [row.model for row in change.rows.all()] == ["projects.project", "projects.succession"]
    assert [(row.predecessor, row.successor) for row in Succession.objects.all()] == [(old, project)]
    history = page(editor("jiro"), address(project, "history")).get_text()
    assert "継承" in history
    assert "前のプロジェクト" in history


def test_ministries_are_named_and_their_change_is_in_the_history() -> None:
    place = factories.place(factories.structure(), "mhlw", name="厚生労働省")
    project = factories.project(factories.plan())
    client = editor()
    project.ministries.add(place.body)

    select = page(client, address(project)).select_one("select[name=ministries] option[selected]")

    assert select is not None
    assert select.get_text() == "厚生労働省（mhlw）"
    assert "厚生労働省" in page(client, address(project, "history")).get_text()


def test_what_a_project_needs_is_refused_beside_its_field() -> None:
    project = factories.project(factories.plan())
    place = factories.place(factories.structure(), "kyogikai")

    soup = save(editor(), address(project), council=str(place.body.pk))

    assert "協議会との対応には、その根拠の種類が必要です。" in soup.get_text()
    assert Project.objects.get().council is None


def test_deleting_a_project_is_refused_where_money_hangs_on_it() -> None:
    plan = factories.plan()
    project = factories.project(plan)
    factories.budget(plan, "b", project=project, text="7億円")
    url = address(project, "delete")
    client = editor()

    assert "7億円" in page(client, url).select_one("#deleted-objects").get_text()  # type: ignore[union-attr]
    client.post(url, {"post": "yes"})

    assert Project.objects.exists()


@pytest.mark.parametrize("name", ["project", "programme", "budget", "succession"])
@pytest.mark.parametrize("count", [1, 3])
def test_lists_take_the_same_queries_however_long(name: str, count: int, django_assert_max_num_queries: object) -> None:
    plan = factories.plan()
    old = factories.project(factories.plan("old"), "old")
    for number in range(count):
        project = factories.project(plan, f"p{number}")
        factories.programme(f"g{number}", project)
        factories.budget(plan, f"b{number}", project=project)
        Succession.objects.create(
            code=f"s{number}", predecessor=old, successor=project, kind="kept", source=plan.source
        )
    client = editor()
    url = reverse(f"admin:projects_{name}_changelist")
    page(client, url)

    with django_assert_max_num_queries(11):  # type: ignore[operator]
        rows = page(client, url).select("#result_list tbody tr")

    assert len(rows) == count + (name == "project")
    assert Budget.objects.count() == count
