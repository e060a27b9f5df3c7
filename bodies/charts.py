"""The rows of a structure as a chart, in the reader's language, drawn once.

What the figure looks like is decided in `bodies.chart`; here is what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.core.cache import cache
from django.db.models import Model, Q
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from bodies.chart import model as chart
from bodies.chart.drawing import draw
from bodies.chart.focus import Row, choose
from bodies.chart.text import MARK, UNMARK
from bodies.models import (
    BREAK,
    Arrangement,
    Coverage,
    Kind,
    Link,
    Note,
    NoteKind,
    Placement,
    PlacementQuerySet,
    Relation,
    Structure,
    previewed,
    today,
)
from bodies.outline import FOLDED_FROM, is_acronym
from bodies.parts import at_marks, by_post, on, one_of_each
from portal.models import EnglishStanding, Evidence, Revision
from portal.templatetags.facts import spoken

SHOWN = 40  # places of a focus chart, beside those that stand for others
PARTNERS = 16  # relations of a body that its chart draws
ABOVE = 8  # places above it
LEVELS = 2  # levels below it

STANDS = {
    Kind.EXPERT_PANEL: chart.Stand.BESIDE,
    Kind.ADVISORY_MEETING: chart.Stand.BESIDE,
    Kind.SECRETARIAT: chart.Stand.ASSISTANT,
    Kind.GROUP: chart.Stand.FRAME,
}
TONES = {
    Kind.HEADQUARTERS: "lead",
    Kind.INTERMINISTERIAL: "lead",
    Kind.AGENCY: "lead",
    Kind.EXPERT_PANEL: "aside",
    Kind.ADVISORY_MEETING: "aside",
    Kind.SECRETARIAT: "aside",
    Kind.GROUP: "frame",
}
HANGING = {"": None, Arrangement.ROW: False, Arrangement.HANGING: True}


class Detail(StrEnum):
    """How much stands in the boxes."""

    FULL = "full"  # names, composition and roles, as on the slide
    COMPACT = "compact"  # names


def structure_chart(
    structure: Structure,
    detail: Detail,
    revision: Revision,
    *,
    is_in_force: bool,
    count: int | None = None,
    placements: Sequence[Placement] | None = None,
    links: Sequence[Link] | None = None,
) -> SafeString:
    """The chart of an edition as an SVG element; of a large one, its upper part.

    What a page has read already saves queries: the `count` of its placements, these in full and in order (of a large
    structure: `upper`), all its links in words. The revision is one that was read before any of them.
    """

    def build() -> chart.Chart:
        return of_structure(structure, detail, count, placements, links, is_in_force=is_in_force)

    return _once(f"{structure.pk}:{detail}:{is_in_force}", revision, build)


@dataclass(frozen=True, slots=True)
class Marks:
    """What the chart of an edition shows of its differences from another one, in the reader's language."""

    title: str
    boxes: Mapping[str, tuple[str, str]]  # by body: the tone of its box, and what stands in it
    legend: Sequence[tuple[str, str]]  # a mark, and what it means


def compared_chart(
    structure: Structure, other: Structure, marks: Marks, revision: Revision, *, is_in_force: bool, count: int
) -> SafeString:
    """The compact chart of an edition with what differs from another one marked in it."""

    def build() -> chart.Chart:
        return of_structure(structure, Detail.COMPACT, count, is_in_force=is_in_force, marks=marks)

    return _once(f"{structure.pk}:beside:{other.pk}:{is_in_force}", revision, build)


def body_chart(
    placement: Placement,
    path: Sequence[Placement],
    links: Sequence[Link],
    revision: Revision,
    *,
    is_in_force: bool,
) -> SafeString:
    """The chart around a body: what it stands under, two levels below it, and its relations."""

    def build() -> chart.Chart:
        return of_body(placement, path, links, is_in_force=is_in_force)

    return _once(f"{placement.structure_id}:around:{placement.pk}:{is_in_force}", revision, build)


def file_name(structure: Structure, detail: Detail) -> str:
    """What a downloaded chart is called: the edition, the figure, the day."""
    title, _language = _say(structure, "title")
    figure = _("体制図") if detail is Detail.FULL else _("体制図（簡略）")
    if previewed.get() is not None:
        figure = _("公開前の%(figure)s") % {"figure": figure}
    return f"{title} {figure} {today():%Y-%m-%d}.svg"


