"""The start page of the admin: what is to be done, what has been done, and the way to everything else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.models import ACCOUNTS, Batch, Change

RECENT = 8
# The apps in the order of an editor's work, by what is in them; of the models, those that an order helps to find.
# Whatever else is installed follows.
GROUPS = {
    "bodies": (_("体制と機関"), ["Structure", "Placement", "Body"]),
    "plans": (_("計画・目標・実績"), ["Plan", "Section", "Indicator", "Target", "Observation"]),
    "projects": (_("プロジェクト・事業・予算"), ["Project", "Programme", "Budget", "Succession"]),
    "portal": (_("出典・変更履歴・取り込み"), ["Source", "Change", "Batch"]),
    "auth": (_("利用者と権限"), ["User", "Group"]),
}


def context(request: HttpRequest) -> dict[str, Any]:
    """What the page shows of the portal's own; what the apps have to say their template tags add."""
    may_see = request.user.has_perm("portal.view_change")
    recent = Change.objects.exclude(kind__in=ACCOUNTS).select_related("user")[:RECENT] if may_see else []
    may_import = request.user.has_perm("portal.import_batch")
    # What was handed in and waits; of one with errors there is no fingerprint.
    waiting = Batch.objects.filter(change=None).defer("content", "plan")[:RECENT] if may_import else []
    return {"recent": recent, "may_see_history": may_see, "may_import": may_import, "waiting": waiting}


def grouped(apps: list[Any]) -> list[Any]:
    """The apps and their models as the admin lists them, in the order and by the names of `GROUPS`."""
    order = {label: number for number, label in enumerate(GROUPS)}
    found = []
    for app in sorted(apps, key=lambda app: order.get(app["app_label"], len(order))):
        name, models = GROUPS.get(app["app_label"], (app["name"], []))
        place = {model: number for number, model in enumerate(models)}
        listed = sorted(app["models"], key=lambda model: place.get(model["object_name"], len(place)))
        found.append(app | {"name": name, "models": listed})
    return found
