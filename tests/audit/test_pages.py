"""The audit search as people and programs meet it (AUD-3, AUD-12)."""

import json
import re
from uuid import UUID, uuid4

import pytest

from audit import context
from audit.events import Kind
from audit.record import record_durably
from config import databases

pytestmark = pytest.mark.usefixtures("database")
NYC = context.Actor(id=70, name="someone", aor="NYC", component="ERO", role="officer")
CHI = context.Actor(id=71, name="someone.else", aor="CHI", component="HSI", role="officer")


@pytest.fixture
def asked() -> UUID:
    query = record_durably(Kind.QUERY_ATTEMPTED, actor=NYC, plate="ABC123", state="PA", reason="CRIM",
                           on_behalf_of="Jane <b>Doe</b>", case_reference="Case 12345678",
                           near={"latitude_e6": 40712800, "longitude_e6": -74006000, "radius_m": 500}).id
    record_durably(Kind.QUERY_ANSWERED, actor=NYC, query=query, count=2, count_state_unread=0, digest="d1d1")
    record_durably(Kind.QUERY_ATTEMPTED, actor=CHI, plate="ABC123", state="PA", reason="CIVIL")
    return query


def search(browser, **fields):
    answer = browser.post("/audit/", fields)
    assert answer.status_code == 303, answer.content.decode()
    assert re.fullmatch(r"/audit/searches/[0-9a-f-]{36}/", answer.url)
    return answer.url


@pytest.mark.req("AUD-3", "AUD-12")
def test_a_search_is_recorded_and_shown_under_its_id(signed_in, auditor, asked, events):
    browser = signed_in(auditor)
    address = search(browser, plate="abc-123", event="query.attempted", on_behalf_of=" jane  <b>doe</b> ")
    page = browser.get(address)
    text = page.content.decode()
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    assert "private" in page["Cache-Control"]
    assert text.count("<h1") == 1
    for words in ("someone", "NYC", "Query asked", "ABC123", "CRIM", "Jane &lt;b&gt;Doe&lt;/b&gt;", "2 reads",
                  "Case 12345678", "40.712800", "d1d1"):
        assert words in text, words
    [event] = events(Kind.AUDIT_SEARCHED)
    assert event["actor"] == auditor.username
    assert event["details"]["criteria"] == {
        "plate": "ABC123", "event": "query.attempted", "on_behalf_of": "jane <b>doe</b>"}
    assert [one["details"]["search"] for one in events(Kind.AUDIT_VIEWED)] == [event["id"]]


@pytest.mark.req("AUD-3")
def test_a_manager_sees_their_area_alone(signed_in, manager, other_manager, asked):
    for person, seen, unseen in ((manager, "CRIM", "CIVIL"), (other_manager, "CIVIL", "CRIM")):
        browser = signed_in(person)
        text = browser.get(search(browser, plate="ABC123")).content.decode()
        assert seen in text
        assert unseen not in text


@pytest.mark.req("AUD-12")
def test_a_wrong_role_is_refused_and_that_is_recorded(signed_in, officer, appointer, operator, superuser, asked, events):
    for number, person in enumerate((officer, appointer, operator, superuser), 1):
        browser = signed_in(person)
        assert browser.get("/audit/").status_code == 403
        assert browser.post("/audit/", {"plate": "ABC123"}).status_code == 403
        assert browser.get(f"/audit/searches/{uuid4()}/").status_code == 403
        assert len(events(Kind.ACCESS_REFUSED)) == 3 * number
    assert events(Kind.AUDIT_SEARCHED) == []


@pytest.mark.req("AUD-12")
def test_the_search_of_another_is_not_found_and_that_is_recorded(signed_in, auditor, manager, make_user, asked, events):
    address = search(signed_in(auditor), plate="ABC123")
    colleague = make_user("auditor2", role=auditor.role)
    for person in (manager, colleague):
        assert signed_in(person).get(address).status_code == 404
    assert [event["details"]["status"] for event in events(Kind.ACCESS_REFUSED)] == [404, 404]
    assert events(Kind.AUDIT_VIEWED) == []


