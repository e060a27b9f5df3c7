"""Batches in the admin: uploaded, planned, confirmed, taken back; by whom, and what is shown of them."""

from __future__ import annotations

import datetime
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openpyxl
import pytest
from bs4 import BeautifulSoup, Tag
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from bodies.models import Mandate, Status
from plans.models import Plan, Target
from portal import batches
from portal.journal import recording
from portal.models import Batch, Change, ChangeKind, Source
from portal.revision import current
from portal.workbook import guard, write
from tests import factories
from tests.pages import page
from tests.portal.test_admin import fields

pytestmark = pytest.mark.django_db

LIST = "/admin/portal/batch/"
ADD = f"{LIST}add/"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Rows = list[list[Any]]


def book(**sheets: Rows) -> bytes:
    """An XLSX with these sheets."""
    made = openpyxl.Workbook()
    assert made.active is not None
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def sources(*rows: list[Any], **more: Rows) -> bytes:
    return book(出典=[["コード", "資料名"], *rows], **more)


def member(*groups: str, rights: list[str] | None = None, name: str = "hanako") -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=groups))
    for right in rights or []:
        app, codename = right.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return User.objects.get(pk=user.pk)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def steward() -> Client:
    return client_of(member("Data stewards"))


def send(client: Client, content: bytes, name: str = "計画.xlsx", aside: str = "", address: str = ADD) -> Any:
    return client.post(address, {"file": SimpleUploadedFile(name, content), "aside": aside})


def planned(client: Client, content: bytes, **more: str) -> Batch:
    response = send(client, content, **more)
    assert response.status_code == 302
    batch = Batch.objects.first()
    assert batch is not None
    assert response["Location"] == way(batch)
    return batch


def way(batch: Batch, what: str = "change") -> str:
    return reverse(f"admin:portal_batch_{what}", args=[batch.pk])


def confirmation(client: Client, batch: Batch) -> dict[str, str]:
    """What a browser would send of the form that confirms, with a reason."""
    forms = page(client, way(batch)).select("#content-main form[method=post]")
    return fields(f"<div id=content-main>{forms[-1]}</div>".encode()) | {"change_reason": "各省の更新"}


def loaded(client: Client, content: bytes, **more: str) -> Batch:
    batch = planned(client, content, **more)
    assert client.post(way(batch), confirmation(client, batch)).status_code == 302
    batch.refresh_from_db()
    assert batch.change is not None
    return batch


def cells(tag: Tag) -> list[list[str]]:
    return [[each.get_text(" ", strip=True) for each in row.select("th, td")] for row in tag.select("tbody tr")]


def summary(soup: BeautifulSoup) -> list[list[str]]:
    found = soup.select_one("table.summary")
    return cells(found) if found is not None else []


def problems(soup: BeautifulSoup) -> list[list[str]]:
    found = soup.select_one("table.problems")
    return cells(found) if found is not None else []


def said(soup: BeautifulSoup) -> list[str]:
    return [each.get_text(strip=True) for each in soup.select(".messagelist li")]


# A file comes in


def test_uploading_makes_a_plan_and_writes_nothing(steward: Client) -> None:
    factories.source("s1", title="古い資料名")
    factories.source("s2", title="同じ")
    content = sources(["s1", "新しい資料名"], ["s2", "同じ"], ["s3", "加わる資料"])
    before = current().number

    batch = planned(steward, content)

    assert (batch.name, bytes(batch.content), batch.user_name) == ("計画.xlsx", content, "hanako")
    assert (batch.digest, batch.revision, batch.change) == (hashlib.sha256(content).hexdigest(), before, None)
    assert (Source.objects.get(code="s1").title, Source.objects.count()) == ("古い資料名", 2)
    assert (current().number, Change.objects.filter(kind=ChangeKind.LOAD).count()) == (before, 0)
    soup = page(steward, way(batch))
    assert summary(soup) == [["出典", "1", "1", "1", "0", "0"]]
    written = soup.select(".written")
    assert [each.h4.get_text(" ", strip=True) for each in written if each.h4] == [
        "変更 s1 出典!2:2",
        "追加 s3 出典!4:4",
    ]
    assert cells(written[0]) == [["資料名", "古 い資料名", "新し い資料名"]]
    assert [(each.name, each.get_text()) for each in written[0].select("del, ins")] == [("del", "古"), ("ins", "新し")]
    address = reverse("admin:portal_source_change", args=[Source.objects.get(code="s1").pk])
    assert [str(link["href"]) for link in soup.select(".written a")] == [address]
    facts = soup.select_one(".facts")
    assert facts is not None
    for word in (batch.digest, "hanako", "計画.xlsx", str(before), "計画済み"):
        assert word in facts.get_text()


