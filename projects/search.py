"""What search finds of projects. See `portal.search`."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from bodies.models import Placement
from portal.search import Entry, Text
from projects.models import Programme, Project


def projects() -> Iterator[Entry]:
    for row in Project.objects.public().select_related("plan"):
        texts = (
            Text(_("略称"), row.short_name, row.short_name_en, is_name=True),
            Text(_("コード"), row.code, row.code, is_name=True),
            Text(_("概要"), row.summary, row.summary_en),
        )
        context = (row.plan.title, row.plan.title_en)
        yield Entry(Project, row.name, row.name_en, row.get_absolute_url(), *context, texts=texts)


def programmes() -> Iterator[Entry]:
    rows = list(Programme.objects.public().in_words())
    places = Placement.objects.latest_of(row.ministry_id for row in rows)
    for row in rows:
        ministry = places.get(row.ministry_id or 0)
        projects = row.projects.all()
        texts = [
            Text(_("担当部局"), row.bureau, row.bureau_en),
            Text(_("AMEDの担当部署"), row.department, row.department_en),
            Text(
                _("プロジェクト"),
                "、".join(each.name for each in projects),
                ", ".join(each.name_en for each in projects),
            ),
        ]
        if ministry is not None:
            texts.append(Text(_("府省"), f"{ministry.name} {ministry.short_name}", ministry.name_en))
        yield Entry(Programme, row.name, row.name_en, row.get_absolute_url(), texts=texts)
