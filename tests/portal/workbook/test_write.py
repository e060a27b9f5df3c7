"""What is stored comes out as a workbook that loses nothing and holds no formula; an empty one changes nothing."""

from __future__ import annotations

import datetime
import io
import os
import re
import time
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from bodies.models import Mandate
from plans.models import Observation
from portal.resources import Dataset, datasets
from portal.workbook import labels, write
from portal.workbook.book import Value
from portal.workbook.values import is_clear, unescape
from tests import factories

DATASETS = {dataset.name: dataset for dataset in datasets()}


def exported(**options: Any) -> bytes:
    file = io.BytesIO()
    write.export(file, **options)
    return file.getvalue()


def cells(content: bytes, sheet: str) -> list[list[Value]]:
    """A sheet as the importer's reader has it."""
    read: Any = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet)
    return list(read.to_python(skip_empty_area=False))


def read_back(dataset: Dataset, rows: list[list[Value]]) -> list[list[str]]:
    """The stored texts of the cells of a sheet, by the rules that the module states."""
    shown = [{label: value for value, label in write.shown_choices(dataset, name).items()} for name in dataset.columns]

    def text(value: Value, place: int) -> str:
        if isinstance(value, datetime.datetime | datetime.date):
            return value.isoformat()[:10]
        if isinstance(value, int | float):
            return f"{Decimal(repr(value)).normalize():f}"
        assert isinstance(value, str)
        return "" if is_clear(value) else shown[place].get(value, unescape(value))

    return [[text(value, place) for place, value in enumerate(row)] for row in rows[1:]]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("public", [False, True])
def test_every_row_comes_back_from_the_workbook(third_period: None, language: str, public: bool) -> None:
    with override(language):
        content = exported(public=public)

        found = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
        assert found == [labels.sheet_titles(each)[language] for each in datasets()]
        for table in write.tables(public=public):
            rows = cells(content, labels.sheet_title(table.dataset))
            assert rows[0] == [titles[language] for titles in labels.column_titles(table.dataset).values()]
            assert read_back(table.dataset, rows) == table.rows


# What XML allows, and the control characters that a database holds beside it; NUL and the non-characters are refused.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff"), min_size=1)
AWKWARD = [
    "=cmd|'/c calc'!A1",
    "@SUM(1)",
    "-1+1",
    "+1",
    "'=1",
    "0012",
    "1e5",
    "2025-04-01",
    "TRUE",
    "(削除)",
    "（削除）",
    "((削除))",
    "()",
    " ",
    "\t\n",
    "※1",
    "a\rb\r\nc\vd\x1fe",
    "_x000D_",
    "_x0041_x0042_",
    "_x005F_",
    "<r>markup</r>",
    "<r><t>a</t></r>",
    "<b>&amp;",
    "]]>",
    "http://example.jp/",
    "mailto:a@example.jp",
    "{=1}",
    "𠮷野家 髙橋",
    "\u2028\x85\u3000",
    "長" * write.LONGEST,
]


def table_of(text: str) -> write.Table:
    dataset = DATASETS["mandates"]
    row = {"structure": "edition", "body": "a", "code": "m", "text": text}
    return write.Table(dataset, [[row.get(name, "") for name in dataset.columns]])


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts_come_back_to_the_letter_and_are_no_formula(text: str) -> None:
    file = io.BytesIO()
    table = table_of(text)
    write.write(file, [table])

    assert read_back(table.dataset, cells(file.getvalue(), "役割")) == table.rows
    sheet = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    assert re.findall("<f[ >]|<hyperlink", sheet) == []
    form = openpyxl.load_workbook(io.BytesIO(file.getvalue()))["役割"]["E2"]
    assert (form.data_type in ("s", "inlineStr"), form.number_format, form.quotePrefix) == (True, "@", True)


