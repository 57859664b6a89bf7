"""What every test stands on: a real PostgreSQL with the service's own roles and guards.

Inside Django's TestCase nothing is ever committed, and the guards refuse its flush. So one template database is migrated
once, and each test that asks for `database` gets a clone of its own, in which commits are commits.
"""

import fcntl
import gc
import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from xdist.scheduler import LoadScopeScheduling

from config import databases
from tests.clones import Clone

ROOT = Path(__file__).resolve().parent.parent
# A busy machine is slow for every example: slowness proves nothing about the code.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")
pytest_plugins = ["tests.personas", "tests.factories.lpr", "tests.factories.alerts", "tests.factories.reviews",
                  "tests.faults.mail_server", "tests.guards.world"]


HTTP = {"signed_in", "api", "visit", "client"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that go through pages or the API: what they add to those of the domain is the same on any server."""
    for item in items:
        if HTTP.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("http")


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class OneDemo(LoadScopeScheduling):
    """Test by test to whichever worker is free, but the journeys, which share one running demo, all to one of them, first; so
    too the fault runs, of which one measures seconds that another would take, and the tests that give rights to the server's
    roles, which all its databases share."""

    TOGETHER = ("tests/journeys/", "tests/faults/", "tests/guards/test_database.py")

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in self.TOGETHER if nodeid.startswith(place)), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneDemo:
    return OneDemo(config, log)


def _release() -> str:
    """A mark of everything that makes the template: a change of any of it makes a new one."""
    files = sorted(file for pattern in ("*/migrations/*.py", "*/sql/*.sql", "*/first_records.py", "config/guard.py",
                                        "accounts/roles.py") for file in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _use(name: str) -> None:
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = settings.DATABASES[alias]["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: object) -> Iterator[Callable[[], None]]:
    """Build the template of this release once for all workers; return what gives the worker a fresh clone."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    template, mine = f"test_template_{_release()}", f"test_{worker}"
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with django_db_blocker.unblock():
        databases.ensure_running()
        with open(settings.DATA_DIR / "template.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _build_template(template)

        clone = Clone(mine, template)

        def fresh() -> None:
            _use(mine)
            clone.freshen()

        fresh()
        yield fresh
        _use(mine)
        clone.drop()


def _build_template(name: str) -> None:
    """Under a working name first, so that a template that is there is whole."""
    if databases.exists(name):
        return
    draft = f"{name}_draft"
    databases.drop(draft)
    _use(draft)
    # A test begins with an empty log; what the installation records has a test of its own.
    with mock.patch("audit.commands.record_durably"):
        databases.prepare(draft)
        call_command("install_first_records", verbosity=0)
    _use(name)
    databases.rename(draft, name)


@pytest.fixture
def database(django_db_setup: Callable[[], None], django_db_blocker: object) -> Iterator[None]:
    """A database of one's own, with the service's first records in it, thrown away after the test."""
    with django_db_blocker.unblock():
        yield
        django_db_setup()


@pytest.fixture
def db(database: None) -> None:
    """The name that pytest-django's own fixtures ask for."""


@pytest.fixture
def transactional_db(database: None) -> None:
    """The name that pytest-django's live server asks for."""


@pytest.fixture
def take_away(database: None) -> Iterator[Callable[[str], None]]:
    """`take_away(alias)`: from now on to the end of the test nothing listens where this login looks for the database."""
    before: dict[str, dict[str, object]] = {}

    def take(alias: str = "default") -> None:
        connections[alias].close()
        place = connections[alias].settings_dict
        before[alias] = {name: place[name] for name in ("HOST", "PORT")}
        place.update(HOST="127.0.0.1", PORT="1")

    yield take
    for alias, place in before.items():
        connections[alias].close()
        connections[alias].settings_dict.update(place)


@pytest.fixture
def now() -> datetime:
    """The moment that domain functions are told; the database's own clock is real."""
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, settings: object) -> None:
    """Photos, mails, the spool and the signing key of a test lie in its own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.MAIL_DIR = tmp_path / "mail"
    settings.AUDIT_SPOOL = tmp_path / "spool.log"
    settings.AUDIT_SIGNING_KEY_FILE = tmp_path / "secrets" / "audit-signing.pem"
