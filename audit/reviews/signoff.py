"""The sign-off of a review and its report (AUD-8).

What is signed is the whole of the report's facts: their SHA-256 and the checkpoint of the log stand in the event of signing,
which the log seals. The report is set from the log each time it is taken, and is not given out when its facts are not those that
were signed: so it cannot change, and no copy of plates and case texts outlives the log. It ends with the first month that it
stands on and that is dropped at the end of its retention (AUD-5); who reviewed what, and the verdicts, stay.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from audit import canonical, typesetting, words
from audit.event_report import covered
from audit.events import Kind
from audit.models import Method, Review, ReviewItem, Verdict
from audit.record import record, record_durably
from audit.retention import months
from audit.reviews import log, reviewing
from audit.reviews.reviewing import ReviewRefused, Seen

TEMPLATE = Path(__file__).parent / "report.typ"


class ReportChanged(Exception):
    """The facts of the report are not those that were signed off."""


class ReportEnded(Exception):
    """Months that the report stood on were dropped at the end of their retention; the message names them."""


def sign_off(*, review: Review, note: str, user: Any, now: datetime) -> None:
    """Close a review for good. Call it outside of any transaction.

    Args:
        review: whose queries are all decided.
        note: the reviewer's conclusion; it stands in the log alone.
        user: who signs: anyone who may see the review, and has no query of their own in it.
        now: the moment of signing.

    Raises:
        ReviewRefused: undecided queries, nothing chosen, own queries, queries gone with the log, or signed off already; that is
            recorded.
        audit.record.AuditUnavailable: it could not be recorded; the review stays open.
    """
    seen = reviewing.look(review=review, purpose="sign-off")
    if any(reviewing.is_own(item, user) for item, _ in seen.items):
        reviewing.refuse("Nobody signs off a review in which a query is their own.", review=review.pk)
    if seen.dropped:
        reviewing.refuse(f"{_went(seen)} It is not signed off any more.", review=review.pk)
    if seen.undecided:
        how_many = f"{seen.undecided} quer{'y is' if seen.undecided == 1 else 'ies are'}"
        reviewing.refuse(f"{how_many} not decided yet.", review=review.pk)
    if review.method == Method.CHOSEN and not seen.items:
        reviewing.refuse("Choose the queries of this review first.", review=review.pk)
    facts = signed_facts(seen)
    same = review.method == Method.CHOSEN or reviewing.draw_again(review=review)
    checkpoint = dict(covered())
    try:
        with transaction.atomic(durable=True):
            reviewing.open_or_refuse(review)
            state = set(review.items.values_list("pk", "judged", "question__asked", "question__answered"))
            if state != {(item.pk, item.judged, *_question(item)) for item, _ in seen.items}:
                raise ReviewRefused("The review was changed meanwhile. Look at it again.")
            event = record(Kind.REVIEW_CLOSED, review=review.pk, note=note, digest=digest(facts), drawn_again=same,
                           sealed=checkpoint.get("Sealed", ""), checkpoint=checkpoint["Checkpoint"],
                           justified=seen.count(Verdict.JUSTIFIED), questioned=seen.count(Verdict.QUESTIONED))
            Review.objects.filter(pk=review.pk).update(closed=event.id, closed_by=user, closed_at=now)
    except ReviewRefused as refusal:
        reviewing.refuse(str(refusal), review=review.pk)


def report(*, review: Review) -> bytes:
    """The PDF of a signed-off review; taking it is recorded with the digest of its facts.

    Raises:
        ReportChanged, ReportEnded: see there; that is recorded.
        ReviewRefused: the review is not signed off.
    """
    seen = reviewing.look(review=review, purpose="report")
    if review.closed is None:
        reviewing.refuse("The report is made at the sign-off.", review=review.pk)
    if seen.dropped:
        record_durably(Kind.REVIEW_REPORT_REFUSED, review=review.pk, dropped=[months.in_words(month) for month in seen.dropped])
        raise ReportEnded(f"{_went(seen)} The report ended with it.")
    facts = signed_facts(seen)
    closing = seen.closing
    if digest(facts) != closing.get("digest"):
        record_durably(Kind.REVIEW_REPORT_REFUSED, review=review.pk, signed=closing.get("digest", ""), found=digest(facts))
        raise ReportChanged
    record_durably(Kind.REVIEW_REPORT_TAKEN, review=review.pk, digest=digest(facts))
    return typesetting.pdf(TEMPLATE, _document(review, facts, seen))


def digest(facts: Mapping[str, Any]) -> str:
    """The SHA-256 of the canonical text of a report's facts."""
    return hashlib.sha256(canonical.text(facts).encode()).hexdigest()


def signed_facts(seen: Seen) -> dict[str, Any]:
    """What is signed: the opening, and each query with verdict, note, question and answer as they stood at the sign-off."""
    opening = seen.opening
    return {
        "review": seen.review.pk, "opened": seen.review.opened, "population": seen.review.population,
        **{name: opening.get(name) for name in ("aor", "since", "until", "method", "size", "seed", "thresholds")},
        # Reviews opened before an area's draw took these in were signed without a word of them.
        **({"in_their_name": True} if opening.get("in_their_name") else {}),
        "queries": [_signed(item, row, seen.review) for item, row in seen.items],
    }


