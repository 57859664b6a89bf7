"""Deletion on request: closed at once, erased by the operator inside 24 business hours, with a clock that calls (ACC-9)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connections

from accounts import countdown, deletion_calls, deletions, sanctions, standing, tasks
from accounts.models import AccountCeiling, DeletionCall, DeletionRequest, User
from audit.models import Incident
from tests.accounts import dead_mail
from tests.personas import PASSWORD

pytestmark = pytest.mark.usefixtures("database")
DELETIONS = "/admin/accounts/deletionrequest/"
# A Tuesday without a holiday near: 24 business hours are the next day at the same time.
TUESDAY = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def filed(account: User, by: User, now: datetime = TUESDAY) -> DeletionRequest:
    return deletions.file(account=account, by=by, reason="Left the agency", now=now)


def subjects() -> list[str]:
    return [sent.subject for sent in mail.outbox]


@pytest.mark.req("ACC-9", "ACC-1")
def test_from_filing_on_the_account_can_do_nothing(officer, manager, signed_in, api, events):
    browser, client, second = signed_in(officer), api(officer), signed_in(officer)
    page = signed_in(manager)
    answer = page.post(f"{DELETIONS}add/", {"account": officer.pk, "reason": "Left the agency"})
    assert answer.status_code == 302, answer.content.decode()
    assert client.get("/api/v1/queries/").status_code == 401
    assert browser.get("/queries/").status_code == second.get("/alerts/").status_code == 302
    assert browser.post("/accounts/login/", {"username": "officer", "password": PASSWORD}).status_code == 200
    assert browser.get("/queries/").status_code == 302
    [event] = events("deletion.filed")
    assert (event["actor"], event["aor"], event["details"]["username"], event["details"]["note"]) == (
        "manager", "NYC", "officer", "Left the agency")
    row = DeletionRequest.objects.get()
    assert "In time" in page.get(DELETIONS).content.decode()
    assert row.due_at == deletions.business_time.add(row.filed_at, timedelta(hours=24), zone=row.zone)


@pytest.mark.req("ACC-9", "ACC-1")
def test_the_session_of_a_manager_in_the_back_office_ends_as_well(manager, appointer, signed_in):
    browser = signed_in(manager)
    filed(manager, appointer, datetime.now(UTC))
    assert browser.get("/admin/")["Location"].startswith("/admin/login/")


@pytest.mark.req("ACC-9", "ACC-10", "ACC-6")
def test_who_files_whose_deletion(officer, officer_chi, supervisor, manager, other_manager, auditor, appointer, operator, quality,
                                  support, superuser, make_user, aor_nyc, events):
    second = make_user("manager2", role="agency_manager", aor=aor_nyc)
    allowed = {("manager", "officer"), ("other_manager", "officer_chi"), ("appointer", "manager2"), ("operator", "quality")}
    for by in (officer, support, supervisor, auditor, superuser, manager, other_manager, appointer, operator):
        for account in (officer, officer_chi, second, quality, by):
            if (by.username, account.username) in allowed:
                continue
            with pytest.raises(deletions.MayNot):
                filed(account, by)
            assert events("deletion.refused")[-1]["actor"] == by.username
    people = {user.username: user for user in User.objects.all()}
    for by, account in sorted(allowed):
        filed(people[account], people[by])
    assert DeletionRequest.objects.count() == len(allowed)


@pytest.mark.req("ACC-9")
def test_filing_twice_is_refused_and_so_is_a_deletion_without_reason(officer, officer2, manager, signed_in, events):
    filed(officer, manager)
    with pytest.raises(deletions.AlreadyThere, match="filed already"):
        filed(officer, manager)
    with pytest.raises(deletions.NoReason):
        deletions.file(account=officer2, by=manager, reason=" ", now=TUESDAY)
    page = signed_in(manager).post(f"{DELETIONS}add/", {"account": officer.pk, "reason": "Again"}).content.decode()
    assert "filed already" in page
    assert [event["details"]["why"] for event in events("deletion.refused")] == ["AlreadyThere", "NoReason", "AlreadyThere"]
    assert DeletionRequest.objects.count() == 1


@pytest.mark.req("ACC-9", "ACC-10")
def test_a_supervisor_asks_and_the_manager_files_or_turns_down(officer, officer2, supervisor, manager, signed_in, events):
    first = deletions.ask(account=officer, by=supervisor, reason="Moved to another office", now=TUESDAY)
    second = deletions.ask(account=officer2, by=supervisor, reason="Never here", now=TUESDAY)
    officer.refresh_from_db()
    assert officer.is_active, "asking closes nothing"
    with pytest.raises(deletions.AlreadyThere):
        deletions.ask(account=officer, by=supervisor, reason="Again", now=TUESDAY)
    browser = signed_in(manager)
    assert "Moved to another office" in browser.get(f"{DELETIONS}{first.pk}/change/").content.decode()
    assert browser.post(f"{DELETIONS}{first.pk}/step/", {"do": "file"}).status_code == 302
    page = browser.post(f"{DELETIONS}{second.pk}/step/", {"do": "turn_down"}, follow=True).content.decode()
    assert "Give a reason" in page
    browser.post(f"{DELETIONS}{second.pk}/step/", {"do": "turn_down", "note": "Still on duty"})
    assert list(DeletionRequest.objects.order_by("account__username").values_list("state", "note")) == [
        ("filed", ""), ("turned_down", "Still on duty")]
    officer.refresh_from_db()
    officer2.refresh_from_db()
    assert (officer.is_active, officer2.is_active) == (False, True)
    assert len(events("deletion.asked")) == 2
    assert [event["details"]["note"] for event in events("deletion.turned_down")] == ["Still on duty"]


@pytest.mark.req("ACC-9", "ACC-10", "ACC-6")
def test_a_supervisor_asks_for_their_own_people_alone(officer, officer_chi, manager, support, supervisor, other_manager):
    for by, account in ((supervisor, officer_chi), (supervisor, manager), (supervisor, supervisor), (officer, support),
                        (manager, officer), (other_manager, officer)):
        with pytest.raises(deletions.MayNot):
            deletions.ask(account=account, by=by, reason="x", now=TUESDAY)


@pytest.mark.req("ACC-9")
def test_withdrawing_opens_the_account_again_but_no_old_session(officer, manager, operator, signed_in, events):
    browser, now = signed_in(officer), datetime.now(UTC)
    row = filed(officer, manager, now + HOUR)
    with pytest.raises(deletions.MayNot):
        deletions.withdraw(request=row, by=operator, note="Not mine to say", now=now + HOUR)
    deletions.withdraw(request=row, by=manager, note="Wrong person", now=now + HOUR)
    officer.refresh_from_db()
    assert officer.is_active
    assert browser.get("/queries/").status_code == 302
    signed_in(officer)
    assert events("deletion.withdrawn")[0]["details"]["opened"] is True
    with pytest.raises(deletions.AlreadyEnded, match="withdrawn"):
        deletions.carry_out(request=row, by=operator, now=now + HOUR)
    officer.refresh_from_db()
    assert officer.email, "nothing was erased"


@pytest.mark.req("ACC-9", "ACC-11", "ACC-15")
def test_withdrawing_opens_nothing_that_something_else_keeps_closed(officer, officer2, agent, manager):
    closed = filed(officer, manager)
    officer2.is_active = False
    officer2.save()
    was_closed = filed(officer2, manager)
    sanctions.impose(account=officer, kind="termination", reason="Sold plates", evidence="Incident 4", by=manager, now=TUESDAY)
    for row in (closed, was_closed):
        deletions.withdraw(request=row, by=manager, note="Kept for the inquiry", now=TUESDAY + HOUR)
    assert not User.objects.filter(pk__in=[officer.pk, officer2.pk], is_active=True).exists()
    full = filed(agent, manager)
    AccountCeiling.objects.update_or_create(aor=agent.aor, component="HSI", defaults={"most": 0})
    with pytest.raises(deletions.ceilings.Full):
        deletions.withdraw(request=full, by=manager, note="Needed", now=TUESDAY + HOUR)
    full.refresh_from_db()
    assert full.state == "filed"


@pytest.mark.req("ACC-9", "ACC-6")
def test_a_filed_account_is_not_opened_by_the_page_of_people(officer, manager, signed_in):
    filed(officer, manager)
    form = {"full_name": "O", "email": "o@agency.example", "component": "ERO", "job_category": officer.job_category,
            "role": "officer", "is_active": "on"}
    answer = signed_in(manager).post(f"/admin/accounts/user/{officer.pk}/change/", form)
    assert "Withdraw that first" in answer.content.decode()
    assert not standing.is_open(User.objects.get(pk=officer.pk), now=TUESDAY)


@pytest.mark.req("ACC-9", "AUD-9")
def test_the_operator_is_called_at_each_stage_once_and_the_alarm_is_raised(officer, manager, operator, quality, events):
    raised = []
    hook = lambda request, now: raised.append((request.account.username, now))  # noqa: E731
    deletion_calls.when_overdue.append(hook)
    try:
        row = filed(officer, manager)
        mail.outbox.clear()
        DeletionCall.objects.update(raised_at=None, told_at=None)
        for hours, count in ((0, 1), (11.9, 1), (12, 2), (12, 2), (18, 3), (23.99, 3), (24, 5), (24, 5), (90, 5)):
            deletion_calls.keep_time(now=TUESDAY + hours * HOUR)
            assert len(mail.outbox) == count, hours
    finally:
        deletion_calls.when_overdue.remove(hook)
    assert raised == [("officer", TUESDAY + 24 * HOUR)]
    [incident] = Incident.objects.all()
    assert (incident.discovered_at, incident.opened_by) == (TUESDAY + 24 * HOUR, None)
    assert [subject.split(": ", 1)[1] for subject in subjects()] == [
        "an account is to be deleted", "half of the time for a deletion is gone",
        "three quarters of the time for a deletion are gone",
        "OVERDUE: a deletion was not carried out", "OVERDUE: a deletion was not carried out"]
    assert [sent.to for sent in mail.outbox[:3]] == [[operator.email]] * 3
    assert sorted(sent.to[0] for sent in mail.outbox[3:]) == sorted([operator.email, manager.email])
    assert "officer" in mail.outbox[0].body
    assert officer.full_name not in "".join(sent.body for sent in mail.outbox)
    assert "Left the agency" not in "".join(sent.body for sent in mail.outbox)
    assert len(events("deletion.overdue")) == 1
    assert [event["details"]["stage"] for event in events("deletion.called")][-3:] == ["filed", "half", "most"]
    assert list(deletions.overdue(now=TUESDAY + 24 * HOUR)) == [row]
    assert not deletions.overdue(now=TUESDAY + 23 * HOUR)


@pytest.mark.req("ACC-9")
def test_calls_survive_a_standstill_and_a_dead_mail_server_and_two_schedulers(officer, manager, operator, settings, events):
    filed(officer, manager)
    DeletionCall.objects.update(raised_at=None, told_at=None)
    mail.outbox.clear()
    late = TUESDAY + timedelta(days=9)
    settings.EMAIL_BACKEND = f"{dead_mail.__name__}.EmailBackend"
    assert deletion_calls.keep_time(now=late) == 0
    assert len(events("deletion.overdue")) == 1, "the alarm stands although no mail left"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    def again(_):
        try:
            return deletion_calls.keep_time(now=late)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(again, range(2))) == 4
    assert len(mail.outbox) == 5
    assert len(events("deletion.overdue")) == 1
    tasks.keep_time_of_deletions()
    assert len(mail.outbox) == 5


@pytest.mark.req("ACC-9")
@pytest.mark.parametrize(("hours", "level", "state", "left", "percent"), [
    (0, "ok", "In time", "24 h 0 min left", 0), (11.99, "ok", "In time", "12 h 0 min left", 49),
    (12, "warn", "Half gone", "12 h 0 min left", 50), (18, "bad", "Urgent", "6 h 0 min left", 75),
    (24, "bad", "Overdue", "0 h 0 min over", 100), (25.5, "bad", "Overdue", "1 h 30 min over", 100),
])
def test_the_clock_is_shown_in_word_color_and_bar(hours, level, state, left, percent, officer, manager):
    row = filed(officer, manager)
    now = TUESDAY + hours * HOUR
    assert countdown.of(row, now=now) == countdown.Countdown(level, state, left, percent, "Sep 16, 2026 10:00 EDT")
    html = countdown.shown(row, now=now)
    for part in (f"status--{level}", state, left, f'value="{percent}"', "Sep 16, 2026 10:00 EDT"):
        assert part in html


@pytest.mark.req("ACC-9")
def test_of_two_operators_one_deletes_and_the_other_is_told(officer, manager, operator, make_user, signed_in):
    second, row = make_user("operator2", role="operations"), filed(officer, manager)

    def carry_out(by):
        try:
            deletions.carry_out(request=row, by=by, now=TUESDAY + HOUR)
            return "done"
        except deletions.AlreadyEnded as refusal:
            return str(refusal)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(carry_out, [operator, second]))
    assert said.count("done") == 1
    assert [line for line in said if line != "done"] == ["The account officer is deleted already."]
    browser = signed_in(second)
    page = browser.post(f"{DELETIONS}{row.pk}/step/", {"do": "carry_out"}, follow=True).content.decode()
    assert "Nothing was done." in page
    assert "deleted already" in page


@pytest.mark.req("ACC-9", "ACC-10")
def test_only_operations_deletes_and_nobody_what_they_filed(
    officer, manager, other_manager, auditor, appointer, operator, quality, superuser, make_user, signed_in, events,
):
    row, own = filed(officer, manager), filed(quality, operator)
    for by, request in ((manager, row), (auditor, row), (appointer, row), (superuser, row), (operator, own)):
        with pytest.raises(deletions.MayNot):
            deletions.carry_out(request=request, by=by, now=TUESDAY + HOUR)
        assert events("deletion.refused")[-1]["actor"] == by.username
    for user in (other_manager, auditor):
        assert signed_in(user).post(f"{DELETIONS}{row.pk}/step/", {"do": "carry_out"}).status_code == 404, user
    deletions.carry_out(request=own, by=make_user("operator2", role="operations"), now=TUESDAY + HOUR)
    assert User.objects.get(pk=quality.pk).deleted_at
    assert not User.objects.get(pk=officer.pk).deleted_at


@pytest.mark.req("ACC-9", "AUD-11")
def test_the_operators_queue_names_the_account_and_not_why_or_whose(officer, officer2, supervisor, manager, operator, signed_in):
    deletions.ask(account=officer2, by=supervisor, reason="Secret reason", now=TUESDAY)
    row = filed(officer, manager, datetime.now(UTC))
    browser = signed_in(operator)
    for path in (DELETIONS, f"{DELETIONS}{row.pk}/change/"):
        page = browser.get(path).content.decode()
        assert "officer" in page
        assert "In time" in page
        for hidden in (officer.full_name, "Left the agency", "Secret reason", "officer2", manager.username, officer.email):
            assert hidden not in page, (path, hidden)
    assert "Delete the account" in page
    assert browser.post(f"{DELETIONS}{row.pk}/step/", {"do": "withdraw", "note": "x"}).status_code == 302
    assert browser.get(f"{DELETIONS}{row.pk}/step/").status_code == 404
    assert browser.post(f"{DELETIONS}{row.pk}/step/", {"do": "carry_out"}).status_code == 302
    assert User.objects.get(pk=officer.pk).deleted_at


@pytest.mark.req("ACC-9", "ALR-8")
def test_the_reason_of_a_deletion_holds_no_plate_and_no_case(officer, manager, supervisor, signed_in, events):
    theirs, browser = signed_in(supervisor), signed_in(manager)
    answer = theirs.post("/accounts/deletions/", {"account": officer.pk, "reason": "Sold plate HBX4172"})
    assert answer.status_code == 400
    assert "“HBX4172” is a license plate. Take it out." in answer.content.decode()
    assert 'type="checkbox" name="no_case"' in theirs.post(
        "/accounts/deletions/", {"account": officer.pk, "reason": "Sold QRS4455"}).content.decode()
    page = browser.post(f"{DELETIONS}add/", {"account": officer.pk, "reason": "Sold plate HBX4172"}).content.decode()
    assert "Take it out." in page
    assert not DeletionRequest.objects.exists()
    row = deletions.ask(account=officer, by=supervisor, reason="Moved away", now=datetime.now(UTC))
    step = f"{DELETIONS}{row.pk}/step/"
    answer = browser.post(step, {"do": "turn_down", "note": "plate HBX4172 is his", "no_case": "on"})
    assert answer.status_code == 400
    assert "“HBX4172” is a license plate. Take it out." in answer.content.decode()
    assert "plate HBX4172 is his</textarea>" in answer.content.decode(), "what was typed is not lost"
    assert "HBX4172" not in str(browser.cookies) + str(dict(browser.session)), "no message carries it"
    why = [event["details"]["why"] for event in events("deletion.refused")]
    assert why == ["case text", "question", "case text", "case text"]
    assert "HBX4172" not in str(events())
    row.refresh_from_db()
    assert row.state == "asked"
    assert browser.post(step, {"do": "turn_down", "note": "Still needed"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "turned_down"


@pytest.mark.req("ACC-9", "ACC-10")
def test_a_supervisors_page_asks_and_shows_what_became_of_it(officer, officer_chi, manager, supervisor, signed_in, events):
    browser = signed_in(supervisor)
    page = browser.get("/accounts/deletions/").content.decode()
    assert "(officer)" in page
    assert "officer_chi" not in page
    assert 'href="/accounts/deletions/"' in browser.get("/").content.decode(), "the page is found"
    assert browser.post("/accounts/deletions/", {"account": officer_chi.pk, "reason": "x"}).status_code == 400
    answer = browser.post("/accounts/deletions/", {"account": officer.pk, "reason": ""})
    assert answer.status_code == 400
    assert f'value="{officer.pk}" selected' in answer.content.decode(), "what was chosen is not lost"
    assert browser.post("/accounts/deletions/", {"account": officer.pk, "reason": "Moved away"}).status_code == 302
    assert browser.post("/accounts/deletions/", {"account": officer.pk, "reason": "Again"}).status_code == 400
    assert "Asked for by a supervisor" in browser.get("/accounts/deletions/").content.decode()
    deletions.file(account=officer, by=manager, reason="", now=datetime.now(UTC))
    assert "In time" in browser.get("/accounts/deletions/").content.decode()
    assert signed_in(manager).get("/accounts/deletions/").status_code == 403
    assert [event["details"]["why"] for event in events("deletion.refused")] == ["fields", "fields", "AlreadyThere"]
