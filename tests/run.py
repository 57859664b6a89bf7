"""`make test`: the whole suite on a real PostgreSQL and a real Chromium, on all cores.

Arguments go to pytest. A Chromium is found or, as root with apt, installed; where neither works the run says so and fails,
because browser tests that did not run prove nothing. KEEP_CLUSTER=1 leaves the stopped database cluster with its template for
the next run, which then starts ten seconds sooner.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEAST_MEMORY = 6 * 1024**3  # bytes free in /dev/shm, for the test databases to lie there
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium, installed by apt if there is none and we may."""
    for name in BROWSERS:
        if path := os.environ.get("CHROMIUM") or shutil.which(name):
            return path
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests ...", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium", "fonts-liberation"], check=False,
                       stdout=subprocess.DEVNULL, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})
        return shutil.which("chromium")
    return None


def main() -> None:
    arguments = sys.argv[1:]
    environment = os.environ | {"DATA_DIR": str(Path(os.environ.get("DATA_DIR", "var")).resolve() / "test")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    # The tests start many processes; each would compile the whole service anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if "not browser" not in " ".join(arguments):
        path = chromium()
        if path is None:
            sys.exit("No Chromium was found and none could be installed: install the package `chromium`, or run "
                     "`python -m tests.run -m 'not browser'` to leave the browser tests out.")
        environment["CHROMIUM"] = path
    memory = Path("/dev/shm")
    if os.geteuid() == 0 and memory.is_dir() and shutil.disk_usage(memory).free > LEAST_MEMORY:
        environment.setdefault("EMBEDDED_CLUSTERS", str(memory / "plateledger"))
    workers = [] if any(item.startswith("-n") for item in arguments) else ["-n", str((os.cpu_count() or 2) + 1)]
    done = subprocess.run([sys.executable, "-m", "pytest", *workers, *arguments], cwd=ROOT, env=environment, check=False)
    leave = "stop" if os.environ.get("KEEP_CLUSTER") == "1" else "destroy"
    end = [sys.executable, "-c", "import os, pathlib; from config import embedded;"
            f" embedded.{leave}(pathlib.Path(os.environ['DATA_DIR']))"]
    subprocess.run(end, cwd=ROOT, env=environment, check=False)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
