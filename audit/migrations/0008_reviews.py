"""Reviews, questions and notices, and the doors through which they read the log (AUD-8, BEY-4, BEY-5)."""

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
        ('audit', '0007_mailings'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='HistoricalReviewPolicy',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('smallest_sample', models.PositiveIntegerField(default=10, verbose_name='queries of a sample at least')),
                ('weekly_days', models.PositiveIntegerField(default=7, verbose_name='days after which an area owes its regular review')),
                ('yearly_days', models.PositiveIntegerField(default=365, verbose_name='days after which an area owes its review of the whole year')),
                ('year_covers_days', models.PositiveIntegerField(default=300, verbose_name='days that a review of the year covers at least')),
                ('reminder_days', models.PositiveIntegerField(default=2, verbose_name='days before a review is due that its managers are reminded')),
                ('same_plate_times', models.PositiveIntegerField(default=4, verbose_name='queries of one user for one plate that are a signal')),
                ('same_case_plates', models.PositiveIntegerField(default=5, verbose_name='plates with the same case text that are a signal')),
                ('shift_begins', models.PositiveSmallIntegerField(default=5, verbose_name='hour at which shifts begin')),
                ('shift_ends', models.PositiveSmallIntegerField(default=22, verbose_name='hour at which shifts end')),
                ('weekend_is_off', models.BooleanField(default=False, verbose_name='Saturday and Sunday are off shift')),
                ('filler_percent', models.PositiveSmallIntegerField(default=50, verbose_name='percent of a case text that is filler to be a signal')),
                ('training_days', models.PositiveIntegerField(default=14, verbose_name='days before training lapses that are a signal')),
                ('filler_words', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('label_words', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical review policy',
                'verbose_name_plural': 'historical review policies',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('opened', models.UUIDField(unique=True)),
                ('aor', models.CharField(blank=True, max_length=32, verbose_name='area of responsibility')),
                ('is_of_opr', models.BooleanField(default=False)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('method', models.CharField(choices=[('random', 'Random sample'), ('signals', 'By signals, the most first'), ('chosen', 'Chosen by hand')], max_length=8)),
                ('seed', models.CharField(max_length=32)),
                ('size', models.PositiveIntegerField(verbose_name='queries wanted')),
                ('population', models.PositiveIntegerField(default=0)),
                ('opened_at', models.DateTimeField()),
                ('closed', models.UUIDField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-opened_at'],
            },
        ),
        migrations.CreateModel(
            name='ReviewItem',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('query', models.UUIDField()),
                ('position', models.PositiveIntegerField()),
                ('signals', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=16), default=list, size=None)),
                ('verdict', models.CharField(blank=True, choices=[('justified', 'Justified'), ('questioned', 'Questioned')], max_length=10)),
                ('judged', models.UUIDField(null=True)),
                ('judged_at', models.DateTimeField(null=True)),
                ('sanction', models.CharField(blank=True, max_length=64, verbose_name='number of the sanction')),
                ('judged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('officer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='audit.review')),
            ],
            options={
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Question',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('query', models.UUIDField()),
                ('aor', models.CharField(blank=True, max_length=32, verbose_name='area of responsibility')),
                ('is_disowned', models.BooleanField(default=False)),
                ('asked', models.UUIDField()),
                ('asked_at', models.DateTimeField()),
                ('answered', models.UUIDField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('officer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='question', to='audit.reviewitem')),
            ],
            options={
                'ordering': ['-asked_at'],
            },
        ),
        migrations.CreateModel(
            name='ReviewPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('smallest_sample', models.PositiveIntegerField(default=10, verbose_name='queries of a sample at least')),
                ('weekly_days', models.PositiveIntegerField(default=7, verbose_name='days after which an area owes its regular review')),
                ('yearly_days', models.PositiveIntegerField(default=365, verbose_name='days after which an area owes its review of the whole year')),
                ('year_covers_days', models.PositiveIntegerField(default=300, verbose_name='days that a review of the year covers at least')),
                ('reminder_days', models.PositiveIntegerField(default=2, verbose_name='days before a review is due that its managers are reminded')),
                ('same_plate_times', models.PositiveIntegerField(default=4, verbose_name='queries of one user for one plate that are a signal')),
                ('same_case_plates', models.PositiveIntegerField(default=5, verbose_name='plates with the same case text that are a signal')),
                ('shift_begins', models.PositiveSmallIntegerField(default=5, verbose_name='hour at which shifts begin')),
                ('shift_ends', models.PositiveSmallIntegerField(default=22, verbose_name='hour at which shifts end')),
                ('weekend_is_off', models.BooleanField(default=False, verbose_name='Saturday and Sunday are off shift')),
                ('filler_percent', models.PositiveSmallIntegerField(default=50, verbose_name='percent of a case text that is filler to be a signal')),
                ('training_days', models.PositiveIntegerField(default=14, verbose_name='days before training lapses that are a signal')),
                ('filler_words', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('label_words', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
            ],
            options={
                'verbose_name_plural': 'review policies',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='review_policy_is_one_row'), models.CheckConstraint(condition=models.Q(('smallest_sample__gte', 1), ('weekly_days__gte', 1), ('yearly_days__gte', 1)), name='review_policy_asks_for_reviews'), models.CheckConstraint(condition=models.Q(('shift_begins__lt', models.F('shift_ends')), ('shift_ends__lte', 24)), name='review_policy_shift_is_a_span')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('question', 'A question about a query of yours'), ('answer', 'Your question about a query was answered'), ('named', 'A query was made in your name'), ('disowned', 'A query was disowned'), ('owed', 'A review is due')], max_length=10)),
                ('about', models.CharField(max_length=80)),
                ('made_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('recipient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['made_at'],
                'indexes': [models.Index(condition=models.Q(('sent_at__isnull', True)), fields=['made_at'], name='letter_waiting')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'recipient', 'about'), name='letter_once_a_recipient'), models.CheckConstraint(condition=models.Q(('kind__in', ['question', 'answer', 'named', 'disowned', 'owed'])), name='letter_kind_is_listed')],
            },
        ),
        migrations.CreateModel(
            name='NamedNotice',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('query', models.UUIDField()),
                ('is_only_match', models.BooleanField()),
                ('made_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(null=True)),
                ('disowned_at', models.DateTimeField(null=True)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at'],
                'indexes': [models.Index(fields=['person', '-made_at'], name='named_notice_of_person')],
                'constraints': [models.UniqueConstraint(fields=('query', 'person'), name='named_notice_once_a_person')],
            },
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['aor', '-opened_at'], name='review_of_aor'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('method__in', ['random', 'signals', 'chosen'])), name='review_method_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('since__lt', models.F('until'))), name='review_period_has_an_end'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed__isnull', True), ('closed_at__isnull', True), ('closed_by__isnull', True)), models.Q(('closed__isnull', False), ('closed_at__isnull', False), ('closed_by__isnull', False)), _connector='OR'), name='review_closing_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='reviewitem',
            constraint=models.UniqueConstraint(fields=('review', 'query'), name='review_item_once_a_review'),
        ),
        migrations.AddConstraint(
            model_name='reviewitem',
            constraint=models.CheckConstraint(condition=models.Q(('verdict__in', ['', 'justified', 'questioned'])), name='review_item_verdict_is_listed'),
        ),
        migrations.AddConstraint(
            model_name='reviewitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('judged__isnull', True), ('verdict', '')), models.Q(models.Q(('verdict', ''), _negated=True), ('judged__isnull', False)), _connector='OR'), name='review_item_verdict_has_its_event'),
        ),
        migrations.AddConstraint(
            model_name='reviewitem',
            constraint=models.CheckConstraint(condition=models.Q(('sanction', ''), ('verdict', 'questioned'), _connector='OR'), name='review_item_sanction_follows_a_question'),
        ),
        migrations.AddIndex(
            model_name='question',
            index=models.Index(fields=['officer', '-asked_at'], name='question_of_officer'),
        ),
        migrations.AddConstraint(
            model_name='question',
            constraint=models.UniqueConstraint(condition=models.Q(('is_disowned', True)), fields=('query',), name='question_disowned_once_a_query'),
        ),
        migrations.RunSQL((SQL / "reviews.sql").read_text(), migrations.RunSQL.noop),
    ]
