"""A month is checked before anything of it goes, and a withdrawal leaves what went before it in order (AUD-5)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0019_events_of_one_step")]

    operations = [migrations.RunSQL((SQL / "drop_month.sql").read_text(), migrations.RunSQL.noop)]
