"""What readers see of plans and targets, and what they never see."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from bs4 import Tag
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from bodies.models import Status, today
from plans.models import Observation, Plan, Section, SectionKind, Target
from plans.progress import State
from plans.states import states, with_states
from projects.models import Project
from tests import factories
from tests.pages import page, text

pytestmark = pytest.mark.django_db


def queries(client: Client, address: str) -> int:
    client.get(address)  # charts are kept from here on
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def fill(plan: Plan, count: int, observed: int, prefix: str = "t") -> None:
    """Targets in two categories, each with an indicator of its own and observations of it."""
    categories = [
        factories.section(plan, f"{prefix}-{n}", kind=SectionKind.CATEGORY, heading=f"区分{prefix}{n}") for n in (1, 2)
    ]
    factories.targets(plan, count, observed, prefix, categories=categories)


QUERIES = {
    "/": 10,
    "/plans/": 2,
    "/plans/plan/": 9,
    "/plans/plan/sections/t-1/": 10,
    "/plans/plan/targets/": 12,
    "/plans/plan/targets/?category=t-1": 12,
    "/plans/plan/targets/?state=reached": 9,
    "/plans/plan/targets/t-t0/": 5,
    "/indicators/t-i0/": 4,
}


@pytest.mark.no_cover
def test_pages_ask_the_same_for_1_3_and_1000_targets_with_20_observations_each(client: Client) -> None:
    plan = factories.plan()
    factories.place(factories.structure(), "a")
    found = []
    for prefix, count in (("t", 1), ("u", 2), ("v", 997)):
        fill(plan, count, 20, prefix)
        found.append({address: queries(client, address) for address in QUERIES})

    assert Target.objects.count() == 1000
    assert found == [QUERIES] * 3


def test_a_page_of_targets_holds_100_and_leads_on(client: Client) -> None:
    fill(factories.plan(), 250, 1)

    shown = [page(client, f"/plans/plan/targets/?page={number}") for number in (1, 2, 3)]

    assert [len(each.select(".target")) for each in shown] == [100, 100, 50]
    assert shown[1].select_one("a[rel=next][href*='page=3']") is not None
    assert len({str(card["id"]) for each in shown for card in each.select(".target")}) == 250
    assert len(page(client, "/plans/plan/targets/?page=x").select(".target")) == 100


def test_a_page_of_a_section_holds_100_of_its_targets_and_leads_on(client: Client) -> None:
    fill(factories.plan(), 250, 1)

    shown = [page(client, f"/plans/plan/sections/t-1/?page={number}") for number in (1, 2)]

    assert [len(each.select(".targets > li")) for each in shown] == [100, 25]
    assert [text(each).count("125件") for each in shown] == [1, 1]
    assert shown[0].select_one("a[rel=next][href='?page=2#section-targets']") is not None
    assert len({link["href"] for each in shown for link in each.select(".targets .target-name a")}) == 125


def test_states_follow_from_numbers_and_are_worked_out_once_for_each_state_of_the_data_and_day(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = factories.plan(from_fy=2020, to_fy=2024)
    section = factories.section(plan, "1")
    total: dict[str, Any] = {"cumulative": 650, "cumulative_from": 2020, "cumulative_to": 2024}
    factories.target(plan, section=section, text="累計650件", kind="level", unit="件", **total)
    factories.observation(plan, "o", 2020, 700, to_fy=2024)

    def seen() -> tuple[list[str], list[str]]:
        """The states on the page, and what was asked of observations for them."""
        with CaptureQueriesContext(connection) as captured:
            shown = page(client, "/plans/plan/sections/1/")
        asked = [each["sql"] for each in captured if '"plans_observation"."value"' in each["sql"]]
        return [each.get_text() for each in shown.select("span.state")], asked

    states, asked = seen()
    assert states == ["目標到達"]
    assert len(asked) == 1
    for column in ('"plans_observation"."text"', '"plans_observation"."remark"', '"portal_source"'):
        assert column not in asked[0]
    assert seen() == (["目標到達"], [])

    factories.observation(plan, "p", 2020, 300, to_fy=2024, replaces=Observation.objects.get())
    states, asked = seen()
    assert (states, len(asked)) == (["想定を下回る"], 1)

    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_args: datetime.date(2020, 5, 1))
    states, asked = seen()
    assert (states, len(asked)) == (["時期未到来"], 1)


def test_a_target_written_after_the_revision_was_read_has_a_state(client: Client) -> None:
    plan = factories.plan(from_fy=2100, to_fy=2104)
    request = RequestFactory().get("/")
    states(request)
    made = factories.target(plan)

    shown = with_states(Target.objects.in_place(), request)

    assert [(each, each.progress.state) for each in shown] == [(made, State.NOT_DUE)]


HIDDEN = sorted(set(Status) - {Status.PUBLISHED})


@pytest.fixture(params=HIDDEN)
def hidden(db: Any, request: pytest.FixtureRequest) -> None:
    """A plan that readers must not see. It refers to everything public that it can, and is referred to."""
    plan = factories.plan("shown")
    section = factories.section(plan, "1", kind=SectionKind.PROJECT)
    shared = factories.indicator("shared")
    factories.target(plan, "open", indicator=shared, section=section)
    factories.observation(plan, "o-open", 2025, 7, indicator=shared)
    body = factories.place(factories.structure(), "a").body
    pj = factories.project(plan, "open-pj", section=section, council=body, council_evidence="printed")
    cited = factories.source("secret-source", title="極秘の資料")
    fields = {"status": request.param, "follows": plan, "source": cited, "responsible": body}
    draft = factories.plan("secret", title="極秘の計画", **fields)
    Plan.objects.filter(code="shown").update(follows=draft)
    own = factories.section(draft, "1", heading="極秘の項目", counterpart=section, source=cited, kind="project")
    category = factories.section(draft, "2", heading="極秘の区分", source=cited, kind=SectionKind.CATEGORY)
    Section.objects.filter(pk=section.pk).update(counterpart=own)
    factories.target(draft, "secret-t", name="極秘の目標", text="999件/年", indicator=shared, section=own)
    for number, strayed in enumerate([{"section": own}, {"category": category}]):  # as a bulk method may leave them
        code = factories.target(plan, f"secret-{number}", name="極秘の目標", text="999件/年", indicator=shared).code
        Target.objects.filter(code=code).update(**strayed)
    factories.observation(draft, "secret-o", 2026, 987654, indicator=shared, text="極秘の値")
    only = factories.indicator("secret-i", name="極秘の指標")
    factories.observation(draft, "secret-only", 2026, 1, indicator=only, text="極秘の値")
    roles = {"council": body, "council_evidence": "printed", "lead": body, "marking_source": cited, "section": own}
    secret = factories.project(draft, "secret-pj", name="極秘のプロジェクト", **roles)
    secret.ministries.set([body])
    strays = factories.project(
        plan, "secret-strays", name="極秘のプロジェクト", council=body, council_evidence="printed"
    )
    Project.objects.filter(pk=strays.pk).update(section=own)
    pj.went_into.create(code="secret", predecessor=pj, successor=secret, kind="kept", source=cited)
    pj.came_from.create(code="secret-too", predecessor=secret, successor=pj, kind="kept", source=cited)
    programme = factories.programme("secret-programme", secret, name="極秘の事業", ministry=body)
    factories.budget(draft, "secret-b", project=secret, text="極秘の額", ministry=body)
    factories.budget(plan, "secret-c", programme=programme, text="極秘の額", ministry=body)
    factories.budget(draft, "secret-d", text="極秘の額", ministry=body)


PUBLIC = [
    "/",
    "/plans/",
    "/plans/shown/",
    "/plans/shown/sections/1/",
    "/plans/shown/targets/",
    "/plans/shown/targets/?project=shown/1",
    "/plans/shown/targets/?state=not_due",
    "/plans/shown/targets/open/",
    "/plans/shown/targets/opne/",
    "/indicators/shared/",
    "/projects/",
    "/projects/open-pj/",
    "/projects/open-pi/",
    "/programmes/",
    "/alignment/",
    "/structure/",
    "/bodies/a/",
    "/bodies/a/data.jsonld",
    "/sources/",
    "/sources/slides/",
    "/sitemap/",
    "/search/?q=open",
    "/search/?q=極",
    "/search/?q=的",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_what_belongs_to_hidden_plans_appears_nowhere(client: Client, hidden: None, address: str) -> None:
    for prefix in ("", "/en"):
        body = client.get(prefix + address).content.decode()
        assert len(body) > 300
        for word in ("極秘", "secret", "987,654", "999"):
            assert word not in body, (prefix + address, word)


@pytest.mark.parametrize(
    "address",
    [
        "/plans/secret/",
        "/plans/secret/targets/",
        "/plans/secret/sections/1/",
        "/plans/secret/targets/secret-t/",
        "/plans/shown/targets/secret-t/",
        "/plans/shown/targets/secret-0/",
        "/plans/shown/targets/secret-1/",
        "/indicators/secret-i/",
        "/projects/secret-pj/",
        "/projects/secret-strays/",
        "/sources/secret-source/",
    ],
)
def test_hidden_addresses_are_not_found(client: Client, hidden: None, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 404
    assert "極秘" not in response.content.decode()


def test_unknown_addresses_suggest_what_is_near(client: Client, third_period: None) -> None:
    assert page(client, "/plans/3/", 404).select_one("#main a[href='/plans/third-period/']") is not None
    near = page(client, "/plans/third-period/sections/1.3.9/", 404)
    assert near.select_one("#main a[href='/plans/third-period/sections/1.3.8/']") is not None
    near = page(client, "/plans/third-period/targets/slide-11/", 404)
    assert near.select_one("#main a[href='/plans/third-period/targets/slide-01/']") is not None
    assert client.get("/indicators/none/").status_code == 404


def codes(soup: Any) -> list[str]:
    return [str(card["id"]).removeprefix("target-") for card in soup.select(".target")]


def test_targets_stand_in_the_categories_of_their_own_source(client: Client, third_period: None) -> None:
    shown = page(client, "/plans/third-period/targets/")

    found = {}
    for category in shown.select(".category"):
        heading = category.find("h3")
        assert isinstance(heading, Tag)
        for count in heading.select("small"):
            count.decompose()
        found[re.sub(r"\s+", "", heading.get_text())] = codes(category)
    assert found == {
        "目指すもの": [f"slide-0{n}" for n in range(1, 6)],
        "達成を管理するもの": [],
        "推移を観測するもの": ["slide-06", "slide-07", "slide-08", "slide-09", "slide-10"],
        "研究開発により目指すもの": ["plan-g1", "plan-g2"],
        "アウトカム指標": ["plan-oc1", "plan-oc2", "plan-oc3"],
        "アウトプット指標": ["plan-op1", "plan-op2"],
    }
    assert "この資料に項目の記載はありません" in text(shown)
    english = page(client, "/en/plans/third-period/targets/")
    assert codes(english) == codes(shown)


def test_filters_choose_by_project_category_and_state(client: Client, third_period: None) -> None:
    strategy = "/plans/third-period-strategy/targets/"
    assert codes(page(client, f"{strategy}?project=third-period/1.3.1")) == [f"str-{n:02}" for n in (7, 8, 9, 10, 11)]
    assert codes(page(client, "/plans/third-period/targets/?category=targets.output")) == ["plan-op1", "plan-op2"]
    assert codes(page(client, "/plans/third-period/targets/?category=targets.output&state=reached")) == []
    observed = codes(page(client, "/plans/third-period/targets/?state=observed_only"))
    assert {f"slide-{n:02}" for n in (6, 7, 8, 9, 10)} <= set(observed)
    for wrong in (
        "project=x",
        "category=1.3.1",
        "state=late",
        "state=%00",
        "project=1.3.1",
        "project=third-period/1.3.1",
    ):
        response = client.get(f"/plans/third-period/targets/?{wrong}")
        assert response.status_code == 400
        assert "でしぼり込むことはできません" in response.content.decode()


def test_projects_to_filter_by_stand_under_their_plans_in_the_order_of_the_outline(client: Client) -> None:
    """Sections of one number in two plans are two, and 1.10 stands behind 1.9."""
    plan, other = factories.plan("one"), factories.plan("two", sort_order=1, title="別の計画")
    for number in ("1.9", "1.10"):
        project = factories.section(other, number, kind=SectionKind.PROJECT, heading=f"別{number}")
        named = factories.section(plan, f"annex.{number}", counterpart=project)
        factories.target(plan, f"other-{number[2:]}", section=named)
        own = factories.section(plan, number, kind=SectionKind.PROJECT, heading=f"本{number}")
        factories.target(plan, f"own-{number[2:]}", section=own)

    shown = page(client, "/plans/one/targets/")

    groups = shown.select("#project optgroup")
    offered = [(group["label"], [option["value"] for option in group.select("option")]) for group in groups]
    assert offered == [("計画 one", ["one/1.9", "one/1.10"]), ("別の計画", ["two/1.9", "two/1.10"])]
    found = {
        value: codes(page(client, f"/plans/one/targets/?project={value}")) for _plan, of in offered for value in of
    }
    expected = {"one/1.9": ["own-9"], "one/1.10": ["own-10"], "two/1.9": ["other-9"], "two/1.10": ["other-10"]}
    assert found == expected
    chosen = page(client, "/plans/one/targets/?project=two/1.9").select("#project option[selected]")
    assert [each.get_text() for each in chosen] == ["別1.9"]


def test_every_state_is_shown_in_words_and_disclaims_to_be_official(client: Client) -> None:
    plan = factories.plan(from_fy=2020, to_fy=2024)
    values = {"reached": "700", "below_course": "300", "not_published": None}
    for state, value in values.items():
        used = factories.indicator(state)
        factories.target(plan, state, indicator=used, cumulative=650, cumulative_from=2020, cumulative_to=2024)
        if value is not None:
            factories.observation(plan, f"o-{state}", 2020, value, to_fy=2024, indicator=used)
    factories.target(plan, "seen", text="論文数", kind="observe")

    shown = page(client, "/plans/plan/targets/")

    words = {code: shown.select(f"#target-{code} span.state")[0].get_text() for code in codes(shown)}
    assert words == {
        "reached": "目標到達",
        "below_course": "想定を下回る",
        "not_published": "未公表",
        "seen": "観測のみ",
    }
    for card in shown.select(".target"):
        assert "本サイトによる機械的な計算であり、公式の評価ではありません" in card.get_text()
    assert "107.7%" in shown.select("#target-reached")[0].get_text()
    assert "%" not in shown.select("#target-seen .progress-words")[0].get_text()


def test_values_of_the_second_period_are_reference_values_and_no_progress(client: Client, third_period: None) -> None:
    shown = page(client, "/plans/third-period/targets/slide-04/")

    assert shown.select("span.state")[0].get_text() == "未公表"
    row = shown.select_one("#observation-out-licensing-p2")
    assert row is not None
    assert "参考値" in row.get_text()
    assert "434" in row.get_text()
    assert "到達の割合" not in text(shown)
    states = {each.progress.state for each in Target.objects.public().in_words()}
    assert states == {State.NOT_PUBLISHED, State.NOT_DUE, State.OBSERVED_ONLY}


def test_the_contradictions_are_visible(client: Client, third_period: None) -> None:
    slide = text(page(client, "/plans/third-period/targets/slide-04/"))
    assert "基準値（算出）110件" in slide
    assert "110" in slide
    assert "アウトプット指標" in slide, "the same indicator in the plan's own category"
    assert "目指すもの" in text(page(client, "/plans/third-period/targets/plan-op1/"))


def test_verbatim_words_and_their_reading_stand_side_by_side(client: Client, third_period: None) -> None:
    shown = page(client, "/plans/third-period-strategy/targets/str-05/")

    quote = shown.select_one("blockquote")
    assert quote is not None
    assert re.sub(r"\s+", "", quote.get_text()) == "(850件/年)(2025~2029年累計4,250件)"
    rows = {row.find("th").get_text(): row.find("td").get_text() for row in shown.select(".reading tbody tr")}  # type: ignore[union-attr]
    assert rows["目標値"] == "850件"
    assert rows["累計の目標値"] == "4,250件"
    assert rows["累計の始まり"] == "令和7（2025）年"
    unread = text(page(client, "/plans/third-period-strategy/targets/str-11/"))
    assert "数値の目標としては読み取っていません（未読）" in unread


def test_a_corrected_value_stays_in_sight_and_leads_to_its_correction(client: Client) -> None:
    plan = factories.plan()
    factories.target(plan)
    wrong = factories.observation(plan, "wrong", 2025, 100)
    factories.observation(plan, "right", 2025, 140, replaces=wrong)

    shown = page(client, "/plans/plan/targets/t1/")

    struck = shown.select_one("#observation-wrong s")
    assert struck is not None
    assert struck.get_text() == "100件"
    assert shown.select_one("#observation-wrong a[href='#observation-right']") is not None
    assert shown.select_one("#observation-right a[href='#observation-wrong']") is not None


def test_an_outline_may_be_as_deep_as_it_likes(client: Client) -> None:
    plan, parent = factories.plan(), None
    for number in range(150):
        parent = factories.section(plan, f"{number}", parent)

    shown = page(client, "/plans/plan/")

    assert len(shown.select(".outline-list a")) == 150
    assert len(page(client, "/plans/plan/sections/0/").select(".outline-list a")) == 149


def test_a_plan_without_years_and_targets_of_every_kind_are_shown(client: Client) -> None:
    plan = factories.plan(from_fy=None, to_fy=None)
    readings: list[dict[str, Any]] = [
        {"kind": "level", "value": 0, "unit": "件"},
        {"kind": "level", "value": -5, "unit": "%", "baseline": -10, "baseline_fy": 2024, "target_fy": 2029},
        {"kind": "milestone", "deadline_fy": 2027},
        {"kind": "ratio", "value": 3, "unit": "倍", "base_period": "現状"},
        {"kind": "rank", "value": 3, "unit": "位", "comparator": "<="},
        {"kind": "level", "cumulative": 100, "cumulative_from": 2029, "cumulative_to": 2025},
        {"kind": "level", "value": 130, "per": "year", "from_fy": 2030, "to_fy": 2020},
        {"kind": "increase", "baseline": 0, "baseline_derived": True},
        {"kind": "contribute", "value": 5},
        {"kind": "observe"},
        {},
    ]
    for number, reading in enumerate(readings):
        used = factories.indicator(f"i{number}", name="<b>&指標")
        factories.target(plan, f"t{number}", text="文言", indicator=used, **reading)
        factories.observation(plan, f"a{number}", 2025, 0, indicator=used)
        factories.observation(plan, f"b{number}", None, -3, indicator=used)
        factories.observation(plan, f"c{number}", 2025, None, indicator=used, grade="◎", unit="")

    for prefix in ("", "/en"):
        assert len(page(client, f"{prefix}/plans/plan/targets/").select(".target")) == len(readings)
        for number in range(len(readings)):
            shown = page(client, f"{prefix}/plans/plan/targets/t{number}/")
            assert "NaN" not in shown.get_text()
            assert page(client, f"{prefix}/indicators/i{number}/").select("#observations ~ div tbody tr")


# The chart of a target, its table, and its card


def chart(shown: Tag, code: str = "t1") -> tuple[list[str], list[tuple[str, ...]]]:
    """The words in the picture of a target, without those of the axes, and the rows of the table of its numbers."""
    svg = shown.select_one(f"svg[aria-labelledby='graph-{code}-title']")
    assert svg is not None
    years = {str(year) for year in range(2015, 2035)}
    said = [each.get_text() for each in svg.select("text[text-anchor=middle]") if each.get_text() not in years]
    rows = [tuple(cell.get_text() for cell in row.select("th, td")) for row in shown.select(".numbers tbody tr")]
    return said, rows


def bars(shown: Tag) -> list[str]:
    """What the bars of the picture are filled with, from left to right."""
    shapes = shown.select("svg.graph > rect[stroke], svg.graph > rect[fill='#0017c1']")
    found = [each for each in shapes if each.get("stroke-dasharray") is None]
    return [str(each["fill"]) for each in sorted(found, key=lambda each: float(str(each["x"])))]


def for_reference(shown: Tag) -> list[str]:
    """The codes of the observations that are marked as reference values, in the history of the indicator."""
    badges = shown.select(".observations td:first-child > .badge")
    rows = [badge.find_parent("tr") for badge in badges if badge.get_text() == "参考値"]
    return [str(row["id"]).removeprefix("observation-") for row in rows if row is not None]


BLUE, HATCHED, PALE = "#0017c1", "url(#graph-t1-hatch)", "#cccccc"


def test_chart_of_a_total_shows_what_was_counted_as_it_grew(client: Client) -> None:
    """Provisional and final of one year once, overlapping years once, other calendars, units and years not at all."""
    plan = factories.plan(from_fy=2020, to_fy=2024)
    total: dict[str, Any] = {
        "value": 130,
        "per": "year",
        "cumulative": 650,
        "cumulative_from": 2020,
        "cumulative_to": 2024,
    }
    factories.target(plan, text="累計650件", kind="level", unit="件", calendar="FY", **total)
    factories.observation(plan, "a", 2020, 140, standing="provisional")
    factories.observation(plan, "b", 2020, 120, standing="final")
    factories.observation(plan, "c", 2021, 240, to_fy=2022)
    factories.observation(plan, "d", 2021, 110)
    factories.observation(plan, "e", 2022, 115)
    factories.observation(plan, "f", 2023, 99, calendar="CY")
    factories.observation(plan, "g", 2023, 98, unit="社")
    factories.observation(plan, "h", 2024, 100, standing="provisional", unit="")
    factories.observation(plan, "i", 2017, 90, to_fy=2018)
    factories.observation(plan, "j", 2019, 60, to_fy=2020)

    shown = page(client, "/plans/plan/targets/t1/")

    said, rows = chart(shown)
    assert rows == [
        ("参考値", "2017〜2018年度", "90件"),
        ("実績値（累計）", "2020年度", "120件"),
        ("実績値（累計）", "2021年度", "230件"),
        ("実績値（累計）", "2022年度", "345件"),
        ("速報", "2024年度", "445件"),
        ("未公表", "2023年度", ""),
        ("目標", "2020〜2024年度", "650件"),
    ]
    assert bars(shown) == [PALE, BLUE, BLUE, BLUE, HATCHED]
    assert sorted(said) == sorted(["90", "120", "230", "345", "445", "未公表", "2020〜2024年度"])
    assert for_reference(shown) == ["i", "j", "a", "c", "f", "g"]
    assert "445件" in shown.select(".sum")[0].get_text()


def test_chart_of_an_annual_value_shows_years_and_the_bound_of_each(client: Client) -> None:
    plan = factories.plan(from_fy=2020, to_fy=2024)
    factories.target(plan, text="40％/年", kind="level", value=40, unit="％", per="fiscal_year", calendar="FY")
    factories.observation(plan, "a", 2019, 30, unit="%")
    factories.observation(plan, "b", 2020, 41, unit="%", comparator=">=")
    factories.observation(plan, "c", 2021, 42, unit="")
    factories.observation(plan, "d", 2025, 43, unit="％")

    assert chart(page(client, "/plans/plan/targets/t1/"))[1] == [
        ("参考値", "2019年度", "30%"),
        ("実績値", "2020年度", "41%以上"),
        ("実績値", "2021年度", "42%"),
        ("参考値", "2025年度", "43%"),
        ("未公表", "2022年度", ""),
        ("未公表", "2023年度", ""),
        ("未公表", "2024年度", ""),
        ("目標", "2020〜2024年度", "40%/年度"),
    ]


def test_value_beside_a_correction_is_no_reference_value(client: Client) -> None:
    plan = factories.plan(from_fy=2020, to_fy=2024)
    factories.target(plan)
    wrong = factories.observation(plan, "wrong", 2020, 100)
    factories.observation(plan, "right", 2020, 140, replaces=wrong)

    shown = page(client, "/plans/plan/targets/t1/")

    assert for_reference(shown) == []
    assert chart(shown)[1][0] == ("実績値", "2020年", "140件")


def test_ratio_is_drawn_and_told_in_its_amounts(client: Client) -> None:
    plan = factories.plan(from_fy=2020, to_fy=2024)
    ratio: dict[str, Any] = {"kind": "ratio", "value": 2, "unit": "倍", "base_period": "FY2018", "target_fy": 2024}
    factories.target(plan, text="2倍", **ratio)
    factories.observation(plan, "a", 2018, 300, unit="億円")
    factories.observation(plan, "b", 2019, 340, unit="億円")
    factories.observation(plan, "c", 2020, 380, unit="億円")
    factories.observation(plan, "d", 2022, 440, unit="億円")

    shown = page(client, "/plans/plan/targets/t1/")

    assert chart(shown)[1] == [
        ("基準値", "2018年度", "300億円"),
        ("参考値", "2019年度", "340億円"),
        ("実績値", "2020年度", "380億円"),
        ("実績値", "2022年度", "440億円"),
        ("未公表", "2021年度", ""),
        ("未公表", "2023年度", ""),
        ("未公表", "2024年度", ""),
        ("目標", "2020〜2024年度", "600億円"),
    ]
    assert [each.get_text() for each in shown.select("svg.graph text[font-weight], svg.graph text[x='0']")] == [
        "600",
        "億円",
    ]
    numbers = {row.dt.get_text(): row.dd.get_text() for row in shown.select(".sum > div")}  # type: ignore[union-attr]
    assert numbers == {
        "基準値": "300億円 2018年度",
        "目標値": "600億円 2倍",
        "実績値": "440億円 2022年度",
        "年数": "4 / 6",
        "目安": "500億円",
        "到達の割合": "46.7%",
        "未公表の年": "2021年度、2023〜2024年度",
    }


def test_coming_value_deadline_and_printed_day_are_told(client: Client) -> None:
    day = today()
    running = day.year - (day.month < 4)
    plan = factories.plan(from_fy=running, to_fy=running)
    yearly: dict[str, Any] = {"kind": "level", "value": 130, "unit": "件", "per": "fiscal_year", "calendar": "FY"}
    factories.target(plan, "next", text="130件/年度", **yearly)
    calendar = {"calendar": "CY", "per": "year", "from_fy": day.year, "to_fy": day.year}
    factories.target(plan, "calendar", text="130件/年", **(yearly | calendar))
    factories.target(plan, "day", text="130件/年度", next_due_on=datetime.date(2031, 6, 30), **yearly)
    factories.target(plan, "deadline", text="着手", kind="milestone", deadline_fy=2026)
    factories.target(plan, "unsaid", text="130件/年", **(yearly | {"calendar": ""}))

    shown = page(client, "/plans/plan/targets/")

    facts = {code: [each.get_text() for each in shown.select(f"#target-{code} .sum > div")] for code in codes(shown)}
    assert {
        code: [each for each in told if not each.startswith(("目標値", "実績値"))] for code, told in facts.items()
    } == {
        "next": [f"次の値{running}年度 {running + 1}年3月31日に終わる年"],
        "calendar": [f"次の値{day.year}年 {day.year}年12月31日に終わる年"],
        "day": ["次の公表予定2031年6月30日"],
        "deadline": ["期限令和8（2026）年度末"],
        "unsaid": [],
    }
    assert "暦年の値か年度の値かは、資料に示されていません。" in shown.select("#target-unsaid")[0].get_text()


def test_numeric_target_without_a_chart_says_why(client: Client, third_period: None) -> None:
    strategy = page(client, "/plans/third-period-strategy/targets/")

    why = {code: [each.get_text() for each in strategy.select(f"#target-{code} .no-graph")] for code in codes(strategy)}
    undated, unknown = (
        ["目標の期間が示されていないため、図は示していません。"],
        ["基準年の値がわからないため、図は示していません。"],
    )
    assert {code: said for code, said in why.items() if said} == {
        "str-08": undated,
        "str-09": undated,
        "str-10": unknown,
    }
    assert strategy.select("#target-str-08 svg, #target-str-10 svg") == []
    assert len(strategy.select("#target-str-01 svg")) == 1
    dated = page(client, "/plans/third-period-strategy/targets/str-01/").select(".progress-rule")[0].get_text()
    assert dated.startswith("期間を通した合計の目標です。")
    total = page(client, "/plans/third-period-strategy/targets/str-08/").select(".progress-rule")[0].get_text()
    assert total.startswith("合計の目標です。いつからいつまでの合計かが示されていない")


def test_each_state_is_marked_as_this_site_s_and_each_list_says_so_once(client: Client, third_period: None) -> None:
    shown = page(client, "/plans/third-period/targets/")

    assert [each.get_text() for each in shown.select(".target .state + .reckoned")] == ["本サイトの計算"] * len(
        codes(shown)
    )
    lists = shown.select(".target-cards")
    assert [[each.get_text() for each in held.select(":scope > .ours")] for held in lists] == [
        ["状態の表示は本サイトによる機械的な計算であり、公式の評価ではありません。"]
    ] * len(lists)
    open_words = [each for each in shown.select(".target .ours") if each.find_parent("details") is None]
    assert open_words == []
    one = page(client, "/plans/third-period/targets/slide-04/")
    assert len(one.select(".state + .reckoned")) == 1
    assert one.select(".progress details.reckoning") == []


def test_split_is_called_inferred_only_where_something_is_split(client: Client) -> None:
    plan = factories.plan()
    factories.section(plan, "situation")
    issues = factories.section(plan, "issues")
    factories.section(plan, "issues.1", issues)
    actions = factories.section(plan, "actions")
    factories.section(plan, "actions.1", actions, evidence="inferred")

    shown = page(client, "/plans/plan/")

    steps = {each["aria-labelledby"]: len(each.select(".badge-inferred")) for each in shown.select(".plan-step")}
    assert steps == {"part-situation": 0, "part-issues": 0, "part-actions": 1}
