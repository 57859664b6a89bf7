"""The demo's vehicles and where cameras saw them: their habits, reads over five years, and live traffic.

Each vehicle has a home street, a favorite lot and a way of moving, so that a query shows a life one can believe:
commuting through the toll plaza in rush hours, parked at home at night. The same seed and `now` give the same reads.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from config.demo import cameras, dice, town
from config.demo.cameras import PARKING, POLICE, REPOSSESSION, TOLL, Camera
from config.demo.plate_designs import DESIGNS, new_number

SEED = 2026
SIZE = 500
WATCHED = ("HBX4172", "NY")
ZONE = ZoneInfo("America/New_York")

_HOT = 2  # the first vehicles of the fleet are seen far more often than the others
_SINGLES = 30  # the last ones once
_STATE_NOT_READ = 0.02
_WATCHED_SHARE = 0.2

# make, model, body, share
_MODELS = (
    ("Toyota", "Camry", "sedan", 7),
    ("Honda", "Civic", "sedan", 7),
    ("Honda", "Accord", "sedan", 6),
    ("Nissan", "Altima", "sedan", 5),
    ("Toyota", "Corolla", "sedan", 6),
    ("Hyundai", "Elantra", "sedan", 4),
    ("Chevrolet", "Malibu", "sedan", 4),
    ("Ford", "Fusion", "sedan", 4),
    ("Subaru", "Legacy", "sedan", 2),
    ("Volkswagen", "Jetta", "sedan", 3),
    ("Kia", "Forte", "sedan", 2),
    ("Tesla", "Model 3", "sedan", 2),
    ("Subaru", "Forester", "suv", 6),
    ("Toyota", "RAV4", "suv", 7),
    ("Honda", "CR-V", "suv", 7),
    ("Nissan", "Rogue", "suv", 5),
    ("Ford", "Escape", "suv", 5),
    ("Chevrolet", "Equinox", "suv", 5),
    ("Jeep", "Grand Cherokee", "suv", 4),
    ("Ford", "Explorer", "suv", 3),
    ("Ford", "F-150", "pickup", 7),
    ("Chevrolet", "Silverado", "pickup", 6),
    ("Ram", "1500", "pickup", 5),
    ("Toyota", "Tacoma", "pickup", 3),
    ("GMC", "Sierra", "pickup", 2),
    ("Honda", "Odyssey", "van", 3),
    ("Toyota", "Sienna", "van", 3),
    ("Ford", "Transit", "van", 3),
    ("Chrysler", "Pacifica", "van", 2),
    ("Chevrolet", "Express", "van", 1),
    ("Volkswagen", "Golf", "hatchback", 2),
    ("Mazda", "3", "hatchback", 2),
    ("Subaru", "Impreza", "hatchback", 2),
    ("Honda", "Fit", "hatchback", 2),
    ("Toyota", "Prius", "hatchback", 3),
)
_COLORS = {
    "white": 21,
    "black": 19,
    "gray": 18,
    "silver": 13,
    "blue": 10,
    "red": 8,
    "green": 4,
    "beige": 3,
    "brown": 2,
    "orange": 1,
    "yellow": 1,
}

# How often each kind of camera sees a vehicle that lives so.
_HABITS: dict[str, dict[str, float]] = {
    "commuter": {TOLL: 10, PARKING: 5, REPOSSESSION: 1, POLICE: 4},
    "local": {TOLL: 1, PARKING: 4, REPOSSESSION: 4, POLICE: 7},
    "night worker": {TOLL: 3, PARKING: 4, REPOSSESSION: 2, POLICE: 5},
    "visitor": {TOLL: 12, PARKING: 3, REPOSSESSION: 0.3, POLICE: 2},
}
# Hours of the day (start, end, share) at which each kind of camera sees vehicles; past 24 is the next morning.
_HOURS = {
    TOLL: ((6.3, 9.2, 8), (9.2, 15.3, 3), (15.3, 18.8, 8), (18.8, 23.5, 2)),
    PARKING: ((7.3, 9.8, 7), (11.3, 13.8, 4), (16.5, 21.5, 4)),
    REPOSSESSION: ((21, 29.5, 8), (10, 15, 2)),
    POLICE: ((6.5, 9.3, 5), (9.3, 15.5, 4), (15.5, 19, 6), (19, 26, 3)),
}


@dataclass(frozen=True)
class Vehicle:
    """One vehicle of the fleet. `number` is the plate as it stands on the metal, `plate` the same without gaps."""

    index: int
    number: str
    state: str
    make: str
    model: str
    body: str
    color: str
    habit: str
    home: town.Spot
    home_camera: Camera
    lot: Camera

    @property
    def plate(self) -> str:
        return self.number.replace(" ", "")


@dataclass(frozen=True)
class DemoRead:
    """One read as a source would send it. `state` is empty where the camera did not read it; `confidence` is 0 to 100."""

    source: str
    source_record_id: str
    plate: str
    state: str
    captured_at: datetime
    latitude: float
    longitude: float
    make: str
    model: str
    camera: Camera
    confidence: int
    vehicle: int

    def native(self) -> dict[str, object]:
        """The read in the service's own JSON format, photos left out."""
        return {
            "source_record_id": self.source_record_id,
            "plate": self.plate,
            "state": self.state,
            "captured_at": self.captured_at.isoformat(),
            "latitude": self.latitude,
            "longitude": self.longitude,
            "make": self.make,
            "model": self.model,
            "camera": self.camera.name,
            "confidence": self.confidence,
        }


