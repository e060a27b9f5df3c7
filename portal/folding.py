"""Text as search compares it, and where in the original a hit stands. Plain values in, no Django.

Two texts that a reader takes for the same fold to the same characters: full and half width, upper and lower case,
hiragana and katakana, old and new forms of a character, every kind of dash and long mark. What stands between the
parts of a name (・, brackets, quotation marks, white space) counts for nothing, except white space between two Latin
words. A text is folded character by character, each with the marks that belong to it, so that the way back is exact.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import groupby

BEFORE, AFTER = 30, 80  # characters of a snippet before the beginning of a hit and from there on
ELLIPSIS = "…"

# A character with what changes it: accents, voiced marks of any width, variation selectors. White space is one.
CHARACTER = re.compile(
    "\\s+|.[\u0300-\u036f\u20d0-\u20f0\u3099-\u309c\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef]*", re.DOTALL
)
VOICED = {"\u3099", "\u309a"}
SPACING_VOICED = str.maketrans({"\u309b": "\u3099", "\u309c": "\u309a"})  # NFKD would put a space before these
DASHES = "ー−~─━"  # beside those that Unicode calls dashes
LATIN = frozenset(string.ascii_letters + string.digits)
KEPT = "-./%&"  # the punctuation that counts: 1.3.4, 130件/年, R&D

# Each group is one character; the first is the one in use today. NFKC leaves all of these apart.
VARIANTS = """
高髙 崎﨑嵜 辺邊邉 吉𠮷 斉斎齊齋 沢澤 広廣 国國 浜濱濵 島嶋嶌 桜櫻 瀬瀨 徳德 真眞 恵惠 蔵藏 円圓 芸藝 学學 医醫
薬藥 体體 会會 県縣 発發 実實 栄榮 竜龍 滝瀧 曽曾 富冨 寿壽 巌巖 槙槇 静靜 清淸 関關 鉄鐵 豊豐 万萬 与與 礼禮
応應 当當 黒黑 総總 経經 済濟 営營 区區 独獨 団團 号號 台臺 条條 増增 横橫 来來 桧檜 頼賴 遥遙 闘鬪 検檢 験驗
戦戰 将將 祢禰 弥彌 郷鄕 青靑 土𡈽 嘘噓 掴摑 痩瘦 繋繫 頬頰 剥剝 填塡 頚頸 嚢囊 蝋蠟 鴎鷗 醤醬 掻搔
"""
FORMS = {ord(other): group[0] for group in VARIANTS.split() for other in group[1:]}
FORMS |= {code: chr(code - 0x60) for code in [*range(ord("ァ"), ord("ヶ") + 1), ord("ヽ"), ord("ヾ")]}
FORMS |= {ord("ヶ"): "け", ord("ヵ"): "か", ord("ゖ"): "け", ord("ゕ"): "か"}


def fold(text: str) -> str:
    """The text as it is compared. Folding twice changes nothing more."""
    return "".join(_fold(CHARACTER.findall(text)))


def words(query: str) -> tuple[str, ...]:
    """The words of a query, folded, each once; none where it holds no letter, figure or symbol."""
    folded = dict.fromkeys(map(fold, query.split()))
    return tuple(word for word in folded if word.strip(KEPT))


def marked(text: str, asked: Iterable[str]) -> list[tuple[str, bool]]:
    """The text cut where hits of folded words begin and end: each piece, and whether it is a hit.

    A hit covers whole characters, with what does not count between them.
    """
    characters = CHARACTER.findall(text)
    hits = {place for stands in _places(characters, asked) for each in stands for place in each}
    return _joined((character, place in hits) for place, character in enumerate(characters))


def snippet(text: str, asked: Iterable[str]) -> list[tuple[str, bool]]:
    """The same of the text around the first hit of each word, with an ellipsis for what is left out."""
    characters = CHARACTER.findall(text)
    places = [stands for stands in _places(characters, asked) if stands]
    hits = {place for stands in places for each in stands for place in each}
    shown = [False] * len(characters)
    for first in [stands[0] for stands in places] or [range(1)]:
        for place in range(max(0, first.start - BEFORE), min(len(shown), max(first.stop, first.start + AFTER))):
            shown[place] = True
    for order in (range(1, len(shown)), range(len(shown) - 2, -1, -1)):  # no Latin word is cut
        for place in order:
            before = place - order.step
            if shown[before] and characters[before] in LATIN and characters[place] in LATIN:
                shown[place] = True
    pieces: list[tuple[str, bool]] = []
    for is_shown, group in groupby(range(len(shown)), key=shown.__getitem__):
        pieces += [(characters[place], place in hits) for place in group] if is_shown else [(ELLIPSIS, False)]
    return _joined(pieces)


def _places(characters: Collection[str], asked: Iterable[str]) -> list[list[range]]:
    """Where each word stands, counted in characters."""
    folded = _fold(characters)
    flat = "".join(folded)
    owners = [place for place, piece in enumerate(folded) for _ in piece]
    found = []
    for word in asked:
        stands = []
        start = flat.find(word)
        while start >= 0:
            stands.append(range(owners[start], owners[start + len(word) - 1] + 1))
            start = flat.find(word, start + 1)
        found.append(stands)
    return found


def _joined(characters: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    groups = groupby(characters, key=lambda each: each[1])
    return [("".join(character for character, _ in group), is_hit) for is_hit, group in groups]


def _fold(characters: Collection[str]) -> list[str]:
    """What each character becomes: nothing, one character or several."""
    folded = list(map(_fold_one, characters))
    if " " in folded:
        _drop_spaces(folded)
    return folded


def _drop_spaces(folded: list[str]) -> None:
    """White space stays where it parts two Latin words: 山田 太郎 is one name, "for drugs" holds no "ford"."""
    last, parting = "", None
    for place, piece in enumerate(folded):
        if piece == " ":
            if parting is None and last in LATIN:
                parting = place
            folded[place] = ""
        elif piece:
            if parting is not None and piece[0] in LATIN:
                folded[parting] = " "
            last, parting = piece[-1], None


@lru_cache(2**14)
def _fold_one(character: str) -> str:
    if character.isspace():
        return " "
    plain = unicodedata.normalize("NFKD", character.translate(SPACING_VOICED)).casefold()
    plain = "".join(each for each in unicodedata.normalize("NFKD", plain) if each in VOICED or not _is_mark(each))
    composed = unicodedata.normalize("NFC", plain).translate(FORMS)
    return "".join("-" if _is_dash(each) else each for each in composed if _counts(each))


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"}


def _is_dash(character: str) -> bool:
    return character in DASHES or unicodedata.category(character) == "Pd"


def _counts(character: str) -> bool:
    """Letters, figures and symbols do; brackets, quotation marks, invisible characters and the like do not."""
    if character in KEPT or _is_dash(character):
        return True
    category = unicodedata.category(character)
    return not (category[0] == "P" or category in {"Cc", "Cf", "Cs", "Mn", "Me", "Sk"} or character.isspace())
