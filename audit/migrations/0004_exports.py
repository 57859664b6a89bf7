"""Exports on their way (AUD-4)."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_bundles'),
    ]

    operations = [
        migrations.CreateModel(
            name='Export',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('search', models.UUIDField()),
                ('format', models.CharField(choices=[('xlsx', 'Excel'), ('pdf', 'PDF')], max_length=4)),
                ('requester', models.BigIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Being made'), ('ready', 'Ready'), ('failed', 'Failed')], default='waiting', max_length=8)),
                ('progress', models.PositiveIntegerField(default=0, verbose_name='events written')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the file')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('stirred_at', models.DateTimeField(verbose_name='last sign of life')),
                ('expires_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('search', 'format'), name='export_once_for_search_and_format'), models.CheckConstraint(condition=models.Q(('format__in', ['xlsx', 'pdf'])), name='export_format_is_listed'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'ready', 'failed'])), name='export_state_is_listed')],
            },
        ),
    ]
