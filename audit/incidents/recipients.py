"""Who is told of incidents: the agency's two recipients by mail, the keepers and the manager of an area by letters (AUD-9)."""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from audit.models.incident import APPOINTER, MANAGER, OPERATIONS, Incident


class Recipient(NamedTuple):
    """Whose address it is: `name` is what the record says, for an account its user name, since its address is erased with it."""

    role: str
    address: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


def keepers() -> QuerySet:
    """The open accounts that keep incidents: operations staff and appointers."""
    return _open().filter(role__in=[OPERATIONS, APPOINTER])


def appointers_and_managers(aor: str, *, but: Any) -> QuerySet:
    """Who is told of suspected use in the area with the code `aor`; never the person `but` whom it is about."""
    managers = _open().filter(role=MANAGER, aor__code=aor) if aor else _open().none()
    return (_open().filter(role=APPOINTER) | managers).exclude(pk=but.pk)


def of_reports() -> list[Recipient]:
    """Both recipients of reports: offices that settings name; the representative's default are the appointers themselves."""
    office, officer = settings.INCIDENT_REPRESENTATIVE_EMAIL, settings.INCIDENT_CONTRACTING_OFFICER_EMAIL
    appointers = _open().filter(role=APPOINTER).exclude(email="")
    representative = [(office, office)] if office else [(one.email, one.get_username()) for one in appointers]
    return [*(Recipient("Contracting officer's representative", *who) for who in representative),
            *(Recipient("Contracting officer", address, address) for address in [officer] if address)]


def forget(addresses: Collection[str]) -> None:
    """Erase addresses from what reports that are still to be sent know of who took them; joins the open transaction (ACC-9).

    Args:
        addresses: in small letters.
    """
    for incident in Incident.objects.select_for_update().exclude(taken_by={}):
        incident.taken_by = {kind: [one for one in took if one.lower() not in addresses]
                             for kind, took in incident.taken_by.items()}
        incident.save(update_fields=["taken_by"])


def _open() -> QuerySet:
    return get_user_model()._default_manager.filter(is_active=True)
