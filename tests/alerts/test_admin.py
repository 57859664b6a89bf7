"""The policy of alerts in the back office: kept by operations alone, with history and on record."""

import pytest
from django.forms.models import model_to_dict

from alerts.models import AlertPolicy

pytestmark = pytest.mark.usefixtures("database")
RECORD = "/admin/alerts/alertpolicy/1/change/"
CHANGED = {"max_entries": 100, "validity_months": 6}


def whole_form() -> dict[str, object]:
    """The form as a browser sends it back, with what is changed."""
    shown = model_to_dict(AlertPolicy.objects.get())
    return {name: value for name, value in shown.items() if value is not False} | CHANGED


@pytest.mark.req("ALR-1", "ALR-7")
def test_operations_changes_the_numbers_on_record_and_with_history(signed_in, operator, events):
    assert signed_in(operator).post(RECORD, whole_form()).status_code == 302
    policy = AlertPolicy.objects.get()
    assert (policy.max_entries, policy.history.count()) == (100, 2)
    assert sorted(events("record.changed")[-1]["details"]["fields"]) == ["max_entries", "validity_months"]


@pytest.mark.req("ACC-10")
def test_there_is_one_policy_and_nobody_else_changes_it(signed_in, operator, manager):
    assert signed_in(operator).get("/admin/alerts/alertpolicy/add/").status_code == 403
    assert signed_in(manager).post(RECORD, whole_form()).status_code == 403
    assert AlertPolicy.objects.get().max_entries == 2500
