"""What was being typed when a session ended: carried through the sign-in in an encrypted field, and shown again, never sent.

Nothing of it sits in session, cache or address (architecture, "State between requests"): each page on the way hands it to the
next one. The form carries a signed mark of whom it was made for, so that only what our own page for this person held is kept,
and only that person sees it again.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django import forms
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, QueryDict

KEPT, OWNER, ONLY_PASSING = "kept", "form_owner", "kept_only"
_OWN = {KEPT, OWNER, ONLY_PASSING, "csrfmiddlewaretoken"}
_SALT = "accounts.kept_forms"
# A form holds a few fields of text; what is longer is no form of ours.
MOST_CHARACTERS = 20_000

View = TypeVar("View", bound=Callable)


@dataclass(frozen=True)
class Kept:
    """What was typed: on which page, by whom, and the fields as they came."""

    user_id: int
    path: str
    fields: dict[str, list[str]]


def keeps_form(view: View) -> View:
    """Decorate a view whose form is worth keeping when its sender's session has ended."""
    view.keeps_form = True  # type: ignore[attr-defined]
    return view


def owner_mark(user_id: int | None) -> str:
    """Whom a form is made for, signed: the value of its hidden field `form_owner`."""
    return signing.dumps(user_id, salt=_SALT)


def sealed(request: HttpRequest, view: Callable) -> str:
    """What a form that could not be taken held, encrypted; nothing where the view keeps no form or the sender is not known.

    Args:
        request: a POST that did not reach its view.
        view: the view that it was meant for.
    """
    if request.method != "POST" or not getattr(view, "keeps_form", False):
        return ""
    if passing(request):
        return request.POST[KEPT]
    try:
        user_id = signing.loads(request.POST.get(OWNER, ""), salt=_SALT, max_age=settings.SESSION_ABSOLUTE_SECONDS)
    except signing.BadSignature:
        return ""
    fields = {name: request.POST.getlist(name) for name in request.POST if name not in _OWN}
    text = json.dumps([user_id, request.path, fields])
    if len(text) > MOST_CHARACTERS or _is_another(request, user_id):
        return ""
    return _cipher().encrypt(text.encode()).decode()


def passing(request: HttpRequest) -> Kept | None:
    """What is being carried by this request, whoever sends it; None where it is nothing, too old, or not of our making."""
    try:
        text = _cipher().decrypt(request.POST.get(KEPT, "").encode(), ttl=settings.KEPT_FORM_SECONDS)
    except (InvalidToken, UnicodeEncodeError):
        return None
    return Kept(*json.loads(text))


def arrived(request: HttpRequest) -> dict[str, list[str]] | None:
    """The fields to show again on the page that they were typed on; empty when they were lost on the way.

    None for a form that is really sent: what was carried is never taken for an answer.
    """
    if request.method != "POST" or KEPT not in request.POST:
        return None
    kept = passing(request)
    return kept.fields if kept and kept.path == request.path and not _is_another(request, kept.user_id) else {}


def fill(form: forms.BaseForm, fields: dict[str, list[str]]) -> None:
    """Put the fields into an unbound form, each as its widget reads it. A file cannot be put back."""
    typed = QueryDict(mutable=True)
    for name, values in fields.items():
        typed.setlist(name, values)
    form.initial = dict(form.initial or {}) | {
        name: _value(field, typed, name) for name, field in form.fields.items()
        if name in typed and not isinstance(field, forms.FileField)}


def _value(field: forms.Field, typed: QueryDict, name: str) -> Any:
    return field.widget.value_from_datadict(typed, {}, name)


def _is_another(request: HttpRequest, user_id: int) -> bool:
    return request.user.is_authenticated and request.user.pk != user_id


def _cipher() -> MultiFernet:
    keys = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    return MultiFernet([
        Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"{_SALT}:{key}".encode()).digest())) for key in keys])
