"""Many rows at once, past what Django does for each row by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar

from django.db import connections, models

from portal.tree import OrderedTree, settle

AT_ONCE = 900  # keys in one query: SQLite may be built to take no more than 999 variables
Item = TypeVar("Item")


def chunks(items: Collection[Item]) -> Iterator[list[Item]]:
    """As many as fit into one query."""
    held = list(items)
    return (held[start : start + AT_ONCE] for start in range(0, len(held), AT_ONCE))


def write_columns(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], using: str) -> None:
    """One UPDATE by primary key, with the values of each row in the order of `columns` and its key last.

    By executemany, as bulk_update takes 10 s for 10,000 rows. Values are as the database takes them.
    """
    connection = connections[using]
    table, pk = (connection.ops.quote_name(name) for name in (model._meta.db_table, str(model._meta.pk.column)))
    assignments = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {assignments} WHERE {pk} = %s", rows)


def update_rows(instances: Sequence[models.Model], names: Sequence[str], using: str) -> None:
    """Write some fields of rows that exist; a tree is renumbered after it. No signal is sent, no `save()` called."""
    model, connection = type(instances[0]), connections[using]
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    rows = []
    for instance in instances:
        instance._prepare_related_fields_for_save(operation_name="bulk_update", fields=fields)  # type: ignore[attr-defined]  # Django's
        values = [field.get_db_prep_save(getattr(instance, field.attname), connection) for field in fields]
        rows.append([*values, instance.pk])
    with settle(using) as pending:
        for instance in instances:
            if isinstance(instance, OrderedTree):
                pending[type(instance), instance.owner_id].append(instance)
        write_columns(model, [str(field.column) for field in fields], rows, using)
