"""Editions as a whole: cloned, published, withdrawn; who may, and what readers then see."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from bodies.editions import Refused, clone, publish, withdraw
from bodies.models import Body, Link, Mandate, Note, Placement, Relation, Seat, Standing, Status, Structure
from portal.history import revert
from portal.journal import recording, seen
from portal.models import Change, ChangedRow, ChangeKind
from portal.tree import faults
from tests import factories
from tests.pages import page, text

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
EDIT = ["view_structure", "add_structure", "change_structure", "delete_structure"]


def today() -> datetime.date:
    return timezone.localdate()


def user(name: str, *codenames: str) -> User:
    made = User.objects.create_user(name, is_staff=True)
    made.user_permissions.set(Permission.objects.filter(content_type__app_label="bodies", codename__in=codenames))
    assert made.user_permissions.count() == len(codenames)
    return User.objects.get(pk=made.pk)


def logged_in(who: User) -> Client:
    client = Client()
    client.force_login(who)
    return client


def publisher() -> Client:
    return logged_in(user("publisher", *EDIT, "publish_structure"))


def address(job: str, structure: Structure) -> str:
    return reverse(f"admin:bodies_structure_{job}", args=[structure.pk])


def draft(code: str = "draft", **fields: Any) -> Structure:
    """With one body."""
    made = factories.structure(code, **({"status": Status.DRAFT, "valid_from": None} | fields))
    factories.place(made, "hq")
    return made


def whole(code: str = "whole", fan: int = 1, **fields: Any) -> Structure:
    """In force: a headquarters with councils under it, each with a role, a member, a relation and three notes."""
    own = {"title_en": "The structure", "coverage": "partial", "gaps": "機関の一部"}
    structure = factories.structure(code, **(own | fields))
    hq = factories.place(structure, "hq")
    last = factories.place(structure, "last", sort_order=2)
    for number in range(fan):
        place = factories.place(structure, f"council{number}", hq, sort_order=fan - number)
        said = {"placement": place, "source": factories.source()}
        role = Mandate.objects.create(code="m", text="役割", **said)
        seat = Seat.objects.create(code="s", post="議長", holder="大臣", **said)
        for anchor in ({}, {"mandate": role}, {"seat": seat}):
            Note.objects.create(code=f"n{len(anchor)}{next(iter(anchor), '')}", text="注", **said, **anchor)
        ends = {"from_placement": place, "to_placement": last}
        Link.objects.create(kind=Relation.ADVISES, label="助言", source=factories.source(), **ends)
    return structure


def content(structure: Structure) -> dict[str, Any]:
    """What an edition holds, by codes and without keys."""
    left_out = {"id", "structure_id", "placement_id", "parent_id", "tree_id"}

    def rows(queryset: Any, *joined: str) -> list[Any]:
        columns = [field.attname for field in queryset.model._meta.concrete_fields]
        kept = [name for name in columns if name not in left_out and not name.endswith(("placement_id", "mandate_id"))]
        return list(queryset.values_list(*(name for name in kept if name != "seat_id"), *joined))

    places = Placement.objects.filter(structure=structure).order_by("lft")
    parts = {"placement__structure": structure}
    order = ("placement__lft", "code")
    anchors = ("placement__body__code", "mandate__code", "seat__code", "mandate__placement", "seat__placement")
    notes = Note.objects.filter(**parts).order_by(*order)
    assert all(row[-2] in (None, pk) and row[-1] in (None, pk) for *row, pk in rows(notes, *anchors, "placement"))
    return {
        "places": rows(places, "parent__body__code"),
        "mandates": rows(Mandate.objects.filter(**parts).order_by(*order), "placement__body__code"),
        "seats": rows(Seat.objects.filter(**parts).order_by(*order), "placement__body__code"),
        "notes": rows(notes, *anchors[:3]),
        "links": rows(
            Link.objects.filter(from_placement__structure=structure).order_by("from_placement__lft"),
            "from_placement__body__code",
            "to_placement__body__code",
        ),
    }


# Cloning


def test_a_clone_holds_what_the_edition_does_in_a_tree_of_its_own() -> None:
    structure = whole(fan=3)
    later = Body.objects.create(code="later")
    Body.objects.get(code="hq").successors.add(later)
    before = content(structure)

    made = clone(structure, "next", "次の体制", datetime.date(2099, 4, 1))

    assert content(made) == before == content(structure)
    assert [len(rows) for rows in before.values()] == [5, 3, 3, 9, 3]
    assert [row[-1] for row in before["places"]] == [None, "hq", "hq", "hq", None]
    assert faults(Placement, made.pk) == (0, "")
    ends = Link.objects.filter(from_placement__structure=made).values_list("to_placement__structure__code", flat=True)
    assert set(ends) == {"next"}
    assert list(Body.objects.get(code="hq").successors.all()) == [later]


def test_a_clone_is_a_draft_with_the_edition_s_own_fields() -> None:
    structure = whole()

    renamed = clone(structure, "next", "次の体制", datetime.date(2099, 4, 1), reason="改組")
    same = clone(structure, "same", structure.title)

    made = Structure.objects.get(code="next")
    assert (made.title, made.title_en, made.status, made.valid_from) == (
        "次の体制",
        "",  # a new name has no English yet
        Status.DRAFT,
        datetime.date(2099, 4, 1),
    )
    assert (made.coverage, made.gaps, made.source) == ("partial", "機関の一部", structure.source)
    assert (same.title_en, same.valid_from) == ("The structure", None)
    change = Change.objects.get(reason="改組")
    assert (change.kind, change.about, change.address, change.is_public) == (
        "clone",
        "次の体制",
        "/structure/next/",
        False,
    )
    assert change.rows.filter(model="bodies.structure").get().object_id == renamed.pk
    assert not ChangedRow.objects.filter(change=None, pk__gte=change.rows.first().pk).exists()  # type: ignore[union-attr]


def test_a_large_edition_is_cloned_with_the_queries_of_a_small_one() -> None:
    small, large = whole("small", 1), whole("large", 8, valid_from=datetime.date(2021, 4, 1))
    counts = []
    for structure in (small, large):
        with CaptureQueriesContext(connection) as captured:
            clone(structure, f"of-{structure.code}", "写し")
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_code_in_use_is_refused_and_nothing_is_left() -> None:
    structure = whole()
    rows = Placement.objects.count()

    with pytest.raises(Refused, match="「whole」というコードの体制が、すでにあります。"):
        clone(structure, "whole", "二つめ")

    assert (Structure.objects.count(), Placement.objects.count(), Change.objects.count()) == (1, rows, 0)


def test_a_clone_can_be_taken_back() -> None:
    structure = whole()
    before = content(structure)
    clone(structure, "next", "次の体制")

    revert(Change.objects.get())

    assert list(Structure.objects.values_list("code", flat=True)) == ["whole"]
    assert content(structure) == before


# Publishing and withdrawing


def test_publishing_puts_an_edition_in_force_on_its_day_and_tells_readers() -> None:
    before = whole()
    made = draft(title_en="Draft")

    publish(made, today(), user=user("taro"), reason="改組のため", reason_en="Reorganised")

    made.refresh_from_db()
    assert (made.status, made.valid_from, made.standing) == (Status.PUBLISHED, today(), Standing.IN_FORCE)
    assert (Structure.objects.in_force(), before.standing) == (made, Standing.PAST)
    change = Change.objects.public().get()
    assert (change.kind, change.user_name, change.about, change.about_en, change.reason, change.reason_en) == (
        "publish",
        "taro",
        "体制 draft",
        "Draft",
        "改組のため",
        "Reorganised",
    )
    assert [(row.model, row.differing) for row in change.rows.all()] == [("bodies.structure", ["status", "valid_from"])]


def test_what_cannot_be_published_says_why() -> None:
    whole(valid_from=today())
    empty = factories.structure("empty", title=" ", status=Status.DRAFT, valid_from=None)
    broken = draft("broken")
    foreign = factories.place(draft("other"), "foreign")
    with connection.cursor() as cursor:  # past every door that would refuse it
        cursor.execute("UPDATE bodies_placement SET parent_id = %s WHERE structure_id = %s", [foreign.pk, broken.pk])
    unnumbered = draft("unnumbered")
    Placement.objects.filter(structure=unnumbered).update(lft=7)

    def reasons(structure: Structure, day: datetime.date) -> list[str]:
        with pytest.raises(Refused) as refused:
            publish(structure, day)
        return refused.value.reasons

    assert reasons(empty, today() + DAY) == ["題名がありません。", "機関が一つも置かれていません。"]
    assert reasons(broken, today() + DAY) == [
        "木に誤りがあります：「機関hq」の上位「機関foreign」は、別の木に属しています。"
    ]
    assert reasons(unnumbered, today() + DAY) == [
        "木の索引が 1 件の機関で合っていません。管理者に知らせてください（check_tree）。"
    ]
    assert reasons(draft("late"), today() - DAY) == [
        "過去の日からは適用できません。今日か、これからの日を指定してください。"
    ]
    taken = reasons(draft("second"), today())
    assert [reason.split("から適用される体制が")[1] for reason in taken] == ["、すでに公開されています：体制 whole"]
    gone = draft("gone")
    Structure.objects.filter(pk=gone.pk).delete()
    assert reasons(gone, today()) == ["「体制 gone」は、ほかの更新で削除されています。"]
    assert not Change.objects.exists()


def test_only_a_draft_is_published_and_what_applies_is_not_withdrawn() -> None:
    in_force, past = whole(), whole("past", valid_from=datetime.date(2010, 4, 1))
    scheduled = draft("scheduled")
    publish(scheduled, today() + DAY)
    withdrawn = draft("withdrawn", valid_from=today())
    withdraw(withdrawn)

    for structure, state in [
        (in_force, "適用中"),
        (past, "過去"),
        (scheduled, "公開予定"),
        (withdrawn, "取下げ"),
    ]:
        with pytest.raises(Refused) as refused:
            publish(structure, today() + 2 * DAY)
        assert refused.value.reasons == [f"公開できるのは、下書きだけです（いまの状態：{state}）。"]
    for structure in (in_force, past, withdrawn):
        with pytest.raises(Refused, match="取り下げられるのは、下書きと公開予定の体制だけです"):
            withdraw(structure)
    with pytest.raises(Refused, match="取り下げずに削除"):
        withdraw(draft("undated"))


def test_withdrawing_is_told_to_readers_where_they_could_see_it() -> None:
    unseen, seen = draft("unseen", valid_from=today()), draft("seen")
    publish(seen, today() + DAY)

    withdraw(unseen, reason="不要")
    withdraw(seen, reason="延期")

    assert list(Structure.objects.order_by("code").values_list("code", "status")) == [
        ("seen", "withdrawn"),
        ("unseen", "withdrawn"),
    ]
    told = Change.objects.public().values_list("kind", "about", "address", "reason")
    assert list(told) == [
        ("withdraw", "体制 seen", "/structure/seen/", "延期"),
        ("publish", "体制 seen", "/structure/seen/", ""),
    ]


def test_at_midnight_in_japan_every_page_follows_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    old = factories.structure("old", title="いまの体制")
    factories.place(old, "hq", name="古い本部")
    new = factories.structure("new", title="次の体制", status=Status.DRAFT, valid_from=None)
    factories.place(new, "hq", name="新しい本部")
    last = datetime.datetime(2030, 3, 31, 14, 59, 59, tzinfo=datetime.UTC)  # a second before 1 April in Japan
    now = [last]
    monkeypatch.setattr(timezone, "now", lambda: now[0])
    publish(new, datetime.date(2030, 4, 1))
    revision = Change.objects.count()

    def shown() -> list[Any]:
        """In the chart and the list of the home page, on the structure's page, as a file, on the body's, in search."""
        client = Client()
        names = []
        for url in ("/", "/structure/", "/structure/?detail=compact", "/bodies/hq/"):
            main = text(page(client, url))
            names.append([name for name in ("古い本部", "新しい本部") if name in main])
        for code in ("old", "new"):
            drawn = client.get(f"/structure/{code}/chart.svg").content.decode()
            names.append([word for word in ("現在", "公開予定", "過去の体制") if word in drawn])
        names.append([hit.get_text() for hit in page(client, "/search/?q=本部&kind=body").select(".hits li > a")])
        return names

    before = [shown(), shown()]  # the second from what was kept
    now[0] = last + datetime.timedelta(seconds=1)
    after = [shown(), shown()]

    old_name, new_name = ["古い本部"], ["新しい本部"]
    assert before == [[*[old_name] * 4, ["現在"], ["公開予定"], ["古い本部"]]] * 2
    assert after == [[*[new_name] * 4, ["過去の体制"], ["現在"], ["新しい本部"]]] * 2
    assert Change.objects.count() == revision


# In the admin


def submit(client: Client, url: str, **typed: Any) -> Any:
    """What a browser would send of the page's form, with what is typed."""
    found = BeautifulSoup(client.get(url).content, "html.parser").select_one("#content-main form")
    assert found is not None, url
    inputs = found.select("input[name]:not([type=submit]), textarea[name]")
    data = {str(tag["name"]): str(tag.get("value") or tag.get_text().removeprefix("\n")) for tag in inputs}
    chosen = {
        str(tag["name"]): str(one["value"]) for tag in found.select("select[name]") for one in tag.select("[selected]")
    }
    return client.post(url, data | chosen | typed)