@cache
def fleet(seed: int = SEED) -> tuple[Vehicle, ...]:
    """The vehicles of a seed; the first one carries the watched plate, no two share plate and state."""
    rng = dice(f"fleet {seed}")
    taken = {WATCHED}
    vehicles = [_vehicle(rng, 0, "HBX 4172", "NY", ("Subaru", "Forester", "suv"), "blue", "commuter")]
    while len(vehicles) < SIZE:
        state = "NY" if len(vehicles) < _HOT else rng.choices(list(DESIGNS), [d.share for d in DESIGNS.values()])[0]
        number = new_number(state, rng)
        if (number.replace(" ", ""), state) in taken:
            continue
        taken.add((number.replace(" ", ""), state))
        make, model, body, _ = rng.choices(_MODELS, [m[3] for m in _MODELS])[0]
        color = rng.choices(list(_COLORS), list(_COLORS.values()))[0]
        habit = rng.choices(
            ("commuter", "local", "night worker", "visitor"), (5, 4, 1, 1) if state == "NY" else (2, 1, 0, 6)
        )[0]
        vehicles.append(_vehicle(rng, len(vehicles), number, state, (make, model, body), color, habit))
    return tuple(vehicles)


def _vehicle(
    rng: random.Random, index: int, number: str, state: str, kind: tuple[str, str, str], color: str, habit: str
) -> Vehicle:
    home_camera = rng.choice(cameras.of_kind(REPOSSESSION))
    home = town.spot_on(
        rng.choice(home_camera.streets), rng.uniform(0.06, 0.94), backward=rng.random() < 0.5, beside=5.5
    )
    lots = cameras.of_kind(PARKING)
    lot = rng.choices(lots, [camera.share for camera in lots])[0]
    return Vehicle(index, number, state, *kind, color, habit, home, home_camera, lot)


def _quotas(rng: random.Random, count: int) -> list[int]:
    """How many reads each vehicle gets: `count` in all, a fiftieth for each hot vehicle, one for the last ones."""
    hot = count // 50
    middle = SIZE - _HOT - _SINGLES
    left = count - _HOT * hot - _SINGLES
    weights = [rng.lognormvariate(0, 0.75) for _ in range(middle)]
    shares = [weight * left / sum(weights) for weight in weights]
    quotas = [int(share) for share in shares]
    by_rest = sorted(range(middle), key=lambda i: quotas[i] - shares[i])
    for i in by_rest[: left - sum(quotas)]:
        quotas[i] += 1
    return [hot] * _HOT + quotas + [1] * _SINGLES


