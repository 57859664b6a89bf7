"""A mail server in a process of its own. The process imports this module anew, so nothing of Django stands here."""

import contextlib
import multiprocessing
import socket
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes
from multiprocessing.queues import Queue

from aiosmtpd.controller import Controller

PATIENCE = 60  # seconds until it must have started


@contextlib.contextmanager
def running() -> Iterator[tuple[int, "Queue[tuple[str, float]]"]]:
    """Its port, and each Message-ID with the time at which it was taken."""
    context = multiprocessing.get_context("spawn")
    taken: Queue[tuple[str, float]] = context.Queue()
    ports: Queue[int] = context.Queue()
    process = context.Process(target=_serve, args=(ports, taken), daemon=True)
    process.start()
    try:
        yield ports.get(timeout=PATIENCE), taken
    finally:
        process.terminate()
        process.join(10)


def _serve(ports: "Queue[int]", taken: "Queue[tuple[str, float]]") -> None:
    class Mailbox:
        async def handle_DATA(self, smtp, session, envelope):  # noqa: N802 - the name that the server calls
            taken.put((message_from_bytes(envelope.content)["Message-ID"], time.time()))
            return "250 taken"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    Controller(Mailbox(), hostname="127.0.0.1", port=port).start()
    ports.put(port)
    threading.Event().wait()
