"""The pieces of a cell: quantities, years, marks and the words that decide what they mean; the rest is text.

Every digit of a text ends up in one piece. What is no number, no year and no known part of a name raises Unread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from plans.notation.reading import Unread
from plans.notation.text import MEASURES, UNIT, has_blank, number_at, plain, unit_at, without_bullet
from plans.notation.years import Span, span_at


class Kind(Enum):
    """What a piece is."""

    TEXT = "text"
    QUANTITY = "a number with its unit"
    BARE = "a number without a unit"
    SPAN = "a year or years"
    BASE = "what is compared with: 2023年度比, 現状の"
    ARROW = "→"
    OPEN = "("
    CLOSE = ")"
    STOP = "、 and what else parts two statements"
    CUT = "…"
    CUMULATIVE = "累計, 5年間で"
    SUM = "計"
    OF_WHICH = "うち"
    COMBINED = "合算"
    BOUND = "以上 and the like, apart from its number"
    NOTE = "※"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with all that is printed about it in one go: 約, 年間, ▲, 以上, /年, 増, のうち."""

    value: Decimal
    unit: str | None
    comparator: str = "="
    approx: bool = False
    per: str | None = None
    sign: int = 0  # printed: ▲ or +
    change: int = 0  # printed: 増 or 減
    within: bool = False  # の内数
    scope: bool = False  # のうち
    qualifies: bool = False  # 100億円以上の企業, 10件採択した企業: says which ones are meant


@dataclass(frozen=True, slots=True)
class Token:
    """One piece."""

    kind: Kind
    text: str
    quantity: Quantity | None = None
    span: Span | None = None


@dataclass(slots=True)
class Group:
    """What stands in a pair of brackets. Cut: the closing one is not there."""

    nodes: list[Node] = field(default_factory=list)
    cut: bool = False


Node = Token | Group

_BEFORE_NUMBER = re.compile(
    r"(?:(?P<per>毎年度?|各年度?|年間|1?年度?[当あ]たり|(?<![今昨翌同前来近隔半年])年(?=[約0-9])|(?<![一-龥0-9])年[間度](?=の?目標))"
    r"(?:の?目標値?(?:は|:)?|で|に)?)?"
    r"(?P<approx>約|およそ|概ね|おおむね|ほぼ)?(?P<bound>最大で?|上限|最低限?で?|少なくとも|下限|[≥≧≤≦])?(?P<approx2>約)?"
    r"(?P<sign>[▲△+-])?(?:第(?=[0-9]+位))?(?=[0-9])"
)
_BEHIND_NUMBER = re.compile(
    r"(?P<per>/(?:1|各)?年(?P<fiscal>度)?間?(?![0-9]))"
    r"|(?P<bound>以上|以内|以下|未満|超(?!えな)(?:え|過)?|を超え[るたて]|を上回る|を下回る)"
    r"|(?P<approx>程度|前後|ほど|[強弱](?![一-龥ァ-ヶー]))"
    r"|(?:の)?(?:(?P<up>増(?:加|大|額|やす)?|上昇)|(?P<down>減(?:少|額|らす)?|削減|低減|低下))(?![一-龥ー])"
    r"|(?P<within>の?内数)|(?P<scope>のうち)"
)
_PER_OTHER = re.compile(
    "/(?:1|各)?(?:[月週日期人回社国県]|半期|四半期|施設|課題|機関|拠点|事業|都道府県|病院|チーム|研究室|件)"
)
_WHICH = re.compile("の|(?<=る)[一-龥ァ-ヶA-Za-z]")  # behind a bound: 100億円以上の企業, 10億ドルを超える企業
_CLAUSE = re.compile("(?!の)[一-龥ぁ-ん]{1,8}[るた](?=[一-龥ァ-ヶA-Za-z])")  # 10件採択した企業
_COUNTED_BEHIND = re.compile(rf"(?P<bound>以上|以内|以下|未満|超|を超える)の?(?={UNIT})")
_COMPARATOR = {
    **dict.fromkeys(["以上", "最低", "最低で", "最低限", "最低限で", "少なくとも", "下限", "≥", "≧"], ">="),
    **dict.fromkeys(["以内", "以下", "最大", "最大で", "上限", "≤", "≦"], "<="),
    **dict.fromkeys(["未満", "を下回る"], "<"),
}
_SIGNED_AFTER = frozenset("(→:、,;比")

