"""Misuse has consequences on record, and they act on every open session (ACC-11)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.db import ProgrammingError, connection, connections

from accounts import notices, sanctions, standing
from accounts.models import AccountCeiling, Sanction, User
from alerts.models import Hit, Resting
from tests.personas import PASSWORD, sign_in

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)
SANCTIONS = "/admin/accounts/sanction/"
API = "/api/v1/queries/"


def imposed(account: User, by: User, kind: str = "suspension", *, now: datetime | None = None, **times: datetime) -> Sanction:
    now = now or datetime.now(UTC)
    if kind == "suspension":
        times = {"ends_at": now + 3 * DAY} | times
    return sanctions.impose(account=account, kind=kind, reason="Asked about a neighbor", evidence="Review 12", by=by, now=now,
                            **times)


@pytest.mark.req("ACC-11", "ACC-1")
@pytest.mark.parametrize("kind", ["suspension", "revocation", "termination"])
def test_a_sanction_ends_every_open_session_by_the_next_request(kind, officer, manager, signed_in, api, events):
    browser, client = signed_in(officer), api(officer)
    imposed(officer, manager, kind)
    assert client.get(API).status_code == 401
    assert browser.get("/queries/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    [event] = events("sanction.imposed")
    assert (event["actor"], event["details"]["username"], event["details"]["measure"]) == ("manager", "officer", kind)
    assert event["details"]["evidence"] == "Review 12"
    assert len(events("session.ended", actor="officer")) == 2
    answer = browser.post("/accounts/login/", {"username": "officer", "password": PASSWORD})
    assert "_auth_user_id" not in browser.session
    assert answer.status_code == 200
    assert events("session.sign_in_refused")[-1]["details"]["why"] == (
        "suspended account" if kind == "suspension" else "closed account")


@pytest.mark.req("ACC-11")
def test_a_reprimand_is_on_record_and_closes_nothing(officer, manager, signed_in):
    browser = signed_in(officer)
    imposed(officer, manager, "reprimand")
    assert browser.get("/queries/").status_code == 200


@pytest.mark.req("ACC-11")
def test_the_person_is_mailed_what_is_on_record_and_neither_reason_nor_evidence(officer, officer2, manager):
    now = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
    suspension = imposed(officer, manager, now=now)
    imposed(officer, manager, "reprimand", now=now)
    imposed(officer2, manager, "revocation", now=now)
    sanctions.lift(sanction=suspension, reason="The note was found", evidence="Incident 3", by=manager, now=now + DAY)
    with pytest.raises(sanctions.AlreadyLifted):
        sanctions.lift(sanction=suspension, reason="Again", evidence="None", by=manager, now=now + DAY)
    notices.send_waiting(now=now + DAY)
    told = [(letter.to[0], letter.body.splitlines()[0]) for letter in mail.outbox]
    until = "from 2026-05-04 12:00 to 2026-05-07 12:00 UTC."
    assert told == [
        ("officer@agency.example",
         f"manager put a sanction on record for the account officer at 2026-05-04 12:00 UTC: suspension {until}"),
        ("officer@agency.example",
         "manager put a sanction on record for the account officer at 2026-05-04 12:00 UTC: reprimand."),
        ("officer2@agency.example",
         "manager put a sanction on record for the account officer2 at 2026-05-04 12:00 UTC: revocation of access."),
        ("officer@agency.example",
         f"manager lifted a sanction of the account officer at 2026-05-05 12:00 UTC: suspension {until}")]
    assert not any(word in letter.body for letter in mail.outbox for word in ("neighbor", "Review 12", "note was", "Incident 3"))


@pytest.mark.req("ACC-11", "ACC-1")
def test_the_back_office_of_a_suspended_manager_closes_too(manager, appointer, signed_in):
    browser = signed_in(manager)
    imposed(manager, appointer)
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")


@pytest.mark.req("ACC-11")
def test_a_suspension_begins_and_ends_by_the_clock_and_no_older_session_comes_back(officer, manager, signed_in, client):
    start = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(start, tick=False) as clock:
        imposed(officer, manager, starts_at=start + timedelta(minutes=10), ends_at=start + timedelta(minutes=20))
        browser = signed_in(officer)
        clock.move_to(start + timedelta(minutes=9, seconds=59))
        assert browser.get("/queries/").status_code == 200
        idle = signed_in(officer)
        clock.move_to(start + timedelta(minutes=10))
        assert browser.get("/queries/").status_code == 302
        assert client.post("/accounts/login/", {"username": "officer", "password": PASSWORD}).status_code == 200
        assert client.get("/queries/").status_code == 302
        clock.move_to(start + timedelta(minutes=20))
        assert idle.get("/queries/").status_code == 302, "it made no request meanwhile, and is over all the same"
        sign_in(client, officer)


@pytest.mark.req("ACC-11")
def test_lifting_is_a_record_of_its_own_that_ends_a_suspension_and_opens_what_was_closed(officer, officer2, manager, events):
    now = datetime.now(UTC)
    suspension, revocation = imposed(officer, manager, now=now), imposed(officer2, manager, "revocation", now=now)
    assert standing.is_suspended(officer, now=now)
    for sanction in (suspension, revocation):
        sanctions.lift(sanction=sanction, reason="The note was found", evidence="Incident 3", by=manager, now=now + DAY)
    assert not standing.is_suspended(officer, now=now + DAY)
    officer2.refresh_from_db()
    assert officer2.is_active
    assert [row.kind for row in Sanction.objects.filter(account=officer)] == ["lifting", "suspension"]
    assert [event["details"]["opened"] for event in events("sanction.lifted")] == [False, True]
    with pytest.raises(sanctions.AlreadyLifted, match="manager"):
        sanctions.lift(sanction=suspension, reason="Again", evidence="None", by=manager, now=now + DAY)
    assert events("sanction.refused")[-1]["details"]["why"] == "AlreadyLifted"


@pytest.mark.req("ACC-11")
def test_a_suspension_lifted_before_it_begins_ends_no_session(officer, manager, signed_in):
    now = datetime.now(UTC)
    browser = signed_in(officer)
    planned = imposed(officer, manager, now=now, starts_at=now + timedelta(minutes=5))
    sanctions.lift(sanction=planned, reason="Wrong person", evidence="Review 12", by=manager, now=now + timedelta(minutes=1))
    with time_machine.travel(now + timedelta(minutes=6)):
        assert browser.get("/queries/").status_code == 200


@pytest.mark.req("ACC-11")
def test_two_who_lift_at_once_are_one_lifting(officer, manager, make_user, aor_nyc):
    second = make_user("manager2", role="agency_manager", aor=aor_nyc)
    sanction = imposed(officer, manager)

    def lift(by):
        try:
            sanctions.lift(sanction=sanction, reason="Mistake", evidence="Review 12", by=by, now=datetime.now(UTC))
            return "lifted"
        except sanctions.AlreadyLifted as refusal:
            return str(refusal)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(lift, [manager, second]))
    assert said[0] == "lifted" or said[1] == "lifted"
    assert sum("has lifted it already" in line for line in said) == 1


@pytest.mark.req("ACC-11", "ACC-10", "ACC-6")
def test_who_sanctions_whom(officer, officer_chi, supervisor, manager, other_manager, auditor, appointer, operator, quality,
                            support, superuser, make_user, aor_nyc, events):
    second = make_user("manager2", role="agency_manager", aor=aor_nyc)
    allowed = {("manager", "officer"), ("manager", "supervisor"), ("other_manager", "officer_chi"),
               ("appointer", "manager"), ("appointer", "supervisor"), ("appointer", "auditor")}
    by = [officer, support, supervisor, manager, other_manager, auditor, appointer, operator, superuser]
    of = [officer, officer_chi, supervisor, manager, second, auditor, quality, appointer, superuser]
    for person in by:
        for account in of:
            if (person.username, account.username) in allowed | {("appointer", "manager2"), ("appointer", "other_manager")}:
                imposed(account, person, "reprimand")
            else:
                with pytest.raises(sanctions.MayNotSanction):
                    imposed(account, person, "reprimand")
                assert events("sanction.refused")[-1]["actor"] == person.username
    assert Sanction.objects.count() == len(allowed) + 1


@pytest.mark.req("ACC-11")
def test_nobody_who_is_closed_or_suspended_sanctions_through_the_pages(officer, manager, appointer, signed_in):
    browser = signed_in(manager)
    imposed(manager, appointer)
    browser.post(f"{SANCTIONS}add/", {"account": officer.pk, "kind": "reprimand", "reason": "x", "evidence": "y"})
    assert not Sanction.objects.filter(account=officer).exists()


@pytest.mark.req("ACC-11")
@pytest.mark.parametrize(("said", "field"), [
    ({"kind": "lifting"}, "kind"), ({"kind": "scolding"}, "kind"), ({"reason": " "}, "reason"), ({"evidence": ""}, "evidence"),
    ({"kind": "suspension"}, "ends_at"), ({"kind": "suspension", "starts_at": -1, "ends_at": 5}, "starts_at"),
    ({"kind": "suspension", "starts_at": 5, "ends_at": 5}, "ends_at"), ({"kind": "revocation", "ends_at": 5}, "starts_at"),
])
def test_what_makes_no_sense_is_refused_with_the_reason_at_its_field(said, field, now, officer, manager):
    times = {name: now + timedelta(days=said.get(name)) if said.get(name) else None for name in ("starts_at", "ends_at")}
    form = {"kind": "reprimand", "reason": "Misuse", "evidence": "Review"} | said | times
    assert sanctions.why_not(**form, now=now)[0] == field
    with pytest.raises(sanctions.NotPossible):
        sanctions.impose(account=officer, by=manager, now=now, **form)


@pytest.mark.req("ACC-11", "AUD-2")
def test_the_database_lets_nobody_change_or_delete_a_sanction(officer, manager, now):
    sanction = imposed(officer, manager)
    for change in (lambda: Sanction.objects.update(reason="nothing"), lambda: Sanction.objects.filter(pk=sanction.pk).delete()):
        with pytest.raises(ProgrammingError, match="permission denied"):
            change()
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.erase_sanctions_over(%s::bigint, %s::timestamptz)", [officer.pk, now + DAY])
        assert cursor.fetchone() == (0,), "the account is not deleted"


@pytest.mark.req("ACC-11", "ACC-15")
def test_a_revoked_account_is_opened_by_lifting_alone_and_not_above_the_ceiling(officer, officer2, manager, signed_in):
    revocation = imposed(officer, manager, "revocation")
    form = {"full_name": "O", "email": "o@agency.example", "component": "ERO", "job_category": officer.job_category,
            "role": "officer", "is_active": "on"}
    answer = signed_in(manager).post(f"/admin/accounts/user/{officer.pk}/change/", form)
    assert "Lift that first" in answer.content.decode()
    AccountCeiling.objects.update_or_create(aor=officer.aor, component="ERO", defaults={"most": 1})
    answer = signed_in(manager).post(f"{SANCTIONS}{revocation.pk}/step/",
                                     {"do": "lift", "reason": "Mistake", "evidence": "Review 12"}, follow=True)
    assert "ceiling of 1" in answer.content.decode()
    officer.refresh_from_db()
    assert not officer.is_active
    assert Sanction.objects.count() == 1


@pytest.mark.req("ACC-11", "ALR-11")
def test_entries_of_a_suspended_owner_rest_and_go_on_when_it_is_over(watch, officer, manager, load_read):
    watch()
    real = datetime.now(UTC)
    suspension = imposed(officer, manager, now=real - timedelta(minutes=1))
    assert Resting.objects.get(user=officer).why == "suspended"
    load_read()
    assert not Hit.objects.exists()
    sanctions.lift(sanction=suspension, reason="Over", evidence="Review 12", by=manager, now=real)
    assert not Resting.objects.filter(user=officer).exists()
    load_read()
    assert Hit.objects.count() == 1


@pytest.mark.req("ACC-11")
@pytest.mark.parametrize(("since", "until", "lifted"), [(-2, -1, False), (-1, 1, False), (1, 2, False), (-1, 1, True)])
def test_database_and_application_agree_on_who_is_suspended(since, until, lifted, officer, manager):
    real = datetime.now(UTC)
    made = imposed(officer, manager, now=real - 3 * DAY, starts_at=real + since * DAY, ends_at=real + until * DAY)
    if lifted:
        sanctions.lift(sanction=made, reason="Mistake", evidence="None", by=manager, now=real)
    assert Resting.objects.filter(user=officer).exists() is standing.is_suspended(officer, now=real)


@pytest.mark.req("ACC-11", "ACC-6")
def test_a_manager_records_lifts_and_reads_in_the_back_office_and_opr_reads(officer, officer_chi, manager, other_manager, auditor,
                                                                              signed_in, events):
    browser = signed_in(manager)
    page = browser.get(f"{SANCTIONS}add/").content.decode()
    assert "officer" in page
    assert "officer_chi" not in page
    form = {"account": officer.pk, "kind": "suspension", "reason": "Asked about a neighbor", "evidence": "Review 12",
            "starts_at_0": "", "starts_at_1": "", "ends_at_0": "2099-01-01", "ends_at_1": "00:00"}
    assert browser.post(f"{SANCTIONS}add/", form | {"account": officer_chi.pk}).status_code == 200
    assert browser.post(f"{SANCTIONS}add/", form | {"ends_at_0": "", "ends_at_1": ""}).status_code == 200
    assert not Sanction.objects.exists()
    assert browser.post(f"{SANCTIONS}add/", form).status_code == 302
    sanction = Sanction.objects.get()
    assert (sanction.account, sanction.decided_by, sanction.state(datetime.now(UTC))) == (officer, manager, "in force")
    here = f"{SANCTIONS}{sanction.pk}/"
    for reader in (browser, signed_in(auditor)):
        assert "neighbor" in reader.get(f"{here}change/").content.decode()
    assert signed_in(auditor).post(f"{SANCTIONS}add/", form).status_code == 403
    assert signed_in(auditor).post(f"{here}step/", {"do": "lift", "reason": "x", "evidence": "y"}).status_code == 302
    assert signed_in(other_manager).get(f"{here}change/").status_code == 404
    assert signed_in(other_manager).post(f"{here}step/", {"do": "lift", "reason": "x", "evidence": "y"}).status_code == 404
    assert not Sanction.objects.filter(kind="lifting").exists()
    assert browser.post(f"{here}step/", {"do": "lift", "reason": "Mistake", "evidence": "Review 13"}).status_code == 302
    assert "lifted" in browser.get(SANCTIONS).content.decode()
    assert list(sanctions.newest(by=manager).values_list("kind", flat=True)) == ["lifting", "suspension"]
    assert not sanctions.newest(by=other_manager)
    assert {event["actor"] for event in events("sanction.refused")} == {"manager", "auditor"}


@pytest.mark.req("ACC-11", "ALR-8")
def test_a_sanction_holds_no_plate_and_no_case(officer, manager, signed_in, events):
    browser = signed_in(manager)
    form = {"account": officer.pk, "kind": "reprimand", "evidence": "Review 12", "starts_at_0": "", "starts_at_1": "",
            "ends_at_0": "", "ends_at_1": ""}
    page = browser.post(f"{SANCTIONS}add/", form | {"reason": "Asked about plate HBX4172", "no_case": "on"}).content.decode()
    assert "“HBX4172” is a license plate. Take it out." in page
    asked = browser.post(f"{SANCTIONS}add/", form | {"reason": "Asked about QRS4455"}).content.decode()
    assert not Sanction.objects.exists()
    looked = re.search(r'name="looked" value="(\w+)"', asked)[1]
    said = form | {"reason": "Asked about QRS4455", "looked": looked, "no_case": "on"}
    assert browser.post(f"{SANCTIONS}add/", said).status_code == 302
    sanction = Sanction.objects.get()
    step, lifting = f"{SANCTIONS}{sanction.pk}/step/", {"do": "lift", "evidence": "Review 13"}
    for reason, box, said in (("Plate HBX4172 was his own", "on", "“HBX4172” is a license plate. Take it out."),
                              ("QRS4455 was his own", "on", "“QRS4455” may be a license plate.")):
        answer = browser.post(step, lifting | {"reason": reason, "no_case": box})
        page = answer.content.decode()
        assert answer.status_code == 400
        assert said in page
        for typed in (reason, 'value="Review 13"'):
            assert typed in page, "what was typed is not lost"
        assert not re.search("HBX4172|QRS4455", str(browser.cookies) + str(dict(browser.session))), "no message carries it"
    assert [event["details"]["why"] for event in events("sanction.refused")] == ["case text", "question"] * 2
    assert Sanction.objects.count() == 1
    looked = re.search(r'name="looked" value="(\w+)"', page)[1]
    browser.post(step, lifting | {"reason": "HBX4172 was his own", "looked": looked, "no_case": "on"})
    assert Sanction.objects.count() == 1, "the answer counts for the words that were shown"
    browser.post(step, lifting | {"reason": "QRS4455 was a router", "looked": looked, "no_case": "on"})
    assert Sanction.objects.count() == 2


@pytest.mark.req("ACC-11")
def test_the_evidence_of_a_sanction_cites_the_agencys_own_case_and_no_plate(officer, manager, signed_in, events):
    browser, cited = signed_in(manager), "OPR case 2026-12345, folder 7"
    form = {"account": officer.pk, "kind": "reprimand", "reason": "Asked about a neighbor", "starts_at_0": "", "starts_at_1": "",
            "ends_at_0": "", "ends_at_1": ""}
    page = browser.post(f"{SANCTIONS}add/", form | {"evidence": "Photo of plate HBX4172"}).content.decode()
    assert "“HBX4172” is a license plate. Take it out." in page
    page = browser.post(f"{SANCTIONS}add/", form | {"evidence": cited, "reason": "As in case 2026-12345"}).content.decode()
    assert page.count("“2026-12345” is a case number. Take it out.") == 1, "a reason needs no case number"
    assert browser.post(f"{SANCTIONS}add/", form | {"evidence": cited}).status_code == 302
    sanction = Sanction.objects.get()
    step = f"{SANCTIONS}{sanction.pk}/step/"
    assert browser.post(step, {"do": "lift", "reason": "Mistake", "evidence": "Plate HBX4172"}).status_code == 400
    assert browser.post(step, {"do": "lift", "reason": "Mistake", "evidence": cited}).status_code == 302
    assert [events(kind)[0]["details"]["evidence"] for kind in ("sanction.imposed", "sanction.lifted")] == [cited, cited]


@pytest.mark.req("ACC-11", "ACC-9", "ACC-6")
@pytest.mark.parametrize(("action", "form"), [("sanction", SANCTIONS), ("file_deletion", "/admin/accounts/deletionrequest/")])
def test_from_a_person_of_the_list_one_comes_to_the_form(
    action, form, officer, officer2, officer_chi, manager, auditor, signed_in,
):
    browser, people = signed_in(manager), "/admin/accounts/user/"
    answer = browser.post(people, {"action": action, "_selected_action": [officer.pk], "index": 0})
    assert answer["Location"] == f"{form}add/?account={officer.pk}"
    assert f'value="{officer.pk}" selected' in browser.get(answer["Location"]).content.decode()
    for several in ([officer.pk, officer2.pk], [officer_chi.pk]):
        answer = browser.post(people, {"action": action, "_selected_action": several, "index": 0}, follow=True)
        assert answer.redirect_chain[-1][0].startswith(people)
    assert f'<option value="{action}">' in browser.get(people).content.decode()
    assert f'<option value="{action}">' not in signed_in(auditor).get(people).content.decode()
