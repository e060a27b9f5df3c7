"""The admin: every save is one change of the journal, refused where someone else was faster, done once."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from portal import journal, start
from portal.bulk import chunks
from portal.collisions import collisions, owner_of
from portal.history import NAMERS, ORDER, joins
from portal.models import Change, ChangedRow, ChangeKind, Cited

if TYPE_CHECKING:  # django-stubs knows them as generic; at run time they are not
    ModelAdmin = admin.ModelAdmin[Any]
    Tabular = admin.TabularInline[Any, Any]
    Stacked = admin.StackedInline[Any, Any]
else:
    ModelAdmin, Tabular, Stacked = admin.ModelAdmin, admin.TabularInline, admin.StackedInline


CITED: Any = (  # the fields that every fact has, as the last part of a form
    gettext_lazy("出典"),
    {"fields": ["source", ("locator", "locator_en"), "evidence", ("remark", "remark_en")]},
)


class LabelledCompletion(AutocompleteJsonView):
    """What a field proposes while someone types, by the names that editors know."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {**super().serialize_result(obj, to_field_name), "text": label_of(self.model_admin, obj)}


def label_of(model_admin: Any, obj: Any) -> str:
    """What a row is called where one is chosen among many."""
    return model_admin.label_of(obj) if isinstance(model_admin, GuardedAdmin) else str(obj)


class PortalSite(admin.AdminSite):
    site_title = gettext_lazy("編集 | 健康・医療研究開発の体制と計画")
    site_header = gettext_lazy("健康・医療研究開発の体制と計画 編集")
    index_title = gettext_lazy("編集の始めに")
    enable_nav_sidebar = False
    empty_value_display = "－"

    def has_permission(self, request: HttpRequest) -> bool:
        verified = not settings.OTP_REQUIRED or request.user.is_verified()  # type: ignore[union-attr]  # django-otp
        return super().has_permission(request) and verified

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().index(request, start.context(request) | (extra_context or {}))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        return start.grouped(super().get_app_list(request, app_label))

    def get_urls(self) -> Any:
        guide = path("guide/", self.admin_view(self.guide), name="guide")
        return [guide, *super().get_urls()]

    def guide(self, request: HttpRequest) -> HttpResponse:
        """How to do what editors do, in words and pictures of the screens. It is written in each language."""
        context = {**self.each_context(request), "title": _("手引き")}
        return TemplateResponse(request, f"portal/admin/guide/{get_language()}.html", context)

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return LabelledCompletion.as_view(admin_site=self)(request)


