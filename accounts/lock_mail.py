"""Who is told when an account locks: its owner and the Agency Managers of its area (ACC-12).

The row itself is the intent: `told_at` stays empty until the mail server took the mails, so neither a lost broker nor a
server that is down swallows the news, and no login waits for a mail.
"""

import logging
import smtplib
from datetime import datetime

from django.core.mail import EmailMessage, get_connection
from django.db.models import Q

from accounts.models import Lockout, Role, User
from audit.events import Kind
from audit.record import record_durably

logger = logging.getLogger(__name__)

SUBJECT = "PlateLedger: account locked"
BODY = """The account {username} was locked at {locked_at:%Y-%m-%d %H:%M} UTC after too many failed attempts.

It stays locked until an Agency Manager of its area releases it in the back office.
If these attempts were not made by the owner of the account, report it as a security incident.
"""


def tell(*, now: datetime) -> int:
    """Send what has not been sent; return how many locked accounts somebody was told of. Failures are tried again later."""
    told = 0
    for lockout in Lockout.objects.filter(locked_at__isnull=False, told_at__isnull=True):
        if not Lockout.objects.filter(pk=lockout.pk, told_at__isnull=True).update(told_at=now):
            continue
        account = User.objects.filter(username=lockout.username).first()
        if account is None:
            continue
        try:
            _send(account, lockout)
            record_durably(Kind.ACCOUNT_MAILED, what="locked", username=account.username)
            told += 1
        except (OSError, smtplib.SMTPException) as error:
            logger.error("mail about a locked account was not taken: %s", type(error).__name__)
            Lockout.objects.filter(pk=lockout.pk, told_at=now).update(told_at=None)
    return told


def _send(account: User, lockout: Lockout) -> None:
    managers = Q(role=Role.AGENCY_MANAGER, aor__isnull=False, aor=account.aor_id, is_active=True)
    people = User.objects.filter(Q(pk=account.pk) | managers).exclude(email="")
    body = BODY.format(username=account.username, locked_at=lockout.locked_at)
    get_connection().send_messages([EmailMessage(SUBJECT, body, to=[person.email]) for person in people])
