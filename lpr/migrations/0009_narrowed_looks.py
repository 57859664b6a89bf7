"""A look may show an answer within dates, a kind of source and a place: the store reads that from the look's own event."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('lpr', '0008_comparison_and_sharing'),
    ]

    operations = [
        # Its row has new columns; the functions that call it look it up by its name.
        migrations.RunSQL("DROP FUNCTION store.scope_of(uuid)", migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "reads_page.sql").read_text(), migrations.RunSQL.noop),
    ]