def test_what_is_no_workbook_is_refused_and_not_kept(steward: Client) -> None:
    response = send(steward, b"%PDF-1.7 ...", "計画.pdf")

    soup = BeautifulSoup(response.content, "html.parser")
    alert = soup.select_one("[role=alert]")
    assert alert is not None
    assert alert.li is not None
    assert alert.li.get_text(strip=True) == "ファイル：中身は PDF です。XLSX、ODS、CSV のいずれかにしてください。"
    assert alert.has_attr("autofocus")
    assert Batch.objects.count() == 0


def test_a_form_without_a_file_says_so(steward: Client) -> None:
    soup = BeautifulSoup(steward.post(ADD, {"aside": ""}).content, "html.parser")

    assert [each.get_text(strip=True) for each in soup.select("[role=alert] li")] == [
        "ファイル：ファイルを選んでください。"
    ]


def test_a_large_file_is_refused_while_it_arrives(steward: Client) -> None:
    response = send(steward, b"a" * (guard.MAX_FILE + 1), "大.csv")

    assert response.wsgi_request.FILES == {}
    soup = BeautifulSoup(response.content, "html.parser")
    assert [each.get_text(strip=True) for each in soup.select("[role=alert] li")] == [
        "ファイル：ファイルが大きすぎます（上限 20 MB）。"
    ]
    assert Batch.objects.count() == 0


def test_an_upload_needs_the_token_of_its_page() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member("Data stewards"))
    content = sources(["s1", "資料"])

    assert send(client, content).status_code == 403
    token = fields(client.get(ADD).content)["csrfmiddlewaretoken"]
    data = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("計画.xlsx", content), "aside": ""}
    assert client.post(ADD, data).status_code == 302
    assert Batch.objects.count() == 1


def test_the_same_file_sent_twice_is_one_batch(steward: Client) -> None:
    content = sources(["s1", "資料"])

    first = planned(steward, content)
    again = planned(steward, content)
    planned(steward, content, aside="使わない")
    planned(client_of(member("Data stewards", name="taro")), content)

    assert (first.pk, Batch.objects.count()) == (again.pk, 3)


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_is_one_batch() -> None:
    user, content = member("Data stewards"), sources(["s1", "資料"])

    def send_it(_number: int) -> int:
        try:
            return batches.draft("計画.xlsx", content, user=user).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        pks = set(threads.map(send_it, range(4)))

    assert pks == set(Batch.objects.values_list("pk", flat=True))
    assert len(pks) == 1


def test_workbooks_to_begin_with_are_in_the_language_of_the_page(steward: Client) -> None:
    factories.source("s1", title="資料")
    found = {}
    for address in (f"{LIST}data.xlsx", f"{LIST}template.xlsx", f"/en{LIST}data.xlsx"):
        response: Any = steward.get(address)
        content = b"".join(response.streaming_content)
        found[address] = openpyxl.load_workbook(io.BytesIO(content)).sheetnames
        assert response["Content-Type"] == XLSX
        name = "template" if "template" in address else "data"
        assert f'filename="{name}-r{current().number}-' in response["Content-Disposition"]
        if name == "data" and "/en/" not in address:
            soup = page(steward, way(planned(steward, content)))
            assert summary(soup)[0] == ["出典", "0", "0", "1", "0", "0"]
            assert soup.select("[name=change_reason]") == []

    assert [found[address][:2] for address in found] == [
        ["出典", "体制"],
        ["手引き", "出典"],
        ["Sources", "Structures"],
    ]


