"""What readers are told of changes, and what they are never told."""

from __future__ import annotations

import datetime
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bodies.models import Body, Link, Mandate, Placement, Relation, Status, Structure, today
from portal.history import revert
from portal.journal import recording
from portal.models import Change, ChangeKind, Source
from tests import factories
from tests.conftest import PACKAGE
from tests.pages import page, text

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
TOMORROW = today() + datetime.timedelta(days=1)
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龥]")


def public(kind: ChangeKind = ChangeKind.EDIT, **said: Any) -> Any:
    return recording(kind, is_public=True, **{"about": "本部", "reason": "誤記の訂正"} | said)


@pytest.fixture
def place() -> Placement:
    return factories.place(factories.structure(), "hq", name="推進本部")


def mandate(place: Placement, text: str = "旧い役割", code: str = "m") -> Mandate:
    return Mandate.objects.create(placement=place, code=code, text=text, source=factories.source())


def entries(soup: BeautifulSoup) -> list[str]:
    """The words of each entry that is a change, without white space and without its date."""
    found = []
    for item in soup.select(".changes > li[id^=change-]"):
        for when in item.select(".when"):
            when.decompose()
        found.append(re.sub(r"\s+", "", item.get_text()))
    return found


def feed(client: Client, address: str = "/changes.atom") -> ET.Element:
    response = client.get(address)
    assert response.status_code == 200
    return ET.fromstring(response.content)  # noqa: S314 - our own


def everywhere(client: Client) -> str:
    """All that readers get of the changes."""
    addresses = ("/changes/", "/changes.atom", "/en/changes/", "/en/changes.atom")
    return "".join(client.get(address).content.decode() for address in addresses)


def test_entry_says_when_what_why_and_which_fields(client: Client, place: Placement) -> None:
    role = mandate(place)
    with public(address="/bodies/hq/", user=User.objects.create_user("hanako")):
        role.text = "新しい役割"
        role.save()
    Change.objects.update(at=datetime.datetime(2026, 3, 31, 16, tzinfo=datetime.UTC))

    shown = page(client, "/changes/")

    change = Change.objects.get()
    entry = shown.select_one(f"#change-{change.pk}")
    assert entry is not None
    assert [link["href"] for link in entry.select("h2 a")] == ["/bodies/hq/"]
    assert [time["datetime"] for time in entry.select("time")] == ["2026-04-01T01:00:00+09:00"]
    assert entries(shown) == ["編集：本部理由：誤記の訂正役割：新しい役割事項役割前旧い役割後新しい役割"]
    assert "hanako" not in everywhere(client)


def test_changes_that_are_not_public_are_not_told(client: Client, place: Placement) -> None:
    with recording(ChangeKind.EDIT, about="秘密の対象", reason="秘密の理由"):
        place.name = "秘密の名"
        place.save()

    told = everywhere(client)

    assert "秘密の対象" not in told
    assert "秘密の理由" not in told


def test_rows_of_drafts_users_and_rights_in_a_public_change_are_not_told(client: Client, place: Placement) -> None:
    draft = factories.place(
        factories.structure("draft", status=Status.DRAFT, valid_from=None), "secret", name="秘密の室"
    )
    plan = factories.plan("hidden", title="秘密の計画", status=Status.DRAFT)
    role = mandate(draft, "秘密の旧い役割")

    with public():
        mandate(place, "公開の役割")
        role.text = "秘密の新しい役割"
        role.save()
        mandate(draft, "秘密の別の役割", "other")
        draft.name = "秘密の新しい室"
        draft.save()
        plan.title = "秘密の新しい計画"
        plan.save()
        user = User.objects.create_user("himitsu", email="himitsu@example.jp")
        user.groups.add(Group.objects.create(name="秘密の組"))
        factories.source("unused", title="秘密の資料")

    assert entries(page(client, "/changes/")) == ["編集：本部理由：誤記の訂正役割：公開の役割追加"]
    told = everywhere(client)
    for word in ("秘密", "himitsu", "secret"):
        assert word not in told, word


