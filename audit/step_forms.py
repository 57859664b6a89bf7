"""Pages of steps: several forms on one page, each with a door of the domain behind it (AUD-5, AUD-10)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from django import forms
from django.http import HttpRequest

from audit.events import Kind
from audit.two_sides import StepRefused, refuse


class StepForm(forms.Form):
    """`UNSAID` names the fields that the form is confirmed by, of which the room need not hear."""

    UNSAID: frozenset[str] = frozenset()

    def refuse(self, refusal: StepRefused) -> None:
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))

    def offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """What may be chosen in the field of this name."""
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def said(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in self.UNSAID}


def bound(request: HttpRequest, kinds: Mapping[str, type[StepForm]]) -> dict[str, StepForm]:
    """The page's forms by name; the one that `act` names holds what was sent."""
    act = request.POST.get("act", "")
    return {name: kind(request.POST if name == act else None, auto_id=f"id_{name}_%s") for name, kind in kinds.items()}


def take(request: HttpRequest, page: Mapping[str, StepForm], doors: Mapping[str, Callable[..., None]], *, refused: Kind,
         now: datetime) -> bool:
    """Call the door of the form that was sent with what it says; whether a step was done.

    Args:
        page: the forms of `bound`; a refusal is shown in the one that was sent.
        doors: by the names of the forms; each takes `by`, `now` and the form's fields.
        refused: the kind of event of a form that was not filled in.
    """
    act = request.POST.get("act", "")
    if act not in page:
        return False
    form = page[act]
    try:
        if form.is_valid():
            doors[act](by=request.user, now=now, **form.said())
            return True
        refuse("The form was not filled in.", step=act, refused=refused)
    except StepRefused as refusal:
        if not form.errors:
            form.refuse(refusal)
    return False
