"""The log's signature: checkpoints as C2SP signed notes with Ed25519 (decision 9, BEY-2).

The private key is a file of the sealer's. Beside it stands `FILE.pub` with the public keys that are trusted, one a line, the
retired ones too: what an older key signed still verifies. Whoever verifies trusts these, never a key that the database holds.
"""

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils.text import slugify

from audit import verifier


class SigningKeyMissing(Exception):
    """There is no usable signing key; the message says where it should be and how it is made."""


@dataclass(frozen=True)
class SigningKey:
    """The private key under the log's name; `verifier_key` is its public text for whoever checks."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier_key(self) -> str:
        return verifier.key_text(self.name, _public_bytes(self.private))


def origin() -> str:
    """The log's name on every checkpoint."""
    return f"plateledger.{slugify(settings.AGENCY_NAME) or 'agency'}"


def own_key() -> SigningKey:
    """The key that signs now. Where settings allow it (the demo), it is made on first use, readable by its owner alone.

    Raises:
        SigningKeyMissing: there is none, or the file holds no Ed25519 key.
    """
    file = Path(settings.AUDIT_SIGNING_KEY_FILE)
    if settings.AUDIT_MAKE_SIGNING_KEY and not file.exists():
        _make(file)
    try:
        private = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise SigningKeyMissing(f"AUDIT_SIGNING_KEY_FILE {file} cannot be read as a private key. Make one with: "
                                "openssl genpkey -algorithm ed25519 -out FILE") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningKeyMissing(f"AUDIT_SIGNING_KEY_FILE {file} is not an Ed25519 key.")
    key = SigningKey(origin(), private)
    _publish(file, key.verifier_key)
    return key


def replace_key(announce: Callable[[SigningKey, SigningKey], None]) -> SigningKey:
    """Make a new key and put it in the old one's place. The old public key stays among the trusted ones; the old private key
    is gone.

    Args:
        announce: called with the old and the new key before the new one signs anything; where it fails, nothing has changed.

    Raises:
        SigningKeyMissing: there is no old key.
    """
    file = Path(settings.AUDIT_SIGNING_KEY_FILE)
    old, new = own_key(), SigningKey(origin(), Ed25519PrivateKey.generate())
    draft = _draft(file, new.private)
    try:
        announce(old, new)
        _publish(file, new.verifier_key)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return new


def trusted_keys() -> list[verifier.Key]:
    """The public keys by which this installation verifies its own log, newest last.

    Raises:
        SigningKeyMissing: there is neither a file of public keys nor a signing key.
    """
    published = _published(Path(settings.AUDIT_SIGNING_KEY_FILE)) or [own_key().verifier_key]
    return [verifier.read_key(line) for line in published]


def sign(key: SigningKey, *, size: int, root: bytes, at: datetime) -> str:
    """The signed note of a checkpoint: origin, size, root, and the time in microseconds since 1970."""
    return sign_text(key, f"{key.name}\n{size}\n{base64.b64encode(root).decode()}\ntime {microseconds(at)}\n")


def sign_text(key: SigningKey, body: str) -> str:
    """A text as a C2SP signed note. Its first line is the log's name; it ends with a newline and has no empty line."""
    mark = verifier.key_hash(key.name, _public_bytes(key.private))
    signature = base64.b64encode(mark + key.private.sign(body.encode())).decode()
    return f"{body}\n\u2014 {key.name} {signature}\n"


def microseconds(at: datetime) -> int:
    """Whole microseconds since 1970, without the rounding of a float."""
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _public_bytes(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _make(file: Path) -> None:
    """Two processes or threads may start at once: the second takes the first one's key."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = _draft(file, Ed25519PrivateKey.generate())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(file: Path, private: Ed25519PrivateKey) -> Path:
    """The key on the disk beside `file`, readable by its owner alone."""
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(pem)
        opened.flush()
        os.fsync(handle)
    return draft


def _published(file: Path) -> list[str]:
    try:
        return file.with_name(f"{file.name}.pub").read_text().split()
    except FileNotFoundError:
        return []


def _publish(file: Path, verifier_key: str) -> None:
    if verifier_key not in _published(file):
        with open(file.with_name(f"{file.name}.pub"), "a", encoding="utf-8") as published:
            published.write(f"{verifier_key}\n")
