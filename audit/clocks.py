"""A clock in color and word: how far what is owed is from its due time."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Clock:
    """`tone` is the status color, `word` its state; `share` is how much of the time is gone, in percent up to 100."""

    name: str
    due: datetime
    done: datetime | None
    tone: str
    word: str
    share: int


def run(name: str, *, begun: datetime, due: datetime, done: datetime | None, verb: str, now: datetime) -> Clock:
    """The clock of what began at `begun`, is due at `due` and was done at `done`; `verb` says the doing: Sent, Delivered."""
    share = min(100, max(0, round(100 * ((done or now) - begun) / (due - begun))))
    if done:
        tone, word = ("ok", f"{verb} in time") if done <= due else ("bad", f"{verb} {span(done - due)} late")
    elif now > due:
        tone, word = "bad", f"Overdue by {span(now - due)}"
    else:
        tone, word = ("warn" if share >= 50 else "idle"), f"{span(due - now)} left"
    return Clock(name, due, done, tone, word, share)


def span(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