_NAMES = re.compile(
    "|".join(
        [
            r"(?:[Tt][Oo][Pp]|トップ|上位)[0-9]+%(?!以[内上下]|に)",
            r"(?:IF|TRL|インパクトファクター)[0-9]+(?:\.[0-9]+)?(?:以上|未満|超)?等?",
            r"第[0-9]+(?:[、・~,-][0-9]+)*(?![0-9]|位)",
            r"[0-9]+(?:[かヶケカヵ箇]年|年)(?:計画|戦略|構想)|健康日本21",
            r"(?:フェーズ|ムーンショット目標|ステージ|クラス|レベル|グレード|タイプ|指標|(?<![一-龥])(?:図|表|資料|別[表紙添]))"
            rf"[0-9]+(?:[-・/][0-9]+)*(?![0-9.,百千万億兆年月日]|{UNIT})",
            r"[0-9]{1,2}(?:型|価|次元|[DGK](?![A-Za-z])|(?:年|[かヶケカヵ箇]月)(?:全?生存|無(?:再発|増悪|病)))",
            rf"(?<![A-Za-z0-9])(?![RH][0-9]+(?![0-9A-Z]))[A-Za-z]+-?[0-9]+(?:\.[0-9]+|[A-Za-z][A-Za-z0-9]*)?(?![A-Za-z0-9.,百千万億兆]|{UNIT})",
        ]
    )
)
_LETTERS = re.compile("[A-Za-z]+")
_FOOTNOTE = re.compile(r"(?<=[中等者理法策画])[1-9][0-9]?(?=に(?!対|よ)|[はをが]|する)")
_WORDS = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in {
            "CUT": r"\.{2,}",
            "ARROW": "→",
            "OPEN": r"\(",
            "CLOSE": r"\)",
            "REFERENCE": rf"[※*][0-9]{{1,2}}(?![0-9.,百千万億兆年]|{UNIT})|※(?=[()])|注[0-9]{{1,2}}(?=[)、])",
            "NOTE": "※",
            "CUMULATIVE": r"累計|累積|通算"
            r"|(?<![0-9])[0-9]{1,2}(?:年間?|[かヶケカヵ箇]年)の?(?:累計|累積|合計|総計|計|延べ)(?:で|は)?"
            r"|(?<![0-9])[0-9]{1,2}(?:年間|[かヶケカヵ箇]年)(?:で|に(?!わた))"
            r"|(?<=[件社名人])/5年間?(?![0-9])",  # the length of the plans
            "SUM": r"(?:合計|総計|延べ|計)(?:(?:で|は)?(?=約?[0-9])|(?=\)|$))",
            "OF_WHICH": "うち",
            "COMBINED": "合算",
            "BASE": "対?(?:現状|現在|現行|前年度|前年|昨年度)(?:値|実績|水準)?"
            r"(?:比で?は?|対比で?|に比べて?|と比べて?|に対して?|から(?=約?[0-9])|より(?=約?[0-9])|の(?=約?[0-9.]+倍))",
            "STOP": r"[、,;/・。]|及び|および|並びに|ならびに",
            "BOUND": "以上|以内|以下|未満|を超え|を上回|を下回",
        }.items()
    )
)
_COMPARED = re.compile("(?:値|実績|水準)?(?:比で?は?|対比で?|に比べて?|と比べて?|に対して?|の(?=約?[0-9.]+倍))")
_CHANGED = re.compile("約?[0-9,.]+[^0-9~]{0,6}[増減]")
_UNKNOWN = re.compile(r"[~±^=$€£¥#|+≠≒≈⁄≥≧≤≦▲_]|△ |\*[0-9]")


def tokens_of(text: str) -> list[Token]:
    """The pieces of a text. Raises Unread for nothing, for a blank to be filled in, for a digit of no known use."""
    line = plain(text)
    if not line or has_blank(line):
        raise Unread("nothing, or a blank")
    return tokens_of_line(without_bullet(line))


def tokens_of_line(line: str) -> list[Token]:
    """As `tokens_of`, of a text that is plain already."""
    tokens: list[Token] = []
    place = start = 0
    while place < len(line):
        step = _piece_at(line, place, start == place and (not tokens or tokens[-1].kind is not Kind.TEXT))
        if step is None:
            place += 1
            continue
        token, end = step
        if token is not None:
            if start < place:
                tokens.append(Token(Kind.TEXT, line[start:place]))
            tokens.append(token)
            start = end
        place = end
    if start < len(line):
        tokens.append(Token(Kind.TEXT, line[start:]))
    return tokens


