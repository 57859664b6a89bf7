"""What became of a hit, as part of the hit, so that it goes with it (ALR-8)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alerts", "0006_handover"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField("hit", "disposition", models.CharField(
            blank=True, choices=[("confirmed", "Confirmed"), ("misread", "Misread"), ("no_interest", "No longer of interest")],
            db_default="", max_length=20)),
        migrations.AddField("hit", "action_taken", models.CharField(blank=True, db_default="", max_length=300)),
        migrations.AddField("hit", "disposed_by", models.ForeignKey(
            null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
        migrations.AddField("hit", "disposed_at", models.DateTimeField(null=True)),
    ]
