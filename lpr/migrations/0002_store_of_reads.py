"""The store of reads and its doors. Schema `store` is made by `guard_database --apply`; no ORM model reaches it."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("lpr", "0001_initial"), ("audit", "0001_the_record")]
    operations = [
        migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
        for name in ["schema.sql", "maintain_partitions.sql", "reads_page.sql"]
    ]
