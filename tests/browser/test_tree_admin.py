"""What an editor does in a real browser: moves a council by mouse, keyboard and buttons, corrects a role, collides."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect

from bodies.editions import clone
from bodies.models import Placement, Status, Structure
from portal.models import Change
from portal.tree import faults
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Desk = Callable[..., Page]


@pytest.fixture
def desk(browser: Browser, here: str) -> Iterator[Desk]:
    """Opens an editor's window. Any message of the console fails the test, and so does every breach of the policy."""
    wrong: list[str] = []
    contexts = []

    def open_desk(name: str = "hanako", *, scripts: bool = True) -> Page:
        client = Client()
        client.force_login(User.objects.create_superuser(name))
        context = browser.new_context(
            base_url=here, viewport={"width": 1440, "height": 900}, java_script_enabled=scripts
        )
        contexts.append(context)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": here}])
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(here) else wrong.append(request.url))
        return page

    yield open_desk
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def draft(third_period: None) -> Structure:
    return clone(Structure.objects.get(code="third-period"), "next", "次の体制")


def place(structure: Structure, code: str) -> Placement:
    return Placement.objects.get(structure=structure, body__code=code)


def tree(structure: Structure) -> str:
    return reverse("admin:bodies_placement_tree", args=[structure.pk])


def row(page: Page, structure: Structure, code: str) -> Locator:
    return page.locator(f"#row-{place(structure, code).pk}")


def under(structure: Structure, code: str) -> list[str]:
    """What stands under a place, in order."""
    rows = Placement.objects.filter(structure=structure, parent__body__code=code).order_by("lft")
    return list(rows.values_list("body__code", flat=True))


def serious(page: Page) -> list[str]:
    # Without its preloading, which the policy refuses and no rule of ours needs.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def test_a_council_is_dragged_elsewhere_and_moved_back_by_keyboard(desk: Desk, draft: Structure) -> None:
    before = under(draft, "council")
    page = desk()
    page.goto(tree(draft))

    row(page, draft, "kyogikai03").drag_to(row(page, draft, "expert"))
    expect(page.locator("#tree-status")).to_have_text(
        "「再生・細胞医療・遺伝子治療開発協議会」を、「健康・医療戦略推進専門調査会」の下の 1 番目に移しました。"
    )
    assert under(draft, "expert") == ["kyogikai03"]
    moved = row(page, draft, "kyogikai03").locator("input")
    expect(moved).to_be_focused()
    expect(row(page, draft, "kyogikai03")).to_have_attribute("data-level", "2")

    told = page.locator("#tree-status")
    for key, words in [
        ("Alt+ArrowLeft", "の下の 2 番目に"),  # beside the panel
        ("Alt+ArrowDown", "の下の 3 番目に"),
        ("Alt+ArrowDown", "の下の 4 番目に"),
        ("Alt+ArrowUp", "の下の 3 番目に"),
        ("Alt+ArrowDown", "の下の 4 番目に"),
        ("Alt+ArrowRight", "「健康・医療戦略推進会議」の下の 10 番目に"),
    ]:
        page.keyboard.press(key)
        expect(told).to_contain_text(words)
        expect(moved).to_be_focused()
    for number in range(9, 2, -1):
        page.keyboard.press("Alt+ArrowUp")
        expect(told).to_contain_text(f"の下の {number} 番目に")

    assert under(draft, "council") == before
    assert (under(draft, "expert"), faults(Placement, draft.pk)) == ([], (0, ""))
    assert {change.kind for change in Change.objects.filter(user_name="hanako")} == {"move"}


def test_arrow_keys_choose_a_row_and_enter_moves_nothing(desk: Desk, draft: Structure) -> None:
    page = desk()
    page.goto(f"{tree(draft)}?row={place(draft, 'kyogikai01').pk}")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(row(page, draft, "kyogikai02").locator("input")).to_be_checked()
    assert not Change.objects.filter(kind="move").exists()


def test_a_drop_between_two_rows_puts_it_there_and_shows_where(desk: Desk, draft: Structure) -> None:
    page = desk()
    page.goto(tree(draft))
    target = row(page, draft, "kyogikai01")
    box = target.bounding_box()
    assert box is not None

    row(page, draft, "kyogikai04").hover()
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] - 12, steps=4)
    page.mouse.move(box["x"] + 200, box["y"] + 3, steps=4)
    expect(target).to_have_class("level-2 drop-before")
    page.mouse.up()

    expect(page.locator("#tree-status")).to_contain_text("「健康・医療戦略推進会議」の下の 1 番目に")
    assert under(draft, "council")[:2] == ["kyogikai04", "kyogikai01"]


