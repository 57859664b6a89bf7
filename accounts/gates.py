"""The gates between a session and everything else, in order, on every channel: pages, API, back office (ACC-1, 3, 7, 8, BEY-1).

A gate is `gate(request, user, now) -> Gate or None`; the first that closes answers. Which views stay open is named here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from accounts import rules, second_factor, sessions, training
from accounts.models import User
from audit.events import Kind


@dataclass(frozen=True)
class Gate:
    """A closed gate: the page that a browser is sent to, and what the API answers instead."""

    page: str
    status: int
    problem: str
    detail: str


# By name of the view.
ALWAYS_OPEN = frozenset({"accounts:login", "accounts:logout", "healthz", "readyz"})
# The help desk, which answers a session that is over or half open as it answers a stranger (ACC-13).
HELP = frozenset({"help:desk", "help:sent", "help:follow"})
OPEN_BEFORE_FACTOR = ALWAYS_OPEN | HELP | {"accounts:second_factor"}
OPEN_WITHOUT_PASSWORD = ALWAYS_OPEN | HELP | {"accounts:password"}
OPEN_WITHOUT_FACTOR = ALWAYS_OPEN | HELP | {"accounts:second_factor_set_up"}
# One's own tickets open to who gave all that proves who they are.
OPEN_BEFORE_RULES = ALWAYS_OPEN | HELP | {"help:ticket", "accounts:rules", "rules"}
OPEN_WITHOUT_TRAINING = OPEN_BEFORE_RULES | {"accounts:training"}


def session_goes_on(request: HttpRequest, user: User, now: datetime) -> Gate | None:
    why = sessions.over(request, now=now)
    if not why:
        return None
    sessions.end(request, kind=Kind.SESSION_ENDED, why=why)
    return Gate("accounts:login", 401, "session-ended", "The session is over. Sign in again.")


def factor_given(request: HttpRequest, user: User, now: datetime) -> Gate | None:
    if not second_factor.is_bound(user):
        if not second_factor.is_given(request):
            return None
        sessions.end(request, kind=Kind.SESSION_ENDED, why="factor")
        return Gate("accounts:login", 401, "session-ended", "The second factor of this session is gone. Sign in again.")
    if second_factor.is_given(request):
        return None
    return Gate("accounts:second_factor", 403, "second-factor-required", "Give your second factor first.")


def password_is_own(request: HttpRequest, user: User, now: datetime) -> Gate | None:
    if not sessions.password_due(request):
        return None
    return Gate("accounts:password", 403, "password-change-required", "Set a new password first.")


def factor_set_up(request: HttpRequest, user: User, now: datetime) -> Gate | None:
    if second_factor.is_given(request) or not second_factor.is_required(user):
        return None
    return Gate("accounts:second_factor_set_up", 403, "second-factor-required", "Set up a second factor first.")


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
    (session_goes_on, ALWAYS_OPEN | HELP),
    (factor_given, OPEN_BEFORE_FACTOR),
    (password_is_own, OPEN_WITHOUT_PASSWORD),
    (factor_set_up, OPEN_WITHOUT_FACTOR),
    (rules_affirmed, OPEN_BEFORE_RULES),
    (training_complete, OPEN_WITHOUT_TRAINING),
)


def first_closed(request: HttpRequest, user: User, *, now: datetime, view: str | None = None) -> Gate | None:
    """The first gate that closes for this request, or None: it alone decides, and opens the views that it names.

    Args:
        request, user: who wants to go where.
        now: the moment.
        view: the name of another view than the request's; empty for one that is behind every gate.
    """
    if view is None:
        view = request.resolver_match.view_name if request.resolver_match else ""
    if view in ALWAYS_OPEN:
        return None
    for gate, open_views in GATES:
        if closed := gate(request, user, now):
            return None if view in open_views else closed
    return None


def is_proven(request: HttpRequest, user: User, *, now: datetime) -> bool:
    """Whether the session goes on and was opened by all that proves who somebody is, rules and training aside."""
    return not any(gate(request, user, now) for gate in (session_goes_on, factor_given, password_is_own, factor_set_up))
