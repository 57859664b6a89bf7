"""What sources delivered and what was set aside, for operations staff to look at (DAT-3, BEY-8)."""

from django.contrib import admin

from audit.admin_base import ReadOnlyAdmin
from lpr.models import QuarantinedRecord, Receipt


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("source", "received_at", "stored", "duplicates", "refused", "hits", "newest_captured_at", "body_digest")
    list_filter = ("source",)
    list_select_related = ("source",)
    show_full_result_count = False


@admin.register(QuarantinedRecord)
class QuarantinedRecordAdmin(ReadOnlyAdmin):
    """What was sent is shown on the record's own page alone, which is an event; the list shows reasons."""

    list_display = ("source", "received_at", "position", "reason")
    list_filter = ("source",)
    list_select_related = ("source",)
    show_full_result_count = False
