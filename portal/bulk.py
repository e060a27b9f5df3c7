"""Many rows at once, past what Django does for each row by itself."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, TypeVar

from django.db import connections, models

from portal.tree import OrderedTree, settle

AT_ONCE = 900  # keys in one query: SQLite may be built to take no more than 999 variables
Item = TypeVar("Item")


@contextmanager
def collecting_later() -> Iterator[None]:
    """Hold back the garbage collector: it would go again and again through a great many objects that all stay alive,
    for a fifth of the time of a load."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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


def insert_rows(instances: Sequence[models.Model], using: str) -> None:
    """Write new rows and give them their keys; a tree is renumbered after it. No signal is sent, no `save()` called.

    A third of the time of `bulk_create`, which has an expression compiled for every cell.
    """
    model, connection = type(instances[0]), connections[using]
    fields: list[Any] = [field for field in model._meta.concrete_fields if not field.primary_key]
    for instance in instances:
        instance._prepare_related_fields_for_save(operation_name="bulk_create")  # type: ignore[attr-defined]  # Django's
    columns = [_prepared(field, instances, connection) for field in fields]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    table, pk = (connection.ops.quote_name(name) for name in (model._meta.db_table, str(model._meta.pk.column)))
    row = f"({', '.join(['%s'] * len(fields))})"
    rows, at_once = list(zip(*columns, strict=True)), AT_ONCE // len(fields)
    with settle(using) as pending, connection.cursor() as cursor:
        for start in range(0, len(rows), at_once):
            some = rows[start : start + at_once]
            values = ", ".join([row] * len(some))
            cursor.execute(f"INSERT INTO {table} ({names}) VALUES {values} RETURNING {pk}", list(chain(*some)))
            for instance, (key,) in zip(instances[start : start + at_once], cursor.fetchall(), strict=True):
                instance.pk, instance._state.adding, instance._state.db = key, False, using
        for instance in instances:
            if isinstance(instance, OrderedTree):
                pending[type(instance), instance.owner_id].append(instance)


def _prepared(field: Any, instances: Sequence[models.Model], connection: Any) -> list[Any]:
    """The values of a field as the database takes them; equal ones are prepared once."""
    values = [getattr(instance, field.attname) for instance in instances]
    prepared = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    return [prepared[value] for value in values]


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
