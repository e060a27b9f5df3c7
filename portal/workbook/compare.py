"""What a table would change, cell by cell, told from texts alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Key = tuple[str, ...]
Texts = Sequence[str | None]  # by the columns of a table; None leaves a value as it is
NONE: frozenset[str] = frozenset()  # one object for all rows: each would take 200 bytes


class State(StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(slots=True)
class Line:
    """A row of a table beside what is stored under its key.

    `number` counts as a spreadsheet does; `cells` are the new texts by column, only those that differ from the stored
    ones (all that are given, where none is stored); `stored` are the texts before; `given` are the columns of which the
    file says something; `derived` those that were filled from others; `faulty` those whose cell holds nothing to be
    used.
    """

    number: int
    key: Key
    state: State
    cells: dict[str, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    given: frozenset[str] = NONE
    derived: frozenset[str] = NONE
    faulty: frozenset[str] = NONE


@dataclass(frozen=True, slots=True)
class Twice:
    """A row whose key stood in an earlier row already."""

    number: int
    key: Key
    earlier: int


def compare(
    columns: Sequence[str],
    key_columns: Sequence[str],
    rows: Iterable[tuple[int, Texts]],
    stored: Mapping[Key, Sequence[str]],
    faulty: Mapping[int, frozenset[str]],
) -> Iterator[Line | Twice]:
    """Each row with its state. `stored` holds texts in the order of `columns`; `faulty` columns by row number."""
    places = [columns.index(name) for name in key_columns]
    seen: dict[Key, int] = {}
    alike: dict[frozenset[str], frozenset[str]] = {}  # the columns given are the same in most rows
    for number, texts in rows:
        key = tuple([texts[place] or "" for place in places])
        if key in seen:
            yield Twice(number, key, seen[key])
            continue
        seen[key] = number
        bad = faulty.get(number, NONE)
        before = stored.get(key)
        if before is None:
            cells = {name: text for name, text in zip(columns, texts, strict=True) if text is not None}
            given = frozenset(cells)
            yield Line(number, key, State.ADDED, cells, given=alike.setdefault(given, given), faulty=bad)
        elif texts == before:
            yield Line(number, key, State.UNCHANGED, faulty=bad)
        else:
            differing = {
                name: text
                for name, text, old in zip(columns, texts, before, strict=True)
                if text is not None and text != old
            }
            if differing or bad:
                state = State.CHANGED if differing else State.UNCHANGED
                was = dict(zip(columns, before, strict=True))
                given = frozenset(name for name, text in zip(columns, texts, strict=True) if text is not None)
                yield Line(number, key, state, differing, was, alike.setdefault(given, given), faulty=bad)
            else:
                yield Line(number, key, State.UNCHANGED)


def circles(parents: Mapping[Key, Key | None], asked: Iterable[Key]) -> Iterator[Key]:
    """Those of the asked keys that stand, through their parents, under themselves."""
    for key in asked:
        seen, above = {key}, parents.get(key)
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above == key:
            yield key
