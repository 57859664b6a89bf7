"""Passwords: what one may be, and how many are hashed at once (ACC-1).

A hash takes 46 MiB by design, so a storm of logins would take the machine down: at most two are computed at a time on a
server, for known and unknown names alike, and whoever waits longer than two seconds is asked to come back.
"""

import contextlib
import re
import socket
import string
import time
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator, get_default_password_validators
from django.core.exceptions import ValidationError
from django.db import connections

LONGEST = 128
SLOTS = (1, 2)
WAIT_SECONDS = 2.0
PAUSE_SECONDS = 0.02
# Advisory locks are shared by all that use the database; the key holds the machine, since memory is the machine's.
HASHING_HERE = zlib.crc32(f"password hashing on {socket.gethostname()}".encode()) - 2**31


class Busy(Exception):
    """Two passwords are being hashed and none was done in time: answered as 503 with Retry-After."""

    retry_after = 2


def normalize(password: str) -> str:
    """One form for what a person sees as one password, whatever keyboard it came from; spaces stay."""
    return unicodedata.normalize("NFKC", password[: 4 * LONGEST])


@contextlib.contextmanager
def hashing_slot(*, using: str = "default") -> Iterator[None]:
    """Hold one of the machine's two places for hashing a password.

    Raises:
        Busy: both were taken for two seconds.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    slot = _take(using)
    while slot is None:
        if time.monotonic() > deadline:
            raise Busy
        time.sleep(PAUSE_SECONDS)
        slot = _take(using)
    try:
        yield
    finally:
        with connections[using].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s::int, %s::int)", [HASHING_HERE, slot])


def _take(using: str) -> int | None:
    with connections[using].cursor() as cursor:
        for slot in SLOTS:
            cursor.execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", [HASHING_HERE, slot])
            if cursor.fetchone()[0]:
                return slot
    return None


class LengthAndRepetitionValidator:
    """Refuses what is too long to be meant, what repeats itself, and what holds the username."""

    def validate(self, password: str, user: object = None) -> None:
        password = normalize(password)
        if len(password) > LONGEST:
            raise ValidationError(f"This password is longer than {LONGEST} characters.", code="password_too_long")
        if _repeats(password):
            raise ValidationError("This password only repeats itself.", code="password_repeats")
        username = getattr(user, "username", "")
        if username and username.casefold() in password.casefold():
            raise ValidationError("This password contains your username.", code="password_holds_username")

    def get_help_text(self) -> str:
        return f"Your password can have up to {LONGEST} characters, must not repeat itself or contain your username."


def _repeats(password: str) -> bool:
    """Whether a part of at most half the password, said again and again, is all there is."""
    return any(password[period:] == password[:-period] for period in range(1, len(password) // 2 + 1))


class BlockedWordsValidator:
    """Refuses what is made of the words that everybody would try here first: the agency's, the service's, the owner's name."""

    # What else is in the password must be at least so many letters to make it the owner's own.
    OWN_LETTERS = 8

    def __init__(self) -> None:
        self.common = CommonPasswordValidator().passwords

    def validate(self, password: str, user: object = None) -> None:
        folded = normalize(password).casefold()
        rest = folded
        for word in sorted(_words_of(user), key=len, reverse=True):
            rest = rest.replace(word, " ")
        is_bare_word = folded.strip(string.digits + string.punctuation + " ") in self.common
        if is_bare_word or (rest != folded and sum(sign.isalpha() for sign in rest) < self.OWN_LETTERS):
            raise ValidationError("This password is made of words that others would try first.", code="password_blocked")

    def get_help_text(self) -> str:
        return "Your password must not be made of your name, the agency's or other words that others would try first."


def is_blocked(password: str, user: Any) -> bool:
    """Whether a password that is in use stands on the blocked list, which may have grown since it was chosen."""
    if password in settings.PASSWORDS_NOT_BLOCKED:
        return False
    for validator in get_default_password_validators():
        if isinstance(validator, (CommonPasswordValidator, BlockedWordsValidator)):
            try:
                validator.validate(normalize(password), user)
            except ValidationError:
                return True
    return False


def _words_of(user: object) -> set[str]:
    about = [getattr(user, name, "") for name in ("username", "full_name", "email")]
    text = " ".join([settings.AGENCY_NAME, *settings.PASSWORD_BLOCKED_WORDS, *about]).casefold()
    return {word for word in re.split(r"[^\w]+", text) if len(word) >= 3}
