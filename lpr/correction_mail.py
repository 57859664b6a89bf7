"""Mails to those who were shown or alerted on a read that was corrected or withdrawn, and to who reported it (BEY-7, RES-4).

A mail names no plate and no case: it leads to the page of notices, which is on record.
"""

from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from audit.context import Actor
from audit.events import Kind
from audit.outbox import send_each
from audit.record import record
from lpr.models import CorrectionNotice, ReportStatus

SUBJECTS = {
    ReportStatus.CORRECTED: "A plate read that you were shown was corrected",
    ReportStatus.WITHDRAWN: "A plate read that you were shown was withdrawn",
    ReportStatus.REJECTED: "Your report of a plate read was answered",
}
BODIES = {
    ReportStatus.CORRECTED: "A plate read that you were shown or alerted to was wrong, and was corrected.",
    ReportStatus.WITHDRAWN: "A plate read that you were shown or alerted to was wrong, and was withdrawn.",
    ReportStatus.REJECTED: "A plate read that you reported as wrong was looked at, and stays as it is.",
}


def send_waiting(*, now: datetime) -> int:
    """Send what is owed and return how many mails left; what fails waits for the next round.

    Args:
        now: the time noted on what was sent.
    """
    waiting = CorrectionNotice.objects.filter(sent_at=None).select_related("report", "recipient__aor")
    return send_each(waiting.order_by("made_at"), _send, now=now)


def _send(notice: CorrectionNotice, now: datetime) -> None:
    resolution = ReportStatus(notice.report.status)
    link = settings.SITE_URL.rstrip("/") + reverse("lpr:notices")
    host = urlsplit(settings.SITE_URL).hostname or "plateledger"
    if notice.recipient.is_active and notice.recipient.email:
        EmailMessage(
            subject=SUBJECTS[resolution], to=[notice.recipient.email],
            body=f"{BODIES[resolution]}\n\nWhich read it is, and what to do, stands here:\n{link}\n",
            headers={"Message-ID": f"<correction-{notice.report_id}-{notice.pk}@{host}>",
                     "Auto-Submitted": "auto-generated"}).send()
        record(Kind.READ_NOTICE_SENT, actor=Actor(id=None, name="system", aor=notice.recipient.aor_code),
               report=notice.report_id, recipient=notice.recipient.get_username())
    notice.sent_at = now
    notice.save(update_fields=["sent_at"])
