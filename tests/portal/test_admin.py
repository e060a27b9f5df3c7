"""What every admin page of the portal does: one change per save, collisions shown, forms that count once."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bodies.models import Mandate, Placement, Status
from portal.models import Change, ChangedRow, Source
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
