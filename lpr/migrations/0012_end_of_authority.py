"""What happens to stored reads when the authority by which they were collected has ended."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
FILES = ("authority.sql", "reads_page.sql", "reads_selected.sql", "read_errors.sql", "retention.sql", "coverage.sql")
CHOICES = [("keep", "Keep until their retention ends"), ("hide", "Show them no more"),
           ("delete", "Show them no more and delete them")]


class Migration(migrations.Migration):
    dependencies = [("lpr", "0011_set_aside_records")]
    operations = [
        *(migrations.AddField(model, "when_over", models.CharField(
            "stored reads when it has ended", choices=CHOICES, db_default="keep", default="keep", max_length=6))
          for model in ("jurisdiction", "historicaljurisdiction", "sourceauthority", "historicalsourceauthority")),
        migrations.AddConstraint("jurisdiction", models.CheckConstraint(
            condition=models.Q(("when_over__in", ["keep", "hide", "delete"])), name="jurisdiction_end_is_listed")),
        migrations.AddConstraint("sourceauthority", models.CheckConstraint(
            condition=models.Q(("when_over__in", ["keep", "hide", "delete"])), name="source_authority_end_is_listed")),
        migrations.CreateModel("EndedAuthority", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("state", models.CharField(max_length=2)),
            ("policy", models.CharField(max_length=6)),
            ("noticed_at", models.DateTimeField()),
            ("source", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="lpr.source")),
        ], options={"constraints": [
            models.UniqueConstraint(fields=["source", "state"], name="ended_authority_once")]}),
        *(migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop) for name in FILES),
    ]
