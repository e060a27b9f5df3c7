"""What holds for every text: no reading raises, invents a number or hangs on widths; what is written reads back."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.notation import read_amount, read_lead, read_period, read_result, read_target
from tests.plans.test_notation import (
    AMOUNTS,
    CASES,
    LEADS,
    PERIODS,
    READERS,
    RESULTS,
    TARGETS,
    UNREAD_TARGETS,
    Reader,
    read,
)

WRITTEN = sorted(
    {*TARGETS, *UNREAD_TARGETS, *AMOUNTS, *RESULTS, *PERIODS, *LEADS, *(case["verbatim"] for case in CASES)}
)
_NUMBERS = "0 1 5 10 20 86 130 1,300 4.5 2025 2029 令和 平成 元 R7 R11 H29 28年 年度 年 月 末 億 千 万 兆 ① ½"
_UNITS = "件 社 % 円 倍 位 品目 名 人 ドル ( ) < > 、 , ・ / ~ - → : ※ … ◎ ○ △ ▲ +"
_WORDS = "以上 以内 未満 を超える 約 程度 累計 合計 計 うち 合算 増 減 の の増 比で 比 まで から のうち の内数 …"
_LABELS = "現状 目標 <現状> <目標> への貢献 に着手 に 評価 達成率 ゼロ 前年度 年間 毎年度 5年間で"
_NAMES = "論文数 治験件数 医薬品 Top1%の論文 COVID-19 AMED 文 厚 経 健 A 第3期"
PIECES = f"{_NUMBERS} {_UNITS} {_WORDS} {_LABELS} {_NAMES}".split()
texts = st.one_of(
    st.sampled_from(WRITTEN),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=10).map(" ".join),
    st.builds("{}{}".format, st.sampled_from(WRITTEN), st.sampled_from(PIECES)),
    st.text(st.characters(exclude_categories=[])),  # with lone surrogates
)
readers = st.sampled_from(sorted(READERS.values(), key=lambda reader: reader.__name__))
EXAMPLES = 300
often = settings(deadline=None, derandomize=True, max_examples=EXAMPLES)


@often
@given(texts)
def test_no_reader_raises(text: str) -> None:
    for reader in READERS.values():
        reader(text)


# What a text's digits can stand for, worked out apart from the readers.
_FACTORS = {"百": 10**2, "千": 10**3, "万": 10**4, "億": 10**8, "兆": 10**12}


def numbers_in(text: str) -> Iterator[Decimal]:
    """Every number that can be made of a text's digits: with 千・万・億, and as a year of an era or a century."""
    text = re.sub(r"(?<=[0-9.,])\s+(?=[百千万億兆])|(?<=[百千万億兆])\s+", "", unicodedata.normalize("NFKC", text))
    single = []
    for run in re.findall("[0-9][0-9,.百千万億兆]*", text):
        total = Decimal(0)
        for digits, scale in re.findall("([0-9][0-9,]*(?:[.][0-9]+)?)([百千万億兆]*)", run):
            part = Decimal(digits.replace(",", ""))
            single.append(part)
            for char in scale:
                part *= _FACTORS[char]
            total += part
            yield part
            yield total
    single += [Decimal(1)] if "元" in text else []
    single += [Decimal(0)] if "ゼロ" in text else []
    yield from single
    yield from (number - 1 for number in single if "3月" in text)
    eras = {
        2000,
        *(era for name, era in {"令": 2018, "R": 2018, "平": 1988, "H": 1988, "昭": 1925}.items() if name in text),
    }
    for number in [number for number in single if number < 100]:
        for year in [number + era for era in eras]:
            yield year
            if "3月" in text:
                yield year - 1
        yield from (year + number - 1 for year in single if "から" in text)
        yield from (era + year + number - 1 for year in single for era in eras if "から" in text)


def values_of(reading: Any) -> Iterator[Decimal]:
    if isinstance(reading, dict):
        for name, value in reading.items():
            if name == "base_period" and value[2:].isdigit():
                yield Decimal(value[2:])
            elif not (name == "baseline" and reading.get("baseline_derived")):
                yield from values_of(value)
    elif isinstance(reading, list):
        for value in reading:
            yield from values_of(value)
    elif isinstance(reading, int | float) and not isinstance(reading, bool):
        yield abs(Decimal(str(reading)))


@often
@given(texts, readers)
def test_no_reading_invents_a_number(text: str, reader: Reader) -> None:
    found = read(reader, text)
    assert set(values_of(found)) <= set(numbers_in(text))


@often
@given(texts)
def test_a_derived_baseline_is_the_value_less_the_change(text: str) -> None:
    found = read(read_target, text) or {}
    if "baseline" in found and "delta" in found:
        assert found["baseline"] + found["delta"] == pytest.approx(found["value"])