def test_what_cannot_be_dropped_there_says_why(desk: Desk, draft: Structure) -> None:
    page = desk()
    page.goto(tree(draft))

    row(page, draft, "council").drag_to(row(page, draft, "kyogikai03"))

    expect(page.locator("#tree-status.error")).to_contain_text("自分自身や自分の下位を上位にすることはできません")
    assert not Change.objects.filter(kind="move").exists()


def test_buttons_move_without_a_script(desk: Desk, draft: Structure) -> None:
    page = desk(scripts=False)
    page.goto(tree(draft))

    row(page, draft, "kyogikai02").locator("input").check()
    page.get_by_role("button", name="上へ").click()
    expect(page.locator("#tree-status")).to_contain_text("「健康・医療戦略推進会議」の下の 1 番目に")
    expect(row(page, draft, "kyogikai02").locator("input")).to_be_checked()
    page.get_by_role("button", name="外へ").click()
    expect(page.locator("#tree-status")).to_contain_text("「健康・医療戦略推進本部」の下の 4 番目に")
    page.get_by_role("button", name="内へ").click()
    page.locator("#tree-target").select_option(label="　　医薬品開発協議会（kyogikai01）")
    page.locator("#tree-position").select_option(label="この後（同じ段）")
    page.get_by_role("button", name="移す").click()

    expect(page.locator("#tree-status")).to_contain_text("「健康・医療戦略推進会議」の下の 2 番目に")
    assert under(draft, "council")[:3] == ["kyogikai01", "kyogikai02", "kyogikai03"]


def test_a_target_is_found_by_typing(desk: Desk, draft: Structure) -> None:
    page = desk()
    page.goto(tree(draft))
    row(page, draft, "kyogikai05").locator("input").check()

    page.locator(".tree-to .select2-selection").click()
    page.keyboard.type("参与")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="移す").click()

    expect(page.locator("#tree-status")).to_contain_text("「健康・医療戦略参与会合」の下の 1 番目に")
    expect(page.get_by_role("button", name="移す")).to_be_focused()


def test_rows_are_narrowed_by_name_with_what_they_stand_under(desk: Desk, draft: Structure) -> None:
    page = desk()
    page.goto(tree(draft))

    page.get_by_label("名前で絞る").fill("感染症")

    shown = page.locator("#tree > li:visible .detail")
    expect(shown).to_have_text(["hq", "council", "kyogikai04"])
    expect(page.locator("#tree-status")).to_have_text("1 件が見つかりました。")


def test_a_thousand_bodies_can_be_moved(desk: Desk) -> None:
    structure = factories.structure(status=Status.DRAFT)
    factories.many(structure, 1000)
    page = desk()
    page.goto(tree(structure))
    expect(page.locator("#tree > li")).to_have_count(1000)

    page.get_by_label("名前で絞る").fill("b777")
    row(page, structure, "b777").locator("input").check()
    row(page, structure, "b777").locator("input").focus()
    page.keyboard.press("Alt+ArrowUp")

    expect(page.locator("#tree-status")).to_contain_text("の下の 6 番目に移しました。")
    assert faults(Placement, structure.pk) == (0, "")


def test_a_role_is_corrected_and_put_in_another_place(desk: Desk, draft: Structure) -> None:
    hq = place(draft, "hq")
    page = desk()
    page.goto(reverse("admin:bodies_placement_change", args=[hq.pk]))

    page.locator("#id_mandates-0-text").fill("健康・医療戦略の作成と実施の推進")
    page.locator("#mandates-0").get_by_role("button", name="下へ").click()
    page.get_by_role("button", name="役割 の追加").click()
    page.locator("#id_mandates-3-text").fill("新しい役割")
    page.locator("#mandates-3 .field-source .select2-selection").click()
    page.keyboard.type("third-period-slides")
    page.locator(".select2-results__option--highlighted", has_text="third-period-slides").click()
    page.locator("[name=_continue]").click()

    expect(page.locator(".messagelist .success")).to_be_visible()
    assert list(hq.mandates.values_list("code", "text", "sort_order")) == [
        ("plan", "医療分野研究開発推進計画の作成", 1),
        ("strategy", "健康・医療戦略の作成と実施の推進", 2),
        ("control-tower", "医療分野の研究開発の司令塔機能の役割 等", 3),
        ("mandate-1", "新しい役割", 4),
    ]


