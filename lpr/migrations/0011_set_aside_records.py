"""Records that were set aside are repaired or discarded; receipts of one body bear one number."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lpr", "0010_corrections_of_time_and_place"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        *(migrations.AddField(model, "quarantine_days", models.PositiveIntegerField(
            "days records that were set aside are kept", db_default=60, default=60))
          for model in ("source", "historicalsource")),
        migrations.AddConstraint("source", models.CheckConstraint(
            condition=models.Q(quarantine_days__gte=1), name="source_quarantine_is_positive")),
        migrations.AddField("receipt", "first_index", models.PositiveIntegerField(
            "place of its first record in the file", default=0)),
        migrations.AddIndex("receipt", models.Index(fields=["source", "body_digest"], name="receipt_by_body")),
        migrations.AlterField("quarantinedrecord", "raw", models.TextField("as it was sent", blank=True)),
        migrations.AddField("quarantinedrecord", "key", models.UUIDField(
            db_default=RandomUUID(), default=uuid.uuid4, editable=False, unique=True)),
        migrations.AddField("quarantinedrecord", "plate_photo_cut", models.BooleanField(default=False)),
        migrations.AddField("quarantinedrecord", "status", models.CharField(
            choices=[("waiting", "Set aside"), ("repaired", "Repaired, being loaded"), ("loaded", "Loaded"),
                     ("discarded", "Discarded")], db_default="waiting", default="waiting", max_length=10)),
        migrations.AddField("quarantinedrecord", "repaired", models.TextField("as it was repaired", blank=True, db_default="")),
        migrations.AddField("quarantinedrecord", "note", models.CharField(
            "why it was discarded", blank=True, db_default="", max_length=300)),
        migrations.AddField("quarantinedrecord", "handled_by", models.ForeignKey(
            null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        migrations.AddField("quarantinedrecord", "handled_at", models.DateTimeField(null=True)),
        migrations.AddIndex("quarantinedrecord", models.Index(
            condition=models.Q(("status", "repaired")), fields=["handled_at"], name="quarantine_to_be_loaded")),
        migrations.AddConstraint("quarantinedrecord", models.CheckConstraint(
            condition=models.Q(("status__in", ["waiting", "repaired", "loaded", "discarded"])),
            name="set_aside_status_is_listed")),
        migrations.AddConstraint("quarantinedrecord", models.CheckConstraint(
            condition=models.Q(("note", ""), ("status", "discarded"), _negated=True),
            name="set_aside_discarded_with_reason")),
    ]
