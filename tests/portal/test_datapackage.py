"""A data package is loaded whole or not at all, and comes back byte for byte."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import override

from bodies.models import Body, Link, Mandate, Placement, Structure
from plans.models import Plan, Section
from portal import datapackage, revision
from portal.datapackage import Unloadable
from portal.models import Source
from projects.models import Project, Succession
from tests import factories
from tests.conftest import PACKAGE
from tests.portal.test_tree import is_right

FILES = sorted(path.name for path in PACKAGE.iterdir())


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGE, tmp_path / "package"))


def edit(path: Path, change: Callable[[list[list[str]]], object]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    change(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def empty() -> None:
    """Every row of public data goes, past all that protects it."""
    with connection.cursor() as cursor:
        for table in reversed(revision.watched_tables()):
            cursor.execute(f'DELETE FROM "{table}"')


def set_cell(path: Path, row: int, column: str, value: str) -> None:
    def change(rows: list[list[str]]) -> None:
        rows[row - 1][rows[0].index(column)] = value

    edit(path, change)


def faults(folder: Path) -> list[str]:
    with pytest.raises(Unloadable) as refused:
        datapackage.load(folder)
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.django_db
def test_load_dump_load_is_lossless(tmp_path: Path) -> None:
    datapackage.load(PACKAGE)
    datapackage.dump(tmp_path / "out")

    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (PACKAGE / name).read_bytes(), name

    empty()
    datapackage.load(tmp_path / "out")
    datapackage.dump(tmp_path / "again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (PACKAGE / name).read_bytes(), name


def tricky(words: str) -> str:
    """What people paste: PowerPoint's soft break, a lone carriage return, other line ends, quotes, a formula."""
    return f'=1+1, {words}\v「"引用"」\r改行\u2028次\x85終\n  '


@pytest.mark.django_db
def test_any_two_structures_come_back_byte_for_byte_in_whatever_order_they_were_made(tmp_path: Path) -> None:
    for code, fields in {"zz": {}, "aa": {"status": "draft", "valid_from": None}}.items():
        structure = factories.structure(code, **fields)
        rows = [factories.place(structure, name) for name in ("c", "a", "b")]
        factories.place(structure, "d", rows[0], name=tricky(code), remark="長い" * 100_000)
        for row in rows[:2]:
            Mandate.objects.create(placement=row, code="m", text=tricky("役割"), source=factories.source())
        Link.objects.create(from_placement=rows[0], to_placement=rows[1], kind="funds", source=factories.source())
    for number in range(2):  # what stands first in the file points to what stands last
        plan = factories.plan(f"plan-{9 - number}", title=tricky("計画"), sort_order=number)
        section = factories.section(plan, "1", factories.section(plan, "2"), text=tricky("本文"))
        target = factories.target(
            plan, f"t{9 - number}", section=section, value=Decimal("-0.5"), cumulative=Decimal(10) ** 10
        )
        project = factories.project(plan, f"pj{9 - number}", section=section)
        project.ministries.set(Body.objects.all())
        factories.programme(f"p{number}", *Project.objects.all())
        factories.budget(plan, f"b{number}", project=project, amount=10**17, approx=True)
        Succession.objects.create(code=f"s{number}", successor=project, kind="new", source=factories.source())
    wrong = factories.observation(plan, "z", 2025, None, grade="a", text=tricky("値"))
    factories.observation(plan, "a", None, Decimal("56.7"), replaces=wrong)
    Plan.objects.filter(code="plan-9").update(follows=plan)
    Section.objects.filter(plan__code="plan-9", number="1").update(counterpart=target.section)
    datapackage.dump(tmp_path / "first")
    empty()

    datapackage.load(tmp_path / "first")
    datapackage.dump(tmp_path / "second")

    for name in FILES:
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "first" / name).read_bytes(), name
    assert Mandate.objects.filter(text=tricky("役割")).count() == 4
    assert {(count["added"], count["changed"]) for count in datapackage.load(tmp_path / "first").values()} == {(0, 0)}


@pytest.mark.django_db
def test_load_twice_changes_nothing() -> None:
    datapackage.load(PACKAGE)
    before = {model: list(model.objects.order_by("pk").values()) for model in (Source, Placement, Link)}

    counts = datapackage.load(PACKAGE)

    assert {(count["added"], count["changed"]) for count in counts.values()} == {(0, 0)}
    assert sum(count["unchanged"] for count in counts.values()) > 100
    assert {model: list(model.objects.order_by("pk").values()) for model in before} == before