def errors(response: Any) -> list[str]:
    return [
        each.get_text(strip=True) for each in BeautifulSoup(response.content, "html.parser").select(".errorlist li")
    ]


def test_cloning_proposes_the_next_first_of_april(monkeypatch: pytest.MonkeyPatch) -> None:
    structure = whole("third-period")
    monkeypatch.setattr(timezone, "now", lambda: datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC))
    client = publisher()

    response = submit(client, address("clone", structure))

    made = Structure.objects.get(status=Status.DRAFT)
    assert response["Location"] == address("change", made)
    assert (made.code, made.title, made.valid_from) == (
        "third-period-2027",
        structure.title,
        datetime.date(2027, 4, 1),
    )
    found = BeautifulSoup(client.get(address("clone", made)).content, "html.parser")
    assert [tag["value"] for tag in found.select("#id_code, #id_valid_from")] == ["third-period-2027-2", "2027-04-01"]
    change = Change.objects.get(kind="clone")
    assert (change.user_name, change.kind) == ("publisher", "clone")


def test_a_form_sent_twice_clones_once() -> None:
    structure, client, token = whole(), publisher(), str(uuid.uuid4())
    data = {"code": "next", "title": "次", "valid_from": "", "change_token": token}
    client.post(address("clone", structure), data)

    response = client.post(address("clone", structure), data | {"code": "other"}, follow=True)

    assert list(Structure.objects.order_by("code").values_list("code", flat=True)) == ["next", "whole"]
    assert "二度は行っていません" in response.content.decode()


