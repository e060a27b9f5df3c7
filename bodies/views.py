"""The structure and its bodies, for readers."""

from __future__ import annotations

import datetime
import difflib
import unicodedata
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bodies.charts import Detail, compared_chart, file_name, structure_chart, upper
from bodies.compare import compare, heirs, read
from bodies.differences import Differences
from bodies.jsonld import describe
from bodies.models import (
    Body,
    Kind,
    Link,
    Note,
    Outline,
    Placement,
    PlacementQuerySet,
    Structure,
    today,
)
from bodies.outline import FOLDED_FROM, below, names, walk
from bodies.parts import one_of_each
from portal import changes
from portal.revision import seen_by
from portal.templatetags.facts import pick
from portal.tree import Node
from portal.views import NotFound, Unacceptable

# Readers of the changes know a body, which is but a code, by the name that it had last.
changes.NAMERS["bodies.body"] = lambda pks: {pk: row.name for pk, row in Placement.objects.latest_of(pks).items()}

LISTED = 200  # matches, relations and notes of a large structure that one page shows


@require_safe
def structure_in_force(request: HttpRequest) -> HttpResponse:
    """The edition in force today; `?on=2026-04-01` leads to the one in force on that day."""
    seen_by(request)
    if "on" not in request.GET:
        shown = Structure.objects.in_force()
        if shown is None:
            raise NotFound(_("公開されている体制は、まだありません。"))
        return _structure_page(request, shown)
    asked = request.GET["on"]
    try:
        day = datetime.date.fromisoformat(asked)
    except ValueError:
        raise Unacceptable(_("日付は 2026-04-01 の形で指定してください（「%(on)s」）。") % {"on": asked}) from None
    edition = Structure.objects.in_force(min(day, today()))  # what is scheduled is shown at its own address only
    if edition is None:
        shown_day = date_format(day, "DATE_FORMAT")
        raise NotFound(_("%(on)sに適用されていた体制は、掲載していません。") % {"on": shown_day}, _editions())
    return redirect(edition)


@require_safe
def structure(request: HttpRequest, code: str) -> HttpResponse:
    """One edition, in force, past or scheduled."""
    seen_by(request)
    return _structure_page(request, _reachable(code))


def _reachable(code: str) -> Structure:
    shown = Structure.objects.reachable().filter(code=code).first()
    if shown is None:
        raise NotFound(_("「%(code)s」という体制はありません。") % {"code": code}, _editions())
    return shown


@require_safe
def chart(request: HttpRequest, code: str) -> HttpResponse:
    """The chart of an edition as a file of its own, with whole addresses behind its boxes."""
    state = seen_by(request)
    shown = _reachable(code)
    drawn = structure_chart(shown, _detail(request), state, is_in_force=Structure.objects.in_force() == shown)
    # Nothing but the links of boxes has an href, and they begin at the root of this site.
    document = drawn.replace(' href="/', f' href="{request.scheme}://{request.get_host()}/')
    response = HttpResponse(f'<?xml version="1.0" encoding="UTF-8"?>\n{document}', content_type="image/svg+xml")
    name = file_name(shown, _detail(request))
    response["Content-Disposition"] = content_disposition_header(as_attachment=False, filename=name) or "inline"
    if shown.is_scheduled:
        response["X-Robots-Tag"] = "noindex"
    return response


def _detail(request: HttpRequest) -> Detail:
    """`?detail=full` (as without it) or `?detail=compact`. Raises `Unacceptable`."""
    asked = request.GET.get("detail", Detail.FULL)
    try:
        return Detail(asked)
    except ValueError:
        message = _("detail は full か compact を指定してください（「%(detail)s」）。") % {"detail": asked}
        raise Unacceptable(message) from None


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
    detail = _detail(request)
    is_large = len(paths) > FOLDED_FROM
    shown_notes = list(notes[: LISTED + 1] if is_large else notes)
    context: dict[str, Any] = {
        "structure": shown,
        "is_in_force": bool(editions) and editions[0] == shown,
        "editions": [(edition, _compare_address(edition, shown)) for edition in editions],
        "linked": shown.public_codes(),
        "count": sum(1 for path in paths if path[-1][-1] != Kind.GROUP),
        "is_large": is_large,
        "placed": len(paths),
        "detail": detail,
        "placements": None,
        "charted_links": None if len(links) > LISTED else links,
        "links": links[:LISTED],
        "more_links": len(links) > LISTED,
        "notes": one_of_each(shown_notes[:LISTED] if is_large else shown_notes),
        "more_notes": is_large and len(shown_notes) > LISTED,
        "query": request.GET.get("q", "").strip(),
    }
    if context["query"]:
        context |= _matching(paths, context["query"])
    elif is_large:
        context |= _folded_tree(shown, nodes, context["linked"])
    else:
        context["placements"] = list(placements.in_full().order_by("lft"))
    return render(request, "bodies/structure.html", context)


@require_safe
def compare_chosen(request: HttpRequest) -> HttpResponse:
    """A form to choose two editions; `?before=…&after=…` leads to their comparison."""
    seen_by(request)
    chosen = [_reachable(request.GET[name]) for name in ("before", "after") if name in request.GET]
    if len(chosen) == 2:
        return redirect(_compare_address(*chosen))
    context = {"editions": list(Structure.objects.public()), "before": None, "after": None, "comparison": None}
    return render(request, "bodies/compare.html", context)


def _compare_address(one: Structure, other: Structure) -> str:
    """Where two editions are compared: the earlier one comes first, a draft without a day last."""
    return reverse("compared", args=[each.code for each in sorted([one, other], key=_day)])


def _day(structure: Structure) -> datetime.date:
    return structure.valid_from or datetime.date.max


@require_safe
def compared(request: HttpRequest, before: str, after: str) -> HttpResponse:
    """What differs between two editions, in words and marked in the chart of the later one."""
    state = seen_by(request)
    old, new = _reachable(before), _reachable(after)
    editions = list(Structure.objects.public())
    listed = [*editions, *(each for each in {new, old} if each not in editions)]
    context: dict[str, Any] = {"editions": listed, "before": old, "after": new, "comparison": None}
    if old == new:
        return render(request, "bodies/compare.html", context)
    if _day(new) < _day(old):
        return redirect(_compare_address(old, new))
    sides = read(old, new)
    comparison = compare(*sides, heirs(old, new))
    words = Differences(old, new, sides, comparison)
    is_in_force = bool(editions) and editions[0] == new
    count = len(sides[1].places)
    context |= {
        "comparison": comparison,
        "sections": words.sections(),
        "alike": len(comparison.alike),
        "chart": compared_chart(new, old, words.marks(), state, is_in_force=is_in_force, count=count),
    }
    return render(request, "bodies/compare.html", context)


def _folded_tree(shown: Structure, nodes: list[Node[Outline]], linked: set[str] | None) -> dict[str, Any]:
    """The top of a large structure in full, each with what stands under it folded; the rest of the top by name."""
    language = get_language() or "ja"
    under = {
        node.row[1]: (below(node), names(node.children, language, folded=True, linked=linked))
        for node in nodes[:FOLDED_FROM]
        if node.children
    }
    placements = list(upper(shown).in_full()[:FOLDED_FROM])
    top = [placement for placement in placements if placement.parent_id is None]
    return {
        "placements": placements,
        "top": [(placement, *under.get(placement.pk, ("", ""))) for placement in top],
        "rest": names(nodes[FOLDED_FROM:], language, folded=True, linked=linked) if nodes[FOLDED_FROM:] else "",
    }


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
    seen_by(request)
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
