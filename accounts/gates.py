"""The gates between a session and everything else, in order, on every channel: pages, API, back office (ACC-1, 7, 8).

A gate is `gate(request, user, now) -> Gate or None`; the first that closes answers. Which views stay open is named here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from accounts import rules, sessions, training
from accounts.models import User
from audit.events import Kind


@dataclass(frozen=True)
class Gate:
    """A closed gate: the page that a browser is sent to, and what the API answers instead."""

    page: str
    status: int
    problem: str
    detail: str


# By name of the view. What is open at a gate is open at those before it.
ALWAYS_OPEN = frozenset({"accounts:login", "accounts:logout", "healthz", "readyz"})
OPEN_BEFORE_RULES = ALWAYS_OPEN | {"accounts:rules", "rules"}
OPEN_WITHOUT_TRAINING = OPEN_BEFORE_RULES | {"accounts:training"}


def session_goes_on(request: HttpRequest, user: User, now: datetime) -> Gate | None:
    why = sessions.over(request, now=now)
    if not why:
        return None
    sessions.end(request, kind=Kind.SESSION_ENDED, why=why)
    return Gate("accounts:login", 401, "session-ended", "The session is over. Sign in again.")


def rules_affirmed(request: HttpRequest, user: User, now: datetime) -> Gate | None:
    if rules.are_affirmed(request, now=now):
        return None
    return Gate("accounts:rules", 403, "rules-not-accepted", "Affirm the rules of behavior first.")


def training_complete(request: HttpRequest, user: User, now: datetime) -> Gate | None:
    if training.is_complete(user, now=now):
        return None
    return Gate("accounts:training", 403, "training-missing", "A required training course is missing or has lapsed.")


GateFunction = Callable[[HttpRequest, User, datetime], Gate | None]
GATES: tuple[tuple[GateFunction, frozenset[str]], ...] = (
    (session_goes_on, ALWAYS_OPEN),
    (rules_affirmed, OPEN_BEFORE_RULES),
    (training_complete, OPEN_WITHOUT_TRAINING),
)


def first_closed(request: HttpRequest, user: User, *, now: datetime) -> Gate | None:
    """The first gate that closes for this request, or None where all stand open."""
    view = request.resolver_match.view_name if request.resolver_match else ""
    for gate, open_views in GATES:
        if view not in open_views and (closed := gate(request, user, now)):
            return closed
    return None
