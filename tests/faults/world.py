"""A whole service under fault: its own PostgreSQL, Redis, web processes, two workers with a scheduler each, and a mail server.

Everything is killed with SIGKILL and started again. Nothing is killed but what was started here.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.conf import settings

from config import embedded
from tests.faults import points
from tests.faults.mail_server import Mailbox, free_port, mail_server

WORKERS = 2


class MoodyMailbox(Mailbox):
    """Slow at times, drops the line at times after it took a mail, refuses at times for the moment."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        self.dropped = 0
        self.is_calm = False

    async def handle_DATA(self, server, session, envelope):
        mood = 1.0 if self.is_calm else self._chance.random()
        if mood < 0.05:
            return "451 later"
        if mood < 0.15:
            time.sleep(0.3)
        answer = await super().handle_DATA(server, session, envelope)
        if 0.15 <= mood < 0.18:
            self.dropped += 1
            raise ConnectionAbortedError
        return answer


class World:
    """`cut_sends` counts the sends that a fault can have cut between the server's taking and our mark."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.data_dir = folder
        self.http_port, self.mail_port, self.redis_port = free_port(), free_port(), free_port()
        self.mailbox = MoodyMailbox(seed)
        self.cut_sends = 0
        self.faults: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._mail: contextlib.ExitStack | None = None
        self._redis: subprocess.Popen | None = None
        self._server: subprocess.Popen | None = None
        self._workers: list[subprocess.Popen] = []
        self.has_redis = shutil.which("redis-server") is not None
        without = {"DATABASE_URL", "DATABASE_LOADER_URL", "DATABASE_OWNER_URL", "DATABASE_SEALER_URL", "DATABASE_AUDITOR_URL",
                   "DATABASE_ADMIN_URL", "REDIS_URL", "EMAIL_URL"}
        self._environment = {name: value for name, value in os.environ.items() if name not in without} | {
            "DATA_DIR": str(folder), "EMAIL_URL": f"smtp://127.0.0.1:{self.mail_port}", "PORT": str(self.http_port),
            **({"REDIS_URL": f"redis://127.0.0.1:{self.redis_port}/0"} if self.has_redis else {})}

    @contextlib.contextmanager
    def running(self) -> Iterator[dict[str, str]]:
        """Start everything, give the sources' keys, and end everything."""
        points.folder_of(self.data_dir).mkdir(parents=True)
        try:
            said = subprocess.run([sys.executable, "-m", "tests.faults.processes", "prepare"], cwd=settings.BASE_DIR, check=True,
                                  env=self._environment, capture_output=True, text=True)
            self._start_mail()
            self._start_redis()
            self._server = self._started("serve", str(self.http_port))
            self._workers = [self._started("work") for _ in range(WORKERS)]
            yield json.loads(said.stdout.splitlines()[-1])
        finally:
            for process in (*self._workers, self._server, self._redis):
                if process is not None:
                    process.terminate() if process is self._server else process.kill()
                    process.wait(20)
            self._stop_mail()
            embedded.destroy(self.data_dir)

    def _started(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-m", "tests.faults.processes", *arguments], cwd=settings.BASE_DIR,
                                env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # --- Faults ---------------------------------------------------------------------------------------------------------
    def few_faults(self) -> list[str]:
        """One fault of each part that can fail, where it hurts most, in the order of the seed.

        Web processes and workers die at named points alone: those between two steps that belong together.
        """
        few = ["kill_postgres", "end_sessions", "stop_mail_for_a_while", "taken", "stored", "activated",
               self._chance.choice(("claimed", "marked")), self._chance.choice(("photos", "committed"))]
        few += [self._chance.choice(("kill_redis", "flush_redis"))] if self.has_redis else []
        self._chance.shuffle(few)
        return few

    def any_faults(self) -> Iterator[str]:
        """Faults without end, as the seed chooses."""
        every = ["kill_a_worker", "kill_postgres", "end_sessions", "stop_mail_for_a_while", "kill_a_web_process"]
        every += ["kill_redis", "flush_redis"] if self.has_redis else []
        while True:
            yield self._chance.choice([*every, *points.OF_ALERTS])

    def do(self, fault: str) -> None:
        """Do one fault and repair it; a named point is armed: the next process that passes it dies there."""
        self.faults[fault] += 1
        if fault in points.OF_ALERTS:
            (points.folder_of(self.data_dir) / fault).touch()
            self.cut_sends += fault == "taken"
        else:
            getattr(self, fault)()

    def is_over(self, fault: str) -> bool:
        """Whether what was armed has had its effect."""
        return fault not in points.OF_ALERTS or not (points.folder_of(self.data_dir) / fault).exists()

    def kill_a_worker(self) -> None:
        self._chance.choice(self._workers).kill()
        self.cut_sends += 1

    def kill_postgres(self) -> None:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, IndexError):
            postmaster = int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
            os.kill(postmaster, signal.SIGKILL)
        # Both workers may have sent a mail that they cannot mark.
        self.cut_sends += WORKERS
        time.sleep(self._chance.uniform(0, 0.8))
        self.start_postgres()

    def end_sessions(self) -> None:
        with contextlib.suppress(psycopg.Error), self.administrator() as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('lpr_app', 'lpr_loader')")
        self.cut_sends += WORKERS

    def stop_mail_for_a_while(self) -> None:
        self._stop_mail()
        self.cut_sends += WORKERS
        time.sleep(self._chance.uniform(0, 1))
        self._start_mail()

    def kill_a_web_process(self) -> None:
        """One of gunicorn's two: it starts another by itself."""
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text().split()
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self._chance.choice(children)), signal.SIGKILL)

    def kill_redis(self) -> None:
        self._redis.kill()
        self._redis.wait(10)
        time.sleep(self._chance.uniform(0, 1))
        self._start_redis()

    def flush_redis(self) -> None:
        subprocess.run(["redis-cli", "-p", str(self.redis_port), "FLUSHALL"], check=False, capture_output=True)

    def revive(self) -> None:
        """Start again what is dead."""
        for number, process in enumerate(self._workers):
            if process.poll() is not None:
                self._workers[number] = self._started("work")
        if self._server.poll() is not None:
            self._server = self._started("serve", str(self.http_port))

    def calm(self) -> None:
        """No more faults: disarm, and let everything run."""
        for point in points.folder_of(self.data_dir).iterdir():
            point.unlink(missing_ok=True)
        self.mailbox.is_calm = True
        self.revive()

    # --- Parts ----------------------------------------------------------------------------------------------------------
    def start_postgres(self) -> None:
        embedded.start(self.data_dir, durable=False)

    def administrator(self) -> psycopg.Connection:
        entry = embedded.connection_settings(self.data_dir, "postgres")
        return psycopg.connect(host=entry["HOST"], port=entry["PORT"], user="postgres", dbname=entry["NAME"],
                               passfile=entry["OPTIONS"]["passfile"], autocommit=True)

    def _start_redis(self) -> None:
        if self.has_redis:
            self._redis = subprocess.Popen(
                ["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                 "--dir", str(self.data_dir)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _start_mail(self) -> None:
        self._mail = contextlib.ExitStack()
        self._mail.enter_context(mail_server(self.mail_port, self.mailbox))

    def _stop_mail(self) -> None:
        if self._mail is not None:
            self._mail.close()
            self._mail = None
