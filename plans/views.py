"""Plans, their outline, and how far their targets have come, for readers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import groupby

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bodies.models import Placement
from plans.models import Indicator, Plan, Section, SectionKind, Target
from plans.models.target import TargetQuerySet
from plans.progress import State
from plans.states import states, with_states
from plans.words import STATES
from portal.models import Source
from portal.revision import seen_by
from portal.templatetags.facts import pick
from portal.tree import Node, forest
from portal.views import NotFound, Unacceptable

SHOWN = 100  # targets on one page


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    seen_by(request)
    return render(request, "plans/plans.html", {"plans": Plan.objects.public().select_related("source")})


def _plan(code: str) -> Plan:
    shown = Plan.objects.public().filter(code=code).select_related("source", "follows").first()
    if shown is None:
        known = [(each.get_absolute_url(), pick(each.title, each.title_en)) for each in Plan.objects.public()]
        raise NotFound(_("「%(code)s」という計画はありません。") % {"code": code}, known)
    return shown


def _outline(plan: Plan) -> list[Node[tuple[int, Section]]]:
    """The outline of a plan as nested nodes, each row its level and the section: one query, one pass."""
    sections: Iterable[Section] = Section.objects.filter(plan=plan).select_related("plan", "source").order_by("lft")
    return forest((each.level, each) for each in sections)


@require_safe
def plan(request: HttpRequest, code: str) -> HttpResponse:
    """A plan on one page: laid out like its overview slide where its outline has those parts, else as an outline."""
    seen_by(request)
    shown = _plan(code)
    nodes = _outline(shown)
    targets = Target.objects.public().filter(plan=shown)
    context = {
        "plan": shown,
        "parts": {node.row[1].number: node for node in nodes},
        "nodes": nodes,
        "categories": _by_category(shown, targets.filter(source=shown.source).in_place()),
        "count": targets.count(),
        "observed": shown.observations.count(),
        "responsible": Placement.objects.latest_of([shown.responsible_id]).get(shown.responsible_id or 0),
        "followers": shown.followers.public(),
    }
    return render(request, "plans/plan.html", context)


@require_safe
def section(request: HttpRequest, code: str, number: str) -> HttpResponse:
    """A part of a plan with what stands under it and the targets that it sets."""
    seen_by(request)
    plan = _plan(code)
    sections = Section.objects.filter(plan=plan)
    shown = sections.filter(number=number).select_related("plan", "source", "counterpart__plan").first()
    if shown is None:
        similar = difflib.get_close_matches(number, sections.values_list("number", flat=True), n=3)
        found = [
            (each.get_absolute_url(), pick(each.heading, each.heading_en))
            for each in sections.filter(number__in=similar).select_related("plan")
        ]
        raise NotFound(_("この計画に「%(number)s」という項目はありません。") % {"number": number}, found)
    below = Section.objects.filter(plan=plan, lft__gt=shown.lft, rght__lt=shown.rght).select_related("plan", "source")
    beside = sections.filter(parent=shown.parent_id).select_related("plan")
    page = Paginator(Target.objects.public().about(shown).in_place(), SHOWN).get_page(request.GET.get("page"))
    context = {
        "plan": plan,
        "section": shown,
        "path": shown.get_ancestors().select_related("plan"),
        "nodes": forest((each.level - shown.level - 1, each) for each in below.order_by("lft")),
        "counterparts": Section.objects.public().filter(counterpart=shown).select_related("plan", "source"),
        "page": page,
        "targets": with_states(page, request),
        "before": beside.filter(lft__lt=shown.lft).order_by("-lft").first(),
        "after": beside.filter(lft__gt=shown.rght).order_by("lft").first(),
    }
    return render(request, "plans/section.html", context)


def _by_category(
    plan: Plan, targets: Iterable[Target]
) -> list[tuple[Source, list[tuple[Section | None, list[Target]]]]]:
    """The targets of a plan by the categories of each source, in the order of the outline; empty categories too."""
    found: dict[tuple[int, int | None], list[Target]] = {}
    sources: dict[int, Source] = {}
    categories: dict[int | None, Section | None] = {None: None}
    for category in Section.objects.filter(plan=plan, kind=SectionKind.CATEGORY).select_related("source", "plan"):
        categories[category.pk] = category
        found[category.source_id, category.pk] = []
        sources.setdefault(category.source_id, category.source)
    for each in targets:
        categories.setdefault(each.category_id, each.category)
        found.setdefault((each.source_id, each.category_id), []).append(each)
        sources.setdefault(each.source_id, each.source)
    order = {pk: place for place, pk in enumerate(sources)}
    rows = sorted(found.items(), key=lambda row: order[row[0][0]])
    return [
        (sources[pk], [(categories[category], held) for (_source, category), held in group])
        for pk, group in groupby(rows, key=lambda row: row[0][0])
    ]


class Filter:
    """What a reader asked to see of a plan's targets. Raises `Unacceptable` for a value that is not offered.

    A project goes by its plan and its number there, `third-period/1.3.4`, as the targets of a plan may be about
    projects of several. All are offered in the order of the outlines.
    """

    def __init__(self, asked: Mapping[str, str], targets: TargetQuerySet) -> None:
        self.targets = targets
        self.projects: dict[str, Section] = {}
        self.about: dict[str, list[int]] = {}  # of each project the sections that targets name for it
        sections = self._named("section").select_related("plan", "counterpart__plan")
        subjects = [(each.public_counterpart or each, each.pk) for each in sections]
        for subject, named in sorted(subjects, key=lambda row: (row[0].plan.sort_order, row[0].tree_id, row[0].lft)):
            if subject.kind == SectionKind.PROJECT:
                value = f"{subject.plan.code}/{subject.number}"
                self.projects[value] = subject
                self.about.setdefault(value, []).append(named)
        self.categories = {each.number: each for each in self._named("category")}
        self.project = self._one_of(asked.get("project", ""), self.projects)
        self.category = self._one_of(asked.get("category", ""), self.categories)
        self.state = self._one_of(asked.get("state", ""), list(State))

    def _named(self, field: str) -> QuerySet[Section]:
        sections: QuerySet[Section] = Section.objects.filter(pk__in=self.targets.order_by().values(field))
        return sections

    def _one_of(self, value: str, known: Iterable[str]) -> str:
        if value and value not in known:
            raise Unacceptable(_("「%(value)s」でしぼり込むことはできません。") % {"value": value})
        return value

    def __bool__(self) -> bool:
        return bool(self.project or self.category or self.state)

    def found(self, request: HttpRequest) -> list[int]:
        """The primary keys of the targets that were asked for, in their order."""
        rows = self.targets
        if self.project:
            rows = rows.filter(section__in=self.about[self.project])
        if self.category:
            rows = rows.filter(category=self.categories[self.category])
        keys = list(rows.values_list("pk", flat=True))
        if self.state:
            known = states(request)
            keys = [key for key in keys if key in known and known[key].state == self.state]
        return keys


@require_safe
def targets(request: HttpRequest, code: str) -> HttpResponse:
    """The targets of a plan by each source's own categories, and what was observed in its period."""
    seen_by(request)
    shown = _plan(code)
    held = Target.objects.public().filter(plan=shown)
    chosen = Filter(request.GET, held)
    page = Paginator(chosen.found(request), SHOWN).get_page(request.GET.get("page"))
    groups = _by_category(shown, held.filter(pk__in=list(page)).in_words())
    if chosen or page.has_other_pages():
        groups = [(source, [(category, held) for category, held in found if held]) for source, found in groups]
        groups = [(source, found) for source, found in groups if found]
    observed = (
        shown.observations.in_words().select_related("indicator").order_by("indicator__sort_order", "to_fy", "code")
    )
    context = {
        "plan": shown,
        "groups": groups,
        "chosen": chosen,
        "states": [(state.value, words) for state, words in STATES.items()],
        "page": page,
        "count": held.count(),
        "observations": list(observed[:SHOWN]),
        "more_observations": observed.count() > SHOWN,
    }
    return render(request, "plans/targets.html", context)


@require_safe
def target(request: HttpRequest, code: str, target: str) -> HttpResponse:
    """One target: its words and their reading, its progress, and all that is known of its indicator."""
    seen_by(request)
    plan = _plan(code)
    shown = Target.objects.public().filter(plan=plan, code=target).in_words().first()
    if shown is None:
        codes = Target.objects.public().filter(plan=plan).values_list("code", flat=True)
        similar = Target.objects.filter(code__in=difflib.get_close_matches(target, codes, n=3)).select_related("plan")
        found = [(each.get_absolute_url(), pick(each.name, each.name_en)) for each in similar]
        raise NotFound(_("この計画に「%(code)s」という目標はありません。") % {"code": target}, found)
    return render(request, "plans/target.html", {"plan": plan, "target": shown, "indicator": shown.indicator})


@require_safe
def indicator(request: HttpRequest, code: str) -> HttpResponse:
    """What is counted, every target that is set for it, and every value that was published."""
    seen_by(request)
    shown = Indicator.objects.public().filter(code=code).in_words().first()
    if shown is None:
        raise NotFound(_("「%(code)s」という指標はありません。") % {"code": code})
    return render(request, "plans/indicator.html", {"indicator": shown})
