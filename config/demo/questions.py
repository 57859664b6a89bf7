"""The tickets of the demo: one that is answered, one that waits, one that has waited too long."""

from datetime import datetime, timedelta

from accounts import tickets
from accounts.models import Ticket, User

ASKED = (
    ("officer.ero", 30, "The map stays gray on my tablet",
     "The list of reads is there, but the map beside it stays gray. On my desk computer it is fine. What can I do?",
     "Please close the browser's tab and sign in again: an older page was still open. If it stays gray, tell us the name and the "
     "version of the browser."),
    ("support.ero", 10, "How do I hand my lists to a colleague during my leave?",
     "I am away for three weeks from Monday on. Can somebody else be told of what my lists find?", ""),
    ("untrained.ero", 1, "When does my account open?",
     "I completed all courses on Thursday, and the page still says that they are missing.", ""),
)


def settle(now: datetime) -> None:
    """Ask and answer what is in `ASKED`, where nobody asked anything yet."""
    if Ticket.objects.exists():
        return
    desk = User.objects.get(username="operator.desk")
    for username, hours, subject, text, answer in ASKED:
        asked_at = now - timedelta(hours=hours)
        made = tickets.open(account=User.objects.get(username=username), subject=subject, text=text, now=asked_at)
        if answer:
            tickets.answer(ticket=made, by=desk, text=answer, now=asked_at + timedelta(hours=1))
