"""Events of long ago: audit.append has no clock but the server's, so an administrator writes them as it would have."""

import json
import os
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from audit import canonical, signing, verifier
from config import databases


def append_old(at: datetime, *events: tuple[str, dict[str, Any]]) -> list[str]:
    """Append events as (kind, payload), a second apart from `at` on; they wait for their seal. Returns their ids."""
    with databases.administrator() as connection:
        connection.execute("SELECT audit.maintain_partitions(%s)", [at])
        return [_append(connection, at.replace(second=number % 60), kind, payload)
                for number, (kind, payload) in enumerate(events)]


def fill(at: datetime, count: int) -> list[str]:
    return append_old(at, *[("x.y", {"actor": "a", "number": number}) for number in range(count)])


def said(actor_id: int, role: str, **details: Any) -> dict[str, Any]:
    return {"actor_id": actor_id, "actor": f"u{actor_id}", "role": role, "details": details}


def run(*statements: str) -> None:
    """As whoever rules the server, for whom triggers are no obstacle."""
    with databases.administrator() as connection:
        connection.execute("SET session_replication_role = replica")
        for table in ("event", "kept_event", "sealed_leaf", "node", "checkpoint"):
            connection.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER ALL")
        for statement in statements:
            connection.execute(statement)


def rows(statement: str) -> list[Any]:
    with databases.administrator() as connection:
        return connection.execute(statement).fetchall()


def _append(connection: Any, at: datetime, kind: str, facts: dict[str, Any]) -> str:
    payload, nonce, micros = canonical.text(facts), os.urandom(32), signing.microseconds(at)
    id = str(uuid.UUID(f"{micros // 1000:012x}7{uuid.uuid4().hex[13:]}"))
    leaf = verifier.leaf_hash(id, micros, "3", kind, nonce, payload)
    copied: Iterable[Any] = (json.loads(payload).get(name) for name in (
        "actor_id", "actor", "aor", "on_behalf_of", "plate", "state", "reason", "query"))
    connection.execute(
        "INSERT INTO audit.event (at, id, xact, kind, actor_id, actor, aor, on_behalf_of, plate, state, reason, query, nonce,"
        " leaf, payload) VALUES (%s, %s, '3', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [at, id, kind, *copied, nonce, leaf, payload])
    connection.execute("INSERT INTO audit.unsealed (at, id, leaf) VALUES (%s, %s, %s)", [at, id, leaf])
    return id
