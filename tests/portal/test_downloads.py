"""Open data: the page that lists it, the files, and that neither says anything of what readers may not see."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from bodies.models import Body, Link, Mandate, Note, Seat, Structure
from plans.models import Plan
from portal import datapackage, downloads, revision
from portal.models import Source
from portal.resources import datasets
from portal.workbook import labels, write
from projects.models import Programme, Project, Succession
from tests import factories
from tests.conftest import PACKAGE
from tests.pages import page, text
from tests.portal.test_datapackage import empty

NAMES = [dataset.name for dataset in datasets()]
each_name = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    """A test's data go by a rollback, which no revision tells."""
    downloads._kept.clear()
    yield
    downloads._kept.clear()


def got(client: Client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content


def csv_rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def xlsx_rows(content: bytes) -> list[list[Any]]:
    sheet: Any = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return list(sheet.to_python(skip_empty_area=False))


def public_table(name: str) -> write.Table:
    return next(write.tables({name}, public=True))


# --- the page ---


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_page_lists_every_dataset_with_its_rows_columns_sources_and_files(
    client: Client, third_period: None, prefix: str
) -> None:
    shown = page(client, f"{prefix}/data/")
    language = "en" if prefix else "ja"

    assert [tag["id"] for tag in shown.select(".datasets > li")] == NAMES
    for dataset in datasets():
        part = shown.select_one(f"#{dataset.name}")
        assert part is not None
        assert part.h3 is not None
        count = dataset.model._default_manager.public().count()  # type: ignore[attr-defined]
        title = labels.sheet_titles(dataset)[language]
        assert part.h3.get_text().split() == f"{title} {count} {'in total' if prefix else '件'}".split()
        assert [code.get_text() for code in part.select(".columns dt code")] == list(dataset.columns)
        assert [tag["href"] for tag in part.select(".files a")] == [
            f"{prefix}/data/{dataset.name}.{kind}" for kind in ("csv", "xlsx", "json")
        ]


@pytest.mark.django_db
def test_the_page_says_what_may_stand_in_a_column(client: Client) -> None:
    part = page(client, "/data/").select_one("#observations")
    assert part is not None
    columns = {dt.code.get_text(): dt.parent for dt in part.select(".columns dt") if dt.code}

    def said(name: str) -> str:
        assert columns[name] is not None
        return re.sub(r"\s+", "", columns[name].get_text())  # type: ignore[union-attr]

    assert said("indicator") == "指標indicator何についての値か（指標のコード）。文字列·必ず値がある·参照：指標"
    assert said("value") == "値value数値。評語などで示されたなら空欄。数"
    assert said("calendar") == "年の数え方calendar年度（FY）か暦年（CY）か。文字列FY年度CY暦年"
    assert [tag["href"] for tag in columns["plan"].select("a")] == ["#plans"]  # type: ignore[union-attr]


def test_the_page_names_licence_and_revision(client: Client, third_period: None) -> None:
    shown = page(client, "/data/")
    current = revision.current()

    licence = shown.select_one(f'a[href="{datapackage.LICENCE["path"]}"]')
    assert licence is not None
    assert licence.get_text() == "公共データ利用規約（第1.0版）"
    moved = shown.select_one("dl time")
    assert moved is not None
    assert datetime.datetime.fromisoformat(str(moved["datetime"])) == current.moved_at
    assert f"改訂番号{current.number}、" in text(shown)


def test_the_page_names_the_sources_of_a_table(client: Client, third_period: None) -> None:
    part = page(client, "/data/").select_one("#structures")
    assert part is not None

    cited = Source.objects.filter(pk__in=Structure.objects.public().values("source"))
    assert [tag["href"] for tag in part.select(".used a")] == [each.get_absolute_url() for each in cited]
    assert len(cited) == 2


@pytest.mark.parametrize("address", ["/", "/sitemap/"])
def test_the_page_is_found_from_others(client: Client, third_period: None, address: str) -> None:
    assert page(client, address).select_one('a[href="/data/"]') is not None


# --- the files ---


@each_name
def test_the_files_of_a_dataset_hold_what_readers_may_see(client: Client, third_period: None, name: str) -> None:
    table = public_table(name)
    columns = list(table.dataset.columns)

    content = got(client, f"/data/{name}.csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = csv_rows(content)
    assert rows[0] == columns
    assert [[write.unguard_formula(cell) for cell in row] for row in rows[1:]] == table.rows

    sheet = io.BytesIO()
    write.export(sheet, names=[name], public=True)
    assert got(client, f"/data/{name}.xlsx") == sheet.getvalue()
    assert len(xlsx_rows(sheet.getvalue())) == len(table.rows) + 1

    data = json.loads(got(client, f"/data/{name}.json"))
    titles = labels.sheet_titles(table.dataset)
    assert (data["name"], data["title"], data["title_en"]) == (name, titles["ja"], titles["en"])
    assert data["licence"] == datapackage.LICENCE
    current = revision.current()
    assert data["revision"] == {"number": current.number, "moved_at": current.moved_at.isoformat()}
    assert [list(row) for row in data["rows"]] == [columns] * len(table.rows)


@pytest.mark.django_db
def test_values_of_json_have_types_and_null_is_not_zero(client: Client) -> None:
    plan = factories.plan()
    factories.observation(plan, "a", 2025, Decimal("0.1"), text="値", grade="A")
    factories.observation(plan, "b", None, None, period="平成", text="なし", sort_order=1)
    factories.observation(plan, "c", 2024, 0, sort_order=2)
    factories.place(factories.structure(), "x", name='=1+1 "引用"\r\n')
    factories.project(plan).ministries.set(Body.objects.all())

    rows = json.loads(got(client, "/data/observations.json"))["rows"]
    assert [(row["value"], row["from_fy"], row["grade"], row["replaces"]) for row in rows] == [
        (0.1, 2025, "A", None),
        (None, None, None, None),
        (0, 2024, None, None),
    ]
    assert [row["is_draft"] for row in json.loads(got(client, "/data/sources.json"))["rows"]] == [False]
    assert json.loads(got(client, "/data/projects.json"))["rows"][0]["ministries"] == ["x"]
    assert json.loads(got(client, "/data/bodies.json"))["rows"] == [{"code": "x", "successors": []}]
    assert json.loads(got(client, "/data/placements.json"))["rows"][0]["name"] == '=1+1 "引用"\r\n'


@pytest.mark.django_db
def test_csv_hands_a_spreadsheet_no_formula_and_xlsx_neither(client: Client) -> None:
    named = "=cmd|'/c calc'!A1"
    factories.place(factories.structure(), "x", name=named, remark="'=1\r")

    rows = csv_rows(got(client, "/data/placements.csv"))
    assert dict(zip(*rows, strict=True))["name"] == f"'{named}"
    assert dict(zip(*rows, strict=True))["remark"] == "''=1\r"
    rows = xlsx_rows(got(client, "/data/placements.xlsx"))
    assert dict(zip(*rows, strict=True))["名称"] == named


def test_the_package_is_what_load_data_reads(client: Client, third_period: None, tmp_path: Path) -> None:
    content = got(client, "/data/package.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [*(f"{name}.csv" for name in NAMES), "datapackage.json"]
        archive.extractall(tmp_path / "package")
    current = revision.current()
    description = json.loads((tmp_path / "package" / "datapackage.json").read_text(encoding="utf-8"))
    assert description == datapackage.describe() | {
        "version": str(current.number),
        "created": current.moved_at.isoformat(),
    }
    files = {name: (tmp_path / "package" / f"{name}.csv").read_bytes() for name in NAMES}
    # All of the shipped data is public, but for a source that nothing cites.
    assert [name for name in NAMES if files[name] != (PACKAGE / f"{name}.csv").read_bytes()] == ["sources"]
    empty()

    datapackage.load(tmp_path / "package")

    datapackage.dump(tmp_path / "again")
    assert {name: (tmp_path / "again" / f"{name}.csv").read_bytes() for name in NAMES} == files


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "media_type", "file"),
    [
        ("/data/bodies.csv", "text/csv; charset=utf-8", "bodies-r{}.csv"),
        (
            "/en/data/bodies.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "bodies-r{}.xlsx",
        ),
        ("/data/bodies.json", "application/json", "bodies-r{}.json"),
        ("/data/package.zip", "application/zip", "package-r{}.zip"),
    ],
)
def test_a_file_says_what_it_is_and_is_sent_once(client: Client, address: str, media_type: str, file: str) -> None:
    factories.place(factories.structure(), "x")

    first = client.get(address)
    assert first["Content-Type"] == media_type
    assert first["Content-Disposition"] == f'attachment; filename="{file.format(revision.current().number)}"'
    assert first["Cache-Control"] == "no-cache"
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.head(address).status_code == 200
    assert client.post(address).status_code == 405

    factories.place(Structure.objects.get(), "y")
    changed = client.get(address, headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]
    assert changed["Content-Disposition"] != first["Content-Disposition"]


@pytest.mark.django_db
def test_a_file_is_made_once_for_each_state_of_the_data(client: Client) -> None:
    factories.place(factories.structure(), "x")
    addresses = [*(f"/data/bodies.{kind}" for kind in downloads.KINDS), "/data/package.zip"]
    first = [got(client, address) for address in addresses]

    for address, content in zip(addresses, first, strict=True):
        with CaptureQueriesContext(connection) as captured:
            assert got(client, address) == content
        assert [each["sql"].partition(" FROM ")[2][:17] for each in captured] == ['"portal_revision"']


@pytest.mark.django_db
def test_the_same_address_is_in_the_language_of_its_prefix(client: Client) -> None:
    factories.place(factories.structure(), "x")

    headings = [xlsx_rows(got(client, f"{prefix}/data/bodies.xlsx"))[0] for prefix in ("", "/en", "")]

    assert headings == [["コード", "後継"], ["Code", "Succeeded by"], ["コード", "後継"]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("/data/users.csv", "「users」というデータセットはありません。"),
        ("/data/auth_user.json", "「auth_user」というデータセットはありません。"),
        ("/en/data/users.xlsx", "There is no dataset “users”."),
        ("/data/bodies.pdf", "このアドレスのページはありません。"),
        ("/data/bodies/", "このアドレスのページはありません。"),
        ("/data/../settings.csv", "このアドレスのページはありません。"),
    ],
)
def test_what_is_no_dataset_is_not_found(client: Client, address: str, message: str) -> None:
    assert re.sub(r"\s+", "", message) in text(page(client, address, 404))


