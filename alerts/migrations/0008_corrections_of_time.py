"""A corrected read is matched at its corrected time."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0007_dispositions'),
    ]

    operations = [migrations.RunSQL((SQL / "match_back.sql").read_text(), migrations.RunSQL.noop)]
