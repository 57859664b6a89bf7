"""Who may open what: every address by every role, of the record's AOR and component and of others, by every method (ACC-10, G12).

The addresses come from the URL map, the expected answers from permissions.txt beside this file, of which
docs/permissions.md is made (`make matrix`). A method that the table does not name opens nothing for anybody. When an address is
new, this test fails and shows the lines that it needs; read them as what you promise, then write them into the table, or let
`python -m tests.permissions --take-over` do it.

One world is walked once. Where an address names a record, everybody is asked; elsewhere area and component have nothing to
bear on, and one person of each role is asked, another one at each address.
"""

from collections.abc import Callable
from functools import cache
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from tests import permissions
from tests.guards import addresses
from tests.guards.addresses import Address
from tests.guards.test_urls_anonymous import LOGIN_PAGES, OPEN
from tests.permissions import COLUMNS, Column, Key

# Hardly anything takes these: who is let in by GET or POST asks, and a stranger; at the API, where much does, one of each kind.
RARE = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MARKS = {400: "!", 409: "!", 413: "!", 415: "!", 429: "!", 503: "x", 401: "/", 403: ".", 404: "-", 405: "m"}
# What says which of several things a page does, where nothing is done without it.
BODIES = {"lpr:query": {"source_kind": "toll_road"}, "groups:group": {"do": "add"},
          "admin:accounts_accessrequest_key": {"do": "send"},
          "admin:accounts_accessrequest_decision": {"do": "refuse"}, "admin:accounts_appointment_key": {"do": "send"}}
