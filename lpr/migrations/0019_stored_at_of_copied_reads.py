"""Reads are copied straight into their months: the database's clock says when, as it did in the statement that stored them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lpr", "0018_reasons_limited_and_shared_queries_narrowed")]
    operations = [migrations.RunSQL("ALTER TABLE store.read ALTER COLUMN stored_at SET DEFAULT statement_timestamp()",
                                    "ALTER TABLE store.read ALTER COLUMN stored_at DROP DEFAULT")]
