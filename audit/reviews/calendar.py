"""Which area owes a review, and who is reminded of it (AUD-8). The intervals are policy."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from audit import letters, people
from audit.events import Kind
from audit.models import LetterKind, Method, Review, ReviewPolicy
from audit.record import record
from audit.reviews.reviewing import policy


@dataclass(frozen=True)
class Due:
    """One interval of one area. `last` is the review that counts, or None; `due_at` is when the next is owed, None for now."""

    area: people.Area
    interval: str
    days: int
    last: Review | None
    due_at: datetime | None
    tone: str
    word: str

    @property
    def is_owed(self) -> bool:
        return self.tone == "bad"

    @property
    def about(self) -> str:
        """What names this debt: one reminder for each time that it falls due."""
        return f"{self.interval} {self.area.code} {f'{self.due_at:%Y-%m-%d}' if self.due_at else 'first'}"


def of(areas: list[people.Area], *, now: datetime) -> list[Due]:
    """Each area's intervals, the regular one before that of the year."""
    rules = policy()
    return [due for area in areas for due in (_regular(area, rules, now), _yearly(area, rules, now))]


def remind(*, now: datetime) -> int:
    """Owe the managers of each area whose review is due, or soon will be, one mail for each time. Returns how many are new."""
    made = 0
    for due in of(people.areas(), now=now):
        if due.tone == "ok":
            continue
        with transaction.atomic():
            told = letters.owe(LetterKind.OWED, to=people.managers_of(due.area.code), about=due.about, now=now)
            if told:
                record(Kind.REVIEW_REMINDED, area=due.area.code, interval=due.interval, managers=told)
        made += told
    return made


def _regular(area: people.Area, rules: ReviewPolicy, now: datetime) -> Due:
    return _due("Regular", area, rules.weekly_days, _counting(area), rules, now)


def _yearly(area: people.Area, rules: ReviewPolicy, now: datetime) -> Due:
    whole = [review for review in _counting(area) if review.until - review.since >= timedelta(days=rules.year_covers_days)]
    return _due("Yearly", area, rules.yearly_days, whole, rules, now)


def _counting(area: people.Area) -> Any:
    """The reviews that count for an area, newest sign-off first: samples that were drawn, not chosen, of it or of every area."""
    drawn = Review.objects.filter(closed_at__isnull=False).exclude(method=Method.CHOSEN)
    return drawn.filter(Q(aor=area.code) | Q(aor="")).order_by("-closed_at")


def _due(interval: str, area: people.Area, days: int, reviews: Any, rules: ReviewPolicy, now: datetime) -> Due:
    last = next(iter(reviews), None)
    if last is None or last.closed_at is None:
        return Due(area, interval, days, None, None, "bad", "Owed")
    due_at = last.closed_at + timedelta(days=days)
    if due_at <= now:
        return Due(area, interval, days, last, due_at, "bad", "Owed")
    if due_at <= now + timedelta(days=rules.reminder_days):
        return Due(area, interval, days, last, due_at, "warn", "Due soon")
    return Due(area, interval, days, last, due_at, "ok", "Done")
