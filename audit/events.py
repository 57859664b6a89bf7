"""The event catalogue: every kind of fact that the log can hold, in one place (AUD-1).

`room.fact` in the past. What a kind's `details` hold is said beside it. Kinds of refusals end in `refused`.
"""

from django.db.models import TextChoices


class Kind(TextChoices):
    # accounts
    SIGNED_IN = "session.signed_in", "Signed in"
    SIGN_IN_REFUSED = "session.sign_in_refused", "Sign-in refused"  # username of a known account, why
    SIGNED_OUT = "session.signed_out", "Signed out"
    PASSWORD_CHANGED = "password.changed", "Own password changed"
    PASSWORD_CHANGE_REFUSED = "password.change_refused", "Change of own password refused"  # why
    SESSION_ENDED = "session.ended", "Session ended"  # why: idle, absolute, account
    ACCOUNT_LOCKED = "account.locked", "Account locked"  # username; empty for a name that is nobody's
    ACCOUNT_RELEASED = "account.released", "Account released"  # username
    ADDRESS_LOCKED = "address.locked", "Address locked"  # failures
    RULES_AFFIRMED = "rules.affirmed", "Rules of behavior affirmed"  # version
    ACCESS_REFUSED = "access.refused", "Access refused"  # method, route, status, why
    # lpr
    QUERY_ATTEMPTED = "query.attempted", "Query asked"  # the whole question
    QUERY_ANSWERED = "query.answered", "Query answered"  # count, count_state_unread, digest
    QUERY_FAILED = "query.failed", "Query failed"  # why
    QUERY_REFUSED = "query.refused", "Query refused"  # what was entered, errors by field
    QUERY_VIEWED = "query.viewed", "Query result viewed"  # page, purpose: results, again, alert
    QUERY_REPLAYED = "query.replayed", "Query replayed"  # by an audit role: page, purpose
    QUERY_RECALLED = "query.recalled", "Own queries recalled"  # criteria
    # query; reads: the ids selected; purpose: print or pdf
    REPORT_PRINTED = "report.printed", "Reads printed or downloaded"
    PHOTO_VIEWED = "photo.viewed", "Photo opened"  # read, number, hit
    READS_LOADED = "reads.loaded", "Reads loaded"  # source, stored, duplicates, refused, hits
    READS_REFUSED = "reads.refused", "Delivery of reads refused"  # why
    # alerts
    LIST_CREATED = "list.created", "Alert list created"
    LIST_DELETED = "list.deleted", "Alert list deleted"
    LIST_VIEWED = "list.viewed", "Alert list viewed"
    ENTRY_ADDED = "entry.added", "Alert entry added"  # list, entry, scope, oldest_open (transaction)
    ENTRY_ACTIVATION_RESUMED = "entry.activation_resumed", "Alert entries matched backwards late"  # entries
    ENTRY_REFUSED = "entry.refused", "Alert entry refused"  # what was entered, errors by field
    ENTRY_RENEWED = "entry.renewed", "Alert entry renewed"
    ENTRY_REMOVED = "entry.removed", "Alert entry removed"
    ENTRIES_SEARCHED = "entries.searched", "Own alert entries searched"
    HIT_MADE = "hit.made", "Alert hit"  # entry, record
    HITS_VIEWED = "hits.viewed", "Hits viewed"
    NOTIFICATION_SENT = "notification.sent", "Notification sent"
    NOTIFICATION_FAILED = "notification.failed", "Notification given up"
    # audit
    AUDIT_SEARCHED = "audit.searched", "Audit log searched"  # criteria
    AUDIT_VIEWED = "audit.viewed", "Audit search viewed"  # search, page
    AUDIT_BUNDLED = "audit.bundled", "Audit bundle made"  # search, count, digest of the leaves in order
    AUDIT_REFUSED = "audit.refused", "Audit search refused"
    # back office and operation
    RECORD_ADDED = "record.added", "Record added in the back office"  # model, object
    RECORD_CHANGED = "record.changed", "Record changed in the back office"  # model, object, fields
    RECORD_DELETED = "record.deleted", "Record deleted in the back office"
    RECORD_VIEWED = "record.viewed", "Record viewed in the back office"
    COMMAND_RUN = "command.run", "Command run"  # command


def is_refusal(kind: str) -> bool:
    return kind.endswith("refused")
