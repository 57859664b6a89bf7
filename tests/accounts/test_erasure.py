"""What a deletion erases and what it keeps (ACC-9), and for how long the rest is kept (ACC-5)."""

from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from psycopg import sql

from accounts import (
    access_requests,
    challenges,
    deletions,
    erasure,
    keys,
    recovery,
    recovery_codes,
    registration,
    retention,
    sanctions,
    tasks,
    typed_secrets,
)
from accounts.models import (
    AccessRequest,
    AccountNeed,
    Appointment,
    Authenticator,
    ChallengeAnswer,
    ChallengeQuestion,
    DeletionRequest,
    Lockout,
    Notice,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    RecoveryLink,
    RegistrationKey,
    Sanction,
    TemporaryPassword,
    TrainingRecord,
    User,
    UserGroup,
)
from audit.models import Incident, Mailing, MailingRecipient
from config import databases
from tests.accounts import factors
from tests.accounts.applicants import filed
from tests.personas import PASSWORD

pytestmark = pytest.mark.usefixtures("database")
MAIL, OLD_MAIL = "canary.person@agency.example", "canary.before@agency.example"
SIX_YEARS = timedelta(days=6 * 365)


@pytest.fixture
def person(officer, manager, officer2, now, signed_in) -> User:
    """An officer with everything that an account can hold, and an address of mail that was another one once."""
    officer.email = OLD_MAIL
    officer.save()
    officer.email = MAIL
    officer.save()
    challenges.keep(user=officer, questions=list(ChallengeQuestion.objects.all()[:3]),
                    hashed=challenges.hashes(["canaryanswer"] * 3))
    form = filed(officer.aor, now)
    AccessRequest.objects.filter(pk=form.pk).update(email=MAIL, full_name=officer.full_name)
    form.refresh_from_db()
    access_requests.approve(request=form, by=manager, now=now)
    keys.make(RegistrationKey.objects.get(request=form), now=now)
    access_requests.registered(request=form, account=officer)
    other = filed(officer.aor, now)
    AccessRequest.objects.filter(pk=other.pk).update(supervisor_email=MAIL.upper())
    factors.bound(officer, now)
    recovery_codes.make(user=officer, now=now)
    Passkey.objects.create(user=officer, name="Key", credential_id=b"canary-credential", public_key=b"canary-key", sign_count=0,
                           made_at=now)
    PasskeyChallenge.objects.create(user=officer, purpose="enter", challenge=b"canary-challenge", made_at=now)
    RecoveryLink.objects.create(user=officer, asked_at=now, mailed_at=now, digest=recovery.digest("canary-token"))
    TemporaryPassword.objects.create(user=officer, asked_at=now, mailed_at=now, digest=typed_secrets.digest("canary-temporary"))
    Notice.objects.create(kind=Notice.Kind.FACTOR_BOUND, account=officer, made_at=now)
    AccountNeed.objects.create(user=officer, affirmed_at=now)
    Lockout.objects.create(username=officer.username, attempts=[now])
    alarm = Mailing.objects.create(kind=Mailing.Kind.ALARM, about="late", made_at=now)
    for address in (MAIL.upper(), OLD_MAIL):
        MailingRecipient.objects.create(mailing=alarm, address=address, tried_at=now, taken_at=now)
    Incident.objects.create(number=1, discovered_at=now, opened_at=now, users_affected="none",
                            taken_by={"first_report": [MAIL, "co@agency.example"]})
    circle = UserGroup.objects.create(name="Task force", purpose="Joint case", owner=officer2)
    circle.members.add(officer)
    client = Client()
    client.force_login(officer, backend="accounts.backends.RoleBackend")
    return officer


def erased(person: User, manager: User, operator: User, now: datetime) -> DeletionRequest:
    row = deletions.file(account=person, by=manager, reason="Left the agency", now=now)
    deletions.carry_out(request=row, by=operator, now=now + timedelta(hours=1))
    person.refresh_from_db()
    return row


def everywhere(needle: str) -> list[str]:
    """The tables outside the audit log in some row of which a text stands, as `schema.table`."""
    with databases.administrator() as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'store')").fetchall()
        return [f"{schema}.{table}" for schema, table in tables
                if connection.execute(sql.SQL("SELECT 1 FROM {}.{} AS row WHERE row::text ILIKE %s LIMIT 1").format(
                    sql.Identifier(schema), sql.Identifier(table)), [f"%{needle}%"]).fetchone()]


