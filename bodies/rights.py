"""Who may write in which edition: drafts whoever may edit, what is published whoever may publish, nobody the rest."""

from __future__ import annotations

from typing import Any

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
