"""The log: table, guards, the one writer and the doors to it. Schema `audit` is made by `guard_database --apply`."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
        for name in ["schema.sql", "guards.sql", "maintain_partitions.sql", "committed_event.sql", "append.sql",
                     "events_page.sql"]
    ]
