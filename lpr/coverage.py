"""Coverage: in which states and metropolitan areas there are reads, by kind of source, against the contract's floor (DAT-5).

Counted by a job from a door that gives counts alone. A place is told by squares of a twentieth of a degree (3 miles), which is
fine enough for a metropolitan area of several counties.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import shapely
from django.conf import settings
from django.db import connection, transaction

from audit import people
from audit.events import Kind
from audit.outbox import mail, send_each
from audit.record import record
from lpr import metropolitan_areas, states
from lpr.models import CoverageCount, CoverageState, SourceKind
from lpr.report import outlines

SQUARE = 0.05
COUNTED_EVERY = timedelta(hours=6)
STATE_CODES = tuple(code for code, _ in dict(states.CHOICES)["States and DC"])
_METRO_OF_COUNTY = {county: area.code for area in metropolitan_areas.AREAS for county in area.counties}


@dataclass(frozen=True)
class AreaCoverage:
    """An area with its reads in the last days, by kind of source in the order of `SourceKind`."""

    code: str
    name: str
    by_kind: tuple[int, ...]

    @property
    def reads(self) -> int:
        return sum(self.by_kind)

    @property
    def labeled(self) -> list[tuple[str, str]]:
        """For a table: each kind in words with its reads, and all of them."""
        return [*((label, f"{reads:,}") for label, reads in zip(SourceKind.labels, self.by_kind, strict=True)),
                ("All", f"{self.reads:,}")]


@dataclass(frozen=True)
class Coverage:
    """What was counted last; `counted_at` is None before the first count."""

    counted_at: datetime | None
    states: tuple[AreaCoverage, ...]
    areas: tuple[AreaCoverage, ...]

    @property
    def states_covered(self) -> int:
        return sum(state.reads > 0 for state in self.states)

    @property
    def areas_covered(self) -> int:
        return sum(area.reads > 0 for area in self.areas)

    @property
    def is_below(self) -> bool:
        """Whether the contract's floor is not reached."""
        return self.states_covered < settings.COVERAGE_STATES_AT_LEAST or self.areas_covered < settings.COVERAGE_AREAS_AT_LEAST


def refresh_due(*, now: datetime) -> None:
    """Count anew where the last count is some hours old, or there is none: a scheduler that starts anew forgets when it ran."""
    if not CoverageState.objects.filter(pk=1, counted_at__gt=now - COUNTED_EVERY).exists():
        refresh(now=now)


def refresh(*, now: datetime) -> Coverage:
    """Count anew, replace what was counted before, and raise or end the alarm of the floor.

    Args:
        now: the moment until which reads count.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for kind, state, row, column, reads in _counted(now):
        counts[state, kind] += reads
        if metro := _metro_at(row, column):
            counts[metro, kind] += reads
    with transaction.atomic():
        CoverageState.objects.get_or_create(pk=1, defaults={"counted_at": now})
        standing = CoverageState.objects.select_for_update().get(pk=1)
        CoverageCount.objects.all().delete()
        CoverageCount.objects.bulk_create([
            CoverageCount(area=area, source_kind=kind, reads=reads, counted_at=now)
            for (area, kind), reads in counts.items() if area])
        standing.counted_at = now
        found = _together(counts, now)
        _mark(standing, found, now)
        standing.save()
    tell(now=now)
    return found


def current() -> Coverage:
    """What was counted last."""
    standing = CoverageState.objects.filter(pk=1).first()
    counts = Counter({(row.area, row.source_kind): row.reads for row in CoverageCount.objects.all()})
    return _together(counts, standing.counted_at if standing else None)


def tell(*, now: datetime) -> bool:
    """Tell operations staff once of a floor that is not reached; what a mail server does not take is tried again."""
    if not people.operations().exclude(email="").exists():
        return False
    below = CoverageState.objects.filter(pk=1, below_since__isnull=False, told_at__isnull=True)
    return bool(send_each(below, _tell, now=now))


def _tell(standing: CoverageState, now: datetime) -> None:
    """Mail to operations staff, while the state's row is locked."""
    found = current()
    body = (f"Reads of the last {settings.COVERAGE_DAYS} days cover {found.states_covered} states of at least "
            f"{settings.COVERAGE_STATES_AT_LEAST}, and {found.areas_covered} of the {len(metropolitan_areas.AREAS)} largest "
            f"metropolitan areas of at least {settings.COVERAGE_AREAS_AT_LEAST}.\n")
    mail("coverage below the contract's floor", body,
         to=list(people.operations().exclude(email="").values_list("email", flat=True)))
    standing.told_at = now
    standing.save(update_fields=["told_at"])


def _mark(standing: CoverageState, found: Coverage, now: datetime) -> None:
    """Put on record when the floor is missed and when it is reached again."""
    if found.is_below and standing.below_since is None:
        standing.below_since, standing.told_at = now, None
        record(Kind.COVERAGE_BELOW, states=found.states_covered, areas=found.areas_covered)
    elif not found.is_below and standing.below_since is not None:
        standing.below_since = standing.told_at = None
        record(Kind.COVERAGE_REACHED, states=found.states_covered, areas=found.areas_covered)


def _counted(now: datetime) -> Iterable[tuple[str, str, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT source_kind, state, row_number, column_number, reads"
                       " FROM store.coverage(%s::timestamptz, %s::integer)", [now, settings.COVERAGE_DAYS])
        return cursor.fetchall()


def _together(counts: Mapping[tuple[str, str], int], counted_at: datetime | None) -> Coverage:
    def area(code: str, name: str) -> AreaCoverage:
        return AreaCoverage(code, name, tuple(counts.get((code, kind), 0) for kind in SourceKind.values))

    return Coverage(counted_at, tuple(area(code, states.NAMES[code]) for code in STATE_CODES),
                    tuple(area(metro.code, metro.name) for metro in metropolitan_areas.AREAS))


@cache
def _metro_at(row: int, column: int) -> str:
    """The metropolitan area around the middle of a square, or nothing."""
    tree, counties = _counties()
    middle = shapely.Point((column + 0.5) * SQUARE, (row + 0.5) * SQUARE)
    found = tree.query(middle, predicate="intersects")
    return _METRO_OF_COUNTY[counties[found[0]]] if len(found) else ""


@cache
def _counties() -> tuple[shapely.STRtree, list[str]]:
    """The main counties of the metropolitan areas."""
    atlas = outlines.atlas(settings.STATE_OUTLINES_FILE.with_name("counties-10m.json"))
    chosen = [county for county in atlas.counties if county.code in _METRO_OF_COUNTY]
    shapes = [shapely.union_all([shapely.make_valid(shapely.Polygon(ring)) for ring in county.rings if len(ring) > 3])
              for county in chosen]
    return shapely.STRtree(shapes), [county.code for county in chosen]
