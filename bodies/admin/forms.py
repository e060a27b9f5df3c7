"""The form for a body in one structure, and the rows of its roles, members, notes and relations."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bodies.admin.choosing import ManyField, know
from bodies.models import Body, Link, Placement
from portal.models import ChangedRow, code_validator

LONGEST = 2000  # rows of an inline that are looked at


class PlacementForm(forms.ModelForm):  # type: ignore[type-arg]  # see `Guarded` in portal.admin
    """The place of a body with, beside it, what belongs to the body itself: its code and its successors."""

    # Set for each request by the admin.
    request: Any
    structure: Any
    may_change_successors: bool
    successors_widget: Any

    new_code = forms.CharField(
        label=gettext_lazy("新しい機関のコード"),
        required=False,
        max_length=60,
        validators=[code_validator],
        help_text=gettext_lazy(
            "まだない機関を置くときに、その機関を指す符号を決めます（例：new-council）。アドレスにも使い、後で変えられません。"
        ),
    )
    successors = ManyField(
        label=gettext_lazy("後継"),
        queryset=Body.objects.none(),
        required=False,
        show_hidden_initial=True,
        help_text=gettext_lazy("廃止・統合・改組の後を継いだ機関。どの体制にも共通です。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        if is_new:
            self.instance.structure = self.structure
        if "body" in self.fields:
            self.fields["body"].required = False
        know(self)
        if not self.may_change_successors:
            self.fields.pop("successors", None)
            return
        field: Any = self.fields["successors"]
        field.widget = self.successors_widget
        field.queryset = self.successors_widget.lookup.rows(self.structure)
        if not is_new:
            standing = list(field.queryset.filter(predecessors=self.instance.body_id))
            self.initial["successors"] = [each.pk for each in standing]
            field.widget.known = {str(each.pk): field.label_from_instance(each) for each in standing}

    def clean(self) -> Any:
        data: Any = super().clean() or self.cleaned_data
        if self.instance.pk is None:
            self._clean_body(data)
        parent, place = data.get("parent"), self.instance
        if parent is not None and place.pk is not None and place.lft <= parent.lft and parent.rght <= place.rght:
            self.add_error("parent", _("自分自身や自分の下位を上位にすることはできません。"))
        if self.instance.body_id in {each.pk for each in data.get("successors", ())}:
            self.add_error("successors", _("自分自身を後継にすることはできません。"))
        return data

    def _clean_body(self, data: Any) -> None:
        """A body that there is, or the code of a new one."""
        body, code = data.get("body"), data.get("new_code")
        if self.has_error("body") or self.has_error("new_code"):
            return
        if bool(body) == bool(code):
            self.add_error("body", _("既にある機関を選ぶか、新しい機関のコードを入力してください（どちらか一方）。"))
        elif code and not self.request.user.has_perm("bodies.add_body"):
            self.add_error("new_code", _("新しい機関を作る権限がありません。"))
        elif code and Body.objects.filter(code=code).exists():
            self.add_error("new_code", _("このコードの機関は、すでにあります。「機関」の欄で選んでください。"))
        elif body and Placement.objects.filter(structure=self.structure, body=body).exists():
            self.add_error("body", _("この機関は、この体制にすでに置かれています。"))

    def save_successors(self) -> None:
        """What the editor added and took away since the form was opened; what others did meanwhile stands."""
        if "successors" not in self.cleaned_data:
            return
        field: Any = self.fields["successors"]
        opened = field.hidden_widget().value_from_datadict(self.data, self.files, self.add_initial_prefix("successors"))
        before = {int(pk) for pk in opened or () if pk.isascii() and pk.isdigit()}
        after = {each.pk for each in self.cleaned_data["successors"]}
        self.instance.body.successors.add(*(after - before))
        self.instance.body.successors.remove(*(before - after))


class RowForm(forms.ModelForm):  # type: ignore[type-arg]  # see above
    """A row of an inline. Its code, once given, stays; without one it gets the next that is free."""

    lost: ChangedRow | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        know(self)
        for field in self.fields.values():  # what stands in every row need not be explained in each
            field.help_text = ""
        if "sort_order" in self.fields:
            self.fields["sort_order"].required = False
            if is_new:
                self.initial["sort_order"] = None
        if "code" in self.fields:
            self.fields["code"].required = False
            if not is_new:
                self.fields["code"].widget.attrs["readonly"] = True

    def clean_code(self) -> str:
        return self.instance.code if self.instance.pk is not None else self.cleaned_data["code"]

    def clean(self) -> Any:
        data = super().clean()
        if self.lost is not None:
            who = self.lost.change.user_name if self.lost.change is not None else ""
            raise ValidationError(
                _(
                    "この行は、画面を開いたあとに削除されました（%(who)s）。まだ何も保存していません。残すなら、もう一度保存"
                    "してください。新しい行として加わります。残さないなら、この行を取り除いてから保存してください。"
                )
                % {"who": who or _("利用者は不明")}
            )
        return data


class LinkForm(RowForm):
    def _post_clean(self) -> None:
        """Without its other end a relation cannot be looked at any further."""
        if not {"from_placement", "to_placement"} & set(self.errors):
            super()._post_clean()  # type: ignore[misc]  # not in its stubs


class Rows(BaseInlineFormSet):  # type: ignore[type-arg]  # see above
    """Rows as they were posted, in any order. What someone else deleted meanwhile is a new row, after a word of it."""

    model: Any

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.lost: dict[int, int] = {}  # place among the forms: primary key that was
        if data is not None:
            self._arrange()

    def _arrange(self) -> None:
        """Put the rows that exist first, as Django needs them, and turn those that are gone into new ones."""
        total, prefix = f"{self.prefix}-TOTAL_FORMS", f"{self.prefix}-INITIAL_FORMS"
        posted: Any = self.data
        counted = posted.get(total, "")
        if not (counted.isascii() and counted.isdigit()) or int(counted[:6]) > LONGEST:
            return  # Django says what is wrong
        standing = {str(row.pk): row for row in self.get_queryset()}
        existing: list[tuple[int, str]] = []
        new: list[tuple[int, str]] = []
        for place in range(int(counted)):
            pk = posted.get(f"{self.prefix}-{place}-id", "")
            if pk in standing and pk not in [each for _place, each in existing]:
                existing.append((place, pk))
            elif not (pk and posted.get(f"{self.prefix}-{place}-DELETE")):  # else it is gone, as it should be
                new.append((place, pk))
        moved = {old: place for place, (old, _pk) in enumerate([*existing, *new])}
        own = re.compile(rf"{re.escape(str(self.prefix))}-(\d{{1,6}})-(.+)")
        data = posted.copy()
        for name in posted:
            if own.fullmatch(name):
                del data[name]
        for name, values in posted.lists():
            if (match := own.fullmatch(name)) and int(match[1]) in moved:
                data.setlist(f"{self.prefix}-{moved[int(match[1])]}-{match[2]}", values)
        for old, pk in new:
            if pk.isascii() and pk.isdigit():
                self.lost[moved[old]] = int(pk[:18])
            data[f"{self.prefix}-{moved[old]}-id"] = ""
        data[total], data[prefix] = str(len(moved)), str(len(existing))
        self.data = data
        self._queryset = [standing[pk] for _place, pk in existing]  # beside which Django's admin sets the forms

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]  # not in its stubs
        if i in self.lost:
            deleted = ChangedRow.objects.filter(
                model=self.model._meta.label_lower, object_id=self.lost[i], kind="-"
            ).select_related("change")
            form.lost = deleted.last() or ChangedRow()
        return form

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form not in self.deleted_forms and form.has_changed()]
        for form in kept:
            form.instance.sort_order = self._order(form)
        if any(field.name == "code" for field in self.model._meta.fields):
            taken = {form.instance.code for form in self.forms}
            for form in kept:
                if not form.instance.code:
                    form.instance.code = _free(self.model._meta.model_name, taken)
                    taken.add(form.instance.code)

    def _order(self, form: Any) -> int:
        """As typed; left empty, after all the others."""
        if form.instance.sort_order is not None:
            return int(form.instance.sort_order)
        if not hasattr(self, "_last"):
            siblings = self.model._default_manager.all()
            if self.model is Link:  # their order runs through the whole structure
                siblings = siblings.filter(from_placement__structure=self.instance.structure_id)
            elif self.instance.pk is not None:
                siblings = siblings.filter(**{self.fk.name: self.instance})
            else:
                siblings = siblings.none()
            self._last = siblings.aggregate(last=Max("sort_order"))["last"] or 0
        self._last += 1
        return self._last


def _free(stem: str, taken: set[str]) -> str:
    """The first of `mandate-1`, `mandate-2`, … that is not taken."""
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"
