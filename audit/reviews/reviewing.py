"""A review from its opening to its sign-off: sample, verdicts, follow-up (AUD-8, BEY-5).

Who reviews what is decided here and again in the database, by audit.review_opened and audit.review_population: managers and
supervisors what their area asked and what was asked elsewhere in the name of its people, which is what they read of the log
(AUD-3); OPR every one; nobody a query that they asked or that was asked in their name.
"""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from audit import access, sanctions
from audit.events import Kind
from audit.models import Method, NamedNotice, Question, Review, ReviewItem, ReviewPolicy, Verdict
from audit.record import record, record_durably
from audit.retention import months
from audit.reviews import log

LONGEST_NOTE = 2000
# One event holds the numbers of so many queries with signals; a sample of more cannot be drawn again for certain.
MOST_SIGNALLED = 5_000
NOT_TOLD = ("signals also depend on training, time zones and names, and the log does not hold how many signals each query of "
            "this review had when it was opened")


class ReviewRefused(Exception):
    """It may not be done; `field` says where in the form, the message is a plain sentence."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class ReviewNotFound(Exception):
    """There is no such review for this user."""


@dataclass(frozen=True)
class Seen:
    """A review as its reader sees it: its items, each with the query of the log, and what its opening and sign-off recorded.

    `dropped` are the months that it stood on and that the log keeps no more; `without_query` the items whose query went so.
    """

    review: Review
    items: list[tuple[ReviewItem, log.Row]]
    opening: dict[str, Any]
    closing: dict[str, Any]
    dropped: list[date]
    without_query: list[ReviewItem]

    @property
    def size(self) -> int:
        return len(self.items) + len(self.without_query)

    @property
    def undecided(self) -> int:
        return sum(not item.verdict for item, _ in self.items)

    def count(self, verdict: Verdict) -> int:
        return sum(item.verdict == verdict for item, _ in self.items)


def policy() -> ReviewPolicy:
    return ReviewPolicy.objects.get(pk=1)


def found(*, review: UUID, user: Any) -> Review:
    """The review, where `user` may see it.

    Raises:
        ReviewNotFound: there is none for them.
    """
    one = Review.objects.visible_to(user).select_related("opened_by", "closed_by").filter(pk=review).first()
    if one is None:
        raise ReviewNotFound
    return one


def begin(*, user: Any, aor: str, since: datetime, until: datetime, method: Method, size: int, now: datetime) -> Review:
    """Open a review and draw its sample. Call it outside of any transaction.

    The seed comes from the system and is recorded before anything is drawn, so that nobody picks a seed for its sample.

    Args:
        user: who opens it; a manager or supervisor opens reviews of their area alone.
        aor: the area's code, empty for all of them.
        since, until: the period, the end excluded.
        method: how the sample is made.
        size: queries wanted; a sample that is drawn has the policy's least number, or all that there are.
        now: the moment of opening.

    Raises:
        ReviewRefused: not this area, a period without end, or too small a sample; that is recorded.
        audit.record.AuditUnavailable: it could not be recorded; nothing is opened.
    """
    rules = policy()
    if not access.may_read(user) or (not access.sees_every_aor(user) and aor != user.aor_code):
        refuse("You review the queries of your own area.", "aor", aor=aor)
    if since >= until:
        refuse("The end must not be before the beginning.", "until")
    if since > now:
        refuse("The period has not begun.", "since")
    if method != Method.CHOSEN and size < rules.smallest_sample:
        refuse(f"A sample has at least {rules.smallest_sample} queries.", "size", size=size)
    number, seed = uuid4(), secrets.token_hex(16)
    opened = record_durably(
        Kind.REVIEW_OPENED, review=number, aor=aor, since=since, until=until, method=method, size=size, seed=seed,
        in_their_name=True, opener_names=[user.get_username(), user.get_full_name()], thresholds=rules.thresholds()).id
    # In one call: the event opens it for a minute, and a large log takes longer.
    made = log.sample(opened=opened, most=MOST_SIGNALLED)
    drawn, population = made.drawn, made.population
    if method == Method.SIGNALS:
        _keep_signals(number, made.by_count)
    with transaction.atomic(durable=True):
        review = Review.objects.create(
            id=number, opened=opened, aor=aor, is_of_opr=access.sees_every_aor(user), since=since, until=until, method=method,
            seed=seed, size=size, population=population, areas=[] if aor else _whole_areas(drawn, rules.smallest_sample),
            opened_by=user, opened_at=now)
        _take(review, drawn)
        record(Kind.REVIEW_DRAWN, review=number, queries=[one.query for one in drawn], population=population)
    return review


def look(*, review: Review, purpose: str = "page") -> Seen:
    """The review with its queries; the look is recorded first (AUD-12)."""
    event, gone = record_durably(Kind.REVIEW_VIEWED, review=review.pk, purpose=purpose).id, dropped(review=review)
    # The event that opened a review opens all that the log holds of it.
    is_there = months.of_event(review.opened) not in gone
    rows = log.rows_of(event=event) if is_there else {}
    opening, closing = log.frame(event=event) if is_there else ({}, {})
    items = list(review.items.select_related("review", "officer", "judged_by", "question__asked_by"))
    return Seen(review, [(item, rows[item.pk]) for item in items if item.pk in rows], opening, closing, gone,
                [item for item in items if item.pk not in rows])


def dropped(*, review: Review) -> list[date]:
    """The months that the review stands on and that were dropped at the end of their retention, by their first days (AUD-5)."""
    items = review.items.values_list("query", "judged", "question__asked", "question__answered")
    return months.dropped_of([review.opened, review.closed, *chain.from_iterable(items)], since=review.since, until=review.until)


def draw_again(*, review: Review) -> bool | None:
    """Whether seed and log still give the sample that was drawn, item for item; the look is recorded first.

    None where it is another and that proves nothing: a sample by signals of which the log does not hold how many each query had.
    """
    event = record_durably(Kind.REVIEW_VIEWED, review=review.pk, purpose="draw again").id
    again = log.sample(opened=event)
    is_same = [one.query for one in again.drawn] == list(review.items.order_by("position").values_list("query", flat=True))
    return is_same if again.is_kept or is_same else None


def findings(*, review: Review) -> list[log.Finding]:
    """The signals of the review's period with the rows behind them; the look is recorded first (BEY-5)."""
    return log.findings(event=record_durably(Kind.REVIEW_VIEWED, review=review.pk, purpose="signals").id)


