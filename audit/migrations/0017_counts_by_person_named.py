"""Usage by the person named, where that is an account of the agency (AUD-7)."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0016_append_by_its_id")]

    operations = [
        migrations.RunSQL((SQL / "daily_counts.sql").read_text(), migrations.RunSQL.noop),
        migrations.AlterField("dailycount", "measure", models.CharField(choices=[
            ("login", "Logins"), ("search", "Searches"), ("search_with_hits", "Searches with hits"),
            ("on_behalf_of", "On behalf of"), ("named", "Asked elsewhere for its people"),
            ("for_person", "Asked on behalf of this person"), ("refused", "Refusals"), ("entry", "Alert entries"),
            ("hit", "Alert hits")], max_length=16)),
    ]
