"""Queries for programs: the form's fields as JSON, the same refusals, the same record (interface: `POST queries/`)."""

import json
import re

import pytest
from django.urls import reverse

from config import databases
from lpr.api import query_examples
from lpr.api.query_serializers import AnswerSerializer, QuerySerializer
from tests.lpr.stored_reads import store_read

URL = "/api/v1/queries/"
WHOLE = {"plate": "xyz-1234", "state": "OH", "reason": "CRIM", "timeframe": "30d", "for_whom": "self",
         "case_reference": "Subject name John Doe, case number 12345678"}


@pytest.fixture
def client(officer, api):
    return api(officer)


def post(client, body):
    return client.post(URL, json.dumps(body), content_type="application/json")


@pytest.mark.req("QRY-1", "QRY-8", "RES-1", "AUD-1")
def test_a_question_is_answered_with_its_reads(client, load_read, events):
    record_id = load_read()
    answer = post(client, WHOLE)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    [attempt] = events("query.attempted")
    assert (body["id"], body["count"], body["next"]) == (attempt["id"], 1, None)
    [read] = body["reads"]
    assert (read["id"], read["plate"], read["state"]) == (str(record_id), "XYZ1234", "OH")
    assert (read["make"], read["model"]) == ("Ford", "F-150")
    assert (read["latitude"], read["longitude"], read["source"]) == (39.9612, -82.9988, "Ohio toll road camera")
    assert {"captured_at", "address", "intersection", "zone"} <= read.keys()
    assert len(read["photos"]) == 2
    for address in read["photos"]:
        assert client.get(address).content.startswith(b"\xff\xd8\xff")
    assert answer["Location"] == f"{URL}{body['id']}/"
    assert "no-store" in answer["Cache-Control"]
    assert [event["kind"] for event in events() if event["kind"].startswith("query.")] == ["query.attempted", "query.answered"]


@pytest.mark.req("QRY-6", "QRY-5")
def test_numbers_and_nulls_of_json_are_taken_as_the_form_takes_text(client, events):
    body = WHOLE | {"near_latitude": 39.96, "near_longitude": -83, "near_radius_km": 2.5, "offense": None, "date_from": None,
                    "for_whom": "other", "other_name": "Jane Roe", "geo_state": None}
    assert post(client, body).status_code == 201
    [attempt] = events("query.attempted")
    assert attempt["details"]["near"] == {"latitude_e6": 39960000, "longitude_e6": -83000000, "radius_m": 2500}
    assert attempt["on_behalf_of"] == "Jane Roe"


@pytest.mark.req("QRY-1", "QRY-2", "QRY-3", "QRY-5", "QRY-8")
@pytest.mark.parametrize(("changes", "field"), [
    ({"plate": None}, "plate"), ({"plate": "A*"}, "plate"), ({"plate": ["XYZ1234"]}, "plate"), ({"plate": {"a": 1}}, "plate"),
    ({"plate": "A\x00"}, "plate"), ({"plate": "\ud800"}, "plate"), ({"plate": True}, "plate"), ({"state": 7}, "state"),
    ({"state": "Ohio"}, "state"), ({"reason": "COMP"}, "reason"), ({"reason": ["CRIM"]}, "reason"),
    ({"timeframe": "forever"}, "timeframe"),
    ({"timeframe": "custom", "date_from": 20260101, "date_to": "2026-01-02"}, "date_from"),
    ({"timeframe": "custom", "date_from": "2026-01-02", "date_to": "2026-01-01"}, "date_to"),
    ({"timeframe": "custom", "date_from": "1999-01-01", "date_to": "2026-01-01"}, "date_from"),
    ({"case_reference": "test"}, "case_reference"), ({"case_reference": "John Doe 123456 \ud800"}, "case_reference"),
    ({"case_reference": {"John Doe": "A12345678"}}, "case_reference"), ({"for_whom": "other"}, "other_name"),
    ({"near_latitude": "Infinity", "near_longitude": 1, "near_radius_km": 1}, "near_latitude"),
    ({"near_latitude": 1e300, "near_longitude": 1, "near_radius_km": 1}, "near_latitude"),
    ({"near_radius_km": 1}, "near_latitude"),
])
def test_a_bad_field_is_a_problem_at_its_field_and_on_record(client, changes, field, events):
    body = WHOLE | changes
    answer = post(client, body)
    assert answer.status_code == 400, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "errors"} <= problem.keys()
    assert field in problem["errors"]
    [refusal] = events("query.refused")
    assert field in refusal["details"]["errors"]
    assert events("query.attempted") == []
    assert events("access.refused") == []


@pytest.mark.req("QRY-8")
@pytest.mark.parametrize("body", ["[]", '"XYZ1234"', "7", "null"])
def test_a_body_that_is_no_object_is_refused_on_record(client, body, events):
    answer = client.post(URL, body, content_type="application/json")
    assert answer.status_code == 400
    assert len(events("query.refused")) == 1


