"""What is the agency's, in tables and files: the contents of the export at the end of the contract (AUD-10).

Tables of people, alerts and reviews go whole, new ones too, but for the named ones that hold secrets, drafts or mails; of the app
of reads, whose data are the operator's, the named ones go. A column whose name tells of a secret never leaves its table.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import Model

from accounts import scans
from accounts.models import AccessRequest
from audit.contract.archive import Attachments, Table
from audit.contract.erasure import Holdings
from audit.models import Delivery, Export

FOLDERS = {"accounts": "accounts", "alerts": "alert-lists", "audit": "reviews", "lpr": "queries"}
SECRET = re.compile(r"password|digest$|hash|secret|sealed|challenge|answers?$|credential|public_key|^key$|token")
# Named like a secret, and the checksum that a receiver compares.
OPEN = frozenset({("audit_delivery", "digest")})
# Secrets and what stands in for them, work in hand, mails: nothing of it is of use to who takes the data over.
LEFT_OUT = frozenset({
    "accounts_challengeanswer", "accounts_recoverylink", "accounts_temporarypassword", "accounts_authenticator",
    "accounts_recoverycode", "accounts_passkey", "accounts_passkeychallenge", "accounts_rosterdraft", "accounts_knock",
    "accounts_lockout", "accounts_notice", "accounts_ticketmail", "alerts_uploaddraft", "audit_export", "audit_letter",
    "audit_mailing", "audit_mailingrecipient", "audit_lastverified",
})
OF_READS = frozenset({
    "lpr_sharedquery", "lpr_sharedquery_seen_by", "lpr_errorreport", "lpr_correctionnotice", "lpr_reasoncode", "lpr_offense",
    "lpr_timeframelimit", "lpr_reportfooter",
})
_FORMS = {"accounts_accessrequest", "accounts_appointment", "accounts_registrationkey"}


def tables() -> list[Table]:
    """The tables of the export, each with the file it goes to."""
    return sorted(_tables(), key=lambda table: table.path)


def attachments() -> list[Attachments]:
    """The scans of request forms."""
    def names() -> list[str]:
        return sorted(AccessRequest.objects.exclude(scan_name="").values_list("scan_name", flat=True))

    return [Attachments("attachments", scans.storage(), names)]


def holdings() -> Holdings:
    """What is erased at the end: the export's tables and those that were left out of it, files, and the copies to confirm."""
    ours = {model._meta.db_table for app in ("accounts", "alerts", "audit", "sessions", "admin", "axes")
            for model in apps.get_app_config(app).get_models(include_auto_created=True)
            if model._meta.managed and not model._meta.proxy}

    def stored() -> list[tuple[str, str]]:
        scanned = AccessRequest.objects.exclude(scan_name="").values_list("scan_name", flat=True)
        made = (("default", row.path) for rows in (Export.objects.all(), Delivery.objects.all()) for row in rows)
        return [*(("request_forms", name) for name in scanned), *made]

    return Holdings(
        tables=sorted(ours | {table.name for table in tables()}), stored=stored,
        folders=[Path(settings.MAIL_DIR)] if hasattr(settings, "MAIL_DIR") else [],
        files=[Path(settings.AUDIT_SPOOL), settings.DATA_DIR / "postgres.log"], copies=settings.CONTRACT_COPIES)


def _tables() -> Iterator[Table]:
    for model in models():
        name = model._meta.db_table
        folder = "forms" if _bare(name) in _FORMS else FOLDERS[model._meta.app_label]
        fields = [str(field.column) for field in model._meta.concrete_fields]
        columns = [column for column in fields if not SECRET.search(column) or (name, column) in OPEN]
        yield Table(f"{folder}/{name}.jsonl", name, str(model._meta.pk.column), columns)


def models() -> Iterator[type[Model]]:
    for app in FOLDERS:
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            name = _bare(model._meta.db_table)
            is_ours = name in OF_READS if app == "lpr" else name not in LEFT_OUT
            if model._meta.managed and not model._meta.proxy and is_ours:
                yield model


def _bare(table: str) -> str:
    """A history goes the way of its table."""
    return table.replace("_historical", "_")
