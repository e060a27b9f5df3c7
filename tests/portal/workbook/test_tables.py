"""Every sheet of a file finds its dataset and every cell its text; what does not is told where it stands."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import xlsxwriter
from django.utils.translation import override

from portal.workbook.read import read
from portal.workbook.tables import Reading, read_tables
from tests.portal.workbook.files import ods, table, text_row

Rows = Sequence[Sequence[Any]]


def workbook(sheets: dict[str, Rows], change: Callable[[Any], object] = lambda book: None) -> bytes:
    """An XLSX with these sheets: texts as texts, numbers as numbers, days as days, None as no cell."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(place, column, value)
                    elif isinstance(value, datetime.date):
                        sheet.write_datetime(place, column, value, day)
                    elif value is not None:
                        sheet.write(place, column, value)
        change(book)
    return file.getvalue()


def read_sheets(
    sheets: dict[str, Rows], change: Callable[[Any], object] = lambda book: None, aside: Sequence[str] = ()
) -> Reading:
    return read_tables(read(workbook(sheets, change), "a.xlsx"), aside)


def told(reading: Reading) -> list[tuple[str, str]]:
    """The problems by cell; warnings are marked."""
    return [("注意 " * problem.is_warning + problem.cell, problem.message) for problem in reading.problems]


def texts(reading: Reading) -> dict[str, list[tuple[Any, ...]]]:
    """By dataset the columns, and each row as its number and texts."""
    return {
        each.dataset.name: [each.columns, *((number, *row) for number, row in each.rows)] for each in reading.tables
    }


SOURCE: Rows = [["code", "title"], ["a", "資料"]]
READ = {"sources": [("code", "title"), (2, "a", "資料")]}


@pytest.mark.parametrize(
    "name",
    ["出典", "Sources", "sources", "SOURCES", "Source", "Ｓｏｕｒｃｅｓ", " sources ", "出　典"],
)
def test_a_sheet_is_known_by_its_name_in_either_language_and_any_width(name: str) -> None:
    reading = read_sheets({name: SOURCE})

    assert (texts(reading), told(reading)) == (READ, [])


def test_a_sheet_named_in_halfwidth_kana_is_known() -> None:
    reading = read_sheets({"ﾌﾟﾛｼﾞｪｸﾄ": [["コード"], ["pj1"]]})

    assert texts(reading) == {"projects": [("code",), (2, "pj1")]}


def test_a_sheet_is_known_by_headings_that_only_one_dataset_has() -> None:
    reading = read_sheets(
        {"Sheet1": [["Code", "適用日", "題名", "メモ"], ["a"]], "Sheet2": [["コード", "資料名", "案"]]}, aside=["メモ"]
    )

    assert told(reading) == []
    assert texts(reading) == {
        "structures": [("code", "valid_from", "title"), (2, "a", None, None)],
        "sources": [("code", "title", "is_draft")],
    }


NAMES = (
    "出典, 体制, 機関, 位置づけ, 役割, 構成, 関係, 注, 計画, 項目, 指標, 目標, 実績値, プロジェクト, 事業, 予算, 継承"
)
KINDS = "本部, 専門調査会, 参与会合, 府省間の会議, 協議会, 事務局, 府省, 府省の室・課, 国立研究開発法人, 府省のまとまり"
YEAR = "年度を 2025、2025年度、令和7年度 のどれかの形で書いてください。"
DAY = "日付を 2025-04-01 や 令和7年4月1日 の形で書いてください。"
WHOLE = "0以上の整数を 1300 の形で書いてください。"
CLEARING = "値がなければ空欄のままにし、今ある値を消すときは (削除) と書いてください。"
UNKNOWN = f"どのデータのシートか、名前からも見出しからもわかりません。使える名前：{NAMES}。"


