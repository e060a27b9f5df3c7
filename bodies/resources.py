"""The datasets of bodies and of the structures that hold them."""

from bodies.models import Body, Link, Mandate, Note, Placement, Seat, Structure
from portal.resources import CITED, Dataset, key_field


class StructureResource(Dataset):
    references = {"source": ("source",)}
    source = key_field("source__code", "source")

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

    class Meta:
        model = Body
        import_id_fields = ("code",)
        fields = export_order = ("code", "successors")


class PlacementResource(Dataset):
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


class PartResource(Dataset):
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


class LinkResource(Dataset):
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
