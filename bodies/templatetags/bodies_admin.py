"""What the admin's own pages show of structures and bodies."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import template

from bodies.models import Placement, Standing, Status, Structure

register = template.Library()
SHOWN = (Standing.DRAFT, Standing.SCHEDULED, Standing.IN_FORCE)


@register.inclusion_tag("bodies/to_do.html")
def structures_to_do(user: Any) -> dict[str, Any]:
    """What is being prepared, what waits for its day, what is in force: one query."""
    if not user.has_perm("bodies.view_structure"):
        return {"groups": []}
    rows = list(Structure.objects.with_standing().exclude(status=Status.WITHDRAWN).order_by("valid_from", "code"))
    return {"groups": [(each, [row for row in rows if row.standing == each]) for each in SHOWN]}


def names_of_bodies(pks: Collection[int]) -> dict[int, str]:
    """What bodies (by primary key) are called: in the latest published edition that holds them, else in a draft."""
    rows = Placement.objects.filter(body__in=pks).order_by("structure__valid_from", "structure__code")
    held = rows.values_list("structure__status", "body", "name")
    drafts = {body: name for status, body, name in held if status != Status.PUBLISHED}
    return drafts | {body: name for status, body, name in held if status == Status.PUBLISHED}