def test_the_page_of_publishing_says_what_follows_and_does_it_with_a_reason() -> None:
    whole()
    later = draft("later", title="その次の体制")
    publish(later, today() + 30 * DAY)
    made = draft(valid_from=today() + DAY)
    client = publisher()

    said = page(client, address("publish", made)).select_one("#content-main")
    refused = submit(client, address("publish", made))
    done = submit(client, address("publish", made), change_reason="改組", valid_from=str(today() + 2 * DAY))

    assert said is not None
    words = said.get_text()
    assert "「体制 whole」（whole）は過去の体制になります。" in words
    assert "公開予定の「その次の体制」（later）に替わります。" in words
    assert errors(refused) == ["読む人に示す「変更の理由」を書いてください。"]
    made.refresh_from_db()
    assert (done["Location"], made.standing, made.valid_from) == (
        address("change", made),
        Standing.SCHEDULED,
        today() + 2 * DAY,
    )
    change = Change.objects.get(reason="改組")
    assert (change.kind, change.user_name, change.is_public, change.about) == (
        "publish",
        "publisher",
        True,
        "体制 draft",
    )


def filled(content: bytes, **typed: str) -> dict[str, str]:
    """What a browser would send of the page's form, with what is typed."""
    found = BeautifulSoup(content, "html.parser").select("#content-main form input[name]")
    return {str(tag["name"]): str(tag.get("value", "")) for tag in found} | typed


