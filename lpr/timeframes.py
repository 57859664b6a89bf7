"""How far back a query reaches: presets, or days from and to (QRY-3).

A day is a calendar day of the asker's area of responsibility, first and last included. Years are calendar years: five years
before May 7 is May 7, whatever leap days lie between; before February 29 stands March 1 where a year has no such day, so that
no limit is ever stretched. This room imports the standard library alone.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

CUSTOM = "custom"
CHOICES: tuple[tuple[str, str], ...] = (
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
    ("60d", "Last 60 days"),
    ("90d", "Last 90 days"),
    ("1y", "Last year"),
    ("5y", "Last 5 years"),
    (CUSTOM, "From and to dates"),
)
LABELS = dict(CHOICES)
EARLIEST = date(1970, 1, 1)
# A camera's clock may run ahead by what the loader takes; a query up to now must find such a read too.
CLOCKS_AHEAD = timedelta(minutes=10)

_DAYS = {"7d": 7, "30d": 30, "60d": 60, "90d": 90}
_YEARS = {"1y": 1, "5y": 5}


class TimeframeNotValid(ValueError):
    """The timeframe is no closed span of the past; `field` says where, the message is a plain sentence."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class TimeframeTooLong(TimeframeNotValid):
    """The timeframe reaches back farther than policy allows."""


@dataclass(frozen=True)
class Span:
    """From a moment, included, until a moment, excluded."""

    captured_from: datetime
    captured_until: datetime


Moment = TypeVar("Moment", date, datetime)


def years_before(moment: Moment, years: int) -> Moment:
    """The same day and time so many calendar years earlier; March 1 for a February 29 that the year does not have."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        return moment.replace(year=moment.year - years, month=3, day=1)


def resolve(
    *, timeframe: str, date_from: date | None, date_to: date | None, zone: ZoneInfo, now: datetime
) -> Span:
    """The span of a preset or of the days entered (QRY-3).

    Args:
        timeframe: a preset such as `90d`, or `custom`.
        date_from, date_to: first and last day for `custom`, both included.
        zone: whose calendar days are meant.
        now: the moment of asking, aware.

    Raises:
        TimeframeNotValid: an unknown preset, a missing, reversed or future day, or days beside a preset.
    """
    until = now + CLOCKS_AHEAD
    if timeframe != CUSTOM:
        if timeframe not in LABELS:
            raise TimeframeNotValid("timeframe", "Choose a timeframe.")
        if date_from or date_to:
            raise TimeframeNotValid("timeframe", f"Choose “{LABELS[CUSTOM]}” to use the days entered, or clear them.")
        if timeframe in _DAYS:
            return Span(now - timedelta(days=_DAYS[timeframe]), until)
        return Span(years_before(now, _YEARS[timeframe]), until)
    if date_from is None:
        raise TimeframeNotValid("date_from", "Enter the first day.")
    if date_to is None:
        raise TimeframeNotValid("date_to", "Enter the last day.")
    _refuse_days(date_from, date_to, zone, now)
    return Span(_start(date_from, zone), min(_start(date_to + timedelta(days=1), zone), until))


def offered(years: int | None) -> tuple[tuple[str, str], ...]:
    """The timeframes that keep a limit of so many years; all of them where there is none."""
    return tuple(choice for choice in CHOICES if years is None or _YEARS.get(choice[0], 0) <= years)


def first_day(*, years: int, zone: ZoneInfo, now: datetime) -> date:
    """The first day that a limit of so many years lets a query reach."""
    return years_before(now, years).astimezone(zone).date()


def in_words(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def limited(span: Span, *, years: int | None, zone: ZoneInfo, now: datetime) -> Span:
    """The span, where it keeps the limit (QRY-3, QRY-4).

    The day on which the limit falls may be entered; its hours beyond the limit are cut off.

    Args:
        span: what is asked for.
        years: calendar years back at most; None for no limit.
        zone: whose calendar days are meant.
        now: the moment of asking, aware.

    Raises:
        TimeframeTooLong: the span begins on an earlier day than the limit.
    """
    if years is None:
        return span
    earliest = years_before(now, years)
    if span.captured_from >= earliest:
        return span
    first = first_day(years=years, zone=zone, now=now)
    if span.captured_from.astimezone(zone).date() < first:
        raise TimeframeTooLong("timeframe", f"This query may reach back {years} years at most, to {in_words(first)}.")
    return Span(earliest, span.captured_until)


def _refuse_days(date_from: date, date_to: date, zone: ZoneInfo, now: datetime) -> None:
    # A day has begun when it has begun here or in UTC, in which reads are also shown.
    today = max(now.astimezone(zone).date(), now.astimezone(UTC).date())
    if date_from < EARLIEST:
        raise TimeframeNotValid("date_from", f"The first day must not be before {EARLIEST.year}.")
    if date_from > today:
        raise TimeframeNotValid("date_from", "The first day must not be in the future.")
    if date_to > today:
        raise TimeframeNotValid("date_to", "The last day must not be in the future.")
    if date_from > date_to:
        raise TimeframeNotValid("date_to", "The last day must not be before the first day.")


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