@pytest.mark.req("AUD-3", "AUD-1")
def test_bad_input_is_an_error_at_its_field_and_everything_typed_stays(signed_in, auditor, events):
    browser = signed_in(auditor)
    bad = [("plate", "AB*"), ("plate", "ABCDEFGHIJK"), ("from", "yesterday"), ("to", "2026-13-01"), ("to", "9999-12-31"),
           ("event", "nothing.such"), ("user", "x" * 151), ("plate", "A\x00")]
    for count, (field, typed) in enumerate(bad, 1):
        answer = browser.post("/audit/", {"reason": "KEEP-ME", field: typed})
        text = answer.content.decode()
        assert answer.status_code == 400
        assert f'id="id_{field}_error"' in text
        assert "KEEP-ME" in text
        refused = events(Kind.AUDIT_REFUSED)
        assert len(refused) == count
        assert refused[-1]["details"]["entered"]["reason"] == "KEEP-ME"
        assert list(refused[-1]["details"]["errors"]) == [field]
    assert events(Kind.ACCESS_REFUSED) == []


def test_reversed_dates_are_an_error(signed_in, auditor):
    answer = signed_in(auditor).post("/audit/", {"from": "2026-02-02", "to": "2026-02-01"})
    assert answer.status_code == 400
    assert "The end must be after the beginning." in answer.content.decode()


def test_pages_follow_by_an_address_without_plate(signed_in, auditor):
    for _ in range(55):
        record_durably(Kind.QUERY_ATTEMPTED, actor=NYC, plate="ABC123", state="PA")
    browser = signed_in(auditor)
    address = search(browser, plate="ABC123")
    [cursor] = re.findall(r'href="[^"]*\?cursor=([^"]+)"', browser.get(address).content.decode())
    assert "ABC123" not in cursor
    second = browser.get(address, {"cursor": cursor}).content.decode()
    assert second.count("<tr>") - 1 == 5
    assert browser.get(address, {"cursor": cursor[:-2] + "xx"}).status_code == 404


@pytest.mark.req("AUD-3", "AUD-12")
def test_the_api_searches_and_pages_like_the_pages(api, auditor, manager, officer, asked):
    client = api(auditor)
    begun = client.post("/api/v1/audit/searches/", {"plate": "abc 123", "from": "2026-01-01"}, format="json")
    assert begun.status_code == 201
    page = client.get(f"/api/v1/audit/searches/{begun.json()['id']}/")
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    body = page.json()
    assert body["criteria"] == {"plate": "ABC123", "from": "2026-01-01T00:00:00Z"}
    assert [(one["event"], one["aor"], one["outcome"]) for one in body["results"]] == [
        ("query.attempted", "CHI", "No answer on record"), ("query.attempted", "NYC", "2 reads")]
    assert body["next"] is None
    assert api(manager).get(f"/api/v1/audit/searches/{begun.json()['id']}/").status_code == 404
    refused = api(officer).post("/api/v1/audit/searches/", {"plate": "ABC123"}, format="json")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")


@pytest.mark.req("AUD-3")
def test_the_api_names_the_bad_field_and_records_the_refusal(api, auditor, events):
    client = api(auditor)
    answer = client.post("/api/v1/audit/searches/", {"plate": "A%", "to": "never"}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"plate", "to"}
    assert client.post("/api/v1/audit/searches/", ["x"], format="json").status_code == 400
    assert len(events(Kind.AUDIT_REFUSED)) == 1


@pytest.mark.req("AUD-3")
@pytest.mark.parametrize(("sent", "field"), [
    ({"plate": ["ABC123"]}, "plate"), ({"user": {"x": 1}}, "user"), ({"plate": True}, "plate"), ({"from": 1.5}, "from"),
    ({"plate": "ABC123", "usr": "x"}, "usr"), ({"until": "2026-01-01"}, "until"), ({"user": "\ud800"}, "user"),
    ({"event": "\ud800"}, "event"), ({"event": "a\x00"}, "event"), ({"on_behalf_of": "a\x00b"}, "on_behalf_of"),
    ({"aor": "\udfff"}, "aor"), ({"\ud800\x00": "x"}, "?")])
