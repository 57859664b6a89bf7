"""What a password may be, and how it is kept."""

import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from config.settings import base


@pytest.fixture
def production_hashers(settings):
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS


@pytest.mark.req("ACC-1")
def test_a_password_is_kept_as_argon2id_with_46_mib(production_hashers):
    kept = make_password("correct horse battery staple")
    assert kept.startswith("argon2$argon2id$v=19$m=47104,t=1,p=1$")
    assert check_password("correct horse battery staple", kept)
    assert not identify_hasher(kept).must_update(kept)


@pytest.mark.req("ACC-1")
def test_both_compositions_of_a_character_are_one_password(production_hashers):
    user = User(username="x")
    user.set_password("Cafe\u0301 du Monde 2026")
    assert user.check_password("Caf\u00e9 du Monde 2026")
    assert not user.check_password("Cafe du Monde 2026")
    assert not user.check_password("Caf\u00e9 du Monde 2026 ")


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("password", [
    "a" * 15, "abcabcabcabcabc", "passwordpassword", "x" * 14, "officer.ero and more", "Officer.ERO and more", "9" * 129,
])
def test_what_may_not_be_a_password(password):
    with pytest.raises(ValidationError):
        validate_password(password, User(username="officer.ero", full_name="Erin Roth"))


@pytest.mark.req("ACC-1")
@pytest.mark.parametrize("password", [
    "correct horse battery staple", "fifteen letters", "kde 8fh 2kfhdu ", "".join(chr(33 + n % 90) for n in range(128)),
])
def test_what_may_be_a_password(password):
    validate_password(password, User(username="officer.ero", full_name="Erin Roth"))


def test_a_very_long_password_is_cut_before_it_is_folded(production_hashers):
    user = User(username="x")
    user.set_password("right password here")
    assert not user.check_password("e\u0301" * 10_000_000)
