"""The words that many reads share (make, model, camera, place), stored once and known here by their ids (decision 4).

A wordbook belongs to one connection of the loader: it dies with it, and never outlives the database it speaks of.
"""

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

MOST_WORDS = 200_000


class Place(NamedTuple):
    """Where a read was made, in words. What is not known is an empty text."""

    state: str
    zone: str
    address: str
    intersection: str
    address_is_approximate: bool


# What a connection of the loader is given once. Sequential scans are ruled out because a kept plan would go on reading a whole
# week of record ids, which was small when the plan was made; merge joins because each read would sort the entries that it meets,
# of which there are hardly ever any.
_SESSION = """
CREATE TEMPORARY TABLE IF NOT EXISTS delivery (
    captured_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    source_id    integer     NOT NULL,
    record_id    uuid        NOT NULL,
    latitude_e6  integer     NOT NULL,
    longitude_e6 integer     NOT NULL,
    camera_id    integer     NOT NULL,
    place_id     integer     NOT NULL,
    make_id      integer     NOT NULL,
    model_id     integer     NOT NULL,
    confidence   smallint,
    plate_photo_cut boolean  NOT NULL,
    plate        varchar(10) COLLATE "C" NOT NULL,
    state        varchar(2)  COLLATE "C" NOT NULL,
    digest       bytea       NOT NULL
) ON COMMIT DELETE ROWS;
SET enable_seqscan = off;
SET enable_mergejoin = off;
SET jit = off;
SET work_mem = '64MB';
"""


class Wordbook:
    """Ids by word. `learn` must be called outside of any transaction, so that what is remembered is committed."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._clear()

    def _clear(self) -> None:
        self.makes: dict[str, int] = {}
        self.models: dict[str, int] = {}
        self.places: dict[Place, int] = {}
        self._cameras: dict[int, dict[str, int]] = {}

    def cameras_of(self, source_id: int) -> dict[str, int]:
        return self._cameras.setdefault(source_id, {})

    def learn(self, *, source_id: int, cameras: set[str], makes: set[str], models: set[str], places: set[Place]) -> None:
        """Give every word an id.

        Raises:
            RuntimeError: a transaction is open, whose rollback would take back ids that are remembered here.
        """
        if self._connection.in_atomic_block:
            raise RuntimeError("words must be learnt outside of any transaction")
        if len(self.places) + len(self.models) > MOST_WORDS:
            self._clear()
        known_cameras = self.cameras_of(source_id)
        for known, words, table in ((self.makes, makes, _MAKE), (self.models, models, _MODEL)):
            known.update(self._ids(table, {word: (word,) for word in words - known.keys()}))
        known_cameras.update(self._ids(_CAMERA, {word: (source_id, word) for word in cameras - known_cameras.keys()}))
        self.places.update(self._ids(_PLACE, {place: place for place in places - self.places.keys()}))

    def _ids(self, table: "_Table", rows_by_word: dict[Any, tuple]) -> dict[Any, int]:
        """Ids of words, of which those that are missing are added; another loader may be adding them as well."""
        if not rows_by_word:
            return {}
        found = self._select(table, rows_by_word)
        missing = {word: row for word, row in rows_by_word.items() if word not in found}
        if missing:
            with transaction.atomic(using=self._connection.alias, durable=True), self._connection.cursor() as cursor:
                cursor.execute(table.insert, _columns(missing))
            found |= self._select(table, missing)
        return found

    def _select(self, table: "_Table", rows_by_word: dict[Any, tuple]) -> dict[Any, int]:
        with self._connection.cursor() as cursor:
            cursor.execute(table.select, _columns(rows_by_word))
            rows = cursor.fetchall()
        return {row[0] if len(row) == 2 else Place(*row[:-1]): row[-1] for row in rows}


class _Table(NamedTuple):
    """How words of a table are looked up and added, each for many at once; added in order, so that no two loaders deadlock."""

    select: str
    insert: str


_MAKE = _Table(
    "SELECT w.name, w.id FROM store.make w WHERE w.name = ANY(%s::text[])",
    "INSERT INTO store.make (name) SELECT unnest(%s::text[]) ORDER BY 1 ON CONFLICT DO NOTHING")
_MODEL = _Table(
    "SELECT w.name, w.id FROM store.model w WHERE w.name = ANY(%s::text[])",
    "INSERT INTO store.model (name) SELECT unnest(%s::text[]) ORDER BY 1 ON CONFLICT DO NOTHING")
_CAMERA = _Table(
    "SELECT w.name, w.id FROM unnest(%s::integer[], %s::text[]) n(source_id, name)"
    " JOIN store.camera w ON w.source_id = n.source_id AND w.name = n.name",
    "INSERT INTO store.camera (source_id, name) SELECT * FROM unnest(%s::integer[], %s::text[]) ORDER BY 2"
    " ON CONFLICT DO NOTHING")
_PLACE = _Table(
    """SELECT w.state, w.zone, w.address, w.intersection, w.address_is_approximate, w.id
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[]) n(state, zone, address, crossing, approximate)
    JOIN store.place w ON w.state = n.state AND w.zone = n.zone AND w.address = n.address AND w.intersection = n.crossing
                      AND w.address_is_approximate = n.approximate""",
    """INSERT INTO store.place (state, zone, address, intersection, address_is_approximate)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[]) ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT DO NOTHING""")


def _columns(rows_by_word: dict[Any, tuple]) -> list[list]:
    return [list(column) for column in zip(*rows_by_word.values(), strict=True)]


_wordbooks: WeakKeyDictionary[Any, Wordbook] = WeakKeyDictionary()


def wordbook_of(connection: BaseDatabaseWrapper) -> Wordbook:
    """The wordbook of an open connection of the loader, which is made ready for loading when it is new."""
    raw = connection.connection
    if raw not in _wordbooks:
        for statement in _SESSION.strip().rstrip(";").split(";"):
            with connection.cursor() as cursor:
                cursor.execute(statement)
        _wordbooks[raw] = Wordbook(connection)
    return _wordbooks[raw]
