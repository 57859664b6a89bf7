"""Sources that are silent, and whether operations staff were told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lpr", "0006_coverage")]
    operations = [
        migrations.CreateModel("SilenceAlarm", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("raised_at", models.DateTimeField()),
            ("told_at", models.DateTimeField(null=True)),
            ("source", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="silence",
                                            to="lpr.source")),
        ]),
    ]
