"""`make bench`: how fast and how heavy, as ratios against something run beside it in the same process.

Each pair runs in turn, A B A B …, and the median of the pairwise ratios is printed: the machine's speed may drift.
On SQLite the clock is the processor time of this process; PostgreSQL does its part of the work in a process of its own,
so there it is the time of day. The figures stand beside the aims of the design; nothing here fails.
"""

from __future__ import annotations

import gzip
import platform
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tests.environment  # isort: skip  # sets the environment before the settings are read

import django

django.setup()

from django.conf import settings  # noqa: E402 - models can be imported from here on
from django.core.management import call_command  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402
from mptt.models import MPTTModel, TreeForeignKey  # noqa: E402

from bodies.chart import text  # noqa: E402
from bodies.chart.drawing import draw  # noqa: E402
from bodies.chart.figure import compose  # noqa: E402
from bodies.chart.model import Chart, Link, Place, Words  # noqa: E402
from bodies.chart.routing import route  # noqa: E402
from bodies.charts import Detail, of_structure  # noqa: E402
from bodies.models import OUTLINE, Body, Kind, Placement, Relation, Structure  # noqa: E402
from plans.notation import read_target  # noqa: E402
from portal import datapackage, search  # noqa: E402
from tests import factories  # noqa: E402
from tests.bench_workbook import workbooks  # noqa: E402
from tests.conftest import PACKAGE  # noqa: E402
from tests.plans.test_views import fill  # noqa: E402

assert tests.environment


class Stock(MPTTModel):
    """A tree kept by django-mptt alone, as heavy in columns as it needs for the comparison."""

    parent = TreeForeignKey("self", models.CASCADE, null=True, related_name="children")
    name = models.CharField(max_length=200)

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return self.name


def compare(
    ours: Callable[[], object],
    other: Callable[[], object],
    pairs: int = 7,
) -> tuple[float, float, float]:
    """Median seconds of both, and the median of other / ours."""
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter

    def seconds(run: Callable[[], object]) -> float:
        start = clock()
        run()
        return clock() - start

    ours()
    other()
    timed = [(seconds(ours), seconds(other)) for _pair in range(pairs)]
    mine, theirs = (statistics.median(column) for column in zip(*timed, strict=True))
    return mine, theirs, statistics.median(b / a for a, b in timed)


def report(what: str, figure: str, aim: str = "") -> None:
    print(f"{what:<72} {figure:>26}  {aim}", flush=True)


def in_rollback(run: Callable[[], object]) -> Callable[[], None]:
    """The same writes each time, on the same tree."""

    def wrapped() -> None:
        with transaction.atomic():
            run()
            transaction.set_rollback(True)

    return wrapped


def stock_tree(count: int, fan: int = 10) -> list[Stock]:
    Stock.objects.all().delete()
    data: list[dict[str, Any]] = [
        {"id": n + 1, "parent_id": (n - 1) // fan + 1 if n else None, "name": f"n{n}", "children": []}
        for n in range(count)
    ]
    for n in range(1, count):
        data[(n - 1) // fan]["children"].append(data[n])
    Stock.objects.bulk_create(Stock.objects.build_tree_nodes(data[0]))
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), [Stock]):
            cursor.execute(sql)
    return list(Stock.objects.order_by("pk"))


