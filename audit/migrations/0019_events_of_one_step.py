"""The events of one step are appended by one statement (AUD-1): a file of 2,500 plates makes as many."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0018_search_by_windows")]
    operations = [migrations.RunSQL((SQL / "append_many.sql").read_text(), "DROP FUNCTION audit.append_many(text, text[])")]
