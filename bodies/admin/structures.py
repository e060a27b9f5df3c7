"""Editions of the structure: cloned, edited as drafts, previewed, compared, published, withdrawn."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bodies import editions
from bodies.models import Standing, Status, Structure, today
from bodies.preview import preview_address
from portal.admin import CITED, GuardedAdmin
from portal.history import IRREVERSIBLE
from portal.history_admin import STALE, Since, since
from portal.journal import AlreadyDone, seen
from portal.models import ChangeKind

if TYPE_CHECKING:  # as in portal.admin
    ModelForm = forms.ModelForm[Structure]
else:
    ModelForm = forms.ModelForm

PUBLISH = "bodies.publish_structure"
HINTS = {
    Standing.DRAFT: gettext_lazy(
        "下書きです。読む人には見えません。プレビューで、適用日のサイト全体の姿を確かめられます。"
    ),
    Standing.SCHEDULED: gettext_lazy(
        "公開予定です。この体制のページは「公開予定」として読む人に見えています。適用日になると、自動的に適用されます。"
    ),
    Standing.IN_FORCE: gettext_lazy("適用中の体制です。訂正すると、すぐに読む人に見えます。"),
    Standing.PAST: gettext_lazy("過去の体制です。訂正すると、すぐに読む人に見えます。"),
    Standing.WITHDRAWN: gettext_lazy("取り下げた体制です。内容は変更できません。使うときは、複製してください。"),
}


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class StructureForm(ModelForm):
    def clean_valid_from(self) -> datetime.date | None:
        """A scheduled edition keeps a day that is still to come; what draws near is moved, not made past."""
        day: datetime.date | None = self.cleaned_data["valid_from"]
        if day is not None and self.instance.status == Status.PUBLISHED:
            reasons = editions.unfit_day(self.instance, day)
            if reasons:
                raise ValidationError(reasons)
        return day


class CloneForm(ModelForm):
    class Meta:
        model = Structure
        fields = ("code", "title", "valid_from")
        widgets = {"valid_from": DayInput()}


class PublishForm(forms.Form):
    valid_from = forms.DateField(
        label=gettext_lazy("適用日"),
        widget=DayInput(),
        help_text=gettext_lazy("今日か、これからの日。その日の午前０時（日本時間）から、自動的に適用されます。"),
    )


@dataclass(frozen=True)
class Job:
    """A page that does one thing to an edition."""

    kind: ChangeKind
    title: str
    verb: str
    obstacles: Sequence[str] = ()  # why it cannot be done at all
    needs_reason: bool = False


@admin.register(Structure)
class StructureAdmin(GuardedAdmin):
    form = StructureForm
    change_form_template = "bodies/admin/structure_form.html"
    ordering = (F("valid_from").desc(nulls_first=True), "code")
    search_fields = ("code", "title", "title_en")
    list_display_links = ("title",)
    fieldsets = (
        (None, {"fields": ("state", "code", "title", "title_en", "title_en_standing", "valid_from")}),
        (gettext_lazy("記録の範囲"), {"fields": ("coverage", "gaps", "gaps_en")}),
        CITED,
    )

    # What it shows

    def get_queryset(self, request: HttpRequest) -> Any:
        return Structure.objects.with_standing()

    def get_list_display(self, request: HttpRequest) -> Any:
        in_force = Structure.objects.in_force()

        @admin.display(description=_("操作"))
        def offers(structure: Structure) -> SafeString:
            links = format_html_join("", '<li><a href="{}">{}</a></li>', self.offers(request, structure, in_force))
            return format_html('<ul class="offers">{}</ul>', links)

        return ("title", "state", "valid_from", offers)

    @admin.display(description=gettext_lazy("状態"))
    def state(self, structure: Structure) -> SafeString:
        return format_html('<span class="state state-{}">{}</span>', structure.standing, structure.standing.label)

    def offers(self, request: HttpRequest, structure: Structure, in_force: Structure | None) -> list[tuple[str, str]]:
        """What this user may do with an edition as it stands: address and words."""
        standing = structure.standing
        is_shown = standing in {Standing.IN_FORCE, Standing.PAST}
        found = []
        if self.has_change_permission(request, structure) and (tree := _tree_address(structure)):
            found.append((tree, _("体制図の木を編集")))
        if not is_shown:
            found.append((preview_address(structure, structure.get_absolute_url()), _("プレビュー")))
            if in_force is not None and structure.valid_from:
                compared = f"{reverse('structure-in-force')}compare/{in_force.code}/{structure.code}/"
                found.append((preview_address(structure, compared), _("適用中の体制と比較")))
        if self.has_add_permission(request):
            found.append((_address("clone", structure), _("複製する")))
        if request.user.has_perm(PUBLISH):
            if standing == Standing.DRAFT:
                found.append((_address("publish", structure), _("公開する")))
            if not editions.unwithdrawable(structure):
                found.append((_address("withdraw", structure), _("取り下げる")))
        return found

    def view_on_site(self, obj: Structure) -> str | None:
        """Of what is in force or past; the others have their preview among what is offered."""
        return obj.get_absolute_url() if obj.standing in {Standing.IN_FORCE, Standing.PAST} else None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What readers have met keeps its address, and what has begun the day on which it did."""
        standing = obj.standing if obj is not None else Standing.DRAFT
        if standing in {Standing.DRAFT, Standing.WITHDRAWN}:
            return ("state",)
        return ("state", "code") if standing == Standing.SCHEDULED else ("state", "code", "valid_from")

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
        structure = context["original"]
        context |= {
            "offers": self.offers(request, structure, Structure.objects.in_force()) if structure is not None else [],
            "hint": HINTS[structure.standing if structure is not None else Standing.DRAFT],
        }
        return super().render_change_form(request, context, *args, **kwargs)

    # Who may do what

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        if obj is None or obj.status == Status.DRAFT:
            return allowed
        may_publish = request.user.has_perm(PUBLISH)
        return allowed and obj.status == Status.PUBLISHED and may_publish

    def has_restore_permission(self, request: HttpRequest, obj: Any, columns: set[str]) -> bool:
        """What is published stays so, and on its day: that is not taken back but withdrawn."""
        fixed = {"status", "code", "valid_from"} if obj.status == Status.PUBLISHED else {"status"}
        return super().has_restore_permission(request, obj, columns) and not columns & fixed

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj.status == Status.DRAFT)

    def is_public(self, obj: Any) -> bool:
        """Also what is scheduled: it can be opened at its own address."""
        return bool(obj.status == Status.PUBLISHED)

    def needs_reason(self, request: HttpRequest, obj: Any) -> bool:
        return self.is_public(obj)

    def described(self, obj: Any) -> dict[str, str]:
        return editions.described(obj)

    # Pages that do one thing: what will happen is shown first

    def get_urls(self) -> Any:
        jobs = [("clone", self.clone_view), ("publish", self.publish_view), ("withdraw", self.withdraw_view)]
        return [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"bodies_structure_{name}")
            for name, view in jobs
        ] + super().get_urls()

    def clone_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(structure: Structure, form: Any) -> tuple[Structure, str]:
            made = editions.clone(structure, **form.cleaned_data)
            return made, _("「%(title)s」を下書きとして作りました。") % {"title": made.title}

        structure = self._edition(request, pk, may=self.has_add_permission(request))
        if structure is None:
            return self._missing(request, pk)
        form = CloneForm(request.POST or None, initial=_proposed(structure))
        job = Job(ChangeKind.CLONE, _("体制を複製する"), _("複製する"))
        return self._job(request, structure, job, form, act, "bodies/admin/clone.html")

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(structure: Structure, form: Any) -> tuple[Structure, str]:
            made = editions.publish(structure, day := form.cleaned_data["valid_from"])
            names = {"title": made.title, "day": date_format(day, "DATE_FORMAT")}
            return made, _("「%(title)s」を公開しました。%(day)sから適用されます。") % names

        structure = self._edition(request, pk, may=request.user.has_perm(PUBLISH))
        if structure is None:
            return self._missing(request, pk)
        planned = structure.valid_from
        day = planned if planned and planned >= today() else today()
        form = PublishForm(request.POST or None, initial={"valid_from": day})
        job = Job(ChangeKind.PUBLISH, _("体制を公開する"), _("公開する"), editions.unfit(structure), needs_reason=True)
        shown = {
            "day": day,
            "replaced": editions.replaced(structure, day),
            "following": editions.following(structure, day),
        }
        return self._job(request, structure, job, form, act, "bodies/admin/publish.html", shown)

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        def act(structure: Structure, form: Any) -> tuple[Structure, str]:
            made = editions.withdraw(structure)
            return made, _("「%(title)s」を取り下げました。") % {"title": made.title}

        structure = self._edition(request, pk, may=request.user.has_perm(PUBLISH))
        if structure is None:
            return self._missing(request, pk)
        job = Job(
            ChangeKind.WITHDRAW,
            _("体制を取り下げる"),
            _("取り下げる"),
            editions.unwithdrawable(structure),
            needs_reason=self.is_public(structure),
        )
        day = structure.valid_from
        shown = {"replaced": editions.replaced(structure, day) if day else None}
        form = forms.Form(request.POST if request.method == "POST" else None)
        return self._job(request, structure, job, form, act, "bodies/admin/withdraw.html", shown)

    def _edition(self, request: Any, pk: int, *, may: bool) -> Structure | None:
        request.journal_seen = seen()  # before anything of the page is read
        structure: Structure | None = self.get_object(request, str(pk))
        if not may or not self.has_view_permission(request, structure):
            raise PermissionDenied
        return structure

    def _missing(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))  # type: ignore[attr-defined]  # Django's

    def _job(
        self,
        request: Any,
        structure: Structure,
        job: Job,
        form: forms.BaseForm,
        act: Callable[[Structure, Any], tuple[Structure, str]],
        template: str,
        shown: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Shows what will happen; on POST does it, as one change, and leads to what came of it.

        What cannot be taken back is not done to what has changed since the page was made: that is shown first.
        """
        changed: Since | None = None
        if request.method == "POST" and form.is_valid():
            if job.needs_reason and not request.POST.get("change_reason", "").strip():
                form.add_error(None, _("読む人に示す「変更の理由」を書いてください。"))
            else:
                try:
                    with self.recorded(request, job.kind):
                        if job.kind in IRREVERSIBLE and (changed := since(self.admin_site, request, structure)):
                            raise editions.Refused(str(STALE))
                        made, said = act(structure, form)
                    messages.success(request, said)
                    return HttpResponseRedirect(reverse("admin:bodies_structure_change", args=[made.pk]))
                except editions.Refused as refused:
                    for reason in refused.reasons:
                        form.add_error(None, reason)
                except AlreadyDone:
                    messages.info(request, _("この操作は、すでに済んでいます。二度は行っていません。"))
                    return HttpResponseRedirect(reverse("admin:bodies_structure_changelist"))
        is_untold = request.method == "POST" and changed is None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": job.title,
            "subtitle": structure.title,
            "structure": structure,
            "state": self.state(structure),
            "job": job,
            "held": [(model._meta, count) for model, count in editions.held(structure)],
            "form": form,
            "media": self.media,
            "needs_reason": job.needs_reason,
            "since": changed,
            "change_seen": request.POST.get("change_seen") if is_untold else request.journal_seen,
            "change_token": request.POST.get("change_token") or uuid.uuid4(),
            "change_reason": request.POST.get("change_reason", ""),
            "change_reason_en": request.POST.get("change_reason_en", ""),
            "preview": preview_address(structure, structure.get_absolute_url()),
            **(shown or {}),
        }
        return TemplateResponse(request, template, context)


def _address(job: str, structure: Structure) -> str:
    return reverse(f"admin:bodies_structure_{job}", args=[structure.pk])


def _tree_address(structure: Structure) -> str:
    """Where the tree of an edition is edited; empty where there is no such page."""
    try:
        return reverse("admin:bodies_placement_tree", args=[structure.pk])
    except NoReverseMatch:
        return ""


def _proposed(structure: Structure) -> dict[str, Any]:
    """The same from the next first of April, when reorganisations take effect, under a code that is free."""
    now = today()
    day = datetime.date(now.year + (now >= datetime.date(now.year, 4, 1)), 4, 1)
    code = wanted = f"{re.sub(r'-20[0-9]{2}(-[0-9]+)?$', '', structure.code)[:50]}-{day.year}"
    taken = set(Structure.objects.filter(code__startswith=wanted).values_list("code", flat=True))
    number = 1
    while code in taken:
        number += 1
        code = f"{wanted}-{number}"
    return {"code": code, "title": structure.title, "valid_from": day}
