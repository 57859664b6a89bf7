"""Clients post reads and change lists while everything is killed and restored; then a journal is held against the truth (G7).

The proof of "nothing lost, nothing doubled": each pair of a read and an entry that stood before the read was sent has one hit,
each hit one intent for each recipient, each intent a mail under one Message-ID. `FAULT_RUN=1` runs for a short while, `SOAK=1`
(`make soak`) for ten minutes; `FAULT_SEED` repeats a run's faults.
"""

import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from alerts.mails import message_id
from lpr import photos
from lpr.admission import KINDS, record_id
from tests.faults.clients import Journal, Officer, Source
from tests.faults.processes import OFFICERS, SOURCES
from tests.faults.world import World

LONG = bool(os.environ.get("SOAK"))
# A run goes on until it has proven something: a busy machine takes longer for the same.
SECONDS, MOST_SECONDS = (600, 1800) if LONG else (12, 240)
LEAST_FAULTS, WANTED_PAIRS = (150, 1000) if LONG else (8, 25)
# What a run on a machine that is busy with other things must reach at least.
LEAST_PAIRS = 300 if LONG else 1
QUIET_SECONDS = 180

# Its PostgreSQL and Redis are its own, whatever servers the other tests use.
pytestmark = [pytest.mark.faults, pytest.mark.embedded, pytest.mark.skipif(
    not (LONG or os.environ.get("FAULT_RUN")), reason="takes both cores for minutes: FAULT_RUN=1 or `make soak` run it")]


@pytest.fixture
def world():
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    seed = int(os.environ.get("FAULT_SEED") or random.randrange(10**6))
    print(f"FAULT_SEED={seed}")
    yield World(folder, seed)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.req("ALR-5", "DAT-3", "DAT-4")
def test_nothing_is_lost_and_nothing_doubled_whatever_is_killed(world):
    with world.running() as keys:
        journal = run_clients(world, keys)
        world.calm()
        wait_until_all_is_sent(world)
        report = verdict(world, journal)
    print(f"faults {dict(world.faults)}; calls {journal.calls}, of them without an answer {journal.lost_answers};"
          f" reads {len(journal.reads)}, entries {len(journal.entries)}; {report}")
    assert journal.strange == []
    assert report["wrong"] == []
    assert report["pairs"] >= LEAST_PAIRS, "the run was too short to prove anything"
    assert sum(world.faults.values()) >= LEAST_FAULTS


def run_clients(world, keys) -> Journal:
    journal, over, chance = Journal(), threading.Event(), random.Random(world.http_port)
    officers = [Officer(world.http_port, journal, over, n, name=name, colleague=OFFICERS[0] if n else "")
                for n, name in enumerate(OFFICERS)]
    wait_for_pages(officers[0])
    for officer in officers:
        officer.sign_in()
    sources = [Source(world.http_port, journal, over, n + 10, key=keys[name], name=name) for n, name in enumerate(SOURCES)]
    for client in (*officers, *sources):
        client.start()
    started = time.monotonic()
    while not is_enough(journal, world, time.monotonic() - started):
        time.sleep(chance.uniform(0.2, 0.8))
        if is_enough(journal, world, 0, faults_alone=True) and not LONG:
            continue
        print(f"{time.monotonic() - started:.1f} s: {world.one_fault()}", flush=True)
        world.revive()
        wait_for_an_answer(journal)
    over.set()
    # Whoever waits for an answer gets it now.
    world.calm()
    for client in (*officers, *sources):
        client.join(QUIET_SECONDS)
        assert not client.is_alive(), "a client never got an answer"
    return journal


def is_enough(journal, world, seconds, *, faults_alone=False) -> bool:
    if sum(world.faults.values()) < LEAST_FAULTS:
        return seconds > MOST_SECONDS
    return faults_alone or seconds > MOST_SECONDS or (
        seconds > SECONDS and sum(1 for _ in sure_pairs(journal)) >= WANTED_PAIRS)


def sure_pairs(journal):
    """Each entry that stands, with each read of its plate that was sent after the entry was answered, and answered."""
    last = {(entry.alert_list, entry.plate): entry for entry in journal.entries}
    for entry in last.values():
        if entry.added_at is not None and entry.removing_at is None:
            yield from ((entry, read) for read in list(journal.reads)
                        if read.acked_at and read.plate == entry.plate and entry.added_at < read.sent_at)


def wait_for_an_answer(journal) -> None:
    """A service that is let answer nothing proves nothing: the next fault comes after the next answer, or in five seconds."""
    answered = sum(read.acked_at is not None for read in journal.reads)
    until = time.monotonic() + 5
    while time.monotonic() < until and sum(read.acked_at is not None for read in journal.reads) == answered:
        time.sleep(0.05)


