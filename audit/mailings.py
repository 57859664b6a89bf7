"""What the record sends by itself: the day's checkpoint to the agency's chosen addresses (BEY-2), the quarter's usage reports
to who may read them (AUD-7), and alarms to operator and agency (AUD-1).

Each is owed once, by a row that outlives a worker, a broker and a mail server; recipients are looked up when it leaves.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from audit import event_report, exports, outbox, seals, signing, statistics
from audit.events import Kind
from audit.models import DailyCount, Mailing
from audit.record import record

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
    """Note what is due and was not noted before: today's checkpoint, and the reports of the quarter that ended last."""
    today = now.astimezone(UTC).date()
    if seals.state().size:
        _owe(Mailing.Kind.CHECKPOINT, today.isoformat(), now=now)
    since, until = statistics.quarter_of(statistics.quarter_of(today)[0] - timedelta(days=1))
    # The last day is counted anew on the day after it.
    if today > until + timedelta(days=1) and DailyCount.objects.filter(day__range=(since, until)).exists():
        areas = _people("agency_manager").exclude(aor=None).values_list("aor__code", flat=True).distinct()
        for aor in ["", *areas.order_by("aor__code")]:
            _owe(Mailing.Kind.USAGE, since.isoformat(), aor=aor, now=now)


def owe_alarm(about: str, text: str, *, now: datetime) -> bool:
    """Note an alarm, unless the same one was noted in the same hour. Returns whether it is new."""
    return _owe(Mailing.Kind.ALARM, f"{about}, {now.astimezone(UTC):%Y-%m-%d %H} h UTC", text=text, now=now)


def send_waiting(*, now: datetime) -> int:
    """Send what is owed; return how many left. What fails waits for the next round."""
    return outbox.send_each(Mailing.objects.filter(sent_at__isnull=True).order_by("made_at"), _send, now=now)


def alarm_addresses() -> list[str]:
    """Who hears an alarm: the addresses that settings name, the operator's operations staff, the agency's appointers."""
    staff = _people("operations", "agency_appointer").values_list("email", flat=True)
    return sorted({*settings.AUDIT_ALARM_RECIPIENTS, *staff})


def _owe(kind: Mailing.Kind, about: str, *, now: datetime, aor: str = "", text: str = "") -> bool:
    _, is_new = Mailing.objects.get_or_create(kind=kind, about=about, aor=aor, defaults={"text": text, "made_at": now})
    return is_new


def _people(*roles: str) -> QuerySet:
    """Open accounts with an address; the room asks for roles by their names, as events hold them."""
    return get_user_model()._default_manager.filter(is_active=True, role__in=roles).exclude(email="")


def _send(mailing: Mailing, now: datetime) -> None:
    send = {Mailing.Kind.CHECKPOINT: _send_checkpoint, Mailing.Kind.USAGE: _send_usage, Mailing.Kind.ALARM: _send_alarm}
    count = send[Mailing.Kind(mailing.kind)](mailing, now)
    record(Kind.RECORD_MAILED, what=mailing.kind, about=mailing.about, area=mailing.aor, recipients=count)
    mailing.sent_at = now
    mailing.save(update_fields=["sent_at"])


def _send_checkpoint(mailing: Mailing, now: datetime) -> int:
    addresses = settings.AUDIT_CHECKPOINT_RECIPIENTS or list(_people("agency_appointer").values_list("email", flat=True))
    facts = dict(event_report.covered())
    outbox.mail(f"checkpoint of the audit log, {mailing.about}", CHECKPOINT.format(
        agency=settings.AGENCY_NAME, at=now.astimezone(UTC), note=facts["Checkpoint"],
        keys="\n".join(key.text for key in signing.trusted_keys())), to=addresses)
    return len(addresses)


def _send_usage(mailing: Mailing, now: datetime) -> int:
    since, until = statistics.quarter_of(date.fromisoformat(mailing.about))
    readers = _people("agency_manager").filter(aor__code=mailing.aor) if mailing.aor else _people("opr_auditor")
    addresses = list(readers.values_list("email", flat=True))
    if addresses:
        scope = f"area of responsibility {mailing.aor}" if mailing.aor else "every area of responsibility"
        made = statistics.counted(since=since, until=until, aor=mailing.aor)
        attachments: list[outbox.Attachment] = []
        with TemporaryDirectory() as folder:
            for format, content_type in exports.CONTENT_TYPES.items():
                file = Path(folder) / f"usage-{since}-{until}.{format}"
                document = statistics.document(made=made, made_for="who may read it, each quarter", now=now)
                exports.WRITERS[format](document, file)
                attachments.append((file.name, file.read_bytes(), content_type))
        outbox.mail(f"usage report from {since} to {until}", USAGE.format(
            agency=settings.AGENCY_NAME, scope=scope, since=since, until=until), to=addresses, attachments=attachments)
    return len(addresses)


def _send_alarm(mailing: Mailing, now: datetime) -> int:
    addresses = alarm_addresses()
    outbox.mail(f"ALARM: {mailing.about}", mailing.text, to=addresses)
    return len(addresses)
