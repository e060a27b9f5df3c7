"""Projects, programmes, budgets and what projects grew from, for editors."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from plans.admin import InPlanMixin, within_plan
from plans.admin_readings import ReadingMixin
from plans.notation import read_amount
from plans.readings import beside, unread
from portal.admin import CITED, GuardedAdmin, Stacked
from projects.models import Budget, Programme, Project, Succession


class SuccessionInline(Stacked):
    """What the project grew from."""

    model = Succession
    fk_name = "successor"
    extra = 0
    verbose_name_plural = _("この項目の前身")
    autocomplete_fields = ["predecessor", "source"]
    fields = [
        ("code", "sort_order"),
        ("predecessor", "kind", "is_partial"),
        ("source", "locator", "locator_en"),
        ("evidence", "remark", "remark_en"),
    ]


@admin.register(Project)
class ProjectAdmin(InPlanMixin, GuardedAdmin):
    list_display = ["name", "number", "plan"]
    list_filter = ["plan"]
    list_select_related = ["plan"]
    search_fields = ["name", "name_en", "short_name", "code", "plan__title"]
    autocomplete_fields = [
        "plan",
        "section",
        "council",
        "lead",
        "ministries",
        "marking_source",
        "summary_source",
        "source",
    ]
    in_plan = ("section",)
    inlines = [SuccessionInline]
    fixed = ("plan",)
    fixed_once_public = ("code",)
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "plan",
                    ("code", "number"),
                    "name",
                    ("name_en", "name_en_standing"),
                    ("short_name", "short_name_en"),
                    "section",
                ]
            },
        ),
        (
            _("協議会"),
            {"fields": [("council", "council_evidence"), ("council_remark", "council_remark_en")]},
        ),
        (
            _("担当府省"),
            {
                "fields": [
                    "marking",
                    ("lead", "ministries"),
                    "marking_source",
                    ("marking_locator", "marking_locator_en"),
                ]
            },
        ),
        (
            _("概要"),
            {"fields": ["summary", "summary_en", "summary_source", ("summary_locator", "summary_locator_en")]},
        ),
        CITED,
    ]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return within_plan(request, found.select_related("plan")), may_repeat

    def label_of(self, obj: Any) -> str:
        return f"{obj.number} {obj.name}（{obj.plan.title}）"


@admin.register(Succession)
class SuccessionAdmin(GuardedAdmin):
    list_display = ["successor", "kind", "predecessor", "is_partial"]
    list_filter = ["kind"]
    list_select_related = ["successor", "predecessor"]
    search_fields = ["code", "successor__name", "predecessor__name"]
    autocomplete_fields = ["predecessor", "successor", "source"]
    fixed_once_public = ("code",)
    fieldsets = [
        (None, {"fields": [("code", "sort_order"), ("predecessor", "successor"), ("kind", "is_partial")]}),
        CITED,
    ]


@admin.register(Programme)
class ProgrammeAdmin(GuardedAdmin):
    list_display = ["name", "code", "bureau", "department"]
    list_filter = ["projects__plan"]
    search_fields = ["name", "name_en", "code", "bureau", "department"]
    ordering = ["sort_order", "code"]
    autocomplete_fields = ["ministry", "projects", "source"]
    fixed_once_public = ("code",)
    fieldsets = [
        (None, {"fields": [("code", "sort_order"), "name", ("name_en", "name_en_standing"), "projects"]}),
        (_("担当"), {"fields": ["ministry", ("bureau", "bureau_en"), ("department", "department_en")]}),
        CITED,
    ]


@admin.register(Budget)
class BudgetAdmin(InPlanMixin, ReadingMixin, GuardedAdmin):
    """Money as one document prints it, and beside the words what the portal reads in them."""

    list_display = ["fiscal_year", "stage", "project", "programme", "scope", "text", "amount"]
    list_filter = ["plan", "fiscal_year", "stage"]
    list_select_related = ["project", "programme"]
    list_display_links = ["text"]
    search_fields = ["code", "text", "scope", "project__name", "programme__name"]
    autocomplete_fields = ["plan", "project", "programme", "ministry", "source"]
    readonly_fields = ["reading_beside"]
    in_plan = ("project",)
    fixed = ("plan",)
    fixed_once_public = ("code",)
    read_into = ("amount", "within", "prior", "approx")
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "plan",
                    ("code", "sort_order"),
                    ("fiscal_year", "stage"),
                    ("project", "programme"),
                    "ministry",
                    ("scope", "scope_en"),
                ]
            },
        ),
        (_("額"), {"fields": ["text", "reading_beside", ("amount", "approx"), ("within", "prior")]}),
        CITED,
    ]

    def read(self, text: str) -> Any:
        return read_amount(text)

    def warnings(self, obj: Any) -> list[str]:
        reading = self.read(obj.text)
        return unread(reading, beside(obj, reading, self.read_into))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        self.tell_reading(request, obj)
