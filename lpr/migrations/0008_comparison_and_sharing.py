"""Queries shared with groups, the door that tells which reads were compared with their photos, and an index for addresses."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_lockout_of_attempts'),
        ('lpr', '0007_silence_alarms'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SharedQuery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('query', models.UUIDField()),
                ('shared_at', models.DateTimeField()),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.usergroup')),
                ('shared_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['group', '-shared_at'], name='shared_query_of_group')],
                'constraints': [models.UniqueConstraint(fields=('query', 'group'), name='shared_query_once_a_group')],
            },
        ),
        migrations.RunSQL((SQL / "reads_compared.sql").read_text(), "DROP FUNCTION store.reads_compared(uuid)"),
        migrations.RunSQL((SQL / "shared_queries.sql").read_text(), "DROP FUNCTION store.shared_queries(uuid, integer)"),
        # Serves the look-up of an address by the start of its street's name, whatever the case of its letters (lpr.addresses).
        migrations.RunSQL("CREATE INDEX street_by_name ON public.lpr_street (upper(name) text_pattern_ops)",
                          "DROP INDEX public.street_by_name"),
    ]
