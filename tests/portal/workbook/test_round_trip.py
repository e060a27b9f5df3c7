"""What is exported loads into an empty database as it was, byte for byte, and into a full one without a change."""

from __future__ import annotations

import datetime
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils.translation import override
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bodies.models import Link, Mandate, Note, Seat
from portal import batches, datapackage
from portal.models import Source
from portal.resources import datasets
from portal.workbook import write
from portal.workbook.read import read, read_folder
from projects.models import Succession
from tests import factories
from tests.portal.test_datapackage import empty


def exported() -> bytes:
    file = io.BytesIO()
    write.export(file)
    return file.getvalue()


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def loaded(content: bytes) -> dict[str, int]:
    """Load it; how many rows were added, changed and left as they were."""
    return totals(batches.load(read(content, "a.xlsx"))[0])


def totals(report: batches.Report) -> dict[str, int]:
    assert [problem for problem in report.problems if problem["level"] == "error"] == []
    return {state: sum(each[state] for each in report.sheets.values()) for state in ("add", "change", "unchanged")}


def rows() -> int:
    return sum(each.model._base_manager.count() for each in datasets())


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_shipped_data_come_back_byte_for_byte(third_period: None, language: str) -> None:
    with override(language):
        first = exported()
        count = rows()
        assert loaded(first) == {"add": 0, "change": 0, "unchanged": count}
        empty()

        assert loaded(first) == {"add": count, "change": 0, "unchanged": 0}

        assert parts(exported()) == parts(first)
        assert loaded(first) == {"add": 0, "change": 0, "unchanged": count}


def test_a_workbook_in_english_changes_nothing_of_what_a_japanese_one_loaded(third_period: None) -> None:
    with override("en"):
        content = exported()

    assert loaded(content) == {"add": 0, "change": 0, "unchanged": rows()}


def test_downloads_as_csv_load_without_a_change(third_period: None, client: Client, tmp_path: Path) -> None:
    Source.objects.filter(code="act-2014-48").update(remark="=cmd|' /C calc'!A0", decided_by="'=1", issuer="-1")
    for dataset in datasets():
        (tmp_path / f"{dataset.name}.csv").write_bytes(client.get(f"/data/{dataset.name}.csv").content)

    report = batches.load(read_folder(tmp_path)[0])[0]

    counts = totals(report)
    assert (counts["add"], counts["change"]) == (0, 0)
    assert counts["unchanged"] > 400


def test_a_data_package_loads_as_a_folder(db: Any, tmp_path: Path) -> None:
    structure = factories.structure()
    factories.place(structure, "b", factories.place(structure, "z"))
    datapackage.dump(tmp_path)
    empty()

    assert totals(batches.load(read_folder(tmp_path)[0])[0]) == {"add": 6, "change": 0, "unchanged": 0}


