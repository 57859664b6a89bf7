"""A question to the officer about a query, the officer's answer, and disowned queries that wait for a review (AUD-8, BEY-4).

What is asked and answered stands in the log alone; mails tell that there is something to read, and nothing of it.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from audit import access, letters, people
from audit.cursors import Cursor, cut
from audit.events import Kind
from audit.models import LetterKind, Method, Question, Review, ReviewItem
from audit.record import record, record_durably
from audit.reviews import log, reviewing
from audit.reviews.reviewing import ReviewRefused


class QuestionNotFound(Exception):
    """There is no such question for this user."""


class AlreadyAnswered(Exception):
    """The question was answered; an answer is given once."""


def ask(*, item: ReviewItem, text: str, user: Any, now: datetime) -> None:
    """Ask the officer about a query under review; they are told by mail.

    Raises:
        ReviewRefused: the review is signed off, the query is the reviewer's own, or was asked about before; that is recorded.
    """
    reviewing.refuse_own(item, user)
    try:
        with transaction.atomic(durable=True):
            reviewing.open_or_refuse(item.review)
            event = record(Kind.QUESTION_ASKED, query=item.query, review=item.review_id, item=item.pk, text=text)
            question = Question.objects.create(query=item.query, aor=log.owner_of(item.query)[1], officer=item.officer, item=item,
                                               asked=event.id, asked_by=user, asked_at=now)
            letters.owe(LetterKind.QUESTION, to=[item.officer], about=question.pk, now=now)
    except (IntegrityError, ReviewRefused) as refusal:
        why = str(refusal) if isinstance(refusal, ReviewRefused) else "The officer was asked about this query already."
        reviewing.refuse(why, "question", review=item.review_id, item=item.pk)


def answer(*, question: UUID, text: str, user: Any, now: datetime) -> None:
    """The officer's answer to a question about a query of theirs; who asked is told by mail.

    Raises:
        QuestionNotFound: none of theirs.
        AlreadyAnswered: once is enough; that is recorded.
    """
    try:
        with transaction.atomic(durable=True):
            one = Question.objects.select_for_update().filter(pk=question, officer=user.pk).first()
            if one is None:
                raise QuestionNotFound
            if one.answered:
                raise AlreadyAnswered
            # A sign-off that runs now comes before or after the answer, not in between.
            Review.objects.select_for_update().filter(items__question=one.pk).first()
            event = record(Kind.QUESTION_ANSWERED, query=one.query, question=one.pk, text=text)
            one.answered, one.answered_at = event.id, now
            one.save(update_fields=["answered", "answered_at"])
            readers = people.reviewers_of(one.aor, one.asked_by.aor_code) if one.is_disowned else [one.asked_by]
            letters.owe(LetterKind.ANSWER, to=[reader for reader in readers if reader.pk != user.pk], about=one.pk, now=now)
    except AlreadyAnswered:
        record_durably(Kind.QUESTION_REFUSED, question=question, why="answered already")
        raise


def own(*, user: Any, before: Cursor | None = None, size: int) -> tuple[list[tuple[Question, log.Row]], Cursor | None]:
    """A page of the questions put to `user`, newest first, each with the query, and where the next page begins; the look is
    recorded first."""
    asked = log.own_questions(event=record_durably(Kind.QUESTION_VIEWED).id, before=before, limit=size + 1)
    rows = {one.question: one.row for one in asked}
    found = Question.objects.in_bulk(list(rows))
    shown, following = cut([found[question] for question in rows if question in found], by="asked_at", size=size)
    return [(question, rows[question.pk]) for question in shown], following


def unanswered(*, user: Any) -> int:
    """How many questions wait for an answer of `user`."""
    return Question.objects.filter(officer=user.pk, answered=None).exclude(item__review__closed_at__isnull=False).count()


def queue(*, user: Any) -> list[Question]:
    """The disowned queries that no signed-off review has dealt with, oldest first, as far as `user` reviews them."""
    found = Question.objects.visible_to(user).exclude(item__review__closed_at__isnull=False)
    return list(found.select_related("officer", "asked_by", "item__review").order_by("asked_at"))


def disowned(*, item: ReviewItem) -> Question | None:
    """The question of a disowned query that another review deals with."""
    return Question.objects.filter(query=item.query, is_disowned=True).exclude(item=item.pk).select_related("asked_by").first()


def take(*, question: UUID, user: Any, now: datetime) -> Review:
    """Open a review of a disowned query, by hand, over the day on which it was asked (UTC).

    Raises:
        QuestionNotFound: none that `user` reviews.
        ReviewRefused: a review deals with it already, or the query is the reviewer's own; that is recorded.
    """
    one = Question.objects.visible_to(user).select_related("item").filter(pk=question).first()
    if one is None:
        raise QuestionNotFound
    if one.item:
        reviewing.refuse("A review deals with this query already.", question=question)
    officer, aor, at = log.owner_of(one.query)
    if officer is None or at is None:
        raise QuestionNotFound
    if user.pk in (officer, one.asked_by_id):
        reviewing.refuse("Nobody reviews a query that they asked or that was asked in their name.", question=question)
    day = datetime.combine(at.astimezone(UTC).date(), time.min, tzinfo=UTC)
    review = reviewing.begin(
        user=user, aor=aor if access.sees_every_aor(user) else user.aor_code, since=day, until=day + timedelta(days=1),
        method=Method.CHOSEN, size=1, now=now)
    reviewing.choose(review=review, queries=[one.query], user=user)
    return review


def open_disowned(*, query: UUID, event: UUID, by: Any, now: datetime) -> None:
    """Put a disowned query into the queues of both areas, once, and ask its officer; joins the open transaction."""
    officer, aor, _ = log.owner_of(query)
    if officer is None:
        raise QuestionNotFound
    question, is_new = Question.objects.get_or_create(query=query, is_disowned=True, defaults={
        "aor": aor, "officer_id": officer, "asked": event, "asked_by": by, "asked_at": now})
    if not is_new:
        return
    under_review = ReviewItem.objects.filter(query=query, review__closed_at=None, question=None)
    question.item = under_review.order_by("review__opened_at").first()
    question.save(update_fields=["item"])
    letters.owe(LetterKind.QUESTION, to=[get_user_model()._default_manager.get(pk=officer)], about=question.pk, now=now)
    reviewers = people.reviewers_of(aor, by.aor_code).exclude(pk__in=[officer, by.pk])
    letters.owe(LetterKind.DISOWNED, to=reviewers, about=question.pk, now=now)
