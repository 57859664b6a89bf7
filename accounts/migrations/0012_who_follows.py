"""Who follows the appointer, or the last of operations, once they have left (ACC-4)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_groups_by_key")]
    operations = [
        *(migrations.AddField(model, "authority", models.CharField(
            "on what word", blank=True, default="", editable=False, max_length=200), preserve_default=False)
          for model in ("appointment", "historicalappointment")),
        migrations.AddField("appointment", "succeeds", models.ForeignKey(
            blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
            to=settings.AUTH_USER_MODEL)),
        migrations.AddField("historicalappointment", "succeeds", models.ForeignKey(
            blank=True, db_constraint=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING,
            related_name="+", to=settings.AUTH_USER_MODEL)),
        migrations.RemoveConstraint("appointment", "appointment_first_is_one"),
        migrations.AddConstraint("appointment", models.UniqueConstraint(
            models.F("role"), condition=models.Q(appointed_by__isnull=True, succeeds__isnull=True),
            name="appointment_first_is_one")),
        migrations.AddConstraint("appointment", models.CheckConstraint(
            condition=models.Q(succeeds__isnull=True, authority="")
            | (models.Q(succeeds__isnull=False, appointed_by__isnull=True) & ~models.Q(authority="")),
            name="appointment_successor_stands_on_a_word")),
    ]
