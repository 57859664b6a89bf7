"""The embedded PostgreSQL on real servers: it starts by itself, recovers by itself, ends for good."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from config import embedded, embedded_place, embedded_programs

pytestmark = pytest.mark.embedded

AS_ROOT = os.geteuid() == 0
PLATE = "SECRET1"


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "var"
    yield folder
    embedded.destroy(folder)


@pytest.fixture(scope="module")
def shared_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server that tests only look at, so that not each of them pays for a start."""
    folder = tmp_path_factory.mktemp("shared") / "var"
    embedded.start(folder, durable=False)
    yield folder
    embedded.destroy(folder)


def connect(folder: Path, **options: Any) -> psycopg.Connection[Any]:
    settings = embedded.connection_settings(folder, "postgres", "postgres")
    return psycopg.connect(
        dbname=settings["NAME"], user=settings["USER"], host=settings["HOST"], port=settings["PORT"], autocommit=True,
        passfile=options.pop("passfile", settings["OPTIONS"]["passfile"]), **options,
    )  # fmt: skip


def ask(folder: Path, question: str) -> Any:
    with connect(folder) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def server_processes(folder: Path) -> list[int]:
    tag = embedded_place.locate(folder).tag
    return [pid for pid, _, words in embedded_programs.processes() if tag in " ".join(words)]


def postmaster(folder: Path) -> int:
    return int((embedded_place.locate(folder).cluster / "postmaster.pid").read_text().splitlines()[0])


def kill_postmaster(folder: Path) -> None:
    os.kill(postmaster(folder), signal.SIGKILL)
    while embedded.is_running(folder):
        time.sleep(0.01)


