"""Reviews of an area draw what was asked elsewhere in the name of its people (AUD-8); one text of conditions for all who read events."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
# What a function answers or takes cannot be changed in place: where the older ones stand, they go first.
OTHER_ANSWERS = ("review_sample", "own_questions", "queries_naming")


class Migration(migrations.Migration):
    dependencies = [("audit", "0014_seven_years")]

    operations = [
        migrations.RunSQL("".join(f"DROP FUNCTION IF EXISTS audit.{name}(uuid);\n" for name in OTHER_ANSWERS),
                          migrations.RunSQL.noop),
        *(migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
          for name in ("events_page.sql", "deliveries.sql", "reviews.sql")),
    ]
