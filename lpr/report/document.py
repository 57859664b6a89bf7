"""What a report says, in words: one document, from which both the print view and the PDF are made (RES-3, RES-5).

Everything in it is plain text or a picture; how it is set, and that nothing in it is taken for markup, is the matter of the two
pages that show it.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import Component, User
from lpr import photos, policy, question_in_words, states
from lpr.corroboration import CAUSES, NOTICE, NOTICE_SHORT
from lpr.models import ReportFooter
from lpr.query import Near, Query
from lpr.recall import Asked
from lpr.report import maps, prints
from lpr.report.maps import View
from lpr.report.printing import Printed
from lpr.report.region import Regions
from lpr.report.satellite import Satellite
from lpr.search import Read

TITLE = "Report of license plate reads"
LONGEST = 2_000
"""Characters of one entry on paper; what is longer is cut, and says so."""

NOT_GIVEN = "not given by source"
NONE_NEAR = "none within 1 mile"
PHOTOS: tuple[tuple[photos.Kind, str], ...] = (("plate", "Plate"), ("vehicle", "Vehicle"))


@dataclass(frozen=True)
class Fact:
    label: str
    words: str


@dataclass(frozen=True)
class Picture:
    """A picture with its caption, a description for who cannot see it, and a small line below; no `svg`, no picture."""

    caption: str
    alt: str
    svg: str = ""
    note: str = ""

    @property
    def address(self) -> str:
        """The picture in an address of its own, for a page that fetches nothing."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg.encode()).decode()}"


@dataclass(frozen=True)
class Sheet:
    """One read: what identifies it, what is known of it, its photographs and its maps."""

    id: str
    number: int
    plate: str
    state: str
    captured: str
    place: str
    source: str
    facts: list[Fact]
    photos: list[Picture]
    maps: list[Picture]


@dataclass(frozen=True)
class Document:
    agency: str
    id: str
    printed: str
    component: str
    question: list[Fact]
    printing: list[Fact]
    sheets: list[Sheet]
    missing: str
    footer: list[str]
    credits: str
    title: str = TITLE
    notice: str = NOTICE
    notice_short: str = NOTICE_SHORT
    causes: str = CAUSES

    @property
    def reads(self) -> list[str]:
        return [sheet.id for sheet in self.sheets]


def of(printed: Printed) -> Document:
    """The document of what was printed (RES-3)."""
    asked = printed.asked
    component = asked.component or printed.printer.component
    drawn = _views_once()
    views = [drawn(read.latitude, read.longitude) for read in printed.reads]
    sheets = [_sheet(number, read, view) for number, (read, view) in enumerate(zip(printed.reads, views, strict=True), 1)]
    zone = policy.zone_of(printed.printer)
    return Document(
        agency=settings.AGENCY_NAME, id=str(printed.id), printed=f"{_person(printed.printer)}, {_moment(printed.at, zone)}",
        component=_component(component), question=_question(asked, zone), printing=_printing(printed, zone), sheets=sheets,
        missing=_missing(printed.missing), footer=_footer(component),
        credits=" · ".join(sorted({credit for pair in views for view in pair for credit in view.credits})))


def _views_once() -> Callable[[float, float], tuple[View, View]]:
    """Both views of a place: by streets, and from above or, without a satellite layer, by region. A place is drawn once."""
    satellite, regions = Satellite(), Regions()

    @cache
    def draw(latitude: float, longitude: float) -> tuple[View, View]:
        above = satellite.view(latitude=latitude, longitude=longitude)
        return (maps.near(latitude=latitude, longitude=longitude),
                above or regions.view(latitude=latitude, longitude=longitude))

    return draw


def _sheet(number: int, read: Read, views: tuple[View, View]) -> Sheet:
    place = read.address_in_words or read.intersection or f"{read.latitude:.6f}, {read.longitude:.6f}"
    return Sheet(
        id=str(read.record_id), number=number, plate=read.plate, state=read.state or "state not read",
        captured=_moment(read.captured_at, ZoneInfo(read.zone)),
        place=place, source=read.source, facts=_facts(read), photos=[_photo(read, kind, word) for kind, word in PHOTOS],
        maps=[Picture(view.caption, view.alt, view.svg) for view in views])


def _facts(read: Read) -> list[Fact]:
    north, east = ("N" if read.latitude >= 0 else "S"), ("E" if read.longitude >= 0 else "W")
    camera = f", camera {read.camera}" if read.camera else ""
    return [
        Fact("Plate and state", f"{read.plate}, {states.NAMES.get(read.state) or 'state not read by the source'}"),
        Fact("Make and model", f"{read.make or f'make {NOT_GIVEN}'}, {read.model or f'model {NOT_GIVEN}'}"),
        Fact("Captured", f"{_moment(read.captured_at, ZoneInfo(read.zone))} ({read.zone}); {_utc(read.captured_at)}"),
        Fact("Received", f"{_utc(read.received_at)}; stored {_utc(read.stored_at)}"),
        Fact("Source", f"{read.source} ({read.source_kind_in_words.lower()}{camera})"),
        Fact("Nearest address", read.address_in_words or NONE_NEAR),
        Fact("Nearest intersection", read.intersection or NONE_NEAR),
        Fact("Coordinates", f"{abs(read.latitude):.6f}° {north}, {abs(read.longitude):.6f}° {east} ({read.latitude:.6f}, "
                            f"{read.longitude:.6f}), {states.NAMES.get(read.place_state, read.place_state)}"),
        Fact("Confidence", NOT_GIVEN if read.confidence is None else f"{read.confidence} % by the source"),
        Fact("Record", str(read.record_id)),
    ]


