"""What search finds of plans. See `portal.search`."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from plans.models import Indicator, Plan, Section, Target
from portal.search import Entry, Text


def plans() -> Iterator[Entry]:
    for row in Plan.objects.public():
        texts = (
            Text(_("コード"), row.code, row.code, is_name=True),
            Text(_("目的"), row.purpose, row.purpose_en),
            Text(_("根拠（法令・決定）"), row.basis, row.basis_en),
        )
        yield Entry(Plan, row.title, row.title_en, row.get_absolute_url(), texts=texts)


def sections() -> Iterator[Entry]:
    for row in Section.objects.public().select_related("plan"):
        texts = (
            Text(_("番号"), row.number if row.number[0].isdigit() else "", "", is_name=True),
            Text(_("本文"), row.text, row.text_en),
            Text(_("備考"), row.remark, row.remark_en),
        )
        context = (row.plan.title, row.plan.title_en)
        yield Entry(Section, row.heading, row.heading_en, row.get_absolute_url(), *context, texts=texts)


def targets() -> Iterator[Entry]:
    for row in Target.objects.public().select_related("plan", "indicator"):
        texts = (
            Text(_("コード"), row.code, row.code, is_name=True),
            Text(_("目標の文言"), row.text, row.text_en),
            Text(_("指標"), row.indicator.name, row.indicator.name_en),
            Text(_("備考"), row.remark, row.remark_en),
        )
        context = (row.plan.title, row.plan.title_en)
        yield Entry(Target, row.name, row.name_en, row.get_absolute_url(), *context, texts=texts)


def indicators() -> Iterator[Entry]:
    for row in Indicator.objects.public():
        texts = (
            Text(_("定義"), row.definition, row.definition_en),
            Text(_("留意点"), row.caveat, row.caveat_en),
        )
        yield Entry(Indicator, row.name, row.name_en, row.get_absolute_url(), texts=texts)
