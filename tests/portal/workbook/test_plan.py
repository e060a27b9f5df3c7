"""What a file would change is told cell by cell, with every fault at once; then all of it is written, or nothing."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connections

from bodies.models import Body, Mandate, Placement, Structure
from plans.models import Observation, Plan, Target
from portal import batches
from portal.history import Obstructed
from portal.models import Batch, Change, ChangedRow, ChangeKind, Source
from portal.resources import datasets
from portal.tree import faults
from portal.workbook.read import read
from projects.models import Project
from tests import factories
from tests.portal.test_concurrent_editors import broken_links
from tests.portal.workbook.test_tables import KINDS, UNKNOWN, Rows, workbook

NOTHING = {"add": 0, "change": 0, "unchanged": 0, "error": 0, "warning": 0}
Sheets = dict[str, Rows]


def planned(sheets: Sheets, aside: Sequence[str] = (), user: Any = None) -> batches.Report:
    return batches.planned(read(workbook(sheets), "a.xlsx"), aside, user)


def load(sheets: Sheets) -> batches.Report:
    return batches.load(read(workbook(sheets), "a.xlsx"))[0]


def told(report: batches.Report) -> list[tuple[str, str]]:
    return [("注意 " * (each["level"] == "warning") + each["cell"], each["message"]) for each in report.problems]


def changes(report: batches.Report) -> list[tuple[str, str, list[list[Any]]]]:
    return [(",".join(each["key"]), each["state"], each["cells"]) for each in report.rows]


def everything() -> dict[str, list[Any]]:
    return {each.name: list(each.model._base_manager.order_by("pk").values()) for each in datasets()}


@pytest.fixture
def edition(db: Any) -> Structure:
    """A draft with `hq` and `amed` under it, a plan with a measure and a category, an indicator with a value."""
    structure = factories.structure("edition", status="draft", valid_from=None)
    hq = factories.place(structure, "hq")
    factories.place(structure, "amed", hq)
    plan = factories.plan("plan")
    factories.section(plan, "1")
    factories.section(plan, "aim", kind="category")
    factories.observation(plan, "o1", 2024, 5)
    return structure


PLACE = ["structure", "body", "parent", "name", "kind", "source"]
SECTION = ["plan", "number", "parent", "heading", "kind", "source"]
TARGET = ["plan", "code", "indicator", "name", "text", "source"]
DUTY = "この列が必要です。"
CIRCLE = "たどっていくと、自分自身に戻ります。"
CODE = "半角の英小文字と数字を「-」か「_」でつないで入力してください（例：third-period）。"
TAKEN = "この計画には、同じ番号のプロジェクトがすでにあります。"


def place(body: str, parent: str | None, name: str = "名", structure: str = "edition", kind: str = "府省") -> list[Any]:
    return [structure, body, parent, name, kind, "slides"]


# The sheets, and what is told.
TOLD: dict[str, tuple[Sheets, list[tuple[str, str]]]] = {
    "same key twice": (
        {"出典": [["code", "title"], ["a", "x"], ["b", "x"], ["a", "x"], ["Ａ", "y"]]},
        [
            ("出典!A4", "同じキー（a）の行が 2行目にもあります。"),
            ("出典!A5", f"「A」：{CODE}"),
        ],
    ),
    "keys of any width are one": (
        {"機関": [["code"], ["ｈｑ"], ["hq"]]},
        [("機関!A3", "同じキー（hq）の行が 2行目にもあります。")],
    ),
    "new row without what it needs": (
        {"出典": [["code", "remark"], ["a", "x"]], "計画": [["code"], ["new"]]},
        [
            ("出典!2:2", "列「資料名」がありません：このフィールドは空ではいけません。"),
            ("計画!2:2", "列「出典」がありません：この列が必要です。"),
            ("計画!2:2", "列「種別」がありません：このフィールドは空ではいけません。"),
            ("計画!2:2", "列「題名」がありません：このフィールドは空ではいけません。"),
        ],
    ),
    "codes": (
        {"機関": [["code"], ["Head Quarters"], ["ok-1"]]},
        [("機関!A2", f"「Head Quarters」：{CODE}")],
    ),
    "too long": (
        {"計画": [["code", "title"], ["plan", "長" * 301]]},
        [("計画!B2", f"「{'長' * 60}…」：この値は 200 文字以下でなければなりません( 301 文字になっています)。")],
    ),
    "address": (
        {"出典": [["code", "title", "url"], ["a", "x", "www.example.jp"]]},
        [("出典!C2", "「www.example.jp」：URLを正しく入力してください。")],
    ),
    "years": (
        {"計画": [["code", "from_fy", "to_fy"], ["plan", 2025.7, "7"]]},
        [
            (
                "計画!B2",
                "「2025.7」には端数があります。年度を 2025、2025年度、令和7年度 のどれかの形で書いてください。",
            ),
            ("計画!C2", "「7」：この値は 1868 以上でなければなりません。"),
        ],
    ),
    "years out of order": (
        {"計画": [["code", "from_fy", "to_fy"], ["plan", "令和11年度", "2025"]]},
        [("計画!2:2", "始まりの年度は、終わりの年度より後にはできません。")],
    ),
    "choice": (
        {"位置づけ": [PLACE, place("hq", None, kind="本部"), place("amed", "hq", kind="府庁")]},
        [
            (
                "位置づけ!E3",
                f"「府庁」は選べません。書ける値：{KINDS}。",
            )
        ],
    ),
    "missing reference": (
        {"位置づけ": [PLACE, place("hq", "amedd")], "目標": [TARGET, ["plan", "t", "deal", "n", "130件/年", "slide"]]},
        [
            ("位置づけ!C2", "「edition, amedd」がありません。もしかして：amed？"),
            ("目標!C2", "「deal」がありません。もしかして：deals？"),
            ("目標!F2", "「slide」がありません。もしかして：slides？"),
        ],
    ),
    "missing reference without anything like it": (
        {"目標": [TARGET, ["nowhere", "t", "deals", "n", "130件/年", "slides"]]},
        [("目標!A2", "「nowhere」がありません。「計画」にある行を書いてください。")],
    ),
    "reference into another edition": (
        {
            "体制": [["code", "title", "status", "source"], ["other", "x", "draft", "slides"]],
            "位置づけ": [PLACE, place("hq", "amed", structure="other")],
        },
        [("位置づけ!C2", "「other, amed」がありません。「位置づけ」にある行を書いてください。")],
    ),
    "reference to a row that is broken": (
        {
            "指標": [["code", "name", "source"], [None, "x", "slides"]],
            "目標": [TARGET, ["plan", "t", "other", "n", "130件/年", "slides"]],
        },
        [("指標!A2", "行を見分ける列が空です。")],
    ),
    "reference to a row with a fault": (
        {
            "指標": [["code", "name", "source"], ["other", "長" * 201, "slides"]],
            "目標": [TARGET, ["plan", "t", "other", "n", "130件/年", "slides"]],
        },
        [("指標!B2", f"「{'長' * 60}…」：この値は 200 文字以下でなければなりません( 201 文字になっています)。")],
    ),
    "reference to a sheet without its key column": (
        {
            "指標": [["name", "source"], ["x", "slides"]],
            "目標": [TARGET, ["plan", "t", "other", "n", "130件/年", "slides"]],
        },
        [("指標!1:1", "行を見分ける列「コード」がありません。")],
    ),
    "unknown codes in a list": (
        {"機関": [["code", "successors"], ["hq", "amed;amd"]]},
        [("機関!B2", "「amd」がありません。もしかして：amed？")],
    ),
    "circle": ({"位置づけ": [PLACE, place("hq", "amed")]}, [("位置づけ!C2", f"「amed」：{CIRCLE}")]),
    "circle of new rows": (
        {
            "項目": [
                SECTION,
                ["plan", "x", "y", "h", "施策", "slides"],
                ["plan", "y", "x", "h", "施策", "slides"],
                ["plan", "z", "z", "h", "施策", "slides"],
            ]
        },
        [(f"項目!C{row}", f"「{above}」：{CIRCLE}") for row, above in ((2, "y"), (3, "x"), (4, "z"))],
    ),
    "wrong kind": (
        {"目標": [[*TARGET, "category"], ["plan", "t", "deals", "n", "130件/年", "slides", "1"]]},
        [("目標!G2", "目標の区分を表す項目（種別が category）ではありません。")],
    ),
    "wrong plan": (
        {
            "計画": [["code", "title", "kind", "source"], ["new", "x", "計画", "slides"]],
            "目標": [[*TARGET, "section"], ["new", "t", "deals", "n", "130件/年", "slides", "1"]],
        },
        [("目標!G2", "「new, 1」がありません。「項目」にある行を書いてください。")],
    ),
    "published value": (
        {"実績値": [["code", "value"], ["o1", 6]]},
        [
            (
                "実績値!2:2",
                "登録した実績値は、書き換えも削除もできません。訂正は、訂正後の値を新しい行として加え、「訂正の対象」に元の行を示してください。",
            )
        ],
    ),
    "several rules at once": (
        {"出典": [["code", "title", "url", "decided_on"], ["A", "長" * 301, "x", "2025-13-01"]]},
        [
            ("出典!A2", f"「A」：{CODE}"),
            ("出典!B2", f"「{'長' * 60}…」：この値は 300 文字以下でなければなりません( 301 文字になっています)。"),
            ("出典!C2", "「x」：URLを正しく入力してください。"),
            (
                "出典!D2",
                "「2025-13-01」という日はありません。日付を 2025-04-01 や 令和7年4月1日 の形で書いてください。",
            ),
        ],
    ),
    "rule of the database": (
        {"体制": [["code", "title", "status", "source"], ["x", "x", "published", "slides"]]},
        [("体制!2:2", "公開する体制には適用日が必要です。")],
    ),
    "rule between rows": (
        {
            "プロジェクト": [
                ["plan", "code", "number", "name", "source"],
                ["plan", "a", 1, "x", "slides"],
                ["plan", "b", 2, "y", "slides"],
                ["plan", "c", 1, "z", "slides"],
            ]
        },
        [("プロジェクト!4:4", "この計画には、同じ番号のプロジェクトがすでにあります。")],
    ),
    "rules of cells and of the database at the same time": (
        {
            "出典": [["code", "title", "url"], ["a", "x", "www"]],
            "体制": [["code", "title", "status", "source"], ["x", "x", "published", "slides"]],
            "プロジェクト": [
                ["plan", "code", "number", "name", "source"],
                ["plan", "a", 1, "x", "slides"],
                ["plan", "b", 1, "y", "slides"],
            ],
        },
        [
            ("出典!C2", "「www」：URLを正しく入力してください。"),
            ("体制!2:2", "公開する体制には適用日が必要です。"),
            ("プロジェクト!3:3", TAKEN),
        ],
    ),
    "a needed cell of a new row that cannot be read": (
        {"位置づけ": [PLACE, ["edition", "amed2", None, "名", "offce", "slides"]], "機関": [["code"], ["amed2"]]},
        [("位置づけ!E2", f"「offce」は選べません。もしかして：府省の室・課？書ける値：{KINDS}。")],
    ),
    "the first half of a reference": (
        {"項目": [["plan", "number", "counterpart_plan"], ["plan", "1", "plan"]]},
        [("項目!C1", "列「対応する項目の計画」には、列「対応する項目」も必要です。")],
    ),
    "the first half of a reference in one row": (
        {"項目": [["plan", "number", "counterpart_plan", "counterpart"], ["plan", "1", "plan", None]]},
        [("項目!C2", "列「対応する項目」も必要です。")],
    ),
    "cleared": (
        {"位置づけ": [["structure", "body", "name", "parent"], ["edition", "amed", "(削除)", "(削除)"]]},
        [("位置づけ!C2", "この列の値は、なくせません。")],
    ),
    "every sheet": (
        {
            "実績値": [["code", "value"], ["o1", "x"]],
            "謎": [["謎"]],
            "出典": [["code", "titel"], ["a", "x"]],
            "位置づけ": [PLACE, place("hq", "x")],
        },
        [
            (
                "謎",
                UNKNOWN,
            ),
            ("出典!B1", "「titel」という列はありません。使わない列なら、取り込まない列に指定してください。"),
            ("出典!2:2", "列「資料名」がありません：このフィールドは空ではいけません。"),
            ("位置づけ!C2", "「edition, x」がありません。「位置づけ」にある行を書いてください。"),
            ("実績値!B2", "「x」は読み取れません。数値を 1300 や -0.5 の形で書いてください。"),
        ],
    ),
}


@pytest.mark.parametrize("case", TOLD)
def test_faults_are_told_at_their_cells_and_nothing_is_written(case: str, edition: Structure) -> None:
    sheets, problems = TOLD[case]
    before = everything()

    report = load(sheets)

    assert told(report) == problems
    assert everything() == before
    assert not Change.objects.exists()


def test_a_plan_says_each_row_with_its_cells(edition: Structure) -> None:
    rows = [PLACE, place("hq", None, "本部"), place("amed", "hq", "機関amed"), place("new", "amed", "新")]

    report = planned({"機関": [["code"], ["new"], ["hq"]], "位置づけ": rows})

    assert told(report) == []
    assert report.sheets == {
        "bodies": NOTHING | {"add": 1, "unchanged": 1},
        "placements": NOTHING | {"add": 1, "change": 1, "unchanged": 1},
    }
    assert changes(report) == [
        ("new", "added", [["code", None, "new", False]]),
        ("edition,hq", "changed", [["name", "機関hq", "本部", False]]),
        (
            "edition,new",
            "added",
            [
                ["structure", None, "edition", False],
                ["body", None, "new", False],
                ["parent", None, "amed", False],
                ["name", None, "新", False],
                ["kind", None, "ministry", False],
                ["source", None, "slides", False],
            ],
        ),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_sheets_and_rows_may_stand_in_any_order(edition: Structure, order: int) -> None:
    rows = [place(f"n{number}", f"n{number - 1}" if number else "amed") for number in range(4)]
    sheets: Sheets = {
        "機関": [["code"], *([row[1]] for row in rows)],
        "位置づけ": [PLACE, *rows[::order]],
        "役割": [["structure", "body", "code", "text", "source"], ["edition", "n3", "m", "新しい役割", "fresh"]],
        "出典": [["code", "title"], ["fresh", "新しい資料"]],
    }

    report = load(dict([*sheets.items()][::order]))

    assert told(report) == []
    assert Mandate.objects.get().placement.body.code == "n3"
    found = Placement.objects.get(body__code="n3").get_ancestors().values_list("body__code", flat=True)
    assert list(found) == ["hq", "amed", "n0", "n1", "n2"]
    assert faults(Placement, edition.pk) == (0, "")


def test_a_plan_and_its_load_count_alike_and_the_same_file_again_changes_nothing(edition: Structure) -> None:
    sheets: Sheets = {
        "出典": [["code", "title", "remark"], ["a", "x", None], ["slides", "別名", "( )"]],
        "実績値": [
            ["indicator", "plan", "code", "period", "text", "value", "source"],
            ["deals", "plan", "o2", "2025年度", "6件", 6, "a"],
            ["deals", "plan", "o1", "2024年度", "5件", 5, "slides"],
        ],
    }

    before, loaded, again = planned(sheets), load(sheets), load(sheets)

    assert (before.sheets, before.rows) == (loaded.sheets, loaded.rows)
    assert loaded.sheets == {
        "sources": NOTHING | {"add": 1, "change": 1},
        "observations": NOTHING | {"add": 1, "unchanged": 1},
    }
    assert again.sheets == {
        "sources": NOTHING | {"unchanged": 2},
        "observations": NOTHING | {"unchanged": 2},
    }
    assert again.rows == []
    assert [change.rows.count() for change in Change.objects.all()] == [3]


def test_a_plan_alone_writes_nothing(edition: Structure) -> None:
    before = everything()

    report = planned({"機関": [["code"], ["new"]]})

    assert report.sheets == {"bodies": NOTHING | {"add": 1}}
    assert (everything(), Change.objects.count()) == (before, 0)


def test_blank_leaves_alone_and_the_word_for_it_clears(edition: Structure) -> None:
    Source.objects.filter(code="slides").update(remark="備考", decided_on=datetime.date(2025, 2, 18), issuer="府")
    sheets: Sheets = {
        "出典": [["code", "title", "remark", "decided_on", "issuer"], ["slides", None, "(削除)", "（削除）", " "]],
        "位置づけ": [["structure", "body", "parent"], ["edition", "amed", "(削除)"]],
    }

    report = load(sheets)

    assert changes(report) == [
        ("slides", "changed", [["remark", "備考", "", False], ["decided_on", "2025-02-18", "", False]]),
        ("edition,amed", "changed", [["parent", "hq", "", False]]),
    ]
    found = Source.objects.get(code="slides")
    assert (found.title, found.remark, found.decided_on, found.issuer) == ("資料 slides", "", None, "府")
    assert list(Placement.objects.values_list("body__code", "parent", "level")) == [
        ("hq", None, 0),
        ("amed", None, 0),
    ]


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("((削除))", "(削除)"),
        ("( )", " "),
        ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        ("髙橋　𠮷 ㈱１２", "髙橋　𠮷 ㈱１２"),
        (" 前後 ", " 前後 "),
        ("a\nb", "a\nb"),
        (2025, "2025"),
    ],
)
def test_texts_are_stored_to_the_letter(edition: Structure, cell: Any, stored: str) -> None:
    load({"出典": [["code", "remark"], ["slides", cell]]})

    assert Source.objects.get(code="slides").remark == stored


def test_null_is_not_zero(edition: Structure) -> None:
    head = ["indicator", "plan", "code", "period", "text", "value", "source"]
    load(
        {
            "実績値": [
                head,
                ["deals", "plan", "a", "p", "t", 0, "slides"],
                ["deals", "plan", "b", "p", "t", None, "slides"],
            ]
        }
    )

    assert dict(Observation.objects.exclude(code="o1").values_list("code", "value")) == {"a": 0, "b": None}


def test_rows_that_are_not_in_the_file_stay(edition: Structure) -> None:
    before = everything()

    load({"機関": [["code"], ["hq"]], "出典": [["code", "title"]]})

    assert everything() == before


def test_codes_in_any_order_are_no_change_and_can_be_cleared(edition: Structure) -> None:
    body = Body.objects.get(code="hq")
    body.successors.set(Body.objects.filter(code__in=["amed", "hq"]))

    assert load({"機関": [["code", "successors"], ["hq", "hq、amed"]]}).sheets["bodies"]["unchanged"] == 1
    report = load({"機関": [["code", "successors"], ["hq", "(削除)"]]})

    assert changes(report) == [("hq", "changed", [["successors", "amed;hq", "", False]])]
    assert body.successors.count() == 0


def test_the_remark_of_a_published_value_may_change(edition: Structure) -> None:
    report = load({"実績値": [["code", "value", "remark"], ["o1", 5, "訂正なし"]]})

    assert changes(report) == [("o1", "changed", [["remark", "", "訂正なし", False]])]


def test_two_rows_may_swap_their_places_in_the_tree(edition: Structure) -> None:
    report = load(
        {"位置づけ": [["structure", "body", "parent"], ["edition", "hq", "amed"], ["edition", "amed", "(削除)"]]}
    )

    assert told(report) == []
    assert list(Placement.objects.values_list("body__code", "parent__body__code")) == [("amed", None), ("hq", "amed")]
    assert faults(Placement, edition.pk) == (0, "")


def test_two_rows_cannot_swap_what_no_two_may_share(edition: Structure) -> None:
    """Rows are written one after the other: it takes two files, or a value in between."""
    plan = Plan.objects.get()
    for number, code in enumerate(["a", "b"], start=1):
        factories.project(plan, code, number=number)

    report = load({"プロジェクト": [["code", "number"], ["a", 2], ["b", 1]]})

    taken = "この計画には、同じ番号のプロジェクトがすでにあります。"
    assert told(report) == [("プロジェクト!2:2", taken), ("プロジェクト!3:3", taken)]
    assert dict(Project.objects.values_list("code", "number")) == {"a": 1, "b": 2}


def test_what_a_user_may_not_see_or_write_is_told(edition: Structure) -> None:
    user = User.objects.create_user("steward")
    user.user_permissions.set(
        Permission.objects.filter(codename__in=["view_source", "view_indicator", "add_indicator"])
    )
    sheets: Sheets = {
        "出典": [["code", "title"], ["slides", "別名"], ["new", "x"]],
        "指標": [["code", "name", "source"], ["new", "x", "slides"], ["deals", "別名", "slides"]],
        "機関": [["code"], ["hq"]],
    }

    report = planned(sheets, user=User.objects.get(pk=user.pk))

    assert told(report) == [
        ("出典!2:2", "この種類のデータを変更する権限がありません。"),
        ("出典!3:3", "この種類のデータを加える権限がありません。"),
        ("機関", "この種類のデータを見る権限がありません。"),
        ("指標!3:3", "この種類のデータを変更する権限がありません。"),
    ]
    assert report.sheets["bodies"] == NOTHING | {"error": 1}


def member(*groups: str, also: tuple[str, ...] = ()) -> Any:
    user = User.objects.create_user("member")
    user.groups.set(Group.objects.filter(name__in=groups))
    user.user_permissions.set(Permission.objects.filter(codename__in=also))
    return User.objects.get(pk=user.pk)


def test_names_of_what_a_user_may_not_see_are_not_proposed(edition: Structure) -> None:
    user = member(also=("view_placement", "add_placement"))

    report = planned({"位置づけ": [PLACE, place("amed", None, structure="editio")]}, user=user)

    assert told(report) == [("位置づけ!A2", "「editio」がありません。「体制」にある行を書いてください。")]


def test_one_wrong_code_on_two_sheets_is_told_once_to_whoever_asks(edition: Structure) -> None:
    sheets: Sheets = {
        "位置づけ": [PLACE, place("hq", None, structure="nope")],
        "役割": [["structure", "body", "code", "text", "source"], ["nope", "hq", "m1", "x", "slides"]],
    }
    expected = [("位置づけ!A2", "「nope」がありません。「体制」にある行を書いてください。")]

    assert told(planned(sheets)) == told(planned(sheets, user=member("Data stewards"))) == expected


def test_editions_are_published_and_withdrawn_on_their_own_pages(edition: Structure) -> None:
    factories.structure("shown", valid_from="2020-04-01")
    factories.structure("gone", status="withdrawn", valid_from="2030-04-01")
    rows = [
        ["edition", "published", "2020-01-05"],
        ["shown", "published", "2021-04-01"],
        ["gone", "draft", "2030-04-01"],
    ]
    own = "体制の公開と取下げは、体制の画面で行ってください。"

    report = planned({"体制": [["code", "status", "valid_from"], *rows]}, user=User.objects.create_superuser("root"))

    assert told(report) == [
        ("体制!2:2", own),
        ("体制!3:3", "公開した体制の適用日は、体制の画面で変えてください。"),
        ("体制!4:4", own),
    ]


def test_the_plan_of_what_exists_stays(edition: Structure) -> None:
    factories.target(Plan.objects.get(), "t", section=None)
    factories.plan("other")

    report = planned({"目標": [["code", "plan"], ["t", "other"]]})

    assert told(report) == [("目標!B2", "この列は、行を加えたあとには変えられません。")]


def test_a_reading_that_is_cleared_on_purpose_stays_empty(edition: Structure) -> None:
    rows = [[*TARGET, "kind"], ["plan", "t", "deals", "n", "130件/年", "slides", "(削除)"]]

    assert [cell for cell, _message in told(load({"目標": rows}))] == ["注意 目標!E2"]
    assert list(Target.objects.values_list("kind", "value")) == [("", None)]


def test_a_new_row_takes_a_number_that_another_gives_up(edition: Structure) -> None:
    factories.project(Plan.objects.get(), "a", number=1)
    columns = ["plan", "code", "number", "name", "source"]

    report = load({"プロジェクト": [columns, ["plan", "b", 1, "y", "slides"], ["plan", "a", 2, "x", "slides"]]})

    assert told(report) == []
    assert list(Project.objects.order_by("code").values_list("code", "number")) == [("a", 2), ("b", 1)]


def test_a_steward_does_not_take_back_what_belongs_to_a_published_body_by_now(edition: Structure) -> None:
    steward = member("Data stewards")
    Body.objects.create(code="bx")
    content = workbook({"機関": [["code", "successors"], ["bx", "hq"]]})
    batches.load(read(content, "a.xlsx"), user=steward, file=("a.xlsx", content))
    factories.place(factories.structure("shown", valid_from="2020-04-01"), "bx")
    refusal = "機関：公開した体制に属する内容は、公開できる人だけが取り込めます。"

    assert batches.obstacles(Batch.objects.get(), steward) == [refusal]
    with pytest.raises(Obstructed, match=refusal):
        batches.undo(Batch.objects.get(), steward)
    assert Body.objects.get(code="bx").successors.count() == 1


def test_a_load_is_one_change_that_keeps_its_file(edition: Structure) -> None:
    content = workbook({"機関": [["code"], ["new"]]})

    report, change = batches.load(read(content, "a.xlsx"), file=("a.xlsx", content), about="a.xlsx", reason="試し")

    assert change is not None
    batch = Batch.objects.get()
    assert (batch.change, batch.name, bytes(batch.content)) == (change, "a.xlsx", content)
    assert batches.Report.unpack(bytes(batch.plan)) == report
    assert (change.kind, change.about, change.reason) == (ChangeKind.LOAD, "a.xlsx", "試し")
    assert [(row.model, row.kind) for row in change.rows.all()] == [("bodies.body", "+")]

    batches.undo(batch, User.objects.create_superuser("publisher"))
    assert not Body.objects.filter(code="new").exists()


def test_a_load_that_changes_nothing_keeps_nothing(edition: Structure) -> None:
    content = workbook({"機関": [["code"], ["hq"]]})

    report, change = batches.load(read(content, "a.xlsx"), file=("a.xlsx", content))

    assert (report.errors, change, Batch.objects.count(), Change.objects.count()) == (0, None, 0, 0)


def test_progress_ends_where_it_says(edition: Structure) -> None:
    seen: list[tuple[int, int]] = []
    book = read(workbook({"機関": [["code"], ["new"], ["hq"]], "出典": [["code", "title"], ["a", "b"]]}), "a.xlsx")

    batches.planned(book, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(1, 9), (3, 9), (4, 9), (6, 9), (7, 9), (9, 9)]


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_run_one_after_the_other() -> None:
    ChangedRow.objects.all().delete()  # what emptying the tables for this test has left
    both = {"A": range(400), "B": range(200, 600)}
    books = {
        name: read(
            workbook({"出典": [["code", "title", "remark"], *([f"s{n}", "題", name] for n in numbers)]}), "a.xlsx"
        )
        for name, numbers in both.items()
    }
    start = threading.Barrier(2)
    reports: dict[str, batches.Report] = {}

    def run(name: str) -> None:
        start.wait(30)
        reports[name] = batches.load(books[name], about=name)[0]
        connections.close_all()

    threads = [threading.Thread(target=run, args=[name]) for name in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [told(reports[name]) for name in both] == [[], []]
    first, last = Change.objects.order_by("pk").values_list("about", flat=True)
    assert reports[first].sheets == {"sources": NOTHING | {"add": 400}}
    assert reports[last].sheets == {"sources": NOTHING | {"add": 200, "change": 200}}
    kept = {f"s{n}": first for n in both[first]} | {f"s{n}": last for n in both[last]}
    assert dict(Source.objects.values_list("code", "remark")) == kept
    assert [change.rows.count() for change in Change.objects.order_by("pk")] == [400, 400]
    assert broken_links() == []


def test_the_words_of_a_target_alone_fill_its_reading(edition: Structure) -> None:
    text = "(850 件/年)\n(2025~2029 年累計 4,250 件)"

    report = load({"目標": [TARGET, ["plan", "t", "deals", "n", text, "slides"]]})

    assert told(report) == []
    [(_key, _state, cells)] = changes(report)
    assert {name: new for name, _old, new, is_derived in cells if is_derived} == {
        "kind": "level",
        "comparator": "=",
        "value": "850",
        "unit": "件",
        "per": "year",
        "cumulative": "4250",
        "cumulative_from": "2025",
        "cumulative_to": "2029",
        "calendar": "CY",
    }
    target = Target.objects.get()
    assert (target.text, target.value, target.unit, target.cumulative) == (text, 850, "件", 4250)
    assert load({"目標": [TARGET, ["plan", "t", "deals", "n", text, "slides"]]}).rows == []


def test_a_reading_that_is_given_is_kept_and_told_where_the_words_say_another(edition: Structure) -> None:
    report = load({"目標": [[*TARGET, "value", "unit"], ["plan", "t", "deals", "n", "130件/年", "slides", 140, "件"]]})

    said = "文言から読み取った値と、記録されている値が違います：目標の型、目標値、1年・1年度当たりの別"
    assert told(report) == [("注意 目標!E2", said)]
    target = Target.objects.get()
    assert (target.value, target.unit, target.per) == (140, "件", "")


def test_words_that_cannot_be_read_are_kept_and_told(edition: Structure) -> None:
    report = load({"目標": [TARGET, ["plan", "t", "deals", "n", "なんとかする", "slides"]]})

    assert told(report) == [
        ("注意 目標!E2", "文言を読み取れませんでした（未読）。数値や年度は、文言を確かめて入力してください。")
    ]
    target = Target.objects.get()
    assert (target.text, target.kind, target.value) == ("なんとかする", "", None)


def test_a_total_that_the_years_do_not_make_is_told(edition: Structure) -> None:
    text = "(850 件/年)\n(2025~2029 年累計 4,000 件)"

    report = load({"目標": [TARGET, ["plan", "t", "deals", "n", text, "slides"]]})

    assert told(report) == [("注意 目標!E2", "1年の値850 × 5年 ＝ 4,250ですが、累計の目標値は4,000です。")]
    assert Target.objects.get().cumulative == 4000


def test_new_words_of_a_target_are_read_anew(edition: Structure) -> None:
    factories.target(Plan.objects.get(), "t")

    report = load({"目標": [["code", "text"], ["t", "150件/年"]]})

    assert changes(report) == [
        (
            "t",
            "changed",
            [["text", "130件/年", "150件/年", False], ["comparator", "", "=", True], ["value", "130", "150", True]],
        )
    ]
