"""Months of the log past their retention: policy, holds, announcements, and the one function that drops (AUD-5, BEY-10)."""

import uuid
from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0013_letters_of_deliveries'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalRetentionPolicy',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('years', models.PositiveSmallIntegerField(default=7, verbose_name='years that the audit log is kept, seven at least')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical retention policy',
                'verbose_name_plural': 'historical retention policies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('month', models.DateField(null=True)),
                ('reason', models.CharField(max_length=500)),
                ('placed_at', models.DateTimeField()),
                ('lifting_reason', models.CharField(blank=True, max_length=500)),
                ('lifted_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-placed_at'],
            },
        ),
        migrations.CreateModel(
            name='MonthsEnd',
            fields=[
                ('agency_at', models.DateTimeField(null=True)),
                ('operator_at', models.DateTimeField(null=True)),
                ('is_open', models.BooleanField(default=True)),
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('announced', models.UUIDField(unique=True)),
                ('announced_at', models.DateTimeField()),
                ('months', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), size=None)),
                ('dropped', django.contrib.postgres.fields.ArrayField(base_field=models.DateField(), default=list, size=None)),
                ('agency_event', models.UUIDField(null=True)),
                ('operator_event', models.UUIDField(null=True)),
            ],
            options={
                'ordering': ['-announced_at'],
            },
        ),
        migrations.CreateModel(
            name='RetentionPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('years', models.PositiveSmallIntegerField(default=7, verbose_name='years that the audit log is kept, seven at least')),
            ],
            options={
                'verbose_name_plural': 'retention policies',
            },
        ),
        migrations.RemoveConstraint(
            model_name='letter',
            name='letter_kind_is_listed',
        ),
        migrations.AlterField(
            model_name='letter',
            name='kind',
            field=models.CharField(choices=[('question', 'A question about a query of yours'), ('answer', 'Your question about a query was answered'), ('named', 'A query was made in your name'), ('disowned', 'A query was disowned'), ('owed', 'A review is due'), ('incident', 'An incident asks for a report'), ('suspected', 'Unauthorized use is suspected'), ('contract', 'The end of the contract'), ('ready', 'Your delivery of the audit log is ready'), ('due', 'A delivery of the audit log waits'), ('months', 'Months of the audit log past their retention')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['question', 'answer', 'named', 'disowned', 'owed', 'incident', 'suspected', 'contract', 'ready', 'due', 'months'])), name='letter_kind_is_listed'),
        ),
        migrations.AddField(
            model_name='historicalretentionpolicy',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='legalhold',
            name='lifted_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='legalhold',
            name='placed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='monthsend',
            name='agency_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='monthsend',
            name='announced_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='monthsend',
            name='operator_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='retentionpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('pk', 1)), name='retention_policy_is_one_row'),
        ),
        migrations.AddConstraint(
            model_name='retentionpolicy',
            constraint=models.CheckConstraint(condition=models.Q(('years__gte', 7), ('years__lte', 100)), name='retention_policy_keeps_seven_years'),
        ),
        migrations.AddConstraint(
            model_name='legalhold',
            constraint=models.CheckConstraint(condition=models.Q(('month', None), ('month__day', 1), _connector='OR'), name='legal_hold_names_a_month'),
        ),
        migrations.AddConstraint(
            model_name='legalhold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lifted_at', None), ('lifted_by', None), ('lifting_reason', '')), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False), models.Q(('lifting_reason', ''), _negated=True)), _connector='OR'), name='legal_hold_lifting_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='monthsend',
            constraint=models.UniqueConstraint(condition=models.Q(('is_open', True)), fields=('is_open',), name='months_end_one_is_open'),
        ),
        migrations.AddConstraint(
            model_name='monthsend',
            constraint=models.CheckConstraint(condition=models.Q(('agency_by', None), ('operator_by', None), models.Q(('agency_by', models.F('operator_by')), _negated=True), _connector='OR'), name='months_end_two_persons'),
        ),
        migrations.AddConstraint(
            model_name='monthsend',
            constraint=models.CheckConstraint(condition=models.Q(('dropped', []), models.Q(('agency_by__isnull', False), ('dropped__contained_by', models.F('months')), ('operator_by__isnull', False)), _connector='OR'), name='months_end_dropped_was_approved'),
        ),
        migrations.RunSQL((SQL / "legal_holds.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "retention.sql").read_text(), migrations.RunSQL.noop),
    ]
