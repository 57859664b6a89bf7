"""Reasons name the offenses that go with them, and the store answers no question that names another.

The criminal reasons that are there keep what they could name so far, every offense, until the operator says otherwise.
"""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("lpr", "0013_rules_of_components")]
    operations = [
        *(migrations.AddField(model, "offenses", django.contrib.postgres.fields.ArrayField(
            base_field=models.CharField(max_length=32), blank=True, default=list, size=None))
          for model in ("reasoncode", "historicalreasoncode")),
        migrations.RunSQL("UPDATE lpr_reasoncode SET offenses = (SELECT array_agg(code ORDER BY code) FROM lpr_offense)"
                          " WHERE is_criminal", migrations.RunSQL.noop),
        migrations.AddConstraint("reasoncode", models.CheckConstraint(
            condition=models.Q(models.Q(("is_criminal", True), models.Q(("offenses", []), _negated=True)),
                               models.Q(("is_criminal", False), ("offenses", [])), _connector="OR"),
            name="reason_of_crimes_has_offenses",
            violation_error_message="A criminal reason names the offenses that go with it; no other reason names any.")),
        migrations.RunSQL((SQL / "reads_page.sql").read_text(), migrations.RunSQL.noop),
    ]
