"""How wide a label is, and where its lines may break.

The server has no fonts, so a width is an upper bound: full-width characters take their em; half-width ones take what
they take in the widest of the fonts that the figure may fall back to (Verdana's proportions, DejaVu Sans).
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from itertools import groupby, pairwise

import budoux

MARK, UNMARK = "\ue000", "\ue001"  # around the mark of a note inside a text; of no width
EMPHASIS = 1.15  # how much wider bold letters are, at most, over a word

# The advance of half-width characters in ems, by class.
_ADVANCES = {
    0.30: "'ijl",
    0.35: " ,./:;IJ\\|",
    0.40: "()-[]f",
    0.45: "!rt",
    0.50: '"*_`',
    0.55: "?csz",
    0.60: "FLkvxy",
    0.65: "$0123456789EPSTYabdeghnopqu{}",
    0.70: "ABCKRVXZ",
    0.75: "NU",
    0.80: "&DGHOQ",
    0.85: "#+<=>^w~",
    0.90: "M",
    1.00: "%@Wm",
}
_ADVANCE = {char: advance for advance, chars in _ADVANCES.items() for char in chars} | {MARK: 0.0, UNMARK: 0.0}

# JIS X 4051: what may not begin a line, and what may not end one.
_NOT_FIRST = frozenset("、。，．・：；？！゛゜´｀¨＾‐‑–—―～〜…‥’”）〕］｝〉》」』】〙〗｠»％°′″々〻ー"
                       "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
                       "ｧｨｩｪｫｬｭｮｯｰﾞﾟ｡､･｣!),.:;?]}%" + MARK + UNMARK)  # fmt: skip
_NOT_LAST = frozenset("‘“（〔［｛〈《「『【〘〖｟«｢([{" + MARK)
_SEPARATORS = frozenset("・･／/、，")  # a compound may be broken behind these before it is broken anywhere else


@cache
def _parser() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


def _advance(char: str) -> float:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf", "Cc"}:
        advance = 0.0
    elif unicodedata.east_asian_width(char) == "H":
        advance = 0.6  # half-width kana; in a proportional font a little more than half
    else:
        advance = 1.0
    _ADVANCE[char] = advance
    return advance


@lru_cache(maxsize=8192)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of a line's width in units, at a font size in units."""
    ems = sum(_ADVANCE[char] if char in _ADVANCE else _advance(char) for char in text)
    if bold:
        half = sum(_ADVANCE[char] for char in text if char.isascii())
        ems += half * (EMPHASIS - 1)
    return ems * size


def _may_break(before: str, after: str) -> bool:
    return before[-1] not in _NOT_LAST and after[0] not in _NOT_FIRST


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
            pieces += ["".join(run)] if is_ascii else run
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
    pieces = _joined(list(text))
    if any(width(piece, size, bold=bold) > limit for piece in pieces):
        pieces = list(text)  # a run of nothing but brackets: better a bad break than a line that leaves its box
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
