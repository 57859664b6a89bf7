"""The link of a mail that opens one ticket without signing in: signed, expiring, bound to the address it went to (ACC-13)."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Ticket, TicketPolicy

_SIGNER = TimestampSigner(salt="accounts.ticket")


class LinkDead(Exception):
    """Altered, expired, of another address of mail, or of a ticket that was erased: all look alike."""


def address(ticket: Ticket) -> str:
    """The whole address for a mail to the ticket's account."""
    token = _SIGNER.sign(f"{ticket.key.hex}.{_mark(ticket)}")
    return settings.SITE_URL + reverse("help:follow", args=[token])


def follow(token: str) -> Ticket:
    """The ticket of a link.

    Raises:
        LinkDead: it opens nothing.
    """
    days = TicketPolicy.current().link_days
    try:
        key, _, mark = _SIGNER.unsign(token[:300], max_age=timedelta(days=days)).partition(".")
        ticket = Ticket.objects.select_related("account__aor").filter(key=UUID(hex=key), erased_at__isnull=True).first()
    except (BadSignature, ValueError) as error:
        raise LinkDead from error
    if ticket is None or not ticket.account.email or not constant_time_compare(mark, _mark(ticket)):
        raise LinkDead
    return ticket


def _mark(ticket: Ticket) -> str:
    """Changes with the account's address, so that who has another's old mailbox opens nothing."""
    return salted_hmac("accounts.ticket", ticket.account.email, algorithm="sha256").hexdigest()[:16]
