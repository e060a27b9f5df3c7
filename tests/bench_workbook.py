"""A part of `make bench`: loading spreadsheets, beside django-import-export's own row loop and beside hardly anything.

All three load the same bytes, in a transaction that is rolled back, under the same database triggers (revision and
journal). On SQLite the clock is processor time, that of the process which reads the file included.
"""

from __future__ import annotations

import io
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from import_export.fields import Field
from import_export.formats.base_formats import XLSX
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget
from python_calamine import CalamineWorkbook

from bodies.models import Body, Placement, Structure
from plans.models import Indicator, Observation, Plan
from portal import batches
from portal.models import Source
from portal.tree import settle
from portal.workbook.read import ROOT, read
from tests import factories
from tests.portal.workbook.test_killed import address

INDICATORS = 100
FACTS = ("code", "sort_order", "period", "from_fy", "to_fy", "text", "value", "unit", "remark")
OBSERVATION = ("indicator", "plan", "source", *FACTS)
PLACE = ("structure", "body", "parent", "sort_order", "name", "kind", "source")
Sheets = dict[str, list[tuple[Any, ...]]]
Loader = Callable[[bytes], object]
Report = Callable[..., None]


# --- the files ---


def observations(count: int, remark: Callable[[int], str] = lambda number: "備考") -> Sheets:
    def row(number: int) -> tuple[Any, ...]:
        year, value = 2000 + number % 25, number % 997
        ends = (f"i{number % INDICATORS}", "plan", "slides")
        return *ends, f"o{number}", number, f"{year}年度", year, year, f"{value}件", value, "件", remark(number)

    return {"observations": [OBSERVATION, *map(row, range(count))]}


def bodies(count: int, fan: int = 10) -> Sheets:
    """One tree, those above before those below."""

    def row(number: int) -> tuple[Any, ...]:
        above = f"b{(number - 1) // fan}" if number else None
        return "edition", f"b{number}", above, number, f"機関{number}", "office", "slides"

    return {
        "bodies": [("code",), *((f"b{number}",) for number in range(count))],
        "placements": [PLACE, *map(row, range(count))],
    }


def workbook(sheets: Sheets) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return file.getvalue()


# --- ours ---


def ours(content: bytes) -> None:
    """As `import_workbook` does, the file and its plan kept as a batch."""
    report, _change = batches.load(read(content, "bench.xlsx"), file=("bench.xlsx", content))
    assert report.errors == 0


# --- django-import-export's row loop, as its documentation writes it ---


def by_code(name: str, model: Any) -> Field:
    return Field(attribute=name, column_name=name, widget=ForeignKeyWidget(model, "code"))


class StockObservations(ModelResource):
    indicator, plan, source = by_code("indicator", Indicator), by_code("plan", Plan), by_code("source", Source)

    class Meta:
        model = Observation
        import_id_fields = ("code",)
        fields = OBSERVATION
        skip_unchanged = True


class StockBodies(ModelResource):
    class Meta:
        model = Body
        import_id_fields = ("code",)
        fields = ("code",)
        skip_unchanged = True


class Above(ForeignKeyWidget):
    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Placement.objects.filter(structure__code=row["structure"])


class StockPlacements(ModelResource):
    structure, body, source = by_code("structure", Structure), by_code("body", Body), by_code("source", Source)
    parent = Field(attribute="parent", column_name="parent", widget=Above(Placement, "body__code"))

    class Meta:
        model = Placement
        import_id_fields = ("structure", "body")
        fields = PLACE
        skip_unchanged = True


def stock(content: bytes) -> None:
    result = StockObservations().import_data(XLSX().create_dataset(content), dry_run=False, raise_errors=True)
    assert not result.has_errors()
    assert not result.has_validation_errors()


def stock_bodies(content: bytes) -> None:
    """It reads one sheet; here a file for each. The tree is renumbered once: after each row it would take minutes."""
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(content))
    with settle():
        for name, resource in (("bodies", StockBodies()), ("placements", StockPlacements())):
            rows: Any = sheets.get_sheet_by_name(name).to_python()
            dataset = XLSX().create_dataset(workbook({name: rows}))
            result = resource.import_data(dataset, dry_run=False, raise_errors=True)
            assert not result.has_validation_errors()


# --- read, compare, write: no checks, no messages ---


def rows_of(content: bytes, sheet: str) -> Iterator[dict[str, Any]]:
    names, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(sheet).iter_rows()
    return (dict(zip(names, row, strict=True)) for row in rows)  # type: ignore[arg-type]  # headings are texts


def keys(model: Any) -> dict[str, int]:
    return dict(model.objects.order_by().values_list("code", "pk"))


def bare(content: bytes) -> None:
    ends = {name: keys(model) for name, model in (("indicator", Indicator), ("plan", Plan), ("source", Source))}
    columns = (*(f"{name}_id" for name in ends), *FACTS)
    before = {row[3]: row for row in Observation.objects.order_by().values_list(*columns)}
    differing = []
    for row in rows_of(content, "observations"):
        found = (
            *(known[row[name]] for name, known in ends.items()),
            *(row["code"], int(row["sort_order"]), row["period"], int(row["from_fy"]), int(row["to_fy"])),
            *(row["text"], Decimal(str(row["value"])), row["unit"], row["remark"]),
        )
        if before.get(row["code"]) != found:
            differing.append(Observation(**dict(zip(columns, found, strict=True))))
    Observation.objects.bulk_create(
        differing, update_conflicts=True, unique_fields=["code"], update_fields=["remark"], batch_size=500
    )


