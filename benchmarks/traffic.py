"""Five years of made-up reads, put into the store in bulk as its administrator, so that a question is asked of a full store.

A vehicle is seen the more often the lower its number, from half the mean to a thousand times it, as a few commercial vehicles
are; one more plate, HOT, is seen 10,000 times at the standard size. One read in a hundred has no state.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
from tqdm import tqdm

from benchmarks import ground

HOT = "HOT0001"
STATE = "NY"
MONTHS = 60
READS_PER_VEHICLE = 12
# One read of the hot plate for so many of all others: 10,000 in 5 million.
HOT_SHARE = 500

_WORDS = """
INSERT INTO public.lpr_source (name, label, kind, is_active, retention_days, camera_places, silent_after_hours)
SELECT 'bench-' || n, 'Made-up source ' || n, (ARRAY['toll_road', 'parking_lot', 'repossession', 'law_enforcement'])[n],
       true, 1900, '{}', 24 FROM generate_series(1, 4) n;
INSERT INTO store.make (name) SELECT 'Make ' || n FROM generate_series(1, 40) n;
INSERT INTO store.model (name) SELECT 'Model ' || n FROM generate_series(1, 400) n;
INSERT INTO store.camera (source_id, name)
SELECT s.id, 'Camera ' || n FROM public.lpr_source s, generate_series(1, 500) n WHERE s.name LIKE 'bench-%%';
INSERT INTO store.place (state, zone, address, intersection, address_is_approximate)
SELECT 'NY', 'America/New_York', n || ' Broadway, New York', 'Broadway & W ' || n || ' St', n %% 2 = 0
FROM generate_series(1, 20000) n;
"""

PLATE = (
    "chr(65 + ({n} / 260000 %% 26)::int) || chr(65 + ({n} / 10000 %% 26)::int) || chr(65 + ({n} * 7 %% 26)::int)"
    " || lpad(({n} %% 10000)::text, 4, '0')"
)

_READS = f"""
INSERT INTO store.read (captured_at, received_at, stored_at, record_id, latitude_e6, longitude_e6, source_id, camera_id,
                        place_id, make_id, model_id, confidence, plate_photo_cut, plate, state)
SELECT t.captured_at, t.captured_at + interval '2 seconds', t.captured_at + interval '3 seconds', gen_random_uuid(),
       40700000 + (random() * 100000)::int, -74000000 + (random() * 100000)::int,
       %(source)s + (t.camera / 500)::int, %(camera)s + t.camera, %(place)s + (random() * 19999)::int,
       %(make)s + (abs(t.vehicle) %% 40)::int, %(model)s + (abs(t.vehicle) %% 400)::int, 85 + (random() * 14)::int, false,
       CASE WHEN t.vehicle < 0 THEN '{HOT}' ELSE {PLATE.format(n="t.vehicle")} END,
       CASE WHEN random() < 0.01 THEN '' WHEN t.vehicle < 0 THEN '{STATE}'
            ELSE (ARRAY['{STATE}', '{STATE}', 'NJ', 'CT', 'PA'])[t.vehicle %% 5 + 1] END
FROM (SELECT CASE WHEN n <= %(hot)s THEN -1 ELSE floor(%(vehicles)s * power(random(), 2))::bigint END AS vehicle,
             %(from)s::timestamptz + random() * (%(until)s::timestamptz - %(from)s::timestamptz) AS captured_at,
             floor(random() * 2000)::int AS camera
      FROM generate_series(1, %(count)s) n) t
ORDER BY 14, 15
"""


@dataclass(frozen=True)
class Traffic:
    """What was stored: reads in all, vehicles, and the span of time, which ends at midnight today."""

    reads: int
    vehicles: int
    captured_from: datetime
    captured_until: datetime


def store_history(reads: int) -> Traffic:
    """Store about `reads` reads over 60 months up to now, and let the server settle. Progress is shown."""
    until = datetime.now(UTC) - timedelta(minutes=10)
    start = until - timedelta(days=365 * 5)
    vehicles = max(reads // READS_PER_VEHICLE, 10)
    with ground.session("postgres") as admin:
        for statement in _WORDS.split(";\n")[:-1]:
            admin.execute(statement.replace("%%", "%"))
        first = _first_ids(admin)
        step = (until - start) / MONTHS
        count = max(reads // MONTHS, 1)
        for month in tqdm(range(MONTHS), desc="storing reads", unit="month", leave=False):
            admin.execute(_READS, first | {
                "hot": max(count // HOT_SHARE, 1), "vehicles": vehicles, "count": count,
                "from": start + step * month, "until": start + step * (month + 1)})
    ground.settle()
    return Traffic(count * MONTHS, vehicles, start, until)


def usual_plates(traffic: Traffic, count: int) -> list[str]:
    """`count` plates of state STATE, each of a vehicle seen about as often as the median one."""
    number = "(5 * floor(%(vehicles)s * (0.4 + 0.2 * random()) / 5))::bigint"
    sql = f"SELECT {PLATE.format(n='v.vehicle')} FROM (SELECT {number} AS vehicle FROM generate_series(1, %(count)s)) v"
    with ground.session("postgres") as admin:
        return [plate for (plate,) in admin.execute(sql, {"vehicles": traffic.vehicles, "count": count})]


def _first_ids(admin: psycopg.Connection) -> dict[str, int]:
    """Where each dictionary's ids begin; they follow one another."""
    found = {}
    for name, table in {"source": "public.lpr_source WHERE name LIKE 'bench-%'", "camera": "store.camera",
                        "place": "store.place", "make": "store.make", "model": "store.model"}.items():
        (found[name],) = admin.execute(f"SELECT min(id) FROM {table}").fetchone() or (0,)
    return found
