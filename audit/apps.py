from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from audit import alarms
        from audit.incidents import recording

        alarms.listeners.append(recording.open_for_alarm)
