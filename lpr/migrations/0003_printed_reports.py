"""The footers of printed reports, and the door through which a report's reads come."""

from pathlib import Path

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('lpr', '0002_store_of_reads'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReportFooter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('component', models.CharField(choices=[('ERO', 'Enforcement and Removal Operations'), ('HSI', 'Homeland Security Investigations')], max_length=3, unique=True)),
                ('system_of_records', models.CharField(max_length=300, verbose_name='system-of-records notice')),
                ('records_schedule', models.CharField(max_length=300)),
                ('notice', models.TextField(blank=True, validators=[django.core.validators.MaxLengthValidator(600)], verbose_name='further text')),
            ],
            options={
                'ordering': ['component'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalReportFooter',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('component', models.CharField(choices=[('ERO', 'Enforcement and Removal Operations'), ('HSI', 'Homeland Security Investigations')], db_index=True, max_length=3)),
                ('system_of_records', models.CharField(max_length=300, verbose_name='system-of-records notice')),
                ('records_schedule', models.CharField(max_length=300)),
                ('notice', models.TextField(blank=True, validators=[django.core.validators.MaxLengthValidator(600)], verbose_name='further text')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical report footer',
                'verbose_name_plural': 'historical report footers',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RunSQL((SQL / "reads_selected.sql").read_text(), "DROP FUNCTION store.reads_selected(uuid)"),
    ]
