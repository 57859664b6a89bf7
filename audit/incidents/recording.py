"""What is done about an incident or a suspected use, each with its event: opened, reported, noted, closed (AUD-9, AUD-14)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections, transaction
from django.db.models import Max

from audit import access, alarms, event_report, letters, outbox, prints, sanctions, words
from audit.documents import Cell, Column, Document, Table
from audit.events import Kind
from audit.incidents import recipients
from audit.models import LetterKind
from audit.models.incident import (
    APPOINTER,
    DataKind,
    Incident,
    Outcome,
    Step,
    StepKind,
    SuspectedUse,
)
from audit.record import record, record_durably

FIRST_REPORT = """{agency} is told of a suspected loss or compromise of its data, as its contract asks within one hour.

Incident: {number}
Discovered: {discovered:%Y-%m-%d %H:%M} UTC
Kinds of data: {kinds}
Users affected: {users}

{text}

The written report follows within 24 hours of discovery. Questions: answer this mail, or see the incident in the service.
"""
WRITTEN_REPORT = """The written report on incident {number} is attached. It was discovered on {discovered:%Y-%m-%d %H:%M} UTC.
"""
_ONE_OPENS = 7303022
NOT_KNOWN = "not known yet"
OPENED_BY_ITSELF = "Opened by the service itself: {about}.\n\n{text}"


class IncidentRefused(Exception):
    """What was asked may not be done; the message says why, `field` names the form's field where there is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def open_incident(*, discovered_at: datetime, data_kinds: Sequence[str], users_affected: str, text: str, user: Any,
                  now: datetime, cause: str | None = None) -> Incident:
    """Open an incident; its two clocks run from `discovered_at`, and its keepers are told.

    Args:
        discovered_at: when it was discovered; not in the future, and never changed afterwards.
        data_kinds: values of `DataKind`, one at least.
        users_affected: whose data it is, in words or numbers; no plates, no cases.
        user: who opens it; None for the service itself.
        cause: names what opened it by itself, once: the incident that it opened before is given back.

    Raises:
        IncidentRefused: the time lies in the future; that is recorded.
    """
    if discovered_at > now:
        refuse("Discovery cannot lie in the future.", field="discovered_at")
    # What opens one by itself may be part of a transaction of its own, which the incident then joins.
    with transaction.atomic(durable=user is not None):
        number = _next(Incident)
        if cause and (there := Incident.objects.filter(cause=cause).first()):
            return there
        incident = Incident.objects.create(
            number=number, discovered_at=discovered_at, opened_at=now, opened_by=user, cause=cause,
            data_kinds=[DataKind(kind).value for kind in data_kinds], users_affected=users_affected)
        _step(StepKind.OPENED, text, user=user, now=now, incident=incident)
        record(Kind.INCIDENT_OPENED, incident=incident.number, discovered_at=discovered_at, data_kinds=incident.data_kinds,
               cause=cause or "")
        letters.owe(LetterKind.INCIDENT, to=recipients.keepers(), about=f"{incident.pk} opened", now=now)
    return incident


def open_by_itself(about: str, text: str, now: datetime, *, data_kind: DataKind = DataKind.OTHER) -> None:
    """An alarm or an overdue deletion opens an incident, unless one with the same cause is there (AUD-9)."""
    open_incident(discovered_at=now, data_kinds=[data_kind], users_affected=NOT_KNOWN, user=None, now=now,
                  text=OPENED_BY_ITSELF.format(about=about, text=text), cause=f"{about}, {now:%Y-%m-%d}"[:200])


def open_for_alarm(about: str, text: str, now: datetime) -> None:
    """What was altered is an incident; what is late or full is not."""
    if about == alarms.TAMPERED:
        open_by_itself(about, text, now, data_kind=DataKind.AUDIT_TRAIL)


