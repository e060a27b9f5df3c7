"""An editor sees what was done and takes it back; the pages that editors use most are whole for everybody."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import Page, expect

from bodies.models import Placement
from plans.models import Target
from portal.journal import recording
from portal.models import Change, ChangeKind
from tests.browser import test_editions

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

window, serious = test_editions.window, test_editions.serious


@pytest.fixture
def editor(third_period: None, window: Page) -> Page:
    User.objects.create_superuser("hanako", password=test_editions.PASSWORD)
    window.goto("/admin/")
    window.locator("#id_username").fill("hanako")
    window.locator("#id_password").fill(test_editions.PASSWORD)
    window.locator("[type=submit]").click()
    return window


def moved() -> Change:
    """AMED put under the Ministry of Finance's neighbour by mistake: a move of a whole branch."""
    ministry = Placement.objects.get(structure__code="third-period", body__code="mhlw")
    group = Placement.objects.get(structure__code="third-period", body__code="group_other")
    with recording(ChangeKind.MOVE, about="厚生労働省", user=User.objects.get()) as change:
        Placement.objects.move_node(ministry, group, "first-child")
    return change


def outline() -> list[tuple[str, int]]:
    rows = Placement.objects.filter(structure__code="third-period").order_by("lft")
    return list(rows.values_list("body__code", "level"))


def test_a_move_is_found_in_the_history_and_taken_back(editor: Page) -> None:
    before = outline()
    moved()
    assert outline() != before

    editor.goto("/admin/")
    editor.get_by_role("link", name="すべての変更履歴").click()
    editor.get_by_label("操作").select_option(label="移動")
    editor.get_by_role("button", name="絞り込む").click()
    editor.get_by_role("link", name="厚生労働省").click()
    expect(editor.locator(".written").first).to_contain_text("上位")
    editor.get_by_role("link", name="この変更を取り消す").click()
    editor.get_by_label("理由：", exact=True).fill("動かす相手を取り違えた")
    editor.get_by_role("button", name="取り消す").click()

    expect(editor.locator(".messagelist")).to_contain_text("変更を取り消しました")
    expect(editor.locator(".facts")).to_contain_text("動かす相手を取り違えた")
    assert outline() == before
    call_command("check_tree")


def test_a_target_is_corrected_and_its_reading_seen(editor: Page) -> None:
    target = Target.objects.get(code="plan-op2")
    editor.goto(f"/admin/plans/target/{target.pk}/change/")
    editor.locator("#id_text").fill("70件/年(2025~2029年度累計300件)")
    editor.get_by_label("読み取りを反映").check()
    editor.get_by_role("button", name="保存して編集を続ける").click()

    expect(editor.locator(".messagelist")).to_contain_text("70 × 5年 ＝ 350ですが、累計の目標値は300です。")
    expect(editor.locator("#id_value")).to_have_value("70")


def test_pages_of_editors_are_whole_for_everybody(editor: Page) -> None:
    target = Target.objects.get(code="slide-04")
    change = moved()
    addresses = [
        "/admin/",
        "/en/admin/",
        "/admin/plans/target/",
        f"/admin/plans/target/{target.pk}/change/",
        "/admin/plans/observation/add/",
        "/admin/projects/budget/",
        f"/admin/plans/target/{target.pk}/history/",
        "/admin/portal/change/",
        "/admin/portal/change/?kind=past",
        f"/admin/portal/change/{change.pk}/change/",
        f"/admin/portal/change/{change.pk}/revert/",
    ]

    for address in addresses:
        editor.set_viewport_size({"width": 1440, "height": 900})
        editor.goto(address)
        assert (address, serious(editor)) == (address, [])
        editor.set_viewport_size({"width": 375, "height": 800})
        assert (address, editor.evaluate("document.documentElement.scrollWidth")) == (address, 375)


def test_two_editors_see_both_versions(editor: Page) -> None:
    target = Target.objects.get(code="slide-04")
    editor.goto(f"/admin/plans/target/{target.pk}/change/")
    with recording(ChangeKind.EDIT, user=User.objects.get()):
        target.name = "ほかの人の名"
        target.save()

    editor.locator("#id_name").fill("わたしの名")
    editor.locator("[name=_save]").click()

    row = editor.locator(".collisions tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(re.compile("企業導出件数.*ほかの人の名.*わたしの名", re.DOTALL))
    assert serious(editor) == []
    editor.locator("[name=_save]").click()
    target.refresh_from_db()
    assert target.name == "わたしの名"
