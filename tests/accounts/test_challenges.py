"""Challenge questions: a managed list, answers kept as slow salted hashes (ACC-2)."""

import pytest
from django.contrib.auth.hashers import identify_hasher

from accounts import challenges, hashers
from accounts.models import ChallengeAnswer, ChallengeQuestion

QUESTIONS = "/admin/accounts/challengequestion/"


def three() -> list[ChallengeQuestion]:
    return list(ChallengeQuestion.objects.all()[:3])


@pytest.mark.req("ACC-2")
@pytest.mark.parametrize("typed", ["Crème Brûlée", "  creme\u0300 bru\u0302le\u0301e".replace("creme\u0300", "cre\u0300me"),
                                   "CRÈME\t BRÛLÉE  ", "ｃｒème brûlée"])
def test_an_answer_is_the_same_whatever_case_composition_and_spaces(typed, officer):
    assert challenges.normalize(typed) == "crème brûlée"
    [hashed] = challenges.hashes(["Crème Brûlée"])
    challenges.keep(user=officer, questions=three()[:1], hashed=[hashed])
    assert challenges.matches(ChallengeAnswer.objects.get(), typed)
    assert not challenges.matches(ChallengeAnswer.objects.get(), "creme brulee")
    assert not challenges.matches(None, typed)


@pytest.mark.req("ACC-2")
def test_answers_are_hashed_as_passwords_are_each_with_a_salt_of_its_own(settings, database):
    settings.PASSWORD_HASHERS = ["accounts.hashers.Argon2PasswordHasher"]
    one, two, other = challenges.hashes(["the same", "the same", "another"])
    assert isinstance(identify_hasher(one), hashers.Argon2PasswordHasher)
    assert len({one, two, other}) == 3


@pytest.mark.req("ACC-2")
def test_new_answers_replace_the_old_ones(officer):
    for text in ("first", "second"):
        challenges.keep(user=officer, questions=three(), hashed=challenges.hashes([text] * 3))
    assert officer.challenge_answers.count() == 3
    assert all(challenges.matches(answer, "second") for answer in officer.challenge_answers.all())


@pytest.mark.req("ACC-2")
def test_operations_keeps_the_list_and_changes_no_question_that_was_asked(operator, manager, signed_in):
    question = ChallengeQuestion.objects.first()
    client = signed_in(operator)
    assert client.post(f"{QUESTIONS}add/", {"text": "Which tree did you climb?", "is_offered": "on"}).status_code == 302
    assert client.post(f"{QUESTIONS}{question.pk}/change/", {"text": "Something else?"}).status_code == 302
    changed = ChallengeQuestion.objects.get(pk=question.pk)
    assert (changed.text, changed.is_offered) == (question.text, False)
    assert signed_in(manager).get(QUESTIONS).status_code == 403