# The sheets, what is told, what is read.
SHEETS: dict[str, tuple[dict[str, Rows], list[tuple[str, str]], dict[str, Any]]] = {
    "unknown": ({"Sheet1": [["code", "name"], ["a", "b"]]}, [("Sheet1", UNKNOWN)], {}),
    "misspelt": ({"実績地": [["code", "name"], ["a", "b"]]}, [("実績地", UNKNOWN + "もしかして：実績値？")], {}),
    "twice": (
        {"出典": SOURCE, "Sources": SOURCE},
        [("Sources", "シート「出典」と同じデータです。一つのシートにまとめてください。")],
        READ,
    ),
    "guide": ({"手引き": [["読んでください"]], "Guide": [["a"]], "出典": SOURCE}, [], READ),
    "blank": ({"Sheet1": [], "Sheet2": [[" "], [None, "\u3000"]], "出典": SOURCE}, [], READ),
    "only remarks": ({"Sheet1": [["※ 記入例"]]}, [], {}),
    "headings in both languages": (
        {
            "出典": [
                ["Code", "資料名", "decided_by", "ＵＲＬ", "決定日・公布日・公表日"],
                ["a", "b", "c", "d", "2025-04-01"],
            ]
        },
        [],
        {"sources": [("code", "title", "decided_by", "url", "decided_on"), (2, "a", "b", "c", "d", "2025-04-01")]},
    ),
    "heading full-width": ({"出典": [["ｃｏｄｅ", "ＴＩＴＬＥ"], ["a", "資料"]]}, [], READ),
    "heading with line break": (
        {"出典": [["コード", "資料名\n（英語）"], ["a", "x"]]},
        [],
        {"sources": [("code", "title_en"), (2, "a", "x")]},
    ),
    "unknown heading": (
        {"出典": [["code", "資料命", "メモ", "title"], ["a", "x", "y", "資料"]]},
        [
            (
                "出典!B1",
                "「資料命」という列はありません。もしかして：資料名？使わない列なら、取り込まない列に指定してください。",
            ),
            ("出典!C1", "「メモ」という列はありません。使わない列なら、取り込まない列に指定してください。"),
        ],
        READ,
    ),
    "doubled heading": (
        {"出典": [["code", "title", "資料名", "Title"], ["a", "資料", "x", "y"]]},
        [("出典!C1", "同じ列が二つあります（B列と）。"), ("出典!D1", "同じ列が二つあります（B列と）。")],
        READ,
    ),
    "blank heading with values": (
        {"出典": [["code", None, "title"], ["a", None, "資料"], ["b", "x", "y"]]},
        [("出典!B3", "見出しのない列に値があります。")],
        {"sources": [("code", "title"), (2, "a", "資料"), (3, "b", "y")]},
    ),
    "blank heading with nothing": ({"出典": [["code", None, "title", " "], ["a", " ", "資料"]]}, [], READ),
    "value beside the headings": (
        {"出典": [["code", "title"], ["a", "資料", None, "x"]]},
        [("出典!D2", "見出しのない列に値があります。")],
        READ,
    ),
    "value under no heading below a remark": (
        {"出典": [["code", "title"], ["※", "x", "y"], ["a", "資料", "x"]]},
        [("出典!C3", "見出しのない列に値があります。")],
        {"sources": [("code", "title"), (3, "a", "資料")]},
    ),
    "number as a heading": (
        {"出典": [["code", 7, "title"], ["a", "x", "資料"]]},
        [("出典!B1", "「7」という列はありません。使わない列なら、取り込まない列に指定してください。")],
        READ,
    ),
    "key column missing": (
        {"出典": [["title"], ["資料"]]},
        [("出典!1:1", "行を見分ける列「コード」がありません。")],
        {"sources": [("title",)]},
    ),
    "two key columns missing": (
        {"役割": [["structure", "text"], ["a", "b"]]},
        [("役割!1:1", "行を見分ける列「機関」がありません。"), ("役割!1:1", "行を見分ける列「コード」がありません。")],
        {"mandates": [("structure", "text")]},
    ),
    "half a reference": (
        {"項目": [["plan", "number", "counterpart"], ["a", "1", "2"]]},
        [("項目!C1", "列「対応する項目」には、列「対応する項目の計画」も必要です。")],
        {"sections": [("plan", "number", "counterpart")]},
    ),
    "remark above the headings": (
        {"出典": [["※ 秘書室"], [], ["code", "title"], ["a", "資料"]]},
        [],
        {"sources": [("code", "title"), (4, "a", "資料")]},
    ),
    "no rows": ({"出典": [["code", "title"]]}, [], {"sources": [("code", "title")]}),
    "blank rows and remarks": (
        {"出典": [["code", "title"], ["※ 説明"], [], [" ", "\u3000"], ["a", "資料"], [None, "※ b"], ["c", "※1"]]},
        [("注意 出典", "「※」で始まる1行は読んでいません。")],
        {"sources": [("code", "title"), (5, "a", "資料"), (7, "c", "※1")]},
    ),
    "footnotes that begin as remarks do": (
        {"注": [["marker", "structure", "body", "code"], ["＊1", "a", "b", "c"], ["※1", "a", "b", "d"]]},
        [],
        {"notes": [("marker", "structure", "body", "code"), (2, "＊1", "a", "b", "c"), (3, "※1", "a", "b", "d")]},
    ),
    "blank key": (
        {
            "役割": [
                ["structure", "body", "code", "text"],
                ["a", None, "m", "x"],
                ["a", "b", " ", "y"],
                ["a", "b", "c", "z"],
            ]
        },
        [("役割!B2", "行を見分ける列が空です。"), ("役割!C3", "行を見分ける列が空です。")],
        {"mandates": [("structure", "body", "code", "text"), (4, "a", "b", "c", "z")]},
    ),
    "blank cells": (
        {"出典": [["code", "title", "remark", "url"], ["a", None, " "]]},
        [],
        {"sources": [("code", "title", "remark", "url"), (2, "a", None, None, None)]},
    ),
    "cleared": (
        {"出典": [["code", "remark", "url", "decided_on"], ["a", "(削除)", "（削除）", "( 削除 )"]]},
        [],
        {"sources": [("code", "remark", "url", "decided_on"), (2, "a", "", "", "")]},
    ),
    "not to be cleared": (
        {"出典": [["code", "title", "is_draft", "sort_order"], ["(削除)", "(削除)", "(削除)", "(削除)"]]},
        [
            ("出典!A2", "この列の値は、なくせません。"),
            ("出典!B2", "この列の値は、なくせません。"),
            ("出典!C2", "この列の値は、なくせません。"),
            ("出典!D2", "この列の値は、なくせません。"),
        ],
        {"sources": [("code", "title", "is_draft", "sort_order")]},
    ),
    "references cleared": (
        {"位置づけ": [["structure", "body", "parent", "source"], ["a", "b", "(削除)", "(削除)"]]},
        [("位置づけ!D2", "この列の値は、なくせません。")],
        {"placements": [("structure", "body", "parent", "source"), (2, "a", "b", "", None)]},
    ),
    "literal": (
        {"出典": [["code", "title", "remark"], ["a", "((削除))", "( )"], ["b", "（削除", "(未定)"]]},
        [],
        {"sources": [("code", "title", "remark"), (2, "a", "(削除)", " "), (3, "b", "（削除", "(未定)")]},
    ),
    "formula's text": (
        {"出典": [["code", "title", "remark"], ["a", "=cmd|' /C calc'!A0", "'=1"]]},
        [],
        {"sources": [("code", "title", "remark"), (2, "a", "=cmd|' /C calc'!A0", "'=1")]},
    ),
    "numbers in text columns": (
        {"出典": [["code", "title", "remark"], [12, 2025, 0.1]]},
        [],
        {"sources": [("code", "title", "remark"), (2, "12", "2025", "0.1")]},
    ),
    "doubtful texts": (
        {"出典": [["code", "title", "remark"], ["a", datetime.date(2025, 1, 2), 1234567890123456]]},
        [
            (
                "注意 出典!B2",
                "文字の列に、日付・時刻か、桁の多い数値が入っています。表計算ソフトが変えたものでなければ、「2025-01-02」のままで構いません。",
            ),
            (
                "注意 出典!C2",
                "文字の列に、日付・時刻か、桁の多い数値が入っています。表計算ソフトが変えたものでなければ、「1234567890123460」のままで構いません。",
            ),
        ],
        {"sources": [("code", "title", "remark"), (2, "a", "2025-01-02", "1234567890123460")]},
    ),
    "day as a key": (
        {"出典": [["code", "title"], [datetime.date(2025, 1, 2), "x"]]},
        [
            (
                "出典!A2",
                "日付や時刻（2025-01-02）が入っています。表計算ソフトが変えたのかもしれません。セルの書式を「文字列」にして、値を入れ直してください。コードや番号を書いてください。",
            )
        ],
        {"sources": [("code", "title")]},
    ),
    "years": (
        {
            "計画": [
                ["code", "from_fy", "to_fy"],
                ["a", "令和7年度", "R11"],
                ["b", "２０２５年度", 2029],
                ["c", 2025.7, "7"],
                ["d", "平成32年度", "来年"],
            ]
        },
        [
            (
                "計画!B4",
                f"「2025.7」には端数があります。{YEAR}",
            ),
            (
                "計画!B5",
                f"「平成32年度」は暦にありません。平成は 2019-04-30 までです。{YEAR}",
            ),
            ("計画!C5", f"「来年」は読み取れません。{YEAR}"),
        ],
        {
            "plans": [
                ("code", "from_fy", "to_fy"),
                (2, "a", "2025", "2029"),
                (3, "b", "2025", "2029"),
                (4, "c", None, "7"),
                (5, "d", None, None),
            ]
        },
    ),
    "days": (
        {
            "出典": [
                ["code", "decided_on"],
                ["a", 45706],
                ["b", "R7.2.18"],
                ["c", datetime.date(2025, 2, 18)],
                ["d", "2025/2/18"],
                ["e", "2025年2月"],
                ["f", "2025-02-30"],
                ["g", "未定"],
            ]
        },
        [
            (
                "出典!B6",
                f"「2025年2月」には、年・月・日のどれかがありません。{DAY}",
            ),
            (
                "出典!B7",
                f"「2025-02-30」という日はありません。{DAY}",
            ),
            (
                "出典!B8",
                f"「未定」は値ではありません。{CLEARING}",
            ),
        ],
        {
            "sources": [
                ("code", "decided_on"),
                (2, "a", "2025-02-18"),
                (3, "b", "2025-02-18"),
                (4, "c", "2025-02-18"),
                (5, "d", "2025-02-18"),
                (6, "e", None),
                (7, "f", None),
                (8, "g", None),
            ]
        },
    ),
    "numbers": (
        {
            "実績値": [
                ["code", "value", "sort_order"],
                ["a", "1,300", "１２"],
                ["b", "△5", 3],
                ["c", "１．５億", 2.5],
                ["d", "1,30", "-1"],
                ["e", "約5", 0],
                ["f", "50%", "○"],
            ]
        },
        [
            ("実績値!B5", "「1,30」の桁の区切りが正しくありません。「,」を3桁ごとに入れるか、区切らないでください。"),
            ("実績値!B6", "「約5」は読み取れません。数値を 1300 や -0.5 の形で書いてください。"),
            (
                "実績値!B7",
                "「50%」の「%」は読み取りません。0.05 の形で書くか、単位の列に「%」と書いて数だけを入れてください。",
            ),
            ("実績値!C4", f"「2.5」には端数があります。{WHOLE}"),
            ("実績値!C5", f"「-1」は負の数です。{WHOLE}"),
            ("実績値!C7", f"「○」は読み取れません。{WHOLE}"),
        ],
        {
            "observations": [
                ("code", "value", "sort_order"),
                (2, "a", "1300", "12"),
                (3, "b", "-5", "3"),
                (4, "c", "150000000", None),
                (5, "d", None, None),
                (6, "e", None, "0"),
                (7, "f", None, None),
            ]
        },
    ),
    "choices": (
        {
            "位置づけ": [
                ["structure", "body", "kind"],
                ["a", "b", "府省"],
                ["a", "c", "Ministry"],
                ["a", "d", "ministry"],
                ["a", "e", "委員会議"],
            ]
        },
        [
            (
                "位置づけ!C5",
                f"「委員会議」は選べません。書ける値：{KINDS}。",
            )
        ],
        {
            "placements": [
                ("structure", "body", "kind"),
                (2, "a", "b", "ministry"),
                (3, "a", "c", "ministry"),
                (4, "a", "d", "ministry"),
                (5, "a", "e", None),
            ]
        },
    ),
    "booleans": (
        {"出典": [["code", "is_draft"], ["a", "○"], ["b", True], ["c", 0], ["d", "案"]]},
        [("出典!B5", "「案」は読み取れません。true か false（○ か × でも可）を書いてください。")],
        {"sources": [("code", "is_draft"), (2, "a", "true"), (3, "b", "true"), (4, "c", "false"), (5, "d", None)]},
    ),
    "lists of codes": (
        {"機関": [["code", "successors"], ["a", "c、b;\nb"], ["b", "(削除)"]]},
        [],
        {"bodies": [("code", "successors"), (2, "a", "b;c"), (3, "b", "")]},
    ),
}


