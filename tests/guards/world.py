"""What the guards walk: a person of each kind, and a record of New York City behind each argument of an address."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client

from accounts import access_requests, challenges, groups, keys, recovery, ticket_links
from accounts.models import (
    AccessRequest,
    AccountCeiling,
    Appointment,
    ChallengeQuestion,
    Course,
    DeletionRequest,
    Lockout,
    RecoveryLink,
    Sanction,
    Ticket,
    TrainingRecord,
    User,
)
from accounts.roles import Role
from alerts.models import Entry, Handover, Hit, Notification, NotificationStatus
from audit.incidents import recording
from audit.models import Delivery, NamedNotice, Question, ReviewItem
from lpr import sources
from lpr.models import ErrorReport, QuarantinedRecord, Receipt, SourceKey
from tests.accounts.applicants import filed
from tests.factories.alerts import CASE
from tests.factories.certificates import certificate_file, make_identity
from tests.guards.addresses import Address

SECRET = "secretperson"
QUESTION = {"plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "7d", "for_whom": "self", "case_reference": CASE}
TOKEN = "a-token-that-was-mailed"


def registered() -> dict[str, type[Model]]:
    return {model._meta.label_lower: model for model in admin.site._registry}


@pytest.fixture
def records(make_user: Callable[..., User], aor_nyc, appointer: User) -> dict[str, Model]:
    """One record of New York City of each scoped kind; its person's name stands in each page that would show it."""
    now = datetime.now(UTC)
    person = make_user(SECRET, role=Role.OFFICER, aor=aor_nyc, component="ERO", job_category="ero_officer", trained=False)
    return {
        "accounts.user": person,
        "accounts.trainingrecord": TrainingRecord.objects.create(
            user=person, course=Course.objects.earliest("pk"), completed_on=date(2026, 2, 3)),
        "accounts.lockout": Lockout.objects.create(username=SECRET, locked_at=now, attempts=[now] * 5),
        "alerts.handover": Handover.objects.create(owner=person, why="account", began_at=now, due_at=now),
        "accounts.appointment": Appointment.objects.create(
            role=Role.SUPERVISOR, full_name=SECRET, email=f"{SECRET}@agency.example", aor=aor_nyc, component="ERO",
            appointed_by=appointer, appointed_at=now),
        "accounts.deletionrequest": DeletionRequest.objects.create(
            account=person, state="asked", reason=SECRET, asked_by=person, asked_at=now),
        "accounts.sanction": Sanction.objects.create(
            account=person, kind="reprimand", reason=SECRET, evidence=SECRET, starts_at=now, decided_by=appointer,
            decided_at=now),
        "accounts.ticket": Ticket.objects.create(account=person, subject=SECRET, opened_at=now, waits_since=now),
        "accounts.accessrequest": AccessRequest.objects.create(
            full_name=SECRET, email=f"{SECRET}@agency.example", aor=aor_nyc, component="ERO", job_category="ero_officer",
            justification=SECRET, supervisor_name="S", supervisor_email="s@agency.example", filed_at=now),
    }


@pytest.fixture
def records_of_no_area(aor_nyc, load_read: Callable[..., UUID], source) -> dict[str, Model]:
    """A record of each kind of which a fresh installation has none yet."""
    now = datetime.now(UTC)
    load_read(plate="XYZ1234", state="OH", captured_at=now)
    sources.issue_key(source=source, now=now)
    return {
        "accounts.accountceiling": AccountCeiling.objects.get_or_create(aor=aor_nyc, component="HSI", defaults={"most": 9})[0],
        "lpr.receipt": Receipt.objects.latest("pk"),
        "lpr.sourcekey": SourceKey.objects.latest("pk"),
        "lpr.quarantinedrecord": QuarantinedRecord.objects.create(source=source, received_at=now, position=1, reason="no photo"),
    }


