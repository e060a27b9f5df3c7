"""What a chart of a large structure shows: what must be there, then level by level as far as there is room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A place of a tree: its number, that of its parent (None: a root), its depth, its left number in the nested sets
    of its tree (what stands under it comes next), and how many places stand under it at any depth."""

    key: int
    parent: int | None
    level: int
    order: int
    below: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The part of a tree that is shown, siblings in order, and how many places each one shown has hidden under it.

    What is shown without its parent is a root: no line leads past a place that is left out.
    """

    roots: list[int]
    children: dict[int, list[int]]
    hidden: dict[int, int]


def choose(rows: Iterable[Row], first: Sequence[int] = (), limit: int = 48) -> Shown:
    """At most `limit` places, but always those in `first`."""
    by_key = {row.key: row for row in sorted(rows, key=lambda row: (row.level, row.order))}
    wanted = list(dict.fromkeys([*first, *by_key]))[: max(limit, len(set(first)))]
    shown = Shown([], {key: [] for key in wanted}, {})
    for key in sorted(wanted, key=lambda key: by_key[key].order):
        parent = by_key[key].parent
        (shown.roots if parent is None or parent not in shown.children else shown.children[parent]).append(key)
    for key, children in shown.children.items():
        shown.hidden[key] = by_key[key].below - sum(1 + by_key[child].below for child in children)
    for key in shown.roots:  # what is shown apart from where it stands is not hidden there
        holders = [other for other in shown.children if _holds(by_key[other], by_key[key])]
        if holders:
            shown.hidden[max(holders, key=lambda other: by_key[other].order)] -= 1 + by_key[key].below
    return shown


def _holds(row: Row, other: Row) -> bool:
    return row.order < other.order <= row.order + 2 * row.below
