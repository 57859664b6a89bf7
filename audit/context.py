"""Who is acting in this request, task or command: what every event carries without being asked (AUD-1).

The room knows nobody: an actor is copied as text and ids from whatever `request.user` is, so the log outlives the account.
"""

import contextlib
import hashlib
import re
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class Actor:
    """A person or a part of the system; `id` is None for sources, jobs and commands."""

    id: int | None
    name: str
    aor: str = ""
    component: str = ""
    role: str = ""


SYSTEM = Actor(id=None, name="system")


@dataclass
class Context:
    """One request, task or command. `recorded` and `refusal_recorded` say whether an event, and one of a refusal, came of it,
    `spooled` whether one was not taken by the log."""

    request_id: str = ""
    address: str = ""
    client: str = ""
    session: str = ""
    path: str = ""
    actor: Actor | None = None
    recorded: bool = field(default=False, compare=False)
    refusal_recorded: bool = field(default=False, compare=False)
    spooled: bool = field(default=False, compare=False)


# Some addresses hold what a mail carried: a registration key, a recovery link, a ticket's link.
_SECRET_ADDRESS = re.compile(r"(/accounts/(?:register|recover)/|/help/follow/)[^/\s]+")

_current: ContextVar[Context | None] = ContextVar("audit_context", default=None)


def current() -> Context:
    """The running context; outside of requests an empty one."""
    return _current.get() or Context()


@contextlib.contextmanager
def entered(context: Context) -> Iterator[Context]:
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextlib.contextmanager
def acting(actor: Actor) -> Iterator[Context]:
    """A stretch of work done by `actor`: a command, a job, a source's delivery."""
    with entered(replace(current(), actor=actor)) as context:
        yield context


def actor_of(user: Any) -> Actor | None:
    """The actor for a signed-in user, or None for an anonymous one."""
    if not getattr(user, "is_authenticated", False):
        return None
    return Actor(
        id=user.pk,
        name=user.get_username(),
        aor=getattr(user, "aor_code", ""),
        component=getattr(user, "component", ""),
        role=getattr(user, "role", "") or ("superuser" if getattr(user, "is_superuser", False) else ""),
    )


def client_address(request: HttpRequest) -> str:
    """The client's address: what our own proxies saw, never what the client claims.

    Each of TRUSTED_PROXIES appends the address it was called from, so the client stands that many places from the right.
    """
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return request.META.get("REMOTE_ADDR", "")


def without_secret(text: str) -> str:
    """`text` with the secret part of every address in it left out, fit for a log or the spool."""
    return _SECRET_ADDRESS.sub(r"\1...", text)


def of_request(request: HttpRequest) -> Context:
    return Context(
        request_id=str(uuid.uuid4()),
        address=client_address(request)[:64],
        client=request.META.get("HTTP_USER_AGENT", "")[:200].replace("\x00", ""),
        path=without_secret(request.path),
    )


def session_mark(session_key: str | None) -> str:
    """A mark that ties the events of one session together and opens nothing."""
    return hashlib.sha256(f"session {session_key}".encode()).hexdigest()[:16] if session_key else ""
