"""Search in everything public: an index in memory, made anew whenever public data has changed, and its page.

The setting `SEARCHED` lists the dotted paths of functions in the order in which their results stand on the page. Each
takes nothing and yields one `Entry` for each thing that a reader may find, in the order of the data, from rows that
are public (`Model.objects.public()`) and with a number of queries that does not grow with them:

    def sections() -> Iterator[Entry]:
        for row in Section.objects.public().select_related("plan"):
            texts = (Text(_("本文"), row.text, row.text_en), Text(_("番号"), row.number, row.number, is_name=True))
            context = (row.plan.title, row.plan.title_en)
            yield Entry(Section, row.heading, row.heading_en, row.get_absolute_url(), *context, texts=texts)

There is no column of folded text: it would go stale by every door that does not call `save()`.
"""

from __future__ import annotations

import datetime
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from heapq import nlargest
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal import revision
from portal.context_processors import in_language
from portal.folding import fold, marked, snippet, words
from portal.models import Source
from portal.views import NotFound

LONGEST = 100  # characters of a query
SHOWN = 20  # results of each kind on the page of all kinds
PER_PAGE = 50  # on the pages of one kind
SUGGESTED = 3
COMPARED = 50  # titles that a query which found nothing is compared with

IN_OTHER_LANGUAGE = {"ja": gettext_lazy("日本語表記"), "en": gettext_lazy("英語表記")}


@dataclass(frozen=True, slots=True)
class Text:
    """Words of an entry in both languages, with what readers are told that they are (translated when shown).

    A name (short name, code) ranks as the title does.
    """

    label: Any
    japanese: str
    english: str = ""
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing that readers find: its model (whose verbose name is the heading), its title and where it leads to.

    The address is the Japanese one, as `get_absolute_url()` gives it here. The context says where the thing stands:
    the body of a role, the plan of a section. Its words count beside others, but do not find the entry by themselves.
    """

    kind: type[Model]
    title: str
    title_en: str
    address: str
    context: str = ""
    context_en: str = ""
    texts: Sequence[Text] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """An entry with its folded words."""

    entry: Entry
    names: tuple[str, ...]
    own: str  # one text a line, which no word of a query crosses
    around: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry as the page shows it: with its hits marked, and the texts in which words were found."""

    address: str
    title: SafeString
    context: SafeString
    found: list[tuple[str, SafeString]]


Index = dict[type[Model], list[Row]]
_kept: dict[tuple[int, datetime.datetime, datetime.date], Index] = {}
_building = threading.Lock()


def index(request: HttpRequest) -> Index:
    """What is public, by kind. Made once for each state of the data and day, and never older than either.

    In a preview it is what that shows, made each time and not kept.
    """
    if hasattr(request, "preview"):
        return build()
    state = revision.seen_by(request)
    key = (state.number, state.moved_at, timezone.localdate())
    found = _kept.get(key)
    if found is None:
        with _building:
            found = _kept.get(key)
            if found is None:
                found = build()
                _kept.clear()
                _kept[key] = found
    return found


def build() -> Index:
    made: Index = {}
    with revision.reading(), override(settings.LANGUAGE_CODE):
        for path in settings.SEARCHED:
            for entry in import_string(path)():
                made.setdefault(entry.kind, []).append(_row(entry))
    return made


def _row(entry: Entry) -> Row:
    names = [entry.title, entry.title_en]
    others: list[str] = []
    for text in entry.texts:
        (names if text.is_name else others).extend((text.japanese, text.english))
    folded = _folded(names)
    own = "\n".join((*folded, *_folded(others)))
    return Row(entry, folded, own, "\n".join(_folded([entry.context, entry.context_en])))


def _folded(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(fold, filter(None, texts))))


def find(rows: Iterable[Row], query: str) -> list[Entry]:
    """Entries that hold every word: called so, beginning so, with all words in a name, and then the rest."""
    asked, whole = words(query), fold(query)
    found: tuple[list[Entry], ...] = ([], [], [], [])
    for row in rows:
        elsewhere = [word for word in asked if word not in row.own]
        if len(elsewhere) < len(asked) and all(word in row.around for word in elsewhere):
            found[_rank(row, asked, whole)].append(row.entry)
    return [entry for group in found for entry in group]


def _rank(row: Row, asked: Sequence[str], whole: str) -> int:
    if whole in row.names:
        return 0
    if any(name.startswith(whole) for name in row.names):
        return 1
    return 2 if any(all(word in name for word in asked) for name in row.names) else 3


