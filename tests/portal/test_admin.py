"""What every admin page of the portal does: one change per save, collisions shown, forms that count once."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from bodies.models import Body, Mandate, Placement, Status
from plans.models import Plan
from portal import journal
from portal.admin import GuardedAdmin, Tabular
from portal.collisions import owner_of
from portal.history import joins
from portal.models import Change, ChangedRow, Source
from projects.models import Project
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Placement:
    """In a draft, with one role."""
    place = factories.place(factories.structure(status=Status.DRAFT), "a")
    Mandate.objects.create(placement=place, code="m", text="役割", source=factories.source())
    return place


def editor(name: str = "hanako") -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(name))
    return client


def address(place: Placement) -> str:
    return reverse("admin:bodies_placement_change", args=[place.pk])


def form(client: Client, url: str) -> dict[str, str]:
    """What a browser would send of the page's form."""
    response = client.get(url)
    assert response.status_code == 200
    return fields(response.content)


def fields(content: bytes) -> dict[str, str]:
    found = BeautifulSoup(content, "html.parser").select_one("#content-main form")
    assert found is not None
    data = {}
    for tag in found.select("input[name], textarea[name], select[name]"):
        if tag.get("type") in ("submit", "button") or (tag.get("type") == "checkbox" and not tag.has_attr("checked")):
            continue
        if tag.name == "select":
            chosen = tag.select_one("option[selected]")
            if chosen is None and tag.has_attr("multiple"):
                continue
            value = chosen["value"] if chosen else ""
        else:
            value = tag.get("value", "") if tag.name == "input" else tag.get_text().removeprefix("\n")
        data[str(tag["name"])] = str(value)
    return data


def test_saving_is_one_change_with_its_reason(place: Placement) -> None:
    client = editor()
    data = form(client, address(place)) | {"name": "新しい名", "mandates-0-text": "新しい役割", "change_reason": "誤記"}

    response = client.post(address(place), data)

    assert response.status_code == 302
    change = Change.objects.get()
    assert (change.user_name, change.kind, change.about, change.reason) == ("hanako", "edit", "新しい名", "誤記")
    assert [(row.model, row.differing) for row in change.rows.all()] == [
        ("bodies.placement", ["name"]),
        ("bodies.mandate", ["text"]),
    ]


def test_second_save_is_refused_with_both_versions_side_by_side(place: Placement) -> None:
    first, second = editor("hanako"), editor("taro")
    mine, theirs = form(first, address(place)), form(second, address(place))
    second.post(address(place), theirs | {"name": "太郎の名", "mandates-0-text": "太郎の役割"})

    response = first.post(address(place), mine | {"name": "花子の名", "mandates-0-text": "花子の役割"})

    place.refresh_from_db()
    assert (response.status_code, place.name) == (200, "太郎の名")
    page = BeautifulSoup(response.content, "html.parser")
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("td")][:4] for row in page.select(".collisions tr")]
    assert [row[:3] for row in rows[1:]] == [
        ["機関a", "太郎の名", "花子の名"],
        ["役割", "太郎の役割", "花子の役割"],
    ]
    assert all(row[3].startswith("taro") for row in rows[1:])
    again = fields(response.content)
    assert (again["name"], again["mandates-0-text"]) == ("花子の名", "花子の役割")
    first.post(address(place), again)
    place.refresh_from_db()
    assert place.name == "花子の名"


def versions(response: Any) -> list[list[str]]:
    """The rows of the table of collisions, each without its times."""
    page = BeautifulSoup(response.content, "html.parser")
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("th, td")] for row in page.select(".collisions tr")]
    return [[*row[:4], row[4].split(" ")[0]] for row in rows[1:]]


def test_who_changes_a_list_of_other_rows_learns_of_who_was_faster() -> None:
    plan = factories.plan()
    a, b, c = (factories.project(plan, code, name=name) for code, name in [("a", "創薬"), ("b", "機器"), ("c", "感染")])
    programme = factories.programme("p", a)
    url = reverse("admin:projects_programme_change", args=[programme.pk])
    hanako, taro = editor("hanako"), editor("taro")
    mine, theirs = form(hanako, url), form(taro, url)
    taro.post(url, theirs | {"projects": [a.pk, b.pk]})

    refused = hanako.post(url, mine | {"projects": [c.pk], "name": "新しい名"})

    assert versions(refused) == [["事業「事業p」 プロジェクト", "創薬", "創薬、機器", "感染", "taro"]]
    assert set(programme.projects.all()) == {a, b}
    again = hanako.post(url, fields(refused.content) | {"projects": [c.pk]})
    assert (again.status_code, list(programme.projects.all())) == (302, [c])


def test_a_list_that_is_emptied_meanwhile_is_said_to_be_empty() -> None:
    structure = factories.structure()
    old, new = factories.place(structure, "e", name="旧"), factories.place(structure, "f", name="新")
    Body.objects.get(pk=old.body_id).successors.add(new.body)
    url = reverse("admin:bodies_body_change", args=[old.body_id])
    hanako, taro = editor("hanako"), editor("taro")
    mine, theirs = form(hanako, url) | {"change_reason": "統合"}, form(taro, url) | {"change_reason": "誤り"}
    del theirs["successors"]
    taro.post(url, theirs)

    refused = hanako.post(url, mine)

    assert versions(refused) == [["機関「旧」 後継", "新", "（なし）", "新", "taro"]]
    assert not old.body.successors.exists()


