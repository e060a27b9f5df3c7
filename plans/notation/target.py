"""What a cell sets as a target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from plans.notation.cell import Cell
from plans.notation.items import INCREASE, INDICATOR, items_of
from plans.notation.reading import Reading, Unread
from plans.notation.text import has_blank, plain, without_bullet
from plans.notation.tokens import Kind, Node, nodes_of, tokens_of_line


@dataclass(frozen=True, slots=True)
class Target(Reading):
    """A target as printed. A fiscal year is named by the year in which it starts."""

    kind: str | None = None  # level, increase, observe, milestone, ratio, rank, contribute
    comparator: str | None = None  # =, >=, <=, >, <
    value: Decimal | None = None
    unit: str | None = None  # as printed; of money 円 or USD; of a milestone, what `scope_count` counts
    approx: bool | None = None
    per: str | None = None  # year, fiscal_year
    from_fy: int | None = None
    to_fy: int | None = None
    target_fy: int | None = None  # the year for which the value is set
    deadline_fy: int | None = None  # the year by whose end it is to be reached
    calendar: str | None = None  # FY or CY: what the years above and the two below are
    cumulative: Decimal | None = None
    cumulative_from: int | None = None
    cumulative_to: int | None = None
    delta: Decimal | None = None
    baseline: Decimal | None = None
    baseline_fy: int | None = None
    baseline_derived: bool | None = None  # the baseline is value − delta, and printed nowhere
    base_period: str | None = None  # FY2023, CY2023, or the word: 現状
    scope: str | None = None  # 全都道府県で80%
    scope_count: Decimal | None = None  # 86品目のうち
    parts: tuple[Target, ...] | None = None  # a compound (A 2件・B 3件), each without "=" and what all parts share
    of_which: Mapping[str, Decimal] | None = None
    combined: bool | None = None  # 合算
    no_target_reason: str | None = None


_NO_INDICATOR = re.compile(
    r"目標|達成|[増減]|向上|解消|まで|する|[○●◎×△]|[一二三四五六七八九十百千万億数]+[件社本名人倍割]"
)
_NUMBERED = re.compile("(?:数|率|割合|額|シェア)(?:等|など)?$")
_CONTRIBUTE = re.compile("(?:への|に)(?:貢献|寄与)(?:する)?$")
_NO_TARGET = re.compile(
    r"目標値?(?:の設定)?(?:[はをも](?:特に)?)?(?:(?:設定|定め|設け)(?:て)?(?:は)?(?:せず|しない|していない|しておらず|おらず|いない|ない|ず)"
    r"|設定なし|[無な]し)$"
)
_NOW = r"現状値?|現況値?|基準値|ベースライン値?|実績値?|直近値"
_LABELS = re.compile(
    rf"\((?:(?P<now>{_NOW})|目標値?|到達目標|KPI)\)"
    rf"|(?:(?P<now2>{_NOW})|目標値?|到達目標)(?=[:はが(]?約?(?:[0-9]|[RH][0-9]|令和|平成))"
)


def read_target(text: str) -> Target | None:
    """Read what a cell sets as a target, or None: the package's docstring says what is read."""
    line = plain(text)
    if not line or has_blank(line):
        return None
    line = without_bullet(line).rstrip("。")
    try:
        return _without_target(line) or _pair(line) or _read(nodes_of(tokens_of_line(line)))
    except Unread:
        return None


def _without_target(line: str) -> Target | None:
    """The statement that there is none (…のため件数目標は設定せず), with its reason."""
    found = _NO_TARGET.search(line.rstrip(")"))
    if found is None:
        return None
    before = line[: found.start()]
    if any(
        token.kind not in (Kind.TEXT, Kind.STOP, Kind.OPEN, Kind.CLOSE, Kind.NOTE) for token in tokens_of_line(before)
    ):
        raise Unread("a number beside it")
    sentence = re.split("[※(。]", before)[-1]
    reasons = [sentence[: place.start()] for place in re.finditer("(?:の|である)?(?:ため|ことから)", sentence)]
    return Target(kind="observe", no_target_reason=reasons[-1] if reasons and reasons[-1] else None)


def _pair(line: str) -> Target | None:
    """<現状> 11社(R5) <目標> 70社(R10), in either order."""
    labels = list(_LABELS.finditer(line))
    now = [label for label in labels if label["now"] or label["now2"]]
    if not now:
        return None
    if len(labels) != 2 or len(now) != 1:
        raise Unread("labels that are no pair")
    head, tails = line[: labels[0].start()], (line[labels[0].end() : labels[1].start()], line[labels[1].end() :])
    if head.endswith("(") and tails[1].endswith(")"):
        head, tails = head[:-1], (tails[0], tails[1][:-1])
    before, goal = (tail.strip("、,;→/") for tail in (tails if labels[0] is now[0] else tails[::-1]))
    cell = Cell()
    cell.absorb(nodes_of(tokens_of_line(head)))
    if cell.got:
        raise Unread("a number before the pair")
    cell.compare(nodes_of(tokens_of_line(before)), nodes_of(tokens_of_line(goal)), labelled=True)
    return _target(cell)


# With a number beside them, these words make it another than the target.
_SHIFTY = re.compile(
    "内数|見込|検討|未定|調整中|旧|当初|初年|中間|従来|前回|修正|改定|見直し|実績|前年|昨年|今年|翌年|来年|同年|現状|現況|直近|倍増|半減|年平均|参考|仮置|[△×?]"
    "|せず|おらず|(?:し|てい|設け|定め|行わ|下回ら|上回ら|超え)ない"
)


