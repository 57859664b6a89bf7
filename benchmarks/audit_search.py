"""The slowest search of an audit log of five million events, from the recorded search to its page, against half a second (AUD-3).

By wall clock, as an auditor waits, so the machine's load is reported with it. Each case is searched as OPR, who sees every area,
and as the manager of one: by each criterion, frequent and rare, by several that are frequent and hardly ever meet, within days,
and on to the second page. The log is two years of 500 officers in 20 areas, put into its table in bulk as the administrator.
"""

import os
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection
from tqdm import tqdm

from audit import context, search
from audit.search import Criteria
from benchmarks import ground
from benchmarks.measure import Ratio

STANDARD_SIZE = 5_000_000  # events of the log
GOAL = 1.0
SECONDS_ALLOWED = 0.5
ROUNDS = 3
MONTHS = 24
AUDITOR = context.Actor(id=9_001, name="auditor.opr", role="opr_auditor")
MANAGER = context.Actor(id=9_002, name="manager.a03", aor="A03", role="agency_manager")
# A plate that is asked all the time and one that was asked a few times; an officer who asks often and one who never did.
HOT, RARE = "HOT0001", "B000017"
BUSY, IDLE = "officer.003", "officer.999"

# Five events at a time: two questions, each with its answer, and a page or a sign-in. A tenth of the questions names a colleague.
# The lower an officer's number, the busier. An id carries its event's time as audit.append makes it; nothing is hashed or sealed.
_EVENTS = """
INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query, nonce, leaf,
                         payload)
SELECT e.at, e.id, '1', e.kind, e.officer, e.actor, 'A' || lpad((e.officer %% 20)::text, 2, '0'), e.named,
       CASE WHEN e.asks THEN e.plate END, CASE WHEN e.asks THEN 'NY' END, CASE WHEN e.asks THEN e.reason END, e.query,
       '\\x00', '\\x00',
       jsonb_strip_nulls(jsonb_build_object(
           'actor', e.actor, 'actor_id', e.officer, 'address', '192.0.2.17', 'role', 'officer',
           'named_aors', CASE WHEN e.named IS NOT NULL AND n %% 7 = 0 THEN jsonb_build_array('A03') END,
           'details', jsonb_build_object('case_reference', 'Subject name John Doe, case number ' || n, 'count', n %% 9)))::text
FROM (
    SELECT n, s.at + k.step * interval '40 milliseconds' AS at, k.step IN (0, 2) AS asks, s.officer, s.plate, s.reason,
           'officer.' || lpad(s.officer::text, 3, '0') AS actor,
           CASE k.step WHEN 0 THEN 'query.attempted' WHEN 1 THEN 'query.answered' WHEN 2 THEN 'query.attempted'
                       WHEN 3 THEN 'query.answered' ELSE (ARRAY['page.opened', 'session.signed_in'])[n %% 2 + 1] END AS kind,
           CASE WHEN k.step IN (0, 2) AND n %% 10 = 0 THEN 'Colleague ' || n %% 400 END AS named,
           audit_id.id, CASE WHEN k.step < 4 THEN head.id END AS query
    FROM (SELECT n, %(from)s::timestamptz + random() * (%(until)s::timestamptz - %(from)s::timestamptz) AS at,
                 floor(500 * power(random(), 2))::integer AS officer,
                 CASE WHEN n %% 200 = 0 THEN '{hot}' ELSE 'B' || lpad((n * 7919 %% 300000)::text, 6, '0') END AS plate,
                 (ARRAY['REMOVAL', 'REMOVAL', 'CRIMINAL', 'FUGITIVE'])[n %% 4 + 1] AS reason
          FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(count)s::bigint / 5 - 1) n) s
    CROSS JOIN generate_series(0, 4) k(step)
    CROSS JOIN LATERAL (SELECT {id}) audit_id(id)
    CROSS JOIN LATERAL (SELECT {head}) head(id)) e
ORDER BY e.at
"""
_ID = ("('0' || to_hex((extract(epoch FROM {at}) * 1000)::bigint << 16 | 28672) || '8'"
       " || lpad(to_hex(n * 8 + {step}), 15, '0'))::uuid")


