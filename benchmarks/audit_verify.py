"""The check of a whole sealed log against bare SHA-256 over the same bytes, held in memory and hashed once each.

Twice: by CPU, of this process and of the auditor's session together, which a busy machine changes least; and by the clock on the
wall, which is what somebody waits: PostgreSQL puts the next page together on a second core meanwhile. The goal is asked of both;
the line that bears its name is the stricter one, by CPU.
"""

import time
from collections.abc import Mapping, Sequence
from hashlib import sha256

from django.db import connections

from audit import verification
from benchmarks import audit_log, ground
from benchmarks.measure import Ratio, cpu_clock, percentile, ratio, turn_by_turn

STANDARD_SIZE = 100_000  # events of the log
GOAL = 8.0
ROUNDS = 5


def run(size: int) -> list[Ratio]:
    """`size`: events of the log."""
    with ground.database("audit_verify"), audit_log.own_key():
        audit_log.grow(size)
        audit_log.seal()
        ground.settle()
        hashed = _hashed_bytes()
        connections["auditor"].ensure_connection()
        clock = cpu_clock(connections["auditor"].connection.info.backend_pid)
        sides = {"verify": lambda _: _verify(), "sha256": lambda _: _hash(hashed)}
        clocks = (("audit_verify", clock, "µs CPU"), ("audit_verify_wall", time.perf_counter, "µs"))
        return [_line(name, size, turn_by_turn(sides, rounds=ROUNDS, clock=measured, say=name), unit)
                for name, measured, unit in clocks]


def _line(name: str, size: int, cost: Mapping[str, Sequence[float]], unit: str) -> Ratio:
    ours, theirs = (percentile(cost[side], 0.5) / size * 1e6 for side in ("verify", "sha256"))
    return Ratio(name, ratio(cost["verify"], cost["sha256"]), GOAL,
                 f"check of {size:,} sealed events, columns, tree and signatures ({ours:.1f} {unit} an event) against bare"
                 f" SHA-256 over the same bytes ({theirs:.2f} {unit})")


def _verify() -> None:
    verification.verify()


def _hash(texts: Sequence[bytes]) -> None:
    for text in texts:
        sha256(text).digest()


def _hashed_bytes() -> list[bytes]:
    """What is hashed of each event: header, nonce and payload."""
    with ground.session("postgres") as admin:
        rows = admin.execute(
            "SELECT convert_to(concat_ws(chr(10), 'plateledger event v1', e.id, (extract(epoch FROM e.at) * 1000000)::bigint,"
            " e.xact, e.kind, ''), 'UTF8') || e.nonce || convert_to(e.payload, 'UTF8')"
            " FROM audit.event e ORDER BY e.at, e.id").fetchall()
    return [bytes(text) for (text,) in rows]
