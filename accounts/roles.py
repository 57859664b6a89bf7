"""Roles and their rights, and nothing that is not in this table (ACC-10; the table that opens requirements.md).

`RIGHTS` decides about pages and API: what a person may do with reads, alerts, audit records. It is asked by role, never by
permission, so a superuser's all-permissions open no content. `PERMISSIONS` is what each role may touch in the back office;
`install_roles` writes it into one Django group for each role, and a test compares the groups with this file.
"""

from django.db.models import TextChoices


class Role(TextChoices):
    OFFICER = "officer", "Officer or agent"
    SUPPORT_STAFF = "support_staff", "Support staff"
    SUPERVISOR = "supervisor", "Supervisor"
    AGENCY_MANAGER = "agency_manager", "Agency Manager"
    OPR_AUDITOR = "opr_auditor", "OPR auditor"
    AGENCY_APPOINTER = "agency_appointer", "Agency appointer"
    HELP_DESK = "help_desk", "Operator: help desk"
    DATA_QUALITY = "data_quality", "Operator: data quality"
    OPERATIONS = "operations", "Operator: operations"


class Right(TextChoices):
    QUERY = "query", "Ask about a plate, keep alert lists"
    SEARCH_AUDIT = "search_audit", "Search audit records of the AOR, or all of them"
    SEE_AFFIRMATIONS = "see_affirmations", "See who affirmed which rules of behavior"
    ASK_DELETION = "ask_deletion", "Ask for the deletion of people of the AOR"


ASKERS = frozenset({Role.OFFICER, Role.SUPPORT_STAFF, Role.SUPERVISOR})
AUDIT_READERS = frozenset({Role.SUPERVISOR, Role.AGENCY_MANAGER, Role.OPR_AUDITOR})

RIGHTS: dict[Right, frozenset[Role]] = {
    Right.QUERY: ASKERS,
    Right.SEARCH_AUDIT: AUDIT_READERS,
    Right.SEE_AFFIRMATIONS: frozenset({Role.AGENCY_MANAGER, Role.OPR_AUDITOR, Role.AGENCY_APPOINTER}),
    Right.ASK_DELETION: frozenset({Role.SUPERVISOR}),
}

# Who is appointed by whom (ACC-4). Officers and support staff come by request.
APPOINTS: dict[str, frozenset[Role]] = {
    Role.AGENCY_APPOINTER: frozenset({Role.AGENCY_MANAGER, Role.SUPERVISOR, Role.OPR_AUDITOR}),
    Role.OPERATIONS: frozenset({Role.HELP_DESK, Role.DATA_QUALITY, Role.OPERATIONS}),
}

# With whom the appointing begins, on either side: each is named once by the installation's command.
FIRST = (Role.AGENCY_APPOINTER, Role.OPERATIONS)

# "app.model": the actions. Django's own names: add, change, delete, view.
PERMISSIONS: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.OFFICER: {},
    Role.SUPPORT_STAFF: {},
    Role.SUPERVISOR: {},
    Role.AGENCY_MANAGER: {
        "alerts.handover": ("view",),
        "accounts.user": ("view", "change"),
        "accounts.trainingrecord": ("view", "add"),
        "accounts.course": ("view",),
        "accounts.lockout": ("view",),
        "accounts.accessrequest": ("view",),
        "accounts.accountceiling": ("view",),
        "accounts.appointment": ("view",),
        "accounts.deletionrequest": ("view", "add"),
        "accounts.sanction": ("view", "add"),
        "accounts.rulestext": ("view",),
        "accounts.ticket": ("view",),
    },
    Role.OPR_AUDITOR: {"accounts.user": ("view",), "accounts.trainingrecord": ("view",), "accounts.sanction": ("view",)},
    Role.AGENCY_APPOINTER: {
        "accounts.user": ("view",),
        "accounts.aor": ("view", "add", "change"),
        "accounts.appointment": ("view", "add"),
        "accounts.accountceiling": ("view", "add", "change"),
        # Of those whom the appointer appoints: they are in no manager's hands.
        "accounts.trainingrecord": ("view", "add"),
        "accounts.course": ("view",),
        "accounts.deletionrequest": ("view", "add"),
        "accounts.sanction": ("view", "add"),
        "accounts.rulestext": ("view", "add", "change"),
    },
    Role.HELP_DESK: {"accounts.ticket": ("view",)},
    Role.DATA_QUALITY: {"lpr.errorreport": ("view", "change")},
    Role.OPERATIONS: {
        "lpr.source": ("view", "add", "change"),
        "lpr.sourcekey": ("view", "add", "change"),
        "lpr.jurisdiction": ("view", "add", "change"),
        "lpr.sourceauthority": ("view", "add", "change"),
        "lpr.reasoncode": ("view", "add", "change"),
        "lpr.offense": ("view", "add", "change"),
        "lpr.timeframelimit": ("view", "add", "change"),
        "lpr.reportfooter": ("view", "add", "change"),
        "lpr.quarantinedrecord": ("view",),
        "lpr.receipt": ("view",),
        "alerts.alertpolicy": ("view", "change"),
        "alerts.deadletter": ("view",),
        "audit.retentionpolicy": ("view", "change"),
        "audit.reviewpolicy": ("view", "change"),
        "accounts.appointment": ("view", "add"),
        "accounts.challengequestion": ("view", "add", "change"),
        # The queue of deletions to carry out, and the removal of operator staff.
        "accounts.deletionrequest": ("view", "add"),
        "accounts.course": ("view", "add", "change"),
        "accounts.rulestext": ("view", "add", "change"),
        "accounts.ticketpolicy": ("view", "change"),
        "accounts.escalationstep": ("view", "add", "change"),
    },
}

BACK_OFFICE = frozenset(role for role, permissions in PERMISSIONS.items() if permissions)


def may(user: object, right: Right) -> bool:
    """Whether `user` holds `right` by role. Superuser status holds none."""
    return bool(getattr(user, "is_active", False)) and getattr(user, "role", "") in RIGHTS[right]
