"""Which pieces of a cell belong to which indicator, where it holds several: A 2件・B 3件."""

from __future__ import annotations

import re

from plans.notation.reading import Unread
from plans.notation.tokens import Group, Kind, Node, Token, place_of

INCREASE = re.compile(
    r"(?:の増(?:加|大)?|(?:増加|増大)(?:させる|する)?|増加(?:基調|傾向)(?:とする|にする)?|を増やす|(?<![倍急微皆漸純割])増)"
    r"(?:を(?:図る|目指す))?(?:等|など)?$"
)
INDICATOR = re.compile(r"(?:数|率|割合|比率|額|状況|シェア|承認|契約|許諾|ガイドライン)(?:等|など)?$")
_NO_NAME = re.compile("[ぁ-ん:()]|目標値?|累[計積]|合計|期間|全体|KPI|実績|うち")
_LISTING = "、,;/"


def items_of(nodes: list[Node]) -> list[list[Node]]:
    """The pieces of each indicator with its name; all pieces where there is one indicator.

    A number is another indicator's if a name stands before it; without one it says more of the indicator before
    (130件/年、2025~2029年度累計650件). Raises Unread where an indicator stands beside them without a number.
    """
    note = place_of(Kind.NOTE, nodes)
    end = len(nodes) if note is None else note
    items: list[list[Node]] = []
    waiting: list[Node] = []
    segments = _segments(nodes[:end])
    beside_number = len(segments) > 1 and any(map(_counts, nodes))
    for segment in segments:
        own, counts = _is_item(segment), any(map(_counts, segment))
        if own or not counts or not items:
            waiting += segment
        else:
            items[-1] += segment
        if own:
            items.append(waiting)
            waiting = []
        elif beside_number and not counts and _is_indicator(segment, is_last=segment is segments[-1]):
            raise Unread("an indicator without a number beside another")
    if len(items) < 2:
        return [nodes]
    items[-1] += waiting + nodes[end:]
    return _shared(items)


def _segments(nodes: list[Node]) -> list[list[Node]]:
    """The pieces between the stops, each with the stop behind it."""
    segments: list[list[Node]] = [[]]
    for node in nodes:
        segments[-1].append(node)
        if isinstance(node, Token) and node.kind is Kind.STOP:
            segments.append([])
    return segments


def _text_of(segment: list[Node]) -> str:
    return "".join(node.text for node in segment if isinstance(node, Token))


def _counts(node: Node) -> bool:
    if isinstance(node, Group):
        return any(map(_counts, node.nodes))
    return node.kind in (Kind.QUANTITY, Kind.BARE)


def _has_time(node: Node) -> bool:
    if isinstance(node, Group):
        return any(map(_has_time, node.nodes))
    return node.kind in (Kind.SPAN, Kind.CUMULATIVE)


def _is_indicator(segment: list[Node], is_last: bool) -> bool:
    """Whether a name of something measured stands alone between two stops of a list (not in A契約・B契約件数)."""
    text = _text_of(segment)
    return (is_last or text[-1:] in _LISTING) and INDICATOR.search(text.rstrip(_LISTING)) is not None


def _is_item(segment: list[Node]) -> bool:
    first = next((place for place, node in enumerate(segment) if _counts(node)), None)
    if first is None:
        return INCREASE.search(_text_of(segment).rstrip(_LISTING)) is not None
    number, before = segment[first], [node for node in segment[:first] if isinstance(node, Token)]
    if isinstance(number, Token) and number.quantity and number.quantity.scope:
        return False
    if any(token.kind is Kind.OF_WHICH for token in before):
        return False
    name = "".join(token.text for token in before if token.kind is Kind.TEXT)
    return len(_NO_NAME.sub("", name)) > 1


def _shared(items: list[list[Node]]) -> list[list[Node]]:
    """Let each item have the period in brackets of its own behind the last: A(50件)、B(150件)(2024~2028年度)."""
    last, timed = items[-1], [any(map(_has_time, item)) for item in items]
    if all(timed) or len(last) < 2 or not isinstance(last[-1], Group) or _counts(last[-1]) or not _has_time(last[-1]):
        return items
    bare = [[node for node in item if isinstance(node, Group) or node.kind is not Kind.STOP] for item in items]
    ends = [item[-1] for item in bare[:-1]] + [last[-2]]
    if any(timed[:-1]) or not all(isinstance(node, Group) and _counts(node) for node in ends):
        raise Unread("whose period is it?")
    return [*([*item, last[-1]] for item in bare[:-1]), bare[-1]]
