"""The structure and its bodies, for readers."""

from __future__ import annotations

import datetime
import difflib
import unicodedata
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bodies.jsonld import describe
from bodies.models import Body, Kind, Link, Note, NoteKind, Outline, Placement, PlacementQuerySet, Structure, today
from bodies.outline import FOLDED_FROM, below, names, walk
from portal.templatetags.facts import pick
from portal.tree import Node
from portal.views import NotFound, error_page

LISTED = 200  # matches, relations and notes of a large structure that one page shows


@require_safe
def structure_in_force(request: HttpRequest) -> HttpResponse:
    """The edition in force today; `?on=2026-04-01` leads to the one in force on that day."""
    if "on" not in request.GET:
        shown = Structure.objects.in_force()
        if shown is None:
            raise NotFound(_("公開されている体制は、まだありません。"))
        return _structure_page(request, shown)
    asked = request.GET["on"]
    try:
        day = datetime.date.fromisoformat(asked)
    except ValueError:
        return error_page(request, 400, _("日付は 2026-04-01 の形で指定してください（「%(on)s」）。") % {"on": asked})
    edition = Structure.objects.in_force(min(day, today()))  # what is scheduled is shown at its own address only
    if edition is None:
        shown_day = date_format(day, "DATE_FORMAT")
        raise NotFound(_("%(on)sに適用されていた体制は、掲載していません。") % {"on": shown_day}, _editions())
    return redirect(edition)


@require_safe
def structure(request: HttpRequest, code: str) -> HttpResponse:
    """One edition, in force, past or scheduled."""
    shown = Structure.objects.reachable().filter(code=code).first()
    if shown is None:
        raise NotFound(_("「%(code)s」という体制はありません。") % {"code": code}, _editions())
    return _structure_page(request, shown)


def _editions() -> list[tuple[str, str]]:
    return [
        (edition.get_absolute_url(), pick(edition.title, edition.title_en)) for edition in Structure.objects.public()
    ]


def _structure_page(request: HttpRequest, shown: Structure) -> HttpResponse:
    placements: PlacementQuerySet = Placement.objects.filter(structure=shown)
    nodes = placements.outline()
    paths = list(walk(nodes))
    links = list(Link.objects.in_words().filter(from_placement__structure=shown)[: LISTED + 1])
    notes = Note.objects.filter(placement__structure=shown).select_related("source", "placement__body")
    notes = notes.order_by("placement__level", "placement__lft", "sort_order", "code")
    editions = list(Structure.objects.public())
    is_large = len(paths) > FOLDED_FROM
    shown_notes = list(notes[: LISTED + 1] if is_large else notes)
    context: dict[str, Any] = {
        "structure": shown,
        "is_in_force": bool(editions) and editions[0] == shown,
        "editions": editions,
        "linked": _public_codes(shown),
        "count": sum(1 for path in paths if path[-1][-1] != Kind.GROUP),
        "is_large": is_large,
        "links": links[:LISTED],
        "more_links": len(links) > LISTED,
        "notes": _one_of_each(shown_notes[:LISTED] if is_large else shown_notes),
        "more_notes": is_large and len(shown_notes) > LISTED,
        "query": request.GET.get("q", "").strip(),
    }
    if context["query"]:
        context |= _matching(paths, context["query"])
    elif is_large:
        context |= _folded_tree(placements, nodes, context["linked"])
    else:
        context["placements"] = placements.in_full().order_by("lft")
    return render(request, "bodies/structure.html", context)


def _folded_tree(placements: PlacementQuerySet, nodes: list[Node[Outline]], linked: set[str] | None) -> dict[str, Any]:
    """The top of a large structure in full, each with what stands under it folded; the rest of the top by name."""
    language = get_language() or "ja"
    under = {
        node.row[1]: (below(node), names(node.children, language, folded=True, linked=linked))
        for node in nodes[:FOLDED_FROM]
        if node.children
    }
    top = placements.filter(parent=None).in_full().order_by("lft")[:FOLDED_FROM]
    return {
        "top": [(placement, *under.get(placement.pk, ("", ""))) for placement in top],
        "rest": names(nodes[FOLDED_FROM:], language, folded=True, linked=linked) if nodes[FOLDED_FROM:] else "",
    }


def _public_codes(shown: Structure) -> set[str] | None:
    """The bodies that have a page, where not all of them do: a scheduled edition may hold new ones."""
    if not shown.is_scheduled:
        return None
    return set(Body.objects.public().filter(placements__structure=shown).values_list("code", flat=True))


def _one_of_each(notes: Any) -> list[dict[str, Any]]:
    """Notes with the same words stand once, with all the bodies that they are on."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for note in notes:
        entry = found.setdefault((note.kind, note.marker, note.text), {"note": note, "bodies": [], "read": []})
        entry["read"].append(note)
        if note.placement not in entry["bodies"]:
            entry["bodies"].append(note.placement)
    return sorted(found.values(), key=lambda entry: _place_of(entry["note"]))


def _place_of(note: Note) -> tuple[bool, bool, int, str]:
    """Footnotes before the rest, numbered ones before ※, ＊2 before ＊10."""
    return note.kind != NoteKind.FOOTNOTE, not note.marker.startswith("＊"), len(note.marker), note.marker


def _matching(paths: list[tuple[Outline, ...]], query: str) -> dict[str, Any]:
    """The places whose names or code contain every word of the query, each with the path that leads to it."""
    words = _normal(query).split()
    found = []
    for path in paths:
        _level, _pk, code, *called, _kind = path[-1]
        text = _normal(" ".join([code, *called]))
        if all(word in text for word in words):
            found.append(path)
    return {"matches": found[:LISTED], "match_count": len(found)}


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


@require_safe
def bodies(request: HttpRequest) -> HttpResponse:
    """There is no list of bodies beside the structure that holds them."""
    return redirect("structure-in-force")


def _latest(code: str) -> Placement:
    """Where a body stands in its latest public edition. Raises `NotFound`, with similar codes."""
    placement = Placement.objects.public().filter(body__code=code).order_by("-structure__valid_from").in_full().first()
    if placement is None:
        codes = list(Body.objects.public().values_list("code", flat=True))
        similar = difflib.get_close_matches(code, codes, n=3)
        named = Placement.objects.public().filter(body__code__in=similar).select_related("body")
        suggestions = {
            row.get_absolute_url(): pick(row.name, row.name_en) for row in named.order_by("structure__valid_from")
        }
        raise NotFound(_("「%(code)s」という機関はありません。") % {"code": code}, list(suggestions.items()))
    return placement


@require_safe
def body(request: HttpRequest, code: str) -> HttpResponse:
    """A body as its latest public edition has it, and which editions hold it."""
    placement = _latest(code)
    in_force = Structure.objects.in_force()
    related = Placement.objects.public().select_related("body", "structure").order_by("structure__valid_from")
    context = {
        "placement": placement,
        "is_in_force": in_force == placement.structure,
        "path": placement.get_ancestors().select_related("body"),
        "children": placement.get_children().select_related("body"),
        "links": Link.objects.of(placement),
        "editions": Structure.objects.public().filter(placements__body=placement.body),
        "predecessors": related.filter(body__successors=placement.body),
        "successors": related.filter(body__predecessors=placement.body),
    }
    return render(request, "bodies/body.html", context)


@require_safe
def body_data(request: HttpRequest, code: str) -> HttpResponse:
    """The same facts as JSON-LD."""
    placement = _latest(code)
    data = describe(placement, Link.objects.of(placement), placement.get_children(), request.build_absolute_uri)
    response = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Type"] = "application/ld+json"
    return response
