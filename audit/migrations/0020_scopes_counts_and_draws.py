"""An export opens for the role and area in which it was asked for (AUD-12): one of before names neither, and is erased in a day.
Usage counts a hit for the owner of its alert, and an answer on the day of its question (AUD-7)."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0019_events_of_one_step")]

    operations = [
        migrations.AddField("export", "aor", models.CharField(blank=True, max_length=32, verbose_name="area of responsibility",
                                                              default=""), preserve_default=False),
        migrations.AddField("export", "role", models.CharField(max_length=32, default=""), preserve_default=False),
        migrations.RunSQL((SQL / "daily_counts.sql").read_text(), migrations.RunSQL.noop),
    ]
