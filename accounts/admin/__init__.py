"""The back office of the accounts room."""

from accounts.admin import lockouts, people, rules, training
from accounts.admin.base import unregister_django_groups

__all__ = ["lockouts", "people", "rules", "training"]

unregister_django_groups()
