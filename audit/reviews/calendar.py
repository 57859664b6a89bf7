"""Which area owes a review, and who is reminded of it (AUD-8). The intervals are policy.

What counts is the time that was reviewed, not the day of a signature: a sample of some day long ago, or one that was empty
because the queries were its reviewer's own, satisfies nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Q

from audit import letters, people
from audit.events import Kind
from audit.models import LetterKind, Method, Review, ReviewPolicy
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
    counting = _counting(areas, since=_earliest(rules, now))
    return [due for area in areas for due in (_regular(area, counting[area.code], rules, now),
                                              _yearly(area, counting[area.code], rules, now))]


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


def _regular(area: people.Area, counting: list[Review], rules: ReviewPolicy, now: datetime) -> Due:
    """Owed when no stretch as long as the interval was reviewed up to within the interval, by one review or several together."""
    last, begun = None, None
    for review in counting:
        if last is None or begun is None or review.reviewed_until < begun:
            last, begun = review, review.since
        begun = min(begun, review.since)
        if last.reviewed_until - begun >= timedelta(days=rules.weekly_days):
            return _due("Regular", area, rules.weekly_days, last, rules, now)
    return _due("Regular", area, rules.weekly_days, None, rules, now)


def _yearly(area: people.Area, counting: list[Review], rules: ReviewPolicy, now: datetime) -> Due:
    covers = timedelta(days=rules.year_covers_days)
    last = next((review for review in counting if review.reviewed_until - review.since >= covers), None)
    return _due("Yearly", area, rules.yearly_days, last, rules, now)


def _earliest(rules: ReviewPolicy, now: datetime) -> datetime:
    """From when on reviewed time is asked for: whatever ended two of the longer intervals ago, or earlier, is owed again since
    long, and the day on which it was due tells nobody anything."""
    days = 2 * max(rules.weekly_days, rules.yearly_days)
    return now - timedelta(days=min(days, now.toordinal() - 1))


def _counting(areas: list[people.Area], *, since: datetime) -> dict[str, list[Review]]:
    """The signed-off reviews that count for each area by its code, the latest reviewed time first: samples that were drawn, not
    chosen, of it, or of every area with enough of it; and samples with nothing of it where nobody in it asked."""
    codes = [area.code for area in areas]
    drawn = Review.objects.filter(Q(aor="") | Q(aor__in=codes), closed_at__isnull=False, until__gt=since, opened_at__gt=since)
    latest_first = sorted(drawn.exclude(method=Method.CHOSEN), key=lambda review: review.reviewed_until, reverse=True)
    theirs = [(code, review) for review in latest_first for code in codes if review.aor in ("", code)]
    used = _used([(code, review) for code, review in theirs if not _has_enough(review, code)])
    counting: dict[str, list[Review]] = {code: [] for code in codes}
    for code, review in theirs:
        if _has_enough(review, code) or (code, review.pk) not in used:
            counting[code].append(review)
    return counting


def _has_enough(review: Review, code: str) -> bool:
    return code in review.areas or (review.aor == code and review.population > 0)


def _used(pairs: list[tuple[str, Review]]) -> set[tuple[str, UUID]]:
    """In which of these areas somebody asked in the review's period: then a sample with nothing of it left out its reviewer's own
    queries, or took too few."""
    if not pairs:
        return set()
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pair.code, pair.review FROM unnest(%s::text[], %s::uuid[], %s::date[], %s::date[])"
            " pair(code, review, first_day, last_day) WHERE EXISTS (SELECT FROM audit_dailycount c"
            " WHERE c.measure = 'search' AND c.aor = pair.code AND c.day BETWEEN pair.first_day AND pair.last_day)",
            [[code for code, _ in pairs], [review.pk for _, review in pairs], [review.first_day for _, review in pairs],
             [review.last_day for _, review in pairs]])
        return set(cursor.fetchall())


def _due(interval: str, area: people.Area, days: int, last: Review | None, rules: ReviewPolicy, now: datetime) -> Due:
    if last is None:
        return Due(area, interval, days, None, None, "bad", "Owed", f"{now.toordinal() // days}")
    due_at = last.reviewed_until + timedelta(days=days)
    if due_at <= now:
        return Due(area, interval, days, last, due_at, "bad", "Owed", f"owed {(now - due_at).days // days}")
    if due_at <= now + timedelta(days=rules.reminder_days):
        return Due(area, interval, days, last, due_at, "warn", "Due soon", "soon")
    return Due(area, interval, days, last, due_at, "ok", "Done")
