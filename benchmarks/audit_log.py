"""A log for the benchmarks that read one: questions with their answers, appended as the service does, and sealed."""

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
from django.conf import settings
from tqdm import tqdm

from audit import canonical, context, record, seals
from benchmarks import ground

_BATCH = 2_000
_APPEND = ("SELECT made.id FROM unnest(%s::text[]) WITH ORDINALITY said (payload, position)"
           " CROSS JOIN LATERAL (SELECT id FROM audit.append(%s::text, said.payload) OFFSET 0) made ORDER BY said.position")
OFFICER = context.Actor(id=17, name="officer.ero", aor="NYC", component="ERO", role="officer")


def grow(count: int) -> None:
    """Append `count` events, every second one the answer to the question before it."""
    with ground.session("lpr_app") as session, tqdm(total=count, desc="events", unit="event", leave=False) as bar:
        done = 0
        while done < count:
            asked = min(_BATCH, (count - done + 1) // 2)
            answered = min(asked, count - done - asked)
            questions = _append(session, "query.attempted", [_question(done + number) for number in range(asked)])
            _append(session, "query.answered", [_answer(query) for query in questions[:answered]])
            done += asked + answered
            bar.update(asked + answered)


@contextlib.contextmanager
def own_key() -> Iterator[None]:
    """A signing key of the benchmark's own: the log that is sealed is not the one of DATA_DIR."""
    kept = settings.AUDIT_SIGNING_KEY_FILE
    with tempfile.TemporaryDirectory() as folder:
        settings.AUDIT_SIGNING_KEY_FILE = Path(folder) / "audit-signing.pem"
        try:
            yield
        finally:
            settings.AUDIT_SIGNING_KEY_FILE = kept


def seal() -> None:
    """Seal what waits."""
    for _ in seals.seal_all(now=datetime.now(UTC)):
        pass


def _append(session: psycopg.Connection, kind: str, payloads: list[str]) -> list[UUID]:
    return [id for (id,) in session.execute(_APPEND, [payloads, kind]).fetchall()]


def _question(number: int) -> str:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return _text(
        plate=f"B{number % 10**6:06d}", state="NY", reason="REMOVAL", query=None, details={
            "captured_from": at.replace(year=2025), "captured_until": at, "timeframe": "1y", "for_whom": "self",
            "case_reference": f"Subject name John Doe, case number {10**7 + number}"})


def _answer(query: UUID) -> str:
    return _text(plate="", state="", reason="", query=query, details={"count": 3, "count_state_unread": 1, "digest": "d" * 64})


def _text(**facts: object) -> str:
    with context.entered(context.Context(
            request_id="6f0f3c70-93a5-4f3e-8b5e-1f3d0f6a2b11", address="192.0.2.17", session="0123456789abcdef",
            client="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")):
        return canonical.text(record.facts(actor=OFFICER, on_behalf_of="", **facts))  # type: ignore[arg-type]