def _once(what: str, revision: Revision, build: Callable[[], chart.Chart]) -> SafeString:
    """Drawn once for each state of the data, day and language: nothing else goes into a figure.

    That of a preview is drawn each time, and not kept.
    """
    if previewed.get() is not None:
        return mark_safe(draw(build()))  # noqa: S308 - as below
    state = f"{revision.number}:{revision.moved_at.timestamp()}:{today():%Y%m%d}:{get_language()}"
    drawn = cache.get_or_set(f"chart:{what}:{state}", lambda: draw(build()), timeout=None)
    return mark_safe(str(drawn))  # noqa: S308 - the chart escapes every text that it draws


def upper(structure: Structure) -> PlacementQuerySet:
    """The places of a large structure that its chart may show, those at the top first."""
    rows: PlacementQuerySet = Placement.objects.filter(structure=structure, level__lte=LEVELS)
    return rows.order_by("level", "lft")


def of_structure(
    structure: Structure,
    detail: Detail,
    count: int | None = None,
    placements: Sequence[Placement] | None = None,
    links: Sequence[Link] | None = None,
    *,
    is_in_force: bool,
    marks: Marks | None = None,
) -> chart.Chart:
    """What the chart of an edition shows; see `structure_chart`."""
    rows: PlacementQuerySet = Placement.objects.filter(structure=structure)
    if count is None:
        count = rows.count()
    is_full = detail is Detail.FULL and count <= FOLDED_FROM
    if placements is None:
        shown = rows.order_by("lft") if count <= FOLDED_FROM else upper(structure)[:SHOWN]
        placements = list(shown.in_full() if is_full else shown.select_related("body"))
    if count > FOLDED_FROM:
        placements = placements[:SHOWN]
    if links is None:
        links = list(Link.objects.in_words().filter(from_placement__in=placements, to_placement__in=placements))
    return _chart(structure, placements, links, count=count, is_full=is_full, is_in_force=is_in_force, marks=marks)


def of_body(
    placement: Placement, path: Sequence[Placement], links: Sequence[Link], *, is_in_force: bool
) -> chart.Chart:
    """What the chart around a body shows; see `body_chart`. Around a group, its members' relations too."""
    if placement.kind == Kind.GROUP:
        members = Q(from_placement__parent=placement) | Q(to_placement__parent=placement)
        own = {link.pk for link in links}
        links = [*links, *(link for link in Link.objects.in_full().filter(members) if link.pk not in own)]
    # What the body is itself an end of comes before what it has through a group.
    links = sorted(links, key=lambda link: placement.pk not in (link.from_placement_id, link.to_placement_id))
    drawn = links[:PARTNERS]
    partners = {end.pk: end for link in drawn for end in (link.from_placement, link.to_placement)}
    frames = {end.parent.pk: end.parent for end in partners.values() if end.parent and end.parent.kind == Kind.GROUP}
    near = path[-ABOVE:]
    below = placement.get_descendants().filter(level__lte=placement.level + LEVELS).select_related("body")
    under = list(below.order_by("level", "lft")[:SHOWN])
    rows = {row.pk: row for row in [*partners.values(), *frames.values(), *near, *under, placement]}
    return _chart(
        placement.structure,
        list(rows.values()),
        drawn,
        first=[*(row.pk for row in near), placement.pk, *frames, *partners],
        focus=placement,
        above=len(path) - len(near),
        more_links=len(links) - len(drawn),
        is_in_force=is_in_force,
    )


