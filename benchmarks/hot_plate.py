"""The first page of a plate that is seen all the time, against that of a usual one (goal 1.5).

By the store's function for a committed question of five years, measured by the CPU that PostgreSQL spends.
"""

from tqdm import tqdm

from benchmarks import ground, questions, traffic
from benchmarks.measure import Ratio, milliseconds, ratio

STANDARD_SIZE = 5_000_000  # reads in the store, of which the hot plate has 10,000
GOAL = 1.5
ROUNDS = 400
WARM = 40
PAGE = 51


def run(size: int) -> list[Ratio]:
    """`size`: reads in the store."""
    with ground.database("hot_plate"):
        asker = questions.asker(traffic.store_history(size))
        plates = traffic.usual_plates(asker.history, ROUNDS + WARM)
        spent: dict[str, list[float]] = {"hot": [], "usual": []}
        rows: dict[str, list[int]] = {"hot": [], "usual": []}
        with asker.session:
            for number in tqdm(range(ROUNDS + WARM), desc="hot_plate", unit="question", leave=False):
                asked = {"hot": traffic.HOT, "usual": plates[number]}
                for side in sorted(asked, reverse=bool(number % 2)):
                    event = asker.attempt(asked[side])
                    spent[side].append(questions.cost(
                        asker, lambda e=event, s=side: rows[s].append(asker.page(e, PAGE))))  # type: ignore[misc]
    hot, usual = spent["hot"][WARM:], spent["usual"][WARM:]
    return [Ratio(
        "hot_plate", ratio(hot, usual), GOAL,
        f"first page of a plate with {asker.history.reads // traffic.HOT_SHARE:,} reads ({max(rows['hot'])} shown,"
        f" {milliseconds(hot)}) against a usual plate's ({sum(rows['usual']) / len(rows['usual']):.0f} shown,"
        f" {milliseconds(usual)}), CPU of PostgreSQL: {asker.history.reads:,} reads")]