@given(TEXTS)
def test_any_text_comes_back_to_the_letter(text: str) -> None:
    file = io.BytesIO()
    table = table_of(text)
    write.write(file, [table])

    assert read_back(table.dataset, cells(file.getvalue(), "役割")) == table.rows


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("長" * (write.LONGEST + 1), "文字が多すぎて、表計算のセルに入りません（32,767 文字まで）。"),
        ("𠮷" * (write.LONGEST // 2 + 1), "文字が多すぎて、表計算のセルに入りません（32,767 文字まで）。"),
        (" " * write.LONGEST, "文字が多すぎて、表計算のセルに入りません（32,767 文字まで）。"),  # with its brackets
        ("a\ufffe", "表計算のファイルに書けない文字（U+FFFE または U+FFFF）が含まれています。"),
    ],
)
def test_what_no_cell_can_hold_is_refused_with_its_cell_and_nothing_is_written(text: str, why: str) -> None:
    file = io.BytesIO()

    with pytest.raises(write.Unwritable) as refused:
        write.write(file, [table_of(text)])

    assert str(refused.value) == f"役割!E2: {why}"
    assert file.getvalue() == b""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (0, 0.0),
        (Decimal("0.1"), 0.1),
        (Decimal("-0.5"), -0.5),
        (Decimal(130), 130.0),
        (Decimal("99999999999.1234"), 99999999999.1234),
    ],
)
def test_a_number_is_a_number_cell_and_none_is_not_zero(value: Any, cell: Any) -> None:
    factories.observation(factories.plan(), "o", 2025, value, text="値")

    rows = cells(exported(names=["observations"]), "実績値")

    assert rows[1][rows[0].index("値")] == cell
    assert type(rows[1][rows[0].index("値")]) is type(cell)


@pytest.mark.django_db
def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_text() -> None:
    plan = factories.plan()
    for number, amount in enumerate((10**14, 10**15, 123456789012345678)):
        factories.budget(plan, f"b{number}", amount=amount, sort_order=number)

    rows = cells(exported(names=["budgets"]), "予算")

    assert [row[rows[0].index("額（円）")] for row in rows[1:]] == [1e14, "1000000000000000", "123456789012345678"]


@pytest.mark.django_db
def test_a_day_is_a_date_cell_where_spreadsheets_count_alike() -> None:
    for code, day in {"a": "1868-10-23", "b": "1900-02-28", "c": "1900-03-01", "d": "9999-12-31"}.items():
        factories.source(code, decided_on=datetime.date.fromisoformat(day))

    rows = cells(exported(names=["sources"]), "出典")

    assert [row[rows[0].index("決定日・公布日・公表日")] for row in rows[1:]] == [
        "1868-10-23",
        "1900-02-28",
        datetime.date(1900, 3, 1),
        datetime.date(9999, 12, 31),
    ]


def test_an_empty_value_is_cleared_where_a_new_row_would_get_another() -> None:
    dataset = DATASETS["mandates"]
    empty = write.Table(dataset, [[""] * len(dataset.columns)])
    file = io.BytesIO()
    write.write(file, [empty])

    rows = cells(file.getvalue(), "役割")

    assert {heading for heading, cell in zip(rows[0], rows[1], strict=True) if cell == "(削除)"} == {
        "並び順",
        "根拠の種類",
    }
    assert read_back(dataset, rows) == empty.rows


def test_choices_are_shown_by_labels_that_mean_one_value() -> None:
    assert write.shown_choices(DATASETS["mandates"], "evidence") == {
        "printed": "記載どおり",
        "inferred": "推定",
        "derived": "算出・導出",
    }
    for dataset in datasets():
        for language in ("ja", "en"):
            with override(language):
                for column in dataset.columns:
                    shown = write.shown_choices(dataset, column)
                    assert len(set(shown.values())) == len(shown)


def test_the_same_data_make_the_same_bytes(third_period: None) -> None:
    first = exported(), written(write.template)
    time.sleep(2.1)  # a ZIP counts in two seconds

    assert (exported(), written(write.template)) == first


def written(make: Any) -> bytes:
    file = io.BytesIO()
    make(file)
    return file.getvalue()


