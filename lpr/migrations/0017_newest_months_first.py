"""A page looks at the newest months first: that of a plate with thousands of reads costs less than a usual one's."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("lpr", "0016_replays_compared")]
    operations = [migrations.RunSQL((SQL / "reads_page.sql").read_text(), migrations.RunSQL.noop)]
