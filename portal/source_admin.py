"""Documents that facts are read from, for editors."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from portal.admin import GuardedAdmin
from portal.models import Source


@admin.register(Source)
class SourceAdmin(GuardedAdmin):
    list_display = ["title", "code", "issuer", "decided_on", "is_draft", "is_original_checked"]
    list_filter = ["is_draft", "is_original_checked", "issuer"]
    search_fields = ["title", "title_en", "short_title", "code", "issuer", "url"]
    ordering = ["sort_order", "code"]
    fixed_once_public = ("code",)
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("code", "sort_order"),
                    "title",
                    ("title_en", "title_en_standing"),
                    ("short_title", "short_title_en"),
                    ("issuer", "issuer_en"),
                ]
            },
        ),
        (_("決定・公表"), {"fields": ["decided_on", ("decided_by", "decided_by_en"), "url", "is_draft"]}),
        (_("照合"), {"fields": ["is_original_checked", "checked_on", ("remark", "remark_en")]}),
    ]

    def label_of(self, obj: Any) -> str:
        return f"{obj.called}（{obj.code}）"
