"""The second factor between password and splash (BEY-1, decision 12): app, passkey or recovery code.

Whatever is tried counts in the account's one lockout row; a proof works once, however many use it at the same moment.
"""

import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django_otp.oath import hotp

from accounts import lockout, notices, passkeys, recovery_codes, sessions
from accounts.models import Authenticator, Notice, Passkey, PasskeyChallenge, RecoveryCode, Role, User
from accounts.training import APPOINTED
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably

# The mark in the session, with the second at which the factor was given.
GIVEN = "factor_given_at"
STEP_SECONDS = 30
KEY_BYTES = 20
SET_UP_LIFE = timedelta(hours=1)
# Whoever changes factors gave one not longer ago than this.
FRESH = timedelta(minutes=15)
# Those whose account opens the most give a factor in production whatever the setting says.
NEVER_WITHOUT = frozenset({Role.AGENCY_MANAGER, Role.OPR_AUDITOR})
# Operator staff and the appointer have nobody above them but the installation's superuser.
OF_NOBODY = frozenset({Role.HELP_DESK, Role.DATA_QUALITY, Role.OPERATIONS, Role.AGENCY_APPOINTER})


class FactorRefused(Exception):
    """The proof was wrong, late or used, or the account is locked."""


class MayNotReset(Exception):
    """Only who keeps the account resets its factor, and nobody their own."""


class LastFactor(Exception):
    """An account that must have a factor keeps its last one."""


def is_required(user: User) -> bool:
    """Whether `user` may not enter without a factor."""
    always = settings.PRODUCTION and (user.role in NEVER_WITHOUT or user.is_superuser)
    return bool(settings.MFA_REQUIRED or always)


def is_bound(user: User) -> bool:
    """Whether `user` has a factor; where one is, it is asked for whatever the setting says."""
    apps = Authenticator.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)
    keys = Passkey.objects.filter(user=OuterRef("pk"))
    return User.objects.filter(pk=user.pk).filter(Exists(apps) | Exists(keys)).exists()


def has_app(user: User) -> bool:
    return Authenticator.objects.filter(user=user, confirmed_at__isnull=False).exists()


def is_given(request: HttpRequest) -> bool:
    return GIVEN in request.session


def is_fresh(request: HttpRequest, *, now: datetime) -> bool:
    """Whether the factor was given so lately that factors may be changed."""
    return now.timestamp() - request.session.get(GIVEN, 0) < FRESH.total_seconds()


def enter(request: HttpRequest, *, user: User, code: str = "", passkey: str = "", now: datetime) -> None:
    """Open the session to one proof: a code of the app, a recovery code, or a passkey's answer.

    Args:
        request: of a session whose password was right.
        user: its owner.
        code: as typed. passkey: the browser's credential as JSON.
        now: the moment of the attempt.

    Raises:
        FactorRefused: refused, recorded, and counted toward lockout.
        AuditUnavailable: the proof could not be recorded; the session is gone.
    """
    through = sessions.password_due(request) == sessions.TEMPORARY
    row = lockout.row_of(user, user.username)
    try:
        lockout.reserve(row=row, now=now, through_lock=through)
        if how := _proven(user, code, passkey, now):
            lockout.succeeded(row=row, through_lock=through)
    except lockout.Locked as locked:
        record_durably(Kind.FACTOR_REFUSED, why="locked")
        raise FactorRefused from locked
    if not how:
        record_durably(Kind.FACTOR_REFUSED, why="wrong passkey" if passkey else "wrong code")
        lockout.failed(row=row, account=user, now=now)
        raise FactorRefused
    sessions.rise(request, kind=Kind.FACTOR_GIVEN, marks={GIVEN: int(now.timestamp())}, how=how)


def being_set_up(*, user: User, now: datetime) -> Authenticator:
    """The app that is being set up: the same key for an hour, so that a page can be loaded again."""
    fresh = Authenticator(user=user, made_at=now)
    fresh.key = secrets.token_bytes(KEY_BYTES)
    app, made = Authenticator.objects.get_or_create(
        user=user, confirmed_at=None, defaults={"made_at": now, "sealed_key": fresh.sealed_key})
    if not made and now - app.made_at >= SET_UP_LIFE:
        app.made_at, app.sealed_key = now, fresh.sealed_key
        app.save(update_fields=["made_at", "sealed_key"])
    return app


def bind_app(request: HttpRequest, *, user: User, code: str, now: datetime) -> list[str]:
    """Make the app that is being set up the one that counts; a former one is gone. Returns new recovery codes, if any.

    Raises:
        FactorRefused: the code is not the app's.
    """
    with transaction.atomic(durable=True):
        app = Authenticator.objects.select_for_update().filter(user=user, confirmed_at=None).first()
        step = None if app is None else matching_step(app.key, code, now=now)
        if app is None or step is None:
            raise FactorRefused
        Authenticator.objects.filter(user=user, confirmed_at__isnull=False).delete()
        app.confirmed_at, app.last_step = now, step
        app.save(update_fields=["confirmed_at", "last_step"])
        codes = _bound(user, "authenticator app", now)
    sessions.rise(request, kind=Kind.FACTOR_GIVEN, marks={GIVEN: int(now.timestamp())}, how="set up")
    return codes


