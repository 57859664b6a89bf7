"""Requests to account: filed by anybody, decided by an Agency Manager of the area, kept for a set time (ACC-4, ACC-5)."""

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F

from accounts import ceilings, keys, scans
from accounts.models import AccessRequest, RegistrationKey, Role, User
from accounts.models.access_request import AccessRequestQuerySet
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably

logger = logging.getLogger(__name__)

State = AccessRequest.State
MOST_FOUND = 100
# Of an approval the mail with the key tells.
MAILS = {
    State.PENDING: "Your request {number} has arrived. The Agency Manager of {aor} decides about it; you are told by mail.",
    State.REFUSED: "Your request {number} is refused by the Agency Manager of {aor}.\n\nReason: {reason}",
    State.REGISTERED: "The account of your request {number} is registered. It opens when your training is on record.",
}


class MayNotDecide(Exception):
    """Only an Agency Manager of the request's area decides, and only while signed in to an open account."""


class AlreadyDecided(Exception):
    """Somebody else was faster; the message says who and how."""


def file(*, scan: scans.Scan | None, now: datetime, **form: Any) -> AccessRequest:
    """Take a request in: kept from now on, whatever becomes of it.

    Args:
        scan: the checked scan of the signed form, where one came.
        now: the moment of filing.
        form: full_name, email, aor, component, job_category, justification, supervisor_name, supervisor_email; cleaned.

    Raises:
        AuditUnavailable: nothing was kept.
    """
    scan_name = scans.keep(scan) if scan else ""
    try:
        with transaction.atomic(durable=True):
            request = AccessRequest.objects.create(scan_name=scan_name, filed_at=now, **form)
            record(Kind.REQUEST_FILED, request=request.number, aor=request.aor.code, scan=bool(scan))
            transaction.on_commit(wake, robust=True)
    except BaseException:
        scans.drop(scan_name)
        raise
    return request


def approve(*, request: AccessRequest, by: User, now: datetime) -> None:
    """Approve, and issue the key, which is mailed once this is committed.

    Args:
        request: of the area of `by`.
        by: an Agency Manager.
        now: the moment of the decision.

    Raises:
        MayNotDecide: the request is none of theirs.
        AlreadyDecided: it waits no more.
        ceilings.Full: the area may have no more accounts of this component.
    """
    try:
        with transaction.atomic(durable=True):
            _require_manager(request, by)
            ceilings.take(aor=request.aor, component=request.component, now=now)
            _decide(request, State.APPROVED, by, "", now)
            record(Kind.REQUEST_APPROVED, actor=actor_of(by), request=request.number)
            keys.issue(ground=request, by=by, now=now)
    except (MayNotDecide, AlreadyDecided, ceilings.Full) as refusal:
        _refused(request, by, refusal)
        raise


def turn_down(*, request: AccessRequest, by: User, reason: str, now: datetime) -> None:
    """Refuse a request with a reason that the requester is told.

    Raises:
        MayNotDecide: the request is none of theirs.
        AlreadyDecided: it waits no more.
    """
    try:
        with transaction.atomic(durable=True):
            _require_manager(request, by)
            _decide(request, State.REFUSED, by, reason, now)
            record(Kind.REQUEST_TURNED_DOWN, actor=actor_of(by), request=request.number)
            transaction.on_commit(wake, robust=True)
    except (MayNotDecide, AlreadyDecided) as refusal:
        _refused(request, by, refusal)
        raise


def send_key_again(*, request: AccessRequest, by: User, now: datetime) -> None:
    """Issue another key for an approved request; the one before is worthless from here.

    Raises:
        MayNotDecide: the request is none of theirs, or is not approved.
        ceilings.Full: the place was given to somebody else after the key had expired or had been revoked.
    """
    try:
        with transaction.atomic(durable=True):
            _require_manager(request, by)
            # Locks in the order of approval and registration: the ceiling first.
            if not RegistrationKey.objects.open(now).filter(request=request).exists():
                ceilings.take(aor=request.aor, component=request.component, now=now)
            if not AccessRequest.objects.select_for_update().filter(pk=request.pk, state=State.APPROVED).exists():
                raise MayNotDecide
            keys.issue(ground=request, by=by, now=now)
    except (MayNotDecide, ceilings.Full) as refusal:
        _refused(request, by, refusal)
        raise


def revoke_key(*, request: AccessRequest, by: User, now: datetime) -> None:
    """Take the key of a request back.

    Raises:
        MayNotDecide: the request is none of theirs.
        keys.NoKeyToRevoke: no key stands.
    """
    try:
        with transaction.atomic(durable=True):
            _require_manager(request, by)
            keys.revoke(ground=request, now=now)
    except (MayNotDecide, keys.NoKeyToRevoke) as refusal:
        _refused(request, by, refusal)
        raise


def place_paper(*, request: AccessRequest, by: User, place: str) -> None:
    """Note where the signed paper form lies.

    Raises:
        MayNotDecide: the request is none of theirs.
    """
    with transaction.atomic(durable=True):
        _require_manager(request, by)
        request.paper_place = place
        request.save(update_fields=["paper_place"])
        record(Kind.REQUEST_PAPER_PLACED, actor=actor_of(by), request=request.number)


