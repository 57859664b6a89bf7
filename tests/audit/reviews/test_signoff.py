"""Questions, answers, sign-off and report of a review; the calendar (AUD-8)."""

import io
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pypdf
import pytest
from django.core import mail
from django.db import DatabaseError, connections
from django.test.utils import CaptureQueriesContext

from audit import context, letters, people, tasks
from audit.events import Kind
from audit.models import Letter, Method, Question, Review, ReviewPolicy, Verdict
from audit.record import record_durably
from audit.reviews import calendar, log, questions, reviewing, signoff
from audit.reviews.reviewing import ReviewRefused
from config import databases
from tests.factories.reviews import attempt

pytestmark = pytest.mark.usefixtures("database")
CASE = "Subject Wilma Flint, case 77554433"


def acting(user):
    return context.acting(context.actor_of(user))


@pytest.fixture
def under_review(supervisor, officer, asked, opened):
    asked(officer, plate="XYZ1234", case_reference=CASE)
    return opened(supervisor).items.select_related("review", "officer").get()


@pytest.fixture
def ask(under_review, supervisor, now):
    def put(text="Which case was this?"):
        with acting(supervisor):
            questions.ask(item=under_review, text=text, user=supervisor, now=now)
        return Question.objects.get()

    return put


def judge_all(review, user, verdict=Verdict.JUSTIFIED):
    with acting(user):
        for item in review.items.select_related("review"):
            reviewing.judge(item=item, verdict=verdict, note="looked at", user=user, now=datetime.now(UTC))


def sign(review, user, now):
    with acting(user):
        signoff.sign_off(review=review, note="All of it is explained.", user=user, now=now)
    review.refresh_from_db()


