"""What a supervisor fills in to ask for a deletion (ACC-9)."""

from typing import Any

from django import forms

from accounts.keepers import asked_for_by
from accounts.models import User
from audit.looked_over import LookedOverForm


class PersonField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.full_name} ({obj.username})"


class DeletionForm(LookedOverForm):
    LOOKED_OVER = ("reason",)

    account = PersonField(queryset=User.objects.none(), label="Person of your area", empty_label="Choose a person")
    reason = forms.CharField(label="Reason", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
                             help_text="The Agency Manager reads it and decides. Until then the account stays as it is."
                                       " No plate, no case.")

    def __init__(self, *args: Any, by: User, **options: Any) -> None:
        super().__init__(*args, **options)
        account: Any = self.fields["account"]
        account.queryset = asked_for_by(by)
