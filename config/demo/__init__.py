"""The demo's world, made by code: a town, its cameras, its vehicles and their pictures.

Nothing here touches the database; the demo's start loads it through the same doors as real data. The same seed gives
the same world.
"""

import random


def dice(seed: str) -> random.Random:
    """Random numbers that are the same for the same seed; the demo's world wants repeatability, not secrecy."""
    return random.Random(seed)  # nosec B311