@pytest.mark.django_db
def test_queries_do_not_grow_with_the_rows(client: Client) -> None:
    def queries() -> list[int]:
        counts = []
        for address in ("/data/", "/data/package.zip", *(f"/data/{name}.json" for name in NAMES)):
            with CaptureQueriesContext(connection) as captured:
                got(client, address)
            counts.append(len(captured))
        return counts

    everything("a", "a")
    with_one = queries()
    everything("b", "b")
    everything("c", "c")

    assert queries() == with_one


# --- what readers may not see ---


def everything(code: str, word: str, *, structure: Any = None, plan: Any = None) -> tuple[Structure, Plan]:
    """A structure and a plan with a row of every dataset, each with that word in its text, and their own source."""
    cited = factories.source(f"{code}-source", title=word)
    edition = Structure.objects.create(
        **{
            "code": f"{code}-edition",
            "title": word,
            "status": "published",
            "valid_from": datetime.date(2019, 1, 1) + datetime.timedelta(days=Structure.objects.count()),
            "source": cited,
            **(structure or {}),
        }
    )
    one = factories.place(edition, f"{code}-one", name=word, source=cited)
    two = factories.place(edition, f"{code}-two", one, name=word, source=cited)
    mandate = Mandate.objects.create(placement=one, code="m", text=word, source=cited)
    Seat.objects.create(placement=one, code="s", holder=word, source=cited)
    Link.objects.create(from_placement=one, to_placement=two, kind="funds", label=word, source=cited)
    Note.objects.create(placement=one, code="n", mandate=mandate, text=word, source=cited)
    one.body.successors.add(two.body)
    planned = factories.plan(f"{code}-plan", title=word, source=cited, **(plan or {}))
    section = factories.section(planned, "1", heading=word, source=cited)
    indicator = factories.indicator(f"{code}-indicator", name=word, source=cited)
    factories.target(planned, f"{code}-target", name=word, section=section, indicator=indicator, source=cited)
    factories.observation(planned, f"{code}-value", 2025, 1, text=word, indicator=indicator, source=cited)
    project = factories.project(planned, f"{code}-project", name=word, source=cited)
    project.ministries.add(one.body)
    programme = factories.programme(f"{code}-programme", project, name=word, source=cited)
    factories.budget(planned, f"{code}-budget", project=project, programme=programme, text=word, source=cited)
    Succession.objects.create(code=f"{code}-succession", successor=project, kind="new", remark=word, source=cited)
    return edition, planned


