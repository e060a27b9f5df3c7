"""Years and quantities in both languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from plans.models import UNSAID
from plans.progress import Rule, State
from plans.words import RULES, STATES, amount, period, spans, unit_of, year


@pytest.mark.parametrize(
    ("arguments", "japanese", "english"),
    [
        ((Decimal("130.0000"), "件", "", "year"), "130件/年", "130 a year"),
        ((Decimal(4250), "件"), "4,250件", "4,250"),
        ((Decimal("56.7"), "%", ">="), "56.7%以上", "at least 56.7%"),
        ((Decimal(1), "社"), "1社", "1 company"),
        ((Decimal(70), "社"), "70社", "70 companies"),
        ((Decimal(1_000_000_000), "USD", ">"), "1,000,000,000米ドル超", "more than USD 1,000,000,000"),
        ((Decimal(10), "位", "<="), "10位以内", "rank 10 or better"),
        ((Decimal(2), "倍"), "2倍", "2-fold"),
        ((Decimal(4000), "件", "~"), "約4,000件", "about 4,000"),
        ((Decimal("-0.5"), "ポイント"), "-0.5ポイント", "-0.5 points"),
        ((Decimal(0), "拠点"), "0拠点", "0 sites"),
        ((Decimal(3), "隻"), "3隻", '3 <span lang="ja">隻</span>'),
        ((None, "件"), "", ""),
        ((Decimal(200) / 3, "件"), "66.6667件", "66.6667"),
        ((Decimal("-0.00004"), "%"), "-0.00004%", "-0.00004%"),
        ((Decimal("0.0000123456"), "%"), "0.0000123%", "0.0000123%"),
        ((Decimal("-0.0000"), "%"), "0%", "0%"),
        ((Decimal("12345678901.23456"), "円"), "12,345,678,901.2346円", "¥12,345,678,901.2346"),
    ],
)
def test_quantities_are_said_in_both_languages(arguments: Any, japanese: str, english: str) -> None:
    assert amount(*arguments) == japanese
    with override("en"):
        assert amount(*arguments) == english


@pytest.mark.parametrize(
    ("value", "calendar", "japanese", "english"),
    [
        (2025, "FY", "令和7（2025）年度", "FY2025 (Apr 2025–Mar 2026)"),
        (2025, "CY", "令和7（2025）年", "2025"),
        (2019, "FY", "令和元（2019）年度", "FY2019 (Apr 2019–Mar 2020)"),
        (2018, "FY", "平成30（2018）年度", "FY2018 (Apr 2018–Mar 2019)"),
        (1989, "FY", "平成元（1989）年度", "FY1989 (Apr 1989–Mar 1990)"),
        (1988, "FY", "昭和63（1988）年度", "FY1988 (Apr 1988–Mar 1989)"),
        (2025, UNSAID, "令和7（2025）年", "2025"),
    ],
)
def test_years_are_named_in_full(value: int, calendar: str, japanese: str, english: str) -> None:
    assert year(value, calendar, full=True) == japanese
    with override("en"):
        assert year(value, calendar, full=True) == english


def test_spans_of_years_are_said_once_and_gaps_are_kept() -> None:
    assert period(2025, 2029) == "2025〜2029年度"
    assert period(2025, 2025, "CY") == "2025年"
    assert period(None, None) == ""
    assert spans([2020, 2022, 2023, 2024], "FY") == "2020年度、2022〜2024年度"
    with override("en"):
        assert period(2025, 2029) == "FY2025–2029"
        assert spans([2020, 2022, 2023], "FY") == "FY2020, FY2022–2023"
        assert unit_of("件") == ""
        assert unit_of("隻") == ""
        assert unit_of("%") == "%"


def test_every_state_and_rule_has_its_words() -> None:
    assert set(STATES) == set(State)
    assert set(RULES) == set(Rule)
