"""The line of sight: from targets through a project and its council to the headquarters, and to the ministries."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bodies.models import Body, Kind, Link, Placement, Relation, Structure
from plans.models import Plan, Target
from projects.models import Budget, Programme, Project


class Role(models.TextChoices):
    """How a body answers for a project, or for a plan as a whole."""

    RESPONSIBLE = "responsible", pgettext_lazy("role", "作成・推進")
    ABOVE = "above", _("協議会の上")
    COUNCIL = "council", _("協議会")
    LEAD = "lead", _("主担当")
    NAMED = "named", _("担当")
    PAYS = "pays", _("事業から")
    BUDGETS = "budgets", _("予算から")
    FUNDED = "funded", _("資金の交付先")

    @property
    def is_through_council(self) -> bool:
        return self in (Role.COUNCIL, Role.ABOVE)


STRONGEST = [Role.LEAD, Role.NAMED, Role.PAYS, Role.BUDGETS]  # of a ministry's parts in a project one is said


@dataclass(frozen=True)
class Share:
    """A ministry's part: lead or named by the document, or only found through what it pays for."""

    place: Placement
    role: Role


@dataclass(frozen=True)
class Line:
    """A project with all that it ties together.

    `above` leads from the top of the structure down to the council; `funded` are the agencies that the ministries of
    the project give money to, whatever it is for, in a structure that was in force before the plan ended.
    """

    project: Project
    council: Placement | None
    above: list[Placement]
    shares: list[Share]
    funded: list[Placement]
    targets: list[Target]

    def roles(self) -> Iterator[tuple[Placement, Role]]:
        yield from ((place, Role.ABOVE) for place in self.above)
        if self.council is not None:
            yield self.council, Role.COUNCIL
        yield from ((share.place, share.role) for share in self.shares)
        yield from ((place, Role.FUNDED) for place in self.funded)


@dataclass(frozen=True)
class Answer:
    """All that a body answers for: the plan as a whole, and projects, each once with its roles there.

    `links` are the relations by which an agency is given money.
    """

    place: Placement
    links: list[Link]
    whole: list[Role] = field(default_factory=list)
    lines: list[tuple[Line, list[Role]]] = field(default_factory=list)

    @property
    def has_targets(self) -> bool:
        return any(line.targets for line, _roles in self.lines)

    def parts(self) -> list[tuple[list[Role], str, list[Line]]]:
        """The projects by what the body is to them: its roles, how far its council is documented, the projects."""
        found: dict[tuple[tuple[Role, ...], str], list[Line]] = {}
        for line, roles in self.lines:
            evidence = line.project.council_evidence if any(role.is_through_council for role in roles) else ""
            found.setdefault((tuple(roles), evidence), []).append(line)
        rows = sorted(found.items(), key=lambda row: [list(Role).index(role) for role in row[0][0]])
        return [(list(roles), evidence, lines) for (roles, evidence), lines in rows]