@pytest.mark.parametrize("case", SHEETS)
def test_sheets_headings_and_cells(case: str) -> None:
    sheets, problems, tables = SHEETS[case]
    reading = read_sheets(sheets)

    assert (told(reading), texts(reading)) == (problems, tables)


def test_every_fault_of_a_file_is_told_at_once() -> None:
    reading = read_sheets(
        {
            "計画": [["code", "memo", "from_fy"], ["a", "x", "2025.7"], [None, "", "2025"]],
            "何か": [["a"]],
            "出典": [["title"], ["資料"]],
        }
    )

    assert [cell for cell, _message in told(reading)] == ["計画!B1", "計画!C2", "計画!A3", "何か", "出典!1:1"]


def test_columns_and_sheets_are_set_aside_by_the_name_that_they_bear() -> None:
    sheets: dict[str, Rows] = {
        "出典": [["code", "内部メモ", "title", "備　考"], ["a", "x", "資料", "y"]],
        "集計": [["何か"], ["1"]],
    }

    reading = read_sheets(sheets, aside=["内部 メモ", "備考", "集計"])

    assert (texts(reading), told(reading)) == (READ, [])


def test_a_hidden_sheet_is_not_read_and_that_is_told_unless_it_is_blank() -> None:
    def hide(book: Any) -> None:
        for name in ("出典", "計画"):
            book.get_worksheet_by_name(name).hide()

    reading = read_sheets({"役割": [["structure", "body", "code"]], "出典": SOURCE, "計画": []}, hide)

    assert told(reading) == [("注意 出典", "隠しシートは読んでいません。")]
    assert texts(reading) == {"mandates": [("structure", "body", "code")]}


