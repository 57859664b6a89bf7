"""The processes of a fault run: the demo's settings, a broker that gives out again what takes longer than a second, and jobs that
come often, so that minutes of waiting become seconds."""

from config.settings.demo import *  # noqa: F403
from config.settings.demo import REDIS_TRANSPORT, REDIS_URL

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMBEDDED_POSTGRES_DURABLE = False
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_TRANSPORT | {"visibility_timeout": 1}
CELERY_BEAT_SCHEDULE = {
    "send": {"task": "alerts.tasks.send_waiting", "schedule": 1.0, "options": {"expires": 5}},
    "resume": {"task": "alerts.tasks.resume_activations", "schedule": 2.0, "options": {"expires": 5}},
}
