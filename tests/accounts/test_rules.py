"""The rules of behavior: drafted by either side, in force only by the agency's word, affirmed by version (ACC-8)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import InternalError, ProgrammingError, connections
from django.test import Client

from accounts import notices, rules, rules_drafts, text_changes
from accounts.models import Notice, RulesAffirmation, RulesText, User
from audit.events import Kind
from config import databases, guard
from tests.personas import affirm, sign_in

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("ACC-8")]
LIST, ADD = "/admin/accounts/rulestext/", "/admin/accounts/rulestext/add/"
SPLASH, WHO = "/accounts/rules/", "/rules/affirmations/"
NEW = "Every query names a case.\n\nA read is a lead, and never proof.\n\nThe new last rule."


def page(text: RulesText, end: str = "change/") -> str:
    return f"{LIST}{text.pk}/{end}"


@pytest.fixture
def sent(operator, now) -> RulesText:
    """A draft of the operator's that waits for approval."""
    text = rules_drafts.draft(body=NEW, by=operator, now=now)
    rules_drafts.submit(text=text, by=operator, now=now)
    return RulesText.objects.get(pk=text.pk)


@pytest.fixture
def version2(sent, appointer, now) -> RulesText:
    return rules_drafts.approve(text=sent, by=appointer, seen=rules_drafts.digest(NEW), in_force_from=now, now=now)


# --- From draft to force ------------------------------------------------------------------------------------------------
def test_the_operator_drafts_and_the_agency_puts_in_force(operator, appointer, signed_in, events, now):
    drafting, approving = signed_in(operator), signed_in(appointer)
    assert "Every query starts from a license plate number" in drafting.get(ADD).content.decode()
    assert drafting.post(ADD, {"body": "First try."}).status_code == 302
    text = RulesText.objects.get(state="draft")
    assert (text.version, text.in_force_from, text.side, text.drafted_by) == (None, None, "operator", operator)
    assert drafting.post(page(text), {"body": NEW}).status_code == 302
    drafting.post(page(text, "step/"), {"do": "submit"})
    notices.send_waiting(now=now)
    assert [(message.to, "for the agency's approval" in message.body) for message in mail.outbox] == [([appointer.email], True)]
    shown = approving.get(page(text)).content.decode()
    assert "Against version 1, which is in force" in shown
    seen = re.search(r'name="seen" value="(\w+)"', shown)[1]
    answer = approving.post(page(text, "step/"), {"do": "approve", "seen": seen, "in_force_from": ""}, follow=True)
    assert "Version 2 is approved" in answer.content.decode()
    text.refresh_from_db()
    assert (text.version, text.state, text.body, text.decided_by) == (2, "approved", NEW, appointer)
    kinds = [event["kind"] for event in events() if event["kind"].startswith("rules.") and event["kind"] != "rules.affirmed"]
    assert kinds == [Kind.RULES_DRAFTED, Kind.RULES_DRAFT_CHANGED, Kind.RULES_SUBMITTED, Kind.RULES_APPROVED]
    [approved] = events(Kind.RULES_APPROVED)
    assert (approved["actor"], approved["details"]["version"]) == ("appointer", 2)
    assert approved["details"]["digest"] == rules_drafts.digest(NEW)


def test_the_agency_drafts_too_and_approves_its_own(appointer, signed_in):
    client = signed_in(appointer)
    client.post(ADD, {"body": NEW})
    text = RulesText.objects.get(state="draft")
    assert text.side == "agency"
    client.post(page(text, "step/"), {"do": "submit"})
    client.post(page(text, "step/"), {"do": "approve", "seen": rules_drafts.digest(NEW)})
    # The version in force is another one now, which this session has not affirmed.
    assert client.get(LIST).url.startswith(SPLASH)
    text.refresh_from_db()
    assert text.version == 2


def test_the_operator_cannot_put_a_text_in_force_by_any_step(operator, sent, signed_in, events, now):
    client = signed_in(operator)
    for step in ({"do": "approve", "seen": rules_drafts.digest(NEW)}, {"do": "refuse", "reason": "no"}):
        answer = client.post(page(sent, "step/"), step, follow=True)
        assert "this step is not yours" in answer.content.decode()
    client.post(page(sent), {"body": NEW, "state": "approved", "version": 9, "in_force_from_0": "2020-01-01",
                             "in_force_from_1": "00:00:00"})
    client.post(ADD, {"body": "Mine.", "state": "approved", "version": 9, "in_force_from_0": "2020-01-01"})
    assert RulesText.objects.in_force(now + timedelta(days=9000)).version == 1
    assert set(RulesText.objects.exclude(version=1).values_list("state", "version")) == {("submitted", None), ("draft", None)}
    assert [event["details"]["why"] for event in events(Kind.RULES_STEP_REFUSED)] == ["MayNotDecide", "MayNotDecide"]