def _photo(read: Read, kind: photos.Kind, word: str) -> Picture:
    caption = f"{word}, cut from the vehicle photo" if kind == "plate" and read.plate_photo_cut else word
    photo = prints.of(read.record_id, kind)
    if photo is None:
        return Picture(caption, f"There is no {kind} photo.", note="The store does not hold this photo.")
    size = f"{photo.size[0]} by {photo.size[1]} pixels"
    smaller = "" if photo.shown_size == photo.size else ", printed smaller"
    return Picture(caption, f"Photo of the {kind} of read {read.record_id}", photo.svg,
                   f"{size}{smaller} · SHA-256 {photo.digest}")


def _question(asked: Asked, zone: ZoneInfo) -> list[Fact]:
    query = asked.query
    person = User.objects.filter(pk=asked.actor_id).first() if asked.actor_id else None
    words = question_in_words.of(query)
    facts = [
        Fact("Asked by", f"{_person(person) if person else asked.actor}{f', {asked.aor}' if asked.aor else ''}"),
        Fact("Asked on", f"{_moment(asked.at, zone)}; {_utc(asked.at)}"),
        Fact("Asked for", ", ".join(filter(None, [query.other_name, query.other_unit])) or "the asker"),
        Fact("Plate and state", f"{query.plate}, {words.state}"),
        Fact("Reason", words.reason),
        Fact("Offense", words.offense),
        Fact("Case reference", query.case_reference),
        Fact("Timeframe", _timeframe(query, words.timeframe, zone)),
        Fact("State of capture", words.geo_state),
        Fact("Near", _near(query.near)),
        Fact("Found", f"{asked.count} read{'' if asked.count == 1 else 's'}, "
                      f"{asked.count_state_unread} of them with a state that was not read"),
        Fact("Audit id of the query", str(asked.id)),
    ]
    return [Fact(fact.label, _bounded(fact.words)) for fact in facts if fact.words]


def _printing(printed: Printed, zone: ZoneInfo) -> list[Fact]:
    printer = printed.printer
    aor = f", {printer.aor.name}" if printer.aor else ""
    return [
        Fact("Printed by", f"{_person(printer)}, {printer.get_role_display()}{aor}"),
        Fact("Printed on", f"{_moment(printed.at, zone)}; {_utc(printed.at)}"),
        Fact("Reads in this report", f"{len(printed.reads)}, chosen by the one who printed it"),
        Fact("Audit id of this report", str(printed.id)),
    ]


def _timeframe(query: Query, words: str, zone: ZoneInfo) -> str:
    if query.date_from and query.date_to:
        return f"{words}: {_day(query.date_from)} through {_day(query.date_to)}"
    return f"{words}: from {_moment(query.captured_from, zone)} to the time of asking"


def _near(near: Near | None) -> str:
    if near is None:
        return ""
    place = f"{near.latitude:.6f}, {near.longitude:.6f}"
    return f"within {near.radius_km:g} km of {f'{near.address} ({place})' if near.address else place}"


def _footer(component: str) -> list[str]:
    """What the component keeps its printed reports under; said plainly where no record of it exists."""
    record = ReportFooter.objects.filter(component=component).first()
    if record is None:
        return ["Component not known: keep under the notice and schedule of the case file."]
    lines = [f"{_component(component)} · System of records: {record.system_of_records}",
             f"Records schedule: {record.records_schedule}", record.notice]
    return [_bounded(line) for line in lines if line]


def _missing(count: int) -> str:
    if not count:
        return ""
    are = "read is" if count == 1 else "reads are"
    return (f"{count} selected {are} not in this report: not found by this query, or corrected, withdrawn or past retention "
            f"since.")


def _component(code: str) -> str:
    names: Mapping[str, str] = dict(Component.choices)
    return f"{names[code]} ({code})" if code in names else code


def _person(user: User) -> str:
    return f"{user.full_name} ({user.username})" if user.full_name else user.username


def _moment(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{_day(there)}, {there.hour % 12 or 12}:{there:%M:%S %p} {there.tzname()}"


def _day(day: date) -> str:
    return f"{day:%B} {day.day}, {day.year}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _bounded(words: str) -> str:
    return words if len(words) <= LONGEST else f"{words[:LONGEST]} … (cut here; the log holds all {len(words):,} characters)"