def _chart(
    structure: Structure,
    placements: Sequence[Placement],
    links: Sequence[Link],
    *,
    is_in_force: bool,
    is_full: bool = False,
    first: Sequence[int] = (),
    count: int = 0,
    focus: Placement | None = None,
    above: int = 0,
    more_links: int = 0,
    marks: Marks | None = None,
) -> chart.Chart:
    rows = {row.pk: row for row in placements}
    shown = choose(
        (Row(row.pk, row.parent_id, row.level, row.lft, _below(row)) for row in placements),
        first,
        len(rows) if focus is None else SHOWN,
    )
    linked = structure.public_codes()
    made: dict[int, chart.Place] = {}
    for key in sorted(shown.children, key=lambda key: rows[key].level, reverse=True):
        row, children = rows[key], [made[child] for child in shown.children[key]]
        hidden = shown.hidden[key]
        paragraphs = _composition(row) if is_full else ()
        if hidden and children:
            # The page of a body lists what is under it in its latest edition only.
            there = f"{structure.get_absolute_url()}#body-{row.body.code}"
            href = f"{row.body.get_absolute_url()}#children" if is_in_force else there
            children.append(_more(row.body.code, hidden, href))
        elif hidden:
            paragraphs += (_item(_("この下に %(count)s 機関") % {"count": hidden}),)
        if above and key == first[0]:
            paragraphs += (_item(_("この上に %(count)s 機関") % {"count": above}),)
        elif focus is not None and row.parent_id and key in shown.roots:
            paragraphs += (_item(_("（%(name)sの下）") % {"name": _say(row.parent, "name")[0]}),)
        made[key] = _place(row, tuple(children), paragraphs, linked, focus, marked=is_full)
        if marks is not None and (mark := marks.boxes.get(row.body.code)):
            tone, said = mark
            made[key] = replace(made[key], tone=tone, paragraphs=(_item(said), *paragraphs))
    forest = tuple(made[key] for key in shown.roots)
    hidden = count - sum(1 + _below(rows[key]) for key in shown.roots)
    if focus is None and hidden:
        forest += (_more("structure", hidden, f"{structure.get_absolute_url()}#bodies"),)
    drawn = [link for link in links if link.from_placement_id in made and link.to_placement_id in made]
    notes = _notes(placements, is_full=is_full, more_links=more_links)
    bodies = sum(1 for key in made if rows[key].kind != Kind.GROUP)
    spoken_marks = _spoken(placements) if is_full else {}
    words = _words(structure, focus, bodies, len(drawn), spoken_marks, is_in_force=is_in_force)
    if marks is not None:
        words = replace(words, title=marks.title, title_language="")
        notes = (*(chart.Note(mark, text) for mark, text in marks.legend), *notes)
    if structure.coverage == Coverage.PARTIAL:
        notes += (chart.Note("", _("この体制の記録は一部です。ここにないものが、なかったとは限りません。")),)
    return chart.Chart(
        forest,
        tuple(_link(link, structure) for link in drawn),
        notes,
        words,
        chart.FULL_SHEET if is_full else chart.COMPACT_SHEET,
    )


def _below(row: Placement) -> int:
    """How many places stand under one, at any depth."""
    return (row.rght - row.lft - 1) // 2


def _say(obj: Model, field: str) -> tuple[str, str]:
    """A text in the reader's language, and its language where Japanese stands in for English."""
    english: str = getattr(obj, f"{field}_en")
    if get_language() == "ja":
        return getattr(obj, field), ""
    return (english, "") if english else (getattr(obj, field), "ja")


def _item(text: str, language: str = "") -> tuple[chart.Style, str, str]:
    return chart.Style.ITEM, language, text


def _place(
    row: Placement,
    children: tuple[chart.Place, ...],
    paragraphs: tuple[tuple[chart.Style, str, str], ...],
    linked: set[str] | None,
    focus: Placement | None,
    *,
    marked: bool,
) -> chart.Place:
    name, language = _say(row, "name")
    hint = row.name_breaks if get_language() == "ja" or language else row.name_breaks_en
    if hint.replace(BREAK, "") == name:
        name = hint.replace(BREAK, "\n")
    if is_acronym(brief := _brief(row)) and not language:
        name = _("%(name)s（%(acronym)s）") % {"name": name, "acronym": brief}
    if marked:
        name += "".join(f"{MARK}{note.marker}{UNMARK}" for note in on(_shown(row), row) if note.marker)
    return chart.Place(
        row.body.code,
        name,
        STANDS.get(Kind(row.kind), chart.Stand.BELOW),
        children,
        row.body.get_absolute_url() if linked is None or row.body.code in linked else "",
        language,
        paragraphs,
        HANGING[row.arrangement],
        brief or _say(row, "name")[0],
        "focus" if focus is not None and row.pk == focus.pk else TONES.get(Kind(row.kind), "plain"),
    )


def _brief(row: Placement) -> str:
    return row.short_name if get_language() == "ja" else row.short_name_en


def _more(key: str, count: int, href: str) -> chart.Place:
    name = _("ほか %(count)s 機関") % {"count": count}
    return chart.Place(f" more {key}", name, chart.Stand.MORE, href=href, tone="more")


def _composition(row: Placement) -> tuple[tuple[chart.Style, str, str], ...]:
    """Composition and roles as the slide has them in its boxes."""
    notes = _shown(row)
    found: list[tuple[chart.Style, str, str]] = []
    posts = by_post(row.seats.all())
    if posts:
        found.append((chart.Style.HEADING, "", _("（構成）")))
    for first, seats in posts:
        holders = [_marked(seat, "holder", on(notes, seat)) for seat in seats]
        text = _("、").join(text for text, _language in holders)
        post, language = _say(first, "post")
        # Without a post there is nothing of it to be in another language.
        found.append(_item(f"{post}{_('：')}{text}" if post else text, (post and language) or holders[0][1]))
    mandates = row.mandates.all()
    if mandates:
        found.append((chart.Style.HEADING, "", _("（役割）")))
    bullet = _("・") if len(mandates) > 1 else ""
    for mandate in mandates:
        text, language = _marked(mandate, "text", on(notes, mandate))
        found.append(_item(f"{bullet}{text}", language))
    return tuple(found)


