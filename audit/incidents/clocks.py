"""The two clocks of an incident: how far they are, in color and word, and who is prompted when (AUD-9).

A prompt is a letter with a name of its own: it is owed once, whenever the scheduler comes back, and to each keeper.
"""

from datetime import datetime, timedelta

from audit import letters
from audit.clocks import Clock, run
from audit.incidents import recipients
from audit.models import LetterKind
from audit.models.incident import FIRST_REPORT_WITHIN, WRITTEN_REPORT_WITHIN, Incident

# After the discovery: prompts for the first report, then for the written one.
FIRST_PROMPTS = (timedelta(minutes=30), timedelta(minutes=45), timedelta(minutes=60))
WRITTEN_PROMPTS = (timedelta(hours=12), timedelta(hours=20), timedelta(hours=23), timedelta(hours=24))


def of(incident: Incident, *, now: datetime) -> list[Clock]:
    """Both clocks of an incident."""
    return [_clock("First report, within 1 hour", incident, FIRST_REPORT_WITHIN, incident.first_report_at, now),
            _clock("Written report, within 24 hours", incident, WRITTEN_REPORT_WITHIN, incident.written_report_at, now)]


def prompt(*, now: datetime) -> int:
    """Owe the prompts that are due for reports that were not sent. Returns how many letters are new."""
    owed = 0
    for incident in Incident.objects.filter(written_report_at=None):
        age = now - incident.discovered_at
        due = [("first", moment) for moment in FIRST_PROMPTS if incident.first_report_at is None and age >= moment]
        due += [("written", moment) for moment in WRITTEN_PROMPTS if age >= moment]
        for report, moment in due:
            owed += letters.owe(LetterKind.INCIDENT, to=recipients.keepers(), now=now,
                                about=f"{incident.pk} {report} {moment // timedelta(minutes=1)} min")
    return owed


def _clock(name: str, incident: Incident, within: timedelta, done: datetime | None, now: datetime) -> Clock:
    return run(name, begun=incident.discovered_at, due=incident.discovered_at + within, done=done, verb="Sent", now=now)
