"""The end of reads: doors through which they are erased, months dropped and closed, and stray rows counted."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
FUNCTIONS = ("reads_over(timestamptz, integer)", "delete_reads_over(timestamptz, uuid[])", "drop_months_over(timestamptz)",
             "close_month(timestamptz)", "stray_rows()")


class Migration(migrations.Migration):
    dependencies = [("lpr", "0004_error_reports"), ("audit", "0001_the_record")]
    operations = [
        migrations.RunSQL((SQL / "maintain_partitions.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "retention.sql").read_text(),
                          [f"DROP FUNCTION store.{function}" for function in FUNCTIONS]),
    ]