def as_ordinary_user(work: Callable[[], None]) -> None:
    """Run work without rights; as root in a forked child, since the ordinary user may not reach this Python."""
    if not AS_ROOT:
        work()
        return
    uid, gid = embedded_programs.account()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        complaint = ""
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            work()
        except BaseException:  # the child must never run on into the test session
            complaint = traceback.format_exc()
        os.write(writing, complaint.encode()[:60_000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        complaint = answer.read()
    assert os.waitpid(child, 0)[1] == 0
    assert complaint == ""


def test_starts_by_itself_again_at_once_and_ends_for_good(data_dir: Path) -> None:
    assert not embedded.is_running(data_dir)
    embedded.start(data_dir)
    assert embedded.is_running(data_dir)
    with connect(data_dir) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    first = postmaster(data_dir)
    embedded.start(data_dir)
    assert postmaster(data_dir) == first

    embedded.stop(data_dir)
    assert not embedded.is_running(data_dir)
    assert server_processes(data_dir) == []
    embedded.stop(data_dir)

    began = time.monotonic()
    embedded.start(data_dir)
    assert time.monotonic() - began < 5
    assert ask(data_dir, "SELECT number FROM kept") == 7
    # A durable server is a person's own: a quarter of the memory, where PostgreSQL by itself would keep 128 MB.
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    buffers = int(ask(data_dir, "SELECT setting::bigint * 8192 FROM pg_settings WHERE name = 'shared_buffers'"))
    assert buffers == min(max(memory // 4 >> 20, 256), 8192) << 20


def test_is_set_up_as_promised(shared_dir: Path) -> None:
    assert ask(shared_dir, "SELECT current_setting('server_version_num')::int / 10000") == 18
    for setting, value in {
        "server_encoding": "UTF8", "TimeZone": "UTC", "listen_addresses": "", "max_connections": "100",
        "shared_buffers": "256MB", "max_wal_size": "2GB", "fsync": "off", "full_page_writes": "off",
        "synchronous_commit": "on", "log_statement": "none", "password_encryption": "scram-sha-256",
    }.items():  # fmt: skip
        assert ask(shared_dir, f"SELECT current_setting('{setting}')") == value
    assert ask(shared_dir, "SELECT datcollate FROM pg_database WHERE datname = 'template1'") == "C"
    assert ask(shared_dir, "SELECT bool_and(auth_method = 'scram-sha-256') FROM pg_hba_file_rules") is True


def test_nobody_enters_without_the_password(shared_dir: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "pgpass"
    wrong.write_text("*:*:*:postgres:wrong\n")
    wrong.chmod(0o600)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(shared_dir, passfile=str(wrong))


def test_passwords_stand_in_one_closed_file_and_nowhere_else(shared_dir: Path) -> None:
    known = embedded.passwords(shared_dir)
    assert tuple(known) == embedded.ROLES
    assert len(set(known.values())) == len(embedded.ROLES)
    assert min(map(len, known.values())) >= 32
    passfile = shared_dir / "secrets" / "pgpass"
    assert passfile.stat().st_mode & 0o777 == 0o600
    assert passfile.parent.stat().st_mode & 0o777 == 0o700

    command_lines = [" ".join(words) for _, _, words in embedded_programs.processes()]
    seen = [Path(f"/proc/{pid}/environ").read_bytes() for pid in server_processes(shared_dir) if Path("/proc").is_dir()]
    settings = [str(embedded.connection_settings(shared_dir, role)) for role in embedded.ROLES]
    cluster = embedded_place.locate(shared_dir).cluster
    files = [path.read_bytes() for path in (*cluster.glob("*.*"), shared_dir / "postgres.log")]
    for password in known.values():
        assert not any(password in text for text in (*command_lines, *settings))
        assert not any(password.encode() in content for content in (*seen, *files))
    assert not list(cluster.parent.glob(f"{cluster.name}.password"))


def test_passwords_are_missing_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(embedded.EmbeddedError, match="start the embedded PostgreSQL first"):
        embedded.passwords(tmp_path)


def test_no_plate_reaches_the_log(shared_dir: Path) -> None:
    with connect(shared_dir) as connection:
        connection.execute("CREATE TEMPORARY TABLE seen (plate text UNIQUE)")
        connection.execute("INSERT INTO seen VALUES (%s)", [PLATE])
        for refused in (f"SELECT '{PLATE}'::int", f"INSERT INTO seen VALUES ('{PLATE}')", f"SELECT {PLATE}"):
            with pytest.raises(psycopg.Error):
                connection.execute(refused.encode())
        connection.execute(f"DO $$ BEGIN RAISE WARNING '{PLATE}'; END $$".encode())
    assert PLATE not in (shared_dir / "postgres.log").read_text().upper()


def test_a_crashed_session_leaves_no_plate_in_the_log(data_dir: Path) -> None:
    embedded.start(data_dir, durable=False)
    with connect(data_dir) as connection:
        session = connection.info.backend_pid
        threading.Timer(0.3, os.kill, (session, signal.SIGKILL)).start()
        with pytest.raises(psycopg.OperationalError):
            connection.execute(f"SELECT '{PLATE}', pg_sleep(20)".encode())
    embedded.start(data_dir)
    assert ask(data_dir, "SELECT 1") == 1
    log = (data_dir / "postgres.log").read_text()
    assert f"(PID {session}) was terminated by signal 9" in log
    assert PLATE not in log


def test_a_killed_server_starts_again_without_repair(data_dir: Path) -> None:
    embedded.start(data_dir)
    with connect(data_dir) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    busy = connect(data_dir)
    session = busy.info.backend_pid
    thread = threading.Thread(target=keep_busy, args=(busy,))
    thread.start()
    while ask(data_dir, f"SELECT state FROM pg_stat_activity WHERE pid = {session}") != "active":
        time.sleep(0.01)
    kill_postmaster(data_dir)
    time.sleep(0.3)
    assert session in server_processes(data_dir)
    embedded.start(data_dir)
    assert ask(data_dir, "SELECT number FROM kept") == 7
    thread.join()


def keep_busy(connection: psycopg.Connection[Any]) -> None:
    """Hold a session that does not notice the end of its server, and would block the next start."""
    with pytest.raises(psycopg.OperationalError):
        connection.execute("DO $$ BEGIN LOOP NULL; END LOOP; END $$")


def test_a_stale_number_of_a_living_process_does_not_block(data_dir: Path) -> None:
    embedded.start(data_dir, durable=False)
    kill_postmaster(data_dir)
    place = embedded_place.locate(data_dir)
    owner = place.identity()
    bystander = subprocess.Popen(["sleep", "60"], cwd="/", **owner)
    try:
        for stale in (place.cluster / "postmaster.pid", place.socket_dir / ".s.PGSQL.5432.lock"):
            rest = stale.read_text().split("\n", 1)[1]
            stale.write_text(f"{bystander.pid}\n{rest}")
        assert not embedded.is_running(data_dir)
        embedded.start(data_dir)
        assert ask(data_dir, "SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_first_start_that_was_killed_leaves_nothing_in_the_way(data_dir: Path) -> None:
    place = embedded_place.locate(data_dir)
    if place.cluster != place.entry:
        embedded_programs.make_open_folder(place.cluster.parent)
    half = place.cluster.with_suffix(".new")
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    place.cluster.with_suffix(".password").write_text("old")
    embedded.start(data_dir, durable=False)
    assert ask(data_dir, "SELECT 1") == 1
    assert not half.exists()
    assert not place.cluster.with_suffix(".password").exists()


def test_two_starts_at_once_make_one_server_and_two_folders_two(data_dir: Path, shared_dir: Path) -> None:
    root = Path(embedded.__file__).parents[1]
    code = "import sys, pathlib; from config import embedded; embedded.start(pathlib.Path(sys.argv[1]), durable=False)"
    starters = [subprocess.Popen([sys.executable, "-c", code, str(data_dir)], cwd=root) for _ in range(2)]
    assert [starter.wait() for starter in starters] == [0, 0]
    assert ask(data_dir, "SELECT 1") == 1  # and it lives on although those who started it have ended
    log = (data_dir / "postgres.log").read_text()
    assert log.count("starting PostgreSQL") == 1

    assert postmaster(data_dir) != postmaster(shared_dir)
    embedded.stop(data_dir)
    assert ask(shared_dir, "SELECT 1") == 1


def test_a_long_or_odd_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s, "odd" $HOME `x`' / ("long" * 50)
    try:
        embedded.start(folder, durable=False)
        assert ask(folder, "SELECT 1") == 1
        assert len(embedded.connection_settings(folder, "lpr_app")["HOST"]) < 80
        socket_dir = embedded_place.locate(folder).socket_dir
        assert socket_dir.stat().st_mode & 0o777 == 0o700
    finally:
        embedded.destroy(folder)
    assert not socket_dir.exists()


def test_settings_touch_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "absent"
    settings = embedded.connection_settings(folder, "lpr_app")
    assert settings["ENGINE"] == "django.db.backends.postgresql"
    assert (settings["NAME"], settings["USER"], settings["PORT"]) == ("plateledger", "lpr_app", "5432")
    assert settings["OPTIONS"] == {"passfile": str(folder / "secrets" / "pgpass")}
    assert not folder.exists()


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    for refused in (embedded.start, embedded.destroy):
        with pytest.raises(embedded.EmbeddedError, match=r"was not made by PlateLedger and is left alone"):
            refused(tmp_path)
    assert (tmp_path / "postgres" / "PG_VERSION").read_text() == "18\n"
    with pytest.raises(embedded.EmbeddedError, match="is the cluster of another PostgreSQL server"):
        embedded.start(tmp_path / "postgres")


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PLATELEDGER").write_text("")
    (cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(embedded.EmbeddedError, match=r"holds data of PostgreSQL 17, .* brings PostgreSQL 18"):
        embedded.start(tmp_path)


def test_a_full_disk_gets_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(embedded.EmbeddedError, match=r"Only 95 MB are free .* needs 300 MB"):
        embedded.start(tmp_path / "var")


def test_a_platform_without_programs_gets_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_programs, "INSTALLATION", "absent")
    with pytest.raises(embedded.EmbeddedError, match=r"no embedded PostgreSQL for this platform .* set DATABASE_URL"):
        embedded.start(tmp_path / "var")


def test_a_file_in_the_way_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(embedded.EmbeddedError, match="is in the way"):
        embedded.start(tmp_path / "var")


def test_lost_passwords_get_one_sentence(data_dir: Path) -> None:
    embedded.start(data_dir, durable=False)
    embedded.stop(data_dir)
    (data_dir / "secrets" / "pgpass").unlink()
    with pytest.raises(embedded.EmbeddedError, match=r"passwords in .* are missing"):
        embedded.start(data_dir)


def test_a_data_folder_deleted_by_hand_begins_anew(data_dir: Path) -> None:
    embedded.start(data_dir, durable=False)
    with connect(data_dir) as connection:
        connection.execute("CREATE TABLE lost ()")
    shutil.rmtree(data_dir)
    embedded.start(data_dir, durable=False)
    assert ask(data_dir, "SELECT to_regclass('lost')") is None


def test_destroy_leaves_nothing_of_its_own_and_all_else(data_dir: Path) -> None:
    embedded.start(data_dir, durable=False)
    (data_dir / "secrets" / "other").write_text("stays")
    place = embedded_place.locate(data_dir)
    cluster = place.cluster
    embedded.destroy(data_dir)
    assert server_processes(data_dir) == []
    assert not any(os.path.lexists(path) for path in (cluster, place.entry, place.socket_dir, place.passfile))
    assert (data_dir / "secrets" / "other").read_text() == "stays"
    embedded.destroy(data_dir)


def test_works_in_a_folder_closed_to_others(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    modes = {path: path.stat().st_mode for path in (closed, *closed.parents)}
    embedded.start(closed / "var", durable=False)
    try:
        assert ask(closed / "var", "SELECT 1") == 1
        owner = embedded_place.locate(closed / "var").cluster.stat().st_uid
        assert owner != 0
        assert {path: path.stat().st_mode for path in modes} == modes
        ours = server_processes(closed / "var")
        assert {uid for pid, uid, _ in embedded_programs.processes() if pid in ours} == {owner}
    finally:
        embedded.destroy(closed / "var")


def test_works_as_an_ordinary_user() -> None:
    """As root the work is done by a child without rights, with the programs where that child can reach them."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        if AS_ROOT:
            reachable = str(embedded_programs.folder(as_root=True).parents[2])
            os.chown(home, *embedded_programs.account())

        def work() -> None:
            if AS_ROOT:
                sys.path.insert(0, reachable)
            for folder in (home / "var", home / ("long" * 50)):
                embedded.start(folder, durable=False)
                assert ask(folder, "SELECT 1") == 1
                cluster = folder / "postgres"
                assert cluster.is_dir()
                assert not cluster.is_symlink()
                kill_postmaster(folder)
                embedded.start(folder, durable=False)
                assert ask(folder, "SELECT 1") == 1
                embedded.destroy(folder)
                assert not cluster.exists()
                assert server_processes(folder) == []

        as_ordinary_user(work)


def test_a_folder_that_cannot_be_written_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)

    def work() -> None:
        with pytest.raises(embedded.EmbeddedError, match="is closed to this user: choose a DATA_DIR"):
            embedded.start(tmp_path / "locked" / "var")

    as_ordinary_user(work)