@pytest.mark.req("ACC-9")
def test_after_deletion_nothing_of_addresses_answers_and_secrets_is_in_any_table(person, manager, operator, now):
    hashes = {"password": person.password, "answer": ChallengeAnswer.objects.filter(user=person).first().hashed,
              "key": RegistrationKey.objects.get(request__account=person).digest,
              "app": Authenticator.objects.get(user=person).sealed_key,
              "recovery code": RecoveryCode.objects.filter(user=person).first().digest,
              "link": recovery.digest("canary-token"), "temporary password": typed_secrets.digest("canary-temporary"),
              "passkey": b"canary-credential".hex(), "challenge": b"canary-challenge".hex(), "mail": MAIL, "old mail": OLD_MAIL}
    for name, needle in hashes.items():
        assert everywhere(needle), f"the search finds the {name} before"
    erased(person, manager, operator, now)
    assert {name: everywhere(needle) for name, needle in hashes.items()} == {name: [] for name in hashes}
    for model in (ChallengeAnswer, Authenticator, Passkey, PasskeyChallenge, RecoveryCode, RecoveryLink, TemporaryPassword,
                  AccountNeed):
        assert not model.objects.filter(user=person).exists(), model
    assert not Notice.objects.filter(account=person).exists()
    assert not Lockout.objects.filter(username=person.username).exists()
    assert Incident.objects.get().taken_by == {"first_report": ["co@agency.example"]}
    assert not Session.objects.exists()
    assert not person.user_groups.exists()


@pytest.mark.req("ACC-9", "AUD-3")
def test_name_and_id_stay_and_what_the_person_did_is_found_in_the_log(person, manager, operator, signed_in, now, events):
    Authenticator.objects.all().delete()
    Passkey.objects.all().delete()
    RecoveryCode.objects.all().delete()
    signed_in(person).get("/queries/")
    before = len(events(actor_id=person.pk))
    assert before
    erased(person, manager, operator, now)
    assert (person.username, person.full_name, person.is_active, person.email) == ("officer", "Officer", False, "")
    assert not person.has_usable_password()
    assert not person.check_password(PASSWORD)
    assert len(events(actor_id=person.pk)) == before
    searched = signed_in(manager).post("/audit/", {"user": "officer"}, follow=True).content.decode()
    assert "Signed in" in searched
    assert "officer" in searched
    [done] = events("deletion.done")
    assert (done["actor"], done["details"]["username"], done["details"]["in_time"]) == ("operator", "officer", True)
    assert [event["details"]["username"] for event in events("group.member_removed")] == ["officer"]


@pytest.mark.req("ACC-9")
@pytest.mark.parametrize("again", ["officer", "OFFICER", "Officer", " officer "])
def test_a_username_is_never_used_again(again, person, manager, operator, now):
    erased(person, manager, operator, now)
    request = filed(manager.aor, now)
    access_requests.approve(request=request, by=manager, now=now)
    key = RegistrationKey.objects.get(request=request)
    with pytest.raises(registration.UsernameTaken):
        registration.usable_username(again, key=key)


@pytest.mark.req("ACC-9", "ACC-6")
def test_a_deleted_account_is_neither_edited_nor_filed_again(person, manager, operator, supervisor, signed_in, now):
    row = erased(person, manager, operator, now)
    browser = signed_in(manager)
    assert browser.get(f"/admin/accounts/user/{person.pk}/change/").status_code == 200
    form = {"full_name": "O", "email": MAIL, "component": "ERO", "job_category": person.job_category, "role": "officer",
            "is_active": "on"}
    assert browser.post(f"/admin/accounts/user/{person.pk}/change/", form).status_code == 403
    with pytest.raises(deletions.AlreadyEnded):
        deletions.file(account=person, by=manager, reason="Again", now=now)
    with pytest.raises(deletions.AlreadyEnded):
        deletions.withdraw(request=row, by=manager, note="Too late", now=now)
    with pytest.raises(deletions.MayNot):
        deletions.ask(account=person, by=supervisor, reason="Again", now=now)
    person.refresh_from_db()
    assert (person.email, person.is_active) == ("", False)


