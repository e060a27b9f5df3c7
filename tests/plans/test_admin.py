"""Plans, sections, targets and observations as an editor writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from bodies.models import Body, Status
from plans.models import Observation, Plan, Reading, Section, Target
from portal.journal import recording
from portal.models import Change, ChangeKind
from tests import factories
from tests.pages import page
from tests.portal.test_admin import editor, fields, form

pytestmark = pytest.mark.django_db

RIGHTS = [
    *(f"{action}_{model}" for action in ("view", "add", "change", "delete") for model in ("plan", "section", "target")),
    "view_observation",
    "add_observation",
    "view_indicator",
]


def someone(*more: str) -> Client:
    """An editor of plans, with more rights if they are named."""
    user = User.objects.create_user("taro", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="plans", codename__in=[*RIGHTS, *more]))
    client = Client()
    client.force_login(user)
    return client


def address(obj: Any, what: str = "change") -> str:
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{what}", args=[obj.pk])


def save(client: Client, url: str, **typed: str) -> BeautifulSoup:
    """Fill in a form, send it, and what the user sees then."""
    response = client.post(url, form(client, url) | {"_continue": "1"} | typed, follow=True)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def told(soup: BeautifulSoup) -> list[str]:
    return [each.get_text(strip=True) for each in soup.select(".messagelist li")]


def beside(soup: BeautifulSoup) -> list[list[str]]:
    return [
        [cell.get_text(strip=True) for cell in row.select("th, td")] for row in soup.select("table.beside tbody tr")
    ]


# Targets


def test_a_target_says_its_reading_at_once_on_save() -> None:
    target = factories.target(factories.plan())

    soup = save(editor(), address(target), text="60件/年(2025~2029年度累計300件)")

    assert told(soup)[0] == (
        "文言の読み取り：目標の型 水準、目標値 60、単位 件、1年・1年度当たりの別 1年当たり、"
        "累計の目標値 300、累計の始まり 2025、累計の終わり 2029、年の数え方 年度"
    )
    assert ["目標値", "60", "130"] in beside(soup)
    assert "文言から読み取った値と、記録されている値が違います" in told(soup)[1]
    target.refresh_from_db()
    assert (target.text, target.value) == ("60件/年(2025~2029年度累計300件)", 130)


def test_a_reading_is_written_into_the_columns_on_demand() -> None:
    target = factories.target(factories.plan(), text="古い文言", from_fy=2025)
    typed = {"text": "約60件/年(2025~2029年度累計300件)", "apply_reading": "on"}

    soup = save(editor(), address(target), **typed)

    target.refresh_from_db()
    assert (target.kind, target.comparator, target.value, target.unit, target.per) == ("level", "~", 60, "件", "year")
    assert (target.cumulative, target.cumulative_from, target.cumulative_to) == (300, 2025, 2029)
    assert target.from_fy == 2025  # the words do not say it
    assert len(told(soup)) == 2  # the reading, and that it is saved


def test_a_target_that_is_not_read_is_saved_with_a_warning() -> None:
    target = factories.target(factories.plan(), text="何かをする", kind="")

    soup = save(editor(), address(target), text="よりよい社会を目指す体制の構築", apply_reading="on")

    assert told(soup)[0] == "文言を読み取れませんでした（未読）。数値や年度は、文言を確かめて入力してください。"
    assert [each.get_text(strip=True) for each in soup.select(".readonly .look")] == [told(soup)[0]]
    target.refresh_from_db()
    assert (target.text, target.kind) == ("よりよい社会を目指す体制の構築", "")


@pytest.mark.parametrize(
    ("total", "expected"),
    [(600, ["1年の値130 × 5年 ＝ 650ですが、累計の目標値は600です。"]), (650, [])],
)
def test_a_yearly_value_that_does_not_add_up_is_saved_with_a_warning(total: int, expected: list[str]) -> None:
    text = f"130件/年(2025~2029年度累計{total}件)"
    reading: dict[str, Any] = {
        "kind": Reading.LEVEL,
        "value": 130,
        "unit": "件",
        "per": "year",
        "calendar": "FY",
        "comparator": "=",
    }
    years: dict[str, Any] = {"cumulative": total, "cumulative_from": 2025, "cumulative_to": 2029}
    target = factories.target(factories.plan(), text=text, **reading, **years)

    soup = save(editor(), address(target), name="新しい名")

    target.refresh_from_db()
    assert (target.name, told(soup)[1:-1]) == ("新しい名", expected)


def test_a_new_target_is_read_too() -> None:
    plan, indicator = factories.plan(), factories.indicator()
    typed = {"plan": str(plan.pk), "indicator": str(indicator.pk), "code": "new", "name": "新目標", "text": "10件/年"}

    soup = save(editor(), reverse("admin:plans_target_add"), **typed, source=str(plan.source.pk), apply_reading="on")

    target = Target.objects.get()
    assert (target.code, target.value, target.per, target.kind) == ("new", 10, "year", "level")
    assert told(soup)[0].startswith("文言の読み取り：目標の型 水準")


def test_numbers_stand_without_the_zeros_that_fill_their_places() -> None:
    target = factories.target(factories.plan(), value=Decimal("56.7"), text="56.7%", unit="%", kind="level")

    assert form(editor(), address(target))["value"] == "56.7"


def test_a_target_keeps_its_plan_and_once_public_its_code() -> None:
    draft = factories.target(factories.plan("a", status=Status.DRAFT))
    public = factories.target(factories.plan("b"), "t2")
    client = editor()

    held = [form(client, address(target)).keys() & {"plan", "code"} for target in (draft, public)]

    assert held == [{"code"}, set()]


def test_who_only_looks_sees_the_reading_and_no_box_to_tick() -> None:
    target = factories.target(factories.plan())
    client = Client()
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_target"))
    client.force_login(user)

    soup = page(client, address(target))

    assert (beside(soup)[0], soup.select("[name=apply_reading]")) == (["目標の型", "水準", "水準"], [])


# Observations


def test_an_observation_cannot_be_changed_or_deleted() -> None:
    row = factories.observation(factories.plan(), "o", 2025, 10)
    client = editor()

    data = form(client, address(row))
    client.post(address(row), data | {"value": "11", "text": "11件", "remark": "補足", "change_reason": "補足を追加"})

    row.refresh_from_db()
    assert (row.value, row.text, row.remark) == (10, "10件", "補足")
    assert (
        data.keys() & {"value", "text", "unit", "period", "from_fy", "replaces", "indicator", "code", "source"} == set()
    )
    assert client.get(address(row, "delete")).status_code == 403


def test_a_correction_begins_with_what_it_corrects() -> None:
    row = factories.observation(factories.plan(), "o", 2025, 10, standing="provisional", locator="p3")
    client = someone()
    link = page(client, address(row)).find("a", string="訂正を加える")
    assert link is not None

    data = form(client, str(link["href"]))  # type: ignore[index]  # a tag
    client.post(str(link["href"]), data | {"code": "o-corrected", "text": "12件", "value": "12"})  # type: ignore[index]

    corrected = Observation.objects.get(code="o-corrected")
    assert (corrected.replaces, corrected.value, corrected.locator, corrected.from_fy) == (row, 12, "p3", 2025)
    assert (corrected.indicator, corrected.plan, corrected.standing) == (row.indicator, row.plan, "provisional")
    assert data["code"] == ""


def test_an_observation_says_what_was_read_at_once() -> None:
    plan, indicator = factories.plan(), factories.indicator()
    typed = {"plan": str(plan.pk), "indicator": str(indicator.pk), "code": "o", "period": "令和7年度", "text": "56.7%"}

    soup = save(editor(), reverse("admin:plans_observation_add"), **typed, value="57", source=str(plan.source.pk))

    assert told(soup)[:2] == [
        "文言の読み取り：値 56.7、単位 %",
        "文言から読み取った値と、記録されている値が違います：値、単位",
    ]
    assert Observation.objects.get().value == 57


@pytest.mark.parametrize("name", ["target", "observation", "section"])
def test_a_form_without_what_it_needs_says_so_beside_each_field(name: str) -> None:
    section = factories.section(factories.plan(), "1")
    replaced = factories.observation(factories.plan("b"), "o", 2025, 1)
    typed = {"section": section.pk, "replaces": replaced.pk, "parent": section.pk}

    response = editor().post(reverse(f"admin:plans_{name}_add"), typed)

    assert response.status_code == 200
    said = BeautifulSoup(response.content, "html.parser").select("#id_plan_error li")
    assert [each.get_text() for each in said] == ["このフィールドは必須です。"]


# Plans


def test_only_who_may_publish_changes_whether_readers_see_a_plan() -> None:
    plan = factories.plan(status=Status.DRAFT)
    client = someone()

    data = form(client, address(plan))
    client.post(address(plan), data | {"status": "published", "title": "新しい題名"})

    plan.refresh_from_db()
    assert ("status" in data, plan.status, plan.title) == (False, "draft", "新しい題名")
    assert [change.is_public for change in Change.objects.filter(kind="edit")] == [False]


def test_publishing_a_plan_is_said_to_be_so_and_is_public() -> None:
    plan = factories.plan(status=Status.DRAFT, title_en="A plan")
    client = someone("publish_plan")

    save(client, address(plan), status="published")
    save(client, address(plan), status="withdrawn")

    found = Change.objects.filter(kind__in=["publish", "withdraw", "edit"]).order_by("pk")
    assert [(each.kind, each.is_public, each.about_en) for each in found] == [
        ("publish", True, "A plan"),
        ("withdraw", True, "A plan"),
    ]


def since(soup: BeautifulSoup) -> list[str]:
    """The rows that the page says were written since it was made."""
    headings = soup.select("#content-main .object-history h3")
    return [" ".join(heading.get_text(" ", strip=True).split()[:2]) for heading in headings]


@pytest.mark.parametrize(("before", "after"), [("draft", "published"), ("published", "withdrawn")])
def test_a_plan_that_was_changed_since_its_page_was_made_is_not_published_or_withdrawn(before: str, after: str) -> None:
    plan, other = factories.plan(status=before), factories.plan("other")
    section, target = factories.section(plan, "1"), factories.target(plan)
    project = factories.project(plan)
    client = someone("publish_plan")
    typed = form(client, address(plan)) | {"status": after}
    with recording(ChangeKind.EDIT, user=User.objects.create_user("hanako")):
        Section.objects.filter(pk=section.pk).update(sort_order=9)
        Target.objects.filter(pk=target.pk).update(name="改めた目標")
        project.ministries.add(Body.objects.create(code="moh"))
        factories.target(other, "t2")

    response = client.post(address(plan), typed)

    soup = BeautifulSoup(response.content, "html.parser")
    assert since(soup) == ["変更 目標「改めた目標」", "追加 プロジェクト「プロジェクトpj」", "並べ替え 項目"]
    assert soup.select(".object-history .change h2 .quiet")[0].get_text() == "hanako"
    plan.refresh_from_db()
    assert (plan.status, Change.objects.filter(kind__in=["publish", "withdraw"]).count()) == (before, 0)
    again = fields(response.content)
    assert again["status"] == after
    assert client.post(address(plan), again).status_code == 302


def test_what_a_plan_holds_is_no_matter_where_only_its_own_words_change() -> None:
    plan = factories.plan()
    client = someone("publish_plan")
    typed = form(client, address(plan))
    factories.target(plan)

    assert client.post(address(plan), typed | {"title": "新しい題名"}).status_code == 302


@pytest.mark.parametrize("is_superuser", [False, True])
def test_taking_back_neither_publishes_nor_unpublishes_nor_deletes_a_public_plan(is_superuser: bool) -> None:
    plan = factories.plan(status=Status.DRAFT)
    with recording(ChangeKind.LOAD) as published:
        Plan.objects.update(status=Status.PUBLISHED)
    with recording(ChangeKind.LOAD) as added:
        factories.plan("added")
    client = someone("publish_plan")
    User.objects.get().user_permissions.add(Permission.objects.get(codename="view_change"))
    User.objects.update(is_superuser=is_superuser)

    for change in (published, added):
        url = reverse("admin:portal_change_revert", args=[change.pk])
        assert client.post(url, {"change_reason": "誤り"}).status_code == 403

    plan.refresh_from_db()
    assert (plan.status, Plan.objects.filter(code="added").count()) == (Status.PUBLISHED, 1)


def test_a_form_that_would_withdraw_a_plan_and_is_refused_is_shown_again() -> None:
    plan = factories.plan()
    client = someone("publish_plan")

    response = client.post(address(plan), form(client, address(plan)) | {"status": "withdrawn", "title": ""})

    again = fields(response.content)
    assert (response.status_code, again["status"], "code" in again) == (200, "withdrawn", False)


def test_content_of_a_public_plan_is_edited_by_editors_in_public_with_or_without_a_reason() -> None:
    target = factories.target(factories.plan())

    save(someone(), address(target), name="直した名")

    change = Change.objects.get(kind="edit")
    target.refresh_from_db()
    assert (target.name, change.is_public, change.reason, change.address) == (
        "直した名", True, "", target.get_absolute_url()
    )  # fmt: skip


def test_a_public_plan_is_deleted_only_by_who_may_publish() -> None:
    plan = factories.plan()
    client = someone()

    assert client.get(address(plan, "delete")).status_code == 403
    client.post(address(plan, "delete"), {"post": "yes"})

    assert Plan.objects.exists()


def test_deleting_is_refused_where_other_data_would_dangle() -> None:
    plan = factories.plan(status=Status.DRAFT)
    target = factories.target(plan, name="付いている目標")
    client = editor()

    soup = page(client, address(plan, "delete"))
    client.post(address(plan, "delete"), {"post": "yes"})

    assert "付いている目標" in soup.select_one("#deleted-objects").get_text()  # type: ignore[union-attr]
    assert Plan.objects.get() == target.plan


def test_view_on_site_is_offered_where_readers_have_the_page() -> None:
    client = editor()
    public, draft = factories.plan("a"), factories.plan("b", status=Status.DRAFT)

    links = [page(client, address(plan)).select(".viewsitelink") for plan in (public, draft)]

    assert [[link["href"] for link in found] for found in links] == [["/plans/a/"], []]


# Sections


def test_a_section_is_added_under_another_of_its_plan_only() -> None:
    plan, other = factories.plan("a"), factories.plan("b")
    here, elsewhere = factories.section(plan, "1"), factories.section(other, "1")
    client = editor()
    typed = {"plan": str(plan.pk), "number": "1.1", "kind": "measure", "heading": "施策", "source": str(plan.source.pk)}
    add = reverse("admin:plans_section_add")

    save(client, add, **typed, parent=str(here.pk))
    refused = save(client, add, **(typed | {"number": "1.2"}), parent=str(elsewhere.pk))

    assert list(Section.objects.filter(plan=plan).order_by("lft").values_list("number", "level")) == [
        ("1", 0),
        ("1.1", 1),
    ]
    assert "同じ計画の項目でなければなりません。" in refused.get_text()
    call_command("check_tree")


def test_a_section_is_not_put_under_what_is_under_it() -> None:
    plan = factories.plan()
    above = factories.section(plan, "1")
    below = factories.section(plan, "1.1", factories.section(plan, "1.0", above))

    refused = save(editor(), address(above), parent=str(below.pk))

    assert "自分自身や自分の下位を上位にすることはできません。" in refused.get_text()
    above.refresh_from_db()
    assert above.parent is None


@pytest.mark.parametrize(("plan", "expected"), [("a", ["1 見出しあ（計画 a）"]), ("b", ["1 見出しい（計画 b）"])])
def test_fields_propose_sections_of_the_same_plan(plan: str, expected: list[str]) -> None:
    for code, heading in (("a", "見出しあ"), ("b", "見出しい")):
        factories.section(factories.plan(code), "1", heading=heading)
    target = factories.target(Plan.objects.get(code=plan), f"t-{plan}")
    client = editor()
    select = page(client, address(target)).select_one("select[name=section]")
    assert select is not None

    asked = {"app_label": "plans", "model_name": "target", "field_name": "section", "term": "見出し"}
    found = client.get(f"{select['data-ajax--url']}&" + "&".join(f"{name}={value}" for name, value in asked.items()))

    assert [each["text"] for each in found.json()["results"]] == expected


def test_bodies_are_proposed_by_their_current_names() -> None:
    factories.place(factories.structure(), "hq", name="推進本部")
    asked = {"app_label": "plans", "model_name": "plan", "field_name": "responsible", "term": "推進"}

    found = editor().get(reverse("admin:autocomplete"), asked)

    assert [each["text"] for each in found.json()["results"]] == ["推進本部（hq）"]


def test_the_outline_of_a_plan_has_its_page() -> None:
    section = factories.section(factories.plan(), "1.3", heading="見出しあ")

    soup = page(editor(), reverse("admin:plans_section_tree", args=[section.plan_id]))

    assert "見出しあ" in soup.select_one("#tree-form").get_text()  # type: ignore[union-attr]
