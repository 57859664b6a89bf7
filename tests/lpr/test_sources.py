"""Keys of sources, their freshness, and where the back office shows them."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from config import databases
from lpr import freshness, sources
from lpr.models import SourceKey


@pytest.fixture
def key(source, now):
    return sources.issue_key(source=source, now=now)


@pytest.mark.req("DAT-1")
def test_a_key_opens_its_source_and_only_its_hash_is_kept(source, key, now):
    assert sources.authenticate(f"Source {key}", now=now) == source
    secret = key.split("_", 2)[2]
    assert key.startswith("pl_")
    assert len(secret) >= 43
    with databases.administrator() as admin:
        (kept,) = admin.execute("SELECT to_json(k)::text FROM lpr_sourcekey k").fetchone()
        (said,) = admin.execute("SELECT string_agg(payload, ' ') FROM audit.event").fetchone()
    assert secret not in kept
    assert secret not in said


@pytest.mark.req("DAT-1")
@pytest.mark.parametrize("header", [
    "", "Source", "Source ", "Bearer {key}", "Source {key}x", "Source pl_{prefix}_", "Source pl__{secret}", "Source {secret}",
    "Source pl_0000000000_{secret}", "Source pl_{prefix}_{other}", "Source pl_\x00_{secret}", "{key}",
])
def test_a_wrong_key_opens_nothing(source, key, now, header):
    _, prefix, secret = key.split("_", 2)
    other = sources.issue_key(source=source, now=now).split("_", 2)[2]
    with pytest.raises(sources.KeyRefused):
        sources.authenticate(header.format(key=key, prefix=prefix, secret=secret, other=other), now=now)


def test_an_ended_key_and_a_source_that_is_off_open_nothing(source, now):
    key = sources.issue_key(source=source, now=now, valid_until=now + timedelta(days=1))
    assert sources.authenticate(f"source {key}", now=now)
    with pytest.raises(sources.KeyRefused, match="ended"):
        sources.authenticate(f"Source {key}", now=now + timedelta(days=1))
    sources.end_key(key=SourceKey.objects.get(), now=now)
    with pytest.raises(sources.KeyRefused, match="ended"):
        sources.authenticate(f"Source {key}", now=now)
    source.is_active = False
    source.save()
    with pytest.raises(sources.KeyRefused, match="off"):
        sources.authenticate(f"Source {sources.issue_key(source=source, now=now)}", now=now)


@pytest.mark.req("DAT-1")
def test_two_keys_are_valid_at_a_time_so_that_a_source_can_change_over(operations, source, key, now):
    new = sources.issue_key(source=source, now=now)
    assert all(sources.authenticate(f"Source {held}", now=now) == source for held in (key, new))
    with pytest.raises(sources.TwoKeysAlready):
        sources.issue_key(source=source, now=now)
    answer = operations.post("/admin/lpr/sourcekey/add/", {"source": source.pk, "valid_until_0": "", "valid_until_1": ""})
    assert "Two keys of this source are valid already." in answer.content.decode()
    with pytest.raises(CommandError, match="Two keys"):
        call_command("issue_source_key", source.name)
    sources.end_key(key=SourceKey.objects.get(prefix=key.split("_")[1]), now=now)
    third = sources.issue_key(source=source, now=now)
    assert sources.authenticate(f"Source {third}", now=now) == source
    with pytest.raises(sources.KeyRefused):
        sources.authenticate(f"Source {key}", now=now)


@pytest.mark.req("BEY-8")
def test_a_source_that_falls_silent_is_stale(source, make_source, load_read, now):
    make_source("silent-lot", label="A silent lot", kind="parking_lot")
    load_read(captured_at=now - timedelta(hours=1), now=now)
    silent, fresh = freshness.of_sources(now)
    assert (silent.label, silent.newest_captured_at, silent.is_stale) == ("A silent lot", None, True)
    assert (fresh.kind, fresh.newest_captured_at, fresh.last_received_at, fresh.is_stale) == (
        "Toll road", now - timedelta(hours=1), now, False)
    assert [item.is_stale for item in freshness.of_sources(now + timedelta(hours=24))] == [True, True]


@pytest.fixture
def operations(operator, signed_in):
    return signed_in(operator)


@pytest.mark.req("DAT-1", "DAT-2")
def test_operations_staff_keep_sources_and_see_what_was_set_aside(operations, source, key, load_read):
    load_read()
    for page in ("source", "sourcekey", "jurisdiction", "sourceauthority", "receipt", "quarantinedrecord"):
        assert operations.get(f"/admin/lpr/{page}/").status_code == 200, page
    assert operations.get(f"/admin/lpr/source/{source.pk}/change/").status_code == 200
    assert operations.get(f"/admin/lpr/sourcekey/{SourceKey.objects.first().pk}/change/").status_code == 200


@pytest.mark.req("DAT-1")
def test_a_key_is_shown_once_to_the_one_who_issues_it(operations, source, now):
    answer = operations.post("/admin/lpr/sourcekey/add/", {"source": source.pk, "valid_until_0": "", "valid_until_1": ""})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    issued = SourceKey.objects.get()
    text = answer.content.decode()
    key = text[text.index(f"pl_{issued.prefix}_"):].partition("<")[0]
    assert sources.authenticate(f"Source {key}", now=now) == source
    secret = key.split("_", 2)[2]
    assert secret not in operations.get("/admin/lpr/sourcekey/").content.decode()
    assert not any(secret in cookie.value for cookie in operations.cookies.values())


def test_places_of_cameras_are_checked_when_they_are_typed(operations, source):
    form = {"name": source.name, "label": "x", "kind": "toll_road", "is_active": "on", "retention_days": 30,
            "quarantine_days": 30, "silent_after_hours": 24}
    refused = operations.post(f"/admin/lpr/source/{source.pk}/change/", form | {"camera_places": '{"1": [91, 0]}'})
    assert "in degrees" in refused.content.decode()
    operations.post(f"/admin/lpr/source/{source.pk}/change/", form | {"camera_places": '{"1": [39.9, -83]}'})
    source.refresh_from_db()
    assert source.camera_places == {"1": [39.9, -83]}