def _piece_at(line: str, place: int, fresh: bool) -> tuple[Token | None, int] | None:
    """The piece that begins at a place, and its end; no piece: text. Fresh: no text stands right before it."""
    char = line[place]
    if char in "0123456789令平昭RHF" and (span := span_at(line, place)):
        return _time(line, place, span)
    if found := _NAMES.match(line, place):
        return None, found.end()
    if found := _FOOTNOTE.match(line, place):
        return Token(Kind.TEXT, ""), found.end()
    if (found := _WORDS.match(line, place)) and (fresh or (found.lastgroup != "OF_WHICH" and found.group() != "計")):
        name, end = found.lastgroup or "", found.end()
        if name != "REFERENCE":
            return Token(Kind[name], found.group()), end
        closes = line.startswith(")", end) and line.count("(", 0, end) == line.count(")", 0, end)  # 注1)
        return Token(Kind.TEXT, ""), end + closes
    if found := _BEFORE_NUMBER.match(line, place):
        return _quantity(line, place, found)
    if found := _LETTERS.match(line, place):
        if line[found.end() : found.end() + 1].isdigit() and len(found.group()) == 1:
            raise Unread("a letter at a number")
        return None, found.end()
    if _UNKNOWN.match(line, place):
        raise Unread(f"not known here: {char}")
    return None


def _time(line: str, place: int, span: Span) -> tuple[Token, int]:
    """A span of years, or the base that it is with 比 and the like behind it (対 before it)."""
    compared = _COMPARED.match(line, span.end) if span.single and not span.deadline else None
    end = compared.end() if compared else span.end
    since = span.opens and line.endswith("から", place, span.end) and _CHANGED.match(line, span.end)
    is_base = compared or since or (span.single and line.endswith("対", 0, place))
    return Token(Kind.BASE if is_base else Kind.SPAN, line[place:end], span=span), end


def _quantity(line: str, place: int, before: re.Match[str]) -> tuple[Token, int]:
    if before["sign"] in ("+", "-") and place > 0 and line[place - 1] not in _SIGNED_AFTER:
        raise Unread("+ or - inside a text")
    read = number_at(line, before.end())
    if read is None:
        raise Unread("no number as Japanese writes it")
    value, end = read
    said: dict[str, str] = {"bound": before["bound"] or ""}
    unit = unit_at(line, end)
    if unit:
        end = unit[1]
    elif counted := _COUNTED_BEHIND.match(line, end):
        said["bound"], unit = counted["bound"], unit_at(line, counted.end())
        end = unit[1] if unit else end
    while found := _BEHIND_NUMBER.match(line, end):
        name = found.lastgroup or ""
        name = "per" if name == "fiscal" else name
        if said.get(name):
            raise Unread(f"said twice: {name}")
        said[name], end = found.group(name), found.end()
    pers = {("fiscal_year" if "度" in per else "year") for per in (before["per"], said.get("per")) if per}
    if len(pers) > 1:
        raise Unread("per year and fiscal year")
    quantity = Quantity(
        value=value,
        unit=unit[0] if unit else None,
        comparator=_COMPARATOR.get(said["bound"], ">") if said["bound"] else "=",
        approx=bool(before["approx"] or before["approx2"] or said.get("approx")),
        per=next(iter(pers), None),
        sign=0 if not before["sign"] else 1 if before["sign"] == "+" else -1,
        change=1 if said.get("up") else -1 if said.get("down") else 0,
        within="within" in said,
        scope="scope" in said,
        qualifies=bool(
            _CLAUSE.match(line, end) or (said["bound"] and unit and unit[0] in MEASURES and _WHICH.match(line, end))
        ),
    )
    if _PER_OTHER.match(line, end):
        raise Unread("per month, per person …")
    is_known = unit or quantity.sign or quantity.change
    return Token(Kind.QUANTITY if is_known else Kind.BARE, line[place:end], quantity), end


def place_of(kind: Kind, nodes: list[Node]) -> int | None:
    """Where the first piece of a kind stands on this level."""
    return next((place for place, node in enumerate(nodes) if isinstance(node, Token) and node.kind is kind), None)


_DEPTH = 5  # more brackets in brackets than that are no cell


def nodes_of(tokens: list[Token]) -> list[Node]:
    """The pieces with each pair of brackets as a group. One that is not closed is cut; one not opened raises Unread."""
    open_groups = [Group()]
    for token in tokens:
        if token.kind is Kind.OPEN:
            if len(open_groups) > _DEPTH:
                raise Unread("too many brackets")
            open_groups.append(Group(cut=True))
            open_groups[-2].nodes.append(open_groups[-1])
        elif token.kind is not Kind.CLOSE:
            open_groups[-1].nodes.append(token)
        elif len(open_groups) == 1:
            raise Unread("a bracket that was not opened")
        else:
            open_groups.pop().cut = False
    return open_groups[0].nodes