def scan_of(*, request: AccessRequest, by: User) -> bytes:
    """The scan, on the record before it is read.

    Raises:
        MayNotDecide: the request is none of theirs.
        FileNotFoundError: there is no scan.
    """
    _require_manager(request, by)
    if not request.scan_name:
        raise FileNotFoundError
    record_durably(Kind.REQUEST_SCAN_VIEWED, actor=actor_of(by), request=request.number)
    return scans.read(request.scan_name)


def search(*, text: str, by: User) -> AccessRequestQuerySet:
    """Forms of the manager's own area by number or by a part of a name, also after the account is gone; on the record."""
    words = text.strip()
    found = AccessRequest.objects.visible_to(by)
    digits = words.upper().removeprefix("AR-")
    if digits.isascii() and digits.isdigit():
        found = found.filter(pk=min(int(digits[:18]), 2**63 - 1))
    else:
        found = found.filter(full_name__icontains=words)
    record_durably(Kind.REQUESTS_SEARCHED, actor=actor_of(by), searched=words, found=found.count())
    return found[:MOST_FOUND]


def keep_after_deletion(*, account: User, now: datetime) -> None:
    """Start the retention of the form of an account that was deleted; joins the open transaction (ACC-5)."""
    AccessRequest.objects.filter(account=account).update(kept_until=_end_of_retention(now))


def drop_expired(*, now: datetime) -> int:
    """Delete forms, scans and their history at the end of their retention; return how many."""
    dropped = 0
    for request in AccessRequest.objects.filter(kept_until__lte=now)[:500]:
        with transaction.atomic(durable=True):
            record(Kind.REQUEST_DROPPED, request=request.number)
            scan_name = request.scan_name
            # With its keys, and the history of both.
            request.delete()
        scans.drop(scan_name)
        dropped += 1
    return dropped


def tell(*, now: datetime) -> int:
    """Mail each requester whose request has a state that they were not told of; return how many mails left."""
    told = 0
    for request in AccessRequest.objects.filter(state__in=MAILS).exclude(told_state=F("state")).select_related("aor")[:500]:
        before, state = request.told_state, request.state
        claimed = AccessRequest.objects.filter(pk=request.pk, told_state=before, state=state)
        if not claimed.update(told_state=state):
            continue
        body = MAILS[State(state)].format(number=request.number, aor=request.aor, reason=request.decision_reason)
        try:
            send_mail(f"PlateLedger: request {request.number}", f"{request.full_name},\n\n{body}\n", None, [request.email])
            record_durably(Kind.ACCOUNT_MAILED, what=state, number=request.number)
            told += 1
        except (OSError, smtplib.SMTPException) as error:
            logger.error("the mail about a request was not taken: %s", type(error).__name__)
            AccessRequest.objects.filter(pk=request.pk, told_state=state).update(told_state=before)
    return told


def wake() -> None:
    """A dead broker delays mails until the scheduler's next round, and nothing else."""
    from accounts.tasks import send_request_mail

    send_request_mail.apply_async(retry=False)


def _require_manager(request: AccessRequest, by: User) -> None:
    if by.role != Role.AGENCY_MANAGER or not by.is_active or by.aor_id is None or request.aor_id != by.aor_id:
        raise MayNotDecide


def _decide(request: AccessRequest, state: str, by: User, reason: str, now: datetime) -> None:
    """The one step out of waiting: of two managers the row lets one through."""
    decided = AccessRequest.objects.filter(pk=request.pk, state=State.PENDING).update(
        state=state, decided_at=now, decided_by=by, decision_reason=reason, kept_until=_end_of_retention(now))
    request.refresh_from_db()
    if not decided:
        raise AlreadyDecided(f"{request.decided_by} has decided already: {request.get_state_display().lower()}.")
    # update() leaves no trace in the history, so the step is written there by itself.
    request.save(update_fields=["state"])


def _refused(request: AccessRequest, by: User, refusal: Exception) -> None:
    record_durably(Kind.REQUEST_DECISION_REFUSED, actor=actor_of(by), request=request.number, why=type(refusal).__name__)


def _end_of_retention(now: datetime) -> datetime:
    return now + timedelta(days=settings.REQUEST_RETENTION_DAYS)


def registered(*, request: AccessRequest, account: User) -> None:
    """Tie the form to its account, with which it is kept; joins the open transaction."""
    AccessRequest.objects.filter(pk=request.pk).update(state=State.REGISTERED, account=account, kept_until=None)
    request.refresh_from_db()
    request.save(update_fields=["state"])
    transaction.on_commit(wake, robust=True)


def role_of(job_category: str) -> Role:
    """What a job makes of a person (ACC-10): officers and agents query, so do the staff who support them."""
    return Role.OFFICER if job_category in {"ero_officer", "hsi_agent"} else Role.SUPPORT_STAFF

