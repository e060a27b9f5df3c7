"""What the admin's own pages show of plans and targets."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Q

from bodies.models import today
from plans.models import Target
from plans.words import spans

register = template.Library()
LISTED = 10


@register.inclusion_tag("plans/to_do.html")
def targets_to_do(user: Any) -> dict[str, Any]:
    """Targets whose words were not read, and those whose results should be there by now, in a constant number of
    queries.

    Results are looked for where they can still be expected: in plans whose years are not over.
    """
    if not user.has_perm("plans.view_target"):
        return {"is_shown": False, "unread": [], "unread_more": 0, "due": [], "due_more": 0}
    unread = list(Target.objects.filter(kind="").select_related("plan").order_by("plan__sort_order", "sort_order"))
    day = today()
    year = day.year if day.month >= 4 else day.year - 1
    running = Target.objects.public().filter(Q(plan__to_fy__isnull=True) | Q(plan__to_fy__gte=year))
    due = []
    for target in running.in_words():
        years = target.progress.overdue_years
        is_announced = target.next_due_on is not None and target.next_due_on <= day
        if years or is_announced:
            due.append((target, spans(years, target.years), target.next_due_on if is_announced else None))
    return {
        "is_shown": True,
        "unread": unread[:LISTED],
        "unread_more": max(0, len(unread) - LISTED),
        "due": due[:LISTED],
        "due_more": max(0, len(due) - LISTED),
    }
