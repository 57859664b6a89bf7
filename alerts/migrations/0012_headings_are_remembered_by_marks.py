"""Headings of uploaded files are remembered by marks: what was kept of them as text, a plate or a case among it, goes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("alerts", "0011_matching_many_back")]
    operations = [migrations.RunSQL("DELETE FROM alerts_columnmapping", migrations.RunSQL.noop)]
