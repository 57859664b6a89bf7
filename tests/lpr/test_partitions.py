"""Months of reads: made ahead, erased with their photos at the end of retention, dropped, closed; each step safe to repeat."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import DatabaseError

from audit import alarms
from config import databases, health
from lpr import partitions, photos, tasks
from lpr.models import QuarantinedRecord, Receipt, Source
from tests.factories.alerts import prepared, store_now

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)


def rows(table: str = "store.read") -> int:
    with databases.administrator() as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def months() -> set[str]:
    with databases.administrator() as connection:
        return {name for (name,) in connection.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'store.read'::regclass")}


def run(statement: str) -> None:
    with databases.administrator() as connection:
        connection.execute(statement)


def old_month(name: str = "read_2019_01") -> None:
    run(f"CREATE TABLE store.{name} PARTITION OF store.read FOR VALUES FROM ('2019-01-01') TO ('2019-02-01')")
    run(f"ALTER TABLE store.{name} OWNER TO lpr_owner")


def stray(now) -> datetime:
    """Put a read where it has no month; return its time."""
    ahead = (now.replace(day=1) + timedelta(days=31 * 8)).replace(day=5)
    run("INSERT INTO store.read SELECT "
        f"'{ahead:%Y-%m-%d}', now(), now(), gen_random_uuid(), 0, 0, s.id, 1, 1, 1, 1, 90, false, 'ABC123', 'OH'"
        " FROM lpr_source s LIMIT 1")
    return ahead


@pytest.mark.req("DAT-8")
def test_months_stand_ready_three_months_ahead(now):
    later = now + 200 * DAY
    assert partitions.make(now=later) > 0
    assert partitions.make(now=later) == 0
    for month in range(4):
        due = later.replace(day=1) + timedelta(days=31 * month)
        assert f"read_{due:%Y_%m}" in months()
    assert databases.differences() == []


@pytest.mark.req("DAT-8")
def test_reads_past_their_sources_retention_are_erased_with_photos_and_markers_and_others_stay(
        load_read, make_source, now, events):
    short, long = make_source("short"), make_source("long")
    for source, age in ((short, 20), (short, 5), (long, 20)):
        load_read(source=source, captured_at=now - age * DAY)
    Source.objects.filter(pk=short.pk).update(retention_days=10)
    with databases.administrator() as connection:
        [(over,)] = connection.execute("SELECT record_id FROM store.read WHERE source_id = %s AND captured_at < %s",
                                       [short.pk, now - 10 * DAY]).fetchall()
        connection.execute("INSERT INTO store.read_marker SELECT plate, state, captured_at, record_id, 'withdrawn', now()"
                           " FROM store.read WHERE record_id = %s", [over])
    names = [photos.name(over, kind) for kind in ("plate", "vehicle")]
    assert all(map(default_storage.exists, names))
    assert partitions.maintain(now=now).reads == 1
    assert (rows(), rows("store.read_marker")) == (2, 0)
    assert not any(map(default_storage.exists, names))
    assert events("store.maintained")[-1]["details"]["reads"] == 1
    assert partitions.maintain(now=now).reads == 0


@pytest.mark.req("DAT-8")
def test_a_crash_after_the_photos_leaves_the_row_to_be_found_again(load_read, source, now, monkeypatch):
    load_read(captured_at=now - 20 * DAY)
    Source.objects.update(retention_days=10)

    def fail(record_id):
        raise OSError

    with monkeypatch.context() as broken:
        broken.setattr(partitions.photo_store, "erase", fail)
        with pytest.raises(OSError):
            partitions.maintain(now=now)
    assert rows() == 1
    assert partitions.maintain(now=now).reads == 1
    assert rows() == 0


@pytest.mark.req("DAT-8")
def test_nobody_makes_reads_old_by_telling_another_time(load_read, now):
    load_read(captured_at=now - DAY)
    done = partitions.maintain(now=now + 3000 * DAY)
    assert (done.reads, done.dropped, rows()) == (0, 0, 1)


@pytest.mark.req("DAT-8")
def test_receipts_and_set_aside_records_go_with_the_reads_of_their_source(make_source, now):
    short, long = make_source("short", retention_days=10), make_source("long")
    for source in (short, long):
        for age in (11, 9):
            at = now - age * DAY
            Receipt.objects.create(source=source, received_at=at, body_digest="0" * 64, stored=1, duplicates=0, refused=1,
                                   hits=0)
            QuarantinedRecord.objects.create(source=source, received_at=at, position=0, reason="plate: empty.")
    done = partitions.maintain(now=now)
    assert (done.receipts, done.quarantined) == (1, 1)
    assert (Receipt.objects.count(), QuarantinedRecord.objects.count()) == (3, 3)


@pytest.mark.req("DAT-8")
def test_an_empty_month_past_the_longest_retention_is_dropped_and_one_with_rows_waits(source, now):
    old_month()
    run("INSERT INTO store.read SELECT '2019-01-05', now(), now(), gen_random_uuid(), 0, 0, s.id, 1, 1, 1, 1, 90, false,"
        " 'ABC123', 'OH' FROM lpr_source s LIMIT 1")
    with databases.administrator() as connection:
        assert connection.execute("SELECT store.drop_months_over(now())").fetchone()[0] == 0
    done = partitions.maintain(now=now)
    assert (done.reads, done.dropped) == (1, 1)
    assert "read_2019_01" not in months()
    assert partitions.maintain(now=now).dropped == 0
    assert databases.differences() == []


@pytest.mark.req("DAT-8")
def test_a_longer_retention_keeps_the_month(source, now):
    old_month()
    Source.objects.update(retention_days=9000)
    assert partitions.maintain(now=now).dropped == 0
    assert "read_2019_01" in months()


@pytest.mark.req("DAT-8")
def test_a_month_that_is_closed_is_packed_and_counted_once(source, now):
    store_now(source, prepared(captured_at=now - 70 * DAY), prepared())
    assert partitions.maintain(now=now).closed == 1
    assert partitions.maintain(now=now).closed == 0
    with databases.administrator() as connection:
        [(name, tuples)] = connection.execute(
            "SELECT relname, reltuples FROM pg_class WHERE obj_description(oid, 'pg_class') = 'closed'").fetchall()
    assert (name, tuples) == (f"read_{now - 70 * DAY:%Y_%m}", 1)


@pytest.mark.req("DAT-8")
def test_readiness_names_stray_rows_without_stopping_traffic_and_the_next_run_puts_them_in_their_month(source, now, client):
    ahead = stray(now)
    assert health.partitions() == "1 rows in a default partition"
    answer = client.get("/readyz")
    assert answer.json()["parts"]["partitions"] == "1 rows in a default partition"
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    partitions.make(now=ahead)
    assert health.partitions() == "ok"
    assert (rows(), rows(f"store.read_{ahead:%Y_%m}")) == (1, 1)


@pytest.mark.req("DAT-8", "BEY-8")
def test_the_job_that_makes_the_months_tells_operations_of_rows_that_found_none(source, operator, now, events, monkeypatch):
    tasks.maintain_partitions()
    assert not mail.outbox
    stray(now)

    def fail(now):
        raise DatabaseError

    monkeypatch.setattr(partitions, "make", fail)
    for _ in range(2):
        with pytest.raises(DatabaseError):
            tasks.maintain_partitions()
    [message] = [message for message in mail.outbox if message.to == [operator.email]]
    assert alarms.STRAY_ROWS in message.subject
    assert "1 rows" in message.body
    assert [event["details"]["about"] for event in events("alarm.raised")] == [alarms.STRAY_ROWS]


@pytest.mark.req("DAT-8")
def test_a_source_that_is_kept_longer_has_its_months_at_once(source, signed_in, operator, now):
    form = {"name": source.name, "label": source.label, "kind": source.kind, "is_active": "on", "retention_days": 4000,
            "quarantine_days": 60, "silent_after_hours": 24, "camera_places": "{}"}
    assert f"read_{now - 4000 * DAY:%Y_%m}" not in months()
    assert signed_in(operator).post(f"/admin/lpr/source/{source.pk}/change/", form).status_code == 302
    assert f"read_{now - 4000 * DAY:%Y_%m}" in months()


@pytest.mark.req("DAT-8")
def test_a_new_source_has_its_months_at_once_also_with_the_retention_that_the_form_offers(signed_in, operator, now):
    page = signed_in(operator)
    days = Source._meta.get_field("retention_days").default
    form = {"name": "new", "label": "New", "kind": "toll_road", "is_active": "on", "retention_days": days,
            "quarantine_days": 30, "silent_after_hours": 24, "camera_places": "{}"}
    run(f"DROP TABLE store.read_{now - days * DAY:%Y_%m}")
    assert page.post("/admin/lpr/source/add/", form).status_code == 302
    assert f"read_{now - days * DAY:%Y_%m}" in months()


@pytest.mark.req("DAT-8")
def test_empty_months_are_kept_no_longer_than_the_reads_of_any_source(source, make_source, load_read, now):
    off = make_source("off", retention_days=400, is_active=False)
    load_read(captured_at=now - 5 * DAY)
    Source.objects.filter(pk=source.pk).update(retention_days=30)
    partitions.maintain(now=now)
    assert f"read_{now - 400 * DAY:%Y_%m}" in months()
    assert f"read_{now - 800 * DAY:%Y_%m}" not in months()
    Source.objects.filter(pk=off.pk).update(retention_days=30)
    partitions.maintain(now=now)
    assert f"read_{now - 400 * DAY:%Y_%m}" not in months()
    assert f"read_{now - 30 * DAY:%Y_%m}" in months()
    assert (partitions.make(now=now), rows(), databases.differences()) == (0, 1, [])


@pytest.mark.req("DAT-8")
def test_the_scheduler_and_the_command_do_the_same(load_read, now, capsys, events):
    tasks.maintain_partitions()
    load_read(captured_at=datetime.now(UTC) - 20 * DAY)
    Source.objects.update(retention_days=10)
    call_command("maintain_partitions")
    assert "reads: 1" in capsys.readouterr().out
    assert events("command.run")[-1]["details"]["command"] == "maintain_partitions"
    tasks.erase_what_is_over()
    assert len(events("store.maintained")) == 1
