"""A body's page: its place in one structure, with all that is said of it there; and the tree of a structure."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bodies.admin import choosing
from bodies.admin.breaks import broken
from bodies.admin.forms import PlacementForm
from bodies.admin.inlines import Choosing, LinkInInline, LinkOutInline, MandateInline, NoteInline, SeatInline
from bodies.admin.references import dangling, to_body
from bodies.admin.rights import EditionRights
from bodies.models import Body, Placement, Standing, Status, Structure
from bodies.preview import preview_address
from bodies.rights import is_public_body, may_write
from portal.tree_admin import TreeAdmin

LANGUAGES = {"ja": {"name", "name_breaks"}, "en": {"name_en", "name_breaks_en"}}
NAMES = [("name", "name_en", "name_en_standing"), ("short_name", "short_name_en")]
BELOW = [
    (gettext_lazy("位置"), {"fields": [("parent", "kind")]}),
    (gettext_lazy("体制図での表し方"), {"fields": [("name_breaks", "name_breaks_en"), "arrangement"]}),
    (
        gettext_lazy("設置や位置づけの根拠"),
        {"fields": [("basis", "basis_en"), ("basis_source", "basis_locator", "basis_locator_en")]},
    ),
    (
        gettext_lazy("この記載の出典"),
        {"fields": [("source", "locator", "locator_en", "evidence"), ("remark", "remark_en")]},
    ),
]


@admin.register(Placement)
class PlacementAdmin(EditionRights, Choosing, TreeAdmin):
    form = PlacementForm
    inlines = [MandateInline, SeatInline, LinkOutInline, LinkInInline, NoteInline]
    change_form_template = "portal/admin/place.html"
    change_list_template = "portal/admin/places.html"
    delete_confirmation_template = "portal/admin/place_delete.html"
    list_display = ["name", "code", "kind", "parent", "structure"]
    list_filter = ["structure", "kind"]
    list_select_related = ["body", "parent", "structure"]
    search_fields = ["name", "name_en", "short_name", "short_name_en", "body__code"]
    ordering = ["tree_id", "lft"]

    class Media:
        js = ["portal/admin/labels.js", "portal/admin/place.js"]

    # What it says of its rows

    def is_public(self, obj: Any) -> bool:
        """Also what is scheduled: its structure can be opened at its own address."""
        return bool(obj.structure.status == Status.PUBLISHED)

    def needs_reason(self, request: Any, obj: Any) -> bool:
        return obj.structure_id is not None and self.is_public(obj)

    def described(self, obj: Any) -> dict[str, str]:
        return {"about": obj.name[:300], "about_en": obj.name_en[:300], "address": public_address(obj)[:300]}

    def view_on_site(self, obj: Any) -> str:
        """Of an edition that is not yet in force, or never will be, where it is previewed."""
        is_shown = obj.structure.standing in (Standing.IN_FORCE, Standing.PAST)
        return public_address(obj) if is_shown else preview_address(obj.structure, obj.get_absolute_url())

    def label_of(self, obj: Any) -> str:
        return choosing.place_label(obj)

    def get_queryset(self, request: Any) -> Any:
        related = ("structure", "body", "parent__body", "source", "basis_source")
        return super().get_queryset(request).select_related(*related)

    @admin.display(description=gettext_lazy("コード"), ordering="body__code")
    def code(self, obj: Any) -> str:
        return str(obj.body.code)

    @admin.display(description=gettext_lazy("後継"))
    def successors(self, obj: Any) -> str:
        """For those who may only look."""
        found = choosing.LOOKUPS[Body].rows(None).filter(predecessors=obj.body_id)
        return "、".join(map(choosing.body_label, found)) or self.get_empty_value_display()

    # The tree

    def tree_rows(self, owner: Any) -> Any:
        return Placement.objects.filter(structure=owner).select_related("body").order_by("lft")

    def tree_kind(self, row: Any) -> str:
        return str(row.get_kind_display())

    def tree_detail(self, row: Any) -> str:
        return str(row.body.code)

    # The list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        editions = Structure.objects.order_by("-valid_from", "code")
        asked = request.GET.get("structure__id__exact", "")
        if asked.isascii() and asked.isdigit():
            editions = editions.filter(pk=asked[:18])
        trees = [(each.title, reverse("admin:bodies_placement_tree", args=[each.pk])) for each in editions]
        return super().changelist_view(request, {"trees": trees, **(extra_context or {})})

    # The form

    def changeform_view(
        self, request: Any, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        if object_id is not None:
            place = self.get_object(request, unquote(object_id))
            request.edition = place.structure if place is not None else None
            return super().changeform_view(request, object_id, form_url, extra_context)
        asked = _asked_for(request)
        if asked is None or not Structure.objects.filter(pk=asked).exists():
            return self.choose_edition(request)
        # Read when it is first needed: of a form that is sent, with the revision held.
        request.edition = SimpleLazyObject(lambda: get_object_or_404(Structure, pk=asked))
        return super().changeform_view(request, object_id, form_url, extra_context)

    def choose_edition(self, request: HttpRequest) -> HttpResponse:
        """The first step of adding a body: to which edition."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        editions = Structure.objects.order_by("status", "-valid_from", "code")
        context = {
            **self.admin_site.each_context(request),
            "title": _("どの体制に機関を追加しますか"),
            "opts": self.opts,
            "editions": [each for each in editions if may_write(request.user, each)],
        }
        return TemplateResponse(request, "portal/admin/place_edition.html", context)

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["structure", ("body", "new_code"), *NAMES]}), *BELOW]
        own: dict[str, Any] = {"fields": ["successors"]}
        if not self._may_change_successors(request, obj):
            own["description"] = _("公開されている機関の後継は、公開されている体制の画面で、理由を示して直します。")
        return [
            (None, {"fields": [("structure", "code"), *NAMES]}),
            *BELOW,
            (_("機関そのもの（どの体制にも共通）"), own),
        ]

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        if obj is None:
            return ["structure"]
        shown = [] if self._may_change_successors(request, obj) else ["successors"]
        return ["structure", "code", *shown]

    def _may_change_successors(self, request: Any, obj: Any) -> bool:
        """They are seen wherever the body is, so that of a public body they are no part of a draft."""
        if not request.user.has_perm("bodies.change_body") or not self.has_change_permission(request, obj):
            return False
        return self.is_public(obj) or not is_public_body(obj.body_id)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        made.request, made.structure = request, request.edition
        made.may_change_successors = obj is not None and self._may_change_successors(request, obj)
        made.successors_widget = choosing.widget(
            choosing.ChooseMany, Body._meta.get_field("successors"), self.admin_site, request.edition
        )
        return made

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        place = context["original"]
        tree = reverse("admin:bodies_placement_tree", args=[request.edition.pk])
        context |= {
            "tree_address": f"{tree}?row={place.pk}#row-{place.pk}" if place is not None else tree,
            "references": to_body(request, self.admin_site, place) if place is not None else [],
            "breaks_address": reverse("admin:bodies_placement_breaks", args=[place.pk]) if place is not None else "",
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if not change and form.cleaned_data.get("new_code"):
            obj.body = Body.objects.create(code=form.cleaned_data["new_code"])
        if not change or "parent" in form.changed_data:
            siblings = Placement.objects.filter(structure=obj.structure_id, parent=obj.parent_id)
            obj.sort_order = 1 + (siblings.aggregate(last=models.Max("sort_order"))["last"] or 0)
        super().save_model(request, obj, form, change)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_successors()
        for language, fields in LANGUAGES.items():
            if fields & set(form.changed_data):
                for remark in broken(form.instance, language).remarks:
                    self.message_user(request, f"{form.instance.name}：{remark}", messages.WARNING)

    def response_add(self, request: Any, obj: Any, post_url_continue: str | None = None) -> Any:
        response = super().response_add(request, obj, post_url_continue)
        if "_addanother" in request.POST:
            response["Location"] = f"{request.path}?structure={obj.structure_id}"
        return response

    # Deleting

    def get_deleted_objects(self, objs: Any, request: Any) -> Any:
        to_delete, counts, lacking, protected = super().get_deleted_objects(objs, request)
        going = [row for obj in objs for row in obj.get_descendants(include_self=True).select_related("structure")]
        return to_delete, counts, lacking, [*protected, *dangling(going)]

    # What scripts ask for

    def get_urls(self) -> Any:
        return [
            path(
                "choices/<int:structure>/<slug:name>/",
                self.admin_site.admin_view(self.choices_view),
                name="bodies_placement_choices",
            ),
            path("breaks/<int:pk>/", self.admin_site.admin_view(self.breaks_view), name="bodies_placement_breaks"),
            *super().get_urls(),
        ]

    def choices_view(self, request: HttpRequest, structure: int, name: str) -> JsonResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = Structure.objects.filter(pk=structure).first()
        if found is None:
            raise Http404
        return choosing.answer(request, name, found)

    def breaks_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """How the chart breaks a name that is being typed: `{"lines": [...], "remarks": [...]}`."""
        place = self.get_object(request, str(pk))
        if not self.has_view_permission(request, place):
            raise PermissionDenied
        if place is None:
            raise Http404
        language = "en" if request.GET.get("language") == "en" else "ja"
        end = "" if language == "ja" else "_en"
        for name in (f"name{end}", f"name_breaks{end}", f"short_name{end}"):
            field: Any = Placement._meta.get_field(name)
            setattr(place, name, request.GET.get(name, getattr(place, name))[: field.max_length])
        shown = broken(place, language)
        return JsonResponse({"lines": shown.lines, "remarks": shown.remarks})


def public_address(place: Placement) -> str:
    """Where readers find a place: the body's page tells of the edition in force, that of any other has its own."""
    if place.structure.standing == Standing.IN_FORCE:
        return place.get_absolute_url()
    return f"{place.structure.get_absolute_url()}#body-{place.body.code}"


def _asked_for(request: Any) -> int | None:
    """The edition that a new place is for: `?structure=3`, or the one that the list was narrowed to."""
    came_from = QueryDict(request.GET.get("_changelist_filters", ""))
    asked = request.GET.get("structure") or came_from.get("structure__id__exact") or ""
    return int(asked[:18]) if asked.isascii() and asked.isdigit() else None
