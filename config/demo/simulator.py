"""Traffic while one watches: a read every few seconds, posted through the real API with the source's own key."""

import base64
import json
import logging
import random
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from config.demo import fleet, pictures

SECONDS_BETWEEN_READS = 4
logger = logging.getLogger(__name__)


def run(*, port: int, keys: Path) -> None:
    """Post reads to this machine's `port` until the process ends. `keys` is the file {source name: key}."""
    rng = random.Random(uuid4().int)
    secrets = json.loads(keys.read_text())
    while True:
        time.sleep(rng.uniform(0.5, 1.5) * SECONDS_BETWEEN_READS)
        try:
            post(port=port, secrets=secrets, rng=rng)
        except (urllib.error.URLError, OSError) as error:
            logger.warning("the simulator's read was not taken: %s", type(error).__name__)


def post(*, port: int, secrets: dict[str, str], rng: random.Random) -> None:
    """Post one read of now."""
    read = fleet.next_read(rng, datetime.now(UTC))
    photos = [{"kind": kind, "jpeg": base64.b64encode(jpeg).decode()}
              for kind, jpeg in zip(("plate", "vehicle"), pictures.fresh_pictures_for(read, rng=rng), strict=True)]
    body = json.dumps({"reads": [read.native() | {"photos": photos}]}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/reads/",
        data=body,
        method="POST",
        headers={"Content-Type": "application/json", "Authorization": f"Source {secrets[read.source]}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # nosec B310
        answer.read()
