"""The datasets of bodies and of the structures that hold them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bodies.models import Body, Link, Mandate, Note, Placement, Seat, Status, Structure
from bodies.rights import may_write
from portal.bulk import chunks
from portal.resources import CITED, Dataset, Rows, key_field

PUBLISHED = gettext_noop("公開した体制に属する内容は、公開できる人だけが取り込めます。")
WITHDRAWN = gettext_noop("取り下げた体制の内容は、変更できません。")


class EditionDataset(Dataset):
    """Rows of an edition of the structure, which says who may write them."""

    def refusals(self, user: Any, rows: Rows) -> dict[int, str]:
        found = {}
        for place, (row, _before) in enumerate(rows):
            structure = _edition(row)
            if not may_write(user, structure):
                found[place] = _(PUBLISHED if structure.status == Status.PUBLISHED else WITHDRAWN)
        return found


def _edition(row: Any) -> Structure:
    if isinstance(row, Structure):
        return row
    for name in row.edition.split("__"):
        row = getattr(row, name)
    return row


class StructureResource(EditionDataset):
    references = {"source": ("source",)}
    source = key_field("source__code", "source")

    def refusals(self, user: Any, rows: Rows) -> dict[int, str]:
        """An edition that exists is published and withdrawn on pages that ask what only they ask."""
        found = super().refusals(user, rows)
        for place, (row, before) in enumerate(rows):
            was, day = before.get("status", row.status), row.valid_from.isoformat() if row.valid_from else ""
            if row.pk is not None and was != row.status:
                found[place] = _("体制の公開と取下げは、体制の画面で行ってください。")
            elif row.pk is not None and was == Status.PUBLISHED and before.get("valid_from", day) != day:
                found[place] = _("公開した体制の適用日は、体制の画面で変えてください。")
        return found

    class Meta:
        model = Structure
        import_id_fields = ("code",)
        fields = export_order = (
            "code",
            "title",
            "title_en",
            "title_en_standing",
            "status",
            "valid_from",
            "coverage",
            "gaps",
            "gaps_en",
            *CITED,
        )


class BodyResource(Dataset):
    file = "bodies"

    def refusals(self, user: Any, rows: Rows) -> dict[int, str]:
        """What belongs to a body is seen wherever the body is; a new one is nowhere yet."""
        if user.has_perm("bodies.publish_structure"):
            return {}
        pks = [row.pk for row, _before in rows if row.pk is not None]
        public: set[int] = set()
        for some in chunks(pks):
            published = Placement.objects.filter(body__in=some, structure__status=Status.PUBLISHED)
            public.update(published.order_by().values_list("body", flat=True))
        return {place: _(PUBLISHED) for place, (row, _before) in enumerate(rows) if row.pk in public}

    class Meta:
        model = Body
        import_id_fields = ("code",)
        fields = export_order = ("code", "successors")


class PlacementResource(EditionDataset):
    order = ("structure__code", "lft")
    references = {
        "structure": ("structure",),
        "body": ("body",),
        "parent": ("structure", "parent"),
        "basis_source": ("basis_source",),
        "source": ("source",),
    }
    structure = key_field("structure__code", "structure")
    body = key_field("body__code", "body")
    parent = key_field("parent__body__code", "parent")
    basis_source = key_field("basis_source__code", "basis_source")
    source = key_field("source__code", "source")

    class Meta:
        model = Placement
        import_id_fields = ("structure", "body")
        fields = export_order = (
            "structure",
            "body",
            "parent",
            "sort_order",
            "kind",
            "name",
            "name_en",
            "name_en_standing",
            "short_name",
            "short_name_en",
            "arrangement",
            "name_breaks",
            "name_breaks_en",
            "basis",
            "basis_en",
            "basis_source",
            "basis_locator",
            "basis_locator_en",
            *CITED,
        )


class PartResource(EditionDataset):
    """What mandates, seats and notes share: the placement that they belong to."""

    order = ("placement__structure__code", "placement__lft", "sort_order")
    references = {"placement": ("structure", "body"), "source": ("source",)}
    structure = key_field("placement__structure__code", "structure")
    body = key_field("placement__body__code", "body")
    source = key_field("source__code", "source")


class MandateResource(PartResource):
    class Meta:
        model = Mandate
        import_id_fields = ("structure", "body", "code")
        fields = export_order = (
            "structure",
            "body",
            "code",
            "sort_order",
            "text",
            "text_en",
            "text_en_standing",
            *CITED,
        )


class SeatResource(PartResource):
    class Meta:
        model = Seat
        import_id_fields = ("structure", "body", "code")
        fields = export_order = (
            "structure",
            "body",
            "code",
            "sort_order",
            "post",
            "post_en",
            "holder",
            "holder_en",
            "holder_en_standing",
            *CITED,
        )


class LinkResource(EditionDataset):
    order = ("from_placement__structure__code", "sort_order")
    references = {
        "from_placement": ("structure", "from"),
        "to_placement": ("structure", "to"),
        "source": ("source",),
    }
    structure = key_field("from_placement__structure__code", "structure")
    origin = key_field("from_placement__body__code", "from")
    target = key_field("to_placement__body__code", "to")
    source = key_field("source__code", "source")

    class Meta:
        model = Link
        import_id_fields = ("structure", "from", "to", "kind")
        fields = export_order = (
            "structure",
            "origin",
            "target",
            "kind",
            "sort_order",
            "label",
            "label_en",
            "basis",
            "basis_en",
            *CITED,
        )


class NoteResource(PartResource):
    needs = ("mandate__placement", "seat__placement")
    references = {
        **PartResource.references,
        "mandate": ("structure", "body", "mandate"),
        "seat": ("structure", "body", "seat"),
    }
    mandate = key_field("mandate__code", "mandate")
    seat = key_field("seat__code", "seat")

    class Meta:
        model = Note
        import_id_fields = ("structure", "body", "code")
        fields = export_order = (
            "structure",
            "body",
            "code",
            "mandate",
            "seat",
            "sort_order",
            "kind",
            "marker",
            "phrase",
            "phrase_en",
            "text",
            "text_en",
            "text_en_standing",
            *CITED,
        )
