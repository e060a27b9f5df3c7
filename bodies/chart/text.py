"""How wide a label is, and where its lines may break.

The server has no fonts, so a width is an upper bound: full-width characters take their em; half-width ones take what
they take in the wider of the fonts that the figure names for them (Arial and its like, Noto Sans CJK JP).
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from itertools import groupby, pairwise

import budoux

MARK, UNMARK = "\ue000", "\ue001"  # around the mark of a note inside a text; of no width
EMPHASIS = 1.1  # how much wider bold letters are, at most, over a word

# The advance of ASCII characters in ems, by class; and the few others that are wider than their class.
_ADVANCES = {
    0.28: " \tij|",
    0.32: "',.:;Il",
    0.36: "!()-[]f{}",
    0.40: "/\\rt",
    0.48: "*",
    0.52: "csxz",
    0.56: '"#$0123456789?JL^_ekvy',
    0.60: "+<=>ag~",
    0.64: "FTZ`bdhnopqu",
    0.68: "&ABEKPSVXY",
    0.76: "CDHNRU",
    0.80: "GOQ",
    0.84: "Mw",
    0.96: "%Wm",
    1.04: "@",
    1.80: "‱",
    2.00: "⸺",
    3.00: "⸻",
}
_ADVANCE = {char: advance for advance, chars in _ADVANCES.items() for char in chars} | {MARK: 0.0, UNMARK: 0.0}
_STRONG = {char: advance * EMPHASIS for char, advance in _ADVANCE.items()}

# JIS X 4051: what may not begin a line, and what may not end one.
_NOT_FIRST = frozenset("、。，．・：；？！゛゜´｀¨＾‐‑–—―～〜…‥’”）〕］｝〉》」』】〙〗｠»％°′″々〻ー"
                       "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
                       "ｧｨｩｪｫｬｭｮｯｰﾞﾟ｡､･｣!),.:;?]}%" + MARK + UNMARK)  # fmt: skip
_NOT_LAST = frozenset("‘“（〔［｛〈《「『【〘〖｟«｢([{→" + MARK)
_SEPARATORS = frozenset("・･／/、，")  # a compound may be broken behind these before it is broken anywhere else


@cache
def _parser() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def _measure(char: str) -> None:
    """Note the advance of a character that is not in the table."""
    category, sort = unicodedata.category(char), unicodedata.east_asian_width(char)
    emphasis = EMPHASIS if category[0] == "L" and sort in "NA" else 1.0
    if category in {"Mn", "Me", "Cf", "Cc"}:
        advance = 0.0
    elif "｡" <= char < "ﾠ":
        advance = 0.6  # half-width kana; in a proportional font a little more than half
    elif "\U0001f000" <= char < "\U00020000" or (category == "So" and char < "⺀") or (sort == "N" and char >= "ƀ"):
        advance = 1.5  # pictures; arrows and letters that Japanese fonts do not have
    else:
        advance = 1.1 if emphasis > 1 else 1.0
    _ADVANCE[char], _STRONG[char] = advance, advance * emphasis


@lru_cache(maxsize=8192)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of a line's width in units, at a font size in units."""
    for char in text:
        if char not in _ADVANCE:
            _measure(char)
    advances = _STRONG if bold else _ADVANCE
    return size * sum([advances[char] for char in text])


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two pieces. Spaces there are gone then, so they stay with what is before them."""
    last, first = before.rstrip()[-1:], after.lstrip()[:1]
    return first != "" and last not in _NOT_LAST and first not in _NOT_FIRST and not unicodedata.combining(first)


def _joined(pieces: list[str]) -> list[str]:
    """Pieces put together again where no line may end between them."""
    joined: list[str] = []
    for piece in pieces:
        if joined and not _may_break(joined[-1], piece):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _words(text: str) -> list[str]:
    """Split behind spaces, which stay with the word before them."""
    words, start = [], 0
    for place, (char, following) in enumerate(pairwise(text), start=1):
        if char == " " and following != " ":
            words.append(text[start:place])
            start = place
    return [*words, text[start:]]


def phrases(text: str) -> list[str]:
    """The parts of a text between which a line may end: phrases of Japanese, words of English."""
    pieces: list[str] = []
    for word in _words(text):
        if word.isascii():
            pieces.append(word)
            continue
        for phrase in _parser().parse(word):
            if pieces and len(phrase) == 1 and not pieces[-1].endswith(" "):
                pieces[-1] += phrase  # no phrase is one character long: a compound was cut
            else:
                pieces.append(phrase)
    return _joined(pieces)


def _characters(text: str) -> list[str]:
    """Full-width characters one by one; words and numbers in half-width ones whole."""
    pieces: list[str] = []
    for word in _words(text):
        for is_ascii, run in groupby(word, key=str.isascii):
            characters = list(run)
            pieces += ["".join(characters)] if is_ascii else characters
    return _joined(pieces)


def _behind_separators(text: str) -> list[str]:
    parts, start = [], 0
    for place, char in enumerate(text, start=1):
        if char in _SEPARATORS:
            parts.append(text[start:place])
            start = place
    return _joined([part for part in [*parts, text[start:]] if part])


def _cut(text: str, size: float, limit: float, bold: bool) -> list[str]:
    """What fits no line is broken behind a separator or, failing that, between any two characters that allow it."""
    if width(text.rstrip(), size, bold=bold) <= limit:
        return [text]
    parts = _behind_separators(text)
    if len(parts) > 1:
        return [piece for part in parts for piece in _cut(part, size, limit, bold)]
    pieces: list[str] = []
    for piece in _joined(list(text)):
        # A run of nothing but brackets: better a bad break than a line that leaves its box.
        pieces += [piece] if width(piece.rstrip(), size, bold=bold) <= limit else list(piece)
    return pieces


def _fill(pieces: list[str], size: float, limit: float, bold: bool) -> list[str]:
    lines: list[str] = []
    for piece in pieces:
        if lines and width((lines[-1] + piece).rstrip(), size, bold=bold) <= limit:
            lines[-1] += piece
        else:
            lines.append(piece)
    return [line.strip() for line in lines]


@lru_cache(maxsize=4096)
def wrap(
    text: str, size: float, limit: float, *, bold: bool = False, balanced: bool = False, running: bool = False
) -> tuple[str, ...]:
    """The lines of a text, none wider than `limit` (which takes at least one character).

    A line break in the text is kept: it is an editor's hint. Labels break between phrases; `running` text breaks
    between any two characters that allow it. `balanced`: lines about equally long, as in a heading.
    """
    lines: list[str] = []
    for part in text.split("\n"):
        part = part.strip()
        if width(part, size, bold=bold) <= limit:
            lines.append(part)
            continue
        parts = _characters(part) if running else phrases(part)
        pieces = [piece for phrase in parts for piece in _cut(phrase, size, limit, bold)]
        filled = _fill(pieces, size, limit, bold)
        if balanced:
            low = max(width(piece.rstrip(), size, bold=bold) for piece in pieces)
            narrowest = limit
            while low < narrowest - size / 2:
                middle = (low + narrowest) / 2
                tried = _fill(pieces, size, middle, bold)
                if len(tried) > len(filled):
                    low = middle
                else:
                    filled, narrowest = tried, middle
        lines += filled
    return tuple(lines)
