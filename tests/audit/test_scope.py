"""How far managers and supervisors see: what their area did, and what others did in the name of its people (AUD-3)."""

import io
from collections.abc import Callable
from datetime import datetime

import openpyxl
import pytest
from django.db import connections

from accounts.models import AOR, User
from accounts.roles import Role
from audit import context, search, statistics
from audit.events import Kind
from audit.record import record_durably, record_many
from lpr.search import run_query
from tests.lpr.test_search import question

pytestmark = pytest.mark.usefixtures("database")
NYC = context.Actor(id=7, name="officer.one", aor="NYC", component="ERO", role="officer")
CHI = context.Actor(id=8, name="officer.two", aor="CHI", component="ERO", role="officer")
KEEPER = context.Actor(id=901, name="manager", aor="NYC", role="agency_manager")
OTHER_KEEPER = context.Actor(id=902, name="supervisor.chi", aor="CHI", role="supervisor")
STRANGER = context.Actor(id=903, name="manager.la", aor="LA", role="agency_manager")
OPR = context.Actor(id=900, name="auditor", role="opr_auditor")


@pytest.fixture
def jane(make_user: Callable[..., User], aor_nyc, aor_chi) -> User:
    """An officer of Chicago."""
    return make_user("jane.chi", full_name="Jane Roe", role=Role.OFFICER, aor=aor_chi, component="ERO",
                     job_category="ero_officer", trained=False)


def ask(actor: context.Actor, named: str = "") -> str:
    return str(record_durably(Kind.QUERY_ATTEMPTED, actor=actor, plate="ABC123", state="PA", reason="CRIM",
                              on_behalf_of=named).id)


def found(actor: context.Actor, size: int = 50, **criteria: str) -> list[str]:
    with context.acting(actor):
        begun = search.begin(criteria=search.Criteria(**{"plate": "ABC123"} | criteria))
        seen, cursor = [], ""
        while True:
            page = search.open_page(search=begun, user_id=actor.id, cursor=cursor, size=size)
            seen += [str(event.id) for event in page.events]
            cursor = page.next_cursor
            if not cursor:
                return seen


@pytest.mark.req("AUD-3", "AUD-12")
def test_an_area_sees_its_own_events_and_those_of_others_that_name_its_people(jane, events):
    alone, named, by_username, nobody = (ask(NYC, name) for name in ("", "jane  ROE", "Jane.Chi", "Jim Doe"))
    own = ask(CHI, "Jane Roe")
    assert found(KEEPER) == [nobody, by_username, named, alone]
    for size in (1, 2, 50):
        assert found(OTHER_KEEPER, size) == [own, by_username, named]
    assert found(OTHER_KEEPER, user="officer.one", on_behalf_of="Jane.CHI") == [by_username]
    assert found(OTHER_KEEPER, aor="NYC") == [by_username, named]
    assert found(STRANGER) == []
    assert len(found(OPR)) == 5
    written = {event["id"]: event.get("named_aors") for event in events(Kind.QUERY_ATTEMPTED)}
    assert written == {alone: None, named: ["CHI"], by_username: ["CHI"], nobody: None, own: None}
    # What is recorded stays, whatever becomes of the person; and a closed account's name is still a name.
    User.objects.filter(pk=jane.pk).update(is_active=False, aor=None)
    assert found(OTHER_KEEPER) == [own, by_username, named]
    User.objects.filter(pk=jane.pk).update(aor=AOR.objects.get(code="CHI"))
    later = ask(NYC, "Jane Roe")
    assert found(OTHER_KEEPER) == [later, own, by_username, named]


@pytest.mark.req("AUD-3")
def test_namesakes_and_many_events_at_once_name_every_area(jane, make_user, aor_nyc):
    make_user("jane.nyc", full_name="JANE ROE", role=Role.SUPERVISOR, aor=aor_nyc, component="ERO", job_category="ero_officer",
              trained=False)
    elsewhere = context.Actor(id=9, name="officer.la", aor="LA", role="officer")
    with context.acting(elsewhere):
        both, none = (str(made.id) for made in record_many(Kind.ENTRY_ADDED, [
            {"plate": "ABC123", "on_behalf_of": "Jane Roe"}, {"plate": "ABC123"}]))
    assert found(KEEPER) == found(OTHER_KEEPER) == [both]
    assert found(STRANGER) == [none, both]


@pytest.mark.req("AUD-3", "AUD-7", "AUD-12")
def test_page_api_export_proofs_statistics_and_replay_keep_to_the_same_scope(
        jane, officer, manager, other_manager, make_user, signed_in, api, now):
    with context.acting(context.actor_of(officer)):
        named, unnamed = (str(run_query(query=question(**for_whom)).id) for for_whom in (
            {"for_whom": "other", "other_name": "Jane Roe"}, {}))
    browser = signed_in(other_manager)
    address = browser.post("/audit/", {"event": "query.attempted"}).url
    assert (named in browser.get(address).content.decode(), unnamed in browser.get(address).content.decode()) == (True, False)
    assert "name one of its people" in browser.get("/audit/").content.decode()
    client = api(other_manager)
    begun = client.post("/api/v1/audit/searches/", {"event": "query.attempted"}, format="json").json()["id"]
    assert [one["id"] for one in client.get(f"/api/v1/audit/searches/{begun}/").json()["results"]] == [named]
    book = openpyxl.load_workbook(io.BytesIO(b"".join(browser.get(f"{address}export.xlsx").streaming_content)))
    assert named in str(list(book["Events"].values))
    assert unnamed not in str(list(book["Events"].values))
    assert "in the name of its people" in str(list(book["About"].values))
    with context.acting(context.actor_of(other_manager)):
        look = record_durably(Kind.AUDIT_VIEWED, search=address.split("/")[-2], page=1).id
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT id FROM audit.proof_page(%s::uuid, NULL, NULL, 100)", [look])
        assert [str(id) for (id,) in cursor.fetchall()] == [named]
    for reader, queries in ((other_manager, [200, 404]), (manager, [200, 200])):
        entered = signed_in(reader)
        assert [entered.get(f"/queries/{query}/").status_code for query in (named, unnamed)] == queries
    assert counted(other_manager, now) == {"named": 1}
    assert counted(manager, now) == {"search": 2, "on_behalf_of": 1}


def counted(user: User, now: datetime) -> dict[str, int]:
    """What the reader's own usage report says of searches."""
    with context.acting(context.actor_of(user)):
        made = statistics.report(user=user, since=now.date(), until=now.date(), format="page", now=now)
    return {str(name): made.total.counts[name] for name in ("search", "named", "on_behalf_of") if made.total.counts[name]}
