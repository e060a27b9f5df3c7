"""The index of a tree is right after every way of writing, and what would break the tree is refused."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.serializers import serialize
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bodies.models import Body, Kind, Placement, Structure
from portal.tree import InvalidTree, faults, forest, number, renumber, settle
from tests import factories


def shape(structure: Structure) -> list[tuple[int, str]]:
    """The tree as the index tells it: depth and code, in order."""
    return list(Placement.objects.filter(structure=structure).order_by("lft").values_list("level", "body__code"))


def is_right(structure: Structure) -> bool:
    return faults(Placement, structure.pk) == (0, "")


@pytest.fixture
def edition(db: Any) -> Structure:
    """a(a1, a2(a21)), b"""
    structure = factories.structure()
    a = factories.place(structure, "a", sort_order=1)
    factories.place(structure, "a1", a, sort_order=1)
    a2 = factories.place(structure, "a2", a, sort_order=2)
    factories.place(structure, "a21", a2)
    factories.place(structure, "b", sort_order=2)
    return structure


def get(code: str) -> Placement:
    return Placement.objects.get(body__code=code)


WHOLE = [(0, "a"), (1, "a1"), (1, "a2"), (2, "a21"), (0, "b")]


def test_save_places_by_parent_and_order(edition: Structure) -> None:
    assert shape(edition) == WHOLE
    assert is_right(edition)


def test_save_sets_the_index_of_the_object_in_hand(edition: Structure) -> None:
    new = factories.place(edition, "a3", get("a"), sort_order=3)

    assert (new.tree_id, new.lft, new.rght, new.level) == (edition.pk, 8, 9, 1)


def test_save_of_a_row_deleted_meanwhile_is_refused_and_not_inserted_again(edition: Structure) -> None:
    stale = get("a21")
    get("a").delete()

    with pytest.raises(InvalidTree, match="「機関a21」は、ほかの更新で削除されています"):
        stale.save()

    assert shape(edition) == [(0, "b")]


def test_a_refused_object_can_be_mended_and_saved_again(edition: Structure) -> None:
    other = factories.place(factories.structure("other", valid_from="2021-04-01"), "x")
    body = Body.objects.create(code="new")
    row = Placement(structure=edition, body=body, parent=other, name="新", kind=Kind.OFFICE, source=factories.source())
    with pytest.raises(InvalidTree):
        row.save()

    row.parent = get("b")
    row.save()

    assert shape(edition)[-1] == (1, "new")


def test_move_inside_a_block_brings_the_object_in_hand_up_to_date(edition: Structure) -> None:
    row = get("a2")
    with settle():
        Placement.objects.move_node(row, get("b"))

    assert (row.lft, row.level) == (get("a2").lft, 1)
    with pytest.raises(ValueError, match="not a position"):
        Placement.objects.move_node(row, get("b"), "middle")


def test_placements_moved_by_the_structures_relation_are_renumbered(edition: Structure) -> None:
    other = factories.structure("other", valid_from="2021-04-01")

    other.placements.add(get("b"))

    assert is_right(edition)
    assert is_right(other)


def test_save_under_a_parent_deleted_meanwhile_is_refused(edition: Structure) -> None:
    row, parent = get("a1"), get("b")
    get("b").delete()
    row.parent = parent

    with pytest.raises(InvalidTree, match="「機関a1」の上位は、ほかの更新で削除されています"):
        row.save()

    assert shape(edition) == WHOLE[:-1]


def move_by_save(code: str, parent: str | None) -> None:
    row = get(code)
    row.parent = get(parent) if parent else None
    row.save()


def move_by_manager(code: str, target: str | None) -> None:
    Placement.objects.move_node(get(code), get(target) if target else None, "last-child")


def move_by_update(code: str, parent: str | None) -> None:
    Placement.objects.filter(body__code=code).update(parent=get(parent) if parent else None)


def move_by_bulk_update(code: str, parent: str | None) -> None:
    row = get(code)
    row.parent = get(parent) if parent else None
    Placement.objects.bulk_update([row], ["parent"])


def move_by_move_to(code: str, parent: str | None) -> None:
    get(code).move_to(get(parent) if parent else None, "last-child")


def move_by_relation(code: str, parent: str | None) -> None:
    if parent is None:
        get(code).parent.children.remove(get(code))
    else:
        get(parent).children.add(get(code))


MOVES = [move_by_save, move_by_manager, move_by_update, move_by_bulk_update, move_by_move_to, move_by_relation]


@pytest.mark.parametrize("move", MOVES)
def test_move_takes_the_subtree_along(edition: Structure, move: Callable[[str, str | None], None]) -> None:
    move("a2", "b")

    assert shape(edition) == [(0, "a"), (1, "a1"), (0, "b"), (1, "a2"), (2, "a21")]
    assert is_right(edition)


@pytest.mark.parametrize("move", MOVES)
def test_move_to_the_top(edition: Structure, move: Callable[[str, str | None], None]) -> None:
    move("a21", None)

    assert sorted(shape(edition)) == sorted([(0, "a"), (1, "a1"), (1, "a2"), (0, "a21"), (0, "b")])
    assert is_right(edition)


@pytest.mark.parametrize("move", MOVES)
def test_move_under_itself_is_refused_in_words(edition: Structure, move: Callable[[str, str | None], None]) -> None:
    with pytest.raises(InvalidTree, match="自分自身や自分の下位を上位にすることはできません") as refused:
        move("a", "a21")

    assert "機関a21" in str(refused.value)
    assert shape(edition) == WHOLE
    assert is_right(edition)


@pytest.mark.parametrize("move", [move_by_save, move_by_update, move_by_bulk_update])
def test_parent_in_another_structure_is_refused(edition: Structure, move: Callable[[str, str | None], None]) -> None:
    other = factories.structure("other", valid_from="2021-04-01")
    factories.place(other, "x")

    with pytest.raises(InvalidTree, match="機関a1」の上位「機関x」は、別の木に属しています"):
        move("a1", "x")

    assert shape(edition) == WHOLE
    assert is_right(edition)
    assert is_right(other)


@pytest.mark.parametrize(
    ("position", "order"),
    [("first-child", "3 1 2"), ("last-child", "1 2 3"), ("left", "1 3 2"), ("right", "1 2 3")],
)
def test_move_node_places_among_siblings(db: Any, position: str, order: str) -> None:
    structure = factories.structure()
    top = factories.place(structure, "top")
    for code in "12":
        factories.place(structure, code, top)
    factories.place(structure, "3")
    target = top if position.endswith("child") else get("2")

    moved = get("3")
    Placement.objects.move_node(moved, target, position)

    assert [code for level, code in shape(structure) if level == 1] == order.split()
    assert moved.parent == top
    assert (moved.lft, moved.level) == (get("3").lft, 1)
    assert is_right(structure)


def test_move_node_beside_itself_or_a_deleted_target_is_refused(edition: Structure) -> None:
    row, target = get("a1"), get("b")
    target.delete()

    with pytest.raises(InvalidTree, match="削除されています"):
        Placement.objects.move_node(row, target)
    with pytest.raises(InvalidTree, match="隣に移すことはできません"):
        Placement.objects.move_node(row, row, "left")


def test_insert_node_saves_at_a_place(edition: Structure) -> None:
    new = Placement(
        structure=edition, body=Body.objects.create(code="n"), name="新", kind=Kind.OFFICE, source=factories.source()
    )

    new.insert_at(get("a2"), "left", save=True)

    assert shape(edition) == [(0, "a"), (1, "a1"), (1, "n"), (1, "a2"), (2, "a21"), (0, "b")]
    with pytest.raises(ValueError, match="save=True"):
        Placement(structure=edition).insert_at(get("a"))


def delete_instance(code: str) -> None:
    get(code).delete()


def delete_query_set(code: str) -> None:
    Placement.objects.filter(body__code=code).delete()


def delete_by_relation(code: str) -> None:
    Body.objects.get(code=code).placements.all().delete()


@pytest.mark.parametrize("delete", [delete_instance, delete_query_set, delete_by_relation])
def test_delete_takes_the_subtree_and_closes_the_gap(edition: Structure, delete: Callable[[str], None]) -> None:
    delete("a")

    assert shape(edition) == [(0, "b")]
    assert get("b").lft == 1
    assert is_right(edition)


def test_cascade_from_the_owner_deletes_in_a_constant_number_of_queries(
    db: Any, django_assert_max_num_queries: Any
) -> None:
    structure = factories.structure()
    factories.many(structure, 150)

    with django_assert_max_num_queries(40):  # Django's own batches; not one for each row
        structure.delete()

    assert not Placement.objects.exists()


def test_bulk_create_numbers_rows_in_hand(edition: Structure) -> None:
    bodies = Body.objects.bulk_create(Body(code=code) for code in ("c", "d"))
    rows = [
        Placement(structure=edition, body=body, parent=get("b"), name="新", kind=Kind.OFFICE, source=factories.source())
        for body in bodies
    ]

    Placement.objects.bulk_create(rows)

    assert shape(edition)[-3:] == [(0, "b"), (1, "c"), (1, "d")]
    assert [(row.level, row.lft) for row in rows] == [(1, 10), (1, 12)]
    assert is_right(edition)


def test_bulk_create_with_a_cycle_is_refused_whole(edition: Structure) -> None:
    b, body = get("b"), Body.objects.create(code="c")

    def add_above_and_below() -> None:
        with settle():
            row = factories.place(edition, "c", b)
            Placement.objects.filter(pk=b.pk).update(parent=row)

    with pytest.raises(InvalidTree):
        add_above_and_below()

    assert shape(edition) == WHOLE
    assert not body.placements.exists()


def test_update_of_the_owner_renumbers_both_trees(edition: Structure) -> None:
    other = factories.structure("other", valid_from="2021-04-01")

    Placement.objects.filter(body__code="b").update(structure=other)

    assert shape(edition) == WHOLE[:-1]
    assert shape(other) == [(0, "b")]
    assert is_right(edition)
    assert is_right(other)


def test_save_with_another_owner_renumbers_both_trees(edition: Structure) -> None:
    other = factories.structure("other", valid_from="2021-04-01")
    row = get("b")
    row.structure = other

    row.save()

    assert is_right(edition)
    assert is_right(other)
    assert shape(other) == [(0, "b")]


def test_update_of_other_columns_does_not_renumber(edition: Structure, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        Placement.objects.update(remark="見直し")


def test_reorder_by_sort_order(edition: Structure) -> None:
    Placement.objects.filter(body__code="a1").update(sort_order=9)

    assert shape(edition) == [(0, "a"), (1, "a2"), (2, "a21"), (1, "a1"), (0, "b")]


def test_many_writes_in_one_block_renumber_once(edition: Structure) -> None:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries, settle():
        for code in ("c", "d", "e"):
            factories.place(edition, code)

    reads = [query for query in queries if 'ORDER BY "bodies_placement"."sort_order"' in query["sql"]]
    assert len(reads) == 1
    assert is_right(edition)


def test_an_inner_block_that_fails_leaves_nothing_behind(edition: Structure) -> None:
    def fail() -> None:
        with settle():
            factories.place(edition, "lost")
            raise InvalidTree("on purpose")

    with settle():
        factories.place(edition, "kept")
        with pytest.raises(InvalidTree):
            fail()

    assert [code for _level, code in shape(edition)] == ["kept", "a", "a1", "a2", "a21", "b"]
    assert is_right(edition)


def test_loaddata_reads_rows_in_any_order(edition: Structure, tmp_path: Path) -> None:
    rows = Placement.objects.order_by("-lft")
    fixture = tmp_path / "placements.json"
    fixture.write_text(serialize("json", rows, fields=[f.name for f in Placement._meta.fields if f.editable]))
    Placement.objects.all().delete()

    call_command("loaddata", str(fixture), verbosity=0)

    assert shape(edition) == WHOLE
    assert is_right(edition)


def test_mptt_reads_roots_of_their_own_structure_only(edition: Structure) -> None:
    factories.place(factories.structure("other", valid_from="2021-04-01"), "x")

    assert [str(row) for row in get("a").get_siblings()] == ["機関b"]
    assert get("a").get_next_sibling() == get("b")
    assert get("b").get_previous_sibling() == get("a")
    assert get("b").get_next_sibling() is None
    assert get("a21").get_root() == get("a")
    assert [row.body.code for row in get("a21").get_ancestors()] == ["a", "a2"]
    assert [row.body.code for row in get("a").get_descendants()] == ["a1", "a2", "a21"]


def corrupt() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bodies_placement SET lft = 99, level = 7")


def test_check_tree_finds_and_repairs_the_index(edition: Structure) -> None:
    corrupt()
    out = StringIO()

    with pytest.raises(CommandError, match="誤りのある木"):
        call_command("check_tree", stdout=out)
    assert "索引の誤り 5 行" in out.getvalue()
    call_command("check_tree", "--repair", stdout=out)

    assert shape(edition) == WHOLE
    call_command("check_tree", stdout=out)
    assert "すべての木が正しい状態です" in out.getvalue()


def test_check_tree_names_a_cycle_and_leaves_it_to_an_editor(edition: Structure) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bodies_placement SET parent_id = %s WHERE id = %s", [get("a21").pk, get("a").pk])
    out = StringIO()

    with pytest.raises(CommandError):
        call_command("check_tree", "--repair", stdout=out)

    assert "機関a → 機関a21 → 機関a2 → 機関a" in out.getvalue()


def test_rebuild_mends_every_tree(edition: Structure) -> None:
    corrupt()
    Placement.objects.rebuild()
    assert is_right(edition)

    corrupt()
    Placement.objects.partial_rebuild(edition.pk)
    assert is_right(edition)


@given(st.lists(st.integers(min_value=0, max_value=30), max_size=40))
def test_number_equals_a_walk_of_the_tree(links: list[int]) -> None:
    """Random forests: node n hangs under a node before it, or is a root."""
    parents = {n + 1: (link % (n + 1)) or None for n, link in enumerate(links)}
    expected: dict[int, tuple[int, int, int]] = {}

    def walk(pk: int, level: int, left: int) -> int:
        right = left + 1
        for child in [key for key, parent in parents.items() if parent == pk]:
            right = walk(child, level + 1, right) + 1
        expected[pk] = (left, right, level)
        return right

    counter = 1
    for root in [key for key, parent in parents.items() if parent is None]:
        counter = walk(root, 0, counter) + 1

    assert number(parents.items()) == expected


def test_number_leaves_out_what_no_root_leads_to() -> None:
    assert number([(1, None), (2, 3), (3, 2), (4, 99)]) == {1: (1, 2, 0)}


def test_forest_nests_rows_by_level() -> None:
    nodes = forest([(0, "a"), (1, "b"), (2, "c"), (1, "d"), (0, "e")])

    assert [node.row[1] for node in nodes] == ["a", "e"]
    assert [node.row[1] for node in nodes[0].children] == ["b", "d"]
    assert [node.row[1] for node in nodes[0].children[0].children] == ["c"]


def test_renumber_writes_nothing_when_all_is_right(edition: Structure, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        renumber(Placement, edition.pk)
