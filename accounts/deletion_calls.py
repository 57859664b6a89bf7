"""Calls to the operator while the clock of a deletion runs: at the start, at 50 % and 75 %, and the alarm at its end (ACC-9).

The rows are made with the clock, each with its moment, so a standstill loses none: what has come due meanwhile is raised at the
next round, once. A call is raised (event, hooks) before it is told (mail), so that a mail server that is down hides no alarm.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from accounts.models import DeletionCall, DeletionRequest, Role, User
from audit import outbox
from audit.events import Kind
from audit.record import record

# What else happens when a deletion is overdue: each is called once with the request, in the transaction of the alarm.
when_overdue: list[Callable[[DeletionRequest, datetime], None]] = []

Stage = DeletionCall.Stage
SUBJECTS: dict[str, str] = {
    Stage.FILED: "an account is to be deleted", Stage.HALF: "half of the time for a deletion is gone",
    Stage.MOST: "three quarters of the time for a deletion are gone", Stage.OVERDUE: "OVERDUE: a deletion was not carried out",
}
BODY = """The deletion of the account {username} ({area}) was filed at {filed_at:%Y-%m-%d %H:%M} UTC.

It is due at {due_at:%Y-%m-%d %H:%M %Z}, after 24 business hours.{more}

Operations staff carry it out in the back office, under "Deletions of accounts".
"""
OVERDUE = " That time is over: carry it out now, and report why it is late."


def keep_time(*, now: datetime) -> int:
    """Raise the calls that have come due and mail those that were not taken yet. Late, twice or twice at once does no harm.

    Returns: how many mails' calls left.
    """
    running = DeletionCall.objects.filter(request__state=DeletionRequest.State.FILED, due_at__lte=now)
    for pk in list(running.filter(raised_at__isnull=True).values_list("pk", flat=True)[:500]):
        with transaction.atomic(durable=True):
            call = running.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, raised_at__isnull=True).first()
            if call is not None:
                _raise(call, now)
    waiting = running.filter(raised_at__isnull=False, told_at__isnull=True)
    return outbox.send_each(waiting, _tell, now=now) if waiting.exists() else 0


def wake() -> None:
    """A dead broker delays the first mail until the scheduler's next round, and nothing else."""
    from accounts.tasks import keep_time_of_deletions

    keep_time_of_deletions.apply_async(retry=False)


def _raise(call: DeletionCall, now: datetime) -> None:
    call.raised_at = now
    call.save(update_fields=["raised_at"])
    request = call.request
    kind = Kind.DELETION_OVERDUE if call.stage == Stage.OVERDUE else Kind.DELETION_CALLED
    record(kind, username=request.account.username, deletion=request.pk, stage=call.stage, due_at=request.due_at)
    if call.stage == Stage.OVERDUE:
        for hook in when_overdue:
            hook(request, now)


def _tell(call: DeletionCall, now: datetime) -> None:
    """Operations, and of an overdue deletion also who filed it."""
    request = call.request
    assert request.filed_at is not None and request.due_at is not None  # noqa: PT018
    people = User.objects.filter(role=Role.OPERATIONS, is_active=True)
    if call.stage == Stage.OVERDUE:
        people |= User.objects.filter(pk=request.filed_by_id, is_active=True)
    body = BODY.format(username=request.account.username, area=request.account.aor or "no area", filed_at=request.filed_at,
                       due_at=request.due_at.astimezone(request.zone), more=OVERDUE if call.stage == Stage.OVERDUE else "")
    outbox.mail(SUBJECTS[call.stage], body, to=list(people.exclude(email="").values_list("email", flat=True)))
    call.told_at = now
    call.save(update_fields=["told_at"])
