"""A forgotten password (ACC-3): a mailed link, the answer to a challenge question, a temporary password, a new password.

Every page answers the same for a known and an unknown name, for a right and a wrong answer. The questions log nobody in: they
gate the mailed password, and a bound second factor is asked for all the same (decision 12).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils.crypto import salted_hmac

from accounts import challenges, lockout, notices, passwords
from accounts.models import ChallengeAnswer, Notice, RecoveryLink, Role, TemporaryPassword, User
from accounts.models.user import fold
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably

# As many answers a day as failures that lock: so many may be tried through a lock, which a full recovery releases.
ANSWERS_COUNT_FOR = timedelta(hours=24)


class LinkDead(Exception):
    """The link is unknown, altered, used or older than fifteen minutes, or its account is closed."""


class MayNotStart(Exception):
    """Only a manager of the account's area starts its reset, and nobody their own."""


class NoQuestions(Exception):
    """The account has no challenge questions on record, or is closed: nothing could be recovered."""


@transaction.atomic(durable=True)
def ask(*, username: str, now: datetime) -> None:
    """Take a request for a link; a name that is nobody's costs the same and comes to nothing.

    Args:
        username: as typed; only a known account's name is kept.
        now: the moment of asking.
    """
    user = User.objects.select_related("aor").filter(username__iexact=fold(username)).first()
    RecoveryLink.objects.create(user=user, asked_at=now)
    record(Kind.RECOVERY_ASKED, actor=actor_of(user), username=user.username if user else "")
    transaction.on_commit(notices.wake, robust=True)


def question(*, token: str, now: datetime) -> str:
    """The question that the link of `token` asks.

    Raises:
        LinkDead: recorded as refused.
    """
    link, user = _find(token)
    if link is None or user is None or not _opens(link, user, now):
        record_durably(Kind.RECOVERY_REFUSED, actor=actor_of(user), why="dead link")
        raise LinkDead
    return str(_asked_of(user).question)


def answer(*, token: str, typed: str, now: datetime) -> None:
    """Try an answer; a right one has a temporary password mailed, and nothing tells which it was.

    Args:
        token: of the mailed link.
        typed: the answer.
        now: the moment of the attempt.

    Raises:
        LinkDead: recorded, and counted where the link was somebody's.
        passwords.Busy: too many secrets are being hashed.
    """
    link, user = _find(token)
    if link is None or user is None or not _opens(link, user, now):
        _refuse(user, "dead link", now)
        raise LinkDead
    row = lockout.row_of(user, user.username)
    with passwords.hashing_slot():
        if not _may_try(link, now):
            record_durably(Kind.RECOVERY_REFUSED, actor=actor_of(user), why="too many answers")
            return
        counted = _count(row, now)
        is_right = challenges.matches(_asked_of(user), typed)
    if not is_right:
        _refuse(user, "wrong answer", now, counted=counted)
        return
    if counted:
        _take_back(row, now)
    _have_password_mailed(link, user, now)


def may_start(by: User, account: User) -> bool:
    return by.role == Role.AGENCY_MANAGER and by.is_active and by.pk != account.pk and (
        by.aor_id is not None and by.aor_id == account.aor_id)


@transaction.atomic(durable=True)
def start(*, account: User, by: User, now: datetime) -> None:
    """A manager starts the reset (ACC-13): the old password and every session end, and the owner is mailed a link.

    Args:
        account: whose password is reset; of the manager's area.
        by: the manager, who sees no secret.
        now: the moment.

    Raises:
        MayNotStart: not theirs to reset.
        NoQuestions: the account is closed or has nothing to recover by.
    """
    if not may_start(by, account):
        raise MayNotStart
    if not can_recover(account):
        raise NoQuestions
    account.set_unusable_password()
    account.save(update_fields=["password"])
    spend_all(user=account, now=now)
    RecoveryLink.objects.create(user=account, asked_at=now)
    record(Kind.PASSWORD_RESET_STARTED, actor=actor_of(by), username=account.username)
    notices.tell(Notice.Kind.PASSWORD_RESET_STARTED, account=account, by=by.username, now=now)


