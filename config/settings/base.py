"""Production, whole. `demo` and `test` loosen it; nothing here asks which environment it is in.

A missing value is read as empty, so that `check --deploy` can name all that are missing at once; web and worker refuse to
start while one is (`config.checks`, decision 16).
"""

from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from environs import Env

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent.parent
DATA_DIR = env.path("DATA_DIR", BASE_DIR / "var").resolve()

# Web and worker refuse to start while a value that production needs is missing (config.checks).
PRODUCTION = True
DEBUG = env.bool("DJANGO_DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY", "")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", [])
AGENCY_NAME = env.str("AGENCY_NAME", "Agency")

# --- The house ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.ShellConfig",
    "config.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "csp",
    "simple_history",
    "audit",
    "accounts",
    "lpr",
    "alerts",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    # Every event gets its request id, address and client from here; refusals are recorded outside any transaction.
    "audit.middleware.AuditMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Suspended, session over, splash, training: an ordered list of gates on every channel.
    "accounts.middleware.GateMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    # Last: it only has to see the login that an address may no longer try.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.shell",
            ],
        },
    }
]
LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# --- Databases (decision 6): one login for each role, each given only to the process that needs it --------------------
# Server-side binding keeps plates out of the text of statements and lets the server keep their plans; it breaks DDL and
# COPY, so the owner's login is without it. `owner` logs in as the migrator and assumes the role that owns everything.
SERVER_SIDE_BINDING = {"server_side_binding": True, "prepare_threshold": 3}


def database(url_name: str, **options: object) -> dict:
    """The DATABASES entry of a login whose address stands in the environment variable `url_name`."""
    parsed: dict = {"ENGINE": "django.db.backends.postgresql"}
    if env.str(url_name, ""):
        parsed = env.dj_db_url(url_name, conn_max_age=None, conn_health_checks=True)
    parsed["OPTIONS"] = parsed.get("OPTIONS", {}) | options
    return parsed


DATABASES = {
    "default": database("DATABASE_URL", **SERVER_SIDE_BINDING),
    "loader": database("DATABASE_LOADER_URL", **SERVER_SIDE_BINDING),
    "sealer": database("DATABASE_SEALER_URL"),
    "auditor": database("DATABASE_AUDITOR_URL"),
    "owner": database("DATABASE_OWNER_URL", assume_role="lpr_owner"),
}
DATABASE_ROUTERS: list[str] = []

