"""The rows of a roster of training: whose completion of which course each tells of, or why it tells of none (ACC-7)."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from accounts import spreadsheets, training
from accounts.models import Course, TrainingRecord, User
from accounts.models.user import fold
from accounts.spreadsheets import Row

# Our columns, in the order of the template.
COLUMNS = ("username", "course", "completed_on")
# What such files are headed in practice, folded as `spreadsheets.fold` does. A person is named by user name or email address.
_SYNONYMS = {
    "username": "username user userid login account email emailaddress mail person employee trainee",
    "course": "course coursecode coursename training trainingname class module",
    "completed_on": "completedon completed completiondate datecompleted date completion finishedon",
}
_KNOWN = {synonym: name for name, synonyms in _SYNONYMS.items() for synonym in synonyms.split()}


@dataclass(frozen=True)
class NewRow:
    """A row that would add this record, which is not saved."""

    number: int
    record: TrainingRecord


@dataclass(frozen=True)
class OtherRow:
    """A row that adds nothing. `cells` by our column's name, as they came; `why` is a plain sentence."""

    number: int
    cells: Mapping[str, str]
    why: str


@dataclass(frozen=True)
class Sorted:
    new: Sequence[NewRow]
    known: Sequence[OtherRow]
    without_user: Sequence[OtherRow]
    bad: Sequence[OtherRow]


class _NoRecord(Exception):
    """The row adds nothing; the message says why, `lists` where it is shown."""

    def __init__(self, lists: str, why: str) -> None:
        super().__init__(why)
        self.lists = lists


def recognized(heading: Sequence[str]) -> dict[str, int]:
    """By our column's name the position in the heading; what is not there is left out."""
    found: dict[str, int] = {}
    for position, cell in enumerate(heading):
        name = _KNOWN.get(spreadsheets.fold(cell))
        # Our own word for a column goes before another that means the same.
        if name and (name not in found or cell.strip().casefold() == name):
            found[name] = position
    return found


def sorted_out(rows: Sequence[Row], columns: Mapping[str, int], *, people: Iterable[User], by: User, today: date) -> Sorted:
    """Each row as a new record, one that is known, one without a user, or a bad one, in the order of the file.

    Args:
        rows: as they were read.
        columns: by our column's name the position in a row.
        people: the accounts whose training may be told of, with that of `by` among them.
        by: who uploads, whose own training is in others' hands.
        today: the last day on which a course can have been completed.
    """
    reader = _Reader(people, by, today)
    new: list[NewRow] = []
    others: dict[str, list[OtherRow]] = {"known": [], "without_user": [], "bad": []}
    for number, cells in rows:
        named = {name: cells[columns[name]] if columns[name] < len(cells) else "" for name in COLUMNS}
        try:
            new.append(NewRow(number, reader.record_of(named)))
        except _NoRecord as refusal:
            others[refusal.lists].append(OtherRow(number, named, str(refusal)))
    return Sorted(new=new, **others)


class _Reader:
    """What one file's rows are read against; remembers what they told of."""

    def __init__(self, people: Iterable[User], by: User, today: date) -> None:
        self.by, self.today = by, today
        self.by_name: dict[str, User] = {}
        self.by_email: dict[str, list[User]] = {}
        for person in people:
            self.by_name[fold(person.username)] = person
            self.by_email.setdefault(person.email.casefold(), []).append(person)
        self.courses: dict[str, Course] = {}
        for course in Course.objects.all():
            self.courses[course.code.casefold()] = self.courses[course.name.casefold()] = course
        on_record = TrainingRecord.objects.filter(user__in=[person.pk for person in self.by_name.values()])
        self.seen = set(on_record.values_list("user_id", "course_id", "completed_on"))

    def record_of(self, cells: Mapping[str, str]) -> TrainingRecord:
        for name, cell in cells.items():
            if not cell:
                raise _NoRecord("bad", f"The cell {name} is empty.")
            if cell.startswith("="):
                raise _NoRecord("bad", f"The cell {name} holds a formula. Save its value instead.")
        user = self._user(cells["username"])
        course = self.courses.get(cells["course"].casefold())
        if course is None:
            raise _NoRecord("bad", "There is no course of this name or code.")
        completed_on = _date(cells["completed_on"])
        if completed_on > self.today:
            raise _NoRecord("bad", "A course cannot have been completed in the future.")
        if (user.pk, course.pk, completed_on) in self.seen:
            raise _NoRecord("known", "This completion is on record, or stands in an earlier row.")
        self.seen.add((user.pk, course.pk, completed_on))
        return TrainingRecord(user=user, course=course, completed_on=completed_on,
                              valid_until=training.valid_until(course, completed_on))

    def _user(self, who: str) -> User:
        named = self.by_name.get(fold(who))
        found = [named] if named else self.by_email.get(who.casefold(), [])
        if not found:
            raise _NoRecord("without_user", "No account of your area has this user name or address.")
        if len(found) > 1:
            raise _NoRecord("bad", "Several accounts have this address. Give the user name.")
        if found[0].pk == self.by.pk:
            raise _NoRecord("bad", "This is you. Nobody records their own training.")
        return found[0]


def _date(text: str) -> date:
    """As a spreadsheet says it, or as people write it here."""
    for read in (datetime.fromisoformat, lambda said: datetime.strptime(said, "%m/%d/%Y")):
        with contextlib.suppress(ValueError):
            return read(text).date()
    raise _NoRecord("bad", "The date cannot be read. Write it as 2026-01-31 or 01/31/2026.")
