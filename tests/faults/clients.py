"""The clients of a fault run, and their journal: what they asked for, and when the service said that it was done.

A call whose answer was lost is sent again until there is one: that is what a source or an officer does.
"""

import base64
import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tests.factories.alerts import CASE
from tests.factories.lpr import COLUMBUS, jpeg
from tests.faults.processes import PASSWORD

PLATES = [f"FLT{number:03d}" for number in range(12)]
STATE = "OH"
ANSWER_SECONDS = 20


@dataclass
class SentRead:
    plate: str
    record: str
    source: str
    sent_at: float
    acked_at: float | None = None


@dataclass
class Watched:
    """An entry by its list and plate. Times are of this process; None: not yet, or never."""

    alert_list: str
    plate: str
    asked_at: float
    id: str = ""
    added_at: float | None = None
    removing_at: float | None = None
    removed_at: float | None = None


@dataclass
class Journal:
    reads: list[SentRead] = field(default_factory=list)
    entries: list[Watched] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    calls: int = 0
    answers: int = 0
    lost_answers: int = 0


class NoAnswer(Exception):
    """The call failed on the way, or the service said that it failed: it can be made again."""


class Client(threading.Thread):
    """Calls until `over` is set; the journal is written by this thread's own entries alone."""

    def __init__(self, port: int, journal: Journal, over: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.journal, self.over, self.chance = port, journal, over, random.Random(seed)
        self.cookies: dict[str, str] = {}
        self.key = ""

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.step()
                time.sleep(0.05)
        except Exception as error:
            self.journal.strange.append(f"{type(self).__name__}: {error!r}")

    def step(self) -> None:
        raise NotImplementedError

    def until_answered(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """The first answer of the service to a call that is made again until there is one."""
        while True:
            self.journal.calls += 1
            try:
                answer = self.call(method, path, body)
                self.journal.answers += 1
                return answer
            except NoAnswer:
                self.journal.lost_answers += 1
                time.sleep(0.1)

    def call(self, method: str, path: str, body: Any = None, *, form: bool = False) -> tuple[int, Any]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.key:
            headers["Authorization"] = f"Source {self.key}"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers["X-CSRFToken"] = self.cookies.get("csrf", "")
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(body | {"csrfmiddlewaretoken": self.cookies.get("csrf", "")})
        elif body is not None:
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer from error
        finally:
            connection.close()
        if answer.status >= 500:
            raise NoAnswer
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        if answer.headers.get("Content-Type", "").startswith(("application/json", "application/problem+json")):
            return answer.status, json.loads(content)
        return answer.status, None


class Source(Client):
    """Posts batches of reads; sends one again now and then although it was answered."""

    def __init__(self, *arguments: Any, key: str, name: str) -> None:
        super().__init__(*arguments)
        self.key, self.label, self.number = key, name, 0
        self.last: dict[str, Any] | None = None

    def step(self) -> None:
        if self.last and self.chance.random() < 0.1:
            status, said = self.until_answered("POST", "/api/v1/reads/", self.last)
            if status != 200 or said["stored"] or said["duplicates"] != len(self.last["reads"]):
                self.journal.strange.append(f"sent again: {status} {said}")
            return
        sent = [SentRead(self.chance.choice(PLATES), f"{self.label}-{self.number + n}", self.label, time.monotonic())
                for n in range(self.chance.randint(1, 6))]
        self.number += len(sent)
        self.journal.reads += sent
        body = {"reads": [_native(read) for read in sent]}
        status, said = self.until_answered("POST", "/api/v1/reads/", body)
        if status != 200 or said["refused"] or said["stored"] + said["duplicates"] != len(sent):
            self.journal.strange.append(f"delivery: {status} {said}")
            return
        for read in sent:
            read.acked_at = time.monotonic()
        self.last = body


class Officer(Client):
    """Keeps one list: adds plates, renews some, removes some."""

    def __init__(self, *arguments: Any, name: str, colleague: str) -> None:
        super().__init__(*arguments)
        self.username, self.colleague, self.alert_list = name, colleague, ""
        self.standing: list[Watched] = []

    def sign_in(self) -> None:
        """Before any fault: sign in, affirm the rules, and make the list."""
        self.call("GET", "/accounts/login/")
        self.call("POST", "/accounts/login/", {"username": self.username, "password": PASSWORD}, form=True)
        self.call("GET", "/accounts/rules/")
        self.call("POST", "/accounts/rules/", {"agree": "on"}, form=True)
        scope = {"scope": "users", "users": [self.colleague]} if self.colleague else {}
        status, said = self.call("POST", "/api/v1/alert-lists/", {"name": f"List of {self.username}"} | scope)
        assert status == 201, said
        self.alert_list = said["id"]

    def step(self) -> None:
        known = {entry.plate for entry in self.standing}
        free = [plate for plate in PLATES if plate not in known]
        if free and (len(self.standing) < 6 or self.chance.random() < 0.3):
            self.add(self.chance.choice(free))
        elif self.standing and self.chance.random() < 0.5:
            self.remove(self.standing.pop(self.chance.randrange(len(self.standing))))
        elif self.standing:
            self.renew(self.chance.choice(self.standing))
        time.sleep(0.3)

    def add(self, plate: str) -> None:
        entry = Watched(self.alert_list, plate, time.monotonic())
        self.journal.entries.append(entry)
        status, said = self.until_answered("POST", f"/api/v1/alert-lists/{self.alert_list}/entries/", {
            "plate": plate, "state": STATE, "reason": "CRIM", "case_reference": CASE, "for_whom": "self", "ongoing": True})
        if status == 201:
            entry.id = said["id"]
        elif status != 400 or "already" not in json.dumps(said):
            self.journal.strange.append(f"add: {status} {said}")
            return
        entry.added_at = time.monotonic()
        if entry.id:
            self.standing.append(entry)

    def renew(self, entry: Watched) -> None:
        status, said = self.until_answered("POST", f"/api/v1/alert-entries/{entry.id}/renew/",
                                           {"need_confirmed": True, "note": "The case goes on."})
        if status != 200:
            self.journal.strange.append(f"renew: {status} {said}")

    def remove(self, entry: Watched) -> None:
        entry.removing_at = time.monotonic()
        status, said = self.until_answered("DELETE", f"/api/v1/alert-entries/{entry.id}/", None)
        if status not in (204, 404):
            self.journal.strange.append(f"remove: {status} {said}")
            return
        entry.removed_at = time.monotonic()


_PHOTOS = [{"kind": kind, "jpeg": base64.b64encode(jpeg(kind)).decode()} for kind in ("plate", "vehicle")]


def _native(read: SentRead) -> dict[str, Any]:
    return {"source_record_id": read.record, "plate": read.plate, "state": STATE, "captured_at": datetime.now(UTC).isoformat(),
            "latitude": COLUMBUS[0], "longitude": COLUMBUS[1], "make": "Ford", "model": "F-150", "camera": "Gate 4",
            "confidence": 97, "photos": _PHOTOS}
