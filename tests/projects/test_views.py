"""What readers see of projects, and the line of sight from a target to the bodies that answer for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import Tag
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bodies.models import Kind, Link, Relation, Status
from plans.models import Plan, Section, SectionKind, Target
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
    expected = {
        "/projects/": 15,
        "/projects/pj0/": 19,
        "/programmes/": 7,
        "/alignment/": 13,
        "/bodies/top/": 25,
        "/bodies/ministry0/": 24,
        "/plans/plan/targets/t0/": 15,
    }

    assert {address: queries(client, address) for address in expected} == expected


@pytest.mark.no_cover
def test_pages_ask_the_same_for_1_3_and_1000_targets_with_20_observations_each(client: Client) -> None:
    fill(1)
    plan, section = Plan.objects.get(code="plan"), Section.objects.get(number="0")
    expected = {
        "/": 10,
        "/alignment/": 13,
        "/projects/": 15,
        "/projects/pj0/": 19,
        "/bodies/top/": 25,
        "/bodies/council0/": 24,
        "/plans/plan/sections/0/": 10,
    }
    found = []
    for prefix, count in (("u", 0), ("v", 2), ("w", 997)):
        factories.targets(plan, count, 20, prefix, sections=(section, None))
        found.append({address: queries(client, address) for address in expected})

    assert Target.objects.count() == 1000
    assert found == [expected] * 3
    assert len(page(client, "/alignment/").select(".target-links span.state")) == 1000
    shown = page(client, "/projects/pj0/")
    assert len(shown.select(".targets > li")) == 100
    everything = shown.select_one("a[href='/plans/plan/sections/0/#section-targets']")
    assert everything is not None
    assert everything.get_text() == "501 件の目標をすべて見る"


def test_lists_of_programmes_and_budgets_are_counted_and_paged(client: Client) -> None:
    plan = factories.plan()
    project = factories.project(plan)
    programmes = factories.programmes("p", 201, project)
    factories.budgets(plan, "own", 202, project=project)
    factories.budgets(plan, "part", 203, programme=programmes[0])
    factories.budgets(plan, "whole", 204)

    def counted(shown: Tag, section: str) -> tuple[str, int, str]:
        """What a list says that it holds, how many stand on the page, and the place of the page."""
        held = shown.select_one(f"section[aria-labelledby={section}]")
        assert held is not None
        head, pages = held.select_one("h2 small"), held.select_one(".pages")
        assert head is not None
        assert pages is not None
        return head.get_text(), len(held.select("li, tbody tr")), " ".join(pages.get_text().split())

    first = page(client, "/projects/pj/")
    assert counted(first, "programmes") == ("201 件", 200, "1 / 2 次へ")
    assert counted(first, "budgets") == ("202 件", 200, "1 / 2 次へ")
    assert counted(page(client, "/projects/pj/?page=2"), "programmes") == ("201 件", 1, "前へ 2 / 2")
    assert counted(page(client, "/projects/pj/?budgets=2"), "budgets") == ("202 件", 2, "前へ 2 / 2")
    assert counted(page(client, "/projects/"), "totals") == ("204 件", 200, "1 / 2 次へ")
    assert counted(page(client, "/projects/?page=2"), "totals") == ("204 件", 4, "前へ 2 / 2")
    assert counted(page(client, "/programmes/?budgets=3"), "budgets") == ("407 件", 7, "前へ 3 / 3")
    assert len(page(client, "/programmes/?page=2").select(".programmes-list > li")) == 1
    links = [str(link["href"]) for link in page(client, "/programmes/?budgets=2").select(".pages a")]
    assert links == ["?page=2#main", "?budgets=1#budgets", "?budgets=3#budgets"]


def test_an_address_of_a_row_leads_to_the_page_that_holds_it(client: Client) -> None:
    plan = factories.plan()
    project = factories.project(plan)
    programmes = factories.programmes("p", 201, project)
    own = factories.budgets(plan, "own", 202, project=project)
    part = factories.budgets(plan, "part", 203, programme=programmes[0])

    for row in (programmes[0], programmes[200], own[0], own[201], part[200]):
        address, anchor = row.get_absolute_url().split("#")
        assert page(client, address).select_one(f"#{anchor}") is not None, address
    assert page(client, "/programmes/?programme=none&budget=none").select_one("#programme-p0") is not None


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


def body_rows(client: Client) -> dict[str, str]:
    """The words of each body's row in the table by body, without its name, by the code of the body."""
    rows = {}
    for row in page(client, "/alignment/").select("table.by-body tbody tr"):
        link = row.select_one("th a")
        assert link is not None
        cells = (re.sub(r"\s+", "", cell.get_text()) for cell in row.select("td"))
        assert str(link["href"]).split("/")[2] not in rows, "a body stands there once"
        rows[str(link["href"]).split("/")[2]] = "|".join(cells)
    return rows


