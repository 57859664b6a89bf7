"""Incidents: two clocks from a moment that nobody moves, prompts that survive standstill, reports to both recipients (AUD-9)."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pypdf
import pytest
from django.core import mail
from django.db import connections

from audit import alarms, letters, seals, signing
from audit.events import Kind
from audit.incidents import clocks, recording, views
from audit.models import Incident, Letter, Step, StepKind
from audit.record import record_durably
from config import databases
from tests.audit.walking import whole

pytestmark = pytest.mark.usefixtures("database")
START = "/audit/incidents/"
WRITTEN = {"what_happened": "A backup tape is missing.", "cause": "Not known", "harm": "None known", "done": "Searched",
           "planned": "Encrypt", "contact": "Ann Lee, 555 0100"}


@pytest.fixture(autouse=True)
def _recipients(settings):
    settings.INCIDENT_REPRESENTATIVE_EMAIL = "cor@agency.example"
    settings.INCIDENT_CONTRACTING_OFFICER_EMAIL = "co@agency.example"


@pytest.fixture
def incident(operator, now) -> Incident:
    return recording.open_incident(discovered_at=now - timedelta(minutes=10), data_kinds=["audit_trail", "identities"],
                                   users_affected="12 users of NYC", text="A backup tape is missing.", user=operator, now=now)


def form(now, **fields):
    return {"discovered_at": f"{now - timedelta(minutes=5):%Y-%m-%d %H:%M}", "data_kinds": ["audit_trail"],
            "users_affected": "3 users", "text": "A tape is missing."} | fields


def mailed(now):
    letters.send_waiting(now=now)
    return sorted(message.to[0] for message in mail.outbox)


@pytest.mark.req("AUD-9")
def test_an_incident_goes_from_opening_over_both_reports_to_its_end(operator, appointer, signed_in, events, now):
    browser = signed_in(operator)
    assert "Incidents" in browser.get("/coverage/").content.decode()
    page = browser.post(f"{START}new/", form(now))["Location"]
    shown = browser.get(page).content.decode()
    assert shown.count("<h1") == 1
    assert "min left" in shown
    assert browser.post(page, {"act": "first_report", "text": "A tape is missing, we search."}).status_code == 302
    assert [message.to for message in mail.outbox] == [["cor@agency.example"], ["co@agency.example"]]
    assert "A tape is missing, we search." in mail.outbox[0].body
    assert browser.post(page, {"act": "written_report"} | WRITTEN).status_code == 302
    name, paper, _ = mail.outbox[2].attachments[0]
    text = "\n".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(paper)).pages)
    assert name.endswith(".pdf")
    for part in ("Ann Lee, 555 0100", "Audit trail", "First report sent", "cor@agency.example"):
        assert part in text
    for kind in ("inquiry", "remediation"):
        assert browser.post(page, {"act": "note", "kind": kind, "text": f"The {kind} went on."}).status_code == 302
    assert browser.post(page, {"act": "close", "text": "Found"}).status_code == 400
    assert signed_in(appointer).post(page, {"act": "close", "text": "The tape was found."}).status_code == 302
    assert Incident.objects.get().closed_at
    assert [step.kind for step in Step.objects.all()] == [
        "opened", "first_report", "written_report", "inquiry", "remediation", "closed"]
    [opened] = events(Kind.INCIDENT_OPENED)
    assert "missing" not in str(opened)
    assert len(events(Kind.INCIDENT_REPORTED)) == 2
    assert len(events(Kind.INCIDENT_NOTED)) == 2
    assert events(Kind.INCIDENT_CLOSED)
    assert events(Kind.INCIDENT_VIEWED)
    assert events(Kind.INCIDENTS_LISTED) == []
    assert browser.get(START).status_code == 200
    assert events(Kind.INCIDENTS_LISTED)
    assert browser.post(page, {"act": "note", "kind": "inquiry", "text": "late"}).status_code == 400
    assert [event["details"]["why"] for event in events(Kind.INCIDENT_REFUSED)] == [
        "The agency's appointer closes an incident.", "This incident is closed."]


@pytest.mark.req("AUD-9")
@pytest.mark.parametrize("statement", [
    "UPDATE audit_incident SET discovered_at = discovered_at + interval '1 hour'", "DELETE FROM audit_incident",
    "UPDATE audit_incident SET opened_at = now()", "UPDATE audit_step SET text = 'x'", "DELETE FROM audit_step"])
def test_no_role_moves_the_discovery_or_changes_what_was_noted(incident, statement):
    with databases.administrator() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege, match="stay"):
        connection.execute(statement)


@pytest.mark.req("AUD-9")
def test_prompts_come_once_each_also_after_standstill_and_stop_when_the_report_was_sent(operator, appointer, incident, now):
    discovered = incident.discovered_at
    assert mailed(now) == [appointer.email, operator.email]
    assert clocks.prompt(now=discovered + timedelta(minutes=29)) == 0
    for minutes in (30, 31, 45, 46):
        clocks.prompt(now=discovered + timedelta(minutes=minutes))
    assert Letter.objects.filter(about__contains="first").count() == 4
    assert clocks.prompt(now=discovered + timedelta(hours=13)) == 4  # 60 minutes, and 12 hours of the written report
    recording.send_first_report(incident=incident, text="x", user=operator, now=now)
    assert clocks.prompt(now=discovered + timedelta(hours=30)) == 6
    recording.send_written_report(incident=incident, answers=[("What", "x")], user=operator, now=now)
    Letter.objects.all().delete()
    assert clocks.prompt(now=discovered + timedelta(hours=40)) == 0


@pytest.mark.req("AUD-9")
def test_the_clocks_say_in_color_and_word_how_far_they_are(incident):
    def said(minutes):
        now = incident.discovered_at + timedelta(minutes=minutes)
        return [(clock.tone, clock.word) for clock in clocks.of(incident, now=now)]

    assert said(10) == [("idle", "50 min left"), ("idle", "23 h 50 min left")]
    assert said(40)[0] == ("warn", "20 min left")
    assert said(75)[0] == ("bad", "Overdue by 15 min")
    incident.first_report_at = incident.discovered_at + timedelta(minutes=90)
    assert said(95)[0] == ("bad", "Sent 30 min late")


@pytest.mark.req("AUD-9")
def test_a_dead_mail_server_is_said_and_the_report_can_be_sent_again(incident, operator, settings, signed_in, now):
    settings.EMAIL_BACKEND = "tests.accounts.dead_mail.EmailBackend"
    page = f"{START}{incident.pk}/"
    answer = signed_in(operator).post(page, {"act": "first_report", "text": "words that stay"})
    assert answer.status_code == 400
    assert "mail server did not take it" in answer.content.decode()
    assert "words that stay" in answer.content.decode()
    assert Incident.objects.get().first_report_at is None
    assert not Step.objects.filter(kind=StepKind.FIRST_REPORT).exists()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    recording.send_first_report(incident=incident, text="x", user=operator, now=now)
    with pytest.raises(recording.IncidentRefused, match="was sent"):
        recording.send_first_report(incident=incident, text="x", user=operator, now=now)


@pytest.mark.req("AUD-9")
def test_a_report_needs_both_recipients(incident, operator, settings, now, events):
    settings.INCIDENT_CONTRACTING_OFFICER_EMAIL = ""
    with pytest.raises(recording.IncidentRefused, match="Nobody is set"):
        recording.send_first_report(incident=incident, text="x", user=operator, now=now)
    assert mail.outbox == []
    assert events(Kind.INCIDENT_REFUSED)


@pytest.mark.req("AUD-9")
@pytest.mark.parametrize("who", ["officer", "quality"])
def test_nobody_else_opens_or_sees_incidents(who, request, incident, signed_in):
    browser = signed_in(request.getfixturevalue(who))
    for path in (START, f"{START}new/", f"{START}{incident.pk}/"):
        assert browser.get(path).status_code == 403


@pytest.mark.req("AUD-9")
def test_a_manager_sees_suspected_use_and_no_incident(manager, incident, signed_in):
    browser = signed_in(manager)
    assert "Incident 1" not in browser.get(START).content.decode()
    for path in (f"{START}new/", f"{START}{incident.pk}/"):
        assert browser.get(path).status_code == 403


@pytest.mark.req("AUD-9")
@pytest.mark.parametrize(("fields", "said"), [
    ({"discovered_at": "tomorrow"}, "2026-11-21 14:30"), ({"discovered_at": "2100-01-01 10:00"}, "cannot lie in the future"),
    ({"data_kinds": []}, "This field is required"), ({"text": ""}, "This field is required"),
    ({"users_affected": "x" * 501}, "at most 500")])
def test_a_form_filled_in_wrongly_says_so_at_the_field_and_keeps_what_was_typed(fields, said, operator, signed_in, now, events):
    answer = signed_in(operator).post(f"{START}new/", form(now, **{"text": "kept words"} | fields))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert ("kept words" in answer.content.decode()) == (fields.get("text") != "")
    assert Incident.objects.count() == 0
    assert len(events(Kind.INCIDENT_REFUSED)) == 1


@pytest.mark.req("ALR-8", "AUD-9")
@pytest.mark.parametrize("field", ["text", "users_affected"])
def test_what_is_a_plate_or_a_case_is_refused_before_it_is_kept(field, operator, signed_in, now, events):
    for said, words in (("Plate HBX4172 was shown", "“HBX4172” is a license plate. Take it out."),
                        ("It was case number 99887766", "“99887766” is a case number. Take it out.")):
        answer = signed_in(operator).post(f"{START}new/", form(now, **{field: said, "no_case": "on"}))
        assert answer.status_code == 400
        assert words in answer.content.decode()
    assert Incident.objects.count() == 0
    assert [event["details"]["fields"] for event in events(Kind.INCIDENT_REFUSED)] == [[field]] * 2
    assert "HBX4172" not in str(events())


@pytest.mark.req("ALR-8", "AUD-9")
def test_what_may_be_a_plate_is_asked_about_once_and_nothing_of_the_form_is_lost(operator, signed_in, now):
    browser, typed = signed_in(operator), form(now, text="The router QRS4455 was open.", data_kinds=["audit_trail", "identities"])
    asked = browser.post(f"{START}new/", typed).content.decode()
    assert "“QRS4455” may be a license plate." in asked
    assert len(re.findall(r'name="data_kinds"[^>]*checked', asked)) == 2
    looked = re.search(r'name="looked" value="(\w+)"', asked)[1]
    assert 'type="hidden" name="no_case"' in browser.get(f"{START}new/").content.decode()
    assert 'type="checkbox" name="no_case"' in asked
    page = browser.post(f"{START}new/", typed | {"looked": looked, "no_case": "on"})["Location"]
    assert Incident.objects.get().data_kinds == ["audit_trail", "identities"]
    note = {"act": "note", "kind": "inquiry", "text": "Asked about plate HBX4172."}
    assert browser.post(page, note).status_code == 400
    known = {"act": "complete", "data_kinds": ["other"], "users_affected": "Plate HBX4172", "text": "It was found."}
    assert "“HBX4172” is a license plate. Take it out." in browser.post(page, known).content.decode()
    assert Incident.objects.get().users_affected == "3 users"
    report = dict.fromkeys(("what_happened", "cause", "harm", "done", "planned"), "plate HBX4172")
    assert browser.post(page, {"act": "first_report", "text": "The router was open."}).status_code == 302
    answer = browser.post(page, report | {"act": "written_report", "contact": "Ann Lee, 202-555-0100"})
    assert answer.content.decode().count("“HBX4172” is a license plate. Take it out.") == 10, "at the top and at each field"
    said = dict.fromkeys(report, "Nothing more.") | {"act": "written_report", "contact": "Ann Lee, 202-555-0100"}
    assert browser.post(page, said).status_code == 302


@pytest.mark.req("AUD-9", "AUD-14")
def test_every_incident_and_suspected_use_is_found_page_by_page(operator, officer, signed_in, now, monkeypatch):
    monkeypatch.setattr(views, "LISTED", 2)
    for number in range(5):
        recording.open_incident(discovered_at=now, data_kinds=["other"], users_affected="1", text="x", user=operator,
                                now=now + timedelta(seconds=number))
        recording.open_suspected_use(username="officer", discovered_at=now, evidence="x", user=operator,
                                     now=now + timedelta(seconds=number))
    browser = signed_in(operator)
    for word, before in (("Incident", "before"), ("Suspected use", "suspected_before")):
        assert whole(browser, START, re.compile(rf">{word} (\d+)<").findall, before) == ["5", "4", "3", "2", "1"]


@pytest.mark.req("AUD-9")
def test_the_tamper_alarm_opens_one_by_itself_and_late_seals_do_not(operator, now):
    alarms.raise_alarm(alarms.SEALED_LATE, "late", now=now)
    assert Incident.objects.count() == 0
    for hours in (0, 1):
        alarms.raise_alarm(alarms.TAMPERED, "leaf 7 is not what was sealed", now=now.replace(hour=3) + timedelta(hours=hours))
    [one] = Incident.objects.all()
    assert one.opened_by is None
    assert one.data_kinds == ["audit_trail"]
    assert "leaf 7" in one.steps.get().text


@pytest.mark.req("AUD-9")
def test_the_words_of_an_alarm_are_reported_unasked_and_what_is_typed_beside_them_is_looked_over(operator, signed_in, now):
    found = "The checkpoint of 1234567 events is not in the log.\nIt ends at 1234000."
    alarms.raise_alarm(alarms.TAMPERED, found, now=now)
    browser, page, sent = signed_in(operator), f"{START}{Incident.objects.get().pk}/", len(mail.outbox)
    opened = re.search(r'name="text"[^>]*>([^<]+)</textarea>', browser.get(page).content.decode())[1].strip()
    assert "1234567 events" in opened
    offered = opened.replace("\n", "\r\n")
    answer = browser.post(page, {"act": "first_report", "text": f"{offered} Asked for 7654321."})
    assert answer.status_code == 400
    assert "“7654321” may be a case number." in answer.content.decode()
    assert len(mail.outbox) == sent
    assert browser.post(page, {"act": "first_report", "text": offered}).status_code == 302
    assert len(mail.outbox) == sent + 2


@pytest.mark.req("AUD-9")
def test_two_that_open_in_the_same_moment_are_both_opened(operator, now):
    def opened(number: int) -> None:
        try:
            recording.open_by_itself(f"cause {number % 4}", "x", now)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(opened, range(8)))
    assert sorted(Incident.objects.values_list("number", flat=True)) == [1, 2, 3, 4]


@pytest.mark.req("AUD-9")
def test_a_recipient_who_refuses_a_report_is_named_and_asked_again_alone(incident, operator, settings, signed_in, events, now):
    settings.EMAIL_BACKEND = "tests.audit.test_mailings.Picky"
    settings.INCIDENT_CONTRACTING_OFFICER_EMAIL = "dead@agency.example"
    page = f"{START}{incident.pk}/"
    answer = signed_in(operator).post(page, {"act": "first_report", "text": "A tape is missing."})
    assert answer.status_code == 400
    assert "did not take it for dead@agency.example" in answer.content.decode()
    assert Incident.objects.get().first_report_at is None
    step = Step.objects.get(kind=StepKind.FIRST_REPORT)
    assert step.sent_to == ("cor@agency.example (Contracting officer's representative); not taken by "
                            "dead@agency.example (Contracting officer)")
    assert events(Kind.INCIDENT_REFUSED)[-1]["details"]["not_taken"] == 1
    settings.INCIDENT_CONTRACTING_OFFICER_EMAIL = "co@agency.example"
    recording.send_first_report(incident=incident, text="A tape is missing.", user=operator, now=now)
    assert [message.to for message in mail.outbox] == [["cor@agency.example"], ["co@agency.example"]]
    assert Incident.objects.get().first_report_at == now
    assert [event["details"]["recipients"] for event in events(Kind.INCIDENT_REPORTED)] == [2, 1]


@pytest.mark.req("AUD-9", "ACC-9")
def test_a_report_to_an_appointer_names_the_account_and_no_address_outlives_the_sending(
        incident, operator, appointer, settings, signed_in, events, now):
    settings.INCIDENT_REPRESENTATIVE_EMAIL = ""
    settings.EMAIL_BACKEND = "tests.audit.test_mailings.Picky"
    settings.INCIDENT_CONTRACTING_OFFICER_EMAIL = "dead@agency.example"
    page = f"{START}{incident.pk}/"
    assert signed_in(operator).post(page, {"act": "first_report", "text": "A tape is missing."}).status_code == 400
    assert Incident.objects.get().taken_by == {"first_report": [appointer.email]}
    settings.INCIDENT_CONTRACTING_OFFICER_EMAIL = "co@agency.example"
    recording.send_first_report(incident=incident, text="A tape is missing.", user=operator, now=now)
    assert [message.to for message in mail.outbox] == [[appointer.email], ["co@agency.example"]]
    assert Incident.objects.get().taken_by == {}
    sent = Step.objects.filter(kind=StepKind.FIRST_REPORT).values_list("sent_to", flat=True)
    assert sorted(sent) == [
        "appointer (Contracting officer's representative); not taken by dead@agency.example (Contracting officer)",
        "co@agency.example (Contracting officer)"]
    assert appointer.email not in str(events())


@pytest.mark.req("AUD-9")
def test_what_becomes_known_completes_an_incident_and_leaves_what_was_said_before(operator, appointer, signed_in, events, now):
    recording.open_by_itself(alarms.TAMPERED, "leaf 7", now)
    incident = Incident.objects.get()
    browser, page = signed_in(operator), f"{START}{incident.pk}/"
    assert "not known yet" in browser.get(page).content.decode()
    known = {"act": "complete", "data_kinds": ["audit_trail", "identities"], "users_affected": "12 of NYC", "text": "Found"}
    assert browser.post(page, known).status_code == 302
    shown = browser.get(page).content.decode()
    for part in ("12 of NYC", "Audit trail, Identities of users", "More is known", "Before: Other data of the agency"):
        assert part in shown
    incident.refresh_from_db()
    report = recording.written_report(incident=incident, answers=[], by=operator, now=now)
    assert ("Users affected", "12 of NYC") in report.facts()
    [noted] = events(Kind.INCIDENT_NOTED)
    assert noted["details"]["data_kinds"] == ["audit_trail", "identities"]
    assert browser.post(page, known | {"data_kinds": []}).status_code == 400
    Incident.objects.update(closed_at=now)
    assert browser.post(page, known).status_code == 400
    assert events(Kind.INCIDENT_REFUSED)[-1]["details"]["why"] == "This incident is closed."


@pytest.mark.req("AUD-9")
def test_a_long_written_report_holds_every_answer_and_the_checkpoint(incident, operator, now):
    record_durably(Kind.SIGNED_OUT)
    seals.seal(now=now)
    long = "\n".join(f"line {number}" for number in range(60))
    recording.send_written_report(incident=incident, answers=[("What happened", long), ("Contact", "Ann Lee")], user=operator,
                                  now=now)
    _, paper, _ = mail.outbox[-1].attachments[0]
    text = "\n".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(paper)).pages[:-1])
    for part in ("line 59", "Ann Lee", "Made by", signing.origin()):
        assert part in text
