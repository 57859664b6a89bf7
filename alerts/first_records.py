"""The policy that a new installation starts with (ALR-1, ALR-7)."""

from datetime import datetime

from alerts.models import AlertPolicy


def install(*, now: datetime) -> None:
    """Add the one row of policy where it is missing; its numbers are the contract's."""
    AlertPolicy.objects.get_or_create(pk=1)
