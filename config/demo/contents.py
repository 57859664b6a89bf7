"""What the demo's data folder holds: made on the first start, found again on the next."""

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from itertools import groupby, islice
from multiprocessing import get_context

from django.conf import settings
from django.core.management import call_command
from environs import Env

from audit import context
from config import databases
from config.demo import fleet, people, pictures, questions, town
from config.demo.photo_storage import SharingStorage
from lpr import deliveries, sources, states
from lpr.formats.native_read import NativeRead, SentPhoto
from lpr.models import Jurisdiction, Source, SourceAuthority, SourceKind

env = Env()
READS = env.int("DEMO_READS", 20_000)
PASSWORD = env.str("DEMO_PASSWORD", "a made-up town of 500 cars")
KEYS_FILE = settings.DATA_DIR / "demo-source-keys.json"
# Written last: a first start that was killed is found unfinished, and begins again with what is missing.
MARK = settings.DATA_DIR / "demo-ready"
FILES = ("demo-source-keys.json", "demo-ready", "mail", "media", "tiles", "static", "postgres.log", "audit-spool.log",
         "bench.json", "screenshots", "secrets/audit-signing.pem", "secrets/audit-signing.pem.pub",
         "secrets/audit-signing.pem.latest")
BATCH = 1000

SOURCES = {
    "demo-toll": ("New York toll road camera", SourceKind.TOLL_ROAD),
    "demo-parking": ("New York parking lot camera", SourceKind.PARKING_LOT),
    "demo-repossession": ("Repossession company vehicle", SourceKind.REPOSSESSION),
    "demo-police": ("Harlow Falls police camera", SourceKind.LAW_ENFORCEMENT),
}


def settle(*, say: Callable[[str], object]) -> None:
    """Bring the database to this release and fill it on the first start.

    Args:
        say: takes one line of progress.
    """
    now = datetime.now(UTC)
    databases.prepare()
    call_command("install_first_records", verbosity=0)
    people.settle(password=PASSWORD, now=now)
    if MARK.exists():
        return
    say(f"First start: making the town, the sources and {READS:,} reads (a minute for 20,000) ...")
    with context.acting(context.Actor(id=None, name="command:demo")):
        questions.settle(now)
        settle_sources(now)
        settle_streets()
        for count in load(now):
            say(f"  {count:,} reads")
    MARK.touch()


def settle_sources(now: datetime) -> None:
    """The four sources with a key each, and the law by which they collect, in every state."""
    keys = {}
    for state, state_name in [*dict(states.CHOICES)["States and DC"], *dict(states.CHOICES)["Territories"]]:
        Jurisdiction.objects.get_or_create(
            state=state, defaults={"citation": f"Demo code of {state_name}, section 1", "valid_from": date(2000, 1, 1)})
    for name, (label, kind) in SOURCES.items():
        source, _ = Source.objects.get_or_create(name=name, defaults={"label": label, "kind": kind})
        for jurisdiction in Jurisdiction.objects.all():
            SourceAuthority.objects.get_or_create(source=source, jurisdiction=jurisdiction, valid_from=date(2000, 1, 1))
        # A first start that was broken off has left keys behind that nobody knows.
        for left in source.keys.filter(valid_until__isnull=True):
            sources.end_key(key=left, now=now)
        keys[name] = sources.issue_key(source=source, now=now)
    KEYS_FILE.write_text(json.dumps(keys, indent=1))
    KEYS_FILE.chmod(0o600)


def settle_streets() -> None:
    path = settings.DATA_DIR / "harlow-falls.geojson.gz"
    town.write(path)
    call_command("load_streets", str(path), name=town.NAME, attribution="Made-up streets of the demo", verbosity=0)
    path.unlink()


def load(now: datetime) -> Iterator[int]:
    """Load the history through the same door as any delivery; yield how many reads are done.

    The pictures are drawn in a second process (which knows nothing of Django), since drawing costs more than storing.
    """
    by_name = {source.name: source for source in Source.objects.all()}
    ordered = sorted(fleet.reads(fleet.SEED, now, count=READS), key=lambda read: read.source)
    done = 0
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as artist, SharingStorage.sharing():
        batches = [batch for _, reads in groupby(ordered, lambda read: read.source) for batch in _batches(reads)]
        for batch, drawn in zip(batches, artist.map(pictures.pictures_of, batches), strict=True):
            sent = [_native(read, photos) for read, photos in zip(batch, drawn, strict=True)]
            digest = hashlib.sha256(f"demo history {batch[0].source} {done}".encode()).hexdigest()
            deliveries.take_in(source=by_name[batch[0].source], sent=sent, body_digest=digest, now=now)
            done += len(batch)
            if done % (5 * BATCH) < BATCH:
                yield done


def _batches(reads: Iterator[fleet.DemoRead]) -> Iterator[list[fleet.DemoRead]]:
    while batch := list(islice(reads, BATCH)):
        yield batch


def _native(read: fleet.DemoRead, photos: tuple[bytes, bytes]) -> NativeRead:
    plate, vehicle = photos
    return NativeRead(
        source_record_id=read.source_record_id, plate=read.plate, state=read.state, captured_at=read.captured_at,
        latitude=read.latitude, longitude=read.longitude, make=read.make, model=read.model, camera=read.camera.name,
        address="", intersection="", confidence=read.confidence,
        photos=(SentPhoto("plate", content=plate), SentPhoto("vehicle", content=vehicle)))


def welcome(*, port: int, seconds: float) -> str:
    """What the terminal shows once the pages are up."""
    accounts = "\n".join(f"  {person.username:<18} {person.role.replace('_', ' ') or 'installation superuser'}"
                         for person in people.PEOPLE)
    plate, state = fleet.WATCHED
    return f"""
PlateLedger is at http://localhost:{port}/   (ready after {seconds:.0f} s)

{accounts}
  password of all: {PASSWORD}
  answer to each challenge question: {people.ANSWER}

Try plate {plate} of {state}: the traffic simulator shows it often. Mails land in {settings.DATA_DIR / "mail"}.
Source keys for the API: {KEYS_FILE}. Ctrl-C ends everything.
"""
