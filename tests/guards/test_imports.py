"""Imports run one way down, with the one named exception (architecture, "The house")."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache", "--config", str(ROOT / "pyproject.toml")], cwd=folder, text=True,
                          capture_output=True, check=False, env=os.environ | {"PYTHONPATH": str(folder)})


def test_imports_run_one_way_down():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout
    assert "Imports run one way down KEPT" in done.stdout


@pytest.mark.parametrize(("room", "wrong"), [
    ("audit/canonical.py", "import accounts.roles"), ("accounts/roles.py", "from lpr import plates"),
    ("lpr/plates.py", "from alerts import matching"), ("alerts/matching.py", "from config import databases"),
])
def test_an_import_the_wrong_way_is_found(tmp_path, room, wrong):
    for app in ("config", "alerts", "lpr", "accounts", "audit"):
        for file in (ROOT / app).rglob("*.py"):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(file.read_bytes())
    with open(tmp_path / room, "a") as file:
        file.write(f"\n{wrong}\n")
    done = lint(tmp_path)
    assert done.returncode != 0, done.stdout
