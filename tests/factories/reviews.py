"""Queries of the log for reviews: asked through the service where it matters who is told, else put on record as it is."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from accounts import sanctions
from accounts.models import User
from audit import context
from audit.events import Kind
from audit.models import Method, Review
from audit.record import record_durably
from audit.reviews import reviewing
from config import databases
from lpr import search
from lpr.query import Query
from tests.factories.alerts import CASE


def question(**fields: Any) -> Query:
    now = datetime.now(UTC)
    whole = {"plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "7d", "captured_from": now - timedelta(days=7),
             "captured_until": now, "case_reference": CASE, "for_whom": "other" if fields.get("other_name") else "self"}
    return Query(**whole | fields)


@pytest.fixture
def asked(database: None) -> Callable[..., UUID]:
    """`asked(user, **fields) -> number`: a query of `user`, asked through the service. `at` puts it at another time."""

    def ask(user: User, *, at: datetime | None = None, **fields: Any) -> UUID:
        with context.acting(context.actor_of(user) or context.SYSTEM):
            number = search.run_query(query=question(**fields)).id
        return number if at is None else moved(number, at)

    return ask


def moved(event: UUID, at: datetime) -> UUID:
    """The event as if recorded at `at`, past every guard: the database's clock is real, and tests need other hours."""
    number = UUID(int=(int(at.timestamp() * 1000) << 80) | (event.int & ((1 << 80) - 1)))
    with databases.administrator() as connection:
        connection.execute("ALTER TABLE audit.event DISABLE TRIGGER refuse_change")
        connection.execute("UPDATE audit.event SET at = %s, id = %s, query = %s WHERE id = %s", [at, number, number, event])
        connection.execute("ALTER TABLE audit.event ENABLE ALWAYS TRIGGER refuse_change")
    return number


@pytest.fixture
def opened(database: None) -> Callable[..., Review]:
    """`opened(user, **arguments)`: a review of the user's area, of yesterday and today."""

    def begin(user: User, **arguments: Any) -> Review:
        now = datetime.now(UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        whole = {"aor": user.aor_code, "since": midnight - timedelta(days=1), "until": midnight + timedelta(days=1),
                 "method": Method.RANDOM, "size": reviewing.policy().smallest_sample, "now": now}
        with context.acting(context.actor_of(user) or context.SYSTEM):
            return reviewing.begin(user=user, **whole | arguments)

    return begin


def attempt(actor: context.Actor, **facts: Any) -> UUID:
    """An attempt straight into the log, fast where a hundred are needed."""
    whole = {"plate": "ABC123", "state": "PA", "reason": "CRIM", "case_reference": CASE, "for_whom": "self", "timeframe": "7d",
             "captured_from": datetime.now(UTC), "captured_until": datetime.now(UTC)}
    return record_durably(Kind.QUERY_ATTEMPTED, actor=actor, **whole | facts).id


def reprimanded(person: User, by: User, now: datetime) -> str:
    """The number of a reprimand of `person`, put on record by their manager."""
    made = sanctions.impose(account=person, kind="reprimand", reason="Misuse", evidence="Events of last night", by=by, now=now)
    return str(made.pk)
