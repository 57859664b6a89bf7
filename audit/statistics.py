"""Usage reports (AUD-7): what the log holds of each day, counted into a table, and reports of any span of days from it.

The table holds counts alone and is made anew from the log whenever a day is counted; nothing is ever added up by hand.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.db.models import Max, QuerySet, Sum

from audit import access, charts, words
from audit.documents import Column, Document, OverTime, Table
from audit.event_report import covered
from audit.events import Kind
from audit.models import DailyCount
from audit.record import record_durably
from audit.retention import months

_ONLY_COUNTER = 7303021
GROUPS = {"component": "Component", "aor": "Area of responsibility", "reason": "Reason", "offense": "Offense", "actor": "User"}
Measure = DailyCount.Measure
COLUMNS = [measure for measure in Measure if measure != Measure.FOR_PERSON]
_COUNTED = ["measure", "actor", "component", "aor", "reason", "offense", "count"]


@dataclass(frozen=True)
class Row:
    """`counts` by measure; `ratio` is searches with hits of a hundred searches, `hit_ratio` alert hits of an entry."""

    label: str
    counts: dict[str, int]

    @property
    def cells(self) -> list[str | int]:
        searches, entries = self.counts[Measure.SEARCH], self.counts[Measure.ENTRY]
        ratio = f"{100 * self.counts[Measure.SEARCH_WITH_HITS] / searches:.1f} %" if searches else "–"
        hits = f"{self.counts[Measure.HIT] / entries:.2f}" if entries else "–"
        return [*(self.counts[measure] for measure in COLUMNS), ratio, hits]


@dataclass(frozen=True)
class Report:
    """`since` and `until` are days, both included. `groups`: the name of each table with its rows, the most searches first."""

    since: date
    until: date
    aor: str
    total: Row
    groups: list[tuple[str, list[Row]]]
    days: list[tuple[date, int, int]]


def headings() -> list[str]:
    return [*(str(measure.label) for measure in COLUMNS), "Searches with hits, of all", "Alert hits for each entry added"]


def count_day(*, day: date) -> int:
    """Count a day (UTC) from the log and keep the counts in place of older ones. Returns the number of rows.

    Raises:
        audit.record.AuditUnavailable: the counting could not be recorded.
    """
    counted = record_durably(Kind.AUDIT_COUNTED, day=day.isoformat()).id
    with transaction.atomic(), connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONLY_COUNTER])
        cursor.execute("SELECT measure, actor, component, aor, reason, offense, count"
                       " FROM audit.daily_counts(%s::uuid)", [counted])
        rows = [DailyCount(day=day, **dict(zip(_COUNTED, row, strict=True))) for row in cursor.fetchall()]
        DailyCount.objects.filter(day=day).delete()
        DailyCount.objects.bulk_create(rows, batch_size=1000)
    return len(rows)


def differing_days(*, since: date, until: date) -> list[date]:
    """The days whose kept counts are not what the log says now, each day counted from the log (AUD-7).

    Of a month that was dropped at the end of its retention the counts are what is left: they stay as they are.
    """
    found, day = [], since - timedelta(days=1)
    while day < until:
        day += timedelta(days=1)
        if months.is_dropped(day):
            continue
        kept = set(DailyCount.objects.filter(day=day).values_list(*_COUNTED))
        count_day(day=day)
        if kept != set(DailyCount.objects.filter(day=day).values_list(*_COUNTED)):
            found.append(day)
    return found


def count_due(*, now: datetime) -> None:
    """Count today, yesterday, and every day since the last one counted."""
    today = now.astimezone(UTC).date()
    last = DailyCount.objects.filter(day__lt=today).aggregate(last=Max("day"))["last"] or today
    day = min(last, today - timedelta(days=1))
    while day <= today:
        count_day(day=day)
        day += timedelta(days=1)


def count_missing(*, since: date, until: date) -> None:
    """Count each day from `since` to `until`, both included, of which there is no count."""
    counted_days = set(DailyCount.objects.filter(day__range=(since, until)).values_list("day", flat=True))
    day = since
    while day <= until:
        if day not in counted_days:
            count_day(day=day)
        day += timedelta(days=1)


def report(*, user: Any, since: date, until: date, format: str, now: datetime) -> Report:
    """Usage from `since` to `until`, within the reader's area unless they see every one; the look is recorded (AUD-12).

    Raises:
        audit.record.AuditUnavailable: the look could not be recorded.
    """
    aor = "" if access.sees_every_aor(user) else user.aor_code
    record_durably(Kind.STATISTICS_VIEWED, since=since.isoformat(), until=until.isoformat(), format=format)
    today = now.astimezone(UTC).date()
    if since <= today <= until:
        count_day(day=today)
    return counted(since=since, until=until, aor=aor)


def counted(*, since: date, until: date, aor: str) -> Report:
    """Usage from `since` to `until`, as counted; of the area with the code `aor`, or of every area where it is empty."""
    every = DailyCount.objects.filter(day__range=(since, until))
    if aor:
        every = every.filter(aor=aor)
    found, named = every.exclude(measure=Measure.FOR_PERSON), every.filter(measure=Measure.FOR_PERSON)
    total = _rows(found.values_list("measure").annotate(Sum("count")))
    groups = [(name, _rows(found.values_list(field, "measure").annotate(Sum("count")))) for field, name in GROUPS.items()]
    people = named.values_list("actor").annotate(Sum("count"))
    groups.append(("Person named", _rows((person, Measure.ON_BEHALF_OF, count) for person, count in people)))
    return Report(since, until, aor, total[0] if total else _row("Total", {}), groups, _days(found))


def document(*, made: Report, made_for: str, now: datetime) -> Document:
    """The report as Excel and paper have it. `made_for`: who it is handed to, in words."""
    def table(name: str, rows: Iterable[Row]) -> Table:
        columns = [Column(name, 24), *(Column(heading, 14) for heading in headings())]
        return Table(f"By {name.lower()}"[:28] if name != "Total" else name, columns, ([row.label, *row.cells] for row in rows))

    facts = [
        ("Agency", settings.AGENCY_NAME), ("From", f"{made.since}"), ("To", f"{made.until}, that day included (UTC)"),
        ("Area of responsibility", made.aor or "every area"), ("Made for", made_for),
        ("Made at", words.moment(now)), *covered()]
    days = charts.over_time(made.days)
    columns = [Column("Day or month", 24), Column(str(Measure.SEARCH.label), 14), Column(str(Measure.SEARCH_WITH_HITS.label), 20)]
    chart = OverTime("Searches over time", "Light: searches. Dark: of these, with hits.", Table("Over time", columns, days))
    return Document("Usage report", lambda: facts, [
        table("Total", [made.total]), *([chart.table] if days else []), *(table(*group) for group in made.groups)],
        chart if days else None)


def quarter_of(day: date) -> tuple[date, date]:
    """First and last day of the quarter that `day` is in."""
    first = date(day.year, day.month - (day.month - 1) % 3, 1)
    following = date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1)
    return first, following - timedelta(days=1)


def _rows(found: Iterable[tuple]) -> list[Row]:
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for *label, measure, count in found:
        counts[(label[0] or "none") if label else "Total"][measure] = count
    rows = [_row(label, by_measure) for label, by_measure in counts.items()]
    return sorted(rows, key=lambda row: (-row.counts[Measure.SEARCH], -sum(row.counts.values()), row.label))


def _row(label: str, counts: dict[str, int]) -> Row:
    return Row(label, {measure: counts.get(measure, 0) for measure in COLUMNS})


def _days(found: QuerySet[DailyCount]) -> list[tuple[date, int, int]]:
    """Searches, and searches with hits, of each day on which there was any."""
    days: dict[date, dict[str, int]] = defaultdict(dict)
    wanted = [Measure.SEARCH, Measure.SEARCH_WITH_HITS]
    for day, measure, count in found.filter(measure__in=wanted).values_list("day", "measure").annotate(Sum("count")):
        days[day][measure] = count
    return [(day, days[day].get(Measure.SEARCH, 0), days[day].get(Measure.SEARCH_WITH_HITS, 0)) for day in sorted(days)]
