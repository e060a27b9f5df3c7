"""What a cell says of money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from plans.notation.beside import note_of
from plans.notation.reading import Reading, Unread
from plans.notation.text import has_blank, plain, without_bullet
from plans.notation.tokens import Group, Kind, Node, Quantity, Token, nodes_of, place_of, tokens_of_line


@dataclass(frozen=True, slots=True)
class Amount(Reading):
    """An amount of money in yen."""

    amount: Decimal | None = None
    comparator: str | None = None  # only where it is no "="
    approx: bool | None = None
    prior: Decimal | None = None  # the year before, as printed beside it
    supplementary: Decimal | None = None  # 補正予算額
    delta: Decimal | None = None  # 前年度比+2億円
    within: Decimal | tuple[Decimal, ...] | None = None  # 89億円の内数: a bound, not an amount; several in order
    of_which: Mapping[str, Decimal] | None = None
    parts: Mapping[str, Decimal | None] | None = None  # yen where the part prints its unit, else the bare number


_PRIOR_NOTE = re.compile(r"(?:※[0-9]?|\(注[0-9]?\)|注:?)?\(\)(?:内)?は、?(?:前年度|昨年度)[^0-9()]{0,20}$")
_PRIOR = re.compile("(?:前|昨)年度?")
_NOT_A_PART = re.compile("前年|昨年|補正|合計|総額|^計$|要求|要望|内訳")
_BEHIND = re.compile("(?:を(?:計上|要求|措置)(?:する|した|している)?|等)?")
_ELSEWHERE = re.compile("で(?:実施|計上|措置)(?:している)?")
_MINISTRY = re.compile("[一-龥こ]|科技|文科|厚労|経産|内閣府|.{1,8}省|AMED|インハウス")
_HEADING = re.compile(r"\((?:単位:?)?((?:百万|[千億])?円)\)")
_BARE = re.compile("(?<![0-9,.A-Za-z])[0-9][0-9,.]*(?=$|[ ()、])")
_NIL = re.compile("(?P<name>.*[^-ー]|)(?:-|(?<=[一-龥])ー)")


def read_amount(text: str) -> Amount | None:
    """Read an amount of money, or None. A number without 円 is only read as one of several named parts."""
    line = plain(text)
    if not line or has_blank(line):
        return None
    line = without_bullet(line).rstrip("。")
    if heading := _HEADING.search(line):  # 予算額(千円) 2,566,694
        line = _BARE.sub(rf"\g<0>{heading[1]}", line.replace(heading.group(), "、", 1))
    note = _PRIOR_NOTE.search(line)
    try:
        budget = _Budget()
        budget.absorb(nodes_of(tokens_of_line(line[: note.start()] if note else line)))
        if line.count("内数") > len(budget.within):
            return None
        return budget.amount(must_have_prior=note is not None)
    except Unread:
        return None


def _phrases(nodes: list[Node]) -> list[list[Node]]:
    phrases: list[list[Node]] = [[]]
    for node in nodes:
        if isinstance(node, Token) and node.kind is Kind.STOP:
            phrases.append([])
        else:
            phrases[-1].append(node)
    return phrases


def _numbers_of(nodes: list[Node]) -> list[Quantity]:
    kinds = (Kind.QUANTITY, Kind.BARE)
    return [node.quantity for node in nodes if isinstance(node, Token) and node.kind in kinds and node.quantity]


def _texts_of(nodes: list[Node]) -> str:
    return "".join(node.text for node in nodes if isinstance(node, Token) and node.kind is Kind.TEXT)


def _money(quantity: Quantity) -> Decimal:
    """The yen of a quantity that is an exact amount and nothing else."""
    if quantity.unit != "円" or quantity != Quantity(quantity.value, "円", sign=min(quantity.sign, 0)):
        raise Unread("no exact amount of yen")
    return quantity.value * (quantity.sign or 1)


class _Budget:
    """What has been found so far."""

    def __init__(self) -> None:
        self.got: dict[str, Any] = {}
        self.within: list[Decimal] = []
        self.year: int | None = None
        self.new = False  # (新規)
        self.announced = False  # 令和4年度予算額(令和3年度予算額): what is in the next brackets

    def put(self, name: str, value: Any) -> None:
        if name in self.got:
            raise Unread(f"two of {name}")
        self.got[name] = value

    def amount(self, must_have_prior: bool) -> Amount:
        if must_have_prior and "prior" not in self.got:
            raise Unread("a note on brackets that are not there")
        if self.within:
            self.got["within"] = self.within[0] if len(self.within) == 1 else tuple(self.within)
        if not self.got.keys() & {"amount", "within", "parts"}:
            raise Unread("no amount")
        return Amount(**self.got)

    def absorb(self, nodes: list[Node]) -> None:
        """Take in a whole text."""
        place = place_of(Kind.NOTE, nodes)
        note, nodes = ([], nodes) if place is None else (nodes[place + 1 :], nodes[:place])
        phrases = []
        for phrase in _phrases(nodes):
            numbers = _numbers_of(phrase)
            if len(numbers) == 1 and numbers[0].within:
                self._within(phrase, numbers[0])
            else:
                phrases.append(phrase)
        holding = [phrase for phrase in phrases if _numbers_of(phrase)]
        if len(holding) > 1 and not any(_is(phrase, Kind.BASE) or _is(phrase, Kind.OF_WHICH) for phrase in holding):
            self.put("parts", _parts(phrases))
        else:
            for phrase in phrases:
                self._phrase(phrase)
        if not self._ran_elsewhere(note):
            note_of(note)

    def _ran_elsewhere(self, note: list[Node]) -> bool:
        """※令和7年度は…(43億円)で実施, at what is new: last year's money stood elsewhere."""
        groups = [node for node in note if isinstance(node, Group) and _numbers_of(node.nodes)]
        if not self.new or len(groups) != 1 or note[-2:-1] != groups or len(groups[0].nodes) > 1:
            return False
        first, last = note[0], note[-1]
        if not isinstance(first, Token) or not isinstance(last, Token) or not first.span or not first.span.single:
            return False
        is_last_year = self.year is None or first.span.first == self.year - 1
        if not is_last_year or not _ELSEWHERE.fullmatch(last.text) or _numbers_of(note):
            return False
        self.put("prior", _money(_numbers_of(groups[0].nodes)[0]))
        return True

    def _within(self, phrase: list[Node], quantity: Quantity) -> None:
        if any(isinstance(node, Group) or node.kind not in (Kind.TEXT, Kind.QUANTITY) for node in phrase):
            raise Unread("a bound with more")
        self.within.append(_money(replace(quantity, within=False)))

    def _phrase(self, phrase: list[Node]) -> None:
        """Take in what stands between two stops, outside brackets."""
        compared = of_which = False
        name = ""
        for node in phrase:
            if isinstance(node, Group):
                self._group(node)
            elif node.kind is Kind.SPAN and node.span:
                if not node.span.single or node.span.deadline or "amount" in self.got:
                    raise Unread("the year of what?")
                self.year = node.span.first
            elif node.kind is Kind.BASE and not node.span:
                compared = True
            elif node.kind is Kind.OF_WHICH:
                of_which = True
            elif node.kind is Kind.STOP:
                compared, name = False, ""
            elif node.kind is Kind.QUANTITY and node.quantity:
                if compared:
                    self._change(node.quantity)
                elif of_which:
                    self._of_which(name, node.quantity)
                else:
                    self._main(node.quantity)
            elif node.kind is Kind.TEXT:
                name = node.text
                if "amount" in self.got and not (compared or of_which or _BEHIND.fullmatch(name)):
                    raise Unread("words behind the amount")
            elif node.kind is not Kind.SUM:
                raise Unread("not known in an amount")

    def _main(self, quantity: Quantity) -> None:
        if (
            quantity.unit != "円"
            or quantity.per
            or quantity.change
            or quantity.sign > 0
            or quantity.scope
            or quantity.qualifies
        ):
            raise Unread("no amount of yen")
        self.put("amount", quantity.value * (quantity.sign or 1))
        if quantity.comparator != "=":
            self.put("comparator", quantity.comparator)
        if quantity.approx:
            self.put("approx", True)

    def _change(self, quantity: Quantity) -> None:
        direction = quantity.sign or quantity.change
        if quantity.comparator != "=" or quantity.unit not in ("円", "%") or not direction or "amount" not in self.got:
            raise Unread("a change of what?")
        if quantity.unit == "円":
            self.put("delta", quantity.value * direction)

    def _of_which(self, name: str, quantity: Quantity) -> None:
        if not name or "amount" not in self.got or _PRIOR.match(name):
            raise Unread("a part of what, or another year's")
        self.got.setdefault("of_which", {})[name.rstrip("はがの:")] = _money(quantity)

    def _group(self, group: Group) -> None:
        """Take in what stands in brackets."""
        if group.cut or any(isinstance(node, Group) for node in group.nodes):
            raise Unread("cut off, or brackets in brackets")
        numbers, phrases = _numbers_of(group.nodes), _phrases(group.nodes)
        if _is(group.nodes, Kind.BASE) or _is(group.nodes, Kind.OF_WHICH):
            self._phrase(group.nodes)
        elif len(phrases) > 1 and (numbers or any(_NIL.fullmatch(_texts_of(phrase)) for phrase in phrases)):
            self.put("parts", _parts(phrases))
        elif numbers:
            self._beside(group.nodes, numbers)
        else:
            self._words(group.nodes)

    def _words(self, nodes: list[Node]) -> None:
        """(新規), (AMED); or the year that the amounts in the next brackets are of."""
        years = [node.span for node in nodes if isinstance(node, Token) and node.span]
        if any(isinstance(node, Token) and node.kind not in (Kind.TEXT, Kind.STOP, Kind.SPAN) for node in nodes):
            raise Unread("not known in brackets")
        if _texts_of(nodes) == "内数" and "amount" in self.got:
            self.within.append(self.got.pop("amount"))
        elif not years:
            self.new = self.new or _texts_of(nodes) == "新規"
            self.announced = self.announced or ("amount" not in self.got and _PRIOR.match(_texts_of(nodes)) is not None)
        elif "amount" not in self.got and self.year and len(years) == 1 and years[0].first == self.year - 1:
            self.announced = True
        else:
            raise Unread("the year of what?")

    def _beside(self, nodes: list[Node], numbers: list[Quantity]) -> None:
        """One number in brackets: last year's by what is said or by convention, the supplementary budget, or a part."""
        said = _texts_of(nodes)
        years = [node.span for node in nodes if isinstance(node, Token) and node.span]
        if (
            len(numbers) > 1
            or "amount" not in self.got
            or any(isinstance(node, Token) and node.kind not in (Kind.TEXT, Kind.SPAN, Kind.QUANTITY) for node in nodes)
        ):
            raise Unread("several numbers, or none before them")
        if years:
            if len(years) > 1 or self.year is None or years[0].first != self.year - 1:
                raise Unread("the year of what?")
            self.put("prior", _money(numbers[0]))
        elif not said and (numbers[0].sign or numbers[0].change):
            self._change(numbers[0])
        elif not said or (_PRIOR.match(said) and not numbers[0].sign):
            self.put("prior", _money(numbers[0]))
        elif "補正" in said:
            self.put("supplementary", _money(numbers[0]))
        elif said in _SINGLE_PARTS:
            self.put("parts", {said: _money(numbers[0])})
        else:
            raise Unread("an amount of what?")