@pytest.mark.parametrize("persona", ["officer", "manager", "auditor", "quality", "superuser", "supervisor"])
def test_nobody_else_drafts_or_decides(persona, request, sent, signed_in, now):
    person = request.getfixturevalue(persona)
    client = signed_in(person)
    assert client.post(ADD, {"body": "Mine."}).status_code == 403
    for step in ("submit", "approve", "refuse"):
        client.post(page(sent, "step/"), {"do": step, "seen": rules_drafts.digest(NEW), "reason": "no"})
    assert set(RulesText.objects.values_list("state", flat=True)) == {"approved", "submitted"}
    with pytest.raises(rules_drafts.MayNotDraft):
        rules_drafts.draft(body="x", by=person, now=now)
    with pytest.raises(rules_drafts.MayNotDecide):
        rules_drafts.approve(text=sent, by=person, seen="", in_force_from=now, now=now)


def test_a_manager_sees_what_was_approved_and_no_draft(manager, sent, signed_in):
    client = signed_in(manager)
    assert "draft " not in client.get(LIST).content.decode().lower().replace("drafted", "")
    assert client.get(page(sent)).status_code == 404
    assert client.get(page(RulesText.objects.get(version=1))).status_code == 200


def test_one_side_does_not_write_in_the_others_draft(operator, appointer, signed_in, now):
    theirs = rules_drafts.draft(body="Agency's words.", by=appointer, now=now)
    client = signed_in(operator)
    assert client.post(page(theirs), {"body": "Operator's words."}).status_code == 403
    assert "not yours" in client.post(page(theirs, "step/"), {"do": "submit"}, follow=True).content.decode()
    theirs.refresh_from_db()
    assert (theirs.body, theirs.state) == ("Agency's words.", "draft")
    assert appointer.username not in client.get(page(theirs)).content.decode()


def test_what_was_sent_is_not_changed_and_not_sent_twice(operator, sent, signed_in):
    client = signed_in(operator)
    assert client.post(page(sent), {"body": "Other."}).status_code == 403
    answer = client.post(page(sent, "step/"), {"do": "submit"}, follow=True)
    assert "another state by now: waiting for the agency" in answer.content.decode()


def test_refused_with_a_reason_that_the_drafter_reads(sent, operator, appointer, signed_in, events, now):
    client = signed_in(appointer)
    assert "Say why" in client.post(page(sent, "step/"), {"do": "refuse", "reason": " "}, follow=True).content.decode()
    client.post(page(sent, "step/"), {"do": "refuse", "reason": "Rule 4 <b>is</b> gone"})
    sent.refresh_from_db()
    assert (sent.state, sent.decision_reason) == ("refused", "Rule 4 <b>is</b> gone")
    assert events(Kind.RULES_TURNED_DOWN)[0]["details"]["reason_given"] == "Rule 4 <b>is</b> gone"
    shown = signed_in(operator).get(page(sent)).content.decode()
    assert "Rule 4 &lt;b&gt;is&lt;/b&gt; gone" in shown
    assert appointer.username not in shown
    mail.outbox.clear()
    notices.send_waiting(now=now)
    assert [message.body[:18] for message in mail.outbox if message.to == [operator.email]] == ["The agency refused"]
    with pytest.raises(rules_drafts.NotWaiting):
        rules_drafts.approve(text=sent, by=appointer, seen="", in_force_from=now, now=now)


def test_an_approval_is_of_the_words_that_were_seen(sent, appointer, signed_in, now):
    answer = signed_in(appointer).post(page(sent, "step/"), {"do": "approve", "seen": rules_drafts.digest("other")}, follow=True)
    assert "the words changed" in answer.content.decode()
    sent.refresh_from_db()
    assert sent.state == "submitted"


@pytest.mark.parametrize(("when", "words"), [("2020-01-01T00:00", "not in the past"), ("soon", "Enter day and time")])
def test_a_text_does_not_take_effect_in_the_past(sent, appointer, signed_in, when, words):
    answer = signed_in(appointer).post(
        page(sent, "step/"), {"do": "approve", "seen": rules_drafts.digest(NEW), "in_force_from": when}, follow=True)
    assert words in answer.content.decode()
    sent.refresh_from_db()
    assert sent.version is None


