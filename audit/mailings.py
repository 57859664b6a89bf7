"""What the record sends by itself: the day's checkpoint to the agency's chosen addresses (BEY-2), the quarter's usage reports
to who may read them (AUD-7), and alarms to operator and agency (AUD-1).

Each is owed once, by a row that outlives a worker, a broker and a mail server; recipients are looked up when it leaves. Who took
it is noted for each address until it is done: nobody gets it twice, and who refuses it keeps it from nobody. The log has only how
many: addresses of people are erased with their accounts (ACC-9), and events are not.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from audit import event_report, exports, outbox, seals, signing, statistics
from audit.events import Kind
from audit.models import DailyCount, Mailing, MailingRecipient
from audit.record import AuditUnavailable, record

# An address that refuses is asked again so often, and given up after a day.
REFUSED_AGAIN_AFTER = timedelta(minutes=15)
REFUSED_FOR_GOOD_AFTER = timedelta(days=1)
# Between what an alarm is about and its hour.
_HOUR = ", "
Mail = tuple[str, str, list[outbox.Attachment]]
CHECKPOINT = """This is a checkpoint of the audit log of {agency}, as of {at:%Y-%m-%d %H:%M} UTC.

Keep this mail. Whoever holds it can prove later that nothing recorded up to it was altered, left out or added: a bundle from
the audit search, the verifier (one Python file, on its own) and the keys below are all that is needed, and not this service.

{note}
Public keys of this log, one a line:
{keys}
"""
USAGE = """The usage report of {agency}, {scope}, from {since} to {until} is attached, as PDF and as Excel.

