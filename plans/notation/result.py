"""What a cell reports as a result: a number, several, or a grade."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from plans.notation.beside import check_before, check_behind, note_of
from plans.notation.reading import Reading, Unread
from plans.notation.text import has_blank, plain, without_bullet
from plans.notation.tokens import Group, Kind, Node, Quantity, Token, nodes_of, tokens_of_line
from plans.notation.years import Span


@dataclass(frozen=True, slots=True)
class Result(Reading):
    """A result as printed. Grades keep their case and their scale: A is not a."""

    comparator: str | None = None
    value: Decimal | None = None
    unit: str | None = None
    approx: bool | None = None
    per: str | None = None
    from_fy: int | None = None
    to_fy: int | None = None
    calendar: str | None = None
    cumulative: Decimal | None = None  # the value again, where it is said to be a total: 累計
    of_which: Mapping[str, Decimal] | None = None
    series: tuple[Decimal, ...] | None = None  # several numbers of one unit and nothing else: 36件 44件 43件
    grade: str | None = None  # ◎ ○ △ ×, S A B C …
    rate: Decimal | None = None  # 達成率 in %


_RATE = re.compile(r"\((?:目標)?達成[率度][:は]?(?P<rate>[0-9]{1,4}(?:\.[0-9]{1,4})?)%\)$")
_SAID = re.compile("(?:評価|評定|判定)$")
_ASKED = re.compile("(?:評価(?:結果)?|評定|判定|指標[0-9]{1,2}|達成状況|達成度|進捗度)[:は)]?$")
_GRADE = re.compile("(?:[◎○△×]|(?<![A-Za-z])[SABCDEFNsabcdefn][+-]?)$")
_NUMBERED = re.compile("指標[0-9]{1,2}")
_ZERO = re.compile("(?:(?P<of>[^0-9]+)[はが:])?ゼロ(?P<unit>件|社|本|名|人|品目|拠点)?")
_EARLIER = "計画値|想定|当初|従来|前回|旧|基準値|前年|昨年"
_NO_RESULT = re.compile(f"目標|{_EARLIER}|予定|見込|検討|未定|内数|[◎○△×?]")
_REACHED = re.compile("(?:達成|進捗)[率度][:は]?$")


def read_result(text: str) -> Result | None:
    """Read what a cell reports, or None. A number that is planned or expected is no result."""
    line = plain(text)
    if not line or has_blank(line) or re.search("△[0-9]", line):  # a grade or a minus?
        return None
    try:
        return (
            _grade(line)
            or _zero(line)
            or _numbers(nodes_of(tokens_of_line((line if line[0] in "○◎" else without_bullet(line)).rstrip("。"))))
        )
    except Unread:
        return None


def _grade(line: str) -> Result | None:
    """○, A評価, 指標4:○(目標達成率119%). A letter alone is a grade only where it is said to be one, or is all."""
    rate = _RATE.search(line)
    line = line[: rate.start()] if rate else line
    said = _SAID.search(line)
    line = line[: said.start()] if said else line
    grade = _GRADE.search(line)
    if grade is None:
        return None
    head = line[: grade.start()]
    if head and not said and not _ASKED.search(head) and not (grade.group() in "◎○△×" and head.endswith(":")):
        return None
    if re.search(f"{_EARLIER}|[0-9◎○△×]", _NUMBERED.sub("", head)) or re.search("[A-Za-z]評", head):
        raise Unread("more than a grade")
    return Result(grade=grade.group(), rate=Decimal(rate["rate"]) if rate else None)


def _zero(line: str) -> Result | None:
    found = _ZERO.fullmatch(line)
    if found is None or _NO_RESULT.search(found["of"] or ""):
        return None
    return Result(comparator="=", value=Decimal(0), unit=found["unit"])


def _numbers(nodes: list[Node]) -> Result:
    quantities = [node.quantity for node in nodes if isinstance(node, Token) and node.quantity]
    others = [node for node in nodes if isinstance(node, Group) or node.kind not in (Kind.QUANTITY, Kind.STOP)]
    if len(quantities) > 1 and not others:
        return _series(quantities)
    report = _Report()
    report.absorb(nodes)
    return report.result()


def _series(quantities: list[Quantity]) -> Result:
    first = quantities[0]
    if any(quantity != replace(first, value=quantity.value) for quantity in quantities) or _is_change(first):
        raise Unread("numbers of different kinds")
    return Result(
        comparator=first.comparator,
        unit=first.unit,
        approx=first.approx or None,
        per=first.per,
        series=tuple(quantity.value for quantity in quantities),
    )


def _is_change(quantity: Quantity) -> bool:
    return bool(quantity.change or quantity.within or quantity.scope)


class _Report:
    """What has been found of a result so far."""

    def __init__(self) -> None:
        self.words = ""
        self.numbers: list[Quantity] = []
        self.spans: list[Span] = []
        self.rates: list[Decimal] = []
        self.parts: dict[str, Decimal] = {}
        self.total = False

    def absorb(self, nodes: list[Node]) -> None:
        of_which, name = False, ""
        for place, node in enumerate(nodes):
            behind = nodes[place + 1] if place + 1 < len(nodes) else None
            if isinstance(node, Group):
                if node.cut:
                    raise Unread("cut off")
                self.absorb(node.nodes)
            elif node.kind is Kind.NOTE:
                self.words += note_of(nodes[place + 1 :])
                return
            elif node.kind is Kind.QUANTITY and node.quantity:
                if isinstance(behind, Token):
                    check_behind(node, behind.text)
                self._number(node.quantity, name, of_which)
            elif node.kind is Kind.SPAN and node.span:
                self._time(node.span, behind.text if isinstance(behind, Token) else "")
            elif node.kind is Kind.CUMULATIVE:
                self.total = True
            elif node.kind is Kind.OF_WHICH:
                of_which = True
            elif node.kind not in (Kind.TEXT, Kind.STOP, Kind.SUM):
                raise Unread("not known in a result")
            name = node.text if isinstance(node, Token) and node.kind is Kind.TEXT else ""
            self.words += name

    def _number(self, quantity: Quantity, name: str, of_which: bool) -> None:
        check_before(name)
        if _is_change(quantity) or quantity.unit is None:
            raise Unread("a change, a part, or a number of nothing")
        if quantity.qualifies:
            return  # 65歳以上の… says who, not how many
        if of_which:
            if not name or name in self.parts or not self.numbers or quantity.unit != self.numbers[0].unit:
                raise Unread("a part of what?")
            if quantity != Quantity(quantity.value, quantity.unit):
                raise Unread("a part that is no exact number")
            self.parts[name] = quantity.value
        elif _REACHED.search(name) and quantity.unit == "%":
            self.rates.append(quantity.value)
        else:
            self.numbers.append(quantity)

    def _time(self, span: Span, behind: str) -> None:
        if span.is_date:
            if not re.match("現在|時点", behind):
                raise Unread("the day of something else")
        elif span.deadline:
            raise Unread("something to come")
        else:
            self.spans.append(span)

    def result(self) -> Result:
        if _NO_RESULT.search(self.words.replace("目標達成", "")):
            raise Unread("a word that makes it no result")
        if len(self.numbers) > 1 or len(self.spans) > 1 or len(self.rates) > 1 or not (self.numbers or self.rates):
            raise Unread("no number, or several")
        number = self.numbers[0] if self.numbers else None
        span = self.spans[0] if self.spans else None
        return Result(
            comparator=number.comparator if number else None,
            value=(number.value * (number.sign or 1)) if number else None,
            unit=number.unit if number else None,
            approx=(number.approx or None) if number else None,
            per=number.per if number else None,
            from_fy=span.first if span else None,
            to_fy=span.last if span else None,
            calendar=span.calendar if span else None,
            cumulative=(number.value * (number.sign or 1)) if number and self.total else None,
            of_which=self.parts or None,
            rate=self.rates[0] if self.rates else None,
        )