def test_data_for_who_may_not_see_everything_leave_the_rest_out() -> None:
    factories.source("s1", title="資料")
    client = client_of(member(rights=["portal.import_batch", "portal.view_source"]))

    response: Any = client.get(f"{LIST}data.xlsx")
    assert openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).sheetnames == ["出典"]
    assert client.get(f"{LIST}template.xlsx").status_code == 403
    assert page(client, ADD).select("a[href$='template.xlsx']") == []


# The plan


def test_errors_stand_first_with_their_cells_and_nothing_can_be_loaded(steward: Client) -> None:
    factories.source("s0", title="題")
    head = ["コード", "資料名", "決定日・公布日・公表日"]
    rows: Rows = [["s0", datetime.date(2025, 2, 18), ""], ["s1", "資料", "R7.2.18"], ["s2", "", "2025-02-30"]]
    content = book(出典=[head, *rows])
    batch = planned(steward, content)

    soup = page(steward, way(batch))

    found = problems(soup)
    assert [each[1] for each in found if each[0] == "誤り"] == ["出典!B4", "出典!C4"]
    assert (
        [each[:2] for each in found if each[0] != "誤り"] == [["注意", "出典!B2"]] == [each[:2] for each in found[2:]]
    )
    errors = soup.select_one("#errors")
    assert errors is not None
    assert errors.h2 is not None
    assert errors.h2.get_text(strip=True) == f"誤りが{len([each for each in found if each[0] == '誤り'])}件あります"
    assert "すべて直すまで、何も取り込みません。" in errors.get_text()
    assert [str(link["href"]) for link in errors.select("a")] == [f"{ADD}?replaces={batch.pk}"]
    assert soup.select("[name=change_reason]") == []
    assert batch.plan_digest == ""
    response = steward.post(way(batch), {"change_reason": "理由", "plan_digest": ""})
    assert response.status_code == 409
    assert Source.objects.count() == 1


def test_many_problems_and_rows_have_pages(steward: Client) -> None:
    wrong = [[f"s{number}", "資料", "いつか"] for number in range(120)]
    head = ["コード", "資料名", "決定日・公布日・公表日"]
    batch = planned(steward, book(出典=[head, *wrong]))
    assert [len(problems(page(steward, way(batch) + query))) for query in ("", "?q=2")] == [100, 20]

    batch = planned(steward, book(出典=[head, *([code, title, ""] for code, title, _day in wrong)]))
    soup = page(steward, f"{way(batch)}?p=3")
    assert [each.get_text(" ", strip=True) for each in soup.select("h4")][-1] == "追加 s119 出典!121:121"
    assert len(soup.select("h4")) == 20
    assert [link["href"] for link in soup.select("nav.paginator a")] == [f"{way(batch)}?p=2#rows"]


def test_unknown_columns_are_set_aside_on_purpose(steward: Client) -> None:
    content = book(出典=[["コード", "資料名", "ページ数"], ["s1", "資料", 3]], 覚え書き=[["何か"], ["文"]])
    batch = planned(steward, content)
    soup = page(steward, way(batch))
    assert [(box["value"], box.has_attr("checked")) for box in soup.select("[name=aside]")] == [
        ("覚え書き", False),
        ("ページ数", False),
    ]

    response = steward.post(way(batch), {"_plan": "1", "aside": ["覚え書き", "ページ数"]}, follow=True)

    soup = BeautifulSoup(response.content, "html.parser")
    assert said(soup) == ["いまのデータと比べて、計画を作り直しました。まだ何も取り込んでいません。"]
    assert problems(soup) == []
    assert [box.has_attr("checked") for box in soup.select("[name=aside]")] == [True, True]
    assert len(soup.select("[name=change_reason]")) == 1
    batch.refresh_from_db()
    assert batch.aside == ["覚え書き", "ページ数"]
    assert page(steward, f"{ADD}?replaces={batch.pk}").select("[name=aside]")[0].get_text().split() == batch.aside


