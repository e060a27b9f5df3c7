"""The history in the admin: what is listed, how a change and an object are told, who may take what back."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bodies.models import Body, Link, Mandate, Placement, Relation, Status
from plans.models import Observation
from portal.history import Words, net
from portal.history_admin import Concerned, Pages
from portal.journal import recording
from portal.models import Change, ChangedRow, ChangeKind
from tests import factories
from tests.pages import page
from tests.portal.test_admin import editor, form

pytestmark = pytest.mark.django_db

LIST = "/admin/portal/change/"
WRITES = [
    *(
        f"bodies.{action}_{model}"
        for action in ("add", "change", "delete")
        for model in ("placement", "mandate", "body")
    ),
    "bodies.add_structure",
    "bodies.change_structure",
    "bodies.delete_structure",
    "plans.add_observation",
]
LOOKS = [
    "portal.view_change",
    "bodies.view_structure",
    "bodies.view_placement",
    "plans.view_plan",
    "portal.view_source",
]


def someone(*rights: str, name: str = "taro") -> Client:
    """A user of the admin with these rights and those to look."""
    user = User.objects.create_user(name, is_staff=True)
    for right in (*LOOKS, *rights):
        app, codename = right.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    Change.objects.filter(kind=ChangeKind.LOGIN).delete()
    return client


def place(**fields: Any) -> Placement:
    return factories.place(factories.structure(**({"status": Status.DRAFT} | fields)), "a")


def edited(place: Placement, name: str = "新しい名", **recorded: Any) -> Change:
    with recording(ChangeKind.EDIT, **({"about": str(place)} | recorded)) as change:
        place.name = name
        place.save()
    return change


def tree(place: Placement) -> list[Placement]:
    return [factories.place(place.structure, code, place, sort_order=n) for n, code in enumerate("bcd", start=1)]


def address(change: Change, what: str = "change") -> str:
    return reverse(f"admin:portal_change_{what}", args=[change.pk])


def told(soup: BeautifulSoup) -> list[tuple[str, list[list[str]]]]:
    """What a page says of the rows that were written: heading, and the cells of each field."""
    found = []
    for section in soup.select(".written"):
        heading = section.select_one("h3")
        assert heading is not None
        for ways in heading.select(".ways"):
            ways.extract()
        rows = [
            [cell.get_text("\n", strip=True) for cell in row.select("th, td")] for row in section.select("tbody tr")
        ]
        found.append((re.sub(r"\s+", "", heading.get_text()), rows))
    return found


# The list


@pytest.fixture
def changes() -> dict[str, Change]:
    hanako = User.objects.create_user("hanako")
    with recording(ChangeKind.EDIT, user=hanako, about="推進本部", reason="誤記の訂正", is_public=True) as first:
        factories.source("a")
    with recording(ChangeKind.ADD, about="新しい計画") as second:
        Body.objects.create(code="x")
    with recording(ChangeKind.DELETE, user=hanako, about="古い資料") as third:
        factories.source("b")
    Change.objects.filter(pk=second.pk).update(at=timezone.now() - datetime.timedelta(days=30))
    return {"edit": first, "add": second, "delete": third}


def listed(client: Client, query: str = "") -> list[str]:
    soup = page(client, f"{LIST}?{query}")
    return [link.get_text(" ", strip=True).split(" ", 1)[1] for link in soup.select("table.changes th a")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["古い資料", "推進本部", "新しい計画"]),
        ("kind=add", ["新しい計画"]),
        ("user=hanako", ["古い資料", "推進本部"]),
        ("model=bodies.body", ["新しい計画"]),
        ("public=1", ["推進本部"]),
        ("public=0", ["古い資料", "新しい計画"]),
        ("q=訂正", ["推進本部"]),
        ("q=古い", ["古い資料"]),
        ("q=なし", []),
    ],
)
def test_list_is_narrowed_by_filters(changes: dict[str, Change], query: str, expected: list[str]) -> None:
    client = editor("admin")
    Change.objects.filter(kind=ChangeKind.LOGIN).delete()

    assert listed(client, query) == expected


def test_list_is_narrowed_to_whole_days(changes: dict[str, Change]) -> None:
    client = editor("admin")
    Change.objects.filter(kind=ChangeKind.LOGIN).delete()
    today = timezone.localdate()
    before = today - datetime.timedelta(days=30)

    assert listed(client, f"start={today}") == ["古い資料", "推進本部"]
    assert listed(client, f"start={before}&end={before}") == ["新しい計画"]
    assert listed(client, f"end={today - datetime.timedelta(days=31)}") == []


def test_list_says_that_a_day_is_none() -> None:
    soup = page(editor(), f"{LIST}?start=2026-13-01")

    assert [error.get_text() for error in soup.select(".filters .errornote")] == ["日付を正しく入力してください。"]


def test_list_says_what_was_written_by_kinds_of_data() -> None:
    client = editor("admin")
    Change.objects.all().delete()
    with recording(ChangeKind.EDIT):
        factories.source("a")
        factories.source("b")
        Body.objects.create(code="x")

    counts = page(client, LIST).select("table.changes .counts li")

    assert [count.get_text(" ", strip=True) for count in counts] == ["機関 追加 1件", "出典 追加 2件"]


def test_list_has_pages(client: Client) -> None:
    for number in range(51):
        with recording(ChangeKind.EDIT, about=f"変更{number}"):
            factories.source(f"s{number}")
    client = someone()

    assert listed(client) == [f"変更{number}" for number in range(50, 0, -1)]
    assert listed(client, "p=2") == ["変更0"]


@pytest.mark.parametrize("count", [1, 3])
def test_list_takes_the_same_queries_however_long(count: int, django_assert_num_queries: Any) -> None:
    client = someone()
    for number in range(count):
        with recording(ChangeKind.EDIT, about=f"変更{number}"):
            factories.source(f"s{number}")
    page(client, LIST)

    with django_assert_num_queries(8):
        assert len(listed(client)) == count


def test_what_was_written_past_the_portal_is_a_list_of_its_own() -> None:
    client = someone()
    ChangedRow.objects.all().delete()
    factories.source("a", title="直接の資料")
    with recording(ChangeKind.EDIT):
        factories.source("b")

    soup = page(client, f"{LIST}?kind=past")

    assert [heading for heading, _rows in told(soup)] == ["追加出典「直接の資料」"]


def test_log_ins_and_rights_are_for_those_who_may_see_users() -> None:
    client, other = someone(), someone("auth.view_user", name="jiro")
    hanako = User.objects.create_user("hanako")
    login = Change.objects.create(kind=ChangeKind.LOGIN, about="ログインした人")
    with recording(ChangeKind.RIGHTS, about="権限を得た人") as rights:
        hanako.is_staff = True
        hanako.save()
    Change.objects.exclude(pk__in=[login.pk, rights.pk]).delete()

    assert (listed(client), sorted(listed(other))) == ([], ["ログインした人", "権限を得た人"])
    assert [client.get(address(each)).status_code for each in (login, rights)] == [404, 404]
    assert client.get(reverse("admin:portal_change_of", args=["auth.user", hanako.pk])).status_code == 403
    assert "権限を得た人" in other.get(address(rights)).content.decode()


def test_history_is_for_those_who_may_see_it() -> None:
    client = someone()
    client.force_login(User.objects.create_user("nobody", is_staff=True))
    change = edited(place())

    assert [client.get(each).status_code for each in (LIST, address(change))] == [403, 403]


# One change


def test_change_is_told_field_by_field_with_parents_by_name() -> None:
    a = place()
    b, c, _d = tree(a)
    hanako = User.objects.create_user("hanako")
    with recording(ChangeKind.EDIT, user=hanako, about="機関b", reason="組織の改編") as change:
        b.parent, b.name = c, "改めた名"
        b.save()

    soup = page(someone(), address(change))

    facts = dict(
        zip(
            (t.get_text() for t in soup.select(".facts dt")),
            (d.get_text(strip=True) for d in soup.select(".facts dd")),
            strict=True,
        )
    )
    assert (facts["利用者"], facts["操作"], facts["理由"], facts["対象"]) == ("hanako", "編集", "組織の改編", "機関b")
    assert told(soup) == [
        ("変更位置づけ「改めた名」", [["上位", "機関a", "機関c"], ["名称", "機関b", "改めた名"]]),
    ]


def test_change_of_order_among_siblings_is_one_line() -> None:
    a = place()
    b, _c, _d = tree(a)
    with recording(ChangeKind.MOVE) as change:
        Placement.objects.move_node(b, a, "last-child")

    soup = page(someone(), address(change))

    assert told(soup) == [("並べ替え位置づけ", [])]
    assert [item.get_text() for item in soup.select(".order li")] == ["機関c", "機関d", "機関b"]


def test_change_says_successors_by_name() -> None:
    old, new = place().body, factories.place(factories.structure("e2"), "new", name="新機関").body
    with recording(ChangeKind.EDIT) as change:
        old.successors.add(new)

    assert told(page(someone(), address(change))) == [("追加機関「機関a」", [["後継", "新機関"]])]


def test_large_change_is_summed_up_and_shown_by_pages() -> None:
    structure = factories.structure(status=Status.DRAFT)
    with recording(ChangeKind.CLONE, about="複製") as change:
        rows = factories.many(structure, 1000)
        Mandate.objects.bulk_create(
            Mandate(placement=row, code="m", text="役割", source=factories.source()) for row in rows
        )

    soup = page(editor(), address(change))

    assert [each.get_text(" ", strip=True) for each in soup.select(".counts li")] == [
        "機関 追加 1000件",
        "役割 追加 1000件",
        "位置づけ 追加 1000件",
        "位置づけ 変更 999件",
    ]
    assert len(told(soup)) == 50
    assert soup.select_one(".this-page") is not None


@pytest.mark.parametrize("count", [1, 3])
def test_change_takes_the_same_queries_however_many_rows(count: int, django_assert_num_queries: Any) -> None:
    a = place()
    with recording(ChangeKind.EDIT) as change:
        for number in range(count):
            Mandate.objects.create(placement=a, code=f"m{number}", text="役割", source=a.source)
    client = someone(*WRITES)
    page(client, address(change))

    with django_assert_num_queries(20):
        assert len(told(page(client, address(change)))) == count


# What happened to an object


def test_object_has_the_history_of_what_hangs_on_it_newest_first() -> None:
    a = place()
    b = factories.place(a.structure, "b")
    with recording(ChangeKind.ADD):
        role = Mandate.objects.create(placement=a, code="m", text="役割", source=a.source)
        Mandate.objects.create(placement=b, code="m", text="ほかの役割", source=a.source)
        Link.objects.create(from_placement=b, to_placement=a, kind=Relation.ADVISES, source=a.source)
    with recording(ChangeKind.EDIT, reason="言い換え"):
        role.text = "新しい役割"
        role.save()

    soup = page(someone(), reverse("admin:bodies_placement_history", args=[a.pk]))

    assert [heading for heading, _rows in told(soup)] == [
        "変更役割「新しい役割」",
        "追加役割「新しい役割」",
        "追加関係「機関bは、機関aに助言する。」",
        "追加位置づけ「機関a」",
    ]
    assert [each.get_text(strip=True) for each in soup.select(".why")] == ["理由：言い換え"]
    assert soup.select_one(".change:last-of-type h2 .quiet").get_text() == "記録のない経路での変更"  # type: ignore[union-attr]


def test_what_was_deleted_has_a_history_too() -> None:
    a = place()
    pk = a.pk
    with recording(ChangeKind.DELETE, about="機関a") as change:
        a.delete()
    client = someone()
    ways = [link["href"] for link in page(client, address(change)).select(".ways a")]

    soup = page(client, str(ways[-1]))

    assert ways[-1] == reverse("admin:portal_change_of", args=["bodies.placement", pk])
    assert [heading for heading, _rows in told(soup)] == ["削除位置づけ「機関a」", "追加位置づけ「機関a」"]
    assert "いまはありません" in soup.get_text()


# Taking back


def take_back(client: Client, change: Change, **said: str) -> Any:
    return client.post(address(change, "revert"), form(client, address(change, "revert")) | said)


def test_taking_back_shows_what_will_be_written_and_does_it_once() -> None:
    a = place()
    change = edited(a)
    client = someone(*WRITES)
    link = page(client, address(change)).select_one(".object-tools a")
    assert link is not None
    assert told(page(client, str(link["href"]))) == [("変更位置づけ「新しい名」", [["名称", "新しい名", "機関a"]])]
    sent = form(client, str(link["href"])) | {"change_reason": "取り違え"}

    client.post(str(link["href"]), sent)
    again = client.post(str(link["href"]), sent, follow=True)

    made = Change.objects.get(kind=ChangeKind.REVERT)
    a.refresh_from_db()
    assert (a.name, made.reverts, made.user_name, made.reason) == ("機関a", change, "taro", "取り違え")
    assert "二度は取り消していません" in again.content.decode()
    assert page(client, address(change)).select_one(".notice a") is not None


def test_taking_back_says_what_is_in_the_way() -> None:
    a = place()
    change = edited(a)
    client = someone(*WRITES)
    sent = form(client, address(change, "revert"))
    edited(a, "さらに新しい名")

    response = client.post(address(change, "revert"), sent)

    a.refresh_from_db()
    assert (response.status_code, a.name) == (409, "さらに新しい名")
    reasons = [item.get_text() for item in BeautifulSoup(response.content, "html.parser").select(".refused li")]
    assert len(reasons) == 1
    assert "位置づけ「さらに新しい名」は、その後に変更されています" in reasons[0]


def test_moves_and_deletions_are_taken_back_with_the_tree_right() -> None:
    a = place()
    b, c, _d = tree(a)
    before = list(Placement.objects.order_by("lft").values_list("body__code", "level"))
    with recording(ChangeKind.MOVE) as move:
        Placement.objects.move_node(b, c, "first-child")
    with recording(ChangeKind.DELETE) as deletion:
        Placement.objects.get(pk=c.pk).delete()
    client = someone(*WRITES)

    for change in (deletion, move):
        assert take_back(client, change).status_code == 302

    assert list(Placement.objects.order_by("lft").values_list("body__code", "level")) == before
    call_command("check_tree")


def test_who_may_not_write_the_rows_may_not_take_the_change_back() -> None:
    a = place()
    edit = edited(a)
    with recording(ChangeKind.DELETE) as deletion:
        role = Mandate.objects.create(placement=a, code="m", text="役割", source=a.source)
    with recording(ChangeKind.DELETE) as part:
        role.delete()
    reader = someone()
    half = someone("bodies.change_placement", name="half")
    writer = someone(*WRITES, name="writer")

    def may(client: Client) -> list[int]:
        return [client.get(address(change, "revert")).status_code for change in (edit, deletion, part)]

    assert (may(reader), may(half), may(writer)) == ([403, 403, 403], [200, 403, 403], [200, 200, 200])
    assert reader.post(address(edit, "revert")).status_code == 403
    assert page(reader, address(edit)).select(".object-tools") == []


def test_what_is_published_is_taken_back_by_who_may_publish_and_told_to_readers() -> None:
    a = place(status=Status.PUBLISHED)
    change = edited(a, is_public=True)
    writer, publisher = someone(*WRITES), someone(*WRITES, "bodies.publish_structure", name="publisher")

    assert writer.get(address(change, "revert")).status_code == 403
    unexplained = take_back(publisher, change)
    a.refresh_from_db()
    assert (a.name, "変更の理由" in unexplained.content.decode()) == ("新しい名", True)
    take_back(publisher, change, change_reason="誤りの訂正")

    a.refresh_from_db()
    assert a.name == "機関a"
    assert [(each.reason, each.is_public) for each in Change.objects.filter(kind=ChangeKind.REVERT)] == [
        ("誤りの訂正", True)
    ]


def test_what_has_been_published_since_is_taken_back_in_public() -> None:
    a = place()
    change = edited(a)
    structure = a.structure
    structure.status, structure.valid_from = Status.PUBLISHED, factories.LONG_AGO
    structure.save()

    take_back(editor(), change, change_reason="訂正")

    assert Change.objects.get(kind=ChangeKind.REVERT).is_public


def test_rights_are_taken_back_by_superusers_only() -> None:
    hanako = User.objects.create_user("hanako")
    with recording(ChangeKind.RIGHTS) as change:
        hanako.is_superuser = True
        hanako.save()
    client = someone(*WRITES, "auth.view_user", "auth.change_user")

    assert client.get(address(change, "revert")).status_code == 403
    assert take_back(editor("admin"), change).status_code == 302
    hanako.refresh_from_db()
    assert not hanako.is_superuser


def test_publishing_offers_no_taking_back() -> None:
    with recording(ChangeKind.PUBLISH) as change:
        factories.source("a")

    assert page(editor(), address(change)).select(".object-tools") == []


def test_an_observation_added_by_mistake_is_taken_back_with_a_reason() -> None:
    plan, _measured = factories.plan(), factories.indicator()
    with recording(ChangeKind.ADD, is_public=True) as change:
        factories.observation(plan, "o", 2025, 1)
    client = someone(*WRITES)

    assert take_back(client, change).status_code == 200
    assert take_back(client, change, change_reason="別の年の値").status_code == 302

    assert not Observation.objects.exists()


@pytest.mark.parametrize("count", [10, 100])
def test_rights_are_asked_in_queries_that_do_not_grow_with_rows(
    count: int, rf: Any, django_assert_max_num_queries: Any
) -> None:
    from django.contrib import admin  # its site is made when the apps are ready

    structure = factories.structure(status=Status.DRAFT)
    rows = factories.many(structure, count)
    Mandate.objects.bulk_create(
        Mandate(placement=row, code="m", text="役割", source=factories.source()) for row in rows
    )
    with recording(ChangeKind.DELETE) as change:
        structure.delete()
    request = rf.get("/")
    someone(*WRITES)
    request.user = User.objects.get(username="taro")
    effects = net(change.rows.order_by("pk"))

    with django_assert_max_num_queries(16):
        concerned = Concerned(Pages(admin.site, request), effects)
        assert (concerned.may_be_undone(), concerned.is_public(), concerned.needs_reason()) == (True, False, False)


@pytest.mark.parametrize("count", [1, 3])
def test_words_take_the_same_queries_however_many_rows(count: int, django_assert_num_queries: Any) -> None:
    a = place()
    with recording(ChangeKind.EDIT) as change:
        for number in range(count):
            Mandate.objects.create(placement=a, code=f"m{number}", text="役割", source=a.source)
    rows = list(change.rows.all())

    with django_assert_num_queries(5):
        assert [each.name for each in Words(rows)] == ["役割"] * count


@pytest.mark.parametrize("count", [1, 3])
def test_history_of_an_object_takes_the_same_queries_however_long(count: int, django_assert_num_queries: Any) -> None:
    a = place()
    for number in range(count):
        edited(a, f"名{number}")
    client = someone()
    url = reverse("admin:bodies_placement_history", args=[a.pk])
    page(client, url)

    with django_assert_num_queries(11):
        assert len(told(page(client, url))) == count + 1


@pytest.mark.parametrize("is_superuser", [False, True])
def test_what_stood_in_an_edition_that_is_gone_says_what_is_in_the_way(is_superuser: bool) -> None:
    a = place()
    with recording(ChangeKind.DELETE) as change:
        Placement.objects.get().delete()
    a.structure.delete()
    client = someone(*WRITES)
    User.objects.update(is_superuser=is_superuser)

    response = client.get(address(change, "revert"))

    reasons = [item.get_text() for item in BeautifulSoup(response.content, "html.parser").select(".refused li")]
    assert reasons == ["体制「体制 edition」が、その後に削除されています。先にその削除を取り消してください。"]