def test_a_public_change_with_nothing_that_readers_see_is_not_told(client: Client) -> None:
    """As of an edition that is published for a later day: it is shown at its own address only."""
    later = factories.structure("later", title="次の体制", status=Status.DRAFT, valid_from=TOMORROW)
    with public(ChangeKind.PUBLISH, about="次の体制", reason="秘密の理由"):
        later.status = Status.PUBLISHED
        later.save()

    told = everywhere(client)

    assert "次の体制" not in told
    assert "秘密の理由" not in told
    assert page(client, "/structure/later/")


def test_publishing_is_told_once_the_edition_is_in_force(client: Client) -> None:
    structure = factories.structure("now", title="今の体制", status=Status.DRAFT, valid_from=today())
    with public(ChangeKind.PUBLISH, about="今の体制", address="/structure/now/", reason="年度の始まり"):
        structure.status = Status.PUBLISHED
        structure.save()
    Change.objects.update(at=timezone.now() - datetime.timedelta(days=30))

    shown = page(client, "/changes/")

    assert entries(shown) == ["公開：今の体制理由：年度の始まり体制：今の体制事項状態前下書き後公開"]
    assert [link["href"] for link in shown.select("h2 a")] == ["/structure/now/", "/structure/now/"]


def test_work_on_an_edition_before_it_came_into_force_is_not_told(client: Client) -> None:
    edition = factories.structure("new", valid_from=today())
    role = mandate(factories.place(edition, "a"), "下書きのときの役割")
    with public():
        role.text = "整えた役割"
        role.save()
    Change.objects.update(at=timezone.now() - datetime.timedelta(days=30))

    assert "役割" not in everywhere(client)


def test_a_deleted_row_is_told_where_readers_saw_it(client: Client, place: Placement) -> None:
    seen = mandate(place, "公開していた役割")
    draft = factories.place(factories.structure("draft", status=Status.DRAFT), "secret")
    hidden = mandate(draft, "秘密の役割")
    with public():
        seen.delete()
        hidden.delete()

    assert entries(page(client, "/changes/")) == ["編集：本部理由：誤記の訂正役割：公開していた役割削除"]
    assert "秘密" not in everywhere(client)


def test_a_place_deleted_with_its_roles_is_told_and_one_of_a_draft_is_not(client: Client, place: Placement) -> None:
    mandate(place, "公開していた役割")
    draft = factories.place(factories.structure("draft", status=Status.DRAFT), "secret", name="秘密の室")
    mandate(draft, "秘密の役割")
    with public(ChangeKind.DELETE):
        place.delete()
        draft.delete()

    told = entries(page(client, "/changes/"))

    assert told == ["削除：本部理由：誤記の訂正役割：公開していた役割削除位置づけ：推進本部削除"]
    assert "秘密" not in everywhere(client)


def test_a_deleted_draft_edition_is_not_told_and_a_deleted_public_plan_is(client: Client, place: Placement) -> None:
    draft = factories.structure("draft", title="秘密の体制", status=Status.DRAFT)
    plan = factories.plan(title="公開していた計画")
    with public(ChangeKind.DELETE):
        draft.delete()
        plan.delete()

    assert entries(page(client, "/changes/")) == ["削除：本部理由：誤記の訂正計画：公開していた計画削除"]
    assert "秘密" not in everywhere(client)


def test_a_deleted_row_is_not_told_where_nothing_shows_that_readers_saw_it(client: Client, place: Placement) -> None:
    project = factories.project(factories.plan("hidden", status=Status.DRAFT))
    rows = [factories.source("unused", title="秘密の資料"), factories.programme("p", project, name="秘密の事業")]
    with public(ChangeKind.DELETE):
        for row in rows:
            row.delete()

    assert entries(page(client, "/changes/")) == ["削除：本部理由：誤記の訂正"]
    assert "秘密" not in everywhere(client)


