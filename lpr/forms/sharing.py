"""Which group a query is shared with (QRY-9)."""

from datetime import datetime
from typing import Any

from django import forms

from accounts.models import User, UserGroup


class ShareForm(forms.Form):
    group = forms.ModelChoiceField(
        queryset=UserGroup.objects.none(), label="Share with the group", empty_label="Choose a group",
        error_messages={"required": "Choose a group.", "invalid_choice": "Choose a group that you are in."})

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].queryset = UserGroup.objects.of(user, now)  # type: ignore[attr-defined]
