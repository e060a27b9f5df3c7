"""Why a cell was not read, in the user's language: its value, what is wrong with it, what was expected."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.workbook.values import Kind, Reason, Unread

REASONS = {
    Reason.FORM: gettext_lazy("「%(value)s」は読み取れません。"),
    Reason.NUL: gettext_lazy("使えない文字（NUL）が含まれています。"),
    Reason.NOTHING: gettext_lazy(
        "「%(value)s」は値ではありません。値がなければ空欄のままにし、今ある値を消すときは (削除) と書いてください。"
    ),
    Reason.PRECISION: gettext_lazy(
        "「%(value)s」は15桁を超えています。表計算ソフトは数値の下の桁を失います。セルの書式を「文字列」にして、正しい値を入れ直してください。"
    ),
    Reason.LONG: gettext_lazy("「%(value)s」は桁が多すぎます。"),
    Reason.FRACTION: gettext_lazy("「%(value)s」には端数があります。"),
    Reason.NEGATIVE: gettext_lazy("「%(value)s」は負の数です。"),
    Reason.SCIENTIFIC: gettext_lazy(
        "「%(value)s」は指数の形で、下の桁が失われているおそれがあります。すべての桁を書いてください。"
    ),
    Reason.SEPARATORS: gettext_lazy(
        "「%(value)s」の桁の区切りが正しくありません。「,」を3桁ごとに入れるか、区切らないでください。"
    ),
    Reason.BRACKETS: gettext_lazy(
        "「%(value)s」のかっこは、負の数とも注記とも読めます。負の数は -5 の形で書いてください。"
    ),
    Reason.PERCENT: gettext_lazy(
        "「%(value)s」の「%%」は読み取りません。0.05 の形で書くか、単位の列に「%%」と書いて数だけを入れてください。"
    ),
    Reason.UNIT: gettext_lazy("「%(value)s」には、数のほかに文字があります。数だけを書いてください。"),
    Reason.DATE: gettext_lazy(
        "日付や時刻（%(value)s）が入っています。表計算ソフトが変えたのかもしれません。セルの書式を「文字列」にして、値を入れ直してください。"
    ),
    Reason.TIME: gettext_lazy("「%(value)s」には時刻があります。"),
    Reason.INCOMPLETE: gettext_lazy("「%(value)s」には、年・月・日のどれかがありません。"),
    Reason.NO_SUCH_DAY: gettext_lazy("「%(value)s」という日はありません。"),
    Reason.ERA_NOT_BEGUN: gettext_lazy("「%(value)s」は暦にありません。%(era)sは %(day)s からです。"),
    Reason.ERA_OVER: gettext_lazy("「%(value)s」は暦にありません。%(era)sは %(day)s までです。"),
    Reason.CHOICE: gettext_lazy("「%(value)s」は選べません。"),
}
NO_YEAR = gettext_lazy("「%(value)s」は年度として読み取れません。")
EXPECTED = {
    Kind.KEY: gettext_lazy("コードや番号を書いてください。"),
    Kind.INTEGER: gettext_lazy("0以上の整数を 1300 の形で書いてください。"),
    Kind.YEAR: gettext_lazy("年度を 2025、2025年度、令和7年度 のどれかの形で書いてください。"),
    Kind.DECIMAL: gettext_lazy("数値を 1300 や -0.5 の形で書いてください。"),
    Kind.DAY: gettext_lazy("日付を 2025-04-01 や 令和7年4月1日 の形で書いてください。"),
    Kind.BOOLEAN: gettext_lazy("true か false（○ か × でも可）を書いてください。"),
    Kind.CODES: gettext_lazy("コードを「;」で区切って書いてください。"),
}
# What says by itself what to do.
_SUFFICIENT = {Reason.NUL, Reason.NOTHING, Reason.PRECISION, Reason.SEPARATORS, Reason.BRACKETS, Reason.PERCENT}
ERAS = {
    "令和": gettext_lazy("令和"),
    "平成": gettext_lazy("平成"),
    "昭和": gettext_lazy("昭和"),
    "大正": gettext_lazy("大正"),
    "明治": gettext_lazy("明治"),
}


def say(unread: Unread, column_kind: Kind) -> str:
    """The message for a cell, in up to three sentences."""
    values = {"value": unread.shown}
    if unread.reason in (Reason.ERA_NOT_BEGUN, Reason.ERA_OVER):
        era, values["day"] = unread.expected
        values["era"] = str(ERAS[era])
    said = NO_YEAR if column_kind is Kind.YEAR and unread.reason is Reason.UNIT else REASONS[unread.reason]
    sentences = [said % values]
    if unread.reason is Reason.CHOICE:
        sentences += [did_you_mean(unread.near), _("書ける値：%(values)s。") % {"values": ", ".join(unread.expected)}]
    elif unread.reason not in _SUFFICIENT and column_kind in EXPECTED:
        sentences.append(str(EXPECTED[column_kind]))
    return join(sentences)


def did_you_mean(names: Iterable[str]) -> str:
    """A question with the names that look like what was written; empty where there are none."""
    joined = ", ".join(names)
    return _("もしかして：%(names)s？") % {"names": joined} if joined else ""


def converted(shown: str) -> str:
    """The warning for what `values.is_converted` finds in a text column: the text that it is read as."""
    return _(
        "文字の列に、日付・時刻か、桁の多い数値が入っています。表計算ソフトが変えたものでなければ、「%(value)s」のままで構いません。"
    ) % {"value": shown}


def join(sentences: Iterable[str]) -> str:
    """Sentences one behind the other: a Japanese full stop brings its own space."""
    told = ""
    for sentence in filter(None, sentences):
        told += f" {sentence}" if told and told[-1].isascii() else sentence
    return told
