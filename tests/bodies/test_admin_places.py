"""A body's page in the admin: one form for a body and its place, with all that is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bodies.models import Body, Kind, Link, Mandate, Note, Placement, Relation, Seat, Status, Structure
from portal.models import Change, ChangedRow
from tests import factories
from tests.portal.test_admin import address, editor, fields, form
from tests.portal.test_tree_admin import user_with

pytestmark = pytest.mark.django_db

EDITOR = [
    f"{verb}_{model}"
    for verb in ("view", "add", "change", "delete")
    for model in ("placement", "mandate", "seat", "note", "link", "body")
]


@pytest.fixture
def draft() -> Structure:
    return factories.structure("draft", status=Status.DRAFT)


@pytest.fixture
def place(draft: Structure) -> Placement:
    """In a draft, with two roles."""
    made = factories.place(draft, "a")
    for number, text in enumerate(["助言する", "調査する"], start=1):
        Mandate.objects.create(
            placement=made, code=f"m{number}", text=text, sort_order=number, source=factories.source()
        )
    return made


def adding(structure: Structure) -> str:
    return f"{reverse('admin:bodies_placement_add')}?structure={structure.pk}"


def new_row(data: dict[str, str], prefix: str, **values: Any) -> dict[str, str]:
    """The form with one more row in an inline, as the page's script would add it."""
    number = int(data[f"{prefix}-TOTAL_FORMS"])
    empty = {name: value for name, value in data.items() if name.startswith(f"{prefix}-__prefix__-")}
    row = {name.replace("__prefix__", str(number)): value for name, value in empty.items()}
    typed = {f"{prefix}-{number}-{name}": str(value) for name, value in values.items()}
    return data | row | {f"{prefix}-TOTAL_FORMS": str(number + 1)} | typed


def errors(response: Any) -> str:
    page = BeautifulSoup(response.content, "html.parser")
    return " ".join(each.get_text(" ", strip=True) for each in page.select(".errorlist"))


def warnings(response: Any) -> list[str]:
    page = BeautifulSoup(response.content, "html.parser")
    return [each.get_text(strip=True) for each in page.select(".messagelist .warning")]


# Adding


def test_a_new_body_and_its_place_are_one_form_and_one_change(draft: Structure) -> None:
    factories.place(draft, "a", sort_order=5)
    client = editor()
    data = form(client, adding(draft)) | {
        "new_code": "b",
        "name": "新しい会議",
        "kind": Kind.COUNCIL,
        "source": str(factories.source().pk),
    }

    row = new_row(data, "mandates", text="調整する", source=factories.source().pk)
    response: Any = client.post(adding(draft), row | {"_addanother": "1"})

    assert (response.status_code, response.url) == (302, adding(draft))
    made = Placement.objects.get(body__code="b")
    assert (made.structure, made.name, made.sort_order) == (draft, "新しい会議", 6)
    assert [(each.code, each.text, each.sort_order) for each in made.mandates.all()] == [("mandate-1", "調整する", 1)]
    rows = Change.objects.get().rows.values_list("model", flat=True)
    assert sorted(rows) == ["bodies.body", "bodies.mandate", "bodies.placement"]


def test_a_body_of_another_edition_can_be_chosen(draft: Structure, place: Placement) -> None:
    next_one = factories.structure("next", status=Status.DRAFT)
    client = editor()
    data = form(client, adding(next_one)) | {"body": str(place.body_id), "name": "甲", "kind": Kind.COUNCIL}

    assert client.post(adding(next_one), data | {"source": str(place.source_id)}).status_code == 302
    assert list(Placement.objects.filter(body=place.body).values_list("structure__code", flat=True)) == [
        "draft",
        "next",
    ]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "どちらか一方"),
        ({"body": "a", "new_code": "b"}, "どちらか一方"),
        ({"new_code": "a"}, "このコードの機関は、すでにあります。"),
        ({"new_code": "大文字"}, "半角の英小文字と数字"),
        ({"body": "a"}, "この機関は、この体制にすでに置かれています。"),
    ],
)
def test_a_body_must_be_one_and_not_there_yet(
    draft: Structure, place: Placement, typed: dict[str, str], words: str
) -> None:
    client = editor()
    data = form(client, adding(draft)) | {"name": "乙", "kind": Kind.COUNCIL, "source": str(place.source_id)}
    if "body" in typed:
        typed = typed | {"body": str(place.body_id)}

    response = client.post(adding(draft), data | typed)

    assert response.status_code == 200
    assert words in errors(response)
    assert (Placement.objects.count(), Body.objects.count()) == (1, 1)