def finish(*, user: User, now: datetime) -> None:
    """A new password stands: what is left of the recovery is spent, and a locked account opens; joins the open transaction."""
    spend_all(user=user, now=now)
    lockout.release_recovered(account=user)


def spend_all(*, user: User, now: datetime) -> None:
    """Nothing that was mailed so far opens any more, and answers are counted anew."""
    RecoveryLink.objects.filter(user=user).update(used_at=Coalesce("used_at", now), answers=0)
    TemporaryPassword.objects.filter(user=user).delete()


def can_recover(user: User) -> bool:
    return user.is_active and bool(user.email) and ChallengeAnswer.objects.filter(user=user).exists()


def digest(token: str) -> str:
    """What is kept of a link's token."""
    return salted_hmac("accounts.recovery", token[:200], algorithm="sha256").hexdigest()


def _find(token: str) -> tuple[RecoveryLink | None, User | None]:
    """The link of a token, open or not, and whose it is."""
    link = RecoveryLink.objects.select_related("user__aor").filter(digest=digest(token)).first()
    return link, link.user if link else None


def _opens(link: RecoveryLink, user: User, now: datetime) -> bool:
    """An account that was closed or erased since the mail has nothing to recover."""
    return link.is_open(now) and can_recover(user)


def _asked_of(user: User) -> ChallengeAnswer:
    """One of the user's questions: the same for every link until the password changes, so that nobody asks for an easier one."""
    answers = list(ChallengeAnswer.objects.filter(user=user).order_by("pk"))
    mark = salted_hmac("accounts.recovery question", f"{user.pk}|{user.password}", algorithm="sha256").digest()
    return answers[int.from_bytes(mark[:8], "big") % len(answers)]


@transaction.atomic(durable=True)
def _may_try(link: RecoveryLink, now: datetime) -> bool:
    """Reserve one answer of those that an account has in a day, whatever links they come by."""
    User.objects.select_for_update(of=("self",)).get(pk=link.user_id)
    lately = RecoveryLink.objects.filter(user=link.user, answered_at__gt=now - ANSWERS_COUNT_FOR)
    if (lately.aggregate(tried=Sum("answers"))["tried"] or 0) >= settings.LOCKOUT_FAILURES:
        return False
    return bool(RecoveryLink.objects.filter(pk=link.pk, used_at__isnull=True).update(
        answers=F("answers") + 1, answered_at=now))


def _count(row: str, now: datetime) -> bool:
    """Reserve the attempt in the one row too; a locked account is recovered without it."""
    try:
        lockout.reserve(row=row, now=now)
    except lockout.Locked:
        return False
    return True


def _take_back(row: str, now: datetime) -> None:
    try:
        lockout.passed(row=row, now=now)
    except lockout.Locked:
        return


def _refuse(user: User | None, why: str, now: datetime, *, counted: bool = False) -> None:
    """On the record, counted in the owner's row, and told to the owner as often as it counts."""
    record_durably(Kind.RECOVERY_REFUSED, actor=actor_of(user), why=why)
    if user is None:
        return
    row = lockout.row_of(user, user.username)
    if counted or _count(row, now):
        lockout.failed(row=row, account=user, now=now)
        with transaction.atomic(durable=True):
            notices.tell(Notice.Kind.RECOVERY_ANSWER_REFUSED, account=user, now=now)


@transaction.atomic(durable=True)
def _have_password_mailed(link: RecoveryLink, user: User, now: datetime) -> None:
    if not RecoveryLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now):
        return
    TemporaryPassword.objects.create(user=user, asked_at=now)
    record(Kind.RECOVERY_ANSWERED, actor=actor_of(user))
    transaction.on_commit(notices.wake, robust=True)
