"""The end of the contract as people decide it: its 30 days, the agency's receipt, and two approvals (AUD-10, BEY-10).

The agency's appointer opens it, names the destination and records the receipt; the appointer and somebody of the operator's
operations staff approve the erasure, each on their own. A new receipt takes the approvals back: they were for another export.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from audit import letters, two_sides
from audit.events import Kind
from audit.models import ContractEnd, LetterKind
from audit.record import record
from audit.two_sides import StepRefused, is_agency, require

# A day that is further away is a slip of the pen.
YEAR = timedelta(days=366)
LONGEST_NAME = 300
_take = partial(two_sides.take, refused=Kind.CONTRACT_REFUSED)


def current() -> ContractEnd | None:
    people = ("opened_by", "received_by", "agency_by", "operator_by")
    return ContractEnd.objects.filter(is_open=True).select_related(*people).first()


def days_left(end: ContractEnd, *, now: datetime) -> int:
    """Below zero when it is overdue."""
    return (end.due_on - now.astimezone(UTC).date()).days


def begin(*, by: Any, destination: str, ended_on: date, now: datetime) -> None:
    """Start the clock.

    Raises:
        StepRefused: not the appointer, nothing named, no day within a year of today, or an end is open already.
    """
    def do() -> None:
        require(is_agency(by), "Only the agency's appointer opens the end of the contract.")
        require(bool(destination.strip()), "Say to whom the data go.", "destination")
        require(_locked() is None, "The end of the contract is open already.")
        require(abs(ended_on - now.astimezone(UTC).date()) <= YEAR, "This day is more than a year from today: look at its year.",
                "ended_on")
        end = ContractEnd.objects.create(
            destination=destination.strip(), ended_on=ended_on, due_on=ended_on + timedelta(days=settings.CONTRACT_END_DAYS),
            opened_by=by, opened_at=now)
        record(Kind.CONTRACT_END_OPENED, contract=end.pk, destination=end.destination, ended_on=ended_on, due_on=end.due_on)

    _take("open", do)


def receive(*, by: Any, manifest: str, now: datetime, missing: Sequence[str] = ()) -> None:
    """Record that the agency received and checked the export whose manifest has this SHA-256; approvals of another end.

    Args:
        missing: the files by name that the export lacks and the agency knows to be lost.

    Raises:
        StepRefused: not the appointer, no digest, a name of no file, or no end is open.
    """
    digest = manifest.strip().lower()

    def do() -> None:
        require(is_agency(by), "Only the agency's appointer records the receipt.")
        end = _open_one()
        require(len(digest) == 64 and set(digest) <= set("0123456789abcdef"),
                "Enter the SHA-256 of the manifest: 64 characters, as the verifier shows it.", "manifest")
        require(all(len(name) <= LONGEST_NAME for name in missing), "Enter names of files, one a line.", "missing")
        end.manifest, end.missing, end.received_by, end.received_at = digest, sorted(set(missing)), by, now
        end.agency_by = end.operator_by = end.agency_at = end.operator_at = None
        end.save()
        record(Kind.CONTRACT_RECEIVED, contract=end.pk, manifest=digest, missing=end.missing)

    _take("receipt", do)


def approve(*, by: Any, manifest: str, now: datetime) -> None:
    """Approve that what this export holds is erased here.

    Args:
        manifest: the digest that was on the page when the person decided.

    Raises:
        StepRefused: not one of the two, no receipt, another receipt meanwhile, or the same person twice.
    """
    def do() -> None:
        end = _open_one()
        side = two_sides.approve(end, by=by, now=now)
        require(bool(end.manifest), "Erasure is approved when the agency has recorded its receipt of the export.")
        require(end.manifest == manifest, "Another receipt was recorded meanwhile. Look at it and decide again.")
        end.save()
        record(Kind.CONTRACT_ERASURE_APPROVED, contract=end.pk, manifest=end.manifest, side=side)

    _take("approve", do)


def withdraw(*, by: Any, now: datetime) -> None:
    """The contract goes on: the clock stops, nothing is erased.

    Raises:
        StepRefused: not the appointer, or no end is open.
    """
    def do() -> None:
        require(is_agency(by), "Only the agency's appointer withdraws the end of the contract.")
        end = _open_one()
        end.is_open = False
        end.save()
        record(Kind.CONTRACT_END_WITHDRAWN, contract=end.pk)

    _take("withdraw", do)


def remind(*, now: datetime) -> int:
    """Owe both sides a letter as the days run out, and one each day that it is overdue. Returns how many are new."""
    with transaction.atomic():
        end = current()
        if end is None:
            return 0
        left = days_left(end, now=now)
        due = [days for days in settings.CONTRACT_REMINDER_DAYS if days >= left]
        if not due:
            return 0
        return letters.owe(LetterKind.CONTRACT, to=two_sides.people(), about=f"{end.pk} {min(left, 0) or min(due)}", now=now)


def _locked() -> ContractEnd | None:
    return ContractEnd.objects.select_for_update(of=("self",)).filter(is_open=True).first()


def _open_one() -> ContractEnd:
    end = _locked()
    if end is None:
        raise StepRefused("No end of the contract is open.")
    return end