# --- People (ACC-1, decision 11) --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.RoleBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
# 46 MiB, one pass, one lane: 81 ms; at most two at a time (accounts.passwords).
PASSWORD_HASHERS = ["accounts.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("username", "full_name", "email")}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.LengthAndRepetitionValidator"},
    {"NAME": "accounts.passwords.BlockedWordsValidator"},
]
# Words of the agency that nobody's password may be made of, beside its name; checked at every sign-in.
PASSWORD_BLOCKED_WORDS = ["plateledger", "password", "license", "plate", "reader", *env.list("PASSWORD_BLOCKED_WORDS", [])]
PASSWORDS_NOT_BLOCKED: list[str] = []
# The second factor (decision 12); managers, auditors and superusers give one in production whatever this says.
MFA_REQUIRED = env.bool("MFA_REQUIRED", True)
LOCKOUT_FAILURES = env.int("LOCKOUT_FAILURES", 5)
LOCKOUT_WINDOW_SECONDS = env.int("LOCKOUT_WINDOW_SECONDS", 15 * 60)
# How many requests to account one address may file in an hour, how long a key opens registration, how long forms are kept
# after a refusal, and forms, appointments, training and sanctions after their account's deletion (ACC-4, ACC-5).
KNOCKS_PER_HOUR = env.int("KNOCKS_PER_HOUR", 20)
REGISTRATION_KEY_DAYS = env.int("REGISTRATION_KEY_DAYS", 7)
REQUEST_RETENTION_DAYS = env.int("REQUEST_RETENTION_DAYS", 6 * 365)
# The most open accounts of a component in an area where no record says otherwise; how often a manager reaffirms that an
# account is needed, and how long before its end notice is given (ACC-15).
ACCOUNT_CEILING = env.int("ACCOUNT_CEILING", 500)
NEED_DAYS = env.int("NEED_DAYS", 180)
NEED_NOTICE_DAYS = env.int("NEED_NOTICE_DAYS", 14)
# After how many days without a sign-in an account is disabled, and how long before notice is given (ACC-15).
IDLE_DAYS = env.int("IDLE_DAYS", 90)
IDLE_NOTICE_DAYS = env.int("IDLE_NOTICE_DAYS", 14)
# How many days before a course lapses its owner is reminded, the day itself last; the first also says what "soon" is. How many
# rows an uploaded roster of training may have (ACC-7).
TRAINING_REMINDER_DAYS = env.list("TRAINING_REMINDER_DAYS", [30, 7, 0], subcast=int)
ROSTER_MOST_ROWS = env.int("ROSTER_MOST_ROWS", 15_000)
# Business hours in which the operator carries out a deletion, the shares of them at which it is warned, and whose midnights
# count for accounts that belong to no area (ACC-9).
DELETION_BUSINESS_HOURS = env.int("DELETION_BUSINESS_HOURS", 24)
DELETION_WARNINGS = (0.5, 0.75)
HEADQUARTERS_TIME_ZONE = env.str("HEADQUARTERS_TIME_ZONE", "America/New_York")
# axes limits spraying by address only, and keeps nothing that was typed; the account's own row is ours.
AXES_HANDLER = "accounts.address_limit.AddressHandler"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_FAILURE_LIMIT = env.int("ADDRESS_FAILURES", 50)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = False
AXES_DISABLE_ACCESS_LOG = True
AXES_LOCKOUT_CALLABLE = "accounts.views.login.address_locked"
AXES_CLIENT_IP_CALLABLE = "audit.context.client_address"

# --- Sessions ---------------------------------------------------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_SECONDS = min(env.int("SESSION_IDLE_SECONDS", 30 * 60), 30 * 60)
SESSION_ABSOLUTE_SECONDS = min(env.int("SESSION_ABSOLUTE_SECONDS", 12 * 60 * 60), 12 * 60 * 60)
# How long a form waits, encrypted, for its sender to sign in again.
KEPT_FORM_SECONDS = 10 * 60
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])

