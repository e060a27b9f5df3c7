"""What changed for readers, when and why: the page `/changes/` and its feed.

A change may hold rows that readers see and rows that they do not: drafts, users, rights. Only the former are told, and
of them no reference to anything that readers do not see. A change with nothing left to tell is not listed.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.syndication.views import Feed
from django.core.paginator import Page, Paginator
from django.db import models
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from portal.bulk import chunks
from portal.context_processors import in_language
from portal.history import ORDER, FieldChange, Key, RowInWords, Words, by_model, columns_of, joins, net
from portal.models import Change, ChangedRow, ChangeKind, RowChange, Source
from portal.revision import seen_by
from portal.templatetags.facts import words
from portal.views import NotFound

PER_PAGE = 20
FEED = 40  # entries of the feed
IN_DETAIL = 40  # rows of a change that are told one by one; of more their numbers

# How readers know rows that have no name of their own: from primary keys to names, in one query.
NAMERS: dict[str, Callable[[Collection[int]], Mapping[int, str]]] = {}


@dataclass(frozen=True)
class Told:
    """A row as readers are told of it."""

    kind: str
    name: str
    done: str  # 追加, 変更, 削除
    fields: Sequence[FieldChange] = ()


@dataclass(frozen=True)
class Tally:
    """How many rows of a kind a large change wrote."""

    kind: str
    added: int
    changed: int


@dataclass(frozen=True)
class Entry:
    """Something that happened, for readers. `change` is None where an edition came into force by itself."""

    anchor: str
    at: datetime.datetime
    what: str
    about: Any  # has `about` and `about_en`
    address: str
    change: Change | None = None
    rows: Sequence[Told] = ()
    tallies: Sequence[Tally] = ()
    reverted: Change | None = None


@dataclass(frozen=True)
class About:
    """What an entry without a change of its own is about."""

    about: str
    about_en: str


def readable() -> dict[str, Any]:
    """The models that have rows for readers, by label."""
    found = (model for model in apps.get_models() if hasattr(model._default_manager, "public"))
    return {model._meta.label_lower: model for model in found if model is not Change}


@dataclass
class Seen:
    """Which of some rows readers see now, each with the day from which they do where that is known."""

    since: dict[Key, datetime.date | None] = field(default_factory=dict)

    @classmethod
    def among(cls, keys: Iterable[Key]) -> Seen:
        """One query for each model (and some hundred keys)."""
        known, seen = readable(), cls()
        for label, pks in by_model(keys).items():
            if (model := known.get(label)) is None:
                continue
            day = _day_of(model)
            for some in chunks(pks):
                found = model._default_manager.public().order_by().filter(pk__in=some)
                days = dict(found.values_list("pk", day)) if day else dict.fromkeys(found.values_list("pk", flat=True))
                seen.since |= {(label, pk): since for pk, since in days.items()}
        return seen

    def __contains__(self, key: Key) -> bool:
        return key in self.since

    def by(self, key: Key, day: datetime.date) -> bool:
        """Readers see it, and did on that day: not the work on an edition before it came into force."""
        return key in self.since and (self.since[key] or day) <= day


def _day_of(model: Any) -> str:
    """The path to the day from which the rows of a model are public, where it has one."""
    edition = getattr(model, "edition", "")
    if edition:
        return f"{edition}__valid_from"
    return "valid_from" if "valid_from" in columns_of(model) else ""


class Teller:
    """Changes as entries, in a number of queries that does not grow with them or their rows."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.models = readable()
        self.joins = {label: each for label, each in joins().items() if each.model._meta.label_lower in self.models}
        labels = {*self.models, *self.joins}
        noted = ChangedRow.objects.filter(change__in=changes, model__in=labels).order_by()
        sizes = dict(noted.values_list("change").annotate(Count("pk")))
        large = [each for each in changes if each.kind == ChangeKind.LOAD or sizes.get(each.pk, 0) > IN_DETAIL]
        small = [each for each in changes if each not in large]
        self.rows: dict[int, list[ChangedRow]] = defaultdict(list)
        for row in noted.filter(change__in=small).order_by("pk"):
            self.rows[row.change_id or 0].append(row)
        for pk, rows in self.rows.items():
            self.rows[pk] = [_in_all(key, each) for key, each in net(rows).items()]
        self.words = Words([row for rows in self.rows.values() for row in rows])
        keys = {*self.words.now, *self.words.gone}
        self.seen = Seen.among(keys)
        self.words.named = {
            (label, pk): name
            for label, pks in by_model(keys).items()
            if label in NAMERS
            for pk, name in NAMERS[label](pks).items()
        }
        self.tallies = self._tallies(large) if large else {}

    def _tallies(self, large: list[Change]) -> dict[int, list[Tally]]:
        found: dict[int, list[Tally]] = defaultdict(list)
        for label, model in self.models.items():
            public = model._default_manager.public().order_by().values("pk")
            rows = ChangedRow.objects.filter(change__in=large, model=label, object_id__in=public).order_by()
            counts: dict[int, dict[str, int]] = defaultdict(dict)
            for change, kind, count in rows.values_list("change", "kind").annotate(Count("object_id", distinct=True)):
                counts[change][kind] = count
            for change, by_kind in counts.items():
                added, changed = by_kind.get(RowChange.ADDED, 0), by_kind.get(RowChange.CHANGED, 0)
                found[change].append(Tally(str(model._meta.verbose_name), added, changed))
        return found

    def entries(self) -> list[Entry]:
        return [entry for change in self.changes if (entry := self._entry(change)) is not None]

    def _entry(self, change: Change) -> Entry | None:
        rows = self.rows.get(change.pk, [])
        told = [words for row in rows if (words := self._told(row, rows, change)) is not None]
        tallies = self.tallies.get(change.pk, [])
        if not told and not tallies and change.kind != ChangeKind.DELETE:
            return None
        return Entry(
            f"change-{change.pk}",
            change.at,
            change.get_kind_display(),
            change,
            self._address(change, rows),
            change,
            told,
            tallies,
            change.reverts if change.reverts is not None and change.reverts.is_public else None,
        )

    def _told(self, row: ChangedRow, rows: list[ChangedRow], change: Change) -> Told | None:
        """The row in words; None where readers do not see it, or only its place among its like has changed."""
        if not self._is_seen(row, rows, change):
            return None
        words: RowInWords = self.words.of(row)
        done = str(RowChange(row.kind).label)
        if row.kind != RowChange.CHANGED and row.model not in self.joins:
            return Told(words.kind, words.name, done)
        fields = [self._readable(row, each) for each in words.fields if each.column != ORDER]
        if not fields:
            return None
        return Told(words.kind, words.name, str(RowChange.CHANGED.label), fields)

    def _is_seen(self, row: ChangedRow, rows: list[ChangedRow], change: Change) -> bool:
        if (join := self.joins.get(row.model)) is not None:
            return all(key in self.seen for key in _ends(row, join))
        if row.kind == RowChange.DELETED:
            return self._was_seen(row, rows, change)
        key = (row.model, row.object_id)
        return key in self.seen if change.kind == ChangeKind.PUBLISH else self.seen.by(key, _local(change.at))

    def _was_seen(self, row: ChangedRow, rows: list[ChangedRow], change: Change) -> bool:
        """Whether readers saw a row that is gone: as far as what it belonged to shows, else no."""
        model, values, day = self.models[row.model], row.before or {}, _local(change.at)
        if "status" in values:
            return values["status"] == "published" and str(values.get("valid_from") or "") <= day.isoformat()
        owners = _owners(model, values)
        for key in owners:
            if self.seen.by(key, day):
                continue
            fallen = next((each for each in rows if (each.model, each.object_id) == key), None)
            if fallen is None or fallen.kind != RowChange.DELETED or not self._was_seen(fallen, rows, change):
                return False
        return bool(owners)

    def _readable(self, row: ChangedRow, change: FieldChange) -> FieldChange:
        """The field without the names of what readers do not see."""
        reference = columns_of(self.models[row.model]).get(change.column) if row.model in self.models else None
        if not isinstance(reference, models.ForeignKey):
            return change
        label = reference.related_model._meta.label_lower
        sides = []
        for values, said in ((row.before, change.before), (row.after, change.after)):
            pk = (values or {}).get(change.column)
            sides.append(said if pk is None or (label, pk) in self.seen else _("（公開していない項目）"))
        return FieldChange(change.column, change.label, *sides)

    def _address(self, change: Change, rows: list[ChangedRow]) -> str:
        """Where the page is that the change is about, in the reader's language; empty where it is no longer."""
        root = get_script_prefix()  # the journal's addresses are without it
        asked = in_language(f"{root}{change.address.removeprefix('/')}", settings.LANGUAGE_CODE).partition("#")[0]
        keys = {(row.model, row.object_id) for row in rows}
        for row in rows:
            if row.model in self.models:
                keys |= set(_owners(self.models[row.model], row.after or row.before or {}))
            elif row.model in self.joins:
                keys |= set(_ends(row, self.joins[row.model]))
        for key in keys & self.seen.since.keys():
            instance: Any = self.words.now.get(key)
            if not change.address or not hasattr(instance, "get_absolute_url"):
                continue
            address: str = instance.get_absolute_url().partition("#")[0]
            if in_language(address, settings.LANGUAGE_CODE) == asked:
                return address
        return ""