def test_choices_and_what_is_read_from_words_are_shown_in_words(steward: Client) -> None:
    plan = factories.plan()
    factories.target(plan, "t1")
    content = book(
        目標=[["計画", "コード", "目標の文言", "根拠の種類"], ["plan", "t1", "140件/年", "推定"]],
        出典=[["コード", "案"], ["slides", "○"]],
    )
    batch = planned(steward, content)

    soup = page(steward, f"{way(batch)}?sheet=targets")
    found = {row[0]: row[1:] for row in cells(soup.select(".written")[0])}
    assert found["根拠の種類"] == ["記載どおり", "推定"]
    assert found["目標の文言"] == ["130 件/年", "140 件/年"]
    assert found["目標値 文言から読み取り"] == ["130", "140"]
    assert cells(page(steward, f"{way(batch)}?sheet=sources").select(".written")[0]) == [["案", "いいえ", "はい"]]
    english = page(steward, f"/en{way(batch)}?sheet=sources")
    assert cells(english.select(".written")[0])[0][1:] == ["No", "Yes"]


def test_a_cleared_cell_is_shown_as_empty(steward: Client) -> None:
    factories.source("s1", title="資料", issuer="発行者")
    batch = planned(steward, book(出典=[["コード", "発行者"], ["s1", "(削除)"]]))

    assert cells(page(steward, way(batch)).select(".written")[0]) == [["発行者", "発行者", "（空欄）"]]


@pytest.mark.parametrize("count", [1, 3, 1000])
def test_plan_takes_the_same_queries_however_many_rows(
    count: int, steward: Client, django_assert_num_queries: Any
) -> None:
    Source.objects.bulk_create(Source(code=f"s{number}", title="資料") for number in range(count))
    batch = planned(steward, sources(*([f"s{number}", "新しい"] for number in range(count))))
    page(steward, way(batch))

    with django_assert_num_queries(9):
        soup = page(steward, way(batch))

    assert len(soup.select(".written")) == min(count, 50)


# Confirming


def test_confirming_loads_in_one_change_with_its_reason(steward: Client) -> None:
    plan = factories.plan()
    factories.target(plan, "t1", name="前の名")
    content = book(目標=[["計画", "コード", "資料での指標名"], ["plan", "t1", "後の名"]])
    batch = planned(steward, content)
    data = confirmation(steward, batch) | {"change_reason_en": "Updates"}

    response = steward.post(way(batch), data, follow=True)

    soup = BeautifulSoup(response.content, "html.parser")
    assert said(soup) == ["取り込みました。"]
    assert Target.objects.get().name == "後の名"
    batch.refresh_from_db()
    change = batch.change
    assert change is not None
    assert (change.kind, change.about, change.user_name) == ("load", "計画.xlsx", "hanako")
    assert (change.reason, change.reason_en, change.is_public) == ("各省の更新", "Updates", True)
    facts = soup.select_one(".facts")
    assert facts is not None
    assert "取込済み" in facts.get_text()
    assert reverse("admin:portal_change_change", args=[change.pk]) in [link["href"] for link in facts.select("a")]
    assert soup.select("[name=change_reason], [name=_plan]") == []


def test_what_readers_saw_until_it_was_loaded_is_told_to_them() -> None:
    factories.plan("p1", status=Status.PUBLISHED)
    both = client_of(member("Data stewards", "Publishers", name="both"))

    batch = loaded(both, book(計画=[["コード", "状態"], ["p1", "下書き"]]))

    assert batch.change is not None
    assert (Plan.objects.get().status, batch.change.is_public) == (Status.DRAFT, True)


