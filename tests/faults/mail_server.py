"""A real SMTP server of the tests' own, which can be cut off, made slow, or made to forget what it answered."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes

import pytest
from aiosmtpd.controller import Controller


class Mailbox:
    """Takes every mail, after `before_answer` has had its way."""

    def __init__(self) -> None:
        self.messages: list = []
        # The envelope's sender of each.
        self.senders: list[str] = []
        self.on_hello: Callable[[], None] = lambda: None
        self.before_answer: Callable[[], None] = lambda: None

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.on_hello()
        session.host_name = hostname
        return responses

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(message_from_bytes(envelope.content))
        self.senders.append(envelope.mail_from)
        self.before_answer()
        return "250 taken"

    @property
    def message_ids(self) -> list[str]:
        return [message["Message-ID"] for message in self.messages]


@pytest.fixture
def port(settings) -> int:
    """Where the service's mails go: a port on which nothing listens until the test starts `mail_server`."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    return settings.EMAIL_PORT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def mail_server(port: int, mailbox: Mailbox | None = None) -> Iterator[Mailbox]:
    """A server on `port` that fills `mailbox`, a new one by default, until the end of the block."""
    mailbox = mailbox or Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
