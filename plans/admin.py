"""Plans, their outline, targets and observations, for editors."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bodies.models import Status
from bodies.templatetags.bodies_admin import names_of_bodies
from plans.admin_readings import ReadingMixin
from plans.models import Indicator, Observation, Plan, Section, Target
from plans.notation import read_result, read_target
from plans.readings import beside, doubts, stated, unread
from plans.words import amount
from portal import journal
from portal.admin import CITED, GuardedAdmin
from portal.history import NAMERS
from portal.history_admin import STALE, since
from portal.models import ChangeKind
from portal.tree_admin import TreeAdmin

NAMERS["bodies.body"] = names_of_bodies


# Fields that refer to a part of the same plan


class InPlan(AutocompleteSelect):
    """A select box that proposes what belongs to one plan."""

    def __init__(self, *args: Any, plan: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.plan = plan

    def get_url(self) -> str:
        return f"{super().get_url()}?plan={self.plan}"


class InPlanMixin:
    """For the admin of rows of a plan. Once a row is saved its fields propose what belongs to its plan."""

    in_plan: tuple[str, ...] = ()

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        request.own_plan = obj.plan_id if obj is not None else request.GET.get("plan")
        return super().get_form(request, obj, change=change, **kwargs)  # type: ignore[misc]  # of ModelAdmin

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        plan = str(getattr(request, "own_plan", None) or "")
        if db_field.name in self.in_plan and plan.isdecimal():
            kwargs["widget"] = InPlan(db_field, self.admin_site, plan=plan)  # type: ignore[attr-defined]
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


def within_plan(request: HttpRequest, found: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """What `InPlan` asked for, of what a search found."""
    plan = request.GET.get("plan", "")
    return found.filter(plan=plan) if plan.isdecimal() and "field_name" in request.GET else found


@admin.register(Plan)
class PlanAdmin(GuardedAdmin):
    """A plan. Whether readers see it is decided by who may publish plans; what it says by any editor."""

    list_display = ["title", "kind", "status", "period", "decided_on"]
    list_filter = ["status", "kind"]
    search_fields = ["title", "title_en", "code"]
    ordering = ["sort_order", "code"]
    autocomplete_fields = ["responsible", "follows", "source"]
    fixed_once_public = ("code",)
    fieldsets = [
        (None, {"fields": [("code", "sort_order"), ("status", "kind"), "title", ("title_en", "title_en_standing")]}),
        (gettext_lazy("対象期間"), {"fields": ["period", ("from_fy", "to_fy")]}),
        (
            gettext_lazy("決定"),
            {
                "fields": [
                    "decided_on",
                    ("decided_by", "decided_by_en"),
                    ("basis", "basis_en"),
                    "responsible",
                    "follows",
                ]
            },
        ),
        (gettext_lazy("目的"), {"fields": ["purpose", "purpose_en", "purpose_en_standing"]}),
        CITED,
    ]

    def is_public(self, obj: Any) -> bool:
        return bool(obj.status == Status.PUBLISHED)

    def may_publish(self, request: HttpRequest) -> bool:
        return request.user.has_perm("plans.publish_plan")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = super().get_readonly_fields(request, obj)
        return names if self.may_publish(request) else [*names, "status"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may_delete = super().has_delete_permission(request, obj)
        return may_delete and (obj is None or not self.is_public(obj) or self.may_publish(request))

    def has_restore_permission(self, request: HttpRequest, obj: Any, columns: set[str]) -> bool:
        """Whether readers see a plan is said in its form, openly, and not taken back."""
        may_restore = super().has_restore_permission(request, obj, columns) and "status" not in columns
        return may_restore and (bool(columns) or not self.is_public(obj) or self.may_publish(request))

    def has_removal_permission(self, request: HttpRequest, obj: Any) -> bool:
        return super().has_removal_permission(request, obj) and not self.is_public(obj)

    def refuse_collision(self, request: HttpRequest, form: Any) -> None:
        """Publishing and withdrawing concern all that the plan holds."""
        super().refuse_collision(request, form)
        if _opens_or_closes(form) and (changed := since(self.admin_site, request, form.instance)):
            request.since = changed  # type: ignore[attr-defined]  # shown by render_change_form
            form.add_error(None, STALE)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with journal.recording(ChangeKind.EDIT) as made:  # joins that of the form
            made.kind = _opens_or_closes(form) or made.kind
            super().save_model(request, obj, form, change)


def _opens_or_closes(form: Any) -> ChangeKind | None:
    """What the form of a plan does to whether readers see it."""
    before = form.initial.get("status", Status.DRAFT)
    after = form.cleaned_data.get("status", before)
    if after == before or Status.PUBLISHED not in (after, before):
        return None
    return ChangeKind.PUBLISH if after == Status.PUBLISHED else ChangeKind.WITHDRAW


class SectionForm(forms.ModelForm):  # type: ignore[type-arg]  # django-stubs knows it as generic; at run time it is not
    def clean(self) -> Any:
        """The tree refuses these too, but not beside the field."""
        data = super().clean() or {}
        parent, plan = data.get("parent"), data.get("plan") or getattr(self.instance, "plan", None)
        if parent is not None and plan is not None and parent.plan != plan:
            self.add_error("parent", _("同じ計画の項目でなければなりません。"))
            return data
        above = parent
        while above is not None and self.instance.pk is not None:
            if above.pk == self.instance.pk:
                self.add_error("parent", _("自分自身や自分の下位を上位にすることはできません。"))
                break
            above = above.parent
        return data


@admin.register(Section)
class SectionAdmin(InPlanMixin, TreeAdmin):
    form = SectionForm
    list_display = ["heading", "number", "kind", "plan"]
    list_filter = ["plan", "kind"]
    list_select_related = ["plan"]
    search_fields = ["heading", "heading_en", "number", "plan__title"]
    autocomplete_fields = ["plan", "parent", "counterpart", "source"]
    in_plan = ("parent",)
    fixed = ("plan",)
    fixed_once_public = ("number",)
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "plan",
                    ("number", "mark"),
                    ("parent", "sort_order"),
                    "kind",
                    "heading",
                    ("heading_en", "heading_en_standing"),
                    "text",
                    ("text_en", "text_en_standing"),
                    "counterpart",
                ]
            },
        ),
        CITED,
    ]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return within_plan(request, found.select_related("plan")), may_repeat

    def label_of(self, obj: Any) -> str:
        return f"{obj.number} {obj.heading}（{obj.plan.title}）"

    def tree_kind(self, row: Any) -> str:
        return str(row.get_kind_display())

    def tree_detail(self, row: Any) -> str:
        return str(row.number)


@admin.register(Indicator)
class IndicatorAdmin(GuardedAdmin):
    list_display = ["name", "code"]
    search_fields = ["name", "name_en", "code"]
    ordering = ["sort_order", "code"]
    autocomplete_fields = ["source"]
    fixed_once_public = ("code",)
    fieldsets = [
        (None, {"fields": [("code", "sort_order"), "name", ("name_en", "name_en_standing")]}),
        (
            gettext_lazy("定義と留意点"),
            {"fields": ["definition", ("definition_en", "definition_en_standing"), ("caveat", "caveat_en")]},
        ),
        CITED,
    ]


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]  # as above
    apply_reading = forms.BooleanField(
        label=gettext_lazy("読み取りを反映"),
        required=False,
        help_text=gettext_lazy(
            "保存するとき、文言から読み取った値を下の欄に書き込む。文言が言わないことは、そのまま残す。"
        ),
    )

    def clean(self) -> Any:
        data = super().clean() or {}
        reading = read_target(data.get("text") or "")
        if data.get("apply_reading") and reading is not None:
            data |= {name: value for name, value in stated(reading, Target.reading_fields).items() if value is not None}
        return data


@admin.register(Target)
class TargetAdmin(InPlanMixin, ReadingMixin, GuardedAdmin):
    """A target: the words of the document, and beside them what the portal reads in them and what is recorded."""

    form = TargetForm
    list_display = ["name", "plan", "words", "kind", "aim"]
    list_filter = ["plan", "kind"]
    list_select_related = ["plan"]
    search_fields = ["name", "name_en", "text", "code", "indicator__name"]
    autocomplete_fields = ["plan", "section", "category", "indicator", "source"]
    in_plan = ("section", "category")
    readonly_fields = ["reading_beside"]
    fixed = ("plan",)
    fixed_once_public = ("code",)
    read_into = Target.reading_fields
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "plan",
                    ("code", "sort_order"),
                    "indicator",
                    ("section", "category"),
                    "name",
                    ("name_en", "name_en_standing"),
                ]
            },
        ),
        (
            gettext_lazy("資料の文言"),
            {"fields": ["text", ("text_en", "text_en_standing"), "reading_beside", "apply_reading"]},
        ),
        (
            gettext_lazy("文言から記録した値"),
            {
                "fields": [
                    ("kind", "comparator"),
                    ("value", "unit", "per"),
                    ("from_fy", "to_fy", "calendar"),
                    ("target_fy", "deadline_fy"),
                    ("cumulative", "cumulative_from", "cumulative_to"),
                    ("baseline", "baseline_fy", "baseline_derived"),
                    ("delta", "base_period", "scope_count"),
                    "no_target_reason",
                ]
            },
        ),
        (gettext_lazy("公表の予定"), {"fields": ["next_due_on"]}),
        CITED,
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks has nothing to apply."""
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        parts = super().get_fieldsets(request, obj)
        if may_write:
            return parts
        return [
            (title, {**held, "fields": [name for name in held["fields"] if name != "apply_reading"]})
            for title, held in parts
        ]

    @admin.display(description=gettext_lazy("目標の文言"), ordering="text")
    def words(self, obj: Any) -> str:
        return Truncator(obj.text).chars(60)

    @admin.display(description=gettext_lazy("目標値"), ordering="value")
    def aim(self, obj: Any) -> str:
        return amount(obj.value, obj.unit, obj.comparator, obj.per)

    def read(self, text: str) -> Any:
        return read_target(text)

    def warnings(self, obj: Any) -> list[str]:
        return doubts(obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.tell_reading(request, obj)


@admin.register(Observation)
class ObservationAdmin(ReadingMixin, GuardedAdmin):
    """A published value: it is added, and corrected by another that replaces it; never changed or deleted."""

    list_display = ["indicator", "plan", "period", "text", "measured", "standing", "is_replaced"]
    list_filter = ["plan", "standing"]
    list_select_related = ["indicator"]
    search_fields = ["indicator__name", "name", "text", "code", "period"]
    autocomplete_fields = ["indicator", "plan", "replaces", "source"]
    readonly_fields = ["reading_beside"]
    fixed = (*(name.removesuffix("_id") for name in Observation.kept), "code")
    read_into = ("value", "comparator", "unit", "grade", "rate")
    fieldsets = [
        (None, {"fields": [("indicator", "plan"), ("code", "sort_order"), ("name", "name_en"), "replaces"]}),
        (gettext_lazy("期間"), {"fields": ["period", ("from_fy", "to_fy", "calendar")]}),
        (
            gettext_lazy("値"),
            {
                "fields": [
                    "text",
                    "reading_beside",
                    ("value", "comparator", "unit"),
                    ("grade", "rate", "standing"),
                    ("reported_by", "reported_by_en"),
                ]
            },
        ),
        CITED,
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return Observation.objects.in_words()  # it knows which rows are replaced

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_removal_permission(self, request: HttpRequest, obj: Any) -> bool:
        """What was added by mistake can be taken back by who may add; that stays in the history."""
        return self.has_add_permission(request)

    def needs_reason(self, request: HttpRequest, obj: Any) -> bool:
        return bool(obj.pk is not None and obj.plan.is_public)

    @admin.display(description=gettext_lazy("値"), ordering="value")
    def measured(self, obj: Any) -> str:
        return amount(obj.value, obj.unit, obj.comparator)

    @admin.display(description=gettext_lazy("訂正済み"), boolean=True)
    def is_replaced(self, obj: Any) -> bool:
        return bool(obj.is_replaced)

    def read(self, text: str) -> Any:
        return read_result(text)

    def warnings(self, obj: Any) -> list[str]:
        reading = self.read(obj.text)
        return unread(reading, beside(obj, reading, self.read_into))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            self.tell_reading(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A correction begins with what it corrects."""
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        pk = str(initial.get("replaces", ""))
        row = Observation.objects.filter(pk=pk).first() if pk.isdecimal() else None
        if row is None:
            return initial
        copied = [field for field in row._meta.concrete_fields if field.name not in ("id", "code", "replaces")]
        return {field.name: getattr(row, field.attname) for field in copied} | {"replaces": row.pk}

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        tools = {"correction_address": f"{reverse('admin:plans_observation_add')}?replaces={object_id}"}
        extra = (extra_context or {}) | (tools if self.has_add_permission(request) else {})
        return super().change_view(request, object_id, form_url, extra)
