"""What mails say. The plate stands in the body alone, and case text goes to the owner alone (ALR-5)."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from alerts.models import Entry, Hit, Notification
from lpr.states import NAMES


def of_hit(*, notification: Notification, hit: Hit, entry: Entry) -> EmailMessage:
    """The mail that tells one recipient of one hit; the same intent always makes the same Message-ID.

    Raises:
        django.core.mail.BadHeaderError: when sent, if an address or a name holds a line break.
    """
    body = render_to_string("alerts/mail/hit.txt", {
        "agency_name": settings.AGENCY_NAME, "hit": hit, "entry": entry, "captured": local_time(hit.captured_at, hit.zone),
        "state_name": NAMES.get(hit.state, hit.state), "is_owner": notification.recipient_id == entry.owner_id,
        "link": settings.SITE_URL.rstrip("/") + reverse("alerts:hits"),
    })
    return EmailMessage(
        subject=f"Alert hit: {entry.alert_list.name}", body=body, to=[notification.recipient.email],
        headers={"Message-ID": message_id(notification.pk), "Auto-Submitted": "auto-generated"})


def message_id(notification: UUID) -> str:
    """Fixed by the intent, so that a mail that had to be sent twice is known for one."""
    host = urlsplit(settings.SITE_URL).hostname or settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    return f"<notification-{notification}@{host}>"


def local_time(moment: datetime, zone: str) -> str:
    """A moment in the zone of the place, as people write it; in UTC where the zone is not known."""
    try:
        local = moment.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        local = moment.astimezone(ZoneInfo("UTC"))
    return f"{local:%B} {local.day}, {local:%Y, %H:%M:%S %Z}"
