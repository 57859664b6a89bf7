"""A delivery from request to receipt: a file that only the requester can read and anyone can check (AUD-13)."""

import hashlib
import io
import json
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit import bundles, deliveries, envelopes, signing, tasks, verifier
from audit.events import Kind
from audit.models import Delivery
from audit.record import record_durably
from tests.audit.deliveries.conftest import (
    OFFICER,
    OTHER,
    START,
    decrypted,
    fields,
    made,
    payloads,
    queries,
    stored,
)
from tests.factories.certificates import make_identity

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.req("AUD-13")]


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


@pytest.mark.req("AUD-3")
def test_the_delivery_of_an_area_holds_what_others_did_in_the_name_of_its_people(auditor, officer_chi, ask, tmp_path):
    queries(2)
    queries(1, OTHER)
    named = record_durably(Kind.QUERY_ATTEMPTED, actor=OFFICER, plate="MARK123", state="OH", reason="CRIM",
                           on_behalf_of="officer_chi").id
    for wanted, count in (({"aor": "CHI"}, 2), ({"aor": "CHI", "of_user": "jdoe"}, 1), ({"aor": "NYC", "of_user": "rroe"}, 0)):
        lines = decrypted(stored(made(ask(auditor, **wanted))), tmp_path)
        assert verifier.check_bundle(lines).count == count, wanted
        assert (str(named).encode() in b"".join(lines)) == (count > 0)


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
