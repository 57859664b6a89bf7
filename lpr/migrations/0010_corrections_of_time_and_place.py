"""A correction may give a read another time and place."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('lpr', '0009_narrowed_looks'),
    ]

    operations = [
        # Its row has new columns.
        migrations.RunSQL("DROP FUNCTION store.reported_reads(uuid)", migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "read_errors.sql").read_text(), migrations.RunSQL.noop),
    ]