def is_mark(char: str) -> bool:
    """Whether a character that is no digit becomes one by normalising: ①, ², ½."""
    return not char.isdecimal() and any(form.isdecimal() for form in unicodedata.normalize("NFKC", char))


@often
@given(texts, readers)
def test_a_reading_is_that_of_the_normalised_text(text: str, reader: Reader) -> None:
    """Or none, where normalising joins marks that are no digits to digits: ①0件."""
    found = reader(text)
    assert found == reader(unicodedata.normalize("NFKC", text)) or (found is None and any(map(is_mark, text)))


FULL = {ord(half): chr(ord(half) + 0xFEE0) for half in map(chr, range(0x21, 0x7F))}


@often
@given(texts, readers)
def test_full_width_characters_read_as_half_width_ones(text: str, reader: Reader) -> None:
    assert reader(text.translate(FULL)) == reader(text)


DASHES = st.sampled_from("-‐–—―−－")
WAVES = st.sampled_from("~〜～")


@often
@given(texts, readers, DASHES, WAVES)
def test_kinds_of_dashes_and_waves_do_not_matter(text: str, reader: Reader, dash: str, wave: str) -> None:
    text = text.replace("->", "→")
    assert reader(text.replace("-", dash).replace("~", wave)) == reader(text)


@often
@given(texts, readers, st.data())
def test_spaces_and_line_breaks_where_they_part_nothing_do_not_matter(
    text: str, reader: Reader, data: st.DataObject
) -> None:
    text = unicodedata.normalize("NFKC", text).replace("->", "→").replace("=>", "→")
    places = [
        place
        for place, (before, after) in enumerate(pairwise(text), start=1)
        if not (before.isascii() and before.isprintable() and before not in "()/~ ") and before not in "※△"
        and not unicodedata.combining(after)
        and not re.match(r"[\u1100-\u11ff\u200d\ufe0f\U000e0100-\U000e01ef]", after)
    ]  # fmt: skip
    if places:
        place = data.draw(st.sampled_from(places))
        space = data.draw(st.sampled_from([" ", "\n", "　", "\r\n"]))
        assert reader(text[:place] + space + text[place:]) == reader(text)


# Formatters: the same thing in the styles of several documents.
def year(fiscal: int, style: str, calendar: str = "年度") -> str:
    if style == "western":
        return f"{fiscal}{calendar}"
    era, n = ("令和", fiscal - 2018) if fiscal > 2018 else ("平成", fiscal - 1988)
    if style == "letter":
        return f"{'R' if era == '令和' else 'H'}{n}"
    if style == "both":
        return f"{era}{n}({fiscal}){calendar}"
    return f"{era}{'元' if n == 1 else n}{calendar}"


years = st.integers(1990, 2040)
styles = st.sampled_from(["western", "era", "letter", "both"])
marks = st.sampled_from(["~", "～", "〜", "-", "－", "–", "から"])
spaces = st.sampled_from(["", " ", "\n", "　"])


@often
@given(years, st.integers(0, 10), styles, styles, marks, spaces)
def test_periods_read_back(first: int, more: int, style: str, last_style: str, mark: str, space: str) -> None:
    last = min(first + max(more, 1), 2060)
    text = f"対象期間：{year(first, style)}{space}{mark}{space}{year(last, last_style)}"
    assert read(read_period, text) == {"from_fy": first, "to_fy": last, "calendar": "FY"}


@often
@given(years, st.sampled_from(["western", "era", "both"]), st.sampled_from(["年", "年度"]))
def test_deadlines_read_back(until: int, style: str, calendar: str) -> None:
    expected = {"deadline_fy": until, "calendar": "FY" if calendar == "年度" else "CY"}
    assert read(read_period, f"{year(until, style, calendar)}末までに") == expected


def digits(value: int, style: str) -> str:
    text = f"{value:,}" if "comma" in style else str(value)
    return text.translate(FULL) if "full" in style else text


numbers = st.integers(0, 999_999)
widths = st.sampled_from(["", "comma", "full", "comma full"])
units = st.sampled_from(["件", "社", "拠点", "品目", "%", "本", "名", "か所", "施設", "課題"])
bounds = st.sampled_from(
    [("", "="), ("以上", ">="), ("以内", "<="), ("以下", "<="), ("未満", "<"), ("超", ">"), ("を超える", ">")]
)
names = st.sampled_from(["", "企業導出件数", "被引用度Top1%の論文数", "論文掲載件数(IF5以上)", "○", "・COVID-19治療薬"])


@often
@given(
    numbers,
    widths,
    units,
    bounds,
    names,
    spaces,
    st.sampled_from([("", None), ("/年", "year"), ("/年度", "fiscal_year")]),
)
def test_levels_read_back(
    value: int, width: str, unit: str, bound: tuple[str, str], name: str, space: str, per: tuple[str, str | None]
) -> None:
    expected = {"kind": "level", "comparator": bound[1], "value": value, "unit": unit}
    text = f"{name}{space or ' '}{digits(value, width)}{space}{unit}{per[0]}{bound[0]}"
    assert read(read_target, text) == expected | ({"per": per[1]} if per[1] else {})