@pytest.mark.django_db
def test_load_writes_only_what_differs(package: Path) -> None:
    datapackage.load(package)
    set_cell(package / "mandates.csv", 2, "text", "新しい役割と健康・医療戦略")

    counts = datapackage.load(package)

    assert {name: count["changed"] for name, count in counts.items() if count["changed"]} == {"mandates": 1}
    assert Mandate.objects.filter(text="新しい役割と健康・医療戦略").count() == 1


@pytest.mark.django_db
def test_load_takes_rows_in_any_order(package: Path) -> None:
    for name in ("placements.csv", "sources.csv", "notes.csv"):
        edit(package / name, lambda rows: rows.__setitem__(slice(1, None), rows[:0:-1]))

    datapackage.load(package)
    datapackage.dump(package.parent / "out")

    assert (package.parent / "out" / "placements.csv").read_bytes() == (PACKAGE / "placements.csv").read_bytes()
    assert [is_right(structure) for structure in Structure.objects.all()] == [True, True]


@pytest.mark.django_db
def test_load_leaves_rows_alone_that_a_file_does_not_name(package: Path) -> None:
    datapackage.load(package)
    edit(package / "links.csv", lambda rows: rows.pop())

    datapackage.load(package)

    assert Link.objects.count() == len((PACKAGE / "links.csv").read_text(encoding="utf-8").splitlines()) - 1


@pytest.mark.django_db
def test_load_moves_a_body_and_renumbers(package: Path) -> None:
    datapackage.load(package)
    set_cell(package / "placements.csv", 2, "sort_order", "9")

    datapackage.load(package)

    first = Structure.objects.get(code="second-period")
    last = Placement.objects.filter(structure=first, parent=None).order_by("lft").last()
    assert last is not None
    assert last.body.code == "hq"
    assert is_right(first)


@pytest.mark.django_db
def test_every_fault_is_listed_with_its_place_and_nothing_is_saved(package: Path) -> None:
    before = revision.current().number
    set_cell(package / "sources.csv", 2, "decided_on", "2014/5/30")
    set_cell(package / "sources.csv", 3, "is_draft", "はい")
    set_cell(package / "sources.csv", 4, "url", "not an address")
    set_cell(package / "structures.csv", 2, "status", "live")
    set_cell(package / "placements.csv", 3, "parent", "nobody")
    set_cell(package / "placements.csv", 4, "sort_order", "2025.7")
    set_cell(package / "placements.csv", 5, "kind", "ministery")
    set_cell(package / "placements.csv", 6, "name", "長" * 201)
    set_cell(package / "mandates.csv", 3, "source", "nowhere")
    set_cell(package / "mandates.csv", 5, "text", "")
    set_cell(package / "notes.csv", 3, "phrase", "ない語")

    found = faults(package)

    assert found == [
        "sources.csv 2行目 列「decided_on」: 日付は 2025-04-01 の形で書いてください（「2014/5/30」）。",
        "sources.csv 3行目 列「is_draft」: true か false を書いてください（「はい」）。",
        "sources.csv 4行目 列「url」: URLを正しく入力してください。",
        "structures.csv 2行目 列「status」: 'live' は有効な選択肢ではありません。",
        "placements.csv 3行目 列「parent」: 「second-period, nobody」がありません。",
        "placements.csv 4行目 列「sort_order」: 0以上の整数を半角数字で書いてください（「2025.7」）。",
        "placements.csv 5行目 列「kind」: 'ministery' は有効な選択肢ではありません。",
        "placements.csv 6行目 列「name」: この値は 200 文字以下でなければなりません( 201 文字になっています)。",
        "mandates.csv 3行目 列「source」: 「nowhere」がありません。",
        "mandates.csv 5行目 列「text」: このフィールドは空ではいけません。",
        "notes.csv 3行目 列「phrase」: この語は、役割の文言の中にありません。",
    ]
    assert not Source.objects.exists()
    assert not Body.objects.exists()
    assert revision.current().number == before


@pytest.mark.django_db
def test_faults_are_told_in_the_users_language(package: Path) -> None:
    set_cell(package / "sources.csv", 2, "decided_on", "2014/5/30")

    with override("en"):
        (found,) = faults(package)

    assert found.startswith("sources.csv row 2 column")
    assert "2014/5/30" in found


def rename_heading(rows: list[list[str]]) -> None:
    rows[0][rows[0].index("text")] = "txet"