def test_an_approved_text_waits_for_its_day(sent, appointer, officer, signed_in, now):
    day = now + timedelta(hours=2)
    rules_drafts.approve(text=sent, by=appointer, seen=rules_drafts.digest(NEW), in_force_from=day, now=now)
    client = signed_in(officer)
    assert RulesAffirmation.objects.get(user=officer).text.version == 1
    with time_machine.travel(now + timedelta(minutes=20)):
        assert client.get("/queries/").status_code == 200
    with time_machine.travel(day + timedelta(minutes=1)):
        sign_in(client, officer)
        assert client.get("/queries/").url.startswith(SPLASH)


def test_two_approvals_at_once_are_one(sent, appointer, now):
    def decide(_: int) -> str:
        try:
            rules_drafts.approve(text=sent, by=appointer, seen=rules_drafts.digest(NEW), in_force_from=now, now=now)
            return "approved"
        except rules_drafts.NotWaiting:
            return "too late"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(decide, range(2))) == ["approved", "too late"]
    assert RulesText.objects.get(pk=sent.pk).version == 2


@pytest.mark.parametrize("body", ["", "   ", "x" * 20_001, "a\x00b"])
def test_bad_texts_are_refused_at_their_field(operator, signed_in, body):
    answer = signed_in(operator).post(ADD, {"body": body})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not RulesText.objects.filter(state="draft").exists()


# --- What was approved stays ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("change", [{"body": "Other."}, {"version": 7}, {"decision_reason": "x"}, {"state": "refused"}])
def test_the_database_refuses_to_change_what_was_approved(version2, change):
    with pytest.raises((InternalError, ProgrammingError)) as refusal:
        RulesText.objects.filter(pk=version2.pk).update(**change)
    assert "never changed" in str(refusal.value)


def test_the_database_refuses_to_delete_what_was_approved(version2):
    with pytest.raises((InternalError, ProgrammingError)):
        RulesText.objects.filter(version=2).delete()
    assert RulesText.objects.filter(version=2).exists()


def test_the_manifest_finds_the_guard_switched_off():
    with databases.administrator() as connection:
        connection.execute("ALTER TABLE accounts_rulestext DISABLE TRIGGER keep_approved_rules")
        assert "keep_approved_rules of public.accounts_rulestext is off" in guard.differences(connection)
        connection.execute("DROP TRIGGER keep_approved_rules ON accounts_rulestext")
        assert "public.accounts_rulestext is not guarded by keep_approved_rules" in guard.differences(connection)
        connection.rollback()


# --- The splash ------------------------------------------------------------------------------------------------------------
def test_the_splash_shows_what_changed_since_the_version_affirmed_last(officer, signed_in, sent, appointer, now):
    signed_in(officer)
    rules_drafts.approve(text=sent, by=appointer, seen=rules_drafts.digest(NEW), in_force_from=now, now=now)
    client = Client()
    sign_in(client, officer)
    shown = client.get(SPLASH).content.decode()
    assert "What changed since version 1, which you affirmed last" in shown
    assert re.search(r"<ins><span[^>]*>\[inserted: </span>[^<]*The new last rule\.", shown)
    assert "<del><span" in shown
    affirm(client)
    sign_in(client, officer)
    assert "What changed" not in client.get(SPLASH).content.decode()


def test_who_never_affirmed_sees_the_text_alone(officer, version2):
    client = Client()
    sign_in(client, officer)
    shown = client.get(SPLASH).content.decode()
    assert "The new last rule." in shown
    assert "What changed" not in shown


def test_html_in_a_text_is_inert(operator, appointer, officer, signed_in, now):
    evil = "<script>alert(1)</script>\n\n<img src=x onerror=alert(2)>"
    text = rules_drafts.draft(body=evil, by=operator, now=now)
    signed_in(officer)
    rules_drafts.submit(text=text, by=operator, now=now)
    rules_drafts.approve(text=text, by=appointer, seen=rules_drafts.digest(evil), in_force_from=now, now=now)
    client = Client()
    sign_in(client, officer)
    shown = client.get(SPLASH).content.decode()
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown


def test_the_text_is_one_click_away_from_every_page(officer, manager, signed_in):
    client = signed_in(officer)
    for path in ("/", "/queries/new/", "/alerts/", "/groups/", "/rules/", "/accounts/password/"):
        assert 'href="/rules/"' in client.get(path).content.decode(), path
    assert 'href="/rules/"' in signed_in(manager).get("/admin/").content.decode()


