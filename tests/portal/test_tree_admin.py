"""The page of a tree: a move is one change, what cannot be is refused in words, two editors notice each other."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bodies.models import Placement, Status, Structure
from portal.history import revert
from portal.models import Change
from tests import factories
from tests.portal.test_admin import editor, fields
from tests.portal.test_tree import get, is_right, shape

pytestmark = pytest.mark.django_db

WHOLE = [(0, "a"), (1, "a1"), (1, "a2"), (2, "a21"), (0, "b")]


@pytest.fixture
def draft() -> Structure:
    """a(a1, a2(a21)), b"""
    structure = factories.structure(status=Status.DRAFT)
    a = factories.place(structure, "a", sort_order=1)
    factories.place(structure, "a1", a, sort_order=1)
    a2 = factories.place(structure, "a2", a, sort_order=2)
    factories.place(structure, "a21", a2, sort_order=1)
    factories.place(structure, "b", sort_order=2)
    return structure


def tree(structure: Structure) -> str:
    return reverse("admin:bodies_placement_tree", args=[structure.pk])


def asked(client: Client, structure: Structure, code: str, move: str, **more: str) -> dict[str, str]:
    """What the page would send of a move, opened now."""
    sent = {"row": str(get(code).pk), "move": move, "position": "last-child"}
    return fields(client.get(tree(structure)).content) | sent | more


def said(response: Any) -> str:
    """What the page tells of the move."""
    found = BeautifulSoup(response.content, "html.parser").select_one("#tree-status")
    assert found is not None
    return found.get_text().strip()


def made(client: Client, structure: Structure, code: str, move: str, **more: str) -> str:
    return said(client.post(tree(structure), asked(client, structure, code, move, **more), follow=True))


def user_with(*rights: str, name: str = "taro") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def test_page_lists_the_whole_tree_in_order(draft: Structure) -> None:
    page = BeautifulSoup(editor().get(tree(draft)).content, "html.parser")

    rows = page.select("#tree > li")
    assert [(row["data-level"], row.select(".detail")[0].get_text()) for row in rows] == [
        (str(level), code) for level, code in WHOLE
    ]
    assert rows[0].select("a")[0]["href"] == reverse("admin:bodies_placement_change", args=[get("a").pk])


@pytest.mark.parametrize(
    ("code", "move", "expected", "words"),
    [
        ("a2", "up", [(0, "a"), (1, "a2"), (2, "a21"), (1, "a1"), (0, "b")], "「機関a」の下の 1 番目"),
        ("a", "down", [(0, "b"), (0, "a"), (1, "a1"), (1, "a2"), (2, "a21")], "最上位の 2 番目"),
        ("a2", "out", [(0, "a"), (1, "a1"), (0, "a2"), (1, "a21"), (0, "b")], "最上位の 2 番目"),
        ("b", "in", [(0, "a"), (1, "a1"), (1, "a2"), (2, "a21"), (1, "b")], "「機関a」の下の 3 番目"),
    ],
)
def test_a_move_takes_what_hangs_under_it_and_is_one_change(
    draft: Structure, code: str, move: str, expected: list[tuple[int, str]], words: str
) -> None:
    told = made(editor(), draft, code, move)

    assert told == f"「機関{code}」を、{words}に移しました。"
    assert shape(draft) == expected
    assert is_right(draft)
    change = Change.objects.get()
    assert (change.kind, change.about, change.user_name) == ("move", f"機関{code}", "hanako")


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        ("first-child", [(0, "a"), (1, "b"), (1, "a1"), (1, "a2"), (2, "a21")]),
        ("last-child", [(0, "a"), (1, "a1"), (1, "a2"), (2, "a21"), (1, "b")]),
        ("left", [(0, "b"), (0, "a"), (1, "a1"), (1, "a2"), (2, "a21")]),
    ],
)
def test_a_row_goes_to_a_chosen_place(draft: Structure, position: str, expected: list[tuple[int, str]]) -> None:
    made(editor(), draft, "b", "to", target=str(get("a").pk), position=position)

    assert shape(draft) == expected


@pytest.mark.parametrize(
    ("code", "move", "target", "words"),
    [
        ("a", "up", "", "「機関a」は、同じ段の一番上にあります。"),
        ("b", "down", "", "「機関b」は、同じ段の一番下にあります。"),
        ("a", "out", "", "「機関a」は、最上位にあります。"),
        ("a1", "in", "", "「機関a1」の上に同じ段のものがないので、内へは移せません。"),
        ("a", "to", "a21", "自分自身や自分の下位を上位にすることはできません（機関a → 機関a21 → 機関a2 → 機関a）。"),
        ("b", "to", "", "移動先を選んでください。"),
        ("a2", "to", "a", "「機関a2」は、すでにその位置にあります。"),
        ("a", "sideways", "", "動かし方を選んでください。"),
    ],
)
def test_an_impossible_move_says_why_and_changes_nothing(
    draft: Structure, code: str, move: str, target: str, words: str
) -> None:
    told = made(editor(), draft, code, move, target=str(get(target).pk) if target else "")

    assert told == words
    assert (shape(draft), Change.objects.count()) == (WHOLE, 0)


def test_a_place_in_another_structure_is_refused(draft: Structure) -> None:
    other = factories.structure("other", status=Status.DRAFT)
    foreign = factories.place(other, "x")
    client = editor()

    assert "別の木" in made(client, draft, "b", "to", target=str(foreign.pk))
    assert made(client, draft, "x", "up") == "「機関x」は、この階層のものではありません。"
    assert (shape(draft), shape(other)) == (WHOLE, [(0, "x")])


@pytest.mark.parametrize("row", ["", "none", "9" * 5000, "123456"])
def test_no_row_or_nonsense_is_refused(draft: Structure, row: str) -> None:
    client = editor()

    response = client.post(tree(draft), fields(client.get(tree(draft)).content) | {"row": row, "move": "up"})

    assert said(response) in {"動かすものを選んでください。", "選んだものが見つかりません。"}
    assert shape(draft) == WHOLE


def test_a_row_that_someone_deleted_meanwhile_is_said_to_be_gone(draft: Structure) -> None:
    client, other = editor(), editor("taro")
    data = asked(client, draft, "b", "up")
    other.post(reverse("admin:bodies_placement_delete", args=[get("b").pk]), {"post": "yes"})

    told = said(client.post(tree(draft), data))

    assert told.startswith("選んだものは、削除されています（taro、")
    assert shape(draft) == WHOLE[:-1]


def test_a_row_that_someone_put_elsewhere_meanwhile_is_not_moved(draft: Structure) -> None:
    client, other = editor(), editor("taro")
    mine = asked(client, draft, "a21", "out")
    made(other, draft, "a21", "to", target=str(get("b").pk))
    since = shape(draft)

    response = client.post(tree(draft), mine)

    assert said(response).startswith("この画面を開いたあとに、「機関a21」は「機関b」の下へ移されています（taro、")
    assert shape(draft) == since
    client.post(tree(draft), fields(response.content) | {"row": mine["row"], "move": "out"})  # told of it, it is meant
    assert shape(draft) == [*WHOLE[:3], (0, "b"), (0, "a21")]


def test_another_order_is_no_conflict(draft: Structure) -> None:
    client, other = editor(), editor("taro")
    mine = asked(client, draft, "a2", "out")
    made(other, draft, "a2", "up")

    client.post(tree(draft), mine)

    assert shape(draft) == [(0, "a"), (1, "a1"), (0, "a2"), (1, "a21"), (0, "b")]


def test_a_move_sent_twice_is_made_once(draft: Structure) -> None:
    factories.place(draft, "c", sort_order=3)
    client = editor()
    data = asked(client, draft, "a", "down")
    client.post(tree(draft), data)
    once = shape(draft)

    response = client.post(tree(draft), data, follow=True)

    assert "二度は保存していません" in said(response)
    assert (shape(draft), Change.objects.count()) == (once, 1)


def test_a_move_can_be_taken_back(draft: Structure) -> None:
    made(editor(), draft, "a2", "out")

    revert(Change.objects.get())

    assert shape(draft) == WHOLE
    assert is_right(draft)


def test_who_may_look_only_sees_the_tree_without_tools(draft: Structure) -> None:
    client = user_with("view_placement")

    page = BeautifulSoup(client.get(tree(draft)).content, "html.parser")
    sent = client.post(tree(draft), {"row": str(get("b").pk), "move": "up"})

    assert len(page.select("#tree > li")) == 5
    assert page.select("#tree input, .tree-tools button, #tree-target") == []
    assert (sent.status_code, shape(draft)) == (403, WHOLE)


def test_who_may_not_look_is_let_nowhere(draft: Structure) -> None:
    client = user_with("view_source")

    assert [client.get(tree(draft)).status_code, client.post(tree(draft)).status_code] == [403, 403]


@pytest.mark.parametrize(("rights", "allowed"), [(["publish_structure"], True), ([], False)])
def test_a_published_tree_takes_the_right_to_publish_and_a_reason(
    draft: Structure, rights: list[str], allowed: bool
) -> None:
    Structure.objects.update(status=Status.PUBLISHED)
    client = user_with("view_placement", "change_placement", *rights)
    data = asked(client, draft, "b", "up")

    without = client.post(tree(draft), data)
    assert shape(draft) == WHOLE
    if not allowed:
        assert without.status_code == 403
        assert client.post(tree(draft), data | {"change_reason": "順序の誤り"}).status_code == 403
        assert (shape(draft), Change.objects.count()) == (WHOLE, 0)
        return
    assert said(without) == "公開されている内容の変更です。読む人に示す「変更の理由」を書いてください。"
    client.post(tree(draft), data | {"change_reason": "順序の誤り"})
    assert shape(draft)[0] == (0, "b")
    change = Change.objects.get()
    assert (change.reason, change.is_public) == ("順序の誤り", True)


def test_a_withdrawn_tree_is_only_shown(draft: Structure) -> None:
    Structure.objects.update(status=Status.WITHDRAWN)
    client = editor()

    assert BeautifulSoup(client.get(tree(draft)).content, "html.parser").select("#tree input") == []
    assert client.post(tree(draft), {"row": str(get("b").pk), "move": "up"}).status_code == 403


def test_an_unknown_owner_leads_back_with_a_word() -> None:
    response = editor().get(reverse("admin:bodies_placement_tree", args=[10**17]), follow=True)

    assert response.redirect_chain == [(reverse("admin:index"), 302)]


def test_page_of_a_large_tree_takes_as_many_queries_as_that_of_a_small_one(draft: Structure) -> None:
    client = editor()

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as run:
            client.get(tree(draft))
        return len(run)

    queries()
    small = queries()
    factories.many(draft, 40)

    assert queries() == small


def test_a_thousand_rows_are_one_page_and_move() -> None:
    structure = factories.structure(status=Status.DRAFT)
    rows = factories.many(structure, 1000)
    client = editor()

    page = client.get(tree(structure)).content
    told = made(client, structure, "b999", "to", target=str(rows[1].pk), position="first-child")

    assert page.count(b'name="row"') == 1000
    assert told == "「機関b999」を、「機関b1」の下の 1 番目に移しました。"
    assert Placement.objects.get(pk=rows[999].pk).parent_id == rows[1].pk
    assert is_right(structure)