def double_heading(rows: list[list[str]]) -> None:
    rows[0][rows[0].index("text_en")] = "text"


def drop_key(rows: list[list[str]]) -> None:
    at = rows[0].index("code")
    for row in rows:
        del row[at]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (rename_heading, "mandates.csv 1行目 列「txet」: 知らない列です。"),
        (double_heading, "mandates.csv 1行目 列「text」: 同じ列が 2 回あります。"),
        (drop_key, "mandates.csv 1行目 列「code」: キーの列がありません。"),
        (lambda rows: rows.append(rows[1]), "mandates.csv 11行目 列「code」: 同じキー（second-period, amed, core"),
        (lambda rows: rows[3].pop(), "mandates.csv 4行目: セルが 12 個あります（見出しは 13 個）。"),
        (lambda rows: rows.clear(), "mandates.csv 1行目 列「structure」: キーの列がありません。"),
        (lambda rows: rows[2].__setitem__(4, "a\0b"), "mandates.csv 3行目 列「text」: 使えない文字（NUL）"),
    ],
)
def test_a_malformed_file_is_refused(package: Path, change: Any, message: str) -> None:
    edit(package / "mandates.csv", change)

    assert any(fault.startswith(message) for fault in faults(package)), faults(package)
    assert not Source.objects.exists()


@pytest.mark.django_db
def test_a_file_in_another_encoding_is_refused_with_its_line(package: Path) -> None:
    path = package / "mandates.csv"
    lines = path.read_bytes().split(b"\n")
    lines[2] = "役割".encode("cp932")
    path.write_bytes(b"\n".join(lines))

    assert faults(package) == ["mandates.csv: 文字コードが UTF-8 ではありません（テキストとして 3 行目）。"]


@pytest.mark.django_db
def test_an_unclosed_quotation_is_refused(package: Path) -> None:
    with (package / "mandates.csv").open("a", encoding="utf-8") as file:
        file.write('"never closed')

    found = faults(package)
    assert len(found) == 1
    assert found[0].startswith("mandates.csv: CSV として読めません")


@pytest.mark.django_db
def test_a_circle_of_parents_is_refused_at_each_of_its_rows(package: Path) -> None:
    set_cell(package / "placements.csv", 2, "parent", "council")  # hq under the council that stands under hq

    assert faults(package) == [
        "placements.csv 2行目 列「parent」: たどっていくと、自分自身に戻ります。",
        "placements.csv 5行目 列「parent」: たどっていくと、自分自身に戻ります。",
    ]


@pytest.mark.django_db
def test_a_circle_closed_by_rows_outside_the_file_is_refused(package: Path) -> None:
    datapackage.load(package)
    edit(package / "placements.csv", lambda rows: rows.__setitem__(slice(2, None), []))
    set_cell(package / "placements.csv", 2, "parent", "council")

    assert faults(package) == ["placements.csv 2行目 列「parent」: たどっていくと、自分自身に戻ります。"]


@pytest.mark.django_db
def test_what_only_the_database_refuses_is_told_with_its_row(package: Path) -> None:
    def second(rows: list[list[str]]) -> None:
        rows.append(["another", *rows[1][1:]])

    edit(package / "structures.csv", second)

    assert faults(package) == ["structures.csv 4行目: 同じ適用日で公開されている体制が、すでにあります。"]
    assert not Source.objects.exists()


@pytest.mark.django_db
def test_what_hangs_on_a_row_that_the_database_refuses_is_not_another_fault(package: Path) -> None:
    set_cell(package / "placements.csv", 2, "basis_source", "")

    assert faults(package) == ["placements.csv 2行目: 根拠には、その出典が必要です。"]


@pytest.mark.django_db
def test_a_new_row_without_a_needed_column_says_so(package: Path) -> None:
    def drop_source(rows: list[list[str]]) -> None:
        at = rows[0].index("source")
        for row in rows:
            del row[at]

    edit(package / "seats.csv", drop_source)

    found = faults(package)
    assert len(found) == 12
    assert found[0] == "seats.csv 2行目 列「source」: この列が必要です。"


@pytest.mark.django_db
def test_a_circle_that_stands_in_the_database_already_ends_in_words(package: Path) -> None:
    datapackage.load(package)
    first = Placement.objects.filter(structure__code="second-period")
    hq, council = (first.get(body__code=code) for code in ("hq", "council"))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bodies_placement SET parent_id = %s WHERE id = %s", [council.pk, hq.pk])
    edit(package / "placements.csv", lambda rows: rows.__setitem__(slice(2, None), [rows[3]]))
    edit(package / "placements.csv", lambda rows: rows.pop(1))

    counts = datapackage.load(package)

    assert counts["placements"]["unchanged"] == 1