# --- Transport and pages ----------------------------------------------------------------------------------------------
# How many proxies stand before us: the client's address is that many hops from the right of X-Forwarded-For.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "worker-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
# Files that are read at all stay in memory: plates of an upload never touch the disk unsealed.
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STORAGES = {
    "default": {
        "BACKEND": env.str("PHOTO_STORAGE", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json("PHOTO_STORAGE_OPTIONS", {}),
    },
    # Scans of request forms: apart from photos and outside of everything that is served.
    "request_forms": {
        "BACKEND": env.str("FORM_STORAGE", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json("FORM_STORAGE_OPTIONS", {"location": str(DATA_DIR / "request-forms")}),
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = env.path("MEDIA_ROOT", DATA_DIR / "media")
# Photos have no address of their own: they are served by a view that checks and records.
MEDIA_URL = env.str("MEDIA_URL", "/media/")

# What was written in a report of a wrong read stays so many days after its resolution, then in the log alone.
ERROR_REPORT_NOTE_DAYS = env.int("ERROR_REPORT_NOTE_DAYS", 90)

# --- Jobs, cache, mail ------------------------------------------------------------------------------------------------
# Nothing correct depends on broker or cache (decision 2); one-second time-outs, so that a dead Redis is no outage.
REDIS_URL = env.str("REDIS_URL", "")
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
# Without `max_retries` a web request that wakes a worker would wait six seconds for a Redis that is away.
REDIS_TRANSPORT = {"socket_timeout": 5, "socket_connect_timeout": 1, "visibility_timeout": 3600, "max_retries": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_TRANSPORT if REDIS_URL else {"polling_interval": 0.05}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Loading needs the loader's login, which few processes know (decision 6): a worker of its own takes this queue.
CELERY_TASK_ROUTES = {"lpr.tasks.load_repaired": {"queue": "intake"}}
CELERY_BEAT_SCHEDULE = {
    "load-repaired-records": {"task": "lpr.tasks.load_repaired", "schedule": 30.0, "options": {"expires": 30}},
    "send-waiting-notifications": {"task": "alerts.tasks.send_waiting", "schedule": 15.0, "options": {"expires": 15}},
    "read-returned-mail": {"task": "alerts.tasks.read_returned_mail", "schedule": 60.0, "options": {"expires": 60}},
    "time-of-hand-overs": {"task": "alerts.tasks.keep_time_of_handovers", "schedule": 600.0, "options": {"expires": 600}},
    "erase-ended-drafts": {"task": "alerts.tasks.erase_ended_drafts", "schedule": 300.0, "options": {"expires": 300}},
    "age-entries": {"task": "alerts.tasks.age_entries", "schedule": 300.0, "options": {"expires": 300}},
    "resume-activations": {"task": "alerts.tasks.resume_activations", "schedule": 60.0, "options": {"expires": 60}},
    "tell-of-locked-accounts": {"task": "accounts.tasks.tell_of_locks", "schedule": 60.0, "options": {"expires": 60}},
    "send-account-mail": {"task": "accounts.tasks.send_account_mail", "schedule": 15.0, "options": {"expires": 15}},
    "keep-tickets": {"task": "accounts.tasks.keep_tickets", "schedule": 15.0, "options": {"expires": 15}},
    "age-tickets": {"task": "accounts.tasks.age_tickets", "schedule": 60 * 60.0, "options": {"expires": 60 * 60}},
    "send-correction-mail": {"task": "lpr.tasks.send_correction_mail", "schedule": 60.0, "options": {"expires": 60}},
    "send-request-mail": {"task": "accounts.tasks.send_request_mail", "schedule": 60.0, "options": {"expires": 60}},
    "review-needs": {"task": "accounts.tasks.review_needs", "schedule": 60 * 60.0, "options": {"expires": 60 * 60}},
    "review-idleness": {"task": "accounts.tasks.review_idleness", "schedule": 60 * 60.0, "options": {"expires": 60 * 60}},
    "remind-of-training": {"task": "accounts.tasks.remind_of_training", "schedule": 60 * 60.0, "options": {"expires": 60 * 60}},
    "erase-ended-rosters": {"task": "accounts.tasks.erase_ended_drafts", "schedule": 300.0, "options": {"expires": 300}},
    "time-of-deletions": {"task": "accounts.tasks.keep_time_of_deletions", "schedule": 60.0, "options": {"expires": 60}},
    "drop-expired-requests": {"task": "accounts.tasks.drop_expired_requests", "schedule": 6 * 60 * 60.0},
    "seal-audit": {"task": "audit.tasks.seal", "schedule": 10.0, "options": {"expires": 10}},
    "keep-deliveries": {"task": "audit.tasks.keep_deliveries", "schedule": 60.0, "options": {"expires": 60}},
    "keep-audit-exports": {"task": "audit.tasks.keep_exports", "schedule": 60.0, "options": {"expires": 60}},
    "verify-log": {"task": "audit.tasks.verify_log", "schedule": crontab(hour=3, minute=17)},
    "watch-the-record": {"task": "audit.tasks.watch_the_record", "schedule": 30.0, "options": {"expires": 30}},
    "watch-the-database": {"task": "config.tasks.watch_the_database", "schedule": 300.0, "options": {"expires": 300}},
    "prompt-of-incidents": {"task": "audit.tasks.prompt_of_incidents", "schedule": 60.0, "options": {"expires": 60}},
    "send-record-mail": {"task": "audit.tasks.send_record_mail", "schedule": 60.0, "options": {"expires": 60}},
    "send-letters": {"task": "audit.tasks.send_letters", "schedule": 30.0, "options": {"expires": 30}},
    "remind-of-reviews": {"task": "audit.tasks.remind_of_reviews", "schedule": 6 * 60 * 60.0},
    "remind-of-contract-end": {"task": "audit.tasks.remind_of_contract_end", "schedule": 6 * 60 * 60.0},
    "drop-approved-months": {"task": "audit.tasks.drop_approved_months", "schedule": 60.0, "options": {"expires": 60}},
    "count-usage": {"task": "audit.tasks.count_usage", "schedule": 3600.0, "options": {"expires": 3600}},
    "maintain-partitions": {"task": "lpr.tasks.maintain_partitions", "schedule": 6 * 60 * 60.0},
    "watch-sources": {"task": "lpr.tasks.watch_sources", "schedule": 600.0, "options": {"expires": 600}},
    "refresh-coverage": {"task": "lpr.tasks.refresh_coverage", "schedule": 60.0, "options": {"expires": 60}},
    "erase-what-is-over": {"task": "lpr.tasks.erase_what_is_over", "schedule": 6 * 60 * 60.0},
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    } if REDIS_URL else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
EMAIL_URL = env.dj_email_url("EMAIL_URL", "") if env.str("EMAIL_URL", "") else {}
EMAIL_BACKEND = EMAIL_URL.get("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = EMAIL_URL.get("EMAIL_HOST", "")
EMAIL_PORT = EMAIL_URL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_URL.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = EMAIL_URL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = EMAIL_URL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_URL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "plateledger@localhost")
# Where mail servers return what they took and could not deliver (docs/operations.md): `{letter}` in the address stands for the
# letter; empty: mails are returned to DEFAULT_FROM_EMAIL. A Maildir into which they are laid; empty: none is read here.
BOUNCE_ADDRESS = env.str("BOUNCE_ADDRESS", "")
BOUNCE_MAILDIR = env.str("BOUNCE_MAILDIR", "")
# What stands in mails before a path; mails are written by workers, which have no request.
SITE_URL = env.str("SITE_URL", "")

# --- Reads ------------------------------------------------------------------------------------------------------------
# The intake has a process of its own, which alone knows the loader's login (config.wsgi_ingest).
SERVES_READ_INTAKE = False
READS_PER_CALL = 1000
READS_PER_PAGE = 50
# How old the lines about the freshness of sources under a result may be.
FRESHNESS_KEPT_SECONDS = 20
# The contract's floor of coverage, of 51 states (with DC) and the 30 largest metropolitan areas; over how many days, 31 at most,
# reads count for it (DAT-5).
COVERAGE_STATES_AT_LEAST = env.int("COVERAGE_STATES_AT_LEAST", 25)
COVERAGE_AREAS_AT_LEAST = env.int("COVERAGE_AREAS_AT_LEAST", 24)
COVERAGE_DAYS = env.int("COVERAGE_DAYS", 30)
# Plate, state and vehicle are ticked against both photos before a read is printed, exported or watched (BEY-6).
LOOK_BEFORE_USE = env.bool("LOOK_BEFORE_USE", True)
PHOTO_MIN_SIZES = {"plate": (48, 16), "vehicle": (160, 120)}
PHOTO_MAX_PIXELS = 25_000_000
# "yes": a plate photo cut out of the vehicle photo counts as the second photo (RES-1).
CUT_PLATE_PHOTO_COUNTS = env.bool("CUT_PLATE_PHOTO_COUNTS", True)
STATE_OUTLINES_FILE = BASE_DIR / "config" / "static" / "vendor" / "us-atlas" / "states-10m.json"
REPORT_FONTS = BASE_DIR / "config" / "static" / "vendor" / "fonts"
MAP_STREET_TILES = env.str("MAP_STREET_TILES", "")
MAP_SATELLITE_TILES = env.str("MAP_SATELLITE_TILES", "")
MAP_ATTRIBUTION = env.str("MAP_ATTRIBUTION", "")
MAP_TILE_CACHE = DATA_DIR / "tiles"

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionOfLogin"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.problems.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "PlateLedger",
    "VERSION": "1",
    "DESCRIPTION": "Known-plate queries, alert lists and the loading of reads. Errors are RFC 9457 problem details.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}

# --- The record -------------------------------------------------------------------------------------------------------
# Where a moment is noted when the log itself cannot be written: time, user id, path and error, nothing else.
AUDIT_SPOOL = env.path("AUDIT_SPOOL", DATA_DIR / "audit-spool.log")
# The sealer's Ed25519 key (PEM). Beside it stand FILE.pub, the public keys that `verify_audit` trusts, and FILE.latest, the
# last checkpoint given out, by which a database restored from an older copy is found.
AUDIT_SIGNING_KEY_FILE = env.path("AUDIT_SIGNING_KEY_FILE", DATA_DIR / "secrets" / "audit-signing.pem")
AUDIT_MAKE_SIGNING_KEY = False
# Who hears alarms beside the operator's operations staff and the agency's appointers, and who gets the day's checkpoint (by
# default the appointers).
AUDIT_ALARM_RECIPIENTS: list[str] = env.list("AUDIT_ALARM_RECIPIENTS", [])
AUDIT_CHECKPOINT_RECIPIENTS: list[str] = env.list("AUDIT_CHECKPOINT_RECIPIENTS", [])
AUDIT_SEAL_ALARM_SECONDS = 120
# The log is verified each night; an alarm is raised when it was last found right longer ago than this.
AUDIT_VERIFY_ALARM_HOURS = env.int("AUDIT_VERIFY_ALARM_HOURS", 26)
# Both recipients of incident reports; the representative's default are the appointers' own addresses (AUD-9).
INCIDENT_REPRESENTATIVE_EMAIL = env.str("INCIDENT_REPRESENTATIVE_EMAIL", "")
INCIDENT_CONTRACTING_OFFICER_EMAIL = env.str("INCIDENT_CONTRACTING_OFFICER_EMAIL", "")
# How long a request for a bundle waits for the seal, which comes every ten seconds.
AUDIT_SEAL_WAIT_SECONDS = 20
# Within how many days after its end a contract's data are handed over and erased, and how many before that day both sides are
# reminded; overdue, they are reminded every day (AUD-10). Copies that no program here reaches, which a person confirms.
CONTRACT_END_DAYS = env.int("CONTRACT_END_DAYS", 30)
CONTRACT_REMINDER_DAYS = env.list("CONTRACT_REMINDER_DAYS", [14, 7, 3, 1, 0], subcast=int)
CONTRACT_COPIES: list[str] = env.list("CONTRACT_COPIES", [
    "the operator's own copy of the export", "backups of the database and archived write-ahead logs", "replicas of the database",
    "backups of photos and scans", "copies at subcontractors", "collected logs of web, worker and database",
    "mails delivered or waiting in a mail server"])
# A delivery of the log: within how many hours of its request, how long its file is kept, and the least key it is encrypted to.
AUDIT_DELIVERY_HOURS = env.int("AUDIT_DELIVERY_HOURS", 24)
# Operations staff are reminded of a delivery that is not made when so many percent of its time are gone.
AUDIT_DELIVERY_REMINDER_PERCENT = [50, 75]
AUDIT_DELIVERY_LIFE_DAYS = env.int("AUDIT_DELIVERY_LIFE_DAYS", 14)
AUDIT_DELIVERY_LEAST_KEY_BITS = env.int("AUDIT_DELIVERY_LEAST_KEY_BITS", 2048)
SIMPLE_HISTORY_REVERT_DISABLED = True
SILENCED_SYSTEM_CHECKS: list[str] = []
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logging.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.db.backends": {"level": "ERROR"}, "axes": {"level": "ERROR"}},
}
