"""The admin's permissions within what an edition allows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from bodies.models import Structure
from bodies.rights import may_write


class EditionRights:
    """For the admin, or an inline, of rows of an edition: the usual permissions, within `may_write`."""

    def _may_write(self, request: Any, obj: Any) -> bool:
        structure = edition_of(request, obj)
        return structure is None or may_write(request.user, structure)

    def has_add_permission(self, request: HttpRequest, *parent: Any) -> bool:
        """An inline is asked with the place that it is part of, an admin is not."""
        may = super().has_add_permission(request, *parent)  # type: ignore[misc]
        return may and self._may_write(request, *parent or (None,))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_write(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_write(request, obj)  # type: ignore[misc]


def edition_of(request: Any, obj: Any) -> Structure | None:
    """The edition of a place, read once for each request; without a place, the one that the form adds to."""
    if obj is None or obj.structure_id is None:
        return getattr(request, "edition", None)
    known: dict[int, Structure] = request.__dict__.setdefault("editions", {})
    if obj.structure_id not in known:
        known[obj.structure_id] = obj.structure
    return known[obj.structure_id]