def test_adding_asks_first_to_which_edition(draft: Structure) -> None:
    factories.structure("old", status=Status.WITHDRAWN)
    factories.structure("now")
    address = reverse("admin:bodies_placement_add")

    def offered(client: Client) -> list[str]:
        page = BeautifulSoup(client.get(address).content, "html.parser")
        return [each.get_text() for each in page.select(".editions a")]

    assert offered(editor()) == ["体制 draft", "体制 now"]
    assert offered(user_with(*EDITOR)) == ["体制 draft"]


def test_an_edition_that_the_list_was_narrowed_to_is_taken(draft: Structure) -> None:
    client = editor()
    listed = client.get(reverse("admin:bodies_placement_changelist"), {"structure__id__exact": draft.pk})
    link = BeautifulSoup(listed.content, "html.parser").select_one(".object-tools .addlink")
    assert link is not None

    page = client.get(str(link["href"]))

    assert "体制 draft" in BeautifulSoup(page.content, "html.parser").select(".field-structure .readonly")[0].get_text()


# Who may


def test_drafts_are_for_editors_published_ones_for_publishers_with_a_reason(place: Placement) -> None:
    Mandate.objects.all().delete()
    writer, publisher = user_with(*EDITOR), user_with(*EDITOR, "publish_structure", name="jiro")
    data = form(writer, address(place)) | {"change_token": ""}
    assert writer.post(address(place), data | {"name": "下書きの名"}).status_code == 302
    Structure.objects.update(status=Status.PUBLISHED)

    shown = BeautifulSoup(writer.get(address(place)).content, "html.parser")
    assert shown.select("[name=name], [name=_save], .add-row") == []
    assert writer.post(address(place), data | {"name": "訂正", "change_reason": "誤記"}).status_code == 403
    deleting = {"post": "yes", "change_reason": "誤り"}
    assert writer.post(reverse("admin:bodies_placement_delete", args=[place.pk]), deleting).status_code == 403
    assert writer.post(adding(place.structure), data).status_code == 403

    data = form(publisher, address(place))
    without = publisher.post(address(place), data | {"name": "訂正"})
    assert "「変更の理由」を書いてください" in errors(without)
    publisher.post(address(place), data | {"name": "訂正", "change_reason": "誤記"})
    place.refresh_from_db()
    assert place.name == "訂正"
    change = Change.objects.get(about="訂正")
    assert (change.reason, change.is_public, change.address) == ("誤記", True, "/bodies/a/")


def test_a_row_cannot_be_added_to_a_published_place_past_the_form(place: Placement) -> None:
    writer = user_with(*EDITOR)
    data = new_row(form(writer, address(place)), "mandates", text="勝手な役割", source=place.source_id)
    Structure.objects.update(status=Status.PUBLISHED)

    assert writer.post(address(place), data).status_code == 403
    assert Mandate.objects.count() == 2


def test_adding_to_a_published_edition_takes_a_reason() -> None:
    structure = factories.structure()
    client = editor()
    data = form(client, adding(structure)) | {
        "new_code": "b",
        "name": "乙",
        "kind": Kind.COUNCIL,
        "source": str(factories.source().pk),
    }

    assert "「変更の理由」を書いてください" in errors(client.post(adding(structure), data))
    assert client.post(adding(structure), data | {"change_reason": "記載漏れ"}).status_code == 302
    assert Change.objects.get().is_public


