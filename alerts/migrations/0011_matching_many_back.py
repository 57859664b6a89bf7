"""The entries of an uploaded file are matched back together, not each by itself (ALR-5)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0010_suspended_owners"), ("audit", "0014_seven_years")]
    operations = [migrations.RunSQL((SQL / "match_back.sql").read_text(), migrations.RunSQL.noop)]
