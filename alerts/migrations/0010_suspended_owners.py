"""Entries of a suspended owner rest, and a suspended recipient gets nothing (ALR-11, ACC-11)."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0009_digests_and_inbox"), ("accounts", "0010_deletions_and_sanctions")]
    operations = [
        migrations.AlterField("handover", "why", models.CharField(
            choices=[("account", "Account closed"), ("suspended", "Account suspended"), ("role", "Role without alerts"),
                     ("training", "Training lapsed")], max_length=10)),
        migrations.RunSQL((SQL / "rest.sql").read_text(), migrations.RunSQL.noop),
    ]