def candidates(*, review: Review, officer: str, before: tuple[datetime, UUID] | None, limit: int) -> list[log.Row]:
    """What there is to choose from, newest first, narrowed to one user where `officer` is given; the look is recorded first."""
    event = record_durably(Kind.REVIEW_CANDIDATES_VIEWED, review=review.pk, user=officer).id
    return log.candidates(event=event, before=before, limit=limit)


def choose(*, review: Review, queries: Sequence[UUID], user: Any) -> int:
    """Take queries into a review by hand. All of them or none; those that are in it already stay. Returns how many are new.

    Raises:
        ReviewRefused: the review is closed, or a query is not one that it may take; that is recorded.
    """
    if review.closed_at:
        refuse("This review is signed off.", review=review.pk)
    if review.method != Method.CHOSEN:
        refuse("A sample that was drawn stays as it was drawn. Open a review by hand for these queries.", review=review.pk)
    wanted = set(queries)
    if not wanted:
        refuse("Choose at least one query.", review=review.pk)
    event = record_durably(Kind.REVIEW_CHOSEN, review=review.pk, queries=sorted(map(str, wanted))).id
    taken = log.chosen(event=event)
    if {one.query for one in taken} != wanted or any(_is_own(one.query, one.officer, user) for one in taken):
        refuse("Not every one of these can be reviewed by you here: a query of another area or period, or one that you asked "
                "or that was asked in your name.", review=review.pk)
    with transaction.atomic(durable=True):
        open_or_refuse(review)
        there = set(review.items.values_list("query", flat=True))
        new = [one for one in taken if one.query not in there]
        _take(review, new, first=len(there))
    return len(new)


