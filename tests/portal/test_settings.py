"""Settings come from the environment and are safe when nobody thought of them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection

from tests.conftest import ROOT


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=kept | environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_production_refuses_to_start_and_says_what_to_set() -> None:
    nothing = start("check")
    assert nothing.returncode != 0
    assert "環境変数 SECRET_KEY と ALLOWED_HOSTS を設定してください" in nothing.stderr
    assert "Set SECRET_KEY and ALLOWED_HOSTS in the environment" in nothing.stderr

    one = start("check", SECRET_KEY="x" * 50)
    assert one.returncode != 0
    assert "環境変数 ALLOWED_HOSTS を設定してください" in one.stderr


def test_production_starts_when_told() -> None:
    assert start("check", SECRET_KEY="x" * 50, ALLOWED_HOSTS="example.go.jp").returncode == 0


def test_debug_needs_nothing() -> None:
    assert start("check", DEBUG="1").returncode == 0


@pytest.mark.skipif(connection.vendor != "sqlite", reason="what is asked of SQLite")
@pytest.mark.django_db
def test_sqlite_is_set_up_for_several_processes() -> None:
    def pragma(name: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA {name}")
            return cursor.fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("foreign_keys") == 1
    assert pragma("synchronous") == 1
    assert pragma("busy_timeout") == int(os.environ["LOCK_WAIT_SECONDS"]) * 1000
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False


@pytest.mark.skipif(connection.vendor != "postgresql", reason="what is asked of PostgreSQL")
@pytest.mark.django_db
def test_postgresql_uses_the_pool_and_bounds_waits() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'lock_timeout'")  # in milliseconds
        assert cursor.fetchone()[0] == os.environ["LOCK_WAIT_SECONDS"] + "000"
    assert connection.settings_dict["OPTIONS"]["pool"]["max_size"] == 12
    assert connection.settings_dict["ATOMIC_REQUESTS"] is False
