"""The demo and a developer's machine: embedded servers, plain HTTP, mails as files, no second factor."""

from config import embedded
from config.settings.base import *  # noqa: F403
from config.settings.base import CELERY_BEAT_SCHEDULE, DATA_DIR, LOGGING, SERVER_SIDE_BINDING, STORAGES, env

PRODUCTION = False
DEBUG = env.bool("DJANGO_DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "") or "the demo has no secrets: its data is made up and its address is this machine"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
AGENCY_NAME = env.str("AGENCY_NAME", "Demo Agency")
SITE_URL = env.str("SITE_URL", f"http://localhost:{env.int('PORT', 8000)}")

EMBEDDED_POSTGRES = not env.str("DATABASE_URL", "")
if EMBEDDED_POSTGRES:
    DATABASES = {
        alias: embedded.connection_settings(DATA_DIR, role) | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
        for alias, role in {"default": "lpr_app", "loader": "lpr_loader", "sealer": "lpr_sealer", "auditor": "lpr_auditor",
                            "owner": "lpr_migrator"}.items()
    }
    DATABASES["default"]["OPTIONS"] |= SERVER_SIDE_BINDING
    DATABASES["loader"]["OPTIONS"] |= SERVER_SIDE_BINDING
    DATABASES["owner"]["OPTIONS"] |= {"assume_role": "lpr_owner"}

SESSION_COOKIE_NAME = "session"
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_NAME = "csrf"
CSRF_COOKIE_SECURE = False
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_HSTS_PRELOAD = False

if not env.str("EMAIL_URL", ""):
    EMAIL_BACKEND = "config.mailfiles.EmailBackend"
MAIL_DIR = DATA_DIR / "mail"
# One process serves pages and takes reads in; production gives the second its own (config.wsgi_ingest).
SERVES_READ_INTAKE = True
# Static files are served from where they lie: no collecting before the first page.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None  # type: ignore[assignment]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
if not env.str("PHOTO_STORAGE", ""):
    STORAGES["default"] = {"BACKEND": "config.demo.photo_storage.SharingStorage"}
CELERY_BEAT_SCHEDULE["send-waiting-notifications"]["schedule"] = 2.0
CELERY_BEAT_SCHEDULE["refresh-coverage"]["schedule"] = 60.0
CELERY_BEAT_SCHEDULE["send-account-mail"]["schedule"] = 2.0
CELERY_BEAT_SCHEDULE["keep-tickets"]["schedule"] = 2.0
MFA_REQUIRED = env.bool("MFA_REQUIRED", False)
INCIDENT_CONTRACTING_OFFICER_EMAIL = env.str("INCIDENT_CONTRACTING_OFFICER_EMAIL", "contracting.officer@agency.example")
# The ticks are offered and recorded; who tries the service out prints by address without them.
LOOK_BEFORE_USE = env.bool("LOOK_BEFORE_USE", False)
# The one that the made-up people share, whatever its owner chose.
PASSWORDS_NOT_BLOCKED = [env.str("DEMO_PASSWORD", "")]
# The demo's log is signed with a key made on first use.
AUDIT_MAKE_SIGNING_KEY = True

# The terminal of the demo shows what went wrong, not every task.
LOGGING["root"] = {"handlers": ["console"], "level": "WARNING"}
