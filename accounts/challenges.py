"""Challenge questions: a gate of the recovery, chosen and answered at registration (ACC-2).

Answers are secrets that people reuse, so they are kept as passwords are: slow, salted, and two at a time on a machine.
"""

import unicodedata

from django.contrib.auth.hashers import check_password, make_password

from accounts import passwords
from accounts.models import ChallengeAnswer, ChallengeQuestion, User

NEEDED = 3
SHORTEST = 2
LONGEST = 200


def normalize(answer: str) -> str:
    """One form for what a person remembers as one answer: composition, case and spaces do not matter."""
    composed = unicodedata.normalize("NFKC", answer[: 4 * LONGEST]).casefold()
    return " ".join(unicodedata.normalize("NFKC", composed).split())


def hashes(answers: list[str]) -> list[str]:
    """The answers as they are kept, in their order.

    Raises:
        passwords.Busy: too many secrets are being hashed.
    """
    with passwords.hashing_slot():
        return [make_password(normalize(answer)) for answer in answers]


def keep(*, user: User, questions: list[ChallengeQuestion], hashed: list[str]) -> None:
    """Make these the user's questions, instead of those before; joins the open transaction."""
    ChallengeAnswer.objects.filter(user=user).delete()
    ChallengeAnswer.objects.bulk_create(
        ChallengeAnswer(user=user, question=question, hashed=answer)
        for question, answer in zip(questions, hashed, strict=True))


def matches(answer: ChallengeAnswer | None, typed: str) -> bool:
    """Whether `typed` is what was answered. Without an answer it costs the same and is never right.

    The caller holds a hashing slot and has reserved the attempt (accounts.lockout).
    """
    if answer is None:
        make_password(normalize(typed))
        return False
    return check_password(normalize(typed), answer.hashed)
