"""A batch of checked reads as the bytes of PostgreSQL's binary COPY: rows of `store.read`, of `store.recent_record`, and of the
temporary table of a loading (`lpr.wordbook`), whose rows are those of a read and the digest.

The bytes of a row are made once, whatever becomes of it: the number of fields stands between two rows, and a constant last field
as well, so that rows are joined by what separates them.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    from lpr.loading import PreparedRead
    from lpr.wordbook import Wordbook

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_READ_FIELDS, _DELIVERY_FIELDS, _CLAIM_FIELDS = (struct.pack(">h", count) for count in (14, 15, 3))
# Twelve fields, each with its length before it; the plate's own bytes and the state follow. What is the same in each read of a
# batch, and the lengths beside it, is `_SAME`.
_SAME = struct.Struct(">iqiii")
_ROW = struct.Struct(">iq24s16s" + "ii" * 6 + "ih" + "i?" + "i")
# The same of a read without a confidence, which is a length of -1 and nothing.
_ROW_UNSURE = struct.Struct(">iq24s16s" + "ii" * 6 + "i" + "i?" + "i")
_NO_STATE, _STATE = b"\0\0\0\0", b"\0\0\0\2"
_SIXTEEN = b"\0\0\0\x10"


class Packed(NamedTuple):
    """`bodies`: the fields of each read in the order of `READ_COLUMNS`, by position in `reads`; `by_plate`: the positions in the
    order of plates, in which the key of reads is filled fastest. `claims`: record ids with their digests, in the order of ids.
    `plates`: sorted. `oldest`: the oldest time of capture."""

    reads: Sequence["PreparedRead"]
    bodies: list[bytes]
    by_plate: list[int]
    plates: list[str]
    claims: list[bytes]
    oldest: datetime

    @property
    def ids(self) -> list[bytes]:
        """The record ids, sorted."""
        return [claim[:16] for claim in self.claims]


READ_COLUMNS = ("captured_at, received_at, source_id, record_id, latitude_e6, longitude_e6, camera_id, place_id, make_id,"
                " model_id, confidence, plate_photo_cut, plate, state")
CLAIM_COLUMNS = "record_id, digest, week"


def pack(source_id: int, reads: Sequence["PreparedRead"], received_at: datetime, words: "Wordbook") -> Packed:
    """Pack the reads.

    Raises:
        KeyError: a word is not in the wordbook yet.
    """
    cameras, makes, models, places = words.cameras_of(source_id), words.makes, words.models, words.places
    row, unsure, same = _ROW.pack, _ROW_UNSURE.pack, _SAME.pack(8, _micros(received_at - _EPOCH), 4, source_id, 16)
    bodies, plates, claims, oldest = [], [], [], timedelta.max
    for (record_id, digest, plate, state, captured_at, latitude, longitude, camera, make, model, place, confidence,
         cut) in reads:
        since = captured_at - _EPOCH
        if since < oldest:
            oldest = since
        # As `_micros`, without the cost of a call.
        captured = (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds
        id_bytes = record_id.int.to_bytes(16, "big")
        if confidence >= 0:
            head = row(8, captured, same, id_bytes, 4, latitude, 4, longitude, 4, cameras[camera], 4, places[place],
                       4, makes[make], 4, models[model], 2, confidence, 1, cut, len(plate))
        else:
            head = unsure(8, captured, same, id_bytes, 4, latitude, 4, longitude, 4, cameras[camera], 4, places[place],
                          4, makes[make], 4, models[model], -1, 1, cut, len(plate))
        bodies.append(head + plate.encode() + (_STATE + state.encode() if state else _NO_STATE))
        plates.append(plate)
        claims.append(id_bytes + _SIXTEEN + digest)
    # Sorted after the reads were walked through once: they are large. The order of plates alone is enough: two loadings that hold
    # the same read meet at its claim, before either stores it.
    claims.sort()
    by_plate = sorted(range(len(plates)), key=plates.__getitem__)
    return Packed(reads, bodies, by_plate, [plates[at] for at in by_plate], claims, _EPOCH + oldest if bodies else _EPOCH)


def rows_of_reads(packed: Packed) -> bytes:
    """For COPY into `READ_COLUMNS` of store.read."""
    return b"".join((_HEADER, _READ_FIELDS, _READ_FIELDS.join([packed.bodies[at] for at in packed.by_plate]), _END))


def rows_of_claims(packed: Packed, week: date) -> bytes:
    """For COPY into `CLAIM_COLUMNS` of store.recent_record, in the order of ids, so that two loaders wait in one order."""
    first, last = _CLAIM_FIELDS + _SIXTEEN, struct.pack(">ii", 4, (week - _EPOCH.date()).days)
    return b"".join((_HEADER, first, (last + first).join(packed.claims), last, _END))


def rows_of_delivery(packed: Packed, positions: Iterable[int] | None = None) -> bytes:
    """For COPY into pg_temp.delivery: all reads, or those at `positions`."""
    chosen = range(len(packed.bodies)) if positions is None else positions
    rows = [packed.bodies[at] + _SIXTEEN + packed.reads[at].digest for at in chosen]
    return b"".join((_HEADER, _DELIVERY_FIELDS, _DELIVERY_FIELDS.join(rows), _END))


def _micros(since: timedelta) -> int:
    return (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds


class _Ids(bytes):
    """An array of uuid as PostgreSQL takes it: to write ids down as text and read them again costs more than to look them up."""


class _IdsDumper(Dumper):
    format, oid = Format.BINARY, 2951

    def dump(self, obj: _Ids) -> bytes:
        return obj


psycopg.adapters.register_dumper(_Ids, _IdsDumper)


def array_of_ids(packed: Packed) -> _Ids:
    """The record ids of a batch as a parameter of the type uuid[]."""
    return _Ids(struct.pack(">iiiii", 1, 0, 2950, len(packed.claims), 1) + _SIXTEEN + _SIXTEEN.join(packed.ids))