def parts(client: Client, code: str) -> dict[str, str]:
    """The projects on the page of a body, each once, with what the body is to them."""
    rows = page(client, f"/bodies/{code}/").select("section[aria-labelledby=projects] > .facts > li")
    found = {row.select("a")[0].get_text(): row.select(".role")[0].get_text() for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_ministry_that_only_has_a_budget_answers_for_what_it_pays(client: Client) -> None:
    plan = factories.plan()
    structure = factories.structure()
    own, shared, whole = (factories.place(structure, code).body for code in ("own", "shared", "whole"))
    one, two = factories.project(plan, "one"), factories.project(plan, "two")
    factories.budget(plan, "b1", project=one, ministry=own)
    factories.budget(plan, "b2", programme=factories.programme("p", one, two), ministry=shared)
    factories.budget(plan, "b3", ministry=whole)

    assert body_rows(client) == {
        "own": "予算から：プロジェクトone|個別の目標の記載なし",
        "shared": "予算から：プロジェクトone、プロジェクトtwo|個別の目標の記載なし",
        "whole": "予算から：計画plan|計画全体の目標",
    }
    cells = [row.select("td")[1] for row in page(client, "/alignment/").select("table.alignment tbody tr")[:3]]
    assert [re.sub(r"\s+", "", cell.get_text()) for cell in cells] == [
        "機関own（予算から）、機関shared（予算から）",
        "機関shared（予算から）",
        "機関whole（予算から）推進体制を見る",
    ]
    assert parts(client, "own") == {"プロジェクトone": "予算から"}
    assert parts(client, "shared") == {"プロジェクトone": "予算から", "プロジェクトtwo": "予算から"}
    assert page(client, "/bodies/whole/").select_one("#undivided ~ ul a[href='/projects/#totals']") is not None
    assert page(client, "/projects/").select_one("#totals") is not None


def test_a_body_with_several_roles_in_a_project_stands_there_once_with_all(client: Client) -> None:
    structure = factories.structure()
    top = factories.place(structure, "top")
    council = factories.place(structure, "council", top)
    plan = factories.plan()
    fields: dict[str, Any] = {"council": council.body, "council_evidence": "inferred", "lead": council.body}
    project = factories.project(plan, marking="◎", marking_source=factories.source(), **fields)
    project.ministries.set([council.body, top.body])
    factories.programme("p", project, ministry=council.body)
    factories.target(plan, section=factories.section(plan, "1"))
    Project.objects.update(section=Section.objects.get())

    assert body_rows(client) == {
        "top": "協議会の上、担当推定：プロジェクトpj|目標t1",
        "council": "協議会、主担当推定：プロジェクトpj|目標t1",
    }
    assert parts(client, "top") == {"プロジェクトpj": "協議会の上、担当"}
    assert parts(client, "council") == {"プロジェクトpj": "協議会、主担当"}


def test_a_responsible_body_without_projects_has_a_row(client: Client) -> None:
    factories.plan(responsible=factories.place(factories.structure(), "top").body)

    assert body_rows(client) == {"top": "作成・推進：計画plan|計画全体の目標"}


def test_projects_that_share_a_section_share_its_targets(client: Client) -> None:
    plan = factories.plan()
    section = factories.section(plan, "1")
    for code in ("one", "two"):
        factories.project(plan, code, section=section)
    factories.target(plan, section=section)

    rows = page(client, "/alignment/").select("table.alignment tbody tr")[:3]
    assert [len(row.select(".target-links a")) for row in rows] == [1, 1, 0]


def test_who_is_given_the_ministries_money_stands_with_its_source(client: Client, third_period: None) -> None:
    expected = "資金の交付先："
    rows = page(client, "/alignment/").select("table.alignment:not(.by-body) tbody tr")
    assert [bool(row.select("a[href='/bodies/amed/']")) for row in rows] == [True] * 6 + [False, True, False]
    assert body_rows(client)["amed"].startswith(expected)
    amed = page(client, "/alignment/").select_one("table.by-body th:has(a[href='/bodies/amed/'])")
    assert amed is not None
    assert [link["href"] for link in amed.select(".cite a")] == ["/sources/amed-basic-policy/"]

    named = parts(client, "amed")
    assert set(named.values()) == {"資金の交付先"}
    assert len(named) == 7, "not the projects of a plan that was over before this structure was in force"
    for address in ("/projects/pj4/", "/bodies/amed/"):
        assert page(client, address).select_one(".cite a[href='/sources/amed-basic-policy/']") is not None
    assert page(client, "/projects/p2-pj4/").select_one("#who ~ dl a[href='/bodies/amed/']") is None


def test_money_that_is_given_through_a_group_of_ministries_is_followed(client: Client) -> None:
    structure = factories.structure()
    group = factories.place(structure, "group", kind=Kind.GROUP)
    ministry, agency = factories.place(structure, "ministry", group), factories.place(structure, "agency")
    fields = {"from_placement": group, "to_placement": agency, "kind": Relation.FUNDS, "source": factories.source()}
    Link.objects.create(**fields)
    project = factories.project(factories.plan())
    factories.programme("p", project, ministry=ministry.body)

    assert body_rows(client)["agency"] == "資金の交付先：プロジェクトpj|個別の目標の記載なし"
    assert parts(client, "agency") == {"プロジェクトpj": "資金の交付先"}


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
