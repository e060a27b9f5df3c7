"""A whole tree on one page, where editors move its rows: by buttons, by keyboard, by mouse."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path, reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import journal
from portal.admin import GuardedAdmin, seen_then
from portal.models import ChangedRow, ChangeKind
from portal.tree import InvalidTree

DEEPEST = 12  # how many levels the style sheet indents; what lies deeper stands as far in
POSITIONS = {
    "last-child": gettext_lazy("この下の最後"),
    "first-child": gettext_lazy("この下の最初"),
    "left": gettext_lazy("この前（同じ段）"),
    "right": gettext_lazy("この後（同じ段）"),
}


class Unmovable(Exception):
    """A move that is not made, with the reason in words. Nothing was written."""


@dataclass(frozen=True)
class TreeRow:
    """A row as the page lists it."""

    pk: int
    level: int
    name: str
    kind: str
    detail: str
    address: str
    is_chosen: bool

    @property
    def number(self) -> int:
        """The level as people count."""
        return self.level + 1

    @property
    def indent(self) -> int:
        return min(self.level, DEEPEST)

    @property
    def option(self) -> str:
        """Its name among the targets; full-width spaces, which are kept there, tell the level."""
        return "　" * self.indent + (f"{self.name}（{self.detail}）" if self.detail else self.name)


class TreeAdmin(GuardedAdmin):
    """The admin of an `OrderedTree` with a page for each owner's tree, at `<model>/tree/<owner>/`.

    Each move is one change of the journal. Who may not change the rows sees the tree without tools.
    """

    tree_template = "portal/admin/tree.html"

    # What a subclass says of its rows.

    def tree_rows(self, owner: models.Model) -> models.QuerySet[Any]:
        """The rows of one owner in tree order, with what `str()` and the two methods below need of them."""
        return self.model._default_manager.filter(**{self.model.tree_owner: owner}).order_by("lft")

    def tree_kind(self, row: Any) -> str:
        return ""

    def tree_detail(self, row: Any) -> str:
        """What tells a row from others of its name: a code, a number."""
        return ""

    # The page

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view(self.tree_view)
        return [path("tree/<int:owner>/", view, name=self._named("tree")), *super().get_urls()]

    def _named(self, view: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{view}"

    def tree_view(self, request: HttpRequest, owner: int) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        owners: Any = self.model._meta.get_field(self.model.tree_owner).related_model
        found = owners._default_manager.filter(pk=owner).first()
        if found is None:
            return self._get_obj_does_not_exist_redirect(request, owners._meta, str(owner))  # type: ignore[attr-defined]
        if request.method != "POST":
            return self.tree_page(request, found)
        try:
            with self.recorded(request, ChangeKind.MOVE) as change:
                row = self.row_to_move(request, found)
                told = self.move(request, row)
                self.describe(change, row, is_public=self.is_public(row))
        except (InvalidTree, Unmovable) as refused:
            messages.error(request, str(refused))
            return self.tree_page(request, found)
        except journal.AlreadyDone:
            return self.done_before(request)
        messages.success(request, told)
        return HttpResponseRedirect(f"{request.path}?row={row.pk}#row-{row.pk}")

    def tree_page(self, request: HttpRequest, owner: Any) -> HttpResponse:
        seen = journal.seen()  # before the rows are read
        chosen = request.POST.get("row") or request.GET.get("row")
        listed = reverse(f"admin:{self._named('changelist')}")
        rows = [
            TreeRow(
                row.pk,
                row.level,
                str(row),
                self.tree_kind(row),
                self.tree_detail(row),
                f"{listed}{row.pk}/change/",  # reverse() for each would take longer than all the rest
                str(row.pk) == chosen,
            )
            for row in self.tree_rows(owner)
        ]
        example = self.model(**{self.model.tree_owner: owner})
        may_move = self.has_change_permission(request, example)
        # Django's own select box that can be searched, as everywhere else in the admin.
        chooser = AutocompleteSelect(self.model._meta.get_field("parent"), self.admin_site)
        own = forms.Media(js=["portal/admin/labels.js", "portal/admin/tree.js"])
        context = {
            **self.admin_site.each_context(request),
            "title": _("%(owner)s：階層") % {"owner": owner},
            "opts": self.opts,
            "owner": owner,
            "owner_address": self._address_of(owner),
            "list_address": f"{listed}?{self.model.tree_owner}__id__exact={owner.pk}",
            "add_address": f"{listed}add/?{self.model.tree_owner}={owner.pk}",
            "rows": rows,
            "positions": POSITIONS,
            "may_move": may_move,
            "may_add": may_move and self.has_add_permission(request),
            "needs_reason": self.needs_reason(request, example),
            "change_seen": seen,
            "change_token": request.POST.get("change_token") or uuid.uuid4(),
            "change_reason": request.POST.get("change_reason", ""),
            "change_reason_en": request.POST.get("change_reason_en", ""),
            "media": self.media + chooser.media + own if may_move else self.media + own,
        }
        return TemplateResponse(request, self.tree_template, context)

    def _address_of(self, owner: Any) -> str:
        """The owner's own page in the admin, if it has one."""
        try:
            return reverse(f"admin:{owner._meta.app_label}_{owner._meta.model_name}_change", args=[owner.pk])
        except NoReverseMatch:
            return ""

    # A move. All of it happens while the revision is held.

    def row_to_move(self, request: HttpRequest, owner: Any) -> Any:
        """The chosen row of the owner's tree. Raises `Unmovable`, and `PermissionDenied` as a form would."""
        pk = _number(request.POST.get("row"))
        if pk is None:
            raise Unmovable(_("動かすものを選んでください。"))
        row = self.model._default_manager.filter(pk=pk).first()
        if row is None:
            deleted = ChangedRow.objects.filter(model=self.opts.label_lower, object_id=pk, kind="-").last()
            if deleted is None:
                raise Unmovable(_("選んだものが見つかりません。"))
            raise Unmovable(_("選んだものは、削除されています（%(who)s）。") % {"who": _who(deleted)})
        if row.owner_id != owner.pk:
            raise Unmovable(_("「%(name)s」は、この階層のものではありません。") % {"name": row})
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if self.needs_reason(request, row) and not request.POST.get("change_reason", "").strip():
            raise Unmovable(_("公開されている内容の変更です。読む人に示す「変更の理由」を書いてください。"))
        self.refuse_if_moved(request, row)
        return row

    def refuse_if_moved(self, request: HttpRequest, row: Any) -> None:
        """Someone else put the row under another parent since the page was shown. Order among siblings is no matter."""
        column = str(self.model._meta.get_field("parent").column)
        since = ChangedRow.objects.filter(
            pk__gt=seen_then(request),
            model=self.opts.label_lower,
            object_id=row.pk,
            kind="~",
        )
        moves = [each for each in since.select_related("change").order_by("pk") if column in each.differing]
        if not moves or (moves[0].before or {})[column] == (moves[-1].after or {})[column]:
            return
        said = {"name": row, "parent": row.parent, "who": _who(moves[-1])}
        if row.parent is None:
            found = _("この画面を開いたあとに、「%(name)s」は最上位へ移されています（%(who)s）。")
        else:
            found = _("この画面を開いたあとに、「%(name)s」は「%(parent)s」の下へ移されています（%(who)s）。")
        raise Unmovable(found % said + _("何も動かしていません。必要なら、もう一度動かしてください。"))

    def move(self, request: HttpRequest, row: Any) -> str:
        """Move the row as the form says; what was done, in words. Raises `Unmovable` and `InvalidTree`."""
        siblings = self._siblings(row)
        place, before = siblings.index(row), row.parent
        match request.POST.get("move"):
            case "up" if place > 0:
                target, position = siblings[place - 1], "left"
            case "up":
                raise Unmovable(_("「%(name)s」は、同じ段の一番上にあります。") % {"name": row})
            case "down" if place + 1 < len(siblings):
                target, position = siblings[place + 1], "right"
            case "down":
                raise Unmovable(_("「%(name)s」は、同じ段の一番下にあります。") % {"name": row})
            case "out" if before is not None:
                target, position = before, "right"
            case "out":
                raise Unmovable(_("「%(name)s」は、最上位にあります。") % {"name": row})
            case "in" if place > 0:
                target, position = siblings[place - 1], "last-child"
            case "in":
                raise Unmovable(_("「%(name)s」の上に同じ段のものがないので、内へは移せません。") % {"name": row})
            case "to":
                target, position = self._target(request), request.POST.get("position", "last-child")
            case _:
                raise Unmovable(_("動かし方を選んでください。"))
        self.model._default_manager.move_node(row, target, position)
        if row.parent == before and self._siblings(row).index(row) == place:
            raise Unmovable(_("「%(name)s」は、すでにその位置にあります。") % {"name": row})
        said = {"name": row, "parent": row.parent, "place": row.sort_order}
        if row.parent is None:
            return _("「%(name)s」を、最上位の %(place)s 番目に移しました。") % said
        return _("「%(name)s」を、「%(parent)s」の下の %(place)s 番目に移しました。") % said

    def _siblings(self, row: Any) -> list[Any]:
        rows = self.model._default_manager.filter(**{row.tree_owner: row.owner_id}, parent=row.parent)
        return list(rows.order_by("sort_order", "pk"))

    def _target(self, request: HttpRequest) -> Any:
        target = self.model._default_manager.filter(pk=_number(request.POST.get("target"))).first()
        if target is None:
            raise Unmovable(_("移動先を選んでください。"))
        if request.POST.get("position", "last-child") not in POSITIONS:
            raise Unmovable(_("動かし方を選んでください。"))
        return target


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def _who(row: ChangedRow) -> str:
    """Who wrote a row and when."""
    who = row.change.user_name if row.change is not None else ""
    return "、".join(filter(None, [who, date_format(row.at, "DATETIME_FORMAT")]))
