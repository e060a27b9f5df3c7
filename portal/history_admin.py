"""The history in the admin: all changes, one change field by field, what happened to an object; taking a change back.

Who may change every row that a change wrote may take it back; each row is asked of the admin on whose page it stands.
"""

from __future__ import annotations

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import models
from django.forms.models import _get_foreign_key  # as Django's own inlines find theirs
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.admin import GuardedAdmin, ModelAdmin, seen_then
from portal.history import (
    IRREVERSIBLE,
    ORDER,
    Effects,
    FieldChange,
    Key,
    Obstructed,
    RowInWords,
    Words,
    fetched,
    instance_of,
    joins,
    model_of,
    net,
    obstacles,
    revert,
    tie,
    written_since,
)
from portal.journal import AlreadyDone, journaled
from portal.models import ACCOUNTS, Change, ChangedRow, ChangeKind, RowChange
from portal.revision import watched_tables

PER_PAGE = 50
UNFOLDED = 6  # from more rows than this the fields of those that came or went are closed
PAST = "past"  # in the place of a kind: what was written past the portal


def of_accounts() -> set[str]:
    """The journaled models that say who may do what: not everybody may read of these, and only superusers undo."""
    public = watched_tables()
    return {label for table, (label, _columns) in journaled().items() if table not in public}


def may_see_accounts(request: HttpRequest) -> bool:
    return request.user.has_perm("auth.view_user")


# On whose page a row stands


@dataclass(frozen=True)
class Tie:
    """How the rows of an inline hang on the object of its page."""

    admin: Any
    label: str
    key: Any  # the foreign key

    @property
    def column(self) -> str:
        return str(self.key.column)


class Pages:
    """On whose page of the admin each journaled row stands: its own, that of what it is an inline of or joins."""

    def __init__(self, site: admin.AdminSite, request: HttpRequest) -> None:
        self.request = request
        self.admins = {model._meta.label_lower: each for model, each in site._registry.items()}
        self.joins = joins()
        self.ties: dict[str, list[Tie]] = defaultdict(list)
        for each in site._registry.values():
            for inline in each.get_inlines(request, None):
                if not issubclass(inline, InlineModelAdmin) or not hasattr(inline.model, "_meta"):
                    continue
                key = _get_foreign_key(each.model, inline.model, fk_name=inline.fk_name)
                self.ties[inline.model._meta.label_lower].append(Tie(each, inline.model._meta.label_lower, key))

    def under(self, label: str) -> list[tuple[str, str]]:
        """What hangs on rows of a model: labels, each with the column that says on which."""
        model = model_of(label)
        joined = [(through, key.m2m_column_name()) for through, key in self.joins.items() if key.model is model]
        inlines = [each for ties in self.ties.values() for each in ties if each.admin.model is model]
        return [*joined, *((each.label, each.column) for each in inlines)]

    def beside(self, row: ChangedRow) -> Any:
        """Under what the row has its place among others of its kind, by primary key."""
        columns = ["parent_id", *(each.column for each in self.ties.get(row.model, ()))]
        values = row.after or {}
        return next((values[name] for name in columns if name in values), None)

    def owner(self, instance: models.Model) -> tuple[Any, Any] | None:
        """The admin that answers for a row and the object of its page; None where there is none."""
        label = instance._meta.label_lower
        if label in self.admins:
            return self.admins[label], instance
        if (joined := self.joins.get(label)) is not None:
            own = self.admins.get(joined.model._meta.label_lower)
            return (own, _reached(instance, joined.m2m_field_name())) if own is not None else None
        for tie_ in self.ties.get(label, ()):
            if (owner := _reached(instance, tie_.key.name)) is not None:
                return tie_.admin, owner
        return None

    def address(self, instance: models.Model) -> str:
        """The page where the user may see the row; empty where there is none."""
        found = self.owner(instance)
        if found is None or found[1] is None or not found[0].has_view_permission(self.request):
            return ""
        opts = found[1]._meta
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[found[1].pk])


def _reached(instance: models.Model, name: str) -> Any:
    """What a reference leads to, where that was found."""
    reference: Any = instance._meta.get_field(name)
    return getattr(instance, name) if reference.is_cached(instance) else None


