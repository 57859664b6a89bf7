"""How a text of the rules comes about (ACC-8): drafted by either side, decided by the agency's appointer alone.

The operator's operations staff and the agency's appointer draft. A draft that is sent for approval is not changed any more,
and the appointer approves the very words that they had before their eyes: an approval carries their digest.
"""

import hashlib
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from accounts import notices
from accounts.models import Notice, Role, RulesText, User
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably

State = RulesText.State
Side = RulesText.Side
SIDES: dict[str, Side] = {Role.OPERATIONS: Side.OPERATOR, Role.AGENCY_APPOINTER: Side.AGENCY}


class MayNotDraft(Exception):
    """Only operations staff and the appointer draft, each their own side's text."""


class MayNotDecide(Exception):
    """Only the agency's appointer approves or refuses."""


class NotWaiting(Exception):
    """The text is in another state by now; the message says in which."""


class OtherWords(Exception):
    """The words that were looked at are not those of the draft."""


class InThePast(Exception):
    """A text takes effect now or later."""


def digest(body: str) -> str:
    """What ties an approval to the words."""
    return hashlib.sha256(body.encode()).hexdigest()


def may_draft(by: User) -> bool:
    return by.is_active and by.role in SIDES


def may_change(text: RulesText, by: User) -> bool:
    """Whether `by` still writes on it: a draft of their own side."""
    return may_draft(by) and text.state == State.DRAFT and text.side == SIDES[by.role]


def may_decide(text: RulesText, by: User) -> bool:
    return by.is_active and by.role == Role.AGENCY_APPOINTER and text.state == State.SUBMITTED


def draft(*, body: str, by: User, now: datetime) -> RulesText:
    """Begin a text; joins the open transaction where there is one.

    Raises:
        MayNotDraft: of neither side.
    """
    if not may_draft(by):
        raise MayNotDraft
    with transaction.atomic():
        text = RulesText.objects.create(body=body, side=SIDES[by.role], drafted_by=by, drafted_at=now)
        record(Kind.RULES_DRAFTED, actor=actor_of(by), text=text.pk, digest=digest(body))
    return text


def change(*, text: RulesText, body: str, by: User) -> None:
    """Set the words of a draft anew; joins the open transaction where there is one.

    Raises:
        MayNotDraft: of the other side, or no draft any more.
    """
    with transaction.atomic():
        current = RulesText.objects.select_for_update(of=("self",)).get(pk=text.pk)
        if not may_change(current, by):
            raise MayNotDraft
        current.body = body
        current.save(update_fields=["body"])
        record(Kind.RULES_DRAFT_CHANGED, actor=actor_of(by), text=current.pk, digest=digest(body))


def submit(*, text: RulesText, by: User, now: datetime) -> None:
    """Send a draft for approval: its words stay from here, and the appointers are told.

    Raises:
        MayNotDraft: of the other side.
        NotWaiting: it was sent already.
    """
    try:
        with transaction.atomic(durable=True):
            if not may_draft(by) or text.side != SIDES[by.role]:
                raise MayNotDraft
            _step(text, State.DRAFT, state=State.SUBMITTED)
            record(Kind.RULES_SUBMITTED, actor=actor_of(by), text=text.pk, digest=digest(text.body))
            for appointer in User.objects.filter(role=Role.AGENCY_APPOINTER, is_active=True):
                notices.tell(Notice.Kind.RULES_SUBMITTED, account=appointer, by=by.username, now=now)
    except (MayNotDraft, NotWaiting) as refusal:
        _refused(text, by, refusal)
        raise


def approve(*, text: RulesText, by: User, seen: str, in_force_from: datetime, now: datetime) -> RulesText:
    """Approve a text: it gets the next version, takes effect at `in_force_from` and never changes again.

    Args:
        text: that waits for approval.
        by: the agency's appointer.
        seen: the digest of the words that they saw.
        in_force_from: now or later.
        now: the moment.

    Raises:
        MayNotDecide, NotWaiting, OtherWords, InThePast: nothing took effect; on the record.
    """
    try:
        with transaction.atomic(durable=True):
            _require_appointer(by)
            if in_force_from < now:
                raise InThePast
            # Two approvals at once queue here, so that each gets a number of its own.
            list(RulesText.objects.select_for_update(of=("self",)).filter(state=State.APPROVED).values_list("pk"))
            version = (RulesText.objects.aggregate(last=Max("version"))["last"] or 0) + 1
            approved = _step(text, State.SUBMITTED, seen=seen, state=State.APPROVED, version=version,
                             in_force_from=in_force_from, decided_by=by, decided_at=now)
            record(Kind.RULES_APPROVED, actor=actor_of(by), text=text.pk, version=version, digest=digest(approved.body),
                   in_force_from=in_force_from)
            _tell_drafter(approved, Notice.Kind.RULES_APPROVED, by, now)
    except (MayNotDecide, NotWaiting, OtherWords, InThePast) as refusal:
        _refused(text, by, refusal)
        raise
    return approved


def refuse(*, text: RulesText, by: User, reason: str, now: datetime) -> None:
    """Refuse a text, with a reason that the drafter reads; what was refused can be drafted anew.

    Raises:
        MayNotDecide, NotWaiting: on the record.
    """
    try:
        with transaction.atomic(durable=True):
            _require_appointer(by)
            refused = _step(text, State.SUBMITTED, state=State.REFUSED, decided_by=by, decided_at=now, decision_reason=reason)
            record(Kind.RULES_TURNED_DOWN, actor=actor_of(by), text=text.pk, digest=digest(refused.body), reason_given=reason)
            _tell_drafter(refused, Notice.Kind.RULES_REFUSED, by, now)
    except (MayNotDecide, NotWaiting) as refusal:
        _refused(text, by, refusal)
        raise


def _require_appointer(by: User) -> None:
    if not by.is_active or by.role != Role.AGENCY_APPOINTER:
        raise MayNotDecide


def _step(text: RulesText, before: State, *, seen: str = "", **after: object) -> RulesText:
    """The one step out of `before`: the row lets one of two through."""
    current = RulesText.objects.select_for_update(of=("self",)).get(pk=text.pk)
    if current.state != before:
        raise NotWaiting(f"This text is in another state by now: {current.get_state_display().lower()}.")
    if seen and seen != digest(current.body):
        raise OtherWords
    for name, value in after.items():
        setattr(current, name, value)
    current.save(update_fields=[*after])
    return current


def _tell_drafter(text: RulesText, kind: Notice.Kind, by: User, now: datetime) -> None:
    if text.drafted_by and text.drafted_by.is_active:
        notices.tell(kind, account=text.drafted_by, by=by.username, now=now)


def _refused(text: RulesText, by: User, refusal: Exception) -> None:
    record_durably(Kind.RULES_STEP_REFUSED, actor=actor_of(by), text=text.pk, why=type(refusal).__name__)