# --- Who affirmed which version ----------------------------------------------------------------------------------------------
def test_each_affirmation_counts_for_its_version(officer, signed_in, events):
    for _ in range(3):
        signed_in(officer)
    row = RulesAffirmation.objects.get(user=officer)
    assert (row.text.version, row.times) == (1, 3)
    assert row.first_at < row.last_at
    assert len(events("rules.affirmed", actor="officer")) == 3


def test_statistics_by_version_and_by_person_within_ones_area(
    officer, officer2, officer_chi, manager, auditor, appointer, signed_in, sent, events, now,
):
    for person in (officer, officer_chi):
        signed_in(person)
    rules_drafts.approve(text=sent, by=appointer, seen=rules_drafts.digest(NEW), in_force_from=now, now=now)
    clients = {person.username: signed_in(person) for person in (manager, auditor, appointer)}
    own = {tally.text.version if tally.text else None: tally.people for tally in rules.tallies(by=manager)}
    assert own == {2: 1, 1: 1, None: 1}
    every = {tally.text.version if tally.text else None: tally.people for tally in rules.tallies(by=auditor)}
    # The manager, auditor and appointer affirmed version 2; officer2 and the operator who drafted none.
    assert every == {2: 3, 1: 2, None: 2}
    shown = clients["manager"].get(WHO).content.decode()
    assert "officer2" in shown
    assert "officer_chi" not in shown
    assert "not the one in force" in shown
    assert "officer_chi" in clients["auditor"].get(WHO).content.decode()
    assert "officer_chi" in clients["appointer"].get(WHO).content.decode()
    assert {event["actor"] for event in events(Kind.RULES_AFFIRMATIONS_VIEWED)} == {"manager", "auditor", "appointer"}


def test_closed_accounts_do_not_count(officer, officer2, manager, signed_in):
    signed_in(officer)
    User.objects.filter(pk=officer.pk).update(is_active=False)
    assert [person.username for person in rules.people(by=manager)] == ["manager", "officer2"]
    assert not RulesAffirmation.objects.visible_to(officer2).exists()


@pytest.mark.parametrize("persona", ["officer", "supervisor", "support", "operator", "quality", "superuser"])
def test_others_see_no_statistics(persona, request, signed_in, events):
    client = signed_in(request.getfixturevalue(persona))
    assert client.get(WHO).status_code == 403
    assert "Who affirmed which version" not in client.get("/rules/").content.decode()
    assert events("access.refused")[-1]["details"]["status"] == 403


# --- The comparison ------------------------------------------------------------------------------------------------------------
def test_words_are_compared_one_by_one():
    [paragraph] = text_changes.between("A read is a lead and not proof.", "A read is a lead, never proof.").paragraphs
    assert "".join(piece.text for piece in paragraph if piece.kind != "removed") == "A read is a lead, never proof."
    assert "".join(piece.text for piece in paragraph if piece.kind != "inserted") == "A read is a lead and not proof."


def test_paragraphs_that_share_little_stand_one_after_the_other():
    changes = text_changes.between("Take a plate off your lists soon.", "Nobody may watch a person without a case.")
    [paragraph] = changes.paragraphs
    assert [piece.kind for piece in paragraph] == ["removed", "inserted"]


def test_whole_paragraphs_come_and_go():
    changes = text_changes.between("One.\r\n\r\nTwo.\r\n\r\nThree.", "One.\n\nThree.\n\nFour.")
    assert [[(piece.kind, piece.text) for piece in paragraph] for paragraph in changes.paragraphs] == [
        [("same", "One.")], [("removed", "Two.")], [("same", "Three.")], [("inserted", "Four.")]]
    assert (changes.inserted, changes.removed) == (1, 1)


def test_the_same_text_has_no_changes_and_the_longest_is_compared_in_time():
    assert text_changes.between("Same.", "Same.\n").inserted == 0
    words = " ".join(f"word{number % 700}" for number in range(3_000))
    changes = text_changes.between(words, " ".join(reversed(words.split())))
    assert changes.inserted


def test_every_notice_of_a_text_has_words():
    for kind in (Notice.Kind.RULES_SUBMITTED, Notice.Kind.RULES_APPROVED, Notice.Kind.RULES_REFUSED):
        assert notices.BODIES[kind].format(by="x", at="y", username="z")
