"""Storing reads: each once, matched, conflicts kept aside, whatever comes at the same time."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connections, transaction

from config import databases
from lpr import loading
from lpr.admission import record_id
from lpr.loading import PreparedRead, store
from lpr.wordbook import Place

PLACE = Place("OH", "America/New_York", "10 Main St", "Main St & 1st Ave", False)


@pytest.fixture
def prepared(source, now):
    def make(name="r1", *, digest=b"d" * 16, **fields):
        whole = {"plate": "XYZ1234", "state": "OH", "captured_at": now, "latitude_e6": 39_961_200,
                 "longitude_e6": -82_998_800, "camera": "Gate 4", "make": "Ford", "model": "F-150", "place": PLACE,
                 "confidence": 97, "plate_photo_cut": False}
        return PreparedRead(record_id=record_id(source.pk, name), digest=digest, **whole | fields)

    return make


@pytest.fixture
def stored(source, now):
    def run(*reads, now=now, **more):
        return store(source=source, reads=reads, received_at=now, now=now, **more)

    return run


def rows(columns="plate, state"):
    with databases.administrator() as admin:
        return admin.execute(f"SELECT {columns} FROM store.read ORDER BY plate, captured_at, record_id").fetchall()


@pytest.mark.req("DAT-3")
def test_a_record_sent_twice_is_stored_once(prepared, stored):
    assert stored(prepared()).stored == 1
    again = stored(prepared())
    assert (again.stored, again.duplicates, again.conflicts) == (0, 1, ())
    assert rows() == [("XYZ1234", "OH")]


@pytest.mark.req("DAT-3")
def test_the_same_record_twice_in_one_batch_is_stored_once(prepared, stored):
    outcome = stored(prepared(), prepared(), prepared("r2"))
    assert (outcome.stored, outcome.duplicates, outcome.conflicts) == (2, 1, ())


@pytest.mark.req("DAT-3")
def test_the_same_record_id_with_other_content_keeps_the_first_and_is_named(prepared, stored):
    stored(prepared())
    other = stored(prepared("r2"), prepared(plate="ABC9876", digest=b"e" * 16))
    assert (other.stored, other.duplicates, other.conflicts) == (1, 0, (1,))
    assert rows() == [("XYZ1234", "OH"), ("XYZ1234", "OH")]


@pytest.mark.req("DAT-3")
def test_of_two_contents_in_one_batch_the_first_is_kept(prepared, stored):
    outcome = stored(prepared(), prepared(plate="ABC9876", digest=b"e" * 16))
    assert (outcome.stored, outcome.duplicates, outcome.conflicts) == (1, 0, (1,))
    assert rows() == [("XYZ1234", "OH")]


@pytest.mark.req("DAT-3")
def test_a_record_is_remembered_across_weeks_and_forgotten_after_60_days(prepared, stored, now):
    stored(prepared(), now=now - timedelta(days=50))
    assert stored(prepared(digest=b"e" * 16, plate="ABC9876")).conflicts == (0,)
    assert stored(prepared()).duplicates == 1
    late = stored(prepared(), now=now + timedelta(days=30))
    assert (late.stored, late.duplicates) == (0, 1), "its own key still stops it"


@pytest.mark.req("DAT-3")
def test_old_records_are_known_by_their_key_when_their_claim_is_forgotten(prepared, stored, now):
    old = now - timedelta(days=300)
    assert stored(prepared(captured_at=old), now=old).stored == 1
    again = stored(prepared(captured_at=old), prepared("r2", captured_at=old))
    assert (again.stored, again.duplicates) == (1, 1)


def test_every_column_arrives(prepared, stored, source, now):
    stored(prepared(confidence=-1, state="", plate_photo_cut=True))
    columns = ("captured_at, received_at, record_id, latitude_e6, longitude_e6, source_id, confidence, plate_photo_cut,"
               " plate, state")
    assert rows(columns) == [(now, now, record_id(source.pk, "r1"), 39_961_200, -82_998_800, source.pk, None, True,
                              "XYZ1234", "")]
    with databases.administrator() as admin:
        words = admin.execute(
            "SELECT k.name, m.name, o.name, p.state, p.zone, p.address, p.intersection FROM store.read r"
            " JOIN store.camera k ON k.id = r.camera_id JOIN store.make m ON m.id = r.make_id"
            " JOIN store.model o ON o.id = r.model_id JOIN store.place p ON p.id = r.place_id").fetchall()
    assert words == [("Gate 4", "Ford", "F-150", *PLACE[:4])]


@pytest.mark.req("DAT-3", "DAT-4")
def test_new_reads_and_a_batch_with_one_known_are_stored_and_matched_alike(prepared, stored, watch, now):
    """The first are copied straight into their months, the second by the careful statement."""
    watch(plate="BBB2", state="OH")
    watch(plate="CCC3", state="NY")

    def batch(name):
        return [prepared(f"{name}{number}", plate=plate, state=state, **kinds) for number, (plate, state, kinds) in enumerate([
            ("CCC3", "OH", {}), ("BBB2", "OH", {"confidence": -1}), ("B", "", {"plate_photo_cut": True}), ("BBB2", "", {}),
            ("BBB2", "OH", {"captured_at": now - timedelta(days=40), "longitude_e6": -1}), ("AAAAAAAAA1", "NY", {}),
            ("CCC3", "NY", {"camera": "Gate 5", "latitude_e6": 1})])]

    def kept():
        with databases.administrator() as admin:
            reads = admin.execute(
                "SELECT plate, state, captured_at, received_at, latitude_e6, longitude_e6, source_id, camera_id, place_id,"
                " make_id, model_id, confidence, plate_photo_cut, stored_at > now() - interval '1 minute' FROM store.read"
                " ORDER BY 1, 2, 3, 8").fetchall()
            hits = admin.execute(
                "SELECT plate, state, captured_at, zone, latitude, longitude, address, intersection, place_state, source, camera,"
                " make, model FROM alerts_hit ORDER BY 1, 2, 3").fetchall()
            claims = admin.execute("SELECT count(*), array_agg(DISTINCT digest), max(week) FROM store.recent_record").fetchall()
            admin.execute("DELETE FROM alerts_hit; DELETE FROM store.read")
            return reads, hits, claims

    assert stored(*batch("n"), prepared("known")).hits == 3
    new = kept()
    assert stored(*batch("c"), prepared("known")).duplicates == 1
    careful = kept()
    assert len(new[0]) == 8
    assert [read for read in new[0] if read[0] != "XYZ1234"] == careful[0]
    assert new[1] == careful[1]
    assert len(new[1]) == 3
    assert (new[2], careful[2]) == ([(8, [b"d" * 16], loading.week_of(now))], [(15, [b"d" * 16], loading.week_of(now))])


def test_what_must_stand_with_the_reads_falls_with_them(prepared, stored):
    def refuse(outcome):
        raise DatabaseError("no receipt, no reads")

    with pytest.raises(DatabaseError):
        stored(prepared(), beside=refuse)
    assert rows() == []
    assert stored(prepared()).stored == 1


@pytest.mark.req("DAT-4")
def test_nothing_is_stored_without_a_matcher(prepared, stored, monkeypatch):
    monkeypatch.setattr(loading, "matchers", [])
    with pytest.raises(loading.NoMatcher):
        stored(prepared())
    assert rows() == []


@pytest.mark.req("DAT-3")
def test_two_loaders_with_the_same_batch_store_it_once(prepared, source, now):
    batch = [prepared(f"r{i}", plate=f"AAA{i:04}") for i in range(500)]
    outcomes, errors = [], []
    start = threading.Barrier(4)

    def load(reads):
        try:
            start.wait()
            for part in (reads[:250], reads[250:]):
                outcomes.append(store(source=source, reads=part, received_at=now, now=now))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=load, args=[reads]) for reads in (batch, batch[::-1], batch, batch[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(outcome.stored for outcome in outcomes) == 500
    assert sum(outcome.duplicates for outcome in outcomes) == 1500
    assert len(rows()) == 500


def test_words_are_not_learnt_inside_a_transaction(prepared, stored):
    with transaction.atomic(using="loader"), pytest.raises(RuntimeError):
        stored(prepared())


def test_the_loader_reads_no_reads(database):
    with pytest.raises(DatabaseError), connections["loader"].cursor() as cursor:
        cursor.execute("SELECT latitude_e6 FROM store.read")


def test_a_wordbook_that_is_full_begins_anew(prepared, stored, monkeypatch):
    stored(prepared(), prepared("r2", make="Kia"))
    monkeypatch.setattr("lpr.wordbook.MOST_WORDS", 0)
    assert stored(prepared("r3", make="Lada"), prepared("r4", make="Kia")).stored == 2
    with databases.administrator() as admin:
        names = admin.execute("SELECT m.name FROM store.read r JOIN store.make m ON m.id = r.make_id ORDER BY 1").fetchall()
    assert [name for (name,) in names] == ["Ford", "Kia", "Kia", "Lada"]
