"""Projects, their programmes and money, and the line of sight from targets to bodies, for readers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bodies.models import Placement
from plans.models import Plan, Target
from plans.states import with_states
from portal.revision import seen_by
from portal.templatetags.facts import pick
from portal.views import NotFound
from projects.models import Budget, Programme, Project, Succession
from projects.sight import Line, Sight

SHOWN = 200  # programmes or budgets on one page
LISTED = 100  # targets on the page of a project


def _page(request: HttpRequest, rows: QuerySet[Any], number: str, code: str) -> Page[Any]:
    """The page of rows that holds the one asked for by its code (`?budget=`), else the one asked for by its number.

    So the address of a row leads to it, however many stand before it.
    """
    pages = Paginator(rows, SHOWN)
    if wanted := request.GET.get(code):
        codes = list(rows.values_list("code", flat=True))
        if wanted in codes:
            return pages.page(codes.index(wanted) // SHOWN + 1)
    return pages.get_page(request.GET.get(number))


def _places(*pages: Iterable[Any]) -> dict[int, Placement]:
    """What the ministries of the rows on pages are called, by the primary key of the body."""
    return Placement.objects.latest_of(row.ministry_id for page in pages for row in page)


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """The projects of the plan we are in, those of other plans, and what became of them."""
    seen_by(request)
    current = Plan.objects.current()
    groups: dict[Plan, list[Line]] = {}
    for line in Sight(Project.objects.all()).lines:
        groups.setdefault(line.project.plan, []).append(line)
    totals = _page(request, Budget.objects.public().undivided().in_words(), "page", "budget")
    context = {
        "groups": sorted(groups.items(), key=lambda group: group[0] != current),
        "current": current,
        "successions": Succession.objects.public().in_words(),
        "totals": totals,
        "places": _places(totals),
    }
    return render(request, "projects/projects.html", context)


@require_safe
def project(request: HttpRequest, code: str) -> HttpResponse:
    """One project: council, ministries, programmes, money, targets, and what it grew from."""
    seen_by(request)
    sight = Sight(Project.objects.filter(code=code))
    if not sight.lines:
        codes = Project.objects.public().values_list("code", flat=True)
        similar = Project.objects.filter(code__in=difflib.get_close_matches(code, codes, n=3, cutoff=0.5))
        found = [(each.get_absolute_url(), pick(each.name, each.name_en)) for each in similar]
        raise NotFound(_("「%(code)s」というプロジェクトはありません。") % {"code": code}, found)
    shown = sight.lines[0].project
    targets = Target.objects.public().about(shown.section) if shown.section is not None else Target.objects.none()
    context = {
        "project": shown,
        "sight": sight,
        "line": sight.lines[0],
        "programmes": _page(request, Programme.objects.public().filter(projects=shown).in_words(), "page", "programme"),
        "budgets": _page(request, Budget.objects.public().filter(project=shown).in_words(), "budgets", "budget"),
        "targets": with_states(targets.in_place()[:LISTED], request),
        "target_count": targets.count(),
        "has_targets": Target.objects.public().filter(plan=shown.plan).exists(),
        "came_from": shown.came_from.all(),
        "went_into": Succession.objects.public().filter(predecessor=shown).in_words(),
    }
    return render(request, "projects/project.html", context)


@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """Every programme with its projects, and the budgets that belong to no one project."""
    seen_by(request)
    rows = _page(request, Programme.objects.public().in_words(), "page", "programme")
    budgets = _page(request, Budget.objects.public().filter(project=None).in_words(), "budgets", "budget")
    context = {"programmes": rows, "budgets": budgets, "places": _places(rows, budgets)}
    return render(request, "projects/programmes.html", context)


@require_safe
def alignment(request: HttpRequest) -> HttpResponse:
    """Projects × councils × ministries × targets, and what is set for the plan as a whole."""
    seen_by(request)
    plan = Plan.objects.current()
    if plan is None:
        raise NotFound(_("公開されている計画は、まだありません。"))
    here = Q(plan=plan) | Q(plan=plan.follows_id) | Q(section__counterpart__plan=plan)
    targets = with_states(Target.objects.public().filter(here).in_brief(), request)
    sight = Sight(Project.objects.filter(plan=plan), targets, plan)
    context = {"plan": plan, "sight": sight, "by_body": sight.by_body()}
    return render(request, "projects/alignment.html", context)
