"""The rules of behavior at each sign-in (ACC-8)."""

from datetime import datetime

from django.http import HttpRequest

from accounts.models import RulesText
from audit.events import Kind
from audit.record import record_durably

AFFIRMED = "rules_version"


class NotInForce(Exception):
    """The version that was affirmed is not the one in force."""


def are_affirmed(request: HttpRequest, *, now: datetime) -> bool:
    """Whether the version in force was affirmed in this session; nothing opens while no version is in force."""
    rules = RulesText.objects.in_force(now)
    return rules is not None and request.session.get(AFFIRMED) == rules.version


def affirm(request: HttpRequest, *, version: int, now: datetime) -> None:
    """Record that the user affirmed `version`, and open the session for it.

    Raises:
        NotInForce: another version took effect meanwhile, or an old one was sent.
        AuditUnavailable: the affirmation could not be recorded; the session stays closed.
    """
    rules = RulesText.objects.in_force(now)
    if rules is None or rules.version != version:
        raise NotInForce
    record_durably(Kind.RULES_AFFIRMED, version=version)
    request.session[AFFIRMED] = version
