"""What pages show of plans and targets. `plan_in_brief` and `plans_of` are those that pages below use."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.db import models
from django.template import Context
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bodies.models import Placement, today
from plans.graph import Labels, Point, draw
from plans.models import Calendar, Observation, ObservationStanding, Plan, Reading, Section, Target
from plans.progress import Progress, Rule, year_end
from plans.words import RULES, STATES, amount, period, spans, unit_of, year
from portal.models import Evidence
from portal.revision import seen_by
from portal.templatetags.facts import pick, words
from portal.tree import Node

register = template.Library()
HEADLINES = 6  # targets on the home page


@register.inclusion_tag("plans/plan_in_brief.html", takes_context=True)
def plan_in_brief(context: Context) -> dict[str, Any]:
    """The plan of the period we are in, for the home page: its parts and its headline targets."""
    seen_by(context["request"])
    plan = Plan.objects.current()
    if plan is None:
        return {"plan": None}
    targets = Target.objects.public().filter(plan=plan, source=plan.source, value__isnull=False)
    return {
        "plan": plan,
        "goals": Section.objects.filter(plan=plan, kind="goal").select_related("plan").order_by("lft"),
        "targets": targets.in_words()[:HEADLINES],
    }


@register.inclusion_tag("plans/plans_of.html")
def plans_of(placement: Placement) -> dict[str, Any]:
    """The plans that a body draws up, for its page."""
    return {"plans": Plan.objects.public().filter(responsible=placement.body_id)}


@register.simple_tag
def all_plans() -> Any:
    """The plans that readers may see, for the site map."""
    return Plan.objects.public()


@register.simple_tag
def section_link(section: Section, *, mark: bool = True) -> SafeString:
    """A section's heading with its printed mark, leading to its page."""
    heading = pick(section.heading, section.heading_en)
    shown = f"{section.mark} " if mark and section.mark and section.mark != "・" else ""
    return format_html('<a href="{}">{}{}</a>', section.get_absolute_url(), shown, heading)


@register.simple_tag
def outline(nodes: Sequence[Node[tuple[int, Section]]]) -> SafeString:
    """Sections as nested lists, however deep: a template that includes itself ends at some eighty levels."""
    out: list[str] = ['<ul class="outline-list">']
    stack: list[Node[tuple[int, Section]] | str] = ["</ul>", *reversed(nodes)]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            out.append(node)
            continue
        section = node.row[1]
        text = format_html(' <span class="says">{}</span>', pick(section.text, section.text_en)) if section.text else ""
        out.append(f"<li>{section_link(section)}{text}")
        if node.children:
            out.append('<ul class="outline-list">')
            stack += ["</ul></li>", *reversed(node.children)]
        else:
            out.append("</li>")
    return mark_safe("".join(out))  # noqa: S308 - every piece above is made by format_html


@register.simple_tag
def quantity(value: Decimal | None, unit: str = "", comparator: str = "", per: str = "") -> SafeString:
    """A number with its unit in the reader's language: 130件/年, 65%以上."""
    return amount(value, unit, comparator, per)


@register.filter
def spans_of(years: Sequence[int], calendar: str) -> str:
    return spans(years, calendar)


@register.simple_tag
def years_of(first: int | None, last: int | None, calendar: str = "") -> str:
    """A span of fiscal or calendar years in the reader's language."""
    return period(first, last, calendar)


@register.filter
def full_year(value: int, calendar: str = Calendar.FISCAL) -> str:
    """令和7（2025）年度; FY2025 (Apr 2025–Mar 2026)."""
    return year(value, calendar, full=True)


@register.filter
def state_words(progress: Progress) -> str:
    return str(STATES[progress.state])


@register.filter
def rule_words(progress: Progress) -> str:
    """How it was worked out, in words."""
    if progress.rule == Rule.CUMULATIVE and progress.total_years is None:
        return _("合計の目標です。いつからいつまでの合計かが示されていないため、目安は計算しません。")
    return str(RULES[progress.rule])


@register.filter
def due_year(progress: Progress, calendar: str) -> str:
    """The year whose value is the next that can be published."""
    day = progress.next_due
    return year(day.year if calendar == Calendar.CALENDAR else day.year - 1, calendar) if day is not None else ""


@register.simple_tag
def tied(target: Target) -> SafeString | str:
    """A badge where a target belongs to a project only by what its section was found to correspond to."""
    section = target.section
    if section is None or target.subject == section or section.evidence == Evidence.PRINTED:
        return ""
    return format_html('<span class="badge badge-{}">{}</span>', section.evidence, section.get_evidence_display())