def test_withdrawn_ones_are_only_shown(place: Placement) -> None:
    client = editor()
    data = form(client, address(place))
    Structure.objects.update(status=Status.WITHDRAWN)

    assert BeautifulSoup(client.get(address(place)).content, "html.parser").select("[name=name]") == []
    assert client.post(address(place), data | {"name": "別の名", "change_reason": "誤記"}).status_code == 403
    assert client.post(reverse("admin:bodies_placement_delete", args=[place.pk]), {"post": "yes"}).status_code == 403


# The place


def test_a_body_cannot_be_put_under_its_own(place: Placement) -> None:
    below = factories.place(place.structure, "b", place)
    client = editor()

    response = client.post(address(place), form(client, address(place)) | {"parent": str(below.pk)})

    assert "自分自身や自分の下位を上位にすることはできません。" in errors(response)


def test_a_parent_of_another_structure_is_no_choice(place: Placement) -> None:
    foreign = factories.place(factories.structure(), "b")
    client = editor()

    response = client.post(address(place), form(client, address(place)) | {"parent": str(foreign.pk)})

    assert "parent" in response.context["adminform"].form.errors


def test_a_body_under_another_parent_stands_last_there(place: Placement) -> None:
    parent = factories.place(place.structure, "b")
    factories.place(place.structure, "c", parent, sort_order=4)
    client = editor()

    client.post(address(place), form(client, address(place)) | {"parent": str(parent.pk)})

    place.refresh_from_db()
    assert (place.parent, place.sort_order) == (parent, 5)


# Successors


def successors(place: Placement) -> list[str]:
    return sorted(place.body.successors.values_list("code", flat=True))


def test_successors_are_in_the_same_form(place: Placement) -> None:
    body = Body.objects.create(code="heir")
    client = editor()

    client.post(address(place), form(client, address(place)) | {"successors": str(body.pk)})

    assert successors(place) == ["heir"]
    assert {row.model for row in Change.objects.get().rows.all()} == {"bodies.body_successors"}


def test_successors_that_others_added_meanwhile_stay(place: Placement) -> None:
    bodies = [Body.objects.create(code=f"heir{number}") for number in range(3)]
    place.body.successors.add(bodies[0])
    client = editor()
    data = form(client, address(place))
    place.body.successors.add(bodies[1])

    client.post(address(place), data | {"successors": str(bodies[2].pk)})  # takes the first away and adds the third

    assert successors(place) == ["heir1", "heir2"]


def test_a_body_does_not_follow_itself(place: Placement) -> None:
    client = editor()

    response = client.post(address(place), form(client, address(place)) | {"successors": str(place.body_id)})

    assert "自分自身を後継にすることはできません。" in errors(response)


def test_the_successors_of_a_public_body_are_changed_where_it_is_published(place: Placement) -> None:
    """They are seen wherever the body is: a draft is no way round the right to publish and the reason."""
    shown = factories.place(factories.structure(), "a")
    heir = Body.objects.create(code="heir")
    publisher = user_with(*EDITOR, "publish_structure")

    publisher.post(address(place), form(publisher, address(place)) | {"successors": str(heir.pk), "name": "別の名"})
    place.refresh_from_db()
    assert (place.name, successors(place)) == ("別の名", [])
    data = form(publisher, address(shown)) | {"successors": str(heir.pk)}
    assert "「変更の理由」を書いてください" in errors(publisher.post(address(shown), data))
    publisher.post(address(shown), data | {"change_reason": "統合"})
    assert successors(place) == ["heir"]
    assert Change.objects.get(reason="統合").is_public


def test_the_page_of_the_body_itself_is_no_way_either(place: Placement) -> None:
    factories.place(factories.structure(), "a")
    heir = Body.objects.create(code="heir")
    writer, publisher = user_with(*EDITOR), user_with(*EDITOR, "publish_structure", name="jiro")
    url = reverse("admin:bodies_body_change", args=[place.body_id])

    assert writer.post(url, {"code": "a", "successors": heir.pk, "change_reason": "統合"}).status_code == 403
    publisher.post(url, form(publisher, url) | {"successors": str(heir.pk)})
    assert successors(place) == []
    publisher.post(url, form(publisher, url) | {"successors": str(heir.pk), "change_reason": "統合"})
    assert successors(place) == ["heir"]


