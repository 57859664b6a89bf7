"""Registration: a key becomes an account, once (ACC-2, ACC-4). It opens nothing until training is on record (ACC-7)."""

import re
from datetime import datetime
from typing import NoReturn

from django.db import IntegrityError, transaction

from accounts import access_requests, ceilings, challenges, keys, needs, passwords
from accounts.models import Appointment, ChallengeQuestion, RegistrationKey, User
from accounts.models.user import fold
from audit.context import actor_of
from audit.events import Kind
from audit.record import record, record_durably

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,48})[a-z0-9]")
# Names that the record gives to what is no person.
RESERVED = frozenset({"system", "root", "anonymous"})


class KeyNotGood(Exception):
    """Used, expired, revoked, foreign or altered: from outside they all look alike."""


class UsernameTaken(Exception):
    """Some account has this name or had it, in whatever case."""


class UsernameNotUsable(Exception):
    """Not a name that an account can have; the message says what one is."""


def open_key(*, secret: str, now: datetime) -> RegistrationKey:
    """The key that opens registration, looked at without using it.

    Raises:
        KeyNotGood: it opens nothing; on the record.
    """
    key = RegistrationKey.objects.filter(digest=keys.digest(secret)).select_related("request__aor", "appointment__aor").first()
    if key is None:
        refuse_key("unknown")
    # A key whose mail is under way is good as soon as the mail is read.
    if (state := key.state(now)) not in {"sent", "not sent yet"}:
        refuse_key(state, ground=str(key.ground))
    return key


def refuse_key(why: str, *, ground: str = "") -> NoReturn:
    record_durably(Kind.KEY_REFUSED, why=why, ground=ground)
    raise KeyNotGood


def refuse(*, key: RegistrationKey, fields: list[str]) -> None:
    """Note that the form was not filled in well: which fields, never what stood in them."""
    record_durably(Kind.REGISTRATION_REFUSED, ground=str(key.ground), fields=sorted(fields))


def usable_username(typed: str, *, key: RegistrationKey) -> str:
    """The name as it is kept: folded, since no two differ in case alone.

    Raises:
        UsernameNotUsable: not of the allowed form, reserved, or another name was settled beforehand.
        UsernameTaken: of an account, open or closed.
    """
    username = fold(typed.strip())
    settled = fold(key.appointment.username) if key.appointment else ""
    if settled and username != settled:
        raise UsernameNotUsable(f"The name of this account was settled: {settled}.")
    if username in RESERVED or not (settled or USERNAME.fullmatch(username)):
        raise UsernameNotUsable("A username has 3 to 50 letters, digits, dots, dashes or underscores, and starts and ends "
                                "with a letter or digit.")
    if User.objects.named(username) is not None:
        raise UsernameTaken
    return username


def register(
    *, key: RegistrationKey, username: str, password: str, answers: list[tuple[ChallengeQuestion, str]], now: datetime,
) -> User:
    """Make the account that a key stands for; the key is used by this, whoever else tries it at the same moment.

    Args:
        key: what `open_key` found.
        username: what `usable_username` made of it.
        password: as typed, past the validators.
        answers: three distinct questions of the managed list, each with what was typed.
        now: the moment.

    Raises:
        KeyNotGood: used, revoked or expired meanwhile; on the record.
        UsernameTaken: somebody else took the name meanwhile; the key stays good.
        ceilings.Full: the area has no place left; the key stays good.
        passwords.Busy: too many secrets are being hashed; nothing happened.
    """
    hashed = challenges.hashes([answer for _, answer in answers])
    user = _person(key, username)
    with passwords.hashing_slot():
        user.set_password(password)
    try:
        with transaction.atomic(durable=True):
            ceilings.take(aor=user.aor, component=user.component, now=now, keys_count=False)
            if not RegistrationKey.objects.open(now).filter(pk=key.pk, digest=key.digest).update(used_at=now):
                raise KeyNotGood
            _insert(user)
            challenges.keep(user=user, questions=[question for question, _ in answers], hashed=hashed)
            _tie(key, user, now)
            record(Kind.ACCOUNT_REGISTERED, actor=actor_of(user), ground=str(key.ground), username=username)
    except KeyNotGood:
        refuse_key("gone meanwhile", ground=str(key.ground))
    except (UsernameTaken, ceilings.Full) as refusal:
        refuse(key=key, fields=[type(refusal).__name__])
        raise
    return user


def _person(key: RegistrationKey, username: str) -> User:
    """Role, area and all the rest come from what was approved, nothing from what is sent."""
    ground = key.ground
    if isinstance(ground, Appointment):
        role, component = ground.role, ground.component
    else:
        role, component = access_requests.role_of(ground.job_category), ground.component
    return User(username=username, full_name=ground.full_name, email=ground.email, aor=ground.aor, component=component,
                job_category=ground.job_category, role=role)


def _insert(user: User) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        raise UsernameTaken from error


def _tie(key: RegistrationKey, user: User, now: datetime) -> None:
    key.refresh_from_db()
    key.save(update_fields=["used_at"])
    if key.request:
        access_requests.registered(request=key.request, account=user)
    if key.appointment:
        key.appointment.account = user
        key.appointment.save(update_fields=["account"])
    needs.begin(user=user, by=key.issued_by, now=now)
