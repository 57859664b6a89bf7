"""Deliveries of the audit log, and the door through which their job reads it (AUD-13)."""

import uuid
from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0010_end_of_contract'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('asked', models.UUIDField(unique=True, verbose_name='event of the request')),
                ('aor', models.CharField(blank=True, max_length=32, verbose_name='area of responsibility')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('is_of_one_user', models.BooleanField(default=False)),
                ('certificate', models.TextField(verbose_name="requester's certificate, PEM")),
                ('fingerprint', models.CharField(max_length=64, verbose_name='SHA-256 of the certificate')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Being made'), ('ready', 'Ready'), ('failed', 'Failed'), ('ended', 'File erased')], default='waiting', max_length=8)),
                ('progress', models.PositiveIntegerField(default=0, verbose_name='events written')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the file')),
                ('size', models.PositiveBigIntegerField(default=0, verbose_name='bytes of the file')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('stirred_at', models.DateTimeField(verbose_name='last sign of life')),
                ('made_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('received_at', models.DateTimeField(null=True)),
                ('requester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-asked_at', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'running'])), fields=('requester',), name='delivery_one_at_a_time'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'running', 'ready', 'failed', 'ended'])), name='delivery_state_is_listed'), models.CheckConstraint(condition=models.Q(('until__gt', models.F('since'))), name='delivery_period_has_an_end'), models.CheckConstraint(condition=models.Q(('due_at__gt', models.F('asked_at'))), name='delivery_is_due_after_it_was_asked'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['ready', 'ended']), _negated=True), models.Q(models.Q(('digest', ''), _negated=True), ('made_at__isnull', False), ('expires_at__isnull', False)), _connector='OR'), name='delivery_made_has_checksum_and_end'), models.CheckConstraint(condition=models.Q(('received_at__isnull', True), ('made_at__isnull', False), _connector='OR'), name='delivery_received_was_made')],
            },
        ),
        migrations.RunSQL("".join((SQL / name).read_text() for name in ("bundles.sql", "deliveries.sql")), migrations.RunSQL.noop),
    ]
