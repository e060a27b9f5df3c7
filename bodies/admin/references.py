"""What refers to a body: rows of any app, found through the models, so that no upper app is imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from bodies.admin.choosing import body_label
from bodies.models import Body, Placement, Status

LISTED = 10  # rows of one kind that a page shows


@dataclass(frozen=True)
class References:
    """Rows of one model that refer to a body by one field: each in words, with its page in the admin if it has one."""

    kind: str
    field: str
    rows: list[tuple[str, str]]
    more: int


def to_body(request: HttpRequest, site: AdminSite, place: Placement) -> list[References]:
    """What refers to the body of a place, other editions included; no more queries for more rows."""
    found = []
    for field in _fields():
        model = field.model
        refers = model._base_manager.filter(**{field.name: place.body_id}).select_related(*_needs(model))
        if model is Placement:
            refers = refers.exclude(pk=place.pk).order_by("structure__valid_from", "pk")
        else:
            refers = refers.order_by(*model._meta.ordering)
        rows = list(refers[: LISTED + 1])
        if rows:
            more = refers.count() - LISTED if len(rows) > LISTED else 0
            shown = [(_words(row), _address(request, site, row)) for row in rows[:LISTED]]
            kind, by = capfirst(str(model._meta.verbose_name)), str(field.verbose_name)
            found.append(References(kind, by, shown, more))
    return found


def dangling(places: Iterable[Placement]) -> list[str]:
    """What would refer to a body without a place, in words, once these places of one edition are gone.

    Of a published edition: without one that readers know.
    """
    going = {place.body_id: place for place in places}
    if not going:
        return []
    edition = next(iter(going.values())).structure
    others = Placement.objects.filter(body__in=going).exclude(structure=edition)
    if edition.status == Status.PUBLISHED:
        others = others.filter(structure__status=Status.PUBLISHED)
    alone = set(going) - set(others.order_by().values_list("body", flat=True))
    found = []
    for field in _fields():
        if field.model in (Body, Placement):
            continue
        refers = field.model._base_manager.filter(**{f"{field.name}__in": alone}).order_by("pk")
        held = list(refers.values_list("pk", field.name)[: LISTED + 1])
        rows = field.model._base_manager.select_related(*_needs(field.model)).in_bulk({pk for pk, _body in held})
        found += [
            _("%(kind)s「%(row)s」の%(field)sが、「%(body)s」です。")
            % {
                "kind": field.model._meta.verbose_name,
                "row": rows[pk],
                "field": field.verbose_name,
                "body": going[body],
            }
            for pk, body in held
        ]
    return found


def _fields() -> Iterator[Any]:
    """The fields of all models that lead to `Body`."""
    relations: Any = Body._meta.get_fields(include_hidden=True)
    for relation in relations:
        is_reverse = relation.auto_created and not relation.concrete and relation.is_relation
        if is_reverse and not relation.related_model._meta.auto_created:
            yield relation.remote_field


def _needs(model: Any) -> tuple[str, ...]:
    """What a row's words are made of."""
    return ("structure",) if model is Placement else getattr(model, "needs", ())


def _words(row: Any) -> str:
    if isinstance(row, Placement):
        return f"{row.structure}：{row.name}"
    return body_label(row) if isinstance(row, Body) else str(row)


def _address(request: HttpRequest, site: AdminSite, row: Any) -> str:
    if not site.is_registered(type(row)) or not site.get_model_admin(type(row)).has_view_permission(request, row):
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
