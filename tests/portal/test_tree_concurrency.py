"""Eight writers at once, with objects that they loaded before the lock on purpose."""

from __future__ import annotations

import random
import threading
from collections import Counter

import pytest
from django.db import IntegrityError, connections, transaction

from bodies.models import Body, Kind, Mandate, Placement, Structure
from portal.models import Source
from portal.tree import InvalidTree, faults, settle
from tests import factories

WRITERS = 8
STEPS = 5
TRIALS = 20


class Writer(threading.Thread):
    """Does a few random things, each to rows read before the others wrote, and notes what became of each."""

    def __init__(self, name: str, structure: Structure, start: threading.Barrier) -> None:
        super().__init__(name=name)
        self.structure, self.barrier = structure, start
        self.random = random.Random(name)  # noqa: S311 - dice that fall the same way in every run
        self.done: Counter[str] = Counter()
        self.refused: list[str] = []
        self.faults: list[BaseException] = []
        self.inserted: set[str] = set()
        self.deleted: set[str] = set()
        self.mandates: dict[str, int] = {}

    def run(self) -> None:
        try:
            stale = list(Placement.objects.filter(structure=self.structure).select_related("body"))
            source = Source.objects.get()
            self.barrier.wait(30)
            for step in range(STEPS):
                act = self.random.choice([self.insert, self.move, self.reparent, self.reorder, self.delete, self.amend])
                row, other = self.random.choice(stale), self.random.choice(stale)
                try:
                    act(f"{self.name}-{step}", row, other, source)
                    self.done[act.__name__] += 1
                except InvalidTree as refused:
                    self.refused.append(str(refused))
        except BaseException as fault:
            self.faults.append(fault)
        finally:
            connections.close_all()

    def insert(self, code: str, row: Placement, other: Placement, source: Source) -> None:
        with settle():
            body = Body.objects.create(code=code)
            Placement.objects.create(
                structure=self.structure, body=body, parent=other, name=code, kind=Kind.OFFICE, source=source
            )
        self.inserted.add(code)

    def move(self, code: str, row: Placement, other: Placement, source: Source) -> None:
        """A leaf or a subtree, to wherever `other` now stands."""
        Placement.objects.move_node(row, other, self.random.choice(["first-child", "last-child", "left", "right"]))

    def reparent(self, code: str, row: Placement, other: Placement, source: Source) -> None:
        row.parent = other
        row.save(update_fields=["parent"])

    def reorder(self, code: str, row: Placement, other: Placement, source: Source) -> None:
        row.sort_order = self.random.randrange(9)
        row.save(update_fields=["sort_order"])

    def delete(self, code: str, row: Placement, other: Placement, source: Source) -> None:
        with settle():
            for fresh in Placement.objects.filter(pk=row.pk):
                self.deleted |= {each.body.code for each in fresh.get_descendants(include_self=True)}
                fresh.delete()

    def amend(self, code: str, row: Placement, other: Placement, source: Source) -> None:
        """A mandate and then its placement, in one transaction: two tables, and still one lock."""
        try:
            with transaction.atomic():
                Mandate.objects.create(placement=row, code="m", text=code, source=source)
                row.name = code
                row.save(update_fields=["name"])
        except IntegrityError as refused:  # the placement has gone, or has a mandate of this code already
            self.refused.append(str(refused))
        else:
            self.mandates[code] = row.pk


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trial", range(TRIALS))
def test_eight_writers_leave_the_tree_right(trial: int) -> None:
    structure = factories.structure()
    before = {row.body.code for row in factories.many(structure, 14, fan=3)}
    start = threading.Barrier(WRITERS)
    writers = [Writer(f"w{trial}-{number}", structure, start) for number in range(WRITERS)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)

    assert not any(writer.is_alive() for writer in writers)
    assert [fault for writer in writers for fault in writer.faults] == []
    assert faults(Placement, structure.pk) == (0, "")
    inserted = set().union(*(writer.inserted for writer in writers))
    deleted = set().union(*(writer.deleted for writer in writers))
    rows = Placement.objects.filter(structure=structure)
    assert set(rows.values_list("body__code", flat=True)) == (before | inserted) - deleted
    standing = set(rows.values_list("pk", flat=True))
    amended = {code for writer in writers for code, pk in writer.mandates.items() if pk in standing}
    assert amended <= set(Mandate.objects.values_list("text", flat=True))
    assert sum(sum(writer.done.values()) for writer in writers) > 0
    assert all(message for writer in writers for message in writer.refused)