def test_a_sheet_is_laid_out_to_be_read(third_period: None) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(exported(names=["observations"])))["実績値"]

    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:Z45"
    widths = [each.width for each in sheet.column_dimensions.values()]
    assert min(widths) >= write.NARROWEST
    assert max(widths) <= write.WIDEST + 1
    assert len(set(widths)) > 5


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_rows() -> None:
    def queries() -> list[int]:
        counts = []
        for public in (False, True):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                for _table in write.tables(public=public):
                    pass
            counts.append(len(captured))
        return counts

    plan = factories.plan()
    structure = factories.structure()

    def add(number: int) -> None:
        placement = factories.place(structure, f"b{number}")
        Mandate.objects.create(placement=placement, code="m", text="役割", source=factories.source())
        project = factories.project(plan, f"pj{number}", council=placement.body, council_evidence="printed")
        project.ministries.add(placement.body)
        factories.programme(f"p{number}", project)
        factories.target(plan, f"t{number}")
        factories.observation(plan, f"o{number}", 2025, 1)

    add(0)
    with_one = queries()
    add(1)
    add(2)

    assert queries() == with_one


# --- an empty one ---


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_template_has_headings_help_an_example_and_nothing_to_import(third_period: None, language: str) -> None:
    with override(language):
        content = written(write.template)
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))

        titles = [labels.sheet_titles(each)[language] for each in datasets()]
        assert book.sheet_names == [str(labels.GUIDE), *titles, str(labels.LISTS)]
        assert all(labels.is_guide(name) for name in book.sheet_names if name not in titles)
        for dataset in datasets():
            headings, help_row, *rest = cells(content, labels.sheet_title(dataset))
            assert headings == [title[language] for title in labels.column_titles(dataset).values()]
            assert str(help_row[0]).startswith("※ ")
            for name, cell in zip(dataset.columns, help_row, strict=True):
                assert str(cell).endswith(labels.help_of(dataset, name))
            assert [str(row[0])[:2] for row in rest] == ["※例" if language == "ja" else "※E"]


@pytest.mark.django_db
def test_a_template_of_an_empty_portal_has_no_example_and_no_codes_to_choose_from() -> None:
    content = written(write.template)

    assert len(cells(content, "実績値")) == 2
    sheet = openpyxl.load_workbook(io.BytesIO(content))["機関"]
    assert [each.sqref for each in sheet.data_validations.dataValidation] == []


