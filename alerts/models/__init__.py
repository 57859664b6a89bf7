from alerts.models.alert_list import AlertList, Scope
from alerts.models.entry import Entry, EntryStatus
from alerts.models.handover import Handover, Resting
from alerts.models.hit import Disposition, Hit
from alerts.models.notification import Notification, NotificationKind, NotificationStatus
from alerts.models.policy import AlertPolicy
from alerts.models.recipient import Recipient
from alerts.models.upload import ColumnMapping, UploadDraft

__all__ = ["AlertList", "AlertPolicy", "ColumnMapping", "Disposition", "Entry", "EntryStatus", "Handover", "Hit", "Notification",
           "NotificationKind", "NotificationStatus", "Recipient", "Resting", "Scope", "UploadDraft"]
