"""Whether an account is still needed: its manager says so at a set interval, or it is disabled, with notice before (ACC-15)."""

import logging
import smtplib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Q

from accounts import idleness, standing
from accounts.models import AccountNeed, Role, User
from accounts.roles import ASKERS
from audit.context import actor_of
from audit.events import Kind
from audit.record import record

logger = logging.getLogger(__name__)

SUBJECT = "PlateLedger: is this account still needed?"
BODY = """The Agency Manager of {aor} last said on {affirmed_at:%Y-%m-%d} that the account {username} is needed.

Unless a manager reaffirms it in the back office, the account is disabled on {ends_at:%Y-%m-%d}.
"""


class MayNotReaffirm(Exception):
    """Only an Agency Manager of the account's area reaffirms, and nobody their own."""


def interval() -> timedelta:
    return timedelta(days=settings.NEED_DAYS)


def notice() -> timedelta:
    return timedelta(days=settings.NEED_NOTICE_DAYS)


def begin(*, user: User, by: User | None, now: datetime) -> None:
    """The need of a new account is as fresh as its approval; joins the open transaction."""
    AccountNeed.objects.create(user=user, affirmed_at=now, affirmed_by=by)


def reaffirm(*, account: User, by: User, now: datetime) -> None:
    """Say that a person still needs their account.

    Raises:
        MayNotReaffirm: not a manager of the account's area, their own account, or a deleted one.
    """
    theirs = User.objects.visible_to(by).filter(pk=account.pk, deleted_at__isnull=True).exclude(pk=by.pk).exists()
    if by.role != Role.AGENCY_MANAGER or not theirs:
        raise MayNotReaffirm
    with transaction.atomic():
        AccountNeed.objects.update_or_create(user=account, defaults={
            "affirmed_at": now, "affirmed_by": by, "warned_at": None})
        idleness.reaffirmed(account, now=now)
        record(Kind.NEED_REAFFIRMED, actor=actor_of(by), username=account.username)


def is_over(account: User, *, now: datetime) -> bool:
    """Whether the last word on the need is older than it may be."""
    need = AccountNeed.objects.filter(user=account).first()
    return need is not None and need.affirmed_at <= now - interval()


def review(*, now: datetime) -> None:
    """Give notice of each need that is about to lapse, and disable accounts whose notice was given and not heeded."""
    for user in User.objects.filter(_under_review(), need__isnull=True):
        AccountNeed.objects.get_or_create(user=user, defaults={"affirmed_at": user.created_at})
    needs = AccountNeed.objects.filter(user__in=User.objects.filter(_under_review())).select_related("user__aor")
    for need in needs.filter(affirmed_at__lte=now - interval() + notice(), warned_at__isnull=True):
        _warn(need, now)
    for need in needs.filter(affirmed_at__lte=now - interval(), warned_at__lte=now - notice()):
        _disable(need, now)


def _under_review() -> Q:
    """The open accounts that a manager keeps: those of an area who query."""
    return Q(is_active=True, aor__isnull=False, role__in=ASKERS)


def _warn(need: AccountNeed, now: datetime) -> None:
    """Without a mail that was taken there is no notice, and without notice nothing is disabled."""
    if not AccountNeed.objects.filter(pk=need.pk, affirmed_at=need.affirmed_at, warned_at__isnull=True).update(warned_at=now):
        return
    user = need.user
    managers = Q(role=Role.AGENCY_MANAGER, aor=user.aor, is_active=True)
    people = User.objects.filter(Q(pk=user.pk) | managers).exclude(email="")
    ends_at = max(need.affirmed_at + interval(), now + notice())
    body = BODY.format(aor=user.aor, affirmed_at=need.affirmed_at, username=user.username, ends_at=ends_at)
    try:
        get_connection().send_messages([EmailMessage(SUBJECT, body, to=[person.email]) for person in people])
    except (OSError, smtplib.SMTPException) as error:
        logger.error("the notice about an account's need was not taken: %s", type(error).__name__)
        AccountNeed.objects.filter(pk=need.pk, warned_at=now).update(warned_at=None)
        return
    with transaction.atomic():
        record(Kind.NEED_NOTICED, username=user.username, ends_at=ends_at)


def _disable(need: AccountNeed, now: datetime) -> None:
    with transaction.atomic(durable=True):
        lapsed = AccountNeed.objects.select_for_update().filter(
            pk=need.pk, affirmed_at__lte=now - interval(), warned_at__lte=now - notice())
        user = User.objects.select_for_update(of=("self",)).get(pk=need.user_id)
        if lapsed.exists() and standing.close(user, now=now):
            record(Kind.NEED_LAPSED, username=user.username)
