"""`make check`: every tool that reads the code without running it, and Django's own checks; all of them, then one verdict."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.base", "SECRET_KEY": "x" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "plateledger.example", "DATABASE_URL": "postgresql://lpr_app@localhost/plateledger",
    "REDIS_URL": "redis://localhost/0", "EMAIL_URL": "smtp://localhost:25", "SITE_URL": "https://plateledger.example",
    "AGENCY_NAME": "Agency",
}
STEPS = [
    (["ruff", "check", "."], {}),
    (["lint-imports"], {}),
    (["mypy", "."], {}),
    (["bandit", "-q", "-r", "-ll", "-c", "pyproject.toml", "accounts", "alerts", "audit", "config", "lpr"], {}),
    (["manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    (["manage.py", "makemigrations", "--check", "--dry-run"], {}),
    (["-m", "tests.control_matrix", "--check"], {}),
    (["-m", "tests.permissions", "--check"], {}),
]


def main() -> None:
    failed = []
    with tempfile.TemporaryDirectory() as data_dir:
        for command, environment in STEPS:
            name = " ".join(command)
            print(f"== {name}", flush=True)
            tool = Path(sys.executable).parent / command[0]
            line = [str(tool), *command[1:]] if tool.exists() else [sys.executable, *command]
            done = subprocess.run(line, cwd=ROOT, env=os.environ | {"DATA_DIR": data_dir} | environment, check=False)
            if done.returncode:
                failed.append(name)
    if failed:
        sys.exit("make check: " + "; ".join(failed) + " found something")
    print("make check: clean")


if __name__ == "__main__":
    main()