HIDDEN = {
    "draft": ({"status": "draft"}, {"status": "draft"}),
    "undated": ({"status": "draft", "valid_from": None}, {"status": "draft"}),
    "scheduled": ({"valid_from": timezone.localdate() + datetime.timedelta(days=9)}, {"status": "draft"}),
    "withdrawn": ({"status": "withdrawn"}, {"status": "withdrawn"}),
}


@pytest.fixture(params=HIDDEN)
def hidden(request: pytest.FixtureRequest, db: None) -> tuple[Structure, Plan]:
    """What readers may not see, with everything public that may refer to it referring to it."""
    edition, plan = everything("himitsu", "himitsu", structure=HIDDEN[request.param][0], plan=HIDDEN[request.param][1])
    everything("open", "open")
    body, shown = Body.objects.get(code="himitsu-one"), Plan.objects.get(code="open-plan")
    Body.objects.get(code="open-one").successors.add(body)
    Plan.objects.filter(pk=shown.pk).update(responsible=body, follows=plan)
    shown.sections.update(counterpart=plan.sections.get())
    shown.projects.update(council=body, council_evidence="printed", lead=body, marking_source=factories.source("marks"))
    project = shown.projects.get()
    project.ministries.add(body)
    Programme.objects.filter(code="open-programme").update(ministry=body)
    Programme.objects.get(code="open-programme").projects.add(Project.objects.get(code="himitsu-project"))
    shown.budgets.update(ministry=body)
    return edition, plan


