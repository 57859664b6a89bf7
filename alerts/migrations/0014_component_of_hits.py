"""A hit says of which component its alert is, so that usage counts it there (AUD-7)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("alerts", "0013_who_may_be_told")]
    operations = [migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop) for name in ("rest.sql", "match_back.sql")]
