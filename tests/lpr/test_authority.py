"""The end of a source's authority: what policy says of stored reads holds at once, and is put on record (DAT-2)."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage

from config import databases
from lpr import authority, coverage, partitions, photos, tasks
from lpr.models import EndedAuthority, Jurisdiction, SourceAuthority
from tests.lpr.test_reads_function import attempt, ids, outcome

DAY = timedelta(days=1)


@pytest.fixture
def read(load_read, now):
    return load_read(captured_at=now - 3 * DAY)


def end(now, model=SourceAuthority, **changes):
    """As of the day before yesterday: over in every zone of the country."""
    where = {"state": "OH"} if model is Jurisdiction else {"jurisdiction__state": "OH"}
    assert model.objects.filter(**where).update(valid_until=(now - 2 * DAY).date(), **changes)


def rows():
    with databases.administrator() as connection:
        return connection.execute("SELECT count(*) FROM store.read").fetchone()[0]


@pytest.mark.req("DAT-2")
@pytest.mark.parametrize("model", [SourceAuthority, Jurisdiction])
@pytest.mark.parametrize(("policy", "is_shown"), [("keep", True), ("hide", False), ("delete", False)])
def test_what_policy_says_of_stored_reads_holds_at_once(read, now, model, policy, is_shown):
    asked = attempt()
    assert ids(asked) == [read]
    end(now, model, when_over=policy)
    assert ids(attempt()) == ([read] if is_shown else [])
    assert outcome(attempt()) == ((1, 0) if is_shown else (0, 0))
    assert coverage.refresh(now=now + DAY).states_covered == (1 if is_shown else 0)
    assert rows() == 1


@pytest.mark.req("DAT-2")
def test_only_reads_of_that_source_and_state_are_hidden(load_read, make_source, now):
    here = load_read(captured_at=now - 3 * DAY)
    there = load_read(captured_at=now - 4 * DAY, latitude=47.6062, longitude=-122.3321)
    other = load_read(captured_at=now - 5 * DAY, source=make_source("other"))
    SourceAuthority.objects.filter(source__name="test-toll", jurisdiction__state="OH").update(
        valid_until=(now - 2 * DAY).date(), when_over="hide")
    found = ids(attempt())
    assert set(found) == {there, other}
    assert here not in found


@pytest.mark.req("DAT-2")
def test_the_stricter_of_the_laws_and_the_sources_policy_holds(read, now):
    end(now, when_over="keep")
    end(now, Jurisdiction, when_over="delete")
    assert ids(attempt()) == []
    assert partitions.maintain(now=now).reads == 1


@pytest.mark.req("DAT-2")
def test_an_authority_that_was_prolonged_has_not_ended(read, now, source):
    end(now, when_over="delete")
    SourceAuthority.objects.create(source=source, jurisdiction=Jurisdiction.objects.get(state="OH"),
                                   valid_from=(now - DAY).date())
    assert ids(attempt()) == [read]
    assert partitions.maintain(now=now).reads == 0


@pytest.mark.req("DAT-2")
def test_the_last_day_is_over_when_it_is_over_everywhere(read, now):
    SourceAuthority.objects.update(valid_until=now.date(), when_over="hide")
    assert ids(attempt()) == [read]


@pytest.mark.req("DAT-2", "DAT-8")
def test_what_is_to_go_is_deleted_with_its_photos_by_the_job_and_nothing_else(read, load_read, make_source, now, events):
    stays = load_read(captured_at=now - 4 * DAY, latitude=47.6062, longitude=-122.3321)
    end(now, when_over="delete")
    assert all(default_storage.exists(photos.name(read, kind)) for kind in ("plate", "vehicle"))
    tasks.erase_what_is_over()
    assert not any(default_storage.exists(photos.name(read, kind)) for kind in ("plate", "vehicle"))
    assert (rows(), ids(attempt())) == (1, [stays])
    assert events("store.maintained")[-1]["details"]["reads"] == 1
    assert partitions.maintain(now=now).reads == 0


@pytest.mark.req("DAT-2", "AUD-1")
def test_an_end_and_its_prolongation_are_on_record_once(read, now, events, source):
    end(now, when_over="hide")
    tasks.watch_sources()
    tasks.watch_sources()
    [ended] = events("authority.ended")
    assert ended["details"] == {"source": "test-toll", "collected_in": "OH", "policy": "hide"}
    end(now, when_over="delete")
    assert authority.notice(now=now) == 1
    assert events("authority.ended")[-1]["details"]["policy"] == "delete"
    SourceAuthority.objects.update(valid_until=None)
    assert (authority.notice(now=now), authority.notice(now=now)) == (1, 0)
    assert events("authority.resumed")[0]["details"]["collected_in"] == "OH"
    assert not EndedAuthority.objects.exists()