def _in_all(key: Key, effect: Any) -> ChangedRow:
    """What a change did to a row, as one row of the journal."""
    kind = RowChange.CHANGED
    if effect.before is None or effect.after is None:
        kind = RowChange.ADDED if effect.before is None else RowChange.DELETED
    return ChangedRow(model=key[0], object_id=key[1], kind=kind, before=effect.before, after=effect.after)


def _local(at: datetime.datetime) -> datetime.date:
    return timezone.localdate(at)


def _ends(row: ChangedRow, join: Any) -> list[Key]:
    """The two rows that a row of a joining table joins."""
    values = row.after or row.before or {}
    return [
        (join.model._meta.label_lower, values[join.m2m_column_name()]),
        (join.related_model._meta.label_lower, values[join.m2m_reverse_name()]),
    ]


def _owners(model: Any, values: dict[str, Any]) -> list[Key]:
    """What decides whether readers see a row: its edition or its plan, else all that it refers to, sources aside."""
    references = {each.name: each for each in columns_of(model).values() if isinstance(each, models.ForeignKey)}
    edition = getattr(model, "edition", "").partition("__")[0]
    names = [edition] if edition else ["plan"] if "plan" in references else list(references)
    found = []
    for name in names:
        target: Any = references[name].related_model
        pk = values.get(str(references[name].column))
        if pk is not None and target is not Source:
            found.append((target._meta.label_lower, pk))
    return found


