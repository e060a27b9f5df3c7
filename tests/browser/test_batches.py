"""A data steward in a real browser: a workbook with an error, put right, loaded, seen by readers, taken back."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User
from playwright.sync_api import Browser, Page, expect

from plans.models import Target
from portal import batches
from portal.models import Batch, Source
from portal.workbook.guard import MAX_FILE
from tests.browser import test_editions

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

window, serious = test_editions.window, test_editions.serious
READERS = "/plans/third-period/targets/"
NAME = "企業導出件数（直した名）"


@pytest.fixture
def steward(third_period: None, window: Page) -> Page:
    user = User.objects.create_user("hanako", password=test_editions.PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name="Data stewards"))
    window.goto("/admin/")
    window.locator("#id_username").fill("hanako")
    window.locator("#id_password").fill(test_editions.PASSWORD)
    window.locator("[type=submit]").click()
    return window


def workbook(path: Path, name: str, value: str) -> Path:
    """The target of the slide with another name, and with a value."""
    target = Target.objects.get(code="slide-04")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "目標"
    sheet.append(["計画", "コード", "資料での指標名", "目標値"])
    sheet.append([target.plan.code, target.code, name, value])
    book.save(path)
    return path


def whole(window: Page) -> None:
    """The page is whole for everybody: by axe, in both languages, and on a phone without sideways scrolling."""
    address = window.url
    english = address.replace("/admin/", "/en/admin/")
    for each in (english, address):
        window.set_viewport_size({"width": 1440, "height": 900})
        if window.url != each:
            window.goto(each)
        assert (each, serious(window)) == (each, [])
        window.set_viewport_size({"width": 375, "height": 800})
        assert (each, window.evaluate("document.documentElement.scrollWidth")) == (each, 375)
        assert (each, serious(window)) == (each, [])
    window.set_viewport_size({"width": 1440, "height": 900})


def faults(window: Page) -> list[str]:
    """What axe finds on the very page that answered a form."""
    found = Axe().run(window).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def press(window: Page, selector: str) -> None:
    """Reach it by the Tab key alone, and press Enter."""
    wanted = window.locator(selector).first
    for _step in range(120):
        window.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            window.keyboard.press("Enter")
            return
    raise AssertionError(f"{selector} is not reached by the keyboard")


def test_a_file_is_planned_put_right_loaded_and_taken_back(
    steward: Page, browser: Browser, here: str, tmp_path: Path
) -> None:
    reader = browser.new_page(base_url=here)
    reader.goto(READERS)
    before = reader.locator("main").inner_text()
    steward.goto("/admin/")
    steward.get_by_role("link", name="ファイルを取り込む").click()
    whole(steward)

    steward.get_by_label("ファイル", exact=False).first.set_input_files(workbook(tmp_path / "a.xlsx", NAME, "たくさん"))
    steward.get_by_role("button", name="計画を見る").click()
    expect(steward.locator("#errors h2")).to_have_text("誤りが1件あります")
    expect(steward.locator(".problems tbody th")).to_have_text("目標!D2")
    expect(steward.locator("#id_change_reason")).to_have_count(0)
    whole(steward)

    steward.get_by_role("link", name="ファイルを差し替える").first.click()
    steward.locator("#id_file").set_input_files(workbook(tmp_path / "b.xlsx", NAME, ""))
    steward.get_by_role("button", name="計画を見る").click()
    expect(steward.locator(".ready")).to_contain_text("1行を書き込みます")
    expect(steward.locator(".written ins")).to_have_text("（直した名）")
    whole(steward)
    steward.get_by_role("button", name="取り込む").click()
    expect(steward.locator("[role=alert]")).to_be_focused()
    steward.locator("#id_change_reason").fill("名称の訂正")
    steward.get_by_role("button", name="取り込む").click()
    expect(steward.locator(".messagelist")).to_contain_text("取り込みました。")
    whole(steward)
    reader.goto(READERS)
    expect(reader.locator("main")).to_contain_text(NAME)
    reader.goto("/changes/")
    expect(reader.locator("main")).to_contain_text("名称の訂正")

    steward.get_by_role("link", name="この取込を取り消す").click()
    whole(steward)
    steward.locator("#id_change_reason").fill("取り違え")
    steward.get_by_role("button", name="取り消す").click()
    expect(steward.locator(".messagelist")).to_contain_text("取込を取り消しました。")
    whole(steward)
    reader.goto(READERS)
    assert reader.locator("main").inner_text() == before
    steward.goto("/admin/portal/batch/")
    expect(steward.locator("#result_list tbody tr")).to_have_count(2)
    whole(steward)
    reader.close()


def test_all_of_it_by_the_keyboard(steward: Page, tmp_path: Path) -> None:
    steward.goto("/admin/")
    press(steward, "a[href$='/batch/add/']:has-text('ファイルを取り込む')")
    steward.wait_for_url("**/batch/add/")
    steward.locator("#id_file").set_input_files(workbook(tmp_path / "b.xlsx", NAME, ""))  # the dialog is the system's
    press(steward, "[type=submit].default")
    steward.wait_for_url("**/change/")
    press(steward, "a[href='#confirm']")
    press(steward, "[type=submit].default")
    expect(steward.locator("[role=alert]")).to_be_focused()
    press(steward, "a[href='#id_change_reason']")
    expect(steward.locator("#id_change_reason")).to_be_focused()
    steward.keyboard.type("訂正")
    press(steward, "[type=submit].default")

    expect(steward.locator(".messagelist")).to_contain_text("取り込みました。")
    press(steward, "a[href$='/undo/']")
    steward.wait_for_url("**/undo/")
    steward.locator("#id_change_reason").focus()
    steward.keyboard.type("取り違え")
    press(steward, "[type=submit].default")
    expect(steward.locator(".messagelist")).to_contain_text("取込を取り消しました。")
    assert Target.objects.get(code="slide-04").name != NAME


def test_a_large_file_is_refused_before_it_is_sent_and_after(steward: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(MAX_FILE + 1)
    page = steward.context.new_page()  # axe makes the policy complain on the console
    page.goto("/admin/portal/batch/add/")
    page.locator("#id_file").set_input_files(large)
    said = page.locator("#id_file").evaluate("input => input.validationMessage")
    assert said == "ファイルが大きすぎます（上限 20 MB）。"

    page.locator("#id_file").evaluate("input => input.setCustomValidity('')")  # as without the script
    page.get_by_role("button", name="計画を見る").click()
    expect(page.locator("[role=alert]")).to_contain_text(said)
    expect(page.locator("[role=alert]")).to_be_focused()
    assert faults(page) == []
    assert Batch.objects.count() == 0


def test_a_plan_that_changed_and_an_undo_in_the_way_are_whole(steward: Page, tmp_path: Path) -> None:
    user = User.objects.get()
    waiting = batches.draft("b.xlsx", workbook(tmp_path / "b.xlsx", NAME, "").read_bytes(), user=user)
    other = steward.context.new_page()  # a 409 is a message on the console
    other.goto(f"/admin/portal/batch/{waiting.pk}/change/")
    target = Target.objects.get(code="slide-04")
    target.name = "ほかの人の名"
    target.save()
    other.locator("#id_change_reason").fill("訂正")
    with other.expect_response(lambda response: response.request.method == "POST") as answered:
        other.get_by_role("button", name="取り込む").click()
    assert answered.value.status == 409
    expect(other.locator("[role=alert]")).to_be_focused()
    assert faults(other) == []
    expect(other.locator("[role=alert] li")).to_have_text("目標「slide-04」：前の値か、書き込む値が変わりました")

    waiting.refresh_from_db()
    batches.confirm(waiting, user, reason="訂正")
    target.name = "また別の名"
    target.save()
    steward.goto(f"/admin/portal/batch/{waiting.pk}/undo/")
    expect(steward.locator("[role=alert] li")).to_contain_text("その後に変更されています")
    whole(steward)
    steward.goto(f"/admin/portal/batch/{batches.draft('c.csv', csv(), user=user).pk}/delete/")
    whole(steward)


def csv() -> bytes:
    return f"コード,資料名\r\n{Source.objects.values_list('code', flat=True)[0]},別の資料名\r\n".encode()
