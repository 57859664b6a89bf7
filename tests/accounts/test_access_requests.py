"""Requests to account: filed by anybody, decided by a manager of the area, kept and found again (ACC-4, ACC-5)."""

import io
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from PIL import Image

from accounts import access_requests, ceilings, keys, knocks, scans, tasks
from accounts.models import AccessRequest, AccountCeiling, Knock, RegistrationKey
from tests.accounts.applicants import FORM, REQUEST, filed, key_address

QUEUE = "/admin/accounts/accessrequest/"
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << >>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _own_forms(tmp_path, settings, database, aor_nyc):
    settings.STORAGES = settings.STORAGES | {"request_forms": {
        "BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path / "forms")}}}


def picture(kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(file, kind, **options)
    return file.getvalue()


def file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/pdf")


def kept() -> list[str]:
    return [] if not storages["request_forms"].exists("") else storages["request_forms"].listdir("")[1]


@pytest.mark.req("ACC-4")
def test_a_stranger_files_a_request_and_is_told_its_number_by_mail(events):
    answer = Client().post(REQUEST, FORM)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/request/filed/")
    assert Client().get(answer["Location"]).status_code == 200
    request = AccessRequest.objects.get()
    assert (request.state, request.aor.code, request.component, request.full_name) == ("pending", "NYC", "ERO", "Nora Field")
    [event] = events("request.filed")
    assert event["details"] == {"request": request.number, "aor": "NYC", "scan": False}
    tasks.send_request_mail()
    tasks.send_request_mail()
    [letter] = mail.outbox
    assert (letter.to, request.number in letter.body) == (["nora.field@agency.example"], True)


@pytest.mark.req("ACC-4", "AUD-3")
def test_a_full_name_is_kept_as_names_are_compared():
    Client().post(REQUEST, FORM | {"full_name": "Jose\u0301   Pe\u0301rez"})
    assert AccessRequest.objects.get().full_name == "José Pérez"


@pytest.mark.req("ACC-4")
def test_the_confirmation_is_the_same_for_who_is_known_and_who_is_not(officer):
    answers = [Client().post(REQUEST, FORM | {"email": email}) for email in (officer.email, "nobody@agency.example")]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    pages = [Client().get(answer["Location"]).content for answer in answers]
    assert pages[0] == pages[1]


@pytest.mark.req("ACC-4")
@pytest.mark.parametrize("wrong", [
    {"email": "no address"}, {"aor": "MARS"}, {"component": "CBP"}, {"job_category": "hsi_agent"}, {"justification": ""},
    {"supervisor_email": ""}, {"full_name": "x" * 151},
])
def test_a_form_that_is_not_filled_in_well_is_refused_at_the_field_and_on_the_record(wrong, events):
    answer = Client().post(REQUEST, FORM | wrong)
    assert answer.status_code == 400
    assert not AccessRequest.objects.exists()
    [event] = events("request.refused")
    assert event["details"] == {"why": "fields", "fields": list(wrong)}
    assert events("access.refused") == []


@pytest.mark.req("ACC-4")
def test_an_address_that_files_too_many_requests_is_told_to_wait(settings, events, now):
    settings.KNOCKS_PER_HOUR = 3
    answers = [Client().post(REQUEST, FORM) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assert answers[-1]["Retry-After"] == "3600"
    assert Client().post(REQUEST, FORM, REMOTE_ADDR="192.0.2.7").status_code == 302
    assert [event["details"]["why"] for event in events("request.refused")] == ["too many"]
    assert "127.0.0.1" not in str(list(Knock.objects.values()))
    assert knocks.forget(now=now + timedelta(hours=2)) == 5
    assert Client().post(REQUEST, FORM).status_code == 302


@pytest.mark.req("ACC-5")
@pytest.mark.parametrize(("name", "content"), [("form.pdf", PDF), ("a.pdf", picture("PNG")), ("b.png", picture("JPEG"))])
def test_a_scan_is_known_by_its_content_and_kept_under_a_made_up_name(name, content):
    assert Client().post(REQUEST, FORM | {"form": file(name, content)}).status_code == 302
    request = AccessRequest.objects.get()
    assert [request.scan_name] == kept()
    assert name not in request.scan_name
    assert scans.type_of(request.scan_name) == {
        b"%P": "application/pdf", b"\x89P": "image/png", b"\xff\xd8": "image/jpeg"}[content[:2]]


@pytest.mark.req("ACC-5")
@pytest.mark.parametrize("content", [
    b"<svg onload='x()'></svg>", b"GIF89a" + b"0" * 100, picture("GIF"), picture("PNG")[:40], b"%PDF-1.4\nno end",
    PDF.replace(b"/Catalog", b"/Catalog /JavaScript (x)"), b"MZ" + PDF, b"\xff\xd8\xff" + b"0" * 50,
    b"x" * (10 * 1024 * 1024 + 1),
    b"%PDF-" + b"x" * (10 * 1024 * 1024) + b"%%EOF",
], ids=["svg", "broken gif", "gif", "cut png", "cut pdf", "script", "program", "broken jpeg", "large", "large pdf"])
def test_a_file_of_another_type_inside_is_refused_with_the_reason(content):
    answer = Client().post(REQUEST, FORM | {"form": file("form.pdf", content)})
    assert answer.status_code == 400
    assert 'id="id_form_error"' in answer.content.decode()
    assert not AccessRequest.objects.exists()
    assert kept() == []


@pytest.mark.req("ACC-5")
def test_a_picture_is_written_anew_without_what_was_hidden_in_it():
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    scan = scans.check(picture("JPEG", exif=exif) + b"<script>appended</script>")
    assert b"where I live" not in scan.content
    assert b"appended" not in scan.content
    with pytest.raises(scans.ScanNotUsable, match="megapixels"):
        scans.check(_wide())


def _wide() -> bytes:
    file = io.BytesIO()
    Image.new("1", (6000, 5000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.req("ACC-5", "ACC-6")
def test_the_scan_is_shown_to_a_manager_of_the_area_alone_and_each_look_is_on_record(
    manager, other_manager, officer, superuser, appointer, operator, signed_in, events,
):
    Client().post(REQUEST, FORM | {"form": file("form.pdf", PDF)})
    request = AccessRequest.objects.get()
    path = f"{QUEUE}{request.pk}/scan/"
    answer = signed_in(manager).get(path)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PDF, "application/pdf")
    assert answer["Content-Disposition"] == f'attachment; filename="{request.number}.pdf"'
    assert "no-store" in answer["Cache-Control"]
    assert [event["actor"] for event in events("request.scan_viewed")] == ["manager"]
    for person in (other_manager, officer, superuser, appointer, operator):
        assert signed_in(person).get(path).status_code in (403, 404), person
    assert len(events("request.scan_viewed")) == 1
    assert Client().get(f"/media/{request.scan_name}").status_code in (302, 404)


@pytest.mark.req("ACC-4")
def test_the_manager_approves_in_the_queue_and_the_key_is_mailed(manager, aor_nyc, signed_in, events, now):
    request = filed(aor_nyc, now)
    client = signed_in(manager)
    assert "Nora Field" in client.get(QUEUE).content.decode()
    assert "Approve" in client.get(f"{QUEUE}{request.pk}/change/").content.decode()
    assert client.post(f"{QUEUE}{request.pk}/decision/", {"do": "approve"}).status_code == 302
    request.refresh_from_db()
    assert (request.state, request.decided_by) == ("approved", manager)
    key = request.keys.get()
    address = key_address(mail.outbox)
    secret = address.split("/")[3]
    assert key.expires_at - key.issued_at == timedelta(days=7)
    assert key.digest == keys.digest(secret)
    assert secret not in str(list(RegistrationKey.objects.values()) + list(RegistrationKey.history.values()) + events())
    assert [event["kind"] for event in events() if event["kind"].startswith(("request.", "key."))] == [
        "request.filed", "request.approved", "key.issued", "key.mailed"]
    assert [row.state for row in request.history.order_by("history_id")] == ["pending", "approved"]
    assert "Nora" not in str(list(AccessRequest.history.values()))
    page = client.get(f"{QUEUE}{request.pk}/change/").content.decode()
    assert "sent, until" in page
    assert 'value="approve"' not in page


@pytest.mark.req("ACC-4")
def test_a_refusal_needs_a_reason_which_the_requester_reads(manager, aor_nyc, signed_in, events, now):
    request = filed(aor_nyc, now)
    client = signed_in(manager)
    client.post(f"{QUEUE}{request.pk}/decision/", {"do": "refuse"})
    request.refresh_from_db()
    assert request.state == "pending"
    client.post(f"{QUEUE}{request.pk}/decision/", {"do": "refuse", "reason": "No case work in this unit."})
    request.refresh_from_db()
    assert (request.state, request.keys.count()) == ("refused", 0)
    tasks.send_request_mail()
    assert "No case work in this unit." in mail.outbox[-1].body
    assert [event["actor"] for event in events("request.turned_down")] == ["manager"]


@pytest.mark.req("ACC-4")
def test_of_two_managers_who_decide_at_once_one_wins_and_the_other_is_told(manager, make_user, aor_nyc, signed_in, events, now):
    second = make_user("second", role="agency_manager", aor=aor_nyc)
    request = filed(aor_nyc, now)
    start, outcomes = threading.Barrier(2), []

    def decide(by, approves):
        start.wait()
        try:
            if approves:
                access_requests.approve(request=AccessRequest.objects.get(pk=request.pk), by=by, now=now)
            else:
                access_requests.turn_down(request=AccessRequest.objects.get(pk=request.pk), by=by, reason="No", now=now)
            outcomes.append("done")
        except access_requests.AlreadyDecided as refusal:
            outcomes.append(str(refusal))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=pair) for pair in ((manager, True), (second, False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcome == "done" for outcome in outcomes) == [False, True]
    assert any("has decided already" in outcome for outcome in outcomes)
    assert len(events("request.approved") + events("request.turned_down")) == 1
    assert [event["details"]["why"] for event in events("request.decision_refused")] == ["AlreadyDecided"]
    answer = signed_in(second).post(f"{QUEUE}{request.pk}/decision/", {"do": "approve"}, follow=True)
    assert "has decided already" in answer.content.decode()


@pytest.mark.req("ACC-4", "ACC-6")
def test_a_request_of_another_area_is_invisible_by_every_path(other_manager, manager, aor_nyc, signed_in, now):
    request = filed(aor_nyc, now)
    client = signed_in(other_manager)
    for page in ("change/", "decision/", "key/", "scan/", "paper/", "delete/", "history/"):
        assert client.get(f"{QUEUE}{request.pk}/{page}").status_code in (403, 404), page
        answer = client.post(f"{QUEUE}{request.pk}/{page}", {"do": "approve", "reason": "x", "place": "x"})
        assert answer.status_code in (403, 404), page
    for path in (QUEUE, f"{QUEUE}?state__exact=pending"):
        assert "Nora" not in client.get(path).content.decode()
    for text in ("Nora", request.number):
        assert "Nora Field" not in client.post(f"{QUEUE}search/", {"text": text}).content.decode()
    with pytest.raises(access_requests.MayNotDecide):
        access_requests.approve(request=request, by=other_manager, now=now)
    request.refresh_from_db()
    assert request.state == "pending"


@pytest.mark.req("ACC-4", "ACC-10")
def test_nobody_but_an_agency_manager_decides(
    officer, supervisor, superuser, appointer, operator, aor_nyc, signed_in, events, now,
):
    request = filed(aor_nyc, now)
    for person in (officer, supervisor, superuser, appointer, operator):
        with pytest.raises(access_requests.MayNotDecide):
            access_requests.approve(request=request, by=person, now=now)
        answer = signed_in(person).post(f"{QUEUE}{request.pk}/decision/", {"do": "approve"})
        assert answer.status_code in (403, 404), person
    assert not RegistrationKey.objects.exists()
    assert len(events("request.decision_refused")) == 5


@pytest.mark.req("ACC-4")
def test_a_key_is_sent_again_and_revoked_and_the_one_before_opens_nothing(manager, aor_nyc, signed_in, events, now):
    request = filed(aor_nyc, now)
    access_requests.approve(request=request, by=manager, now=now)
    first = key_address(mail.outbox)
    client = signed_in(manager)
    client.post(f"{QUEUE}{request.pk}/key/", {"do": "send"})
    second = key_address(mail.outbox)
    assert first != second
    assert Client().get(first).status_code == 404
    assert Client().get(second).status_code == 200
    client.post(f"{QUEUE}{request.pk}/key/", {"do": "revoke"})
    assert Client().get(second).status_code == 404
    answer = client.post(f"{QUEUE}{request.pk}/key/", {"do": "revoke"}, follow=True)
    assert "There is no key" in answer.content.decode()
    assert [event["details"]["again"] for event in events("key.issued")] == [False, True]
    assert len(events("key.revoked")) == 1
    steps = RegistrationKey.history.filter(request=request).order_by("history_id").values_list("id", "revoked_at")
    assert [(key == steps[0][0], revoked is not None) for key, revoked in steps] == [
        (True, False), (True, True), (False, False), (False, True)]
    assert client.post(f"{QUEUE}{request.pk}/key/", {"do": "other"}).status_code == 404


@pytest.mark.req("ACC-4")
def test_a_mail_server_that_is_down_loses_no_step(manager, aor_nyc, signed_in, settings, now):
    request = filed(aor_nyc, now)
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "tests.accounts.dead_mail.EmailBackend"
    tasks.send_request_mail()
    access_requests.approve(request=request, by=manager, now=now)
    assert request.keys.get().state(now) == "not sent yet"
    settings.EMAIL_BACKEND = backend
    assert keys.deliver_waiting(now=now) == 0, "whoever took it to mail it still may"
    assert keys.deliver_waiting(now=now + timedelta(minutes=3)) == 1
    assert Client().get(key_address(mail.outbox)).status_code == 200
    assert keys.deliver_waiting(now=now + timedelta(minutes=9)) == 0


@pytest.mark.req("ACC-5")
def test_a_manager_notes_where_the_paper_lies(manager, aor_nyc, signed_in, events, now):
    request = filed(aor_nyc, now)
    signed_in(manager).post(f"{QUEUE}{request.pk}/paper/", {"place": "Cabinet 4, folder F"})
    request.refresh_from_db()
    assert request.paper_place == "Cabinet 4, folder F"
    assert events("request.paper_placed")[0]["details"] == {"request": request.number}


@pytest.mark.req("ACC-5", "ACC-6")
def test_a_form_is_found_by_number_and_name_also_after_the_account_is_gone_and_each_search_is_logged(
    manager, officer, aor_nyc, signed_in, events, now,
):
    request = filed(aor_nyc, now)
    access_requests.approve(request=request, by=manager, now=now)
    access_requests.registered(request=request, account=officer)
    officer.is_active = False
    officer.save()
    access_requests.keep_after_deletion(account=officer, now=now)
    client = signed_in(manager)
    assert client.get(f"{QUEUE}search/").status_code == 200
    for text in ("nora", request.number, str(request.pk), request.number.lower()):
        answer = client.post(f"{QUEUE}search/", {"text": text})
        assert ("Nora Field" in answer.content.decode()) == (len(text) > 1), text
    assert "No form of your area" in client.post(f"{QUEUE}search/", {"text": "Somebody"}).content.decode()
    assert "No form of your area" in client.post(f"{QUEUE}search/", {"text": "9" * 30}).content.decode()
    searched = [event["details"] for event in events("requests.searched")]
    assert searched[0] == {"searched": "nora", "found": 1}
    assert searched[-2] == {"searched": "Somebody", "found": 0}


@pytest.mark.req("ACC-5")
def test_forms_are_kept_for_the_set_time_and_no_longer(manager, officer, aor_nyc, settings, events, now):
    settings.REQUEST_RETENTION_DAYS = 100
    Client().post(REQUEST, FORM | {"form": file("form.pdf", PDF)})
    refused, living, waiting = AccessRequest.objects.get(), filed(aor_nyc, now), filed(aor_nyc, now)
    access_requests.turn_down(request=refused, by=manager, reason="No", now=now)
    access_requests.approve(request=living, by=manager, now=now)
    access_requests.registered(request=living, account=officer)
    assert access_requests.drop_expired(now=now + timedelta(days=99)) == 0
    assert len(kept()) == 1
    tasks.drop_expired_requests()
    assert access_requests.drop_expired(now=now + timedelta(days=101)) == 1
    assert (kept(), set(AccessRequest.objects.all())) == ([], {living, waiting})
    assert not AccessRequest.history.filter(id=refused.pk).exists()
    access_requests.keep_after_deletion(account=officer, now=now + timedelta(days=200))
    assert access_requests.drop_expired(now=now + timedelta(days=299)) == 0
    assert access_requests.drop_expired(now=now + timedelta(days=301)) == 1
    assert not RegistrationKey.objects.exists()
    assert [event["details"]["request"] for event in events("request.dropped")] == [refused.number, living.number]


@pytest.mark.req("ACC-15")
def test_an_approval_does_not_pass_the_ceiling(manager, officer, aor_nyc, signed_in, events, now):
    AccountCeiling.objects.create(aor=aor_nyc, component="ERO", most=2)
    first, second = filed(aor_nyc, now), filed(aor_nyc, now)
    access_requests.approve(request=first, by=manager, now=now)
    with pytest.raises(ceilings.Full):
        access_requests.approve(request=second, by=manager, now=now)
    answer = signed_in(manager).post(f"{QUEUE}{second.pk}/decision/", {"do": "approve"}, follow=True)
    assert "ceiling of 2" in answer.content.decode()
    second.refresh_from_db()
    assert second.state == "pending"
    access_requests.revoke_key(request=first, by=manager, now=now)
    access_requests.approve(request=second, by=manager, now=now)
    with pytest.raises(ceilings.Full):
        access_requests.send_key_again(request=first, by=manager, now=now)
    access_requests.send_key_again(request=second, by=manager, now=now)