def _target(cell: Cell) -> Target:
    """The reading that a cell adds up to: its kind, and what follows from its numbers."""
    cell.close()
    got = dict(cell.got)
    base, delta_unit, scope_unit = (got.pop(name, None) for name in ("base", "delta_unit", "scope_unit"))
    if got and _SHIFTY.search(cell.words + cell.aside):
        raise Unread("a word that makes it another number")
    if not got.keys() & {"value", "cumulative", "delta"}:
        kind = _kind_of_words(cell, got)
        if got.keys() & {"combined", "of_which", "baseline"} or (base and kind != "increase"):
            raise Unread("no number")
        return Target(kind=kind, **_with(got, unit=scope_unit, base_period=base))
    if "cumulative" in got and "value" not in got and "cumulative_from" not in got:
        got |= {f"cumulative_{end}": got.pop(f"{end}_fy") for end in ("from", "to") if f"{end}_fy" in got}
        if "deadline_fy" in got:
            got.setdefault("cumulative_to", got["deadline_fy"])
    if "deadline_fy" in got:
        got.setdefault("target_fy", got["deadline_fy"])
    if "delta" in got:
        got |= _change(got, delta_unit, base)
    kind = _kind_of_numbers(got, base)
    if kind == "rank":
        got["comparator"] = _RANKED.get(got["comparator"])
        if got["comparator"] is None:
            raise Unread("a rank beyond one")
    if kind == "ratio" or (base and kind == "increase"):
        got["base_period"] = base
    if kind == "level" and _CONTRIBUTE.search(cell.words):
        kind = "contribute"
    return Target(kind=kind, **got)


_RANKED = {"=": "=", "<=": "<=", ">=": "<="}  # 3位以上 is the third or better


def _with(got: dict[str, Any], **more: Any) -> dict[str, Any]:
    return got | {name: value for name, value in more.items() if value is not None}


def _kind_of_words(cell: Cell, got: dict[str, Any]) -> str:
    """The kind of a target without a number."""
    words = cell.words.rstrip("、,;/・")
    if INCREASE.search(words):
        return "increase"
    if _CONTRIBUTE.search(words):
        return "contribute"
    if "deadline_fy" in got:
        if len(words) < 2 or _NUMBERED.search(words):
            raise Unread("a time and nothing else, or an indicator without its number")
        return "milestone"
    names = [name for name in re.split("[、,]", words) if name]
    if (
        "scope_count" in got
        or not names
        or not all(INDICATOR.search(name) for name in names)
        or _NO_INDICATOR.search(words)
    ):
        raise Unread("words")
    return "observe"


def _kind_of_numbers(got: dict[str, Any], base: str | None) -> str:
    unit, has_value = got.get("unit"), "value" in got
    if unit == "倍" or (base and not has_value and unit == "%") or (base and unit == "%" and "delta" not in got):
        if got.keys() & {"cumulative", "of_which", "baseline", "per"} or (unit == "倍" and not has_value):
            raise Unread("a ratio and more")
        return "ratio"
    if base and "delta" not in got:
        raise Unread("compared, but not how")
    if unit == "位":
        if got.keys() & {"cumulative", "of_which", "delta", "per"} or got["value"] != got["value"].to_integral_value():
            raise Unread("a rank and more, or none")
        return "rank"
    if has_value or "cumulative" in got:
        return "level"
    if got["delta"] <= 0:
        raise Unread("a fall from nothing known")
    return "increase"


def _change(got: dict[str, Any], unit: str | None, base: str | None) -> dict[str, Any]:
    """What a change adds: its unit where it stands alone; the baseline where it stands beside a value."""
    if "value" not in got:
        if "cumulative" in got or unit is None:
            raise Unread("a change of what?")
        return {"unit": unit}
    if unit not in (("ポイント",) if got["unit"] == "%" else (None, got["unit"])):
        raise Unread("a change in another unit")
    baseline = got["value"] - got["delta"]
    found: dict[str, Any] = {}
    if base and base[2:].isdigit():
        found["baseline_fy"] = int(base[2:])
    if "baseline" in got:
        if got["baseline"] != baseline:
            raise Unread("the change does not add up")
    elif got["comparator"] == "=" and "approx" not in got:
        found |= {"baseline": baseline, "baseline_derived": True}
    return found


def _read(nodes: list[Node]) -> Target:
    items = items_of(nodes)
    readings = [_single(item) for item in items]
    if len(readings) == 1:
        return readings[0]
    timed = [any(getattr(reading, name) is not None for name in _TIMES) for reading in readings]
    if any(timed) and not all(timed):
        raise Unread("whose period is it?")
    shared = {
        name: getattr(readings[0], name)
        for name in ("kind", "calendar", *_TIMES)
        if all(getattr(reading, name) == getattr(readings[0], name) for reading in readings)
    }
    bare = dict.fromkeys(shared)
    parts = [replace(each, comparator=None if each.comparator == "=" else each.comparator, **bare) for each in readings]
    return Target(**shared, parts=tuple(parts) if any(each.as_dict() for each in parts) else None)


_TIMES = ("from_fy", "to_fy", "target_fy", "deadline_fy", "cumulative_from", "cumulative_to")


def _single(nodes: list[Node]) -> Target:
    cell = Cell()
    cell.absorb(nodes)
    return _target(cell)
