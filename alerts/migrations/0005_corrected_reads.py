"""A corrected read is matched with the alert lists by the event of its correction (RES-4)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0004_batch_upload"), ("lpr", "0004_error_reports")]
    operations = [migrations.RunSQL((SQL / "match_back.sql").read_text(), migrations.RunSQL.noop)]