def test_the_api_widens_no_search_by_what_it_does_not_understand(api, auditor, events, sent, field):
    client = api(auditor)
    answer = client.post("/api/v1/audit/searches/", json.dumps(sent), content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert set(answer.json()["errors"]) == {field}
    assert set(events(Kind.AUDIT_REFUSED)[-1]["details"]["errors"]) == {field}
    assert not events(Kind.AUDIT_SEARCHED)


@pytest.mark.req("AUD-1", "AUD-3")
def test_the_api_refuses_two_fields_that_are_one_in_the_log_and_the_refusal_is_on_record(api, auditor, events):
    sent = {"caf\u00e9": "1", "cafe\u0301": "2", "plate": "ABC123"}
    answer = api(auditor).post("/api/v1/audit/searches/", json.dumps(sent), content_type="application/json")
    assert (answer.status_code, answer.json()["errors"]) == (400, {"caf\u00e9": ["There is no such field."]})
    assert events(Kind.AUDIT_REFUSED)[-1]["details"]["errors"] == {"caf\u00e9": ["There is no such field."]}
    assert not events(Kind.AUDIT_SEARCHED)


@pytest.mark.req("AUD-3")
def test_the_api_finds_a_user_by_number_and_takes_nothing_for_any(api, auditor, events):
    answer = api(auditor).post("/api/v1/audit/searches/", {"user": 7, "plate": None}, format="json")
    assert answer.status_code == 201
    assert events(Kind.AUDIT_SEARCHED)[-1]["details"]["criteria"] == {"user": "7"}


@pytest.mark.req("AUD-3")
def test_the_page_refuses_what_no_text_may_hold(signed_in, auditor, events):
    browser = signed_in(auditor)
    assert browser.post("/audit/", {"event": "a\x00", "user": "b\x00"}).status_code == 400
    assert set(events(Kind.AUDIT_REFUSED)[-1]["details"]["errors"]) == {"event", "user"}


def test_the_api_pages_by_cursor(api, auditor):
    for _ in range(51):
        record_durably(Kind.QUERY_ATTEMPTED, actor=NYC, plate="ABC123", state="PA")
    client = api(auditor)
    begun = client.post("/api/v1/audit/searches/", {"plate": "ABC123"}, format="json").json()
    first = client.get(f"/api/v1/audit/searches/{begun['id']}/").json()
    second = client.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (50, 1, None)


@pytest.mark.req("AUD-3")
def test_only_answers_of_queries_count_reads(signed_in, auditor, asked):
    browser = signed_in(auditor)
    address = browser.post("/audit/", {"plate": "ABC123"}).url
    assert browser.get(f"{address}export.xlsx").status_code == 200
    downloads = browser.post("/audit/", {"event": "audit.export_downloaded"}, follow=True).content.decode()
    table = downloads[downloads.index("<table"):]
    assert "Done" in table
    assert not re.search(r"\d reads?\b", table)


@pytest.mark.req("AUD-1")
def test_a_page_of_which_no_other_event_comes_is_on_record_by_its_route_alone(signed_in, officer, operator, events, client):
    browser = signed_in(officer)
    assert browser.get("/groups/?text=ABC123").status_code == 200
    [opened] = [event for event in events(Kind.PAGE_OPENED, actor="officer") if event["details"]["route"] == "groups/"]
    assert opened["details"] == {"method": "GET", "route": "groups/", "status": 200}
    # A form of the back office that is not taken, with what is wrong at its fields.
    staff = signed_in(operator)
    assert staff.post("/admin/lpr/source/add/", {"name": "ABC123"}).status_code == 200
    [sent] = events(Kind.PAGE_SENT)
    assert (sent["actor"], sent["details"]["route"]) == ("operator", "admin/lpr/source/add/")
    assert "ABC123" not in f"{opened}{sent}"
    before = len(events())
    assert client.get("/healthz").status_code == client.get("/accounts/login/").status_code == 200
    assert len(events()) == before
    damage = "REVOKE EXECUTE ON FUNCTION audit.append FROM lpr_app"
    with databases.administrator() as connection:
        connection.execute(damage)
    assert browser.get("/groups/").status_code == 503