@pytest.mark.django_db
def test_successors_are_read_and_an_unknown_one_is_refused(package: Path) -> None:
    set_cell(package / "bodies.csv", 2, "successors", "hq;amed")
    datapackage.load(package)
    assert sorted(Body.objects.get(code="advisors").successors.values_list("code", flat=True)) == ["amed", "hq"]
    assert datapackage.load(package)["bodies"]["changed"] == 0

    set_cell(package / "bodies.csv", 2, "successors", "hq")
    assert datapackage.load(package)["bodies"]["changed"] == 1
    assert Body.objects.get(code="advisors").successors.count() == 1

    set_cell(package / "bodies.csv", 2, "successors", "nobody")
    assert faults(package) == ["bodies.csv 2行目 列「successors」: 「nobody」がありません。"]


@pytest.mark.django_db
def test_codes_of_another_dataset_are_joined_and_an_unknown_one_is_refused(package: Path) -> None:
    set_cell(package / "projects.csv", 2, "ministries", "mhlw;hq")
    datapackage.load(package)
    assert sorted(Project.objects.get(code="pj1").ministries.values_list("code", flat=True)) == ["hq", "mhlw"]
    assert datapackage.load(package)["projects"]["changed"] == 0

    set_cell(package / "projects.csv", 2, "ministries", "mhlw;pj1")
    assert faults(package) == ["projects.csv 2行目 列「ministries」: 「pj1」がありません。"]


@pytest.mark.django_db
def test_sections_that_correspond_to_each_other_come_back_byte_for_byte(tmp_path: Path) -> None:
    plan, other = factories.plan("a"), factories.plan("b")
    here, there = factories.section(plan, "1"), factories.section(other, "1")
    under = factories.section(plan, "1.1", here)
    here.counterpart, there.counterpart = there, here
    here.save()
    there.save()
    factories.section(other, "1.1", there, counterpart=under)
    datapackage.dump(tmp_path / "first")
    empty()

    datapackage.load(tmp_path / "first")
    datapackage.dump(tmp_path / "second")

    assert (tmp_path / "second" / "sections.csv").read_bytes() == (tmp_path / "first" / "sections.csv").read_bytes()
    found = Section.objects.order_by("plan__code", "number").values_list(
        "counterpart__plan__code", "counterpart__number"
    )
    assert list(found) == [("b", "1"), (None, None), ("a", "1"), ("a", "1.1")]
    assert is_right(Section.objects.get(plan__code="a", number="1").plan)


@pytest.mark.django_db
def test_a_new_section_that_corresponds_to_itself_is_told(package: Path) -> None:
    set_cell(package / "sections.csv", 2, "counterpart_plan", "third-period")
    set_cell(package / "sections.csv", 2, "counterpart", "situation")

    assert faults(package) == ["sections.csv 2行目: 自分自身を対応する項目にすることはできません。"]
    assert not Section.objects.exists()


@pytest.mark.django_db
def test_what_points_to_a_row_with_an_end_left_open_is_told_apart_from_it(package: Path) -> None:
    """Rules that look through the other row cannot be asked; the values of a row are checked all the same."""
    set_cell(package / "projects.csv", 2, "plan", "nowhere")
    set_cell(package / "budgets.csv", 3, "stage", "x")  # of that project, whose plan a budget must share
    set_cell(package / "observations.csv", 2, "indicator", "nothing")
    set_cell(package / "observations.csv", 3, "replaces", "approvals-p2")  # whose indicator a correction must share
    set_cell(package / "observations.csv", 4, "replaces", "fih-trials-2023")

    assert faults(package) == [
        "observations.csv 2行目 列「indicator」: 「nothing」がありません。",
        "observations.csv 4行目 列「replaces」: 訂正できるのは、同じ指標、同じ計画の実績値だけです。",
        "projects.csv 2行目 列「plan」: 「nowhere」がありません。",
        "budgets.csv 3行目 列「stage」: 'x' は有効な選択肢ではありません。",
    ]
    assert not Source.objects.exists()


