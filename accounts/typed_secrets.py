"""Secrets that a machine makes and a person types: recovery codes and temporary passwords (ACC-3, BEY-1).

118 random bits need no slow hash: what is kept is a keyed digest, and nobody guesses.
"""

import secrets

from django.utils.crypto import salted_hmac

# Without 0, 1, I, L, O and U: nothing here is mistaken for something else or spells a word.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS = 6
GROUP = 4


def make() -> str:
    """A new secret in groups of four: 30 signs to the power of 24."""
    signs = [secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP)]
    return "-".join("".join(signs[start:start + GROUP]) for start in range(0, len(signs), GROUP))


def digest(typed: str) -> str:
    """What is kept of a secret; case, spaces and dashes do not matter."""
    folded = "".join(typed[:200].split()).replace("-", "").upper()
    return salted_hmac("accounts.typed_secrets", folded, algorithm="sha256").hexdigest()
