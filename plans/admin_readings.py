"""Readings of words, shown in a row's form and on save."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from plans.readings import beside


class ReadingMixin:
    """For an admin whose rows hold words and what was read from them: both stand side by side."""

    read_from = "text"
    read_into: Sequence[str] = ()

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def warnings(self, obj: Any) -> list[str]:
        """What an editor should look at again; nothing of it keeps the row from being saved."""
        return []

    @admin.display(description=gettext_lazy("文言からの読み取り"))
    def reading_beside(self, obj: Any) -> str:
        text = getattr(obj, self.read_from)
        reading = self.read(text) if text else None
        context = {
            "text": text,
            "is_read": reading is not None,
            "rows": beside(obj, reading, self.read_into) if text else [],
            "warnings": self.warnings(obj) if text else [],
        }
        return render_to_string("portal/admin/reading.html", context)

    def tell_reading(self, request: HttpRequest, obj: Any) -> None:
        """At once on save: what was read, and what to look at."""
        reading = self.read(getattr(obj, self.read_from))
        said = [f"{row.label} {row.read}" for row in beside(obj, reading, self.read_into) if row.read]
        if said:
            messages.info(request, _("文言の読み取り：%(said)s") % {"said": _("、").join(said)})
        for warning in self.warnings(obj):
            messages.warning(request, warning)
