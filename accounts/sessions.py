"""Sessions: when one begins, how long it lasts, how it ends (ACC-1)."""

from datetime import UTC, datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest

from accounts.access import user_of
from accounts.models import User
from audit.context import actor_of
from audit.events import Kind
from audit.middleware import identify
from audit.record import AuditUnavailable, record_durably

BEGAN = "began_at"
SEEN = "seen_at"
# The mark of the last request is written at most once in so many seconds.
SEEN_EVERY = 60
# Why the password must be changed before anything else opens, as the backend found it: TEMPORARY or BLOCKED.
CHANGE_DUE = "password_due"
TEMPORARY, BLOCKED = "temporary", "blocked"
# A session that a temporary password opened lasts no longer than such a password does (ACC-3).
TEMPORARY_SECONDS = 15 * 60


def begin(request: HttpRequest, *, user: User, now: datetime) -> None:
    """Open a session with a key of its own for a user who proved who they are; without its record there is none.

    Raises:
        AuditUnavailable: the sign-in could not be recorded; the session is gone again.
    """
    # last_login is not part of an account's history: the log has every sign-in.
    user.skip_history_when_saving = True  # type: ignore[attr-defined]
    login(request, user)
    request.session[BEGAN] = request.session[SEEN] = int(now.timestamp())
    if user.password_due:
        request.session[CHANGE_DUE] = user.password_due
    _record_or_close(request, Kind.SIGNED_IN)


def rise(request: HttpRequest, *, kind: Kind, marks: dict[str, int | str], **details: str) -> None:
    """Open a session further, under a new key: the old one is worth nothing (ACC-1).

    Args:
        request: of the session.
        kind: what was proven; `details` go with it.
        marks: what the session notes.

    Raises:
        AuditUnavailable: it could not be recorded; the session is gone.
    """
    request.session.update(marks)
    request.session.cycle_key()
    _record_or_close(request, kind, **details)


def password_due(request: HttpRequest) -> str:
    """Why the password must be changed before anything else, or nothing."""
    return request.session.get(CHANGE_DUE, "")


def password_done(request: HttpRequest) -> None:
    """The password is the owner's own again."""
    request.session.pop(CHANGE_DUE, None)


def _record_or_close(request: HttpRequest, kind: Kind, **details: str) -> None:
    identify(request)
    try:
        record_durably(kind, **details)
    except AuditUnavailable:
        request.session.flush()
        raise


def end(request: HttpRequest, *, kind: Kind = Kind.SIGNED_OUT, **details: str) -> None:
    """Close the session first, then record it: whoever asks to leave has left, even when the log cannot be written."""
    logout(request)
    record_durably(kind, **details)


def over(request: HttpRequest, *, now: datetime) -> str:
    """Why the session may not go on: "absolute", "idle", "account", "temporary" or nothing. Notes that it was used."""
    began, seen = request.session.get(BEGAN), request.session.get(SEEN)
    moment = int(now.timestamp())
    if began is None or seen is None or moment - began >= settings.SESSION_ABSOLUTE_SECONDS:
        return "absolute"
    if moment - seen >= settings.SESSION_IDLE_SECONDS:
        return "idle"
    if (cut_at := user_of(request).cut_at) and began < int(cut_at.timestamp()):
        return "account"
    if password_due(request) == TEMPORARY and moment - began >= TEMPORARY_SECONDS:
        return "temporary"
    if moment - seen >= SEEN_EVERY:
        request.session[SEEN] = moment
    return ""


def erase_all(user: User) -> int:
    """Erase every stored session of an account that is deleted; return how many there were."""
    stored = Session.objects.filter(expire_date__gt=datetime.now(UTC))
    theirs = [row.pk for row in stored.iterator() if row.get_decoded().get(SESSION_KEY) == str(user.pk)]
    return Session.objects.filter(pk__in=theirs).delete()[0]


def drop_of_closed_account(request: HttpRequest) -> None:
    """End what is left of a session whose account was closed: Django already treats the request as anonymous."""
    if request.user.is_authenticated or SESSION_KEY not in request.session:
        return
    user = User.objects.filter(pk=request.session[SESSION_KEY]).first()
    request.session.flush()
    record_durably(Kind.SESSION_ENDED, actor=actor_of(user), why="account")