# Somebody is let in, or at least listened to.
OPEN_MARKS = {"x", "!"}
LEAVES = {"accounts:logout", "admin:logout"}
# Django's own (unnamed: those that lead on to /change/), tiles where no tile server is, the door of sources with keys.
OPEN_FOR_NOBODY = {"admin:autocomplete", "admin:view_on_site", "admin:login", "", "lpr:map_tile", "api-reads"}
ASKERS = {"own", "oe", "oh", "oE", "oH", "se", "sh", "sE", "sH", "ve", "vh", "vE", "vH"}
READERS = {"ve", "vh", "vE", "vH", "mgr", "Mgr", "opr"}
# The rights by role at the top of the requirements: who at most may open what begins so. The longest beginning counts.
LAW = {
    "queries/": ASKERS, "queries/<uuid:query>/": ASKERS | READERS, "alerts/": ASKERS, "groups/": ASKERS,
    "reads/<str:token>/": ASKERS | READERS, "audit/searches/": READERS, "audit/statistics/": READERS, "audit/reviews/": READERS,
    "audit/questions/": ASKERS | READERS, "help/tickets/<": {"own"},
    "api/v1/queries/": ASKERS, "api/v1/queries/<uuid:query>/": ASKERS | READERS, "api/v1/alert": ASKERS, "api/v1/hits/": ASKERS,
    "api/v1/audit/searches/": READERS, "api/v1/reads/": set(),
    "admin/lpr/errorreport/": {"qua"}, "admin/accounts/accessrequest/<": {"mgr"}, "admin/accounts/lockout/<": {"mgr"},
    "admin/accounts/user/<": {"mgr", "opr", "app", "root"}, "admin/alerts/handover/<": {"mgr"},
    "admin/accounts/ticket/<": {"mgr", "hlp"},
}
# Records of the officer and of New York City: nobody of another AOR opens one.
OF_NEW_YORK = (
    "queries/<uuid", "alerts/<uuid", "alerts/upload/<uuid", "alerts/hits/<uuid", "groups/<", "reads/<str:token>/error/",
    "reads/<str:token>/compare/", "api/v1/queries/<", "api/v1/alert-lists/<", "api/v1/alert-entries/<", "audit/searches/<",
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
        client, person = self.clients[name], self.people[name]
        if address.name in LEAVES and person:
            client = self.signed_in(person)
        if address not in self.paths:
            self.paths[address] = self.path_of(address)
        return mark(ask(client, method, address, self.paths[address]))


@pytest.fixture
def asker(request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Asker:
    settings.KNOCKS_PER_HOUR = 10**6
    # The API's description is the same for all who may read it, and dear to make.
    describe = SchemaGenerator.get_schema
    described = cache(lambda: describe(SchemaGenerator(), public=True))
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *args, **options: described())
    return Asker(request)


HOW_TO = """tests/guards/permissions.txt does not say what the service does.

- is what it says, + is what was found. If + is what you want to promise: put the + lines (without the sign; methods with the same
marks may share a line, joined by commas) where the address stands in the URL map, or run `python -m tests.permissions --take-over`,
which writes what this run found, and read the difference. A + line is missing where no - line of the address and method stands.
Columns: tests/permissions.py, COLUMNS. Marks: x open, ! open but refused as wrong, . 403, - 404, m 405, > sign in, / 401, ~ led on.

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
            if method in RARE and not any(asker.mark(name, method, address) in OPEN_MARKS for name in scouts(table, address)):
                continue
            # The owner comes last, who may do what can be done once.
            marks = {name: asker.mark(name, method, address) for name in reversed(asked(address))}
            found[address.route, method] = tuple(marks[like(column, address)] for column in COLUMNS)
    keep(found)
    expected = {key: tuple(marks.values()) for key, marks in table.items()}
    opened = {key: marks for key, marks in found.items() if OPEN_MARKS & set(marks) or key in expected}
    different = [key for key in opened | expected if expected.get(key) != opened.get(key)]
    assert not different, HOW_TO + permissions.head() + "\n" + "\n".join(
        sign + permissions.line(key[0], [key[1]], lines[key])
        for key in different for sign, lines in (("-", expected), ("+", opened)) if key in lines)
    assert not {key: marks for key, marks in found.items() if set(marks) - set(permissions.LEGEND)}
    assert not more_by_head


def asked(address: Address) -> list[str]:
    """Who asks at an address, as names of columns in their order."""
    return list(dict.fromkeys(like(column, address) for column in COLUMNS))


def like(column: Column, address: Address) -> str:
    """Whose answer is everybody's of this column."""
    of_role = [other.name for other in COLUMNS if other.role == column.role]
    if address.names_a_record and not (address.is_admin and column.name in ASKERS):
        return column.name
    return of_role[crc32(address.route.encode()) % len(of_role)]


def scouts(table: dict[Key, dict[str, str]], address: Address) -> list[str]:
    """Who tries the rare methods first; everybody follows where one of them gets in."""
    if address.is_api:
        return one_of_each_kind(table, address)
    let_in = [column.name for column in reversed(COLUMNS) for method in ("GET", "POST")
              if table.get((address.route, method), {}).get(column.name) in OPEN_MARKS and column.name != "any"]
    return [*let_in[:1], "any"]


def one_of_each_kind(table: dict[Key, dict[str, str]], address: Address) -> list[str]:
    """A column for each answer that GET and POST have at this address: those who are treated alike by both are of one kind."""
    kinds = {(table.get((address.route, "GET"), {}).get(column.name), table.get((address.route, "POST"), {}).get(column.name)):
             column.name for column in reversed(COLUMNS)}
    return sorted(kinds.values(), key=lambda name: name == "own")


def keep(found: dict[Key, tuple[str, ...]]) -> None:
    """For `python -m tests.permissions --take-over`."""
    rows = [permissions.line(route, [method], marks) for (route, method), marks in found.items()]
    (settings.DATA_DIR / permissions.FOUND).write_text("\n".join(rows) + "\n")


@pytest.mark.req("ACC-10")
def test_every_address_is_in_the_table_and_opens_for_somebody(table):
    there = {route for route, _ in table}
    missing = {address.route: address.name for address in addresses.every()
               if address.route not in there and address.name not in OPEN_FOR_NOBODY}
    assert not missing, ("no line in tests/guards/permissions.txt: run the test above, it shows the lines to write. What opens for "
                         "nobody proves nothing: lead its arguments to something in tests/guards/world.py")


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
    assert not [(route, method, name) for (route, method), marks in table.items() if route.startswith(OF_NEW_YORK)
                for name in AWAY if marks[name] == "x"]


@pytest.mark.req("ACC-1", "ACC-10")
def test_a_stranger_opens_the_doors_of_strangers_alone(table):
    names = {address.route: address.name for address in addresses.every()}
    mailed = {"accounts:register", "accounts:recover_answer"}
    # Signing out leads to the login page.
    opened = {names[route] for (route, _), marks in table.items() if marks["any"] in OPEN_MARKS} - mailed - LEAVES
    assert opened == OPEN


def test_the_page_is_fresh():
    assert permissions.PAGE.exists(), "run `make matrix`"
    assert permissions.PAGE.read_text() == permissions.page(), "run `make matrix`"
