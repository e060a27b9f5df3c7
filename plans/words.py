"""Years, quantities and states in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from plans.models import UNSAID, Calendar, Comparator
from plans.progress import EXACT, Rule, State

STATES = {
    State.REACHED: gettext_lazy("目標到達"),
    State.ON_COURSE: gettext_lazy("想定どおり"),
    State.BELOW_COURSE: gettext_lazy("想定を下回る"),
    State.WORSE: gettext_lazy("開始時より悪化"),
    State.NOT_DUE: gettext_lazy("時期未到来"),
    State.NOT_PUBLISHED: gettext_lazy("未公表"),
    State.OBSERVED_ONLY: gettext_lazy("観測のみ"),
}
RULES = {
    Rule.CUMULATIVE: gettext_lazy(
        "期間を通した合計の目標です。値が公表された年の合計を、目標をその年数分に割った目安と比べます。"
    ),
    Rule.ANNUAL: gettext_lazy("毎年の値の目標です。公表された最も新しい年の値を、1年分の目標値と比べます。"),
    Rule.ANNUAL_TOTAL: gettext_lazy(
        "毎年の値の目標です。すべての年の値が公表されたので、その合計を目標値の年数分と比べます。"
    ),
    Rule.ANNUAL_EVERY: gettext_lazy(
        "毎年の値の目標です。すべての年の値が公表されたので、目標から最も遠い年の値を目標値と比べます。"
    ),
    Rule.LEVEL_FROM_BASELINE: gettext_lazy(
        "基準値から目標値まで毎年同じ幅で進むとしたときの目安と、公表された最も新しい値を比べます。"
    ),
    Rule.LEVEL: gettext_lazy("公表された最も新しい値を、目標値と比べます。"),
    Rule.FLOOR: gettext_lazy("下限の目標です。公表された最も新しい値が、目標値に達したかどうかを見ます。"),
    Rule.CEILING: gettext_lazy("上限の目標です。公表された最も新しい値が、目標値に収まっているかどうかを見ます。"),
    Rule.HOLD: gettext_lazy("開始時の水準を保つ目標です。公表された最も新しい値を、目標値と比べます。"),
    Rule.PERIOD: gettext_lazy("期間全体についての目標です。その期間についての値を、目標値と比べます。"),
    Rule.RATIO: gettext_lazy("基準年に対する比の目標です。基準年の値がわからなければ、割合は計算しません。"),
    Rule.RANK: gettext_lazy("順位の目標です。公表された最も新しい順位を目標と比べ、割合は計算しません。"),
    Rule.INCREASE: gettext_lazy("増やすことだけを定めた目標です。達すべき数値がないため、割合は計算しません。"),
    Rule.MILESTONE: gettext_lazy("期限までに何かを行うという目標です。数値がないため、割合は計算しません。"),
    Rule.CONTRIBUTE: gettext_lazy("より大きな目標への貢献を定めたものです。割合は計算しません。"),
    Rule.OBSERVED: gettext_lazy("推移を観測する指標です。目標値がないため、割合は計算しません。"),
    Rule.UNREAD: gettext_lazy("数値の目標としては読み取っていないため、割合は計算しません。"),
}
# On English pages: one and several. A plain count stands without its Japanese counter.
UNITS_EN = {
    "件": ("", ""),
    "本": ("", ""),
    "報": ("", ""),
    "例": ("case", "cases"),
    "社": ("company", "companies"),
    "拠点": ("site", "sites"),
    "施設": ("facility", "facilities"),
    "機関": ("institution", "institutions"),
    "品目": ("product", "products"),
    "課題": ("project", "projects"),
    "名": ("person", "people"),
    "人": ("person", "people"),
    "か国": ("country", "countries"),
    "歳": ("year", "years"),
    "年": ("year", "years"),
    "回": ("time", "times"),
    "点": ("point", "points"),
    "ポイント": ("point", "points"),
}
BEFORE_EN = {"USD": "USD ", "円": "¥", "位": "rank "}
BEHIND_EN = {"倍": "-fold", "%": "%"}
# (Japanese puts these behind, English before.)
COMPARED_EN = {
    Comparator.AT_LEAST: "at least ",
    Comparator.ABOVE: "more than ",
    Comparator.AT_MOST: "at most ",
    Comparator.BELOW: "less than ",
    Comparator.ABOUT: "about ",
}

PLACES = 4  # see `number_field`
ERAS = (("令和", 2019), ("平成", 1989), ("昭和", 1926), ("大正", 1912), ("明治", 0))


def rounded(value: Decimal) -> Decimal:
    """With as many places behind the point as a published number may have, or the first three digits of a small one."""
    places = max(PLACES, 2 - value.adjusted())
    short = value.quantize(Decimal(1).scaleb(-places), context=EXACT) if value else Decimal(0)
    return short.normalize(EXACT)


def figure(value: Decimal | int) -> str:
    """A number with its thousands set apart, and without needless places: 4,250; 56.7."""
    return f"{rounded(value):,f}" if isinstance(value, Decimal) else f"{value:,}"


def amount(value: Decimal | int | None, unit: str = "", comparator: str = "", per: str = "") -> SafeString:
    """A quantity: 130件/年, 65%以上; 130 a year, at least 65%."""
    if value is None:
        return SafeString("")
    number = figure(value)
    if get_language() == "ja":
        before = "約" if comparator == Comparator.ABOUT else ""
        behind = Comparator(comparator).label if comparator and comparator not in ("=", "~") else ""
        if unit == "位" and comparator == Comparator.AT_MOST:
            behind = "以内"  # 以下 would be the places below it
        yearly = {"year": "/年", "fiscal_year": "/年度"}.get(per, "")
        if unit == "USD":
            return format_html("{}{}米ドル{}{}", before, number, behind, yearly)
        return format_html("{}{}{}{}{}", before, number, unit, behind, yearly)
    yearly = {"year": " a year", "fiscal_year": " a fiscal year"}.get(per, "")
    if unit == "位" and comparator == Comparator.AT_MOST:
        return format_html("rank {} or better{}", number, yearly)
    before = (COMPARED_EN.get(Comparator(comparator), "") if comparator else "") + BEFORE_EN.get(unit, "")
    if unit in UNITS_EN:
        behind = f" {UNITS_EN[unit][value != 1]}".rstrip()
    elif unit in BEFORE_EN or unit in BEHIND_EN or not unit:
        behind = BEHIND_EN.get(unit, "")
    else:
        behind = f" {unit}" if unit.isascii() else format_html(' <span lang="ja">{}</span>', unit)
    return format_html("{}{}{}{}", before, number, behind, yearly)


def year(value: int, calendar: str = Calendar.FISCAL, *, full: bool = False) -> str:
    """2025年度 or, in full, 令和7（2025）年度; FY2025 or FY2025 (Apr 2025–Mar 2026); calendar years likewise."""
    is_calendar = calendar in (Calendar.CALENDAR, UNSAID)
    if get_language() != "ja":
        if is_calendar:
            return str(value)
        return f"FY{value} (Apr {value}–Mar {value + 1})" if full else f"FY{value}"
    unit = "年" if is_calendar else "年度"
    return f"{_era(value)}（{value}）{unit}" if full else f"{value}{unit}"


def _era(value: int) -> str:
    """The era of most of a year, and its number in it: 令和7; the first is 元."""
    name, first = next((name, first) for name, first in ERAS if value >= first)
    return f"{name}{value - first + 1 if value > first else '元'}"


def period(first: int | None, last: int | None, calendar: str = "") -> str:
    """2025〜2029年度; FY2025–2029; one year alone where both are the same; nothing where they are not known."""
    known = [each for each in dict.fromkeys((first, last)) if each is not None]
    if not known:
        return ""
    if len(known) == 1:
        return year(known[0], calendar)
    if get_language() == "ja":
        return f"{known[0]}〜{year(known[1], calendar)}"
    return f"{year(known[0], calendar)}–{known[1]}"


def spans(years: Sequence[int], calendar: str = "") -> str:
    """Single years and runs of years: 2020年度、2022〜2023年度."""
    runs: list[list[int]] = []
    for each in years:
        if runs and runs[-1][-1] == each - 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return _("、").join(period(run[0], run[-1], calendar) for run in runs)


def unit_of(unit: str) -> str:
    """A unit as the label of an axis; in English nothing for a unit that has no English."""
    if get_language() == "ja":
        return {"USD": "米ドル"}.get(unit, unit)
    return {"円": "yen", "倍": "-fold"}.get(unit) or UNITS_EN.get(unit, ("", unit if unit.isascii() else ""))[1]
