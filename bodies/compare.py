"""What differs between two editions of the structure, and what cannot be said because one of them is only partial.

What an edition of full coverage leaves out is not there. What a partial one leaves out is unknown: it reads 記録なし,
and counts neither as new nor as gone. Texts are compared by their Japanese, which is what the sources say.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum

from django.db.models import Q
from django.utils.translation import override

from bodies.models import Body, Coverage, Kind, Link, Mandate, Placement, Seat, Structure


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in both languages; without `ja` there are none."""

    ja: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A body at its place in an edition: what is compared of it. Items of roles and members go by their codes."""

    code: str
    name: Text
    kind: Kind = Kind.MINISTRY
    parent: str | None = None  # the code of the body that it stands under
    basis: Text = Text()
    mandates: dict[str, Text] = field(default_factory=dict)
    seats: dict[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tie:
    """What is said of a relation between two bodies."""

    label: Text = Text()
    basis: Text = Text()


TieKey = tuple[str, str, str]  # the code it starts from, the kind of relation, the code it leads to


@dataclass(frozen=True, slots=True)
class Edition:
    """What an edition records: places in the order of its tree, relations in theirs."""

    places: Mapping[str, Place]
    ties: Mapping[TieKey, Tie] = field(default_factory=dict)
    is_partial: bool = False


class Part(StrEnum):
    """What of a body or of a relation may differ."""

    NAME = "name"
    PLACE = "place"
    KIND = "kind"
    BASIS = "basis"
    MANDATE = "mandate"
    SEAT = "seat"
    LABEL = "label"
    TIE = "tie"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing before and after; None: nothing is said of it. `is_known`: both editions record what is said here."""

    part: Part
    before: Text | None
    after: Text | None
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """A body and what differs; `heirs` are the codes of its successors (of one that came: of its predecessors)."""

    place: Place
    differences: tuple[Difference, ...] = ()
    heirs: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[Difference, ...]:
        return tuple(each for each in self.differences if each.is_known)

    @property
    def parts(self) -> frozenset[Part]:
        """What is known to differ."""
        return frozenset(each.part for each in self.known)

    @property
    def unknown(self) -> tuple[Part, ...]:
        """What only one of the editions records, each once."""
        return tuple(dict.fromkeys(each.part for each in self.differences if not each.is_known))


@dataclass(frozen=True, slots=True)
class TieEntry:
    """A relation of which something differs."""

    source: str
    kind: str
    target: str
    differences: tuple[Difference, ...]

    @property
    def is_known(self) -> bool:
        return any(each.is_known for each in self.differences)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came, went and changed from one edition to the other, each in the order of its edition's tree."""

    came: tuple[Entry, ...]
    went: tuple[Entry, ...]
    changed: tuple[Entry, ...]  # in both, with at least one known difference
    alike: tuple[Entry, ...]  # in both, the same as far as both record it
    unrecorded_before: tuple[Entry, ...]  # only in the later one, the earlier one being partial
    unrecorded_after: tuple[Entry, ...]
    ties: tuple[TieEntry, ...]

    def with_part(self, part: Part) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.changed if part in entry.parts)

    @property
    def is_empty(self) -> bool:
        """Nothing is known to differ."""
        return not (self.came or self.went or self.changed or any(tie.is_known for tie in self.ties))


def compare(before: Edition, after: Edition, heirs: Mapping[str, tuple[str, ...]] | None = None) -> Comparison:
    """What differs. `heirs` holds the codes of each body's successors."""
    heirs = heirs or {}
    forebears: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for old, successors in heirs.items():
        for new in successors:
            if old in before.places:
                forebears[new] += (old,)
    only_after = tuple(
        Entry(place, heirs=forebears.get(code, ())) for code, place in after.places.items() if code not in before.places
    )
    only_before = tuple(
        Entry(place, heirs=heirs.get(code, ())) for code, place in before.places.items() if code not in after.places
    )
    both = [
        Entry(place, tuple(_differences(before, after, before.places[code], place)))
        for code, place in after.places.items()
        if code in before.places
    ]
    return Comparison(
        came=() if before.is_partial else only_after,
        went=() if after.is_partial else only_before,
        changed=tuple(entry for entry in both if entry.known),
        alike=tuple(entry for entry in both if not entry.known),
        unrecorded_before=only_after if before.is_partial else (),
        unrecorded_after=only_before if after.is_partial else (),
        ties=tuple(_ties(before, after)),
    )


def _differences(before: Edition, after: Edition, old: Place, new: Place) -> Iterator[Difference]:
    if old.name.ja != new.name.ja:
        yield Difference(Part.NAME, old.name, new.name)
    if old.parent != new.parent:
        # In a partial edition a body whose place is not known stands at the top.
        yield _difference(Part.PLACE, _name(before, old.parent), _name(after, new.parent), before, after)
    if old.kind != new.kind:
        yield Difference(Part.KIND, _kind(old.kind), _kind(new.kind))
    yield from _texts(Part.BASIS, {"": old.basis}, {"": new.basis}, before, after)
    yield from _texts(Part.MANDATE, old.mandates, new.mandates, before, after)
    yield from _texts(Part.SEAT, old.seats, new.seats, before, after)


