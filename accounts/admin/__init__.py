"""The back office of the accounts room."""

from accounts.admin import (
    access_requests,
    appointments,
    ceilings,
    challenges,
    deletions,
    lockouts,
    people,
    rules,
    sanctions,
    tickets,
    training,
)
from accounts.admin.base import unregister_django_groups

__all__ = [
    "access_requests", "appointments", "ceilings", "challenges", "deletions", "lockouts", "people", "rules", "sanctions",
    "tickets", "training",
]

unregister_django_groups()
