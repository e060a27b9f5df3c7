"""What the guard finds in a sheet, quickly where it is written in the ordinary way and cell by cell where it is not."""

from __future__ import annotations

from typing import Any

import pytest

from portal.workbook import guard


def facts(rows: str, **options: Any) -> tuple[int, int, int, dict[tuple[int, int], tuple[str, str]]]:
    found = guard.sheet_facts(f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode(), "S", **options)
    return found.last_row, found.last_column, found.formulas, found.troubles


@pytest.mark.parametrize(
    ("letters", "number"), [(b"A", 1), (b"Z", 26), (b"AA", 27), (b"gr", 200), (b"XFD", 16_384), (b"Z" * 99, 12_356_630)]
)
def test_column_number_counts_as_a_spreadsheet_does(letters: bytes, number: int) -> None:
    assert guard.column_number(letters) == number


def test_ordinary_cells_are_not_looked_at_one_by_one() -> None:
    rows = '<row r="2"><c r="B2"><v>1</v></c></row><row r="9"><c r="A9" s="1"/></row>'

    assert facts(rows) == (2, 26, 0, {})  # the last column is known to be one of A to Z


def test_cells_without_a_place_follow_the_one_before() -> None:
    rows = (
        '<row><c><v>1</v></c></row><row r="4"><c r="C4"><v>1</v></c><c t="e"><v>#N/A</v></c></row>'
        '<row><c t="e"><v>#REF!</v></c></row>'
    )

    assert facts(rows) == (5, 4, 0, {(4, 4): ("error", "#N/A"), (5, 1): ("error", "#REF!")})


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B3" t="e"><v>#N/A</v></c>',
        "<c r='B3' t='e'><v>#N/A</v></c>",
        '<c t = "e"\n r = "b3" ><v >#N/A</v ></c >',
    ],
)
def test_an_error_is_found_however_its_cell_is_written(cell: str) -> None:
    assert facts(f'<row r="3">{cell}</row>')[3] == {(3, 2): ("error", "#N/A")}


def test_prefixed_elements_are_read_as_others() -> None:
    cell = '<x:c r="B3" t="e"><x:v>#N/A</x:v></x:c>'
    sheet = f'<x:worksheet><x:sheetData><x:row r="3">{cell}</x:row></x:sheetData></x:worksheet>'

    assert guard.sheet_facts(sheet.encode(), "S").troubles == {(3, 2): ("error", "#N/A")}


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        ("<f>A1+B1</f><v>3</v>", None),
        ("<f>A1+B1</f><v>0</v>", None),
        ("<f>A1&lt;B1</f><v></v>", ("formula", "=A1<B1")),
        ("<f>A1+B1</f><v/>", ("formula", "=A1+B1")),
        ("<f>A1+B1</f>", ("formula", "=A1+B1")),
        ('<f t="shared" si="0"/>', ("formula", "=")),
    ],
)
def test_a_formula_is_used_by_its_stored_value(content: str, trouble: tuple[str, str] | None) -> None:
    row = f'<row r="1"><c r="A1">{content}</c></row>'

    assert facts(row) == (1, 26, 1, {(1, 1): trouble} if trouble else {})


def test_an_empty_text_is_a_stored_value() -> None:
    assert facts('<row r="1"><c r="A1" t="str"><f>""</f><v></v></c></row>') == (1, 26, 1, {})


def test_zeros_of_a_program_that_cannot_calculate_are_no_values() -> None:
    rows = '<row r="1"><c r="A1"><f>A9</f><v>0</v></c><c r="B1"><f>A9</f><v>5</v></c><c r="C1"><v>0</v></c></row>'

    assert facts(rows, to_calculate=True) == (1, 26, 2, {(1, 1): ("formula", "=A9")})


def test_formatted_blanks_outside_the_limits_do_not_count() -> None:
    rows = '<row r="1"><c r="B1"><v>1</v></c><c r="AMJ1" s="4"/></row><row r="900000"><c r="A900000" s="4"/></row>'

    assert facts(rows) == (1, 2, 0, {})


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ('<row r="1"><c r="GS1"><v>1</v></c></row>', "columns"),
        ('<row r="1"><c r="XFD1"><v>1</v></c><c r="A1"><v>1</v></c></row>', "columns"),
        ('<row r="200001"><c r="A200001"><v>1</v></c></row>', "rows"),
        ('<row r="1"><c r="A1"><v>1</v></c></row>' + "<row/>" * (1 << 20), "rows"),
        ("<row><c><v>1</v></c></row>" * 200_001, "rows"),
        ('<row r="1"><c r="A1"/></row>' + "<c/>" * 4_000_000, "cells"),
    ],
    ids=["one column too many", "columns out of order", "one row too many", "blank rows", "rows without r", "blanks"],
)
def test_what_stands_outside_the_limits_is_refused(rows: str, code: str) -> None:
    with pytest.raises(guard.Refused) as refused:
        facts(rows)

    assert refused.value.code == code


def test_hidden_rows_and_columns_are_found() -> None:
    sheet = (
        b'<worksheet><cols><col min="2" max="2" width="9"/><col hidden="1" max="16384" min="5"/></cols><sheetData>'
        b'<row r="2" hidden="true"/><row r="3" hidden="0"/><row hidden="1"/></sheetData></worksheet>'
    )

    found = guard.sheet_facts(sheet, "S")

    assert (found.hidden_columns, found.hidden_rows) == ([(5, 16_384)], [(2, 2), (4, 4)])


def book_of(*cells: str) -> dict[str, bytes]:
    """The parts of a book that has a sheet with one row for each of the given cells."""
    sheets = "".join(f'<sheet name="{number}" id="{number}"/>' for number, _cell in enumerate(cells))
    relations = "".join(
        f'<Relationship Id="{number}" Type="x/worksheet" Target="/{number}.xml"/>' for number, _cell in enumerate(cells)
    )
    return {
        "xl/workbook.xml": f"<workbook>{sheets}</workbook>".encode(),
        "xl/_rels/workbook.xml.rels": f"<r>{relations}</r>".encode(),
        **{
            f"{number}.xml": f"<worksheet><sheetData><row>{cell}</row></sheetData></worksheet>".encode()
            for number, cell in enumerate(cells)
        },
    }


def test_the_area_of_all_sheets_together_is_limited() -> None:
    with pytest.raises(guard.Refused) as refused:
        guard.xlsx(book_of('<c r="T100000"><v>1</v></c>', '<c r="U100000"><v>1</v></c>'))

    assert (refused.value.code, refused.value.details) == ("cells", {"limit": 4_000_000})


def test_the_area_is_that_of_the_columns_in_use() -> None:
    _is_1904, found = guard.xlsx(book_of('<c r="T100000"><v>1</v></c>', '<c r="T100000" t="e"><v>#N/A</v></c>'))

    assert [(each.last_row, each.last_column, each.troubles) for each in found if each] == [
        (100_000, 20, {}),
        (100_000, 20, {(100_000, 20): ("error", "#N/A")}),
    ]


def test_errors_are_made_text_for_the_library() -> None:
    parts = book_of("<c r=\"A1\" t = 'e'><v>#SPILL!</v></c>")

    guard.xlsx(parts)

    assert parts["0.xml"] == (
        b'<worksheet><sheetData><row><c r="A1" t = "str"><v>#SPILL!</v></c></row></sheetData></worksheet>'
    )