class Sight:
    """Lines of sight for public projects, in nine queries or, with a plan, ten; what readers must not see is absent.

    `places` gives the name of every body concerned, by its primary key. `targets` are sorted to the projects whose
    sections they are about; `whole` holds the rest, and `shares` the ministries with money for the plan as a whole.
    """

    def __init__(
        self, projects: models.QuerySet[Project], targets: Iterable[Target] = (), plan: Plan | None = None
    ) -> None:
        rows = list(Project.objects.public().filter(pk__in=projects.order_by().values("pk")).in_words())
        ministries = {each.pk: _ministries(each) for each in rows}
        for role, found in ((Role.PAYS, _paying(rows)), (Role.BUDGETS, _budgeting(rows))):
            for project, ministry in found:
                ministries[project].setdefault(ministry, role)
        payers = _paying_for(plan) if plan is not None else {}
        responsible = plan.responsible_id if plan is not None else None
        wanted = {pk for found in (*ministries.values(), payers) for pk in found}
        self.places = Placement.objects.latest_of([*wanted, *(each.council_id for each in rows), responsible])
        self.responsible = self.places.get(responsible or 0)
        self.shares = self._shares(payers)
        self.links = self._funding([pk for found in ministries.values() for pk in found])
        above = self._above([each.council_id for each in rows])
        by_section: dict[int | None, list[Target]] = {}
        for target in targets:
            subject = target.subject
            by_section.setdefault(subject.pk if subject is not None else None, []).append(target)
        self.lines = [
            Line(
                each,
                self.places.get(each.council_id or 0),
                above.get(each.council_id or 0, []),
                self._shares(ministries[each.pk]),
                self._funded(each.plan, ministries[each.pk]),
                by_section.get(each.section_id, []) if each.section_id is not None else [],
            )
            for each in rows
        ]
        taken = {each.section_id for each in rows} - {None}
        self.whole = [target for section, found in by_section.items() if section not in taken for target in found]

    def by_body(self) -> list[Answer]:
        """The same lines from the other end: each body in the order of the structure, with what it answers for."""
        found: dict[int, Answer] = {}
        links: dict[int, list[Link]] = defaultdict(list)
        for link in self.links:
            links[link.to_placement.body_id].append(link)

        def answer(place: Placement) -> Answer:
            return found.setdefault(place.body_id, Answer(place, links[place.body_id]))

        if self.responsible is not None:
            answer(self.responsible).whole.append(Role.RESPONSIBLE)
        for share in self.shares:
            answer(share.place).whole.append(share.role)
        for line in self.lines:
            roles: dict[int, list[Role]] = {}
            for place, role in line.roles():
                roles.setdefault(place.body_id, []).append(role)
                if len(roles[place.body_id]) == 1:
                    answer(place).lines.append((line, roles[place.body_id]))
        return sorted(found.values(), key=lambda row: (row.place.tree_id, row.place.lft))

    def _above(self, bodies: Iterable[int | None]) -> dict[int, list[Placement]]:
        """What each of the bodies stands under, from the top down."""
        places = {pk: self.places[pk] for pk in bodies if pk is not None and pk in self.places}
        if not places:
            return {}
        over = Q()
        for place in places.values():
            over |= Q(tree_id=place.tree_id, lft__lt=place.lft, rght__gt=place.rght)
        rows = list(Placement.objects.filter(over).select_related("body").order_by("level"))
        return {
            pk: [row for row in rows if row.tree_id == place.tree_id and row.lft < place.lft and row.rght > place.rght]
            for pk, place in places.items()
        }

    def _shares(self, ministries: Mapping[int, Role]) -> list[Share]:
        shares = [Share(self.places[pk], role) for pk, role in ministries.items() if pk in self.places]
        return sorted(shares, key=lambda share: (STRONGEST.index(share.role), share.place.tree_id, share.place.lft))

    def _funding(self, ministries: Iterable[int]) -> list[Link]:
        """The relations by which ministries, or the groups that they stand in, give money to other bodies."""
        givers = [self.places[pk] for pk in ministries if pk in self.places]
        own = Q(from_placement__in=[each.pk for each in givers])
        of_group = Q(from_placement__in=[each.parent_id for each in givers], from_placement__kind=Kind.GROUP)
        links = Link.objects.in_words().select_related("to_placement__structure")
        return list(links.filter(own | of_group, kind=Relation.FUNDS))

    def _funded(self, plan: Plan, ministries: Iterable[int]) -> list[Placement]:
        givers = [self.places[pk] for pk in ministries if pk in self.places]
        links = [link for link in self.links if any(_gives(each, link) for each in givers)]
        links = [link for link in links if plan.to_fy is None or plan.to_fy >= first_year(link.to_placement.structure)]
        return list({link.to_placement_id: link.to_placement for link in links}.values())


def first_year(structure: Structure) -> int:
    """The fiscal year in which a public structure came into force."""
    day = structure.valid_from or datetime.date.min
    return day.year if day.month >= 4 else day.year - 1


def givers_to(places: models.QuerySet[Placement]) -> models.QuerySet[Body]:
    """The bodies that give money to one of the places, by themselves or through the group that they stand in."""
    links = Link.objects.filter(to_placement__in=places, kind=Relation.FUNDS).order_by()
    own = Q(placements__in=links.values("from_placement"))
    of_group = Q(placements__parent__in=links.filter(from_placement__kind=Kind.GROUP).values("from_placement"))
    return Body.objects.filter(own | of_group)


def _gives(place: Placement, link: Link) -> bool:
    giver = link.from_placement
    return giver.pk == place.pk or (giver.kind == Kind.GROUP and giver.pk == place.parent_id)


def _ministries(project: Project) -> dict[int, Role]:
    """Those that the document names for a project, by primary key."""
    found = {project.lead_id: Role.LEAD} if project.lead_id is not None else {}
    return found | {each.pk: Role.NAMED for each in project.ministries.all() if each.pk != project.lead_id}


def _paying(projects: list[Project]) -> Iterable[tuple[int, int]]:
    """Projects, and the ministries of their programmes, by primary key."""
    ties = Programme.projects.through.objects.filter(project__in=projects, programme__ministry__isnull=False)
    return ties.order_by("programme__sort_order").values_list("project_id", "programme__ministry_id")


def _budgeting(projects: list[Project]) -> Iterable[tuple[int, int]]:
    """Projects, and the ministries of their budgets and of those of their programmes."""
    budgets = Budget.objects.public().filter(ministry__isnull=False)
    through = budgets.filter(project=None, programme__projects__in=projects, programme__projects__plan=F("plan"))
    yield from budgets.filter(project__in=projects).values_list("project_id", "ministry_id")
    yield from through.values_list("programme__projects", "ministry_id")


def _paying_for(plan: Plan) -> dict[int, Role]:
    """The ministries with money for a plan as a whole."""
    budgets = Budget.objects.public().undivided().filter(plan=plan, ministry__isnull=False)
    return dict.fromkeys(budgets.values_list("ministry_id", flat=True), Role.BUDGETS)
