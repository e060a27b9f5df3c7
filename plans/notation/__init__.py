"""How Japanese officials write targets, amounts, periods, results and lead-ministry markings; plain Python.

Each `read_…(text)` returns a frozen dataclass, whose `as_dict()` gives what was read as plain JSON values, or None. It
never raises. A wrong reading is a defect, an unread text only a gap: every digit of a text must find the one thing that
it can be (number, scope, footnote, period, baseline, part of a name), or the text is not read. Widths, kinds of dashes,
waves, arrows and brackets, spaces and line breaks do not matter. A fiscal year is named by the year in which it starts:
R5 = 令和5年度 = 2023; plain years (2025~2029年) are marked CY.

read_target
    130件/年 · 年間40件 · 年間目標40件 · 各年度10件以上     level, with `per`
    130件/年(20件増)                                       `delta`; the baseline is derived, and says so
    (2025~2029年度累計650件) · 5年間で300件 · (累積50件)    `cumulative` and its years
    40%(令和7年度~令和11年度) · 70社(R10) · R8までに10件    period, `target_fy`, `deadline_fy`
    100件→150件(2021年→2028年) · 0件(R5)→10件(R10)          baseline and value
    <現状>11社(R5)<目標>70社(R10) · 現状値…目標値…         the same
    2023年度比で2倍 · 現状の2倍 · 2020年度比30%減           ratio, with `base_period`; the change as `delta`
    2023年度比増                                            increase, with `base_period`
    世界10位以内 (3位以上: the third or better)             rank
    約・程度・以上・以内・以下・未満・超・を超える・最大    `approx`, `comparator`
    10億ドル · 3.2兆円 · 6千本                              multiplied out; USD, 円
    86品目のうち… · 全47都道府県で80% · 全都道府県で80%     `scope_count`, `scope`
    企業価値100億円以上の企業(10社) · 10件採択した企業20社   the last number: the first says which ones
    1件(うち遺伝子治療1件) · 合算で10件                     `of_which`, `combined`
    A 2件・B 3件 · Aの増、B 130件/年                        `parts`, in order
    A(50件)、B(150件)(2024~2028年度累積)                    the same; what all parts share stands beside them
    …の増 · …への貢献 · …に着手(R8まで) · 論文数            increase, contribute, milestone, observe
    …のため件数目標は設定せず                               observe, with `no_target_reason`
    refused: 10~15件, 10件の内数, 計50件, 130件(10%増), 100件→150件(2028年) (whose year?), 各拠点10件, 10件/月,
    倍増, 10件減, 企業(価値1000億円以上)となる, 10件採択した企業, うち10件, 10件の見込み, what is cut off (…),
    2028年頃, ○件, 12月XX日
read_result
    6千本以上 · 累計434件 · 51件(達成率119%) · 36件 44件    number, `rate`, `series`
    導出はゼロ                                              0
    ○ · A評価 · 指標4:○(目標達成率119%)                     `grade`, as printed: A is not a
    refused: 目標10件, 51件(119%), ○ 51件 (a grade or a bullet?), △5件 (a grade or a minus?), 当初5件, 見込み
read_amount
    533億円(447億円) · …(前年度予算額23億円)                 `amount` and `prior`
    8,920,860千円 · 約475億円 · ▲5億円 · 6億5700万円 · 予算額(千円) 2,566,694
    321億円<AMED246億円、インハウス74億円> · (文67、経-)     `parts`; of a bare number that number, of a nil mark null
    89億円の内数 · 89億円(内数)                             `within`: a bound and no amount
    refused: (447億円), 2,566,694 (of what?), 10億ドル, 令和7年度447億円、令和8年度533億円
read_period
    2025-2029年度 · 令和2~6年度 · H29~R3 · 令和7(2025)年度 · 2025年度から5年間 · 2025年4月~2030年3月 · R8まで
    28年 · FY2025
    refused: days, R99, 平成40年, 2029~2025年度, 2025年~2029年度, 2025-2029, 2030年頃
read_lead
    (健、文、◎厚、経)                                       `lead`, `others`; nobody leads where no ◎ is printed
    refused: two ◎, ○, a list of anything but ministries
"""

from plans.notation.amount import Amount, read_amount
from plans.notation.lead import Lead, read_lead
from plans.notation.period import Period, read_period
from plans.notation.result import Result, read_result
from plans.notation.target import Target, read_target

__all__ = [
    "Amount",
    "Lead",
    "Period",
    "Result",
    "Target",
    "read_amount",
    "read_lead",
    "read_period",
    "read_result",
    "read_target",
]
