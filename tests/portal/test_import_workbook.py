"""The command that loads a workbook: what it says, on which stream, and with which exit status."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from bodies.models import Body
from portal import revision
from portal.models import Batch, Change, Source
from tests import factories
from tests.conftest import ROOT
from tests.portal.workbook.test_killed import address
from tests.portal.workbook.test_tables import UNKNOWN, Rows, workbook

SHEETS: dict[str, Rows] = {"機関": [["code"], ["hq"], ["amed"]], "出典": [["code", "title"], ["a", "資料"]]}
WRONG: dict[str, Rows] = {"機関": [["code", "名"], ["Ａ", "x"]], "謎": [["謎"]]}


def saved(folder: Path, sheets: dict[str, Rows]) -> str:
    file = folder / "a.xlsx"
    file.write_bytes(workbook(sheets))
    return str(file)


def run(*arguments: str, **options: Any) -> str:
    """What the command writes to standard output, when nothing is written elsewhere."""
    out, err = io.StringIO(), io.StringIO()
    call_command("import_workbook", *arguments, stdout=out, stderr=err, **options)
    assert err.getvalue() == ""
    return out.getvalue()


def refused(*arguments: str) -> tuple[int, str, str]:
    """The exit status, what stands on standard output, and the error."""
    out = io.StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_workbook", *arguments, stdout=out)
    return error.value.returncode, out.getvalue(), str(error.value)


@pytest.mark.django_db
def test_a_workbook_is_loaded_kept_and_summed_up(tmp_path: Path) -> None:
    factories.place(factories.structure(), "hq")
    file = saved(tmp_path, SHEETS)

    said = run(file)

    assert said.splitlines() == [
        "sources：追加 1、変更 0、変更なし 0、誤り 0、注意 0",
        "bodies：追加 1、変更 0、変更なし 1、誤り 0、注意 0",
        "取り込みました。",
    ]
    batch = Batch.objects.get()
    assert (batch.name, bytes(batch.content)) == ("a.xlsx", Path(file).read_bytes())
    change = Change.objects.get()
    assert (batch.change, change.about, change.user) == (change, "a.xlsx", None)
    assert change.reason == "表計算ファイルを取り込み、公開する情報をその内容に合わせました。"
    assert change.reason_en

    assert run(file).splitlines()[-1] == "何も書き込んでいません。"
    assert Batch.objects.count() == 1


@pytest.mark.django_db
def test_a_reason_of_ones_own_is_told_to_readers(tmp_path: Path) -> None:
    run(saved(tmp_path, SHEETS), "--reason", "府省の照会への回答")

    assert Change.objects.values_list("reason", "reason_en").get() == ("府省の照会への回答", "")


@pytest.mark.django_db
def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    said = run(saved(tmp_path, SHEETS), "--dry-run")

    assert said.splitlines()[1:] == [
        "bodies：追加 2、変更 0、変更なし 0、誤り 0、注意 0",
        "何も書き込んでいません。",
    ]
    assert (Body.objects.count(), Batch.objects.count(), Change.objects.count()) == (0, 0, 0)


@pytest.mark.django_db
def test_json_is_the_report_and_nothing_else(tmp_path: Path) -> None:
    factories.place(factories.structure(), "hq")

    said = json.loads(run(saved(tmp_path, {"機関": SHEETS["機関"]}), "--format", "json"))

    assert said == {
        "sheets": {"bodies": {"add": 1, "change": 0, "unchanged": 1, "error": 0, "warning": 0}},
        "problems": [],
    }


@pytest.mark.django_db
@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_faults_are_listed_by_cell_and_end_with_one(tmp_path: Path, dry_run: list[str]) -> None:
    file = saved(tmp_path, WRONG)
    heading = "「名」という列はありません。使わない列なら、取り込まない列に指定してください。"
    code = "「A」：半角の英小文字と数字を「-」か「_」でつないで入力してください（例：third-period）。"

    assert refused(file, *dry_run) == (
        1,
        "bodies：追加 1、変更 0、変更なし 0、誤り 2、注意 0\n",
        f"3 件の誤りがあります。何も読み込んでいません。\n謎: {UNKNOWN}\n機関!B1: {heading}\n機関!A2: {code}",
    )
    status, out, error = refused(file, "--format=json", *dry_run)
    assert (status, error) == (1, "3 件の誤りがあります。何も読み込んでいません。")
    assert json.loads(out) == {
        "sheets": {"bodies": {"add": 1, "change": 0, "unchanged": 0, "error": 2, "warning": 0}},
        "problems": [
            {"sheet": "謎", "cell": "謎", "message": UNKNOWN, "level": "error"},
            {"sheet": "機関", "cell": "機関!B1", "message": heading, "level": "error"},
            {"sheet": "機関", "cell": "機関!A2", "message": code, "level": "error"},
        ],
    }
    assert (Body.objects.count(), Batch.objects.count(), Change.objects.count()) == (0, 0, 0)


@pytest.mark.django_db
def test_columns_and_sheets_are_set_aside(tmp_path: Path) -> None:
    file = saved(tmp_path, {"機関": [["code", "名"], ["a", "x"]], "謎": [["謎"]]})

    said = run(file, "--ignore-column", "名", "--ignore-column=謎")

    assert said.splitlines() == ["bodies：追加 1、変更 0、変更なし 0、誤り 0、注意 0", "取り込みました。"]
    assert Batch.objects.get().aside == ["名", "謎"]


@pytest.mark.django_db
def test_warnings_stand_below_the_summary_and_do_not_fail(tmp_path: Path) -> None:
    file = saved(tmp_path, {"出典": [["code", "title"], ["a", 1234567890123456]]})

    said = run(file).splitlines()

    assert said[0] == "sources：追加 1、変更 0、変更なし 0、誤り 0、注意 1"
    assert said[1].startswith("注意：出典!B2: 文字の列に、")
    assert said[2:] == ["取り込みました。"]


@pytest.mark.django_db
def test_a_folder_of_csv_files_is_loaded_and_kept_as_a_zip(tmp_path: Path) -> None:
    folder = tmp_path / "府省"
    folder.mkdir()
    (folder / "bodies.csv").write_text("code\nhq\n", encoding="utf-8")
    (folder / "出典.csv").write_bytes("コード,資料名\r\na,資料\r\n".encode("cp932"))
    (folder / "notes.txt").write_text("x", encoding="utf-8")

    run(str(folder))

    assert (Body.objects.get().code, Source.objects.get().title) == ("hq", "資料")
    batch = Batch.objects.get()
    with zipfile.ZipFile(io.BytesIO(batch.content)) as kept:
        assert {name: kept.read(name) for name in kept.namelist()} == {
            name: (folder / name).read_bytes() for name in ("bodies.csv", "出典.csv")
        }
    assert batch.name == "府省.zip"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nowhere.xlsx", None, "nowhere.xlsx を読めません：No such file or directory"),
        ("a.xlsx", b"x" * 20_000_001, "ファイルが大きすぎます（上限 20 MB）。"),
        ("a.xlsx", b"%PDF-1.7\n", "中身は PDF です。XLSX、ODS、CSV のいずれかにしてください。"),
        ("a.csv", b"", "ファイルが空です。"),
    ],
)
def test_an_unusable_file_ends_with_two(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    assert refused(str(tmp_path / name)) == (2, "", message.replace("nowhere", f"{tmp_path}/nowhere"))


def test_a_folder_without_csv_files_ends_with_two(tmp_path: Path) -> None:
    assert refused(str(tmp_path)) == (2, "", f"フォルダー「{tmp_path.name}」に CSV ファイルがありません。")


@pytest.mark.django_db(transaction=True)
def test_a_writer_in_the_way_ends_with_one(tmp_path: Path, settings: Any) -> None:
    file, held, done = saved(tmp_path, SHEETS), threading.Event(), threading.Event()

    def hold() -> None:
        with revision.moving():
            held.set()
            done.wait(60)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    command = [sys.executable, str(ROOT / "manage.py"), "import_workbook", file]
    environment = {**os.environ, "DATABASE_URL": address(), "LOCK_WAIT_SECONDS": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    done.set()
    holder.join()

    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", f"CommandError: {revision.Busy()}\n")
    assert not Body.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_on_a_terminal_a_bar_shows_how_far_it_is_and_goes_away(tmp_path: Path) -> None:
    file = saved(tmp_path, SHEETS)
    master, slave = pty.openpty()
    environment = {**os.environ, "DATABASE_URL": address()}
    command = [sys.executable, str(ROOT / "manage.py"), "import_workbook", file]

    ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=slave, check=False)
    os.close(slave)
    shown = os.read(master, 10_000).decode()
    os.close(master)

    assert ended.returncode == 0
    assert ended.stdout.decode().splitlines()[-1] == "取り込みました。"
    steps = shown.split("\r\x1b[K")
    assert (steps[0], steps[-2:]) == ("", [f"[{'#' * 30}] 100 %", ""])
    assert len(steps) == 8


def test_bad_arguments_end_with_two(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "import_workbook", "a.xlsx", "--format=yaml"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (2, "")


@pytest.mark.django_db
def test_without_verbosity_it_says_nothing_unless_it_fails(tmp_path: Path) -> None:
    assert run(saved(tmp_path, SHEETS), verbosity=0) == ""
    assert Body.objects.count() == 2


@pytest.mark.django_db
def test_messages_come_in_the_language_that_is_asked_for(tmp_path: Path) -> None:
    file = saved(tmp_path, {"Placements": [["structure", "body", "source"], ["a", "b", "c"]]})

    with pytest.raises(CommandError) as error:
        call_command("import_workbook", file, "--language=en", stdout=io.StringIO())

    assert "Name" in str(error.value)
