"""Audit-log requests: a clock, a file that only the requester can read and anyone can check, a receipt (AUD-13)."""

import hashlib
import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError

from audit import alarms, bundles, context, deliveries, envelopes, letters, seals, signing, tasks, verifier
from audit.deliveries import DeliveryRefused
from audit.events import Kind
from audit.models import Delivery
from audit.record import record_durably
from tests.factories.certificates import Identity, certificate_file, make_identity

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("AUD-13")]
START = "/audit/deliveries/"
OFFICER = context.Actor(id=7, name="jdoe", aor="NYC", component="ERO", role="officer")
OTHER = context.Actor(id=8, name="rroe", aor="CHI", component="ERO", role="officer")
IDENTITY = make_identity()


@pytest.fixture(autouse=True)
def _sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sealer comes while the job waits for it."""
    waits = bundles.wait_for_seal

    def sealed(event, seconds):
        list(seals.seal_all(now=datetime.now(UTC)))
        waits(event, seconds)

    monkeypatch.setattr(bundles, "wait_for_seal", sealed)


def queries(count: int = 1, actor: context.Actor = OFFICER, plate: str = "MARK123") -> None:
    for _ in range(count):
        record_durably(Kind.QUERY_ATTEMPTED, actor=actor, plate=plate, state="OH", reason="CRIM", case_reference="Fall Müller 7")


def fields(**changed):
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return {"since": day, "until": day, "certificate": certificate_file(IDENTITY)} | changed


@pytest.fixture
def ask() -> Callable[..., Delivery]:
    def asked(user, identity: Identity = IDENTITY, **wanted) -> Delivery:
        now = datetime.now(UTC)
        with context.acting(context.actor_of(user)):
            return deliveries.ask(user=user, now=now, certificate=identity.certificate, **{
                "aor": "", "of_user": "", "since": now - timedelta(days=1), "until": now + timedelta(days=1)} | wanted)

    return asked


def made(delivery: Delivery) -> Delivery:
    deliveries.make(delivery=delivery.pk, now=datetime.now(UTC))
    delivery.refresh_from_db()
    return delivery


def stored(delivery: Delivery) -> bytes:
    with default_storage.open(delivery.path) as file:
        return file.read()


def decrypted(data: bytes, folder: Path, key: bytes = IDENTITY.key) -> list[bytes]:
    """As the receiver does it: unpack, and openssl for each part."""
    (folder / "key.pem").write_bytes(key)
    whole = b""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for name in sorted(one for one in parts.namelist() if one.endswith(".p7m")):
            (folder / "part").write_bytes(parts.read(name))
            whole += subprocess.run(
                ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", folder / "part", "-inkey", folder / "key.pem"],
                check=True, capture_output=True).stdout
    return whole.splitlines(keepends=True)


def payloads(lines: list[bytes]) -> list[dict]:
    return [json.loads(json.loads(line)["payload"]) for line in lines[2:-1]]


def test_request_delivery_and_receipt_go_from_page_to_page_and_are_on_record(auditor, signed_in, events, tmp_path):
    queries(3)
    browser = signed_in(auditor)
    assert START in browser.get("/coverage/").content.decode()
    asked = browser.post(f"{START}new/", fields(aor="", user="JDoe"))
    assert asked.status_code == 302
    page = asked["Location"]
    assert "23 h 59 min left" in browser.get(page).content.decode()
    tasks.make_delivery(page.split("/")[-2])
    shown = browser.get(page).content.decode()
    assert "Delivered in time" in shown
    answer = browser.get(f"{page}file.zip")
    data = b"".join(answer.streaming_content)
    checksum = hashlib.sha256(data).hexdigest()
    assert checksum in shown
    lines = decrypted(data, tmp_path)
    report = verifier.check_bundle(lines, [key.text for key in signing.trusted_keys()])
    assert report.count == 3
    assert report.search["details"]["criteria"]["user"] == "JDoe"
    assert {said["plate"] for said in payloads(lines)} == {"MARK123"}
    assert browser.post(page, {"act": "receive", "digest": checksum.upper()}).status_code == 302
    assert "Received" in browser.get(START).content.decode()
    [request], [opened], [done] = events(Kind.DELIVERY_ASKED), events(Kind.DELIVERY_MADE), events(Kind.DELIVERY_READY)
    assert {one["actor"] for one in (request, opened, done)} == {"auditor"}
    assert opened["details"]["count"] == 3
    assert done["details"]["digest"] == checksum
    assert len(events(Kind.DELIVERY_READ)) == 2
    assert events(Kind.DELIVERY_DOWNLOADED)[0]["details"]["digest"] == checksum
    assert events(Kind.DELIVERY_RECEIVED)[0]["details"]["digest"] == checksum
    assert events(Kind.DELIVERY_VIEWED)


def test_the_appointer_gets_a_delivery_too(appointer, ask, tmp_path):
    queries()
    lines = decrypted(stored(made(ask(appointer, of_user="jdoe"))), tmp_path)
    assert verifier.check_bundle(lines).count == 1


def test_only_what_was_asked_for_is_in_it(auditor, ask, tmp_path):
    queries(2)
    queries(3, OTHER)
    late = datetime.now(UTC)
    for wanted, count in (({"aor": "CHI"}, 3), ({"of_user": "jdoe"}, 2), ({"aor": "CHI", "of_user": "jdoe"}, 0),
                          ({"of_user": "jdoe", "until": late - timedelta(hours=1)}, 0)):
        delivery = made(ask(auditor, **wanted))
        assert verifier.check_bundle(decrypted(stored(delivery), tmp_path)).count == count, wanted


def test_what_comes_in_many_pages_and_parts_is_whole(auditor, ask, tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "STEP", 4)
    monkeypatch.setattr(envelopes, "PART_BYTES", 5000)
    queries(23)
    data = stored(made(ask(auditor, of_user="jdoe")))
    assert len(zipfile.ZipFile(io.BytesIO(data)).namelist()) > 3
    lines = decrypted(data, tmp_path)
    assert verifier.check_bundle(lines).count == 23
    with pytest.raises(verifier.NotProven):
        verifier.check_bundle(lines[:5] + lines[6:])


def test_what_is_stored_opens_to_the_requesters_key_alone(auditor, ask, tmp_path, settings):
    queries()
    data = stored(made(ask(auditor)))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert [parts.read(name) for name in parts.namelist() if b"MARK123" in parts.read(name)] == []
    for spoken in (b"MARK123", b"jdoe"):
        assert spoken not in data
        assert not [file for file in Path(settings.MEDIA_ROOT).rglob("*") if file.is_file() and spoken in file.read_bytes()]
    with pytest.raises(subprocess.CalledProcessError):
        decrypted(data, tmp_path, make_identity().key)


def test_the_row_names_nobody_whose_events_were_asked_for(auditor, ask):
    ask(auditor, of_user="jdoe")
    assert "jdoe" not in json.dumps(Delivery.objects.values().get(), default=str)


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


def test_one_delivery_at_a_time_is_made_for_a_person(auditor, appointer, ask, signed_in):
    first = ask(auditor)
    answer = signed_in(auditor).post(f"{START}new/", fields())
    assert answer.status_code == 400
    assert "still being made" in answer.content.decode()
    ask(appointer)
    made(first)
    assert signed_in(auditor).post(f"{START}new/", fields()).status_code == 302


def test_a_wrong_early_or_second_receipt_is_refused_on_record(auditor, ask, signed_in, events):
    delivery = ask(auditor)
    browser, page = signed_in(auditor), f"{START}{delivery.pk}/"
    assert browser.get(f"{page}file.zip").status_code == 302
    tries = [("0" * 64, "Nothing was delivered"), ("xyz", "64 digits"), ("", "required")]
    for digest, said in tries:
        assert said in browser.post(page, {"act": "receive", "digest": digest}).content.decode()
    delivery = made(delivery)
    assert "not the checksum" in browser.post(page, {"act": "receive", "digest": "0" * 64}).content.decode()
    delivery.refresh_from_db()
    assert delivery.received_at is None
    assert browser.post(page, {"act": "receive", "digest": delivery.digest}).status_code == 302
    assert browser.post(page, {"act": "receive", "digest": delivery.digest}).status_code == 400
    assert len(events(Kind.DELIVERY_RECEIVED)) == 1
    assert len(events(Kind.DELIVERY_REFUSED)) == 6


def test_the_clock_says_in_color_and_word_how_far_it_is(auditor, ask, settings):
    settings.AUDIT_DELIVERY_HOURS = 10
    delivery = ask(auditor)

    def said(hours: float) -> tuple[str, str]:
        clock = deliveries.clock(delivery, now=delivery.asked_at + timedelta(hours=hours))
        return clock.tone, clock.word

    assert [said(1), said(6), said(11)] == [
        ("idle", "9 h 0 min left"), ("warn", "4 h 0 min left"), ("bad", "Overdue by 1 h 0 min")]
    delivery.made_at = delivery.asked_at + timedelta(hours=10, minutes=30)
    assert said(20) == ("bad", "Delivered 30 min late")


def test_a_file_ends_after_its_life_and_the_record_of_it_stays(auditor, ask, signed_in, events):
    delivery = made(ask(auditor))
    end = delivery.expires_at
    assert end - delivery.made_at == timedelta(days=14)
    assert deliveries.erase_ended(now=end - timedelta(seconds=1)) == 0
    assert deliveries.erase_ended(now=end) == 1
    assert not default_storage.exists(delivery.path)
    assert signed_in(auditor).get(f"{START}{delivery.pk}/file.zip").status_code == 302
    assert "File erased" in signed_in(auditor).get(START).content.decode()
    assert len(events(Kind.DELIVERY_ERASED)) == 1
    assert events(Kind.DELIVERY_DOWNLOADED) == []


def test_what_a_worker_left_is_taken_up_and_given_up_after_three_attempts(auditor, ask, events, monkeypatch):
    delivery, now = ask(auditor), datetime.now(UTC)
    assert deliveries.resume(now=now) == 0

    def late(event, seconds):
        raise bundles.NotYetSealed

    with monkeypatch.context() as patched:
        patched.setattr(bundles, "wait_for_seal", late)
        for attempt in (1, 2, 3):
            assert deliveries.resume(now=now + timedelta(minutes=3 * attempt)) == 1
        assert deliveries.resume(now=now + timedelta(minutes=12)) == 0
    delivery.refresh_from_db()
    assert (delivery.state, delivery.digest) == ("failed", "")
    assert [one["details"]["why"] for one in events(Kind.DELIVERY_FAILED)] == ["attempts"]
    with context.acting(context.actor_of(auditor)):
        deliveries.restart(delivery=delivery, user=auditor, now=now)
    tasks.keep_deliveries()
    assert made(delivery).state == "ready"
    deliveries.make(delivery=delivery.pk, now=now)
    assert len(events(Kind.DELIVERY_READY)) == 1


def test_a_log_that_is_not_the_same_at_the_second_reading_is_not_delivered(auditor, ask, monkeypatch, events):
    queries(3)
    found = deliveries._found
    monkeypatch.setattr(deliveries, "_found", lambda job, *, is_writing=False: (
        event for number, event in enumerate(found(job, is_writing=is_writing)) if not (is_writing and number == 1)))
    delivery = made(ask(auditor, of_user="jdoe"))
    assert (delivery.state, delivery.digest) == ("running", "")
    assert not default_storage.exists(delivery.path)
    assert events(Kind.DELIVERY_READY) == []


def test_nothing_is_made_for_who_is_no_longer_entitled(auditor, ask, events):
    delivery = ask(auditor)
    auditor.is_active = False
    auditor.save()
    assert made(delivery).state == "failed"
    assert events(Kind.DELIVERY_FAILED)[0]["details"]["why"] == "account"
    assert events(Kind.DELIVERY_READ) == []


@pytest.mark.parametrize("case", ["other person", "other role", "no request", "other kind"])
def test_the_database_opens_no_delivery_but_to_a_look_of_its_requester(case, auditor, ask):
    delivery = ask(auditor)
    actor = {"other person": context.Actor(id=auditor.pk + 1, name="x", role="opr_auditor"),
             "other role": context.Actor(id=auditor.pk, name="auditor", role="operations")}.get(
                 case, context.actor_of(auditor))
    look = record_durably(Kind.DELIVERY_VIEWED if case == "other kind" else Kind.DELIVERY_READ, actor=actor,
                          search=uuid4() if case == "no request" else delivery.asked).id
    with pytest.raises(DatabaseError, match="opens no delivery"):
        bundles.rows("SELECT at, id, xact, kind, nonce, payload FROM audit.delivery_page(%s::uuid, NULL, NULL, 10)", [look])


def test_operations_are_reminded_an_overdue_delivery_alarms_and_its_requester_hears_that_it_is_ready(
        auditor, operator, appointer, officer, ask, events):
    queries()
    delivery = ask(auditor, of_user="jdoe")

    def mailed(hours: float) -> list[tuple[str, str]]:
        mail.outbox.clear()
        deliveries.watch(now=delivery.asked_at + timedelta(hours=hours))
        letters.send_waiting(now=datetime.now(UTC))
        return sorted((message.to[0], message.subject) for message in mail.outbox)

    reminder = [("operator@agency.example", "PlateLedger: a delivery of the audit log waits")]
    assert [mailed(hours) for hours in (11, 12, 13, 18, 23)] == [[], reminder, [], reminder, []]
    alarmed = mailed(24.1)
    assert {address for address, _ in alarmed} == {"operator@agency.example", "appointer@agency.example"}
    assert all("ALARM: a delivery of the audit log is overdue" in subject for _, subject in alarmed)
    text = mail.outbox[0].body
    assert str(delivery) in text
    assert "auditor" not in text
    assert "jdoe" not in text
    assert mailed(24.1) == []
    assert len(mailed(25.2)) == 2
    assert [event["details"]["about"] for event in events(Kind.ALARM_RAISED)] == [alarms.DELIVERY_OVERDUE] * 2
    made(delivery)
    assert mailed(27) == [("auditor@agency.example", "PlateLedger: your delivery of the audit log is ready")]
    assert "/audit/deliveries/" in mail.outbox[0].body
    assert "MARK123" not in mail.outbox[0].body
    assert mailed(30) == []


def test_operations_hear_of_a_delivery_that_was_given_up(auditor, operator, ask):
    delivery = ask(auditor)
    Delivery.objects.update(state="running", attempts=3, stirred_at=delivery.asked_at)
    tasks.keep_deliveries()
    assert Delivery.objects.get().state == "running"
    deliveries.resume(now=delivery.asked_at + timedelta(minutes=3))
    assert Delivery.objects.get().state == "failed"
    letters.send_waiting(now=datetime.now(UTC))
    assert [message.to for message in mail.outbox] == [["operator@agency.example"]]