# Rows


def test_rows_are_kept_in_the_order_that_is_sent(place: Placement) -> None:
    client = editor()
    data = form(client, address(place)) | {"mandates-0-sort_order": "2", "mandates-1-sort_order": "1"}

    client.post(address(place), data)

    assert list(place.mandates.values_list("text", flat=True)) == ["調査する", "助言する"]


def test_a_new_row_stands_last_and_gets_a_code(place: Placement) -> None:
    Mandate.objects.create(placement=place, code="mandate-1", text="監督する", sort_order=3, source=place.source)
    client = editor()

    client.post(address(place), new_row(form(client, address(place)), "mandates", text="調整する"))

    made = Mandate.objects.get(text="調整する")
    assert (made.code, made.sort_order, made.source) == ("mandate-2", 4, place.source)


def test_a_code_once_given_stays(place: Placement) -> None:
    client = editor()

    client.post(
        address(place), form(client, address(place)) | {"mandates-0-code": "other", "mandates-0-text": "改めた"}
    )

    assert list(place.mandates.values_list("code", "text")) == [("m1", "改めた"), ("m2", "調査する")]


def test_relations_go_both_ways_within_the_structure(place: Placement) -> None:
    other = factories.place(place.structure, "b")
    foreign = factories.place(factories.structure(), "c")
    client = editor()
    data = form(client, address(place))
    data = new_row(data, "links_out", kind=Relation.ADVISES, to_placement=other.pk)
    data = new_row(data, "links_in", kind=Relation.FUNDS, from_placement=other.pk)

    client.post(address(place), data)
    refused = client.post(
        address(place),
        new_row(form(client, address(place)), "links_out", kind=Relation.FUNDS, to_placement=foreign.pk),
    )

    found = Link.objects.order_by("sort_order", "kind").values_list(
        "from_placement__body__code", "kind", "to_placement__body__code"
    )
    assert list(found) == [("a", "advises", "b"), ("b", "funds", "a")]
    assert refused.status_code == 200


def test_a_relation_without_its_other_end_is_asked_for_it(place: Placement) -> None:
    client = editor()
    data = new_row(form(client, address(place)), "links_in", kind=Relation.FUNDS, label="交付")

    response = client.post(address(place), data)

    assert (response.status_code, Link.objects.count()) == (200, 0)
    assert "このフィールドは必須です。" in errors(response)


def test_relations_of_a_new_body_are_in_the_same_form(place: Placement) -> None:
    client = editor()
    url = adding(place.structure)
    data = form(client, url) | {"new_code": "b", "name": "乙", "kind": Kind.COUNCIL, "source": str(place.source_id)}

    client.post(url, new_row(data, "links_out", kind=Relation.ADVISES, to_placement=place.pk, source=place.source_id))

    assert str(Link.objects.get()) == "乙は、機関aに助言する。"


def test_a_note_is_on_a_role_of_the_same_body_only(place: Placement) -> None:
    other = factories.place(place.structure, "b")
    foreign = Mandate.objects.create(placement=other, code="m", text="よそ", source=place.source)
    client = editor()
    data = form(client, address(place))
    own = str(place.mandates.all()[0].pk)

    refused = client.post(address(place), new_row(data, "notes", text="注", mandate=foreign.pk))
    client.post(address(place), new_row(data, "notes", text="注", mandate=own))

    assert refused.status_code == 200
    assert [(note.text, note.code, note.mandate.text) for note in Note.objects.all() if note.mandate] == [
        ("注", "note-1", "助言する")
    ]


