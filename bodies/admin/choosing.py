"""Places, bodies and sources as an editor looks them up: by typing, named with their codes, within one structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, JsonResponse
from django.urls import reverse

from bodies.models import Body, Placement, Status, Structure
from portal.models import Source

LISTED = 20  # answers at a time


@dataclass(frozen=True)
class Lookup:
    """A kind of thing that can be looked up: its rows (places: of one structure), the fields searched, its label."""

    name: str
    rows: Callable[[Structure | None], models.QuerySet[Any]]
    searched: tuple[str, ...]
    label: Callable[[Any], str]

    def find(self, structure: Structure, typed: str) -> models.QuerySet[Any]:
        """Rows that hold each word of what was typed."""
        found = self.rows(structure)
        for word in typed.split():
            held = models.Q()
            for name in self.searched:
                held |= models.Q(**{f"{name}__icontains": word})
            found = found.filter(pk__in=found.model._default_manager.filter(held).order_by().values("pk"))
        return found


def _places(structure: Structure | None) -> models.QuerySet[Any]:
    return Placement.objects.filter(structure=structure).select_related("body").order_by("lft")


def _bodies(structure: Structure | None) -> models.QuerySet[Any]:
    """Each with its name: that of the latest published edition that holds it, else that of a draft."""
    held = Placement.objects.filter(body=models.OuterRef("pk"))
    is_draft = models.Case(models.When(structure__status=Status.PUBLISHED, then=0), default=1)
    latest = held.order_by(is_draft, models.F("structure__valid_from").desc(nulls_last=True), "-pk")
    return Body.objects.annotate(called=models.Subquery(latest.values("name")[:1])).order_by("code")


def _sources(structure: Structure | None) -> models.QuerySet[Any]:
    return Source.objects.all()


def place_label(row: Placement) -> str:
    return f"{row.name}（{row.body.code}）"


def body_label(row: Any) -> str:
    called = getattr(row, "called", "")
    return f"{called}（{row.code}）" if called else row.code


def source_label(row: Source) -> str:
    return f"{row.called}（{row.code}）"


LOOKUPS: dict[Any, Lookup] = {
    Placement: Lookup("place", _places, ("name", "name_en", "short_name", "short_name_en", "body__code"), place_label),
    Body: Lookup("body", _bodies, ("code", "placements__name", "placements__name_en"), body_label),
    Source: Lookup("source", _sources, ("title", "short_title", "issuer", "code"), source_label),
}


def answer(request: HttpRequest, name: str, structure: Structure) -> JsonResponse:
    """What Django's select box asks for: `?term=…&page=2`; an unknown name is an empty list."""
    lookup = next((each for each in LOOKUPS.values() if each.name == name), None)
    if lookup is None:
        return JsonResponse({"results": [], "pagination": {"more": False}}, status=404)
    found = lookup.find(structure, request.GET.get("term", "")[:100])
    page = Paginator(found, LISTED).get_page(request.GET.get("page"))
    results = [{"id": str(row.pk), "text": lookup.label(row)} for row in page]
    return JsonResponse({"results": results, "pagination": {"more": page.has_next()}})


class _Asking:
    """A select box that asks for the choices of one structure. Labels that are known cost no query."""

    address = ""
    lookup: Lookup
    known: dict[Any, str]

    def get_url(self) -> str:
        return self.address

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        here: Any = self
        chosen = [each for each in map(str, value) if each]
        if not chosen or any(each not in self.known for each in chosen):
            return super().optgroups(name, value, attr)  # type: ignore[misc]  # of Django's widget
        options = [here.create_option(name, each, self.known[each], True, place) for place, each in enumerate(chosen)]
        if not here.is_required and not here.allow_multiple_selected:
            options.insert(0, here.create_option(name, "", "", False, 0))
        return [(None, options, 0)]

    def __deepcopy__(self, memo: Any) -> Any:
        copied = super().__deepcopy__(memo)  # type: ignore[misc]  # of Django's widget
        copied.known = dict(self.known)
        return copied


class ChooseOne(_Asking, AutocompleteSelect):
    pass


class ChooseMany(_Asking, AutocompleteSelectMultiple):
    pass


class OneField(forms.ModelChoiceField):  # type: ignore[type-arg]  # any model
    def label_from_instance(self, obj: Any) -> str:
        return LOOKUPS[type(obj)].label(obj)


class ManyField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # any model
    label_from_instance = OneField.label_from_instance

    def clean(self, value: Any) -> Any:
        return super().clean([each for each in value or () if each])


def widget(kind: type[ChooseOne] | type[ChooseMany], field: Any, site: Any, structure: Structure) -> Any:
    """The select box for a field that refers to a place, a body or a source."""
    made: Any = kind(field, site)
    made.lookup = LOOKUPS[field.remote_field.model]
    made.address = reverse("admin:bodies_placement_choices", args=[structure.pk, made.lookup.name])
    made.known = {}
    return made


def know(form: Any) -> None:
    """Tell a form's select boxes how what its instance refers to is called, where that has been read already."""
    for name, field in form.fields.items():
        asking = getattr(field.widget, "widget", field.widget)  # Django wraps it where one may add to its list
        held = form.instance._state.fields_cache.get(name)
        if isinstance(asking, ChooseOne) and held is not None:
            asking.known[str(held.pk)] = asking.lookup.label(held)