def since(response: Any) -> list[str]:
    """Who the page says wrote since it was made, each before the rows."""
    found = BeautifulSoup(response.content, "html.parser").select("#content-main .change")
    told = [each for change in found for each in change.select("h2 > .quiet, h3")]
    return [" ".join(each.get_text(" ", strip=True).split()[:2]) for each in told]


def test_publishing_is_refused_where_the_draft_was_changed_since_the_page_was_made() -> None:
    made, other = draft(), draft("other")
    hq, outside = (Placement.objects.get(structure=each) for each in (made, other))
    lasting = Mandate.objects.create(placement=hq, code="m", text="残る役割", source=hq.source)
    gone = Mandate.objects.create(
        placement=factories.place(made, "gone"), code="m", text="消える役割", source=hq.source
    )
    client = publisher()
    typed = filled(client.get(address("publish", made)).content, change_reason="改組")
    with recording(ChangeKind.EDIT, user=user("taro")):
        lasting.text = "改めた役割"
        lasting.save()
        gone.placement.delete()
        Placement.objects.filter(pk=outside.pk).update(name="ほかの体制の機関")
    with recording(ChangeKind.MOVE, user=user("jiro")):
        Placement.objects.filter(pk=hq.pk).update(sort_order=7)

    refused = client.post(address("publish", made), typed)

    assert since(refused) == [
        "jiro",
        "変更 位置づけ「機関hq」",
        "taro",
        "変更 役割「改めた役割」",
        "削除 役割「消える役割」",
        "削除 位置づけ「機関gone」",
    ]
    assert errors(refused) == [
        "この画面を開いたあとに、内容が変更されました。まだ何もしていません。"
        "次の変更を確かめ、よければもう一度押してください。"
    ]
    made.refresh_from_db()
    assert (made.status, Change.objects.filter(kind="publish").count()) == (Status.DRAFT, 0)
    again = client.post(address("publish", made), filled(refused.content, change_reason="改組"))
    assert again.status_code == 302


