"""One cell, gathered piece by piece: every number finds the one thing it can be, or the cell is not read."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from plans.notation.beside import check_phrase, check_stops, note_of
from plans.notation.reading import Unread
from plans.notation.tokens import Group, Kind, Node, Quantity, Token, place_of
from plans.notation.years import Span

_WHOLE = re.compile(
    "全(?:国の?|ての)?(?:都道府県|市区?町村|自治体|大学|病院|医療機関|研究機関|施設|拠点|事業|プロジェクト|地域|医療圏)(?=(?:で|において)?$)"
)
_COMPARED_WITH = re.compile("対?(現状|現在|現行|前年度|前年|昨年度)")
_PLANNED = re.compile("目標|予定|見込|旧|当初|従来|前回|修正|検討|倍増|半減")
_NUMBERS = frozenset({"value", "cumulative"})
_OF_BASELINE = frozenset({"value", "unit", "comparator", "approx", "per", "target_fy", "calendar"})


class Cell:
    """What has been found so far, by name; `words` are the texts outside brackets, `aside` those inside."""

    def __init__(self, reported: bool = False) -> None:
        self.reported = reported  # a baseline is
        self.got: dict[str, Any] = {}
        self.words = ""
        self.aside = ""
        self._awaits_total = False
        self._awaits_number = False  # it is said which ones, but not how many yet
        self._year_depth = 0  # how many brackets the last year stands in

    def put(self, name: str, value: Any) -> None:
        """Keep what there can only be one of."""
        if name in self.got:
            raise Unread(f"two of {name}")
        self.got[name] = value

    def agree(self, name: str, value: Any) -> None:
        """Keep what may be said several times, but not differently."""
        if self.got.setdefault(name, value) != value:
            raise Unread(f"two of {name}")

    def close(self) -> None:
        """To be called when all is absorbed."""
        if self._awaits_total or self._awaits_number:
            raise Unread("a total without a number, or which ones and not how many")

    def absorb(self, nodes: list[Node], depth: int = 0) -> None:
        """Take in the pieces of a level: a whole text, one side of an arrow, what stands in brackets."""
        if (note := place_of(Kind.NOTE, nodes)) is not None:
            self.aside += note_of(nodes[note + 1 :])
            nodes = nodes[:note]
        if (arrow := place_of(Kind.ARROW, nodes)) is not None:
            self.compare(nodes[:arrow], nodes[arrow + 1 :], depth)
            return
        check_stops(nodes)
        of_which, amid, phrase = False, False, list[Token]()
        for node in nodes:
            if isinstance(node, Token) and node.kind is not Kind.STOP:
                if node.kind is Kind.OF_WHICH:
                    of_which = self._phrase(phrase, of_which, depth)
                    phrase = []
                if amid and node.kind is Kind.TEXT and node.text not in ("", "等"):
                    raise Unread("a number in brackets amid a sentence says which ones: 企業(価値1000億円以上)となる")
                phrase.append(node)
                continue
            of_which = self._phrase(phrase, of_which, depth)
            phrase = []
            if isinstance(node, Group):
                known = self.got.keys() & _NUMBERS
                self._group(node, depth + 1)
                amid = amid or self.got.keys() & _NUMBERS != known
            else:
                self._say(node.text, depth)
        self._phrase(phrase, of_which, depth)

    def compare(self, before: list[Node], after: list[Node], depth: int = 0, labelled: bool = False) -> None:
        """Take in a baseline and a target: 0件(R5) → 10件(R10), or their years alone: R5→R10."""
        if self._two_years(before, after):
            return
        before, after = _with_unit(before, after), _with_unit(after, before)
        base = Cell(reported=True)
        base.absorb(before)
        base.close()
        if not {"value"} <= base.got.keys() <= _OF_BASELINE:
            raise Unread("no baseline, or more than one")
        if base.got["comparator"] != "=":
            raise Unread("no exact baseline")
        if _PLANNED.search(base.words + base.aside):
            raise Unread("no baseline, but another target")
        self.put("baseline", base.got["value"])
        self.absorb(after, depth)
        self._year_of_base(base, depth, labelled)
        if any(self.got.get(name, base.got.get(name)) != base.got.get(name) for name in ("unit", "per")):
            raise Unread("two units")
        if "value" not in self.got or self.got.get("target_fy", 9999) <= self.got.get("baseline_fy", 0):
            raise Unread("no target after the baseline")

    def _two_years(self, before: list[Node], after: list[Node]) -> bool:
        """Take in a pair of years, if it is one."""
        if len(before) != 1 or len(after) != 1 or isinstance(before[0], Group) or isinstance(after[0], Group):
            return False
        first, last = before[0].span, after[0].span
        if not first or not last or first.deadline or not first.single or not last.single:
            return False
        if (first.first or 0) >= (last.first or 0) or Kind.BASE in (before[0].kind, after[0].kind):
            raise Unread("no years in their order")
        self.put("baseline_fy", first.first)
        self.put("target_fy", last.first)
        self.agree("calendar", last.calendar)
        return True

    def _year_of_base(self, base: Cell, depth: int, labelled: bool) -> None:
        """The baseline's year. One year beside two numbers is read where it cannot be the other's.

        That is in 100件(R5)→150件, in 100件→R10に150件 and with labels; not in R10に100件→150件 or 100件→150件(R10).
        """
        has_year, has_base_year = "target_fy" in self.got, "target_fy" in base.got
        if has_base_year:
            self.put("baseline_fy", base.got["target_fy"])
        if labelled or has_year == has_base_year or (has_year and "baseline_fy" in self.got):
            return
        if has_base_year == (base._year_depth == 0) or (has_year and self._year_depth > depth):
            raise Unread("whose year is it?")

    def _say(self, text: str, depth: int) -> None:
        if depth:
            self.aside += text
        else:
            self.words += text

    def _group(self, group: Group, depth: int) -> None:
        if not group.cut:
            self.absorb(group.nodes, depth)
            return
        # (100件→150件)(2021年…: what is cut off can only go on with the years, and the first of two is the baseline's.
        first, *rest = group.nodes or [Token(Kind.CUT, "")]
        span = first.span if isinstance(first, Token) else None
        if not span or not span.single or span.deadline or rest not in ([], [Token(Kind.CUT, "...")]):
            raise Unread("cut off")
        if "baseline" not in self.got or "target_fy" in self.got:
            raise Unread("cut off")
        self.put("baseline_fy", span.first)
        self.agree("calendar", span.calendar)

    def _phrase(self, tokens: list[Token], of_which: bool, depth: int) -> bool:
        """Take in what stands between two stops; returns whether what follows is still a part (うちA 1件、B 2件)."""
        check_phrase(tokens, self.reported)
        kinds = {token.kind for token in tokens}
        if kinds & {Kind.BARE, Kind.BOUND, Kind.CUT}:
            raise Unread("a number without a unit, or a text that is cut off")
        self._take_words(tokens, depth)
        spans = [token.span for token in tokens if token.kind is Kind.SPAN and token.span]
        if len(spans) > 1 or any(span.is_date for span in spans):
            raise Unread("several times, or a day")
        span = spans[0] if spans else None
        if span:
            self._year_depth = depth
        if Kind.SUM in kinds and (span is None or span.single or span.opens):
            raise Unread("計 of what?")
        total = bool(kinds & {Kind.CUMULATIVE, Kind.SUM})
        quantity = self._main_quantity(tokens)
        of_which = of_which or Kind.OF_WHICH in kinds
        if quantity is None:
            self._time(span, total)
        elif of_which:
            if span or total:
                raise Unread("a part with a period of its own")
            self._part(tokens, quantity)
        elif quantity.change or quantity.sign:
            self._delta(quantity)
            self._years(span, total=False)
        else:
            self._number(quantity, total or self._awaits_total)
            self._years(span, total)
        return of_which

    def _take_words(self, tokens: list[Token], depth: int) -> None:
        for token in tokens:
            if token.kind is Kind.TEXT:
                self._say(token.text, depth)
            elif token.kind is Kind.COMBINED:
                self.put("combined", True)
            elif token.kind is Kind.BASE and token.span:
                self.put("base", f"{token.span.calendar}{token.span.first}")
            elif token.kind is Kind.BASE and (word := _COMPARED_WITH.match(token.text)):
                self.put("base", word[1])

    def _main_quantity(self, tokens: list[Token]) -> Quantity | None:
        """The one number of a phrase that neither is a scope (86品目のうち) nor says which ones (100億円以上の)."""
        left: list[Quantity] = []
        for place, token in enumerate(tokens):
            if token.kind is not Kind.QUANTITY or token.quantity is None:
                continue
            before = tokens[place - 1].text if place else ""
            if token.quantity.within:
                raise Unread("の内数 is a bound, not a number")
            if token.quantity.scope or (before.endswith("全") and len(tokens) > place + 1):
                if token.quantity != Quantity(token.quantity.value, token.quantity.unit, scope=token.quantity.scope):
                    raise Unread("a scope that is no count")
                self.put("scope_count", token.quantity.value)
                self.put("scope_unit", token.quantity.unit)
                continue
            if named := _WHOLE.search(before):
                self.put("scope", named.group())
            left.append(token.quantity)
        while len(left) > 1 and left[0].qualifies:
            left.pop(0)
        if len(left) > 1:
            raise Unread("several numbers")
        if left and left[0].qualifies:
            self._awaits_number = not self.got.keys() & _NUMBERS
            return None
        return left[0] if left else None

    def _number(self, quantity: Quantity, total: bool) -> None:
        self._awaits_total = self._awaits_number = False
        if total and quantity.per:
            raise Unread("a total per year")
        self.put("cumulative" if total else "value", quantity.value)
        self.agree("unit", quantity.unit)
        self.agree("comparator", quantity.comparator)
        if quantity.approx:
            self.agree("approx", True)
        if quantity.per:
            self.put("per", quantity.per)

    def _delta(self, quantity: Quantity) -> None:
        if quantity.comparator != "=" or quantity.approx or quantity.per:
            raise Unread("a change that is no number")
        if quantity.sign and quantity.change and quantity.sign != quantity.change:
            raise Unread("+ and 減")
        self.put("delta", quantity.value * (quantity.sign or quantity.change))
        self.put("delta_unit", quantity.unit)

    def _part(self, tokens: list[Token], quantity: Quantity) -> None:
        number = next(place for place, token in enumerate(tokens) if token.quantity is quantity)
        name = name_of(tokens[:number])
        if not name or quantity != Quantity(quantity.value, self.got.get("unit")):
            raise Unread("a part without a name, of another unit, or no exact number")
        parts: dict[str, Decimal] = self.got.setdefault("of_which", {})
        if name in parts:
            raise Unread("a part said twice")
        parts[name] = quantity.value

    def _time(self, span: Span | None, total: bool) -> None:
        """Take in a phrase without a number."""
        if total and "value" in self.got and not self.got.keys() & {"cumulative", "per", "from_fy", "target_fy"}:
            self.put("cumulative", self.got.pop("value"))
        elif total and self.got.keys() & _NUMBERS:
            raise Unread("a total of what?")
        else:
            self._awaits_total = self._awaits_total or total
        self._years(span, total)

    def _years(self, span: Span | None, total: bool) -> None:
        if span is None:
            return
        if span.deadline:
            self.put("deadline_fy", span.first)
            if total:
                self.put("cumulative_to", span.first)
        elif total and span.single:
            raise Unread("a total of one year")
        elif span.single:
            self.put("target_fy", span.first)
        else:
            self.put("cumulative_from" if total else "from_fy", span.first)
            if span.last is not None:
                self.put("cumulative_to" if total else "to_fy", span.last)
        self.agree("calendar", span.calendar)


def name_of(nodes: list[Token]) -> str:
    """What a part is called by the pieces before its number."""
    return "".join(node.text for node in nodes if node.kind is Kind.TEXT).rstrip("はがのを:で")


def _with_unit(nodes: list[Node], others: list[Node]) -> list[Node]:
    """Give the one bare number of one side of an arrow the unit of the other side: 100→150件."""
    numbers, units = ([node for node in side if isinstance(node, Token) and node.quantity] for side in (nodes, others))
    if len(numbers) != 1 or len(units) != 1 or numbers[0].kind is not Kind.BARE:
        return nodes
    unit = units[0].quantity.unit if units[0].quantity else None
    if numbers[0].quantity is None or unit in (None, "円", "USD"):
        return nodes
    given = replace(numbers[0], kind=Kind.QUANTITY, quantity=replace(numbers[0].quantity, unit=unit))
    return [given if node is numbers[0] else node for node in nodes]
