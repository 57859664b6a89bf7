"""On behalf of, from both sides: who is named is told, sees what they need, and may disown (QRY-5, BEY-4)."""

import re
import unicodedata
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.core import mail
from django.db import DatabaseError

from accounts.models import AOR
from accounts.roles import Role
from audit import context, letters
from audit.events import Kind
from audit.models import Letter, NamedNotice, Question
from audit.record import AuditUnavailable, record_durably
from audit.reviews import log, naming, own_views, questions, reviewing
from config import databases
from tests.audit.walking import pages, whole

pytestmark = pytest.mark.usefixtures("database")
CASE = "Subject Wilma Flint, case 77554433"
PAGE = "/audit/questions/"


@pytest.fixture
def jane(make_user, aor_chi):
    return make_user("jane", full_name="Jane Roe", role=Role.OFFICER, aor=aor_chi, component="ERO", job_category="ero_officer")


def told() -> list[str]:
    return sorted(NamedNotice.objects.values_list("person__username", flat=True))


@pytest.mark.req("QRY-5", "BEY-4")
@pytest.mark.parametrize("name", ["Jane Roe", "jane ROE", "JANE"])
def test_who_is_named_by_full_or_user_name_is_told(officer, jane, asked, events, name):
    query = asked(officer, other_name=name, other_unit="HSI Newark")
    notice = NamedNotice.objects.get()
    assert (notice.person, notice.query, notice.is_only_match) == (jane, query, True)
    [event] = events(Kind.NAMED_TOLD)
    assert (event["query"], event["actor"], event["details"]) == (str(query), "officer", {"persons": ["jane"]})
    assert events(Kind.QUERY_ATTEMPTED)[0]["on_behalf_of"] == name


@pytest.mark.req("QRY-5", "BEY-4", "AUD-3")
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["José  Pérez", "JOSÉ PÉREZ", " josé pérez "])
def test_no_accent_and_no_second_space_is_a_way_around_the_notice(officer, make_user, aor_chi, asked, events, signed_in, auditor,
                                                                  form, name):
    make_user("jose", full_name=unicodedata.normalize("NFD", "José   Pérez "), role=Role.OFFICER, aor=aor_chi, component="ERO")
    asked(officer, other_name=unicodedata.normalize(form, name))
    assert told() == ["jose"]
    [attempt] = events(Kind.QUERY_ATTEMPTED)
    assert (attempt["on_behalf_of"], attempt["named_aors"]) == (" ".join(name.split()), ["CHI"])


@pytest.mark.req("QRY-5", "BEY-4")
@pytest.mark.parametrize("name", ["Janet", "Roe", "Jane Roe Jr", "J%", "jan_"])
def test_a_name_that_is_nobodys_tells_nobody(officer, jane, asked, events, name):
    asked(officer, other_name=name)
    assert told() == []
    assert events(Kind.NAMED_TOLD) == []


@pytest.mark.req("BEY-4")
def test_a_query_for_oneself_or_naming_oneself_tells_nobody(officer, asked):
    asked(officer)
    asked(officer, other_name="officer")
    assert told() == []


@pytest.mark.req("BEY-4")
def test_closed_accounts_and_operator_staff_are_not_told(officer, jane, quality, asked):
    jane.is_active = False
    jane.save()
    quality.full_name = "Jane Roe"
    quality.save()
    asked(officer, other_name="Jane Roe")
    asked(officer, other_name="quality")
    assert told() == []


@pytest.mark.req("BEY-4")
def test_namesakes_are_all_told_and_none_reads_the_case(officer, jane, officer2, asked, now):
    officer2.full_name = "Jane ROE"
    officer2.save()
    asked(officer, other_name="Jane Roe", case_reference=CASE)
    assert told() == ["jane", "officer2"]
    for person in (jane, officer2):
        with context.acting(context.actor_of(person)):
            [(notice, row)], _ = naming.own(user=person, size=10, now=now)
        assert (notice.is_only_match, row.case_reference, row.reason) == (False, "", "CRIM")
    asked(officer, other_name="jane")
    assert told() == ["jane", "jane", "officer2"]


