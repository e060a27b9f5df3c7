"""Who may write in which edition: drafts whoever may edit, what is published whoever may publish, nobody the rest."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from bodies.models import Placement, Status, Structure


def may_write(user: Any, structure: Structure) -> bool:
    """Whether someone who may edit at all may edit what this edition holds."""
    if structure.status == Status.PUBLISHED:
        return bool(user.has_perm("bodies.publish_structure"))
    return structure.status == Status.DRAFT


def is_public_body(pk: int) -> bool:
    """Whether readers find the body anywhere, if only in what is scheduled."""
    return Placement.objects.filter(body=pk, structure__status=Status.PUBLISHED).exists()


def may_change_body(user: Any, pk: int) -> bool:
    """What belongs to a body is seen wherever the body is, so that a draft is no way round the right to publish."""
    return bool(user.has_perm("bodies.publish_structure")) or not is_public_body(pk)


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
