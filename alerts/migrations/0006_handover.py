"""Hand-over of lists whose owner's account is not active, and what makes entries rest (ALR-11); hits shared by hand (ALR-4)."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


def _policy_fields() -> list[tuple[str, models.Field]]:
    return [
        ("handover_days", models.PositiveIntegerField(
            "days to name a successor for the lists of an inactive account", default=14)),
        ("training_grace_days", models.PositiveIntegerField("days after training lapses until entries rest", default=14)),
    ]


class Migration(migrations.Migration):
    dependencies = [("alerts", "0005_corrected_reads"), ("accounts", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        *(migrations.AddField(model, name, field) for model in ("alertpolicy", "historicalalertpolicy")
          for name, field in _policy_fields()),
        migrations.AlterField("notification", "kind", models.CharField(
            choices=[("hit", "Hit"), ("prompt", "To be renewed"), ("shared", "Hit shared by its owner"),
                     ("deconfliction", "De-confliction")], max_length=20)),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("why", models.CharField(
                    choices=[("account", "Account closed"), ("role", "Role without alerts"), ("training", "Training lapsed")],
                    max_length=10)),
                ("began_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("owner", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+",
                                               to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ["due_at"], "verbose_name": "hand-over of alert lists",
                     "verbose_name_plural": "hand-overs of alert lists"},
        ),
        migrations.RunSQL((SQL / "rest.sql").read_text(), migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Resting",
            fields=[
                ("user", models.OneToOneField(
                    db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+",
                    serialize=False, to=settings.AUTH_USER_MODEL)),
                ("why", models.CharField(max_length=10)),
            ],
            options={"db_table": "alerts_resting", "managed": False},
        ),
    ]
