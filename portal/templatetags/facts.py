"""Words in the reader's language, marks, and where a fact was read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.models import Cited, EnglishStanding, Evidence, Reading, Source

register = template.Library()
JAPANESE, LATIN = re.compile("[ぁ-ゖァ-ヺ㐀-鿿々]"), re.compile("[A-Za-z]{3}")
QUOTED = re.compile("([◎○「（【]*[ぁ-ゖァ-ヺ㐀-鿿々][ぁ-ゖァ-ヺー㐀-鿿々、。・◎○〜～「」（）【】０-９0-9]*)")


def pick(japanese: str, english: str) -> SafeString:
    """The text in the reader's language; Japanese stands in for missing English and says that it is Japanese."""
    if get_language() == "ja":
        return conditional_escape(japanese)
    if japanese and not english:
        return format_html('<span lang="ja">{}</span>', japanese)
    pieces = QUOTED.split(english)  # what an English text quotes in Japanese stands at the odd places
    if len(pieces) == 1:
        return conditional_escape(english)
    marks = (
        format_html('<span lang="ja">{}</span>', piece) if place % 2 else piece for place, piece in enumerate(pieces)
    )
    return format_html_join("", "{}", ((mark,) for mark in marks))


@register.filter
def local(obj: Any, field: str) -> SafeString:
    """`{{ placement|local:"name" }}`: that field in the reader's language."""
    return pick(getattr(obj, field), getattr(obj, f"{field}_en"))


@register.filter
def verbatim(text: str) -> SafeString:
    """Words as a document prints them, whatever language the page is in, marked with their own."""
    language = "ja" if JAPANESE.search(text) else "en" if LATIN.search(text) else ""
    return format_html('<span lang="{}">{}</span>', language, text) if language else conditional_escape(text)


@register.filter
def words(obj: Any, field: str) -> str:
    """The same as plain text, for where the language is marked on an element around it: see `lang`."""
    english = getattr(obj, f"{field}_en")
    return str(english if english and get_language() != "ja" else getattr(obj, field))


@register.filter
def lang(obj: Any, field: str) -> SafeString | str:
    """The attribute of an element that holds `words`."""
    stands_in = get_language() != "ja" and not getattr(obj, f"{field}_en")
    return format_html(' lang="{}"', "ja") if stands_in else ""


@register.filter
def reading(fact: Cited, source: Source) -> Reading:
    """What a fact has from a source."""
    return fact.reading(source)


@register.simple_tag
def standing(obj: Any, field: str) -> SafeString | str:
    """The badge of an English text that is not official; nothing beside a Japanese text on a Japanese page."""
    value = _standing(obj, field)
    if get_language() == "ja" or value in ("", EnglishStanding.OFFICIAL):
        return ""
    return badge(value)


@register.simple_tag
def standing_of_all(objs: Iterable[Any], field: str) -> SafeString | str:
    """One badge for several English texts: that of the least official."""
    weakest = [EnglishStanding.PROVISIONAL, EnglishStanding.REFERENCE]
    return next((standing(obj, field) for value in weakest for obj in objs if _standing(obj, field) == value), "")


def _standing(obj: Any, field: str) -> str:
    return str(getattr(obj, f"{field}_en_standing"))


@register.simple_tag
def english_name(obj: Any, field: str) -> SafeString | str:
    """On a Japanese page: the English text with its standing, as a second name. On an English one: the Japanese."""
    japanese, english = getattr(obj, field), getattr(obj, f"{field}_en")
    if get_language() != "ja":
        return format_html('<span lang="ja">{}</span>', japanese) if english else ""
    value = _standing(obj, field)
    mark = badge(value) if value not in ("", EnglishStanding.OFFICIAL) else ""
    return format_html('<span lang="en">{}</span> {}', english, mark) if english else ""


def badge(value: str) -> SafeString:
    return format_html('<span class="badge">{}</span>', EnglishStanding(value).label)


@register.inclusion_tag("portal/cite.html")
def cite(fact: Cited, what: str = "", *, brief: bool = False) -> dict[str, Any]:
    """Where a fact was read, and how it follows from that; `what` says which of several facts is meant.

    `brief`: without the remark, which the fact's own page has.
    """
    return {"groups": [(what, places([fact]))], "brief": brief}


@register.inclusion_tag("portal/cite.html")
def cite_each(facts: Iterable[Cited]) -> dict[str, Any]:
    """Where facts were read, each place of a document once."""
    return {"groups": [("", places(facts))]}


def places(facts: Iterable[Cited]) -> list[tuple[Cited, bool]]:
    """One fact for each place of a document where they were read, and whether that needs a mark."""
    found = {_place(fact): fact for fact in reversed(list(facts))}
    return [(fact, fact.evidence != Evidence.PRINTED) for fact in reversed(found.values())]


@register.filter
def read_together(facts: Iterable[Cited]) -> bool:
    """Whether all were read at one place of one document, so that it needs saying only once."""
    return len({_place(fact) for fact in facts}) == 1


def _place(fact: Cited) -> tuple[Any, ...]:
    return (fact.source, fact.locator, fact.evidence, fact.remark)


@register.inclusion_tag("portal/source_marks.html")
def source_marks(source: Source) -> dict[str, Any]:
    """案 and 原典未確認, where they apply."""
    return {"source": source}


QUOTED = re.compile("[ぁ-ゟァ-ヿ一-龥々〇＊※「」｜（）・、。０-９]+")
NOTE_MARK = re.compile(r"[*＊](\d+)")


@register.filter
def mixed(text: str) -> str:
    """An English text with the Japanese that it quotes marked as Japanese; a Japanese one as it is."""
    if get_language() == "ja":
        return text
    parts = re.split(f"({QUOTED.pattern})", text)
    return format_html_join(
        "",
        "{}",
        ((format_html('<span lang="ja">{}</span>', each) if place % 2 else each,) for place, each in enumerate(parts)),
    )


@register.filter
def spoken(mark: str) -> str:
    """A printed mark as a screen reader should say it: ＊1 is "note 1", ◎厚 the lead ministry, ⑧ the number 8."""
    folded = unicodedata.normalize("NFKC", mark)
    if found := NOTE_MARK.fullmatch(folded):
        return _("注%(number)s") % {"number": found[1]}
    if mark == "※":
        return _("注")
    if mark.startswith("◎"):
        return _("主担当 %(name)s") % {"name": mark[1:]}
    if folded != mark and folded.isdigit():
        return _("%(number)s番") % {"number": folded}
    return mark


@register.simple_tag
def marked(mark: str) -> SafeString:
    """A mark that is seen as printed and heard as `spoken`."""
    return format_html('<span aria-hidden="true">{}</span><span class="heard">{}</span>', mark, spoken(mark))
