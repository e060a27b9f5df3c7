"""What pages show of projects. Pages below use `project_cards`, `projects_of`, `projects_of_plan`, `project_of`,
`line_of_sight` and `all_projects`."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bodies.models import Placement, today
from plans.models import Plan, Section, Target
from plans.progress import year_end
from plans.words import figure, period
from portal.templatetags.facts import pick
from projects.models import Budget, Programme, Project
from projects.sight import Sight, first_year, givers_to

register = template.Library()
LISTED = 20  # programmes that a body's page names


@register.filter
def yen(amount: int | None) -> str:
    """An amount to the yen in the reader's language."""
    if amount is None:
        return ""
    return f"{figure(amount)}円" if get_language() == "ja" else f"¥{figure(amount)}"


@register.simple_tag
def project_link(project: Project, *, short: bool = False, dated: bool = False) -> SafeString:
    """A project's name, leading to its page; `dated`: with the years of its plan where these are over."""
    name = pick(project.name, project.name_en)
    if short and project.short_name:
        name = pick(project.short_name, project.short_name_en or project.name_en)
    last = project.plan.to_fy
    years = ""
    if dated and last is not None and year_end(last) < today():
        years = _("（%(years)s）") % {"years": period(project.plan.from_fy, last)}
    return format_html('<a href="{}">{}{}</a>', project.get_absolute_url(), name, years)


@register.inclusion_tag("projects/project_cards.html")
def project_cards() -> dict[str, Any]:
    """The projects of the plan we are in, for the home page."""
    plan = Plan.objects.current()
    found = Project.objects.public().filter(plan=plan).select_related("plan") if plan is not None else []
    return {"plan": plan, "projects": found}


@register.inclusion_tag("projects/projects_of_plan.html")
def projects_of_plan(plan: Plan) -> dict[str, Any]:
    """The projects of a plan, for its page."""
    return {"lines": Sight(Project.objects.filter(plan=plan)).lines, "plan": plan}


@register.inclusion_tag("projects/project_of.html")
def project_of(section: Section) -> dict[str, Any]:
    """The project that a section describes, for its page."""
    return {"projects": Project.objects.public().filter(section=section).select_related("plan")}


@register.inclusion_tag("projects/line_of_sight.html")
def line_of_sight(target: Target) -> dict[str, Any]:
    """From a target to the section, the project, the ministries, the council and the headquarters."""
    subject = target.subject
    plan = target.plan
    places = Placement.objects.latest_of([plan.responsible_id])
    return {
        "target": target,
        "lines": Sight(Project.objects.filter(section=subject)).lines if subject is not None else [],
        "responsible": places.get(plan.responsible_id or 0),
    }


@register.inclusion_tag("projects/projects_of.html")
def projects_of(placement: Placement) -> dict[str, Any]:
    """What a body and what stands under it is linked to: projects with their targets, programmes, money of plans."""
    inside = Placement.objects.filter(tree_id=placement.tree_id, lft__gte=placement.lft, rght__lte=placement.rght)
    bodies = inside.order_by().values("body")
    projects = Project.objects.public()
    tied = projects.filter(council__in=bodies) | projects.of_ministries(bodies)
    ongoing = Q(plan__to_fy=None) | Q(plan__to_fy__gte=first_year(placement.structure))
    tied |= projects.of_ministries(givers_to(inside).values("pk")).filter(ongoing)
    sections = tied.order_by().values("section")
    own = Q(section__in=sections) | Q(section__counterpart__in=sections)
    sight = Sight(tied, Target.objects.public().filter(own).in_brief())
    here = next((each for each in sight.by_body() if each.place.body_id == placement.body_id), None)
    roles = {line.project.pk: held for line, held in here.lines} if here is not None else {}
    programmes = Programme.objects.public().filter(ministry__in=bodies)
    listed = list(programmes.in_words()[:LISTED])
    undivided = Budget.objects.public().undivided().filter(ministry__in=bodies)
    return {
        "placement": placement,
        "rows": [(line, roles.get(line.project.pk, [])) for line in sight.lines],
        "links": here.links if here is not None else [],
        "programmes": listed,
        "more": programmes.count() - LISTED if len(listed) == LISTED else 0,
        "paid": Plan.objects.filter(budgets__in=undivided).distinct(),
    }


@register.simple_tag
def all_projects() -> Any:
    """The projects that readers may see, for the site map."""
    return Project.objects.public().select_related("plan")
