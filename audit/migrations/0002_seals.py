"""The seals: leaves, nodes and checkpoints (BEY-2)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_the_record")]
    operations = [migrations.RunSQL((SQL / "seals.sql").read_text(), migrations.RunSQL.noop)]
