"""What happened to an account is told to its owner, and where it says so to the managers of its area (ACC-3, BEY-1).

A notice joins the transaction of what it tells of; a worker sends it. Each row is locked while its mail is handed over, so
a worker that dies loses none.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Notice, Role, User
from audit.events import Kind
from audit.outbox import mail, send_each
from audit.record import record

NOT_YOU = "\nIf this was not you, tell your Agency Manager and the help desk at once.\n"
BODIES: dict[str, str] = {
    Notice.Kind.PASSWORD_CHANGED: "The password of the account {username} was changed at {at} UTC." + NOT_YOU,
    Notice.Kind.PASSWORD_RESET_STARTED:
        "{by} started a password reset for the account {username} at {at} UTC. Its old password and its open sessions have "
        "ended.\nA mail with a link for a new password follows.\n",
    Notice.Kind.RECOVERY_ANSWER_REFUSED:
        "A wrong or late answer was given at {at} UTC in a recovery of the password of the account {username}." + NOT_YOU,
    Notice.Kind.FACTOR_BOUND: "A second factor was set up for the account {username} at {at} UTC." + NOT_YOU,
    Notice.Kind.FACTOR_REMOVED: "A second factor of the account {username} was removed at {at} UTC." + NOT_YOU,
    Notice.Kind.FACTOR_RESET:
        "{by} reset the second factor of the account {username} at {at} UTC after checking who asked.\nIts open sessions have "
        "ended; a new factor is set up at the next sign-in." + NOT_YOU,
    Notice.Kind.RECOVERY_CODE_USED: "A recovery code of the account {username} was used at {at} UTC." + NOT_YOU,
    Notice.Kind.RECOVERY_CODES_MADE: "New recovery codes were made for the account {username} at {at} UTC." + NOT_YOU,
    Notice.Kind.RULES_SUBMITTED:
        "{by} sent a draft of the rules of behavior for the agency's approval at {at} UTC.\nRead, approve or refuse it in the "
        "back office.\n",
    Notice.Kind.RULES_APPROVED: "The agency approved your draft of the rules of behavior at {at} UTC.\n",
    Notice.Kind.RULES_REFUSED:
        "The agency refused your draft of the rules of behavior at {at} UTC.\nThe reason stands with it in the back office.\n",
    Notice.Kind.TRAINING_EXPIRING:
        "The account {username} needs these courses again:\n\n{details}\n\n"
        "Take them in time and ask your Agency Manager to enter them.\n",
    Notice.Kind.TRAINING_LAPSED:
        "These required courses of the account {username} have lapsed:\n\n{details}\n\nUntil they are on record again, the "
        "account opens nothing but the page that names them. Ask your Agency Manager to enter them when you have taken them.\n",
    Notice.Kind.TRAINING_LAPSED_IN_AREA: "The training of these people of your area has lapsed:\n\n{details}\n",
    Notice.Kind.IDLE_NOTICE:
        "Nobody has signed in to the account {username} for a long time. Unless its owner signs in, it is disabled on "
        "{details}.\n",
    Notice.Kind.IDLE_DISABLED:
        "The account {username} was disabled at {at} UTC: nobody has signed in to it for too long.\nAn Agency Manager of its "
        "area can reaffirm that it is needed and open it again.\n",
    # What was done stands in the record that the manager keeps, and in no mail.
    Notice.Kind.SANCTION_IMPOSED:
        "{by} put a sanction on record for the account {username} at {at} UTC: {details}.\n\n"
        "Why, and what you can do about it, you hear from {by}, not by mail.\n",
    Notice.Kind.SANCTION_LIFTED:
        "{by} lifted a sanction of the account {username} at {at} UTC: {details}.\n",
    Notice.Kind.SUCCEEDED:
        "The account {username} was closed at {at} UTC by the installation's command, and {by} was named to follow, on this "
        "word: {details}\n\nIf that word was not given, record a suspected unauthorized use under Audit, Incidents, at once.\n",
}
# Of these the managers of the area hear too.
FOR_MANAGERS = frozenset({Notice.Kind.FACTOR_RESET, Notice.Kind.PASSWORD_RESET_STARTED, Notice.Kind.IDLE_NOTICE,
                          Notice.Kind.IDLE_DISABLED})
# Of these the agency's auditors and appointers hear too, so that no operator names one of them behind the agency's back.
FOR_AGENCY = frozenset({Notice.Kind.SUCCEEDED})


def tell(kind: Notice.Kind, *, account: User, now: datetime, by: str = "", details: str = "") -> Notice:
    """Owe the people of `account` a mail; joins the open transaction and wakes the worker when it is committed."""
    notice = Notice.objects.create(kind=kind, account=account, by=by, details=details, made_at=now)
    transaction.on_commit(wake, robust=True)
    return notice


def wake() -> None:
    """A dead broker delays mails until the scheduler's next round, and nothing else."""
    from accounts.tasks import send_account_mail

    send_account_mail.apply_async(retry=False)


def send_waiting(*, now: datetime) -> int:
    """Send what is owed; return how many notices left."""
    return send_each(Notice.objects.filter(sent_at__isnull=True), _send, now=now)


def _send(notice: Notice, now: datetime) -> None:
    account = notice.account
    people = Q(pk=account.pk)
    if notice.kind in FOR_MANAGERS:
        people |= Q(role=Role.AGENCY_MANAGER, aor__isnull=False, aor=account.aor_id, is_active=True)
    if notice.kind in FOR_AGENCY:
        people |= Q(role__in=(Role.OPR_AUDITOR, Role.AGENCY_APPOINTER), is_active=True)
    body = BODIES[notice.kind].format(username=account.username, by=notice.by, details=notice.details,
                                       at=f"{notice.made_at:%Y-%m-%d %H:%M}")
    mail(Notice.Kind(notice.kind).label.lower(), body,
         to=list(User.objects.filter(people).exclude(email="").values_list("email", flat=True)))
    record(Kind.ACCOUNT_MAILED, what=notice.kind, username=account.username)
    notice.sent_at = now
    notice.save(update_fields=["sent_at"])
