"""Calendar months: what lasts a year ends on the same day of the next one (ALR-7). This module knows no record and no clock."""

from calendar import monthrange
from datetime import date, datetime
from typing import TypeVar

Moment = TypeVar("Moment", date, datetime)


def after(moment: Moment, months: int) -> Moment:
    """The same day and time so many months later; the last day of a month that has no such day."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
