"""Projects, their programmes and money, and the line of sight from targets to bodies, for readers."""

from __future__ import annotations

import difflib

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bodies.models import Placement
from plans.models import Plan, Target
from portal.revision import seen_by
from portal.templatetags.facts import pick
from portal.views import NotFound
from projects.models import Budget, Programme, Project, Succession
from projects.sight import Line, Sight, sight_of

SHOWN = 200  # programmes and budgets on one page


@require_safe
def projects(request: HttpRequest) -> HttpResponse:
    """The projects of the plan we are in, those of other plans, and what became of them."""
    seen_by(request)
    current = Plan.objects.current()
    sight = sight_of(Project.objects.all())
    groups: dict[Plan, list[Line]] = {}
    for line in sight.lines:
        groups.setdefault(line.project.plan, []).append(line)
    context = {
        "groups": sorted(groups.items(), key=lambda group: group[0] != current),
        "current": current,
        "sight": sight,
        "successions": Succession.objects.public().in_words(),
        "totals": Budget.objects.public().filter(project__isnull=True, programme__isnull=True).in_words()[:SHOWN],
    }
    return render(request, "projects/projects.html", context)


@require_safe
def project(request: HttpRequest, code: str) -> HttpResponse:
    """One project: council, ministries, programmes, money, targets, and what it grew from."""
    seen_by(request)
    shown = Project.objects.public().filter(code=code).in_words().first()
    if shown is None:
        codes = Project.objects.public().values_list("code", flat=True)
        similar = Project.objects.filter(code__in=difflib.get_close_matches(code, codes, n=3, cutoff=0.5))
        found = [(each.get_absolute_url(), pick(each.name, each.name_en)) for each in similar]
        raise NotFound(_("「%(code)s」というプロジェクトはありません。") % {"code": code}, found)
    budgets = list(Budget.objects.public().filter(project=shown).in_words()[:SHOWN])
    programmes = list(Programme.objects.public().filter(projects=shown).in_words()[:SHOWN])
    sight = Sight([shown], programmes=programmes, budgets=budgets)
    context = {
        "project": shown,
        "sight": sight,
        "line": sight.lines[0],
        "programmes": programmes,
        "budgets": budgets,
        "targets": Target.objects.public().about(shown.section).in_words() if shown.section is not None else [],
        "has_targets": Target.objects.filter(plan=shown.plan).exists(),
        "came_from": Succession.objects.public().filter(successor=shown).in_words(),
        "went_into": Succession.objects.public().filter(predecessor=shown).in_words(),
    }
    return render(request, "projects/project.html", context)


@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """Every programme with its projects, and the budgets that belong to a programme but to no one project."""
    seen_by(request)
    rows = Paginator(Programme.objects.public().in_words(), SHOWN).get_page(request.GET.get("page"))
    budgets = list(Budget.objects.public().filter(project__isnull=True).in_words()[:SHOWN])
    context = {"page": rows, "budgets": budgets, "sight": Sight([], programmes=rows, budgets=budgets)}
    return render(request, "projects/programmes.html", context)


@require_safe
def alignment(request: HttpRequest) -> HttpResponse:
    """Projects × councils × ministries × targets, and what is set for the plan as a whole."""
    seen_by(request)
    plan = Plan.objects.current()
    if plan is None:
        raise NotFound(_("公開されている計画は、まだありません。"))
    here = Q(plan=plan) | Q(plan=plan.follows_id) | Q(section__counterpart__plan=plan)
    targets = Target.objects.public().filter(here).in_words()
    sight = sight_of(Project.objects.filter(plan=plan), targets)
    places = Placement.objects.latest_of([plan.responsible_id])
    responsible = places.get(plan.responsible_id or 0)
    context = {"plan": plan, "sight": sight, "by_body": sight.by_body(), "responsible": responsible}
    return render(request, "projects/alignment.html", context)