def test_a_row_that_someone_deleted_meanwhile_is_kept_as_typed_and_added_anew(place: Placement) -> None:
    client, other = editor(), editor("taro")
    data = form(client, address(place)) | {"mandates-0-text": "花子の役割", "mandates-1-text": "調査と審議"}
    theirs = form(other, address(place)) | {"mandates-0-DELETE": "on"}
    other.post(address(place), theirs)

    response = client.post(address(place), data)

    assert response.status_code == 200
    assert "この行は、画面を開いたあとに削除されました（taro）。" in errors(response)
    assert list(place.mandates.values_list("text", flat=True)) == ["調査する"]
    again = fields(response.content)
    assert {again["mandates-0-text"], again["mandates-1-text"]} == {"花子の役割", "調査と審議"}
    assert client.post(address(place), again).status_code == 302
    assert list(place.mandates.values_list("code", "text")) == [("m1", "花子の役割"), ("m2", "調査と審議")]


def test_what_both_deleted_is_no_matter(place: Placement) -> None:
    client = editor()
    data = form(client, address(place)) | {"mandates-0-DELETE": "on"}
    place.mandates.filter(code="m1").delete()
    data["change_seen"] = str(ChangedRow.objects.latest("pk").pk)

    assert client.post(address(place), data).status_code == 302
    assert list(place.mandates.values_list("code", flat=True)) == ["m2"]


def test_rows_sent_in_any_order_are_the_rows_that_they_are(place: Placement) -> None:
    """A script may put a new row before the old ones."""
    client = editor()
    data = new_row(form(client, address(place)), "mandates", text="新しい", sort_order=0)
    turn = {"0": "1", "1": "2", "2": "0"}
    turned = {}
    for name, value in data.items():
        parts = name.split("-")
        if parts[0] == "mandates" and len(parts) == 3 and parts[1] in turn:
            parts[1] = turn[parts[1]]
        turned["-".join(parts)] = value

    client.post(address(place), turned | {"mandates-2-text": "調査と審議"})

    assert list(place.mandates.values_list("code", "text")) == [
        ("mandate-1", "新しい"),
        ("m1", "助言する"),
        ("m2", "調査と審議"),
    ]


def test_without_a_script_the_page_offers_an_empty_row_of_each_kind(place: Placement) -> None:
    client = editor()

    data = form(client, f"{address(place)}?rows=1")

    assert [data[f"{name}-TOTAL_FORMS"] for name in ("mandates", "seats", "links_out", "links_in", "notes")] == [
        "3", "1", "1", "1", "1",
    ]  # fmt: skip
    client.post(f"{address(place)}?rows=1", data | {"seats-0-holder": "全閣僚"})
    assert Seat.objects.get().holder == "全閣僚"


def test_page_takes_as_many_queries_for_more_rows(place: Placement) -> None:
    client = editor()
    other = factories.place(place.structure, "b")

    def queries() -> int:
        with CaptureQueriesContext(connection) as run:
            client.get(address(place))
        return len(run)

    Note.objects.create(placement=place, code="n", text="注", source=place.source)
    Link.objects.create(from_placement=place, to_placement=other, kind=Relation.FUNDS, source=place.source)
    queries()
    few = queries()
    for number in range(3):
        source = factories.source(f"s{number}")
        third = factories.place(place.structure, f"c{number}")
        Note.objects.create(placement=place, code=f"n{number}", text="注", source=source)
        Mandate.objects.create(placement=place, code=f"x{number}", text="役割", source=source)
        Link.objects.create(from_placement=place, to_placement=third, kind=Relation.FUNDS, source=source)

    assert queries() == few


# Looking up


def found(client: Client, structure: Structure, what: str, term: str) -> list[str]:
    url = reverse("admin:bodies_placement_choices", args=[structure.pk, what])
    return [each["text"] for each in client.get(url, {"term": term}).json()["results"]]


def test_places_are_looked_up_within_the_structure(place: Placement) -> None:
    factories.place(place.structure, "b", name="健康・医療戦略推進会議", short_name="推進会議")
    factories.place(factories.structure(), "b")
    client = editor()

    assert found(client, place.structure, "place", "") == ["機関a（a）", "健康・医療戦略推進会議（b）"]
    assert found(client, place.structure, "place", "戦略 会議") == ["健康・医療戦略推進会議（b）"]
    assert found(client, place.structure, "place", "％") == []