def test_confirming_needs_a_reason(steward: Client) -> None:
    batch = planned(steward, sources(["s1", "資料"]))

    response = steward.post(way(batch), confirmation(steward, batch) | {"change_reason": " "})

    alert = BeautifulSoup(response.content, "html.parser").select_one("[role=alert]")
    assert alert is not None
    assert "取り込む理由を書いてください。" in alert.get_text()
    assert Source.objects.count() == 0


def test_confirming_twice_loads_once(steward: Client) -> None:
    batch = planned(steward, sources(["s1", "資料"]))
    data = confirmation(steward, batch)
    steward.post(way(batch), data)

    again = steward.post(way(batch), data, follow=True)
    other = steward.post(way(batch), data | {"change_token": "3a5c1f0e-7f3b-4d52-9f3e-111111111111"}, follow=True)

    told = ["このファイルは、すでに取り込まれています。二度は取り込んでいません。"]
    assert said(BeautifulSoup(again.content, "html.parser"))[-1:] == told
    assert said(BeautifulSoup(other.content, "html.parser"))[-1:] == told
    assert Change.objects.filter(kind=ChangeKind.LOAD).count() == 1


def test_data_that_changed_meanwhile_are_shown_as_a_new_plan(steward: Client) -> None:
    for number in range(3):
        factories.source(f"s{number}", title="前の名")
    batch = planned(steward, sources(["s0", "後の名"], ["s1", "後の名"], ["s2", "後の名"]))
    data = confirmation(steward, batch)
    with recording(ChangeKind.EDIT):
        Source.objects.filter(code="s1").update(title="ほかの人の名")
        Source.objects.filter(code="s2").update(title="後の名")
    notices = [each.get_text(strip=True) for each in page(steward, way(batch)).select(".notice")]
    assert notices == ["この計画を作ったあとに、データが変わっています。取り込むときに、もう一度比べます。"]

    response = steward.post(way(batch), data)

    assert response.status_code == 409
    soup = BeautifulSoup(response.content, "html.parser")
    alert = soup.select_one("[role=alert]")
    assert alert is not None
    assert [each.get_text(strip=True) for each in alert.select("li")] == [
        "出典「s1」：前の値か、書き込む値が変わりました",
        "出典「s2」：もう書き込みません",
    ]
    assert cells(soup.select(".written")[1]) == [["資料名", "ほかの人 の名", "後 の名"]]
    assert Source.objects.filter(title="後の名").count() == 1
    again = fields(f"<div id=content-main>{soup.select('#content-main form')[-1]}</div>".encode())
    assert again["change_reason"] == "各省の更新"
    assert steward.post(way(batch), again).status_code == 302
    assert Source.objects.filter(title="後の名").count() == 3


def test_a_plan_that_was_made_anew_elsewhere_is_not_loaded_unseen(steward: Client) -> None:
    batch = planned(steward, book(出典=[["コード", "資料名", "発行者"], ["s1", "資料", "誰か"]]))
    data = confirmation(steward, batch)
    steward.post(way(batch), {"_plan": "1", "aside": ["発行者"]})

    assert steward.post(way(batch), data).status_code == 409
    assert Source.objects.count() == 0


def test_what_is_published_takes_a_publisher_and_plan_data_do_not() -> None:
    structure = factories.structure("edition")
    place = factories.place(structure, "b1")
    Mandate.objects.create(placement=place, code="m1", text="前の役割", source=factories.source())
    content = book(役割=[["体制", "機関", "コード", "役割"], ["edition", "b1", "m1", "後の役割"]])
    steward = client_of(member("Data stewards"))

    batch = planned(steward, content)
    assert [each[:2] for each in problems(page(steward, way(batch)))] == [["誤り", "役割!2:2"]]
    assert steward.post(way(batch), {"change_reason": "理由", "plan_digest": "x"}).status_code == 409
    assert Mandate.objects.get().text == "前の役割"

    both = client_of(member("Data stewards", "Publishers", name="both"))
    loaded(both, content)
    assert Mandate.objects.get().text == "後の役割"

    factories.plan()
    factories.target(Plan.objects.get(), "t1")
    loaded(steward, book(目標=[["計画", "コード", "資料での指標名"], ["plan", "t1", "後の名"]]))
    assert Target.objects.get().name == "後の名"


