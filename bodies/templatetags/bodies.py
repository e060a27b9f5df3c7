"""What pages show of bodies. `structure_outline` is the one that a page of `portal` uses (the home page)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bodies.charts import Detail, body_chart, file_name, structure_chart
from bodies.models import Link, Note, Outline, Placement, Relation, Structure
from bodies.outline import FOLDED_FROM, names, top, walk
from bodies.parts import at_marks, by_post, on
from portal.models import Evidence
from portal.revision import seen_by
from portal.templatetags.facts import marked, pick, places

register = template.Library()
register.filter(by_post)
register.filter(on)


@register.inclusion_tag("bodies/structure_outline.html", takes_context=True)
def structure_outline(context: Context) -> dict[str, Any]:
    """The structure in force: its compact chart, and a list of it; of a large one, the upper part."""
    seen_by(context["request"])
    structure = Structure.objects.in_force()
    if structure is None:
        return {"structure": None}
    nodes = Placement.objects.filter(structure=structure).outline()
    count = sum(1 for _path in walk(nodes))
    return {
        "structure": structure,
        "tree": names(nodes if count <= FOLDED_FROM else top(nodes, FOLDED_FROM), get_language() or "ja"),
        "count": count,
        "more": max(0, count - FOLDED_FROM),
        "request": context["request"],
    }


@register.inclusion_tag("bodies/chart.html", takes_context=True)
def chart_of(
    context: Context,
    structure: Structure,
    detail: str,
    *,
    is_in_force: bool,
    count: int | None = None,
    placements: Sequence[Placement] | None = None,
    links: Sequence[Link] | None = None,
) -> dict[str, Any]:
    """The chart of an edition in its frame on the page."""
    is_large = count is not None and count > FOLDED_FROM
    if is_large:
        detail = Detail.COMPACT  # composition and roles would make its top no clearer
    drawn = structure_chart(
        structure,
        Detail(detail),
        seen_by(context["request"]),
        is_in_force=is_in_force,
        count=count,
        placements=placements,
        links=links,
    )
    name = file_name(structure, Detail(detail))
    return {"chart": drawn, "structure": structure, "sort": detail, "file": name, "is_large": is_large}


@register.inclusion_tag("bodies/chart.html", takes_context=True)
def chart_around(
    context: Context, placement: Placement, path: Sequence[Placement], links: Sequence[Link], *, is_in_force: bool
) -> dict[str, Any]:
    """The chart around a body in its frame on the page."""
    drawn = body_chart(placement, list(path), list(links), seen_by(context["request"]), is_in_force=is_in_force)
    return {"chart": drawn, "structure": None, "sort": "around", "is_large": False}


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
def body_at(places: Mapping[int, Placement], pk: int | None) -> SafeString | str:
    """The short name of a body by its primary key, as `Placement.objects.latest_of` found it; nothing where hidden."""
    place = places.get(pk or 0)
    return body_link(place, short=True) if place is not None else ""


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


@register.simple_tag
def noted(text: str, text_en: str, notes: Iterable[Note]) -> SafeString:
    """A text in the reader's language with the marks of its notes where they are printed."""
    english = get_language() != "ja" and bool(text_en)
    pieces = at_marks(text_en if english else text, notes, english=english)
    html = format_html_join(
        "",
        "{}{}",
        (
            (piece, format_html('<sup><a href="#{}">{}</a></sup>', note.anchor, marked(note.marker)) if note else "")
            for piece, note in pieces
        ),
    )
    return html if english or get_language() == "ja" else format_html('<span lang="ja">{}</span>', html)
