"""The photos of reads: for the one who was shown the read, in that session, never cached, on record in full (RES-1, RES-7)."""

import io
import re
import shutil
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from PIL import Image

from lpr import read_tokens
from lpr.formats.native_read import SentPhoto
from tests.factories.lpr import jpeg

NEW = "/queries/new/"
WHOLE = {"plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "30d", "for_whom": "self",
         "case_reference": "Subject name John Doe, case number 12345678"}


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


def photo_addresses(client):
    page = client.get(client.post(NEW, WHOLE)["Location"]).content.decode()
    return re.findall(r'href="(/reads/[^"]+/photos/\d/)"', page)


@pytest.mark.req("RES-1", "RES-7", "AUD-1")
def test_plate_and_vehicle_open_in_full_and_each_opening_is_on_record(browser, load_read, events):
    record_id = load_read()
    plate, vehicle = photo_addresses(browser)
    for number, (address, kind) in enumerate([(plate, "plate"), (vehicle, "vehicle")], 1):
        answer = browser.get(address)
        assert answer.status_code == 200
        assert answer["Content-Type"] == "image/jpeg"
        assert "no-store" in answer["Cache-Control"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Disposition"] == "inline"
        assert Image.open(io.BytesIO(answer.content)).size == Image.open(io.BytesIO(jpeg(kind))).size
        opened = events("photo.viewed")[-1]
        assert opened["query"] == events("query.attempted")[0]["id"]
        assert opened["details"] == {"read": str(record_id), "number": number}
    assert "XYZ" not in plate + vehicle


@pytest.mark.req("RES-1", "AUD-6")
def test_a_thumbnail_is_small_and_belongs_to_the_look_that_showed_it(browser, load_read, events):
    load_read(photos=(SentPhoto("plate", content=jpeg("plate", size=(1200, 400))),
                      SentPhoto("vehicle", content=jpeg("vehicle", size=(1920, 1080)))))
    for address in photo_addresses(browser):
        answer = browser.get(f"{address}?size=thumb")
        size = Image.open(io.BytesIO(answer.content)).size
        assert size[0] <= 480
        assert size[1] <= 360
        assert "no-store" in answer["Cache-Control"]
    assert events("photo.viewed") == []


@pytest.mark.req("RES-7", "QRY-8")
def test_a_foreign_or_forged_token_is_not_found_and_the_try_is_on_record(
        browser, load_read, officer2, signed_in, events):
    load_read()
    address = photo_addresses(browser)[0]
    stranger = signed_in(officer2)
    assert stranger.get(address).status_code == 404
    assert stranger.get(f"{address}?size=thumb").status_code == 404
    token = address.split("/")[2]
    for forged in (token[:-1], token.replace(token[:4], "AAAA", 1), "x", "::"):
        assert browser.get(f"/reads/{forged}/photos/1/").status_code == 404
    assert browser.get(f"/reads/{token}/photos/3/").status_code == 404
    assert browser.get(f"/reads/{token}/photos/0/").status_code == 404
    assert len(events("access.refused")) == 8
    assert events("photo.viewed") == []


@pytest.mark.req("RES-7", "ACC-1")
def test_a_token_ends_with_its_session(browser, load_read, officer, signed_in):
    load_read()
    address = photo_addresses(browser)[0]
    assert signed_in(officer).get(address).status_code == 404
    browser.post("/accounts/logout/")
    assert browser.get(address).status_code == 302


def test_a_token_lasts_no_longer_than_a_session_may(officer, settings):
    with time_machine.travel(datetime(2026, 11, 21, 8, tzinfo=UTC), tick=False) as clock:
        ids = {"record_id": uuid.uuid4(), "hit": uuid.uuid4()}
        token = read_tokens.make(user_id=officer.pk, session_key="k", **ids)
        assert read_tokens.opened(token, user_id=officer.pk, session_key="k") == read_tokens.Shown(**ids)
        clock.shift(timedelta(hours=12, seconds=1))
        with pytest.raises(read_tokens.TokenNotValid):
            read_tokens.opened(token, user_id=officer.pk, session_key="k")


def test_a_token_needs_a_session_and_what_showed_the_read(officer):
    with pytest.raises(ValueError, match="by a query or by a hit"):
        read_tokens.make(user_id=officer.pk, session_key="k", record_id=uuid.uuid4())
    token = read_tokens.make(user_id=officer.pk, session_key=None, record_id=uuid.uuid4(), query=uuid.uuid4())
    with pytest.raises(read_tokens.TokenNotValid):
        read_tokens.opened(token, user_id=officer.pk, session_key=None)


@pytest.mark.req("RES-7")
def test_a_photo_that_is_gone_is_not_found(browser, load_read, settings):
    load_read()
    addresses = photo_addresses(browser)
    shutil.rmtree(settings.MEDIA_ROOT)
    assert browser.get(addresses[0]).status_code == 404
