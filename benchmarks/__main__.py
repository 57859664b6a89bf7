"""`python -m benchmarks`: every benchmark at its standard size, one table of ratios, and the same in DATA_DIR/bench.json.

`python -m benchmarks NAME --reads N` runs one at another size. Lower is better. A missed goal is marked and is no error:
exit 1 means that a benchmark could not be run.
"""

import argparse
import importlib
import json
import os
import sys
import time
import traceback

import django

NAMES = ("audit_append", "audit_verify", "audit_export", "audit_search", "query_function", "hot_plate", "growth", "query_http",
         "many_users", "loading", "upload", "alert_mail", "names")


def main() -> None:
    chosen = _arguments()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    django.setup()
    from benchmarks import ground
    from benchmarks.measure import CannotRun, Ratio

    ratios: list[Ratio] = []
    failed = []
    try:
        with ground.server():
            for name in chosen.names:
                benchmark = importlib.import_module(f"benchmarks.{name}")
                started = time.monotonic()
                print(f"{name}: {benchmark.__doc__.splitlines()[0]}", flush=True)
                try:
                    ratios += benchmark.run(chosen.reads or benchmark.STANDARD_SIZE)
                except CannotRun as error:
                    failed.append(f"{name}: {error}")
                except Exception:  # noqa: BLE001 - the others still run, and the exit code says that one did not
                    failed.append(f"{name}: {traceback.format_exc()}")
                print(f"{name}: {time.monotonic() - started:.0f} s\n", flush=True)
    except CannotRun as error:
        failed.append(str(error))
    _report(ratios, whole=chosen.whole)
    if failed:
        sys.exit("\n".join(failed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all when left out")
    parser.add_argument("--reads", type=int, metavar="N", help="another size than the standard one")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"there is no benchmark named {', '.join(sorted(unknown))}: choose of {', '.join(NAMES)}")
    if chosen.reads is not None and (chosen.reads < 1 or len(chosen.names) != 1):
        parser.error("--reads goes with the name of one benchmark, and is 1 at least")
    chosen.whole = not chosen.names
    chosen.names = chosen.names or NAMES
    return chosen


def _report(ratios: list, *, whole: bool) -> None:
    """Print the table and write bench.json; a run of one benchmark leaves the lines of the others as they are."""
    from django.conf import settings

    width = max((len(line.name) for line in ratios), default=4)
    print(f"{'name':{width}}   ratio    goal            what was compared (ratio: lower is better)")
    for line in ratios:
        mark = "met" if line.is_met else "MISSED"
        print(f"{line.name:{width}} {line.ratio:7.2f} {line.goal:7.2f}   {mark:6}   {line.what}")
    file = settings.DATA_DIR / "bench.json"
    known = json.loads(file.read_text()) if file.exists() and not whole else {}
    known |= {line.name: {"ratio": round(line.ratio, 2), "goal": line.goal, "what": line.what} for line in ratios}
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(known, indent=2) + "\n")
    print(f"Written to {file}")


if __name__ == "__main__":
    main()