def test_a_reference_to_what_readers_do_not_see_is_not_named(client: Client, place: Placement) -> None:
    draft = factories.structure("draft", status=Status.DRAFT)
    secret = factories.place(draft, "secret", name="秘密の会議").body
    project = factories.project(factories.plan(), council=secret, council_evidence="inferred", name="事業")
    with public(about="事業"):
        project.council = place.body
        project.save()

    assert entries(page(client, "/changes/")) == [
        "編集：事業理由：誤記の訂正プロジェクト：事業事項協議会前（公開していない項目）後推進本部"
    ]
    told = everywhere(client)
    assert "秘密" not in told
    assert "secret" not in told


def test_successors_are_told_where_readers_see_both(client: Client, place: Placement) -> None:
    new = factories.place(place.structure, "new", name="新しい会議").body
    secret = factories.place(factories.structure("draft", status=Status.DRAFT), "secret", name="秘密の会議").body
    with public():
        place.body.successors.add(new, secret)

    assert entries(page(client, "/changes/")) == ["編集：本部理由：誤記の訂正機関：推進本部事項後継前後新しい会議"]
    assert "secret" not in everywhere(client)


def test_a_body_is_called_by_its_public_name_and_not_by_that_of_a_draft(client: Client, place: Placement) -> None:
    draft = factories.structure("draft", status=Status.DRAFT, valid_from=TOMORROW)
    factories.place(draft, "hq", name="秘密の新名称")
    new = factories.place(place.structure, "new", name="新しい会議").body
    with public():
        place.body.successors.add(new)

    assert "推進本部" in entries(page(client, "/changes/"))[0]
    assert "秘密" not in everywhere(client)


def test_a_link_leads_only_to_a_page_that_is_there(client: Client, place: Placement) -> None:
    draft = factories.structure("draft", status=Status.DRAFT)
    secret = factories.place(draft, "gone")
    with public(about="なくなった室", address="/bodies/gone/"):
        mandate(place, code="a")
        mandate(secret, code="b")
    with public(about="いまある室", address="/en/bodies/hq/"):
        mandate(place, code="c")

    shown = page(client, "/changes/")

    assert [link["href"] for link in shown.select("li[id^=change-] h2 a")] == ["/bodies/hq/"]
    english = page(client, "/en/changes/")
    assert [link["href"] for link in english.select("li[id^=change-] h2 a")] == ["/en/bodies/hq/"]


def test_moves_name_parents_and_order_alone_is_not_told(client: Client, place: Placement) -> None:
    other = factories.place(place.structure, "b", name="別の本部")
    child = factories.place(place.structure, "c", place, name="移る室")
    with public(ChangeKind.MOVE, about="移る室"):
        child.parent, child.sort_order = other, 5
        child.save()
        other.sort_order = 7
        other.save()

    assert entries(page(client, "/changes/")) == [
        "移動：移る室理由：誤記の訂正位置づけ：移る室事項上位前推進本部後別の本部"
    ]


def test_a_reverted_change_is_named(client: Client, place: Placement) -> None:
    role = mandate(place)
    with public(ChangeKind.EDIT) as change:
        role.text = "誤り"
        role.save()
    Change.objects.update(at=datetime.datetime(2026, 4, 1, tzinfo=datetime.UTC))
    revert(change, reason="取り違え", is_public=True)

    shown = entries(page(client, "/changes/"))

    assert shown[0].startswith("取り消し：本部理由：取り違え2026年4月1日の変更（編集：本部）を取り消しました。")
    assert shown[0].endswith("前誤り後旧い役割")


def test_a_reverted_change_that_is_not_public_is_not_named(client: Client, place: Placement) -> None:
    role = mandate(place)
    with recording(ChangeKind.EDIT, about="秘密の対象") as change:
        role.text = "誤り"
        role.save()
    revert(change, about="本部", is_public=True)

    assert "を取り消しました" not in text(page(client, "/changes/"))
    assert "秘密" not in everywhere(client)


