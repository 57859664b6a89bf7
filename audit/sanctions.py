"""Sanctions as far as the audit room knows them: that one exists, and whose it is (AUD-14, ACC-11).

The room knows no accounts: the room above hangs in `of_person` what it holds, and `offered` what a reader may see of it.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

NOT_THEIRS = "There is no such sanction of this person. Enter its number as the record of sanctions has it."

# Each is called with a sanction's number and a person's account, and says whether there is such a one of theirs.
of_person: list[Callable[[UUID, Any], bool]] = []
# Each is called with a person's account and who looks, and gives numbers with words for those that the looker sees.
offered: list[Callable[[Any, Any], list[tuple[str, str]]]] = []


def named(text: str, person: Any) -> str:
    """The number of a sanction of this person as it is kept; empty where there is none such.

    Args:
        text: the number as typed.
        person: whose sanction it is to be.
    """
    try:
        number = UUID(text.strip())
    except ValueError:
        return ""
    return str(number) if any(is_theirs(number, person) for is_theirs in of_person) else ""


def choices(person: Any, *, user: Any) -> list[tuple[str, str]]:
    """The sanctions of this person that `user` sees, to choose from."""
    return [choice for offer in offered for choice in offer(person, user)]
