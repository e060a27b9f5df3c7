"""Which ministry leads and which take part: ◎健、文、厚、経."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plans.notation.reading import Reading
from plans.notation.text import plain

# The one-letter names of ministries and the short ones of offices: without a ◎, only a list of these is a marking.
_KNOWN = frozenset("健内個警金消こ復総法外財文厚農経国環防") | {"戦略室", "科技", "内閣官房", "デジ"}
_SHORT = re.compile("[一-龥ァ-ヶー]{1,3}")
_OFFICE = re.compile("[一-龥ァ-ヶー・A-Za-zこども]{2,20}(?:[省庁府室局院]|本部|機構|委員会|官房)")
_MARKING = re.compile(r"(?:(?P<label>[^0-9◎()、,/:]{1,12}):)?(?P<names>[^()]+)(?:\((?P<scope>[^0-9()◎]{1,20})\))?")


@dataclass(frozen=True, slots=True)
class Lead(Reading):
    """The lead ministry and the others in the order printed, in the short names that are printed."""

    lead: str | None = None
    others: tuple[str, ...] | None = None
    scope: str | None = None  # what a note in brackets behind the list limits it to


def read_lead(text: str) -> Lead | None:
    """Read a marking, or None. Without ◎ nobody leads, and every name must be a known short one."""
    line = plain(text)
    if line.startswith("(") and line.endswith(")") and line.count("(") == 1:
        line = line[1:-1]
    marking = _MARKING.fullmatch(line)
    if marking is None:
        return None
    names = re.split("[、,/;]", marking["names"].removesuffix("等"))
    if len(names) == 1 and _KNOWN.issuperset(names[0].replace("◎", "").split("・")):
        names = names[0].split("・")
    leads = [name[1:] for name in names if name.startswith("◎")]
    everybody = [name.removeprefix("◎") for name in names]
    if len(leads) > 1 or len(set(everybody)) < len(names) or not all(map(_is_name, everybody)):
        return None
    if not leads and (len(names) < 2 or not _KNOWN.issuperset(names)):
        return None
    others = tuple(name for name in names if not name.startswith("◎"))
    return Lead(lead=leads[0] if leads else None, others=others, scope=marking["scope"])


def _is_name(name: str) -> bool:
    return name in _KNOWN or bool(_SHORT.fullmatch(name) or _OFFICE.fullmatch(name))
