"""What endures of a body, for editors: its code, and what came after it. Everything else is said in an edition."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from bodies.admin.choosing import LOOKUPS
from bodies.models import Body
from bodies.rights import is_public_body, may_change_body
from bodies.templatetags.bodies_admin import names_of_bodies
from portal.admin import GuardedAdmin


@admin.register(Body)
class BodyAdmin(GuardedAdmin):
    """Its successors are seen wherever the body is, whatever the edition: as what is published, they need the right."""

    list_display = ["called", "code"]
    search_fields = LOOKUPS[Body].searched
    autocomplete_fields = ["successors"]
    fixed_once_public = ("code",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return LOOKUPS[Body].rows(None)

    @admin.display(description=gettext_lazy("名称"), ordering="called")
    def called(self, obj: Any) -> str:
        return obj.called or obj.code

    def label_of(self, obj: Any) -> str:
        name = getattr(obj, "called", "") or names_of_bodies([obj.pk]).get(obj.pk)
        return f"{name}（{obj.code}）" if name else obj.code

    def is_public(self, obj: Any) -> bool:
        return obj.pk is not None and is_public_body(obj.pk)

    def needs_reason(self, request: HttpRequest, obj: Any) -> bool:
        return self.is_public(obj)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may and (obj is None or may_change_body(request.user, obj.pk))