def judge(*, item: ReviewItem, verdict: Verdict, note: str, user: Any, now: datetime) -> None:
    """Say of a query whether it was justified, and why. A later verdict replaces an earlier one until the sign-off.

    The note stands in the log alone.

    Raises:
        ReviewRefused: the review is signed off, or the query is the reviewer's own; that is recorded.
    """
    refuse_own(item, user)
    try:
        with transaction.atomic(durable=True):
            open_or_refuse(item.review)
            event = record(Kind.REVIEW_JUDGED, query=item.query, review=item.review_id, item=item.pk, verdict=verdict, note=note)
            ReviewItem.objects.filter(pk=item.pk).update(
                verdict=verdict, judged=event.id, judged_by=user, judged_at=now,
                sanction=item.sanction if verdict == Verdict.QUESTIONED else "")
    except ReviewRefused as refusal:
        refuse(str(refusal), refusal.field, review=item.review_id, item=item.pk)


def follow_up(*, item: ReviewItem, sanction: str, user: Any) -> None:
    """Tie a questioned query to the sanction that followed (ACC-11), by the sanction's number.

    Raises:
        ReviewRefused: the query was not questioned, is the reviewer's own, or its officer has no such sanction; that is recorded.
    """
    refuse_own(item, user)
    if item.verdict != Verdict.QUESTIONED:
        refuse("A sanction follows a questioned query.", "sanction", review=item.review_id, item=item.pk)
    followed = sanctions.named(sanction, item.officer)
    if not followed:
        refuse(sanctions.NOT_THEIRS, "sanction", review=item.review_id, item=item.pk)
    with transaction.atomic(durable=True):
        record(Kind.REVIEW_FOLLOWED_UP, query=item.query, review=item.review_id, item=item.pk, sanction=followed)
        ReviewItem.objects.filter(pk=item.pk, verdict=Verdict.QUESTIONED).update(sanction=followed)


def is_own(item: ReviewItem, user: Any) -> bool:
    """Whether `user` asked the query, or it was asked in their name."""
    return _is_own(item.query, item.officer_id, user)


def refuse_own(item: ReviewItem, user: Any) -> None:
    """Raises:
    ReviewRefused: the query is the reviewer's own; that is recorded.
    """
    if is_own(item, user):
        refuse("Nobody reviews a query that they asked or that was asked in their name.", review=item.review_id, item=item.pk)


def refuse(message: str, field: str | None = None, **details: Any) -> None:
    """Record what was refused in a review, and refuse it; call it outside of any transaction.

    Raises:
        ReviewRefused: always.
    """
    record_durably(Kind.REVIEW_REFUSED, why=message, **details)
    raise ReviewRefused(message, field)


def open_or_refuse(review: Review) -> None:
    """Hold the review open for the running transaction.

    Raises:
        ReviewRefused: it is signed off.
    """
    if Review.objects.select_for_update().get(pk=review.pk).closed_at:
        raise ReviewRefused("This review is signed off.")


def _whole_areas(drawn: Sequence[log.Drawn], smallest: int) -> list[str]:
    """The areas that a sample of every area takes as many queries of as one of theirs must have, or all."""
    taken = Counter(one.aor for one in drawn)
    return sorted({one.aor for one in drawn if one.aor and taken[one.aor] >= min(smallest, one.of_area)})


def _keep_signals(review: UUID, by_count: dict[str, list[str]] | None) -> None:
    """Record how many signals each query has, by which the sample is drawn: training, zones and names change later."""
    if by_count is None:
        record_durably(Kind.REVIEW_SIGNALLED, review=review, too_many=MOST_SIGNALLED)
    else:
        record_durably(Kind.REVIEW_SIGNALLED, review=review, by_count=by_count)


def _take(review: Review, drawn: Sequence[log.Drawn], first: int = 0) -> None:
    """Items for what was drawn; a question about one of them that waited for a review is dealt with in this one."""
    ReviewItem.objects.bulk_create(
        ReviewItem(review=review, query=one.query, officer_id=one.officer, position=place, signals=one.signals)
        for place, one in enumerate(drawn, first + 1))
    waiting = Question.objects.filter(query__in=[one.query for one in drawn], is_disowned=True, item=None)
    for question in waiting.select_for_update():
        question.item = review.items.get(query=question.query)
        question.save(update_fields=["item"])


def _is_own(query: UUID, officer: int, user: Any) -> bool:
    return officer == user.pk or NamedNotice.objects.filter(query=query, person=user.pk).exists()
