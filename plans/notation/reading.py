"""What all readings have in common: how one becomes plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any


class Unread(Exception):
    """The text cannot be read: something in it is unknown, or it can be read in two ways."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a text. A field that is None was not read."""

    def as_dict(self) -> dict[str, Any]:
        """Only what was read, in plain JSON values: whole numbers as int, others as float."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: _value(value) for name, value in values if value is not None}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _value(each) for name, each in value.items()}
    return value.as_dict() if isinstance(value, Reading) else value