@pytest.fixture
def people(request: pytest.FixtureRequest, make_user: Callable[..., User], aor_nyc, aor_chi) -> dict[str, User | None]:
    """By the name of the column (tests.permissions): `own` is the owner of what is asked for, of ERO in New York City."""
    found: dict[str, User | None] = {name: request.getfixturevalue(fixture) for name, fixture in {
        "own": "officer", "oe": "officer2", "oh": "agent", "oE": "officer_chi", "se": "support", "ve": "supervisor",
        "mgr": "manager", "Mgr": "other_manager", "opr": "auditor", "app": "appointer", "qua": "quality", "ops": "operator",
        "root": "superuser"}.items()}
    kinds = {"o": (Role.OFFICER, "officer"), "s": (Role.SUPPORT_STAFF, "mission_support_specialist"),
             "v": (Role.SUPERVISOR, "supervisor")}
    for name in ("oH", "sh", "sE", "sH", "vh", "vE", "vH"):
        (role, _), letter = kinds[name[0]], name[1]
        found[name] = make_user(f"person.{name[0]}{'of' if letter.islower() else 'away'}{letter.lower()}", role=role,
                                aor=aor_nyc if letter.islower() else aor_chi, component="HSI" if letter in "hH" else "ERO",
                                job_category="mission_support_specialist" if role == Role.SUPPORT_STAFF else "hsi_agent")
    return found | {"hlp": make_user("help_desk", role=Role.HELP_DESK), "any": None}


@pytest.fixture
def clients(people: dict[str, User | None], signed_in: Callable[[User], Client]) -> dict[str, Client]:
    return {name: signed_in(person) if person else Client() for name, person in people.items()}


@pytest.fixture
def path_of(
    clients: dict[str, Client], officer: User, manager: User, operator: User, auditor: User, aor_nyc, records: dict[str, Model],
    records_of_no_area: dict[str, Model], watch: Callable[..., Entry], load_read: Callable[..., UUID],
) -> Callable[[Address], str]:
    """The path of an address with arguments that lead to something: of the officer, of New York City, of this hour."""
    own, now = clients["own"], datetime.now(UTC)
    entry, by_api = watch(plate="XYZ1234", state="OH"), watch(plate="ABC9876", state="OH")
    ticket = Ticket.objects.create(account=officer, subject="A word", opened_at=now, waits_since=now)
    incident = recording.open_incident(discovered_at=now, data_kinds=["identities"], users_affected="One", text="A lost phone",
                                       user=operator, now=now)
    suspected = recording.open_suspected_use(username="officer", discovered_at=now, evidence="A query", user=manager, now=now)
    circle = groups.create(owner=officer, name="Team", purpose="A case", ends_on=now.date() + timedelta(days=9))
    values: dict[str, str] = {
        "incident": str(incident.pk), "suspected_use": str(suspected.pk),
        "read": str(load_read(plate="XYZ1234", state="OH", captured_at=now)), "entry": str(entry.pk),
        "alert_list": str(entry.alert_list_id), "hit": str(Hit.objects.latest("pk").pk), "number": "1",
        "query": own.post("/queries/new/", QUESTION)["Location"].split("/")[2],
        "ticket": str(ticket.key), **_reviewed(clients), "set_aside": str(records_of_no_area["lpr.quarantinedrecord"].key),
        "search_id": clients["opr"].post("/audit/", {"user": "officer"})["Location"].split("/")[3],
        "group": str(circle.key),
        "draft": _upload(own), "key": _key(manager, now), "layer": "street", "z": "1", "x": "1", "y": "1",
    }
    values["token"] = re.search(r"/reads/([^/\"]+)/error/", own.get(f"/queries/{values['query']}/").content.decode())[1]
    assert own.post(f"/reads/{values['token']}/error/", {"kind": "plate", "note": "An O"}).status_code == 200
    assert own.post(f"/queries/{values['query']}/share/", {"group": circle.pk}).status_code == 303
    challenges.keep(user=officer, questions=list(ChallengeQuestion.objects.all()[:3]), hashed=challenges.hashes(["a", "b", "c"]))
    RecoveryLink.objects.create(user=officer, asked_at=now, mailed_at=now, digest=recovery.digest(TOKEN))
    values["report"] = str(ErrorReport.objects.get().pk)
    roster_draft = _roster(clients["mgr"])
    Notification.objects.filter(recipient=officer).update(status=NotificationStatus.FAILED)
    known = records | records_of_no_area | {"lpr.errorreport": ErrorReport.objects.get(),
                                            "alerts.deadletter": Notification.objects.filter(recipient=officer).first()}

    def path(address: Address) -> str:
        found = dict(values)
        if address.name.startswith("accounts:recover"):
            found["token"] = TOKEN
        if address.is_api:
            # What the pages remove is not there for the API any more.
            found |= {"entry": str(by_api.pk), "alert_list": str(by_api.alert_list_id)}
        if address.name == "help:follow":
            found["token"] = ticket_links.address(ticket).rstrip("/").rpartition("/")[2]
        if address.name == "audit:review_disowned":
            found["question"] = values["disowned"]
        if "/roster/" in address.route:
            found["draft"] = roster_draft
        label = ".".join(address.route.split("/")[1:3])
        if "<path:object_id>" in address.route and label in registered():
            record = known.get(label) or registered()[label].objects.first()
            assert record is not None, f"{label}: make a record of it in tests/guards/world.py"
            found["object_id"] = str(record.pk)
        return address.path_of(found) + (f"?read={values['read']}" if "/report" in address.route and not address.is_admin else "")

    return path


