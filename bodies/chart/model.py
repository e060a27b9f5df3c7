"""What a chart is made of: plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum


class Stand(Enum):
    """Where a body stands to the one above it."""

    BELOW = "below"
    BESIDE = "beside"  # an advisory body
    ASSISTANT = "assistant"  # a secretariat: next to the line that leads down
    FRAME = "frame"  # holds its members; a frame without members is a box
    MORE = "more"  # stands for bodies that are not shown


class Style(Enum):
    """What a paragraph in a box is."""

    HEADING = "heading"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Place:
    """A body, with those under it in statutory order."""

    key: str
    name: str  # a line break in it is an editor's hint
    stand: Stand = Stand.BELOW
    children: tuple[Place, ...] = ()
    href: str = ""
    language: str = ""  # of the name, where it is not the figure's
    paragraphs: tuple[tuple[Style, str, str], ...] = ()  # (style, language as above, text)
    hanging: bool | None = None  # its children in hanging columns or in rows; None: by the rule of thumb
    short: str = ""  # what the legend calls it; empty: its name
    tone: str = "plain"  # how its box is drawn: see `drawing.TONES`


@dataclass(frozen=True, slots=True)
class Link:
    """A typed relation between two places, by their keys."""

    source: str
    target: str
    kind: str
    label: str = ""
    standing: str = ""  # how it follows from its source, where it is not printed there


@dataclass(slots=True)
class Bundle:
    """Links of one kind, label and standing with one end in common, drawn as one line that forks."""

    number: int
    kind: str
    label: str
    hub: str
    ends: list[str]
    to_hub: bool  # whether the arrow points at the hub or at the ends
    standing: str  # of its links, in words


def walk(places: tuple[Place, ...]) -> Iterator[Place]:
    """Every place, each before those under it."""
    stack = list(reversed(places))
    while stack:
        place = stack.pop()
        yield place
        stack += reversed(place.children)


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the figure: its mark as printed (or what sort of note it is), and its text."""

    mark: str
    text: str
    language: str = ""  # of the text, where it is not the figure's


@dataclass(frozen=True, slots=True)
class Words:
    """What the figure says of itself, in its language."""

    language: str
    title: str
    title_language: str
    day: str
    description: str
    source: str
    legend: str
    notes: str
    tree: str  # what the plain lines mean
    kinds: dict[str, str]
    comma: str
    brackets: str  # around the standing of a link: "（%s）"
    spoken: dict[str, str] = field(default_factory=dict)  # the marks of notes as a screen reader should say them


# The part of a landscape sheet that the style sheet prints on, in units, where the smallest text (12 units) is printed
# at 7 points on A3 (404 by 280 mm), and at 6 points on A4 (281 by 192 mm).
FULL_SHEET = (1963, 1360)
COMPACT_SHEET = (1593, 1088)


@dataclass(frozen=True, slots=True)
class Chart:
    """All that a figure is drawn from, and the sheet that it should fit."""

    places: tuple[Place, ...]
    links: tuple[Link, ...]
    notes: tuple[Note, ...]
    words: Words
    sheet: tuple[int, int] = FULL_SHEET


@dataclass(slots=True)
class _Group:
    order: int
    links: list[Link] = field(default_factory=list)


def bundled(links: list[Link]) -> list[Bundle]:
    """Links as numbered bundles, in the order of the first link of each; each link in just one bundle.

    Links to one target come together before links from one source.
    """
    at_target: dict[tuple[str, ...], _Group] = {}
    for order, link in enumerate(links):
        at_target.setdefault((link.kind, link.label, link.standing, link.target), _Group(order)).links.append(link)
    groups = [(group, True) for group in at_target.values() if len(group.links) > 1]
    at_source: dict[tuple[str, ...], _Group] = {}
    for group in at_target.values():
        if len(group.links) == 1:
            link = group.links[0]
            at_source.setdefault((link.kind, link.label, link.standing, link.source), _Group(group.order)).links.append(
                link
            )
    groups += [(group, len(group.links) == 1) for group in at_source.values()]
    groups.sort(key=lambda each: each[0].order)
    bundles = []
    for number, (group, to_hub) in enumerate(groups, start=1):
        first = group.links[0]
        hub = first.target if to_hub else first.source
        ends = list(dict.fromkeys(link.source if to_hub else link.target for link in group.links))
        bundles.append(Bundle(number, first.kind, first.label, hub, ends, to_hub, first.standing))
    return bundles
