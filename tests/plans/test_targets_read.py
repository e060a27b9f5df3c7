"""What is recorded of every target in the project's own data is what its words say, where they can be read."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from plans.notation import read_target

FILE = Path(__file__).parents[2] / "fixtures" / "third-period" / "targets.csv"
with FILE.open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table))
# Neither a number nor a direction is printed, or the copy that was read is cut off.
UNREAD = ["plan-g2", "str-11", "str-g2"]
THRESHOLD = ["plan-g1"]  # its number says which companies are meant, not what is to be reached; left out by decision


def stored(cell: str, value: Any) -> Any:
    """A cell of the file as the loader takes it, in the type of what was read."""
    if isinstance(value, bool):
        return cell == "true"
    return cell if isinstance(value, str) else float(cell or "nan")


@pytest.mark.parametrize("row", [pytest.param(row, id=row["code"]) for row in ROWS if row["code"] not in THRESHOLD])
def test_what_the_words_say_is_what_is_recorded(row: dict[str, str]) -> None:
    reading = read_target(row["text"])
    said = reading.as_dict() if reading else {}
    assert {name: stored(row[name], value) for name, value in said.items()} == said


def test_only_targets_in_words_are_not_read() -> None:
    assert [row["code"] for row in ROWS if read_target(row["text"]) is None] == UNREAD
    assert [row["code"] for row in ROWS if not row["kind"]] == sorted([*THRESHOLD, *UNREAD])
