"""What pages show of plans and targets. `plan_in_brief` and `plans_of` are those that pages below use."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.db import models
from django.template import Context
from django.utils.formats import date_format
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bodies.models import Placement
from plans.graph import Labels, Point, draw
from plans.models import UNSAID, Calendar, Observation, Plan, Section, Target
from plans.progress import SUMS, Progress, Rule
from plans.words import RULES, STATES, amount, period, rounded, spans, unit_of, year
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
def state_words(progress: Progress) -> str:
    return str(STATES[progress.state])


@register.filter
def rule_words(progress: Progress) -> str:
    """How it was worked out, in words."""
    if progress.rule == Rule.CUMULATIVE and None in (progress.first_year, progress.last_year):
        return _("合計の目標です。いつからいつまでの合計かが示されていないため、目安は計算しません。")
    return str(RULES[progress.rule])


@register.filter
def due_facts(target: Target) -> list[tuple[str, str, str]]:
    """The years that are over without a value, the next one that can be published, the deadline: label, year, day."""
    made, facts = target.progress, []
    if made.rule not in {Rule.UNREAD, Rule.PERIOD, Rule.MILESTONE}:  # of which no year has a value of its own
        if made.overdue_years:
            facts.append((_("未公表の年"), spans(made.overdue_years, target.years), ""))
        if target.next_due_on:
            facts.append((_("次の公表予定"), date_format(target.next_due_on), ""))
        elif made.next_due and target.years != UNSAID:
            due = year(made.next_due.year - (target.calendar != Calendar.CALENDAR), target.calendar)
            facts.append((_("次の値"), due, _("%(day)sに終わる年") % {"day": date_format(made.next_due)}))
    if target.deadline_fy:
        facts.append((_("期限"), _("%(year)s末") % {"year": year(target.deadline_fy, target.years, full=True)}, ""))
    return facts


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
    """Whether a value is none of those that the target's progress counts."""
    return not observation.is_replaced and observation.code not in {row.code for row in target.progress.counted}


@register.simple_tag
def state_mark(target: Target) -> SafeString:
    """The state of a target, and whose reckoning it is."""
    state = target.progress.state
    reckoned = _("本サイトの計算")
    return format_html(
        '<span class="state state-{}">{}</span> <small class="reckoned">{}</small>', state, STATES[state], reckoned
    )


@register.filter
def why_no_graph(target: Target) -> str:
    """Why a numeric target has no chart; nothing where it has one, and for words."""
    made = target.progress
    if made.rule is Rule.RATIO and made.goal is None:
        return _("基準年の値がわからないため、図は示していません。")
    if made.rule is Rule.RANK:
        return _("順位の目標のため、図は示していません。")
    if made.goal is not None and None in (made.first_year, made.last_year):
        return _("目標の期間が示されていないため、図は示していません。")
    return ""


@register.inclusion_tag("plans/graph.html")
def graph(target: Target) -> dict[str, Any]:
    """The small chart of a numeric target and its numbers: what its progress counted, and values for reference."""
    made = target.progress
    first, last = made.first_year, made.last_year
    if made.goal is None or made.rule is Rule.RANK or first is None or last is None:
        return {"svg": ""}
    labels = Labels(
        goal=_("目標"),
        baseline=_("基準値（算出）") if target.baseline_derived else _("基準値"),
        actual=_("実績値（累計）") if made.rule in SUMS else _("実績値"),
        provisional=_("速報"),
        reference=_("参考値"),
        gaps=dict.fromkeys(made.overdue_years, _("未公表")),
        period=period(first, last, target.years),
    )
    per = target.per if made.rule is Rule.ANNUAL else ""
    goal = amount(made.goal, made.unit, target.comparator, per)
    facts = {"goal": strip_tags(goal), "years": labels.period, "count": len(made.counted)}
    described = _("目標値 %(goal)s（%(years)s）。数値は、この図の次の表にあります。")
    seen = _("公表された実績値は%(count)s個です。") if made.counted else _("実績値は未公表です。")
    shown = [(row, True) for row in made.reference] + [(row, False) for row in made.counted]
    shown.sort(key=lambda each: (each[0].to_fy or 0, each[0].from_fy or 0))
    svg = draw(
        f"graph-{target.code}",
        words(target, "name") if target.name_en or get_language() == "ja" else target.code,
        f"{described % facts}{seen % facts}",
        unit=unit_of(made.unit),
        from_year=first,
        to_year=last,
        points=[
            Point(
                row.from_fy,
                row.value,
                until=row.to_fy,
                is_provisional=row.is_final is False,
                is_reference=is_reference,
                text=strip_tags(amount(row.value, "", row.comparator)),
            )
            for row, is_reference in shown
        ],
        baseline=Point(made.start_year, rounded(made.start)) if made.start is not None else None,
        goal=rounded(made.goal),
        goal_years=(first, last),
        labels=labels,
    )
    rows: list[tuple[str, str, SafeString]] = []
    if made.start is not None:
        start_year = period(made.start_year, made.start_year, target.years)
        rows.append((labels.baseline, start_year, amount(made.start, made.unit)))
    for row, is_reference in shown:
        kind = labels.reference if is_reference else labels.provisional if row.is_final is False else labels.actual
        years = period(row.from_fy, row.to_fy, target.years)
        rows.append((kind, years, amount(row.value, made.unit, row.comparator)))
    rows += [(text, year(each, target.years), SafeString("")) for each, text in labels.gaps.items()]
    rows.append((labels.goal, labels.period, goal))
    return {"svg": mark_safe(svg), "rows": rows}  # noqa: S308 - draw() escapes every text