def _reviewed(clients: dict[str, Client]) -> dict[str, str]:
    """A review of the supervisor with a question to the officer, two queries that name `officer2`, and one that they disowned."""
    for_another = QUESTION | {"for_whom": "other", "other_name": "officer2"}
    clients["own"].post("/queries/new/", for_another)
    clients["oe"].post(f"/audit/questions/named/{NamedNotice.objects.get().pk}/disown/", {"note": "I asked for nothing"})
    disowned = Question.objects.get()
    clients["own"].post("/queries/new/", for_another)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    clients["opr"].post("/audit/deliveries/new/", {"since": day, "until": day, "certificate": certificate_file(make_identity())})
    review = clients["ve"].post("/audit/reviews/new/", {"aor": "NYC", "since": day, "until": day, "method": "random"})
    item = ReviewItem.objects.exclude(query=disowned.query).latest("position")
    clients["ve"].post(f"{review['Location']}items/{item.pk}/", {"act": "ask", "question": "Why?"})
    return {"review": str(item.review_id), "item": str(item.pk), "disowned": str(disowned.pk),
            "delivery": str(Delivery.objects.get().pk),
            "question": str(Question.objects.exclude(pk=disowned.pk).get().pk),
            "notice": str(NamedNotice.objects.filter(disowned_at__isnull=True).get().pk)}


def _upload(own: Client) -> str:
    file = SimpleUploadedFile("plates.csv", f'plate,state,reason,case_reference\nABC1234,OH,CRIM,"{CASE}"\n'.encode())
    answer: Any = own.post("/alerts/upload/", {"name": "List", "file": file, "scope": "self"})
    return answer["Location"].split("/")[3]


def _roster(manager: Client) -> str:
    file = SimpleUploadedFile("roster.csv", b"username,course,completed_on\nofficer,lawful-use,2026-10-01\n")
    answer: Any = manager.post("/admin/accounts/trainingrecord/roster/", {"file": file})
    return answer["Location"].rstrip("/").rpartition("/")[2]


def _key(manager: User, now: datetime) -> str:
    request = filed(manager.aor, now)
    access_requests.approve(request=request, by=manager, now=now)
    return keys.make(request.keys.get(), now=now).rstrip("/").rpartition("/")[2]
