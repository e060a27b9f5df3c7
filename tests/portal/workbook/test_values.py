"""What each kind of column reads, to the letter, and why it refuses the rest."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from plans.models.observation import Comparator
from plans.models.plan import Calendar
from portal.resources import BooleanWidget, CodesWidget, DateWidget, DecimalWidget, IntegerWidget, TextWidget
from portal.workbook import words
from portal.workbook.values import (
    ERAS,
    Cell,
    Era,
    Kind,
    Reason,
    Unread,
    boolean,
    choice,
    codes,
    day,
    decimal,
    escape,
    fold,
    fold_choices,
    integer,
    is_blank,
    is_clear,
    is_converted,
    key,
    near,
    reader_of,
    text,
    unescape,
    year,
)

MIDNIGHT = datetime.datetime(2025, 4, 1)  # noqa: DTZ001  # a spreadsheet knows no time zone
MORNING = datetime.datetime(2025, 4, 1, 9, 30)  # noqa: DTZ001
APRIL = datetime.date(2025, 4, 1)
HALF_PAST_NINE = datetime.time(9, 30)
TEXTS = st.text(st.characters(exclude_characters="\0"))
DAYS = st.dates(datetime.date(1000, 1, 1))
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**11, min_value=-(10**11))


def why(reader: Any, value: Cell, *rest: Any) -> Reason:
    with pytest.raises(Unread) as caught:
        reader(value, *rest)
    reason: Reason = caught.value.reason
    return reason


# --- blank, cleared, escaped ---


@pytest.mark.parametrize("value", [None, "", " ", "　", " \t\r\n\u00a0"])
def test_blank_is_what_shows_nothing(value: Cell | None) -> None:
    assert is_blank(value)


@pytest.mark.parametrize("value", [0, 0.0, False, "0", "-", "()", "\u200b", APRIL])
def test_zero_and_marks_are_not_blank(value: Cell) -> None:
    assert not is_blank(value)


@pytest.mark.parametrize("value", ["(削除)", "（削除）", "（削除)", "( 削除　)", " (削除)\n"])
def test_clear_is_the_word_in_one_pair_of_brackets(value: str) -> None:
    assert is_clear(value)


@pytest.mark.parametrize("value", ["削除", "((削除))", "(削除)。", "(削除", "[削除]", "()", "", None, 0])
def test_clear_is_nothing_else(value: Cell | None) -> None:
    assert not is_clear(value)


@pytest.mark.parametrize(
    ("stored", "cell"),
    [
        ("", ""),
        ("推進本部", "推進本部"),
        ("（案）", "（案）"),
        ("削除", "削除"),
        (" ", "( )"),
        ("　\n", "(　\n)"),
        ("(削除)", "((削除))"),
        ("（削除）", "(（削除）)"),
        (" (削除) ", "( (削除) )"),
        ("((削除))", "(((削除)))"),
        ("( )", "(( ))"),
        ("()", "(())"),
    ],
)
def test_escape_puts_brackets_around_what_would_be_misread(stored: str, cell: str) -> None:
    assert escape(stored) == cell
    assert unescape(cell) == stored


@given(st.one_of(st.text(), st.text("()（）削除 　\n")))
def test_every_text_comes_back_from_its_cell(stored: str) -> None:
    cell = escape(stored)
    assert unescape(cell) == stored
    assert not is_clear(cell)
    assert is_blank(cell) == (stored == "")


@pytest.mark.parametrize("cell", ["()", "(削除)", "(a)", "( a )", "((a))", "（（削除））", "(", ")", ""])
def test_unescape_leaves_alone_what_no_text_is_escaped_to(cell: str) -> None:
    assert unescape(cell) == cell


# --- text and keys ---


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("第３期　", "第３期　"),
        ("a\r\nb\n", "a\r\nb\n"),
        ("=cmd|'/c'!A1", "=cmd|'/c'!A1"),
        ("髙﨑", "髙﨑"),
        ("((削除))", "((削除))"),
        (2025.0, "2025"),
        (2025, "2025"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (-1.5, "-1.5"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (123456789012345.0, "123456789012345"),
        (1.23456789012345, "1.23456789012345"),
        (math.inf, "inf"),
        (True, "true"),
        (False, "false"),
        (APRIL, "2025-04-01"),
        (MIDNIGHT, "2025-04-01"),
        (MORNING, "2025-04-01T09:30:00"),
        (HALF_PAST_NINE, "09:30:00"),
    ],
)
def test_text_is_kept_and_what_is_none_is_written_as_it_is_seen(value: Cell, read: str) -> None:
    assert text(value) == read


@pytest.mark.parametrize(
    ("value", "converted"),
    [
        (APRIL, True),
        (MORNING, True),
        (HALF_PAST_NINE, True),
        (1e15, True),
        (-(10**15), True),
        (999_999_999_999_999.0, False),
        (2025.7, False),
        (True, False),
        ("2025-04-01", False),
        ("1234567890123456", False),
    ],
)
def test_text_that_a_spreadsheet_may_have_changed_is_known(value: Cell, converted: bool) -> None:
    assert is_converted(value) is converted


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("pj1", "pj1"),
        (" pj1\n", "pj1"),
        ("ｐｊ１　", "pj1"),
        ("PJ1", "PJ1"),
        ("\ufeffpj\u200b1", "pj1"),
        ("1.3.1", "1.3.1"),
        ("１．３．１", "1.3.1"),
        ("２．（１）", "2.(1)"),
        (1.1, "1.1"),
        (3.0, "3"),
        (3, "3"),
        (True, "true"),
    ],
)
def test_key_is_normalised_but_keeps_its_case(value: Cell, read: str) -> None:
    assert key(value) == read


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (APRIL, Reason.DATE),
        (MIDNIGHT, Reason.DATE),
        (HALF_PAST_NINE, Reason.DATE),
        (1e15, Reason.PRECISION),
        (math.nan, Reason.FORM),
        ("\u200b", Reason.FORM),
        ("a\0", Reason.NUL),
    ],
)
def test_key_refuses(value: Cell, reason: Reason) -> None:
    assert why(key, value) == reason


def test_text_refuses_nul() -> None:
    assert why(text, "a\0b") == Reason.NUL


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("mhlw", "mhlw"),
        ("mhlw;meti", "meti;mhlw"),
        ("ｍｈｌｗ；meti", "meti;mhlw"),
        ("mhlw、meti，cao", "cao;meti;mhlw"),
        ("mhlw,meti\r\ncao\n", "cao;meti;mhlw"),
        (" mhlw ; ;mhlw;", "mhlw"),
        (1.0, "1"),
    ],
)
def test_codes_are_parted_sorted_and_said_once(value: Cell, read: str) -> None:
    assert codes(value) == read


@pytest.mark.parametrize(("value", "reason"), [(";", Reason.FORM), ("、 ,", Reason.FORM), (APRIL, Reason.DATE)])
def test_codes_refuse(value: Cell, reason: Reason) -> None:
    assert why(codes, value) == reason


# --- numbers ---

WHOLE = [
    ("0", "0"),
    ("1300", "1300"),
    ("1,300", "1300"),
    ("１，３００", "1300"),
    ("12,345,678", "12345678"),
    ("　1300\u00a0", "1300"),
    ("\u200b1300", "1300"),
    ("007", "7"),
    ("000", "0"),
    ("+5", "5"),
    ("1300.0", "1300"),
    ("△0", "0"),
    ("5万", "50000"),
    ("1,300万", "13000000"),
    ("3千", "3000"),
    ("3千万", "30000000"),
    ("5百万", "5000000"),
    ("1.3億", "130000000"),
    ("１．３億", "130000000"),
    ("0.00000001億", "1"),
    ("2兆", "2000000000000"),
    (0, "0"),
    (0.0, "0"),
    (-0.0, "0"),
    (2025, "2025"),
    (2025.0, "2025"),
    (999_999_999_999_999.0, "999999999999999"),
    (53300000000.0, "53300000000"),
]
NO_NUMBER = [
    *[(dash, Reason.NOTHING) for dash in ("-", "－", "−", "‐", "–", "—", "―", "ー", "--", "――", " - ")],
    *[(words, Reason.NOTHING) for words in ("N/A", "n/a", "#N/A", "ＮＡ", "なし", "未定", "不明", "…", "*")],
    ("", Reason.NOTHING),
    ("1,30", Reason.SEPARATORS),
    ("1,3000", Reason.SEPARATORS),
    ("1300,000", Reason.SEPARATORS),
    ("0,300", Reason.SEPARATORS),
    ("1 300", Reason.SEPARATORS),
    ("1\u00a0300", Reason.SEPARATORS),
    ("△1　300", Reason.SEPARATORS),
    ("(5)", Reason.BRACKETS),
    ("（1,300）", Reason.BRACKETS),
    ("5%", Reason.PERCENT),
    ("５．５％", Reason.PERCENT),
    ("1e3", Reason.SCIENTIFIC),
    ("5.33E+10", Reason.SCIENTIFIC),
    ("5件", Reason.UNIT),
    ("△447億円", Reason.UNIT),
    ("1億3000万", Reason.UNIT),
    ("1300,", Reason.UNIT),
    ("5.", Reason.UNIT),
    ("1.3.1", Reason.UNIT),
    ("2025/2/18", Reason.UNIT),
    ("五", Reason.FORM),
    ("億", Reason.FORM),
    ("約5", Reason.FORM),
    ("+-5", Reason.FORM),
    ("△-5", Reason.FORM),
    ("- 5", Reason.UNIT),
    ("①", Reason.FORM),
    ("①0", Reason.FORM),
    ("5²", Reason.FORM),
    ("½", Reason.FORM),
    ("٣", Reason.FORM),
    ("0x10", Reason.UNIT),
    ("1_000", Reason.UNIT),
    ("nan", Reason.FORM),
    ("Infinity", Reason.FORM),
    ("1" * 29, Reason.LONG),
    ("1" * 61, Reason.FORM),
    (True, Reason.FORM),
    (math.nan, Reason.FORM),
    (math.inf, Reason.FORM),
    (1e15, Reason.PRECISION),
    (-1e22, Reason.PRECISION),
    (10**15, Reason.PRECISION),
    (APRIL, Reason.DATE),
    (MORNING, Reason.DATE),
    (HALF_PAST_NINE, Reason.DATE),
]


@pytest.mark.parametrize(("value", "read"), WHOLE)
def test_whole_numbers_are_read(value: Cell, read: str) -> None:
    assert integer(value) == read
    assert decimal(value) == read
    assert str(IntegerWidget(digits=18).clean(read)) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("-5", "-5"),
        ("△5", "-5"),
        ("▲5", "-5"),
        ("−5", "-5"),
        ("－５", "-5"),
        ("–5", "-5"),
        ("ー5", "-5"),
        ("△ 1,300.50", "-1300.5"),
        ("△1.3億", "-130000000"),
        ("-0", "0"),
        ("-0.0", "0"),
        ("0.1", "0.1"),
        ("0.10", "0.1"),
        (".5", "0.5"),
        ("00.5", "0.5"),
        ("1.2345千", "1234.5"),
        ("0.00001234万", "0.1234"),
        ("1234567890123456789.123456789", "1234567890123456789.123456789"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (130.0, "130"),
        (-0.5, "-0.5"),
        (1e-7, "0.0000001"),
        (12345678901.2345, "12345678901.2345"),
    ],
)
def test_decimals_are_read_exactly(value: Cell, read: str) -> None:
    assert decimal(value) == read
    widget = DecimalWidget()
    assert widget.render(widget.clean(read)) == read


@pytest.mark.parametrize(("value", "reason"), NO_NUMBER)
def test_no_number_is_guessed(value: Cell, reason: Reason) -> None:
    assert why(decimal, value) == reason
    assert why(integer, value) == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2025.7, Reason.FRACTION),
        ("0.5", Reason.FRACTION),
        ("1.23456千", Reason.FRACTION),
        (-1, Reason.NEGATIVE),
        (-1.0, Reason.NEGATIVE),
        ("△5", Reason.NEGATIVE),
        ("1" * 19, Reason.LONG),
        ("9999999兆", Reason.LONG),
    ],
)
def test_integer_refuses(value: Cell, reason: Reason) -> None:
    assert why(integer, value) == reason


def test_integer_takes_as_many_digits_as_its_widget() -> None:
    assert integer("123456789", 9) == "123456789"
    assert why(integer, "1234567890", 9) == Reason.LONG


@given(NUMBERS, st.sampled_from("△▲−－-ー–"), st.sampled_from(["", "+", "＋"]), st.booleans())
def test_decimals_are_read_in_every_notation(number: Decimal, minus: str, plus: str, is_wide: bool) -> None:
    canonical = DecimalWidget().render(number)
    written = f"{minus if number < 0 else plus}{abs(number):,f}"
    if is_wide:
        written = written.translate({code: code + 0xFEE0 for code in map(ord, "0123456789,.")})
    assert decimal(canonical) == canonical
    assert decimal(written) == canonical


@given(NUMBERS, st.sampled_from([("千", 10**3), ("万", 10**4), ("百万", 10**6), ("億", 10**8), ("兆", 10**12)]))
def test_units_multiply_exactly(number: Decimal, unit: tuple[str, int]) -> None:
    assert decimal(f"{number:f}{unit[0]}") == DecimalWidget().render(number * unit[1])


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, max_value=10**10, min_value=-(10**10)))
def test_decimals_survive_a_spreadsheet_cell(number: Decimal) -> None:
    assert decimal(float(number)) == DecimalWidget().render(number)


@given(st.integers(0, 10**18 - 1))
def test_integers_are_read_in_every_notation(number: int) -> None:
    assert integer(str(number)) == str(number)
    assert integer(f"{number:,}") == str(number)
    if number < 10**15:
        assert integer(float(number)) == str(number)
        assert integer(number) == str(number)


@settings(max_examples=1000)
@given(st.one_of(st.text(), st.text("0123456789,.-△万億年月日/令和元RH ")), st.sampled_from(list(Kind)))
def test_any_text_is_read_as_its_widget_takes_it_or_refused(value: str, kind: Kind) -> None:
    widgets: dict[Kind, Any] = {
        Kind.TEXT: TextWidget(),
        Kind.KEY: TextWidget(),
        Kind.INTEGER: IntegerWidget(digits=18),
        Kind.YEAR: IntegerWidget(digits=18),
        Kind.DECIMAL: DecimalWidget(),
        Kind.DAY: DateWidget(),
        Kind.BOOLEAN: BooleanWidget(),
        Kind.CODES: CodesWidget(),
        Kind.CHOICE: TextWidget(),
    }
    read = reader_of(kind, choices=fold_choices(Calendar.choices))
    try:
        canonical = read(value)
    except Unread:
        return
    cleaned = widgets[kind].clean(canonical)
    assert (";".join(cleaned) if kind is Kind.CODES else widgets[kind].render(cleaned)) == canonical
    assert read(canonical) == canonical


# --- fiscal years ---


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2025", "2025"),
        (2025.0, "2025"),
        (2025, "2025"),
        ("２０２５", "2025"),
        ("2025年度", "2025"),
        ("２０２５ 年度", "2025"),
        ("FY2025", "2025"),
        ("ＦＹ２０２５", "2025"),
        ("fy 2025", "2025"),
        ("2025FY", "2025"),
        ("令和7年度", "2025"),
        ("西暦2025年度", "2025"),
        ("西暦2025", "2025"),
        ("令和７年度", "2025"),
        ("令和 7 年度", "2025"),
        ("令和7", "2025"),
        ("㋿7年度", "2025"),
        ("R7", "2025"),
        ("Ｒ７", "2025"),
        ("r07", "2025"),
        ("R7年度", "2025"),
        ("令和元年度", "2019"),
        ("R元", "2019"),
        ("R1", "2019"),
        ("平成31年度", "2019"),
        ("H31", "2019"),
        ("平成元年度", "1989"),
        ("昭和63年度", "1988"),
        ("S63", "1988"),
        ("昭和元年度", "1926"),
        ("大正15年度", "1926"),
        ("大正元年度", "1912"),
        ("明治45年度", "1912"),
        ("明治元年度", "1868"),
    ],
)
def test_fiscal_years_are_read(value: Cell, read: str) -> None:
    assert year(value) == read


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (2025.7, Reason.FRACTION),
        ("2025.7", Reason.FRACTION),
        (-2025, Reason.NEGATIVE),
        (APRIL, Reason.DATE),
        (MIDNIGHT, Reason.DATE),
        (True, Reason.FORM),
        ("令和0", Reason.ERA_NOT_BEGUN),
        ("平成32年度", Reason.ERA_OVER),
        ("平成50", Reason.ERA_OVER),
        ("昭和64年度", Reason.ERA_OVER),
        ("令和7年", Reason.FORM),
        ("2025年", Reason.UNIT),
        ("2025-2029", Reason.UNIT),
        ("2025/26", Reason.UNIT),
        ("令和七年度", Reason.FORM),
        ("年度", Reason.FORM),
        ("未定", Reason.NOTHING),
        ("―", Reason.NOTHING),
    ],
)
def test_fiscal_year_refuses(value: Cell, reason: Reason) -> None:
    assert why(year, value) == reason


# --- days ---


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2025-02-18", "2025-02-18"),
        ("2025/2/18", "2025-02-18"),
        ("2025.2.18", "2025-02-18"),
        ("2025-2-18", "2025-02-18"),
        ("2025年2月18日", "2025-02-18"),
        ("2025 年 2 月 18 日", "2025-02-18"),
        ("２０２５年２月１８日", "2025-02-18"),
        ("２０２５／２／１８", "2025-02-18"),
        ("２０２５－０２－１８", "2025-02-18"),
        ("２０２５ー２ー１８", "2025-02-18"),
        ("　2025-02-18 ", "2025-02-18"),
        ("令和7年2月18日", "2025-02-18"),
        ("西暦2025年2月18日", "2025-02-18"),
        ("令和７年２月１８日", "2025-02-18"),
        ("㋿7年2月18日", "2025-02-18"),
        ("R7.2.18", "2025-02-18"),
        ("r7/2/18", "2025-02-18"),
        ("Ｒ７．２．１８", "2025-02-18"),
        ("令和元年5月1日", "2019-05-01"),
        ("R1.5.1", "2019-05-01"),
        ("H31.4.30", "2019-04-30"),
        ("平成元年1月8日", "1989-01-08"),
        ("昭和64年1月7日", "1989-01-07"),
        ("昭和元年12月25日", "1926-12-25"),
        ("大正15年12月25日", "1926-12-25"),
        ("大正元年7月30日", "1912-07-30"),
        ("明治45年7月30日", "1912-07-30"),
        ("T15.1.1", "1926-01-01"),
        ("2025-02-18 00:00:00", "2025-02-18"),
        ("2025-02-18T00:00:00.000", "2025-02-18"),
        ("2025/2/18 0:00", "2025-02-18"),
        ("2024-02-29", "2024-02-29"),
        (APRIL, "2025-04-01"),
        (MIDNIGHT, "2025-04-01"),
        (45706, "2025-02-18"),
        (45706.0, "2025-02-18"),
        ("45706", "2025-02-18"),
        (10000, "1927-05-18"),
        (99999, "2173-10-13"),
    ],
)
def test_days_are_read(value: Cell, read: str) -> None:
    assert day(value) == read


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (MORNING, Reason.TIME),
        (MIDNIGHT.replace(microsecond=1), Reason.TIME),
        (45706.5, Reason.TIME),
        ("2025-02-18T09:30", Reason.TIME),
        ("2025/2/18 9:30", Reason.TIME),
        (HALF_PAST_NINE, Reason.FORM),
        ("2/18", Reason.INCOMPLETE),
        ("2月18日", Reason.INCOMPLETE),
        ("2025年2月", Reason.INCOMPLETE),
        ("2025-02", Reason.INCOMPLETE),
        ("2025", Reason.INCOMPLETE),
        ("2025年", Reason.INCOMPLETE),
        ("2025年度", Reason.INCOMPLETE),
        ("R7", Reason.INCOMPLETE),
        ("令和7年", Reason.INCOMPLETE),
        ("令和7年2月", Reason.INCOMPLETE),
        (18, Reason.INCOMPLETE),
        (60, Reason.INCOMPLETE),
        (0, Reason.INCOMPLETE),
        (2025.0, Reason.INCOMPLETE),
        (202504, Reason.INCOMPLETE),
        (20250218, Reason.FORM),
        (-45706, Reason.FORM),
        ("7.2.18", Reason.FORM),
        ("25/2/18", Reason.FORM),
        ("2025/2-18", Reason.FORM),
        ("2025-W08-2", Reason.FORM),
        ("令和7.年2月18日", Reason.FORM),
        ("2025年2月⑱日", Reason.FORM),
        ("2025-02-30", Reason.NO_SUCH_DAY),
        ("2025/2/29", Reason.NO_SUCH_DAY),
        ("2025/13/1", Reason.NO_SUCH_DAY),
        ("0000-01-01", Reason.NO_SUCH_DAY),
        ("平成31年5月1日", Reason.ERA_OVER),
        ("H50.1.1", Reason.ERA_OVER),
        ("昭和64年1月8日", Reason.ERA_OVER),
        ("令和元年4月30日", Reason.ERA_NOT_BEGUN),
        ("令和0年12月1日", Reason.ERA_NOT_BEGUN),
        ("平成元年1月7日", Reason.ERA_NOT_BEGUN),
        ("未定", Reason.NOTHING),
        ("－", Reason.NOTHING),
        (True, Reason.FORM),
        ("すぐ", Reason.FORM),
    ],
)
def test_day_refuses(value: Cell, reason: Reason) -> None:
    assert why(day, value) == reason


@given(DAYS)
@example(datetime.date(2019, 4, 30))
@example(datetime.date(2019, 5, 1))
@example(datetime.date(9999, 12, 31))
def test_days_are_read_in_every_notation(date: datetime.date) -> None:
    numbers = (date.year, date.month, date.day)
    written: list[Cell] = [
        date,
        datetime.datetime.combine(date, datetime.time()),
        date.isoformat(),
        *(form % numbers for form in ("%d/%d/%d", "%d.%d.%d", "%d-%02d-%d", "%d年%d月%d日", "%d年%02d月%02d日")),
    ]
    era = next((era for era in ERAS if era.first <= date), None)
    if era and date.year - era.first.year < 99:
        in_era = (date.year - era.first.year + 1, date.month, date.day)
        written += [f"{era.name}%d年%d月%d日" % in_era, f"{era.letter.upper()}%d.%d.%d" % in_era]
    assert {day(each) for each in written} == {date.isoformat()}


@given(st.dates(datetime.date(1931, 5, 19), datetime.date(2173, 10, 13)))
def test_days_are_read_from_a_spreadsheets_numbers(date: datetime.date) -> None:
    since_1900 = (date - datetime.date(1899, 12, 30)).days
    since_1904 = (date - datetime.date(1904, 1, 1)).days
    assert day(float(since_1900)) == day(str(since_1900)) == date.isoformat()
    assert day(since_1904, is_1904=True) == date.isoformat()


@given(st.sampled_from(ERAS), st.integers(0, 99), st.dates(datetime.date(2023, 1, 1), datetime.date(2023, 12, 31)))
def test_no_day_is_read_in_an_era_that_it_does_not_lie_in(era: Era, number: int, in_a_year: datetime.date) -> None:
    date = in_a_year.replace(year=era.year(number))
    assume(not era.first <= date <= era.last)
    written = f"{era.name}{number}年{date.month}月{date.day}日"
    assert why(day, written) == (Reason.ERA_NOT_BEGUN if date < era.first else Reason.ERA_OVER)


# --- booleans and choices ---


@pytest.mark.parametrize(
    "value", [True, 1, 1.0, "true", "TRUE", "Ｔｒｕｅ", "1", "１", "○", "〇", "◯", "はい", "有", "あり", "yes", " Yes "]
)
def test_true_is_read(value: Cell) -> None:
    assert boolean(value) == "true"


@pytest.mark.parametrize(
    "value", [False, 0, 0.0, "false", "FALSE", "0", "０", "×", "✕", "✗", "いいえ", "無", "なし", "no", "NO"]
)
def test_false_is_read(value: Cell) -> None:
    assert boolean(value) == "false"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("-", Reason.FORM),
        ("x", Reason.FORM),
        ("△", Reason.FORM),
        (2, Reason.FORM),
        (0.5, Reason.FORM),
        (APRIL, Reason.DATE),
    ],
)
def test_boolean_refuses(value: Cell, reason: Reason) -> None:
    assert why(boolean, value) == reason


STAGES = fold_choices(
    [
        ("", "----"),
        ("request", "概算要求"),
        ("draft", "当初予算案"),
        ("initial", "当初予算"),
        ("request", "Budget request"),
        ("draft", "Draft budget"),
        ("initial", "Initial budget"),
    ]
)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("request", "request"),
        ("REQUEST", "request"),
        ("ｒｅｑｕｅｓｔ ", "request"),
        ("概算要求", "request"),
        ("「概算　要求」", "request"),
        ("当初予算（案）", "draft"),
        ("当初予算", "initial"),
        ("initial-budget", "initial"),
    ],
)
def test_choice_is_read_by_value_or_label(value: str, read: str) -> None:
    assert choice(value, STAGES) == read


@pytest.mark.parametrize(
    ("value", "near"), [("reqest", ("request",)), ("補正", ()), ("当初予算額", ("initial", "draft"))]
)
def test_choice_refuses_and_says_what_may_stand_there(value: str, near: tuple[str, ...]) -> None:
    with pytest.raises(Unread) as caught:
        choice(value, STAGES)
    assert caught.value.reason == Reason.CHOICE
    assert caught.value.expected == ("request", "draft", "initial")
    assert caught.value.near == near


def test_choice_of_marks_is_read() -> None:
    choices = fold_choices(Comparator.choices)
    assert [choice(value, choices) for value in ("=", ">=", "＞＝", "以上", "~", "～")] == [
        "=",
        ">=",
        ">=",
        ">=",
        "~",
        "~",
    ]


def test_choice_by_a_number_is_its_text() -> None:
    assert choice(1.0, {"1": "1"}) == "1"
    assert why(choice, APRIL, {"1": "1"}) == Reason.DATE


def test_a_name_that_two_choices_share_names_neither() -> None:
    choices = fold_choices([("a", "案"), ("b", "（案）"), ("c", "b")])
    assert choices == {"a": "a", "b": "b", "c": "c"}


# --- what a widget writes is read as itself ---


@given(TEXTS)
def test_stored_text_is_kept_to_the_letter(stored: str) -> None:
    assert text(stored) == stored


@given(st.one_of(st.decimals(allow_nan=False, allow_infinity=False, max_value=10**14), st.just(Decimal(0))))
def test_rendered_decimals_are_read_as_themselves(number: Decimal) -> None:
    rendered = DecimalWidget().render(number)
    assume(len(rendered) <= 60)  # longer ones are no cells of a plan
    assert decimal(rendered) == rendered


@given(st.dates())
def test_rendered_days_are_read_as_themselves(date: datetime.date) -> None:
    assert day(DateWidget().render(date)) == date.isoformat()


@given(st.booleans())
def test_rendered_booleans_are_read_as_themselves(value: bool) -> None:
    assert boolean(BooleanWidget().render(value)) == BooleanWidget().render(value)


@given(st.lists(st.text("abcz0123_-", min_size=1), min_size=1, unique=True))
def test_rendered_codes_are_read_as_themselves(known: list[str]) -> None:
    assert codes(";".join(sorted(known))) == ";".join(sorted(known))
    assert [key(code) for code in known] == known


@given(st.text("abcz0123.-", min_size=1))
def test_section_numbers_are_read_as_themselves(number: str) -> None:
    assert key(number) == number


# --- alike ---


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sort_order", "Sort Order"),
        ("from_fy", "ＦＲＯＭ－ＦＹ"),
        ("名称（英語）", "名称 (英語)"),
        ("「名称」", "名称"),
        ("ｺｰﾄﾞ", "コード"),
        ("並び　順\n", "並び順"),
        ("\ufeffcode", "code"),
        ("A・B", "ＡＢ"),
        ("Straße", "STRASSE"),
    ],
)
def test_headings_are_the_same_when_folded(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("from_fy", "to_fy"), (">", ">="), ("1.1", "11"), ("コド", "コード"), ("はは", "ばば")]
)
def test_headings_that_differ_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing_more(told: str) -> None:
    assert fold(fold(told)) == fold(told)


@pytest.mark.parametrize(
    ("value", "known", "found"),
    [
        ("mlhw", ["meti", "mext", "mhlw"], ["mhlw"]),
        ("MHLW", ["meti", "mext", "mhlw"], ["mhlw"]),
        ("third_period", {"second-period", "third-period"}, ["third-period"]),
        ("健康医療戦略推進本部", ["健康・医療戦略推進本部", "健康・医療戦略推進会議"], ["健康・医療戦略推進本部"]),
        ("推進本", ["推進会議", "推進本部", "参与会合"], ["推進本部"]),
        ("plan-3", ["plan-1", "plan-2", "plan-30", "plan-31"], ["plan-31", "plan-30", "plan-2"]),
        ("zzz", ["meti", "mext"], []),
        ("", ["meti"], []),
        ("mhlw", [], []),
    ],
)
def test_near_names_are_found(value: str, known: Any, found: list[str]) -> None:
    assert near(value, known) == found


def test_near_names_are_found_among_many() -> None:
    known = [f"indicator-{number:05}-{number % 7}" for number in range(10_000)]
    assert near("indicator-04711-0x", known, 1) == ["indicator-04711-0"]
    assert near("ndicator-04711-0", known, 1) == ["indicator-04711-0"]
    assert near("indicator-04711-0" * 1000, known) == []


# --- in words ---


def said(reader: Any, value: Cell, kind: Kind, *rest: Any) -> str:
    with pytest.raises(Unread) as caught:
        reader(value, *rest)
    return words.say(caught.value, kind)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Kind.TEXT, "a\0", "使えない文字（NUL）が含まれています。"),
        (
            Kind.YEAR,
            2025.7,
            "「2025.7」には端数があります。年度を 2025、2025年度、令和7年度 のどれかの形で書いてください。",
        ),
        (Kind.INTEGER, "△5", "「△5」は負の数です。0以上の整数を 1300 の形で書いてください。"),
        (
            Kind.DAY,
            "H31.5.1",
            "「H31.5.1」は暦にありません。平成は 2019-04-30 までです。"
            "日付を 2025-04-01 や 令和7年4月1日 の形で書いてください。",
        ),
        (
            Kind.DAY,
            "2/18",
            "「2/18」には、年・月・日のどれかがありません。日付を 2025-04-01 や 令和7年4月1日 の形で書いてください。",
        ),
        (
            Kind.DECIMAL,
            "-",
            "「-」は値ではありません。値がなければ空欄のままにし、今ある値を消すときは (削除) と書いてください。",
        ),
        (
            Kind.DECIMAL,
            "5%",
            "「5%」の「%」は読み取りません。0.05 の形で書くか、単位の列に「%」と書いて数だけを入れてください。",
        ),
        (Kind.BOOLEAN, "?", "「?」は読み取れません。true か false（○ か × でも可）を書いてください。"),
        (Kind.CHOICE, "reqest", "「reqest」は選べません。もしかして：request？書ける値：request, draft, initial。"),
        (Kind.CHOICE, "補正", "「補正」は選べません。書ける値：request, draft, initial。"),
        (Kind.DECIMAL, "x" * 99, f"「{'x' * 60}…」は読み取れません。数値を 1300 や -0.5 の形で書いてください。"),
    ],
)
def test_a_message_says_the_value_and_what_was_expected(kind: Kind, value: Cell, message: str) -> None:
    assert said(reader_of(kind, choices=STAGES), value, kind) == message


def test_every_reason_has_its_words() -> None:
    assert set(words.REASONS) == set(Reason)
    assert {era.name for era in ERAS} == set(words.ERAS)
    assert set(words.EXPECTED) == set(Kind) - {Kind.TEXT, Kind.CHOICE}


def test_a_character_that_no_database_stores_is_shown_by_its_sign() -> None:
    assert Unread(Reason.NUL, "a\0").shown == "a␀"


def test_what_a_text_column_made_of_a_date_is_told() -> None:
    assert words.converted("2025-01-02") == (
        "文字の列に、日付・時刻か、桁の多い数値が入っています。"
        "表計算ソフトが変えたものでなければ、「2025-01-02」のままで構いません。"
    )
