"""`make demo` as a new user meets it: it starts again, it ends whole, it survives a pulled plug, and it says what is wrong."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from config import embedded
from config.frontend import ROOT
from tests.journeys.conftest import Demo, free_port

pytestmark = [pytest.mark.embedded, pytest.mark.faults]


def of_the_demo(demo: Demo) -> list[str]:
    """The command lines of all that runs for this data folder: the demo's own group and its PostgreSQL."""
    socket_dir = embedded.connection_settings(demo.data_dir, "postgres")["HOST"]
    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if socket_dir in line or str(demo.data_dir) in line]


def test_ctrl_c_leaves_no_process_and_the_second_start_is_short(demo: Demo) -> None:
    demo.interrupt()
    assert of_the_demo(demo) == []
    seconds = demo.start(SIMULATE="0")
    assert "First start" not in demo.log.read_text()
    print(f"second start: {seconds:.1f} s")


def test_a_killed_demo_starts_again_without_repair(demo: Demo) -> None:
    demo.kill()
    demo.start(SIMULATE="0")
    with urllib.request.urlopen(f"{demo.address}/accounts/login/", timeout=5) as answer:
        assert answer.status == 200


def test_the_simulator_posts_reads_through_the_api(demo: Demo) -> None:
    demo.interrupt()
    demo.start(SIMULATE="1")
    try:
        newest = max(path.stat().st_mtime for path in (demo.data_dir / "media").rglob("*.jpg"))
        deadline = time.monotonic() + 60
        while max(path.stat().st_mtime for path in (demo.data_dir / "media").rglob("*.jpg")) == newest:
            assert time.monotonic() < deadline, demo.log.read_text()
            time.sleep(1)
    finally:
        demo.interrupt()
        demo.start(SIMULATE="0")


@pytest.mark.parametrize("taken", [True, False])
def test_a_taken_port_or_a_foreign_folder_gets_one_clear_sentence(tmp_path: object, taken: bool) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        foreign = tmp_path / "var" / "postgres"
        if not taken:
            foreign.mkdir(parents=True)
            (foreign / "PG_VERSION").write_text("9.4\n")
        port = holder.getsockname()[1] if taken else free_port()
        done = subprocess.run(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
            env=os.environ | {"DATA_DIR": str(tmp_path / "var"), "PORT": str(port)})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (f"Port {port} cannot be used" if taken else str(tmp_path)) in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