def test_a_parent_is_found_by_typing_and_a_name_shows_its_lines(desk: Desk, draft: Structure) -> None:
    council = place(draft, "kyogikai03")
    page = desk()
    page.goto(reverse("admin:bodies_placement_change", args=[council.pk]))

    page.locator(".field-parent .select2-selection").click()
    page.keyboard.type("参与")
    page.locator(".select2-results__option--highlighted", has_text="健康・医療戦略参与会合（advisors）").click()
    page.locator("#id_name_breaks").fill("再生・細胞医療｜遺伝子治療開発協議会")
    note = page.locator(".breaks-note").first
    expect(note).to_contain_text("「｜」を除くと、名称と同じではありません。")
    page.locator("#id_name_breaks").fill("再生・細胞医療・｜遺伝子治療開発協議会")
    expect(note).to_have_text("図での改行：再生・細胞医療・ / 遺伝子治療開発協議会")
    page.locator("[name=_continue]").click()

    expect(page.locator(".messagelist .success")).to_be_visible()
    council.refresh_from_db()
    assert (council.parent, council.name_breaks) == (
        place(draft, "advisors"),
        "再生・細胞医療・｜遺伝子治療開発協議会",
    )


def test_two_editors_collide_on_a_body_and_nothing_is_lost(desk: Desk, draft: Structure) -> None:
    amed = place(draft, "amed")
    first, second = desk("hanako"), desk("taro")
    for page in (first, second):
        page.goto(reverse("admin:bodies_placement_change", args=[amed.pk]))
    second.locator("#id_basis").fill("太郎の根拠")
    second.locator("[name=_continue]").click()
    expect(second.locator(".messagelist .success")).to_be_visible()

    first.locator("#id_basis").fill("花子の根拠")
    first.locator("[name=_continue]").click()

    expect(first.locator(".collisions")).to_contain_text("太郎の根拠")
    expect(first.locator("#id_basis")).to_have_value("花子の根拠")
    amed.refresh_from_db()
    assert amed.basis == "太郎の根拠"


def test_two_editors_collide_on_a_move(desk: Desk, draft: Structure) -> None:
    first, second = desk("hanako"), desk("taro")
    for page in (first, second):
        page.goto(tree(draft))
    row(second, draft, "kyogikai03").drag_to(row(second, draft, "advisors"))
    expect(second.locator("#tree-status")).to_contain_text("移しました")

    row(first, draft, "kyogikai03").drag_to(row(first, draft, "expert"))

    expect(first.locator("#tree-status.error")).to_contain_text(
        "「健康・医療戦略参与会合」の下へ移されています（taro、"
    )
    assert (under(draft, "advisors"), under(draft, "expert")) == (["kyogikai03"], [])
    row(first, draft, "kyogikai03").drag_to(row(first, draft, "expert"))
    expect(first.locator("#tree-status")).to_contain_text("移しました")
    assert under(draft, "expert") == ["kyogikai03"]


@pytest.mark.parametrize("language", ["", "/en"])
def test_axe_finds_nothing_serious(browser: Browser, here: str, draft: Structure, language: str) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("hanako"))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(base_url=here, viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": here}])
    page = context.new_page()
    found = {}
    for address in (
        f"{tree(draft)}?row={place(draft, 'hq').pk}",
        tree(Structure.objects.get(code="third-period")),
        reverse("admin:bodies_placement_change", args=[place(draft, "hq").pk]),
        f"{reverse('admin:bodies_placement_add')}?structure={draft.pk}",
        reverse("admin:bodies_placement_add"),
        reverse("admin:bodies_placement_delete", args=[place(draft, "council").pk]),
        reverse("admin:bodies_placement_changelist"),
    ):
        page.goto(language + address)
        page.wait_for_load_state("networkidle")
        found[address] = serious(page)
    context.close()

    assert [each for each in found.items() if each[1]] == []