def in_force(after: datetime.datetime | None, until: datetime.datetime | None) -> list[Entry]:
    """What came into force by its own day, the latest first: later than `after` and not later than `until`.

    None: without that limit.
    """
    found = []
    for model in readable().values():
        if "valid_from" not in columns_of(model):
            continue
        for row in model._default_manager.public().exclude(valid_from=None).order_by("-valid_from"):
            at = timezone.make_aware(datetime.datetime.combine(row.valid_from, datetime.time()))
            if (after is None or at > after) and (until is None or at <= until):
                about = About(row.title, row.title_en)
                found.append(Entry(f"in-force-{row.code}", at, _("適用開始"), about, row.get_absolute_url()))
    return found


def _merged(*lists: list[Entry]) -> list[Entry]:
    return sorted((entry for each in lists for entry in each), key=lambda entry: entry.at, reverse=True)


def _listed() -> models.QuerySet[Change]:
    return Change.objects.public().select_related("reverts")


def page_of(page: Page[Change]) -> list[Entry]:
    """The entries of a page of changes, with what came into force between them."""
    changes = list(page)
    newer = page.paginator.object_list[page.start_index() - 2].at if page.has_previous() else None
    older = changes[-1].at if page.has_next() else None
    return _merged(Teller(changes).entries(), in_force(older, newer))


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """All public changes, page by page; `?change=12` leads to that one."""
    seen_by(request)
    if (asked := request.GET.get("change")) is not None:
        return redirect(_place_of(asked))
    page = Paginator(_listed(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/changes.html", {"page": page, "entries": page_of(page)})


def _place_of(asked: str) -> str:
    """The address of a change on the page where it is now. Raises `NotFound`."""
    change = _listed().filter(pk=asked).first() if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    if change is None:
        raise NotFound(
            _("「%(code)s」という変更は掲載していません。") % {"code": asked}, [(reverse("changes"), _("変更の記録"))]
        )
    newer = Change.objects.public().filter(Q(at__gt=change.at) | Q(at=change.at, pk__gt=change.pk)).count()
    return f"{reverse('changes')}?page={newer // PER_PAGE + 1}#change-{change.pk}"


class ChangesFeed(Feed):  # type: ignore[type-arg]  # generic in its types only
    """The latest entries as Atom, in the language of the address."""

    feed_type = Atom1Feed
    title = gettext_lazy("変更の記録 | 健康・医療研究開発の体制と計画")
    subtitle = gettext_lazy("公開している情報の、いつ、何が、なぜ変わったか。")
    author_name = gettext_lazy("健康・医療研究開発の体制と計画")

    def link(self) -> str:
        return reverse("changes")

    def items(self) -> list[Entry]:
        latest = list(_listed()[:FEED])
        oldest = latest[-1].at if len(latest) == FEED else None
        return _merged(Teller(latest).entries(), in_force(oldest, None))[:FEED]

    def item_title(self, item: Any) -> str:
        about = words(item.about, "about")
        return f"{item.what}{_('：')}{about}" if about else str(item.what)

    def item_description(self, item: Any) -> str:
        return render_to_string("portal/change.html", {"entry": item})

    def item_link(self, item: Any) -> str:
        if item.change is None:
            return str(item.address)
        return f"{reverse('changes')}?change={item.change.pk}#{item.anchor}"

    def item_pubdate(self, item: Any) -> datetime.datetime:
        return item.at

    item_updateddate = item_pubdate


feed = require_safe(ChangesFeed())
