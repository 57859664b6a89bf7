"""The event catalogue: every kind of fact that the log can hold, in one place (AUD-1).

`room.fact` in the past. What a kind's `details` hold is said beside it. Kinds of refusals end in `refused`.
"""

from django.db.models import TextChoices


class Kind(TextChoices):
    # accounts
    SIGNED_IN = "session.signed_in", "Signed in"
    SIGN_IN_REFUSED = "session.sign_in_refused", "Sign-in refused"  # username of a known account, why
    SIGNED_OUT = "session.signed_out", "Signed out"
    PASSWORD_CHANGED = "password.changed", "Own password changed"  # how: recovery, where it was one
    PASSWORD_CHANGE_REFUSED = "password.change_refused", "Change of own password refused"  # why
    SESSION_ENDED = "session.ended", "Session ended"  # why: idle, absolute, account, temporary, factor
    FACTOR_GIVEN = "factor.given", "Second factor given"  # how
    FACTOR_REFUSED = "factor.refused", "Second factor refused"  # why
    FACTOR_BOUND = "factor.bound", "Second factor set up"  # what
    FACTOR_REMOVED = "factor.removed", "Own second factor removed"  # what
    FACTOR_RESET = "factor.reset", "Lost second factor reset"  # username, check, note
    RECOVERY_CODES_MADE = "factor.codes_made", "Recovery codes made"
    RECOVERY_ASKED = "recovery.asked", "Password recovery asked for"  # username of a known account
    RECOVERY_REFUSED = "recovery.refused", "Password recovery refused"  # why
    RECOVERY_ANSWERED = "recovery.answered", "Password recovery: challenge question answered"
    TEMPORARY_PASSWORD_USED = "recovery.temporary_password_used", "Temporary password used"
    PASSWORD_RESET_STARTED = "password.reset_started", "Password reset started by a manager"  # username
    ACCOUNT_LOCKED = "account.locked", "Account locked"  # username; empty for a name that is nobody's
    ACCOUNT_RELEASED = "account.released", "Account released"  # username; how: recovery, where no manager did
    ADDRESS_LOCKED = "address.locked", "Address locked"  # failures
    RULES_AFFIRMED = "rules.affirmed", "Rules of behavior affirmed"  # version
    # Texts of the rules: each names the text by its number and the words by their digest.
    RULES_DRAFTED = "rules.drafted", "Rules of behavior drafted"
    RULES_DRAFT_CHANGED = "rules.draft_changed", "Draft of the rules of behavior changed"
    RULES_SUBMITTED = "rules.submitted", "Rules of behavior sent for approval"
    RULES_APPROVED = "rules.approved", "Rules of behavior approved"  # version, in_force_from
    RULES_TURNED_DOWN = "rules.turned_down", "Rules of behavior turned down"  # reason_given
    RULES_STEP_REFUSED = "rules.refused", "Step of the rules of behavior refused"  # why
    RULES_AFFIRMATIONS_VIEWED = "rules.affirmations_viewed", "Who affirmed which rules was looked at"
    # Tickets of the help desk: each names the ticket by its number and holds none of its text.
    TICKET_ASKED = "ticket.asked", "Ticket asked for before signing in"  # username of a known address
    TICKET_OPENED = "ticket.opened", "Ticket opened"
    TICKET_VIEWED = "ticket.viewed", "Ticket read"  # by_link
    TICKET_REPLIED = "ticket.replied", "Reply written in a ticket"  # by_desk
    TICKET_CLOSED = "ticket.closed", "Ticket closed"  # how
    TICKET_REOPENED = "ticket.reopened", "Ticket reopened"
    TICKET_ESCALATED = "ticket.escalated", "Overdue ticket moved up a step"  # step, hours, tells
    TICKET_ERASED = "ticket.erased", "Text of a ticket erased"
    TICKET_REFUSED = "ticket.refused", "Step of a ticket refused"  # why
    # Requests to account: each names the request by its number.
    REQUEST_FILED = "request.filed", "Request to account filed"  # scan: whether one came with it
    REQUEST_FORM_REFUSED = "request.refused", "Request to account not taken"  # why, fields
    REQUEST_APPROVED = "request.approved", "Request to account approved"
    REQUEST_TURNED_DOWN = "request.turned_down", "Request to account turned down"
    REQUEST_DECISION_REFUSED = "request.decision_refused", "Decision about a request not taken"  # why
    REQUEST_SCAN_VIEWED = "request.scan_viewed", "Scan of a request form opened"
    REQUEST_PAPER_PLACED = "request.paper_placed", "Place of a paper form noted"
    REQUESTS_SEARCHED = "requests.searched", "Request forms searched"  # name or number, found
    REQUEST_DROPPED = "request.dropped", "Request form deleted at the end of its retention"
    KEY_ISSUED = "key.issued", "Registration key issued"  # ground, again
    KEY_MAILED = "key.mailed", "Registration key mailed"  # ground
    KEY_REVOKED = "key.revoked", "Registration key revoked"  # ground
    KEY_REFUSED = "key.refused", "Registration key refused"  # why, ground where it is known
    ACCOUNT_REGISTERED = "account.registered", "Account registered"  # ground
    REGISTRATION_REFUSED = "registration.refused", "Registration refused"  # ground, fields
    APPOINTMENT_MADE = "appointment.made", "Person appointed"  # appointment, role, aor
    # appointment, role, username and closed: who left and whether their account was open; authority
    APPOINTMENT_SUCCEEDED = "appointment.succeeded", "Person named to follow one who left"
    APPOINTMENT_REFUSED = "appointment.refused", "Appointment refused"  # role; of a succession succeeds, why
    NEED_REAFFIRMED = "need.reaffirmed", "Need of an account reaffirmed"  # username
    NEED_NOTICED = "need.noticed", "Notice given that an account's need lapses"  # username
    NEED_LAPSED = "need.lapsed", "Account disabled, need not reaffirmed"  # username
    IDLE_NOTICED = "idle.noticed", "Notice given that an unused account is disabled"  # username, ends_at
    IDLE_DISABLED = "idle.disabled", "Unused account disabled"  # username, idle_since
    USERS_EXPORTED = "users.exported", "List of users exported"  # format, count, filters, digest
    # what: the kind of mail; username of the account it is about, or number of the request or ticket
    ACCOUNT_MAILED = "account.mailed", "Mail about an account, request or ticket sent"
    DRAFTS_ERASED = "drafts.erased", "Uploaded files erased that nobody confirmed in their hour"  # drafts: of what; count
    DESK_VIEWED = "desk.viewed", "Manager's desk viewed"
    # training: rosters by the digest of the file
    ROSTER_READ = "roster.read", "Roster of training read"  # rows
    ROSTER_REFUSED = "roster.refused", "Roster of training refused"  # why
    ROSTER_PREVIEWED = "roster.previewed", "Roster of training previewed"  # counts; purpose: preview or rows
    ROSTER_CONFIRMED = "roster.confirmed", "Roster of training confirmed"  # counts
    TRAINING_RECORDED = "training.recorded", "Training recorded from a roster"  # username; completions: course and day each
    TRAINING_REMINDED = "training.reminded", "Owner reminded that training ends soon"  # username, courses with their end
    TRAINING_LAPSED = "training.lapsed", "Training lapsed, owner told"  # username, courses with their end
    TRAINING_LAPSES_LISTED = "training.lapses_listed", "Managers told whose training lapsed"  # area, usernames
    # Deletions: username, deletion (its id); note is the reason given.
    DELETION_ASKED = "deletion.asked", "Deletion of an account asked for"  # note
    DELETION_FILED = "deletion.filed", "Deletion filed, account closed"  # note, due_at
    DELETION_TURNED_DOWN = "deletion.turned_down", "Deletion turned down"  # note
    DELETION_WITHDRAWN = "deletion.withdrawn", "Deletion withdrawn"  # note; opened: whether the account is open again
    DELETION_DONE = "deletion.done", "Account deleted"  # due_at, in_time
    DELETION_REFUSED = "deletion.refused", "Step of a deletion refused"  # username where known, why
    DELETION_CALLED = "deletion.called", "Operator called about a deletion"  # stage, due_at
    DELETION_OVERDUE = "deletion.overdue", "Deletion overdue"  # due_at
    # At the end of their retention: how many of each kind
    RECORDS_DROPPED = "account.records_dropped", "Records of a deleted account erased"  # username, counts
    # Sanctions: username, sanction (its id), measure, evidence; note is the reason given.
    SANCTION_IMPOSED = "sanction.imposed", "Sanction put on record"  # starts_at, ends_at
    SANCTION_LIFTED = "sanction.lifted", "Sanction lifted"  # opened: whether the account is open again
    SANCTION_REFUSED = "sanction.refused", "Sanction refused"  # why
    # groups: each names the group by its id
    GROUP_CREATED = "group.created", "User group created"
    GROUP_CHANGED = "group.changed", "User group changed"  # fields
    GROUP_VIEWED = "group.viewed", "User group viewed"
    GROUP_MEMBER_ADDED = "group.member_added", "Member added to a user group"  # username
    GROUP_MEMBER_REMOVED = "group.member_removed", "Member removed from a user group"  # username
    GROUP_MEMBER_LEFT = "group.member_left", "Member left a user group"
    GROUP_REFUSED = "group.refused", "Change of a user group refused"  # why
    ACCESS_REFUSED = "access.refused", "Access refused"  # method, route, status, why
    # By a person, of which no other event came: method, route, status.
    PAGE_OPENED = "page.opened", "Page opened"
    PAGE_SENT = "page.sent", "Form sent, nothing done by it"
    PAGE_FAILED = "page.failed", "Page or call failed"  # by anybody, beside what was recorded before: method, route, status
    # lpr
    QUERY_ATTEMPTED = "query.attempted", "Query asked"  # the whole question
    QUERY_ANSWERED = "query.answered", "Query answered"  # count, count_state_unread, digest
    QUERY_FAILED = "query.failed", "Query failed"  # why
    QUERY_REFUSED = "query.refused", "Query refused"  # what was entered, errors by field
    # page; purpose: results, again, alert, read, compare, narrow; narrowing, or narrowed_by: the look that says it
    QUERY_VIEWED = "query.viewed", "Query result viewed"
    QUERY_REPLAYED = "query.replayed", "Query replayed"  # by an audit role: page, purpose
    # replay, is_proven; answered and shown: counts with their digests; differences: number of reads by cause
    QUERY_COMPARED = "query.compared", "Replay compared with its answer"
    QUERY_RECALLED = "query.recalled", "Own queries recalled"  # criteria, shared, or purpose: case references
    QUERY_SHARED = "query.shared", "Query shared with a group"  # group, name
    QUERY_SHARING_ENDED = "query.sharing_ended", "Sharing of a query ended"  # group
    # query; reads: the ids selected; purpose: print or pdf
    REPORT_PRINTED = "report.printed", "Reads printed or downloaded"
    PHOTO_VIEWED = "photo.viewed", "Photo opened"  # read, number, hit or report
    READ_COMPARED = "read.compared", "Read compared with its photos"  # read, hit; same_plate, same_state, same_vehicle
    # query or hit; read, captured_at, wrong (what), note, report
    READ_REPORTED = "read.reported", "Read reported as wrong"
    READ_REPORT_REFUSED = "read.report_refused", "Report of a wrong read refused"  # what was entered, errors by field
    READ_REPORT_VIEWED = "read.report_viewed", "Report of a wrong read opened by data quality"  # report, reported
    # report, reported, resolution, note, corrected: plate, state, make, model, record_id
    READ_RESOLVED = "read.resolved", "Report of a wrong read resolved"
    READ_RESOLUTION_REFUSED = "read.resolution_refused", "Resolution of a report refused"  # report, errors by field
    READ_NOTICES_VIEWED = "read.notices_viewed", "Notices of corrections viewed"  # reported
    READ_NOTICE_SENT = "read.notice_sent", "Notice of a correction sent"  # report, recipient
    READS_LOADED = "reads.loaded", "Reads loaded"  # source, stored, duplicates, refused, hits, body, receipt, repaired
    # partitions made, months closed and dropped; reads, receipts and set-aside records erased
    STORE_MAINTAINED = "store.maintained", "Months of reads maintained"
    SOURCE_SILENT = "source.silent", "Source fell silent"  # source
    SOURCE_HEARD = "source.heard", "Source is heard again"  # source
    # source, collected_in, policy: keep, hide or delete; source, collected_in
    AUTHORITY_ENDED = "authority.ended", "Authority of a source ended"
    AUTHORITY_RESUMED = "authority.resumed", "Authority of a source holds again"
    COVERAGE_VIEWED = "coverage.viewed", "Coverage viewed"
    COVERAGE_BELOW = "coverage.below", "Coverage fell below the floor"  # states, areas
    COVERAGE_REACHED = "coverage.reached", "Coverage reaches the floor again"  # states, areas
    # record, source, why it was set aside; fields: the names of those that were changed
    SET_ASIDE_REPAIRED = "set_aside.repaired", "Record that was set aside repaired"
    SET_ASIDE_DISCARDED = "set_aside.discarded", "Record that was set aside discarded"  # record, source, why, note
    SET_ASIDE_REFUSED = "set_aside.refused", "Repair of a record that was set aside refused"  # record, source, errors by field
    READS_REFUSED = "reads.refused", "Delivery of reads refused"  # why
    # alerts
    LIST_CREATED = "list.created", "Alert list created"
    LIST_DELETED = "list.deleted", "Alert list deleted"
    LIST_VIEWED = "list.viewed", "Alert list viewed"
    LIST_SHARED = "list.shared", "Alert list: who is told changed"  # list, before, after
    LISTS_HANDED_OVER = "list.handed_over", "Alert lists handed over"  # from, to, lists, number of entries
    HANDOVER_OPENED = "handover.opened", "Alert lists at rest"  # owner, why, due_at
    HANDOVER_REFUSED = "handover.refused", "Successor refused"  # owner, why
    HANDOVER_CLOSED = "handover.closed", "Alert lists no longer at rest"  # owner, why
    UPLOAD_READ = "upload.read", "File of plates read"  # mode, rows, digest of the file
    UPLOAD_REFUSED = "upload.refused", "File of plates refused"  # why, digest of the file
    UPLOAD_PREVIEWED = "upload.previewed", "File of plates previewed"  # counts; purpose: preview or bad rows
    UPLOAD_CONFIRMED = "upload.confirmed", "File of plates confirmed"  # list, mode, counts, digest of the file
    ENTRY_ADDED = "entry.added", "Alert entry added"  # list, entry, scope, oldest_open (transaction)
    ENTRY_ACTIVATION_RESUMED = "entry.activation_resumed", "Alert entries matched backwards"  # entries
    ENTRY_REFUSED = "entry.refused", "Alert entry refused"  # what was entered, errors by field
    ENTRY_RENEWED = "entry.renewed", "Alert entry renewed"
    ENTRY_REMOVED = "entry.removed", "Alert entry removed"
    ENTRY_PROMPTED = "entry.prompted", "Owner prompted to renew an alert entry"  # entry, list, days, valid_until
    ENTRY_EXPIRED = "entry.expired", "Alert entry ended"  # entry, list, valid_until
    ENTRY_ERASED = "entry.erased", "Alert entry erased after its grace"  # entry, list, valid_until
    HITS_ERASED = "hits.erased", "Old hits of an alert entry erased"  # entry, hits
    ENTRY_HANDED_OVER = "entry.handed_over", "Alert entry handed over"  # list, entry, from, to
    ENTRIES_SEARCHED = "entries.searched", "Own alert entries searched"
    HIT_MADE = "hit.made", "Alert hit"  # entry, record
    HIT_SHARED = "hit.shared", "Hit shared with other users"  # hit, entry, users
    HIT_DISPOSED = "hit.disposed", "Said what became of a hit"  # hit, entry, disposition, action_taken
    HITS_VIEWED = "hits.viewed", "Hits viewed"
    MAIL_CHOSEN = "notification.mail_chosen", "How often one is mailed of hits chosen"  # before, after
    MAIL_CHOICE_REFUSED = "notification.mail_choice_refused", "Choice of mails refused"  # why
    NOTICES_VIEWED = "notification.viewed", "Own notices viewed"  # count, entries, queries: shared ones
    NOTICES_READ = "notification.all_read", "All own notices and hits marked as read"  # count
    NOTIFICATION_RETRIED = "notification.retried", "Given-up mail to be sent again"  # notification, of: its kind
    NOTIFICATION_SENT = "notification.sent", "Notification sent"
    NOTIFICATION_FAILED = "notification.failed", "Notification given up"  # notification, why
    # read_at; how many of them gave up a letter, said that it is under way, were not ours, were no report
    RETURNED_MAIL_READ = "notification.returned_read", "Mails that came back read"
    # audit
    AUDIT_SEARCHED = "audit.searched", "Audit log searched"  # criteria
    AUDIT_VIEWED = "audit.viewed", "Audit search viewed"  # search, page; purpose: bundle or export
    AUDIT_BUNDLED = "audit.bundled", "Audit bundle made"  # search, count, digest of the leaves in order
    AUDIT_EXPORTED = "audit.exported", "Audit export asked for"  # search, format
    AUDIT_EXPORT_DOWNLOADED = "audit.export_downloaded", "Audit export downloaded"  # search, format, count, digest
    AUDIT_EXPORT_REFUSED = "audit.export_refused", "Audit export refused"  # search, format, why
    AUDIT_EXPORT_FAILED = "audit.export_failed", "Audit export failed"  # search, format, why
    AUDIT_EXPORT_ERASED = "audit.export_erased", "Audit export erased after a day"  # search, format
    AUDIT_COUNTED = "audit.counted", "Usage of a day counted"  # day
    STATISTICS_VIEWED = "statistics.viewed", "Usage statistics viewed"  # since, until, format
    # incidents and suspected unauthorized use, by their numbers
    INCIDENT_OPENED = "incident.opened", "Incident opened"  # discovered_at, data_kinds, cause
    INCIDENT_REPORTED = "incident.reported", "Incident reported to the agency"  # report, recipients
    INCIDENT_NOTED = "incident.noted", "Step of an incident noted"  # step; data_kinds where more is known of them
    INCIDENT_CLOSED = "incident.closed", "Incident closed"
    INCIDENT_VIEWED = "incident.viewed", "Incident or suspected use viewed"
    INCIDENTS_LISTED = "incident.listed", "Incidents listed"
    INCIDENT_REFUSED = "incident.refused", "Step of an incident or suspected use refused"  # why, fields
    SUSPECTED_USE_OPENED = "suspected_use.opened", "Suspected unauthorized use recorded"  # username, area, discovered_at
    SUSPECTED_USE_NOTED = "suspected_use.noted", "Step about suspected unauthorized use noted"
    SUSPECTED_USE_CLOSED = "suspected_use.closed", "Suspected unauthorized use closed"  # outcome, sanction
    RECORD_MAILED = "audit.mailed", "Mail of the record sent"  # what, about, area; how many: recipients, refused
    ALARM_RAISED = "alarm.raised", "Alarm raised"  # about
    SIGNING_KEY_ROTATED = "seal.key_rotated", "Signing key of the log replaced"  # old and new public key
    # deliveries of the log: each names the delivery by its id; `search` is the event of the request
    DELIVERY_ASKED = "delivery.asked", "Delivery of the log asked for"  # criteria, fingerprint of the certificate
    DELIVERY_REFUSED = "delivery.refused", "Step of a delivery refused"  # why
    DELIVERY_VIEWED = "delivery.viewed", "Deliveries viewed"
    DELIVERY_READ = "delivery.read", "Log read for a delivery"  # search, page
    DELIVERY_MADE = "delivery.made", "Log written into a delivery"  # search, count, digest of the leaves in order
    DELIVERY_READY = "delivery.ready", "Delivery encrypted and laid ready"  # search, digest and size of the file
    DELIVERY_FAILED = "delivery.failed", "Delivery failed"  # search, why
    DELIVERY_RESTARTED = "delivery.restarted", "Delivery started again"
    DELIVERY_DOWNLOADED = "delivery.downloaded", "Delivery downloaded"  # digest of the file
    DELIVERY_RECEIVED = "delivery.received", "Receipt of a delivery recorded"  # digest that the receiver saw
    DELIVERY_ERASED = "delivery.erased", "File of a delivery erased at its end"  # digest of the file
    AUDIT_REFUSED = "audit.refused", "Audit search refused"
    # reviews: each names the review by its id, and the item where it is about one query
    REVIEWS_LISTED = "reviews.listed", "Reviews listed"
    # aor, since, until, method, size, seed, in_their_name, opener_names, thresholds
    REVIEW_OPENED = "review.opened", "Review opened"
    REVIEW_SIGNALLED = "review.signalled", "Signals of a review counted"  # by_count: queries; or more than too_many have any
    REVIEW_DRAWN = "review.drawn", "Sample of a review drawn"  # queries, population
    REVIEW_REFUSED = "review.refused", "Step of a review refused"  # why
    REVIEW_VIEWED = "review.viewed", "Review viewed"  # purpose: page, query, signals, draw again, sign-off, report
    REVIEW_CANDIDATES_VIEWED = "review.candidates_viewed", "Queries to choose from viewed"  # user
    REVIEW_CHOSEN = "review.chosen", "Queries chosen for a review"  # queries
    REVIEW_JUDGED = "review.judged", "Query judged in a review"  # verdict, note
    REVIEW_FOLLOWED_UP = "review.followed_up", "Questioned query followed up"  # sanction
    REVIEW_CLOSED = "review.closed", "Review signed off"  # note, digest of the report's facts, drawn_again, sealed, checkpoint
    REVIEW_REPORT_TAKEN = "review.report_taken", "Report of a review taken"  # digest
    # signed, found: digests; or dropped: months of the log
    REVIEW_REPORT_REFUSED = "review.report_refused", "Report of a review not given out"
    REVIEW_REMINDED = "review.reminded", "Managers reminded of a review"  # area, interval, managers: how many
    QUESTION_ASKED = "question.asked", "Officer asked about a query"  # text
    QUESTION_VIEWED = "question.viewed", "Questions to oneself viewed"
    QUESTION_ANSWERED = "question.answered", "Question about a query answered"  # question, text
    QUESTION_REFUSED = "question.refused", "Answer to a question refused"  # question, why
    NAMED_TOLD = "named.told", "Person told of a query in their name"  # persons
    NAMED_VIEWED = "named.viewed", "Queries in one's own name viewed"
    QUERY_DISOWNED = "query.disowned", "Query disowned by the person named"  # notice, is_only_match, text
    DISOWNING_REFUSED = "query.disowning_refused", "Disowning of a query refused"  # notice, why
    LETTER_SENT = "letter.sent", "Mail about a review sent"  # letter, recipient
    # the end of the contract
    CONTRACT_EXPORT_BEGUN = "contract.export_begun", "Export of the contract begun"  # destination, events, resumed
    CONTRACT_EXPORTED = "contract.exported", "Contract exported"  # destination, manifest: its digest, files, events
    CONTRACT_END_OPENED = "contract.end_opened", "End of the contract opened"  # contract, destination, ended_on, due_on
    CONTRACT_END_WITHDRAWN = "contract.end_withdrawn", "End of the contract withdrawn"  # contract
    CONTRACT_RECEIVED = "contract.received", "Receipt of the export recorded"  # contract, manifest, missing: files
    CONTRACT_ERASURE_APPROVED = "contract.erasure_approved", "Erasure approved"  # contract, manifest, side
    CONTRACT_ERASURE_ANNOUNCED = "contract.erasure_announced", "Erasure announced"  # contract, manifest, persons
    CONTRACT_VIEWED = "contract.viewed", "End of the contract viewed"  # contract
    CONTRACT_REFUSED = "contract.refused", "Step of the contract's end refused"  # step, why
    # the end of months past their retention; `announcement` is the event that names them
    # months (each with events and digest of its leaves), size and root of the tree
    MONTHS_ANNOUNCED = "retention.announced", "Months of the log announced to be dropped"
    MONTHS_APPROVED = "retention.approved", "Dropping of months approved"  # announcement, side
    MONTHS_WITHDRAWN = "retention.withdrawn", "Announcement of months withdrawn"  # announcement, months: those left
    MONTH_DROPPED = "retention.dropped", "Month of the log dropped"  # announcement, month, events, files
    HOLD_PLACED = "retention.held", "Legal hold placed on months of the log"  # hold, month, note
    HOLD_LIFTED = "retention.hold_lifted", "Legal hold lifted"  # hold, month, note
    RETENTION_VIEWED = "retention.viewed", "Retention of the log viewed"
    RETENTION_REFUSED = "retention.refused", "Step of the log's retention refused"  # step, why
    # back office and operation
    RECORD_ADDED = "record.added", "Record added in the back office"  # model, object
    RECORD_CHANGED = "record.changed", "Record changed in the back office"  # model, object, fields
    RECORD_DELETED = "record.deleted", "Record deleted in the back office"
    RECORD_VIEWED = "record.viewed", "Record viewed in the back office"  # model, object: its id, `list` or `new`
    COMMAND_RUN = "command.run", "Command run"  # command


def is_refusal(kind: str) -> bool:
    return kind.endswith("refused")