def send_first_report(*, incident: Incident, text: str, user: Any, now: datetime) -> None:
    """Mail the first report to both recipients and note who took it; whoever has it does not get it again.

    Raises:
        IncidentRefused: it was sent, nobody is set to get it, or not everybody took it; that is recorded.
    """
    _send(incident, "first_report_at", StepKind.FIRST_REPORT, text, user, now, lambda addresses: outbox.hand_over(
        f"incident {incident.number}: first report", FIRST_REPORT.format(
            agency=settings.AGENCY_NAME, number=incident.number, discovered=incident.discovered_at, text=text,
            kinds=", ".join(incident.data_kinds_in_words), users=incident.users_affected), to=addresses))


def send_written_report(*, incident: Incident, answers: Sequence[tuple[str, str]], user: Any, now: datetime) -> None:
    """Make the written report from what was asked and answered, mail it to both recipients as PDF, and note it.

    Args:
        answers: heading and text of each part.

    Raises:
        IncidentRefused: as for the first report.
    """
    text = "\n\n".join(f"{heading}\n{answer}" for heading, answer in answers)

    def mail(addresses: list[str]) -> outbox.Handed:
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"incident-{incident.number}.pdf"
            prints.write(written_report(incident=incident, answers=answers, by=user, now=now), file)
            return outbox.hand_over(
                f"incident {incident.number}: written report",
                WRITTEN_REPORT.format(number=incident.number, discovered=incident.discovered_at), to=addresses,
                attachments=[(file.name, file.read_bytes(), "application/pdf")])

    _send(incident, "written_report_at", StepKind.WRITTEN_REPORT, text, user, now, mail)


def written_report(*, incident: Incident, answers: Sequence[tuple[str, str]], by: Any, now: datetime) -> Document:
    """The written report as a document: the incident, the answers, and every step so far."""
    facts = [
        ("Agency", settings.AGENCY_NAME), ("Incident", str(incident.number)),
        ("Discovered at", words.moment(incident.discovered_at)),
        ("Kinds of data", ", ".join(incident.data_kinds_in_words)), ("Users affected", incident.users_affected),
        ("First report sent at", words.moment(incident.first_report_at) if incident.first_report_at else "not sent"),
        *answers, ("Made by", f"{by.get_full_name()} ({by.get_username()})"), ("Made at", words.moment(now)),
        *event_report.covered()]
    columns = [Column("At (UTC)", 20), Column("What", 24), Column("By", 20), Column("Text", 90, own_line=True)]
    steps = incident.steps.select_related("by")
    rows: Iterator[list[Cell]] = (
        [step.at, step.get_kind_display(), step.by.get_username() if step.by else "the service",
         step.text + (f"\nSent to: {step.sent_to}" if step.sent_to else "")] for step in steps)
    return Document(f"Report of incident {incident.number}", lambda: facts, [Table("Steps", columns, rows)])


def complete(*, incident: Incident, data_kinds: Sequence[str], users_affected: str, text: str, user: Any, now: datetime) -> None:
    """Say what is known by now of the data and the users affected; what was said before stays, in the step that this adds.

    Args:
        data_kinds: values of `DataKind`, one at least: all that are known by now.

    Raises:
        IncidentRefused: it is closed; that is recorded.
    """
    with transaction.atomic(durable=True):
        locked = Incident.objects.select_for_update().get(pk=incident.pk)
        is_open = locked.closed_at is None
        if is_open:
            before = f"{', '.join(locked.data_kinds_in_words)}; users affected: {locked.users_affected}"
            locked.data_kinds, locked.users_affected = [DataKind(kind).value for kind in data_kinds], users_affected
            locked.save(update_fields=["data_kinds", "users_affected"])
            known = f"{', '.join(locked.data_kinds_in_words)}; users affected: {users_affected}"
            _step(StepKind.KNOWN, f"{text}\n\nKnown since: {known}\nBefore: {before}", user=user, now=now, incident=locked)
            record(Kind.INCIDENT_NOTED, incident=locked.number, step=StepKind.KNOWN, data_kinds=locked.data_kinds)
    if not is_open:
        refuse("This incident is closed.", incident=incident.number)


def note(*, incident: Incident, kind: StepKind, text: str, user: Any, now: datetime) -> None:
    """Note a step of the inquiry or the remediation.

    Raises:
        IncidentRefused: the incident is closed; that is recorded.
    """
    with transaction.atomic(durable=True):
        locked = Incident.objects.select_for_update().get(pk=incident.pk)
        is_open = locked.closed_at is None
        if is_open:
            _step(kind, text, user=user, now=now, incident=locked)
            record(Kind.INCIDENT_NOTED, incident=locked.number, step=kind)
    if not is_open:
        refuse("This incident is closed.", incident=incident.number)


