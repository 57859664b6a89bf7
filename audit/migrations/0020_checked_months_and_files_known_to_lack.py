"""A month is checked before anything of it goes, and a withdrawal leaves what went before it in order (AUD-5). The agency's receipt
names the files that it knows to lack (AUD-10)."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0019_events_of_one_step")]

    operations = [
        migrations.RunSQL((SQL / "drop_month.sql").read_text(), migrations.RunSQL.noop),
        migrations.AddField(
            model_name='contractend',
            name='missing',
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=300), blank=True, default=list, size=None),
        ),
    ]
