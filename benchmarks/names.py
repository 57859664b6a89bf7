"""How long a known and an unknown name take to be refused, at sign-in and when a password is forgotten (ACC-3).

Each name by turns on one running server, so that a busy machine is busy for both; a guess at each, never enough to lock.
That the work is the same is proven by tests/accounts, statement by statement and hash by hash; here the clock says so too.
"""

from functools import partial

from benchmarks import ground
from benchmarks.asking import officer
from benchmarks.measure import CannotRun, Ratio, milliseconds, ratio, turn_by_turn
from benchmarks.serving import Browser, gunicorn

STANDARD_SIZE = 250  # guesses at each kind of name
GOAL = 1.10
NAMES = 50
DOORS: dict[str, tuple[str, dict[str, str]]] = {
    "login": ("/accounts/login/", {"password": "a wrong pass phrase of a benchmark"}),
    "recovery": ("/accounts/recover/", {}),
}


def run(size: int) -> list[Ratio]:
    """`size`: guesses at each kind of name."""
    with ground.database("names") as database:
        for number in range(NAMES):
            officer(_name("known", number))
        # Enough for all guesses: who is locked answers without a hash, known or not.
        with gunicorn(BENCH_DATABASE=database, LOCKOUT_FAILURES=str(10 * size), ADDRESS_FAILURES=str(100 * size)) as server:
            browser = Browser(server.port)
            return [_compare(browser, door, size) for door in DOORS]


def _compare(browser: Browser, door: str, size: int) -> Ratio:
    path, fields = DOORS[door]

    def guess(kind: str, number: int) -> None:
        if (answer := browser.post(path, fields | {"username": _name(kind, number)})).status != 200:
            raise CannotRun(f"POST {path} answered {answer.status}.")

    browser.get(path)
    cost = turn_by_turn({kind: partial(guess, kind) for kind in ("known", "unknown")}, rounds=size, warm=20, say=f"names {door}")
    gap = ratio(cost["known"], cost["unknown"])
    return Ratio(f"names_{door}", max(gap, 1 / gap), GOAL, f"{door} refused for known names ({milliseconds(cost['known'])}) and"
                 f" unknown ones ({milliseconds(cost['unknown'])}), whichever is slower against the other, {size} guesses each")


def _name(kind: str, number: int) -> str:
    """Names of one length, whatever they are."""
    return f"bench.{kind:_<7}.{number % NAMES:02d}"