def run(size: int) -> list[Ratio]:
    """`size`: events of the log."""
    with ground.database("audit_search"):
        _fill(size)
        load = os.getloadavg()[0]
        cases = [(actor, *case) for actor in (AUDITOR, MANAGER) for case in _cases()]
        spent: dict[tuple[str, str], list[float]] = {(actor.role, name): [] for actor, name, _, _ in cases}
        for number in range(1 + ROUNDS):
            for actor, name, criteria, page in tqdm(cases, desc="audit_search", unit="search", leave=False):
                seconds = _searched(actor, criteria, page)
                if number:
                    spent[actor.role, name].append(seconds)
    medians = {case: statistics.median(seconds) for case, seconds in spent.items()}
    (role, slowest), seconds = max(medians.items(), key=lambda item: item[1])
    once = max(max(seconds) for seconds in spent.values())
    return [Ratio(
        "audit_search", seconds / SECONDS_ALLOWED, GOAL,
        f"the slowest of {len(medians)} searches in {size:,} events ({slowest}, {role}: {seconds:.3f} s; all at p50"
        f" {statistics.median(medians.values()):.3f} s; once {once:.3f} s) against {SECONDS_ALLOWED} s, from the recorded search"
        f" to its page, load {load:.1f} before and {os.getloadavg()[0]:.1f} after on {os.cpu_count()} cores")]


def _cases() -> Iterator[tuple[str, Criteria, int]]:
    """Name, criteria and number of the page."""
    since = datetime.now(UTC) - timedelta(days=400)
    until = since + timedelta(days=7)
    yield "everything", Criteria(), 1
    yield "everything, page 2", Criteria(), 2
    yield "busy user", Criteria(user=BUSY), 1
    yield "user who never asked", Criteria(user=IDLE), 1
    yield "named", Criteria(on_behalf_of="Colleague 10"), 1
    yield "named, page 2", Criteria(on_behalf_of="Colleague 10"), 2
    yield "plate asked all the time", Criteria(plate=HOT), 1
    yield "plate asked a few times", Criteria(plate=RARE), 1
    yield "plate never asked", Criteria(plate="NEVER1"), 1
    yield "event", Criteria(event="session.signed_in"), 1
    yield "event that never was", Criteria(event="key.redeemed"), 1
    yield "reason", Criteria(reason="FUGITIVE"), 1
    yield "area", Criteria(aor="A03"), 1
    yield "another area", Criteria(aor="A11"), 1
    yield "a week long ago", Criteria(since=since, until=until), 1
    yield "user in a week long ago", Criteria(user=BUSY, since=since, until=until), 1
    yield "user and reason", Criteria(user=BUSY, reason="CRIMINAL"), 1
    yield "user and plate", Criteria(user=BUSY, plate=HOT), 1
    yield "user and plate, page 2", Criteria(user=BUSY, plate=HOT), 2
    yield "user and plate that never met", Criteria(user=IDLE, plate=HOT), 1
    yield "user and area that never met", Criteria(user=BUSY, aor="A11"), 1
    yield "named and reason", Criteria(on_behalf_of="Colleague 10", reason="FUGITIVE"), 1
    yield "reason and event that never meet", Criteria(reason="REMOVAL", event="session.signed_in"), 1
    yield "area, reason and event", Criteria(aor="A03", reason="REMOVAL", event="query.attempted"), 1
    yield "plate, area and week", Criteria(plate=HOT, aor="A03", since=since, until=until), 1


def _searched(actor: context.Actor, criteria: Criteria, page: int) -> float:
    """The seconds from the recorded search to its page."""
    with context.acting(actor):
        began = time.perf_counter()
        found = search.begin(criteria=criteria)
        cursor = ""
        for _ in range(page):
            # What somebody waits for is the page that was asked for last.
            began = time.perf_counter() if cursor else began
            shown = search.open_page(search=found, user_id=actor.id, cursor=cursor)
            cursor = shown.next_cursor
            if not cursor:
                break
    return time.perf_counter() - began


def _fill(size: int) -> None:
    until = datetime.now(UTC) - timedelta(minutes=10)
    step = timedelta(days=365 * 2) / MONTHS
    statement = _EVENTS.format(hot=HOT, id=_ID.format(at="s.at + k.step * interval '40 milliseconds'", step="k.step"),
                               head=_ID.format(at="s.at + k.step / 2 * 2 * interval '40 milliseconds'", step="(k.step / 2 * 2)"))
    with ground.session("postgres") as admin:
        for number in tqdm(range(MONTHS), desc="events", unit="month", leave=False):
            since = until - step * (MONTHS - number)
            admin.execute("SELECT audit.maintain_partitions(%s)", [since])
            count = size // MONTHS
            admin.execute(statement, {"from": since, "until": since + step, "count": count, "first": number * count // 5})
    ground.settle()
    connection.ensure_connection()