def bind_passkey(request: HttpRequest, *, user: User, name: str, answer: str, now: datetime) -> list[str]:
    """Keep a passkey. Returns new recovery codes where the user had none.

    Raises:
        FactorRefused: the browser's answer is not one to our question.
    """
    try:
        with transaction.atomic(durable=True):
            passkeys.register(user=user, name=name, answer=answer, now=now)
            codes = _bound(user, "passkey", now)
    except passkeys.PasskeyRefused as refused:
        raise FactorRefused from refused
    sessions.rise(request, kind=Kind.FACTOR_GIVEN, marks={GIVEN: int(now.timestamp())}, how="set up")
    return codes


@transaction.atomic(durable=True)
def remove(*, user: User, passkey: int | None, now: datetime) -> None:
    """Take away one passkey, or the app where `passkey` is None; with the last factor its recovery codes go.

    Raises:
        LastFactor: the account must have one, and this is the last.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if passkey is None:
        gone = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).delete()[0]
    else:
        gone = user.passkeys.filter(pk=passkey).delete()[0]
    if not gone:
        return
    if not is_bound(user):
        if is_required(user):
            raise LastFactor
        RecoveryCode.objects.filter(user=user).delete()
    record(Kind.FACTOR_REMOVED, what="authenticator app" if passkey is None else "passkey")
    notices.tell(Notice.Kind.FACTOR_REMOVED, account=user, now=now)


def follow_removal(request: HttpRequest, *, user: User) -> None:
    """Keep the session in which its owner took the last factor away; every other one that a factor opened ends."""
    if not is_bound(user):
        request.session.pop(GIVEN, None)


def may_reset(by: User, account: User) -> bool:
    """A manager those of their area, the appointer the appointed, the superuser who has nobody else; nobody their own."""
    if by.pk == account.pk or not by.is_active:
        return False
    if by.role == Role.AGENCY_MANAGER:
        return by.aor_id is not None and by.aor_id == account.aor_id
    if by.role == Role.AGENCY_APPOINTER:
        return account.role in APPOINTED
    return by.is_superuser and (account.role in OF_NOBODY or account.is_superuser)


@transaction.atomic(durable=True)
def reset(*, account: User, by: User, check: str, note: str, now: datetime) -> None:
    """Take every factor from an account whose owner lost it; its sessions end, and user and managers are told.

    Args:
        account: whose factor is lost.
        by: who keeps the account and checked who asks.
        check: how identity was checked, one of the form's choices.
        note: what was seen or heard, never empty.
        now: the moment.

    Raises:
        MayNotReset: `by` does not keep this account, or there is no note.
    """
    if not may_reset(by, account) or not note.strip():
        raise MayNotReset
    for model in (Authenticator, Passkey, PasskeyChallenge, RecoveryCode):
        model._default_manager.filter(user=account).delete()
    record(Kind.FACTOR_RESET, actor=actor_of(by), username=account.username, check=check, note=note.strip())
    notices.tell(Notice.Kind.FACTOR_RESET, account=account, by=by.username, now=now)


def matching_step(key: bytes, code: str, *, now: datetime) -> int | None:
    """The time step of `code`: the present one or a neighbor, or None."""
    present = int(now.timestamp()) // STEP_SECONDS
    typed = "".join(code[:50].split()).encode()
    found = [step for step in (present - 1, present, present + 1)
             if hmac.compare_digest(f"{hotp(key, step):06d}".encode(), typed)]
    return found[0] if found else None


def _proven(user: User, code: str, passkey: str, now: datetime) -> str:
    """What was proven, or nothing."""
    if passkey:
        return "passkey" if passkeys.answers(user=user, answer=passkey, now=now) else ""
    if _spend_app_code(user, code, now):
        return "authenticator app"
    return "recovery code" if recovery_codes.use(user=user, typed=code, now=now) else ""


def _spend_app_code(user: User, code: str, now: datetime) -> bool:
    app = Authenticator.objects.filter(user=user, confirmed_at__isnull=False).first()
    step = None if app is None else matching_step(app.key, code, now=now)
    if app is None or step is None:
        return False
    # Of several that use one code at once, one finds the row as it was.
    return Authenticator.objects.filter(pk=app.pk, last_step__lt=step).update(last_step=step) == 1


def _bound(user: User, what: str, now: datetime) -> list[str]:
    record(Kind.FACTOR_BOUND, what=what)
    notices.tell(Notice.Kind.FACTOR_BOUND, account=user, now=now)
    return [] if recovery_codes.left(user) else recovery_codes.make(user=user, now=now)
