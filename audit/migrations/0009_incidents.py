"""Incidents and suspected use, whose clocks and steps no role moves (AUD-9, AUD-14)."""

import uuid
from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0008_reviews'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(unique=True)),
                ('discovered_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField()),
                ('cause', models.CharField(max_length=200, null=True, unique=True)),
                ('data_kinds', models.JSONField(default=list)),
                ('users_affected', models.CharField(max_length=500)),
                ('first_report_at', models.DateTimeField(null=True)),
                ('written_report_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('first_report', 'First report sent'), ('written_report', 'Written report sent'), ('inquiry', 'Inquiry'), ('remediation', 'Remediation'), ('closed', 'Closed')], max_length=15)),
                ('at', models.DateTimeField()),
                ('text', models.TextField()),
                ('sent_to', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SuspectedUse',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(unique=True)),
                ('aor', models.CharField(blank=True, max_length=32, verbose_name='area of responsibility')),
                ('discovered_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField()),
                ('told_at', models.DateTimeField()),
                ('outcome', models.CharField(blank=True, choices=[('unfounded', 'Unfounded'), ('corrected', 'Corrected without a sanction'), ('sanctioned', 'A sanction followed')], max_length=10)),
                ('sanction', models.CharField(blank=True, max_length=40)),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='letter',
            name='letter_kind_is_listed',
        ),
        migrations.AlterField(
            model_name='letter',
            name='kind',
            field=models.CharField(choices=[('question', 'A question about a query of yours'), ('answer', 'Your question about a query was answered'), ('named', 'A query was made in your name'), ('disowned', 'A query was disowned'), ('owed', 'A review is due'), ('incident', 'An incident asks for a report'), ('suspected', 'Unauthorized use is suspected')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['question', 'answer', 'named', 'disowned', 'owed', 'incident', 'suspected'])), name='letter_kind_is_listed'),
        ),
        migrations.AddField(
            model_name='incident',
            name='opened_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='step',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='step',
            name='incident',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='audit.incident'),
        ),
        migrations.AddField(
            model_name='suspecteduse',
            name='opened_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='suspecteduse',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='step',
            name='suspected_use',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='audit.suspecteduse'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(('opened_at__gte', models.F('discovered_at'))), name='incident_discovered_before_opened'),
        ),
        migrations.AddConstraint(
            model_name='suspecteduse',
            constraint=models.CheckConstraint(condition=models.Q(('opened_at__gte', models.F('discovered_at'))), name='suspected_use_discovered_before_opened'),
        ),
        migrations.AddConstraint(
            model_name='suspecteduse',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['', 'unfounded', 'corrected', 'sanctioned'])), name='suspected_use_outcome_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='suspecteduse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'sanctioned'), _negated=True), models.Q(('sanction', ''), _negated=True), _connector='OR'), name='suspected_use_names_its_sanction'),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('incident__isnull', True), ('suspected_use__isnull', False)), models.Q(('incident__isnull', False), ('suspected_use__isnull', True)), _connector='OR'), name='step_is_about_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['opened', 'first_report', 'written_report', 'inquiry', 'remediation', 'closed'])), name='step_kind_is_listed'),
        ),
        migrations.RunSQL((SQL / "incidents.sql").read_text(), migrations.RunSQL.noop),
    ]
