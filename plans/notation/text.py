"""Characters, numbers and units: what every reader of this package stands on."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

LIMIT = 2000  # characters; a cell that holds more is prose, and is not read

_SAME = {
    "-": "‐‑‒–—―−─━⁃➖",
    "~": "〜∼∾⁓〰",
    "→": "⇒⇨➡➔➜➞⟶⟹",
    "(": "<〈《≪【〔[{「『〖〘",
    ")": ">〉》≫】〕]}」』〗〙",
    "○": "〇◯",
    "×": "✕✖╳",
    "・": "·•∙⋅",
}
_MAP = {ord(char): kept for kept, chars in _SAME.items() for char in chars}
_VARIATION = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_LATIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.,")
_LONG_VOWEL_AS_DASH = re.compile("(?<=[0-9年度])ー(?=[0-9令平RH])")

_BULLET = re.compile(r"[○●◆◇■□▪・•]+|-(?![0-9])|\(?[0-9]{1,2}\)(?=.)|[0-9]{1,2}\.(?![0-9])(?=.)")


def plain(text: str) -> str:
    """A text as the readers take it: NFKC, one kind of dash, wave, arrow and bracket, no white space without meaning.

    Empty where it must not be read: nothing is there, it is too long, or its characters are digits that join others
    only by normalising (①0 is not 10).
    """
    if len(text) > LIMIT or _glued(text):
        return ""
    text = unicodedata.normalize("NFKC", text).replace("->", "→").replace("=>", "→").translate(_MAP)
    text = _VARIATION.sub("", text)
    text = "".join(_visible(char) for char in text)
    if len(text) > LIMIT or any(char.isdigit() and not char.isascii() for char in text):
        return ""
    return _LONG_VOWEL_AS_DASH.sub("-", _spaces(text))


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    return {"Cf": "", "Cc": " "}.get(category, char)


def _glued(text: str) -> bool:
    """Whether a character that only looks like a digit (①, ½, ²) stands beside one."""
    kinds = [_digit(char) for char in text if not char.isspace()]
    return any("mark" in pair and "" not in pair for pair in pairwise(kinds))


@lru_cache(maxsize=8192)
def _digit(char: str) -> str:
    """Whether a character is a digit, a mark that is made of some, or neither (empty)."""
    if not any(form in "0123456789" for form in unicodedata.normalize("NFKC", char)):
        return ""
    return "digit" if char.isdecimal() else "mark"


def _spaces(text: str) -> str:
    """Drop white space, except where what it parts would read as one: between letters or digits, behind ※ and △."""
    pieces = text.split()
    kept = pieces[:1]
    for before, after in pairwise(pieces):
        parted = after[0] in _LATIN if before[-1] in _LATIN else before[-1] in "※△" and after[0].isdigit()
        kept.append(f" {after}" if parted else after)
    return "".join(kept)


def without_bullet(text: str) -> str:
    """Drop the bullets and the item number that a line begins with."""
    while found := _BULLET.match(text):
        text = text[found.end() :].lstrip()
    return text


_DIGITS = 15  # a float holds them exactly
_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|0|[1-9][0-9]{0,14})(?:\.[0-9]{1,4})?(?![0-9]|[.,][0-9])")
_SCALE = re.compile("[百千十]?[万億兆]|[百千]")
_FACTOR = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "億": 10**8, "兆": 10**12}


def number_at(text: str, place: int) -> tuple[Decimal, int] | None:
    """The number that begins at a place, its 千・万・億・兆 multiplied out (6億5700万), and where it ends.

    None where the digits are no number as Japanese writes it: 1,30 or 2万3億.
    """
    total, above = Decimal(0), Decimal("Infinity")
    while found := _NUMBER.match(text, place):
        scale = _SCALE.match(text, found.end())
        factor = 1
        for char in scale.group() if scale else "":
            factor *= _FACTOR[char]
        part = Decimal(found.group().replace(",", "")) * factor
        if part >= above or sum(map(str.isdigit, found.group())) > _DIGITS:
            return None
        total, above, place = total + part, Decimal(factor), (scale or found).end()
        if not scale or not text[place : place + 1].isdigit():
            return total, place
    return None


# A unit, and the characters before which it is the beginning of another word (件数, 本部, 人材).
_UNITS = {
    "円": "滑",
    "米ドル": "",
    "ドル": "",
    "USD": "",
    "%ポイント": "",
    "ポイント": "",
    "pt": "s",
    "パーセント": "",
    "%": "",
    "倍": "増率",
    "位": "置相",
    "割": "合",
    "件": "名目",
    "社": "会員内外長団",
    "拠点": "",
    "品目": "",
    "本": "部人邦市国格当",
    "名": "称前古",
    "人": "材口工類間事員的月年日回",
    "種類": "",
    "種": "類",
    "施設": "",
    "機関": "",
    "大学": "",
    "課題": "",
    "事業": "者",
    "団体": "",
    "自治体": "",
    "都道府県": "",
    "市町村": "",
    "市区町村": "",
    "地域": "",
    "病院": "",
    "企業": "",
    "製品": "",
    "成分": "",
    "検体": "",
    "症例": "",
    "例": "えば外",
    "回": "答収復",
    "報": "告",
    "編": "集",
    "点": "検",
    "歳": "",
    "日": "本",
    "時間": "体",
    "台": "湾頭",
    "個": "別人体",
    "校": "",
    "組": "織合",
    "者": "",
    "床": "",
    "ベッド": "",
    "チーム": "",
    "テーマ": "",
    "プロジェクト": "",
    "プログラム": "",
    "シーズ": "",
    "グループ": "",
    "コース": "",
    "講座": "",
    "分野": "",
    "領域": "",
    "疾患": "",
    "項目": "",
    "省庁": "",
}
UNIT = "|".join(
    [
        *(f"{unit}(?![数{stops}])" for unit, stops in sorted(_UNITS.items(), key=lambda each: -len(each[0]))),
        "[かヶケカヵ箇][所国](?!数)",
        "[かヶケカヵ箇]月(?![間数])",
    ]
)
_UNIT = re.compile(UNIT)
_SAME_UNIT = {"パーセント": "%", "%ポイント": "ポイント", "pt": "ポイント", "米ドル": "USD", "ドル": "USD"}
# What says how large or how old something is, not how many there are.
MEASURES = frozenset({"円", "USD", "%", "割", "歳", "点", "日", "時間"})


def unit_at(text: str, place: int) -> tuple[str, int] | None:
    """The unit that begins at a place, as printed (ドル as USD, パーセント as %), and where it ends."""
    found = _UNIT.match(text, place)
    return (_SAME_UNIT.get(found.group(), found.group()), found.end()) if found else None


_BLANK = re.compile(
    r"(?:[○●]|(?<![A-Za-z])[Xx]+|\*|\?|_)"
    r"(?:[年月](?!間)|日(?!本)|[万億千円]|件(?![数名目])|社(?![会員内外長団])|[名人](?![称前材口工類間事員数的])|%|品目|拠点|回)"
)


def has_blank(text: str) -> bool:
    """Whether a number is still to be filled in: 12月XX日, ○件."""
    return _BLANK.search(text) is not None
