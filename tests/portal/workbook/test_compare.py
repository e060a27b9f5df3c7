"""Rows beside what is stored under their keys, and circles of parents."""

from __future__ import annotations

import pytest

from portal.workbook.compare import Key, Line, State, Texts, Twice, circles, compare

COLUMNS = ("code", "name", "remark")
STORED: dict[Key, list[str]] = {("a",): ["a", "名", "備考"], ("b",): ["b", "名", ""]}


def compared(*rows: Texts, faulty: dict[int, frozenset[str]] | None = None) -> list[Line | Twice]:
    return list(compare(COLUMNS, ("code",), enumerate(rows, start=2), STORED, faulty or {}))


def test_a_key_that_is_not_stored_is_added_with_what_is_given() -> None:
    given = frozenset({"code", "remark"})

    assert compared(["c", None, "x"]) == [Line(2, ("c",), State.ADDED, {"code": "c", "remark": "x"}, given=given)]
    assert compared(["c", "", "x"]) == [
        Line(2, ("c",), State.ADDED, {"code": "c", "name": "", "remark": "x"}, given=frozenset(COLUMNS))
    ]


@pytest.mark.parametrize("texts", [["a", "名", "備考"], ["a", None, None], ["a", None, "備考"]])
def test_the_same_texts_and_blanks_change_nothing(texts: Texts) -> None:
    assert compared(texts) == [Line(2, ("a",), State.UNCHANGED)]


def test_only_what_differs_is_changed_and_an_empty_text_clears() -> None:
    stored = dict(zip(COLUMNS, STORED["a",], strict=True))

    assert compared(["a", "別名", ""]) == [
        Line(2, ("a",), State.CHANGED, {"name": "別名", "remark": ""}, stored, frozenset(COLUMNS))
    ]


def test_case_space_and_width_of_a_text_count() -> None:
    assert [each.key for each in compared(["a", "名 ", None]) if isinstance(each, Line) and each.cells] == [("a",)]


def test_a_row_whose_only_new_cell_is_faulty_stays_unchanged_and_knows_it() -> None:
    bad = frozenset({"name"})
    [line] = compared(["a", None, "備考"], faulty={2: bad})

    assert isinstance(line, Line)
    assert (line.state, line.cells, line.faulty) == (State.UNCHANGED, {}, bad)


def test_a_second_row_of_a_key_names_the_first() -> None:
    found = compared(["a", "x", None], ["b", None, None], ["a", "x", None], ["a", "名", None])

    assert found[2:] == [Twice(4, ("a",), 2), Twice(5, ("a",), 2)]


@pytest.mark.parametrize(
    ("parents", "asked", "found"),
    [
        ({"a": None, "b": "a", "c": "b"}, "abc", ""),
        ({"a": "a"}, "a", "a"),
        ({"a": "b", "b": "a", "c": "a"}, "abc", "ab"),
        ({"a": "b", "b": "a", "c": "a"}, "c", ""),
        ({"a": "b", "b": "c", "c": "a", "d": None}, "ad", "a"),
        ({"a": "gone"}, "a", ""),
    ],
)
def test_circles_are_found_at_the_rows_in_them(parents: dict[str, str | None], asked: str, found: str) -> None:
    keyed: dict[Key, Key | None] = {(key,): (end,) if end else None for key, end in parents.items()}

    assert [key for (key,) in circles(keyed, [(key,) for key in asked])] == list(found)