def test_what_was_not_told_yet_is_told_after_another_refusal() -> None:
    made, client = draft(), publisher()
    typed = filled(client.get(address("publish", made)).content)
    Placement.objects.filter(structure=made).update(name="改まった名")

    unexplained = client.post(address("publish", made), typed)
    refused = client.post(address("publish", made), filled(unexplained.content, change_reason="改組"))

    assert (since(unexplained), since(refused)) == ([], ["記録のない経路での変更", "変更 位置づけ「改まった名」"])


def test_withdrawing_is_refused_where_the_edition_was_changed_and_cloning_is_not() -> None:
    made = draft()
    publish(made, today() + DAY)
    client = publisher()
    typed = filled(client.get(address("withdraw", made)).content, change_reason="延期")
    copied = filled(client.get(address("clone", made)).content, code="copy", title="写し")
    Structure.objects.filter(pk=made.pk).update(title="訂正した題名")

    refused = client.post(address("withdraw", made), typed)

    assert since(refused) == ["記録のない経路での変更", "変更 体制「訂正した題名」"]
    assert Structure.objects.get().status == Status.PUBLISHED
    assert client.post(address("clone", made), copied).status_code == 302


def test_a_long_list_of_what_changed_is_cut_and_takes_the_queries_of_a_short_one() -> None:
    made, client, counts = draft(), publisher(), []
    said = {"placement": Placement.objects.get(), "text": "役割", "source": made.source}
    for stem, number in (("a", 1), ("b", 60)):
        typed = filled(client.get(address("publish", made)).content, change_reason="改組")
        with recording(ChangeKind.EDIT):
            Mandate.objects.bulk_create(Mandate(code=f"{stem}{each}", **said) for each in range(number))
        with CaptureQueriesContext(connection) as captured:
            refused = client.post(address("publish", made), typed)
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert (len(since(refused)), "ほか10件" in refused.content.decode()) == (51, True)


