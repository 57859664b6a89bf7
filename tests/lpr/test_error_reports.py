"""A wrong read from its report to its resolution, and who hears of it (RES-4, BEY-7)."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection

from accounts.roles import Role
from alerts.models import Hit, Notification
from audit.events import Kind
from audit.record import record_durably
from config import databases
from lpr import correction_mail, error_reports, photos
from lpr.models import CorrectionNotice, ErrorReport, ReportStatus
from tests.lpr.stored_reads import store_read
from tests.lpr.test_query_pages import ask, shown

NOTE = "The photo shows an O, not a zero"
QUEUE = "/admin/lpr/errorreport/"


@pytest.fixture
def browser(officer, signed_in):
    return signed_in(officer)


@pytest.fixture
def desk(quality, signed_in):
    return signed_in(quality)


def error_page(browser, address):
    return re.search(r"/reads/[^/\"]+/error/", shown(browser, address))[0]


def reported(browser, **changes):
    """Ask, and report the one read that is found."""
    page = error_page(browser, ask(browser, **changes))
    answer = browser.post(page, {"kind": "plate", "note": NOTE})
    assert answer.status_code == 200, answer.content.decode()
    return ErrorReport.objects.latest("reported_at")


def resolve(desk, report, resolution, **changes):
    return desk.post(f"{QUEUE}{report.pk}/change/", {
        "resolution": resolution, "note": "Looked at both photos", "plate": "XYZ1234", "state": "OH", "make": "Ford",
        "model": "F-150"} | changes)


def outcome(desk, report, resolution, **changes):
    answer = resolve(desk, report, resolution, **changes)
    assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.content.decode(), re.S)
    report.refresh_from_db()


@pytest.mark.req("RES-4")
def test_a_read_is_reported_from_its_result_and_is_on_record_without_case_text(browser, events, load_read):
    record = load_read()
    address = ask(browser)
    page = browser.get(error_page(browser, address)).content.decode()
    for text in ("XYZ1234", "Ford", "Photo of the plate", "Photo of the vehicle"):
        assert text in page
    report = reported(browser)
    assert (report.record_id, report.kind, report.note, report.status, report.source.name) == (
        record, "plate", NOTE, "open", "test-toll")
    [event] = events("read.reported")
    assert (event["actor"], event["plate"], event["state"], event["details"]["read"]) == ("officer", "XYZ1234", "OH", str(record))
    assert "12345678" not in str(event)
    assert event["id"] == str(report.reported)


@pytest.mark.req("RES-4")
@pytest.mark.parametrize(("sent", "said"), [
    ({}, "Say what is wrong"), ({"kind": "plate", "note": "   "}, "Say in a few words"),
    ({"kind": "nonsense", "note": "x"}, "kind"),
    ({"kind": "plate", "note": "\x00"}, "note"), ({"kind": "plate", "note": "x" * 501}, "note")])
def test_a_report_without_kind_or_note_is_refused_on_record(browser, events, sent, said):
    store_read()
    answer = browser.post(error_page(browser, ask(browser)), sent)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ErrorReport.objects.exists()
    assert events("read.report_refused")


@pytest.mark.req("RES-4")
def test_the_same_read_is_reported_once_by_one_person_while_it_is_looked_at(browser, load_read):
    load_read()
    reported(browser)
    answer = browser.post(error_page(browser, ask(browser)), {"kind": "state", "note": NOTE})
    assert answer.status_code == 400
    assert "reported this read already" in answer.content.decode()


@pytest.mark.req("RES-4", "RES-7")
def test_the_address_of_a_report_is_worth_nothing_to_anybody_else(browser, officer2, manager, signed_in, load_read):
    load_read()
    page = error_page(browser, ask(browser))
    assert signed_in(officer2).get(page).status_code == 404
    assert signed_in(manager).get(page).status_code == 403
    assert browser.get("/reads/made-up/error/").status_code == 404


@pytest.mark.req("RES-4", "ACC-10")
def test_data_quality_sees_read_note_and_photos_and_neither_officer_nor_case(browser, desk, events, load_read):
    load_read()
    report = reported(browser)
    queue = desk.get(QUEUE).content.decode()
    page = desk.get(f"{QUEUE}{report.pk}/change/")
    assert "test-toll" in queue
    assert "no-store" in page["Cache-Control"]
    text = page.content.decode()
    assert "XYZ1234" in text
    assert NOTE in text
    for secret in ("officer", "Officer", "John Doe", "12345678", "NYC"):
        assert secret not in queue
        assert secret not in text
    [viewed] = events("read.report_viewed", actor="quality")
    assert viewed["details"]["report"] == str(report.pk)
    for number in (1, 2):
        answer = desk.get(f"{QUEUE}{report.pk}/photos/{number}/?size=thumb")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert "no-store" in answer["Cache-Control"]
    assert [event["details"]["number"] for event in events("photo.viewed", actor="quality")] == [1, 2]
    assert desk.get(f"{QUEUE}{report.pk}/photos/3/").status_code == 404


@pytest.mark.req("RES-4", "ACC-10")
@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.AGENCY_MANAGER, Role.OPR_AUDITOR, Role.AGENCY_APPOINTER, None])
def test_no_other_role_and_no_superuser_opens_the_queue(browser, make_user, aor_nyc, signed_in, role, load_read):
    load_read()
    report = reported(browser)
    other = make_user("other", role=role, aor=aor_nyc) if role else make_user("other", is_superuser=True)
    client = signed_in(other)
    for address in (QUEUE, f"{QUEUE}{report.pk}/change/", f"{QUEUE}{report.pk}/photos/1/"):
        assert client.get(address).status_code == 403
    assert resolve(client, report, "withdrawn").status_code == 403


@pytest.mark.req("RES-4", "QRY-10")
def test_a_corrected_read_is_found_as_what_it_is_and_the_wrong_one_no_more(browser, desk, load_read, events):
    old = load_read()
    report = reported(browser)
    address = ask(browser)
    outcome(desk, report, "corrected", plate="xyz-I234")
    assert report.status == "corrected"
    assert "No reads are shown any more" in shown(browser, address)
    assert "No reads were found" in shown(browser, ask(browser))
    page = shown(browser, ask(browser, plate="XYZI234"))
    assert "1 read found" in page
    new = re.search(r'data-read-id="([0-9a-f-]{36})"', page)[1]
    assert new != str(old)
    assert default_storage.exists(photos.name(new, "plate"))
    assert default_storage.exists(photos.name(old, "plate"))
    [event] = events("read.resolved", actor="quality")
    assert event["details"]["corrected"] == {
        "plate": "XYZI234", "state": "OH", "make": "Ford", "model": "F-150", "record_id": new}


@pytest.mark.req("RES-4")
def test_a_correction_of_the_vehicle_alone_keeps_plate_and_time(browser, desk, load_read, watch):
    old = load_read()
    watch()
    report = reported(browser)
    outcome(desk, report, "corrected", make="Toyota", model="Camry")
    page = shown(browser, ask(browser))
    assert "1 read found" in page
    assert "Toyota, Camry" in page
    assert not Hit.objects.exclude(record_id=old).exists()


@pytest.mark.req("RES-4", "DAT-6", "BEY-7")
def test_time_and_place_are_corrected_and_who_watches_the_plate_is_told_but_not_alerted_again(
        browser, desk, officer2, load_read, watch, events):
    captured = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
    old = load_read(captured_at=captured)
    watch(owner=officer2)
    report = reported(browser)
    there = captured.astimezone(ZoneInfo("America/New_York")) - timedelta(hours=2)
    outcome(desk, report, "corrected", captured=f"{there:%Y-%m-%d %H:%M:%S}", latitude="40.100000", longitude="-83.100000")
    page = shown(browser, ask(browser))
    assert "1 read found" in page
    assert f"{there.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" in page
    assert 'data-lat="40.100000" data-lon="-83.100000"' in page
    assert str(old) not in page
    [event] = events("read.resolved", actor="quality")
    place = event["details"]["corrected"]["place"]
    assert (place["latitude_e6"], place["state"], place["zone"]) == (40_100_000, "OH", "America/New_York")
    assert not Hit.objects.exclude(record_id=old).exists()


@pytest.mark.req("RES-4", "DAT-2")
@pytest.mark.parametrize(("changes", "field"), [
    ({"captured": "2999-01-01 10:00:00"}, "captured"), ({"captured": "2001-01-01 10:00:00"}, "captured"),
    ({"captured": "yesterday"}, "captured"), ({"latitude": "91"}, "latitude"),
    # In the sea, and where the source has no authority.
    ({"latitude": "30.0", "longitude": "-60.0"}, "latitude"), ({"latitude": "30.27", "longitude": "-97.74"}, "latitude"),
])
def test_an_impossible_time_or_place_is_refused(browser, desk, load_read, changes, field):
    load_read()
    report = reported(browser)
    answer = resolve(desk, report, "corrected", **changes)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert "1 read found" in shown(browser, ask(browser))


@pytest.mark.req("RES-4", "ALR-5", "DAT-4")
def test_the_corrected_read_is_matched_with_the_alert_lists_once(browser, desk, load_read, watch, events):
    load_read()
    entry = watch(plate="XYZI234")
    report = reported(browser)
    outcome(desk, report, "corrected", plate="XYZI234")
    [hit] = Hit.objects.all()
    assert (hit.entry_id, hit.plate, hit.make) == (entry.pk, "XYZI234", "Ford")
    assert Notification.objects.filter(entry_id=entry.pk).count() == 1
    assert len(events("hit.made")) == 1
    assert resolve(desk, report, "corrected", plate="XYZI234", make="Kia").status_code == 400
    assert Hit.objects.count() == 1


@pytest.mark.req("RES-4")
def test_a_withdrawn_read_is_shown_no_more_and_resolves_every_report_of_it(browser, desk, officer2, signed_in, load_read):
    load_read()
    first, second = reported(browser), reported(signed_in(officer2))
    outcome(desk, first, "withdrawn")
    second.refresh_from_db()
    assert second.status == "withdrawn"
    assert "No reads were found" in shown(browser, ask(browser))
    assert resolve(desk, second, "rejected").status_code == 400


@pytest.mark.req("RES-4", "BEY-7")
def test_a_rejected_report_changes_nothing_and_tells_its_reporter_alone(browser, desk, officer, officer2, signed_in, load_read):
    load_read()
    ask(signed_in(officer2))
    outcome(desk, reported(browser), "rejected")
    assert "1 read found" in shown(browser, ask(browser))
    assert [notice.recipient for notice in CorrectionNotice.objects.all()] == [officer]
    assert "Looked at both photos" in shown(browser, "/reads/notices/")


@pytest.mark.req("RES-4")
@pytest.mark.parametrize(("sent", "said"), [
    ({"resolution": "corrected"}, "Nothing is corrected"), ({"resolution": "corrected", "plate": "!*"}, "plate"),
    ({"resolution": "open"}, "resolution"), ({"resolution": "withdrawn", "note": ""}, "Say why")])
def test_an_incomplete_resolution_is_refused_on_record(browser, desk, load_read, events, sent, said):
    load_read()
    report = reported(browser)
    answer = resolve(desk, report, **sent)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert events("read.resolution_refused", actor="quality")
    report.refresh_from_db()
    assert report.status == ReportStatus.OPEN


@pytest.mark.req("BEY-7")
def test_everyone_who_was_shown_or_alerted_on_the_wrong_value_is_told(
    browser, desk, officer, officer2, support, supervisor, auditor, officer_chi, signed_in, load_read, watch, events,
):
    watch(owner=support)
    load_read()
    address = ask(signed_in(officer2))
    shown(signed_in(auditor), address)
    ask(signed_in(officer_chi), state="NJ")
    ask(signed_in(supervisor), geo_state="MT")
    outcome(desk, reported(browser), "corrected", plate="XYZI234")
    told = {notice.recipient.username for notice in CorrectionNotice.objects.all()}
    assert told == {"officer", "officer2", "auditor", "support"}
    assert correction_mail.send_waiting(now=datetime.now(UTC)) == 4
    assert correction_mail.send_waiting(now=datetime.now(UTC)) == 0
    assert {message.to[0] for message in mail.outbox} == {f"{name}@agency.example" for name in told}
    assert all("XYZ" not in message.subject + message.body for message in mail.outbox)
    assert len(events("read.notice_sent")) == 4
    other = signed_in(officer2)
    assert "1 read that you were shown" in shown(other, "/")
    page = shown(other, "/reads/notices/")
    assert "XYZ1234" in page
    assert "XYZI234" not in page, "who asked about one plate is not told of another"
    assert events("read.notices_viewed", actor="officer2")
    assert "looked at again" not in shown(other, "/")
    assert "XYZ1234" not in shown(signed_in(officer_chi), "/reads/notices/")


@pytest.mark.req("RES-4")
def test_a_hit_is_reported_as_a_result_is(browser, desk, load_read, watch, events):
    watch()
    load_read()
    report = reported_hit(browser)
    assert events("read.reported")[0]["details"]["hit"]
    outcome(desk, report, "withdrawn")
    assert "No reads were found" in shown(browser, ask(browser))


def reported_hit(browser):
    answer = browser.post(error_page(browser, "/alerts/hits/"), {"kind": "photo", "note": NOTE})
    assert answer.status_code == 200
    return ErrorReport.objects.get()


@pytest.mark.req("RES-4")
def test_reports_are_counted_by_source(browser, desk, load_read):
    load_read()
    outcome(desk, reported(browser), "withdrawn")
    load_read()
    reported(browser)
    page = " ".join(re.sub(r"<[^>]+>", " ", desk.get(QUEUE).content.decode()).split())
    assert "test-toll 2 1 0 1 0" in page


@pytest.mark.req("RES-4", "BEY-3")
def test_the_doors_take_everything_from_a_committed_event_of_their_own(browser, load_read):
    load_read()
    report = reported(browser)
    wrong = {
        "store.correct_read": record_durably(Kind.READ_RESOLVED, reported=report.reported, resolution="withdrawn"),
        "store.withdraw_read": record_durably(Kind.QUERY_VIEWED, reported=report.reported, resolution="withdrawn"),
        "store.shown_to": record_durably(Kind.QUERY_VIEWED, reported=report.reported),
        "store.reported_reads": record_durably(Kind.READ_RESOLVED, reported=[report.reported]),
        "store.match_back": record_durably(Kind.READ_RESOLVED, reported=report.reported, resolution="withdrawn"),
    }
    for door, event in wrong.items():
        with connection.cursor() as cursor, pytest.raises(DatabaseError):
            cursor.execute(f"SELECT {door}(%s::uuid)", [event.id])
    whole = record_durably(Kind.READ_RESOLVED, reported=report.reported, resolution="corrected")
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match="no whole correction"):
        cursor.execute("SELECT store.correct_read(%s::uuid)", [whole.id])
    assert "1 read found" in shown(browser, ask(browser))


@pytest.mark.req("RES-4")
def test_a_resolution_that_the_store_does_not_take_changes_nothing(browser, load_read, now, events):
    load_read()
    report = reported(browser)
    read = error_reports.opened(report=report)
    CorrectionNotice.objects.all().delete()
    with pytest.raises(error_reports.ResolutionFailed):
        error_reports.resolve(report=report, read=read, resolution=ReportStatus.CORRECTED, note="x",
                              correction=error_reports.Correction("no plate", "OH", "", ""), now=now)
    report.refresh_from_db()
    assert report.status == ReportStatus.OPEN
    assert not CorrectionNotice.objects.exists()
    assert "1 read found" in shown(browser, ask(browser))
    assert events("read.resolution_refused")


@pytest.mark.req("RES-4", "BEY-7")
def test_a_store_that_fails_loses_no_report_and_says_so_instead_of_showing_corrections(browser, desk, load_read):
    load_read()
    report = reported(browser)
    outcome(desk, report, "withdrawn")
    load_read(source_record_id="another")
    page = error_page(browser, ask(browser))
    with databases.administrator() as administrator:
        administrator.execute("REVOKE EXECUTE ON FUNCTION store.reported_reads(uuid) FROM lpr_app")
    answer = browser.get("/reads/notices/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert browser.post(page, {"kind": "plate", "note": NOTE}).status_code == 200
    filed = ErrorReport.objects.latest("reported_at")
    assert (filed.status, filed.source) == (ReportStatus.OPEN, None)
