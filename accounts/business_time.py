"""Business time: the hours of Monday to Friday that are no federal holiday, around the clock (ACC-9).

"24 business hours" is read strictly: a business day counts from midnight to midnight of the area's own zone, so that 24 hours
are one business day and not three working days. This module knows no record and no clock; every moment is passed in.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

A_DAY = timedelta(days=1)


def is_business_day(day: date) -> bool:
    """Monday to Friday, and neither a federal holiday nor the day on which one is observed."""
    return day.weekday() < 5 and day not in _federal_holidays(day.year)


def add(start: datetime, length: timedelta, *, zone: ZoneInfo) -> datetime:
    """The moment at which `length` of business time has gone by since `start`.

    Args:
        start: aware. Outside of business days the time runs from the next one's midnight.
        length: of business time; none or more.
        zone: whose midnights count.

    Returns: an aware moment in UTC: the first one at which so much has gone by.
    """
    moment, left = start.astimezone(UTC), length
    for begins, ends in _business_days_from(moment, zone):
        if left <= timedelta(0):
            break
        begins = max(begins, moment)
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    return moment


def between(start: datetime, end: datetime, *, zone: ZoneInfo) -> timedelta:
    """How much business time lies between two moments; negative where `end` comes first."""
    if end < start:
        return -between(end, start, zone=zone)
    total = timedelta(0)
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    for begins, ends in _business_days_from(start, zone):
        if begins >= end:
            break
        total += min(ends, end) - max(begins, start)
    return total


def _business_days_from(moment: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """The business days that end after `moment`, as (begin, end) in UTC: a day of a clock change has 23 or 25 hours."""
    day = moment.astimezone(zone).date()
    while True:
        if is_business_day(day):
            yield _midnight(day, zone), _midnight(day + A_DAY, zone)
        day += A_DAY


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time_of_day(), tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=64)
def _federal_holidays(year: int) -> frozenset[date]:
    """With the days on which they are observed; New Year's Day of a Saturday is observed in the year before."""
    return frozenset(holidays.country_holidays("US", years=[year]))
