"""A source that fell silent, as long as it is silent (BEY-8)."""

from django.db import models

from lpr.models.source import Source


class SilenceAlarm(models.Model):
    """There while a source is silent; `told_at` is empty until a mail server took the mails to operations staff."""

    source = models.OneToOneField(Source, on_delete=models.CASCADE, related_name="silence")
    raised_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.source} is silent"
