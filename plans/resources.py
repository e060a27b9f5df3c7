"""The datasets of plans, their outline, and the targets with what has been observed."""

from plans.models import Indicator, Observation, Plan, Section, Target
from portal.resources import CITED, Dataset, key_field


class PlanResource(Dataset):
    order = ("sort_order",)
    references = {"responsible": ("responsible",), "follows": ("follows",), "source": ("source",)}
    responsible = key_field("responsible__code", "responsible")
    follows = key_field("follows__code", "follows")
    source = key_field("source__code", "source")

    class Meta:
        model = Plan
        import_id_fields = ("code",)
        fields = export_order = (
            "code",
            "sort_order",
            "status",
            "kind",
            "title",
            "title_en",
            "title_en_standing",
            "period",
            "from_fy",
            "to_fy",
            "decided_on",
            "decided_by",
            "decided_by_en",
            "responsible",
            "basis",
            "basis_en",
            "purpose",
            "purpose_en",
            "purpose_en_standing",
            "follows",
            *CITED,
        )


class SectionResource(Dataset):
    order = ("plan__sort_order", "plan__code", "lft")
    references = {
        "plan": ("plan",),
        "parent": ("plan", "parent"),
        "counterpart": ("counterpart_plan", "counterpart"),
        "source": ("source",),
    }
    plan = key_field("plan__code", "plan")
    parent = key_field("parent__number", "parent")
    counterpart_plan = key_field("counterpart__plan__code", "counterpart_plan")
    counterpart = key_field("counterpart__number", "counterpart")
    source = key_field("source__code", "source")

    class Meta:
        model = Section
        import_id_fields = ("plan", "number")
        fields = export_order = (
            "plan",
            "number",
            "parent",
            "sort_order",
            "kind",
            "mark",
            "heading",
            "heading_en",
            "heading_en_standing",
            "text",
            "text_en",
            "text_en_standing",
            "counterpart_plan",
            "counterpart",
            *CITED,
        )


class IndicatorResource(Dataset):
    order = ("sort_order",)
    references = {"source": ("source",)}
    source = key_field("source__code", "source")

    class Meta:
        model = Indicator
        import_id_fields = ("code",)
        fields = export_order = (
            "code",
            "sort_order",
            "name",
            "name_en",
            "name_en_standing",
            "definition",
            "definition_en",
            "definition_en_standing",
            "caveat",
            "caveat_en",
            *CITED,
        )


class TargetResource(Dataset):
    order = ("plan__sort_order", "plan__code", "sort_order")
    references = {
        "plan": ("plan",),
        "section": ("plan", "section"),
        "category": ("plan", "category"),
        "indicator": ("indicator",),
        "source": ("source",),
    }
    plan = key_field("plan__code", "plan")
    section = key_field("section__number", "section")
    category = key_field("category__number", "category")
    indicator = key_field("indicator__code", "indicator")
    source = key_field("source__code", "source")

    class Meta:
        model = Target
        import_id_fields = ("code",)
        fields = export_order = (
            "plan",
            "code",
            "sort_order",
            "section",
            "category",
            "indicator",
            "name",
            "name_en",
            "name_en_standing",
            "text",
            "text_en",
            "text_en_standing",
            *Target.reading_fields,
            "next_due_on",
            *CITED,
        )


class ObservationResource(Dataset):
    order = ("indicator__sort_order", "indicator__code", "sort_order")
    references = {
        "indicator": ("indicator",),
        "plan": ("plan",),
        "replaces": ("replaces",),
        "source": ("source",),
    }
    indicator = key_field("indicator__code", "indicator")
    plan = key_field("plan__code", "plan")
    replaces = key_field("replaces__code", "replaces")
    source = key_field("source__code", "source")

    class Meta:
        model = Observation
        import_id_fields = ("code",)
        fields = export_order = (
            "indicator",
            "plan",
            "code",
            "sort_order",
            "name",
            "name_en",
            "period",
            "from_fy",
            "to_fy",
            "calendar",
            "text",
            "value",
            "comparator",
            "unit",
            "grade",
            "rate",
            "standing",
            "reported_by",
            "reported_by_en",
            "replaces",
            *CITED,
        )
