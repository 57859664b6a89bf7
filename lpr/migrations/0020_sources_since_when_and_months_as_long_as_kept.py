"""When a source was added, from which its silence counts; months are kept as long as the sources' reads, and no longer."""

from pathlib import Path

import django.db.models.functions
import django.utils.timezone
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
FILES = ("maintain_partitions.sql", "retention.sql")


class Migration(migrations.Migration):
    dependencies = [("lpr", "0019_stored_at_of_copied_reads")]
    operations = [
        migrations.AddField("source", "created_at", models.DateTimeField(
            db_default=django.db.models.functions.Now(), default=django.utils.timezone.now, editable=False)),
        *(migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop) for name in FILES),
    ]