def test_hidden_rows_and_columns_are_read_and_told() -> None:
    def hide(book: Any) -> None:
        sheet = book.get_worksheet_by_name("出典")
        sheet.set_row(1, None, None, {"hidden": True})
        sheet.set_column(1, 1, None, None, {"hidden": True})

    reading = read_sheets({"出典": SOURCE}, hide)

    assert texts(reading) == READ
    assert told(reading) == [
        ("注意 出典", "隠れた行も読みました（2）。"),
        ("注意 出典", "隠れた列も読みました（B）。"),
    ]


def test_of_many_hidden_rows_the_first_are_named() -> None:
    def hide(book: Any) -> None:
        for number in range(1, 26):
            book.get_worksheet_by_name("出典").set_row(number, None, None, {"hidden": True})

    reading = read_sheets({"出典": [["code"], *([f"a{number}"] for number in range(25))]}, hide)

    listed = ", ".join(str(number) for number in range(2, 22))
    assert told(reading) == [("注意 出典", f"隠れた行も読みました（{listed} …）。")]


def test_formulas_errors_and_merged_cells() -> None:
    def fill(book: Any) -> None:
        sheet = book.get_worksheet_by_name("出典")
        sheet.write_formula("B2", '="資"&"料"', None, "資料")
        sheet.write_formula("B3", "=A1", None, "")
        sheet.write_formula("B4", "=1/0", None, "#DIV/0!")
        sheet.write_string("A5", "d")
        sheet.merge_range("B5:C6", "結合")

    sheets: dict[str, Rows] = {"出典": [["code", "title", "remark"], ["a"], ["b"], ["c"], ["d"], ["e"]]}
    reading = read_sheets(sheets, fill)

    merged = "結合されたセル（B5:C6）の一部です。結合を解いて、それぞれのセルに値を入れてください。"
    unsaved = "数式（=A1）の計算結果がファイルにありません。表計算ソフトで開いて保存し直すか、値を入れてください。"
    assert told(reading) == [
        ("出典!B3", unsaved),
        ("出典!B4", "エラー値（#DIV/0!）です。正しい値を入れるか、空にしてください。"),
        ("出典!B6", merged),
        ("出典!C5", merged),
        ("出典!C6", merged),
        ("注意 出典", "数式のセルが3個あります。保存されている計算結果を読みました。"),
    ]
    rows = [(2, "a", "資料", None), (3, "b", None, None), (4, "c", None, None), (5, "d", "結合", None)]
    assert texts(reading) == {"sources": [("code", "title", "remark"), *rows, (6, "e", None, None)]}
    assert reading.tables[0].faulty == {
        3: frozenset({"title"}),
        4: frozenset({"title"}),
        5: frozenset({"remark"}),
        6: frozenset({"title", "remark"}),
    }


