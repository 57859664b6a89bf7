"""Registration keys: random, kept as a digest, good once and for a week (ACC-4)."""

import json
import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from accounts import access_requests, keys
from accounts.models import RegistrationKey
from config.logging import JsonFormatter
from tests.accounts.applicants import filed, key_address, posted

CLOSED = "This address does not open registration"


@pytest.fixture
def path(manager, aor_nyc, now) -> str:
    access_requests.approve(request=filed(aor_nyc, now), by=manager, now=now)
    return key_address(mail.outbox)


@pytest.mark.req("ACC-4")
def test_used_expired_revoked_foreign_and_altered_keys_get_one_and_the_same_page_and_are_on_record(path, manager, events, now):
    key = RegistrationKey.objects.get()
    pages = []

    def look(address, why):
        for answer in (Client().get(address), posted(address)):
            assert answer.status_code == 404
            assert CLOSED in answer.content.decode()
            pages.append(answer.content)
            details = events("key.refused")[-1]["details"]
            assert (details["why"], details.get("ground", "")) == (why, "" if why == "unknown" else str(key.ground))

    look(path[:-2] + ("B/" if path[-2] != "B" else "C/"), "unknown")
    look("/accounts/register/sample/", "unknown")
    look(f"/accounts/register/{key.digest}/", "unknown")
    RegistrationKey.objects.update(expires_at=now - timedelta(seconds=1))
    look(path, "expired")
    RegistrationKey.objects.update(expires_at=key.expires_at, revoked_at=now)
    look(path, "revoked")
    RegistrationKey.objects.update(revoked_at=None)
    assert posted(path).status_code == 302
    look(path, "used")
    assert len(set(pages)) == 1


@pytest.mark.req("ACC-4")
def test_no_log_holds_a_key(path, caplog):
    caplog.set_level("DEBUG")
    assert posted(path, answer_1="").status_code == 400
    assert posted(path).status_code == 302
    assert Client().get(path).status_code == 404
    assert path.split("/")[3] not in caplog.text


@pytest.mark.req("ACC-4")
def test_the_operators_log_leaves_a_key_out_of_an_address():
    said = {"msg": "Forbidden (%s): %s", "args": ("CSRF", "/accounts/register/abc-DEF_1/")}
    line = JsonFormatter().format(logging.makeLogRecord(said))
    assert json.loads(line)["message"] == "Forbidden (CSRF): /accounts/register/.../"


@pytest.mark.req("ACC-4")
def test_a_key_ends_after_seven_days(path, now):
    key = RegistrationKey.objects.get()
    assert RegistrationKey.objects.open(now + timedelta(days=7) - timedelta(seconds=1)).get() == key
    assert not RegistrationKey.objects.open(now + timedelta(days=7)).exists()
    assert key.state(now + timedelta(days=7)) == "expired"
    assert keys.make(key, now=now + timedelta(days=8)) == ""


@pytest.mark.req("ACC-4")
def test_one_key_stands_for_a_request_whoever_sends_it_again(path, manager, now):
    request = RegistrationKey.objects.get().request
    for _ in range(3):
        access_requests.send_key_again(request=request, by=manager, now=now)
    assert RegistrationKey.objects.standing().count() == 1
    assert RegistrationKey.objects.count() == 4
    with transaction.atomic():
        keys.revoke(ground=request, now=now)
    with pytest.raises(keys.NoKeyToRevoke):
        keys.revoke(ground=request, now=now)


@pytest.mark.req("ACC-4")
def test_nothing_is_mailed_for_a_step_that_was_rolled_back(manager, aor_nyc, now):
    request = filed(aor_nyc, now)
    with transaction.atomic():
        keys.issue(ground=request, by=manager, now=now)
        transaction.set_rollback(True)
    assert mail.outbox == []
    assert not RegistrationKey.objects.exists()
