"""Charts as SVG that the server draws: geometry in attributes, no script and no style, words for who does not see (AUD-7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT = 720, 200
# As the page has them (includes/chart.html).
LIGHT, DARK = "#a9c6e8", "#1a4480"
_MOST_BARS = 60


@dataclass(frozen=True)
class Bar:
    """One bar with its part filled darker; numbers in the chart's units, text for its title."""

    x: float
    y: float
    width: float
    height: float
    part_y: float
    part_height: float
    text: str


@dataclass(frozen=True)
class Chart:
    width: int
    height: int
    highest: int
    first: str
    last: str
    bars: list[Bar]


def over_time(days: Sequence[tuple[date, int, int]]) -> list[tuple[str, int, int]]:
    """The numbers of days by the names of the days, by month where these are too many for a chart."""
    named = [(f"{day}", whole, part) for day, whole, part in days]
    if len(named) > _MOST_BARS:
        months: dict[str, list[int]] = {}
        for name, whole, part in named:
            month = months.setdefault(name[:7], [0, 0])
            month[0] += whole
            month[1] += part
        named = [(month, whole, part) for month, (whole, part) in months.items()]
    return named


def of_days(
    days: Sequence[tuple[date, int, int]], *, text: str = "{whole} searches, {part} with hits",
) -> Chart | None:
    """Numbers over time, by default searches and searches with hits; None without any.

    Args:
        days: each day with the whole and the part of it that is drawn darker.
        text: what a bar says, with `{whole}` and `{part}`.
    """
    return drawn(over_time(days), text=text)


def drawn(named: Sequence[tuple[str, int, int]], *, text: str = "{whole}, {part}") -> Chart | None:
    """The bars of numbers over time, in the chart's units; None without any. `text` as for `of_days`."""
    if not named:
        return None
    highest = max(1, *(max(whole, part) for _, whole, part in named))
    step = min(WIDTH / len(named), 60)
    return Chart(WIDTH, HEIGHT, highest, named[0][0], named[-1][0],
                 [_bar(place * step, step * 0.8, one, highest, text) for place, one in enumerate(named)])


def _bar(x: float, width: float, one: tuple[str, int, int], highest: int, text: str) -> Bar:
    name, whole, part = one
    height, part_height = (round(HEIGHT * value / highest, 1) for value in (whole, part))
    return Bar(round(x, 1), HEIGHT - height, round(width, 1), height, HEIGHT - part_height, part_height,
               f"{name}: {text.format(whole=whole, part=part)}")
