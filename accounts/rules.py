"""The rules of behavior at each sign-in, and who affirmed which version (ACC-8)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest

from accounts.access import user_of
from accounts.models import RulesAffirmation, RulesText, User
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably

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
    with transaction.atomic(durable=True):
        _count(user_of(request), rules, now)
        record(Kind.RULES_AFFIRMED, version=version)
    request.session[AFFIRMED] = version


def last_affirmed(user: User) -> RulesText | None:
    """The text that the user affirmed last, at whatever sign-in."""
    last = RulesAffirmation.objects.filter(user=user).select_related("text").order_by("-last_at", "-pk").first()
    return last.text if last else None


@dataclass(frozen=True)
class Tally:
    """Of the open accounts that one may see: how many affirmed `text` last. None stands for no text at all."""

    text: RulesText | None
    people: int


def tallies(*, by: User) -> list[Tally]:
    """By version, the newest first, those who affirmed none at the end (ACC-8); on the record.

    Args:
        by: who looks: a manager sees their area, auditor and appointer every one.
    """
    record_durably(Kind.RULES_AFFIRMATIONS_VIEWED, actor=actor_of(by))
    last: Any = _with_last_text(by).values_list("last_text", flat=True)  # type: ignore[misc]
    counts = Counter(last)
    found = [Tally(text, counts[text.pk]) for text in RulesText.objects.filter(state=RulesText.State.APPROVED)]
    return [*found, Tally(None, counts[None])]


def people(*, by: User) -> QuerySet[User]:
    """The open accounts that one may see, each with `last_version`, `first_at`, `last_at` and `times` of the text that it
    affirmed last; empty where it never did. Those who affirmed the least come first."""
    return _with_last_text(by).select_related("aor").order_by(F("last_version").asc(nulls_first=True), "username")


def _with_last_text(by: User) -> QuerySet[User]:
    last = RulesAffirmation.objects.filter(user=OuterRef("pk")).order_by("-last_at", "-pk")
    columns = {"last_text": "text", "last_version": "text__version", "first_at": "first_at", "last_at": "last_at",
               "times": "times"}
    return User.objects.visible_to(by).filter(Q(is_active=True)).annotate(
        **{name: Subquery(last.values(column)[:1]) for name, column in columns.items()})


def _count(user: User, rules: RulesText, now: datetime) -> None:
    row, is_first = RulesAffirmation.objects.get_or_create(user=user, text=rules, defaults={"first_at": now, "last_at": now})
    if not is_first:
        RulesAffirmation.objects.filter(pk=row.pk).update(times=F("times") + 1, last_at=now)