def test_bodies_are_looked_up_by_name_and_code_once_each(place: Placement) -> None:
    factories.place(factories.structure(), "a", name="前の名")
    Body.objects.create(code="nameless")
    client = editor()

    assert found(client, place.structure, "body", "機関") == ["前の名（a）"]
    assert found(client, place.structure, "body", "前の") == ["前の名（a）"]
    assert found(client, place.structure, "body", "nameless") == ["nameless"]


def test_who_may_not_look_looks_nothing_up(place: Placement) -> None:
    client = user_with("view_source")

    choices = reverse("admin:bodies_placement_choices", args=[place.structure_id, "place"])
    breaks = reverse("admin:bodies_placement_breaks", args=[place.pk])
    assert [client.get(url).status_code for url in (choices, breaks)] == [403, 403]


# Lines of a name


def note(client: Client, place: Placement, **typed: str) -> dict[str, list[str]]:
    return client.get(reverse("admin:bodies_placement_breaks", args=[place.pk]), typed).json()


def test_a_name_shows_its_lines_in_the_chart(place: Placement) -> None:
    typed = {"name": "健康・医療戦略推進専門調査会", "name_breaks": "健康・医療戦略推進｜専門調査会"}

    assert note(editor(), place, **typed) == {"lines": ["健康・医療戦略推進", "専門調査会"], "remarks": []}


@pytest.mark.parametrize(
    ("breaks", "words"),
    [
        ("健康・医療戦略｜専門調査会", "「｜」を除くと、名称と同じではありません。"),
        ("｜健康・医療戦略推進専門調査会", "「｜」の前か後に、文字がありません。"),
        ("健康・医療戦略推進専門調査会｜", "「｜」の前か後に、文字がありません。"),
    ],
)
def test_a_hint_that_does_not_hold_is_said(place: Placement, breaks: str, words: str) -> None:
    told = note(editor(), place, name="健康・医療戦略推進専門調査会", name_breaks=breaks)["remarks"]

    assert [each[: len(words)] for each in told] == [words]


def test_a_line_longer_than_a_box_is_said(place: Placement) -> None:
    typed = {"name": "医療分野の研究開発に関する専門調査会", "name_breaks": "医療分野の研究開発に関する専門｜調査会"}

    assert note(editor(), place, **typed) == {
        "lines": ["医療分野の研究開発に", "関する専門", "調査会"],
        "remarks": ["「医療分野の研究開発に関する専門」は長いので、枠の幅によってはさらに改行されます。"],
    }


def test_a_figure_that_is_printed_too_small_is_said(place: Placement) -> None:
    for number in range(60):
        row = factories.place(place.structure, f"p{number}", place, name=f"第{number}の府省間の会議")
        for code in range(3):
            text = "医療分野の研究開発に関する総合的な調整と評価の役割"
            Mandate.objects.create(placement=row, code=f"m{code}", text=text, source=row.source)

    told = note(editor(), place, name="機関a")["remarks"]

    assert len(told) >= 1
    assert told[0].startswith("この体制の図は、A3に印刷すると最も小さい文字が ")


def test_the_same_is_said_on_saving_and_a_wrong_hint_is_not_saved(place: Placement) -> None:
    client = editor()
    data = form(client, address(place)) | {"name": "医療分野の研究開発に関する専門調査会"}
    hint = "医療分野の研究開発に関する専門｜調査会"

    wrong = client.post(address(place), data | {"name_breaks": "医療分野｜専門調査会"})
    told = client.post(address(place), data | {"name_breaks": hint}, follow=True)

    assert "改行位置の「｜」を除くと、名称と同じでなければなりません。" in errors(wrong)
    assert [each.split("：")[0] for each in warnings(told)] == ["医療分野の研究開発に関する専門調査会"]
    place.refresh_from_db()
    assert place.name_breaks == hint


# What refers to it, and deleting