def trees() -> None:
    for count in (100, 1_000, 10_000):
        Structure.objects.all().delete()
        Body.objects.all().delete()
        structure = factories.structure()
        rows = factories.many(structure, count)
        stock = stock_tree(count)
        if count == 10_000:
            reading(structure)
            inserting(structure, rows[count // 20], stock[count // 20])
            searching()
        mine, theirs, ratio = compare(
            in_rollback(drag(Placement, rows[12].pk, rows[2].pk)),
            in_rollback(drag(Stock, stock[12].pk, stock[2].pk)),
            pairs=5,
        )
        report(
            f"one drag among {count:,} (stock mptt: {theirs * 1000:.1f} ms)",
            f"{mine * 1000:.1f} ms, {ratio:.1f} x as fast",
        )


def drag(model: Any, node: int, target: int) -> Callable[[], None]:
    """A subtree from one branch to the next, as the admin's drag and drop does it."""
    return lambda: model.objects.move_node(model.objects.get(pk=node), model.objects.get(pk=target), "first-child")


def reading(structure: Structure) -> None:
    placements = Placement.objects.filter(structure=structure)
    ordered = placements.order_by("lft")
    _mine, _theirs, ratio = compare(placements.outline, lambda: {row[1]: row for row in ordered.values_list(*OUTLINE)})
    report(
        "reading a tree of 10,000, against one values_list and a dictionary",
        f"{1 / ratio:.2f} x its time",
        "aim ≤ 1.3 x",
    )
    _mine, _theirs, ratio = compare(placements.outline, lambda: list(placements.get_cached_trees()), pairs=3)
    report("reading a tree of 10,000, against get_cached_trees", f"{ratio:.0f} x as fast", "aim ≥ 40 x")


def inserting(structure: Structure, parent: Placement, stock_parent: Stock) -> None:
    bodies = Body.objects.bulk_create(Body(code=f"new{n}") for n in range(100))
    source = factories.source()

    def ours() -> None:
        Placement.objects.bulk_create(
            Placement(structure=structure, body=body, parent=parent, name="新", kind=Kind.OFFICE, source=source)
            for body in bodies
        )

    def stock() -> None:
        for n in range(100):
            Stock(parent=Stock.objects.get(pk=stock_parent.pk), name=f"new{n}").save()

    _mine, _theirs, ratio = compare(in_rollback(ours), in_rollback(stock), pairs=3)
    report("100 inserts as one batch into 10,000, against stock mptt saves", f"{ratio:.1f} x as fast", "aim ≥ 10 x")


def searching() -> None:
    """A search of everything against one query that looks into the names of bodies alone."""
    places = Placement.objects.public().select_related("body")

    def ours() -> None:
        made = search.index(RequestFactory().get("/search/"))
        assert len([entry for rows in made.values() for entry in search.find(rows, "機関b77")]) == 111

    def query() -> None:
        within = models.Q(name__icontains="機関b77") | models.Q(name_en__icontains="機関b77")
        assert len(places.filter(within | models.Q(short_name__icontains="機関b77"))) == 111

    ours()
    _mine, _theirs, ratio = compare(ours, query)
    report("a search among 10,000 bodies, against icontains in three columns", f"{ratio:.1f} x as fast")
    mine, theirs, _ratio = compare(search.build, query, pairs=3)
    report("making the index of 10,000 bodies, against that query", f"{mine:.1f} s, {mine / theirs:.0f} x its time")


def targets() -> None:
    """A page of targets shows a hundred, however many a plan has."""
    times = {}
    for count in (100, 1_000):
        plan = factories.plan(f"plan{count}")
        fill(plan, count, 20, f"t{count}")
        times[count] = f"/plans/{plan.code}/targets/"
    client = Client()
    mine, _theirs, ratio = compare(lambda: client.get(times[1_000]), lambda: client.get(times[100]), pairs=3)
    report(
        "targets of a plan with 1,000 of 20 values each, against one with 100",
        f"{mine * 1000:.0f} ms, {1 / ratio:.1f} x its time",
    )
    text = "(850 件/年)\n(2025~2029 年累計 4,250 件)"
    mine, _theirs, ratio = compare(
        lambda: [read_target(text) for _n in range(1000)], lambda: [re.sub(r"\s", "", text) for _n in range(1000)]
    )
    report(
        "reading a target's words, against one substitution in them",
        f"{mine * 1000:.0f} µs, {1 / ratio:.0f} x its time",
    )


def weights() -> None:
    datapackage.load(PACKAGE)
    call_command("compile_translations")
    call_command("collectstatic", "--no-input", "--verbosity", "0")
    assets = sum(
        len(gzip.compress((Path(settings.STATIC_ROOT) / "portal" / name).read_bytes()))
        for name in ("portal.css", "favicon.svg")
    )
    pages = ("/plans/third-period/", "/plans/third-period/targets/", "/projects/", "/alignment/")
    for address in ("/", "/structure/", "/en/structure/", "/bodies/hq/", *pages):
        size = (len(gzip.compress(Client().get(address).content)) + assets) / 1024
        aim = {"/": "aim ≤ 40 KB", "/structure/": "aim ≤ 60 KB"}.get(address, "")
        report(f"page weight of {address} with all assets, gzip", f"{size:.1f} KB", aim)


def forget() -> None:
    """What was measured of texts before."""
    text.wrap.cache_clear()
    text.width.cache_clear()


def generated(count: int, links: int) -> Chart:
    """Ministries with bureaus and divisions, and relations between any two of them; the same every time."""
    chance = random.Random(count)  # noqa: S311 - a benchmark
    words = ["健康", "医療", "研究開発", "戦略", "政策", "推進", "総合調整", "データ利活用", "国際", "産業"]
    names = ["".join(chance.sample(words, 3)) + sort for sort in ("本部", "局", "課") for _n in range(count)]
    keys = [f"p{number}" for number in range(count)]
    children: dict[int, list[int]] = {}
    for number in range(4, count):
        children.setdefault((number - 4) // 6, []).append(number)

    def place(number: int) -> Place:
        below = tuple(place(child) for child in children.get(number, []))
        return Place(keys[number], names[number + (count if number > 3 else 0)], children=below)

    kinds = list(Relation.values)
    ends = [chance.sample(keys, 2) for _n in range(links)]
    related = tuple(Link(source, target, chance.choice(kinds), "関係の文言") for source, target in ends)
    says = Words("ja", "試験", "", "", "", "", "凡例", "注", "上下", {kind: kind for kind in kinds}, "、", "（%s）")
    return Chart(tuple(place(number) for number in range(min(4, count))), related, (), says)


def charts() -> None:
    Structure.objects.all().delete()
    Body.objects.all().delete()
    datapackage.load(PACKAGE)
    structure = Structure.objects.get(code="third-period")
    placements = list(Placement.objects.filter(structure=structure).in_full().order_by("lft"))

    def shipped(detail: Detail) -> Chart:
        return of_structure(structure, detail, is_in_force=True)

    def cold(chart: Chart) -> Callable[[], object]:
        def run() -> None:
            forget()
            draw(chart)

        return run

    def listed() -> str:
        return render_to_string("bodies/placements.html", {"placements": placements, "linked": None})

    for detail in Detail:
        chart = shipped(detail)
        mine, _theirs, ratio = compare(cold(chart), listed)
        size = len(gzip.compress(draw(chart).encode())) / 1024
        report(
            f"the shipped chart ({detail}), against the template of the list",
            f"{mine * 1000:.0f} ms, {1 / ratio:.1f} x its time",
            "aim ≤ 50 ms",
        )
        report(f"the shipped chart ({detail}), gzip", f"{size:.1f} KB", "aim ≤ 8 KB" if detail is Detail.FULL else "")
    full = shipped(Detail.FULL)
    for count, links in ((30, 12), (80, 30), (150, 60)):
        chart = generated(count, links)
        mine, _theirs, ratio = compare(cold(chart), cold(full), pairs=5)
        figure = compose(chart)
        led = [each.bundle for each in figure.routes]
        start = time.process_time()
        route(figure.layout, led, 320)
        routing = time.process_time() - start
        report(
            f"a chart of {count} with {links} relations ({len(figure.lost)} as numbers), against the shipped one",
            f"{mine * 1000:.0f} ms ({routing * 1000:.0f} routing), {1 / ratio:.1f} x its time",
            "aim ≤ 300 ms" if count == 80 else "",
        )


def main() -> None:
    database = settings.DATABASES["default"]
    with tempfile.TemporaryDirectory() as folder:
        if connection.vendor == "sqlite":
            database.setdefault("TEST", {})["NAME"] = str(Path(folder) / "bench.sqlite3")
            connection.settings_dict.setdefault("TEST", {})["NAME"] = str(Path(folder) / "bench.sqlite3")
        name = str(database["NAME"])
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        try:
            with connection.schema_editor() as editor:
                editor.create_model(Stock)
            report(f"{connection.vendor}, Python {platform.python_version()}, {platform.machine()}", "measured")
            trees()
            charts()
            weights()
            targets()
            workbooks(report)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


if __name__ == "__main__":
    main()