def seen_then(request: HttpRequest) -> int:
    """How far the journal went when the page was made whose form was sent; 0: it does not say."""
    said = request.POST.get("change_seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0


class _Unsaved(Exception):
    """A form that was not valid: its answer goes to the user, and nothing is kept of the attempt."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.response = response


class PlainDecimal(forms.DecimalField):
    """A number without the zeros that only fill its places: 130, not 130.0000."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


class GuardedAdmin(ModelAdmin):
    """A model's admin whose every save is a change in the journal.

    - The form knows how far the journal went when it was filled (`seen`). What someone else changed since is shown
      beside what was typed, and nothing is saved; saving once more from that page is meant.
    - A form carries a token: sent twice, it counts once.
    - Where readers can see the row, the change is told to them with its reason.
    """

    change_form_template = "portal/admin/change_form.html"
    delete_confirmation_template = "portal/admin/delete_confirmation.html"
    save_on_top = False
    actions: Any = None
    formfield_overrides: ClassVar[Any] = {
        models.DecimalField: {"form_class": PlainDecimal},
        models.URLField: {"assume_scheme": "https"},
    }
    fixed: tuple[str, ...] = ()  # fields that stay as they were when the row was made
    fixed_once_public: tuple[str, ...] = ()  # and those that stay once readers can see it: addresses are made of them

    class Media:
        js = ("portal/admin/labels.js",)

    # What a subclass says of its rows.

    def is_public(self, obj: Any) -> bool:
        """Whether readers can see the row."""
        manager = type(obj)._default_manager
        public = getattr(manager, "public", None)
        return public is not None and obj.pk is not None and public().filter(pk=obj.pk).exists()

    def are_public(self, objs: list[Any]) -> bool:
        """Whether readers can see one of these rows: one query for some hundred, where the rule is the usual one."""
        if type(self).is_public is not GuardedAdmin.is_public:
            return any(self.is_public(obj) for obj in objs)
        public = getattr(self.model._default_manager, "public", None)
        held = chunks([obj.pk for obj in objs])
        return public is not None and any(public().filter(pk__in=some).exists() for some in held)

    def needs_reason(self, request: HttpRequest, obj: Any) -> bool:
        """Whether a change of the row, or one more such row, must be explained to readers."""
        return False

    def has_restore_permission(self, request: HttpRequest, obj: Any, columns: set[str]) -> bool:
        """Whether the user may give the row the values that it had in these columns; none: bring it back whole."""
        return self.has_change_permission(request, obj)

    def has_removal_permission(self, request: HttpRequest, obj: Any) -> bool:
        """Whether the user may take back that the row was added."""
        return self.has_delete_permission(request, obj)

    def label_of(self, obj: Any) -> str:
        """What a row is called where one is chosen among many."""
        name = NAMERS[label]([obj.pk]).get(obj.pk) if (label := obj._meta.label_lower) in NAMERS else None
        return name or str(obj)

    def described(self, obj: Any) -> dict[str, str]:
        """What a change is about: `about`, `about_en`, `address`."""
        address = obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else ""
        english = obj.says()[1] if isinstance(obj, Cited) else getattr(obj, "title_en", "")
        return {"about": str(obj)[:300], "about_en": english[:300], "address": address[:300]}

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return self._labelled(super().formfield_for_foreignkey(db_field, request, **kwargs), db_field)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return self._labelled(super().formfield_for_manytomany(db_field, request, **kwargs), db_field)

    def _labelled(self, formfield: Any, db_field: Any) -> Any:
        related = self.admin_site._registry.get(db_field.related_model)
        if formfield is not None and isinstance(related, GuardedAdmin):
            formfield.label_from_instance = related.label_of
        return formfield

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = list(super().get_readonly_fields(request, obj))
        if obj is not None:
            names += self.fixed
        if obj is not None and self.fixed_once_public:
            # As it was before the form wrote into it what was typed: a form that is refused is made once more.
            known: dict[int, bool] = request.__dict__.setdefault("found_public", {})
            names += self.fixed_once_public if known.setdefault(obj.pk, self.is_public(obj)) else ()
        return names

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The row's page, where readers have one."""
        if callable(self.view_on_site):
            return super().get_view_on_site_url(obj)
        if obj is None or not hasattr(obj, "get_absolute_url") or not self.is_public(obj):
            return None
        return str(obj.get_absolute_url())

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """By the journal; also of what is gone."""
        if not object_id.isdecimal():
            raise Http404
        history: Any = self.admin_site.get_model_admin(Change)  # which builds on this module
        return history.object_view(request, self.opts.label_lower, int(object_id))

    # Saving

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        request.journal_seen = journal.seen()  # type: ignore[attr-defined]  # before anything of the form is read
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        kind = ChangeKind.EDIT if object_id else ChangeKind.ADD
        try:
            with self.recorded(request, kind) as change:
                before = self.get_object(request, object_id) if object_id else None
                if object_id and before is None and self.has_change_permission(request):
                    raise _Unsaved(self.gone(request))
                was_public = before is not None and self.is_public(before)
                response = super().changeform_view(request, object_id, form_url, extra_context)
                saved = getattr(request, "saved_object", None)
                if saved is None:
                    raise _Unsaved(response)
                self.describe(change, saved, is_public=was_public or self.is_public(saved))
                return response
        except _Unsaved as unsaved:
            return unsaved.response
        except journal.AlreadyDone:
            return self.done_before(request)

    def recorded(self, request: HttpRequest, kind: ChangeKind) -> Any:
        """A change of the journal with what the form says of it."""
        posted = request.POST
        try:
            token = uuid.UUID(posted.get("change_token", ""))
        except ValueError:
            token = None
        reason, reason_en = (posted.get(name, "").strip() for name in ("change_reason", "change_reason_en"))
        return journal.recording(kind, user=request.user, token=token, reason=reason, reason_en=reason_en)

    def describe(self, change: Any, obj: Any, *, is_public: bool) -> None:
        for name, value in self.described(obj).items():
            setattr(change, name, value)
        change.is_public = is_public
        change.save()

    def done_before(self, request: HttpRequest) -> HttpResponse:
        messages.info(request, _("この内容は、すでに保存されています。二度は保存していません。"))
        return HttpResponseRedirect(request.get_full_path())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        request.saved_object = form.instance  # type: ignore[attr-defined]

    def log_addition(self, request: Any, obj: Any, message: Any) -> Any:
        """The journal has it, by row and field."""

    log_change = log_addition

    def log_deletions(self, request: Any, queryset: Any) -> Any:
        """The journal has it."""

    # Two editors with the same form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        base = super().get_form(request, obj, change=change, **kwargs)
        guard = self

        class Guarded(base):  # type: ignore[misc,valid-type]
            def clean(self) -> Any:
                data = super().clean()
                guard.refuse_unexplained(request, self)
                if change:
                    guard.refuse_collision(request, self)
                return data

            def _post_clean(self) -> None:
                try:
                    super()._post_clean()
                except ObjectDoesNotExist:  # the model's rules ask for a row that was not chosen: that is said already
                    if not self.errors:
                        raise

        return Guarded

    def refuse_unexplained(self, request: HttpRequest, form: ModelForm[Any]) -> None:
        if self.needs_reason(request, form.instance) and not request.POST.get("change_reason", "").strip():
            form.add_error(None, _("公開されている内容の変更です。読む人に示す「変更の理由」を書いてください。"))

    def refuse_collision(self, request: HttpRequest, form: ModelForm[Any]) -> None:
        rows = self.written_since(request, form)
        request.collided = rows  # type: ignore[attr-defined]  # shown by render_change_form
        if rows:
            form.add_error(
                None,
                ValidationError(
                    _(
                        "この画面を開いたあとに、ほかの人が同じ項目を変更しました。まだ何も保存していません。"
                        "次の表で見比べ、必要なら入力を直してから、もう一度保存してください。"
                    ),
                    code="collision",
                ),
            )

    def written_since(self, request: HttpRequest, form: ModelForm[Any]) -> list[ChangedRow]:
        """What others wrote to the row, to the rows of its inlines and to the lists of other rows that the form holds,
        since it was filled; order aside.
        """
        obj = form.instance
        label = obj._meta.label_lower
        ties = set()  # models of inlines, each with the column by which its rows belong to this one
        holders: list[tuple[Any, Any, Any]] = [(type(obj), form.fields, [obj.pk])]
        for inline in self.get_inline_instances(request, obj):
            formset: Any = inline.get_formset(request, obj)
            ties.add((inline.model._meta.label_lower, formset.fk.column))
            under = inline.model._default_manager.filter(**{formset.fk.name: obj.pk})
            holders.append((inline.model, formset.form.base_fields, under.values_list("pk", flat=True)))
        lists = {
            each: (key, set(pks))
            for each, key in joins().items()
            for model, fields, pks in holders
            if key.model is model and key.name in fields
        }

        def is_concerned(row: ChangedRow) -> bool:
            if row.model in lists:
                key, pks = lists[row.model]
                return owner_of(row, key) in pks
            own = row.model == label and row.object_id == obj.pk
            tied = any(
                model == row.model and obj.pk in ((row.before or {}).get(column), (row.after or {}).get(column))
                for model, column in ties
            )
            return (own or (tied and row.kind != "+")) and bool(set(row.differing) - {ORDER})

        labels = {label, *(model for model, _column in ties), *lists}
        written = ChangedRow.objects.filter(pk__gt=seen_then(request), model__in=labels)
        return [row for row in written.select_related("change").order_by("pk") if is_concerned(row)]

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        rows, since = getattr(request, "collided", []), getattr(request, "since", None)
        in_inlines = [each for inline in context["inline_admin_formsets"] for each in inline.formset.forms]
        filled = {
            (each.instance._meta.label_lower, each.instance.pk): each
            for each in (context["adminform"].form, *in_inlines)
        }
        is_told = bool(rows or since)
        context |= {
            "collisions": collisions(rows, filled) if rows else [],
            "since": since,
            "change_seen": request.POST.get("change_seen") if request.POST and not is_told else request.journal_seen,
            "change_token": request.POST.get("change_token") or uuid.uuid4(),
            "change_reason": request.POST.get("change_reason", ""),
            "change_reason_en": request.POST.get("change_reason_en", ""),
            "needs_reason": self.needs_reason(request, context["adminform"].form.instance),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def gone(self, request: HttpRequest) -> HttpResponse:
        """What was typed into the form of a row that someone else has deleted meanwhile."""
        hidden = {"csrfmiddlewaretoken", "change_token", "change_seen", "_save", "_continue", "_addanother"}
        typed = [(name, value) for name, value in request.POST.items() if name not in hidden and str(value).strip()]
        context = {
            **self.admin_site.each_context(request),
            "title": _("この項目は、ほかの人が削除しました"),
            "opts": self.opts,
            "typed": typed,
        }
        return TemplateResponse(request, "portal/admin/gone.html", context, status=409).render()

    # Deleting

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        obj = self.get_object(request, object_id)
        needs_reason = obj is not None and self.needs_reason(request, obj)
        extra = {
            "change_token": request.POST.get("change_token") or uuid.uuid4(),
            "needs_reason": needs_reason,
            "change_reason": request.POST.get("change_reason", ""),
            "change_reason_en": request.POST.get("change_reason_en", ""),
            **(extra_context or {}),
        }
        if request.method != "POST" or obj is None or not self.has_delete_permission(request, obj):
            return super().delete_view(request, object_id, extra)
        if needs_reason and not extra["change_reason"].strip():
            messages.error(request, _("公開されている内容の変更です。読む人に示す「変更の理由」を書いてください。"))
            return HttpResponseRedirect(request.get_full_path())
        described, is_public = self.described(obj), self.is_public(obj)
        try:
            with self.recorded(request, ChangeKind.DELETE) as change:
                response = super().delete_view(request, object_id, extra)
                if type(obj)._base_manager.filter(pk=obj.pk).exists():
                    raise _Unsaved(response)
                for name, value in described.items():
                    setattr(change, name, value)
                change.is_public = is_public
                change.save()
                return response
        except _Unsaved as unsaved:
            return unsaved.response
        except journal.AlreadyDone:
            return self.done_before(request)


# What else the admin of this app has; each builds on what stands above.
from portal import batch_admin, history_admin, source_admin  # noqa: E402, F401
