"""Coverage: reads by state, metropolitan area and kind of source against the contract's floor, by page and mail."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connections
from shapely import Point

from config import databases
from lpr import coverage, metropolitan_areas
from lpr.models import CoverageState, SourceKind
from lpr.wordbook import Place
from tests.factories.alerts import prepared, store_now

pytestmark = pytest.mark.usefixtures("database")
DAY = timedelta(days=1)
STATE_OF = {"36": "NY", "06": "CA"}


def middle_of(county: str) -> tuple[float, float]:
    tree, counties = coverage._counties()
    point: Point = tree.geometries[counties.index(county)].representative_point()
    return point.y, point.x


def read_in(county: str, **fields):
    latitude, longitude = middle_of(county)
    return prepared(**fields)._replace(
        latitude_e6=round(latitude * 1e6), longitude_e6=round(longitude * 1e6),
        place=Place(STATE_OF.get(county[:2], ""), "America/New_York", "12 Main St", "", False))


def read_of(state: str):
    return prepared()._replace(latitude_e6=45_000_000, longitude_e6=-110_000_000,
                               place=Place(state, "America/Denver", "", "", False))


@pytest.mark.req("DAT-5")
def test_the_table_holds_thirty_areas_whose_counties_are_on_the_map_once():
    counties = [county for area in metropolitan_areas.AREAS for county in area.counties]
    assert len({area.code for area in metropolitan_areas.AREAS}) == 30
    assert len(set(counties)) == len(counties)
    assert set(coverage._counties()[1]) == set(counties)


@pytest.mark.req("DAT-5")
def test_reads_are_counted_by_state_area_and_kind_of_source(make_source, now):
    store_now(make_source("toll"), read_in("36061"), read_in("36061"), read_in("06073"), read_of("MT"))
    store_now(make_source("lot", kind="parking_lot"), read_in("36061"))
    found = coverage.refresh(now=now + DAY)
    counted = {area.name: area.by_kind for area in (*found.states, *found.areas) if area.reads}
    assert counted == {
        "New York": (2, 1, 0, 0), "California": (1, 0, 0, 0), "Montana": (1, 0, 0, 0),
        "New York-Newark-Jersey City": (2, 1, 0, 0), "San Diego": (1, 0, 0, 0)}
    assert (found.states_covered, found.areas_covered, found.is_below) == (3, 2, True)
    assert coverage.current() == found


@pytest.mark.req("DAT-5")
def test_reads_of_long_ago_do_not_count(source, now):
    store_now(source, prepared(captured_at=now - 32 * DAY))
    assert coverage.refresh(now=now).states_covered == 0


@pytest.mark.req("DAT-5")
def test_generated_nationwide_sources_reach_the_floor_and_losing_one_area_is_told_once(make_source, operator, now, events):
    kinds = [make_source(f"source-{number}", kind=kind) for number, kind in enumerate(SourceKind.values)]
    central = [area.counties[0] for area in metropolitan_areas.AREAS]
    for number, county in enumerate(central[:23]):
        store_now(kinds[number % 4], read_in(county))
    for number, state in enumerate(coverage.STATE_CODES):
        store_now(kinds[number % 4], read_of(state))
    for _ in range(2):
        found = coverage.refresh(now=now + DAY)
    assert (found.states_covered, found.areas_covered, found.is_below) == (51, 23, True)
    [message] = mail.outbox
    assert message.to == [operator.email]
    assert "23 of the 30" in message.body
    store_now(kinds[0], read_in(central[23]))
    assert not coverage.refresh(now=now + DAY).is_below
    assert (len(events("coverage.below")), len(events("coverage.reached")), len(mail.outbox)) == (1, 1, 1)
    assert CoverageState.objects.get().below_since is None


@pytest.mark.req("DAT-5")
def test_two_schedulers_at_once_tell_once(source, operator, now, monkeypatch):
    real, told = coverage.mail, []

    def meanwhile(*arguments, **options):
        other = threading.Thread(target=lambda: (told.append(coverage.tell(now=now)), connections.close_all()))
        other.start()
        other.join(20)
        real(*arguments, **options)

    monkeypatch.setattr(coverage, "mail", meanwhile)
    coverage.refresh(now=now)
    assert told == [False]
    assert len(mail.outbox) == 1


@pytest.mark.req("DAT-5")
def test_a_mail_server_that_is_down_is_asked_again(source, operator, now, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 9
    coverage.refresh(now=now)
    assert CoverageState.objects.get().told_at is None
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    coverage.refresh(now=now)
    assert len(mail.outbox) == 1


@pytest.mark.req("DAT-5", "LIM-1")
def test_the_door_gives_counts_alone(source, now):
    with databases.administrator() as connection:
        found = connection.execute("SELECT * FROM store.coverage(now(), 30)")
        assert [column.name for column in found.description] == [
            "source_kind", "state", "row_number", "column_number", "reads"]
        store_now(source, prepared(captured_at=now - 40 * DAY))
        assert connection.execute("SELECT * FROM store.coverage(now(), 10000)").fetchall() == []


@pytest.mark.req("DAT-5")
def test_coverage_is_counted_at_once_and_then_every_six_hours_however_often_the_scheduler_starts(source, now):
    coverage.refresh_due(now=now)
    store_now(source, read_in("36061"))
    counted = []
    for hours in (0, 5, 6, 7):
        coverage.refresh_due(now=now + timedelta(hours=hours))
        counted.append(coverage.current().counted_at)
    assert counted == [now, now, now + timedelta(hours=6), now + timedelta(hours=6)]


@pytest.mark.req("DAT-5")
def test_the_page_shows_tables_and_a_map_drawn_by_the_server(signed_in, officer, source, now, events):
    browser = signed_in(officer)
    assert "has not been counted yet" in browser.get("/coverage/").content.decode()
    store_now(source, read_in("36061"))
    coverage.refresh(now=now + DAY)
    text = browser.get("/coverage/").content.decode()
    assert ("<svg" in text, text.count("<circle"), text.count("<path") >= 51) == (True, 30, True)
    assert all(name in text for name in ("New York: 1 read<", "below the contract's floor", "San Diego", "Hawaii"))
    assert "XYZ1234" not in text
    assert len(events("coverage.viewed")) == 2
