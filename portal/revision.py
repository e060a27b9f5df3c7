"""The revision: one row that every committed change of public data moves, and the only lock that writers take.

Database triggers move it, so that bulk statements and raw SQL count as well. Code that reads before it writes opens
`moving()` first and reads inside it: whoever holds the row is the only writer until the transaction ends. Nothing else
locks (no `select_for_update`, hence no `update_or_create` on public data): with two locks there are deadlocks.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, models, transaction
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.http import HttpRequest

    from portal.models import Revision

TRIGGER = "portal_revision"
FUNCTION = f"""
CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE portal_revision SET number = number + 1, moved_at = clock_timestamp() WHERE id = 1;
    RETURN NULL;
END $$
"""


class Busy(Exception):
    """Another writer held the revision for longer than `LOCK_WAIT_SECONDS`; nothing was written."""

    message = _(
        "ほかの更新が進行中のため、書き込めませんでした。何も保存されていません。少し待ってからやり直してください。"
    )

    def __str__(self) -> str:
        return str(self.message)


def is_busy(error: BaseException) -> bool:
    """Whether a database error says that a wait for another writer reached its limit."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return isinstance(cause, psycopg.errors.LockNotAvailable)


@contextmanager
def moving(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A transaction that holds the revision from its first statement. Raises `Busy` when the wait is too long."""
    from portal.models import Revision  # models are not loaded when this module is

    try:
        with transaction.atomic(using=using):
            moved = Revision.objects.using(using).filter(pk=1).update(number=models.F("number") + 1)
            if not moved:
                raise RuntimeError("portal_revision has lost its row: run manage.py migrate")
            yield
    except OperationalError as error:
        if is_busy(error):
            raise Busy from error
        raise


@contextmanager
def reading(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A transaction in which every query sees the same state, without holding up writers.

    Inside a transaction that is open already it sees what that one sees.
    """
    connection: Any = connections[using]
    if connection.in_atomic_block:
        yield
        return
    mode = getattr(connection, "transaction_mode", None)
    if connection.vendor == "sqlite":
        connection.transaction_mode = "DEFERRED"  # IMMEDIATE would take the writers' place
    try:
        with transaction.atomic(using=using):
            if connection.vendor == "postgresql":
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = mode


def current(using: str = DEFAULT_DB_ALIAS) -> Revision:
    """The revision as committed: its number, and when public data last changed."""
    from portal.models import Revision

    return Revision.objects.using(using).get(pk=1)


def seen_by(request: HttpRequest) -> Revision:
    """The revision for one request, read once. What is kept under it must be read after it: then it is never older."""
    if not hasattr(request, "revision"):
        request.revision = current()  # type: ignore[attr-defined]  # ours
    return request.revision  # type: ignore[attr-defined]


def watched_tables() -> dict[str, list[str]]:
    """The tables of public data (those behind a dataset, with their many-to-many tables), each with its columns.

    A model's `derived` columns are left out: they follow from the others, which move the revision themselves.
    """
    tables = {}
    for path in settings.DATASETS:
        model = import_string(path)._meta.model
        through = [getattr(model, field.name).through for field in model._meta.local_many_to_many]
        for each in (model, *through):
            columns = [field.column for field in each._meta.concrete_fields]
            tables[each._meta.db_table] = [name for name in columns if name not in getattr(each, "derived", ())]
    return tables


def _sqlite_triggers(table: str, columns: list[str]) -> dict[str, str]:
    # For each row, as SQLite knows no other; without the derived columns 10,000 renumbered rows take a third less.
    events = {"insert": "INSERT", "update": f"UPDATE OF {', '.join(columns)}", "delete": "DELETE"}
    return {
        f"{TRIGGER}_{table}_{name}": f'CREATE TRIGGER "{TRIGGER}_{table}_{name}" AFTER {event} ON "{table}" BEGIN '
        "UPDATE portal_revision SET number = number + 1, moved_at = strftime('%Y-%m-%d %H:%M:%f', 'now') "
        "WHERE id = 1; END"
        for name, event in events.items()
    }


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The tables of public data whose changes would not move the revision."""
    connection = connections[using]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        tables = {table: columns for table, columns in watched_tables().items() if table in present}
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [
                table
                for table, columns in tables.items()
                if any(found.get(name) != sql for name, sql in _sqlite_triggers(table, columns).items())
            ]
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname = %s AND t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)",
            [TRIGGER],
        )
        standing = {row[0] for row in cursor.fetchall()}
        return [table for table in tables if table not in standing]


def install(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Make the row and the triggers that are missing. Runs after every `migrate`: a table remade by SQLite has none."""
    from portal.models import Revision

    if Revision._meta.db_table not in connections[using].introspection.table_names():
        return  # this app is not migrated here
    Revision.objects.using(using).get_or_create(pk=1)
    absent = missing(using)
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "sqlite":
            columns = watched_tables()
            for table in absent:
                for name, sql in _sqlite_triggers(table, columns[table]).items():
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                    cursor.execute(sql)
            return
        cursor.execute(FUNCTION)
        for table in absent:
            cursor.execute(
                f'DROP TRIGGER IF EXISTS {TRIGGER} ON "{table}"; CREATE TRIGGER {TRIGGER} '
                f'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}" '
                f"FOR EACH STATEMENT EXECUTE FUNCTION {TRIGGER}()"
            )


def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """System check `portal.W001`: a change that nobody sees would leave stale pages and two writers at once.

    A warning and not an error, because an error would stop the `migrate` that mends it; `/readyz` answers 503.
    """
    return [
        CheckWarning(
            f"The revision does not move on changes of: {', '.join(absent)}",
            hint="A migration or a restore dropped the triggers. Run manage.py migrate: it makes them again.",
            id="portal.W001",
        )
        for alias in databases or []
        if (absent := missing(alias))
    ]
