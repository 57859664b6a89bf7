"""Who asks for a delivery of the log, who sees it, and what a request must be (AUD-13)."""

import json
import re
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.files.uploadedfile import SimpleUploadedFile

from audit import context, deliveries, delivery_views, verifier
from audit.deliveries import DeliveryRefused
from audit.events import Kind
from audit.models import Delivery
from tests.audit.deliveries.conftest import IDENTITY, START, decrypted, fields, made, queries, stored
from tests.audit.walking import whole
from tests.factories.certificates import Identity, make_identity

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("AUD-13")]


@pytest.mark.parametrize("who", ["officer", "support", "supervisor", "manager", "quality", "superuser"])
def test_nobody_else_asks_or_sees(who, request, auditor, ask, signed_in, events):
    delivery = made(ask(auditor))
    browser = signed_in(request.getfixturevalue(who))
    for path in ("", "new/", f"{delivery.pk}/", f"{delivery.pk}/file.zip"):
        assert browser.get(f"{START}{path}").status_code == 403
    assert browser.post(f"{START}new/", fields()).status_code == 403
    assert Delivery.objects.count() == 1
    assert len(events(Kind.ACCESS_REFUSED)) >= 5
    with pytest.raises(DeliveryRefused, match="Only the agency"):
        ask(request.getfixturevalue(who))
    assert events(Kind.DELIVERY_REFUSED)


def test_another_entitled_person_does_not_find_it(auditor, appointer, ask, signed_in, events):
    delivery = made(ask(auditor))
    browser = signed_in(appointer)
    assert str(delivery.pk) not in browser.get(START).content.decode()
    for path in ("", "file.zip"):
        assert browser.get(f"{START}{delivery.pk}/{path}").status_code == 404
    assert browser.post(f"{START}{delivery.pk}/", {"act": "receive", "digest": delivery.digest}).status_code == 404
    with context.acting(context.actor_of(appointer)):
        with pytest.raises(DeliveryRefused, match="alone"):
            deliveries.download(delivery=delivery, user=appointer, now=datetime.now(UTC))
        with pytest.raises(DeliveryRefused, match="alone"):
            deliveries.receive(delivery=delivery, digest=delivery.digest, user=appointer, now=datetime.now(UTC))
        with pytest.raises(DeliveryRefused, match="not yours"):
            deliveries.restart(delivery=delivery, user=appointer, now=datetime.now(UTC))
    assert len(events(Kind.DELIVERY_REFUSED)) == 3


def test_operations_see_the_state_and_start_a_failed_job_again_and_read_nothing(auditor, operator, ask, signed_in, events):
    delivery = ask(auditor, aor="NYC", of_user="jdoe")
    Delivery.objects.update(state="failed", attempts=3)
    browser, page = signed_in(operator), f"{START}{delivery.pk}/"
    for path in (START, page):
        shown = browser.get(path).content.decode()
        assert "Failed" in shown
        assert "left" in shown
        for secret in ("jdoe", "auditor", "NYC", "/file.zip"):
            assert secret not in shown
    assert browser.get(f"{page}file.zip").status_code == 403
    assert browser.get(f"{START}new/").status_code == 403
    assert browser.post(page, {"act": "restart"}).status_code == 302
    assert browser.post(page, {"act": "restart"}).status_code == 400
    assert browser.post(page, {"act": "open"}).status_code == 404
    assert [one["actor"] for one in events(Kind.DELIVERY_RESTARTED)] == ["operator"]
    delivery = made(delivery)
    assert delivery.state == "ready"
    assert browser.post(page, {"act": "receive", "digest": delivery.digest}).status_code == 400
    assert [one["details"]["why"] for one in events(Kind.DELIVERY_REFUSED)] == [
        "Only a delivery that failed is started again.", "A delivery opens for the person who asked for it alone."]


@pytest.mark.parametrize(("sent", "said"), [
    (lambda: b"hello", "not an X.509 certificate"),
    (lambda: b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not an X.509 certificate"),
    (lambda: IDENTITY.certificate + IDENTITY.key, "private key"),
    (lambda: make_identity(bits=1024).certificate, "at least 2048 bits"),
    (lambda: make_identity(key=ec.generate_private_key(ec.SECP256R1())).certificate, "RSA key"),
    (lambda: make_identity(days=-1).certificate, "not valid today"),
    (lambda: make_identity(encrypts=False).certificate, "not meant for encryption"),
    (lambda: b"x" * 70_000, "too large"),
])
def test_what_is_no_fit_certificate_is_said_at_its_field(sent, said, auditor, signed_in, events):
    answer = signed_in(auditor).post(f"{START}new/", fields(user="kept", certificate=SimpleUploadedFile("me.pem", sent())))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert "kept" in answer.content.decode()
    assert not Delivery.objects.exists()
    assert len(events(Kind.DELIVERY_REFUSED)) == 1


def test_a_certificate_for_encryption_and_in_der_is_taken(auditor, ask, tmp_path):
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    own = make_identity(encrypts=True)
    der = x509.load_pem_x509_certificate(own.certificate).public_bytes(serialization.Encoding.DER)
    queries()
    data = stored(made(ask(auditor, Identity(own.key, der), of_user="jdoe")))
    assert verifier.check_bundle(decrypted(data, tmp_path, own.key)).count == 1


@pytest.mark.parametrize(("changed", "said"), [
    ({"since": "soon"}, "Enter a valid date"), ({"since": "2030-01-01", "until": "2030-01-02"}, "before now"),
    ({"since": "2026-01-02", "until": "2025-01-01"}, "before it ends"), ({"aor": "MARS"}, "Select a valid choice"),
    ({"certificate": ""}, "This field is required")])
def test_a_form_filled_in_wrongly_says_so_and_keeps_what_was_typed(changed, said, auditor, signed_in, events):
    answer = signed_in(auditor).post(f"{START}new/", fields(user="kept") | changed)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert 'value="kept"' in answer.content.decode()
    assert "kept" not in json.dumps(events(Kind.DELIVERY_REFUSED), default=str)
    assert len(events(Kind.DELIVERY_REFUSED)) == 1


def test_every_delivery_is_found_page_by_page(auditor, ask, signed_in, monkeypatch):
    monkeypatch.setattr(delivery_views, "LISTED", 2)
    asked = []
    for _ in range(5):
        asked.insert(0, str(ask(auditor).pk))
        Delivery.objects.update(state=Delivery.State.FAILED)
    assert whole(signed_in(auditor), START, re.compile(rf"{START}([0-9a-f-]{{36}})/").findall) == asked
