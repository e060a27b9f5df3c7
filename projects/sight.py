"""The line of sight: from targets through a project and its council to the headquarters, and to the ministries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bodies.models import Placement
from plans.models import Target
from projects.models import Budget, Programme, Project


class Role(models.TextChoices):
    """How a body answers for a project."""

    COUNCIL = "council", _("協議会")
    ABOVE = "above", _("協議会の上")
    LEAD = "lead", _("主担当")
    NAMED = "named", _("担当")
    PAYS = "pays", _("事業から")

    @property
    def is_through_council(self) -> bool:
        return self in (Role.COUNCIL, Role.ABOVE)


@dataclass(frozen=True)
class Share:
    """A ministry's part in a project: named by the document, or only found through what it pays for."""

    place: Placement
    is_lead: bool
    is_named: bool

    @property
    def role(self) -> Role:
        return Role.LEAD if self.is_lead else Role.NAMED if self.is_named else Role.PAYS


@dataclass(frozen=True)
class Line:
    """A project with all that it ties together. `above` leads from the top of the structure down to the council."""

    project: Project
    council: Placement | None
    above: list[Placement]
    shares: list[Share]
    targets: list[Target]


class Sight:
    """Lines of sight for projects, in three queries; what readers must not see is absent.

    `places` gives the name of every body concerned, by its primary key. Ministries are those that the document names,
    then those of the given programmes and budgets. `targets` are sorted to the projects whose sections they are about;
    `whole` holds the rest.
    """

    def __init__(
        self,
        projects: Iterable[Project],
        programmes: Iterable[Programme] = (),
        budgets: Iterable[Budget] = (),
        targets: Iterable[Target] = (),
    ) -> None:
        projects, programmes, budgets = list(projects), list(programmes), list(budgets)
        payers: dict[int, list[int]] = {each.pk: [] for each in projects}
        for programme in programmes:
            for each in programme.projects.all():
                if each.pk in payers and programme.ministry_id is not None:
                    payers[each.pk].append(programme.ministry_id)
        for budget in budgets:
            if budget.project_id in payers and budget.ministry_id is not None:
                payers[budget.project_id].append(budget.ministry_id)
        named = {each.pk: [body.pk for body in each.ministries.all()] for each in projects}
        wanted = {pk for pks in (*payers.values(), *named.values()) for pk in pks}
        wanted |= {pk for each in projects for pk in (each.council_id, each.lead_id) if pk is not None}
        paying = [*(each.ministry_id for each in programmes), *(each.ministry_id for each in budgets)]
        wanted |= {pk for pk in paying if pk is not None}
        self.places = Placement.objects.latest_of(wanted)
        above = self._above([each.council_id for each in projects])
        by_section: dict[int | None, list[Target]] = {}
        for target in targets:
            subject = target.subject
            by_section.setdefault(subject.pk if subject is not None else None, []).append(target)
        self.lines = [
            Line(
                each,
                self.places.get(each.council_id or 0),
                above.get(each.council_id or 0, []),
                self._shares(each, named[each.pk], payers[each.pk]),
                by_section.pop(each.section_id, []) if each.section_id is not None else [],
            )
            for each in projects
        ]
        self.whole = [target for found in by_section.values() for target in found]

    def by_body(self) -> list[tuple[Placement, list[tuple[Line, Role]]]]:
        """The same lines from the other end: each body in the order of the structure, with what it answers for."""
        found: dict[int, tuple[Placement, list[tuple[Line, Role]]]] = {}
        for line in self.lines:
            roles = [(place, Role.ABOVE) for place in line.above]
            roles += [(line.council, Role.COUNCIL)] if line.council is not None else []
            roles += [(share.place, share.role) for share in line.shares]
            for place, role in roles:
                found.setdefault(place.body_id, (place, []))[1].append((line, role))
        return sorted(found.values(), key=lambda row: (row[0].tree_id, row[0].lft))

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

    def _shares(self, project: Project, named: list[int], payers: list[int]) -> list[Share]:
        lead = project.lead_id
        found = {pk: self.places[pk] for pk in (lead, *named, *payers) if pk is not None and pk in self.places}
        shares = [Share(place, is_lead=pk == lead, is_named=pk == lead or pk in named) for pk, place in found.items()]
        return sorted(shares, key=lambda share: (not share.is_lead, not share.is_named, share.place.lft))


def sight_of(projects: models.QuerySet[Project], targets: Iterable[Target] = ()) -> Sight:
    """The lines of sight of public projects with their programmes; seven queries."""
    rows = list(Project.objects.public().filter(pk__in=projects.order_by().values("pk")).in_words())
    programmes = Programme.objects.public().filter(projects__in=rows).distinct().in_words()
    return Sight(rows, programmes=programmes, targets=targets)
