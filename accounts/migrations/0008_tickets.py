"""Tickets of the help desk, their mails, and the records by which they climb (ACC-13)."""

import uuid

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_reminders_and_idleness'),
    ]

    operations = [
        migrations.CreateModel(
            name='AskedTicket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=120)),
                ('text', models.TextField()),
                ('asked_at', models.DateTimeField()),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['asked_at'],
            },
        ),
        migrations.CreateModel(
            name='EscalationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('after_hours', models.PositiveIntegerField(unique=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='hours without an answer')),
                ('tells', models.CharField(choices=[('help_desk', 'Operator: help desk'), ('operations', 'Operator: operations'), ('agency_manager', 'Agency Manager'), ('agency_appointer', 'Agency appointer')], max_length=20, verbose_name='who is told')),
                ('what', models.CharField(max_length=300, verbose_name='what happens, in words')),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'ordering': ['after_hours'],
                'constraints': [models.CheckConstraint(condition=models.Q(('tells__in', ['help_desk', 'operations', 'agency_manager', 'agency_appointer'])), name='escalation_step_tells_somebody')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalEscalationStep',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('after_hours', models.PositiveIntegerField(db_index=True, validators=[django.core.validators.MinValueValidator(1)], verbose_name='hours without an answer')),
                ('tells', models.CharField(choices=[('help_desk', 'Operator: help desk'), ('operations', 'Operator: operations'), ('agency_manager', 'Agency Manager'), ('agency_appointer', 'Agency appointer')], max_length=20, verbose_name='who is told')),
                ('what', models.CharField(max_length=300, verbose_name='what happens, in words')),
                ('is_active', models.BooleanField(default=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical escalation step',
                'verbose_name_plural': 'historical escalation steps',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalTicketPolicy',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('answer_hours', models.PositiveIntegerField(default=4, validators=[django.core.validators.MinValueValidator(1)], verbose_name='hours until a ticket is answered')),
                ('link_days', models.PositiveIntegerField(default=14, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days that a mailed link opens its ticket')),
                ('quiet_days', models.PositiveIntegerField(default=14, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days after an answer until a quiet ticket is closed')),
                ('keep_days', models.PositiveIntegerField(default=180, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days after closing until the text of a ticket is erased')),
                ('open_most', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1)], verbose_name='open tickets of one person at most')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical ticket policy',
                'verbose_name_plural': 'historical ticket policies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('subject', models.CharField(max_length=120)),
                ('state', models.CharField(choices=[('waiting', 'Waits for the help desk'), ('answered', 'Answered'), ('closed', 'Closed')], default='waiting', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('waits_since', models.DateTimeField(blank=True, null=True)),
                ('step_hours', models.PositiveIntegerField(default=0)),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='last answered')),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('erased_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('step', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.escalationstep')),
            ],
            options={
                'ordering': [models.OrderBy(models.F('waits_since'), nulls_last=True), '-opened_at'],
            },
        ),
        migrations.CreateModel(
            name='TicketMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opened', 'has been opened'), ('answered', 'has been answered'), ('closed', 'is closed'), ('waiting', 'waits for an answer'), ('escalated', 'is overdue')], max_length=10)),
                ('made_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('step', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.escalationstep')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.ticket')),
            ],
            options={
                'ordering': ['made_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='TicketMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_from_desk', models.BooleanField()),
                ('text', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='accounts.ticket')),
            ],
            options={
                'ordering': ['written_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='TicketPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answer_hours', models.PositiveIntegerField(default=4, validators=[django.core.validators.MinValueValidator(1)], verbose_name='hours until a ticket is answered')),
                ('link_days', models.PositiveIntegerField(default=14, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days that a mailed link opens its ticket')),
                ('quiet_days', models.PositiveIntegerField(default=14, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days after an answer until a quiet ticket is closed')),
                ('keep_days', models.PositiveIntegerField(default=180, validators=[django.core.validators.MinValueValidator(1)], verbose_name='days after closing until the text of a ticket is erased')),
                ('open_most', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1)], verbose_name='open tickets of one person at most')),
            ],
            options={
                'verbose_name_plural': 'ticket policies',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='ticket_policy_is_one_row')],
            },
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['waits_since'], name='ticket_waiting'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'waiting'), ('waits_since__isnull', False)), models.Q(('answered_at__isnull', False), ('closed_at__isnull', True), ('state', 'answered'), ('waits_since__isnull', True)), models.Q(('closed_at__isnull', False), ('state', 'closed'), ('waits_since__isnull', True)), _connector='OR'), name='ticket_state_has_its_times'),
        ),
        migrations.AddIndex(
            model_name='ticketmail',
            index=models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['made_at'], name='ticket_mail_waiting'),
        ),
    ]