class Concerned:
    """The objects that a change wrote, as they are, or were where they are gone: who may change them, who sees them."""

    def __init__(self, pages: Pages, effects: Effects) -> None:
        self.pages, self.effects = pages, effects
        self.objects = fetched(effects)
        for key, effect in effects.items():
            if key not in self.objects:
                self.objects[key] = instance_of(*key, effect.before or effect.after or {})
        tie(self.objects.values())
        self.owners = {key: pages.owner(instance) for key, instance in self.objects.items()}

    def may_be_undone(self) -> bool:
        """Whether the user may write every row of them back.

        What their admins let nobody do, such as unpublishing by this way, administrators may not do either.
        """
        user: Any = self.pages.request.user
        accounts = of_accounts()
        return all(user.is_superuser if key[0] in accounts else self._may_be_undone(key) for key in self.effects)

    def _may_be_undone(self, key: Key) -> bool:
        request, effect, found = self.pages.request, self.effects[key], self.owners[key]
        if found is None or found[1] is None:  # what it stood on is gone: `obstacles` says so
            return bool(request.user.is_superuser)
        own, owner = found
        action = "delete" if effect.before is None else "add" if effect.after is None else "change"
        if owner is not self.objects[key]:
            opts = self.objects[key]._meta
            is_joined = key[0] in self.pages.joins
            may_write: Any = is_joined or request.user.has_perm(f"{opts.app_label}.{action}_{opts.model_name}")
            return bool(may_write and own.has_change_permission(request, owner))
        if action == "delete":
            may_remove = own.has_removal_permission if isinstance(own, GuardedAdmin) else own.has_delete_permission
            return bool(may_remove(request, owner))
        if action == "add" and not own.has_add_permission(request):
            return False
        if isinstance(own, GuardedAdmin):
            columns = set(effect.differing) if effect.after is not None else set()
            return own.has_restore_permission(request, owner, columns)
        return bool(own.has_change_permission(request, owner))

    def is_public(self) -> bool:
        """Whether readers can see one of them."""
        return any(own.are_public(objs) for own, objs in self._by_admin())

    def needs_reason(self) -> bool:
        return any(own.needs_reason(self.pages.request, obj) for own, objs in self._by_admin() for obj in objs)

    def _by_admin(self) -> Iterator[tuple[GuardedAdmin, list[Any]]]:
        found: dict[GuardedAdmin, dict[Any, Any]] = defaultdict(dict)
        for own, owner in filter(None, self.owners.values()):
            if owner is not None and isinstance(own, GuardedAdmin):
                found[own][owner.pk] = owner
        return ((own, list(objs.values())) for own, objs in found.items())


# Rows as a page shows them


@dataclass(frozen=True)
class Shown:
    """A row that was written; or several of which only the order among their siblings was, as one."""

    sort: str  # add, change, delete, order
    verb: str
    kind: str
    name: str
    fields: Sequence[FieldChange] = ()
    address: str = ""
    history: str = ""
    names: Sequence[str] = ()
    at: Any = None


SORTS = {RowChange.ADDED: "add", RowChange.CHANGED: "change", RowChange.DELETED: "delete"}


def shown(rows: Iterable[ChangedRow], pages: Pages, words: Words | None = None) -> list[Shown]:
    """Rows in words, those of which only the order changed folded by kind and parent; one alone stands as it is.

    `words` know these rows, perhaps among others.
    """
    held = list(rows)
    words = words or Words(held)
    found: list[Shown] = []
    moved: dict[tuple[str, Any], list[RowInWords]] = defaultdict(list)
    for row in held:
        each = words.of(row)
        if len(held) > 1 and row.kind == RowChange.CHANGED and row.differing == [ORDER]:
            moved[row.model, pages.beside(row)].append(each)
        else:
            found.append(_shown(each, pages))
    for alike in moved.values():
        names = [each.name for each in sorted(alike, key=lambda each: (each.row.after or {})[ORDER])]
        found.append(Shown("order", _("並べ替え"), alike[0].kind, "", names=names, at=alike[0].row.at))
    return found


def _shown(each: RowInWords, pages: Pages) -> Shown:
    row = each.row
    is_gone = row.model not in pages.joins and each.instance is None
    address = pages.address(each.instance) if each.instance is not None else ""
    label, pk = row.model, row.object_id
    history = reverse("admin:portal_change_of", args=[label, pk]) if is_gone or address else ""
    verb = str(RowChange(row.kind).label)
    return Shown(SORTS[RowChange(row.kind)], verb, each.kind, each.name, each.fields, address, history, at=row.at)


@dataclass(frozen=True)
class Count:
    """How many rows of a kind of data were added, changed or deleted."""

    kind: str
    sort: str
    verb: str
    number: int