def test_a_plan_of_a_publisher_is_not_loaded_by_who_may_not_publish() -> None:
    place = factories.place(factories.structure("edition"), "b1")
    Mandate.objects.create(placement=place, code="m1", text="前の役割", source=factories.source())
    content = book(役割=[["体制", "機関", "コード", "役割"], ["edition", "b1", "m1", "後の役割"]])
    batch = planned(client_of(member("Data stewards", "Publishers", name="both")), content)
    steward = client_of(member("Data stewards"))

    assert steward.post(way(batch), confirmation(steward, batch)).status_code == 409
    assert Mandate.objects.get().text == "前の役割"


# After loading, and back


def test_the_file_is_given_back_to_the_byte(steward: Client) -> None:
    with_csv = "コード,資料名\r\ns1,資料\r\n".encode("cp932")
    files = {"計画.xlsx": (sources(["s2", "資料"]), XLSX), "出典.csv": (with_csv, "text/csv")}

    for name, (content, kind) in files.items():
        response = steward.get(way(loaded(steward, content, name=name), "file"))
        assert (response.content, response["Content-Type"]) == (content, kind)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")


def test_a_loaded_batch_is_taken_back_with_a_reason(steward: Client) -> None:
    factories.source("s1", title="前の名")
    batch = loaded(steward, sources(["s1", "後の名"], ["s2", "加わる資料"]))
    soup = page(steward, way(batch, "undo"))
    assert [each.get_text(" ", strip=True) for each in soup.select(".counts li")] == [
        "出典 削除 1件",
        "出典 変更 1件",
    ]
    data = fields(str(soup).encode())
    refused = steward.post(way(batch, "undo"), data)
    assert "取り消す理由を書いてください。" in refused.content.decode()

    response = steward.post(way(batch, "undo"), data | {"change_reason": "別のファイルだった"}, follow=True)

    soup = BeautifulSoup(response.content, "html.parser")
    assert said(soup) == ["取込を取り消しました。"]
    assert list(Source.objects.values_list("code", "title")) == [("s1", "前の名")]
    made = Change.objects.get(kind=ChangeKind.REVERT)
    assert (made.reverts, made.reason) == (batch.change, "別のファイルだった")
    notice = soup.select_one(".notice")
    assert notice is not None
    assert notice.a is not None
    assert notice.a["href"] == reverse("admin:portal_change_change", args=[made.pk])
    again = steward.post(way(batch, "undo"), data | {"change_reason": "もう一度"}, follow=True)
    assert said(BeautifulSoup(again.content, "html.parser")) == ["取り消すものはありません。"]
    assert Change.objects.filter(kind=ChangeKind.REVERT).count() == 1


def test_undo_is_refused_with_the_list_where_later_changes_stand_on_it(steward: Client) -> None:
    batch = loaded(steward, sources(["s1", "資料"], ["s2", "ほかの資料"]))
    soup = page(steward, way(batch, "undo"))
    with recording(ChangeKind.EDIT, user=User.objects.get()):
        Source.objects.filter(code="s1").update(title="直した名")

    response = steward.post(way(batch, "undo"), fields(str(soup).encode()) | {"change_reason": "理由"})

    assert response.status_code == 409
    for found in (BeautifulSoup(response.content, "html.parser"), page(steward, way(batch, "undo"))):
        reasons = [each.get_text(strip=True) for each in found.select("[role=alert] li")]
        assert len(reasons) == 1
        assert reasons[0].startswith("出典「直した名」は、その後に変更されています")
        assert found.select("form[method=post] [name=change_reason]") == []
    assert Source.objects.count() == 2


