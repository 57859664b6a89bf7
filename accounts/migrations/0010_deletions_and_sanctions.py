"""Deletion requests with their clock, sanctions, and what both make of an account (ACC-9, ACC-11)."""

import uuid
from pathlib import Path

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import accounts.models.aor

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0009_first_of_each_side'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeletionCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('filed', 'Account to be deleted'), ('half', 'Half of the time is gone'), ('most', 'Three quarters of the time are gone'), ('overdue', 'Overdue')], max_length=8)),
                ('due_at', models.DateTimeField()),
                ('raised_at', models.DateTimeField(blank=True, null=True)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['due_at'],
            },
        ),
        migrations.CreateModel(
            name='DeletionRequest',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('asked', 'Asked for by a supervisor'), ('turned_down', 'Turned down'), ('filed', 'Filed, account closed'), ('withdrawn', 'Withdrawn'), ('done', 'Account deleted')], max_length=12)),
                ('reason', models.TextField(max_length=500)),
                ('asked_at', models.DateTimeField()),
                ('closed_it', models.BooleanField(default=False, editable=False)),
                ('filed_at', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='why it was turned down or withdrawn')),
            ],
            options={
                'verbose_name': 'deletion of an account',
                'verbose_name_plural': 'deletions of accounts',
                'ordering': ['-asked_at'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalDeletionRequest',
            fields=[
                ('id', models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ('state', models.CharField(choices=[('asked', 'Asked for by a supervisor'), ('turned_down', 'Turned down'), ('filed', 'Filed, account closed'), ('withdrawn', 'Withdrawn'), ('done', 'Account deleted')], max_length=12)),
                ('asked_at', models.DateTimeField()),
                ('closed_it', models.BooleanField(default=False, editable=False)),
                ('filed_at', models.DateTimeField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical deletion of an account',
                'verbose_name_plural': 'historical deletions of accounts',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Sanction',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('reprimand', 'Reprimand'), ('suspension', 'Suspension'), ('revocation', 'Revocation of access'), ('termination', 'Termination'), ('lifting', 'Earlier sanction lifted')], max_length=11, verbose_name='measure')),
                ('reason', models.TextField(max_length=1000)),
                ('evidence', models.CharField(help_text='Where the evidence lies: number of the review or incident, or a file.', max_length=200)),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('decided_at', models.DateTimeField()),
                ('closed_it', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'ordering': ['-decided_at'],
            },
        ),
        migrations.AddField(
            model_name='historicaluser',
            name='deleted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='user',
            name='deleted_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='aor',
            name='time_zone',
            field=models.CharField(default='America/New_York', max_length=64, validators=[accounts.models.aor.is_time_zone]),
        ),
        migrations.AlterField(
            model_name='historicalaor',
            name='time_zone',
            field=models.CharField(default='America/New_York', max_length=64, validators=[accounts.models.aor.is_time_zone]),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('deleted_at__isnull', True), models.Q(('email', ''), ('is_active', False)), _connector='OR'), name='user_deleted_is_closed_and_out_of_reach'),
        ),
        migrations.AddField(
            model_name='deletionrequest',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deletion_requests', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deletionrequest',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deletionrequest',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deletionrequest',
            name='filed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='deletioncall',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calls', to='accounts.deletionrequest'),
        ),
        migrations.AddField(
            model_name='historicaldeletionrequest',
            name='account',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicaldeletionrequest',
            name='asked_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicaldeletionrequest',
            name='ended_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicaldeletionrequest',
            name='filed_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicaldeletionrequest',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sanction',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sanctions', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sanction',
            name='decided_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sanction',
            name='lifts',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lifted_by', to='accounts.sanction'),
        ),
        migrations.AddConstraint(
            model_name='deletionrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'turned_down', 'filed', 'withdrawn', 'done'])), name='deletion_request_state_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='deletionrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'filed'])), fields=('account',), name='deletion_request_one_open_an_account'),
        ),
        migrations.AddConstraint(
            model_name='deletionrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['filed', 'withdrawn', 'done']), _negated=True), models.Q(('due_at__gt', models.F('filed_at')), ('due_at__isnull', False), ('filed_at__isnull', False), ('filed_by__isnull', False)), _connector='OR'), name='deletion_request_filed_has_a_clock'),
        ),
        migrations.AddConstraint(
            model_name='deletionrequest',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'filed']), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='deletion_request_end_has_a_person'),
        ),
        migrations.AddIndex(
            model_name='deletioncall',
            index=models.Index(condition=models.Q(('told_at__isnull', True)), fields=['due_at'], name='deletion_call_waiting'),
        ),
        migrations.AddConstraint(
            model_name='deletioncall',
            constraint=models.UniqueConstraint(fields=('request', 'stage'), name='deletion_call_once_a_stage'),
        ),
        migrations.AddIndex(
            model_name='sanction',
            index=models.Index(fields=['account', 'kind', 'starts_at'], name='sanction_of_account'),
        ),
        migrations.AddConstraint(
            model_name='sanction',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['reprimand', 'suspension', 'revocation', 'termination', 'lifting'])), name='sanction_kind_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='sanction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ends_at__gt', models.F('starts_at')), ('ends_at__isnull', False), ('kind', 'suspension')), models.Q(models.Q(('kind', 'suspension'), _negated=True), ('ends_at__isnull', True), ('starts_at', models.F('decided_at'))), _connector='OR'), name='sanction_only_a_suspension_has_other_times'),
        ),
        migrations.AddConstraint(
            model_name='sanction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'lifting'), ('lifts__isnull', False)), models.Q(models.Q(('kind', 'lifting'), _negated=True), ('lifts__isnull', True)), _connector='OR'), name='sanction_lifting_names_what_it_lifts'),
        ),
        migrations.RunSQL((SQL / "suspended.sql").read_text(), "DROP VIEW public.accounts_suspended"),
        migrations.RunSQL((SQL / "erase_sanctions_over.sql").read_text(),
                          "DROP FUNCTION public.erase_sanctions_over(bigint, timestamptz)"),
    ]
