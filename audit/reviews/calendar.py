"""Which area owes a review, and who is reminded of it (AUD-8). The intervals are policy.

What counts is the time that was reviewed, not the day of a signature: a sample of some day long ago, or one that was empty
because the queries were its reviewer's own, satisfies nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from audit import letters, people
from audit.events import Kind
from audit.models import DailyCount, LetterKind, Method, Review, ReviewPolicy
from audit.record import record
from audit.reviews.reviewing import policy


@dataclass(frozen=True)
class Due:
    """One interval of one area. `last` is the review that counts, or None; `due_at` is when the next is owed, None for now.

    `told` names what its managers are reminded of: that it is due soon, that it is owed, and that again with each interval.
    """

    area: people.Area
    interval: str
    days: int
    last: Review | None
    due_at: datetime | None
    tone: str
    word: str
    told: str = ""

    @property
    def is_owed(self) -> bool:
        return self.tone == "bad"

    @property
    def about(self) -> str:
        """What names this debt, with one reminder each."""
        return f"{self.interval} {self.area.code} {f'{self.due_at:%Y-%m-%d}' if self.due_at else 'first'} {self.told}"


def of(areas: list[people.Area], *, now: datetime) -> list[Due]:
    """Each area's intervals, the regular one before that of the year."""
    rules = policy()
    return [due for area in areas for due in (_regular(area, rules, now), _yearly(area, rules, now))]


def remind(*, now: datetime) -> int:
    """Owe the managers of each area whose review is due, or soon will be, one mail each time, and again with each interval
    that it is owed. Returns how many are new."""
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
    """Owed when no stretch as long as the interval was reviewed up to within the interval, by one review or several together."""
    last, begun = None, None
    for review in _counting(area):
        if last is None or begun is None or review.reviewed_until < begun:
            last, begun = review, review.since
        begun = min(begun, review.since)
        if last.reviewed_until - begun >= timedelta(days=rules.weekly_days):
            return _due("Regular", area, rules.weekly_days, last, rules, now)
    return _due("Regular", area, rules.weekly_days, None, rules, now)


def _yearly(area: people.Area, rules: ReviewPolicy, now: datetime) -> Due:
    covers = timedelta(days=rules.year_covers_days)
    last = next((review for review in _counting(area) if review.reviewed_until - review.since >= covers), None)
    return _due("Yearly", area, rules.yearly_days, last, rules, now)


def _counting(area: people.Area) -> list[Review]:
    """The signed-off reviews that count for an area, the latest reviewed time first: samples that were drawn, not chosen, of it,
    or of every area with enough of it."""
    drawn = Review.objects.filter(closed_at__isnull=False).exclude(method=Method.CHOSEN)
    found = drawn.filter(Q(aor=area.code) | Q(aor="", areas__contains=[area.code]))
    return sorted((review for review in found if review.population or not _was_used(area, review)),
                  key=lambda review: review.reviewed_until, reverse=True)


def _was_used(area: people.Area, review: Review) -> bool:
    """Whether the area asked anything in the review's period: then a sample of nothing left out its reviewer's own queries."""
    return DailyCount.objects.filter(aor=area.code, measure=DailyCount.Measure.SEARCH, day__gte=review.since.date(),
                                     day__lte=review.last_day).exists()


def _due(interval: str, area: people.Area, days: int, last: Review | None, rules: ReviewPolicy, now: datetime) -> Due:
    if last is None:
        return Due(area, interval, days, None, None, "bad", "Owed", f"{now.toordinal() // days}")
    due_at = last.reviewed_until + timedelta(days=days)
    if due_at <= now:
        return Due(area, interval, days, last, due_at, "bad", "Owed", f"owed {(now - due_at).days // days}")
    if due_at <= now + timedelta(days=rules.reminder_days):
        return Due(area, interval, days, last, due_at, "warn", "Due soon", "soon")
    return Due(area, interval, days, last, due_at, "ok", "Done")
