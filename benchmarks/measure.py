"""How two sides are compared: in one run, turn by turn, by the same clock, so that a busy machine is busy for both."""

import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

Clock = Callable[[], float]


class CannotRun(Exception):
    """The benchmark cannot be run here, and why, in one sentence."""


@dataclass(frozen=True)
class Ratio:
    """One line of the table: how many times dearer our side is (lower is better), and what was compared."""

    name: str
    ratio: float
    goal: float
    what: str

    @property
    def is_met(self) -> bool:
        return self.ratio <= self.goal


def cpu_clock(*pids: int) -> Clock:
    """A clock of the CPU seconds that this process and the processes `pids` (sessions of PostgreSQL) have used.

    Raises:
        CannotRun: the system does not say what another process has used.
    """
    of_others = cpu_of(lambda: pids)
    return lambda: time.process_time() + of_others()


def cpu_of(pids: Callable[[], Iterable[int]]) -> Clock:
    """A clock of the CPU seconds that all threads of the processes have used which `pids` names at each look.

    Raises:
        CannotRun: the system does not say what another process has used.
    """
    if not Path("/proc/self/schedstat").exists():
        raise CannotRun("The CPU time of other processes is read from /proc/<pid>/task/*/schedstat, which is missing here.")

    def now() -> float:
        threads = (file for pid in pids() for file in Path(f"/proc/{pid}/task").glob("*/schedstat"))
        return sum(int(file.read_text().split()[0]) for file in threads) / 1e9

    return now


def turn_by_turn(
    sides: Mapping[str, Callable[[int], None]], *, rounds: int, clock: Clock = time.perf_counter, warm: int = 1,
    say: str = "",
) -> dict[str, list[float]]:
    """Run every side once a round, each round beginning with another one, and return what each run cost by `clock`.

    Args:
        sides: by name, what to do; it is given the number of the round, counted from 0, warm-up included.
        rounds: how many rounds count.
        warm: rounds before them that do not count.
        say: what the progress bar is called.
    """
    cost: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for number in tqdm(range(warm + rounds), desc=say, unit="round", leave=False):
        for place in range(len(names)):
            name = names[(place + number) % len(names)]
            before = clock()
            sides[name](number)
            spent = clock() - before
            if number >= warm:
                cost[name].append(spent)
    return cost


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times the median of `theirs` the median of `ours` is."""
    return statistics.median(ours) / statistics.median(theirs)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of the values do not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]


def milliseconds(values: Sequence[float]) -> str:
    """Median and 99th percentile of `values` in seconds, for people."""
    return f"p50 {percentile(values, 0.5) * 1000:.2f} ms, p99 {percentile(values, 0.99) * 1000:.2f} ms"