@pytest.mark.req("BEY-4", "QRY-8")
def test_no_query_is_asked_in_a_name_without_the_notice(officer, jane, asked, events):
    with databases.administrator() as connection:
        connection.execute("ALTER TABLE audit_letter ADD CONSTRAINT no_letter CHECK (false) NOT VALID")
    with pytest.raises(DatabaseError):
        asked(officer, other_name="jane")
    assert events(Kind.QUERY_ATTEMPTED) == events(Kind.QUERY_ANSWERED) == []
    with databases.administrator() as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app")
    with pytest.raises(AuditUnavailable):
        asked(officer, other_name="jane")
    assert told() == []


@pytest.mark.req("BEY-4")
def test_the_page_shows_when_who_and_why_and_neither_plate_nor_state(officer, jane, asked, signed_in, events):
    asked(officer, plate="SECRET1", state="NV", other_name="Jane Roe", other_unit="HSI Newark", case_reference=CASE)
    browser = signed_in(jane)
    assert "in your name" in browser.get("/").content.decode()
    text = browser.get(PAGE).content.decode()
    for word in ("officer", "NYC", "CRIM", CASE, "HSI Newark"):
        assert word in text
    assert "SECRET1" not in text
    assert not re.search(r"\bNV\b", text)
    assert events(Kind.NAMED_VIEWED)[-1]["actor"] == "jane"
    assert NamedNotice.objects.get().seen_at
    assert "in your name" not in browser.get("/").content.decode()


@pytest.mark.req("BEY-4")
def test_an_older_notice_is_found_page_by_page_counts_as_seen_and_can_be_disowned(officer, jane, asked, signed_in, monkeypatch):
    monkeypatch.setattr(own_views, "LISTED", 2)
    for _ in range(5):
        asked(officer, other_name="jane")
    browser, in_order = signed_in(jane), [str(pk) for pk in NamedNotice.objects.order_by("-made_at").values_list("pk", flat=True)]
    assert whole(browser, PAGE, lambda page: re.findall(r"/named/([0-9a-f-]{36})/", page), "notices_before") == in_order
    assert not NamedNotice.objects.filter(seen_at=None).exists()
    *_, last = pages(browser, PAGE, "notices_before")
    address = re.search(rf'action="([^"]*{in_order[-1]}[^"]*)"', last)[1]
    # What is wrong is said on the page on which it was typed.
    refused = browser.post(address, {"note": "x" * 501})
    assert (refused.status_code, in_order[-1] in refused.content.decode()) == (400, True)
    assert browser.post(address, {"note": "not mine"}).status_code == 302
    assert NamedNotice.objects.get(disowned_at__isnull=False).pk == UUID(in_order[-1])
    assert whole(signed_in(officer), PAGE, lambda page: re.findall(r'id="asked-\d+"', page), "asked_before") == ['id="asked-1"']


@pytest.mark.req("BEY-4", "BEY-3")
def test_the_door_shows_each_their_own_and_no_other_event_opens_it(officer, jane, asked):
    asked(officer, other_name="jane")
    look = record_durably(Kind.NAMED_VIEWED, actor=context.actor_of(officer))
    assert log.namings(event=look.id, limit=10) == []
    for kind, actor in ((Kind.QUESTION_VIEWED, jane), (Kind.NAMED_VIEWED, None)):
        event = record_durably(kind, actor=context.actor_of(actor) if actor else context.SYSTEM)
        with pytest.raises(DatabaseError, match="opens no queries"):
            log.namings(event=event.id, limit=10)


@pytest.mark.req("BEY-4")
def test_the_mail_says_that_there_is_a_query_and_nothing_of_it(officer, jane, asked, settings, events, now):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    asked(officer, plate="SECRET1", other_name="Jane Roe", case_reference=CASE)
    assert letters.send_waiting(now=now) == 1
    assert letters.send_waiting(now=now) == 0
    [message] = mail.outbox
    assert message.to == ["jane@agency.example"]
    text = message.subject + message.body
    assert PAGE in text
    for secret in ("SECRET1", "Flint", "officer", "CRIM"):
        assert secret not in text
    assert events(Kind.LETTER_SENT)[0]["details"] == {"letter": "named", "recipient": "jane"}