def test_editions_come_into_force_on_their_day_and_not_before(client: Client) -> None:
    factories.structure("old", title="前の体制", valid_from=datetime.date(2020, 4, 1))
    factories.structure("now", title="今の体制", valid_from=today())
    factories.structure("later", title="次の体制", valid_from=TOMORROW)
    factories.structure("draft", title="下書きの体制", status=Status.DRAFT, valid_from=datetime.date(2024, 4, 1))
    factories.structure("gone", title="取り下げた体制", status=Status.WITHDRAWN, valid_from=datetime.date(2024, 4, 1))

    shown = page(client, "/changes/")

    assert [item["id"] for item in shown.select(".changes > li")] == ["in-force-now", "in-force-old"]
    assert [link["href"] for link in shown.select("h2 a")] == ["/structure/now/", "/structure/old/"]
    titles = [entry.findtext(f"{ATOM}title") for entry in feed(client).iter(f"{ATOM}entry")]
    assert titles == ["適用開始：今の体制", "適用開始：前の体制"]
    assert [time["datetime"] for time in shown.select(".changes time")] == [str(today()), "2020-04-01"]


def test_pages_hold_twenty_and_what_came_into_force_between_them_once(client: Client, place: Placement) -> None:
    for number in range(45):
        with public(about=f"変更{number}"):
            mandate(place, code=f"m{number}")
    first = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    for number, change in enumerate(Change.objects.order_by("pk")):
        Change.objects.filter(pk=change.pk).update(at=first + datetime.timedelta(days=number))
    for day, code in (("2024-01-10", "first"), ("2024-02-03", "second"), ("2024-03-01", "third")):
        factories.structure(code, valid_from=day)

    pages = [page(client, f"/changes/?page={number}") for number in (1, 2, 3)]

    ids = [[str(item["id"]) for item in each.select(".changes > li")] for each in pages]
    assert [sum(each.startswith("change-") for each in some) for some in ids] == [20, 20, 5]
    assert [[each for each in some if each.startswith("in-force")] for some in ids] == [
        ["in-force-third", "in-force-second"],
        ["in-force-first"],
        ["in-force-edition"],
    ]
    assert len({each for some in ids for each in some}) == 49
    assert [link["rel"] for link in pages[1].select(".pages a")] == [["prev"], ["next"]]


def test_a_change_has_an_address_that_stays(client: Client, place: Placement) -> None:
    for number in range(25):
        with public():
            mandate(place, code=f"m{number}")
    first, last = Change.objects.order_by("pk")[0], Change.objects.order_by("-pk")[0]

    assert client.get(f"/changes/?change={last.pk}").headers["Location"] == f"/changes/?page=1#change-{last.pk}"
    assert client.get(f"/changes/?change={first.pk}").headers["Location"] == f"/changes/?page=2#change-{first.pk}"
    assert page(client, "/changes/?page=2").select_one(f"#change-{first.pk}") is not None


@pytest.mark.parametrize("asked", ["0", "x", "", "-1", "9" * 30, "%00", "１", "<script>"])
def test_an_unknown_change_gets_a_kind_page(client: Client, place: Placement, asked: str) -> None:
    with recording(ChangeKind.EDIT, about="秘密の対象") as secret:
        mandate(place)

    for each in (asked, str(secret.pk)):
        shown = page(client, f"/changes/?change={each}", 404)
        assert shown.select_one("main a[href='/changes/']") is not None
        assert "秘密" not in str(shown)
    assert client.get(f"/changes/?page={asked}").status_code == 200


def test_a_loaded_package_is_one_change_with_counts(client: Client) -> None:
    call_command("load_data", PACKAGE, verbosity=0)

    change = Change.objects.get()
    assert (change.kind, change.is_public, change.about) == ("load", True, "健康・医療研究開発の体制と計画")
    (entry,) = entries(page(client, "/changes/"))
    assert entry.startswith("読み込み：健康・医療研究開発の体制と計画理由：データパッケージを読み込み、")
    for words in ("体制：追加2件", "位置づけ：追加38件", "目標：追加37件"):
        assert words in entry
    assert "健康・医療戦略推進会議" not in entry
    call_command("load_data", PACKAGE, verbosity=0)
    assert Change.objects.count() == 1  # it changed nothing


