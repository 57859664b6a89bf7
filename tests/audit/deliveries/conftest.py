"""A delivery of the log, asked for and made, and how its receiver opens it (AUD-13)."""

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from audit import bundles, context, deliveries, seals
from audit.events import Kind
from audit.models import Delivery
from audit.record import record_durably
from tests.factories.certificates import Identity, certificate_file, make_identity

START = "/audit/deliveries/"
OFFICER = context.Actor(id=7, name="jdoe", aor="NYC", component="ERO", role="officer")
OTHER = context.Actor(id=8, name="rroe", aor="CHI", component="ERO", role="officer")
IDENTITY = make_identity()


@pytest.fixture(autouse=True)
def _sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sealer comes while the job waits for it."""
    waits = bundles.wait_for_seal

    def sealed(event, seconds):
        list(seals.seal_all(now=datetime.now(UTC)))
        waits(event, seconds)

    monkeypatch.setattr(bundles, "wait_for_seal", sealed)


def queries(count: int = 1, actor: context.Actor = OFFICER, plate: str = "MARK123") -> None:
    for _ in range(count):
        record_durably(Kind.QUERY_ATTEMPTED, actor=actor, plate=plate, state="OH", reason="CRIM", case_reference="Fall Müller 7")


def fields(**changed):
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    return {"since": day, "until": day, "certificate": certificate_file(IDENTITY)} | changed


@pytest.fixture
def ask() -> Callable[..., Delivery]:
    def asked(user, identity: Identity = IDENTITY, **wanted) -> Delivery:
        now = datetime.now(UTC)
        with context.acting(context.actor_of(user)):
            return deliveries.ask(user=user, now=now, certificate=identity.certificate, **{
                "aor": "", "of_user": "", "since": now - timedelta(days=1), "until": now + timedelta(days=1)} | wanted)

    return asked


def made(delivery: Delivery) -> Delivery:
    deliveries.make(delivery=delivery.pk, now=datetime.now(UTC))
    delivery.refresh_from_db()
    return delivery


def stored(delivery: Delivery) -> bytes:
    with default_storage.open(delivery.path) as file:
        return file.read()


def decrypted(data: bytes, folder: Path, key: bytes = IDENTITY.key) -> list[bytes]:
    """As the receiver does it: unpack, and openssl for each part."""
    (folder / "key.pem").write_bytes(key)
    whole = b""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        for name in sorted(one for one in parts.namelist() if one.endswith(".p7m")):
            (folder / "part").write_bytes(parts.read(name))
            whole += subprocess.run(
                ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", folder / "part", "-inkey", folder / "key.pem"],
                check=True, capture_output=True).stdout
    return whole.splitlines(keepends=True)


def payloads(lines: list[bytes]) -> list[dict]:
    return [json.loads(json.loads(line)["payload"]) for line in lines[2:-1]]