def test_days_of_an_old_macintosh_workbook_count_from_1904() -> None:
    sheets: dict[str, Rows] = {"出典": [["code", "decided_on"], ["a", 44244]]}
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"date_1904": True}) as book:
        sheet = book.add_worksheet("出典")
        for place, row in enumerate(sheets["出典"]):
            sheet.write_row(place, 0, row)

    reading = read_tables(read(file.getvalue(), "a.xlsx"))

    assert texts(reading) == {"sources": [("code", "decided_on"), (2, "a", "2025-02-18")]}


def test_an_apostrophe_before_a_formula_is_taken_off_in_a_csv_only() -> None:
    content = "code,title,remark\r\na,'=1+1,''\r\n"

    reading = read_tables(read(content.encode(), "sources.csv"))

    assert texts(reading) == {"sources": [("code", "title", "remark"), (2, "a", "=1+1", "''")]}
    assert texts(read_sheets({"出典": [["code", "title"], ["a", "'=1+1"]]})) == {
        "sources": [("code", "title"), (2, "a", "'=1+1")]
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_csv_is_known_by_its_name_in_any_encoding(encoding: str) -> None:
    content = "コード,資料名\r\na,資料\r\n".encode(encoding)

    assert texts(read_tables(read(content, "出典.csv"))) == READ


def test_an_ods_reads_the_same() -> None:
    content = ods(table(text_row("コード", "資料名") + text_row("a", "資料"), 'table:name="出典"'))

    assert texts(read_tables(read(content, "a.ods"))) == READ


def test_choices_are_told_in_the_users_language() -> None:
    rows: Rows = [["structure", "body", "evidence"], ["a", "b", "Printd"]]
    with override("en"):
        reading = read_sheets({"Placements": rows})

    [(cell, message)] = told(reading)
    assert cell == "Placements!C2"
    assert re.findall("As printed|Inferred|Derived|printed|記載", message) == [
        "As printed",  # did you mean
        "As printed",
        "Inferred",
        "Derived",
    ]
