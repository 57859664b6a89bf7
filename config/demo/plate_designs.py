"""How the demo's plates look and read, by state: number pattern, colors and words, invented in each state's manner.

Numbers use consonants alone and skip letter runs that spell or suggest words, so that no invented plate is offensive.
"""

import random
from dataclasses import dataclass

# No vowels, and none of the letters that are taken for digits.
_LETTERS = "BCDFGHJKLMNPRSTVWXZ"
_UNWANTED = (
    "KKK",
    "FCK",
    "FK",
    "SHT",
    "CNT",
    "DCK",
    "DMN",
    "NGR",
    "NGG",
    "FGT",
    "FG",
    "WTF",
    "STF",
    "PSS",
    "SS",
    "HH",
    "KLN",
    "NZ",
    "SLT",
    "TWT",
    "TTS",
    "SX",
    "BTCH",
    "BCH",
    "HRN",
    "RPS",
    "RP",
    "KLL",
    "GNG",
    "PMP",
    "CCK",
    "PRN",
    "XXX",
    "LSD",
    "JZ",
    "HTL",
    "BST",
    "PD",
    "FB",
)


@dataclass(frozen=True)
class PlateDesign:
    """A state's plate: `pattern` has L for a letter and 0 for a digit, with a gap where the plate shows one."""

    name: str
    pattern: str
    ground: str
    ink: str
    head: str
    head_ink: str
    foot: str
    foot_ink: str
    words: str
    share: float


DESIGNS = {
    "NY": PlateDesign(
        "NEW YORK", "LLL 0000", "#f7f6f0", "#1d2a5c", "#1d2f6f", "#ffffff", "#d9a520", "#1d2a5c", "EXCELSIOR", 62
    ),
    "NJ": PlateDesign(
        "NEW JERSEY", "L00 LLL", "#f3e9a8", "#1f1f1c", "#f0dc72", "#22221c", "#f7f1cf", "#22221c", "GARDEN STATE", 7.5
    ),
    "PA": PlateDesign(
        "PENNSYLVANIA",
        "LLL 0000",
        "#fbfbf8",
        "#23346e",
        "#24408e",
        "#ffffff",
        "#f2c230",
        "#24408e",
        "KEYSTONE STATE",
        7,
    ),
    "CT": PlateDesign(
        "CONNECTICUT",
        "LL 00000",
        "#d6e6f3",
        "#14335f",
        "#8db9dc",
        "#14335f",
        "#eef5fa",
        "#14335f",
        "CONSTITUTION STATE",
        4,
    ),
    "MA": PlateDesign(
        "MASSACHUSETTS", "0LL L00", "#fbfaf7", "#b3202c", "#fbfaf7", "#28407f", "#fbfaf7", "#28407f", "BAY STATE", 4
    ),
    "VT": PlateDesign(
        "VERMONT", "LLL 000", "#1f6b45", "#f5f7ef", "#1f6b45", "#f5f7ef", "#17543a", "#f5f7ef", "GREEN MOUNTAINS", 2.5
    ),
    "OH": PlateDesign(
        "OHIO", "LLL 0000", "#eef3f4", "#1c2d52", "#b8d6e6", "#8c2230", "#d7e3c2", "#1c2d52", "BUCKEYE STATE", 2.5
    ),
    "ON": PlateDesign(
        "ONTARIO", "LLLL 000", "#fafaf7", "#23407c", "#fafaf7", "#23407c", "#fafaf7", "#23407c", "CANADA", 2.5
    ),
    "QC": PlateDesign(
        "QUEBEC", "L00 LLL", "#f6f7fa", "#1c3f94", "#1c3f94", "#ffffff", "#f6f7fa", "#1c3f94", "LA BELLE PROVINCE", 1.6
    ),
    "NH": PlateDesign(
        "NEW HAMPSHIRE",
        "000 0000",
        "#eef2e8",
        "#2b5a35",
        "#cfe0c4",
        "#2b5a35",
        "#b5cfae",
        "#2b5a35",
        "GRANITE STATE",
        1.4,
    ),
    "FL": PlateDesign(
        "FLORIDA", "LLLL 00", "#f8f8f1", "#1e6140", "#f8f8f1", "#1e6140", "#f3c79c", "#1e6140", "SUNSHINE STATE", 1.4
    ),
    "VA": PlateDesign(
        "VIRGINIA", "LLL 0000", "#fafaf8", "#1f2f63", "#fafaf8", "#1f2f63", "#dfe6f2", "#1f2f63", "OLD DOMINION", 1.2
    ),
    "MD": PlateDesign(
        "MARYLAND", "0LL 0000", "#f8f7f3", "#1b1b1b", "#f8f7f3", "#1b1b1b", "#c92d36", "#ffffff", "OLD LINE STATE", 1.2
    ),
    "NC": PlateDesign(
        "NORTH CAROLINA",
        "LLL 0000",
        "#f1f6fa",
        "#24457f",
        "#bfdcef",
        "#a3242d",
        "#f1f6fa",
        "#24457f",
        "TAR HEEL STATE",
        1,
    ),
    "MI": PlateDesign(
        "MICHIGAN", "LLL 0000", "#fafbfb", "#20376f", "#2f6fa6", "#ffffff", "#fafbfb", "#20376f", "GREAT LAKES", 0.9
    ),
    "ME": PlateDesign(
        "MAINE", "0000 LL", "#e9efe4", "#243d2c", "#c5d8c3", "#243d2c", "#9dbb9b", "#243d2c", "PINE TREE STATE", 0.8
    ),
    "RI": PlateDesign(
        "RHODE ISLAND", "LL 000", "#eef5f9", "#1f3970", "#eef5f9", "#1f3970", "#7fb2d3", "#1f3970", "OCEAN STATE", 0.6
    ),
    "DE": PlateDesign(
        "DELAWARE", "000000", "#1d3f7d", "#e9c25a", "#1d3f7d", "#e9c25a", "#1d3f7d", "#e9c25a", "DIAMOND STATE", 0.5
    ),
}


def new_number(state: str, rng: random.Random) -> str:
    """A plate number in the state's pattern as it stands on the plate, gap included."""
    while True:
        number = "".join(
            {"L": rng.choice(_LETTERS), "0": rng.choice("0123456789")}.get(sign, sign)
            for sign in DESIGNS[state].pattern
        )
        letters = "".join(sign for sign in number if sign.isalpha())
        if not any(run in letters for run in _UNWANTED):
            return number
