"""A search by several conditions is under half a second at five million events (AUD-3): by windows of time, and by months."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0017_counts_by_person_named")]

    operations = [
        migrations.RunSQL("DROP FUNCTION IF EXISTS audit.search_conditions(jsonb, boolean);\n"
                          + "".join((SQL / name).read_text() for name in ("events_page.sql", "deliveries.sql")),
                          migrations.RunSQL.noop)]
