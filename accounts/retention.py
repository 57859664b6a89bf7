"""The end of what is kept of a deleted account: appointment, training, sanctions, deletions (ACC-5).

The request form has a date of its own (accounts.access_requests); all go by the same setting. Until then the manager of the
area finds them; afterwards name, id and the audit log are what is left.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import AccountNeed, Appointment, DeletionRequest, Sanction, TrainingRecord, User
from audit.events import Kind
from audit.record import record


def drop_expired(*, now: datetime) -> int:
    """Erase the records of accounts whose retention is over; return of how many. Running it twice does no harm."""
    before = now - timedelta(days=settings.REQUEST_RETENTION_DAYS)
    theirs = {"account": OuterRef("pk")}
    has_some = Q(Exists(Sanction.objects.filter(**theirs)) | Exists(Appointment.objects.filter(**theirs))
                 | Exists(DeletionRequest.objects.filter(**theirs)) | Exists(TrainingRecord.objects.filter(user=OuterRef("pk"))))
    over = list(User.objects.filter(has_some, deleted_at__lte=before)[:500])
    for account in over:
        with transaction.atomic(durable=True):
            record(Kind.RECORDS_DROPPED, username=account.username, counts=_drop(account, before))
    return len(over)


def _drop(account: User, before: datetime) -> dict[str, int]:
    """Erase with their history; return how many of each kind."""
    counts = {"sanctions": _drop_sanctions(account, before)}
    for name, found in (("deletions", DeletionRequest.objects.filter(account=account)),
                        ("appointments", Appointment.objects.filter(account=account)),
                        ("training", TrainingRecord.objects.filter(user=account))):
        ids = list(found.values_list("pk", flat=True))
        counts[name] = len(ids)
        found.delete()
        # Afterwards, since deleting writes a last row of history.
        found.model.history.filter(id__in=ids).delete()
    AccountNeed.history.filter(user=account).delete()
    return counts


def _drop_sanctions(account: User, before: datetime) -> int:
    """The application may not delete a sanction: the database does, and only of an account deleted long enough ago."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.erase_sanctions_over(%s::bigint, %s::timestamptz)", [account.pk, before])
        return cursor.fetchone()[0]
