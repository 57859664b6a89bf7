"""Suspected unauthorized use: a record of its own, told to manager and appointer, closed by the agency (AUD-14)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail

from audit import letters
from audit.events import Kind
from audit.incidents import recording
from audit.incidents.recording import IncidentRefused
from audit.models import Outcome, SuspectedUse
from tests.factories.reviews import reprimanded

pytestmark = pytest.mark.usefixtures("database")
START = "/audit/incidents/"


@pytest.fixture
def suspected(officer, operator, now) -> SuspectedUse:
    return recording.open_suspected_use(username=officer.username, discovered_at=now - timedelta(hours=2),
                                        evidence="Events of last night", user=operator, now=now)


@pytest.mark.req("AUD-14")
def test_manager_and_appointer_are_told_and_the_manager_closes_it_with_a_sanction(
        officer, operator, manager, other_manager, appointer, signed_in, events, now):
    browser = signed_in(operator)
    form = {"username": officer.username, "discovered_at": f"{now - timedelta(hours=2):%Y-%m-%d %H:%M}", "evidence": "Last night"}
    page = browser.post(f"{START}suspected-use/new/", form)["Location"]
    letters.send_waiting(now=now)
    assert sorted(message.to[0] for message in mail.outbox) == sorted([manager.email, appointer.email])
    assert officer.username not in mail.outbox[0].body
    assert browser.post(page, {"act": "note", "text": "Asked the help desk"}).status_code == 302
    followed = reprimanded(officer, manager, now)
    closing = {"act": "close", "outcome": "sanctioned", "sanction": followed, "text": "Suspended"}
    assert browser.post(page, closing).status_code == 400
    theirs = signed_in(manager)
    assert officer.username in theirs.get(START).content.decode()
    kept = theirs.post(page, closing | {"sanction": ""})
    assert kept.status_code == 400
    assert "Name the sanction" in kept.content.decode()
    assert theirs.post(page, closing).status_code == 302
    assert theirs.post(page, {"act": "note", "text": "late"}).status_code == 400
    one = SuspectedUse.objects.get()
    assert (one.outcome, one.sanction, [step.kind for step in one.steps.all()]) == (
        "sanctioned", followed, ["opened", "inquiry", "closed"])
    [opened] = events(Kind.SUSPECTED_USE_OPENED)
    assert opened["details"]["username"] == officer.username
    assert events(Kind.SUSPECTED_USE_NOTED)
    assert events(Kind.SUSPECTED_USE_CLOSED)
    assert len(events(Kind.INCIDENT_REFUSED)) == 3


@pytest.mark.req("AUD-14")
def test_the_sanction_named_exists_and_is_of_that_person(suspected, officer, officer2, manager, signed_in, events, now):
    page, browser = f"{START}suspected-use/{suspected.pk}/", signed_in(manager)
    closing = {"act": "close", "outcome": "sanctioned", "text": "Suspended"}
    theirs = reprimanded(officer2, manager, now)
    for wrong in ("S-12", str(uuid4()), theirs, "x" * 40):
        answer = browser.post(page, closing | {"sanction": wrong})
        assert (answer.status_code, "no such sanction of this person" in answer.content.decode()) == (400, True)
    assert len(events(Kind.INCIDENT_REFUSED)) == 4
    followed = reprimanded(officer, manager, now)
    text = browser.get(page).content.decode()
    assert (f'value="{followed}"' in text, theirs in text) == (True, False)
    with pytest.raises(IncidentRefused, match="no such sanction"):
        recording.close_suspected_use(
            suspected_use=suspected, outcome=Outcome.SANCTIONED, sanction=theirs, text="x", user=manager, now=now)
    assert browser.post(page, closing | {"sanction": followed}).status_code == 302
    assert events(Kind.SUSPECTED_USE_CLOSED)[-1]["details"]["sanction"] == followed


@pytest.mark.req("AUD-14")
def test_another_areas_manager_and_the_person_see_nothing(suspected, officer, other_manager, supervisor, signed_in):
    page = f"{START}suspected-use/{suspected.pk}/"
    assert signed_in(other_manager).get(page).status_code == 404
    assert signed_in(supervisor).get(page).status_code == 404
    assert signed_in(officer).get(page).status_code == 403


@pytest.mark.req("AUD-14")
def test_a_manager_never_sees_or_closes_what_concerns_them(manager, operator, appointer, now):
    one = recording.open_suspected_use(username=manager.username, discovered_at=now, evidence="x", user=operator, now=now)
    assert not SuspectedUse.objects.visible_to(manager).exists()
    letters.send_waiting(now=now)
    assert [message.to[0] for message in mail.outbox] == [appointer.email]
    with pytest.raises(IncidentRefused, match="The agency closes it"):
        recording.close_suspected_use(suspected_use=one, outcome=Outcome.UNFOUNDED, sanction="", text="x", user=manager, now=now)
    recording.close_suspected_use(suspected_use=one, outcome=Outcome.UNFOUNDED, sanction="", text="x", user=appointer, now=now)


@pytest.mark.req("AUD-14")
def test_a_supervisor_reports_people_of_their_area_alone_and_nobody_themselves(
        supervisor, officer, make_user, aor_chi, now, signed_in):
    make_user("stranger", role="officer", aor=aor_chi, component="ERO")
    browser = signed_in(supervisor)
    form = {"discovered_at": f"{now - timedelta(hours=2):%Y-%m-%d %H:%M}", "evidence": "kept words"}
    for username, said in (("stranger", "no such account"), ("nobody", "no such account"), ("supervisor", "Somebody else")):
        answer = browser.post(f"{START}suspected-use/new/", form | {"username": username})
        assert answer.status_code == 400
        assert said in answer.content.decode()
        assert "kept words" in answer.content.decode()
    assert browser.post(f"{START}suspected-use/new/", form | {"username": "OFFICER"})["Location"] == START
    assert SuspectedUse.objects.get().person == officer
