"""The states of all targets that readers may see, worked out once for each state of the data and day."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterable, Mapping

from django.http import HttpRequest

from bodies.models import today
from plans.models import Target
from plans.progress import Progress
from portal import revision

_kept: dict[tuple[int, datetime.datetime, datetime.date], dict[int, Progress]] = {}
_building = threading.Lock()


def states(request: HttpRequest) -> Mapping[int, Progress]:
    """By the primary key of a target: its state and the rule that led to it, without the numbers.

    In a preview they are those of its day, made each time and not kept.
    """
    if hasattr(request, "preview"):
        return _build()
    seen = revision.seen_by(request)
    key = (seen.number, seen.moved_at, today())
    found = _kept.get(key)
    if found is None:
        with _building:
            found = _kept.get(key)
            if found is None:
                found = _build()
                _kept.clear()
                _kept[key] = found
    return found


def _build() -> dict[int, Progress]:
    with revision.reading():
        rows = list(Target.objects.public().in_numbers())
    return {row.pk: Progress(state=row.progress.state, rule=row.progress.rule) for row in rows}


def with_states(targets: Iterable[Target], request: HttpRequest) -> list[Target]:
    """Targets whose `progress` is what `states` holds: for lists that show a state and no number."""
    known, rows = states(request), list(targets)
    for row in rows:
        if row.pk in known:  # else it was written a moment ago, and works its own out
            vars(row)["progress"] = known[row.pk]
    return rows
