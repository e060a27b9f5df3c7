"""What readers see of projects, and the line of sight from a target to the bodies that answer for it."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bodies.models import Status
from plans.models import SectionKind, Target
from projects.models import Budget, Project
from tests import factories
from tests.pages import page, text

pytestmark = pytest.mark.django_db


def queries(client: Client, address: str) -> int:
    client.get(address)  # charts are kept from here on
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def fill(count: int) -> None:
    """A structure and a plan with projects that each have a council, ministries, programmes, money and targets."""
    plan, before = factories.plan(), factories.plan("before", from_fy=2020, to_fy=2024)
    structure = factories.structure()
    top = factories.place(structure, "top")
    plan.responsible = top.body
    plan.save()
    source = factories.source()
    for n in range(count):
        council = factories.place(structure, f"council{n}", top)
        ministry = factories.place(structure, f"ministry{n}")
        section = factories.section(plan, f"{n}", kind=SectionKind.PROJECT)
        project = factories.project(plan, f"pj{n}", section=section, council=council.body, council_evidence="inferred")
        project.ministries.set([ministry.body])
        old = factories.project(before, f"old{n}")
        project.came_from.create(code=f"s{n}", predecessor=old, kind="kept", source=source)
        factories.target(plan, f"t{n}", section=section)
        for m in range(count):
            programme = factories.programme(f"p{n}-{m}", project, ministry=ministry.body)
            factories.budget(plan, f"b{n}-{m}", project=project, programme=programme, ministry=ministry.body)
        factories.budget(plan, f"total{n}", ministry=ministry.body)


@pytest.mark.parametrize("count", [1, 3])
def test_pages_ask_the_same_for_1_and_3_of_everything(client: Client, count: int) -> None:
    fill(count)
    found = {
        address: queries(client, address)
        for address in ("/projects/", "/projects/pj0/", "/programmes/", "/alignment/", "/plans/plan/targets/t0/")
    }

    assert found == {
        "/projects/": 12,
        "/projects/pj0/": 16,
        "/programmes/": 7,
        "/alignment/": 14,
        "/plans/plan/targets/t0/": 14,
    }


def test_the_eight_projects_stand_with_council_ministries_and_what_changed(client: Client, third_period: None) -> None:
    shown = page(client, "/projects/")

    names = [link.get_text() for link in shown.select("#plan-third-period ~ .project-cards li > a")]
    assert names == [
        "医薬品プロジェクト",
        "医療機器・ヘルスケアプロジェクト",
        "再生・細胞医療・遺伝子治療プロジェクト",
        "感染症プロジェクト",
        "データ利活用・ライフコースプロジェクト",
        "シーズ開発・基礎研究プロジェクト",
        "橋渡し・臨床加速化プロジェクト",
        "イノベーション・エコシステムプロジェクト",
    ]
    badges = [
        [each.get_text() for each in card.select(".kind .badge")]
        for card in shown.select("ol.project-cards")[0].select("li")
    ]
    assert badges == [
        ["維持"],
        ["維持"],
        ["維持"],
        ["新設"],
        ["再編", "推定"],
        ["再編", "推定"],
        ["再編", "推定"],
        ["新設"],
    ]
    assert len(shown.select("#plan-second-period ~ .project-cards li")) == 6


def test_lead_ministries_are_marked_where_a_document_says_so_and_nowhere_else(
    client: Client, third_period: None
) -> None:
    assert set(Project.objects.exclude(lead=None).values_list("code", "lead__code")) == {
        ("pj4", "mhlw"),
        ("pj8", "meti"),
    }
    shown = page(client, "/projects/pj4/")
    for heard in shown.select(".heard"):
        heard.decompose()
    infectious = text(shown)
    assert "健、文、◎厚、経" in infectious
    assert "◎厚労省、" in infectious
    drugs = text(page(client, "/projects/pj1/"))
    assert "主担当の記載は確認できていません" in drugs
    assert "◎" not in drugs


def test_councils_are_said_to_be_inferred_by_name(client: Client, third_period: None) -> None:
    for number in range(1, 9):
        shown = page(client, f"/projects/pj{number}/")
        link = shown.select_one(f"#who ~ dl a[href='/bodies/kyogikai{number:02}/']")
        assert link is not None
        assert "推定" in link.parent.get_text()  # type: ignore[union-attr]


def test_money_is_shown_to_the_yen_beside_the_printed_words(client: Client, third_period: None) -> None:
    rows = {
        str(row["id"]).removeprefix("budget-"): re.sub(r"\s+", "", row.get_text())
        for address in ("/projects/pj1/", "/programmes/", "/projects/")
        for row in page(client, address).select(".budgets tbody tr")
    }
    whole = [row for row in rows.values() if "533億円(447億円)" in row]
    assert whole
    assert "53,300,000,000円" in whole[0]
    assert "前年度44,700,000,000円" in whole[0]
    bounds = Budget.objects.exclude(within=None)
    assert len(bounds) == 2
    for bound in bounds:
        assert "の内数" in rows[bound.code]
        assert "上限であり、額ではありません" in rows[bound.code]
    assert any("約47,500,000,000円" in row for row in rows.values())
    assert "額がゼロという意味ではありません" in text(page(client, "/projects/pj4/")) or Budget.objects.filter(
        project__code="pj4"
    )


def test_alignment_leads_from_every_cell(client: Client, third_period: None) -> None:
    table = page(client, "/alignment/").select_one("table.alignment")
    assert table is not None
    rows = table.select("tbody tr")

    assert len(rows) == 9
    for number, row in enumerate(rows[:8], start=1):
        links = [str(link["href"]) for link in row.select("a")]
        assert f"/projects/pj{number}/" in links
        assert f"/plans/third-period/sections/1.3.{number}/" in links
        assert ["/bodies/hq/", "/bodies/council/", f"/bodies/kyogikai{number:02}/"] == [
            link for link in links if link.startswith(("/bodies/hq", "/bodies/council", "/bodies/kyogikai"))
        ]
    drugs = [str(link["href"]).split("/")[-2] for link in rows[0].select(".target-links a")]
    assert drugs == ["str-07", "str-08", "str-09", "str-10", "str-11"]
    whole = {str(link["href"]).split("/")[-2] for link in rows[8].select(".target-links a")}
    assert {"slide-04", "plan-op1", "str-01"} <= whole
    for row in rows:
        for cell in row.select("th, td"):
            assert cell.select("a") or cell.select(".none"), cell


def test_line_of_sight_leads_from_a_target_up_to_the_headquarters(client: Client, third_period: None) -> None:
    shown = page(client, "/plans/third-period-strategy/targets/str-08/")
    steps = [str(link["href"]) for link in shown.select(".sight a")]
    assert steps == [
        "/plans/third-period-strategy/sections/annex.drugs/",
        "/plans/third-period/sections/1.3.1/",
        "/projects/pj1/",
        "/bodies/mhlw/",
        "/bodies/kyogikai01/",
        "/bodies/council/",
        "/bodies/hq/",
    ]
    whole = page(client, "/plans/third-period/targets/slide-04/")
    assert [str(link["href"]) for link in whole.select(".sight a")] == [
        "/plans/third-period/sections/targets.aim/",
        "/plans/third-period/",
        "/bodies/hq/",
    ]


def answers(client: Client, code: str) -> set[str]:
    links = page(client, f"/bodies/{code}/").select(
        "section[aria-labelledby=projects] a, section[aria-labelledby=plans] a"
    )
    return {str(link["href"]) for link in links}


def test_a_body_leads_to_all_that_it_answers_for(client: Client, third_period: None) -> None:
    council = answers(client, "kyogikai01")
    assert "/projects/pj1/" in council
    assert "/plans/third-period-strategy/targets/str-08/" in council
    assert "/projects/pj2/" not in council

    headquarters = answers(client, "hq")
    assert {f"/projects/pj{n}/" for n in range(1, 9)} <= headquarters
    assert {"/plans/third-period/", "/plans/third-period-strategy/", "/plans/third-period/targets/"} <= headquarters

    ministry = page(client, "/bodies/mhlw/")
    assert "/projects/pj4/" in answers(client, "mhlw")
    assert ministry.select("section[aria-labelledby=programmes] a")
    assert not answers(client, "kyogikai10")


def test_names_of_bodies_that_readers_must_not_see_stay_hidden(client: Client) -> None:
    plan = factories.plan()
    draft = factories.structure("draft", status=Status.DRAFT, valid_from=None)
    secret = factories.place(draft, "secret-body", name="極秘の機関").body
    plan.responsible = secret
    plan.save()
    project = factories.project(
        plan,
        council=secret,
        council_evidence="inferred",
        lead=secret,
        marking="◎極",
        marking_source=factories.source(),
        section=factories.section(plan, "1"),
    )
    project.ministries.set([secret])
    factories.programme("p", project, ministry=secret)
    factories.budget(plan, "b", project=project, ministry=secret)
    factories.budget(plan, "total", ministry=secret)
    factories.target(plan, section=project.section)

    for address in (
        "/projects/",
        "/projects/pj/",
        "/programmes/",
        "/alignment/",
        "/plans/plan/",
        "/plans/plan/targets/t1/",
        "/",
    ):
        body = client.get(address).content.decode()
        assert "極秘" not in body, address
        assert "secret" not in body, address


def test_unknown_project_gets_a_page_that_helps(client: Client, third_period: None) -> None:
    assert page(client, "/projects/pj9/", 404).select_one("#main a[href='/projects/pj8/']") is not None
    assert client.get("/en/projects/%E3%81%82/").status_code == 404


def test_pages_without_any_data_say_so(client: Client) -> None:
    for address, words in {
        "/projects/": "公開されているプロジェクトは、まだありません",
        "/programmes/": "登録されている事業はありません",
        "/plans/": "公開されている計画は、まだありません",
    }.items():
        assert words in text(page(client, address))
    assert "公開されている計画は、まだありません" in text(page(client, "/alignment/", 404))
    plan = factories.plan()
    factories.project(plan)
    assert "このプロジェクトだけの目標は、登録されていません" in text(page(client, "/projects/pj/"))
    assert "この計画の目標は、登録されていません" in text(page(client, "/plans/plan/targets/"))
    assert Target.objects.count() == 0
