"""What pages show of bodies. `structure_outline` is the one that a page of `portal` uses (the home page)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bodies.models import Link, Note, Outline, Placement, Relation, Seat, Structure
from bodies.outline import FOLDED_FROM, names, top, walk
from portal.models import Evidence
from portal.templatetags.facts import marked, pick, places

register = template.Library()


@register.inclusion_tag("bodies/structure_outline.html")
def structure_outline() -> dict[str, Any]:
    """The structure in force as a compact list; of a large one, its upper part."""
    structure = Structure.objects.in_force()
    nodes = Placement.objects.filter(structure=structure).outline() if structure else []
    count = sum(1 for _path in walk(nodes))
    shown = nodes if count <= FOLDED_FROM else top(nodes, FOLDED_FROM)
    more = max(0, count - FOLDED_FROM)
    return {"structure": structure, "tree": names(shown, get_language() or "ja"), "more": more}


@register.simple_tag
def body_link(placement: Placement, linked: set[str] | None = None, *, short: bool = False) -> SafeString:
    """A body's name, leading to its page where readers have one."""
    name = pick(placement.name, placement.name_en)
    brief = placement.short_name if get_language() == "ja" else placement.short_name_en
    if short and brief:
        name = conditional_escape(brief)
    if linked is not None and placement.body.code not in linked:
        return name
    return format_html('<a href="{}">{}</a>', reverse("body", args=[placement.body.code]), name)


@register.simple_tag
def outline_name(row: Outline) -> SafeString:
    """The name in a row of an outline."""
    return pick(row[3], row[4])


@register.simple_tag
def outline_link(row: Outline, linked: set[str] | None = None) -> SafeString:
    """The same as a link, where readers have a page."""
    if linked is not None and row[2] not in linked:
        return outline_name(row)
    return format_html('<a href="{}">{}</a>', reverse("body", args=[row[2]]), outline_name(row))


@register.inclusion_tag("portal/cite.html")
def cite_all(placement: Placement) -> dict[str, Any]:
    """Where a body's place, and its composition and roles, were read; said once where it is the same place."""
    parts = [*placement.seats.all(), *placement.mandates.all()]
    if len(places([placement, *parts])) == 1 and placement.evidence == Evidence.PRINTED:
        return {"groups": [("", places([placement]))]}
    groups = [(_("位置づけ"), places([placement])), (_("構成・役割"), places(parts))]
    return {"groups": [(what, found) for what, found in groups if found]}


@register.simple_tag
def sentence(link: Link) -> SafeString:
    """A relation in words, each body a link."""
    words = conditional_escape(str(Relation(link.kind).sentence))
    # The sentence is ours and escaped; both ends are links made by format_html.
    return mark_safe(words % {"source": body_link(link.from_placement), "target": body_link(link.to_placement)})  # noqa: S308


@register.filter
def heading(level: int) -> str:
    """The heading element of a body at a depth of the structure, under the page's h2; HTML has six."""
    return f"h{min(level + 3, 6)}"


@register.filter
def by_post(seats: Iterable[Seat]) -> list[tuple[Seat, list[Seat]]]:
    """Seats in order, those with the same post together: `(first, all)`."""
    groups = (list(group) for _post, group in groupby(seats, key=lambda seat: (seat.post, seat.post_en)))
    return [(group[0], group) for group in groups]


@register.filter
def on(notes: Iterable[Note], anchor: Any) -> list[Note]:
    """The notes that are on a mandate, on a seat, or (for a placement) on the body as a whole."""
    if isinstance(anchor, Placement):
        return [note for note in notes if note.mandate_id is None and note.seat_id is None]
    field = "mandate_id" if anchor._meta.model_name == "mandate" else "seat_id"
    return [note for note in notes if getattr(note, field) == anchor.pk]


@register.simple_tag
def noted(text: str, text_en: str, notes: Iterable[Note]) -> SafeString:
    """A text in the reader's language with the marks of its notes where they are printed."""
    html = pick(text, text_en)
    english = get_language() != "ja" and bool(text_en)
    marks = []
    for note in notes:
        if note.marker:
            phrase = conditional_escape(note.phrase_en if english else note.phrase)
            place = html.find(phrase) + len(phrase) if phrase and phrase in html else len(html)
            mark = format_html('<sup><a href="#{}">{}</a></sup>', note.anchor, marked(note.marker))
            marks.append((place, mark))
    pieces, done = [], 0
    for place, mark in sorted(marks, key=lambda each: each[0]):
        pieces += [html[done:place], mark]
        done = place
    # The pieces of the text were escaped with it; the marks were made by format_html.
    return mark_safe("".join([*pieces, html[done:]]))  # noqa: S308
