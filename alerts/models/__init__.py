from alerts.models.alert_list import AlertList, Collapse, Scope
from alerts.models.entry import Entry, EntryStatus
from alerts.models.handover import Handover, Resting
from alerts.models.hit import Disposition, Hit
from alerts.models.mail_choice import Frequency, MailChoice
from alerts.models.notification import DeadLetter, Notification, NotificationKind, NotificationStatus
from alerts.models.policy import AlertPolicy
from alerts.models.recipient import Reader, Recipient
from alerts.models.upload import ColumnMapping, UploadDraft

__all__ = ["AlertList", "AlertPolicy", "Collapse", "ColumnMapping", "DeadLetter", "Disposition", "Entry", "EntryStatus",
           "Frequency", "Handover", "Hit", "MailChoice", "Notification", "NotificationKind", "NotificationStatus", "Reader",
           "Recipient", "Resting", "Scope", "UploadDraft"]