def bare_bodies(content: bytes) -> None:
    Body.objects.bulk_create(Body(code=row["code"]) for row in rows_of(content, "bodies"))
    codes, structures, sources = keys(Body), keys(Structure), keys(Source)
    levels: dict[int, list[Placement]] = defaultdict(list)
    made: dict[str, tuple[int, Placement]] = {}
    for row in rows_of(content, "placements"):
        depth, parent = made[row["parent"]] if row["parent"] else (-1, None)
        place = Placement(
            structure_id=structures[row["structure"]],
            body_id=codes[row["body"]],
            parent=parent,
            sort_order=int(row["sort_order"]),
            name=row["name"],
            kind=row["kind"],
            source_id=sources[row["source"]],
        )
        made[row["body"]] = depth + 1, place
        levels[depth + 1].append(place)
    with settle():
        for level in levels.values():
            Placement.objects.bulk_create(level)


# --- measured ---


def seconds(run: Loader, content: bytes) -> float:
    """What it takes, with the processes that it starts; everything it wrote is taken back."""

    def clock() -> float:
        return sum(os.times()[:4]) if connection.vendor == "sqlite" else time.perf_counter()

    with transaction.atomic():
        start = clock()
        run(content)
        taken = clock() - start
        transaction.set_rollback(True)
    return taken


def versus(report: Report, what: str, content: bytes, theirs: Loader, least: Loader, aim: int) -> None:
    pairs = [(seconds(ours, content), seconds(least, content)) for _pair in range(3)]
    mine = statistics.median(mine for mine, _other in pairs)
    ratio = statistics.median(mine / other for mine, other in pairs)
    stock = seconds(theirs, content)
    report(f"{what} ({mine:.2f} s), against django-import-export", f"{stock / mine:.0f} x as fast", f"aim ≥ {aim} x")
    report(f"{what}, against read, compare, bulk write", f"{ratio:.1f} x its time", "aim ≤ 3 x")


def queries(content: bytes) -> int:
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        ours(content)
        transaction.set_rollback(True)
    return len(captured)


def peak(command: str, content: bytes) -> tuple[float, float]:
    """MB that a process holds before and at its peak while it handles a file, by what it prints."""
    environment = {**os.environ, "DATABASE_URL": address()}
    done = subprocess.run(
        [sys.executable, "-c", HELD + command],
        input=content,
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
        cwd=ROOT,
    )
    idle, most = (float(each) / 1024 for each in done.stdout.split())
    return idle, most


# What a process held at its most, without what its parent held, as getrusage() would count it.
HELD = """
import os, sys
def held():
    with open("/proc/self/status") as status:
        return next(line.split()[1] for line in status if line.startswith("VmHWM"))
"""
LOADER = """
import tests.environment, django
django.setup()
from tests import bench_workbook as bench
content = sys.stdin.buffer.read()
bench.seconds(bench.ours, bench.workbook(bench.observations(10)))
idle = held()
bench.seconds(bench.ours, content)
print(idle, held())
"""
READER = """
from portal.workbook import reader
out, sys.stdout = sys.stdout, open(os.devnull, "w")
idle = held()
os._exit = lambda status: print(idle, held(), file=out)
reader.main()
"""


def workbooks(report: Report) -> None:
    cited, plan, structure = factories.source(), factories.plan(), factories.structure("edition")
    assert (cited.code, plan.code, structure.code) == ("slides", "plan", "edition")
    Indicator.objects.bulk_create(Indicator(code=f"i{n}", name=f"指標{n}", source=cited) for n in range(INDICATORS))
    new, tree = workbook(observations(10_000)), workbook(bodies(5_000))
    changed = workbook(observations(10_000, lambda number: "備考" if number % 10 else "改めた。"))
    counts = [queries(workbook(observations(count))) for count in (1_000, 10_000)]
    report("queries for 10,000 new observations, against 1,000", f"{counts[1]} to {counts[0]}")
    (idle, most), (_begins, reader) = (peak(command, workbook(observations(50_000))) for command in (LOADER, READER))
    report("memory for 50,000 observations over idle", f"{most - idle:.0f} MB", "aim ≤ 150 MB")
    report("and of the process that reads the file, which ends with it", f"{reader:.0f} MB")
    versus(report, "10,000 new observations", new, stock, bare, 15)
    versus(report, "5,000 new bodies in a tree", tree, stock_bodies, bare_bodies, 20)
    with transaction.atomic():
        ours(new)
        factories.analyse()
        versus(report, "10,000 unchanged observations", new, stock, bare, 50)
        versus(report, "10,000 observations of which 10 % are changed", changed, stock, bare, 50)
        transaction.set_rollback(True)
