"""Misuse has consequences on record: reprimand, suspension, revocation, termination (ACC-11).

A record is never changed: what turns out wrong is lifted by a further record. A suspension acts by the clock, on every open
session; revocation and termination close the account until they are lifted.
"""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts import ceilings, notices, recovery, reopening, standing
from accounts.keepers import keeps
from accounts.models import Notice, Role, Sanction, User
from accounts.models.sanction import SanctionQuerySet
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably


class MayNotSanction(Exception):
    """Only who keeps the account puts a sanction on its record, and nobody on their own."""


class NotPossible(Exception):
    """The sanction is incomplete or its times make no sense; the message says what."""


class AlreadyLifted(Exception):
    """Somebody else was faster; the message says who."""


def impose(
    *, account: User, kind: str, reason: str, evidence: str, by: User, now: datetime, starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Sanction:
    """Put a sanction on record; it acts by the next request of every session (ACC-1).

    Args:
        account: of whom; deleted accounts can be sanctioned for what came out later.
        kind: reprimand, suspension, revocation or termination.
        reason: why, in words.
        evidence: where the evidence lies: a review, an incident, an event, a file.
        by: who keeps the account (accounts.keepers).
        now: the moment of the decision.
        starts_at, ends_at: of a suspension: from (by default now, never earlier) and until (exclusive).

    Raises:
        MayNotSanction: not theirs to sanction.
        NotPossible: reason, evidence or times are missing or make no sense.
    """
    try:
        with transaction.atomic(durable=True):
            if not may_impose(by) or not keeps(by, account):
                raise MayNotSanction("A sanction on this account is not yours to record.")
            _, why = why_not(kind=kind, reason=reason, evidence=evidence, starts_at=starts_at, ends_at=ends_at, now=now)
            if why:
                raise NotPossible(why)
            closed_it = _act(account, kind, starts_at or now, now)
            made = Sanction.objects.create(
                account=account, kind=kind, reason=reason.strip(), evidence=evidence.strip(), starts_at=starts_at or now,
                ends_at=ends_at, decided_by=by, decided_at=now, closed_it=closed_it)
            record(Kind.SANCTION_IMPOSED, actor=actor_of(by), username=account.username, sanction=made.pk, measure=kind,
                   evidence=made.evidence, note=made.reason, starts_at=made.starts_at, ends_at=ends_at)
            _tell(Notice.Kind.SANCTION_IMPOSED, made, by, now)
    except (MayNotSanction, NotPossible) as refusal:
        refuse(account=account, by=by, why=type(refusal).__name__)
        raise
    return made


def lift(*, sanction: Sanction, reason: str, evidence: str, by: User, now: datetime) -> Sanction:
    """Lift a sanction from now on, by a record of its own; an account that it closed opens again where nothing else bars it.

    Args:
        sanction: any but a lifting; each is lifted once.
        reason, evidence: why, and on what ground.
        by: who keeps the account.
        now: the moment; a suspension ends here.

    Raises:
        MayNotSanction: not theirs to lift.
        NotPossible: reason or evidence is missing, or this is a lifting.
        AlreadyLifted: by somebody else.
        ceilings.Full: the place of the account was given to somebody else.
    """
    account = sanction.account
    try:
        with transaction.atomic(durable=True):
            if not may_lift(by, sanction):
                raise MayNotSanction("A sanction of this account is not yours to lift.")
            if sanction.kind == Sanction.Kind.LIFTING or not (reason.strip() and evidence.strip()):
                raise NotPossible("Say why the sanction is lifted and where the evidence lies. A lifting is not lifted itself.")
            made = _lifting(sanction, reason.strip(), evidence.strip(), by, now)
            opened = sanction.closed_it and reopening.open_again(account, now=now)
            record(Kind.SANCTION_LIFTED, actor=actor_of(by), username=account.username, sanction=sanction.pk,
                   measure=sanction.kind, evidence=made.evidence, note=made.reason, opened=opened)
            _tell(Notice.Kind.SANCTION_LIFTED, sanction, by, now)
    except (MayNotSanction, NotPossible, AlreadyLifted, ceilings.Full) as refusal:
        refuse(account=account, by=by, why=type(refusal).__name__)
        raise
    return made


def may_impose(by: User) -> bool:
    """Whether the role of `by` puts sanctions on record: the agency's own administrators do."""
    return by.role in {Role.AGENCY_MANAGER, Role.AGENCY_APPOINTER}


def may_lift(by: User, sanction: Sanction) -> bool:
    return may_impose(by) and keeps(by, sanction.account)


def why_not(
    *, kind: str, reason: str, evidence: str, starts_at: datetime | None, ends_at: datetime | None, now: datetime,
) -> tuple[str, str]:
    """What stands against a sanction, as (name of the field, sentence); two empty texts where it can be put on record."""
    if kind not in Sanction.Kind.values or kind == Sanction.Kind.LIFTING:
        return "kind", "Choose a measure."
    if not reason.strip():
        return "reason", "A sanction needs a reason."
    if not evidence.strip():
        return "evidence", "Say where the evidence lies."
    if kind != Sanction.Kind.SUSPENSION:
        return ("starts_at", "Only a suspension has other times than now.") if starts_at or ends_at else ("", "")
    if starts_at is not None and starts_at < now:
        return "starts_at", "A suspension begins now or later, not in the past."
    if ends_at is None:
        return "ends_at", "A suspension has an end. Without one it is a revocation."
    return ("", "") if ends_at > (starts_at or now) else ("ends_at", "A suspension ends after it begins.")


def refuse(*, account: User, by: User, why: str) -> None:
    """Note a sanction that was not put on record, outside of any transaction."""
    record_durably(Kind.SANCTION_REFUSED, actor=actor_of(by), username=account.username, why=why)


def newest(*, by: User, most: int = 5) -> SanctionQuerySet:
    """The sanctions put on record last that `by` may see, for the manager's desk."""
    return Sanction.objects.visible_to(by).select_related("account", "decided_by", "lifted_by")[:most]


def _act(account: User, kind: str, starts_at: datetime, now: datetime) -> bool:
    """What a sanction does at once; return whether it closed the account."""
    if kind in Sanction.CLOSING:
        return standing.close(account, now=now)
    if kind == Sanction.Kind.SUSPENSION and starts_at <= now:
        recovery.spend_all(user=account, now=now)
    return False


def _tell(kind: Notice.Kind, sanction: Sanction, by: User, now: datetime) -> None:
    """The person hears what is on record and from when until when; reason and evidence stay in the record."""
    times = f" from {sanction.starts_at:%Y-%m-%d %H:%M} to {sanction.ends_at:%Y-%m-%d %H:%M} UTC" if sanction.ends_at else ""
    notices.tell(kind, account=sanction.account, by=by.username, details=sanction.get_kind_display().lower() + times, now=now)


def _lifting(sanction: Sanction, reason: str, evidence: str, by: User, now: datetime) -> Sanction:
    """Of two who lift at once the unique key lets one through."""
    try:
        with transaction.atomic():
            return Sanction.objects.create(
                account=sanction.account, kind=Sanction.Kind.LIFTING, reason=reason, evidence=evidence, starts_at=now,
                lifts=sanction, decided_by=by, decided_at=now)
    except IntegrityError as error:
        lifted = Sanction.objects.get(lifts=sanction)
        raise AlreadyLifted(f"{lifted.decided_by} has lifted it already.") from error


def is_of(number: UUID, account: User) -> bool:
    """Whether a sanction of this number is on the record of the account (AUD-14)."""
    return Sanction.objects.exclude(kind=Sanction.Kind.LIFTING).filter(pk=number, account=account.pk).exists()


def offered(account: User, user: User) -> list[tuple[str, str]]:
    """The sanctions of the account that `user` sees, by their numbers: to choose from where one that followed is named."""
    found = Sanction.objects.visible_to(user).exclude(kind=Sanction.Kind.LIFTING).filter(account=account.pk)
    return [(str(one.pk), f"{one.get_kind_display()} of {one.decided_at:%Y-%m-%d}, {one.pk}") for one in found]
