"""The datasets of plans, their outline, and the targets with what has been observed."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bodies.models import Status
from plans.models import Indicator, Observation, Plan, Section, Target
from plans.models.observation import APPEND_ONLY
from plans.notation import read_target
from plans.readings import doubts, stated
from portal.resources import CITED, Dataset, Rows, key_field


class PlanResource(Dataset):
    years = ("from_fy", "to_fy")

    def refusals(self, user: Any, rows: Rows) -> dict[int, str]:
        """Plan data need no publisher; to show a plan, or to take it away, does."""
        if user.has_perm("plans.publish_plan"):
            return {}
        said = _("計画の公開の状態は、公開できる人だけが変えられます。")
        return {
            place: said
            for place, (row, before) in enumerate(rows)
            if row.status != before.get("status", Status.DRAFT if row.pk is None else row.status)
        }

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
    years = ("from_fy", "to_fy", "target_fy", "deadline_fy", "cumulative_from", "cumulative_to", "baseline_fy")
    fixed = ("plan",)
    needs = ("section__plan", "category__plan")
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

    def complete(self, cells: Mapping[str, str], given: Set[str]) -> dict[str, str]:
        """Where a row brings words and nothing of their reading, they are read here, as the editor's form does."""
        if "text" not in cells or not given.isdisjoint(Target.reading_fields):
            return {}
        found = stated(read_target(cells["text"]), Target.reading_fields)
        return {name: self._text(name, value) for name, value in found.items()}

    def _text(self, name: str, value: Any) -> str:
        field: Any = Target._meta.get_field(name)
        return str(self.columns[name].widget.render(field.get_default() if value is None else field.to_python(value)))

    def warnings(self, instance: Any) -> Iterator[tuple[str, str]]:
        for doubt in doubts(instance):
            yield "text", doubt

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
    years = ("from_fy", "to_fy")
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

    def check(self, instance: Any, changed: set[str]) -> None:
        """As `Observation.clean`, which would ask the database for each row what it holds."""
        instance.refuse_other_matter()
        kept = {name.removesuffix("_id") for name in Observation.kept}
        if instance.pk is not None and not kept.isdisjoint(name.split("__")[0] for name in changed):
            raise ValidationError(APPEND_ONLY)

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