def close(*, incident: Incident, text: str, user: Any, now: datetime) -> None:
    """Close an incident: the agency's appointer does, after both reports and at least one step of inquiry and remediation.

    Raises:
        IncidentRefused: it is closed, something is missing, or another role asks; that is recorded.
    """
    why = ""
    with transaction.atomic(durable=True):
        locked = Incident.objects.select_for_update().get(pk=incident.pk)
        noted = set(locked.steps.values_list("kind", flat=True))
        if getattr(user, "role", "") != APPOINTER:
            why = "The agency's appointer closes an incident."
        elif locked.closed_at:
            why = "This incident is closed."
        elif not (locked.first_report_at and locked.written_report_at):
            why = "Both reports come first."
        elif not {StepKind.INQUIRY, StepKind.REMEDIATION} <= noted:
            why = "An inquiry and a remediation are noted first."
        else:
            locked.closed_at = now
            locked.save(update_fields=["closed_at"])
            _step(StepKind.CLOSED, text, user=user, now=now, incident=locked)
            record(Kind.INCIDENT_CLOSED, incident=locked.number)
    if why:
        refuse(why, incident=incident.number)


def open_suspected_use(*, username: str, discovered_at: datetime, evidence: str, user: Any, now: datetime) -> SuspectedUse:
    """Record suspected unauthorized use by an account; the managers of its area and the appointers are told (AUD-14).

    Args:
        username: whose use it is.
        evidence: what speaks for it: numbers of audit events, times; no plates, no cases.

    Raises:
        IncidentRefused: there is no such account, it is the reporter's own, the reporter's area is another one, or the time
            lies in the future; that is recorded.
    """
    person = get_user_model()._default_manager.filter(username__iexact=username).first()
    if person is None or (user.aor_code and not access.sees_every_aor(user) and person.aor_code != user.aor_code):
        refuse("There is no such account in your area." if user.aor_code else "There is no such account.", field="username")
    if person.pk == user.pk:
        refuse("Somebody else records what concerns you.", field="username")
    if discovered_at > now:
        refuse("Discovery cannot lie in the future.", field="discovered_at")
    with transaction.atomic(durable=True):
        suspected = SuspectedUse.objects.create(
            number=_next(SuspectedUse), person=person, aor=person.aor_code, discovered_at=discovered_at, opened_at=now,
            opened_by=user, told_at=now)
        _step(StepKind.OPENED, evidence, user=user, now=now, suspected_use=suspected)
        record(Kind.SUSPECTED_USE_OPENED, suspected_use=suspected.number, username=person.get_username(), area=person.aor_code,
               discovered_at=discovered_at)
        letters.owe(LetterKind.SUSPECTED, to=recipients.appointers_and_managers(person.aor_code, but=person),
                    about=f"{suspected.pk} opened", now=now)
    return suspected


def note_suspected_use(*, suspected_use: SuspectedUse, text: str, user: Any, now: datetime) -> None:
    """Note a step of the inquiry. Raises IncidentRefused: it is closed; that is recorded."""
    with transaction.atomic(durable=True):
        locked = SuspectedUse.objects.select_for_update().get(pk=suspected_use.pk)
        is_open = locked.closed_at is None
        if is_open:
            _step(StepKind.INQUIRY, text, user=user, now=now, suspected_use=locked)
            record(Kind.SUSPECTED_USE_NOTED, suspected_use=locked.number)
    if not is_open:
        refuse("This record is closed.", suspected_use=suspected_use.number)


