"""Headings of uploaded files are remembered by marks: what was kept of them as text, a plate or a case among it, goes.
An entry is valid for calendar months: 365 days are no year where a February 29 lies in between."""

from django.db import migrations, models

MONTHS = "UPDATE {} SET validity_months = greatest(1, round(validity_days / 30.4375))"
DAYS = "UPDATE {} SET validity_days = round(validity_months * 30.4375)"
TABLES = ("alerts_alertpolicy", "alerts_historicalalertpolicy")


class Migration(migrations.Migration):
    dependencies = [("alerts", "0011_matching_many_back")]
    operations = [
        migrations.RunSQL("DELETE FROM alerts_columnmapping", migrations.RunSQL.noop),
        *(migrations.AddField(model, "validity_months", models.PositiveSmallIntegerField(
            "months that an entry is valid", default=12)) for model in ("alertpolicy", "historicalalertpolicy")),
        *(migrations.RunSQL(MONTHS.format(table), DAYS.format(table)) for table in TABLES),
        *(migrations.RemoveField(model, "validity_days") for model in ("alertpolicy", "historicalalertpolicy")),
    ]