@pytest.mark.req("AUD-8")
def test_a_question_reaches_the_officer_by_page_and_mail_without_plate_or_case(
    ask, officer, signed_in, events, settings, now, officer2,
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    question = ask("Which case was this, and why XYZ1234?")
    assert letters.send_waiting(now=now) == 1
    [message] = mail.outbox
    assert message.to == [officer.email]
    for secret in ("XYZ1234", "Flint", "Which case"):
        assert secret not in message.subject + message.body
    browser = signed_in(officer)
    assert "1 question about" in browser.get("/").content.decode()
    page = browser.get("/audit/questions/").content.decode()
    assert "Which case was this" in page
    assert CASE in page
    assert "Which case" not in signed_in(officer2).get("/audit/questions/").content.decode()
    [event] = events(Kind.QUESTION_ASKED)
    assert event["details"]["text"] == "Which case was this, and why XYZ1234?"
    assert events(Kind.QUESTION_VIEWED)[0]["actor"] == "officer"
    assert "XYZ1234" not in str(Question.objects.values().get(pk=question.pk))


@pytest.mark.req("AUD-8")
def test_the_officer_answers_once_and_the_reviewer_hears_of_it(
    ask, officer, officer2, supervisor, signed_in, events, under_review,
):
    question = ask()
    address = f"/audit/questions/{question.pk}/answer/"
    assert signed_in(officer2).post(address, {"answer": "mine"}).status_code == 404
    browser = signed_in(officer)
    empty = browser.post(address, {"answer": " "})
    assert empty.status_code == 400
    assert 'class="field__error"' in empty.content.decode()
    for text in ("Case 77554433, see file", "No: another"):
        assert browser.post(address, {"answer": text}).status_code == 302
    [answered] = events(Kind.QUESTION_ANSWERED)
    assert (answered["actor"], answered["details"]["text"]) == ("officer", "Case 77554433, see file")
    assert [event["details"]["why"] for event in events(Kind.QUESTION_REFUSED)] == ["no answer was given", "answered already"]
    assert Letter.objects.get(kind="answer").recipient == supervisor
    with acting(supervisor):
        [(_, row)] = reviewing.look(review=under_review.review).items
    assert (row.asked["text"], row.answered["text"]) == ("Which case was this?", "Case 77554433, see file")
    assert questions.unanswered(user=officer) == 0


@pytest.mark.req("AUD-8")
def test_an_officer_is_asked_once_about_a_query_in_a_review(ask, under_review, supervisor, events, now):
    ask()
    with acting(supervisor), pytest.raises(ReviewRefused, match="already"):
        questions.ask(item=under_review, text="again", user=supervisor, now=now)
    assert len(events(Kind.QUESTION_ASKED)) == Question.objects.count() == 1
    assert events(Kind.REVIEW_REFUSED)[0]["details"]["item"] == str(under_review.pk)


@pytest.mark.req("AUD-8", "BEY-3")
def test_the_door_of_questions_shows_each_their_own(ask, officer, officer2):
    ask()
    for user, number in ((officer, 1), (officer2, 0)):
        look = record_durably(Kind.QUESTION_VIEWED, actor=context.actor_of(user))
        assert len(log.own_questions(event=look.id, limit=10)) == number
    with pytest.raises(DatabaseError, match="opens no questions"):
        log.own_questions(event=record_durably(Kind.NAMED_VIEWED, actor=context.actor_of(officer)).id, limit=10)


@pytest.mark.req("AUD-8")
def test_nothing_is_signed_off_undecided_or_twice(under_review, supervisor, events, now):
    review = under_review.review
    with acting(supervisor), pytest.raises(ReviewRefused, match="1 query is not decided"):
        signoff.sign_off(review=review, note="n", user=supervisor, now=now)
    judge_all(review, supervisor)
    sign(review, supervisor, now)
    with acting(supervisor), pytest.raises(ReviewRefused, match="signed off"):
        signoff.sign_off(review=review, note="n", user=supervisor, now=now)
    assert len(events(Kind.REVIEW_CLOSED)) == 1
    assert len(events(Kind.REVIEW_REFUSED)) == 2


@pytest.mark.req("AUD-8")
def test_a_chosen_review_without_queries_is_not_signed_off(supervisor, opened, now):
    review = opened(supervisor, method=Method.CHOSEN, size=1)
    with acting(supervisor), pytest.raises(ReviewRefused, match="Choose the queries"):
        signoff.sign_off(review=review, note="n", user=supervisor, now=now)


@pytest.mark.req("AUD-8", "BEY-2")
def test_the_report_carries_verdicts_seed_and_checkpoint_and_is_recorded(
    under_review, ask, supervisor, officer, signed_in, events, now, settings,
):
    settings.AUDIT_MAKE_SIGNING_KEY = True
    question = ask()
    with acting(officer):
        questions.answer(question=question.pk, text="A traffic stop, file 88", user=officer, now=now)
    judge_all(under_review.review, supervisor, Verdict.QUESTIONED)
    tasks.seal()
    sign(under_review.review, supervisor, now)
    review = under_review.review
    answer = signed_in(supervisor).get(f"/audit/reviews/{review.pk}/report.pdf")
    assert answer["Content-Type"] == "application/pdf"
    text = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages).split())
    [closed] = events(Kind.REVIEW_CLOSED)
    for word in ("Questioned", "looked at", CASE, "XYZ1234, OH", "Which case was this?", "A traffic stop, file 88", review.seed,
                 "All of it is explained.", closed["details"]["digest"], "1 questioned",
                 "yes, with the same queries", "events, leaf 0"):
        assert word in text, word
    assert closed["details"]["checkpoint"].splitlines()[1] in text.replace(" ", "\n").splitlines()
    assert (closed["details"]["questioned"], closed["details"]["drawn_again"]) == (1, True)
    assert events(Kind.REVIEW_REPORT_TAKEN)[0]["details"]["digest"] == closed["details"]["digest"]


@pytest.mark.req("AUD-8")
@pytest.mark.parametrize("change", ["verdict", "item"])
def test_a_signed_report_that_was_changed_behind_is_not_given_out(under_review, supervisor, signed_in, events, now, change):
    review = under_review.review
    judge_all(review, supervisor)
    sign(review, supervisor, now)
    if change == "verdict":
        review.items.update(verdict="questioned")
    else:
        review.items.update(signals=["filler"])
    answer = signed_in(supervisor).get(f"/audit/reviews/{review.pk}/report.pdf", follow=True)
    assert "are not those that were signed off" in answer.content.decode()
    [refused] = events(Kind.REVIEW_REPORT_REFUSED)
    assert refused["details"]["signed"] != refused["details"]["found"]
    assert not events(Kind.REVIEW_REPORT_TAKEN)


@pytest.mark.req("AUD-8")
def test_an_answer_after_the_sign_off_is_kept_and_changes_no_report(ask, under_review, officer, supervisor, signed_in, now):
    question = ask()
    judge_all(under_review.review, supervisor)
    sign(under_review.review, supervisor, now)
    with acting(officer):
        questions.answer(question=question.pk, text="late word", user=officer, now=now)
    browser = signed_in(supervisor)
    answer = browser.get(f"/audit/reviews/{under_review.review_id}/report.pdf")
    assert answer.status_code == 200
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert "late word" not in text
    assert "late word" in browser.get(f"/audit/reviews/{under_review.review_id}/items/{under_review.pk}/").content.decode()


