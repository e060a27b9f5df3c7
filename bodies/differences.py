"""What differs between two editions, in the reader's language: for the page that compares them and for its chart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from bodies.charts import Marks
from bodies.compare import Comparison, Difference, Edition, Entry, Part, Text, TieEntry, pieces
from bodies.models import Body, Placement, Relation, Structure
from portal.templatetags.facts import pick

LISTED = 200  # bodies or relations of one section
NAMED = 12  # bodies that the legend of the chart names
PARTS = {
    Part.NAME: gettext_lazy("名称"),
    Part.PLACE: pgettext_lazy("edition", "位置"),
    Part.KIND: gettext_lazy("種別"),
    Part.BASIS: gettext_lazy("根拠（法令・決定）"),
    Part.MANDATE: gettext_lazy("役割"),
    Part.SEAT: gettext_lazy("構成"),
    Part.LABEL: gettext_lazy("文言"),
    Part.TIE: gettext_lazy("関係"),
}
E = TypeVar("E")
RECORDS = frozenset({Part.KIND, Part.BASIS, Part.MANDATE, Part.SEAT})


@dataclass(frozen=True, slots=True)
class Row:
    """One thing before and after."""

    what: str
    before: SafeString | str
    after: SafeString | str


@dataclass(frozen=True, slots=True)
class Item:
    """A body or a relation, with what is said of it and what differs."""

    title: SafeString | str
    says: SafeString | str = ""
    rows: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One sort of difference; `count` may be more than the items that are listed."""

    anchor: str
    title: str
    count: int
    items: Sequence[Item]
    hint: str = ""


