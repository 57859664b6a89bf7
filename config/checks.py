"""What must be true before web or worker start (decision 16): read by `manage.py check` and by `wsgi.py` alike."""

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

NEEDED_IN_PRODUCTION = {
    "SECRET_KEY": lambda: settings.SECRET_KEY,
}


@register(Tags.security)
def matcher_is_present(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """DAT-4: without a matcher a read would be stored unmatched."""
    from lpr import loading

    return [] if loading.matchers else [Error("No matcher is registered with lpr.loading.", id="plateledger.E001")]
