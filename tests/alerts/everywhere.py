"""A marked plate, person and case through every page, call and job that is not an alert's own (tests/alerts/test_canary.py)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import drafts
from accounts.models import DeletionRequest, RosterDraft, Sanction, User, UserGroup
from audit import bundles, context, deliveries, exports, letters, seals, tasks
from audit.models import Delivery, Export, Incident, LegalHold, Question, Review, SuspectedUse
from lpr import correction_mail, error_reports, quarantine
from lpr import deliveries as loads
from lpr import tasks as store_tasks
from lpr.models import ErrorReport, QuarantinedRecord, SetAsideStatus, Source
from tests.factories.certificates import make_identity
from tests.lpr.test_kept_forms import affirm_again, end_session, field, go_on, page_of, sign_in_again

LOGIN, RULES, NEW = "/accounts/login/", "/accounts/rules/", "/queries/new/"


def good(answer: Any, *statuses: int) -> Any:
    assert answer.status_code in (statuses or (200, 302, 303)), (answer.status_code, answer.content.decode()[:3000])
    return answer


class Walk:
    """The people, each in a browser of their own, and what is marked: `plate`, `case`, `name`. `native_read` makes what a source
    sends."""

    def __init__(self, signed_in: Callable[[User], Client], api: Callable[[User], Any], people: dict[str, User], *, plate: str,
                 case: str, name: str, native_read: Callable[..., Any]) -> None:
        self.people, self.plate, self.case, self.name, self.native_read = people, plate, case, name, native_read
        self.at = {who: signed_in(person) for who, person in people.items()}
        self.api = {who: api(people[who]) for who in ("officer", "auditor")}
        self.question = {"plate": plate, "state": "OH", "reason": "CRIM", "timeframe": "30d", "case_reference": case,
                         "for_whom": "other", "other_name": name}

    def everywhere(self) -> None:
        for step in (self.queries, self.reads, self.groups, self.alerts, self.programs, self.help_desk, self.records,
                     self.kept_form, self.misreads, self.audit, self.deliveries, self.reviews, self.rosters, self.set_aside,
                     self.back_office):
            step()

    def queries(self) -> None:
        browser = self.at["officer"]
        good(browser.post(NEW, self.question | {"timeframe": ""}), 400)
        self.result = good(browser.post(NEW, self.question), 303)["Location"]
        self.page = good(browser.get(self.result)).content.decode()
        assert self.plate in self.page
        good(browser.post(f"{self.result}again/"))
        assert self.plate in good(browser.post("/queries/", {"plate": self.plate})).content.decode()
        good(browser.get(browser.post(self.result, {"source_kind": "toll_road"})["Location"]))
        assert self.plate in good(browser.get("/")).content.decode()

    def reads(self) -> None:
        browser = self.at["officer"]
        for photo in re.findall(r'href="(/reads/[^"]+/photos/\d/)"', self.page)[:2]:
            good(browser.get(photo))
            good(browser.get(f"{photo}?size=thumb"))
        read = re.search(r'name="read" value="([0-9a-f-]{36})"', self.page)[1]
        good(browser.get(f"{self.result}report/", {"read": read}))
        good(browser.get(f"{self.result}report.pdf", {"read": read}))

    def groups(self) -> None:
        circle = UserGroup.objects.create(name="Task force", purpose="Joint work", owner=self.people["officer"])
        circle.members.add(self.people["officer_chi"])
        good(self.at["officer"].post(f"{self.result}share/", {"group": circle.pk}))
        assert self.plate in good(self.at["officer_chi"].get(self.result)).content.decode()
        good(self.at["officer_chi"].get("/queries/"))

    def alerts(self) -> None:
        browser = self.at["officer"]
        good(browser.get(re.search(r'/alerts/new/\?read=[^"]+', self.page)[0]))
        whole = self.question | {"scope": "group", "group": "Task force", "ongoing": "on"}
        good(browser.post("/alerts/new/", whole | {"ongoing": ""}), 400)
        good(browser.post("/alerts/new/", whole))
        rows = [f"{plate},OH,CRIM,{self.case}" for plate in (self.plate, f"{self.plate}?")]
        data = "\n".join(["plate,state,reason,case_reference", *rows]).encode()
        draft = good(browser.post("/alerts/upload/", {
            "name": "Pier", "file": SimpleUploadedFile("plates.csv", data), "scope": "self"}))["Location"]
        assert self.plate in good(browser.get(draft)).content.decode()
        good(browser.get(f"{draft}bad-rows.csv"))
        assert self.plate in good(browser.post("/alerts/search/", {"plate": self.plate})).content.decode()
        for page in ("/alerts/", "/alerts/hits/", "/alerts/inbox/", "/alerts/renewals/", "/alerts/statistics/"):
            good(browser.get(page))

    def programs(self) -> None:
        officer, auditor = self.api["officer"], self.api["auditor"]
        asked = good(officer.post("/api/v1/queries/", self.question, format="json"), 201).json()
        good(officer.get(f"/api/v1/queries/{asked['id']}/"))
        good(officer.post("/api/v1/queries/", self.question | {"state": "ZZ"}, format="json"), 400)
        good(officer.post("/api/v1/alert-lists/", self.question | {"scope": "self", "ongoing": True}, format="json"), 201)
        for call in ("queries/", "alert-lists/", "hits/"):
            good(officer.get(f"/api/v1/{call}"))
        search = good(auditor.post("/api/v1/audit/searches/", {"plate": self.plate}, format="json"), 201).json()
        good(auditor.get(f"/api/v1/audit/searches/{search['id']}/"))

    def help_desk(self) -> None:
        said = {"subject": "It does not fire", "text": f"My plate {self.plate} of {self.case} does not fire", "no_case": "on"}
        good(self.at["officer"].post("/help/", said), 400)
        good(Client().post("/help/", said | {"email": self.people["officer"].email}), 400)

    def records(self) -> None:
        """Incidents, suspected use, holds, sanctions and deletions stay, and so take neither plate nor case."""
        manager, operator, supervisor = (self.at[who] for who in ("manager", "operator", "supervisor"))
        officer = self.people["officer"]
        for said in (f"Plate {self.plate} was asked for", self.plate, self.case):
            moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
            opened = {"discovered_at": moment, "data_kinds": ["audit_trail"], "users_affected": "one"}
            good(operator.post("/audit/incidents/new/", opened | {"text": said}), 400)
            good(operator.post("/audit/incidents/new/", opened | {"users_affected": said, "text": "x"}), 400)
            good(manager.post("/audit/incidents/suspected-use/new/", {
                "username": officer.username, "discovered_at": moment, "evidence": said}), 400)
            good(operator.post("/audit/retention/", {"act": "hold", "month": "", "reason": f"plate {self.plate}"}), 400)
            good(manager.post("/admin/accounts/sanction/add/", {
                "account": officer.pk, "kind": "reprimand", "reason": said, "evidence": "Review 12"}))
            good(manager.post("/admin/accounts/deletionrequest/add/", {"account": officer.pk, "reason": said}))
            good(supervisor.post("/accounts/deletions/", {"account": officer.pk, "reason": said}), 400)
        assert not any(kind.objects.exists() for kind in (Incident, SuspectedUse, LegalHold, Sanction, DeletionRequest))

    def kept_form(self) -> None:
        """The session ends while the question is typed; it is filled in again and left there."""
        browser, officer = self.at["officer"], self.people["officer"]
        typed = self.question | {"form_owner": field(page_of(browser, NEW), "form_owner")}
        end_session(browser)
        rules = go_on(browser, sign_in_again(browser, go_on(browser, browser.post(NEW, typed), to=LOGIN), officer), to=RULES)
        assert self.plate in go_on(browser, affirm_again(browser, rules), to=NEW)

    def misreads(self) -> None:
        browser, desk = self.at["officer"], self.at["quality"]
        address = re.search(r"/reads/[^/\"]+/error/", good(browser.get(self.result)).content.decode())[0]
        good(browser.post(address, {"kind": "vehicle", "note": f"{self.plate} of {self.name} is no Ford, {self.case}"}))
        report = ErrorReport.objects.get()
        good(desk.get("/admin/lpr/errorreport/"))
        page = f"/admin/lpr/errorreport/{report.pk}/change/"
        good(desk.get(page))
        good(desk.post(page, {"resolution": "rejected", "note": f"{self.plate} is one", "plate": self.plate, "state": "OH",
                              "make": "Ford", "model": "F-150"}), 302)
        correction_mail.send_waiting(now=datetime.now(UTC))
        assert self.plate in good(browser.get("/reads/notices/")).content.decode()

    def audit(self) -> None:
        browser = self.at["auditor"]
        good(browser.post("/audit/", {"plate": self.plate, "from": "never"}), 400)
        found = good(browser.post("/audit/", {"plate": self.plate}))["Location"]
        assert self.plate in good(browser.get(found)).content.decode()
        for format in ("xlsx", "pdf"):
            good(browser.get(f"{found}export.{format}"), 200, 202, 302)
        for export in Export.objects.all():
            tasks.make_export(str(export.pk))
        for format in ("xlsx", "pdf"):
            good(browser.get(f"{found}export.{format}"))
        assert len([export for export in Export.objects.all() if default_storage.exists(export.path)]) == 2
        list(seals.seal_all(now=datetime.now(UTC)))
        good(browser.get(f"{found}bundle"))
        good(browser.get(self.result))
        good(browser.get("/audit/statistics/"))

    def deliveries(self) -> None:
        now, auditor = datetime.now(UTC), self.people["auditor"]
        with context.acting(context.actor_of(auditor)):
            asked = deliveries.ask(user=auditor, certificate=make_identity().certificate, aor="", of_user="officer",
                                   since=now - timedelta(days=1), until=now + timedelta(days=1), now=now)
        tasks.make_delivery(str(asked.pk))
        assert Delivery.objects.get().state == Delivery.State.READY
        good(self.at["auditor"].get(f"/audit/deliveries/{asked.pk}/file.zip"))

    def reviews(self) -> None:
        browser, officer, today = self.at["supervisor"], self.at["officer"], datetime.now(UTC).date()
        good(browser.post("/audit/reviews/new/", {"aor": "NYC", "since": f"{today - timedelta(days=1)}", "until": f"{today}",
                                                  "method": "random", "size": "10"}))
        review = Review.objects.get()
        page = f"/audit/reviews/{review.pk}/"
        assert self.plate in good(browser.get(page)).content.decode()
        item = f"{page}items/{review.items.first().pk}/"
        good(browser.post(item, {"act": "ask", "question": f"Why {self.plate}, {self.case}?"}))
        assert self.plate in good(officer.get("/audit/questions/")).content.decode()
        good(officer.post(f"/audit/questions/{Question.objects.get().pk}/answer/", {"answer": f"{self.name} asked, {self.case}"}))
        verdict = {"act": "verdict", "verdict": "justified", "note": f"{self.case} is open"}
        for left in review.items.all():
            good(browser.post(f"{page}items/{left.pk}/", verdict))
        good(browser.post(page, {"note": f"All of {self.plate} was in order", "confirm": "on"}))
        assert good(browser.get(f"{page}report.pdf")).content.startswith(b"%PDF")
        letters.send_waiting(now=datetime.now(UTC))

    def rosters(self) -> None:
        """One is saved, in which somebody is named who is nobody here; one is left at its preview; one is no roster."""
        browser, address = self.at["manager"], "/admin/accounts/trainingrecord/roster/"
        day, said = datetime.now(UTC).date() - timedelta(days=3), self.case.replace(",", ";")
        heading, new = "username,course,completed_on", f"officer,data-privacy,{day}"
        bad = [f"{self.name},data-privacy,{day}", f"officer,{said},{day}", f"officer,data-privacy,{self.plate}"]

        def upload(*rows: str) -> Any:
            return browser.post(address, {"file": SimpleUploadedFile("roster.csv", "\n".join(rows).encode())})

        good(upload(f"{self.name},{self.plate}", said), 400)
        for is_confirmed in (True, False):
            draft = good(upload(heading, new, *bad), 302)["Location"]
            for page in (draft, f"{draft}rows.csv"):
                assert self.name in good(browser.get(page)).content.decode()
            if is_confirmed:
                good(browser.post(draft, {"confirm": "on"}), 302)
        good(browser.post(draft, {"confirm": "on"}), 400)

    def set_aside(self) -> None:
        """What a source sends of the plate is set aside three times: one is repaired and loaded, one given up, one waits."""
        browser, source = self.at["operator"], Source.objects.get()
        sent = [self.native_read(plate=f"{self.plate}*") for _ in range(3)]
        refused = loads.take_in(source=source, sent=sent, body_digest="0" * 64, now=datetime.now(UTC)).refused
        assert len(refused) == len(sent)
        good(browser.get("/admin/lpr/quarantinedrecord/"))
        loaded, given_up, waiting = QuarantinedRecord.objects.order_by("position")
        for record in (loaded, given_up, waiting):
            page = f"/admin/lpr/quarantinedrecord/{record.pk}/change/"
            assert self.plate in good(browser.get(page)).content.decode()
            good(browser.get(f"/admin/lpr/quarantinedrecord/{record.key}/photos/1/"))
            said = {"step": "repair"} | quarantine.entered(record)
            good(browser.post(page, said | {"camera": self.case}), 400)
            if record == loaded:
                good(browser.post(page, said | {"plate": self.plate}), 302)
            if record == given_up:
                good(browser.post(page, {"step": "discard", "note": f"{self.plate} came twice"}), 302)
        store_tasks.load_repaired()
        assert [record.status for record in QuarantinedRecord.objects.order_by("position")] == [
            SetAsideStatus.LOADED, SetAsideStatus.DISCARDED, SetAsideStatus.WAITING]

    def back_office(self) -> None:
        browser = self.at["manager"]
        for page in ("/admin/", "/admin/accounts/user/", f"/admin/accounts/user/{self.people['officer'].pk}/change/"):
            good(browser.get(page))
        good(browser.get(self.result))


def end_all(*, now: datetime) -> None:
    """What ends by itself, at the time at which all of it is over."""
    late = now + timedelta(days=400)
    exports.erase_ended(now=late)
    deliveries.erase_ended(now=late)
    error_reports.erase_notes(now=late)
    drafts.erase_ended(RosterDraft, now=late)
    quarantine.erase_over(now=late)


def make_small(monkeypatch: Any) -> None:
    """The sealer comes while a job waits for it, and every export is one for the background, with a file."""
    monkeypatch.setattr(exports, "AT_ONCE", 1)
    waits = bundles.wait_for_seal

    def sealed(event, seconds):
        list(seals.seal_all(now=datetime.now(UTC)))
        waits(event, seconds)

    monkeypatch.setattr(bundles, "wait_for_seal", sealed)
