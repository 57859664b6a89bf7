"""A reason may have a longest timeframe of its own, and shared queries are found by plate, case and date."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("lpr", "0017_newest_months_first")]
    operations = [
        *(migrations.AddField(model, "max_years", models.PositiveSmallIntegerField(
            "years back at most", blank=True, null=True,
            help_text="For this reason, where component and offense would allow more; empty: these alone decide."))
          for model in ("reasoncode", "historicalreasoncode")),
        migrations.AddConstraint("reasoncode", models.CheckConstraint(
            condition=models.Q(("max_years__gte", 1)), name="reason_limit_is_positive")),
        migrations.RunSQL((SQL / "shared_queries.sql").read_text(), migrations.RunSQL.noop),
    ]
