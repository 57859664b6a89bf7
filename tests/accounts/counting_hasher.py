"""A hasher that counts how often it hashes, and how many at once."""

import threading
import time

from django.contrib.auth.hashers import PBKDF2PasswordHasher


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
