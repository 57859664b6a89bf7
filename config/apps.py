from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ShellConfig(AppConfig):
    """The site's shell: commands, checks, templates."""

    name = "config"
    verbose_name = "PlateLedger"

    def ready(self) -> None:
        from config import checks  # noqa: F401


class BackOfficeConfig(AdminConfig):
    default_site = "config.admin_site.BackOffice"
