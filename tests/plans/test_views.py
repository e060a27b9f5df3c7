"""What readers see of plans and targets, and what they never see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import Tag
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bodies.models import Status
from plans.models import Indicator, Observation, Plan, SectionKind, Target
from plans.progress import State
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
    source = factories.source()
    categories = [
        factories.section(plan, f"{prefix}-{n}", kind=SectionKind.CATEGORY, heading=f"区分{prefix}{n}") for n in (1, 2)
    ]
    made = Indicator.objects.bulk_create(
        Indicator(code=f"{prefix}-i{n}", name=f"指標{n}", source=source) for n in range(count)
    )
    Target.objects.bulk_create(
        Target(
            plan=plan,
            code=f"{prefix}-t{n}",
            sort_order=n,
            name=f"目標{n}",
            text="130件/年",
            kind="level",
            value=130,
            unit="件",
            per="year",
            category=categories[n % 2],
            indicator=each,
            source=source,
        )
        for n, each in enumerate(made)
    )
    Observation.objects.bulk_create(
        Observation(
            plan=plan,
            indicator=each,
            code=f"{each.code}-o{n}",
            period=f"{2006 + n}年度",
            from_fy=2006 + n,
            to_fy=2006 + n,
            text=f"{n}件",
            value=n,
            unit="件",
            source=source,
        )
        for each in made
        for n in range(observed)
    )
    factories.analyse()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/plans/", 2),
        ("/plans/plan/", 9),
        ("/plans/plan/targets/", 9),
        ("/plans/plan/targets/t-t0/", 5),
        ("/indicators/t-i0/", 4),
        ("/plans/plan/sections/t-1/", 12),
        ("/", 10),
    ],
)
def test_pages_ask_the_same_for_1_3_and_1000_targets_with_20_observations_each(
    client: Client, address: str, expected: int
) -> None:
    plan = factories.plan()
    factories.place(factories.structure(), "a")
    fill(plan, 1, 20)
    first = queries(client, address)
    fill(plan, 3, 20, "u")
    third = queries(client, address)
    fill(plan, 996, 20, "v")
    assert Target.objects.count() == 1000

    assert (first, third, queries(client, address)) == (expected, expected, expected)


def test_a_page_of_targets_holds_100_and_leads_on(client: Client) -> None:
    fill(factories.plan(), 250, 1)

    shown = [page(client, f"/plans/plan/targets/?page={number}") for number in (1, 2, 3)]

    assert [len(each.select(".target")) for each in shown] == [100, 100, 50]
    assert shown[1].select_one("a[rel=next][href*='page=3']") is not None
    assert len({str(card["id"]) for each in shown for card in each.select(".target")}) == 250
    assert len(page(client, "/plans/plan/targets/?page=x").select(".target")) == 100


@pytest.fixture
def hidden(db: Any) -> None:
    """A draft plan that refers to everything public that it can, and is referred to."""
    plan = factories.plan("shown")
    section = factories.section(plan, "1", kind=SectionKind.PROJECT)
    shared = factories.indicator("shared")
    factories.target(plan, "open", indicator=shared)
    factories.observation(plan, "o-open", 2025, 7, indicator=shared)
    pj = factories.project(plan, "open-pj", section=section)
    for status in (Status.DRAFT, Status.WITHDRAWN):
        code = f"secret-{status}"
        cited = factories.source(f"{code}-source", title="極秘の資料")
        draft = factories.plan(code, title="極秘の計画", status=status, follows=plan, source=cited)
        Plan.objects.filter(code="shown").update(follows=draft)
        own = factories.section(draft, "1", heading="極秘の項目", counterpart=section, source=cited)
        type(section).objects.filter(pk=section.pk).update(counterpart=own)
        factories.target(draft, f"{code}-t", name="極秘の目標", text="999件/年", indicator=shared, section=own)
        factories.observation(draft, f"{code}-o", 2026, 987654, indicator=shared, text="極秘の値")
        factories.observation(
            draft, f"{code}-only", 2026, 1, indicator=factories.indicator(f"{code}-i", name="極秘の指標"), text="極秘"
        )
        secret = factories.project(draft, f"{code}-pj", name="極秘のプロジェクト")
        pj.went_into.create(code=code, predecessor=pj, successor=secret, kind="kept", source=cited)
        programme = factories.programme(f"{code}-programme", secret, name="極秘の事業")
        factories.budget(draft, f"{code}-b", project=secret, text="極秘の額")
        factories.budget(plan, f"{code}-c", programme=programme, text="極秘の額")
    factories.place(factories.structure(), "a")


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/plans/",
        "/plans/shown/",
        "/plans/shown/sections/1/",
        "/plans/shown/targets/",
        "/plans/shown/targets/open/",
        "/plans/shown/targets/opne/",
        "/indicators/shared/",
        "/projects/",
        "/projects/open-pj/",
        "/programmes/",
        "/alignment/",
        "/bodies/a/",
        "/sources/",
        "/sources/slides/",
        "/sitemap/",
        "/search/?q=open",
        "/search/?q=極秘",
    ],
)
def test_what_belongs_to_drafts_appears_nowhere(client: Client, hidden: None, address: str) -> None:
    for prefix in ("", "/en"):
        body = client.get(prefix + address).content.decode().replace("極秘</", "").replace('value="極秘"', "")
        assert len(body) > 300
        for word in ("極秘の", "secret", "987,654", "999"):
            assert word not in body, (address, word)


@pytest.mark.parametrize(
    "address",
    [
        "/plans/secret-draft/",
        "/plans/secret-withdrawn/",
        "/plans/secret-draft/targets/",
        "/plans/secret-draft/sections/1/",
        "/plans/secret-draft/targets/secret-draft-t/",
        "/plans/shown/targets/secret-draft-t/",
        "/indicators/secret-draft-i/",
        "/projects/secret-draft-pj/",
        "/sources/secret-draft-source/",
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
    assert codes(page(client, f"{strategy}?project=1.3.1")) == [f"str-{n:02}" for n in (7, 8, 9, 10, 11)]
    assert codes(page(client, "/plans/third-period/targets/?category=targets.output")) == ["plan-op1", "plan-op2"]
    assert codes(page(client, "/plans/third-period/targets/?category=targets.output&state=reached")) == []
    observed = codes(page(client, "/plans/third-period/targets/?state=observed_only"))
    assert {f"slide-{n:02}" for n in (6, 7, 8, 9, 10)} <= set(observed)
    for wrong in ("project=x", "category=1.3.1", "state=late", "state=%00", "project=1.3.1"):
        response = client.get(f"/plans/third-period/targets/?{wrong}")
        assert response.status_code == 400
        assert "でしぼり込むことはできません" in response.content.decode()


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
