"""The two mails of a recovery (ACC-3). Their secrets are made while the mail is written: no table or task ever holds one."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse

from accounts import recovery, standing, typed_secrets
from accounts.models import RecoveryLink, TemporaryPassword
from accounts.models.recovery import LIFE
from audit import outbox
from audit.events import Kind
from audit.record import record

# More mails than these within a link's life help nobody: whoever floods a mailbox gets no further.
LIVE_LINKS = 3
KEPT = timedelta(days=2)

LINK = """Somebody, probably you, asked for a new password for the PlateLedger account {username}.

Open this address within 15 minutes and answer one of your challenge questions:

{address}

If it was not you, do nothing, and tell your Agency Manager if it happens again.
"""
NO_LINK = """Somebody, probably you, asked for a new password for the PlateLedger account {username}.

This account has no challenge questions on record, so it cannot be recovered by mail. Ask your Agency Manager.
"""
TEMPORARY = """This is a temporary password for the PlateLedger account {username}:

{password}

Sign in with it within 15 minutes. It works once and opens nothing but the page on which you set a new password.

If you did not ask for it, tell your Agency Manager and the help desk at once.
"""


def send_waiting(*, now: datetime) -> int:
    """Send the links and temporary passwords that are owed; return how many were dealt with. What is long over is dropped."""
    for model in (RecoveryLink, TemporaryPassword):
        model._default_manager.filter(asked_at__lt=now - KEPT).delete()
    sent = outbox.send_each(RecoveryLink.objects.filter(mailed_at__isnull=True), _send_link, now=now)
    return sent + outbox.send_each(TemporaryPassword.objects.filter(mailed_at__isnull=True), _send_password, now=now)


def _send_link(link: RecoveryLink, now: datetime) -> None:
    user = link.user
    live = RecoveryLink.objects.filter(user=user, used_at__isnull=True, mailed_at__gt=now - LIFE).count()
    if user is None or not standing.is_open(user, now=now) or not user.email or live >= LIVE_LINKS:
        link.delete()
        return
    link.mailed_at = now
    if not recovery.can_recover(user):
        link.save(update_fields=["mailed_at"])
        record(Kind.ACCOUNT_MAILED, what="recovery without questions", username=user.username)
        outbox.mail("new password", NO_LINK.format(username=user.username), to=[user.email])
        return
    token = secrets.token_urlsafe(32)
    link.digest = recovery.digest(token)
    link.save(update_fields=["mailed_at", "digest"])
    record(Kind.ACCOUNT_MAILED, what="recovery link", username=user.username)
    address = settings.SITE_URL + reverse("accounts:recover_answer", args=[token])
    outbox.mail("new password", LINK.format(username=user.username, address=address), to=[user.email])


def _send_password(row: TemporaryPassword, now: datetime) -> None:
    user = row.user
    if not standing.is_open(user, now=now) or not user.email:
        row.delete()
        return
    password = typed_secrets.make()
    row.mailed_at, row.digest = now, typed_secrets.digest(password)
    row.save(update_fields=["mailed_at", "digest"])
    record(Kind.ACCOUNT_MAILED, what="temporary password", username=user.username)
    outbox.mail("temporary password", TEMPORARY.format(username=user.username, password=password), to=[user.email])
