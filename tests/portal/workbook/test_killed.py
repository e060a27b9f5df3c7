"""A load that is killed while it writes leaves nothing behind, and the next one works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from portal import revision
from portal.models import Batch, Change, ChangedRow, Source
from tests.conftest import ROOT
from tests.portal.test_concurrent_editors import broken_links
from tests.portal.workbook.test_tables import workbook

ROWS = 5_000
SOME = 300_000  # bytes written ahead: far less than the load writes, far more than its beginning does


def address() -> str:
    """The database of this test, as another process is told it."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)


def written_ahead() -> int:
    """How much the database has in its log, of what is not committed too."""
    if connection.vendor == "sqlite":
        log = Path(f"{connection.settings_dict['NAME']}-wal")
        return log.stat().st_size if log.exists() else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        return int(cursor.fetchone()[0])


def counts() -> list[int]:
    return [model._base_manager.count() for model in (Source, Batch, Change, ChangedRow)]


@pytest.mark.django_db(transaction=True)
def test_a_load_that_is_killed_while_it_writes_leaves_nothing(tmp_path: Path) -> None:
    ChangedRow.objects.all().delete()  # what emptying the tables for this test has left
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = tmp_path / "a.xlsx"
    rows = ([f"s{number}", f"資料{number}", "備考" * 50] for number in range(ROWS))
    file.write_bytes(workbook({"出典": [["code", "title", "remark"], *rows]}))
    number, began, until = revision.current().number, written_ahead(), time.monotonic() + 60
    command = [sys.executable, str(ROOT / "manage.py"), "import_workbook", str(file)]
    environment = {**os.environ, "DATABASE_URL": address()}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    while process.poll() is None and written_ahead() - began < SOME and time.monotonic() < until:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    output, _none = process.communicate()

    assert (process.returncode, output) == (-signal.SIGKILL, b"")
    assert (counts(), revision.current().number, revision.current().change) == ([0, 0, 0, 0], number, None)

    call_command("import_workbook", str(file), verbosity=0)

    assert counts() == [ROWS, 1, 1, ROWS]
    assert broken_links() == []