@pytest.mark.req("BEY-4", "AUD-8")
def test_disowning_opens_a_question_and_does_not_hold_up_the_officer(
    officer, jane, supervisor, manager, other_manager, auditor, asked, signed_in, events, now, make_user,
):
    query = asked(officer, other_name="Jane Roe")
    browser = signed_in(jane)
    notice = NamedNotice.objects.get()
    answer = browser.post(f"{PAGE}named/{notice.pk}/disown/", {"note": "I was on leave"}, follow=True)
    assert answer.status_code == 200
    assert "You disowned it" in answer.content.decode()
    [event] = events(Kind.QUERY_DISOWNED)
    assert (event["actor"], event["query"], event["details"]["text"]) == ("jane", str(query), "I was on leave")
    question = Question.objects.get()
    assert (question.query, question.officer, question.aor) == (query, officer, "NYC")
    assert (question.is_disowned, question.item) == (True, None)
    stranger = make_user("manager_la", role=Role.AGENCY_MANAGER, aor=AOR.objects.create(code="LA", name="Los Angeles"))
    # Of the area that asked, and of the area of the person named (AUD-3).
    for reader, sees in ((supervisor, 1), (manager, 1), (auditor, 1), (other_manager, 1), (stranger, 0)):
        assert len(questions.queue(user=reader)) == sees
    assert dict(Letter.objects.exclude(kind="named").values_list("recipient__username", "kind")) == {
        "officer": "question", "supervisor": "disowned", "manager": "disowned", "other_manager": "disowned"}
    assert asked(officer, other_name="Jane Roe")
    officer.refresh_from_db()
    assert officer.is_active


@pytest.mark.req("BEY-4")
def test_a_query_is_disowned_once_by_its_person_alone(officer, jane, officer2, asked, signed_in, events):
    asked(officer, other_name="jane")
    notice = NamedNotice.objects.get()
    address = f"{PAGE}named/{notice.pk}/disown/"
    for stranger in (officer, officer2):
        assert signed_in(stranger).post(address).status_code == 404
    assert events(Kind.ACCESS_REFUSED, actor="officer2")
    browser = signed_in(jane)
    for _ in range(2):
        assert browser.post(address, {"note": ""}).status_code == 302
    assert len(events(Kind.QUERY_DISOWNED)) == Question.objects.count() == 1
    [refused] = events(Kind.DISOWNING_REFUSED)
    assert (refused["actor"], refused["details"]["why"]) == ("jane", "disowned already")


@pytest.mark.req("BEY-4")
def test_too_long_a_note_is_said_at_the_field_and_kept(officer, jane, asked, signed_in, events):
    asked(officer, other_name="jane")
    answer = signed_in(jane).post(f"{PAGE}named/{NamedNotice.objects.get().pk}/disown/", {"note": "wordy " * 90})
    assert answer.status_code == 400
    assert "wordy wordy" in answer.content.decode()
    assert 'class="field__error"' in answer.content.decode()
    assert events(Kind.DISOWNING_REFUSED)
    assert not Question.objects.exists()


@pytest.mark.req("BEY-4")
def test_two_namesakes_who_disown_open_one_question(officer, jane, officer2, asked, now):
    officer2.full_name = jane.full_name
    officer2.save()
    asked(officer, other_name="Jane Roe")
    for person in (jane, officer2):
        with context.acting(context.actor_of(person)):
            naming.disown(notice=NamedNotice.objects.get(person=person).pk, note="", user=person, now=now)
    assert Question.objects.count() == 1
    assert NamedNotice.objects.filter(disowned_at__isnull=False).count() == 2


@pytest.mark.req("BEY-4", "AUD-12")
@pytest.mark.parametrize("role", [Role.AGENCY_APPOINTER, Role.HELP_DESK, Role.DATA_QUALITY, Role.OPERATIONS])
def test_no_other_role_opens_the_page(make_user, signed_in, events, role):
    browser = signed_in(make_user("somebody", role=role))
    assert browser.get(PAGE).status_code == 403
    assert events(Kind.ACCESS_REFUSED, actor="somebody")