It holds counts by component, area, reason, offense and user, and nothing of what was asked.
"""


def owe(*, now: datetime) -> None:
    """Note what is due and was not noted before: today's checkpoint, and the reports of the quarter that ended last.

    Raises:
        audit.record.AuditUnavailable: a day of the quarter could not be counted; its reports are owed later.
    """
    today = now.astimezone(UTC).date()
    if seals.state().size:
        _owe(Mailing.Kind.CHECKPOINT, today.isoformat(), now=now)
    since, until = statistics.quarter_of(statistics.quarter_of(today)[0] - timedelta(days=1))
    # The last day is counted anew on the day after it.
    if today > until + timedelta(days=1) and DailyCount.objects.filter(day__range=(since, until)).exists():
        areas = _people("agency_manager").exclude(aor=None).values_list("aor__code", flat=True).distinct()
        owed = set(Mailing.objects.filter(kind=Mailing.Kind.USAGE, about=since.isoformat()).values_list("aor", flat=True))
        new = [aor for aor in ["", *areas.order_by("aor__code")] if aor not in owed]
        if new:
            # The counting may have stood still: no report leaves with days missing.
            statistics.count_due(now=now)
            statistics.count_missing(since=since, until=until)
        for aor in new:
            _owe(Mailing.Kind.USAGE, since.isoformat(), aor=aor, now=now)


def owe_alarm(about: str, text: str, *, now: datetime) -> bool:
    """Note an alarm, unless the same one was noted in the same hour. Returns whether it is new."""
    return _owe(Mailing.Kind.ALARM, f"{about}{_HOUR}{now.astimezone(UTC):%Y-%m-%d %H} h UTC", text=text, now=now)


def alarm_of(mailing: Mailing) -> str:
    """What an alarm is about, without its hour."""
    return mailing.about.rpartition(_HOUR)[0]


def send_waiting(*, now: datetime) -> int:
    """Send what is owed, alarms first; return how many left. What fails waits for the next round."""
    waiting = Mailing.objects.filter(sent_at__isnull=True).order_by("made_at")
    alarms, others = waiting.filter(kind=Mailing.Kind.ALARM), waiting.exclude(kind=Mailing.Kind.ALARM)
    return outbox.send_each(alarms, _send, now=now) + outbox.send_each(others, _send, now=now)


def alarm_addresses() -> list[str]:
    """Who hears an alarm: the addresses that settings name, the operator's operations staff, the agency's appointers."""
    staff = _people("operations", "agency_appointer").values_list("email", flat=True)
    return sorted({*settings.AUDIT_ALARM_RECIPIENTS, *staff})


def forget(addresses: Collection[str]) -> None:
    """Erase what became of mailings at these addresses; joins the open transaction (ACC-9).

    Args:
        addresses: in small letters.
    """
    MailingRecipient.objects.annotate(folded=Lower("address")).filter(folded__in=addresses).delete()


def _owe(kind: Mailing.Kind, about: str, *, now: datetime, aor: str = "", text: str = "") -> bool:
    _, is_new = Mailing.objects.get_or_create(kind=kind, about=about, aor=aor, defaults={"text": text, "made_at": now})
    return is_new


def _people(*roles: str) -> QuerySet:
    """Open accounts with an address; the room asks for roles by their names, as events hold them."""
    return get_user_model()._default_manager.filter(is_active=True, role__in=roles).exclude(email="")


def _send(mailing: Mailing, now: datetime) -> bool:
    """Hand it to whoever is to have it and has it not. Returns whether nobody is left to be asked again."""
    addresses = _addresses(mailing)
    known = {one.address: one for one in mailing.recipients.all()}
    if due := [address for address in addresses if address not in known or _is_due(known[address], now)]:
        subject, body, attachments = _LETTERS[Mailing.Kind(mailing.kind)](mailing, now)
        handed = outbox.hand_over(subject, body, to=due, attachments=attachments)
        for address in [*handed.taken, *handed.refused]:
            why = handed.refused.get(address, "")
            known[address], _ = MailingRecipient.objects.update_or_create(mailing=mailing, address=address, defaults={
                "tried_at": now, "taken_at": None if why else now, "refusal": why})
    if any(address not in known or _is_open(known[address], mailing, now) for address in addresses):
        return False
    taken = sum(one.taken_at is not None for one in known.values())
    try:
        with transaction.atomic():
            record(Kind.RECORD_MAILED, what=mailing.kind, about=mailing.about, area=mailing.aor, recipients=taken,
                   refused=len(known) - taken)
            mailing.sent_at = now
            mailing.save(update_fields=["sent_at"])
            mailing.recipients.all().delete()
    except AuditUnavailable:
        # The mails have left, and who took them stands: the event follows when the log takes it.
        return False
    return True


def _is_due(one: MailingRecipient, now: datetime) -> bool:
    return not one.taken_at and now >= one.tried_at + REFUSED_AGAIN_AFTER


def _is_open(one: MailingRecipient, mailing: Mailing, now: datetime) -> bool:
    return not one.taken_at and now < mailing.made_at + REFUSED_FOR_GOOD_AFTER


def _addresses(mailing: Mailing) -> list[str]:
    """Who is to have it, as of now."""
    if mailing.kind == Mailing.Kind.ALARM:
        return alarm_addresses()
    if mailing.kind == Mailing.Kind.CHECKPOINT:
        return settings.AUDIT_CHECKPOINT_RECIPIENTS or list(_people("agency_appointer").values_list("email", flat=True))
    readers = _people("agency_manager").filter(aor__code=mailing.aor) if mailing.aor else _people("opr_auditor")
    return list(readers.values_list("email", flat=True))


def _checkpoint(mailing: Mailing, now: datetime) -> Mail:
    facts = dict(event_report.covered())
    return f"checkpoint of the audit log, {mailing.about}", CHECKPOINT.format(
        agency=settings.AGENCY_NAME, at=now.astimezone(UTC), note=facts["Checkpoint"],
        keys="\n".join(key.text for key in signing.trusted_keys())), []


def _usage(mailing: Mailing, now: datetime) -> Mail:
    since, until = statistics.quarter_of(date.fromisoformat(mailing.about))
    scope = f"area of responsibility {mailing.aor}" if mailing.aor else "every area of responsibility"
    made = statistics.counted(since=since, until=until, aor=mailing.aor)
    attachments: list[outbox.Attachment] = []
    with TemporaryDirectory() as folder:
        for format, content_type in exports.CONTENT_TYPES.items():
            file = Path(folder) / f"usage-{since}-{until}.{format}"
            document = statistics.document(made=made, made_for="who may read it, each quarter", now=now)
            exports.WRITERS[format](document, file)
            attachments.append((file.name, file.read_bytes(), content_type))
    return f"usage report from {since} to {until}", USAGE.format(
        agency=settings.AGENCY_NAME, scope=scope, since=since, until=until), attachments


def _alarm(mailing: Mailing, now: datetime) -> Mail:
    return f"ALARM: {mailing.about}", mailing.text, []


_LETTERS = {Mailing.Kind.CHECKPOINT: _checkpoint, Mailing.Kind.USAGE: _usage, Mailing.Kind.ALARM: _alarm}