def test_groups_of_a_user_given_and_taken_at_once_are_shown_side_by_side() -> None:
    user = User.objects.create_user("jiro")
    group, other = (Group.objects.get(name=name) for name in ("Editors", "Readers"))
    url = reverse("admin:auth_user_change", args=[user.pk])
    hanako, taro = editor("hanako"), editor("taro")
    mine, theirs = (form(client, url) | {"is_active": "on"} for client in (hanako, taro))
    taro.post(url, theirs | {"groups": [group.pk]})

    refused = hanako.post(url, mine | {"groups": [other.pk], "first_name": "次郎"})

    assert [row[1:] for row in versions(refused)] == [["（なし）", str(group), str(other), "taro"]]
    user.refresh_from_db()
    assert (user.first_name, list(user.groups.all())) == ("", [group])


def test_lists_that_the_form_does_not_hold_and_those_of_other_rows_are_no_conflict() -> None:
    plan = factories.plan()
    project, other = factories.project(plan, "a"), factories.project(plan, "b")
    url = reverse("admin:projects_project_change", args=[project.pk])
    client = editor()
    data = form(client, url)
    factories.programme("p", project)  # whose list it is
    other.ministries.add(Body.objects.create(code="moh"))

    assert client.post(url, data | {"name": "新しい名"}).status_code == 302


def test_lists_of_the_rows_of_inlines_are_looked_at_too(rf: Any) -> None:
    class ProjectInline(Tabular):
        model = Project
        fields = ("ministries",)

    class WithProjects(GuardedAdmin):
        inlines = (ProjectInline,)

    plan, other = factories.plan("a"), factories.plan("b")
    mine, theirs = factories.project(plan, "x"), factories.project(other, "y")
    request = rf.post("/", {"change_seen": str(journal.seen())})
    request.user = User.objects.create_superuser("hanako")
    ministry = Body.objects.create(code="moh")
    mine.ministries.add(ministry)
    theirs.ministries.add(ministry)
    model_admin = WithProjects(Plan, admin.site)

    rows = model_admin.written_since(request, model_admin.get_form(request, plan)(instance=plan))

    assert [(row.model, owner_of(row, joins()[row.model])) for row in rows] == [
        ("projects.project_ministries", mine.pk)
    ]


def test_order_among_siblings_is_no_conflict(place: Placement) -> None:
    client = editor()
    data = form(client, address(place))
    Placement.objects.filter(pk=place.pk).update(sort_order=7)

    assert client.post(address(place), data | {"name": "新しい名"}).status_code == 302


def test_what_was_typed_is_shown_where_the_row_was_deleted_meanwhile(place: Placement) -> None:
    client = editor()
    data = form(client, address(place)) | {"name": "せっかく入力した名"}
    place.delete()

    response = client.post(address(place), data)

    assert response.status_code == 409
    assert "せっかく入力した名" in response.content.decode()


def test_a_form_sent_twice_counts_once(place: Placement) -> None:
    client = editor()
    data = form(client, address(place)) | {"name": "新しい名"}
    client.post(address(place), data)

    response = client.post(address(place), data, follow=True)

    assert Change.objects.count() == 1
    assert "二度は保存していません" in response.content.decode()


def test_a_faulty_form_leaves_nothing_behind(place: Placement) -> None:
    client = editor()
    rows = ChangedRow.objects.count()

    response = client.post(address(place), form(client, address(place)) | {"name": ""})

    assert response.status_code == 200
    assert (Change.objects.count(), ChangedRow.objects.count()) == (0, rows)


def test_deleting_is_a_change_and_shows_what_hangs_on_it(place: Placement) -> None:
    client = editor()
    url = reverse("admin:bodies_placement_delete", args=[place.pk])
    page: Any = client.get(url)
    assert "役割" in page.content.decode()

    client.post(url, {"post": "yes", "change_token": page.context["change_token"], "change_reason": "重複"})

    change = Change.objects.get()
    assert (change.kind, change.about, change.reason, change.rows.count()) == ("delete", "機関a", "重複", 2)


def test_admin_may_run_its_own_scripts_only() -> None:
    policy = editor().get(reverse("admin:index"))["Content-Security-Policy"]

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_related_row_is_added_in_a_window_of_its_own() -> None:
    client = editor()
    url = f"{reverse('admin:portal_source_add')}?_popup=1"

    response = client.post(url, form(client, url) | {"code": "new", "title": "新しい資料", "_popup": "1"})

    assert Source.objects.get().title == "新しい資料"
    assert f"&quot;value&quot;: &quot;{Source.objects.get().pk}&quot;" in response.content.decode()
    assert Change.objects.get(kind="add").about == "新しい資料"


def test_saving_may_go_on_with_the_same_row_or_another() -> None:
    client = editor()
    add = reverse("admin:portal_source_add")
    new = {"code": "new", "title": "新しい資料"}

    another = client.post(add, form(client, add) | new | {"_addanother": "1"})
    change = reverse("admin:portal_source_change", args=[Source.objects.get().pk])
    same = client.post(change, form(client, change) | {"title": "改めた題名", "_continue": "1"})

    assert (another.headers["Location"], same.headers["Location"]) == (add, change)
    assert [each.kind for each in Change.objects.filter(kind__in=["add", "edit"]).order_by("pk")] == ["add", "edit"]


def test_a_source_that_is_cited_is_not_deleted(place: Placement) -> None:
    client = editor()
    url = reverse("admin:portal_source_delete", args=[place.source.pk])

    page = client.get(url).content.decode()
    client.post(url, {"post": "yes"})

    assert "機関a" in page
    assert Source.objects.filter(pk=place.source.pk).exists()


def test_history_of_no_row_is_not_found(place: Placement) -> None:
    assert editor().get("/admin/bodies/placement/x/history/").status_code == 404