@each_name
def test_no_file_says_anything_of_what_readers_may_not_see(client: Client, hidden: Any, name: str) -> None:
    stored = next(write.tables({name}))
    assert "himitsu" in str(stored.rows)  # there is something that could leak

    for kind in ("csv", "json"):
        content = got(client, f"/data/{name}.{kind}").decode()
        assert "himitsu" not in content
        assert "open" in content
    rows = xlsx_rows(got(client, f"/data/{name}.xlsx"))
    assert "himitsu" not in str(rows)
    assert len(rows) == 1 + len(public_table(name).rows)


def test_neither_package_nor_page_says_anything_of_what_readers_may_not_see(client: Client, hidden: Any) -> None:
    with zipfile.ZipFile(io.BytesIO(got(client, "/data/package.zip"))) as archive:
        contents = {name: archive.read(name).decode() for name in archive.namelist()}
    shown = page(client, "/data/")

    assert [name for name, content in contents.items() if "himitsu" in content] == []
    assert "himitsu" not in str(shown)
    for name in NAMES:
        part = shown.select_one(f"#{name} h3 small")
        assert part is not None
        assert part.get_text().split()[0] == str(len(public_table(name).rows))


def test_a_reference_to_what_readers_may_not_see_is_blank(client: Client, hidden: Any) -> None:
    def row(name: str) -> dict[str, Any]:
        rows = json.loads(got(client, f"/data/{name}.json"))["rows"]
        found: dict[str, Any] = next(each for each in rows if str(each.get("code", "")) in ("", f"open-{name[:-1]}"))
        return found

    plan, section, project = row("plans"), row("sections"), row("projects")
    assert (plan["responsible"], plan["follows"]) == (None, None)
    assert (section["plan"], section["counterpart_plan"], section["counterpart"]) == ("open-plan", None, None)
    assert (project["council"], project["lead"], project["ministries"]) == (None, None, ["open-one"])
    assert (row("programmes")["ministry"], row("programmes")["projects"]) == (None, ["open-project"])
    assert row("budgets")["ministry"] is None
    successors = {each["code"]: each["successors"] for each in json.loads(got(client, "/data/bodies.json"))["rows"]}
    assert successors == {"open-one": ["open-two"], "open-two": []}


@pytest.mark.django_db
def test_what_only_a_statement_past_the_models_can_write_leaks_nothing(client: Client) -> None:
    """A link into another structure, a note on another body's role: no model lets them pass, nor any bulk method."""
    edition, _plan = everything("himitsu", "himitsu", structure={"status": "draft"}, plan={"status": "draft"})
    everything("open", "open")
    elsewhere = edition.placements.get(body__code="himitsu-two")
    Link.objects.filter(label="open").update(to_placement=elsewhere)
    Note.objects.filter(text="open").update(mandate=Mandate.objects.get(text="himitsu"))
    Mandate.objects.filter(text="himitsu").update(code="himitsu-role")

    for name in ("links", "notes"):
        assert "himitsu" in str(next(write.tables({name})).rows[-1] + next(write.tables({name})).rows[0])
        assert "himitsu" not in got(client, f"/data/{name}.json").decode()
    assert json.loads(got(client, "/data/links.json"))["rows"][0]["to"] is None


@pytest.mark.django_db
def test_a_structure_is_in_the_files_from_its_day_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    day = timezone.localdate() + datetime.timedelta(days=1)
    everything("open", "open")
    everything("next", "next", structure={"valid_from": day})

    def codes() -> list[str]:
        return [row["code"] for row in json.loads(got(client, "/data/structures.json"))["rows"]]

    assert codes() == ["open-edition"]
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_args: day)
    assert codes() == ["next-edition", "open-edition"]


@pytest.mark.django_db
def test_a_preview_has_the_files_of_its_day_and_keeps_none(client: Client) -> None:
    everything("open", "open")
    everything("next", "next", structure={"status": "draft", "valid_from": timezone.localdate()})
    editor = User.objects.create_user("viewer")
    editor.user_permissions.add(Permission.objects.get(codename="view_structure"))
    inside = Client()
    inside.force_login(editor)

    response = inside.get("/preview/next-edition/data/structures.json")

    assert [row["code"] for row in response.json()["rows"]] == ["next-edition", "open-edition"]
    assert response["Cache-Control"] == "private, no-store"
    assert "next" not in got(client, "/data/structures.json").decode()
    assert client.get("/preview/next-edition/data/structures.json").status_code == 404
    listed = page(inside, "/preview/next-edition/data/").select_one("#structures .files a")
    assert listed is not None
    assert listed["href"] == "/preview/next-edition/data/structures.csv"
