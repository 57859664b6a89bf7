"""The end of a source's authority to collect somewhere: put on record once (DAT-2).

What happens to the reads does not wait for this: the database hides them from the moment on, as the policy of the law and of the
source's authority says (`lpr/sql/authority.sql`), and the job that erases reads past their retention erases those that are to go.
"""

from datetime import datetime

from django.db import connection, transaction

from audit.events import Kind
from audit.record import record
from lpr.models import EndedAuthority, Source


def notice(*, now: datetime) -> int:
    """Record each end that is new, and each that is over because the authority was prolonged. Safe to run again.

    Args:
        now: the moment by which an authority has ended.

    Returns: how many events were recorded.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT source_id, state, policy FROM store.ended_authorities(%s::timestamptz)", [now])
        ended = {(source, state): policy for source, state, policy in cursor.fetchall()}
    recorded = 0
    with transaction.atomic():
        # One notices at a time: the row of the first source is the lock.
        Source.objects.select_for_update().order_by("pk").first()
        known = {(row.source_id, row.state): row for row in EndedAuthority.objects.select_related("source")}
        for key, row in known.items():
            if ended.get(key) != row.policy:
                row.delete()
                if key not in ended:
                    record(Kind.AUTHORITY_RESUMED, source=row.source.name, collected_in=row.state)
                    recorded += 1
        names = dict(Source.objects.values_list("pk", "name"))
        for (source, state), policy in ended.items():
            before = known.get((source, state))
            if before is None or before.policy != policy:
                EndedAuthority.objects.create(source_id=source, state=state, policy=policy, noticed_at=now)
                record(Kind.AUTHORITY_ENDED, source=names[source], collected_in=state, policy=policy)
                recorded += 1
    return recorded