def test_the_page_of_publishing_refuses_a_past_day_and_what_is_not_fit() -> None:
    made, empty = draft(), factories.structure("empty", status=Status.DRAFT, valid_from=None)
    client = publisher()

    late = submit(client, address("publish", made), change_reason="改組", valid_from=str(today() - DAY))
    shown = client.get(address("publish", empty))
    sent = client.post(address("publish", empty), {"valid_from": str(today()), "change_reason": "改組"})

    assert errors(late) == ["過去の日からは適用できません。今日か、これからの日を指定してください。"]
    assert errors(shown) == ["機関が一つも置かれていません。"]
    assert not BeautifulSoup(shown.content, "html.parser").select("#content-main form")
    assert sent.status_code == 200
    assert not Structure.objects.exclude(status=Status.DRAFT).exists()


def test_a_scheduled_edition_is_withdrawn_with_a_reason_and_can_then_only_be_looked_at() -> None:
    made = draft()
    publish(made, today() + DAY)
    client = publisher()

    refused = submit(client, address("withdraw", made))
    submit(client, address("withdraw", made), change_reason="延期")
    form = page(client, address("change", made))
    changed = client.post(address("change", made), {"title": "別の名", "change_reason": "訂正"})
    deleted = client.post(address("delete", made), {"post": "yes", "change_reason": "不要"})

    assert errors(refused) == ["読む人に示す「変更の理由」を書いてください。"]
    assert Structure.objects.get().status == Status.WITHDRAWN
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert form.select("#content-main input[type=text], #content-main [type=submit]") == []
    assert offered(form) == ["プレビュー", "複製する"]


def offered(form: BeautifulSoup) -> list[str]:
    tools = [tool.get_text(strip=True) for tool in form.select(".object-tools a")]
    known = {"体制図の木を編集", "プレビュー", "適用中の体制と比較", "複製する", "公開する", "取り下げる"}
    return [tool for tool in tools if tool in known and tool != "体制図の木を編集"]


@pytest.mark.parametrize(
    ("codenames", "may_edit", "may_publish"),
    [
        ((), False, False),
        (["view_structure"], False, False),
        (["view_structure", "publish_structure"], False, True),
        (EDIT, True, False),
        ([*EDIT, "publish_structure"], True, True),
    ],
)
def test_who_may_do_what_is_the_same_for_buttons_and_for_posts(
    codenames: list[str], may_edit: bool, may_publish: bool
) -> None:
    in_force = whole(coverage="full", gaps="")
    scheduled = draft("scheduled", status=Status.PUBLISHED, valid_from=today() + DAY)
    made = draft(valid_from=today() + 2 * DAY)
    empty = factories.structure("empty", status=Status.DRAFT, valid_from=None)
    client = logged_in(user("someone", *codenames))
    fields = {"title": "新しい題", "coverage": "full", "evidence": "printed", "source": str(in_force.source_id)}
    fields |= {"change_seen": str(seen())}
    jobs = {
        "clone": (may_edit, in_force, {"code": "copy", "title": "写し"}),
        "change": (may_edit, made, {"code": "draft", **fields}),
        "delete": (may_edit, empty, {"post": "yes"}),
        "publish": (may_publish, made, {"valid_from": str(today() + 3 * DAY)}),
        "withdraw": (may_publish, scheduled, {}),
    }

    listed = client.get(reverse("admin:bodies_structure_changelist"))
    buttons = {tool.get_text() for tool in BeautifulSoup(listed.content, "html.parser").select(".offers a")}
    found = {
        job: client.post(
            address(job, structure), data | {"change_reason": "理由", "change_seen": str(seen())}
        ).status_code
        for job, (_may, structure, data) in jobs.items()
    }
    corrected = client.post(address("change", in_force), fields | {"change_reason": "理由"}).status_code

    expected = {"プレビュー", "適用中の体制と比較"} if codenames else set()
    expected |= {"複製する"} if may_edit else set()
    expected |= {"公開する", "取り下げる"} if may_publish else set()
    assert buttons - {"体制図の木を編集"} == expected
    assert found == {job: 302 if may else 403 for job, (may, _structure, _data) in jobs.items()}
    assert corrected == (302 if may_edit and may_publish else 403)
    assert {each.code: (each.title, each.standing) for each in Structure.objects.all()} == {
        "whole": ("新しい題" if may_edit and may_publish else "体制 whole", Standing.IN_FORCE),
        "scheduled": ("体制 scheduled", Standing.WITHDRAWN if may_publish else Standing.SCHEDULED),
        "draft": ("新しい題" if may_edit else "体制 draft", Standing.SCHEDULED if may_publish else Standing.DRAFT),
        **({"copy": ("写し", Standing.DRAFT)} if may_edit else {"empty": ("体制 empty", Standing.DRAFT)}),
    }