def test_a_body_that_is_no_json_is_a_problem(client, events):
    answer = client.post(URL, "{", content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert len(events("access.refused")) == 1


@pytest.mark.req("QRY-1")
def test_unknown_fields_change_nothing(client, events):
    store_read(plate="OTHER1")
    extra = {"actor": "admin", "plate__contains": "OTHER", "captured_from": "1970-01-01", "aor": "CHI"}
    body = post(client, WHOLE | extra).json()
    assert body["reads"] == []
    assert (events("query.attempted")[0]["actor"], events("query.attempted")[0]["aor"]) == ("officer", "NYC")


@pytest.mark.req("QRY-9", "AUD-6")
def test_a_query_is_replayed_page_by_page_and_equals_its_answer(client, settings, events):
    settings.READS_PER_PAGE = 2
    for _ in range(5):
        store_read()
    unread = str(store_read(state=""))
    body = post(client, WHOLE).json()
    assert (body["count"], body["count_state_unread"]) == (6, 1)
    first = client.get(f"{URL}{body['id']}/").json()
    strip = re.compile(r"/reads/[^/]+/")
    assert strip.sub("", str(first["reads"])) == strip.sub("", str(body["reads"]))
    assert first["query"]["plate"] == "XYZ1234"
    assert first["asked_by"] == "officer"
    reads, address = body["reads"], body["next"]
    while address:
        page = client.get(address).json()
        reads, address = reads + page["reads"], page["next"]
    assert len({read["id"] for read in reads}) == len(reads) == 6
    assert [(read["id"], read["state"]) for read in reads if not read["state_read"]] == [(unread, "")]
    assert len(events("query.attempted")) == 1
    assert client.get(f"{URL}{body['id']}/?before=forged").status_code == 404


@pytest.mark.req("QRY-9")
def test_own_queries_are_recalled_in_pages(client, officer2, api, settings, events):
    settings.READS_PER_PAGE = 2
    asked = [post(client, WHOLE | {"plate": plate}).json()["id"] for plate in ("A1", "B2", "C3")]
    post(api(officer2), WHOLE)
    first = client.get(URL).json()
    second = client.get(first["next"]).json()
    assert [each["id"] for each in first["results"] + second["results"]] == asked[::-1]
    assert second["next"] is None
    assert first["results"][0]["query"]["case_reference"] == WHOLE["case_reference"]
    assert len(events("query.recalled")) == 2
    assert client.get(f"{URL}?before=forged").status_code == 404


@pytest.mark.req("QRY-9", "AUD-12", "ACC-10")
def test_who_may_not_is_refused_on_record(client, officer2, manager, auditor, other_manager, api, events):
    address = f"{URL}{post(client, WHOLE).json()['id']}/"
    assert api(officer2).get(address).status_code == 404
    assert api(other_manager).get(address).status_code == 404
    assert api(manager).get(address).status_code == 200
    assert post(api(auditor), WHOLE).status_code == 403
    assert api(auditor).get(URL).status_code == 403
    assert api(auditor).get(address).status_code == 200
    assert len(events("access.refused")) == 4


@pytest.mark.req("QRY-8", "AUD-1")
def test_without_a_record_the_api_answers_503_and_no_read(client):
    store_read(address="77 Secret Lane")
    with databases.administrator() as administrator:
        administrator.execute("REVOKE EXECUTE ON FUNCTION audit.append(text, text) FROM lpr_app")
    answer = post(client, WHOLE)
    assert answer.status_code == 503
    assert "Secret" not in answer.content.decode()
    assert answer["Content-Type"] == "application/problem+json"


def test_a_store_that_fails_is_a_problem_of_503(client, events):
    with databases.administrator() as administrator:
        administrator.execute("REVOKE EXECUTE ON FUNCTION store.reads_outcome(uuid) FROM lpr_app")
    assert post(client, WHOLE).status_code == 503
    assert client.get(f"{URL}{events('query.attempted')[0]['id']}/").status_code == 503


def test_the_api_describes_itself_in_a_schema_and_on_a_plain_page(client):
    schema = client.get(reverse("api-schema"), headers={"accept": "application/vnd.oai.openapi+json"})
    assert schema.status_code == 200
    paths = schema.json()["paths"]
    assert {"/api/v1/queries/", "/api/v1/queries/{query}/"} <= paths.keys()
    assert "plate" in schema.json()["components"]["schemas"]["Query"]["properties"]
    page = client.get("/api/v1/docs/").content.decode()
    for text in ("POST /api/v1/queries/", "case_reference", "near_radius_km", "Example: A criminal query over 90 days",
                 "Example: One read was found", "Example: Two fields are missing", "reads.photos"):
        assert text in page
    answers = schema.json()["paths"]["/api/v1/queries/"]["post"]["responses"]
    [found] = answers["201"]["content"]["application/json"]["examples"].values()
    assert AnswerSerializer().fields.keys() == found["value"].keys()
    assert AnswerSerializer().fields["reads"].child.fields.keys() == found["value"]["reads"][0].keys()
    assert "application/problem+json" in answers["400"]["content"]
    for example in query_examples.ASKING[:2]:
        assert example.value.keys() <= QuerySerializer().fields.keys()
    assert "<script>" not in page


def test_the_schema_asks_for_a_login(client):
    from django.test import Client

    for address in ("/api/v1/schema/", "/api/v1/docs/", URL):
        assert Client().get(address).status_code in {302, 401, 403}
