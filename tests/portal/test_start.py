"""The start page of the admin: what is to be done, and the way to everything."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bodies.models import Status, today
from portal.journal import recording
from portal.models import Change, ChangeKind
from tests import factories
from tests.pages import page
from tests.portal.test_admin import editor

pytestmark = pytest.mark.django_db

START = "/admin/"


def part(soup: BeautifulSoup, name: str) -> Tag:
    found = soup.select_one(f"section[aria-labelledby={name}]")
    assert found is not None
    return found


def links(tag: Tag) -> list[tuple[str, str]]:
    return [(link.get_text(" ", strip=True), str(link["href"])) for link in tag.select("a")]


def test_start_says_which_structures_are_prepared_scheduled_and_in_force() -> None:
    day = today() + datetime.timedelta(days=30)
    made = {
        "下書き": factories.structure("draft", status=Status.DRAFT, title="次の案"),
        "公開予定": factories.structure("next", valid_from=day, title="来月の体制"),
        "適用中": factories.structure("now", title="いまの体制"),
    }
    factories.structure("old", valid_from=datetime.date(2015, 4, 1), title="前の体制")
    factories.structure("gone", status=Status.WITHDRAWN, title="取り下げた体制", valid_from=day)

    found = part(page(editor(), START), "structures-title")

    shown = {str(each.dt.get_text()): links(each) for each in found.select("dl > div") if each.dt}
    assert shown == {
        label: [(each.title, reverse("admin:bodies_structure_change", args=[each.pk]))] for label, each in made.items()
    }


def test_start_says_which_targets_are_not_read() -> None:
    plan = factories.plan()
    factories.target(plan, "read")
    target = factories.target(plan, "unread", name="読めない目標", text="よりよい社会")

    found = part(page(editor(), START), "unread-title")

    assert links(found) == [("読めない目標", reverse("admin:plans_target_change", args=[target.pk]))]


def test_start_says_which_results_should_be_there_by_now() -> None:
    year = today().year
    plan = factories.plan("running", from_fy=year - 3, to_fy=year + 2)
    over = factories.plan("over", from_fy=year - 9, to_fy=year - 4)
    late, done, soon, past = (
        factories.target(each, code, name=code, indicator=factories.indicator(code))
        for each, code in ((plan, "late"), (plan, "done"), (plan, "soon"), (over, "past"))
    )
    for number in range(3):
        factories.observation(plan, f"d{number}", year - 3 + number, 130, indicator=done.indicator)
        factories.observation(plan, f"s{number}", year - 3 + number, 130, indicator=soon.indicator)
    factories.observation(plan, "l", year - 3, 130, indicator=late.indicator)
    soon.next_due_on = today()
    soon.save()

    found = part(page(editor(), START), "due-title")

    add = reverse("admin:plans_observation_add")
    ways = {
        name: f"{add}?indicator={row.indicator.pk}&plan={plan.pk}" for name, row in (("late", late), ("soon", soon))
    }
    assert dict(links(found)) == ways
    assert f"{year - 2}" in found.get_text()
    assert "公表予定日" in found.get_text()
    assert past.name not in found.get_text()


def test_start_shows_recent_changes_of_data() -> None:
    client = editor()
    with recording(ChangeKind.EDIT, about="推進本部") as change:
        factories.source("a")
    with recording(ChangeKind.RIGHTS, about="利用者"):
        User.objects.create_user("jiro")

    found = part(page(client, START), "recent-title")

    assert links(found) == [
        ("編集 推進本部", reverse("admin:portal_change_change", args=[change.pk])),
        ("すべての変更履歴", reverse("admin:portal_change_changelist")),
    ]


def test_start_lists_models_in_the_order_of_the_work() -> None:
    found = part(page(editor(), START), "all-title")

    groups = [
        (str(each.h3.get_text()), [name for name, _way in links(each) if name != "追加"])
        for each in found.select("section")
        if each.h3
    ]
    assert groups[:3] == [
        ("体制と機関", ["体制", "位置づけ", "機関"]),
        ("計画・目標・実績", ["計画", "項目", "指標", "目標", "実績値"]),
        ("プロジェクト・事業・予算", ["プロジェクト", "事業", "予算", "継承"]),
    ]
    assert groups[3][1][:2] == ["出典", "変更履歴"]


def test_start_hides_what_one_may_not_see() -> None:
    factories.target(factories.plan(), "unread", text="よりよい社会")
    with recording(ChangeKind.EDIT, about="秘密の下書き"):
        factories.source("a")
    client = Client()
    client.force_login(User.objects.create_user("nobody", is_staff=True))

    soup = page(client, START)

    assert links(part(soup, "all-title")) == []
    assert soup.select(".to-do section, .recent") == []
    assert "秘密の下書き" not in soup.get_text()


@pytest.mark.parametrize("count", [1, 3])
def test_start_takes_the_same_queries_however_much_there_is(count: int, django_assert_num_queries: Any) -> None:
    plan = factories.plan(from_fy=today().year - 2, to_fy=today().year + 2)
    for number in range(count):
        factories.structure(f"s{number}", status=Status.DRAFT)
        factories.target(plan, f"t{number}", indicator=factories.indicator(f"i{number}"))
        factories.target(plan, f"u{number}", text="よりよい社会")
        with recording(ChangeKind.EDIT, about="変更"):
            factories.source(f"c{number}")
    client = editor()
    page(client, START)

    with django_assert_num_queries(9):
        soup = page(client, START)

    assert len(links(part(soup, "due-title"))) == count
    assert Change.objects.filter(kind=ChangeKind.EDIT).count() == count


def test_start_is_in_english_too() -> None:
    assert page(editor(), "/en/admin/").html["lang"] == "en"  # type: ignore[index]
