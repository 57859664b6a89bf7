"""Who may open what: every address by every role, of the record's AOR and component and of others, by every method (ACC-10, G12).

The addresses come from the URL map, the expected answers from permissions.txt beside this file, of which
docs/permissions.md is made (`make matrix`). A method that the table does not name opens nothing for anybody. When an address is
new, this test fails and shows the lines that it needs; read them as what you promise, then write them into the table, or let
`python -m tests.permissions --take-over` do it.

One world is walked once; where many would be treated alike, one of them asks, another one at each address (`likenesses`).
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts import gates, standing
from accounts.models import User
from tests import permissions
from tests.guards import addresses
from tests.guards.addresses import Address
from tests.guards.test_urls_anonymous import LOGIN_PAGES, OPEN
from tests.permissions import COLUMNS, Key

# Hardly anything takes these: one asks whom GET or POST lets in; at the API, where much does, one of each kind.
RARE = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MARKS = {400: "!", 409: "!", 413: "!", 415: "!", 429: "!", 503: "x", 401: "/", 403: ".", 404: "-", 405: "m"}
# What says which of several things a page does, where nothing is done without it.
BODIES = {"lpr:query": {"source_kind": "toll_road"}, "groups:group": {"do": "add"},
          "admin:accounts_accessrequest_key": {"do": "send"},
          "admin:accounts_accessrequest_decision": {"do": "refuse"}, "admin:accounts_appointment_key": {"do": "send"},
          "admin:accounts_deletionrequest_step": {"do": "turn_down"}, "admin:accounts_sanction_step": {"do": "lift"},
          "audit:incident": {"act": "note"}, "audit:suspected_use": {"act": "note"}, "audit:delivery": {"act": "receive"},
          "audit:contract_end": {"act": "begin"}}
# Somebody is let in, or at least listened to.
OPEN_MARKS = {"x", "!"}
LEAVES = {"accounts:logout", "admin:logout"}
# Django's own (unnamed: those that lead on to /change/), tiles where no tile server is, the door of sources with keys; and what
# other tests lead to something: a scan, the place of a paper, a photo that was set aside, a step of a draft of the rules.
OPEN_FOR_NOBODY = {"admin:autocomplete", "admin:view_on_site", "admin:login", "", "lpr:map_tile", "api-reads",
                   "admin:accounts_accessrequest_scan", "admin:accounts_accessrequest_paper", "admin:lpr_quarantinedrecord_photo",
                   "admin:accounts_rulestext_step"}
# Of these Django makes a page for each kind of record, and the table of rights opens few.
DJANGOS_OWN = ("_add", "_delete", "_history")
ASKERS = {"own", "oe", "oh", "oE", "oH", "se", "sh", "sE", "sH", "ve", "vh", "vE", "vH"}
READERS = {"ve", "vh", "vE", "vH", "mgr", "Mgr", "opr"}
# The rights by role at the top of the requirements: who at most may open what begins so. The longest beginning counts.
LAW = {
    "queries/": ASKERS, "queries/<uuid:query>/": ASKERS | READERS, "alerts/": ASKERS, "groups/": ASKERS,
    "reads/<str:token>/": ASKERS | READERS, "audit/searches/": READERS, "audit/statistics/": READERS, "audit/reviews/": READERS,
    "audit/questions/": ASKERS | READERS, "help/tickets/<": {"own"},
    "api/v1/queries/": ASKERS, "api/v1/queries/<uuid:query>/": ASKERS | READERS, "api/v1/alert": ASKERS, "api/v1/hits/": ASKERS,
    "api/v1/audit/searches/": READERS, "api/v1/reads/": set(),
    "admin/lpr/errorreport/": {"qua"}, "admin/accounts/accessrequest/<": {"mgr"}, "admin/accounts/lockout/<": {"mgr", "root"},
    "admin/accounts/user/<": {"mgr", "opr", "app", "root"}, "admin/alerts/handover/<": {"mgr"},
    "admin/accounts/ticket/<": {"mgr", "hlp"},
}
# Records of the officer and of New York City: nobody of another AOR opens one.
OF_NEW_YORK = (
    "queries/<uuid", "alerts/<uuid", "alerts/upload/<uuid", "alerts/hits/<uuid", "groups/<", "reads/<str:token>/error/",
    "reads/<str:token>/compare/", "api/v1/queries/<", "api/v1/alert-lists/<", "api/v1/alert-entries/<",
    "api/v1/alert-uploads/<", "audit/searches/<",
    "admin/accounts/accessrequest/<", "admin/accounts/lockout/<", "admin/accounts/user/<", "admin/accounts/trainingrecord/<",
    "admin/alerts/handover/<", "admin/accounts/ticket/<", "help/tickets/<", "audit/reviews/<uuid", "audit/questions/<",
    "audit/questions/named/<")
AWAY = {"oE", "oH", "sE", "sH", "vE", "vH", "Mgr"}


def mark(answer: HttpResponse) -> str:
    to = answer.headers.get("Location", "")
    if answer.status_code in (301, 302, 303):
        assert not to.startswith(("/accounts/rules/", "/accounts/training/")), to
        if to.startswith(LOGIN_PAGES) and "?next=" in to:
            return ">"
        # Of this request alone: what was not shown yet waits beside it.
        if any(message.level >= messages.ERROR for message in answer.wsgi_request._messages._queued_messages):
            return "!"
        return "~" if to == f"{answer.request['PATH_INFO']}change/" else "x"
    return "x" if 200 <= answer.status_code < 300 else MARKS.get(answer.status_code, str(answer.status_code))


def ask(client: Client, method: str, address: Address, path: str) -> HttpResponse:
    body: dict[str, Any] = {"data": BODIES.get(address.name, {})} if method == "POST" else {}
    if method == "POST" and "?" in path:
        path, _, read = path.partition("?read=")
        body = {"data": {"read": read}}
    if address.is_api and method in {"POST", "PUT", "PATCH"}:
        body = {"data": "{}", "content_type": "application/json"}
    return getattr(client, method.lower())(path, **body)


class Asker:
    """Asks as the person of a column; whoever leaves does so in a session of its own."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.clients: dict[str, Client] = request.getfixturevalue("clients")
        self.people: dict[str, User | None] = request.getfixturevalue("people")
        self.path_of: Callable[[Address], str] = request.getfixturevalue("path_of")
        self.paths: dict[Address, str] = {}
        self.signed_in: Callable[[User], Client] = request.getfixturevalue("signed_in")

    def mark(self, name: str, method: str, address: Address) -> str:
        return mark(self.answer(name, method, address))

    def answer(self, name: str, method: str, address: Address) -> HttpResponse:
        client, person = self.clients[name], self.people[name]
        if address.name in LEAVES and person:
            client = self.signed_in(person)
        if address not in self.paths:
            self.paths[address] = self.path_of(address)
        return ask(client, method, address, self.paths[address])


