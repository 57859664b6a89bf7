"""Hashers that count: how often and how many at once in this process, or how often in all processes of a server."""

import threading
import time

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from accounts.hashers import Argon2PasswordHasher


class CountingHasher(PBKDF2PasswordHasher):
    iterations = 1000
    computed = 0
    now = 0
    most_at_once = 0
    _lock = threading.Lock()

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        cls = type(self)
        with self._lock:
            cls.computed += 1
            cls.now += 1
            cls.most_at_once = max(cls.most_at_once, cls.now)
        time.sleep(0.01)
        try:
            return super().encode(password, salt, iterations)
        finally:
            with self._lock:
                cls.now -= 1


class CountedArgon2(Argon2PasswordHasher):
    """The service's own hasher; each hash adds a byte to the file COUNTED_IN, which all processes share."""

    def encode(self, password: str, salt: str) -> str:
        _count()
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        _count()
        return super().verify(password, encoded)


def _count() -> None:
    with open(settings.COUNTED_IN, "ab") as file:
        file.write(b".")
