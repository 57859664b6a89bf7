"""Months past seven years go announced, sealed and approved by two persons, or not at all (AUD-5, BEY-10)."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, connections, transaction

from accounts.roles import Role
from audit import context, letters, statistics, tasks, verification
from audit.events import Kind
from audit.models import DailyCount, MonthsEnd, RetentionPolicy
from audit.retention import holds, months
from audit.two_sides import StepRefused
from tests.audit.retention.conftest import act, announced, approved, seal
from tests.factories import old_log
from tests.factories.old_log import rows, said

pytestmark = pytest.mark.usefixtures("database")
PAGE = "/audit/retention/"


def post(client, act: str, **fields):
    return client.post(PAGE, {"act": act} | fields)


@pytest.mark.req("AUD-5", "BEY-10")
def test_two_persons_drop_months_on_the_page_after_a_sealed_announcement(old, appointer, operator, signed_in, events, now):
    agency, staff = signed_in(appointer), signed_in(operator)
    page = staff.get(PAGE).content.decode()
    assert f"{old.january:%Y-%m}" in page
    assert "kept for 7 years" in page
    assert post(staff, "announce", months=[month.isoformat() for month in old.both]).status_code == 302
    event, = events(Kind.MONTHS_ANNOUNCED)
    assert [(month["month"], month["events"]) for month in event["details"]["months"]] == [
        (f"{old.january:%Y-%m}", 3), (f"{old.february:%Y-%m}", 2)]
    assert rows(f"SELECT encode(root, 'hex') FROM audit.checkpoint WHERE size = {event['details']['size']}") == [
        (event["details"]["root"],)]
    letters.send_waiting(now=now)
    assert {address for message in mail.outbox for address in message.to} == {appointer.email, operator.email}
    assert PAGE in mail.outbox[0].body
    assert b"Not yet" in agency.get(PAGE).content
    refused = post(agency, "approve", announcement=event["id"], confirm="on")
    assert refused.status_code == 400
    assert b"not sealed yet" in refused.content
    seal(now)
    assert post(agency, "approve", announcement=event["id"], confirm="on").status_code == 302
    assert months.drop_approved(now=now) == 0
    assert post(staff, "approve", announcement=event["id"], confirm="on").status_code == 302
    assert months.drop_approved(now=now) == 0, "the approvals are not sealed yet"
    seal(now)
    tasks.drop_approved_months()
    assert months.over(now=now) == []
    assert rows(f"SELECT count(*) FROM audit.event WHERE at < '{old.february + timedelta(days=28)}'") == [(0,)]
    assert rows("SELECT count(*) FROM audit.sealed_leaf WHERE index < 5") == [(5,)]
    assert [event["details"]["events"] for event in events(Kind.MONTH_DROPPED)] == [3, 2]
    assert {event["details"]["side"] for event in events(Kind.MONTHS_APPROVED)} == {"agency", "operator"}
    page = staff.get(PAGE).content.decode()
    assert "No month is older" in page
    assert f"{old.february:%Y-%m} dropped, approved by Appointer and Operator" in page
    assert events(Kind.RETENTION_VIEWED, actor="operator")
    assert verification.verify().dropped == 5
    assert months.drop_approved(now=now) == 0


@pytest.mark.req("AUD-5", "BEY-10")
def test_what_may_not_be_done_is_refused_and_recorded(old, appointer, operator, manager, make_user, events, now):
    young = (now - timedelta(days=365 * 7 - 40)).date().replace(day=1)
    old_log.fill(datetime(young.year, young.month, 3, tzinfo=UTC), 1)
    seal(now)

    def refused(words: str, person, door, **said) -> None:
        before = len(events(Kind.RETENTION_REFUSED))
        with pytest.raises(StepRefused, match=words):
            act(person, door, now=now, **said)
        assert len(events(Kind.RETENTION_REFUSED)) == before + 1

    refused("operations staff announce", appointer, months.announce, months=old.both)
    refused("not past its retention", operator, months.announce, months=[*old.both, young])
    refused("at least one", operator, months.announce, months=[])
    refused("No announcement", appointer, months.withdraw)
    for person in (manager, operator):
        refused("Only the agency" if person is manager else "Say why", person, holds.hold, month=None, reason=" ")
    end = announced(old, operator, now)
    refused("open already", operator, months.announce, months=old.both)
    refused("Only the agency", manager, months.approve, announcement=end.announced)
    refused("Another announcement", operator, months.approve, announcement=end.pk)
    refused("Only the agency", manager, months.withdraw)
    act(operator, months.approve, announcement=end.announced, now=now)
    refused("approved already", make_user("second", role=Role.OPERATIONS), months.approve, announcement=end.announced)
    operator.role = Role.AGENCY_APPOINTER
    refused("another person", operator, months.approve, announcement=end.announced)
    act(appointer, months.withdraw, now=now)
    assert events(Kind.MONTHS_WITHDRAWN)
    operator.role = Role.OPERATIONS
    again = approved(old, appointer, operator, now)
    refused("Only the agency", manager, months.withdraw)
    assert again.announced != end.announced
    assert months.drop_approved(now=now) == 2
    assert verification.verify().dropped == 5


@pytest.mark.req("AUD-5", "BEY-10")
def test_a_legal_hold_stops_what_both_sides_have_approved(old, appointer, operator, signed_in, events, now):
    approved(old, appointer, operator, now)
    agency, staff = signed_in(appointer), signed_in(operator)
    assert post(staff, "hold", month=f"{old.january:%Y-%m}", reason="Matter 12 of the district court").status_code == 302
    assert post(agency, "hold", month="", reason="All of it for now").status_code == 302
    assert months.drop_approved(now=now) == 0
    everything, january = sorted(holds.standing(), key=lambda hold: hold.month is not None)
    assert post(staff, "lift", hold=str(everything.pk), reason="Done").status_code == 400
    assert post(agency, "lift", hold=str(everything.pk), reason="").status_code == 400
    assert post(agency, "lift", hold=str(everything.pk), reason="Read").status_code == 302
    assert months.drop_approved(now=now) == 1
    assert months.current().dropped == [old.february]
    with pytest.raises(DatabaseError, match="legal hold"):
        drop(months.current(), old.january)
    assert b"Matter 12" in agency.get(PAGE).content
    with pytest.raises(StepRefused, match="does not stand"):
        act(appointer, holds.lift, hold=everything.pk, reason="Again", now=now)
    for statement in ("DELETE FROM audit_legalhold", "UPDATE audit_legalhold SET reason = 'other'",
                      "UPDATE audit_legalhold SET lifted_at = NULL, lifted_by_id = NULL, lifting_reason = ''"):
        with pytest.raises(DatabaseError, match="stays on record"), connection.cursor() as cursor:
            cursor.execute(statement)
    assert post(agency, "lift", hold=str(january.pk), reason="Closed").status_code == 302
    assert months.drop_approved(now=now) == 1
    assert [event["details"]["month"] for event in events(Kind.HOLD_PLACED)] == [f"{old.january:%Y-%m}", "every month"]
    assert len(events(Kind.HOLD_LIFTED)) == 2


@pytest.mark.req("ALR-8", "AUD-5")
def test_a_hold_names_its_matter_and_no_plate(old, appointer, signed_in, events):
    browser = signed_in(appointer)
    refused = post(browser, "hold", month="", reason="They ask for plate HBX4172")
    assert refused.status_code == 400
    assert "“HBX4172” is a license plate. Take it out." in refused.content.decode()
    asked = post(browser, "hold", month="", reason="They ask for HBX4172").content.decode()
    assert asked.count('name="no_case"') == 1
    assert not holds.standing()
    assert len(events(Kind.RETENTION_REFUSED)) == 2
    assert post(browser, "hold", month="", reason="Case number 1:26-cv-01234, D.D.C.").status_code == 302
    assert post(browser, "lift", hold=str(holds.standing()[0].pk), reason="plate HBX4172").status_code == 400


def drop(end: MonthsEnd, month, **other) -> int:
    given = {"announced": end.announced, "agency": end.agency_event, "operator": end.operator_event} | other
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit.drop_month(%s::date, %s::uuid, %s::uuid, %s::uuid, now() + interval '90 years')",
                       [month, given["announced"], given["agency"], given["operator"]])
        return cursor.fetchone()[0]


@pytest.mark.req("AUD-2", "AUD-5", "BEY-10")
def test_the_database_drops_nothing_that_the_log_does_not_speak_for(old, appointer, operator, officer, now):
    """Whoever holds the application's login has this function, and can write events, but none in the past."""
    end = announced(old, operator, now)

    def approval(person, *, role: str = "", of=None):
        actor = context.actor_of(person)
        with context.acting(context.Actor(actor.id, actor.name, role=role or actor.role)):
            return months.record(Kind.MONTHS_APPROVED, announcement=of or end.announced, side="agency").id

    one, other, stranger = approval(appointer), approval(operator), approval(officer)
    twice, elsewhere = approval(operator, role="agency_appointer"), approval(appointer, of=end.pk)
    for unsealed in (False, True):
        with pytest.raises(DatabaseError, match="two persons"):
            drop(end, old.january, agency=one, operator=other if not unsealed else None)
    seal(now)
    for agency, staff in ((one, None), (one, one), (other, one), (one, stranger), (twice, other), (elsewhere, other),
                          (end.announced, other)):
        with pytest.raises(DatabaseError, match="two persons"):
            drop(end, old.january, agency=agency, operator=staff)
    for month, announcement in ((old.january, one), (old.january, None), (now.date().replace(day=1), end.announced),
                                (old.january + timedelta(days=1), one)):
        with pytest.raises(DatabaseError, match="no announcement"):
            drop(end, month, announced=announcement, agency=one, operator=other)
    RetentionPolicy.objects.update(years=20)
    with pytest.raises(DatabaseError, match="not past its retention"):
        drop(end, old.january, agency=one, operator=other)
    RetentionPolicy.objects.update(years=7)
    old_log.fill(datetime(old.february.year, 2, 21, tzinfo=UTC), 1)
    with pytest.raises(DatabaseError, match="does not hold what was announced"):
        drop(end, old.february, agency=one, operator=other)
    for alias in connections:
        for statement in ("DROP TABLE {0}", "ALTER TABLE audit.event DETACH PARTITION {0}", "DELETE FROM {0}", "TRUNCATE {0}",
                          "INSERT INTO audit.kept_event DEFAULT VALUES",
                          "SELECT audit.drop_month(now()::date, NULL, NULL, NULL, now())"):
            # The tables are the migrator's own; that it dropped one is found by the verification (test_proofs.py).
            if (alias, statement.split()[0]) not in {("owner", "DROP"), ("owner", "ALTER")}:
                with pytest.raises(DatabaseError), connections[alias].cursor() as cursor:
                    cursor.execute(statement.format(f"audit.event_{old.january:%Y_%m}"))
    assert drop(end, old.january, agency=one, operator=other) == 3


