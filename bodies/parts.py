"""Composition, roles and notes as pages and the chart show them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from bodies.models import Note, NoteKind, Placement, Seat


def by_post(seats: Iterable[Seat]) -> list[tuple[Seat, list[Seat]]]:
    """Seats in order, those with the same post together: `(first, all)`."""
    groups = (list(group) for _post, group in groupby(seats, key=lambda seat: (seat.post, seat.post_en)))
    return [(group[0], group) for group in groups]


def on(notes: Iterable[Note], anchor: Any) -> list[Note]:
    """The notes that are on a mandate, on a seat, or (for a placement) on the body as a whole."""
    if isinstance(anchor, Placement):
        return [note for note in notes if note.mandate_id is None and note.seat_id is None]
    field = "mandate_id" if anchor._meta.model_name == "mandate" else "seat_id"
    return [note for note in notes if getattr(note, field) == anchor.pk]


def one_of_each(notes: Iterable[Note]) -> list[dict[str, Any]]:
    """Notes with the same words stand once, with all the bodies that they are on; footnotes come first."""
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


def at_marks(text: str, notes: Iterable[Note], *, english: bool) -> list[tuple[str, Note | None]]:
    """A text cut where marks stand: each piece with the note whose mark follows it."""
    marks = []
    for note in notes:
        if note.marker:
            phrase = note.phrase_en if english else note.phrase
            place = text.find(phrase) + len(phrase) if phrase and phrase in text else len(text)
            marks.append((place, note))
    pieces: list[tuple[str, Note | None]] = []
    done = 0
    for place, note in sorted(marks, key=lambda each: each[0]):
        pieces.append((text[done:place], note))
        done = place
    return [*pieces, (text[done:], None)]
