"""Entries rest as well where a course that the owner needs was never taken (ALR-11, ACC-7). That they rest is never written down,
so that no entry is suspended."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0014_component_of_hits")]
    operations = [
        migrations.AlterField("handover", "why", models.CharField(
            choices=[("account", "Account closed"), ("suspended", "Account suspended"), ("role", "Role without alerts"),
                     ("training", "Training missing or lapsed")], max_length=10)),
        migrations.RunSQL((SQL / "rest.sql").read_text(), migrations.RunSQL.noop),
        migrations.AlterField("entry", "status", models.CharField(
            choices=[("active", "Active"), ("expired", "Ended")], default="active", max_length=10)),
        migrations.RemoveConstraint("entry", "entry_status_is_listed"),
        migrations.AddConstraint("entry", models.CheckConstraint(
            condition=models.Q(status__in=["active", "expired"]), name="entry_status_is_listed")),
    ]
