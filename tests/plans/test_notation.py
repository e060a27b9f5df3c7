"""What officials write, and how it must be read; what is telling among it, and what must stay unread."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plans.notation import read_amount, read_lead, read_period, read_result, read_target
from plans.notation.reading import Reading

Reader = Callable[[str], Reading | None]
READERS: dict[str, Reader] = {
    "target": read_target,
    "amount": read_amount,
    "actual": read_result,
    "lead": read_lead,
    "period": read_period,
}
with (Path(__file__).parent / "notation_cases.csv").open(encoding="utf-8", newline="") as table:
    CASES = list(csv.DictReader(table))


def read(reader: Reader, text: str) -> dict[str, Any] | None:
    reading = reader(text)
    return None if reading is None else reading.as_dict()


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_cases_of_official_documents_are_read(case: dict[str, str]) -> None:
    expected = {"comparator": "="} | json.loads(case["expected"])
    found = {"comparator": "="} | (read(READERS[case["reads_as"]], case["verbatim"]) or {})
    assert {name: found.get(name) for name in expected} == expected


def level(**more: Any) -> dict[str, Any]:
    return {"kind": "level", "comparator": "="} | more


TARGETS: dict[str, dict[str, Any]] = {
    # the plan, the strategy and the policy targets of 2024-07
    "(130\n件/年)(2025~2029 年度累計 650 件)": level(
        value=130, unit="件", per="year", cumulative=650, cumulative_from=2025, cumulative_to=2029, calendar="FY"
    ),
    "被引用度Top1%の論文数120件/年": level(value=120, unit="件", per="year"),
    "ドラッグ・ロスを生じている医薬品 86 品目のうち、我が国で必要なものについて、2026 年度までに開発に着手": {
        "kind": "milestone",
        "unit": "品目",
        "deadline_fy": 2026,
        "calendar": "FY",
        "scope_count": 86,
    },
    "希少疾病用医薬品の承認件数(150件)(2024~2028年度累積)": level(
        unit="件", cumulative=150, cumulative_from=2024, cumulative_to=2028, calendar="FY"
    ),
    "整備した施設における国内FIH試験実施件数 0件(R5) → 10件(R10)": level(
        value=10, unit="件", target_fy=2028, calendar="FY", baseline=0, baseline_fy=2023
    ),
    "デュアルユース設備を有する拠点 0拠点→16拠点(R5→R10)": level(
        value=16, unit="拠点", target_fy=2028, calendar="FY", baseline=0, baseline_fy=2023
    ),
    "後発品金額シェア 56.7%(R5) → 65%以上(R11)": level(
        comparator=">=", value=65, unit="%", target_fy=2029, calendar="FY", baseline=56.7, baseline_fy=2023
    ),
    "創薬スタートアップに対する民間投資額を28年には現状の2倍": {
        "kind": "ratio",
        "comparator": "=",
        "value": 2,
        "unit": "倍",
        "target_fy": 2028,
        "calendar": "CY",
        "base_period": "現状",
    },
    "28年には世界10位以内の創薬エコシステムとして評価される国内都市が登場": {
        "kind": "rank",
        "comparator": "<=",
        "value": 10,
        "unit": "位",
        "target_fy": 2028,
        "calendar": "CY",
    },
    "現在生じているドラッグ・ロスの解消(我が国で当該疾患の既存薬がない薬剤等について2026年度までに開発に着手)": {
        "kind": "milestone",
        "deadline_fy": 2026,
        "calendar": "FY",
    },
    "我が国の市場の医薬品売上高を増加基調とする": {"kind": "increase"},
    "○医療研究分野の全論文数": {"kind": "observe"},
    "成果の権利譲渡契約/実施許諾": {"kind": "observe"},
    # programmes
    "クラスⅢ・Ⅳ医療機器の開発を計画する採択課題の割合 25%への貢献": {
        "kind": "contribute",
        "comparator": "=",
        "value": 25,
        "unit": "%",
    },
    "研究成果を活用した臨床試験・治験への移行への貢献": {"kind": "contribute"},
    "科学誌(インパクトファクター5以上)への論文掲載件数 175 件": level(value=175, unit="件"),
    "科学誌(インパクトファクター5未満等の他の科学誌)への論文掲載状況 ※その他管理指標のため件数目標は設定せず": {
        "kind": "observe",
        "no_target_reason": "その他管理指標",
    },
    "First in Human(FIH)試験(企業治験含む)年間40件": level(value=40, unit="件", per="year"),
    "5種類以上の革新的医療機器の実用化": level(comparator=">=", value=5, unit="種類"),
    "5種類以上の優れた医療機器の実用化": level(comparator=">=", value=5, unit="種類"),
    "※モニタリング指標であるため目標は設定しない": {"kind": "observe", "no_target_reason": "モニタリング指標"},
    "国内医療機器市場規模の拡大 3.2兆円": level(value=3_200_000_000_000, unit="円"),
    "治験に至った件数※(60 件/年)(2025~2029 年度累計 300 件) ※AMED 支援の成果を活用して治験へ移行した課題": level(
        value=60, unit="件", per="year", cumulative=300, cumulative_from=2025, cumulative_to=2029, calendar="FY"
    ),
    # several indicators
    "非臨床 POC の取得2件・臨床 POC の取得3件": {
        "kind": "level",
        "parts": [{"value": 2, "unit": "件"}, {"value": 3, "unit": "件"}],
    },
    "非臨床 POC 取得1件(うち遺伝子治療 1 件),治験移行数 1 件(うち遺伝子治療 1 件)": {
        "kind": "level",
        "parts": [{"value": 1, "unit": "件", "of_which": {"遺伝子治療": 1}}] * 2,
    },
    "20件※企業との共同研究(委託を含む)を数える": level(value=20, unit="件"),
    "治験 60件/年、論文 累計600件以上": {
        "kind": "level",
        "parts": [
            {"value": 60, "unit": "件", "per": "year"},
            {"comparator": ">=", "unit": "件", "cumulative": 600},
        ],
    },
    "目指すもの：薬事承認件数の増、企業導出件数130件/年(20件増)、被引用度Top1%の論文数120件/年": {
        "parts": [
            {"kind": "increase"},
            {
                "kind": "level",
                "value": 130,
                "unit": "件",
                "per": "year",
                "delta": 20,
                "baseline": 110,
                "baseline_derived": True,
            },
            {"kind": "level", "value": 120, "unit": "件", "per": "year"},
        ]
    },
    "小児用医薬品の開発計画の策定件数(50件)、希少疾病用医薬品の承認件数(150件)(2024~2028年度累積)": {
        "kind": "level",
        "calendar": "FY",
        "cumulative_from": 2024,
        "cumulative_to": 2028,
        "parts": [{"unit": "件", "cumulative": 50}, {"unit": "件", "cumulative": 150}],
    },
    "A拠点10件(R10)、B拠点20件(R11)": {
        "kind": "level",
        "calendar": "FY",
        "parts": [{"value": 10, "unit": "件", "target_fy": 2028}, {"value": 20, "unit": "件", "target_fy": 2029}],
    },
    "薬事承認件数の増、製品上市数の増、ガイドラインへの反映の増等": {"kind": "increase"},
    "治験移行数 1 件 うち遺伝子治療 1 件": level(value=1, unit="件", of_which={"遺伝子治療": 1}),
    "20件（AMED全体の合算）": level(value=20, unit="件", combined=True),
    "10件、うち海外3件、国内7件": level(value=10, unit="件", of_which={"海外": 3, "国内": 7}),
    # baselines
    "【目標】70社（Ｒ１０）【現状】11社（Ｒ５）": level(
        value=70, unit="社", target_fy=2028, calendar="FY", baseline=11, baseline_fy=2023
    ),
    "現状値(R5):11社／目標値(R10):70社": level(
        value=70, unit="社", target_fy=2028, calendar="FY", baseline=11, baseline_fy=2023
    ),
    "5件（R5実績）➡10件（R10目標）": level(
        value=10, unit="件", target_fy=2028, calendar="FY", baseline=5, baseline_fy=2023
    ),
    "100 -> 150件": level(value=150, unit="件", baseline=100),
    "100件(2021年)→150件": level(value=150, unit="件", baseline=100, baseline_fy=2021),
    "100件→2028年度に150件": level(value=150, unit="件", target_fy=2028, calendar="FY", baseline=100),
    "医療機器の輸出額(約5千億円→約1兆円)": level(value=10**12, unit="円", approx=True, baseline=5 * 10**11),
    "130件/年(▲20件)": level(value=130, unit="件", per="year", delta=-20, baseline=150, baseline_derived=True),
    "130件(2024年度比20件増)": level(
        value=130, unit="件", delta=20, baseline=110, baseline_fy=2024, baseline_derived=True
    ),
    "130件以上(20件増)": level(comparator=">=", value=130, unit="件", delta=20),
    "40%(5ポイント増)": level(value=40, unit="%", delta=5, baseline=35, baseline_derived=True),
    "10件の増": {"kind": "increase", "unit": "件", "delta": 10},
    "2020年度比30%減": {"kind": "ratio", "unit": "%", "delta": -30, "base_period": "FY2020"},
    "△10％（2020年度比）": {"kind": "ratio", "unit": "%", "delta": -10, "base_period": "FY2020"},
    "2028年度に2023年度比増": {"kind": "increase", "target_fy": 2028, "calendar": "FY", "base_period": "FY2023"},
    "(100件→150件)(R5…": level(value=150, unit="件", calendar="FY", baseline=100, baseline_fy=2023),
    "2倍以上(2023年比)": {
        "kind": "ratio",
        "comparator": ">=",
        "value": 2,
        "unit": "倍",
        "base_period": "CY2023",
    },
    # bounds, scopes, periods
    "企業価値100億円以上の創薬スタートアップを10社以上輩出": level(comparator=">=", value=10, unit="社"),
    "企業価値100億円以上の創薬スタートアップの創出(10社以上)(2028年)": level(
        comparator=">=", value=10, unit="社", target_fy=2028, calendar="CY"
    ),
    "10社以上（企業価値100億円以上の創薬スタートアップ）": level(comparator=">=", value=10, unit="社"),
    "10億ドルを超えるスタートアップ 10社": level(value=10, unit="社"),
    "バイオシミラーに80%以上置き換わった成分数が全体の成分数の60%以上(2029年度末)": level(
        comparator=">=", value=60, unit="%", target_fy=2029, calendar="FY"
    ),
    "65歳以上の接種率80%": level(value=80, unit="%"),
    "後発品の使用割合を全都道府県で80%以上": level(comparator=">=", value=80, unit="%", scope="全都道府県"),
    "後発品 全都道府県80%": level(value=80, unit="%", scope="全都道府県"),
    "全47都道府県で80%超": level(comparator=">", value=80, unit="%", scope_count=47),
    "シーズ100件のうち10件を導出": level(value=10, unit="件", scope_count=100),
    "世界3位以上": {"kind": "rank", "comparator": "<=", "value": 3, "unit": "位"},
    "最大10件": level(comparator="<=", value=10, unit="件"),
    "10を超える拠点を整備": level(comparator=">", value=10, unit="拠点"),
    "100件程度": level(value=100, unit="件", approx=True),
    "R8までに10件": level(value=10, unit="件", target_fy=2026, deadline_fy=2026, calendar="FY"),
    "10件(R7〜11)": level(value=10, unit="件", from_fy=2025, to_fy=2029, calendar="FY"),
    "10件(平成29年度～令和3年度)": level(value=10, unit="件", from_fy=2017, to_fy=2021, calendar="FY"),
    "令和7~11年度の5年間で650件": level(
        unit="件", cumulative=650, cumulative_from=2025, cumulative_to=2029, calendar="FY"
    ),
    "2025～2029年度計650件": level(unit="件", cumulative=650, cumulative_from=2025, cumulative_to=2029, calendar="FY"),
    "2029年度までに累計650件": level(
        unit="件", cumulative=650, cumulative_to=2029, deadline_fy=2029, target_fy=2029, calendar="FY"
    ),
    "5年間で300件": level(unit="件", cumulative=300),
    "毎年度１０件": level(value=10, unit="件", per="fiscal_year"),
    "10件/年度": level(value=10, unit="件", per="fiscal_year"),
    "年間目標20件・累計目標100件": level(value=20, unit="件", per="year", cumulative=100),
    "年度目標：10件": level(value=10, unit="件", per="fiscal_year"),
    "650件/5年": level(unit="件", cumulative=650),
    "累計10件（R12まで）": level(
        unit="件", cumulative=10, cumulative_to=2030, deadline_fy=2030, target_fy=2030, calendar="FY"
    ),
    "10件(FY2028)": level(value=10, unit="件", target_fy=2028, calendar="FY"),
    "1.5pt増": {"kind": "increase", "unit": "ポイント", "delta": 1.5},
    # numbers of names and footnotes
    "COVID-19ワクチン 3件": level(value=3, unit="件"),
    "2型糖尿病の第3相試験 1件": level(value=1, unit="件"),
    "件※1(10件)": level(value=10, unit="件"),
    "第3期の期間中 5には10件": level(value=10, unit="件"),
    "治験に至った件数注1) 10件": level(value=10, unit="件"),
    "10件＊1（注1）": level(value=10, unit="件"),
    "5年生存率50%以上": level(comparator=">=", value=50, unit="%"),
    "H5N1ワクチン 2件": level(value=2, unit="件"),
    "PM2.5に関する研究 2件": level(value=2, unit="件"),
    "5G活用研究 2件": level(value=2, unit="件"),
    "TRL6以上の課題 2件": level(value=2, unit="件"),
    "健康日本21の指標10億円": level(value=10 * 10**8, unit="円"),
    "ムーンショット目標7の課題 10件": level(value=10, unit="件"),
}


@pytest.mark.parametrize("text", TARGETS)
def test_targets_are_read(text: str) -> None:
    assert read(read_target, text) == TARGETS[text]


UNREAD_TARGETS = [
    "",
    "未定",
    "検討中",
    "－",
    "体制の整備",
    "医療水準の向上を目指す研究開発の成果の創出とその成果が絶え間なく企業導出される",
    "論文数(R8まで)",  # an indicator whose number is missing
    # cut off
    "○企業価値 100 億円以上の創薬スター…",
    "10件…",
    "10件以",
    "(10件",
    # says which ones, not how many
    "企業価値100億円以上の創薬スタートアップ",
    "33年には創薬ユニコーン(企業価値1000億円以上)となる企業の育成を目指す",
    "企業価値が10億ドルを超えるスタートアップ",
    "10件以上採択した企業",
    "10社以上の共同研究を20件",
    "2040年を見据えた研究 80件",
    # two readings
    "10~15件",
    "10件以上15件以下",
    "10件から15件に増加",
    "計50件",
    "130件/年(10%増)",
    "40%(5%増)",
    "100件→150件(2028年)",
    "2028年度に100件→150件",
    "100件→120件→150件",
    "100件→150社",
    "130件→150件(30件増)",
    "策定件数50件、承認件数150件(2024~2028年度累積)",
    "承認件数、指定件数 10件",
    "10件、5件",
    "20大学・研究機関",
    "10億ドル（約1,500億円）",
    "10件以上/年(2025~2029年度累計50件)",
    # another number than the target
    "現状11社",
    "令和5年度実績 10件",
    "従来目標10件",
    "年平均130件",
    "10件の内数",
    "10件(うち海外3件以上)",
    "10件の純増",
    "10件減少",
    "前期を10件上回る",
    "審査期間を3か月短縮",
    "10件/月",
    "10件/2年",
    "毎年度100本/年",
    "各100社",
    "うち28施設",
    "10件の見込み",
    "初年度目標10件",
    "昨年度目標10件",
    "半年で10件",
    "隔年10件",
    "30社余",
    "20件台",
    "5拠点目",
    "論文数＊212か国",
    "毎月10件",
    "各拠点10件",
    "1課題当たり3件",
    "10人に1人",
    "10件中5件",
    "10件に満たない",
    "10件(令和5年3月閣議決定)",
    "20件 ※令和6年度から30件",
    "10件以上→15件",
    "旧目標100件→新目標150件",
    "100件→うち海外50件",
    "(2028年→2021年)",
    "10件(2025~2029年度)、20件(2026~2030年度)",
    "累計目標",
    "累計10件/年",
    "10件以上増",
    "+20件減",
    "約86品目のうち10件",
    "130件/年(2025~2029年度累計)",
    "目標10件は設定しない",
    "10件を超えないこと",
    "<現状>10件<目標>20件<目標>30件",
    "10件<現状>5件<目標>20件",
    "2倍(累計10件)",
    "10位(うち国内3位)",
    "20件減(2024年度比)",
    "2023年度比10件",
    "10件、うち3件",
    "10件(うち海外3件、海外4件)",
    "10件(うち2028年度に海外3件)",
    "10件 ※注(2028年度に20件)",
    "10件 ※注(つづく",
    "((((((10件))))))",
    "10件)",
    "10件(2021年…",
    "(100件→150件)(2021~2025年…",
    "80%以上の達成率",
    "累計の論文数",
    "累計10件→20件",
    "10件(R5~R6)→20件",
    "100件(R10)→150件(R5)",
    "20件(R10→R5)",
    "10件(令和5年度時点)",
    "10件(2025年2月18日)",
    "10件(令和7年度令和8年度)",
    "2029年度の累計650件",
    "2025年度~10件",
    "導出件数10件のため目標は設定せず",
    "令和7年度 現状:11社 目標:70社",
    "論文数(合算)",
    "2023年度比の論文数",
    "10位未満",
    "年間2倍",
    "累計650件(20件増)",
    "A拠点10件(R10)、B拠点20件",
    "論文+10件",
    "10件以上未満",
    # no numbers, no years
    "○件",
    "XX件",
    "数十件",
    "三件",
    "倍増",
    "1,30件",
    "1、300件",
    "1/5",
    "①0件",
    "R510件",
    "R99までに10件",
    "平成40年度までに10件",
    "令和11〜7年度 10件",
    "70社（2028年頃）",
    "10件(2025年~2029年度)",
    "10件(令和7(2026)年度)",
    "10件(2024年12月XX日閣議決定)",
    "10件(2024年XX月)",
]


@pytest.mark.parametrize("text", UNREAD_TARGETS)
def test_targets_that_could_be_read_wrongly_are_not_read(text: str) -> None:
    assert read_target(text) is None


OKU = 100_000_000
AMOUNTS: dict[str, dict[str, Any] | None] = {
    "令和8年度概算要求額 533億円(447億円)※()内は前年度当初予算額": {"amount": 533 * OKU, "prior": 447 * OKU},
    "令和7年度要求・要望額 25億円 (前年度予算額 23億円)": {"amount": 25 * OKU, "prior": 23 * OKU},
    "令和4年度予算額(令和3年度予算額):88億円(90億円)": {"amount": 88 * OKU, "prior": 90 * OKU},
    "7.7億円(9.5億円)": {"amount": 770_000_000, "prior": 950_000_000},
    "約475億円": {"amount": 475 * OKU, "approx": True},
    "医薬品プロジェクト 191.5億円": {"amount": 19_150_000_000},
    "令和7年度補正予算案 241億円": {"amount": 241 * OKU},
    "109億円(AMED)": {"amount": 109 * OKU},
    "総額は1248億円 前年度比で2.7%増": {"amount": 1248 * OKU},
    "1261億円(前年度比+2億円)": {"amount": 1261 * OKU, "delta": 2 * OKU},
    "6億5700万円": {"amount": 657_000_000},
    "△17億9000万円": {"amount": -1_790_000_000},
    "16百万円": {"amount": 16_000_000},
    "0千円": {"amount": 0},
    "89億円の内数": {"within": 89 * OKU},
    "89億円（内数）": {"within": 89 * OKU},
    "89億円 ※内数": None,
    "13億円 [ 補正予算額 46億円 ] (16億円) / 89億円の内数 / 86億円の内数": {
        "amount": 13 * OKU,
        "prior": 16 * OKU,
        "supplementary": 46 * OKU,
        "within": [89 * OKU, 86 * OKU],
    },
    "93億円(新規) ※令和7年度はゲノム医療実現バイオバンク利活用プログラム(B-cure)(43億円)で実施": {
        "amount": 93 * OKU,
        "prior": 43 * OKU,
    },
    "1266億円(文部科学省603億円、厚生労働省475億円、経済産業省183億円)": {
        "amount": 1266 * OKU,
        "parts": {"文部科学省": 603 * OKU, "厚生労働省": 475 * OKU, "経済産業省": 183 * OKU},
    },
    "1,528億円（文720、厚573、経231等）": {"amount": 1528 * OKU, "parts": {"文": 720, "厚": 573, "経": 231}},
    "(文67、厚34、経ー)": {"parts": {"文": 67, "厚": 34, "経": None}},
    "533億円(うち推進枠50億円、重点枠20億円)": {
        "amount": 533 * OKU,
        "of_which": {"推進枠": 50 * OKU, "重点枠": 20 * OKU},
    },
    "予算額（千円） 2,566,694": {"amount": 2_566_694_000},
    "当初予算額（単位：千円）：令和5年度 2,087,931": {"amount": 2_087_931_000},
    "予算額(百万円) 2,345(2,100)": {"amount": 2_345_000_000, "prior": 2_100_000_000},
    "R8概算要求額 533億円(447億円)": {"amount": 533 * OKU, "prior": 447 * OKU},
    "321億円<AMED246百万円、インハウス74億円>": {
        "amount": 321 * OKU,
        "parts": {"AMED": 246_000_000, "インハウス": 74 * OKU},
    },
    "（文：720、厚：573、経：－）": {"parts": {"文": 720, "厚": 573, "経": None}},
    "50億円(▲5億円)": {"amount": 50 * OKU, "delta": -5 * OKU},
    "533億円(86億円増)": {"amount": 533 * OKU, "delta": 86 * OKU},
    "533億円(前年度▲5億円)": None,
    "533億円(うち前年度447億円)": None,
    "(千円) 1,000 2,000": None,
    "844億円 743億円": None,
    "533億円※()内は前年度予算額": None,
    "533億円(以上)": None,
    "321億円(246億円74億円)": None,
    "文部科学省603億円(うち新規5億円)、厚生労働省475億円": None,
    "文部科学省603億円から、厚生労働省475億円": None,
    "(447億円)": None,  # this year's, or last year's in its brackets
    "2,566,694": None,  # thousands of yen, by a heading that is not here
    "533億円(447億円)※()内は補正予算額": None,
    "533億円(令和7年度447億円)": None,
    "令和4年度予算額(令和2年度予算額):88億円(90億円)": None,
    "1,528億円 / 要求1,164億円 / 要望364億円 / 平成28年度1,265億円": None,
    "844億円 743億円 101億円 734億円; 要望の内訳 (文67、厚34、経-)": None,
    "321億円(246億円、74億円)": None,
    "論文10、特許5": None,
    "1266億円（文部科学省）": {"amount": 1266 * OKU},
    "383億円(AMED383億円)": {"amount": 383 * OKU, "parts": {"AMED": 383 * OKU}},
    "383億円(AMED336億円、AMED47億円)": None,
    "383億円(委託費336億円)": None,
    "(前年度予算額):88億円(90億円)": {"amount": 88 * OKU, "prior": 90 * OKU},
    "88億円(90億円(うち補正10億円))": None,
    "88億円(90億円": None,
    "88億円(約90億円)": None,
    "88億円(前年度比10%)": None,
    "88億円となった": None,
    "100億円以上の事業": None,
    "令和7年度から88億円": None,
    "89億円の内数(85億円)": None,
    "93億円(新規) ※令和4年度は前身の事業(43億円)で実施し、再開": None,
    "A 603億円、B 475億円 ※令和6年度は100億円": None,
    "267億円(21.4%)の増額": None,
    "6億5700万円増": None,
    "10~20億円": None,
    "10億ドル": None,
    "1億円/年": None,
    "5億円…": None,
    "XX億円": None,
    "-": None,
}


@pytest.mark.parametrize("text", AMOUNTS)
def test_amounts_are_read_or_left(text: str) -> None:
    assert read(read_amount, text) == AMOUNTS[text]


def number(value: float, unit: str = "件", **more: Any) -> dict[str, Any]:
    return {"comparator": "=", "value": value, "unit": unit} | more


RESULTS: dict[str, dict[str, Any] | None] = {
    "第2期の期間中 5には、AMED が支援した課題から 40 件の薬事承認": number(40),
    "シーズの企業への導出件数は 434 件に上る": number(434),
    "72.57 歳": number(72.57, "歳"),
    "論文掲載件数(IF5以上) 13件": number(13),
    "薬事承認件数(新薬、適応拡大):3 件": number(3),
    "56.7%(R5)": number(56.7, "%", from_fy=2023, to_fy=2023, calendar="FY"),
    "2020 年度入学 合計 18 名": number(18, "名", from_fy=2020, to_fy=2020, calendar="FY"),
    "職員数742名(25年1月1日現在)": number(742, "名"),
    "累計434件": number(434, cumulative=434),
    "3件(うち遺伝子治療1件)": number(3, of_which={"遺伝子治療": 1}),
    "51件(目標達成率119%)": number(51, rate=119),
    "▲5件": number(-5),
    "△5件": None,
    "企業への導出はゼロ": {"comparator": "=", "value": 0},
    "企業への導出：ゼロ件": number(0),
    "目標はゼロ": None,
    "0拠点": number(0, "拠点"),
    "ゼロ": {"comparator": "=", "value": 0},
    "36件 44件 43件 51件": {"comparator": "=", "unit": "件", "series": [36, 44, 43, 51]},
    "A評価": {"grade": "A"},
    "ａ評価": {"grade": "a"},
    "国際共同治験の初回治験計画届件数 N評価": {"grade": "N"},
    "△": {"grade": "△"},
    "〇": {"grade": "○"},
    "【指標4】○(目標達成率 119%)": {"grade": "○", "rate": 119},
    "評価結果：A": {"grade": "A"},
    "前回A評価": None,
    "前年度：○": None,
    "ビタミンA": None,
    "AA評価": None,
    "R3年度:A R4年度:A": None,
    "○ 51件": None,
    "51件(119%)": None,
    "目標10件": None,
    "10件見込み": None,
    "当初10件": None,
    "前年度比20件": None,
    "20件増": None,
    "20件の内数": None,
    "計画値 10件": None,
    "基準値 10件": None,
    "毎月10件": None,
    "10件以上採択した企業は20社": number(20, "社"),
    "100件→150件": None,
    "10件(うち3件)": None,
    "10件(うち海外約3件)": None,
    "36件 約44件": None,
    "10件(2025年2月18日公表)": None,
    "10件(2029年度まで)": None,
    "10件(つづく": None,
    "○(A評価)": None,
    "10~15件": None,
    "2015年度目標の企業への導出1件がゼロ…「進捗が不十分」": None,
    "approximately 4,000 proposals every year and between 800 and 900 awarded": None,
    "未公表": None,
    "同上": None,
}


@pytest.mark.parametrize("text", RESULTS)
def test_results_are_read_or_left(text: str) -> None:
    assert read(read_result, text) == RESULTS[text]


def years(first: int, last: int, calendar: str = "FY") -> dict[str, Any]:
    return {"from_fy": first, "to_fy": last, "calendar": calendar}


PERIODS: dict[str, dict[str, Any] | None] = {
    "対象期間：2025-2029年度": years(2025, 2029),
    "2025年度～2029\n年度": years(2025, 2029),
    "2025～29年度": years(2025, 2029),
    "2025-2029年": years(2025, 2029, "CY"),
    "令和2〜6年度": years(2020, 2024),
    "令和元―５年度": years(2019, 2023),
    "平成29年度～令和3年度": years(2017, 2021),
    "H29~R3": years(2017, 2021),
    "令和7（2025）年度～令和11（2029）年度": years(2025, 2029),
    "2020 年度から 2024 年度までの5年間": years(2020, 2024),
    "令和7年度から5年間": years(2025, 2029),
    "2025年4月~2030年3月": years(2025, 2029),
    "R10 (2028年度)": years(2028, 2028),
    "28年": years(2028, 2028, "CY"),
    "FY2025": years(2025, 2025),
    "ＦＹ2025～2029": years(2025, 2029),
    "FY2025-29": years(2025, 2029),
    "FY2025～FY2029": years(2025, 2029),
    "R7~R11の5年間": years(2025, 2029),
    "R7当初予算": years(2025, 2025),
    "R8中に": {"deadline_fy": 2026, "calendar": "FY"},
    "2025年度-": None,
    "R7以外": None,
    "2025年度の翌年度": None,
    "2023年度比": None,
    "2024年XX月XX日": None,
    "2029年4月~2025年3月": None,
    "2025年度以降": {"from_fy": 2025, "calendar": "FY"},
    "令和8年度末まで": {"deadline_fy": 2026, "calendar": "FY"},
    "2027年3月まで": {"deadline_fy": 2026, "calendar": "FY"},
    "2025-2029": None,
    "2025~9年度": None,
    "2025年度~10件": None,
    "2025年度から2029年度までの6年間": None,
    "令和0年度": None,
    "2029~2025年度": None,
    "2025年~2029年度": None,
    "2020年度から2024年度までの4年間": None,
    "令和7(2026)年度": None,
    "R99": None,
    "平成40年度": None,
    "10年": None,
    "5年間": None,
    "2030年頃": None,
    "令和2~4年度のうち2年度": None,
    "2025年2月18日": None,
    "2024年12月XX日": None,
    "令和2年●月●日": None,
    "平成26年法律第48号・第49号": None,
    "2017-02-17 一部変更; 対象 2014～2019年度": None,
    "第2期の期間中": None,
}


@pytest.mark.parametrize("text", PERIODS)
def test_periods_are_read_or_left(text: str) -> None:
    assert read(read_period, text) == PERIODS[text]


LEADS: dict[str, dict[str, Any] | None] = {
    "◎健、科技、総、文、厚、経、こ": {"lead": "健", "others": ["科技", "総", "文", "厚", "経", "こ"]},
    "健、◎経": {"lead": "経", "others": ["健"]},
    "(strategy: ◎健、文、厚、経)": {"lead": "健", "others": ["文", "厚", "経"]},
    "◎戦略室、健、総、国 (アフリカ)": {"lead": "戦略室", "others": ["健", "総", "国"], "scope": "アフリカ"},
    "◎こども家庭庁，厚生労働省": {"lead": "こども家庭庁", "others": ["厚生労働省"]},
    "◎厚": {"lead": "厚", "others": []},
    "健、文、厚": {"others": ["健", "文", "厚"]},
    "◎健・文・厚": {"lead": "健", "others": ["文", "厚"]},
    "◎健康・医療戦略推進事務局、文": {"lead": "健康・医療戦略推進事務局", "others": ["文"]},
    "◎健、◎文、厚": None,
    "○文、◎厚": None,
    "健、健、◎厚": None,
    "医薬品、医療機器": None,
    "◎医薬品の開発、治験の推進": None,
    "◎": None,
}


@pytest.mark.parametrize("text", LEADS)
def test_leads_are_read_or_left(text: str) -> None:
    assert read(read_lead, text) == LEADS[text]


HOSTILE = [
    "1",
    "(",
    "1,",
    "令和",
    "A1",
    "1件、",
    "第1、",
    "※",
    "◎,",
    "1 ",
    "増",
    "(1件)",
    "現状1件目標2件",
    "R1~",
    "ため",
    "○X",
]


@pytest.mark.parametrize("reader", READERS.values())
@pytest.mark.parametrize("piece", HOSTILE)
def test_long_hostile_texts_cost_little(reader: Reader, piece: str) -> None:
    start = time.process_time()
    reader(piece * (2000 // len(piece)))
    reader(piece * (10_000 // len(piece)))
    assert time.process_time() - start < 0.5  # a quadratic reading takes seconds
