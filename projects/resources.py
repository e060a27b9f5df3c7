"""The datasets of projects, their programmes and money, and what they grew from."""

from portal.resources import CITED, Dataset, key_field
from projects.models import Budget, Programme, Project, Succession


class ProjectResource(Dataset):
    fixed = ("plan",)
    needs = ("section__plan",)
    order = ("plan__sort_order", "plan__code", "number")
    references = {
        "plan": ("plan",),
        "section": ("plan", "section"),
        "council": ("council",),
        "lead": ("lead",),
        "marking_source": ("marking_source",),
        "summary_source": ("summary_source",),
        "source": ("source",),
    }
    plan = key_field("plan__code", "plan")
    section = key_field("section__number", "section")
    council = key_field("council__code", "council")
    lead = key_field("lead__code", "lead")
    marking_source = key_field("marking_source__code", "marking_source")
    summary_source = key_field("summary_source__code", "summary_source")
    source = key_field("source__code", "source")

    class Meta:
        model = Project
        import_id_fields = ("code",)
        fields = export_order = (
            "plan",
            "code",
            "number",
            "name",
            "name_en",
            "name_en_standing",
            "short_name",
            "short_name_en",
            "section",
            "council",
            "council_evidence",
            "council_remark",
            "council_remark_en",
            "marking",
            "lead",
            "ministries",
            "marking_source",
            "marking_locator",
            "marking_locator_en",
            "summary",
            "summary_en",
            "summary_source",
            "summary_locator",
            "summary_locator_en",
            *CITED,
        )


class ProgrammeResource(Dataset):
    order = ("sort_order",)
    references = {"ministry": ("ministry",), "source": ("source",)}
    ministry = key_field("ministry__code", "ministry")
    source = key_field("source__code", "source")

    class Meta:
        model = Programme
        import_id_fields = ("code",)
        fields = export_order = (
            "code",
            "sort_order",
            "name",
            "name_en",
            "name_en_standing",
            "ministry",
            "bureau",
            "bureau_en",
            "department",
            "department_en",
            "projects",
            *CITED,
        )


class BudgetResource(Dataset):
    years = ("fiscal_year",)
    fixed = ("plan",)
    needs = ("project__plan",)
    order = ("plan__sort_order", "plan__code", "sort_order")
    references = {
        "plan": ("plan",),
        "project": ("project",),
        "programme": ("programme",),
        "ministry": ("ministry",),
        "source": ("source",),
    }
    plan = key_field("plan__code", "plan")
    project = key_field("project__code", "project")
    programme = key_field("programme__code", "programme")
    ministry = key_field("ministry__code", "ministry")
    source = key_field("source__code", "source")

    class Meta:
        model = Budget
        import_id_fields = ("code",)
        fields = export_order = (
            "plan",
            "code",
            "sort_order",
            "fiscal_year",
            "stage",
            "project",
            "programme",
            "ministry",
            "scope",
            "scope_en",
            "text",
            "amount",
            "within",
            "prior",
            "approx",
            *CITED,
        )


class SuccessionResource(Dataset):
    order = ("sort_order",)
    references = {"predecessor": ("predecessor",), "successor": ("successor",), "source": ("source",)}
    predecessor = key_field("predecessor__code", "predecessor")
    successor = key_field("successor__code", "successor")
    source = key_field("source__code", "source")

    class Meta:
        model = Succession
        import_id_fields = ("code",)
        fields = export_order = (
            "code",
            "sort_order",
            "predecessor",
            "successor",
            "kind",
            "is_partial",
            *CITED,
        )