@pytest.mark.req("BEY-4", "AUD-8")
def test_a_disowned_query_is_taken_into_a_review_by_who_may_review_it(
    officer, jane, supervisor, other_manager, auditor, asked, signed_in, events, now, make_user,
):
    query = asked(officer, other_name="supervisor")
    asked(officer, other_name="jane")
    for person in (supervisor, jane):
        with context.acting(context.actor_of(person)):
            naming.disown(notice=NamedNotice.objects.get(person=person).pk, note="", user=person, now=now)
    of_supervisor = Question.objects.get(query=query)
    of_jane = Question.objects.exclude(query=query).get()
    browser = signed_in(supervisor)

    def take(client, question):
        return client.post(f"/audit/reviews/disowned/{question.pk}/review/")

    assert "jane" in browser.get("/audit/reviews/").content.decode()
    stranger = make_user("manager_la", role=Role.AGENCY_MANAGER, aor=AOR.objects.create(code="LA", name="Los Angeles"))
    assert take(signed_in(stranger), of_jane).status_code == 404
    assert take(signed_in(officer), of_jane).status_code == 403
    assert take(browser, of_supervisor).status_code == 302
    assert "Nobody reviews" in events(Kind.REVIEW_REFUSED)[-1]["details"]["why"]
    assert take(browser, of_jane)["Location"].startswith("/audit/reviews/")
    of_jane.refresh_from_db()
    assert of_jane.item.review.opened_by == supervisor
    with context.acting(context.actor_of(supervisor)):
        [(_, row)] = reviewing.look(review=of_jane.item.review).items
    assert row.on_behalf_of == "jane"
    assert "In a review of others" in signed_in(other_manager).get("/audit/reviews/").content.decode()
    assert take(signed_in(auditor), of_jane).status_code == 302
    assert "already" in events(Kind.REVIEW_REFUSED)[-1]["details"]["why"]
    assert take(signed_in(auditor), of_supervisor).status_code == 303
    of_supervisor.refresh_from_db()
    assert of_supervisor.item


@pytest.mark.req("BEY-4", "AUD-8")
def test_a_disowned_query_that_is_drawn_brings_its_question(officer, jane, supervisor, asked, opened, signed_in, now):
    asked(officer, other_name="jane")
    with context.acting(context.actor_of(jane)):
        naming.disown(notice=NamedNotice.objects.get().pk, note="never asked", user=jane, now=now)
    review = opened(supervisor)
    assert Question.objects.get().item == review.items.get()
    with context.acting(context.actor_of(supervisor)):
        [(_, row)] = reviewing.look(review=review).items
    assert row.asked["text"] == "never asked"
    browser = signed_in(supervisor)
    pages = [browser.get(f"/audit/reviews/{each.pk}/items/{each.items.get().pk}/").content.decode()
             for each in (review, opened(supervisor))]
    assert ["Another review deals with that" in page for page in pages] == [False, True]


@pytest.mark.req("BEY-4")
def test_a_query_that_is_disowned_while_under_review_shows_there(officer, jane, supervisor, asked, opened, now):
    asked(officer, other_name="jane")
    review = opened(supervisor)
    with context.acting(context.actor_of(jane)):
        naming.disown(notice=NamedNotice.objects.get().pk, note="", user=jane, now=datetime.now(UTC))
    assert Question.objects.get().item == review.items.get()


@pytest.mark.req("BEY-4", "AUD-3", "AUD-8")
def test_the_area_of_the_person_named_reviews_what_was_asked_elsewhere_in_their_name(
    officer, jane, other_manager, asked, opened, signed_in, events, now,
):
    unnamed, named = asked(officer), asked(officer, other_name="Jane Roe", case_reference=CASE)
    with context.acting(context.actor_of(jane)):
        naming.disown(notice=NamedNotice.objects.get().pk, note="never asked", user=jane, now=now)
    browser = signed_in(other_manager)
    assert browser.post(f"/audit/reviews/disowned/{Question.objects.get().pk}/review/").status_code == 303
    question = Question.objects.get()
    item = question.item
    assert (item.query, item.officer, item.review.aor) == (named, officer, "CHI")
    page = f"/audit/reviews/{item.review_id}/items/{item.pk}/"
    assert CASE in browser.get(page).content.decode()
    assert browser.get(f"/queries/{named}/").status_code == 200
    with context.acting(context.actor_of(officer)):
        questions.answer(question=question.pk, text="A slip of the keyboard", user=officer, now=now)
    assert Letter.objects.filter(kind="answer", recipient=other_manager).exists()
    assert "A slip of the keyboard" in browser.get(page).content.decode()
    # Drawn, too, in their area; by what was recorded at the opening, so that older draws are repeated by their own rule.
    drawn = opened(other_manager)
    assert [one.query for one in drawn.items.all()] == [named]
    [*_, opening] = events(Kind.REVIEW_OPENED)
    assert opening["details"]["in_their_name"] is True
    before = {name: value for name, value in opening["details"].items() if name != "in_their_name"}
    older = record_durably(Kind.REVIEW_OPENED, actor=context.actor_of(other_manager), **before)
    assert log.sample(opened=older.id) == log.Sample([], 0, True, {})
    assert unnamed not in drawn.items.values_list("query", flat=True)