@pytest.mark.req("ACC-9")
def test_a_deletion_fails_as_a_whole(person, manager, operator, now):
    def fails(account: User) -> None:
        raise RuntimeError("another room could not erase")

    row = deletions.file(account=person, by=manager, reason="Left", now=now)
    erasure.erasers.append(fails)
    try:
        with pytest.raises(RuntimeError):
            deletions.carry_out(request=row, by=operator, now=now)
    finally:
        erasure.erasers.remove(fails)
    person.refresh_from_db()
    row.refresh_from_db()
    assert (person.email, person.deleted_at, row.state) == (MAIL, None, "filed")
    assert ChallengeAnswer.objects.filter(user=person).count() == 3


@pytest.fixture
def kept(person, manager, operator, appointer, now) -> User:
    """Deleted, with a form, an appointment, training, a sanction and the deletion itself on record."""
    person.username = person.full_name = "leaver.canary"
    person.save()
    AccessRequest.objects.filter(account=person).update(full_name=person.full_name)
    Appointment.objects.create(role="supervisor", full_name=person.full_name, email=MAIL, aor=person.aor, component="ERO",
                               appointed_by=appointer, appointed_at=now, account=person)
    reprimand = sanctions.impose(account=person, kind="reprimand", reason="Asked about a neighbor", evidence="Review 12",
                                 by=manager, now=now)
    sanctions.lift(sanction=reprimand, reason="Mistake", evidence="Review 13", by=manager, now=now)
    erased(person, manager, operator, now)
    return person


@pytest.mark.req("ACC-5", "ACC-11", "ACC-6")
def test_the_areas_manager_finds_form_appointment_training_and_sanctions_after_the_deletion(
    kept, manager, other_manager, auditor, signed_in, now,
):
    browser, stranger = signed_in(manager), signed_in(other_manager)
    for place in ("accessrequest", "appointment", "trainingrecord", "sanction", "deletionrequest", "user"):
        page = browser.get(f"/admin/accounts/{place}/").content.decode()
        assert kept.username in page.lower(), place
        assert kept.username not in stranger.get(f"/admin/accounts/{place}/").content.decode().lower(), place
    assert "reprimand" in signed_in(auditor).get("/admin/accounts/sanction/").content.decode().lower()
    found = access_requests.search(text="canary", by=manager)
    assert [request.account for request in found if request.account] == [kept]
    assert AccessRequest.objects.get(account=kept).kept_until >= now + SIX_YEARS
    appointment = Appointment.objects.get(account=kept)
    assert browser.post(f"/admin/accounts/appointment/{appointment.pk}/key/", {"do": "send"}, follow=True).status_code == 200
    assert not appointment.keys.exists(), "a manager reads appointments and nothing more"


@pytest.mark.req("ACC-5")
def test_at_the_end_of_their_retention_they_are_erased_with_their_history_and_the_name_stays(kept, officer2, now, events):
    over = now + timedelta(hours=1) + SIX_YEARS
    assert retention.drop_expired(now=over - timedelta(seconds=1)) == 0
    assert Sanction.objects.filter(account=kept).count() == 2
    assert retention.drop_expired(now=over) == 1
    for model in (Appointment, Sanction, DeletionRequest):
        assert not model.objects.filter(account=kept).exists(), model
    assert not TrainingRecord.objects.filter(user=kept).exists()
    assert not TrainingRecord.history.filter(user=kept).exists()
    assert not Appointment.history.filter(account=kept).exists()
    assert not DeletionRequest.history.filter(account=kept).exists()
    assert TrainingRecord.objects.filter(user=officer2).exists()
    access_requests.drop_expired(now=over)
    assert not AccessRequest.objects.filter(account=kept).exists()
    [event] = events("account.records_dropped")
    assert event["details"]["username"] == "leaver.canary"
    assert (event["details"]["counts"]["sanctions"], event["details"]["counts"]["deletions"]) == (2, 1)
    assert retention.drop_expired(now=over) == 0
    assert User.objects.get(pk=kept.pk).username == "leaver.canary"


@pytest.mark.req("ACC-5")
def test_what_belongs_to_a_living_account_is_never_erased(person, now):
    tasks.drop_expired_requests()
    assert retention.drop_expired(now=now + 3 * SIX_YEARS) == 0
    assert TrainingRecord.objects.filter(user=person).exists()