class Differences:
    """A comparison in words. Asks the database twice: for what readers may open, and for names of other editions."""

    def __init__(
        self, before: Structure, after: Structure, sides: tuple[Edition, Edition], comparison: Comparison
    ) -> None:
        self.before, self.after = before, after
        self.old, self.new = sides
        self.found = comparison
        heirs = {code for entry in (*comparison.came, *comparison.went) for code in entry.heirs}
        unnamed = heirs - set(self.old.places) - set(self.new.places)
        within = Q(placements__structure__in=[before, after]) | Q(code__in=unnamed)
        self.public = set(Body.objects.public().filter(within).values_list("code", flat=True))
        rows = Placement.objects.public().filter(body__code__in=unnamed).order_by("structure__valid_from")
        self.elsewhere = {code: Text(*names) for code, *names in rows.values_list("body__code", "name", "name_en")}

    def sections(self) -> list[Section]:
        """All that is known to differ, then what is not recorded where an edition is partial."""
        found = self.found
        moved, renamed = found.with_part(Part.PLACE), found.with_part(Part.NAME)
        recorded = [entry for entry in found.changed if entry.parts & RECORDS]
        ties = [tie for tie in found.ties if tie.is_known]
        sections = [
            _section("came", _("新たに載った機関"), found.came, self._came),
            replace(
                _section("went", _("載らなくなった機関"), found.went, self._went),
                hint=_("後の体制の資料に載っていないことを示すもので、なくなったとは限りません。"),
            ),
            _section("moved", _("位置が変わった機関"), moved, lambda each: self._changed(each, {Part.PLACE})),
            _section("renamed", _("名称が変わった機関"), renamed, lambda each: self._changed(each, {Part.NAME})),
            _section("records", _("記載が変わった機関"), recorded, lambda each: self._changed(each, RECORDS)),
            _section("ties", _("変わった関係"), ties, self._tie),
        ]
        return sections + self._gaps()

    def _gaps(self) -> list[Section]:
        found = self.found
        gaps = []
        if self.old.is_partial:
            title = _("前の体制に記録のない機関")
            gaps.append(_section("unrecorded-before", title, found.unrecorded_before, self._came))
        if self.new.is_partial:
            title = _("後の体制に記録のない機関")
            gaps.append(_section("unrecorded-after", title, found.unrecorded_after, self._went))
        if gaps:
            entries = [entry for entry in (*found.changed, *found.alike) if entry.unknown]
            title = _("一方の体制にしか記録のない事項")
            gaps.append(_section("unrecorded-parts", title, entries, self._unknown))
            ties = [tie for tie in found.ties if not tie.is_known]
            gaps.append(_section("unrecorded-ties", _("一方の体制にしか記録のない関係"), ties, self._tie))
        return gaps

    def _came(self, entry: Entry) -> Item:
        return Item(self._link(entry.place.code), self._where(entry, self.new, _("前身")))

    def _went(self, entry: Entry) -> Item:
        return Item(self._link(entry.place.code), self._where(entry, self.old, _("後継")))

    def _where(self, entry: Entry, edition: Edition, heirs: str) -> SafeString:
        """The kind of a body, what it stands under, and its successors or predecessors."""
        said: list[SafeString | str] = [str(entry.place.kind.label)]
        if entry.place.parent is not None:
            above = pick(*_both(edition.places[entry.place.parent].name))
            said.append(_fill(_("%(name)sの下"), name=above))
        if entry.heirs:
            names = _joined(self._link(code) for code in entry.heirs)
            said.append(format_html("{}{}{}", heirs, _("："), names))
        return _joined(said)

    def _changed(self, entry: Entry, parts: Iterable[Part]) -> Item:
        rows = [self._row(each) for each in entry.known if each.part in parts]
        return Item(self._link(entry.place.code), rows=rows)

    def _unknown(self, entry: Entry) -> Item:
        return Item(self._link(entry.place.code), _joined(str(PARTS[part]) for part in entry.unknown))

    def _tie(self, tie: TieEntry) -> Item:
        ends = {"source": self._link(tie.source), "target": self._link(tie.target)}
        return Item(_fill(str(Relation(tie.kind).sentence), **ends), rows=[self._row(each) for each in tie.differences])

    def _row(self, difference: Difference) -> Row:
        before, after = difference.before, difference.after
        what = str(PARTS[difference.part])
        if before is not None and after is not None:
            return Row(what, *_marked(before, after))
        return Row(
            what,
            self._said(before, difference.part, self.old),
            self._said(after, difference.part, self.new),
        )

    def _said(self, text: Text | None, part: Part, edition: Edition) -> SafeString | str:
        if text is not None:
            return pick(*_both(text)) if text.ja else _("あり")
        if edition.is_partial:
            return format_html('<span class="none">{}</span>', _("記録なし"))
        return _("最も上の段") if part is Part.PLACE else format_html('<span class="none">{}</span>', _("記載なし"))

    def _link(self, code: str) -> SafeString:
        """A body by the name that it has in the later edition, leading to its page where readers have one."""
        place = self.new.places.get(code) or self.old.places.get(code)
        name = pick(*_both(place.name if place is not None else self.elsewhere[code]))
        if code not in self.public:
            return name
        return format_html('<a href="{}">{}</a>', reverse("body", args=[code]), name)

    def marks(self) -> Marks:
        """The same for the chart of the later edition: a sign and a word in each box, and what the signs mean."""
        found = self.found
        boxes = {entry.place.code: ("came", _("＋ 新たに掲載")) for entry in found.came}
        boxes |= {entry.place.code: ("unrecorded", _("？ 前は記録なし")) for entry in found.unrecorded_before}
        signs = {
            _("→ 位置"): (found.with_part(Part.PLACE), _("前の体制と位置が違う")),
            _("≠ 名称"): (found.with_part(Part.NAME), _("前の体制と名称が違う")),
            _("△ 記載"): (
                [each for each in found.changed if each.parts & RECORDS],
                _("前の体制と役割、構成、根拠などの記載が違う"),
            ),
        }
        for sign, (entries, _meaning) in signs.items():
            for entry in entries:
                said = boxes.get(entry.place.code)
                boxes[entry.place.code] = ("changed", f"{said[1]}{_('、')}{sign}" if said else sign)
        legend = [(_("＋ 新たに掲載"), _("前の体制に載っていない"))] if found.came else []
        if found.unrecorded_before:
            legend.append((_("？ 前は記録なし"), _("前の体制の記録は一部なので、あったかどうかはわからない")))
        legend += [(sign, meaning) for sign, (entries, meaning) in signs.items() if entries]
        gone = [*found.went, *found.unrecorded_after]
        if gone:
            names = _("、").join(_plain(entry.place.name) for entry in gone[:NAMED])
            if len(gone) > NAMED:
                names += _("、ほか %(count)s 機関") % {"count": len(gone) - NAMED}
            sign = _("－ 載らなくなった機関") if found.went else _("？ 後は記録なし")
            legend.append((sign, names))
        titles = {"after": _plain(Text(self.after.title, self.after.title_en))}
        titles["before"] = _plain(Text(self.before.title, self.before.title_en))
        return Marks(_("「%(after)s」と「%(before)s」の違い") % titles, boxes, legend)


def _section(anchor: str, title: str, entries: Sequence[E], present: Callable[[E], Item]) -> Section:
    return Section(anchor, title, len(entries), [present(each) for each in entries[:LISTED]])


def _both(text: Text) -> tuple[str, str]:
    return text.ja, text.en


def _plain(text: Text) -> str:
    return text.ja if get_language() == "ja" or not text.en else text.en


def _fill(words: str, **names: SafeString) -> SafeString:
    """A sentence of ours with names in it that are safe already."""
    return mark_safe(words % names)  # noqa: S308 - the sentence is ours, the names went through pick or format_html


def _joined(said: Iterable[SafeString | str]) -> SafeString:
    return format_html_join(_("、"), "{}", ((each,) for each in said))


def _marked(before: Text, after: Text) -> tuple[SafeString, SafeString]:
    """Both texts with what only one of them has marked in it."""
    english = get_language() != "ja" and bool(before.en and after.en) and before.en != after.en
    old, new = pieces(before.en, after.en) if english else pieces(before.ja, after.ja)
    return _side(old, "del", english=english), _side(new, "ins", english=english)


def _side(found: list[tuple[str, bool]], element: str, *, english: bool) -> SafeString:
    html = format_html_join(
        "",
        "{}",
        ((format_html(f"<{element}>{{}}</{element}>", piece) if differs else piece,) for piece, differs in found),
    )
    return html if english or get_language() == "ja" else format_html('<span lang="ja">{}</span>', html)
