"""`audit.append` gives the time back as a number; its kind of answer cannot be changed in place."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_usage")]

    operations = [
        migrations.RunSQL("DROP FUNCTION audit.append(text, text);\n" + (SQL / "append.sql").read_text(),
                          migrations.RunSQL.noop),
    ]