def wait_for_pages(client) -> None:
    until = time.monotonic() + QUIET_SECONDS
    while time.monotonic() < until:
        try:
            if client.call("GET", "/healthz")[0] == 200:
                return
        except Exception:
            time.sleep(0.3)
    pytest.fail("the pages did not come up")


def wait_until_all_is_sent(world) -> None:
    until = time.monotonic() + QUIET_SECONDS
    waiting = None
    while time.monotonic() < until:
        with world.administrator() as admin:
            waiting = admin.execute(
                "SELECT (SELECT count(*) FROM alerts_notification WHERE status = 'waiting'),"
                " (SELECT count(*) FROM alerts_entry WHERE activation IS NOT NULL AND matched_back_at IS NULL)").fetchone()
        if waiting == (0, 0):
            return
        time.sleep(0.5)
    pytest.fail(f"(notifications, activations) left waiting: {waiting}")


def verdict(world, journal) -> dict:
    """What the database and the mailbox hold against what the journal says; `wrong` is empty when all is well."""
    with world.administrator() as admin:
        ask = lambda statement: admin.execute(statement).fetchall()  # noqa: E731
        source_ids = dict(ask("SELECT name, id FROM lpr_source"))
        stored = Counter(row[0] for row in ask("SELECT record_id FROM store.read"))
        living = {(str(alert_list), plate): str(entry)
                  for entry, alert_list, plate in ask("SELECT id, alert_list_id, plate FROM alerts_entry")}
        hits = Counter((str(entry), record) for entry, record in ask("SELECT entry_id, record_id FROM alerts_hit"))
        events = Counter((entry, record) for entry, record in ask(
            "SELECT payload::jsonb->'details'->>'entry', (payload::jsonb->'details'->>'record')::uuid FROM audit.event"
            " WHERE kind = 'hit.made'"))
        intents = ask("SELECT coalesce(letter, id), entry_id, record_id, recipient_id, status FROM alerts_notification"
                      " WHERE kind = 'hit'")
        told = defaultdict(set)
        for entry, user in ask("SELECT entry_id, user_id FROM alerts_recipient"):
            told[str(entry)].add(user)
    wrong: list[str] = []
    files = FileSystemStorage(location=world.data_dir / "media")
    for read in journal.reads:
        id = record_id(source_ids[read.source], read.record)
        if read.acked_at is None:
            wrong.append(f"{read.record} never got an answer")
        if stored[id] != 1:
            wrong.append(f"{read.record} is stored {stored[id]} times")
        wrong += [f"{read.record} has no {kind} photo" for kind in KINDS if not files.exists(photos.name(id, kind))]
    for key, entry in {(entry.alert_list, entry.plate): entry for entry in journal.entries}.items():
        if (key in living) != (entry.removed_at is None) and (entry.added_at or entry.removed_at):
            wrong.append(f"{key} is {'there' if key in living else 'not there'}")
    pairs = [(living.get((entry.alert_list, entry.plate), ""), read) for entry, read in sure_pairs(journal)]
    for entry_id, read in pairs:
        found = hits[entry_id, record_id(source_ids[read.source], read.record)]
        if found != 1:
            wrong.append(f"{entry_id} and {read.record} have {found} hits")
    alive = set(living.values())
    wrong += [f"a hit of an entry that was removed: {pair}" for pair in hits if pair[0] not in alive]
    wrong += [f"{pair} has {events[pair]} events" for pair in hits if events[pair] != 1]
    wrong += [f"{count} hits of {pair}" for pair, count in hits.items() if count != 1]
    sent_to = defaultdict(list)
    for id, entry, record, recipient, status in intents:
        sent_to[str(entry), record].append(recipient)
        if status != "sent":
            wrong.append(f"intent {id} is {status}")
    for pair in hits:
        if sorted(sent_to[pair]) != sorted(told[pair[0]]):
            wrong.append(f"{pair} told {sent_to[pair]}, not {told[pair[0]]}")
    # The part before the host, which is another in the service's settings.
    mails = Counter(name.partition("@")[0] for name in world.mailbox.message_ids)
    wrong += [f"intent {id} has no mail" for id, *_ in intents if not mails[message_id(id).partition("@")[0]]]
    repeated = sum(count - 1 for count in mails.values())
    allowed = world.cut_sends + world.mailbox.dropped
    if repeated > allowed:
        wrong.append(f"{repeated} mails came again, at most {allowed} were cut")
    return {"pairs": len(pairs), "hits": len(hits), "intents": len(intents), "mails": sum(mails.values()), "repeated": repeated,
            "cut": allowed, "wrong": wrong}