def test_undo_asks_for_the_rights_that_loading_asked_for() -> None:
    both = client_of(member("Data stewards", "Publishers", name="both"))
    source = factories.source("s1")
    batch = loaded(
        both,
        book(計画=[["コード", "状態", "種別", "題名", "出典"], ["p1", "公開", "計画", "新しい計画", source.code]]),
    )
    steward = client_of(member("Data stewards"))
    viewer = client_of(member("Readers", rights=["portal.import_batch"], name="viewer"))

    for client, reason in (
        (steward, "計画：計画の公開の状態は、公開できる人だけが変えられます。"),
        (viewer, "計画：この種類のデータを加える権限がありません。"),
    ):
        soup = page(client, way(batch, "undo"))
        assert [each.get_text(strip=True) for each in soup.select("[role=alert] li")][:1] == [reason]
        assert client.post(way(batch, "undo"), {"change_reason": "理由"}).status_code == 409
    assert Plan.objects.count() == 1
    assert both.post(way(batch, "undo"), {"change_reason": "理由"}).status_code == 302
    assert Plan.objects.count() == 0


def test_undo_is_told_to_readers_where_they_have_come_to_see_the_rows() -> None:
    both = client_of(member("Data stewards", "Publishers", name="both"))
    structure = factories.structure("draft", status=Status.DRAFT)
    factories.place(structure, "b1")
    head = ["体制", "機関", "コード", "役割", "出典"]
    batch = loaded(both, book(役割=[head, ["draft", "b1", "m1", "役割", "slides"]]))
    assert batch.change is not None
    assert not batch.change.is_public
    structure.status = Status.PUBLISHED
    structure.save()

    assert both.post(way(batch, "undo"), {"change_reason": "理由"}).status_code == 302

    assert Change.objects.get(kind=ChangeKind.REVERT).is_public


# The list, and who sees what


def test_list_says_how_far_each_has_come(steward: Client) -> None:
    planned(steward, sources(["s1", "資料"]), name="計画済み.xlsx")
    planned(steward, sources(["s1", "資料"], ["s1", "資料"]), name="誤り.xlsx")
    back = loaded(steward, sources(["s2", "資料"]), name="戻した.xlsx")
    steward.post(way(back, "undo"), {"change_reason": "理由"})
    loaded(steward, sources(["s3", "資料"], ["s4", "資料"]), name="取り込んだ.xlsx")

    def listed(query: str = "") -> list[list[str]]:
        table = page(steward, LIST + query).select_one("#result_list")
        return [[row[0], row[1], row[4]] for row in cells(table)] if table is not None else []

    assert listed() == [
        ["取り込んだ.xlsx", "取込済み", "出典の追加 2件"],
        ["戻した.xlsx", "取り消し済み", "出典の追加 1件"],
        ["誤り.xlsx", "誤りあり", "－"],
        ["計画済み.xlsx", "計画済み", "－"],
    ]
    for query, expected in (("planned", 3), ("faulty", 2), ("loaded", 0), ("undone", 1)):
        assert listed(f"?standing={query}") == [listed()[expected]]


@pytest.mark.parametrize("count", [1, 3, 60])
def test_list_takes_the_same_queries_however_long(count: int, steward: Client, django_assert_num_queries: Any) -> None:
    user = User.objects.get()
    for number in range(count):
        change = None
        if number % 2 == 0:
            with recording(ChangeKind.LOAD, user=user) as change:
                factories.source(f"s{number}")
        made = {"content": b"x" * 1000, "digest": "0", "plan": b"x", "plan_digest": "1", "revision": 1}
        Batch.objects.create(name=f"{number}.xlsx", user=user, change=change, **made)
    page(steward, LIST)

    with django_assert_num_queries(9) as queries:
        page(steward, LIST)

    assert [each["sql"] for each in queries if '"plan"' in each["sql"]] == []


def test_only_what_was_never_loaded_is_deleted(steward: Client) -> None:
    waiting, done = planned(steward, sources(["s1", "資料"])), loaded(steward, sources(["s2", "資料"]))
    page(steward, way(waiting, "delete"))

    assert [steward.post(way(each, "delete")).status_code for each in (waiting, done)] == [302, 403]
    assert list(Batch.objects.all()) == [done]
    assert page(steward, way(done)).select(f"a[href='{way(done, 'delete')}']") == []


