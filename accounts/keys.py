"""Registration keys: issued, mailed, sent again, revoked (ACC-4).

A key is made when its mail is written: only its digest is kept, so sending again means another key. The row is the
intent: while `mailed_at` is empty the scheduler tries again, and a mail server that is down loses nothing.
"""

import logging
import secrets
import smtplib
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts.models import AccessRequest, Appointment, RegistrationKey, User
from accounts.models.registration_key import RegistrationKeyQuerySet
from audit.events import Kind
from audit.record import record

logger = logging.getLogger(__name__)

# Who takes a key to mail it has this long before another may try.
MAILING = timedelta(minutes=2)
SUBJECT = "PlateLedger: your registration key"
BODY = """{name},

{ground} is approved. Register your account here, once, before {until:%Y-%m-%d %H:%M} UTC:

{address}

The address is for you alone. If you did not ask for an account, tell the help desk.
"""


class NoKeyToRevoke(Exception):
    """There is no key that still stands."""


def digest(key: str) -> str:
    """What is kept of a key: 256 random bits need no slow hash."""
    return salted_hmac("accounts.keys", key[:200], algorithm="sha256").hexdigest()


def issue(*, ground: AccessRequest | Appointment, by: User | None, now: datetime, mails: bool = True) -> RegistrationKey:
    """Issue the key of an approved request or an appointment instead of the one before; joins the open transaction.

    Args:
        ground: what the key stands on.
        by: who issues it; None where the installation does.
        now: the moment; the key lives REGISTRATION_KEY_DAYS from here.
        mails: whether it is mailed once the transaction is committed, or handed over by whoever issues it.
    """
    again = _take_back(ground, now)
    key = RegistrationKey.objects.create(
        request=ground if isinstance(ground, AccessRequest) else None,
        appointment=ground if isinstance(ground, Appointment) else None,
        issued_at=now, issued_by=by, expires_at=now + timedelta(days=settings.REGISTRATION_KEY_DAYS),
        mailed_at=None if mails else now)
    record(Kind.KEY_ISSUED, ground=str(ground), again=again)
    if mails:
        transaction.on_commit(lambda: deliver(key, now=now), robust=True)
    return key


def revoke(*, ground: AccessRequest | Appointment, now: datetime) -> None:
    """Make the key that stands worthless; joins the open transaction.

    Raises:
        NoKeyToRevoke: none stands.
    """
    if not _take_back(ground, now):
        raise NoKeyToRevoke
    record(Kind.KEY_REVOKED, ground=str(ground))


def _take_back(ground: AccessRequest | Appointment, now: datetime) -> bool:
    """Revoke the key that stands, in its history too, which sees no update(); return whether there was one."""
    key = _standing(ground).first()
    if key is None or not RegistrationKey.objects.standing().filter(pk=key.pk).update(revoked_at=now):
        return False
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])
    return True


def make(key: RegistrationKey, *, now: datetime) -> str:
    """Give a key its secret, keep the digest, and return the address at which it opens registration, or nothing where
    the key no longer stands."""
    secret = secrets.token_urlsafe(32)
    if not RegistrationKey.objects.open(now).filter(pk=key.pk).update(digest=digest(secret)):
        return ""
    return settings.SITE_URL + reverse("accounts:register", args=[secret])


def deliver(key: RegistrationKey, *, now: datetime) -> bool:
    """Mail a key that was not mailed yet, outside of any transaction; return whether the mail server took it."""
    free = Q(mailing_at__isnull=True) | Q(mailing_at__lt=now - MAILING)
    waiting = RegistrationKey.objects.open(now).filter(free, pk=key.pk, mailed_at__isnull=True)
    if not waiting.update(mailing_at=now) or not (address := make(key, now=now)):
        return False
    ground = key.ground
    body = BODY.format(name=ground.full_name, ground=_named(ground), until=key.expires_at, address=address)
    try:
        send_mail(SUBJECT, body, None, [ground.email])
    except (OSError, smtplib.SMTPException) as error:
        logger.error("the mail of a registration key was not taken: %s", type(error).__name__)
        return False
    with transaction.atomic():
        RegistrationKey.objects.filter(pk=key.pk).update(mailed_at=now)
        record(Kind.KEY_MAILED, ground=str(ground))
    return True


def deliver_waiting(*, now: datetime) -> int:
    """Mail every key that is still to be mailed; return how many left."""
    waiting = RegistrationKey.objects.open(now).filter(mailed_at__isnull=True)
    return sum(deliver(key, now=now) for key in waiting.select_related("request", "appointment")[:500])


def _standing(ground: AccessRequest | Appointment) -> RegistrationKeyQuerySet:
    keys = RegistrationKey.objects.standing()
    return keys.filter(request=ground) if isinstance(ground, AccessRequest) else keys.filter(appointment=ground)


def _named(ground: AccessRequest | Appointment) -> str:
    return f"Your request {ground}" if isinstance(ground, AccessRequest) else f"Your appointment {ground}"
