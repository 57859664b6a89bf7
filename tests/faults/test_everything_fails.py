"""Clients post reads and change lists while everything is killed and restored; then a journal is held against the truth (G7).

The proof of "nothing lost, nothing doubled": each pair of a read and an entry that stood before the read was sent has one hit,
each hit one intent for each recipient, each intent a mail under one Message-ID. The usual run has one fault of each part, in the
order of a seed (`FAULT_SEED` repeats it); `SOAK=1` (`make soak`) goes on for ten minutes.
"""

import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter, defaultdict
from functools import partial
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from alerts.envelopes import message_id
from lpr import photos
from lpr.admission import KINDS, record_id
from tests.faults.clients import Journal, NoAnswer, Officer, Source
from tests.faults.processes import OFFICERS, SOURCES
from tests.faults.world import World

LONG = bool(os.environ.get("SOAK"))
SOAK_SECONDS = 600
LEAST_FAULTS, WANTED_PAIRS = (150, 1000) if LONG else (8, 25)
# Between two faults the service works again: deliveries, additions, renewals and removals that were answered.
ANSWERS_BETWEEN = 6
# So long nothing may stand still; how long all takes is the machine's business.
STILL_SECONDS = 180

# Its PostgreSQL and Redis are its own, whatever servers the other tests use: it runs beside them, and waits more than it works.
pytestmark = [pytest.mark.faults, pytest.mark.embedded]


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
    assert report["pairs"] >= WANTED_PAIRS
    assert world.faults.total() >= LEAST_FAULTS


def run_clients(world, keys) -> Journal:
    """Let officers and sources work while the world's faults happen, until enough is at stake; then let all get their answers."""
    journal, over = Journal(), threading.Event()
    officers = [Officer(world.http_port, journal, over, n, name=name, colleague=OFFICERS[0] if n else "")
                for n, name in enumerate(OFFICERS)]
    wait(lambda: is_up(officers[0]), lambda: None, "the pages do not come up")
    for officer in officers:
        officer.sign_in()
    sources = [Source(world.http_port, journal, over, n + 10, key=keys[name], name=name) for n, name in enumerate(SOURCES)]
    clients = [*officers, *sources]
    for client in clients:
        client.start()
    started = time.monotonic()

    def answers() -> int:
        return journal.answers

    def has_enough() -> bool:
        # A removal that is under way takes some of them away again.
        return bool(journal.strange) or sum(1 for _ in sure_pairs(journal)) >= 2 * WANTED_PAIRS

    def is_repaired(fault: str, before: int) -> bool:
        world.revive()
        return bool(journal.strange) or (world.is_over(fault) and journal.answers >= before + ANSWERS_BETWEEN)

    wait(partial(is_repaired, "", 0), answers, "no client gets an answer")
    for fault in world.any_faults() if LONG else world.few_faults():
        print(f"{time.monotonic() - started:.1f} s: {fault}", flush=True)
        world.do(fault)
        wait(partial(is_repaired, fault, journal.answers), answers, f"after {fault} no client gets an answer")
        if journal.strange or (LONG and time.monotonic() - started > SOAK_SECONDS and world.faults.total() >= LEAST_FAULTS):
            break
    wait(has_enough, answers, "reads and entries that match are missing")
    over.set()
    # Whoever waits for an answer gets it now.
    world.calm()
    wait(lambda: not any(client.is_alive() for client in clients), answers, "a client never got its answer")
    return journal


def wait(is_reached, progress, otherwise) -> None:
    """Until something is reached: a slow machine has all the time that it needs, one on which nothing moves fails."""
    seen, since = progress(), time.monotonic()
    while not is_reached():
        time.sleep(0.1)
        if (now := progress()) != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > STILL_SECONDS:
            pytest.fail(f"{otherwise}: {seen}")


def sure_pairs(journal):
    """Each entry that stands, with each read of its plate that was sent after the entry was answered, and answered."""
    last = {(entry.alert_list, entry.plate): entry for entry in journal.entries}
    for entry in last.values():
        if entry.added_at is not None and entry.removing_at is None:
            yield from ((entry, read) for read in list(journal.reads)
                        if read.acked_at and read.plate == entry.plate and entry.added_at < read.sent_at)


def is_up(client) -> bool:
    try:
        return client.call("GET", "/healthz")[0] == 200
    except NoAnswer:
        return False


def wait_until_all_is_sent(world) -> None:
    def waiting() -> tuple[int, int]:
        """Notifications and activations that nobody has seen to."""
        with world.administrator() as admin:
            return admin.execute(
                "SELECT (SELECT count(*) FROM alerts_notification WHERE status = 'waiting'),"
                " (SELECT count(*) FROM alerts_entry WHERE activation IS NOT NULL AND matched_back_at IS NULL)").fetchone()

    wait(lambda: waiting() == (0, 0), waiting, "(notifications, activations) left waiting")


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
