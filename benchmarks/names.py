"""How long a known and an unknown name take: at sign-in, for a forgotten password, at the help desk's door (ACC-3, ACC-13).

Each name by turns on one running server, so that a busy machine is busy for both; a guess at each, never enough to lock.
That the work is the same is proven by tests/accounts, statement by statement and hash by hash; here the clock says so too.
"""

from dataclasses import dataclass
from functools import partial

from benchmarks import ground
from benchmarks.asking import officer
from benchmarks.measure import CannotRun, Ratio, milliseconds, ratio, turn_by_turn
from benchmarks.serving import Browser, gunicorn

STANDARD_SIZE = 250  # guesses at each kind of name
GOAL = 1.10
NAMES = 50


@dataclass(frozen=True)
class Door:
    """What a stranger sends where; `named_by` is the field that names somebody, as `naming` words the name."""

    path: str
    named_by: str
    fields: dict[str, str]
    answers: int
    naming: str = "{}"


DOORS = {
    "login": Door("/accounts/login/", "username", {"password": "a wrong pass phrase of a benchmark"}, 200),
    "recovery": Door("/accounts/recover/", "username", {}, 200),
    "help": Door("/help/", "email", {"subject": "A word", "text": "My screen stays dark"}, 302, "{}@agency.example"),
}


def run(size: int) -> list[Ratio]:
    """`size`: guesses at each kind of name."""
    with ground.database("names") as database:
        for number in range(NAMES):
            officer(_name("known", number))
        # Enough for all guesses: who is locked answers without a hash, known or not.
        with gunicorn(BENCH_DATABASE=database, LOCKOUT_FAILURES=str(10 * size), ADDRESS_FAILURES=str(100 * size),
                      KNOCKS_PER_HOUR=str(100 * size)) as server:
            browser = Browser(server.port)
            return [_compare(browser, door, size) for door in DOORS]


def _compare(browser: Browser, door: str, size: int) -> Ratio:
    there = DOORS[door]

    def guess(kind: str, number: int) -> None:
        answer = browser.post(there.path, there.fields | {there.named_by: there.naming.format(_name(kind, number))})
        if answer.status != there.answers:
            raise CannotRun(f"POST {there.path} answered {answer.status}.")

    browser.get(there.path)
    cost = turn_by_turn({kind: partial(guess, kind) for kind in ("known", "unknown")}, rounds=size, warm=20, say=f"names {door}")
    gap = ratio(cost["known"], cost["unknown"])
    return Ratio(f"names_{door}", max(gap, 1 / gap), GOAL, f"{door} answered for known names ({milliseconds(cost['known'])}) and"
                 f" unknown ones ({milliseconds(cost['unknown'])}), whichever is slower against the other, {size} guesses each")


def _name(kind: str, number: int) -> str:
    """Names of one length, whatever they are."""
    return f"bench.{kind:_<7}.{number % NAMES:02d}"
