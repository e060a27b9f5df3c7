"""What pages show of projects. Pages below use `project_cards`, `projects_of`, `projects_of_plan`, `project_of`,
`line_of_sight` and `all_projects`."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from bodies.models import Placement
from plans.models import Plan, Section, Target
from plans.words import figure
from portal.templatetags.facts import pick
from projects.models import Programme, Project
from projects.sight import Sight

register = template.Library()
LISTED = 20  # programmes that a body's page names


@register.filter
def yen(amount: int | None) -> str:
    """An amount to the yen in the reader's language."""
    if amount is None:
        return ""
    return f"{figure(amount)}円" if get_language() == "ja" else f"¥{figure(amount)}"


@register.simple_tag
def project_link(project: Project, *, short: bool = False) -> SafeString:
    """A project's name, leading to its page."""
    name = pick(project.name, project.name_en)
    if short and project.short_name:
        name = pick(project.short_name, project.short_name_en or project.name_en)
    return format_html('<a href="{}">{}</a>', project.get_absolute_url(), name)


@register.inclusion_tag("projects/project_cards.html")
def project_cards() -> dict[str, Any]:
    """The projects of the plan we are in, for the home page."""
    plan = Plan.objects.current()
    return {"plan": plan, "lines": Sight(_of_plan(plan)).lines if plan is not None else []}


@register.inclusion_tag("projects/projects_of_plan.html")
def projects_of_plan(plan: Plan) -> dict[str, Any]:
    """The projects of a plan, for its page."""
    return {"lines": Sight(_of_plan(plan)).lines, "plan": plan}


def _of_plan(plan: Plan) -> Any:
    return Project.objects.public().filter(plan=plan).in_words()


@register.inclusion_tag("projects/project_of.html")
def project_of(section: Section) -> dict[str, Any]:
    """The project that a section describes, for its page."""
    return {"projects": Project.objects.public().filter(section=section).select_related("plan")}


@register.inclusion_tag("projects/line_of_sight.html")
def line_of_sight(target: Target) -> dict[str, Any]:
    """From a target to the section, the project, the council and the headquarters, for the target's page."""
    subject = target.subject
    rows = Project.objects.public().filter(section=subject).in_words() if subject is not None else []
    plan = target.plan
    places = Placement.objects.latest_of([plan.responsible_id])
    return {
        "target": target,
        "lines": Sight(rows).lines,
        "responsible": places.get(plan.responsible_id or 0),
    }


@register.inclusion_tag("projects/projects_of.html")
def projects_of(placement: Placement) -> dict[str, Any]:
    """All that a body and what stands under it answers for: projects with their targets, and programmes."""
    inside = Q(tree_id=placement.tree_id, lft__gte=placement.lft, rght__lte=placement.rght)
    bodies = Placement.objects.filter(inside).order_by().values("body")
    named = Project.ministries.through.objects.filter(body__in=bodies).values("project")
    programmes = Programme.objects.public().filter(ministry__in=bodies)
    paid = Programme.projects.through.objects.filter(programme__in=programmes.order_by().values("pk")).values("project")
    tied = Q(council__in=bodies) | Q(lead__in=bodies) | Q(pk__in=named) | Q(pk__in=paid)
    projects = list(Project.objects.public().filter(tied).in_words())
    targets = Target.objects.public().filter(
        Q(section__projects__in=projects) | Q(section__counterpart__projects__in=projects)
    )
    of_projects = Programme.objects.public().filter(projects__in=projects).distinct().in_words()
    sight = Sight(projects, programmes=of_projects, targets=targets.in_words().distinct())
    return {
        "placement": placement,
        "lines": sight.lines,
        "programmes": programmes.in_words()[:LISTED],
        "more": max(0, programmes.count() - LISTED),
    }


@register.simple_tag
def all_projects() -> Any:
    """The projects that readers may see, for the site map."""
    return Project.objects.public().select_related("plan")
