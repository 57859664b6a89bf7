"""Liveness and readiness: may traffic come here, and if not, why (`/healthz`, `/readyz`).

Readiness names parts and states only, never data, so that it can be asked without login from the load balancer.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse

import audit.seals
import lpr.partitions
from accounts import deletions
from alerts.models import Notification, NotificationStatus
from config import databases
from config.celery import app

MANIFEST_SECONDS = 60
_manifest: tuple[float, str] = (-MANIFEST_SECONDS, "")


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 while every part is well, else 503; `parts` says which is not, and how. What stands in DUTIES stops no traffic."""
    parts = {name: _asked(part) for name, part in PARTS.items()}
    ready = all(state == "ok" for name, state in parts.items() if name not in DUTIES)
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


def _asked(part: Callable[[], str]) -> str:
    try:
        return part()
    except (Error, OSError) as error:
        return f"unreachable ({type(error).__name__})"


def database() -> str:
    """The database answers and is as the manifest says; the comparison is made once a minute."""
    global _manifest
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if time.monotonic() - _manifest[0] >= MANIFEST_SECONDS:
        count = len(databases.differences())
        _manifest = (time.monotonic(), f"differs from the manifest in {count} places" if count else "ok")
    return _manifest[1]


def broker() -> str:
    if not settings.REDIS_URL:
        return "ok"
    with app.connection_for_write(connect_timeout=1) as link:
        link.ensure_connection(max_retries=1, timeout=1)
    return "ok"


def notifications() -> str:
    """No notification has been waiting for longer than five minutes; what waits for its digest is in time."""
    due = datetime.now(UTC) - timedelta(minutes=5)
    late = Notification.objects.filter(Q(attempts__gt=1) | Q(next_attempt_at__lt=due), status=NotificationStatus.WAITING,
                                       created_at__lt=due).count()
    return f"{late} are late" if late else "ok"


def seals() -> str:
    """No event has been waiting for its seal for longer than a minute."""
    waiting_since = audit.seals.state().waiting_since
    late = waiting_since is not None and waiting_since < datetime.now(UTC) - timedelta(minutes=1)
    return f"events wait since {waiting_since:%Y-%m-%d %H:%M} UTC" if late else "ok"


def partitions() -> str:
    """No row lies in a default partition; the job that makes the months raises the alarm (`lpr.partitions.watch`)."""
    stray = lpr.partitions.stray_rows()
    return f"{stray} rows in a default partition" if stray else "ok"


def overdue_deletions() -> str:
    """No account waits for its deletion longer than it may (ACC-9)."""
    late = deletions.overdue(now=datetime.now(UTC)).count()
    return f"{late} are overdue" if late else "ok"


PARTS: dict[str, Callable[[], str]] = {
    "database": database, "broker": broker, "notifications": notifications, "seals": seals,
    "partitions": partitions, "deletions": overdue_deletions}
# Told here, but a balancer sends its traffic all the same: a deletion is late through people, not through the service, and rows
# outside of their months are found, shown and sealed like all others. To answer nobody would help neither.
DUTIES = frozenset({"deletions", "partitions"})
