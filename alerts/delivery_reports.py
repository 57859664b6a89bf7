"""What mail servers report of a mail after they took it: delivery status notifications (RFC 3464), as a mail returned to us.

Anybody can write such a mail. Only what it says of one mail is read, and only of a mail that it names by an id that nobody can
guess (alerts.envelopes): by the address it came to, or by the headers of ours that it returns.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from uuid import UUID

from alerts import envelopes

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Where a mail server notes whom the mail that it delivers was for, beside `To`.
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To")


@dataclass(frozen=True)
class Report:
    """`letter`: which of our letters it is about, if it names one; `has_failed`: whether that will not arrive any more; `status`:
    the code of RFC 3463; `said`: the words of the server that did not take it, as they came."""

    letter: UUID | None
    has_failed: bool
    status: str
    said: str


def read(data: bytes) -> Report | None:
    """The report that a mail is; None for any other mail.

    Args:
        data: the mail as a server hands it over, with its headers.
    """
    mail = message_from_bytes(data)
    parts = _inside(mail)
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    if mail.get_content_type() != "multipart/report" or status is None:
        return None
    # The first group of fields is of the mail, each further one of a recipient. Ours have one.
    failed = next((group for group in _inside(status)[1:] if _word(group, "Action") == "failed"), None)
    if failed is None:
        return Report(_letter(mail, parts), has_failed=False, status="", said="")
    code = _STATUS.match(_text(failed, "Status"))
    # "smtp; 550 no such user": what stands before says whose code it is.
    said = _text(failed, "Diagnostic-Code").partition(";")[2]
    return Report(_letter(mail, parts), has_failed=True, status=code[0] if code else "", said=said.strip())


def _letter(mail: Message, parts: list[Message]) -> UUID | None:
    for name in _ADDRESSED:
        for address in mail.get_all(name, []):
            if found := envelopes.of_address(str(address)):
                return found
    for part in parts:
        if (ours := _returned(part)) and (found := envelopes.of_message_id(_text(ours, "Message-ID"))):
            return found
    return None


def _returned(part: Message) -> Message | None:
    """The headers of the mail that is returned, whole or by its headers alone."""
    if part.get_content_type() == "text/rfc822-headers":
        return message_from_string(str(part.get_payload()))
    return next(iter(_inside(part)), None) if part.get_content_type() == "message/rfc822" else None


def _inside(mail: Message) -> list[Message]:
    """The parts of a mail, or the groups of fields of a report; none where it has no parts."""
    parts = mail.get_payload()
    return [part for part in parts if isinstance(part, Message)] if isinstance(parts, list) else []


def _text(fields: Message, name: str) -> str:
    return " ".join(str(fields.get(name, "")).split())


def _word(fields: Message, name: str) -> str:
    """The first word of a field: a comment may follow it."""
    return (_text(fields, name).casefold().split() or [""])[0]