def test_a_published_edition_is_corrected_with_a_reason_and_keeps_its_address_and_day() -> None:
    structure, client = whole(coverage="full", gaps=""), publisher()
    url = address("change", structure)

    without = submit(client, url, title="正しい題")
    submit(client, url, title="正しい題", code="other", valid_from="2000-01-01", status="draft", change_reason="誤記")

    assert errors(without) == ["公開されている内容の変更です。読む人に示す「変更の理由」を書いてください。"]
    structure.refresh_from_db()
    assert (structure.title, structure.code, structure.valid_from, structure.status) == (
        "正しい題",
        "whole",
        factories.LONG_AGO,
        Status.PUBLISHED,
    )
    change = Change.objects.public().get()
    assert (change.kind, change.about, change.reason) == ("edit", "正しい題", "誤記")


def test_a_scheduled_edition_is_moved_to_a_day_that_is_still_to_come() -> None:
    made, client = draft(), publisher()
    publish(made, today() + DAY)
    url = address("change", made)

    late = submit(client, url, valid_from=str(today() - DAY), change_reason="延期")
    submit(client, url, valid_from=str(today() + 9 * DAY), change_reason="延期")

    assert errors(late) == ["過去の日からは適用できません。今日か、これからの日を指定してください。"]
    made.refresh_from_db()
    assert (made.valid_from, made.standing) == (today() + 9 * DAY, Standing.SCHEDULED)


def test_the_list_says_where_each_stands_with_the_same_queries_for_one_and_three() -> None:
    client = logged_in(User.objects.create_superuser("root"))
    url = reverse("admin:bodies_structure_changelist")
    draft()
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    whole()
    whole("past", valid_from=datetime.date(2010, 4, 1))
    publish(draft("scheduled"), today() + DAY)
    withdraw(draft("withdrawn", valid_from=today() + 2 * DAY))
    with CaptureQueriesContext(connection) as five:
        listed = page(client, url)

    states = {
        row.select_one(".field-title").get_text(): row.select_one(".field-state").get_text()  # type: ignore[union-attr]
        for row in listed.select("#result_list tbody tr")
    }
    assert states == {
        "体制 draft": "下書き",
        "体制 withdrawn": "取下げ",
        "体制 scheduled": "公開予定",
        "体制 whole": "適用中",
        "体制 past": "過去",
    }
    assert len(one) == len(five)


@pytest.mark.parametrize("is_superuser", [False, True])
def test_taking_back_neither_unpublishes_nor_deletes_what_is_published(is_superuser: bool) -> None:
    structure = draft()
    with recording(ChangeKind.LOAD) as published:
        Structure.objects.update(status=Status.PUBLISHED, valid_from=today() + DAY)
    with recording(ChangeKind.LOAD) as added:
        factories.structure("added")
    who = user("publisher", *EDIT, "publish_structure")
    who.user_permissions.add(Permission.objects.get(codename="view_change"))
    User.objects.update(is_superuser=is_superuser)
    client = logged_in(who)

    for change in (published, added):
        url = reverse("admin:portal_change_revert", args=[change.pk])
        assert client.get(url).status_code == client.post(url, {"change_reason": "誤り"}).status_code == 403
        assert page(client, reverse("admin:portal_change_change", args=[change.pk])).select(".object-tools") == []

    structure.refresh_from_db()
    assert structure.standing == Standing.SCHEDULED
    assert Structure.objects.filter(code="added").exists()


def test_what_is_withdrawn_stays_as_it_is_for_administrators_too() -> None:
    made = draft(valid_from=today() + DAY)
    with recording(ChangeKind.EDIT) as edit:
        Placement.objects.update(name="改まった名")
    withdraw(made)

    client = logged_in(User.objects.create_superuser("root"))

    assert client.post(reverse("admin:portal_change_revert", args=[edit.pk])).status_code == 403
    assert Placement.objects.get().name == "改まった名"
