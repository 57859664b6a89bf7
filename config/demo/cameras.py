"""The demo's cameras: the four kinds of source (DAT-1), standing on the streets of Harlow Falls or driving them.

A fixed camera has one place and heading; a moving one (a repossession or patrol car) names the streets it drives, and
every read has its own place on them.
"""

import random
from dataclasses import dataclass
from functools import cache

from config.demo import town

TOLL, PARKING, REPOSSESSION, POLICE = "toll", "parking", "repossession", "police"
SOURCES = {TOLL: "demo-toll", PARKING: "demo-parking", REPOSSESSION: "demo-repossession", POLICE: "demo-police"}


@dataclass(frozen=True)
class Camera:
    """One camera of a demo source.

    `code` is unique and stable; `spot` is where it stands, or where a moving camera starts; `streets` is empty for a
    fixed camera. `share` is how often it sees a vehicle, compared with the others of its kind.
    """

    code: str
    name: str
    kind: str
    spot: town.Spot
    streets: tuple[str, ...] = ()
    share: float = 1.0

    @property
    def source(self) -> str:
        """The name of the source that sends this camera's reads."""
        return SOURCES[self.kind]

    @property
    def is_moving(self) -> bool:
        return bool(self.streets)

    def place(self, rng: random.Random) -> town.Spot:
        """Where a read is taken: the camera's own spot with a little GPS noise, or somewhere along its streets."""
        if not self.streets:
            spot = self.spot
        else:
            spot = town.spot_on(rng.choice(self.streets), rng.uniform(0.05, 0.95), backward=rng.random() < 0.5)
        return town.Spot(
            round(spot.latitude + rng.gauss(0, 0.000012), 6),
            round(spot.longitude + rng.gauss(0, 0.000016), 6),
            spot.heading,
        )


_RESIDENTIAL_WEST = ("Prospect Ave", "Linden Dr", "Garden Dr", "Chapel Dr", "Laurel Dr", "Hickory Ln", "Birch Ln")
_RESIDENTIAL_EAST = ("Orchard Ln", "Meadow Dr", "Hillcrest Dr", "Maple Ave", "High St", "Locust St", "Pine St")
_CORE = ("Chestnut St", "Elm St", "Washington St", "School St", "Academy St", "Church St", "Pleasant St")
_THROUGH = ("Main St", "Ring Rd", "River Rd", "Mill Rd", "Front St")


@cache
def cameras() -> tuple[Camera, ...]:
    """All 24 cameras, six of each kind."""
    return (*_fixed_at_tolls_and_lots(), *_repossession(), *_police())


def _fixed_at_tolls_and_lots() -> tuple[Camera, ...]:
    on = town.spot_on
    return (
        Camera("TL1", "Turnpike plaza, northbound lane 1", TOLL, on("Harlow Turnpike", 0.705, beside=-2), share=3),
        Camera("TL2", "Turnpike plaza, northbound lane 2", TOLL, on("Harlow Turnpike", 0.705, beside=2), share=3),
        Camera(
            "TL3",
            "Turnpike plaza, southbound lane 1",
            TOLL,
            on("Harlow Turnpike", 0.295, backward=True, beside=-2),
            share=3,
        ),
        Camera(
            "TL4",
            "Turnpike plaza, southbound lane 2",
            TOLL,
            on("Harlow Turnpike", 0.295, backward=True, beside=2),
            share=3,
        ),
        Camera("TL5", "Turnpike gantry, mile 41 northbound", TOLL, on("Harlow Turnpike", 0.22), share=2),
        Camera("TL6", "Turnpike gantry, mile 41 southbound", TOLL, on("Harlow Turnpike", 0.78, backward=True), share=2),
        Camera("PK1", "Market St garage, entrance", PARKING, on("Market St", 0.42, beside=12), share=3),
        Camera("PK2", "Market St garage, exit", PARKING, on("Market St", 0.46, beside=12), share=2),
        Camera("PK3", "Depot lot, gate", PARKING, on("Depot St", 0.62, beside=14), share=2),
        Camera("PK4", "Front St riverside lot", PARKING, on("Front St", 0.30, beside=13), share=2),
        Camera("PK5", "Foundry Works staff lot", PARKING, on("Foundry St", 0.55, beside=14), share=2),
        Camera("PK6", "Ring Rd shopping center lot", PARKING, on("Ring Rd", 0.30, beside=30), share=3),
    )


def _repossession() -> tuple[Camera, ...]:
    on = town.spot_on
    return (
        Camera("RP1", "Tow car Badger", REPOSSESSION, on("Prospect Ave", 0.3), _RESIDENTIAL_WEST, 2),
        Camera("RP2", "Tow car Heron", REPOSSESSION, on("Orchard Ln", 0.4), _RESIDENTIAL_EAST, 2),
        Camera("RP3", "Tow car Marten", REPOSSESSION, on("Elm St", 0.4), _CORE, 2),
        Camera(
            "RP4",
            "Tow car Osprey",
            REPOSSESSION,
            on("Warehouse St", 0.4),
            ("Warehouse St", "Canal St", "Railroad Ave", "South St"),
        ),
        Camera(
            "RP5",
            "Spotter car Finch",
            REPOSSESSION,
            on("Spruce St", 0.4),
            ("Spruce St", "Grove St", "Lincoln St", "Foundry St"),
        ),
        Camera("RP6", "Spotter car Otter", REPOSSESSION, on("Spring St", 0.4), (*_CORE, "Spring St", "Court St")),
    )


def _police() -> tuple[Camera, ...]:
    on = town.spot_on
    return (
        Camera("PD1", "Main St bridge, eastbound", POLICE, on("Main St", 0.5745), share=3),
        Camera("PD2", "Main St bridge, westbound", POLICE, on("Main St", 0.5835, backward=True), share=3),
        Camera("PD3", "Ring Rd at Main St, northbound", POLICE, on("Ring Rd", 0.284, backward=True), share=2),
        Camera("PD4", "Mill Rd at Ring Rd, southbound", POLICE, on("Mill Rd", 0.42, backward=True), share=2),
        Camera("PD5", "Patrol car 12", POLICE, on("Main St", 0.4), _THROUGH, 2),
        Camera("PD6", "Patrol car 27", POLICE, on("Church St", 0.4), (*_CORE, *_RESIDENTIAL_EAST)),
    )


def of_kind(kind: str) -> tuple[Camera, ...]:
    """The cameras of one kind of source."""
    return tuple(camera for camera in cameras() if camera.kind == kind)