@pytest.mark.req("AUD-5")
def test_approvals_of_a_withdrawn_announcement_open_nothing(old, appointer, operator, now):
    end = approved(old, appointer, operator, now)
    with context.acting(context.actor_of(operator)):
        months.record(Kind.MONTHS_WITHDRAWN, announcement=end.announced)
    with pytest.raises(DatabaseError, match="withdrawn"):
        months.drop_approved(now=now)


@pytest.mark.req("AUD-5", "BEY-10")
def test_what_a_hold_keeps_back_is_withdrawn_and_other_months_go_meanwhile(old, appointer, operator, signed_in, events, now):
    approved(old, appointer, operator, now)
    act(appointer, holds.hold, month=old.january, reason="Matter 12", now=now)
    assert months.drop_approved(now=now) == 1
    staff = signed_in(operator)
    assert post(staff, "withdraw", withdraw="on").status_code == 302
    assert events(Kind.MONTHS_WITHDRAWN)[-1]["details"]["months"] == [f"{old.january:%Y-%m}"]
    page = staff.get(PAGE).content.decode()
    assert f"{old.february:%Y-%m} dropped, approved by Appointer and Operator; {old.january:%Y-%m} withdrawn" in page
    may = old.january.replace(month=5)
    old_log.fill(datetime(may.year, 5, 3, tzinfo=UTC), 2)
    seal(now)
    assert verification.verify().dropped == 2
    for month, dropped in ((may, 4), (old.january, 7)):
        if month == old.january:
            act(appointer, holds.lift, hold=holds.standing()[0].pk, reason="Closed", now=now)
        act(operator, months.announce, months=[month], now=now)
        seal(now)
        for person in (appointer, operator):
            act(person, months.approve, announcement=months.current().announced, now=now)
        seal(now)
        assert months.drop_approved(now=now) == 1
        assert verification.verify().dropped == dropped
    assert months.over(now=now) == []