def offered(content: bytes, sheet: str) -> dict[str, tuple[str, list[str]]]:
    """By heading the kind of a drop-down list's refusal, and what the list offers."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    headings = {get_column_letter(place): cell.value for place, cell in enumerate(book[sheet][1], start=1)}
    found = {}
    for each in book[sheet].data_validations.dataValidation:
        name, _mark, area = str(each.formula1).replace("'", "").replace("$", "").partition("!")
        values = (
            [row[0].value for row in book[name.removeprefix("=")][area]]
            if ":" in area
            else [book[name.removeprefix("=")][area].value]
        )
        first = str(each.sqref).partition(":")[0]
        assert first.endswith("4")
        found[str(headings[first.rstrip("0123456789")])] = (each.errorStyle or "stop", values)
    return found


@pytest.mark.django_db
def test_a_template_offers_choices_booleans_and_codes_where_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = factories.plan("plan", status="draft")
    public = factories.plan("shown")
    factories.observation(public, "seen", 2025, 1)
    factories.observation(plan, "draft", 2025, 1)

    lists = offered(written(write.template), "実績値")

    assert lists == {
        "指標": ("warning", ["deals"]),
        "値が属する期間の計画": ("warning", ["plan", "shown"]),
        "年の数え方": ("stop", ["年度", "暦年", "(削除)"]),
        "比較": ("stop", ["ちょうど", "以上", "超", "以下", "未満", "約", "(削除)"]),
        "速報・確定": ("stop", ["速報", "確定", "(削除)"]),
        "訂正の対象": ("warning", ["draft", "seen", "(削除)"]),
        "出典": ("warning", ["slides"]),
        "根拠の種類": ("stop", ["記載どおり", "推定", "算出・導出"]),
    }
    monkeypatch.setattr(write, "LISTED", 1)
    assert "訂正の対象" not in offered(written(write.template), "実績値")


@pytest.mark.django_db
def test_the_example_is_a_row_that_readers_see_without_what_they_do_not() -> None:
    draft = factories.plan("draft", status="draft", sort_order=0)
    factories.plan("shown", sort_order=1, follows=draft)

    rows = cells(written(write.template), "計画")

    assert rows[2][:4] == ["※例 shown", "1", "公開", "計画"]
    assert rows[2][rows[0].index("即する戦略")] == ""


def test_messages_of_lists_are_in_the_language_of_the_template(third_period: None) -> None:
    with override("en"):
        sheet = openpyxl.load_workbook(io.BytesIO(written(write.template)))["Sources"]

    assert {each.error for each in sheet.data_validations.dataValidation} == {"Choose from the list."}


# --- formulas in CSV ---


@pytest.mark.parametrize(
    ("text", "guarded"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-1+1", "'-1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1+1", "'＝1+1"),
        ("'=1", "''=1"),
        ("''=1", "'''=1"),
        ("'引用'", "'引用'"),
        ("-0.5", "-0.5"),
        ("-130", "-130"),
        ("=", "="),
        ("-", "-"),
        ("健康=医療", "健康=医療"),
        ("", ""),
    ],
)
def test_a_live_formula_gets_an_apostrophe_and_loses_it_again(text: str, guarded: str) -> None:
    assert write.guard_formula(text) == guarded
    assert write.unguard_formula(guarded) == text


@given(st.text(st.sampled_from("'=+-@\t\r\n＝0123.a"), max_size=8) | st.text())
def test_any_text_comes_back_from_the_guard_and_none_is_live(text: str) -> None:
    guarded = write.guard_formula(text)

    assert write.unguard_formula(guarded) == text
    assert len(guarded) < 2 or guarded[0] not in "=+@\t\r\n＝＋－＠"
    assert not guarded.startswith("-") or len(guarded) == 1 or re.fullmatch(r"-[0-9]+(\.[0-9]+)?", guarded)


# --- the command ---


def test_the_command_writes_what_is_stored_and_leaves_nothing_else(third_period: None, tmp_path: Path) -> None:
    call_command("export_workbook", tmp_path / "all.xlsx")
    call_command("export_workbook", tmp_path / "empty.xlsx", "--template", "--language", "en")

    assert (tmp_path / "all.xlsx").read_bytes() == exported()
    with override("en"):
        assert (tmp_path / "empty.xlsx").read_bytes() == written(write.template)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.xlsx", "empty.xlsx"]


@pytest.mark.django_db
def test_the_command_replaces_a_file_only_when_told(tmp_path: Path) -> None:
    file = tmp_path / "filled-in.xlsx"
    file.write_bytes(b"a day's work")

    with pytest.raises(CommandError, match="すでにあります"):
        call_command("export_workbook", file)
    assert file.read_bytes() == b"a day's work"

    call_command("export_workbook", file, "--overwrite")
    assert file.read_bytes() == exported()


@pytest.mark.django_db
def test_the_command_says_where_it_cannot_write(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "all.xlsx"

    with pytest.raises(CommandError) as refused:
        call_command("export_workbook", file)

    assert str(refused.value).startswith(f"{file} に書けません：")
    assert os.strerror(2) in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db
def test_the_command_leaves_the_file_of_before_where_a_text_is_too_long(tmp_path: Path) -> None:
    file = tmp_path / "all.xlsx"
    call_command("export_workbook", file)
    before = file.read_bytes()
    factories.source("long", remark="長" * (write.LONGEST + 1))

    with pytest.raises(CommandError, match=r"出典!Q2"):
        call_command("export_workbook", file, "--overwrite")

    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.django_db
def test_nothing_is_written_to_the_database(tmp_path: Path) -> None:
    factories.observation(factories.plan(), "o", 2025, 1)
    with CaptureQueriesContext(connection) as captured:
        exported(public=True)

    assert [each["sql"] for each in captured if not each["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))] == []
    assert Observation.objects.count() == 1
