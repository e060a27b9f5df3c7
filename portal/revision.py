"""The revision: one row that every committed change of public data moves, and the only lock that writers take.

Database triggers move it, so that bulk statements and raw SQL count as well. Code that reads before it writes opens
`moving()` first and reads inside it: whoever holds the row is the only writer until the transaction ends. Nothing else
locks (no `select_for_update`, hence no `update_or_create` on public data): with two locks there are deadlocks.

Triggers also refuse to change what a model names as `kept`; many ways of writing lead past checks in Python.
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
from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connections, models, transaction
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
KEPT = "portal_kept"
# Compares by name: a column that a trigger's definition names could not be altered by a migration.
KEPT_FUNCTION = f"""
CREATE OR REPLACE FUNCTION {KEPT}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    name text;
BEGIN
    FOREACH name IN ARRAY TG_ARGV LOOP
        IF before -> name IS DISTINCT FROM after -> name THEN
            RAISE integrity_constraint_violation
                USING MESSAGE = format('{KEPT}: a row of %s keeps its values', TG_TABLE_NAME);
        END IF;
    END LOOP;
    RETURN NEW;
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


def is_kept(error: IntegrityError) -> bool:
    """Whether the database refused to change a value that is kept for good."""
    return str(error).startswith(KEPT)


@contextmanager
def moving(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """A transaction that holds the revision from its first statement. Raises `Busy` when the wait is too long."""
    with holding(using, moves=True):
        yield


@contextmanager
def holding(using: str = DEFAULT_DB_ALIAS, *, moves: bool = False) -> Iterator[None]:
    """The same, and the revision stays where it is: for what no page shows."""
    from portal.models import Revision  # models are not loaded when this module is

    row = Revision.objects.using(using).filter(pk=1)
    try:
        with transaction.atomic(using=using):
            held = row.update(number=models.F("number") + 1) if moves else len(row.select_for_update())
            if not held:
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


def _watched() -> Iterator[Any]:
    """The models of public data: those behind a dataset, with their many-to-many tables."""
    for path in settings.DATASETS:
        model = import_string(path)._meta.model
        yield model
        yield from (getattr(model, field.name).through for field in model._meta.local_many_to_many)


def watched_tables() -> dict[str, list[str]]:
    """The tables of public data, each with its columns.

    A model's `derived` columns are left out: they follow from the others, which move the revision themselves.
    """
    tables = {}
    for model in _watched():
        columns = [field.column for field in model._meta.concrete_fields]
        tables[model._meta.db_table] = [name for name in columns if name not in getattr(model, "derived", ())]
    return tables


def kept_columns() -> dict[str, tuple[str, ...]]:
    """By table, the columns whose values stay as they were first written: those that a model names as `kept`."""
    return {model._meta.db_table: model.kept for model in _watched() if hasattr(model, "kept")}


def _sqlite_triggers() -> dict[str, dict[str, str]]:
    """By table, each trigger by name."""
    # For each row, as SQLite knows no other; without the derived columns 10,000 renumbered rows take a third less.
    triggers = {}
    for table, columns in watched_tables().items():
        events = {"insert": "INSERT", "update": f"UPDATE OF {', '.join(columns)}", "delete": "DELETE"}
        triggers[table] = {
            f"{TRIGGER}_{table}_{name}": f'CREATE TRIGGER "{TRIGGER}_{table}_{name}" AFTER {event} ON "{table}" BEGIN '
            "UPDATE portal_revision SET number = number + 1, moved_at = strftime('%Y-%m-%d %H:%M:%f', 'now') "
            "WHERE id = 1; END"
            for name, event in events.items()
        }
    for table, kept in kept_columns().items():
        differs = " OR ".join(f'OLD."{column}" IS NOT NEW."{column}"' for column in kept)
        triggers[table][f"{KEPT}_{table}"] = (
            f'CREATE TRIGGER "{KEPT}_{table}" BEFORE UPDATE OF {", ".join(kept)} ON "{table}" WHEN {differs} BEGIN '
            f"SELECT RAISE(ABORT, '{KEPT}: a row of {table} keeps its values'); END"
        )
    return triggers


def _postgresql_triggers() -> dict[str, dict[str, str]]:
    """By table, the arguments of each trigger by name, as PostgreSQL keeps them."""
    triggers = {table: {TRIGGER: ""} for table in watched_tables()}
    for table, kept in kept_columns().items():
        triggers[table][KEPT] = "".join(f"{column}\\000" for column in kept)
    return triggers


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The tables of public data that lack one of their triggers, or have another in its place."""
    connection = connections[using]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        if connection.vendor == "sqlite":
            wanted = _sqlite_triggers()
            cursor.execute("SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'")
        else:
            wanted = _postgresql_triggers()
            cursor.execute(
                "SELECT c.relname, t.tgname, encode(t.tgargs, 'escape') FROM pg_trigger t "
                "JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)"
            )
        standing = {(table, name): what for table, name, what in cursor.fetchall()}
    return [
        table
        for table, triggers in wanted.items()
        if table in present and any(standing.get((table, name)) != what for name, what in triggers.items())
    ]


def install(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Make the row and the triggers that are missing. Runs after every `migrate`: a table remade by SQLite has none."""
    from portal.models import Revision

    if Revision._meta.db_table not in connections[using].introspection.table_names():
        return  # this app is not migrated here
    Revision.objects.using(using).get_or_create(pk=1)
    absent = missing(using)
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "sqlite":
            triggers = _sqlite_triggers()
            for table in absent:
                for name, sql in triggers[table].items():
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                    cursor.execute(sql)
            return
        cursor.execute(FUNCTION)
        cursor.execute(KEPT_FUNCTION)
        kept = kept_columns()
        for table in absent:
            cursor.execute(
                f'DROP TRIGGER IF EXISTS {TRIGGER} ON "{table}"; CREATE TRIGGER {TRIGGER} '
                f'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON "{table}" '
                f"FOR EACH STATEMENT EXECUTE FUNCTION {TRIGGER}()"
            )
            if table in kept:
                cursor.execute(
                    f'DROP TRIGGER IF EXISTS {KEPT} ON "{table}"; CREATE TRIGGER {KEPT} '
                    f'BEFORE UPDATE ON "{table}" FOR EACH ROW EXECUTE FUNCTION {KEPT}({", ".join(kept[table])})'
                )


def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """System check `portal.W001`: a change that nobody sees would leave stale pages and two writers at once, and a
    value that is kept for good could be written over.

    A warning and not an error, because an error would stop the `migrate` that mends it; `/readyz` answers 503.
    """
    return [
        CheckWarning(
            f"Triggers are missing on: {', '.join(absent)}",
            hint="A migration or a restore dropped the triggers. Run manage.py migrate: it makes them again.",
            id="portal.W001",
        )
        for alias in databases or []
        if (absent := missing(alias))
    ]