def _difference(part: Part, was: Text | None, became: Text | None, before: Edition, after: Edition) -> Difference:
    is_unknown = (was is None and before.is_partial) or (became is None and after.is_partial)
    return Difference(part, was, became, not is_unknown)


def _texts(
    part: Part, old: Mapping[str, Text], new: Mapping[str, Text], before: Edition, after: Edition
) -> Iterator[Difference]:
    """What differs by code; words that stand in both, under whatever code, do not."""
    kept = {text.ja for text in old.values()} & {text.ja for text in new.values()}
    for code in dict.fromkeys([*old, *new]):
        was, became = ((found := side.get(code)) and found.ja and found.ja not in kept and found for side in (old, new))
        if was or became:
            yield _difference(part, was or None, became or None, before, after)


def _name(edition: Edition, code: str | None) -> Text | None:
    return edition.places[code].name if code is not None else None


def _kind(kind: Kind) -> Text:
    with override("ja"):
        japanese = str(kind.label)
    with override("en"):
        return Text(japanese, str(kind.label))


def _ties(before: Edition, after: Edition) -> Iterator[TieEntry]:
    for key in dict.fromkeys([*after.ties, *before.ties]):
        was, became = before.ties.get(key), after.ties.get(key)
        if was is None or became is None:
            label = was.label if was else None, became.label if became else None
            yield TieEntry(*key, (_difference(Part.TIE, *label, before, after),))
            continue
        found = (
            *_texts(Part.LABEL, {"": was.label}, {"": became.label}, before, after),
            *_texts(Part.BASIS, {"": was.basis}, {"": became.basis}, before, after),
        )
        if found:
            yield TieEntry(*key, found)


WORD = re.compile(r"\w+|\W", re.ASCII)


def pieces(before: str, after: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts cut into pieces, each with whether the other text lacks it: by Latin words, and by character else."""
    old, new = WORD.findall(before), WORD.findall(after)
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for found, words in ((left, old[a:b]), (right, new[c:d])):
            if words:
                found.append(("".join(words), tag != "equal"))
    return left, right


def read(before: Structure, after: Structure) -> tuple[Edition, Edition]:
    """Both editions, in four queries."""
    both = [before, after]
    places: dict[int, dict[str, Place]] = {before.pk: {}, after.pk: {}}
    found: dict[int, Place] = {}
    columns = ("structure", "pk", "body__code", "parent__body__code", "kind", "name", "name_en", "basis", "basis_en")
    rows = Placement.objects.filter(structure__in=both).order_by("tree_id", "lft").values_list(*columns)
    for structure, pk, code, parent, kind, name, name_en, basis, basis_en in rows:
        found[pk] = Place(code, Text(name, name_en), Kind(kind), parent, Text(basis, basis_en), {}, {})
        places[structure][code] = found[pk]
    within = {"placement__structure__in": both}
    roles = Mandate.objects.filter(**within).values_list("placement", "code", "text", "text_en")
    for pk, code, text, text_en in roles:
        found[pk].mandates[code] = Text(text, text_en)
    members = Seat.objects.filter(**within)
    for pk, code, post, post_en, holder, holder_en in members.values_list(
        "placement", "code", "post", "post_en", "holder", "holder_en"
    ):
        found[pk].seats[code] = Text(_seat(post, holder, "："), _seat(post_en, holder_en, ": ") if holder_en else "")
    ties: dict[int, dict[TieKey, Tie]] = {before.pk: {}, after.pk: {}}
    links = Link.objects.filter(from_placement__structure__in=both)
    for structure, source, kind, target, *said in links.values_list(
        "from_placement__structure", "from_placement", "kind", "to_placement", "label", "label_en", "basis", "basis_en"
    ):
        ties[structure][found[source].code, kind, found[target].code] = Tie(Text(*said[:2]), Text(*said[2:]))
    old, new = (Edition(places[each.pk], ties[each.pk], each.coverage == Coverage.PARTIAL) for each in both)
    return old, new


def _seat(post: str, holder: str, colon: str) -> str:
    return f"{post}{colon}{holder}" if post else holder


def heirs(before: Structure, after: Structure) -> dict[str, tuple[str, ...]]:
    """The successors of the bodies of an edition, by code, as far as readers may know them: one query."""
    through = Body.successors.through.objects
    known = Q(to_body__in=Body.objects.public()) | Q(to_body__placements__structure=after)
    rows = through.filter(known, from_body__placements__structure=before).order_by("to_body__code").distinct()
    found: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for old, new in rows.values_list("from_body__code", "to_body__code"):
        found[old] += (new,)
    return dict(found)