@often
@given(
    numbers, st.integers(1, 9_999_999), widths, units, years, styles, marks, st.sampled_from(["累計", "累積", "の累計"])
)
def test_annual_targets_with_their_total_read_back(
    value: int, total: int, width: str, unit: str, first: int, style: str, mark: str, word: str
) -> None:
    period = f"{year(first, style)}{mark}{year(first + 4, style)}"
    text = f"({digits(value, width)}{unit}/年)\n({period}{word} {digits(total, width)} {unit})"
    assert read(read_target, text) == {
        "kind": "level",
        "comparator": "=",
        "value": value,
        "unit": unit,
        "per": "year",
        "cumulative": total,
        "cumulative_from": first,
        "cumulative_to": first + 4,
        "calendar": "FY",
    }


PAIRS = [
    "{before}{unit}({first}) → {after}{unit}({last})",
    "{before}{unit}⇒{after}{unit}({first}→{last})",
    "<現状> 論文数 {before}{unit}({first})\n<目標> 論文数 {after}{unit}({last})",
    "【目標】{after}{unit}({last})【現状】{before}{unit}({first})",
    "現状値:{before}{unit}({first})、目標値:{after}{unit}({last})",
    "{first}:{before}{unit}→{last}:{after}{unit}",
]


@often
@given(numbers, numbers, widths, units, years, st.integers(1, 10), styles, st.sampled_from(PAIRS))
def test_baselines_with_targets_read_back(
    before: int, after: int, width: str, unit: str, first: int, more: int, style: str, pair: str
) -> None:
    text = pair.format(
        before=digits(before, width),
        after=digits(after, width),
        unit=unit,
        first=year(first, style),
        last=year(first + more, style),
    )
    assert read(read_target, text) == {
        "kind": "level",
        "comparator": "=",
        "value": after,
        "unit": unit,
        "target_fy": first + more,
        "calendar": "FY",
        "baseline": before,
        "baseline_fy": first,
    }


@often
@given(numbers, st.integers(1, 9999), widths, st.sampled_from(["件", "社", "拠点"]), st.booleans())
def test_changes_read_back(value: int, change: int, width: str, unit: str, grows: bool) -> None:
    text = f"{digits(value, width)}{unit}/年({digits(change, width)}{unit}{'増' if grows else '減'})"
    delta = change if grows else -change
    assert read(read_target, text) == {
        "kind": "level",
        "comparator": "=",
        "value": value,
        "unit": unit,
        "per": "year",
        "delta": delta,
        "baseline": value - delta,
        "baseline_derived": True,
    }


def yen(amount: int, style: str) -> str:
    if style == "千円":
        return f"{amount // 1000:,}千円"
    if style == "百万円":
        return f"{Decimal(amount) / 10**6:,.4f}".rstrip("0").rstrip(".") + "百万円"
    if style == "億円":
        return f"{Decimal(amount) / 10**8:,.4f}".rstrip("0").rstrip(".") + " 億円"
    oku, man = divmod(amount // 10**4, 10**4)
    return (f"{oku:,}億" if oku else "") + (f"{man:,}万" if man or not oku else "") + "円"


amounts = st.integers(1, 20_000_000).map(lambda number: number * 10**4)  # yen
money = st.sampled_from(["千円", "百万円", "億円", "億万円"])


@often
@given(
    amounts,
    amounts,
    money,
    money,
    st.booleans(),
    st.sampled_from(["{}({})", "{} (前年度予算額 {})", "約{}({})※()内は前年度当初予算額"]),
)
def test_amounts_read_back(amount: int, prior: int, style: str, prior_style: str, full: bool, pattern: str) -> None:
    text = pattern.format(yen(amount, style), yen(prior, prior_style))
    expected = {"amount": amount, "prior": prior} | ({"approx": True} if "約" in pattern else {})
    assert read(read_amount, text.translate(FULL) if full else text) == expected


@often
@given(st.lists(st.sampled_from("健総文厚経農国財外法"), min_size=1, max_size=8, unique=True), st.data(), st.booleans())
def test_leads_read_back(ministries: list[str], data: st.DataObject, bracketed: bool) -> None:
    lead = data.draw(st.sampled_from(ministries))
    text = "、".join(f"◎{name}" if name == lead else name for name in ministries)
    others = [name for name in ministries if name != lead]
    assert read(read_lead, f"（{text}）" if bracketed else text) == {"lead": lead, "others": others}


@often
@given(numbers, widths, units, bounds)
def test_results_read_back(value: int, width: str, unit: str, bound: tuple[str, str]) -> None:
    expected = {"comparator": bound[1], "value": value, "unit": unit}
    assert read(read_result, f"論文 {digits(value, width)} {unit}{bound[0]}") == expected
