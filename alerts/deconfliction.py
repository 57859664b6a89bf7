"""De-confliction: who adds what another user watches for the same reason is told of that user (ALR-6).

It says who, never why: case text stays with its owner. Nothing is refused for it. What is told by mail is an intent like any
other: one for each pair of entries, in the transaction that adds them; all of one adding go in one mail.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef

from accounts.models import User
from alerts.models import AlertPolicy, Entry, NotificationKind, NotificationStatus, Resting

if TYPE_CHECKING:
    from alerts.entries import NewEntry

Watched = tuple[str, str, str]
# A lock for each plate of a whole file would fill the server's table of locks: plates share these. Who waits for another's plate
# waits for all of that adding: milliseconds for one plate, a second or so for a file, and for a replacement also the loadings
# under way.
TURNS_LOCK = 7303012
TURNS = 256


class Colleague(NamedTuple):
    """Who watches the same, by which entry."""

    user_id: int
    username: str
    full_name: str
    email: str
    entry_id: uuid.UUID


def colleagues(*, owner: User, watched: Sequence[Watched], now: datetime) -> Mapping[Watched, list[Colleague]]:
    """The other users with an active entry of the same plate, state and reason, in one look-up for all.

    Whose account is closed or rests is not named (ALR-11): nobody could speak with them, and their entries match nothing.

    Args:
        owner: whose plates they are.
        watched: folded plate, state and reason code of each.
        now: the moment that counts for the end of an entry.
    """
    # Codes hold no line break, and a list of texts costs the client more to write down.
    plates, states, reasons = ("\n".join([item[part] for item in watched]) for part in range(3))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.plate, w.state, w.reason, o.id, o.username, o.full_name, o.email, e.id"
            " FROM unnest(string_to_array(%s::text, chr(10)), string_to_array(%s::text, chr(10)),"
            "             string_to_array(%s::text, chr(10))) w (plate, state, reason)"
            # By key for each plate, whatever the planner expects of a list of unknown length.
            " CROSS JOIN LATERAL (SELECT * FROM alerts_entry e WHERE e.plate = w.plate AND e.state = w.state OFFSET 0) e"
            " JOIN accounts_user o ON o.id = e.owner_id"
            " WHERE e.reason = w.reason AND e.status = 'active' AND e.valid_until > %s::timestamptz AND e.owner_id <> %s::bigint"
            " AND NOT EXISTS (SELECT FROM alerts_resting resting WHERE resting.user_id = e.owner_id)"
            " ORDER BY e.created_at, e.id", [plates, states, reasons, now, owner.pk])
        found: dict[Watched, list[Colleague]] = defaultdict(list)
        for plate, state, reason, *who in cursor.fetchall():
            found[plate, state, reason].append(Colleague(*who))
    return found


def take_turns(watched: Sequence[Watched]) -> None:
    """Wait for whoever is adding the same plate, state and reason, and keep others waiting until the open transaction ends: of
    two that add the same at once, the second looks when the first has committed (ALR-6).

    All turns are taken at once and in one order, before a list, an entry or the loadings are locked: nobody waits in a circle,
    and who waits for a turn holds no delivery back.

    Args:
        watched: folded plate, state and reason code of each that is added.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s::integer, turn.number) FROM ("
            " SELECT DISTINCT hashtext(watched) & %s::integer AS number FROM unnest(string_to_array(%s::text, chr(10))) watched"
            " ORDER BY number OFFSET 0) turn", [TURNS_LOCK, TURNS - 1, "\n".join([" ".join(item) for item in watched])])


def still_named(entries: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Entry]:
    """By id those of other users' entries that are there and whose owner may be named today."""
    rests = Exists(Resting.objects.filter(user=OuterRef("owner")))
    return Entry.objects.filter(~rests).select_related("owner").in_bulk(entries)


def plan(*, entries: "Sequence[Entry | NewEntry]", owner: User, now: datetime) -> int:
    """In the transaction that has taken its turns and added `entries`: an intent for each entry of another user that watches
    the same.

    Where policy says so, the other user is told as well. Returns how many pairs there are.

    Args:
        entries: added just now, all of `owner`.
        owner: who adds them, and is told.
        now: the moment of adding.
    """
    watched = [(entry.plate, entry.state, entry.reason) for entry in entries]
    same = colleagues(owner=owner, watched=watched, now=now)
    if not same:
        return 0
    standing = _standing({other.entry_id for others in same.values() for other in others})
    pairs = [(entry, other) for entry in entries for other in same.get((entry.plate, entry.state, entry.reason), ())
             if other.entry_id in standing]
    letter = uuid.uuid4()
    intents = [(entry.pk, other.entry_id, owner.pk, entry.plate, letter) for entry, other in pairs]
    if pairs and AlertPolicy.objects.get(pk=1).tells_both_in_deconfliction:
        letters: dict[int, uuid.UUID] = defaultdict(uuid.uuid4)
        intents += [(other.entry_id, entry.pk, other.user_id, entry.plate, letters[other.user_id]) for entry, other in pairs]
    if intents:
        with connection.cursor() as cursor:
            cursor.execute(_INTEND, [NotificationKind.DECONFLICTION.value, NotificationStatus.WAITING.value, now, now,
                                     *map(list, zip(*intents, strict=True))])
    return len(pairs)


def _standing(entries: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the entries that are there, and stay until the open transaction ends: a removal that comes later takes with it
    what is told of them here."""
    with connection.cursor() as cursor:
        # In the order in which a removal locks them.
        cursor.execute("SELECT id FROM alerts_entry WHERE id = ANY(%s::uuid[]) ORDER BY id FOR KEY SHARE", [list(entries)])
        return {row[0] for row in cursor.fetchall()}


# `record_id` holds the other user's entry: what a hit's intent says of a read, this one says of that entry.
_INTEND = """
INSERT INTO alerts_notification (id, kind, status, attempts, last_error, created_at, next_attempt_at, entry_id, record_id,
                                 recipient_id, plate, letter)
SELECT gen_random_uuid(), %s::text, %s::text, 0, '', %s::timestamptz, %s::timestamptz, intent.*
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::uuid[]) intent
"""