@pytest.fixture
def asker(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Asker:
    settings.KNOCKS_PER_HOUR = 10**6
    # The API's description is the same for all who may read it, and dear to make.
    describe = SchemaGenerator.get_schema
    described = cache(lambda: describe(SchemaGenerator(), public=True))
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *args, **options: described())
    asker = Asker(request)
    # Nobody's account or training changes on this walk, and tests of their own ask at every address for those who may not go on:
    # each session is let through the gates once, and each account looked up once, which is most of the work.
    look, at = cache(standing.usable), datetime.now(UTC)
    monkeypatch.setattr(standing, "usable", lambda pk, *, now: look(pk, now=at))
    monkeypatch.setattr(gates, "first_closed", partial(first_closed, gates.first_closed, set()))
    return asker


def first_closed(
    ask: Callable[..., gates.Gate | None], passed: set[str], request: HttpRequest, user: User, *, now: datetime,
    view: str | None = None,
) -> gates.Gate | None:
    key = request.session.session_key or ""
    if key not in passed and ask(request, user, now=now, view="") is None:
        passed.add(key)
    return None if key in passed else ask(request, user, now=now, view=view)


HOW_TO = """tests/guards/permissions.txt does not say what the service does.

- is what it says, + is what was found. Where + is what you want to promise, put the + line (without its sign; methods with the
same marks may share a line, joined by commas) where the address stands in the URL map. Or run
`python -m tests.permissions --take-over`, which writes what this run found, and read the difference.
Columns: COLUMNS in tests/permissions.py. Marks: x open, ! heard and refused, . 403, - 404, m 405, > sent to sign in, / 401.

"""


@pytest.fixture(scope="module")
def table() -> dict[Key, dict[str, str]]:
    """The table as mark by column, by (route, method)."""
    names = [column.name for column in COLUMNS]
    found = permissions.read(permissions.TABLE.read_text())
    short = [key for key, marks in found.items() if len(marks) != len(names)]
    assert not short, f"permissions.txt: these lines need {len(names)} marks each, one below each name of the first line: {short}"
    return {key: dict(zip(names, marks, strict=True)) for key, marks in found.items()}


@pytest.mark.req("ACC-6", "ACC-10", "ALR-1", "AUD-12", "LIM-1")
def test_each_person_opens_what_the_table_says_and_head_gives_no_more(asker: Asker, table: dict[Key, dict[str, str]]) -> None:
    every, found = addresses.every(), {}
    more_by_head = [(address.route, name) for address in every for name in one_of_each_kind(table, address)
                    if table.get((address.route, "GET"), {}).get(name) not in OPEN_MARKS
                    and asker.mark(name, "HEAD", address) in OPEN_MARKS]
    for method in ("GET", "POST", *RARE):
        for address in every:
            first = scouts(table, address, method) if method in RARE else []
            marks = {name: asker.mark(name, method, address) for name in first}
            if method in RARE and not OPEN_MARKS & set(marks.values()):
                continue
            like = likenesses(table, address, method)
            # The owner comes last, who may do what can be done once.
            marks |= {name: asker.mark(name, method, address) for name in reversed(list(dict.fromkeys(like.values())))
                      if name not in marks}
            found[address.route, method] = tuple(marks[like[column.name]] for column in COLUMNS)
    keep(found)
    expected = {key: tuple(marks.values()) for key, marks in table.items()}
    opened = {key: marks for key, marks in found.items() if OPEN_MARKS & set(marks) or key in expected}
    different = [key for key in opened | expected if expected.get(key) != opened.get(key)]
    assert not different, HOW_TO + permissions.head() + "\n" + "\n".join(
        sign + permissions.line(key[0], [key[1]], lines[key])
        for key in different for sign, lines in (("-", expected), ("+", opened)) if key in lines)
    assert not {key: marks for key, marks in found.items() if set(marks) - set(permissions.LEGEND)}
    assert not more_by_head


