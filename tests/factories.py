"""Rows for tests, in as few words as a test can say them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import connection

from bodies.models import Body, Kind, Placement, Status, Structure
from plans.models import Indicator, Observation, Plan, PlanKind, Reading, Section, SectionKind, Target
from portal.models import Source
from projects.models import Budget, Programme, Project, Stage

LONG_AGO = datetime.date(2020, 4, 1)


def source(code: str = "slides", **fields: Any) -> Source:
    return Source.objects.get_or_create(code=code, defaults={"title": f"資料 {code}", **fields})[0]


def structure(code: str = "edition", **fields: Any) -> Structure:
    """Published and in force since 2020 unless told."""
    defaults = {"title": f"体制 {code}", "status": Status.PUBLISHED, "valid_from": LONG_AGO, "source": source()}
    return Structure.objects.create(code=code, **(defaults | fields))


def place(structure: Structure, code: str, parent: Placement | None = None, **fields: Any) -> Placement:
    """A body of that code at a place of the structure."""
    body = Body.objects.get_or_create(code=code)[0]
    defaults = {"name": f"機関{code}", "kind": Kind.MINISTRY, "source": source()}
    return Placement.objects.create(structure=structure, body=body, parent=parent, **(defaults | fields))


def many(structure: Structure, count: int, fan: int = 10) -> list[Placement]:
    """`count` placements in one tree in which each has up to `fan` under it, written in bulk."""
    bodies = Body.objects.bulk_create(Body(code=f"b{number}") for number in range(count))
    cited = source()
    rows = [
        Placement(
            structure=structure, body=body, name=f"機関{body.code}", kind=Kind.MINISTRY, source=cited, sort_order=n
        )
        for n, body in enumerate(bodies)
    ]
    Placement.objects.bulk_create(rows)
    for number, row in enumerate(rows):
        row.parent = rows[(number - 1) // fan] if number else None
    Placement.objects.bulk_update(rows, ["parent"], batch_size=500)
    analyse()
    return rows


def analyse() -> None:
    """After many rows at once, in a transaction: else PostgreSQL's planner takes the full tables for empty ones."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def plan(code: str = "plan", **fields: Any) -> Plan:
    """Published, for the fiscal years 2025 to 2029 unless told."""
    defaults = {
        "title": f"計画 {code}",
        "kind": PlanKind.PLAN,
        "status": Status.PUBLISHED,
        "from_fy": 2025,
        "to_fy": 2029,
        "source": source(),
    }
    return Plan.objects.create(code=code, **(defaults | fields))


def section(plan: Plan, number: str, parent: Section | None = None, **fields: Any) -> Section:
    defaults = {"heading": f"項目{number}", "kind": SectionKind.MEASURE, "source": source()}
    return Section.objects.create(plan=plan, number=number, parent=parent, **(defaults | fields))


def indicator(code: str = "deals", **fields: Any) -> Indicator:
    defaults = {"name": f"指標{code}", "source": source()}
    return Indicator.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def target(plan: Plan, code: str = "t1", **fields: Any) -> Target:
    """130 a year, as the slide has it, unless told."""
    reading = {"kind": Reading.LEVEL, "value": 130, "unit": "件", "per": "year"} if "text" not in fields else {}
    defaults = {"name": f"目標{code}", "text": "130件/年", "indicator": indicator(), "source": source(), **reading}
    return Target.objects.create(plan=plan, code=code, **(defaults | fields))


def observation(plan: Plan, code: str, year: int | None, value: Any, **fields: Any) -> Observation:
    """The value of one fiscal year."""
    defaults = {
        "indicator": indicator(),
        "period": f"{year}年度",
        "from_fy": year,
        "to_fy": year,
        "text": f"{value}件",
        "value": value,
        "unit": "件",
        "source": source(),
    }
    return Observation.objects.create(plan=plan, code=code, **(defaults | fields))


def targets(
    plan: Plan,
    count: int,
    observed: int,
    prefix: str = "t",
    sections: Sequence[Section | None] = (None,),
    categories: Sequence[Section | None] = (None,),
) -> None:
    """`count` targets of 130 a year, each with an indicator of its own and `observed` yearly values since 2006.

    They belong to the sections and the categories in turn.
    """
    cited = source()
    indicators = Indicator.objects.bulk_create(
        Indicator(code=f"{prefix}-i{n}", name=f"指標{n}", source=cited) for n in range(count)
    )
    reading = {"text": "130件/年", "kind": Reading.LEVEL, "value": 130, "unit": "件", "per": "year"}
    Target.objects.bulk_create(
        Target(
            plan=plan,
            code=f"{prefix}-t{n}",
            sort_order=n,
            name=f"目標{n}",
            section=sections[n % len(sections)],
            category=categories[n % len(categories)],
            indicator=each,
            source=cited,
            **reading,
        )
        for n, each in enumerate(indicators)
    )
    Observation.objects.bulk_create(
        Observation(
            plan=plan,
            indicator=each,
            code=f"{each.code}-o{n}",
            period=f"{2006 + n}年度",
            from_fy=2006 + n,
            to_fy=2006 + n,
            text=f"{n}件",
            value=n,
            unit="件",
            source=cited,
        )
        for each in indicators
        for n in range(observed)
    )
    analyse()


def project(plan: Plan, code: str = "pj", **fields: Any) -> Project:
    defaults = {"name": f"プロジェクト{code}", "number": plan.projects.count() + 1, "source": source()}
    return Project.objects.create(plan=plan, code=code, **(defaults | fields))


def programme(code: str, *projects: Project, **fields: Any) -> Programme:
    created = Programme.objects.create(code=code, **({"name": f"事業{code}", "source": source()} | fields))
    created.projects.set(projects)
    return created


def programmes(prefix: str, count: int, project: Project, **fields: Any) -> list[Programme]:
    """`count` programmes of a project, written in bulk."""
    rows = (
        Programme(code=f"{prefix}{n}", sort_order=n, name=f"事業{n}", source=source(), **fields) for n in range(count)
    )
    made = Programme.objects.bulk_create(rows)
    through = Programme.projects.through
    through.objects.bulk_create(through(programme=each, project=project) for each in made)
    return made


MONEY = {"fiscal_year": 2025, "stage": Stage.INITIAL, "text": "1億円", "amount": 100_000_000}


def budget(plan: Plan, code: str, **fields: Any) -> Budget:
    return Budget.objects.create(plan=plan, code=code, **({**MONEY, "source": source()} | fields))


def budgets(plan: Plan, prefix: str, count: int, **fields: Any) -> list[Budget]:
    """`count` of them, written in bulk."""
    rows = (
        Budget(plan=plan, code=f"{prefix}{n}", sort_order=n, source=source(), **(MONEY | fields)) for n in range(count)
    )
    return Budget.objects.bulk_create(rows)
