"""Usage of each day in counts, and the door through which the log is counted (AUD-7)."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_exports")]

    operations = [
        migrations.RunSQL((SQL / "daily_counts.sql").read_text(), migrations.RunSQL.noop),
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("measure", models.CharField(choices=[
                    ("login", "Logins"), ("search", "Searches"), ("search_with_hits", "Searches with hits"),
                    ("on_behalf_of", "On behalf of"), ("refused", "Refusals"), ("entry", "Alert entries"),
                    ("hit", "Alert hits")], max_length=16)),
                ("actor", models.CharField(blank=True, max_length=150, verbose_name="user")),
                ("component", models.CharField(blank=True, max_length=32)),
                ("aor", models.CharField(blank=True, max_length=32, verbose_name="area of responsibility")),
                ("reason", models.CharField(blank=True, max_length=64)),
                ("offense", models.TextField(blank=True)),
                ("count", models.PositiveBigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["day", "aor"], name="daily_count_by_day")]},
        ),
    ]