def test_a_package_says_why_it_was_loaded(client: Client, tmp_path: Path) -> None:
    for path in PACKAGE.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    description = json.loads((tmp_path / "datapackage.json").read_text())
    description |= {"description": "正誤表を反映した。", "description_en": "Errata were applied."}
    (tmp_path / "datapackage.json").write_text(json.dumps(description))

    call_command("load_data", tmp_path, verbosity=0)

    assert "理由：正誤表を反映した。" in entries(page(client, "/changes/"))[0]
    assert "Errata were applied." in client.get("/en/changes/").content.decode()


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_package_that_cannot_be_read_leaves_no_change(tmp_path: Path, content: str) -> None:
    (tmp_path / "datapackage.json").write_text(content)

    with pytest.raises(CommandError):
        call_command("load_data", tmp_path, verbosity=0)

    assert not Change.objects.exists()


def test_counts_leave_out_what_readers_do_not_see(client: Client, place: Placement) -> None:
    draft = factories.place(factories.structure("draft", status=Status.DRAFT), "secret")
    with public(ChangeKind.LOAD, about="取込み"):
        for number in range(3):
            mandate(place, code=f"m{number}")
            mandate(draft, code=f"m{number}")
        mandate(draft, code="more")

    assert entries(page(client, "/changes/")) == ["読み込み：取込み理由：誤記の訂正役割：追加3件"]


def test_a_load_of_drafts_only_is_not_told(client: Client) -> None:
    draft = factories.place(factories.structure("draft", status=Status.DRAFT), "secret")
    with public(ChangeKind.LOAD, about="秘密の取込み"):
        mandate(draft)

    assert "秘密" not in everywhere(client)


def test_a_large_change_is_told_by_its_numbers(client: Client, place: Placement) -> None:
    with public(about="まとめて"):
        for number in range(41):
            mandate(place, f"役割{number}", code=f"m{number}")

    assert entries(page(client, "/changes/")) == ["編集：まとめて理由：誤記の訂正役割：追加41件"]


def test_english_pages_mark_what_is_japanese(client: Client, place: Placement) -> None:
    role = mandate(place)
    with public(reason_en="", about_en="Headquarters", address="/bodies/hq/"):
        role.text, role.text_en = "新しい役割", "A new role"
        role.save()

    shown = page(client, "/en/changes/")

    assert [link.get_text() for link in shown.select("li[id^=change-] h2 a")] == ["Headquarters"]
    assert [mark.get_text() for mark in shown.select(".why [lang=ja]")] == ["誤記の訂正"]
    for marked in shown.select("[lang=ja]"):
        marked.decompose()
    assert [line for line in shown.get_text("\n").splitlines() if JAPANESE.search(line)] == []


def test_japanese_pages_hold_no_english_words(client: Client, place: Placement) -> None:
    other = factories.place(place.structure, "b", name="別の本部")
    with public():
        place.name, place.parent, place.evidence = "新しい本部", other, "inferred"
        place.save()
        mandate(place)
        source = factories.source()
        source.is_draft, source.decided_on = True, datetime.date(2026, 4, 1)
        source.save()
        Link.objects.create(from_placement=place, to_placement=other, kind=Relation.FUNDS, source=source)
        project = factories.project(factories.plan(), council=place.body, council_evidence="inferred")
        factories.programme("p", project)

    shown = page(client, "/changes/")
    main = shown.select_one("main")
    assert main is not None
    for marked in main.select(".dates, [type='application/atom+xml']"):
        marked.decompose()
    words = re.findall("[A-Za-z]{3,}", main.get_text())
    assert set(words) == {"slides", "plan", "edition"}  # the codes in the titles of the data


