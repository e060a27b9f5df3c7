"""Rows for tests, in as few words as a test can say them."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import connection

from bodies.models import Body, Kind, Placement, Status, Structure
from portal.models import Source

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
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # else the planner takes the full tables for empty ones
    return rows