def closest(made: Index, query: str) -> list[Entry]:
    """Entries with a name that is spelt much like the query, for one that found nothing."""
    whole = fold(query)
    pairs = {whole[place : place + 2] for place in range(len(whole) - 1)}
    likely = {name: row.entry for rows in made.values() for row in rows for name in row.names}
    near = nlargest(COMPARED, likely, key=lambda name: (sum(pair in name for pair in pairs), -len(name)))
    matches = (likely[name] for name in get_close_matches(whole, near, n=SUGGESTED))
    return list({entry.address: entry for entry in matches}.values())


def present(entry: Entry, asked: Sequence[str]) -> Hit:
    """The entry in the reader's language; words that its title and context do not show are shown where they stand."""
    (title, language), *other_titles = _versions(entry.title, entry.title_en)
    (context, context_language), *other_contexts = _versions(entry.context, entry.context_en)
    missing = [word for word in asked if word not in fold(title) and word not in fold(context)]
    texts = [(text.label, *version) for text in entry.texts for version in _versions(text.japanese, text.english)]
    places = [
        *((IN_OTHER_LANGUAGE[version[1]], *version) for version in other_titles),
        *sorted(texts, key=lambda place: bool(place[2])),  # the reader's language first
        *((IN_OTHER_LANGUAGE[version[1]], *version) for version in other_contexts),
    ]
    found = []
    for label, text, text_language in places:
        folded = fold(text)
        here = [word for word in missing if word in folded]
        if here:
            found.append((str(label), _html(snippet(text, here), text_language)))
            missing = [word for word in missing if word not in here]
    return Hit(
        in_language(entry.address, get_language() or settings.LANGUAGE_CODE),
        _html(marked(title, asked), language),
        _html(marked(context, asked), context_language),
        found,
    )


def _versions(japanese: str, english: str) -> list[tuple[str, str]]:
    """A text in the reader's language and then in the other, each with its `lang` where the page has another one.

    What is missing is left out; at least one, be it empty, remains.
    """
    versions = [(japanese, "ja"), (english, "en")]
    versions.sort(key=lambda version: version[1] != get_language())
    return [(text, "" if code == get_language() else code) for text, code in versions if text] or [("", "")]


def _html(pieces: Iterable[tuple[str, bool]], language: str) -> SafeString:
    shown = ((format_html("<mark>{}</mark>", piece) if is_hit else piece,) for piece, is_hit in pieces)
    html = format_html_join("", "{}", shown)
    return format_html('<span lang="{}">{}</span>', language, html) if language else html


def clean(query: str) -> str:
    """A query without what cannot be seen, and with single spaces."""
    visible = (each for each in query if each.isspace() or unicodedata.category(each) not in {"Cc", "Cf", "Cs"})
    return " ".join("".join(visible).split())


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What holds every word of `?q=`, by kind; `&kind=` shows one kind page by page."""
    typed = request.GET.get("q", "")
    query = clean(typed)
    asked = words(query)
    context: dict[str, Any] = {"query": query, "longest": LONGEST, "total": 0, "suggested": [], "fault": ""}
    if len(query) > LONGEST:
        context |= {"query": "", "fault": "long"}
        return render(request, "portal/search.html", context, status=400)
    if not asked:
        context["fault"] = "nothing" if typed else ""
        return render(request, "portal/search.html", context)
    made = index(request)
    only = request.GET.get("kind")
    if only is not None and only not in {kind._meta.model_name for kind in made}:
        raise NotFound(_("「%(code)s」という種類はありません。") % {"code": only})
    groups, total = [], 0
    for kind, rows in made.items():
        found = find(rows, query)
        total += len(found)
        if found and only in (None, kind._meta.model_name):
            paginator = Paginator(found, PER_PAGE if only else SHOWN)
            shown = paginator.get_page(request.GET.get("page") if only else 1)
            hits = [present(entry, asked) for entry in shown]
            more = 0 if only else len(found) - len(hits)
            names = {"meta": kind._meta, "name": kind._meta.model_name}
            groups.append({**names, "page": shown, "hits": hits, "more": more})
    suggested = [] if total else [present(entry, ()) for entry in closest(made, query)]
    context |= {"groups": groups, "total": total, "only": only, "suggested": suggested}
    return render(request, "portal/search.html", context)


def sources() -> Iterator[Entry]:
    """The documents that something public is read from."""
    for row in Source.objects.public():
        texts = (
            Text(gettext_lazy("資料の略称"), row.short_title, row.short_title_en, is_name=True),
            Text(gettext_lazy("コード"), row.code, row.code, is_name=True),
            Text(gettext_lazy("発行者"), row.issuer, row.issuer_en),
            Text(gettext_lazy("決定者"), row.decided_by, row.decided_by_en),
            Text(gettext_lazy("アドレス"), row.url, row.url),
            Text(gettext_lazy("備考"), row.remark, row.remark_en),
        )
        yield Entry(Source, row.title, row.title_en, row.get_absolute_url(), texts=texts)
