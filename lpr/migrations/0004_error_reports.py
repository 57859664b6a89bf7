"""Reports of wrong reads, the notices of their outcome, and the doors through which such reads are seen and changed."""

import uuid
from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('lpr', '0003_printed_reports'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ErrorReport',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reported', models.UUIDField(unique=True)),
                ('record_id', models.UUIDField(db_index=True)),
                ('kind', models.CharField(choices=[('plate', 'The plate number is not what the photo shows'), ('state', 'The state is not what the photo shows'), ('vehicle', 'Make or model does not match the vehicle'), ('photo', 'A photo is bad or shows something else'), ('place', 'The place or time is wrong')], max_length=10, verbose_name='what is wrong')),
                ('note', models.CharField(max_length=500)),
                ('reported_at', models.DateTimeField()),
                ('status', models.CharField(choices=[('open', 'Open'), ('corrected', 'Corrected'), ('withdrawn', 'Withdrawn'), ('rejected', 'Rejected')], default='open', max_length=10)),
                ('resolution_note', models.CharField(blank=True, max_length=500)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('reporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='error_reports', to='lpr.source')),
            ],
            options={
                'ordering': ['reported_at'],
            },
        ),
        migrations.CreateModel(
            name='CorrectionNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('report', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='lpr.errorreport')),
            ],
            options={
                'ordering': ['-made_at', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='errorreport',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'open')), fields=('record_id', 'reporter'), name='error_report_once_open_by_reporter'),
        ),
        migrations.AddConstraint(
            model_name='errorreport',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['plate', 'state', 'vehicle', 'photo', 'place'])), name='error_report_kind_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='errorreport',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['open', 'corrected', 'withdrawn', 'rejected'])), name='error_report_status_is_listed'),
        ),
        migrations.AddIndex(
            model_name='correctionnotice',
            index=models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['made_at'], name='correction_notice_waiting'),
        ),
        migrations.AddIndex(
            model_name='correctionnotice',
            index=models.Index(fields=['recipient', '-made_at'], name='correction_notice_of_recipient'),
        ),
        migrations.AddConstraint(
            model_name='correctionnotice',
            constraint=models.UniqueConstraint(fields=('report', 'recipient'), name='correction_notice_once_a_recipient'),
        ),
        migrations.RunSQL((SQL / "reads_selected.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "read_errors.sql").read_text(), (
            "DROP FUNCTION store.shown_to(uuid), store.withdraw_read(uuid), store.correct_read(uuid),"
            " store.mark_reported(uuid, text), store.reported_reads(uuid), store.reported_key(uuid)")),
    ]