@pytest.mark.req("AUD-5", "BEY-10")
def test_a_run_that_meets_a_withdrawal_drops_nothing_of_it(old, appointer, operator, now, monkeypatch):
    end = approved(old, appointer, operator, now)
    act(appointer, months.withdraw, now=now)
    monkeypatch.setattr(months, "current", lambda: end)
    assert months.drop_approved(now=now) == 0
    with pytest.raises(DatabaseError, match="withdrawn"):
        drop(end, old.january)


@pytest.mark.req("AUD-5")
def test_no_file_goes_with_a_month_that_may_not_go(old, appointer, operator, now, monkeypatch):
    """Files do not come back: a hold that comes late, and a month that is not what was announced, keep them, too."""
    end, erased = approved(old, appointer, operator, now), []
    monkeypatch.setattr(months, "erasers", [lambda since, until: erased.append(since.month) or 1])
    old_log.fill(datetime(old.february.year, 2, 21, tzinfo=UTC), 1)
    with monkeypatch.context() as patch:
        # The hold is placed when the run has looked for holds.
        found = months.over(now=now)
        act(appointer, holds.hold, month=old.january, reason="Matter 12", now=now)
        patch.setattr(months, "over", lambda now: found)
        with pytest.raises(DatabaseError, match="legal hold"):
            months.drop_approved(now=now)
    with pytest.raises(DatabaseError, match="does not hold what was announced"):
        months.drop_approved(now=now)
    assert erased == []
    act(appointer, holds.lift, hold=holds.standing()[0].pk, reason="Closed", now=now)
    with pytest.raises(DatabaseError, match="does not hold what was announced"):
        months.drop_approved(now=now)
    assert erased == [1]
    assert MonthsEnd.objects.get(pk=end.pk).dropped == [old.january]