@pytest.mark.parametrize("group", [None, "Readers", "Editors", "Publishers"])
def test_batches_are_for_who_may_import(group: str | None, steward: Client) -> None:
    waiting, done = planned(steward, sources(["s1", "資料"])), loaded(steward, sources(["s2", "資料"]))
    client = client_of(member(group, name="other")) if group else Client()
    pages = [LIST, ADD, f"{LIST}template.xlsx", f"{LIST}data.xlsx"]
    pages += [way(each, what) for each in (waiting, done) for what in ("change", "delete", "undo", "file")]

    answers = {address: (client.get(address).status_code, client.post(address).status_code) for address in pages}

    assert set(answers.values()) == {(403, 403) if group else (302, 302)}
    assert (Batch.objects.count(), Source.objects.count()) == (2, 1)


def test_a_plan_of_someone_with_more_rights_hides_what_one_may_not_see() -> None:
    factories.plan()
    factories.target(Plan.objects.get(), "t1", name="秘密の名")
    content = book(
        Sheet1=[["計画", "コード", "資料での指標名", "根拠の種類"], ["plan", "t1", "別の名", "そのほか"]],
        出典=[["コード", "資料名", "案"], ["slides", "新しい資料名", "たぶん"]],
    )
    batch = planned(client_of(member("Data stewards")), content)
    few = client_of(member(rights=["portal.import_batch", "portal.view_source", "portal.change_source"], name="few"))

    soup = page(few, way(batch))

    assert [row[0] for row in summary(soup)] == ["出典"]
    assert [row[1] for row in problems(soup)] == ["出典!C2"]
    assert [row[0] for row in cells(soup.select(".written")[0])] == ["資料名"]
    assert "秘密の名" not in str(soup)
    notice = soup.select_one(".notice")
    assert notice is not None
    assert notice.get_text().endswith("目標")
    assert soup.select("#content-main form[method=post]") == []
    for what in ("file", "undo"):
        assert few.post(way(batch, what)).status_code in (302, 403, 405)
    assert few.get(way(batch, "file")).status_code == 403
    assert few.post(way(batch), {"_plan": "1"}).status_code == 403


def test_ones_own_sheet_of_a_kind_that_one_may_not_see_is_named_and_can_be_set_aside() -> None:
    factories.plan()
    client = client_of(member(rights=["portal.import_batch", "portal.view_source", "portal.add_source"], name="few"))
    content = sources(["s1", "資料"], 計画=[["コード", "題名"], ["plan", "別の名"]])
    batch = planned(client, content)

    soup = page(client, way(batch))

    assert problems(soup) == [["誤り", "計画", "この種類のデータを見る権限がありません。"]]
    assert [box["value"] for box in soup.select("[name=aside]")] == ["計画"]
    client.post(way(batch), {"_plan": "1", "aside": ["計画"]})
    client.post(way(batch), confirmation(client, batch))
    assert Source.objects.filter(code="s1").count() == 1


def test_start_page_shows_what_waits_to_who_may_import(steward: Client) -> None:
    batch = planned(steward, sources(["s1", "資料"]))
    loaded(steward, sources(["s2", "資料"]))
    editor = client_of(member("Editors", name="editor"))

    found = page(steward, "/admin/").select("section[aria-labelledby=batches-title] a")

    assert [(link.get_text(strip=True), link["href"]) for link in found] == [
        ("計画.xlsx", way(batch)),
        ("ファイルを取り込む", ADD),
    ]
    assert page(editor, "/admin/").select("section[aria-labelledby=batches-title]") == []


def test_a_plan_keeps_no_more_of_a_name_than_fits_and_its_ending() -> None:
    file = io.BytesIO()
    write.template(file)

    batch = batches.draft(f"{'長' * 300}.xlsx", file.getvalue())

    assert (len(batch.name), batch.name[-6:]) == (200, "長.xlsx")
