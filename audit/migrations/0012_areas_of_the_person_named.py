"""Managers and supervisors see what others did in the name of their people: how it is found, and how it is counted (AUD-3)."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0011_deliveries")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX event_by_area_named ON audit.event USING gin ((payload::jsonb->'named_aors'))"
            " WITH (fastupdate = off) WHERE on_behalf_of IS NOT NULL", "DROP INDEX audit.event_by_area_named"),
        migrations.RunSQL("DROP FUNCTION audit.query_owner(uuid);\n" + (SQL / "events_page.sql").read_text(),
                          migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "daily_counts.sql").read_text(), migrations.RunSQL.noop),
        migrations.AlterField("dailycount", "measure", models.CharField(choices=[
            ("login", "Logins"), ("search", "Searches"), ("search_with_hits", "Searches with hits"),
            ("on_behalf_of", "On behalf of"), ("named", "Asked elsewhere for its people"), ("refused", "Refusals"),
            ("entry", "Alert entries"), ("hit", "Alert hits")], max_length=16)),
    ]
