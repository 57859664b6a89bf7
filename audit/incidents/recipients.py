"""Who is told of incidents: the agency's two recipients by mail, the keepers and the manager of an area by letters (AUD-9)."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from audit.models.incident import APPOINTER, MANAGER, OPERATIONS


def keepers() -> QuerySet:
    """The open accounts that keep incidents: operations staff and appointers."""
    return _open().filter(role__in=[OPERATIONS, APPOINTER])


def appointers_and_managers(aor: str, *, but: Any) -> QuerySet:
    """Who is told of suspected use in the area with the code `aor`; never the person `but` whom it is about."""
    managers = _open().filter(role=MANAGER, aor__code=aor) if aor else _open().none()
    return (_open().filter(role=APPOINTER) | managers).exclude(pk=but.pk)


def of_reports() -> list[tuple[str, str]]:
    """Both recipients of reports, as (who, address): the representative's default are the appointers' own addresses."""
    appointers = _open().filter(role=APPOINTER).exclude(email="").values_list("email", flat=True)
    representative = [settings.INCIDENT_REPRESENTATIVE_EMAIL] if settings.INCIDENT_REPRESENTATIVE_EMAIL else list(appointers)
    officer = [settings.INCIDENT_CONTRACTING_OFFICER_EMAIL] if settings.INCIDENT_CONTRACTING_OFFICER_EMAIL else []
    return [*(("Contracting officer's representative", address) for address in representative),
            *(("Contracting officer", address) for address in officer)]


def _open() -> QuerySet:
    return get_user_model()._default_manager.filter(is_active=True)