@pytest.mark.req("AUD-8")
def test_an_open_review_has_no_report(under_review, supervisor, signed_in, events):
    answer = signed_in(supervisor).get(f"/audit/reviews/{under_review.review_id}/report.pdf")
    assert answer.status_code == 303
    assert events(Kind.REVIEW_REFUSED)


def states(now):
    return {(due.area.code, due.interval): due.word for due in calendar.of(people.areas(), now=now)}


@pytest.mark.req("AUD-8")
def test_the_calendar_says_which_area_owes_a_review(supervisor, auditor, aor_chi, opened, now):
    assert states(now) == {(area, interval): "Owed"
                           for area in ("NYC", "CHI") for interval in ("Regular", "Yearly")}
    sign(opened(supervisor, since=now - timedelta(days=8)), supervisor, now)
    assert states(now)["NYC", "Regular"] == "Done"
    assert states(now)["NYC", "Yearly"].startswith("Owed")
    assert states(now)["CHI", "Regular"].startswith("Owed")
    assert states(now + timedelta(days=5, seconds=1))["NYC", "Regular"] == "Due soon"
    assert states(now + timedelta(days=7, minutes=2))["NYC", "Regular"] == "Owed"
    sign(opened(auditor, aor="NYC", since=now - timedelta(days=320)), auditor, now)
    assert states(now)["NYC", "Yearly"] == "Done"
    ReviewPolicy.objects.update(weekly_days=30)
    assert states(now + timedelta(days=7))["NYC", "Regular"] == "Done"


@pytest.mark.req("AUD-8")
def test_the_calendar_counts_the_time_that_was_reviewed_and_not_the_day_of_the_signature(supervisor, opened, now):
    def reviewed(first, last):
        sign(opened(supervisor, since=now - timedelta(days=first), until=now - timedelta(days=last)), supervisor, now)

    reviewed(2000, 1999)
    reviewed(2000, 1990)
    reviewed(1, 0)
    assert states(now)["NYC", "Regular"] == "Owed"
    # One day is no week, but days on end are.
    reviewed(9, 4)
    assert states(now)["NYC", "Regular"] == "Owed"
    reviewed(5, 1)
    assert states(now)["NYC", "Regular"] == "Done"


@pytest.mark.req("AUD-8")
def test_a_review_of_every_area_counts_where_it_drew_enough(auditor, officer, officer_chi, asked, opened, now):
    ReviewPolicy.objects.update(smallest_sample=2)
    for _ in range(2):
        asked(officer)
    review = opened(auditor, aor="", since=now - timedelta(days=8), size=10)
    assert review.areas == ["NYC"]
    judge_all(review, auditor)
    sign(review, auditor, now)
    assert (states(now)["NYC", "Regular"], states(now)["CHI", "Regular"]) == ("Done", "Done")
    asked(officer_chi)
    tasks.count_usage()
    assert (states(now)["NYC", "Regular"], states(now)["CHI", "Regular"]) == ("Done", "Owed")
    for _ in range(40):
        attempt(context.actor_of(officer))
    ReviewPolicy.objects.update(smallest_sample=40)
    assert set(opened(auditor, aor="", since=now - timedelta(days=8), size=43).areas) == {"CHI", "NYC"}


@pytest.mark.req("AUD-8")
def test_a_sample_that_is_empty_because_its_reviewer_asked_everything_counts_for_nothing(
    manager, supervisor, asked, opened, now,
):
    asked(supervisor)
    tasks.count_usage()
    empty = opened(supervisor, since=now - timedelta(days=8))
    assert empty.population == 0
    sign(empty, supervisor, now)
    assert states(now)["NYC", "Regular"] == "Owed"
    review = opened(manager, since=now - timedelta(days=8))
    judge_all(review, manager)
    sign(review, manager, now)
    assert states(now)["NYC", "Regular"] == "Done"


