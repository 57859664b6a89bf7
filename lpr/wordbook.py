"""The words that many reads share (make, model, camera, place), stored once and known here by their ids (decision 4).

A wordbook belongs to one connection of the loader: it dies with it, and never outlives the database it speaks of.
"""

from collections.abc import Collection
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
# week of record ids, which was small when the plan was made.
_SESSION = """
CREATE TEMPORARY TABLE IF NOT EXISTS delivery (
    captured_at  timestamptz NOT NULL,
    record_id    uuid        NOT NULL,
    digest       bytea       NOT NULL,
    latitude_e6  integer     NOT NULL,
    longitude_e6 integer     NOT NULL,
    camera_id    integer     NOT NULL,
    place_id     integer     NOT NULL,
    make_id      integer     NOT NULL,
    model_id     integer     NOT NULL,
    confidence   smallint    NOT NULL,
    plate_photo_cut boolean  NOT NULL,
    plate        varchar(10) COLLATE "C" NOT NULL,
    state        varchar(2)  COLLATE "C" NOT NULL
) ON COMMIT DELETE ROWS;
SET enable_seqscan = off;
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
        self._learn_names("make", self.makes, makes - self.makes.keys())
        self._learn_names("model", self.models, models - self.models.keys())
        self._learn_cameras(source_id, known_cameras, cameras - known_cameras.keys())
        self._learn_places(places - self.places.keys())

    def _learn_names(self, table: str, known: dict[str, int], words: Collection[str]) -> None:
        if words:
            known.update(self._ids(
                f"SELECT w.name, w.id FROM store.{table} w WHERE w.name = ANY(%s::text[])",
                f"INSERT INTO store.{table} (name) SELECT unnest(%s::text[]) ORDER BY 1 ON CONFLICT DO NOTHING",
                {word: (word,) for word in words}))

    def _learn_cameras(self, source_id: int, known: dict[str, int], words: Collection[str]) -> None:
        if words:
            found = self._ids(
                "SELECT w.name, w.id FROM unnest(%s::integer[], %s::text[]) n(source_id, name)"
                " JOIN store.camera w USING (source_id, name)",
                "INSERT INTO store.camera (source_id, name) SELECT * FROM unnest(%s::integer[], %s::text[]) ORDER BY 2"
                " ON CONFLICT DO NOTHING",
                {word: (source_id, word) for word in words})
            known.update(found)

    def _learn_places(self, places: Collection[Place]) -> None:
        if places:
            columns = "state, zone, address, intersection, address_is_approximate"
            unnested = "unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::boolean[])"
            self.places.update(self._ids(
                f"SELECT w.state, w.zone, w.address, w.intersection, w.address_is_approximate, w.id"
                f" FROM {unnested} n({columns}) JOIN store.place w USING ({columns})",
                f"INSERT INTO store.place ({columns}) SELECT * FROM {unnested} ORDER BY 1, 2, 3, 4, 5"
                f" ON CONFLICT DO NOTHING",
                {place: place for place in places}))

    def _ids(self, select: str, insert: str, rows_by_word: dict[Any, tuple]) -> dict[Any, int]:
        """Ids of words, of which those that are missing are added; another loader may be adding them as well."""
        found = self._select(select, rows_by_word)
        missing = {word: row for word, row in rows_by_word.items() if word not in found}
        if missing:
            with transaction.atomic(using=self._connection.alias, durable=True), self._connection.cursor() as cursor:
                cursor.execute(insert, _columns(missing))
            found |= self._select(select, missing)
        return found

    def _select(self, select: str, rows_by_word: dict[Any, tuple]) -> dict[Any, int]:
        with self._connection.cursor() as cursor:
            cursor.execute(select, _columns(rows_by_word))
            rows = cursor.fetchall()
        return {row[0] if len(row) == 2 else Place(*row[:-1]): row[-1] for row in rows}


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
