"""Every committed change of public data moves the revision, whichever way it was written."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, connections, models, transaction
from django.test import Client

from bodies.models import Body, Mandate, Placement, Structure
from plans.models import Observation
from portal import revision
from portal.models import Source
from tests import factories


def moved(write: Callable[[], object]) -> bool:
    before = revision.current().number
    write()
    return revision.current().number > before


@pytest.mark.django_db
def test_revision_moves_on_save_and_delete() -> None:
    source = factories.source()

    assert moved(source.save)
    assert moved(source.delete)


@pytest.mark.django_db
def test_revision_moves_on_bulk_create_update_and_delete() -> None:
    assert moved(lambda: Source.objects.bulk_create([Source(code="a", title="A"), Source(code="b", title="B")]))
    assert moved(lambda: Source.objects.update(title="C"))
    assert moved(lambda: Source.objects.all().delete())


@pytest.mark.django_db
def test_revision_moves_on_cascade() -> None:
    structure = factories.structure()
    placement = factories.place(structure, "a")
    Mandate.objects.create(placement=placement, code="m", text="役割", source=factories.source())

    assert moved(structure.delete)
    assert not Placement.objects.exists()
    assert not Mandate.objects.exists()


@pytest.mark.django_db
def test_revision_moves_on_many_to_many() -> None:
    old, new = Body.objects.create(code="old"), Body.objects.create(code="new")

    assert moved(lambda: old.successors.add(new))
    assert moved(lambda: old.successors.clear())


@pytest.mark.django_db
def test_revision_moves_on_raw_sql() -> None:
    factories.source()

    with connection.cursor() as cursor:
        assert moved(lambda: cursor.execute("UPDATE portal_source SET title = 'raw'"))
        assert moved(lambda: cursor.execute("INSERT INTO bodies_body (code) VALUES ('raw')"))
        assert moved(lambda: cursor.execute("DELETE FROM bodies_body"))


@pytest.mark.django_db
def test_revision_stays_on_rollback_and_on_reading() -> None:
    factories.source()
    before = revision.current()

    class Undo(Exception):
        pass

    def write_and_undo() -> None:
        with transaction.atomic():
            Source.objects.update(title="gone")
            raise Undo

    with pytest.raises(Undo):
        write_and_undo()
    list(Source.objects.all())

    assert revision.current().number == before.number
    assert revision.current().moved_at == before.moved_at


@pytest.mark.django_db
def test_revision_says_when_data_changed() -> None:
    before = revision.current().moved_at

    factories.source()

    assert revision.current().moved_at > before


@pytest.mark.django_db
def test_every_dataset_is_watched() -> None:
    tables = set(revision.watched_tables())

    assert {"portal_source", "bodies_structure", "bodies_body", "bodies_body_successors", "bodies_placement"} <= tables
    assert {"bodies_mandate", "bodies_seat", "bodies_link", "bodies_note"} <= tables
    assert revision.missing() == []


@pytest.mark.django_db(transaction=True)
def test_dropped_triggers_are_reported_loudly_and_made_again(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite remakes a table to change it and loses its triggers; on PostgreSQL a restore may leave one out."""
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            editor._remake_table(Source)  # type: ignore[attr-defined]  # what a migration runs to alter a column
    else:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER portal_revision ON portal_source")
    assert revision.missing() == ["portal_source"]
    call_command("check", databases=["default"])
    assert "portal.W001" in capsys.readouterr().err
    response = client.get("/readyz")
    assert (response.status_code, response.content) == (503, b"triggers are missing\n")

    call_command("migrate", verbosity=0)

    assert revision.missing() == []
    assert moved(lambda: factories.source("again"))


@pytest.mark.django_db(transaction=True)
def test_what_keeps_values_is_reported_when_dropped_and_made_again() -> None:
    factories.observation(factories.plan(), "o", 2025, 120)
    name = "portal_kept_plans_observation" if connection.vendor == "sqlite" else "portal_kept ON plans_observation"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}")
    assert revision.missing() == ["plans_observation"]

    revision.install()

    assert revision.missing() == []
    with connection.cursor() as cursor, pytest.raises(IntegrityError) as refused:
        cursor.execute("UPDATE plans_observation SET value = 121")
    assert revision.is_kept(refused.value)


@pytest.mark.django_db(transaction=True)
def test_values_are_kept_as_the_model_says_now(monkeypatch: pytest.MonkeyPatch) -> None:
    observation = factories.observation(factories.plan(), "o", 2025, 120)
    monkeypatch.setattr(Observation, "kept", ("remark",))
    assert revision.missing() == ["plans_observation"]

    revision.install()

    assert revision.missing() == []
    Observation.objects.update(value=121)
    with pytest.raises(ValidationError):
        Observation.objects.update(remark="備考")
    monkeypatch.undo()
    revision.install()
    observation.refresh_from_db()
    assert (observation.value, observation.remark) == (121, "")


@pytest.mark.django_db(transaction=True)
def test_a_column_that_keeps_its_values_can_still_be_migrated() -> None:
    """PostgreSQL alters no column that a trigger's definition names."""
    factories.observation(factories.plan(), "o", 2025, 120)
    field = Observation._meta.get_field("period")
    longer = models.CharField(max_length=70)
    longer.set_attributes_from_name("period")
    longer.model = Observation
    for before, after in [(field, longer), (longer, field)]:
        with connection.schema_editor() as editor:
            editor.alter_field(Observation, before, after)
    revision.install()

    assert revision.missing() == []
    with pytest.raises(ValidationError):
        Observation.objects.update(period="x")


@pytest.mark.django_db(transaction=True)
def test_a_second_writer_waits_and_is_told_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.structure()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with revision.moving():
            held.set()
            done.wait(20)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 200" if connection.vendor == "sqlite" else "SET lock_timeout = 200")
        with pytest.raises(revision.Busy) as refused, revision.moving():
            pass
        assert "ほかの更新が進行中" in str(refused.value)
        with pytest.raises(OperationalError) as raw:
            Structure.objects.update(title="late")
        assert revision.is_busy(raw.value)
    finally:
        done.set()
        holder.join()
        connection.close()
    assert not Structure.objects.filter(title="late").exists()


@pytest.mark.django_db(transaction=True)
def test_reading_sees_one_state_and_holds_nobody_up() -> None:
    factories.source()

    def write() -> None:
        Source.objects.create(code="meanwhile", title="その間")
        connections.close_all()

    with revision.reading():
        before = Source.objects.count()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(10)
        assert not writer.is_alive()
        assert Source.objects.count() == before
    assert Source.objects.count() == before + 1


@pytest.mark.django_db
def test_a_lost_row_stops_writers_instead_of_letting_two_in() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM portal_revision")

    with pytest.raises(RuntimeError, match="lost its row"), revision.moving():
        pass


def test_other_database_errors_are_not_taken_for_a_wait() -> None:
    error: Any = OperationalError("disk full")

    assert not revision.is_busy(error)
