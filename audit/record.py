"""The only writer of the log (AUD-1, AUD-2, QRY-8).

`record` writes into the transaction that is open, so that a change and its event stand or fall together. What must stand
whatever happens next (an attempt, a refusal) is written by `record_durably`, which insists that no transaction is open.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import Error, connections

from audit import canonical, context, names, people
from audit.events import Kind, is_refusal

logger = logging.getLogger(__name__)


class AuditUnavailable(Exception):
    """The log cannot be written: the action is not done and nothing is shown (answered as 503)."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Recorded(NamedTuple):
    id: UUID
    at: datetime

    @classmethod
    def of(cls, id: UUID) -> "Recorded":
        """What `audit.append` answers: an id that carries its time, milliseconds since 1970 and the microseconds beyond them."""
        return cls(id, _EPOCH + timedelta(milliseconds=id.int >> 80, microseconds=id.int >> 64 & 0xFFF))


def record(
    kind: Kind,
    *,
    actor: context.Actor | None = None,
    on_behalf_of: str = "",
    plate: str = "",
    state: str = "",
    reason: str = "",
    query: UUID | None = None,
    using: str = "default",
    **details: Any,
) -> Recorded:
    """Append one event and return its id and the database's time.

    Args:
        kind: the catalogue's kind.
        actor: who acts; by default the actor of the running request, task or command.
        on_behalf_of: the person named, where one is.
        plate, state, reason: what was asked or watched, folded as in the store.
        query: the id of the attempt that the event belongs to.
        using: the database alias whose transaction the event joins.
        details: what else happened; whole numbers, text, times, lists and mappings.

    Raises:
        AuditUnavailable: the database did not take the event.
    """
    try:
        payload = canonical.text(facts(
            actor=actor, on_behalf_of=on_behalf_of, named_aors=people.areas_named(on_behalf_of), plate=plate, state=state,
            reason=reason, query=query, details=details))
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT audit.append(%s::text, %s::text)", [str(kind), payload])
            recorded = Recorded.of(*cursor.fetchone())
    except Error as error:
        _spool(error)
        raise AuditUnavailable(str(kind)) from error
    _note(kind)
    return recorded


def record_many(kind: Kind, events: Sequence[Mapping[str, Any]]) -> list[Recorded]:
    """Append one event for each of `events`, in one statement and in their order. Each holds arguments as for `record`.

    Raises:
        AuditUnavailable: the database did not take them.
    """
    if not events:
        return []
    nothing = {"actor": None, "on_behalf_of": "", "plate": "", "state": "", "reason": "", "query": None}
    try:
        areas = {name: people.areas_named(name) for name in {said.get("on_behalf_of", "") for said in events}}
        payloads = [canonical.text(facts(**nothing | {name: said[name] for name in nothing if name in said},
                                         named_aors=areas[said.get("on_behalf_of", "")],
                                         details={name: said[name] for name in said if name not in nothing}))
                    for said in events]
        with connections["default"].cursor() as cursor:
            # Line by line, which canonical text never breaks: a list of texts costs the client more to write down.
            cursor.execute("SELECT audit.append_many(%s::text, string_to_array(%s::text, chr(10)))",
                           [str(kind), "\n".join(payloads)])
            recorded = [Recorded.of(id) for id in cursor.fetchone()[0]]
    except Error as error:
        _spool(error)
        raise AuditUnavailable(str(kind)) from error
    _note(kind)
    return recorded


def record_durably(kind: Kind, *, using: str = "default", **facts_and_details: Any) -> Recorded:
    """Append one event in a transaction of its own, committed on return. Arguments as for `record`.

    Raises:
        AuditUnavailable: the database did not take the event.
        RuntimeError: a transaction is open, whose rollback would erase the event.
    """
    if connections[using].in_atomic_block:
        raise RuntimeError(f"{kind} must be recorded outside of any transaction")
    return record(kind, using=using, **facts_and_details)


def facts(
    *, actor: context.Actor | None, on_behalf_of: str, plate: str, state: str, reason: str, query: UUID | None,
    details: dict[str, Any], named_aors: Sequence[str] = (),
) -> dict[str, Any]:
    """The whole of an event as it is hashed: who, from where, for whom, what.

    `named_aors`: the areas of the person named. Those that are not the actor's own stand in the event, whose keepers see it too
    (audit.events_page).
    """
    now = context.current()
    actor = actor or now.actor or context.SYSTEM
    elsewhere = [code for code in named_aors if code != actor.aor]
    return {
        "actor_id": actor.id, "actor": actor.name, "aor": actor.aor, "component": actor.component, "role": actor.role,
        "request": now.request_id, "address": now.address, "client": now.client, "session": now.session,
        "on_behalf_of": names.tidy(on_behalf_of), "named_aors": elsewhere or None, "plate": plate, "state": state,
        "reason": reason, "query": query, "details": details,
    }


def _note(kind: Kind) -> None:
    """The middleware asks what came of a request."""
    now = context.current()
    now.recorded = True
    now.refusal_recorded = now.refusal_recorded or is_refusal(kind)


def _spool(error: Exception) -> None:
    """Note that an event was not taken: time, user id, path and error, never what was asked."""
    now = context.current()
    now.spooled = True
    user = now.actor.id if now.actor else None
    # The path is the caller's text: written so that it cannot start a line of its own.
    path = now.path[:200].encode("unicode_escape").decode()
    line = f"{datetime.now(UTC).isoformat()} user={user} path={path} error={type(error).__name__}\n"
    try:
        settings.AUDIT_SPOOL.parent.mkdir(parents=True, exist_ok=True)
        with open(settings.AUDIT_SPOOL, "a", encoding="utf-8") as spool:
            spool.write(line)
    except OSError:
        logger.error("neither the log nor the spool can be written")
    logger.critical("the audit log cannot be written: %s", type(error).__name__)
