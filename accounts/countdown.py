"""The clock of a deletion as people see it: how much is left, in words, a color and a bar (ACC-9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.html import format_html

from accounts import business_time
from accounts.models import DeletionRequest


@dataclass(frozen=True)
class Countdown:
    """`level` is a class of the style sheet (ok, warn, bad), `state` says the same in a word; `percent` is what is gone."""

    level: str
    state: str
    left: str
    percent: int
    due: str


def of(request: DeletionRequest, *, now: datetime) -> Countdown:
    """The clock of a filed request at `now`."""
    assert request.filed_at is not None and request.due_at is not None  # noqa: PT018
    whole = business_time.between(request.filed_at, request.due_at, zone=request.zone)
    left = request.time_left(now)
    gone = 1 - left / whole
    half, most = settings.DELETION_WARNINGS
    state, level = (("Overdue", "bad") if request.is_overdue(now) else ("Urgent", "bad") if gone >= most
                    else ("Half gone", "warn") if gone >= half else ("In time", "ok"))
    due = request.due_at.astimezone(request.zone)
    return Countdown(level, state, f"{_spoken(abs(left))} {'over' if request.is_overdue(now) else 'left'}",
                     max(0, min(100, int(gone * 100))), f"{due:%b} {due.day}, {due:%Y %H:%M %Z}")


def shown(request: DeletionRequest, *, now: datetime) -> str:
    """As HTML, for a list and a page."""
    clock = of(request, now=now)
    return format_html(
        '<span class="countdown"><span class="status status--{}">{}</span> <progress max="100" value="{}" aria-label="Time gone">'
        "{} %</progress> <span>{} of {} business hours. Due {}.</span></span>",
        clock.level, clock.state, clock.percent, clock.percent, clock.left, settings.DELETION_BUSINESS_HOURS, clock.due)


def _spoken(length: timedelta) -> str:
    """In hours and minutes, rounded down."""
    minutes = int(length.total_seconds()) // 60
    return f"{minutes // 60} h {minutes % 60} min"