# What XML allows, and the control characters that a database holds beside it; NUL and the non-characters are refused.
ANY = st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufffe\uffff")
AWKWARD = st.sampled_from(
    [
        "=cmd|' /C calc'!A0",
        "(削除)",
        "（削除）",
        "((削除))",
        "( )",
        "()",
        " ",
        "\u3000\n",
        "※1",
        "_x0041_",
        "_x005F_x0041_",
        "'=1",
        "<r>a</r>",
        "a\rb\r\nc\vd",
        "0012",
        "1e5",
        "2025-04-01",
        "TRUE",
        "#N/A",
        " 前後 ",
        "𠮷髙",
    ]
)
TEXT = st.text(ANY, min_size=1, max_size=40) | AWKWARD
OPTIONAL = st.just("") | TEXT
DAY = st.none() | st.dates(datetime.date(1700, 1, 1), datetime.date(2100, 12, 31))
NUMBER = st.none() | st.just(Decimal(0)) | st.decimals(-(10**11) + 1, 10**11 - 1, places=4)
COUNT = st.sampled_from([0, 1]) | st.integers(0, 10**9 - 1)
AMOUNT = st.none() | st.just(0) | st.integers(0, 10**18 - 1)
CODE = st.from_regex("[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True) | st.sampled_from(["0", "12", "007", "1e5"])


@st.composite
def parents(draw: st.DrawFn) -> list[tuple[str, int | None]]:
    """Codes in any order, each with the place in the list of one before it to stand under."""
    codes = draw(st.lists(CODE, min_size=4, max_size=7, unique=True))
    return [(code, draw(st.none() | st.integers(0, n - 1)) if n else None) for n, code in enumerate(codes)]


def make(data: st.DataObject) -> None:
    draw = data.draw
    sources = [
        Source.objects.create(
            code=code,
            sort_order=draw(COUNT),
            title=draw(TEXT),
            short_title=draw(OPTIONAL),
            issuer=draw(OPTIONAL),
            decided_on=draw(DAY),
            checked_on=draw(DAY),
            is_draft=draw(st.booleans()),
            remark=draw(OPTIONAL),
            remark_en=draw(OPTIONAL),
        )
        for code in ("slides", "0001", "1-2")
    ]
    for number, code in enumerate(["edition", "2026-04-01"]):
        structure = factories.structure(
            code,
            title=draw(TEXT),
            valid_from=datetime.date(2020 + number, 4, 1),
            gaps=draw(OPTIONAL),
            remark=draw(OPTIONAL),
        )
        places: list[Any] = []
        for body, under in draw(parents()):
            parent = None if under is None else places[under]
            words = {name: draw(OPTIONAL) for name in ("name_en", "short_name", "locator", "remark")}
            places.append(factories.place(structure, body, parent, name=draw(TEXT), sort_order=draw(COUNT), **words))
        for place in places[:3]:
            kept = {"placement": place, "code": "m", "source": draw(st.sampled_from(sources))}
            mandate = Mandate.objects.create(text=draw(TEXT), text_en=draw(OPTIONAL), **kept)
            Seat.objects.create(post=draw(TEXT), holder=draw(TEXT), **kept)
            Note.objects.create(
                mandate=draw(st.sampled_from([None, mandate])), text=draw(TEXT), kind="editorial", **kept
            )
        for kind in ("funds", "advises"):
            one, other = draw(st.permutations(places))[:2]
            Link.objects.create(
                from_placement=one, to_placement=other, kind=kind, label=draw(OPTIONAL), source=sources[0]
            )
    places[0].body.successors.set([place.body for place in places[1:4]])
    before = factories.plan("zz", decided_on=None)
    plan = factories.plan("plan", title=draw(TEXT), decided_on=draw(DAY), follows=before)
    sections: list[Any] = []
    for named, under in draw(parents()):
        section = factories.section(plan, named, None if under is None else sections[under], heading=draw(TEXT))
        sections.append(section)
    sections[0].counterpart = factories.section(before, "1", counterpart=sections[1])
    sections[0].save()
    target = factories.target(
        plan,
        text=draw(TEXT),
        section=sections[2],
        value=draw(NUMBER),
        cumulative=draw(NUMBER),
        unit=draw(OPTIONAL)[:20],
    )
    factories.target(plan, "unread", text="130件/年")  # its words could be read, and are recorded as not
    wrong = factories.observation(plan, "z", 2024, draw(NUMBER), text=draw(TEXT), remark=draw(OPTIONAL))
    factories.observation(plan, "a", None, draw(NUMBER), text=draw(TEXT), replaces=wrong)
    project = factories.project(plan, "pj", name=draw(TEXT), section=target.section)
    project.ministries.set([place.body for place in places[2:]])
    factories.programme("p", project, name=draw(TEXT))
    amount = draw(AMOUNT)
    factories.budget(plan, "x", project=project, amount=amount, approx=amount is not None, text=draw(TEXT))
    Succession.objects.create(code="s", successor=project, kind="new", source=sources[1], remark=draw(OPTIONAL))


class _Undone(Exception):
    pass


@pytest.mark.django_db
@given(st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_stored_comes_back_byte_for_byte(data: st.DataObject) -> None:
    try:
        with transaction.atomic():
            make(data)
            first = exported()
            count = rows()
            assert loaded(first) == {"add": 0, "change": 0, "unchanged": count}
            empty()

            assert loaded(first) == {"add": count, "change": 0, "unchanged": 0}

            assert parts(exported()) == parts(first)
            assert loaded(first) == {"add": 0, "change": 0, "unchanged": count}
            raise _Undone
    except _Undone:
        pass
