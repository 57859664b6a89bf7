"""Registration: a key becomes an account, once, and training opens it (ACC-2, ACC-4, ACC-7)."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from django.test import Client

from accounts import access_requests, challenges, needs, passwords, registration, tasks
from accounts.models import AccountCeiling, AccountNeed, ChallengeAnswer, ChallengeQuestion, RegistrationKey, User
from accounts.roles import Role
from tests.accounts.applicants import NEW_PASSWORD, filed, key_address, posted, registration_form
from tests.personas import affirm, train


@pytest.fixture
def approve(manager, aor_nyc, now):
    def made(**changed) -> str:
        access_requests.approve(request=filed(aor_nyc, now, **changed), by=manager, now=now)
        return key_address(mail.outbox)

    return made


@pytest.fixture
def path(approve) -> str:
    return approve()


@pytest.mark.req("ACC-2", "ACC-4", "ACC-7")
def test_a_key_makes_the_approved_account_which_opens_with_training_on_record(path, manager, aor_nyc, events):
    page = Client().get(path)
    assert (page.status_code, "Nora Field" in page.content.decode()) == (200, True)
    answer = posted(path)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/")
    user = User.objects.get(username="nora.field")
    assert (user.role, user.aor, user.component, user.job_category, user.email, user.is_superuser) == (
        Role.OFFICER, aor_nyc, "ERO", "ero_officer", "nora.field@agency.example", False)
    assert (user.access_request.state, user.access_request.kept_until) == ("registered", None)
    assert (user.need.affirmed_by, RegistrationKey.objects.get().used_at is not None) == (manager, True)
    [event] = events("account.registered")
    assert (event["actor"], event["aor"], event["details"]["ground"]) == ("nora.field", "NYC", user.access_request.number)
    client = Client()
    client.post("/accounts/login/", {"username": "Nora.Field", "password": NEW_PASSWORD})
    affirm(client)
    assert client.get("/queries/new/")["Location"].startswith("/accounts/training/")
    train(user)
    assert client.get("/queries/new/").status_code == 200
    tasks.send_request_mail()
    assert "is registered" in mail.outbox[-1].body


@pytest.mark.req("ACC-2")
def test_no_secret_of_a_registration_stands_anywhere_as_it_was_typed(path, events):
    posted(path, answer_1="Rosebud the sled")
    kept = str(list(User.objects.values()) + list(ChallengeAnswer.objects.values()) + list(User.history.values()) + events())
    assert "osebud" not in kept
    assert NEW_PASSWORD not in kept
    assert path.split("/")[3] not in kept
    assert ChallengeAnswer.objects.count() == 3


@pytest.mark.req("ACC-10")
@pytest.mark.parametrize(("job", "component", "role"), [
    ("hsi_agent", "HSI", Role.OFFICER), ("mission_support_specialist", "ERO", Role.SUPPORT_STAFF),
    ("law_enforcement_specialist", "HSI", Role.SUPPORT_STAFF)])
def test_the_job_makes_the_role_and_nothing_that_is_sent_changes_it(approve, job, component, role, aor_nyc, aor_chi):
    posted(approve(job_category=job, component=component), role="agency_manager", aor="CHI", is_superuser="on", component="ERO")
    user = User.objects.get(username="nora.field")
    assert (user.role, user.component, user.aor, user.is_superuser, user.is_staff) == (role, component, aor_nyc, False, False)


@pytest.mark.req("ACC-2", "ACC-1")
@pytest.mark.parametrize(("wrong", "fields"), [
    ({"username": "x"}, ["username"]), ({"username": "no spaces here"}, ["username"]), ({"username": "system"}, ["username"]),
    ({"username": "MANAGER"}, ["username"]), ({"password1": "short", "password2": "short"}, ["password1"]),
    ({"password2": "another sentence altogether"}, ["password2"]),
    ({"password1": "nora.field nora.field!", "password2": "nora.field nora.field!"}, ["password1"]),
    ({"answer_2": "  ANSWER  1 "}, ["answer_2"]), ({"answer_3": "?"}, ["answer_3"]), ({"answer_1": "   "}, ["answer_1"]),
    ({"question_1": "999999"}, ["question_1"]),
])
def test_what_is_not_filled_in_well_is_said_at_the_field_and_the_key_stays_good(path, wrong, fields, events):
    answer = posted(path, **wrong)
    assert answer.status_code == 400
    assert f'id="id_{fields[0]}_error"' in answer.content.decode()
    assert events("registration.refused")[-1]["details"]["fields"] == fields
    assert not User.objects.filter(username__startswith="nora").exists()
    assert Client().get(path).status_code == 200


@pytest.mark.req("ACC-2")
def test_the_three_questions_are_distinct_and_of_the_managed_list(path):
    first = ChallengeQuestion.objects.first()
    form = registration_form()
    assert posted(path, question_2=form["question_1"]).status_code == 400
    first.is_offered = False
    first.save()
    assert posted(path, question_1=first.pk).status_code == 400
    assert posted(path).status_code == 302


@pytest.mark.req("ACC-1", "ACC-9")
def test_a_username_is_unique_whatever_case_and_never_used_again(path, approve, officer):
    officer.is_active = False
    officer.save()
    for name in ("officer", "OFFICER", "Officer "):
        answer = posted(path, username=name)
        assert (answer.status_code, "taken" in answer.content.decode()) == (400, True)
    assert posted(path).status_code == 302
    assert posted(approve(email="other@agency.example"), username="NORA.FIELD").status_code == 400


def together(*steps):
    """Run the steps at the same moment; return what each raised, or None."""
    start, outcomes = threading.Barrier(len(steps)), []

    def run(step):
        start.wait()
        try:
            step()
            outcomes.append(None)
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def registering(path, username, now):
    key = registration.open_key(secret=path.split("/")[3], now=now)
    answers = [(question, f"Answer {question.pk}") for question in ChallengeQuestion.objects.all()[:3]]
    return lambda: registration.register(key=key, username=username, password=NEW_PASSWORD, answers=answers, now=now)


@pytest.mark.req("ACC-4")
def test_a_key_that_is_used_twice_at_once_makes_one_account(path, now, events):
    outcomes = together(registering(path, "nora.one", now), registering(path, "nora.two", now))
    assert sorted(outcomes, key=str) == ["KeyNotGood", None]
    assert User.objects.filter(username__startswith="nora").count() == 1
    assert [event["details"]["why"] for event in events("key.refused")] == ["gone meanwhile"]


@pytest.mark.req("ACC-1")
def test_a_name_that_two_take_at_once_is_one_persons(approve, now):
    paths = approve(), approve(email="b@agency.example", component="HSI", job_category="hsi_agent")
    outcomes = together(*(registering(path, "nora.field", now) for path in paths))
    assert sorted(outcomes, key=str) == [None, "UsernameTaken"]
    assert RegistrationKey.objects.filter(used_at__isnull=True).count() == 1


@pytest.mark.req("ACC-15")
def test_registrations_at_once_do_not_pass_the_ceiling(approve, aor_nyc, now):
    paths = [approve(email=f"{number}@agency.example") for number in range(4)]
    AccountCeiling.objects.update(most=2)
    outcomes = together(*(registering(path, f"nora.{number}", now) for number, path in enumerate(paths)))
    assert sorted(outcomes, key=str) == ["Full", "Full", None, None]
    assert User.objects.filter(aor=aor_nyc, component="ERO").count() == 2
    [left] = [path for path in paths if Client().get(path).status_code == 200][:1]
    answer = posted(left)
    assert (answer.status_code, "no place for another account" in answer.content.decode()) == (400, True)
    AccountCeiling.objects.update(most=3)
    assert posted(left).status_code == 302


@pytest.mark.req("ACC-2")
def test_a_machine_that_is_busy_hashing_says_so_and_nothing_happened(path, monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(passwords, "SLOTS", (1,))
    with passwords.hashing_slot():
        held = []
        thread = threading.Thread(target=lambda: (held.append(posted(path)), connections.close_all()))
        thread.start()
        thread.join()
    assert (held[0].status_code, held[0]["Retry-After"]) == (503, "2")
    assert posted(path).status_code == 302


@pytest.mark.req("ACC-15")
def test_the_need_of_a_new_account_is_fresh(path, now):
    posted(path)
    user = User.objects.get(username="nora.field")
    assert not needs.is_over(user, now=now + timedelta(days=179))
    assert AccountNeed.objects.get(user=user).warned_at is None


def test_answers_are_kept_per_person(path, officer):
    posted(path)
    assert ChallengeAnswer.objects.filter(user__username="nora.field").count() == challenges.NEEDED
    assert not officer.challenge_answers.exists()
