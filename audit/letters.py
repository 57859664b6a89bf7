"""Mails of the room: owed in the transaction of what they tell of, sent by a worker, named by their row (AUD-8, BEY-4).

A mail says what to look at and where; plates, names and case texts are on the page, behind the login and on record. Each row is
locked while its mail is handed over, so that a worker that dies loses none.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from audit.context import Actor
from audit.events import Kind
from audit.models import Letter, LetterKind
from audit.outbox import mail, send_each
from audit.record import record

BODIES: dict[str, str] = {
    LetterKind.QUESTION: "A reviewer asks you about a query that you made. Read the question and answer it here:",
    LetterKind.ANSWER: "A question that you asked in a review was answered. The answer stands with the query, in the review:",
    LetterKind.NAMED: "A query of license plate reads was made in your name. See when, by whom and why, and say so if it was not "
                      "made for you:",
    LetterKind.DISOWNED: "A person in whose name a query was made says that it was not made for them. It waits for a review:",
    LetterKind.INCIDENT: "A suspected loss or compromise of the agency's data is on record, and its clocks run: the first report "
                         "is due within 1 hour of discovery, the written one within 24. How far they are:",
    LetterKind.SUSPECTED: "Unauthorized use by an account of your area is suspected. What is known, and what to do:",
    LetterKind.OWED: "A review of your area's queries is due, or will be shortly. The calendar and the way to begin:",
    LetterKind.CONTRACT: "The contract has ended, and the days for handing over and erasing its data run out. What is to do:",
    LetterKind.READY: "The delivery of the audit log that you asked for is encrypted and lies ready for some days. Download it, "
                      "compare its checksum, and record the receipt:",
    LetterKind.DUE: "A delivery of the audit log is not made yet: it failed, or its time runs out. How far it is:",
    LetterKind.MONTHS: "Months of the audit log that are past their retention were announced to be dropped. Nothing goes before "
                       "a person of either side has approved it. Look at them, and approve, hold or withdraw:",
}
PAGES: dict[str, str] = {
    LetterKind.QUESTION: "audit:own_questions", LetterKind.NAMED: "audit:own_questions", LetterKind.ANSWER: "audit:reviews",
    LetterKind.DISOWNED: "audit:reviews", LetterKind.OWED: "audit:reviews",
    LetterKind.INCIDENT: "audit:incidents", LetterKind.SUSPECTED: "audit:incidents",
    LetterKind.CONTRACT: "audit:contract_end",
    LetterKind.READY: "audit:deliveries", LetterKind.DUE: "audit:deliveries",
    LetterKind.MONTHS: "audit:retention",
}


def owe(kind: LetterKind, *, to: Iterable[Any], about: object, now: datetime) -> int:
    """Owe each of `to` one mail about something, once and never again; joins the open transaction. Returns how many are new."""
    made = 0
    for person in to:
        _, is_new = Letter.objects.get_or_create(kind=kind, recipient=person, about=str(about), defaults={"made_at": now})
        made += is_new
    if made:
        transaction.on_commit(wake, robust=True)
    return made


def wake() -> None:
    """A dead broker delays mails until the scheduler's next round, and nothing else."""
    from audit.tasks import send_letters

    send_letters.apply_async(retry=False)


def send_waiting(*, now: datetime) -> int:
    """Send what is owed; return how many letters left. Who has no open account any more gets none."""
    return send_each(Letter.objects.filter(sent_at__isnull=True), _send, now=now)


def _send(letter: Letter, now: datetime) -> None:
    person = letter.recipient
    if person.is_active and person.email:
        kind = LetterKind(letter.kind)
        link = settings.SITE_URL.rstrip("/") + reverse(PAGES[kind])
        mail(kind.label.lower(), f"{BODIES[kind]}\n\n{link}\n", to=[person.email])
        record(Kind.LETTER_SENT, actor=Actor(id=None, name="system", aor=person.aor_code), letter=kind,
               recipient=person.get_username())
    letter.sent_at = now
    letter.save(update_fields=["sent_at"])
