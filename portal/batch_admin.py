"""Batches in the admin: a workbook is handed in, its plan is read cell by cell, confirmed, and taken back.

Adding a batch is uploading a file; its page is its plan. Nothing is loaded that was not shown there.
"""

from __future__ import annotations

import re
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.functions import Length
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from portal import batches, revision
from portal.admin import ModelAdmin
from portal.batches import Report, Row
from portal.history import Obstructed, net, tie
from portal.history_admin import SORTS, Count, Pages, counted, kind_of_data, undone
from portal.journal import AlreadyDone
from portal.models import Batch, Change, ChangedRow, RowChange
from portal.resources import BooleanWidget, Dataset, datasets
from portal.uploads import BoundedUpload
from portal.workbook import write
from portal.workbook.book import Unusable, address
from portal.workbook.compare import State
from portal.workbook.guard import MAX_FILE
from portal.workbook.labels import choices_of, column_title, sheet_title
from portal.workbook.plan import stored

RIGHT = "portal.import_batch"
PROBLEMS = 100  # on a page
ROWS = 50
UNFOLDED = 6  # from more rows than this those that are new are closed
PIECE = re.compile(r"[0-9０-９A-Za-z.,]+|.", re.DOTALL)
DIFFERENCES = 20  # between two plans, that are listed


class Standing(models.TextChoices):
    """How far a batch has come."""

    PLANNED = "planned", gettext_lazy("計画済み")
    FAULTY = "faulty", gettext_lazy("誤りあり")
    LOADED = "loaded", gettext_lazy("取込済み")
    UNDONE = "undone", gettext_lazy("取り消し済み")


def with_standing() -> models.QuerySet[Batch]:
    """Batches without what is heavy, each with whether it was taken back, and its size in bytes."""
    taken_back = Change.objects.filter(reverts=models.OuterRef("change"), reverted_by=None)
    found = Batch.objects.defer("content", "plan").select_related("change")
    return found.annotate(was_undone=models.Exists(taken_back), size=Length("content"))


def standing(batch: Any) -> Standing:
    """Of a batch out of `with_standing()`."""
    if batch.change_id is not None:
        return Standing.UNDONE if batch.was_undone else Standing.LOADED
    return Standing.PLANNED if batch.plan_digest else Standing.FAULTY


