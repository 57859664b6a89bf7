"""Reviews of an area draw what was asked elsewhere in the name of its people (AUD-8); one text of conditions for all who read events."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0014_seven_years")]

    operations = [
        migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
        for name in ("events_page.sql", "deliveries.sql", "reviews.sql")
    ]
