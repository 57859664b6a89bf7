"""A whole audited question to a store of forty million reads, against the same to one of a million (goal 1.3 in p50 and p99).

Two databases of the same shape: forty times the vehicles, each as often seen. Asked in turn about usual plates over five years,
measured by the CPU that PostgreSQL spends, with all of both stores read before.
"""

from tqdm import tqdm

from benchmarks import ground, questions, traffic
from benchmarks.measure import Ratio, milliseconds, percentile

STANDARD_SIZE = 40_000_000  # reads in the larger store
TIMES = 40
GOAL = 1.3
ROUNDS = 400
WARM = 40
PAGE = 51


def run(size: int) -> list[Ratio]:
    """`size`: reads in the larger store; the smaller one has a fortieth."""
    with ground.database("growth_small"):
        small = questions.asker(traffic.store_history(max(size // TIMES, 1)))
        small_plates = traffic.usual_plates(small.history, ROUNDS + WARM)
        with small.session, ground.database("growth_large"):
            large = questions.asker(traffic.store_history(size))
            large_plates = traffic.usual_plates(large.history, ROUNDS + WARM)
            with large.session:
                spent = _ask(small, small_plates, large, large_plates)
    said = (f"attempt, outcome and first page in {large.history.reads:,} reads ({milliseconds(spent['large'])}) against"
            f" {small.history.reads:,} ({milliseconds(spent['small'])}), CPU of PostgreSQL")
    return [Ratio(f"growth_p{share}", percentile(spent["large"], share / 100) / percentile(spent["small"], share / 100), GOAL,
                  f"p{share}: {said}") for share in (50, 99)]


def _ask(small: questions.Asker, small_plates: list[str], large: questions.Asker, large_plates: list[str],
         ) -> dict[str, list[float]]:
    sides = {"small": (small, small_plates), "large": (large, large_plates)}
    spent: dict[str, list[float]] = {side: [] for side in sides}
    for number in tqdm(range(ROUNDS + WARM), desc="growth", unit="question", leave=False):
        for side in sorted(sides, reverse=bool(number % 2)):
            asker, plates = sides[side]
            spent[side].append(questions.cost(asker, lambda a=asker, p=plates[number]: a.ask(p, PAGE)))  # type: ignore[misc]
    return {side: costs[WARM:] for side, costs in spent.items()}
