"""What must be true before web or worker start (decision 16).

System checks do not run under gunicorn or Celery, so `wsgi.py` and the worker call `refuse_to_start`, which asks the same
questions as `manage.py check --deploy` and compares the database with the manifest. What the worker alone needs keeps the worker
alone from starting: the web process has neither its logins nor the signing key (decision 6).
"""

import os
import sys
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Tags, Warning, register, run_checks
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from alerts import envelopes

NEEDED = {
    "SECRET_KEY": "signs sessions, tokens and links",
    "ALLOWED_HOSTS": "names the host that the service answers to",
    "DATABASE_URL": "is the application's own login (lpr_app)",
    "REDIS_URL": "is the broker of the workers",
    "EMAIL_URL": "is the mail server of notifications",
    "SITE_URL": "stands before every path in a mail",
    "AGENCY_NAME": "stands on every page and report",
    "INCIDENT_CONTRACTING_OFFICER_EMAIL": "is one of the two recipients of incident reports",
}
NEEDED_BY_WORKER = {
    "DATABASE_SEALER_URL": "is the login that seals the log (lpr_sealer)",
    "DATABASE_AUDITOR_URL": "is the login that verifies the log each night (lpr_auditor)",
    "AUDIT_SIGNING_KEY_FILE": "names the key that signs the log's checkpoints",
    "AUDIT_ALARM_RECIPIENTS": "names who hears an alarm when the database is away",
}
_OF_WORKER = "plateledger.W001"
# Signs before the @ that mail servers take (RFC 5321).
LONGEST_MAILBOX = 64


@register(Tags.security)
def matcher_is_present(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """DAT-4: without a matcher a read would be stored unmatched."""
    from lpr import loading

    return [] if loading.matchers else [Error("No matcher is registered with lpr.loading.", id="plateledger.E001")]


@register(Tags.security, deploy=True)
def production_lacks_nothing(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Name every value that production needs and does not have, all at once."""
    missing: list[CheckMessage] = [Error(f"{name} is not set: it {why}.", id="plateledger.E002")
               for name, why in getattr(settings, "NEEDED", NEEDED).items() if not os.environ.get(name, "")]
    if settings.DEBUG:
        missing.append(Error("DJANGO_DEBUG is on: an error page would show the data of a request.", id="plateledger.E003"))
    return missing


@register(Tags.security, deploy=True)
def the_worker_lacks_nothing(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """AUD-2, BEY-2: without these the log is neither sealed nor verified, or nobody hears of it."""
    return [Warning(f"{name} is not set for the worker: it {why}.", id=_OF_WORKER)
            for name, why in getattr(settings, "NEEDED_BY_WORKER", NEEDED_BY_WORKER).items() if not os.environ.get(name, "")]


@register(Tags.security, deploy=True)
def the_record_is_complete(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """AUD-1: no setting takes the log out of the way of a request."""
    wanted = ["audit.middleware.AuditMiddleware", "accounts.middleware.GateMiddleware",
              "accounts.middleware.SignInMiddleware", "axes.middleware.AxesMiddleware"]
    errors: list[CheckMessage] = [Error(f"{name} is not in MIDDLEWARE.", id="plateledger.E004")
                                  for name in wanted if name not in settings.MIDDLEWARE]
    if not getattr(settings, "AXES_ENABLED", True) or not getattr(settings, "SIMPLE_HISTORY_ENABLED", True):
        errors.append(Error("AXES_ENABLED and SIMPLE_HISTORY_ENABLED must not be off.", id="plateledger.E005"))
    if "rest_framework.permissions.IsAuthenticated" not in settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"]:
        errors.append(Error("The API's default permission is open.", id="plateledger.E006"))
    if settings.TIME_ZONE != "UTC" or not settings.USE_TZ:
        errors.append(Error("The service keeps its time in UTC.", id="plateledger.E007"))
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    if any("unsafe" in source for sources in policy.values() for source in sources):
        errors.append(Error("The content security policy allows unsafe sources.", id="plateledger.E008"))
    if settings.DATABASES["default"].get("ATOMIC_REQUESTS"):
        errors.append(Error("ATOMIC_REQUESTS would let a rolled-back request erase its own evidence.", id="plateledger.E009"))
    return errors


@register(Tags.security, deploy=True)
def returned_mail_has_an_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """ALR-5: no mail is taken from a sender whose address is none."""
    address = envelopes.sender(UUID(int=0))
    if not address:
        return []
    try:
        validate_email(address)
    except ValidationError:
        return [Error(f"BOUNCE_ADDRESS is no address of mail, with {envelopes.PLACE} filled in.", id="plateledger.E010")]
    is_too_long = len(address.rpartition("@")[0]) > LONGEST_MAILBOX
    return [Error(f"BOUNCE_ADDRESS has more than {LONGEST_MAILBOX} signs before the @, with the 32 of {envelopes.PLACE}.",
                  id="plateledger.E010")] if is_too_long else []


def refuse_to_start(*, is_worker: bool = False) -> None:
    """End the process, naming on standard error all that production lacks and each difference of the database.

    Args:
        is_worker: whether this process does the jobs, sealing and verifying among them.
    """
    from config import databases

    found = [str(message.msg) for message in run_checks(tags=[Tags.security], include_deployment_checks=True)
             if message.level >= ERROR or (is_worker and message.id == _OF_WORKER)]
    if not found:
        found = databases.differences()
    if found:
        for sentence in found:
            print(sentence, file=sys.stderr)  # noqa: T201
        sys.exit("PlateLedger does not start: see the lines above, and docs/operations.md.")
