"""Mails to those who were shown or alerted on a read that was corrected or withdrawn, and to who reported it (BEY-7, RES-4).

A mail names no plate and no case: it leads to the page of notices, which is on record. Each row is locked while its mail is
handed over, so that a worker that dies loses none.
"""

import logging
import smtplib
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.urls import reverse

from audit.context import Actor
from audit.events import Kind
from audit.record import record
from lpr.models import CorrectionNotice, ReportStatus

logger = logging.getLogger(__name__)
BATCH = 500
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
    sent = 0
    waiting = CorrectionNotice.objects.filter(sent_at=None)
    for pk in list(waiting.order_by("made_at").values_list("pk", flat=True)[:BATCH]):
        try:
            with transaction.atomic():
                notice = (waiting.select_for_update(skip_locked=True, of=("self",)).select_related("report", "recipient__aor")
                          .filter(pk=pk).first())
                if notice is not None:
                    _send(notice, now)
                    sent += 1
        except (OSError, smtplib.SMTPException) as error:
            logger.error("a mail about a corrected read was not taken: %s", type(error).__name__)
    return sent


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
