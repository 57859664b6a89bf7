"""`load_reads`: whole files, through the same checks as the API, what is refused beside the file with its reason."""

import base64
import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from config import databases
from lpr.management.commands import load_reads
from lpr.models import Receipt
from tests.factories.lpr import jpeg
from tests.lpr.payloads import rekor_group


@pytest.fixture
def run(source, tmp_path):
    """`run(content, ...)` writes a file and loads it; returns the command's last line."""

    def load(content, *, name="reads.ndjson", **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        out = io.StringIO()
        call_command("load_reads", str(path), source=source.name, stdout=out, verbosity=0, **options)
        return out.getvalue().splitlines()[-1]

    return load


def native(name, **changes):
    photos = [{"kind": kind, "jpeg": base64.b64encode(jpeg(kind)).decode()} for kind in ("plate", "vehicle")]
    return {"source_record_id": name, "plate": "XYZ-1234", "state": "OH", "latitude": 39.9612, "longitude": -82.9988,
            "captured_at": (datetime.now(UTC) - timedelta(days=1)).isoformat(), "photos": photos} | changes


def lines(*records):
    return "".join(f"{json.dumps(record)}\n" for record in records)


def asked(sql):
    with databases.administrator() as admin:
        return admin.execute(sql).fetchall()


def refused(tmp_path, name="reads.ndjson"):
    return [json.loads(line) for line in (tmp_path / f"{name}.refused.ndjson").read_text().splitlines()]


@pytest.mark.req("DAT-1", "DAT-3")
def test_a_file_is_loaded_once_and_what_is_bad_lies_beside_it(run, tmp_path):
    text = lines(native("a"), native("b", plate="***"), native("c")) + "{no json\n"
    assert run(text) == "stored=2 duplicates=0 refused=2 hits=0"
    assert [(item["index"], item["source_record_id"]) for item in refused(tmp_path)] == [(1, "b"), (3, "")]
    assert all(item["reason"] for item in refused(tmp_path))
    assert refused(tmp_path)[0]["record"]["plate"] == "***"
    assert (tmp_path / "reads.ndjson.refused.ndjson").stat().st_mode & 0o077 == 0
    assert run(text) == "stored=0 duplicates=2 refused=2 hits=0"


def test_a_file_without_bad_records_leaves_nothing_beside_it(run, tmp_path):
    (tmp_path / "reads.ndjson.refused.ndjson").write_text("of an earlier run")
    assert run(lines(native("a"))) == "stored=1 duplicates=0 refused=0 hits=0"
    assert [path.name for path in tmp_path.glob("*.ndjson")] == ["reads.ndjson"]


@pytest.mark.req("DAT-1")
def test_csv_takes_its_photos_from_the_folder(run, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for kind in ("plate", "vehicle"):
        (folder / f"{kind}.jpg").write_bytes(jpeg(kind))
    rows = [["source_record_id", "plate", "state", "captured_at", "latitude", "longitude", "plate_photo", "vehicle_photo"],
            ["1", "ABC123", "OH", datetime.now(UTC).isoformat(), "39.96", "-82.99", "plate.jpg", "vehicle.jpg"],
            ["2", "ABC123", "OH", datetime.now(UTC).isoformat(), "39.96", "-82.99", "plate.jpg", "../secret.jpg"]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    assert run(text.getvalue(), name="reads.csv", photos=str(folder)) == "stored=1 duplicates=0 refused=1 hits=0"
    assert "leads out of the photo folder" in refused(tmp_path, "reads.csv")[0]["reason"]


@pytest.mark.req("DAT-1")
def test_a_file_of_rekor_groups_is_told_by_its_content(run):
    group = rekor_group(gps_latitude=39.96, gps_longitude=-82.99, epoch_start=int(datetime.now(UTC).timestamp() * 1000),
                        vehicle_crop_jpeg=base64.b64encode(jpeg("vehicle")).decode())
    group["best_plate"]["plate_crop_jpeg"] = base64.b64encode(jpeg("plate")).decode()
    assert run(lines(group, group), name="groups.json") == "stored=1 duplicates=1 refused=0 hits=0"


@pytest.mark.req("DAT-3")
def test_batches_count_places_through_the_whole_file(run, tmp_path, monkeypatch):
    monkeypatch.setattr(load_reads, "BATCH", 4)
    bad = {3, 4, 9}
    records = [native(f"r{i}", **({"latitude": 99} if i in bad else {})) for i in range(11)]
    assert run(lines(*records)) == "stored=8 duplicates=0 refused=3 hits=0"
    assert [item["index"] for item in refused(tmp_path)] == [3, 4, 9]
    assert Receipt.objects.count() == 3


def test_batches_are_bounded_by_the_bytes_they_hold(run, monkeypatch):
    monkeypatch.setattr(load_reads, "BATCH_BYTES", 10_000)
    assert run(lines(*(native(f"r{i}") for i in range(6)))) == "stored=6 duplicates=0 refused=0 hits=0"
    assert Receipt.objects.count() > 1


@pytest.mark.req("AUD-1")
def test_the_command_is_on_record_before_its_reads(run):
    run(lines(native("a")))
    found = asked("SELECT kind, actor FROM audit.event WHERE kind IN ('command.run', 'reads.loaded') ORDER BY at")
    assert [kind for kind, _ in found] == ["command.run", "reads.loaded"]
    assert all(actor.startswith("command:") for _, actor in found)


@pytest.mark.parametrize(("content", "options", "sentence"), [
    ("plate,state\nX,OH\n", {"name": "x.csv"}, "lacks"),
    ("", {"photos": "/no/such/folder"}, "no folder"),
])
def test_a_file_that_cannot_be_used_is_one_clear_sentence(run, content, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(content, **options)


@pytest.mark.req("DAT-1")
@pytest.mark.parametrize("content", ["", "\n", "\ufeff", "\ufeff \r\n\r\n"])
@pytest.mark.parametrize(("name", "form"), [("reads.csv", "auto"), ("reads.ndjson", "auto"), ("reads.csv", "csv"),
                                            ("reads.ndjson", "ndjson"), ("reads.json", "rekor")])
def test_an_empty_file_holds_no_reads_and_is_no_error(run, content, name, form):
    assert run(content, name=name, format=form) == "stored=0 duplicates=0 refused=0 hits=0"


@pytest.mark.req("DAT-1")
def test_a_source_that_is_switched_off_loads_nothing(run, source):
    source.is_active = False
    source.save()
    with pytest.raises(CommandError, match="The source test-toll is switched off"):
        run(lines(native("a")))
    assert asked("SELECT count(*) FROM store.read") == [(0,)]
    assert not Receipt.objects.exists()


def test_an_unknown_source_is_one_clear_sentence(database):
    with pytest.raises(CommandError, match="no source named nobody"):
        call_command("load_reads", "x.csv", source="nobody")


def test_a_missing_file_is_one_clear_sentence(source):
    with pytest.raises(CommandError, match=r"missing\.csv"):
        call_command("load_reads", "missing.csv", source=source.name, verbosity=0)
