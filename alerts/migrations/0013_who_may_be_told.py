"""Who lacks training is told nothing about alerts, as who is suspended or has left (ALR-11, ACC-7)."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0012_headings_by_marks_and_validity_in_months"),
                    migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.RunSQL((SQL / "rest.sql").read_text(), migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Reader",
            fields=[
                ("user", models.OneToOneField(
                    db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+",
                    serialize=False, to=settings.AUTH_USER_MODEL)),
            ],
            options={"db_table": "alerts_reader", "managed": False},
        ),
    ]
