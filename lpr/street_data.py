"""Street data of an area, loaded from a file into the database for the built-in map and the look-up of addresses (DAT-6)."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction

from audit.events import Kind
from audit.record import record
from lpr import streets
from lpr.models import Street, StreetDataset
from lpr.streets import BadFeature, Feature

BATCH = 2000
OSM = "© OpenStreetMap contributors"
CENSUS = "Source: US Census Bureau, TIGER/Line"

_TIGER_CLASS = re.compile(r"S[0-9]{4}")
_TIGER_YEAR = re.compile(r"tiger[^0-9]{0,3}(20[0-9]{2})", re.IGNORECASE)


@dataclass(frozen=True)
class LoadedStreets:
    """What was loaded; `left_out` says why features were not usable, each with its place in the file."""

    name: str
    attribution: str
    features: int
    left_out: tuple[BadFeature, ...]


def load(
    *, path: Path, now: datetime, name: str = "", attribution: str | None = None,
    each: Callable[[Iterable[Feature | BadFeature]], Iterable[Feature | BadFeature]] = iter,
) -> LoadedStreets:
    """Load a file; a dataset of the same name is replaced, and until the end the old one is seen.

    Args:
        path: GeoJSON, plain or gzip, in the short schema or with TIGER/Line's properties.
        now: the time of loading.
        name: of the dataset; by default the file's name without its endings.
        attribution: the line that every map of it shows; by default after whose data it looks like.
        each: wraps the stream of features, to show progress.

    Raises:
        StreetsNotReadable: the file is no GeoJSON collection or breaks off; nothing is changed then.
    """
    name = (name or path.name.split(".")[0])[:150]
    left_out: list[BadFeature] = []
    classes: set[str] = set()
    count = 0
    with transaction.atomic():
        old = StreetDataset.objects.filter(name=name).first()
        if old is not None:
            Street.objects.filter(dataset=old).delete()
            old.delete()
        dataset = StreetDataset.objects.create(name=name, attribution=attribution or "", loaded_at=now)
        rows = _rows(each(streets.read(path)), dataset, left_out, classes)
        while batch := list(islice(rows, BATCH)):
            Street.objects.bulk_create(batch)
            count += len(batch)
        if attribution is None:
            dataset.attribution = _attribution(classes, path.name)
            dataset.save(update_fields=["attribution"])
        record(Kind.RECORD_ADDED, model="lpr.streetdataset", object=str(dataset.pk), name=name, features=count)
    return LoadedStreets(name, dataset.attribution, count, tuple(left_out))


def _rows(
    features: Iterable[Feature | BadFeature], dataset: StreetDataset, left_out: list[BadFeature], classes: set[str]
) -> Iterator[Street]:
    for feature in features:
        if isinstance(feature, BadFeature):
            left_out.append(feature)
            continue
        if feature.kind == "street":
            classes.add(feature.klass)
        longitudes = [place[0] for place in feature.geometry]
        latitudes = [place[1] for place in feature.geometry]
        yield Street(
            dataset=dataset, kind=feature.kind, name=feature.name[:150], street_class=feature.klass[:30],
            number=feature.number[:20], city=feature.city[:100], zip_code=feature.zip[:10],
            ranges=[list(span) for span in feature.ranges], points=[list(place) for place in feature.geometry],
            west=min(longitudes), south=min(latitudes), east=max(longitudes), north=max(latitudes))


def _attribution(classes: set[str], file_name: str) -> str:
    """TIGER/Line knows its roads by codes such as S1400, OpenStreetMap by words. Nobody else's data is taken for theirs."""
    if any(_TIGER_CLASS.fullmatch(klass) for klass in classes):
        year = _TIGER_YEAR.search(file_name)
        return f"{CENSUS} {year[1]}" if year else CENSUS
    return OSM if classes - {""} else ""
