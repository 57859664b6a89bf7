"""The doors to what a bundle proves with (BEY-2)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_seals")]
    operations = [migrations.RunSQL((SQL / "bundles.sql").read_text(), migrations.RunSQL.noop)]