def _marked(obj: Model, field: str, notes: list[Note]) -> tuple[str, str]:
    """A text with the marks of its notes, and its language as `_say` has it."""
    text, language = _say(obj, field)
    pieces = at_marks(text, notes, english=get_language() != "ja" and not language)
    return "".join(piece + (f"{MARK}{note.marker}{UNMARK}" if note else "") for piece, note in pieces), language


def _link(link: Link, structure: Structure) -> chart.Link:
    """A relation with how it follows from its source, and with that source where it is not the structure's own."""
    english = get_language() != "ja"
    label = link.label_en if english else link.label  # without an English one the kind of relation says it
    standing = [] if link.evidence == Evidence.PRINTED else [str(Evidence(link.evidence).label).lower()]
    if link.source_id != structure.source_id:
        standing.append(_say(link.source, "called")[0])
    ends = link.from_placement.body.code, link.to_placement.body.code
    return chart.Link(*ends, link.kind, label, _("、").join(standing))


def _shown(row: Placement) -> list[Note]:
    """The notes that a figure has: those of the sources, and where these contradict each other."""
    return [note for note in row.notes.all() if note.kind != NoteKind.EDITORIAL]


def _notes(placements: Sequence[Placement], *, is_full: bool, more_links: int) -> tuple[chart.Note, ...]:
    """The printed notes and the contradictions; then what the figure must say of itself."""
    found = []
    if is_full:
        for entry in one_of_each(note for row in placements for note in _shown(row)):
            note = entry["note"]
            text, language = _say(note, "text")
            found.append(chart.Note(note.marker or str(NoteKind(note.kind).label), text, language))
    own = []
    if any(row.evidence != Evidence.PRINTED for row in placements):
        own.append(
            _(
                "図の位置には、資料の配置などから読み取ったもの（推定、算出・導出）があります。どれかは各機関のページに示します。"
            )
        )
    if more_links:
        own.append(_("このほかの %(count)s 件の関係は、この機関のページに示します。") % {"count": more_links})
    standings = [row.name_en_standing for row in placements]
    if is_full:
        standings += [seat.holder_en_standing for row in placements for seat in row.seats.all()]
        standings += [mandate.text_en_standing for row in placements for mandate in row.mandates.all()]
        standings += [note.text_en_standing for row in placements for note in _shown(row)]
    if get_language() != "ja" and EnglishStanding.PROVISIONAL in standings:
        own.append(_("英語の名称と文言には、このサイトの仮訳があります。どれかは各機関のページに示します。"))
    return (*found, *(chart.Note("", text) for text in own))


def _spoken(placements: Sequence[Placement]) -> dict[str, str]:
    """The marks of notes in words."""
    return {note.marker: spoken(note.marker) for row in placements for note in row.notes.all() if note.marker}


def _words(
    structure: Structure, focus: Placement | None, count: int, links: int, heard: dict[str, str], *, is_in_force: bool
) -> chart.Words:
    title, language = _say(structure, "title") if focus is None else _say(focus, "name")
    if focus is not None:
        title = _("%(name)sの位置と関係") % {"name": title}
    says = _("%(today)s現在（適用日：%(since)s）")
    if not is_in_force:
        says = _("%(since)sから適用（公開予定）") if structure.is_scheduled else _("%(since)sから適用（過去の体制）")
    days = {"today": today(), "since": structure.valid_from or today()}
    day = says % {name: date_format(value, "DATE_FORMAT") for name, value in days.items()}
    if previewed.get() is not None:
        day = _("公開前のプレビュー：%(day)s") % {"day": day}
    source, _language = _say(structure.source, "called")
    return chart.Words(
        language=get_language() or "ja",
        title=title,
        title_language=language,
        day=day,
        description=_("%(count)s 機関の位置と %(links)s 件の関係を示す図。枠は、その機関のページへのリンクです。")
        % {"count": count, "links": links},
        source=_("出典：%(source)sほか。記載ごとの出典は、各機関のページに示します。") % {"source": source},
        legend=_("凡例"),
        notes=pgettext("list", "注"),
        tree=_("上下の位置づけ"),
        kinds={kind.value: str(kind.label) for kind in Relation},
        comma=_("、"),
        brackets=_("（%s）"),
        spoken=heard,
    )