@pytest.mark.req("AUD-5", "BEY-10")
def test_a_drop_that_dies_between_its_steps_goes_on(old, appointer, operator, events, now, monkeypatch):
    approved(old, appointer, operator, now)
    files = {old.january.month: 2, old.february.month: 1}
    monkeypatch.setattr(months, "erasers", [lambda since, until: files.pop(since.month, 0)])
    with monkeypatch.context() as patch:
        patch.setattr(months, "record", lambda *args, **facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            months.drop_approved(now=now)
    assert [found.events for found in months.over(now=now)] == [3, 2]
    assert files == {2: 1}, "files go before the events that name them"
    # A reader of the month is let finish.
    with transaction.atomic(using="auditor"), connections["auditor"].cursor() as reader:
        reader.execute("SELECT count(*) FROM audit.event")
        assert months.drop_approved(now=now) == 0
    assert months.drop_approved(now=now) == 2
    assert months.current() is None
    assert [event["details"]["files"] for event in events(Kind.MONTH_DROPPED)] == [0, 1]
    assert verification.verify().dropped == 5
    assert issubclass(OperationalError, DatabaseError)


@pytest.mark.req("AUD-5")
def test_what_speaks_for_a_drop_outlives_its_own_month(old, appointer, operator, now):
    """Seven years after a drop the month goes in which it was announced: the announcement stays, or nothing could be verified."""
    long_ago = datetime(old.january.year - 8, 1, 5, tzinfo=UTC)
    old_log.fill(long_ago, 4)
    seal(now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT events, digest FROM audit.month_facts(%s)", [long_ago.date().replace(day=1)])
        facts = dict(zip(("events", "digest"), cursor.fetchone(), strict=True))
        cursor.execute("SELECT size, encode(root, 'hex') FROM audit.checkpoint ORDER BY size DESC LIMIT 1")
        size, root = cursor.fetchone()
    then = datetime(old.january.year, 1, 12, tzinfo=UTC)
    [first] = old_log.append_old(then, (Kind.MONTHS_ANNOUNCED, said(
        41, "operations", months=[{"month": f"{long_ago:%Y-%m}"} | facts], size=size, root=root)))
    seal(now)
    old_log.append_old(then + timedelta(hours=1), *[
        (Kind.MONTHS_APPROVED, said(number, role, announcement=first)) for number, role in ((41, "operations"),
                                                                                         (42, "agency_appointer"))])
    seal(now)
    old_log.run(f"DROP TABLE audit.event_{long_ago:%Y_%m}")
    assert verification.verify().dropped == 4
    approved(old, appointer, operator, now)
    assert months.drop_approved(now=now) == 2
    assert rows("SELECT kind FROM audit.kept_event ORDER BY at") == [
        ("retention.announced",), ("retention.approved",), ("retention.approved",)]
    assert verification.verify().dropped == 9
    old_log.run("DELETE FROM audit.kept_event WHERE kind = 'retention.announced'")
    with pytest.raises(verification.Mismatch, match="is missing"):
        verification.verify()


@pytest.mark.req("AUD-5")
def test_the_command_lists_and_drops(old, appointer, operator, events, now):
    def says(*arguments: str) -> list[str]:
        said = io.StringIO()
        call_command("audit_retention", *arguments, stdout=said)
        return said.getvalue().splitlines()

    january, february = (f"{month:%Y-%m}" for month in old.both)
    assert says() == [f"{january} events=3 kept", f"{february} events=2 kept"]
    act(appointer, holds.hold, month=old.january, reason="Matter 9", now=now)
    with pytest.raises(StepRefused, match="legal hold"):
        act(operator, months.announce, months=old.both, now=now)
    act(appointer, holds.lift, hold=holds.standing()[0].pk, reason="Closed", now=now)
    approved(old, appointer, operator, now)
    act(appointer, holds.hold, month=old.january, reason="Matter 10", now=now)
    assert says("--drop") == ["dropped=1", f"{january} events=3 held"]
    assert {event["details"]["command"] for event in events(Kind.COMMAND_RUN)} == {"audit_retention"}


@pytest.mark.req("AUD-5", "AUD-7")
def test_the_counts_of_dropped_days_stay(gone):
    day = gone.january.replace(day=10)
    DailyCount.objects.create(day=day, measure="search", actor="a", count=3)
    assert statistics.differing_days(since=day, until=day) == []
    assert DailyCount.objects.get(day=day).count == 3


@pytest.mark.req("AUD-5")
def test_nobody_else_sees_retention(old, officer, supervisor, manager, superuser, signed_in, events):
    for person in (officer, supervisor, manager, superuser):
        client = signed_in(person)
        assert client.get(PAGE).status_code == 403
        assert post(client, "hold", month="", reason="x").status_code == 403
        assert events(Kind.ACCESS_REFUSED, actor=person.username)
    assert holds.standing() == []


@pytest.mark.req("AUD-5", "AUD-12")
def test_opr_sees_what_was_announced_held_and_dropped_and_takes_no_step(
        old, auditor, appointer, operator, signed_in, events, now):
    act(operator, holds.hold, month=old.january, reason="Matter 12 of the district court", now=now)
    act(operator, months.announce, months=[old.february], now=now)
    seal(now)
    browser = signed_in(auditor)
    page = browser.get(PAGE).content.decode()
    assert f'href="{PAGE}"' in page
    for word in (f"{old.january:%Y-%m}", "Matter 12", "Announced", f"{months.current().announced}"):
        assert word in page
    assert "<form" not in page.split("<main", 1)[1].split("</main", 1)[0]
    assert events(Kind.RETENTION_VIEWED, actor="auditor")
    for step, fields in (("withdraw", {"withdraw": "on"}), ("hold", {"month": "", "reason": "x"}),
                         ("approve", {"announcement": months.current().announced, "confirm": "on"})):
        assert post(browser, step, **fields).status_code == 403
    assert len(events(Kind.ACCESS_REFUSED, actor="auditor")) == 3
    for person in (appointer, operator):
        act(person, months.approve, announcement=months.current().announced, now=now)
    seal(now)
    assert months.drop_approved(now=now) == 1
    assert f"{old.february:%Y-%m} dropped" in browser.get(PAGE).content.decode()
    assert (len(holds.standing()), months.current()) == (1, None)