def _signed(item: ReviewItem, row: log.Row, review: Review) -> dict[str, Any]:
    _, answered = _question(item)
    # Ids carry the database's time: what was answered after the sign-off is on the page and not in the report.
    in_time = answered is not None and (review.closed is None or answered < review.closed)
    return {
        "query": row.id, "at": row.at, "officer": row.actor, "aor": row.aor, "on_behalf_of": row.on_behalf_of, "plate": row.plate,
        "state": row.state, "reason": row.reason, "case_reference": row.case_reference, "found": row.count,
        "signals": item.signals, "verdict": item.verdict, "by": item.judged_by.get_username() if item.judged_by else "",
        "note": row.judged.get("note", ""), "question": row.asked.get("text", ""),
        "answer": row.answered.get("text", "") if in_time else "",
    }


def _question(item: ReviewItem) -> tuple[Any, Any]:
    """The events of question and answer, None where there are none."""
    question = getattr(item, "question", None)
    return (question.asked, question.answered) if question else (None, None)


def _document(review: Review, facts: Mapping[str, Any], seen: Seen) -> dict[str, Any]:
    """The report in words, as the template takes it."""
    closing, thresholds = seen.closing, seen.opening["thresholds"]
    assert review.closed_by is not None
    assert review.closed_at is not None
    drawn = {
        Method.RANDOM: "Drawn at random: the queries of area and period, in the order of SHA-256 over seed, a space and the "
                       "query's audit id; the first that were wanted.",
        Method.SIGNALS: "Drawn by signals: the queries of area and period with the most signals first, those with equally many "
                        "in the order of SHA-256 over seed, a space and the query's audit id.",
        Method.CHOSEN: "Chosen by hand by the reviewer.",
    }[Method(review.method)]
    tested = {True: "yes, with the same queries", False: "NO: seed and log gave other queries",
              None: f"cannot be told: {reviewing.NOT_TOLD}"}[closing.get("drawn_again")]
    return {
        "agency": settings.AGENCY_NAME, "title": "Review of license plate queries", "id": str(review.pk),
        "signed": f"{_person(review.closed_by)}, {words.moment(review.closed_at)}",
        "facts": _pairs([
            ("Area of responsibility", review.area),
            ("Drawn from", _scope(review, seen)),
            ("Period", f"{review.first_day} to {review.last_day}, that day included (UTC)"),
            ("Opened", f"{_person(review.opened_by)}, {words.moment(review.opened_at)}"),
            ("Sample", drawn), ("Seed", review.seed if review.method != Method.CHOSEN else "none"),
            ("Queries to draw from", f"{review.population:,}" if review.method != Method.CHOSEN else "not drawn"),
            ("Queries reviewed", f"{len(seen.items)}, of which {closing.get('justified', 0)} justified and "
                                 f"{closing.get('questioned', 0)} questioned"),
            ("Drawn again at the sign-off", tested if review.method != Method.CHOSEN else "not drawn"),
            ("Left out", "queries that the one who opened the review asked, or that were asked in their name"),
        ]),
        "conclusion": closing.get("note", ""),
        "queries": [_sheet(number, one) for number, one in enumerate(facts["queries"], 1)],
        "proof": _pairs([
            ("Signed off", f"{_person(review.closed_by)}, {words.moment(review.closed_at)}"),
            ("Audit id of the sign-off", str(review.closed)), ("SHA-256 of these facts", closing["digest"]),
            ("Sealed", closing.get("sealed", "")), ("Checkpoint", closing["checkpoint"]),
            ("Thresholds of the signals", ", ".join(f"{words.label(name).lower()} {value}" for name, value in thresholds.items()
                                                    if not isinstance(value, list))),
        ]),
    }


def _scope(review: Review, seen: Seen) -> str:
    if not review.aor:
        return "queries of every area"
    others = ", and those asked elsewhere in the name of its people" if seen.opening.get("in_their_name") else ""
    return f"queries that the area asked{others}"


def _sheet(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    found = "not answered" if one["found"] is None else f"{one['found']}"
    return {
        "number": number, "verdict": Verdict(one["verdict"]).label, "is_questioned": one["verdict"] == Verdict.QUESTIONED,
        "officer": one["officer"], "at": words.moment(one["at"]),
        "facts": _pairs([
            ("Plate and state", f"{one['plate']}, {one['state']}"), ("Reason code", one["reason"]),
            ("Case reference", one["case_reference"]), ("On behalf of", one["on_behalf_of"]), ("Reads found", found),
            ("Signals", ", ".join(words.label(signal).lower() for signal in one["signals"])), ("Audit id", str(one["query"])),
            ("Decided by", one["by"]), ("Note", one["note"]), ("Question", one["question"]), ("Answer", one["answer"]),
        ]),
    }


def _went(seen: Seen) -> str:
    named = ", ".join(months.in_words(month) for month in seen.dropped)
    return f"The log of {named} was dropped at the end of its retention, and what this review holds of it went with it."


def _pairs(facts: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"label": label, "words": text} for label, text in facts if text]


def _person(user: Any) -> str:
    return f"{user.get_full_name()} ({user.get_username()})"
