"""What stands beside a number and makes it another than the one that is looked for. Each check raises Unread."""

from __future__ import annotations

import re
from itertools import pairwise

from plans.notation.reading import Unread
from plans.notation.tokens import Group, Kind, Node, Token

_NOT_BEHIND_NUMBER = re.compile(
    "から|より|[~×当差弱強中以]|まで(?!増|拡大|引き?上げ|高め)|相当|余|足らず|間隔|台(?!湾)|目(?![標的指])|分(?![野科析子類化])|ずつ|につき|あたり|ごと|の(?:うち|差|割合|比率|範囲)"
    "|の?(?:純[増減]|上積み|上乗せ|短縮|延伸|延長|改善|圧縮|引き?[上下]げ|[上下]回|超過|拡充|多[くい]|少な)"
    "|(?![にへ])[^0-9]*[増減](?:加|少)?(?:させる|する)?$|不足|[をが](?:上限|限度|下限|最低|目安)|に(?:満た|達し[なて])"
)
_NOT_BEFORE_NUMBER = re.compile(
    "(?:毎[月週日回]|[月週]間?に?|半[期年]|隔年|ごとに|おきに|追加|さらに|更に|プラス|あと|残り|各(?!年)[一-龥ァ-ヶ]{0,6}|(?<!の)うち)[でにはの]?$"
)
# The year of a document, an event or a result is no target year.
_NOT_BEHIND_YEAR = re.compile(
    "を(?!目標|期限)|に?(?:補正|当初|予算|閣議|決定|改[定訂]|策定|変更|公表|調査|採択|開始|版|[^、。]{0,4}白書)"
)
_REPORTED = re.compile("に?(?:現在|時点|実績)")
# 20大学・研究機関: the unit goes on behind the stop.
_BODIES = re.compile("大学|機関|施設|企業|団体|地域|自治体|都道府県|市町村|病院|.国")
_PLAIN = frozenset({Kind.TEXT, Kind.STOP})


def check_behind(token: Token, behind: str, reported: bool = False) -> None:
    """10件から, 10件中, 10件につき; 令和5年度補正. Reported: 令和5年度実績 is no fault, the number being a result."""
    if token.kind is Kind.QUANTITY and _NOT_BEHIND_NUMBER.match(behind):
        raise Unread("a number that is another's bound or unit")
    if token.kind is not Kind.SPAN or token.span is None or token.span.deadline:
        return
    if token.span.single and _NOT_BEHIND_YEAR.match(behind):
        raise Unread("the year of something else")
    if not reported and _REPORTED.match(behind):
        raise Unread("the year of a result")


def check_before(before: str) -> None:
    """毎月10件, 追加10件, 各10件."""
    if _NOT_BEFORE_NUMBER.search(before):
        raise Unread("per month, in addition …")


def check_phrase(tokens: list[Token], reported: bool = False) -> None:
    """All that must not stand beside each other between two stops."""
    for token, following in pairwise(tokens):
        check_behind(token, following.text, reported)
        if following.kind is Kind.QUANTITY:
            check_before(token.text)


def check_stops(nodes: list[Node]) -> None:
    """Units that go on behind a stop: 20大学・研究機関."""
    tokens = [node if isinstance(node, Token) else None for node in nodes]
    for token, stop in pairwise(tokens):
        goes_on = stop and stop.kind is Kind.STOP and stop.text not in "、,;。"
        if goes_on and token and token.quantity and _BODIES.fullmatch(token.quantity.unit or ""):
            raise Unread("a unit of several kinds")


def note_of(nodes: list[Node]) -> str:
    """The text of a note behind ※, which must hold no number."""
    said = ""
    for node in nodes:
        if isinstance(node, Group):
            if node.cut:
                raise Unread("cut off")
            said += note_of(node.nodes)
        elif node.kind in _PLAIN:
            said += node.text
        elif node.kind is not Kind.NOTE:
            raise Unread("a note that may change the number")
    return said
