"""What a mail server said when it did not take a mail, as far as it may be kept and shown (ALR-5).

Servers repeat what they were sent. What is kept is read by the mail's reader and by operations, who may know neither plates nor
cases nor names: addresses, and each word that the mail told of, are struck out.
"""

import re
import smtplib
from collections.abc import Iterable

LONGEST = 300
# So much of an answer is looked at, however long it is.
_LONGEST_HEARD = 5000
STRUCK = "[…]"
_ADDRESS = re.compile(r"[^\s<>()]+@[^\s<>()]+")
_WORD = re.compile(r"\w+")
_BETWEEN = r"[\s.\-]*"
_SHORTEST = 3


def code_of(error: Exception) -> int:
    """The reply code of the mail server; 0 where it gave none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def answer(error: Exception) -> str:
    """The mail server's words, as they came; empty where it gave none."""
    answers: list[bytes | str] = []
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [said for _, said in error.recipients.values()]
    elif isinstance(error, smtplib.SMTPResponseException):
        answers = [error.smtp_error]
    return " ".join(said.decode(errors="replace") if isinstance(said, bytes) else str(said) for said in answers)


def struck(text: str, *, secrets: Iterable[str]) -> str:
    """What a server said, in one line that the database can hold, without what the mail told of.

    Args:
        text: the server's words.
        secrets: texts of which no word is kept: plates, cases, names.
    """
    said = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:_LONGEST_HEARD]).split())
    hidden = {word.casefold() for text in secrets for word in _WORD.findall(text) if len(word) >= _SHORTEST}
    said = _ADDRESS.sub(STRUCK, said)
    for numbered in sorted((word for word in hidden if any(map(str.isdigit, word))), key=len, reverse=True):
        # A plate or a number may be spelled with signs in between, and stand inside of a longer word.
        said = re.sub(_BETWEEN.join(map(re.escape, numbered)), STRUCK, said, flags=re.IGNORECASE)
    return _WORD.sub(lambda word: STRUCK if word[0].casefold() in hidden else word[0], said)[:LONGEST]