@pytest.mark.django_db
def test_a_published_value_cannot_be_changed_by_loading(package: Path) -> None:
    datapackage.load(package)
    set_cell(package / "observations.csv", 2, "remark", "備考は直せる。")
    assert datapackage.load(package)["observations"]["changed"] == 1

    set_cell(package / "observations.csv", 2, "value", "999")

    (found,) = faults(package)
    assert found.startswith("observations.csv 2行目: 登録した実績値は、書き換えも削除もできません。")


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["1,300", "１３０", "1e3", "NaN", "Infinity", "130.0", "+130", "0130", "-0", "abc"])
def test_numbers_are_read_strictly(package: Path, value: str) -> None:
    set_cell(package / "targets.csv", 2, "value", value)

    (found,) = faults(package)
    assert found == f"targets.csv 2行目 列「value」: 数値は 1300 や -0.5 の形で書いてください（「{value}」）。"


@pytest.mark.django_db
def test_years_and_amounts_may_be_empty_and_nothing_else(package: Path) -> None:
    set_cell(package / "plans.csv", 2, "from_fy", "令和7")
    set_cell(package / "budgets.csv", 2, "amount", "-1")
    set_cell(package / "projects.csv", 2, "number", "")

    assert faults(package) == [
        "plans.csv 2行目 列「from_fy」: 0以上の整数を半角数字で書いてください（「令和7」）。",
        "projects.csv 2行目 列「number」: 0以上の整数を半角数字で書いてください（「」）。",
        "budgets.csv 2行目 列「amount」: 0以上の整数を半角数字で書いてください（「-1」）。",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("description", "message"),
    [
        (None, "datapackage.json: ファイルがありません。"),
        ("{", "datapackage.json: データパッケージの記述として読めません"),
        ("[]", "datapackage.json: データパッケージの記述として読めません"),
        ('{"resources": [{"name": "x", "path": "x.csv"}]}', "datapackage.json: 「x」というデータセットはありません。"),
        ('{"resources": [{"name": "links", "path": "../links.csv"}]}', "datapackage.json: 「../links.csv」が"),
        ('{"resources": []}', "bodies.csv: datapackage.json に書かれていないファイルです。"),
    ],
)
def test_a_wrong_description_is_refused(package: Path, description: str | None, message: str) -> None:
    path = package / "datapackage.json"
    if description is None:
        path.unlink()
    else:
        path.write_text(description, encoding="utf-8")

    assert faults(package)[0].startswith(message)


def test_description_names_every_column_in_both_languages() -> None:
    description = json.loads((PACKAGE / "datapackage.json").read_text(encoding="utf-8"))

    for resource in description["resources"]:
        headings = (PACKAGE / resource["path"]).read_text(encoding="utf-8").splitlines()[0].split(",")
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == headings
        for field in fields:
            assert field["description"], (resource["name"], field["name"])
            assert re.search("[a-z]", field["description_en"]), (resource["name"], field["name"])
            assert not re.search("[ぁ-んァ-ヶ]", field["description_en"]), (resource["name"], field["name"])
    links = next(each for each in description["resources"] if each["name"] == "links")
    assert links["schema"]["primaryKey"] == ["structure", "from", "to", "kind"]
    assert {
        "fields": ["structure", "to"],
        "reference": {"resource": "placements", "fields": ["structure", "body"]},
    } in links["schema"]["foreignKeys"]


@pytest.mark.django_db
def test_load_data_lists_faults_and_fails(package: Path) -> None:
    set_cell(package / "sources.csv", 2, "decided_on", "x")

    with pytest.raises(CommandError, match=r"1 件の誤りがあります。何も読み込んでいません。\nsources.csv 2行目"):
        call_command("load_data", str(package))
    with pytest.raises(CommandError, match="がありません"):
        call_command("load_data", str(package / "nowhere"))


@pytest.mark.django_db
def test_load_data_once_keeps_later_edits(package: Path) -> None:
    out = StringIO()
    call_command("load_data", "--once", str(package), stdout=out)
    assert "placements：追加 38" in out.getvalue()
    Mandate.objects.update(text="編集者が直した文言")

    call_command("load_data", "--once", str(package), stdout=out)

    assert "読み込み済み" in out.getvalue()
    assert set(Mandate.objects.values_list("text", flat=True)) == {"編集者が直した文言"}


@pytest.mark.django_db(transaction=True)
def test_dump_data_writes_a_package_that_load_data_reads(tmp_path: Path) -> None:
    datapackage.load(PACKAGE)
    call_command("dump_data", str(tmp_path / "new" / "folder"))

    counts = datapackage.load(tmp_path / "new" / "folder")

    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == FILES
    assert {(count["added"], count["changed"]) for count in counts.values()} == {(0, 0)}
