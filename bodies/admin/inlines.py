"""What stands on a body's page in rows of its own: roles, members, relations both ways, notes."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AdminTextareaWidget, RelatedFieldWidgetWrapper
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bodies.admin import choosing
from bodies.admin.forms import LinkForm, RowForm, Rows
from bodies.admin.rights import EditionRights
from bodies.models import Link, Mandate, Note, Seat
from portal.admin import Stacked
from portal.models import Source

CITED = ("source", "locator")
MORE = gettext_lazy("英語・順序・備考")
OPEN = 4  # rows of a kind that stand open


class Choosing:
    """For the admin, or an inline: places, bodies and sources are looked up by typing, places of the edition alone."""

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        lookup = choosing.LOOKUPS.get(db_field.related_model)
        if lookup is not None:
            site = self.admin_site  # type: ignore[attr-defined]  # of an admin or an inline
            kwargs |= {
                "form_class": choosing.OneField,
                "queryset": lookup.rows(request.edition),
                "widget": choosing.widget(choosing.ChooseOne, db_field, site, request.edition),
            }
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        # A source may be added from here in a window of its own; everything else needs more than that.
        wrapper = getattr(field, "widget", None)
        if isinstance(wrapper, RelatedFieldWidgetWrapper):
            wrapper.can_change_related = wrapper.can_delete_related = wrapper.can_view_related = False
            if db_field.related_model is not Source:
                field.widget = wrapper.widget
        if isinstance(wrapper, AdminTextareaWidget):
            wrapper.attrs["rows"] = 2
        return field


class RowInline(EditionRights, Choosing, Stacked):
    """Rows in the order of `sort_order`, which a script writes where there is one; many are folded away."""

    form = RowForm
    formset = Rows
    view_on_site = False
    related: tuple[str, ...] = ("source",)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related(*self.related).order_by("sort_order", "pk")

    def get_extra(self, request: Any, obj: Any = None, **kwargs: Any) -> int:
        """Rows are added by a script. Without one the page offers itself with an empty row of each kind."""
        return int("rows" in request.GET)

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        made: Any = super().get_formset(request, obj, **kwargs)
        if obj is None:
            return made
        if "source" in made.form.base_fields:
            made.form.base_fields["source"].initial = obj.source_id  # most of a body is read in one document
        count = self.model._default_manager.filter(**{made.fk.name: obj}).count()
        self.verbose_name_plural = _("%(kind)s（%(count)s 件）") % {"kind": self.verbose_name, "count": count}
        self.classes = ["collapse"] if count > OPEN else []
        return made


class MandateInline(RowInline):
    model = Mandate
    fieldsets = [
        (None, {"fields": ["text", CITED]}),
        (
            MORE,
            {
                "fields": [
                    ("text_en", "text_en_standing"),
                    ("locator_en", "evidence", "code", "sort_order"),
                    ("remark", "remark_en"),
                ],
                "classes": ["collapse"],
            },
        ),
    ]


class SeatInline(RowInline):
    model = Seat
    fieldsets = [
        (None, {"fields": [("post", "holder"), CITED]}),
        (
            MORE,
            {
                "fields": [
                    ("post_en", "holder_en", "holder_en_standing"),
                    ("locator_en", "evidence", "code", "sort_order"),
                    ("remark", "remark_en"),
                ],
                "classes": ["collapse"],
            },
        ),
    ]


class NoteInline(RowInline):
    model = Note
    related = ("source", "mandate", "seat")
    fieldsets = [
        (None, {"fields": ["text", ("kind", "marker", "mandate", "phrase", "seat"), CITED]}),
        (
            MORE,
            {
                "fields": [
                    ("text_en", "text_en_standing"),
                    ("phrase_en", "locator_en", "evidence", "code", "sort_order"),
                    ("remark", "remark_en"),
                ],
                "classes": ["collapse"],
            },
        ),
    ]

    def get_formset(self, request: Any, obj: Any = None, **kwargs: Any) -> Any:
        """A note is on the body's own roles and members only: few, and read once for all rows."""
        made = super().get_formset(request, obj, **kwargs)
        for name, model in (("mandate", Mandate), ("seat", Seat)):
            field: Any = made.form.base_fields.get(name)
            if field is not None:
                field.queryset = model.objects.filter(placement=obj.pk if obj is not None else None)
                field.choices = [
                    ("", _("（機関そのものに付く注）")),
                    *((row.pk, str(row)[:60]) for row in field.queryset),
                ]
        return made


class LinkInline(RowInline):
    model = Link
    form = LinkForm
    end: str  # the field of the other body

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        more = [("basis", "basis_en"), ("label_en", "locator_en", "evidence", "sort_order"), ("remark", "remark_en")]
        return [
            (None, {"fields": [("kind", self.end, "label"), CITED]}),
            (MORE, {"fields": more, "classes": ["collapse"]}),
        ]


class LinkOutInline(LinkInline):
    fk_name = "from_placement"
    end = "to_placement"
    related = ("source", "from_placement", "to_placement__body")
    verbose_name = gettext_lazy("関係（この機関から）")
    verbose_name_plural = gettext_lazy("関係（この機関から）")


class LinkInInline(LinkInline):
    fk_name = "to_placement"
    end = "from_placement"
    related = ("source", "to_placement", "from_placement__body")
    verbose_name = gettext_lazy("関係（この機関へ）")
    verbose_name_plural = gettext_lazy("関係（この機関へ）")
