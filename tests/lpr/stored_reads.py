"""Reads put into the store past every door, by an administrator: for tests that need a time of storing, a marker or a retention
of their own, which no loader gives."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from config import databases

HOUR = timedelta(hours=1)


def store_read(plate: str = "XYZ1234", state: str = "OH", *, captured_at: datetime | None = None, **changes: Any) -> uuid.UUID:
    """Insert one read and return its record id.

    `changes`: record_id, stored_at, latitude, longitude, source (its name), place_state, zone, address, intersection,
    address_is_approximate, make, model, camera, confidence, plate_photo_cut.
    """
    record_id = changes.pop("record_id", None) or uuid.uuid4()
    captured_at = captured_at or datetime.now(UTC) - HOUR
    with databases.administrator() as connection:
        run = connection.execute
        source_id = _id(run, "public.lpr_source", name=changes.pop("source", "toll-1"))
        place_id = _id(run, "store.place", state=changes.pop("place_state", "OH"), zone=changes.pop("zone", "America/New_York"),
                       address=changes.pop("address", "100 Main St, Columbus"),
                       intersection=changes.pop("intersection", "Main St & 1st Ave"),
                       address_is_approximate=changes.pop("address_is_approximate", False))
        columns = {
            "captured_at": captured_at, "received_at": changes.pop("received_at", captured_at),
            "stored_at": changes.pop("stored_at", captured_at + timedelta(minutes=1)), "record_id": record_id,
            "latitude_e6": round(changes.pop("latitude", 39.96) * 1e6),
            "longitude_e6": round(changes.pop("longitude", -83.0) * 1e6),
            "source_id": source_id,
            "camera_id": _id(run, "store.camera", source_id=source_id, name=changes.pop("camera", "Gate 4")),
            "place_id": place_id, "make_id": _id(run, "store.make", name=changes.pop("make", "Ford")),
            "model_id": _id(run, "store.model", name=changes.pop("model", "F-150")),
            "confidence": changes.pop("confidence", 97), "plate_photo_cut": changes.pop("plate_photo_cut", False),
            "plate": plate, "state": state,
        }
        assert not changes, changes
        run(f"INSERT INTO store.read ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})", list(columns.values()))
    return record_id


def mark(record_id: uuid.UUID, *, kind: str = "withdrawn", marked_at: datetime | None = None) -> None:
    """Withdraw or correct a read, as of `marked_at`."""
    with databases.administrator() as connection:
        connection.execute(
            "INSERT INTO store.read_marker SELECT plate, state, captured_at, record_id, %s, %s FROM store.read"
            " WHERE record_id = %s",
            [kind, marked_at or datetime.now(UTC) - timedelta(seconds=1), record_id])


def add_source(name: str, *, label: str = "Ohio toll road camera", kind: str = "toll_road", retention_days: int = 1827) -> None:
    with databases.administrator() as connection:
        connection.execute(
            "INSERT INTO public.lpr_source (name, label, kind, is_active, retention_days, camera_places, silent_after_hours)"
            " VALUES (%s, %s, %s, true, %s, '{}', 24)", [name, label, kind, retention_days])


def _id(run: Any, table: str, **columns: Any) -> int:
    where = " AND ".join(f"{name} = %s" for name in columns)
    found = run(f"SELECT id FROM {table} WHERE {where}", list(columns.values())).fetchone()
    if found is None and table == "public.lpr_source":
        add_source(columns["name"])
    elif found is None:
        run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})", list(columns.values()))
    return found[0] if found else run(f"SELECT id FROM {table} WHERE {where}", list(columns.values())).fetchone()[0]