def _camera(rng: random.Random, vehicle: Vehicle) -> Camera:
    """A camera that this vehicle's habits bring it past."""
    habits = _HABITS[vehicle.habit]
    kind = rng.choices(list(habits), list(habits.values()))[0]
    if kind == PARKING and rng.random() < 0.7:
        return vehicle.lot
    if kind == REPOSSESSION and rng.random() < 0.75:
        return vehicle.home_camera
    choices = cameras.of_kind(kind)
    return rng.choices(choices, [camera.share for camera in choices])[0]


def _moment(rng: random.Random, vehicle: Vehicle, camera: Camera, day: date) -> datetime:
    """A time on that local day when this camera would see the vehicle; southbound tolls are for the way home."""
    hours = _HOURS[camera.kind]
    if camera.kind == TOLL and vehicle.habit == "commuter" and rng.random() < 0.75:
        hours = (hours[2],) if "southbound" in camera.name else (hours[0],)
    start, end, _ = rng.choices(hours, [share for _, _, share in hours])[0]
    hour = rng.triangular(start, end) + (9 if vehicle.habit == "night worker" else 0)
    return (
        (datetime.combine(day, time(), ZONE) + timedelta(hours=hour))
        .astimezone(UTC)
        .replace(microsecond=rng.randrange(1000) * 1000)
    )


def _read(rng: random.Random, vehicle: Vehicle, camera: Camera, at: datetime) -> DemoRead:
    at_home = camera == vehicle.home_camera and rng.random() < 0.8
    place = vehicle.home if at_home else camera.place(rng)
    return DemoRead(
        source=camera.source,
        source_record_id=f"{camera.code}-{at:%Y%m%dT%H%M%S%f}-{vehicle.index:03d}",
        plate=vehicle.plate,
        state="" if rng.random() < _STATE_NOT_READ else vehicle.state,
        captured_at=at,
        latitude=place.latitude,
        longitude=place.longitude,
        make=vehicle.make,
        model=vehicle.model,
        camera=camera,
        confidence=round(min(99, max(62, rng.gauss(93, 6)))),
        vehicle=vehicle.index,
    )


def reads(seed: int, now: datetime, *, years: int = 5, count: int = 20_000) -> Iterator[DemoRead]:
    """Reads of the whole fleet over the years up to `now`, oldest first, more of them the nearer to `now`.

    Args:
        seed: the same seed and `now` give the same reads.
        now: aware; no read is later, and none is older than `years` of 365 days.
        years: how far the reads go back.
        count: how many reads; at least one for each vehicle's quota, 600 or more.
    """
    rng = dice(f"reads {seed}")
    vehicles = fleet(seed)
    earliest = now - timedelta(days=365 * years)
    span = (now - earliest).days - 2
    planned: set[tuple[datetime, int, str]] = set()
    for vehicle, quota in zip(vehicles, _quotas(rng, count), strict=True):
        known_for = span * (1.0 if vehicle.index < _HOT else rng.uniform(0.45, 1.0))
        wanted = len(planned) + quota
        while len(planned) < wanted:
            camera = _camera(rng, vehicle)
            day = now.astimezone(ZONE).date() - timedelta(days=int(known_for * rng.random() ** 1.8))
            if day.weekday() > 4 and vehicle.habit == "commuter" and rng.random() < 0.7:
                continue
            at = _moment(rng, vehicle, camera, day)
            while at > now:
                at -= timedelta(days=1)
            planned.add((at, vehicle.index, camera.code))
    by_code = {camera.code: camera for camera in cameras.cameras()}
    for at, index, code in sorted(planned):
        yield _read(rng, vehicles[index], by_code[code], at)


def next_read(rng: random.Random, now: datetime, *, seed: int = SEED) -> DemoRead:
    """One read of live traffic a moment before `now`; about every fifth is the watched plate, always with its state."""
    vehicles = fleet(seed)
    watched = rng.random() < _WATCHED_SHARE
    vehicle = vehicles[0] if watched else rng.choice(vehicles[1 : SIZE - _SINGLES])
    read = _read(
        rng, vehicle, _camera(rng, vehicle), now.astimezone(UTC) - timedelta(milliseconds=rng.randrange(200, 1500))
    )
    return replace(read, state=vehicle.state) if watched else read