def counted(rows: models.QuerySet[ChangedRow]) -> dict[int | None, list[Count]]:
    """What changes wrote, by kinds of data, in one query."""
    found: dict[int | None, list[Count]] = defaultdict(list)
    grouped = rows.order_by().values("change", "model", "kind").annotate(number=models.Count("pk"))
    for row in grouped.order_by("change", "model", "kind"):
        verb = RowChange(row["kind"])
        found[row["change"]].append(Count(kind_of_data(row["model"]), SORTS[verb], str(verb.label), row["number"]))
    return found


def kind_of_data(label: str) -> str:
    """A model in words; of a table that only joins two others: whose field it is."""
    if (joined := joins().get(label)) is not None:
        return f"{joined.model._meta.verbose_name}・{joined.verbose_name}"
    return capfirst(str(model_of(label)._meta.verbose_name))


# Filters


class Filters(forms.Form):
    """What of the history is listed."""

    q = forms.CharField(
        label=gettext_lazy("語句"), required=False, max_length=100, help_text=gettext_lazy("対象と理由から探します。")
    )
    kind = forms.ChoiceField(label=gettext_lazy("操作"), required=False)
    user = forms.ChoiceField(label=gettext_lazy("利用者"), required=False)
    model = forms.ChoiceField(label=gettext_lazy("データの種類"), required=False)
    start = forms.DateField(
        label=gettext_lazy("この日から"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    end = forms.DateField(
        label=gettext_lazy("この日まで"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    public = forms.ChoiceField(label=gettext_lazy("読む人に"), required=False)

    def __init__(self, data: Any, *, accounts: bool) -> None:
        super().__init__(data)
        kinds = [(kind.value, kind.label) for kind in ChangeKind if accounts or kind not in ACCOUNTS]
        users = Change.objects.order_by("user_name").values_list("user_name", flat=True).distinct()
        hidden = set() if accounts else of_accounts()
        joined = joins()
        labels = [label for label, _columns in journaled().values() if label not in hidden and label not in joined]
        choices: dict[str, list[tuple[str, Any]]] = {
            "kind": [*kinds, (PAST, _("記録のない経路での変更"))],
            "user": [(name, name) for name in users if name],
            "model": [(label, kind_of_data(label)) for label in labels],
            "public": [("1", _("示す変更")), ("0", _("示さない変更"))],
        }
        for name, values in choices.items():
            chosen: Any = self.fields[name]
            chosen.choices = [("", _("すべて")), *values]

    def days(self) -> Iterator[tuple[str, datetime.datetime]]:
        """The bounds in time, as look-ups: whole days in Japan."""
        if start := self.cleaned_data.get("start"):
            yield "at__gte", timezone.make_aware(datetime.datetime.combine(start, datetime.time.min))
        if end := self.cleaned_data.get("end"):
            after = datetime.datetime.combine(end + datetime.timedelta(days=1), datetime.time.min)
            yield "at__lt", timezone.make_aware(after)

    def changes(self) -> models.QuerySet[Change]:
        found = Change.objects.select_related("user")
        if not self.is_valid():
            return found
        data = self.cleaned_data
        if data["q"]:
            names = ("about", "about_en", "reason", "reason_en")
            said = models.Q()
            for name in names:
                said |= models.Q(**{f"{name}__icontains": data["q"]})
            found = found.filter(said)
        if data["kind"]:
            found = found.filter(kind=data["kind"])
        if data["user"]:
            found = found.filter(user_name=data["user"])
        if data["public"]:
            found = found.filter(is_public=data["public"] == "1")
        if data["model"]:
            written = ChangedRow.objects.filter(change=models.OuterRef("pk"), model=data["model"])
            found = found.filter(models.Exists(written))
        return found.filter(**dict(self.days()))

    def past(self) -> models.QuerySet[ChangedRow]:
        """What was written past the portal; who did it and why is not known."""
        found = ChangedRow.objects.filter(change=None).order_by("-pk")
        if self.cleaned_data["model"]:
            found = found.filter(model=self.cleaned_data["model"])
        return found.filter(**dict(self.days()))


@dataclass
class Listed:
    """A change in the list, or in the history of an object with its rows."""

    change: Change | None
    counts: list[Count] = field(default_factory=list)
    rows: list[Shown] = field(default_factory=list)
    at: Any = None


def by_change(rows: Iterable[ChangedRow], pages: Pages, words: Words | None = None) -> list[Listed]:
    """Rows of the journal with who wrote them when and why, in words. Both they and the list begin with the latest."""
    held = list(rows)
    words = words or Words(held)
    found = []
    for _change, alike in groupby(held, key=lambda row: row.change_id or -row.pk):
        written = list(alike)
        found.append(Listed(written[0].change, rows=shown(reversed(written), pages, words), at=written[0].at))
    return found


@dataclass(frozen=True)
class Since:
    """What was written since a page was made: the latest changes, and how many rows more there are than are shown."""

    changes: list[Listed]
    more: int


STALE = gettext_lazy(
    "この画面を開いたあとに、内容が変更されました。まだ何もしていません。次の変更を確かめ、よければもう一度押してください。"
)


def since(site: admin.AdminSite, request: HttpRequest, owner: models.Model) -> Since | None:
    """What was written to a row and to all that belongs to it since the page was made whose form was sent."""
    rows = written_since(owner, seen_then(request))[::-1]
    if not rows:
        return None
    return Since(by_change(rows[:PER_PAGE], Pages(site, request)), max(0, len(rows) - PER_PAGE))


def page_of(request: HttpRequest, found: models.QuerySet[Any], size: int = PER_PAGE) -> Page[Any]:
    return Paginator(found, size).get_page(request.GET.get("p"))


@admin.register(Change)
class ChangeAdmin(ModelAdmin):
    """変更履歴. Nothing is added, changed or deleted here; a change is taken back by making another."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> Any:
        def own(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("", own(self.changelist_view), name="portal_change_changelist"),
            path("<int:pk>/change/", own(self.page), name="portal_change_change"),
            path("<int:pk>/revert/", own(self.revert_view), name="portal_change_revert"),
            path("of/<str:label>/<int:pk>/", own(self.object_view), name="portal_change_of"),
        ]

    def render(self, request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"portal/admin/{template}", shared | context, status=status)

    def visible(self, request: HttpRequest) -> models.QuerySet[Change]:
        """The changes that the user may read of."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return Change.objects.all() if may_see_accounts(request) else Change.objects.exclude(kind__in=ACCOUNTS)

    def rows_of(self, request: HttpRequest, rows: models.QuerySet[ChangedRow]) -> models.QuerySet[ChangedRow]:
        return rows if may_see_accounts(request) else rows.exclude(model__in=of_accounts())

    # The list

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        visible = self.visible(request)
        form = Filters(request.GET or None, accounts=may_see_accounts(request))
        context: dict[str, Any] = {
            "title": _("変更履歴"),
            "form": form,
            "is_filtered": bool(request.GET.keys() - {"p"}),
        }
        if form.is_bound and form.is_valid() and form.cleaned_data["kind"] == PAST:
            page = page_of(request, self.rows_of(request, form.past()))
            listed = shown(page.object_list, Pages(self.admin_site, request))
            return self.render(request, "history_list.html", **context, page=page, rows=listed, listed=None)
        page = page_of(request, form.changes() & visible)
        rows = self.rows_of(request, ChangedRow.objects.filter(change__in=[change.pk for change in page]))
        counts = counted(rows)
        found = [Listed(change, counts.get(change.pk, []), at=change.at) for change in page]
        return self.render(request, "history_list.html", **context, page=page, rows=None, listed=found)

    # One change

    def found(self, request: HttpRequest, pk: int) -> Change:
        change = self.visible(request).select_related("user", "reverts").filter(pk=pk).first()
        if change is None:
            raise Http404
        return change

    def page(self, request: HttpRequest, pk: int) -> HttpResponse:
        change = self.found(request, pk)
        rows = self.rows_of(request, change.rows.order_by("pk"))
        page, pages = page_of(request, rows), Pages(self.admin_site, request)
        is_undoable = change.kind not in IRREVERSIBLE and self.may_undo(request, pages, change)
        return self.render(
            request,
            "change_detail.html",
            title=str(change),
            change=change,
            counts=counted(rows).get(change.pk, []),
            page=page,
            rows=shown(page.object_list, pages),
            is_long=page.paginator.count > UNFOLDED,
            reverted_by=list(change.reverted_by.order_by("pk")),
            is_undoable=is_undoable,
        )

    def may_undo(self, request: HttpRequest, pages: Pages, change: Change) -> bool:
        effects = net(change.rows.order_by("pk"))
        return bool(effects) and Concerned(pages, effects).may_be_undone()

    # What happened to an object

    def object_view(self, request: HttpRequest, label: str, pk: int) -> HttpResponse:
        """The history of a row, existing or not, with that of what hangs on it."""
        if label not in {each for each, _columns in journaled().values()}:
            raise Http404
        pages = Pages(self.admin_site, request)
        own = pages.admins.get(label)
        may_see = own.has_view_permission(request) if own is not None else self.has_view_permission(request)
        if not may_see or (label in of_accounts() and not may_see_accounts(request)):
            raise PermissionDenied
        about = models.Q(model=label, object_id=pk)
        for under, column in pages.under(label):
            about |= models.Q(model=under) & (
                models.Q(**{f"before__{column}": pk}) | models.Q(**{f"after__{column}": pk})
            )
        rows = ChangedRow.objects.filter(about).select_related("change__user").order_by("-pk")
        page = page_of(request, rows)
        words = Words([*page, ChangedRow(model=label, object_id=pk)])
        listed = by_change(page, pages, words)
        instance = words.now.get((label, pk))
        return self.render(
            request,
            "history.html",
            title=_("%(kind)s「%(name)s」の履歴") % {"kind": kind_of_data(label), "name": words.name(label, pk)},
            page=page,
            listed=listed,
            address=pages.address(instance) if instance is not None else "",
            is_gone=instance is None and bool(listed),
        )

    # Taking back

    def revert_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        change, pages = self.found(request, pk), Pages(self.admin_site, request)
        effects = net(change.rows.order_by("pk"))
        concerned = Concerned(pages, effects)
        if not concerned.may_be_undone():
            raise PermissionDenied
        is_public = change.is_public or concerned.is_public()
        if request.method != "POST":
            return self.confirmation(
                request, change, concerned, is_public=is_public, reasons=obstacles(effects, change)
            )
        reason, reason_en = (request.POST.get(name, "").strip() for name in ("change_reason", "change_reason_en"))
        if concerned.needs_reason() and not reason:
            unexplained = _("公開されている内容の変更です。読む人に示す「変更の理由」を書いてください。")
            return self.confirmation(request, change, concerned, is_public=is_public, reasons=[], fault=unexplained)
        try:
            token = uuid.UUID(request.POST.get("change_token", ""))
        except ValueError:
            token = None

        def ask(made: Change, now: Effects) -> None:
            asked = Concerned(pages, now)
            if not asked.may_be_undone():
                raise PermissionDenied
            made.is_public = change.is_public or asked.is_public()
            made.save()

        try:
            made = revert(change, ask=ask, user=request.user, token=token, reason=reason, reason_en=reason_en)
        except Obstructed as obstructed:
            reasons = obstructed.reasons
            return self.confirmation(request, change, concerned, is_public=is_public, reasons=reasons, status=409)
        except AlreadyDone as done:
            made = done.change
            messages.info(request, _("この変更は、すでに取り消しました。二度は取り消していません。"))
        else:
            messages.success(request, _("変更を取り消しました。"))
        return HttpResponseRedirect(reverse("admin:portal_change_change", args=[made.pk]))

    def confirmation(
        self,
        request: HttpRequest,
        change: Change,
        concerned: Concerned,
        *,
        is_public: bool,
        reasons: list[str],
        fault: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """What would be restored, field by field; or why that cannot be."""
        rows = undone(concerned.effects)
        counts = Counter((row.model, row.kind) for row in rows)
        verbs = {key: RowChange(key[1]) for key in counts}
        return self.render(
            request,
            "revert.html",
            status,
            title=_("変更の取り消し"),
            change=change,
            reasons=reasons,
            fault=fault,
            is_public=is_public,
            counts=[
                Count(kind_of_data(key[0]), SORTS[verbs[key]], str(verbs[key].label), number)
                for key, number in sorted(counts.items())
            ],
            rows=shown(rows[:PER_PAGE], concerned.pages),
            is_long=len(rows) > UNFOLDED,
            more=max(0, len(rows) - PER_PAGE),
            needs_reason=concerned.needs_reason(),
            change_token=request.POST.get("change_token") or uuid.uuid4(),
            change_reason=request.POST.get("change_reason", ""),
            change_reason_en=request.POST.get("change_reason_en", ""),
        )


def undone(effects: Effects) -> list[ChangedRow]:
    """The rows that taking a change back would write, as the journal would note them."""
    return [
        ChangedRow(
            model=label,
            object_id=pk,
            kind="-" if effect.before is None else "+" if effect.after is None else "~",
            before=effect.after,
            after=effect.before,
        )
        for (label, pk), effect in effects.items()
    ]
