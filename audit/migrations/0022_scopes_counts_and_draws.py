"""An export opens for the role and area in which it was asked for (AUD-12): one of before names neither, and is erased in a day.
Usage counts a hit for the owner of its alert, and an answer on the day of its question (AUD-7). A sample is drawn again from what the
log holds of its opening, lists of one's own are read page by page, and a review of every area says of which it drew enough (AUD-8). The
delivery of an area holds what others did in the name of its people (AUD-3, AUD-13)."""

from pathlib import Path

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
# What a function answers or takes cannot be changed in place.
OTHER_ANSWERS = ("review_sample", "own_questions", "queries_naming")


class Migration(migrations.Migration):
    dependencies = [("audit", "0021_who_took_it_and_what_is_known")]

    operations = [
        migrations.AddField("export", "aor", models.CharField(blank=True, max_length=32, verbose_name="area of responsibility",
                                                              default=""), preserve_default=False),
        migrations.AddField("export", "role", models.CharField(max_length=32, default=""), preserve_default=False),
        migrations.AddField("review", "areas", ArrayField(base_field=models.CharField(max_length=32), default=list, size=None)),
        migrations.RunSQL((SQL / "daily_counts.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "deliveries.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL("".join(f"DROP FUNCTION IF EXISTS audit.{name}(uuid);\n" for name in OTHER_ANSWERS)
                          + (SQL / "reviews.sql").read_text(), migrations.RunSQL.noop),
    ]
