"""Production starts whole or not at all, and no setting takes the record out of the way (decision 16, AUD-1)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.core.checks.registry import Tags

from config import checks

ROOT = Path(__file__).resolve().parent.parent.parent
WHOLE = {
    "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrstuvwxyz", "ALLOWED_HOSTS": "plateledger.example",
    "DATABASE_URL": "postgresql://lpr_app:x@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp://127.0.0.1:1", "SITE_URL": "https://plateledger.example", "AGENCY_NAME": "Agency",
    "INCIDENT_CONTRACTING_OFFICER_EMAIL": "co@agency.example",
}
OF_WORKER = {
    "DATABASE_SEALER_URL": "postgresql://lpr_sealer:x@127.0.0.1:1/none", "AUDIT_SIGNING_KEY_FILE": "audit-signing.pem",
    "DATABASE_AUDITOR_URL": "postgresql://lpr_auditor:x@127.0.0.1:1/none", "AUDIT_ALARM_RECIPIENTS": "watch@agency.example",
}


def start(tmp_path: Path, module: str = "config.wsgi", **environment: str) -> subprocess.CompletedProcess[str]:
    """Import the web process as production does, in an environment of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in {*checks.NEEDED, "DJANGO_SETTINGS_MODULE"}}
    return subprocess.run([sys.executable, "-c", f"import {module}"], cwd=ROOT, capture_output=True, text=True, check=False,
                          timeout=120, env=clean | {"DATA_DIR": str(tmp_path)} | environment)


def said(id: str) -> list[str]:
    found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return [str(message.msg) for message in found if message.id == id]


@pytest.mark.req("AUD-1")
def test_the_web_process_names_every_missing_value_at_once_and_does_not_start(tmp_path):
    done = start(tmp_path)
    assert done.returncode != 0
    for name in checks.NEEDED:
        assert f"{name} is not set" in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("missing", sorted(WHOLE))
def test_each_missing_value_is_named(missing, monkeypatch):
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(missing, "")
    assert [sentence.split()[0] for sentence in said("plateledger.E002")] == [missing]


@pytest.mark.req("AUD-2", "BEY-2")
@pytest.mark.parametrize("missing", sorted(OF_WORKER))
def test_what_the_log_needs_of_the_worker_is_named_and_keeps_the_worker_alone_from_starting(
        missing, monkeypatch, capsys, database):
    for name, value in (WHOLE | OF_WORKER).items():
        monkeypatch.setenv(name, value)
    checks.refuse_to_start(is_worker=True)
    monkeypatch.setenv(missing, "")
    assert [sentence.split()[0] for sentence in said("plateledger.W001")] == [missing]
    checks.refuse_to_start()
    with pytest.raises(SystemExit):
        checks.refuse_to_start(is_worker=True)
    assert f"{missing} is not set for the worker" in capsys.readouterr().err


def test_the_worker_needs_all_that_it_is_given_a_name_for():
    assert set(OF_WORKER) == set(checks.NEEDED_BY_WORKER)


@pytest.mark.req("AUD-1")
def test_the_web_process_refuses_to_show_error_pages_with_data(tmp_path):
    done = start(tmp_path, DJANGO_DEBUG="1", **WHOLE)
    assert done.returncode != 0
    assert "DJANGO_DEBUG is on" in done.stderr


def test_production_needs_all_that_it_is_given_a_name_for():
    assert set(WHOLE) == set(checks.NEEDED)


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize(("name", "value", "id"), [
    ("MIDDLEWARE", ["django.contrib.sessions.middleware.SessionMiddleware"], "plateledger.E004"),
    ("AXES_ENABLED", False, "plateledger.E005"),
    ("SIMPLE_HISTORY_ENABLED", False, "plateledger.E005"),
    ("REST_FRAMEWORK", {"DEFAULT_PERMISSION_CLASSES": []}, "plateledger.E006"),
    ("TIME_ZONE", "America/New_York", "plateledger.E007"),
    ("CONTENT_SECURITY_POLICY", {"DIRECTIVES": {"script-src": ["'unsafe-inline'"]}}, "plateledger.E008"),
    ("DEBUG", True, "plateledger.E003"),
    ("BOUNCE_ADDRESS", "bounces+{letter}", "plateledger.E010"),
    ("BOUNCE_ADDRESS", "mails-that-come-back-to-plateledger+{letter}@agency.example", "plateledger.E010"),
])
def test_a_setting_that_opens_a_door_is_named(name, value, id, settings):
    assert not said(id)
    setattr(settings, name, value)
    assert said(id)


def test_the_settings_are_as_the_design_binds_them():
    policy = [source for sources in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].values() for source in sources]
    assert not [source for source in policy if "unsafe" in source or source in {"*", "https:", "http:"}]
    assert not any(entry.get("ATOMIC_REQUESTS") for entry in settings.DATABASES.values())
    order = settings.MIDDLEWARE.index
    assert order("audit.middleware.AuditMiddleware") < order("django.contrib.sessions.middleware.SessionMiddleware")
    assert order("accounts.middleware.SignInMiddleware") < order("accounts.middleware.GateMiddleware")
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["rest_framework.permissions.IsAuthenticated"]
    assert settings.REST_FRAMEWORK["DEFAULT_RENDERER_CLASSES"] == ["rest_framework.renderers.JSONRenderer"]
    assert settings.SIMPLE_HISTORY_REVERT_DISABLED
    assert settings.CELERY_ACCEPT_CONTENT == ["json"]


def test_production_keeps_cookies_and_transport_closed(tmp_path):
    ask = ("from config.settings import base as b; print(b.SESSION_COOKIE_SECURE, b.CSRF_COOKIE_SECURE, b.SECURE_SSL_REDIRECT,"
           " b.SESSION_COOKIE_HTTPONLY, b.DEBUG, b.SECURE_HSTS_SECONDS > 0, bool(b.SECRET_KEY), b.ALLOWED_HOSTS)")
    clean = {name: value for name, value in os.environ.items() if name not in checks.NEEDED}
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True,
                          env=clean | {"DATA_DIR": str(tmp_path)})
    assert done.stdout.split("\n")[0] == "True True True True False True False []"
