"""Names of people as they are typed: how they are kept, and when two of them are one (QRY-5, BEY-4).

Whoever keeps, records or compares a name asks here, so that no accent written in two characters and no second space is a way
around the notice, the scope of an area or the limit of a component.
"""

import unicodedata


def tidy(name: str) -> str:
    """A typed name as it is kept and recorded: composed, in one line, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def fold(name: str) -> str:
    """A name as it is compared, whatever the case of its letters."""
    return unicodedata.normalize("NFC", tidy(name).casefold())
