"""Who may open what: every address by every role, of the record's AOR and component and of others, by every method (ACC-10, G12).

The addresses come from the URL map, the expected answers from permissions.txt beside this file, of which
docs/permissions.md is made (`make matrix`). A method that the table does not name opens nothing for anybody. When an address is
new, run this test, read what it found, and take it over: `python -m tests.permissions --take-over`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

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
from tests.permissions import COLUMNS, Key

# Hardly anything takes these: everybody is asked only where somebody of those whom GET and POST treat differently gets in.
RARE = ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# One database each: methods, and whether it is about the back office.
BATCHES = {"1-get": (("GET",), False), "2-get-back-office": (("GET",), True), "3-post": (("POST",), False),
           "4-post-back-office": (("POST",), True), "5-rare": (RARE, False), "6-rare-back-office": (RARE, True)}
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


@pytest.fixture(scope="module")
def table() -> dict[Key, dict[str, str]]:
    """The table as mark by column, by (route, method)."""
    names = [column.name for column in COLUMNS]
    return {(key[0].removeprefix("/") if key[0] == "/" else key[0], key[1]): dict(zip(names, marks, strict=True))
            for key, marks in permissions.read(permissions.TABLE.read_text()).items()}


@pytest.mark.req("ACC-6", "ACC-10", "ALR-1", "AUD-12", "LIM-1")
@pytest.mark.parametrize("batch", BATCHES)
def test_each_person_opens_what_the_table_says(batch: str, asker: Asker, table: dict[Key, dict[str, str]]) -> None:
    found: dict[Key, tuple[str, ...]] = {}
    methods, back_office = BATCHES[batch]
    for method in methods:
        for address in addresses.every():
            if address.is_admin != back_office:
                continue
            first = one_of_each_kind(table, address) if method in RARE else []
            marks = {name: asker.mark(name, method, address) for name in first}
            if first and not OPEN_MARKS & set(marks.values()):
                continue
            # The owner comes last, who may do what can be done once.
            marks |= {column.name: asker.mark(column.name, method, address) for column in reversed(COLUMNS)
                      if column.name not in marks}
            found[address.route, method] = tuple(marks[column.name] for column in COLUMNS)
    keep(batch, found)
    expected = {key: marks for key, marks in permissions.read(permissions.TABLE.read_text()).items()
                if key[1] in methods and key[0].startswith("admin/") == back_office}
    opened = {key: marks for key, marks in found.items() if OPEN_MARKS & set(marks) or key in expected}
    different = [key for key in expected | opened if expected.get(key) != opened.get(key)]
    assert not different, "expected (-) and found (+):\n" + permissions.head() + "\n" + "\n".join(
        sign + permissions.line(key[0], [key[1]], lines[key])
        for key in different for sign, lines in (("-", expected), ("+", opened)) if key in lines)
    odd = {key: marks for key, marks in found.items() if set(marks) - set(permissions.LEGEND)}
    assert not odd


@pytest.mark.req("ACC-10")
def test_what_get_refuses_head_does_not_give(asker: Asker, table: dict[Key, dict[str, str]]) -> None:
    for address in addresses.every():
        for name in one_of_each_kind(table, address):
            of_get = table.get((address.route, "GET"), {}).get(name, "")
            assert of_get in OPEN_MARKS or asker.mark(name, "HEAD", address) not in OPEN_MARKS, (address.route, name)


def one_of_each_kind(table: dict[Key, dict[str, str]], address: Address) -> list[str]:
    """A column for each answer that GET and POST have at this address: those who are treated alike by both are of one kind."""
    kinds = {(table.get((address.route, "GET"), {}).get(column.name), table.get((address.route, "POST"), {}).get(column.name)):
             column.name for column in reversed(COLUMNS)}
    return sorted(kinds.values(), key=lambda name: name == "own")


def keep(batch: str, found: dict[Key, tuple[str, ...]]) -> None:
    """For `python -m tests.permissions --take-over`."""
    folder = settings.DATA_DIR / permissions.FOUND
    folder.mkdir(parents=True, exist_ok=True)
    rows = [permissions.line(route, [method], marks) for (route, method), marks in found.items()]
    (folder / f"{batch}.txt").write_text("\n".join(rows) + "\n")


@pytest.mark.req("ACC-10")
def test_every_address_is_in_the_table_and_opens_for_somebody(table):
    there = {route for route, _ in table}
    missing = {address.route: address.name for address in addresses.every()
               if address.route not in there and address.name not in OPEN_FOR_NOBODY}
    assert not missing, "what opens for nobody proves nothing: lead its arguments to something in tests/guards/world.py"


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
