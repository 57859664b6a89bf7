"""What two persons of two sides approve, the agency's appointer and one of the operator's operations staff (BEY-10)."""

from django.conf import settings
from django.db import models


class TwoSides(models.Model):
    """A matter that is open until it is done or withdrawn, with the approval of either side."""

    agency_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    agency_at = models.DateTimeField(null=True)
    operator_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    operator_at = models.DateTimeField(null=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        abstract = True

    @property
    def is_approved(self) -> bool:
        """By a person of the agency and another of the operator."""
        return bool(self.is_open and self.agency_by_id and self.operator_by_id and self.agency_by_id != self.operator_by_id)
