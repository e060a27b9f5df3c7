"""The journal notes every write, whichever way it was made, and takes changes back."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection

from bodies.models import Body, Link, Mandate, Placement, Relation
from plans.models import Observation, Section
from portal import journal
from portal.history import Obstructed, Words, revert
from portal.journal import AlreadyDone, recording
from portal.models import Change, ChangedRow, ChangeKind, Source
from portal.tree import faults
from tests import factories

pytestmark = pytest.mark.django_db


def noted(since: int) -> list[tuple[str, str]]:
    return [(row.kind, row.model) for row in ChangedRow.objects.filter(pk__gt=since)]


def values(row: dict[str, Any] | None) -> dict[str, Any]:
    assert row is not None
    return row


def mandate(place: Placement, code: str = "m", text: str = "役割") -> Mandate:
    return Mandate.objects.create(placement=place, code=code, text=text, source=factories.source())


def test_journal_notes_values_before_and_after() -> None:
    source = factories.source(title="旧")
    before = journal.seen()

    source.title = "新"
    source.save()

    row = ChangedRow.objects.get(pk__gt=before)
    assert (row.kind, row.model, row.object_id, row.differing) == ("~", "portal.source", source.pk, ["title"])
    assert (values(row.before)["title"], values(row.after)["title"]) == ("旧", "新")


def test_journal_notes_nothing_of_a_save_that_changes_nothing() -> None:
    place = factories.place(factories.structure(), "a")
    before = journal.seen()

    place.save()

    assert noted(before) == []


def test_journal_notes_bulk_writes_cascades_and_raw_sql() -> None:
    structure = factories.structure()
    place = factories.place(structure, "a")
    mandate(place)
    before = journal.seen()

    Source.objects.bulk_create([Source(code="x", title="X"), Source(code="y", title="Y")])
    Source.objects.filter(code__in=["x", "y"]).update(title="Z")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM portal_source WHERE code = 'x'")
    structure.delete()

    assert noted(before) == [
        ("+", "portal.source"),
        ("+", "portal.source"),
        ("~", "portal.source"),
        ("~", "portal.source"),
        ("-", "portal.source"),
        ("-", "bodies.mandate"),
        ("-", "bodies.placement"),
        ("-", "bodies.structure"),
    ]


def test_journal_notes_successors_and_rights_but_no_password() -> None:
    old, new = Body.objects.create(code="old"), Body.objects.create(code="new")
    user = User.objects.create_user("hanako", password="a-long-password")
    before = journal.seen()

    old.successors.add(new)
    user.groups.add(Group.objects.create(name="編集"))
    user.set_password("another-long-one")
    user.save()

    assert noted(before) == [("+", "bodies.body_successors"), ("+", "auth.group"), ("+", "auth.user_groups")]
    assert not ChangedRow.objects.filter(after__has_key="password").exists()


def test_journal_leaves_out_the_index_of_a_tree() -> None:
    structure = factories.structure()
    first, _second = factories.place(structure, "a"), factories.place(structure, "b")
    before = journal.seen()

    first.delete()

    assert noted(before) == [("-", "bodies.placement")]


def test_journal_keeps_numbers_exactly() -> None:
    factories.observation(factories.plan(), "o", 2025, Decimal("12345678901.0001"))

    row = ChangedRow.objects.get(model="plans.observation")
    assert Observation._meta.get_field("value").to_python(values(row.after)["value"]) == Decimal("12345678901.0001")


def test_recording_ties_rows_to_who_and_why() -> None:
    user = User.objects.create_user("hanako")

    with recording(ChangeKind.EDIT, user=user, reason="誤記", about="資料"):
        factories.source("a")
        with recording(ChangeKind.DELETE):
            factories.source("b")

    change = Change.objects.get()
    assert (change.user_name, change.reason, change.kind, change.rows.count()) == ("hanako", "誤記", "edit", 2)
    factories.source("c")
    assert ChangedRow.objects.latest("pk").change is None


def test_recording_leaves_no_change_where_nothing_was_written() -> None:
    for kind in ChangeKind:
        with recording(kind):
            pass

    assert not Change.objects.exists()


def test_recording_leaves_nothing_of_what_failed() -> None:
    def fail() -> None:
        with recording(ChangeKind.EDIT):
            factories.source()
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    assert not Change.objects.exists()
    factories.source()
    assert ChangedRow.objects.get().change is None


def test_recording_refuses_a_form_sent_twice() -> None:
    token = uuid.uuid4()
    with recording(ChangeKind.EDIT, token=token) as change:
        factories.source("a")

    with pytest.raises(AlreadyDone) as refused, recording(ChangeKind.EDIT, token=token):
        factories.source("b")

    assert refused.value.change == change
    assert list(Source.objects.values_list("code", flat=True)) == ["a"]


@pytest.fixture
def tree() -> dict[str, Placement]:
    """a(b, c) and d."""
    structure = factories.structure()
    a = factories.place(structure, "a")
    return {
        "a": a,
        "b": factories.place(structure, "b", a),
        "c": factories.place(structure, "c", a),
        "d": factories.place(structure, "d"),
    }


def outline(place: Placement) -> list[tuple[int, str]]:
    rows = Placement.objects.filter(structure=place.structure).order_by("lft")
    return [(row.level, row.body.code) for row in rows]


def test_revert_of_a_move_leaves_the_tree_right(tree: dict[str, Placement]) -> None:
    before = outline(tree["a"])
    with recording(ChangeKind.MOVE) as change:
        Placement.objects.move_node(tree["b"], tree["d"], "first-child")
    assert outline(tree["a"]) != before

    made = revert(change)

    assert outline(tree["a"]) == before
    assert faults(Placement, tree["a"].structure_id) == (0, "")
    assert (made.kind, made.reverts) == ("revert", change)


def test_revert_of_a_deletion_brings_back_what_hung_on_it(tree: dict[str, Placement]) -> None:
    mandate(tree["b"])
    Link.objects.create(
        from_placement=tree["b"], to_placement=tree["d"], kind=Relation.ADVISES, source=factories.source()
    )
    before, pk = outline(tree["a"]), tree["b"].pk
    with recording(ChangeKind.DELETE) as change:
        tree["a"].delete()

    revert(change)

    assert outline(tree["d"]) == before
    assert faults(Placement, tree["d"].structure_id) == (0, "")
    assert Mandate.objects.get().placement_id == pk
    assert Link.objects.get().from_placement_id == pk


def test_revert_of_an_addition_deletes_it_and_can_be_reverted_itself(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.ADD) as change:
        mandate(tree["b"])

    taken_back = revert(change)
    assert not Mandate.objects.exists()
    revert(taken_back)

    assert Mandate.objects.get().text == "役割"


def test_revert_moves_children_out_before_what_was_added_goes(tree: dict[str, Placement]) -> None:
    before = outline(tree["a"])
    with recording(ChangeKind.EDIT) as change:
        added = factories.place(tree["a"].structure, "e")
        Placement.objects.move_node(tree["b"], added, "first-child")

    revert(change)

    assert outline(tree["a"]) == before


def test_revert_of_successors() -> None:
    old, new = Body.objects.create(code="old"), Body.objects.create(code="new")
    with recording(ChangeKind.EDIT) as change:
        old.successors.add(new)

    revert(change)

    assert list(old.successors.all()) == []


def test_revert_is_refused_where_a_later_change_stands_on_it(tree: dict[str, Placement]) -> None:
    user = User.objects.create_user("hanako")
    with recording(ChangeKind.ADD) as added:
        role = mandate(tree["b"])
    with recording(ChangeKind.EDIT) as first:
        role.text = "二"
        role.save()
    with recording(ChangeKind.EDIT, user=user):
        role.text = "三"
        role.save()

    for change in (added, first):
        with pytest.raises(Obstructed) as refused:
            revert(change)
        assert [("hanako" in reason, "三" in reason) for reason in refused.value.reasons] == [(True, True)]
    assert Mandate.objects.get().text == "三"


def test_revert_is_refused_where_something_hangs_on_what_would_go(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.ADD) as change:
        added = factories.place(tree["a"].structure, "e")
    mandate(added, text="あとから")

    with pytest.raises(Obstructed, match="あとから"):
        revert(change)

    assert Placement.objects.filter(pk=added.pk).exists()


def test_revert_leaves_the_order_that_others_made_since(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.EDIT) as change:
        tree["b"].name = "改名"
        tree["b"].sort_order = 9
        tree["b"].save()
    tree["b"].sort_order = 4
    tree["b"].save()

    revert(change)

    tree["b"].refresh_from_db()
    assert (tree["b"].name, tree["b"].sort_order) == ("機関b", 4)


def test_publishing_is_not_reverted() -> None:
    with recording(ChangeKind.PUBLISH) as change:
        factories.structure()

    with pytest.raises(Obstructed):
        revert(change)


def test_words_name_parents_and_choices(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.MOVE) as change:
        Placement.objects.move_node(tree["b"], tree["d"], "first-child")

    shown = next(each for each in Words(change.rows.all()) if each.name == "機関b")

    fields = {field.label: (field.before, field.after) for field in shown.fields}
    assert (shown.kind, fields["上位"]) == ("位置づけ", ("機関a", "機関d"))


def test_words_name_what_was_deleted(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.DELETE) as change:
        tree["a"].delete()

    assert sorted(each.name for each in Words(change.rows.all())) == ["機関a", "機関b", "機関c"]


@pytest.mark.django_db(transaction=True)
def test_every_table_is_noted() -> None:
    assert journal.missing() == []
    with connection.cursor() as cursor:
        name = "portal_journal_portal_source_update" if connection.vendor == "sqlite" else "portal_journal"
        cursor.execute(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else " ON portal_source"))
    assert journal.missing() == ["portal_source"]

    journal.install()

    assert journal.missing() == []


def test_revert_frees_unique_values_in_time(tree: dict[str, Placement]) -> None:
    first, second = mandate(tree["b"], "x"), mandate(tree["b"], "y")
    with recording(ChangeKind.EDIT) as change:
        for role, code in ((first, "z"), (second, "x"), (first, "y")):
            role.code = code
            role.save()

    revert(change)

    assert [role.code for role in Mandate.objects.order_by("pk")] == ["x", "y"]


def test_revert_says_what_holds_a_unique_value_now(tree: dict[str, Placement]) -> None:
    role = mandate(tree["b"], "x", "前の役割")
    with recording(ChangeKind.DELETE) as change:
        role.delete()
    mandate(tree["b"], "x", "後の役割")

    with pytest.raises(Obstructed, match="役割「前の役割」：同じ機関に、同じコードの項目がすでにあります。"):
        revert(change)

    assert Mandate.objects.get().text == "後の役割"


def test_revert_names_what_it_refers_to_and_is_gone(tree: dict[str, Placement]) -> None:
    cited = factories.source("lost", title="なくなった資料")
    role = Mandate.objects.create(placement=tree["b"], code="m", text="役割", source=cited)
    with recording(ChangeKind.DELETE) as change:
        role.delete()
    cited.delete()

    with pytest.raises(Obstructed, match="出典「なくなった資料」が、その後に削除されています"):
        revert(change)


def test_revert_leaves_what_others_changed_in_other_fields(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.EDIT) as change:
        for name, short in (("い", "短"), ("ろ", "")):
            tree["b"].name, tree["b"].short_name = name, short
            tree["b"].save()
    tree["b"].short_name = "後の略称"
    tree["b"].save()

    revert(change)

    tree["b"].refresh_from_db()
    assert (tree["b"].name, tree["b"].short_name) == ("機関b", "後の略称")


def test_revert_takes_back_observations_that_were_added() -> None:
    plan = factories.plan()
    with recording(ChangeKind.ADD) as change:
        first = factories.observation(plan, "o1", 2025, Decimal("1.5"))
        factories.observation(plan, "o2", 2025, 2, replaces=first)

    taken_back = revert(change)
    assert not Observation.objects.exists()
    revert(taken_back)

    assert [(row.code, row.value, row.replaces_id) for row in Observation.objects.order_by("pk")] == [
        ("o1", Decimal("1.5"), None),
        ("o2", 2, first.pk),
    ]


def test_revert_is_refused_where_an_observation_was_corrected_since() -> None:
    plan = factories.plan()
    with recording(ChangeKind.ADD) as change:
        first = factories.observation(plan, "o1", 2025, 1)
    factories.observation(plan, "o2", 2025, 2, replaces=first, text="訂正した値")

    with pytest.raises(Obstructed, match="訂正した値"):
        revert(change)


def test_revert_does_not_silently_loosen_what_refers_to_what_goes() -> None:
    plan, other = factories.plan("a"), factories.plan("b")
    with recording(ChangeKind.ADD) as change:
        added = factories.section(plan, "1")
    linked = factories.section(other, "1", heading="指す項目", counterpart=added)

    with pytest.raises(Obstructed, match="指す項目"):
        revert(change)

    linked.refresh_from_db()
    assert linked.counterpart == added


def test_revert_of_moved_sections_and_deleted_ones_leaves_the_outline_right() -> None:
    plan = factories.plan()
    a = factories.section(plan, "1")
    b = factories.section(plan, "1.1", a)
    factories.section(plan, "1.1.1", b)
    d = factories.section(plan, "2")
    before = list(Section.objects.order_by("lft").values_list("number", "level"))
    with recording(ChangeKind.MOVE) as move:
        Section.objects.move_node(b, d, "first-child")
    with recording(ChangeKind.DELETE) as deletion:
        d.refresh_from_db()
        d.delete()

    with pytest.raises(Obstructed):
        revert(move)
    revert(deletion)
    revert(move)

    assert list(Section.objects.order_by("lft").values_list("number", "level")) == before
    assert faults(Section, plan.pk) == (0, "")


def test_revert_refuses_a_cycle_that_later_moves_would_make(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.MOVE) as change:
        Placement.objects.move_node(tree["c"], tree["d"], "first-child")
    Placement.objects.move_node(tree["a"], tree["c"], "first-child")

    with pytest.raises(Obstructed, match="自分自身や自分の下位"):
        revert(change)

    assert faults(Placement, tree["a"].structure_id) == (0, "")


def test_revert_brings_no_account_back_whose_password_is_unknown() -> None:
    user = User.objects.create_user("hanako")
    with recording(ChangeKind.RIGHTS) as change:
        user.delete()

    with pytest.raises(Obstructed, match="パスワード"):
        revert(change)

    assert not User.objects.exists()


def test_revert_of_a_new_account_keeps_what_it_did_in_the_history() -> None:
    with recording(ChangeKind.RIGHTS) as change:
        user = User.objects.create_user("hanako")
    with recording(ChangeKind.EDIT, user=user) as done:
        factories.source("a")

    revert(change)

    done.refresh_from_db()
    assert (done.user, done.user_name) == (None, "hanako")


def test_revert_twice_is_refused(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.ADD) as change:
        mandate(tree["b"])
    revert(change)

    with pytest.raises(Obstructed):
        revert(change)


def test_revert_is_as_public_as_what_it_takes_back(tree: dict[str, Placement]) -> None:
    with recording(ChangeKind.ADD, is_public=True, about="役割") as change:
        mandate(tree["b"])

    made = revert(change, reason="誤り")

    assert (made.is_public, made.about, made.reason) == (True, "役割", "誤り")


@pytest.mark.parametrize("count", [30, 300])
def test_revert_takes_a_number_of_queries_that_does_not_grow_with_rows(
    count: int, django_assert_max_num_queries: Any
) -> None:
    structure = factories.structure()
    rows = factories.many(structure, count)
    with recording(ChangeKind.EDIT) as change:
        Placement.objects.bulk_update([_renamed(row) for row in rows], ["name", "name_en"], batch_size=100)
        Mandate.objects.bulk_create(
            Mandate(placement=row, code="m", text="役割", source=factories.source()) for row in rows
        )
    with recording(ChangeKind.DELETE) as deletion:
        structure.delete()

    with django_assert_max_num_queries(110):
        revert(deletion)
    with django_assert_max_num_queries(110):
        revert(change)

    assert sorted(Placement.objects.values_list("name", flat=True)) == sorted(f"機関b{n}" for n in range(count))
    assert not Mandate.objects.exists()
    assert faults(Placement, structure.pk) == (0, "")


def _renamed(row: Placement) -> Placement:
    row.name, row.name_en = "改名", "Renamed"
    return row


def test_words_name_the_ends_of_a_relation_that_went_with_them(tree: dict[str, Placement]) -> None:
    Link.objects.create(
        from_placement=tree["b"], to_placement=tree["d"], kind=Relation.ADVISES, source=factories.source()
    )
    with recording(ChangeKind.DELETE) as change:
        tree["b"].delete()
        tree["d"].delete()

    rows = change.rows.filter(model="bodies.link")
    assert [each.name for each in Words(rows)] == ["機関bは、機関dに助言する。"]


def test_words_say_rights_in_the_language_of_the_page() -> None:
    group = Group.objects.create(name="編集")
    right = Permission.objects.get(codename="change_source")
    with recording(ChangeKind.RIGHTS) as change:
        group.permissions.add(right)

    assert [field.after for each in Words(change.rows.all()) for field in each.fields] == ["出典の変更"]
