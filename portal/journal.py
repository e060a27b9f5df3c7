"""The journal: who changed what, when and why, row by row, with the values before and after.

Database triggers write it, in the transaction of the change itself, so that bulk statements, cascades and raw SQL are
in it as well as forms. `recording()` opens a change; until it ends every row that is written belongs to it. The holder
of the revision is the only writer, so its row (on PostgreSQL a setting of the transaction) says which change is open.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage
from django.core.checks import Warning as CheckWarning
from django.db import DEFAULT_DB_ALIAS, connections, models

from portal.revision import moving, watched_tables

if TYPE_CHECKING:
    from portal.models import Change

TRIGGER = "portal_journal"
OPEN = "portal.change"  # a setting of PostgreSQL's transaction
FUNCTION = f"""
CREATE OR REPLACE FUNCTION {TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - TG_ARGV[1]::text[] END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - TG_ARGV[1]::text[] END;
BEGIN
    IF was IS DISTINCT FROM became THEN
        INSERT INTO portal_changedrow (change_id, at, model, object_id, kind, "before", "after")
        VALUES (NULLIF(current_setting('{OPEN}', true), '')::bigint, clock_timestamp(), TG_ARGV[0],
            CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END,
            CASE TG_OP WHEN 'INSERT' THEN '+' WHEN 'UPDATE' THEN '~' ELSE '-' END, was, became);
    END IF;
    RETURN NULL;
END $$
"""


class AlreadyDone(Exception):
    """The form that asks for this change has been carried out before: it was sent twice."""

    def __init__(self, change: Change) -> None:
        super().__init__(change)
        self.change = change


@contextmanager
def recording(
    kind: str,
    *,
    user: Any = None,
    about: str = "",
    about_en: str = "",
    address: str = "",
    reason: str = "",
    reason_en: str = "",
    is_public: bool = False,
    token: uuid.UUID | None = None,
    reverts: Change | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Iterator[Change]:
    """A transaction that holds the revision, and a change to which every row written in it belongs.

    Blocks nest: an inner one joins the change that is open. One that wrote no row leaves no change behind. Raises
    `AlreadyDone` for a token that was used, and `Busy` as `moving()` does.
    """
    from portal.models import Change  # models are not loaded when this module is

    connection: Any = connections[using]
    joined: Change | None = getattr(connection, "open_change", None)
    if joined is not None:
        yield joined
        return
    with moving(using):
        if token is not None and (done := Change.objects.using(using).filter(token=token).first()):
            raise AlreadyDone(done)
        known = user if user is not None and user.pk else None
        change = Change.objects.using(using).create(
            kind=kind,
            user=known,
            user_name=known.get_username() if known else "",
            about=about,
            about_en=about_en,
            address=address,
            reason=reason,
            reason_en=reason_en,
            is_public=is_public,
            token=token,
            reverts=reverts,
        )
        _open(change, using)
        connection.open_change = change
        try:
            yield change
        finally:
            connection.open_change = None
        _open(None, using)
        if not change.rows.exists():
            change.delete()


def _open(change: Change | None, using: str) -> None:
    """Tell the triggers to which change rows belong from now on; it ends with the transaction at the latest.

    On SQLite the row of the revision says it. On PostgreSQL that row has a new version for every statement, and reading
    it for each written row would walk through all of them.
    """
    from portal.models import Revision

    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [OPEN, str(change.pk) if change is not None else ""])
    else:
        Revision.objects.using(using).filter(pk=1).update(change=change)


def seen() -> int:
    """How far the journal goes now. A form that was filled from what is read after this knows all up to here."""
    from portal.models import ChangedRow

    return ChangedRow.objects.aggregate(last=models.Max("pk"))["last"] or 0


def journaled() -> dict[str, tuple[str, list[str]]]:
    """The tables whose changes are noted: `{table: (model's label, columns)}`; keys and derived columns left out.

    Those of public data, and those that the setting `JOURNALED` names with the columns that may be written down.
    """
    by_table = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    found = {
        table: (by_table[table]._meta.label_lower, [name for name in columns if name != "id"])
        for table, columns in watched_tables().items()
    }
    for label, columns in settings.JOURNALED.items():
        model = apps.get_model(label)
        found[model._meta.db_table] = (model._meta.label_lower, columns)
    return found


def _sqlite_triggers(table: str, label: str, columns: list[str]) -> dict[str, str]:
    def row(alias: str) -> str:
        return "json_object(" + ", ".join(f"'{name}', {alias}.\"{name}\"" for name in columns) + ")"

    differs = " OR ".join(f'OLD."{name}" IS NOT NEW."{name}"' for name in columns)
    listed = ", ".join(f'"{name}"' for name in columns)
    events = {
        "insert": ("INSERT", "", "NEW", "+", "NULL", row("NEW")),
        "update": (f"UPDATE OF {listed}", f" WHEN {differs}", "NEW", "~", row("OLD"), row("NEW")),
        "delete": ("DELETE", "", "OLD", "-", row("OLD"), "NULL"),
    }
    names = {event: f"{TRIGGER}_{table}_{event}" for event in events}
    return {
        names[name]: f'CREATE TRIGGER "{names[name]}" AFTER {event} ON "{table}"{when} BEGIN '
        f'INSERT INTO portal_changedrow (change_id, at, model, object_id, kind, "before", "after") '
        f"SELECT change_id, strftime('%Y-%m-%d %H:%M:%f', 'now'), '{label}', {alias}.\"id\", '{kind}', {was}, {became} "
        "FROM portal_revision WHERE id = 1; END"
        for name, (event, when, alias, kind, was, became) in events.items()
    }


def _postgresql_arguments(label: str, columns: list[str]) -> tuple[str, str]:
    """What the trigger of a table is told: the model's label, and the columns to leave out."""
    every = [str(field.column) for field in apps.get_model(label)._meta.concrete_fields]
    return label, "{" + ",".join(name for name in every if name not in columns) + "}"


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The tables whose changes would not be noted, or not as they are to be now."""
    connection = connections[using]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        tables = {table: noted for table, noted in journaled().items() if table in present}
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            found = dict(cursor.fetchall())
            return [
                table
                for table, (label, columns) in tables.items()
                if any(found.get(name) != sql for name, sql in _sqlite_triggers(table, label, columns).items())
            ]
        cursor.execute(
            "SELECT c.relname, encode(t.tgargs, 'escape') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "WHERE t.tgname = %s AND t.tgenabled <> 'D' AND pg_table_is_visible(c.oid)",
            [TRIGGER],
        )
        standing = dict(cursor.fetchall())
        return [
            table
            for table, noted in tables.items()
            if standing.get(table) != "".join(f"{each}\\000" for each in _postgresql_arguments(*noted))
        ]


def install(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Make the triggers that are missing. Runs after every `migrate`, as those of the revision do."""
    connection = connections[using]
    if "portal_changedrow" not in connection.introspection.table_names():
        return  # this app is not migrated here
    tables = journaled()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for table in missing(using):
                for name, sql in _sqlite_triggers(table, *tables[table]).items():
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                    cursor.execute(sql)
            return
        cursor.execute(FUNCTION)
        for table in missing(using):
            label, left_out = _postgresql_arguments(*tables[table])
            # No column is named in the trigger itself: PostgreSQL would refuse every later change of its type.
            cursor.execute(
                f'DROP TRIGGER IF EXISTS {TRIGGER} ON "{table}"; CREATE TRIGGER {TRIGGER} '
                f'AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
                f"FOR EACH ROW EXECUTE FUNCTION {TRIGGER}('{label}', '{left_out}')"
            )


def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """System check `portal.W002`: a change that nobody notes could not be seen or taken back."""
    return [
        CheckWarning(
            f"The journal does not note changes of: {', '.join(absent)}",
            hint="A migration or a restore dropped the triggers. Run manage.py migrate: it makes them again.",
            id="portal.W002",
        )
        for alias in databases or []
        if (absent := missing(alias))
    ]