_SINGLE_PARTS = frozenset(
    {"AMED", "インハウス", "文", "厚", "経", "総", "文部科学省", "厚生労働省", "経済産業省", "総務省", "内閣府"}
)


def _is(nodes: list[Node], kind: Kind) -> bool:
    return any(isinstance(node, Token) and node.kind is kind for node in nodes)


def _parts(phrases: list[list[Node]]) -> dict[str, Decimal | None]:
    """Named amounts: 文67、厚34、経-."""
    parts: dict[str, Decimal | None] = {}
    for phrase in phrases:
        tokens = [node for node in phrase if isinstance(node, Token)]
        kinds = [token.kind for token in tokens]
        value: Decimal | None = None
        if len(tokens) < len(phrase):
            raise Unread("brackets among parts")
        if kinds == [Kind.TEXT] and (nil := _NIL.fullmatch(tokens[0].text)):
            name = nil["name"].rstrip("は:")
        elif kinds[:1] == [Kind.TEXT] and kinds[1:2] in ([Kind.QUANTITY], [Kind.BARE]) and tokens[1].quantity:
            if "".join(token.text for token in tokens[2:]) not in ("", "等"):
                raise Unread("words behind a part")
            name, quantity = tokens[0].text.rstrip("は:"), tokens[1].quantity
            if kinds[1] is Kind.BARE and not _MINISTRY.fullmatch(name):
                raise Unread("a number that need not be money")
            value = _money(replace(quantity, unit="円") if kinds[1] is Kind.BARE else quantity)
        else:
            raise Unread("no named amount")
        if not name or name in parts or _NOT_A_PART.search(name):
            raise Unread("a part without a name of its own")
        parts[name] = value
    return parts
