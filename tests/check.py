"""`make check`: every tool that reads the code without running it, and Django's own checks; all of them, then one verdict."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.base", "SECRET_KEY": "x" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "plateledger.example", "DATABASE_URL": "postgresql://lpr_app@localhost/plateledger",
    "REDIS_URL": "redis://localhost/0", "EMAIL_URL": "smtp://localhost:25", "SITE_URL": "https://plateledger.example",
    "AGENCY_NAME": "Agency", "INCIDENT_CONTRACTING_OFFICER_EMAIL": "co@agency.example",
    "DATABASE_SEALER_URL": "postgresql://lpr_sealer@localhost/plateledger",
    "DATABASE_AUDITOR_URL": "postgresql://lpr_auditor@localhost/plateledger",
    "AUDIT_SIGNING_KEY_FILE": "audit-signing.pem", "AUDIT_ALARM_RECIPIENTS": "watch@agency.example",
}
STEPS: list[tuple[list[str], dict[str, str]]] = [
    (["mypy", "."], {}),
    (["ruff", "check", "."], {}),
    (["lint-imports"], {}),
    (["bandit", "-q", "-r", "-ll", "-c", "pyproject.toml", "accounts", "alerts", "audit", "config", "lpr"], {}),
    (["manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    (["manage.py", "makemigrations", "--check", "--dry-run"], {}),
    (["-m", "tests.control_matrix", "--check"], {}),
    (["-m", "tests.permissions", "--check"], {}),
]


def main() -> None:
    failed = []
    with tempfile.TemporaryDirectory() as data_dir, ThreadPoolExecutor(os.cpu_count()) as pool:
        # The longest begins first; what each says is shown in the order of the list, so that it reads the same each time.
        for (command, _), done in zip(STEPS, pool.map(lambda step: _run(*step, data_dir=data_dir), STEPS), strict=True):
            print(f"== {' '.join(command)}\n{done.stdout}", end="", flush=True)
            if done.returncode:
                failed.append(" ".join(command))
    if failed:
        sys.exit("make check: " + "; ".join(failed) + " found something")
    print("make check: clean")


def _run(command: list[str], environment: dict[str, str], *, data_dir: str) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).parent / command[0]
    line = [str(tool), *command[1:]] if tool.exists() else [sys.executable, *command]
    return subprocess.run(line, cwd=ROOT, env=os.environ | {"DATA_DIR": data_dir} | environment, check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


if __name__ == "__main__":
    main()
