"""What matching stands on: the views of entries and recipients, and the door of matching back.

A single-plate alert's list goes with its last entry, so the list knows what it is.
"""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0001_initial"),
        ("lpr", "0002_store_of_reads"),
        ("audit", "0001_the_record"),
        ("accounts", "0001_initial"),
    ]
    operations = [
        migrations.AddField("alertlist", "is_single_plate", models.BooleanField(default=False)),
        migrations.RunSQL((SQL / "watch.sql").read_text(),
                          "DROP VIEW public.alerts_recipient; DROP VIEW public.alerts_watch"),
        migrations.CreateModel(
            name="Recipient",
            fields=[
                ("entry_id", models.UUIDField(primary_key=True, serialize=False)),
                ("user", models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING,
                                           related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"db_table": "alerts_recipient", "managed": False},
        ),
        migrations.RunSQL((SQL / "match_back.sql").read_text(), "DROP FUNCTION store.match_back(uuid)"),
    ]
