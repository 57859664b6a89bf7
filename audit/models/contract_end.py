"""The end of the contract: its clock, the agency's receipt and the two approvals without which nothing is erased (AUD-10)."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from audit.models.two_sides import TwoSides


class ContractEnd(TwoSides):
    """One is open at a time. `manifest` is the SHA-256 of the manifest of the export that the agency says it received, `missing`
    the files that it knows to lack there, because their storage had lost them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    destination = models.CharField(max_length=200)
    ended_on = models.DateField()
    due_on = models.DateField()
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    manifest = models.CharField(max_length=64, blank=True)
    missing = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(fields=["is_open"], condition=Q(is_open=True), name="contract_end_one_is_open"),
            models.CheckConstraint(condition=Q(due_on__gte=F("ended_on")), name="contract_end_due_after_its_day"),
            models.CheckConstraint(
                condition=Q(manifest="", received_by=None, received_at=None, agency_by=None, operator_by=None)
                | Q(manifest__regex=r"^[0-9a-f]{64}$", received_by__isnull=False, received_at__isnull=False),
                name="contract_end_approval_needs_a_receipt"),
            models.CheckConstraint(condition=Q(agency_by=None) | Q(operator_by=None) | ~Q(agency_by=F("operator_by")),
                                   name="contract_end_two_persons"),
        ]

    def __str__(self) -> str:
        return f"End of the contract on {self.ended_on}"
