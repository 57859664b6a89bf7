"""Forms whose free text is looked over before it is kept, where no plate, case or person of a case belongs (ACC-13, ALR-8).

What stands in a ticket, an incident, a sanction, a deletion or a hold lies outside of the log, and no end of an alert erases it.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare, salted_hmac

from audit import case_text
from audit.case_text import CASE, Find

QUESTION = ("no_case", "looked")


class LookedOverForm(forms.Form):
    """What surely is case text is refused at its field; what may be is asked about, once for each find.

    `LOOKED_OVER` names the fields, `MAY_CITE` those of them in which a case number may stand. `asks` says that the question is
    open: `no_case` is then a box to tick. A confirmation counts for the very finds that were shown; other words are asked about
    anew.
    `has_case_text` says that it was refused or asked; `why` is for the record.
    """

    LOOKED_OVER: tuple[str, ...] = ()
    MAY_CITE: tuple[str, ...] = ()

    no_case = forms.BooleanField(required=False, widget=forms.HiddenInput,
                                 label="I looked at it: this is no license plate, no case number and no person of a case. Send "
                                       "it as it is.")
    looked = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    asks = False
    has_case_text = False
    why = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The question stands behind what it is about.
        self.order_fields([name for name in self.fields if name not in QUESTION])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        found = {name: self._finds(name, cleaned.get(name) or "") for name in self.LOOKED_OVER if name in self.fields}
        sure = {name: [find for find in finds if find.is_sure] for name, finds in found.items()}
        open_ones = [find for finds in found.values() for find in finds if not find.is_sure]
        mark = _mark(open_ones)
        confirmed, looked = (cleaned.pop(name, "") for name in QUESTION)
        for name, finds in sure.items():
            for find in finds:
                self.add_error(name, ValidationError(find.in_words, code="case"))
        self.has_case_text = any(sure.values())
        self.why = "case text" if self.has_case_text else "fields" if self.errors else ""
        if not open_ones or (confirmed and constant_time_compare(looked, mark)):
            return cleaned
        for name, finds in found.items():
            for find in finds:
                if not find.is_sure:
                    self.add_error(name, ValidationError(find.in_words, code="question"))
        self.why = self.why or "question"
        self._ask(mark)
        return cleaned

    def _finds(self, name: str, text: str) -> list[Find]:
        return [find for find in case_text.look_over(text) if find.what != CASE or name not in self.MAY_CITE]

    def _ask(self, mark: str) -> None:
        """The question comes back unanswered, and for these finds."""
        self.asks = self.has_case_text = True
        self.fields["no_case"].widget = forms.CheckboxInput()
        data: Any = self.data
        self.data = data = data.copy()
        for name, value in zip(QUESTION, ("", mark), strict=True):
            data[self.add_prefix(name)] = value


def _mark(finds: list[Find]) -> str:
    words = "\n".join(sorted({f"{find.what}|{find.words}" for find in finds}))
    return salted_hmac("audit.looked_over", words, algorithm="sha256").hexdigest()
