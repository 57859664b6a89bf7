"""Deletion of accounts on request (ACC-9): asked for, filed, carried out by the operator inside 24 business hours.

A supervisor asks, and nothing happens to the account yet. Who keeps the account (accounts.keepers) files: from that moment the
account can do nothing and the clock runs. Operations carries it out, or who keeps the account withdraws it before.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts import access_requests, business_time, ceilings, deletion_calls, erasure, reopening, standing
from accounts.keepers import asked_for_by, keeps
from accounts.models import DeletionCall, DeletionRequest, Role, User
from accounts.models.deletion import DeletionRequestQuerySet, zone_of
from accounts.roles import APPOINTS
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably

State = DeletionRequest.State
Stage = DeletionCall.Stage


class MayNot(Exception):
    """Not theirs to ask for, file, end or carry out; the message says so."""


class NoReason(Exception):
    """Nobody is removed, or spared, without a reason."""


class AlreadyThere(Exception):
    """A deletion of this account is asked for or filed already, or the account is deleted; the message says which."""


class AlreadyEnded(Exception):
    """Somebody else was faster; the message says how it ended."""


def ask(*, account: User, by: User, reason: str, now: datetime) -> DeletionRequest:
    """A supervisor asks the Agency Manager to have an account deleted; the account stays as it is.

    Args:
        account: of the supervisor's own area, an officer's or support staff's.
        by: the supervisor.
        reason: why, for the manager.
        now: the moment.

    Raises:
        MayNot, NoReason, AlreadyThere: refused, on the record.
    """
    try:
        with transaction.atomic(durable=True):
            if not asked_for_by(by).filter(pk=account.pk).exists():
                raise MayNot("The deletion of this account is not yours to ask for.")
            _require(reason)
            _hold(account)
            if _open_request(account):
                raise AlreadyThere(f"A deletion of {account} is asked for or filed already.")
            made = DeletionRequest.objects.create(
                account=account, state=State.ASKED, reason=reason.strip(), asked_by=by, asked_at=now)
            record(Kind.DELETION_ASKED, actor=actor_of(by), username=account.username, deletion=made.pk, note=made.reason)
    except (MayNot, NoReason, AlreadyThere) as refusal:
        _refused(account, by, refusal)
        raise
    return made


def file(*, account: User, by: User, reason: str, now: datetime) -> DeletionRequest:
    """Have an account deleted: it is closed here and now, and the operator's 24 business hours begin.

    Args:
        account: one that `by` keeps.
        by: an Agency Manager of its area, or who appoints its role.
        reason: why; of what a supervisor asked for, the supervisor's stays and this may be empty.
        now: the moment at which the clock begins.

    Raises:
        MayNot, NoReason, AlreadyThere: refused, on the record.
    """
    try:
        with transaction.atomic(durable=True):
            if not keeps(by, account):
                raise MayNot("The deletion of this account is not yours to file.")
            _hold(account)
            row = _open_request(account)
            if row is None:
                _require(reason)
                row = DeletionRequest(account=account, reason=reason.strip(), asked_by=by, asked_at=now)
            elif row.state == State.FILED:
                raise AlreadyThere(f"The deletion of {account} was filed already.")
            _start(row, by, now)
            record(Kind.DELETION_FILED, actor=actor_of(by), username=account.username, deletion=row.pk, note=row.reason,
                   due_at=row.due_at)
            transaction.on_commit(deletion_calls.wake, robust=True)
    except (MayNot, NoReason, AlreadyThere) as refusal:
        _refused(account, by, refusal)
        raise
    return row


def turn_down(*, request: DeletionRequest, by: User, note: str, now: datetime) -> None:
    """A manager does not file what a supervisor asked for, and says why.

    Raises:
        MayNot, NoReason, AlreadyEnded: refused, on the record.
    """
    _end(request, by, State.ASKED, State.TURNED_DOWN, Kind.DELETION_TURNED_DOWN, note, now)


def withdraw(*, request: DeletionRequest, by: User, note: str, now: datetime) -> None:
    """Take a filed deletion back before the operator carries it out; the account opens again where nothing else bars it.

    Raises:
        MayNot, NoReason, AlreadyEnded: refused, on the record.
        ceilings.Full: the account's place was given to somebody else; the request stands.
    """
    _end(request, by, State.FILED, State.WITHDRAWN, Kind.DELETION_WITHDRAWN, note, now)


def carry_out(*, request: DeletionRequest, by: User, now: datetime) -> None:
    """The operator's part: erase what the account held (accounts.erasure) and stop the clock. Nothing brings it back.

    Args:
        request: filed, by somebody else.
        by: operations staff.
        now: the moment.

    Raises:
        MayNot, AlreadyEnded: refused, on the record; of two who do it at once, one is told so.
    """
    account = request.account
    try:
        with transaction.atomic(durable=True):
            if not may_carry_out(by, request):
                raise MayNot("Operations staff delete accounts, and nobody what they filed themselves.")
            held = _hold(account)
            row = _standing(request, State.FILED)
            erasure.erase(held, now=now)
            access_requests.keep_after_deletion(account=held, now=now)
            _close(row, State.DONE, by, "", now)
            record(Kind.DELETION_DONE, actor=actor_of(by), username=held.username, deletion=row.pk, due_at=row.due_at,
                   in_time=now <= _due(row))
    except (MayNot, AlreadyEnded) as refusal:
        _refused(account, by, refusal)
        raise


def refuse(*, by: User, why: str, username: str) -> None:
    """Note a deletion that a form did not let through, outside of any transaction."""
    record_durably(Kind.DELETION_REFUSED, actor=actor_of(by), username=username, why=why)


def may_carry_out(by: User, request: DeletionRequest) -> bool:
    """Operations staff delete accounts, and nobody their own or what they filed themselves."""
    concerned = (request.account_id, request.filed_by_id, request.asked_by_id)
    return by.role == Role.OPERATIONS and by.is_active and by.pk not in concerned


def clocks(*, by: User) -> DeletionRequestQuerySet:
    """The deletions whose clock runs that `by` may see, the most urgent first; for desk and queue."""
    return DeletionRequest.objects.visible_to(by).running().select_related("account__aor").order_by("due_at")


def overdue(*, now: datetime) -> DeletionRequestQuerySet:
    return DeletionRequest.objects.running().filter(due_at__lte=now)


def may_file(by: User) -> bool:
    """Whether the role of `by` keeps accounts."""
    return by.role == Role.AGENCY_MANAGER or by.role in APPOINTS


def _start(row: DeletionRequest, by: User, now: datetime) -> None:
    """Close the account and start the clock, with a call for each stage of it."""
    zone, whole = zone_of(row.account), timedelta(hours=settings.DELETION_BUSINESS_HOURS)
    row.state, row.filed_by, row.filed_at = State.FILED, by, now
    row.due_at = business_time.add(now, whole, zone=zone)
    row.closed_it = standing.close(row.account, now=now)
    row.save()
    shares = {Stage.FILED: 0.0, Stage.HALF: settings.DELETION_WARNINGS[0], Stage.MOST: settings.DELETION_WARNINGS[1],
              Stage.OVERDUE: 1.0}
    DeletionCall.objects.bulk_create(
        DeletionCall(request=row, stage=stage, due_at=business_time.add(now, whole * share, zone=zone))
        for stage, share in shares.items())


def _end(request: DeletionRequest, by: User, since: str, state: State, kind: Kind, note: str, now: datetime) -> None:
    account = request.account
    try:
        with transaction.atomic(durable=True):
            if not keeps(by, account):
                raise MayNot("This deletion is not yours to decide about.")
            _require(note)
            _hold(account)
            row = _standing(request, since)
            _close(row, state, by, note.strip(), now)
            opened = row.closed_it and reopening.open_again(account, now=now)
            record(kind, actor=actor_of(by), username=account.username, deletion=row.pk, note=row.note, opened=opened)
    except (MayNot, NoReason, AlreadyEnded, ceilings.Full) as refusal:
        _refused(account, by, refusal)
        raise


def _require(text: str) -> None:
    if not text.strip():
        raise NoReason("Give a reason.")


def _hold(account: User) -> User:
    """The account's row, held until the transaction ends: all steps of one account come one after the other."""
    held = User.objects.select_for_update(of=("self",)).select_related("aor").get(pk=account.pk)
    if held.deleted_at:
        raise AlreadyEnded(f"The account {held} is deleted already.")
    return held


def _open_request(account: User) -> DeletionRequest | None:
    return DeletionRequest.objects.filter(account=account, state__in=DeletionRequest.OPEN).first()


def _standing(request: DeletionRequest, state: str) -> DeletionRequest:
    """The request as it is now, in the state from which the step leads on.

    Raises:
        AlreadyEnded: it is in another.
    """
    row = DeletionRequest.objects.get(pk=request.pk)
    if row.state != state:
        raise AlreadyEnded(f"Somebody else was faster: {row.get_state_display().lower()}.")
    return row


def _close(row: DeletionRequest, state: str, by: User, note: str, now: datetime) -> None:
    row.state, row.ended_by, row.ended_at, row.note = state, by, now, note
    row.save()


def _due(row: DeletionRequest) -> datetime:
    assert row.due_at is not None
    return row.due_at


def _refused(account: User, by: User, refusal: Exception) -> None:
    refuse(by=by, why=type(refusal).__name__, username=account.username)