def test_page_leads_to_the_feed_and_is_led_to(client: Client, place: Placement) -> None:
    for prefix in ("", "/en"):
        shown = page(client, f"{prefix}/changes/")
        alternate = shown.select_one("link[type='application/atom+xml']")
        assert alternate is not None
        assert alternate["href"] == f"{prefix}/changes.atom"
        for address in ("/", "/bodies/hq/"):
            assert page(client, prefix + address).select_one(f".dates a[href='{prefix}/changes/']") is not None
        assert page(client, f"{prefix}/sitemap/").select_one(f"main li a[href='{prefix}/changes/']") is not None
        levels = [int(tag.name[1]) for tag in shown.select("h1, h2, h3")]
        assert all(below - above <= 1 for above, below in pairwise(levels))
        assert not shown.select("script, style, [style]")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_feed_is_atom_with_stable_ids(client: Client, place: Placement, prefix: str) -> None:
    role = mandate(place)
    with public(about_en="Headquarters", address="/bodies/hq/") as change:
        role.text = "新しい <b>役割</b> & 計画"
        role.save()

    response = client.get(f"{prefix}/changes.atom")
    root = ET.fromstring(response.content)  # noqa: S314 - our own

    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert root.tag == f"{ATOM}feed"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == (prefix[1:] or "ja")
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {
        "self": f"http://testserver{prefix}/changes.atom",
        "alternate": f"http://testserver{prefix}/changes/",
    }
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    first, in_force = root.findall(f"{ATOM}entry")
    address = f"http://testserver{prefix}/changes/?change={change.pk}#change-{change.pk}"
    assert first.findtext(f"{ATOM}id") == address
    assert in_force.findtext(f"{ATOM}id") == f"http://testserver{prefix}/structure/edition/"
    change.refresh_from_db()
    updated = datetime.datetime.fromisoformat(str(first.findtext(f"{ATOM}updated")))
    assert updated == change.at
    assert datetime.datetime.fromisoformat(str(root.findtext(f"{ATOM}updated"))) == change.at
    summary = BeautifulSoup(str(first.findtext(f"{ATOM}summary")), "html.parser")
    assert "新しい <b>役割</b> & 計画" in summary.get_text()
    assert summary.select("script, b") == []


def test_feed_holds_the_latest_forty(client: Client, place: Placement) -> None:
    for number in range(45):
        with public(about=f"変更{number}"):
            mandate(place, code=f"m{number}")

    titles = [entry.findtext(f"{ATOM}title") for entry in feed(client).iter(f"{ATOM}entry")]

    assert titles == [f"編集：変更{number}" for number in range(44, 4, -1)]


def test_only_reading_is_allowed(client: Client) -> None:
    assert client.post("/changes/").status_code == 405
    assert client.post("/changes.atom").status_code == 405
    assert client.head("/changes/").status_code == 200


def test_an_empty_record_says_so(client: Client) -> None:
    assert "示す変更はありません" in text(page(client, "/changes/"))
    assert list(feed(client).iter(f"{ATOM}entry")) == []


def test_pages_ask_the_same_for_1_and_3_changes_of_everything(client: Client, place: Placement) -> None:
    plan = factories.plan()

    def change(name: str) -> None:
        with public(address="/bodies/hq/") as made:
            child = factories.place(place.structure, name, place)
            mandate(child, code=name)
            child.body.successors.add(place.body)
            gone = mandate(place, code=f"gone-{name}")
            Link.objects.create(from_placement=child, to_placement=place, kind=Relation.FUNDS, source=place.source)
            factories.project(plan, name, council=child.body, council_evidence="inferred")
        with public():
            gone.delete()
        with public(ChangeKind.LOAD):
            Source.objects.update(title=f"資料{name}")
        with public(ChangeKind.EDIT) as made:
            Placement.objects.filter(pk=child.pk).update(name="新しい名")
        revert(made, is_public=True)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    change("one")
    counts = [queries("/changes/"), queries("/changes.atom")]
    for name in ("two", "three"):
        change(name)

    assert [queries("/changes/"), queries("/changes.atom")] == counts
    assert Body.objects.count() == 4
    assert Structure.objects.count() == 1
