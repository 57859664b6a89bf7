from datetime import datetime
from typing import Any

from django.apps import AppConfig

OVERDUE = "an account was not deleted within 24 business hours"


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import deletion_calls
        from accounts import sanctions as ours
        from audit import sanctions

        deletion_calls.when_overdue.append(_open_incident)
        sanctions.of_person.append(ours.is_of)
        sanctions.offered.append(ours.offered)


def _open_incident(request: Any, now: datetime) -> None:
    """An overdue deletion is an incident of its own (AUD-9)."""
    from audit.incidents import recording

    recording.open_by_itself(f"{OVERDUE} (request {request.pk})", "The deletion was not carried out in its time.", now)
