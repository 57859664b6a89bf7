from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"
    verbose_name = "Alerts"

    def ready(self) -> None:
        from alerts import matching
        from lpr import loading

        # The one inversion of the import direction: lpr calls what alerts has put into its list (DAT-4).
        loading.matchers.append(matching.MATCHER)
