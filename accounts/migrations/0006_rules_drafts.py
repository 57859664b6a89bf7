"""Texts of the rules are drafted, decided and kept; who affirmed which is counted (ACC-8)."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
# What was in force was approved; what was not yet has no version any more.
STATES = """
UPDATE accounts_rulestext SET state = 'approved', side = 'agency' WHERE in_force_from IS NOT NULL;
UPDATE accounts_rulestext SET version = NULL WHERE in_force_from IS NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_roster_drafts'),
    ]

    operations = [
        migrations.CreateModel(
            name='RulesAffirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('times', models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.AlterModelOptions(
            name='rulestext',
            options={'ordering': [models.OrderBy(models.F('version'), descending=True, nulls_first=True), '-pk'], 'verbose_name': 'rules of behavior', 'verbose_name_plural': 'rules of behavior'},
        ),
        migrations.AddField(
            model_name='historicalrulestext',
            name='decided_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='historicalrulestext',
            name='decided_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalrulestext',
            name='decision_reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='reason'),
        ),
        migrations.AddField(
            model_name='historicalrulestext',
            name='drafted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='historicalrulestext',
            name='drafted_by',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalrulestext',
            name='side',
            field=models.CharField(choices=[('agency', 'Agency'), ('operator', 'Operator')], default='operator', max_length=10, verbose_name='drafted by'),
        ),
        migrations.AddField(
            model_name='historicalrulestext',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('submitted', "Waiting for the agency's approval"), ('approved', 'Approved by the agency'), ('refused', 'Refused by the agency')], default='draft', max_length=10),
        ),
        migrations.AddField(
            model_name='rulestext',
            name='decided_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='rulestext',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rulestext',
            name='decision_reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='reason'),
        ),
        migrations.AddField(
            model_name='rulestext',
            name='drafted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='rulestext',
            name='drafted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rulestext',
            name='side',
            field=models.CharField(choices=[('agency', 'Agency'), ('operator', 'Operator')], default='operator', max_length=10, verbose_name='drafted by'),
        ),
        migrations.AddField(
            model_name='rulestext',
            name='state',
            field=models.CharField(choices=[('draft', 'Draft'), ('submitted', "Waiting for the agency's approval"), ('approved', 'Approved by the agency'), ('refused', 'Refused by the agency')], default='draft', max_length=10),
        ),
        migrations.AlterField(
            model_name='historicalrulestext',
            name='body',
            field=models.TextField(help_text='Paragraphs are parted by an empty line.', max_length=20000, verbose_name='text'),
        ),
        migrations.AlterField(
            model_name='historicalrulestext',
            name='version',
            field=models.PositiveIntegerField(blank=True, db_index=True, null=True),
        ),
        migrations.AlterField(
            model_name='rulestext',
            name='body',
            field=models.TextField(help_text='Paragraphs are parted by an empty line.', max_length=20000, verbose_name='text'),
        ),
        migrations.AlterField(
            model_name='rulestext',
            name='version',
            field=models.PositiveIntegerField(blank=True, null=True, unique=True),
        ),
        migrations.RunSQL(STATES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='rulestext',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('in_force_from__isnull', False), ('state', 'approved'), ('version__isnull', False)), models.Q(('in_force_from__isnull', True), ('state__in', ['draft', 'submitted', 'refused']), ('version__isnull', True)), _connector='OR'), name='rules_text_in_force_is_approved'),
        ),
        migrations.AddField(
            model_name='rulesaffirmation',
            name='text',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='affirmations', to='accounts.rulestext'),
        ),
        migrations.AddField(
            model_name='rulesaffirmation',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='rulesaffirmation',
            constraint=models.UniqueConstraint(fields=('user', 'text'), name='rules_affirmation_once_a_user_and_text'),
        ),
        migrations.RunSQL((SQL / "rules.sql").read_text(),
                          "DROP TRIGGER keep_approved_rules ON public.accounts_rulestext; DROP FUNCTION public.keep_approved_rules;"),
    ]
