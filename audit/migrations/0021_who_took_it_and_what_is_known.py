"""Who took a mail of the record and who refused it, which alarms the rooms above have heard, when the log was last verified, and a
step by which more becomes known of an incident (AUD-2, AUD-9, BEY-2)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0020_checked_months_and_files_known_to_lack'),
    ]

    operations = [
        migrations.CreateModel(
            name='LastVerified',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='MailingRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=320)),
                ('tried_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(null=True)),
                ('refusal', models.CharField(blank=True, max_length=80)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='step',
            name='step_kind_is_listed',
        ),
        migrations.AddField(
            model_name='incident',
            name='taken_by',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='mailing',
            name='heard_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='step',
            name='kind',
            field=models.CharField(choices=[('opened', 'Opened'), ('first_report', 'First report sent'), ('written_report', 'Written report sent'), ('known', 'More is known'), ('inquiry', 'Inquiry'), ('remediation', 'Remediation'), ('closed', 'Closed')], max_length=15),
        ),
        migrations.AddIndex(
            model_name='mailing',
            index=models.Index(condition=models.Q(('heard_at__isnull', True), ('kind', 'alarm')), fields=['made_at'], name='mailing_unheard'),
        ),
        migrations.AddConstraint(
            model_name='step',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['opened', 'first_report', 'written_report', 'known', 'inquiry', 'remediation', 'closed'])), name='step_kind_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='lastverified',
            constraint=models.CheckConstraint(condition=models.Q(('pk', 1)), name='last_verified_is_one_row'),
        ),
        migrations.AddField(
            model_name='mailingrecipient',
            name='mailing',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recipients', to='audit.mailing'),
        ),
        migrations.AddConstraint(
            model_name='mailingrecipient',
            constraint=models.UniqueConstraint(fields=('mailing', 'address'), name='mailing_recipient_once'),
        ),
        migrations.AddConstraint(
            model_name='mailingrecipient',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('refusal', ''), ('taken_at__isnull', False)), models.Q(('taken_at__isnull', True), models.Q(('refusal', ''), _negated=True)), _connector='OR'), name='mailing_recipient_took_it_or_refused'),
        ),
        # The rooms heard of the alarms so far when they were raised.
        migrations.RunSQL("UPDATE audit_mailing SET heard_at = made_at WHERE kind = 'alarm'", migrations.RunSQL.noop),
    ]