@register.filter
def reading_rows(target: Target) -> list[tuple[str, SafeString | str, str]]:
    """What was read from a target's words: label, value, and how it follows where the words do not state it."""
    rows: list[tuple[str, SafeString | str, str]] = []
    for name, value, is_stated in target.recorded:
        field: Any = Target._meta.get_field(name)
        if name == "baseline_derived" or (name == "unit" and (target.value or target.cumulative)):
            continue  # these stand with the numbers
        if field.choices:
            shown: Any = getattr(target, f"get_{name}_display")()
        elif isinstance(field, models.PositiveIntegerField):
            shown = year(value, target.calendar, full=True)
        elif name == "delta":
            shown = format_html("{}{}", "+" if value > 0 else "", amount(value, target.unit))
        elif isinstance(value, Decimal):
            shown = amount(value, target.unit)
        else:
            shown = pick(value, value if value.isascii() else "")
        is_derived = name == "baseline" and target.baseline_derived
        how = str(Evidence.DERIVED.label) if is_derived else "" if is_stated else _("補足")
        rows.append((str(field.verbose_name), shown, how))
    return rows


@register.filter
def is_reference(observation: Observation, target: Target) -> bool:
    """Whether a value is older than what the target covers: no progress of it."""
    return observation.to_fy is None or observation.to_fy < target.first_year


@register.inclusion_tag("plans/graph.html")
def graph(target: Target) -> dict[str, Any]:
    """The small chart of a numeric target with its numbers; nothing for one that has no level to draw a line at."""
    goal = target.value if target.value is not None else target.cumulative
    first, last = target.first_year, target.last_year
    if target.kind != Reading.LEVEL or goal is None or not first or last is None:
        return {"svg": ""}
    points = _points(target)
    reported = {each for point in points if point.year for each in range(point.year, (point.until or point.year) + 1)}
    late = [
        each for each in range(first, last + 1) if each not in reported and year_end(each, target.calendar) < today()
    ]
    start, start_year = target.progress.start, target.progress.start_year
    labels = Labels(
        goal=_("目標"),
        baseline=_("基準値（算出）") if target.baseline_derived else _("基準値"),
        actual=_("実績値"),
        provisional=_("速報"),
        reference=_("参考値"),
        gaps=dict.fromkeys(late, _("未公表")),
        period=period(first, last, target.years),
    )
    facts = {
        "goal": strip_tags(amount(goal, target.unit, target.comparator)),
        "years": labels.period,
        "count": len([point for point in points if not point.is_reference]),
    }
    described = _("目標値 %(goal)s（%(years)s）。数値は、この図の次の表にあります。")
    seen = _("公表された実績値は%(count)s個です。") if facts["count"] else _("実績値は未公表です。")
    svg = draw(
        f"graph-{target.code}",
        words(target, "name") if target.name_en or get_language() == "ja" else target.code,
        f"{described % facts}{seen % facts}",
        unit=unit_of(target.unit),
        from_year=first,
        to_year=last,
        points=points,
        baseline=Point(start_year, start) if start is not None else None,
        goal=goal,
        goal_years=(first, last),
        labels=labels,
    )
    rows: list[tuple[str, str, SafeString]] = []
    if start is not None:
        rows.append((labels.baseline, period(start_year, start_year, target.years), amount(start, target.unit)))
    for point in points:
        kind = labels.reference if point.is_reference else labels.provisional if point.is_provisional else labels.actual
        rows.append((kind, period(point.year, point.until, target.years), amount(point.value, target.unit)))
    rows += [(labels.gaps[each], year(each, target.years), SafeString("")) for each in late]
    rows.append((labels.goal, labels.period, amount(goal, target.unit, target.comparator, target.per)))
    return {"svg": mark_safe(svg), "rows": rows}  # noqa: S308 - draw() escapes every text


def _points(target: Target) -> list[Point]:
    """What was observed in the target's unit; of a total without a yearly value, the sums as they grew."""
    found, total = [], Decimal(0)
    for each in target.observations:
        if each.value is None or each.from_fy is None or each.unit != target.unit:
            continue
        reference, value = is_reference(each, target), each.value
        if reference and (each.to_fy, value) == (target.baseline_fy, target.baseline):
            continue  # it stands there as the baseline
        if target.value is None and not reference:
            total = value = total + value
        found.append(
            Point(
                each.from_fy,
                value,
                until=each.to_fy,
                is_provisional=each.standing == ObservationStanding.PROVISIONAL,
                is_reference=reference,
                text=strip_tags(amount(value, "", each.comparator)),
            )
        )
    return found
