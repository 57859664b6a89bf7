"""What a person who asks for an account types, and how a key is read from a mail."""

import re
from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts import access_requests
from accounts.models import AOR, AccessRequest, ChallengeQuestion

REQUEST = "/accounts/request/"
NEW_PASSWORD = "a sentence nobody else says"
FORM = {
    "full_name": "Nora Field", "email": "nora.field@agency.example", "aor": "NYC", "component": "ERO",
    "job_category": "ero_officer", "justification": "Fugitive operations team", "supervisor_name": "Sam Vane",
    "supervisor_email": "sam.vane@agency.example",
}


def filed(aor: AOR, now: Any, **changed: Any) -> AccessRequest:
    return access_requests.file(scan=None, now=now, **FORM | {"aor": aor} | changed)


def key_address(mails: list) -> str:
    """The path in the newest mail that holds a key."""
    [path] = re.findall(r"http://testserver(/accounts/register/\S+)", next(
        mail.body for mail in reversed(mails) if "/accounts/register/" in mail.body))
    return path


def registration_form(**changed: Any) -> dict[str, Any]:
    questions = list(ChallengeQuestion.objects.filter(is_offered=True)[:3])
    form = {"username": "nora.field", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    for number, question in enumerate(questions, 1):
        form |= {f"question_{number}": question.pk, f"answer_{number}": f"Answer {number}"}
    return form | changed


def posted(path: str, **changed: Any) -> Any:
    return Client().post(path, registration_form(**changed))


Filed = Callable[..., AccessRequest]