class UploadForm(forms.Form):
    use_required_attribute = False  # the server says what is missing, in the language of the page
    file = forms.FileField(
        label=gettext_lazy("ファイル"),
        error_messages={"required": gettext_lazy("ファイルを選んでください。")},
    )
    aside = forms.CharField(
        label=gettext_lazy("取り込まない列とシート"),
        required=False,
        help_text=gettext_lazy("列の見出しかシートの名前を、１行に一つずつ。計画を見てからでも選べます。"),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 40, "class": "vLargeTextField"}),
    )

    def __init__(self, *args: Any, is_too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = _("ファイルが大きすぎます（上限 %(limit)s MB）。") % {"limit": MAX_FILE // 1_000_000}
        self.fields["file"].help_text = _("XLSX、ODS、CSV のいずれか。%(limit)s MB まで。") % {
            "limit": MAX_FILE // 1_000_000
        }
        if is_too_large:
            self.fields["file"].error_messages["required"] = said
        self.fields["file"].widget.attrs |= {
            "accept": ".xlsx,.ods,.csv",
            "data-limit": MAX_FILE,
            "data-too-large": said,
        }

    def clean_aside(self) -> list[str]:
        return lines(self.cleaned_data["aside"].splitlines())


def lines(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


# What of a plan a user may see, in words


def seen_by(user: Any) -> set[str]:
    """The datasets whose rows the user may see."""
    models_of = {dataset.name: dataset.model._meta for dataset in datasets()}
    return {name for name, opts in models_of.items() if user.has_perm(f"{opts.app_label}.view_{opts.model_name}")}


def hidden(report: Report, batch: Batch, user: Any) -> set[str]:
    """The datasets of a plan that are kept from the user. What they handed in themselves was not even read there."""
    unseen = report.sheets.keys() - seen_by(user)
    if batch.user_id != user.pk:
        return unseen
    return {name for name in unseen if any(report.sheets[name][state] for state in ("add", "change", "unchanged"))}


def without(report: Report, names: set[str]) -> Report:
    """A plan without these datasets. What is said of no sheet may be about any."""
    if not names:
        return report
    return replace(
        report,
        sheets={name: counts for name, counts in report.sheets.items() if name not in names},
        problems=[each for each in report.problems if each["sheet"] and report.places.get(each["sheet"]) not in names],
        rows=[row for row in report.rows if row["dataset"] not in names],
    )


Part = tuple[str, str, str]  # a text: what is the same on both sides before, what differs, what is the same after


@dataclass(frozen=True)
class Cell:
    title: str
    old: Part
    new: Part
    is_derived: bool

    @property
    def has_old(self) -> bool:
        return any(self.old)

    @property
    def has_new(self) -> bool:
        return any(self.new)


@dataclass(frozen=True)
class Shown:
    """A row that is to be written."""

    sort: str
    verb: str
    key: str
    address: str
    place: str
    cells: list[Cell]


@dataclass(frozen=True)
class Sheet:
    """What a plan does to a dataset, in numbers."""

    name: str
    title: str
    counts: Mapping[str, int]
    rows: int


@dataclass(frozen=True)
class Paged:
    """A page of a list that shares its address with other lists."""

    page: Page[Any]
    previous: str
    following: str


def paged(request: HttpRequest, items: list[Any], size: int, name: str, anchor: str) -> Paged:
    page = Paginator(items, size).get_page(request.GET.get(name))

    def way(number: int) -> str:
        query = request.GET.copy()
        query[name] = str(number)
        return f"{request.path}?{query.urlencode()}#{anchor}"

    return Paged(
        page,
        way(page.previous_page_number()) if page.has_previous() else "",
        way(page.next_page_number()) if page.has_next() else "",
    )


def alike(one: list[str], other: list[str]) -> int:
    """How many pieces they begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def differing(old: str, new: str) -> tuple[Part, Part]:
    """Two texts, each cut where they begin and cease to differ; numbers and words of letters are not cut."""
    left, right = PIECE.findall(old), PIECE.findall(new)
    start = alike(left, right)
    end = alike(left[start:][::-1], right[start:][::-1])

    def cut(pieces: list[str]) -> Part:
        stop = len(pieces) - end
        return "".join(pieces[:start]), "".join(pieces[start:stop]), "".join(pieces[stop:])

    return cut(left), cut(right)


def cell(dataset: Dataset, name: str, old: str | None, new: str, is_derived: bool) -> Cell:
    title = column_title(dataset, name)
    words: dict[str, str] = {}
    if isinstance(dataset.columns[name].widget, BooleanWidget):
        words = {"true": _("はい"), "false": _("いいえ")}
    elif not dataset.columns[name].readonly:
        words = choices_of(dataset, name)
    before, after = words.get(old or "", old or ""), words.get(new, new)
    if words or not before or not after:
        return Cell(title, ("", before, ""), ("", after, ""), is_derived)
    return Cell(title, *differing(before, after), is_derived)


def shown(rows: list[Row], dataset: Dataset, pages: Pages) -> list[Shown]:
    """Rows of a plan in words, each with the page of its object where there is one that the user may see."""
    keys = [tuple(row["key"]) for row in rows]
    pks = stored(dataset, dataset.key_columns, DEFAULT_DB_ALIAS, keys)[1]
    instances = dataset.model._base_manager.in_bulk([pks[key] for key in keys if key in pks])
    tie(instances.values())
    verbs = {State.ADDED: ("add", RowChange.ADDED.label), State.CHANGED: ("change", RowChange.CHANGED.label)}
    found = []
    for row, key in zip(rows, keys, strict=True):
        sort, verb = verbs[State(row["state"])]
        instance = instances.get(pks.get(key))
        found.append(
            Shown(
                sort,
                str(verb),
                ", ".join(key),
                pages.address(instance) if instance is not None else "",
                address(row["sheet"], row["row"]),
                [
                    cell(dataset, name, old, new, is_derived)
                    for name, old, new, is_derived in row["cells"]
                    if sort == "change" or new
                ],
            )
        )
    return found


def differences(was: Report, now: Report) -> list[str]:
    """What another plan would write otherwise, in words; the rest of a long list as a number."""
    titles = {dataset.name: sheet_title(dataset) for dataset in datasets()}
    before, after = ({(row["dataset"], *row["key"]): row for row in each.rows} for each in (was, now))
    said = []
    for key in before | after:
        old, new = before.get(key), after.get(key)
        named = f"{titles[key[0]]}「{', '.join(key[1:])}」"
        if old is None:
            said.append(_("%(row)s：新たに書き込みます") % {"row": named})
        elif new is None:
            said.append(_("%(row)s：もう書き込みません") % {"row": named})
        elif (old["state"], old["cells"]) != (new["state"], new["cells"]):
            said.append(_("%(row)s：前の値か、書き込む値が変わりました") % {"row": named})
    more = [_("ほか%(more)s件") % {"more": len(said) - DIFFERENCES}] if len(said) > DIFFERENCES else []
    return said[:DIFFERENCES] + more


def media_type(content: bytes) -> str:
    """Of a file that was taken in, by what it is."""
    if not content.startswith(b"PK\x03\x04"):
        return "text/csv"
    if content[30:].startswith(b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"):
        return "application/vnd.oasis.opendocument.spreadsheet"
    if b"[Content_Types].xml" in content:
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return "application/zip"


# The list


class StandingFilter(admin.SimpleListFilter):
    title = gettext_lazy("状態")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Standing.choices

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        match self.value():
            case Standing.PLANNED:
                return queryset.filter(change=None).exclude(plan_digest="")
            case Standing.FAULTY:
                return queryset.filter(change=None, plan_digest="")
            case Standing.LOADED:
                return queryset.filter(was_undone=False).exclude(change=None)
            case Standing.UNDONE:
                return queryset.filter(was_undone=True)
        return queryset


class BatchList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Each batch with what it wrote, by kinds of data that the user may see: one query for all of them."""
        super().get_results(request)
        seen = seen_by(request.user)
        labels = [dataset.model._meta.label_lower for dataset in datasets() if dataset.name in seen]
        changes = [batch.change_id for batch in self.result_list if batch.change_id is not None]
        found = counted(ChangedRow.objects.filter(change__in=changes, model__in=labels))
        for batch in self.result_list:
            batch.counts = found.get(batch.change_id, [])


@admin.register(Batch)
class BatchAdmin(ModelAdmin):
    """取込: for who may import. What a row may become, the planner asks of their other rights."""

    list_display = ("name", "state", "user_name", "uploaded_at", "written")
    list_filter = (StandingFilter, ("user", admin.RelatedOnlyFieldListFilter))
    ordering = ("-uploaded_at", "-pk")
    search_fields = ("name",)
    actions: Any = None
    list_per_page = 50
    change_list_template = "portal/admin/batch_list.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(RIGHT))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.change_id is None)

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_standing()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return BatchList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().changelist_view(request, {"title": self.opts.verbose_name_plural})

    @admin.display(description=gettext_lazy("状態"))
    def state(self, batch: Any) -> str:
        return str(standing(batch).label)

    @admin.display(description=gettext_lazy("書き込んだ内容"))
    def written(self, batch: Any) -> str:
        said = _("、")
        return said.join(
            _("%(kind)sの%(verb)s %(number)s件") % {"kind": each.kind, "verb": each.verb, "number": each.number}
            for each in batch.counts
        )

    def get_urls(self) -> Any:
        def own(view: Callable[..., Any]) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("", own(self.changelist_view), name="portal_batch_changelist"),
            path("add/", own(csrf_exempt(self.upload_view)), name="portal_batch_add"),  # it protects itself
            path("template.xlsx", own(self.template_view), name="portal_batch_template"),
            path("data.xlsx", own(self.data_view), name="portal_batch_data"),
            path("<int:pk>/change/", own(self.page), name="portal_batch_change"),
            path("<int:pk>/delete/", own(self.removal), name="portal_batch_delete"),
            path("<int:pk>/undo/", own(self.undo_view), name="portal_batch_undo"),
            path("<int:pk>/file/", own(self.file_view), name="portal_batch_file"),
        ]

    def render(self, request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"portal/admin/{template}", shared | context, status=status)

    def found(self, request: HttpRequest, pk: int) -> Any:
        self.allow(request)
        batch = with_standing().filter(pk=pk).first()
        if batch is None:
            raise Http404
        return batch

    def allow(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    # A file comes in

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """The limit holds while the file arrives: before the check against forgery, which reads the form."""
        self.allow(request)
        handler = BoundedUpload(request, MAX_FILE)
        request.upload_handlers = [handler]
        return csrf_protect(self.uploaded)(request, handler)

    def uploaded(self, request: HttpRequest, handler: BoundedUpload) -> HttpResponse:
        if request.method != "POST":
            replaced = request.GET.get("replaces", "")
            before = (
                Batch.objects.filter(pk=int(replaced)).only("aside") if re.fullmatch("[0-9]{1,18}", replaced) else []
            )
            initial = {"aside": "\n".join(name for each in before for name in each.aside)}
            return self.upload_page(request, UploadForm(initial=initial))
        data, files = request.POST, request.FILES  # by reading them the handler comes to know
        form = UploadForm(data, files, is_too_large=handler.is_too_large)
        if not form.is_valid():
            return self.upload_page(request, form)
        file, aside = form.cleaned_data["file"], form.cleaned_data["aside"]
        try:
            batch = batches.draft(file.name, file.read(), aside, request.user)
        except Unusable as unusable:
            form.add_error("file", str(unusable))
            return self.upload_page(request, form)
        messages.success(request, _("ファイルを受け取り、計画を作りました。まだ何も取り込んでいません。"))
        return HttpResponseRedirect(self.address(batch))

    def upload_page(self, request: HttpRequest, form: UploadForm) -> HttpResponse:
        sees_all = seen_by(request.user) >= {dataset.name for dataset in datasets()}
        return self.render(request, "batch_upload.html", title=_("データの取込"), form=form, sees_all=sees_all)

    def address(self, batch: Any) -> str:
        return reverse("admin:portal_batch_change", args=[batch.pk])

    def template_view(self, request: HttpRequest) -> HttpResponseBase:
        """An empty workbook. It offers the codes of everything, so it is for those who may see everything."""
        self.allow(request)
        if seen_by(request.user) < {dataset.name for dataset in datasets()}:
            raise PermissionDenied
        return self.workbook(request, "template", write.template)

    def data_view(self, request: HttpRequest) -> HttpResponseBase:
        """All that the user may see, as a workbook that can be handed in again."""
        self.allow(request)
        names = seen_by(request.user)
        if not names:
            raise PermissionDenied
        return self.workbook(request, "data", lambda file: write.export(file, names=names))

    def workbook(self, request: HttpRequest, name: str, fill: Callable[[BinaryIO], None]) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        try:
            with revision.reading():
                number = revision.current().number
                fill(file)
        except write.Unwritable as unwritable:
            file.close()
            messages.error(request, str(unwritable))
            return HttpResponseRedirect(reverse("admin:portal_batch_add"))
        file.seek(0)
        called = f"{name}-r{number}-{timezone.localdate():%Y%m%d}.xlsx"
        return FileResponse(file, as_attachment=True, filename=called)

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The file as it came, for who may see every kind of data in it."""
        batch = self.found(request, pk)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if hidden(Report.unpack(bytes(batch.plan)), batch, request.user):
            raise PermissionDenied
        content = bytes(batch.content)
        response = HttpResponse(content, content_type=media_type(content))
        disposition = content_disposition_header(as_attachment=True, filename=batch.name)
        response["Content-Disposition"] = disposition or "attachment"
        response["X-Content-Type-Options"] = "nosniff"
        return response

    # The plan

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self.found(request, pk)
        report = Report.unpack(bytes(batch.plan))
        if request.method != "POST":
            return self.plan_page(request, batch, report)
        if hidden(report, batch, request.user):
            raise PermissionDenied
        try:
            if "_plan" in request.POST:
                batches.plan_anew(batch, lines(request.POST.getlist("aside")), request.user)
                messages.success(request, _("いまのデータと比べて、計画を作り直しました。まだ何も取り込んでいません。"))
            else:
                reason, reason_en = self.reasons(request)
                if not reason:
                    return self.plan_page(request, batch, report, fault=_("取り込む理由を書いてください。"))
                batches.confirm(
                    batch,
                    request.user,
                    seen=request.POST.get("plan_digest", ""),
                    token=self.token(request),
                    reason=reason,
                    reason_en=reason_en,
                )
                messages.success(request, _("取り込みました。"))
        except batches.Outdated as outdated:
            return self.plan_page(request, self.found(request, pk), outdated.report, was=report)
        except (batches.AlreadyLoaded, AlreadyDone):
            messages.info(request, _("このファイルは、すでに取り込まれています。二度は取り込んでいません。"))
        except Unusable as unusable:
            messages.error(request, str(unusable))
        except Batch.DoesNotExist:
            raise Http404 from None
        return HttpResponseRedirect(self.address(batch))

    def reasons(self, request: HttpRequest) -> tuple[str, str]:
        return request.POST.get("change_reason", "").strip(), request.POST.get("change_reason_en", "").strip()

    def token(self, request: HttpRequest) -> uuid.UUID | None:
        try:
            return uuid.UUID(request.POST.get("change_token", ""))
        except ValueError:
            return None

    def plan_page(
        self, request: HttpRequest, batch: Any, whole: Report, *, fault: str = "", was: Report | None = None
    ) -> HttpResponse:
        """The plan as far as the user may see it. `was` is the one before, if the data have changed since."""
        names = hidden(whole, batch, request.user)
        report = without(whole, names)
        by_name = {dataset.name: dataset for dataset in datasets()}
        counts = Counter(row["dataset"] for row in report.rows)
        sheets = [Sheet(name, sheet_title(by_name[name]), each, counts[name]) for name, each in report.sheets.items()]
        chosen = request.GET.get("sheet", "")
        if not counts[chosen]:
            chosen = next((each.name for each in sheets if each.rows), "")
        rows = [row for row in report.rows if row["dataset"] == chosen]
        listed = paged(request, rows, ROWS, "p", "rows")
        problems = sorted(report.problems, key=lambda each: each["level"] != "error")
        is_open = batch.change_id is None
        change = batch.change
        titles = [title for name in sorted(names) for title in [sheet_title(by_name[name])]]
        context = {
            "title": batch.name,
            "subtitle": _("取込の計画") if is_open else _("取り込んだ内容"),
            "batch": batch,
            "standing": standing(batch),
            "is_loaded": not is_open,
            "is_undone": standing(batch) is Standing.UNDONE,
            "undone_by": change.reverted_by.filter(reverted_by=None).first() if change is not None else None,
            "may_see_history": request.user.has_perm("portal.view_change"),
            "hidden": titles,
            "sheets": sheets,
            "errors": report.errors,
            "warnings": len(report.problems) - report.errors,
            "problems": paged(request, problems, PROBLEMS, "q", "problems"),
            "chosen": chosen,
            "chosen_title": sheet_title(by_name[chosen]) if chosen else "",
            "rows": shown(list(listed.page), by_name[chosen], Pages(self.admin_site, request)) if chosen else [],
            "listed": listed,
            "total": len(report.rows),
            "is_long": len(listed.page.object_list) > UNFOLDED,
            "aside": [(name, name in batch.aside) for name in dict.fromkeys([*batch.aside, *report.loose])],
            "is_behind": is_open and revision.seen_by(request).number != batch.revision,
            "may_plan": is_open and not names,
            "may_confirm": is_open and not names and not whole.errors and bool(whole.rows),
            "fault": fault,
            "is_outdated": was is not None,
            "differences": differences(was, whole) if was is not None else [],
            "change_token": request.POST.get("change_token") or uuid.uuid4(),
            "change_reason": request.POST.get("change_reason", ""),
            "change_reason_en": request.POST.get("change_reason_en", ""),
        }
        return self.render(request, "batch.html", 409 if was is not None else 200, **context)

    # Away with it

    def removal(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A batch that was not loaded goes with its file; one that was stays."""
        batch = self.found(request, pk)
        if not self.has_delete_permission(request, batch) or hidden(
            Report.unpack(bytes(batch.plan)), batch, request.user
        ):
            raise PermissionDenied
        if request.method != "POST":
            return self.render(request, "batch_delete.html", title=_("取込の削除"), batch=batch)
        if not batches.discard(batch):
            messages.info(request, _("このファイルは、すでに取り込まれています。削除していません。"))
            return HttpResponseRedirect(self.address(batch))
        messages.success(request, _("「%(name)s」を削除しました。") % {"name": batch.name})
        return HttpResponseRedirect(reverse("admin:portal_batch_changelist"))

    def undo_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        batch = self.found(request, pk)
        if standing(batch) is not Standing.LOADED:
            messages.info(request, _("取り消すものはありません。"))
            return HttpResponseRedirect(self.address(batch))
        if hidden(Report.unpack(bytes(batch.plan)), batch, request.user):
            raise PermissionDenied
        if request.method != "POST":
            return self.undo_page(request, batch, batches.obstacles(batch, request.user))
        reason, reason_en = self.reasons(request)
        if not reason:
            return self.undo_page(request, batch, [], fault=_("取り消す理由を書いてください。"))
        try:
            batches.undo(batch, request.user, token=self.token(request), reason=reason, reason_en=reason_en)
        except Obstructed as obstructed:
            return self.undo_page(request, batch, obstructed.reasons, status=409)
        except AlreadyDone:
            messages.info(request, _("この取込は、すでに取り消しました。二度は取り消していません。"))
        else:
            messages.success(request, _("取込を取り消しました。"))
        return HttpResponseRedirect(self.address(batch))

    def undo_page(
        self, request: HttpRequest, batch: Any, reasons: Collection[str], *, fault: str = "", status: int = 200
    ) -> HttpResponse:
        rows = undone(net(batch.change.rows.order_by("pk")))
        counts = Counter((row.model, RowChange(row.kind)) for row in rows)
        return self.render(
            request,
            "batch_undo.html",
            status,
            title=_("取込の取り消し"),
            batch=batch,
            reasons=reasons,
            fault=fault,
            counts=[
                Count(kind_of_data(label), SORTS[verb], str(verb.label), number)
                for (label, verb), number in sorted(counts.items())
            ],
            change_token=request.POST.get("change_token") or uuid.uuid4(),
            change_reason=request.POST.get("change_reason", ""),
            change_reason_en=request.POST.get("change_reason_en", ""),
        )