def likenesses(table: dict[Key, dict[str, str]], address: Address, method: str) -> dict[str, str]:
    """By the name of each column who asks for it. Who stands for several is another one at each address.

    About a record everybody asks; elsewhere area and component have nothing to bear on, and a role has one answer. The back
    office is shut to all who query, and is sent to by one of those whom the table treats alike there.
    """
    groups: dict[object, list[str]] = {}
    for column in COLUMNS:
        kind: object = column.name if address.names_a_record else column.role
        if address.is_admin and column.name in ASKERS:
            kind = "who query"
        if address.is_admin and method == "POST" and (address.route, "POST") in table:
            kind = (kind == "who query", *(table.get((address.route, of), {}).get(column.name) for of in ("GET", "POST")))
        groups.setdefault(kind, []).append(column.name)
    return {name: group[crc32(address.route.encode()) % len(group)] for group in groups.values() for name in group}


def scouts(table: dict[Key, dict[str, str]], address: Address, method: str) -> list[str]:
    """Who tries a rare method first; everybody follows where one of them gets in. The back office has one door for all its
    addresses, at which each method is tried in its turn."""
    kinds = one_of_each_kind(table, address)
    if address.is_api:
        return kinds
    if address.is_admin and RARE[crc32(address.route.encode()) % len(RARE)] != method:
        return []
    let_in = [name for name in kinds if OPEN_MARKS & {table.get((address.route, of), {}).get(name) for of in ("GET", "POST")}]
    return let_in[:1] or kinds[:1]


def one_of_each_kind(table: dict[Key, dict[str, str]], address: Address) -> list[str]:
    """A column for each answer that GET and POST have at this address: those who are treated alike by both are of one kind."""
    kinds = {tuple(table.get((address.route, of), {}).get(column.name) for of in ("GET", "POST")): column.name
             for column in reversed(COLUMNS)}
    return sorted(kinds.values(), key=lambda name: name == "own")


def keep(found: dict[Key, tuple[str, ...]]) -> None:
    """For `python -m tests.permissions --take-over`."""
    rows = [permissions.line(route, [method], marks) for (route, method), marks in found.items()]
    (settings.DATA_DIR / permissions.FOUND).write_text("\n".join(rows) + "\n")


@pytest.mark.req("ACC-10")
def test_every_address_is_in_the_table_and_opens_for_somebody(table):
    there = {route for route, _ in table}
    missing = {address.route: address.name for address in addresses.every()
               if address.route not in there and address.name not in OPEN_FOR_NOBODY
               and not (address.is_admin and address.name.endswith(DJANGOS_OWN))}
    assert not missing, ("no line in tests/guards/permissions.txt: run the test above, it shows the lines to write. What opens "
                         "for nobody proves nothing: lead its arguments to something in tests/guards/world.py")


@pytest.mark.req("ACC-10", "AUD-11", "AUD-12")
def test_the_table_keeps_the_law(table):
    broken = []
    for (route, method), marks in table.items():
        # OPTIONS says which methods there are, and nothing of what is there.
        if method == "OPTIONS":
            continue
        law = max((start for start in LAW if route.startswith(start)), key=len, default=None)
        at_most = LAW[law] if law is not None else set(marks)
        broken += [(route, method, name) for name, found in marks.items() if found in OPEN_MARKS and name not in at_most]
    assert not broken


@pytest.mark.req("ACC-6", "ACC-10")
def test_nobody_of_another_area_opens_a_record(table):
    assert not [(route, method, name) for (route, method), marks in table.items()
                if route.startswith(OF_NEW_YORK) and method != "OPTIONS" for name in AWAY if marks[name] == "x"]


@pytest.mark.req("ACC-1", "ACC-10")
def test_a_stranger_opens_the_doors_of_strangers_alone(table):
    names = {address.route: address.name for address in addresses.every()}
    mailed = {"accounts:register", "accounts:recover_answer", "help:follow"}
    # Signing out leads to the login page.
    opened = {names[route] for (route, _), marks in table.items() if marks["any"] in OPEN_MARKS} - mailed - LEAVES
    assert opened == OPEN


def test_the_page_is_fresh():
    assert permissions.PAGE.exists(), "run `make matrix`"
    assert permissions.PAGE.read_text() == permissions.page(), "run `make matrix`"