@pytest.mark.req("AUD-8")
def test_a_review_of_every_area_covers_one_that_asked_nothing_and_its_managers_are_not_reminded(
    auditor, officer, other_manager, asked, opened, events, now,
):
    asked(officer)
    tasks.count_usage()
    ReviewPolicy.objects.update(yearly_days=36_500, year_covers_days=0)
    review = opened(auditor, aor="", since=now - timedelta(days=8))
    judge_all(review, auditor)
    sign(review, auditor, now)
    assert set(states(now).values()) == {"Done"}
    assert (calendar.remind(now=now), events(Kind.REVIEW_REMINDED)) == (0, [])


@pytest.mark.req("AUD-8")
def test_reviews_of_every_area_of_before_say_which_areas_they_drew_enough_of(
    auditor, officer, officer_chi, opened, now,
):
    rules = reviewing.policy()
    rules.smallest_sample = 2
    rules.save()
    for person, times in ((officer, 1), (officer_chi, 5)):
        for _ in range(times):
            attempt(context.actor_of(person))
    reviews = [opened(auditor, aor="", since=now - timedelta(days=8), size=size) for size in (2, 3, 4, 6)]
    known = [review.areas for review in reviews]
    Review.objects.update(areas=[])
    ReviewPolicy.objects.update(smallest_sample=40)
    backfill = import_module("audit.migrations.0024_addresses_go_idle_areas_count_and_one_draw").AREAS
    with databases.administrator() as connection:
        connection.execute(backfill)
    assert [Review.objects.get(pk=review.pk).areas for review in reviews] == known
    assert known[-1] == ["CHI", "NYC"]


@pytest.mark.req("AUD-8")
def test_the_calendar_asks_the_database_as_often_for_many_reviews_as_for_one(supervisor, auditor, opened, aor_chi, now):
    def asked_of_the_database():
        with CaptureQueriesContext(connections["default"]) as asked:
            states(now)
        return len(asked)

    sign(opened(supervisor, since=now - timedelta(days=8)), supervisor, now)
    before = asked_of_the_database()
    for days in (3, 5, 8):
        sign(opened(supervisor, since=now - timedelta(days=days)), supervisor, now)
        sign(opened(auditor, aor="", since=now - timedelta(days=days)), auditor, now)
    assert asked_of_the_database() == before == 4


@pytest.mark.req("AUD-8")
def test_a_chosen_review_does_not_count(supervisor, officer, asked, opened, now):
    query = asked(officer)
    review = opened(supervisor, method=Method.CHOSEN, size=1)
    with acting(supervisor):
        reviewing.choose(review=review, queries=[query], user=supervisor)
    judge_all(review, supervisor)
    sign(review, supervisor, now)
    assert states(now)["NYC", "Regular"].startswith("Owed")


@pytest.mark.req("AUD-8")
def test_managers_are_reminded_when_a_review_is_due_soon_when_it_is_owed_and_with_each_interval(
    manager, supervisor, other_manager, opened, events, settings,
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    now = datetime.now(UTC)
    sign(opened(supervisor, since=now - timedelta(days=8)), supervisor, now)
    ReviewPolicy.objects.update(yearly_days=36_500, year_covers_days=0)
    tasks.remind_of_reviews()
    tasks.remind_of_reviews()
    assert [event["details"]["area"] for event in events(Kind.REVIEW_REMINDED)] == ["CHI", "CHI"]
    other_manager.is_active = False
    other_manager.save()
    for day, new in ((6, 1), (6.5, 0), (7.5, 1), (9, 0), (14.5, 1), (15, 0), (22, 1)):
        assert (day, calendar.remind(now=now + timedelta(days=day))) == (day, new)


@pytest.mark.req("AUD-8")
def test_a_letter_to_a_closed_account_is_not_sent_and_one_that_fails_waits(manager, settings, now, monkeypatch):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    Letter.objects.create(kind="owed", recipient=manager, about="x", made_at=now)
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", lambda *_: (_ for _ in ()).throw(OSError))
    assert letters.send_waiting(now=now) == 0
    assert Letter.objects.get().sent_at is None
    monkeypatch.undo()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    manager.is_active = False
    manager.save()
    assert letters.send_waiting(now=now) == 1
    assert mail.outbox == []


@pytest.mark.req("AUD-8")
def test_a_review_is_visible_to_its_area_and_opr(supervisor, manager, other_manager, auditor, officer, opened):
    of_area, of_opr = opened(supervisor), opened(auditor, aor="NYC")
    for user, seen in ((supervisor, {of_area}), (manager, {of_area}), (other_manager, set()), (officer, set()),
                       (auditor, {of_area, of_opr})):
        assert set(Review.objects.visible_to(user)) == seen
