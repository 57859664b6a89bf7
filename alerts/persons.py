"""For whom a plate is watched: oneself, or another person who is named in one line (ALR-2, QRY-5)."""

from audit import names

LONGEST = 150


class PersonNotNamed(ValueError):
    """The other person is not named, or named where one watches for oneself; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_person(for_whom: str, other_name: str) -> str:
    """The name as it is kept, empty where one watches for oneself.

    Args:
        for_whom: `self` or `other`.
        other_name: as typed.

    Raises:
        PersonNotNamed: no name for another, a name for oneself, or more than one line.
    """
    other = names.tidy(other_name)
    if not other_name.strip().isprintable():
        raise PersonNotNamed("other_name", "Enter the name in one line.")
    if len(other) > LONGEST:
        raise PersonNotNamed("other_name", f"Enter a name of at most {LONGEST} characters.")
    if for_whom == "other" and sum(map(str.isalpha, other)) < 2:
        raise PersonNotNamed("other_name", "Enter the name of the agent or officer for whom you watch.")
    if for_whom == "self" and other:
        raise PersonNotNamed("for_whom", "You named another person. Choose “Another agent or officer”, or clear the name.")
    return other
