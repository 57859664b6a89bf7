"""On-behalf-of, from the other side: who is named is told, and may disown the query (QRY-5, BEY-4).

A name is free text. A user name means its account; a full name everyone of the agency who bears it. All of them are told, or a
namesake would be a way around the notice; but where several bear it, none of them reads the case reference. The query is neither
held up nor withdrawn: what a disowning opens is a question.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit import context, letters, people
from audit.cursors import Cursor, cut
from audit.events import Kind
from audit.models import LetterKind, NamedNotice
from audit.record import record, record_durably
from audit.reviews import log, questions


class NoticeNotFound(Exception):
    """There is no such notice of this user."""


class AlreadyDisowned(Exception):
    """The query was disowned by this user before."""


def tell(*, query: UUID, name: str, now: datetime) -> None:
    """Tell whom a query names; joins the transaction of the attempt, so that no query is asked in a name without it.

    Args:
        query: the attempt's event.
        name: the person for whom the query is made, as typed; whoever asks is not told of their own query.
        now: the moment of asking.
    """
    found = people.named(name)
    asker = context.current().actor
    told = [person for person in found if asker is None or person.pk != asker.id]
    if not told:
        return
    for person in told:
        notice = NamedNotice.objects.create(query=query, person=person, is_only_match=len(found) == 1, made_at=now)
        letters.owe(LetterKind.NAMED, to=[person], about=notice.pk, now=now)
    record(Kind.NAMED_TOLD, query=query, persons=[person.get_username() for person in told])


def own(*, user: Any, before: Cursor | None = None, size: int, now: datetime,
        ) -> tuple[list[tuple[NamedNotice, log.Naming]], Cursor | None]:
    """A page of the queries in `user`'s name, newest first, and where the next one begins; the look is recorded first, and from
    then on they count as seen."""
    rows = {row.notice: row for row in log.namings(event=record_durably(Kind.NAMED_VIEWED).id, before=before, limit=size + 1)}
    found = NamedNotice.objects.in_bulk(list(rows))
    shown, following = cut([found[notice] for notice in rows if notice in found], by="made_at", size=size)
    NamedNotice.objects.filter(pk__in=[notice.pk for notice in shown], seen_at=None).update(seen_at=now)
    return [(notice, rows[notice.pk]) for notice in shown], following


def unseen(*, user: Any) -> int:
    """How many queries in `user`'s name they have not looked at."""
    return NamedNotice.objects.filter(person=user.pk, seen_at=None).count()


def disown(*, notice: UUID, note: str, user: Any, now: datetime) -> None:
    """Say that a query was not made for oneself: its officer is asked, and its reviewers find it in their queue.

    Raises:
        NoticeNotFound: none of theirs.
        AlreadyDisowned: that is recorded.
    """
    try:
        with transaction.atomic(durable=True):
            one = NamedNotice.objects.select_for_update().filter(pk=notice, person=user.pk).first()
            if one is None:
                raise NoticeNotFound
            if one.disowned_at:
                raise AlreadyDisowned
            event = record(Kind.QUERY_DISOWNED, query=one.query, notice=one.pk, is_only_match=one.is_only_match, text=note)
            one.disowned_at = now
            one.save(update_fields=["disowned_at"])
            questions.open_disowned(query=one.query, event=event.id, by=user, now=now)
    except AlreadyDisowned:
        record_durably(Kind.DISOWNING_REFUSED, notice=notice, why="disowned already")
        raise