def test_page_lists_what_refers_to_the_body_with_links(place: Placement) -> None:
    older = factories.place(factories.structure(), "a", name="前の名")
    plan = factories.plan(responsible=place.body)
    project = factories.project(plan, council=place.body, council_evidence="inferred")
    project.ministries.add(place.body)

    page = BeautifulSoup(editor().get(address(place)).content, "html.parser")

    found = [
        (row.select("dt")[0].get_text("・", strip=True), [(each.get_text(), each["href"]) for each in row.select("a")])
        for row in page.select(".references dl > div")
    ]
    change = reverse("admin:plans_plan_change", args=[plan.pk])
    edit = reverse("admin:projects_project_change", args=[project.pk])
    assert found == [
        ("位置づけ・機関", [("体制 edition：前の名", address(older))]),
        ("計画・作成・推進する機関", [("計画 plan", change)]),
        ("プロジェクト・協議会", [("プロジェクトpj", edit)]),
        ("プロジェクト・担当府省", [("プロジェクトpj", edit)]),
    ]


def test_a_body_that_something_refers_to_is_not_left_without_a_place(place: Placement) -> None:
    factories.project(factories.plan(), council=place.body, council_evidence="inferred")
    top = factories.place(place.structure, "top")
    place.parent = top
    place.save()
    client = editor()
    url = reverse("admin:bodies_placement_delete", args=[top.pk])

    response = client.post(url, {"post": "yes"})

    assert "プロジェクト「プロジェクトpj」の協議会が、「機関a」です。" in response.content.decode()
    assert Placement.objects.count() == 2
    factories.place(factories.structure(), "a")  # another edition holds it
    client.post(url, {"post": "yes"})
    assert Placement.objects.values_list("structure__code", flat=True).get() == "edition"


def test_of_a_published_edition_only_what_is_published_counts(place: Placement) -> None:
    factories.project(factories.plan(), council=place.body, council_evidence="inferred")
    shown = factories.place(factories.structure(), "a")
    client = editor()

    client.post(reverse("admin:bodies_placement_delete", args=[shown.pk]), {"post": "yes", "change_reason": "誤り"})

    assert Placement.objects.filter(pk=shown.pk).exists()


# Where readers find it


def test_view_on_site_leads_where_it_can_be_seen(place: Placement) -> None:
    now = factories.place(factories.structure(), "a")
    old = factories.place(factories.structure("old", valid_from="2010-04-01"), "a")
    client = editor()

    def link(row: Placement) -> str:
        page = BeautifulSoup(client.get(address(row)).content, "html.parser")
        return str(page.select(".viewsitelink")[0]["href"])

    assert link(place) == "/preview/draft/bodies/a/"
    assert link(now) == "/bodies/a/"
    assert link(old) == "/structure/old/#body-a"


def test_a_correction_of_a_scheduled_edition_leads_readers_where_they_can_see_it(place: Placement) -> None:
    Structure.objects.update(status=Status.PUBLISHED, valid_from="2200-04-01")
    client = editor()
    data = form(client, address(place)) | {"name": "改めた名", "change_reason": "誤記"}

    client.post(address(place), data)

    change = Change.objects.get()
    assert (change.is_public, change.address) == (True, "/structure/draft/#body-a")


# The list


def test_list_says_of_each_row_its_edition_and_leads_to_the_trees(place: Placement) -> None:
    factories.place(factories.structure(), "a")
    client = editor()
    listed = reverse("admin:bodies_placement_changelist")

    def shown(**asked: Any) -> tuple[list[str], list[str]]:
        page = BeautifulSoup(client.get(listed, asked).content, "html.parser")
        return (
            [each.get_text() for each in page.select("td.field-structure")],
            [str(each["href"]) for each in page.select(".trees a")],
        )

    trees = {row.code: reverse("admin:bodies_placement_tree", args=[row.pk]) for row in Structure.objects.all()}
    rows, links = shown()
    assert (sorted(rows), sorted(links)) == (["体制 draft", "体制 edition"], sorted(trees.values()))
    assert shown(structure__id__exact=place.structure_id) == (["体制 draft"], [trees["draft"]])
    assert shown(q="b") == ([], sorted(trees.values(), reverse=links[0] > links[-1]))
