"""How a mail of ours is known again: by its Message-ID, and by the address to which servers return what does not arrive (ALR-5).

Both hold the id of the letter, which nobody can guess and which only those see who carry the mail. So whoever returns a mail
under it was given it.
"""

import re
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

# Stands in the address of returns where the id of the letter goes: `bounces+{letter}@agency.example`.
PLACE = "{letter}"
_MESSAGE_ID = re.compile(r"<notification-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>]*>", re.IGNORECASE)


def message_id(letter: UUID) -> str:
    """Fixed by the intent, or by the letter of many, so that a mail that had to be sent twice is known for one."""
    host = urlsplit(settings.SITE_URL).hostname or settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ")
    return f"<notification-{letter}@{host}>"


def sender(letter: UUID) -> str:
    """The envelope's sender of a letter; empty where nothing is set, and mails are returned to whom they are from."""
    return settings.BOUNCE_ADDRESS.replace(PLACE, letter.hex)


def of_message_id(text: str) -> UUID | None:
    """The letter whose Message-ID stands in `text`."""
    found = _MESSAGE_ID.search(text)
    return UUID(found[1]) if found else None


def of_address(text: str) -> UUID | None:
    """The letter to whose sender `text` is addressed, where the address holds the letter's id."""
    before, place, after = settings.BOUNCE_ADDRESS.partition(PLACE)
    found = re.search(f"{re.escape(before)}([0-9a-f]{{32}}){re.escape(after)}", text, re.IGNORECASE) if place else None
    return UUID(found[1]) if found else None