def close_suspected_use(*, suspected_use: SuspectedUse, outcome: Outcome, sanction: str, text: str, user: Any,
                        now: datetime) -> None:
    """Close with an outcome: the agency does, a manager of the area or the appointer.

    Raises:
        IncidentRefused: it is closed, the operator asks, or the sanction is named by no number of one of this person's; that is
            recorded.
    """
    why, field = "", ""
    with transaction.atomic(durable=True):
        locked = SuspectedUse.objects.select_for_update().get(pk=suspected_use.pk)
        if locked not in SuspectedUse.objects.visible_to(user) or not may_close_suspected_use(user):
            why = "The agency closes it: a manager of the area, or the appointer."
        elif locked.closed_at:
            why = "This record is closed."
        elif outcome == Outcome.SANCTIONED and not sanction:
            why, field = "Name the sanction that followed.", "sanction"
        elif sanction and not (followed := sanctions.named(sanction, locked.person)):
            why, field = sanctions.NOT_THEIRS, "sanction"
        else:
            locked.outcome, locked.sanction, locked.closed_at = outcome, followed if sanction else "", now
            locked.save(update_fields=["outcome", "sanction", "closed_at"])
            _step(StepKind.CLOSED, text, user=user, now=now, suspected_use=locked)
            record(Kind.SUSPECTED_USE_CLOSED, suspected_use=locked.number, outcome=outcome, sanction=locked.sanction)
    if why:
        refuse(why, field=field, suspected_use=suspected_use.number)


def may_close_suspected_use(user: Any) -> bool:
    return user.role in (APPOINTER, "agency_manager")


def refuse(why: str, *, field: str = "", **details: Any) -> NoReturn:
    """Record what was refused, and say so to who asked. Called outside of any transaction."""
    record_durably(Kind.INCIDENT_REFUSED, why=why, **details)
    raise IncidentRefused(why, field)


def _send(incident: Incident, mark: str, kind: StepKind, text: str, user: Any, now: datetime,
          mail: Callable[[list[str]], outbox.Handed]) -> None:
    """Claim the report, hand it to the mail server, note who took it. It is sent when everybody has it; until then whoever has
    not is asked again."""
    told = recipients.of_reports()
    if len({one.role for one in told}) < 2:
        refuse("Nobody is set to get it: INCIDENT_CONTRACTING_OFFICER_EMAIL and the representative's address are needed.",
               incident=incident.number)
    why, missing = "", told
    try:
        with transaction.atomic(durable=True):
            locked = Incident.objects.select_for_update().get(pk=incident.pk)
            before = locked.taken_by.get(kind, [])
            if getattr(locked, mark):
                why, missing = "This report was sent.", []
            else:
                due = [one.address for one in told if one.address not in before]
                # First, so that nothing leaves of which the log does not take the event.
                record(Kind.INCIDENT_REPORTED, incident=locked.number, report=kind, recipients=len(due))
                taken = mail(due).taken if due else []
                if due and not taken:
                    raise outbox.NotTaken
                missing = [one for one in told if one.address not in {*before, *taken}]
                locked.taken_by[kind] = [*before, *taken]
                if not missing:
                    # Who has it stands in the steps; addresses were for asking only those who have it not.
                    del locked.taken_by[kind]
                    setattr(locked, mark, now)
                locked.save(update_fields=[mark, "taken_by"])
                setattr(incident, mark, getattr(locked, mark))
                sent_to = ", ".join(str(one) for one in told if one.address in taken)
                _step(kind, text, user=user, now=now, incident=locked,
                      sent_to=sent_to + (f"; not taken by {', '.join(map(str, missing))}" if missing else ""))
    except outbox.NotTaken:
        pass
    if missing:
        why = ("The mail server did not take it for " + ", ".join(map(str, missing)) + ": try again, which asks only them, or "
               "report to them by telephone and note it here.")
    if why:
        refuse(why, incident=incident.number, report=kind, not_taken=len(missing))


def _next(model: type[Incident] | type[SuspectedUse]) -> int:
    """The next number; whoever opens another at the same time waits until this one is there."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_OPENS])
    return (model._default_manager.aggregate(last=Max("number"))["last"] or 0) + 1


def _step(kind: StepKind, text: str, *, user: Any, now: datetime, sent_to: str = "", incident: Incident | None = None,
          suspected_use: SuspectedUse | None = None) -> None:
    Step.objects.create(incident=incident, suspected_use=suspected_use, kind=kind, at=now, by=user, text=text, sent_to=sent_to)
