"""Hand-over of lists whose owner's account is not active, and what makes entries rest (ALR-11); hits shared by hand (ALR-4)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# As it was then; alerts/sql/rest.sql is what holds now.
REST = """
-- Whose entries rest, and why (ALR-11): the account is closed, the role has no part in alerts, or a course that was taken has
-- lapsed longer than policy's grace ago. One definition, asked by matching and by the hand-over of lists.
CREATE OR REPLACE VIEW public.alerts_resting AS
SELECT owner.id AS user_id,
       CASE WHEN NOT owner.is_active THEN 'account'
            WHEN owner.role NOT IN ('officer', 'support_staff', 'supervisor') THEN 'role'
            ELSE 'training' END AS why
FROM public.accounts_user owner
WHERE NOT owner.is_active OR owner.role NOT IN ('officer', 'support_staff', 'supervisor')
   OR EXISTS (
       SELECT FROM public.accounts_course course
       JOIN public.accounts_trainingrecord taken ON taken.course_id = course.id AND taken.user_id = owner.id
       WHERE course.roles @> ARRAY[owner.role]
       GROUP BY course.id
       -- A record without an end never lapses.
       HAVING max(coalesce(taken.valid_until, 'infinity'::date))
              <= (statement_timestamp() AT TIME ZONE 'UTC')::date
                 - (SELECT policy.training_grace_days::integer FROM public.alerts_alertpolicy policy WHERE policy.id = 1));

CREATE OR REPLACE VIEW public.alerts_watch AS
SELECT entry.id AS entry_id, entry.alert_list_id, entry.owner_id, coalesce(aor.code, '') AS owner_aor, entry.plate,
       entry.state, entry.reason, entry.valid_until
FROM public.alerts_entry entry
JOIN public.accounts_user owner ON owner.id = entry.owner_id
LEFT JOIN public.accounts_aor aor ON aor.id = owner.aor_id
WHERE entry.status = 'active' AND NOT EXISTS (SELECT FROM public.alerts_resting resting WHERE resting.user_id = entry.owner_id);
"""


def _policy_fields() -> list[tuple[str, models.Field]]:
    return [
        ("handover_days", models.PositiveIntegerField(
            "days to name a successor for the lists of an inactive account", default=14)),
        ("training_grace_days", models.PositiveIntegerField("days after training lapses until entries rest", default=14)),
    ]


class Migration(migrations.Migration):
    dependencies = [("alerts", "0005_corrected_reads"), ("accounts", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        *(migrations.AddField(model, name, field) for model in ("alertpolicy", "historicalalertpolicy")
          for name, field in _policy_fields()),
        migrations.AlterField("notification", "kind", models.CharField(
            choices=[("hit", "Hit"), ("prompt", "To be renewed"), ("shared", "Hit shared by its owner"),
                     ("deconfliction", "De-confliction")], max_length=20)),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("why", models.CharField(
                    choices=[("account", "Account closed"), ("role", "Role without alerts"), ("training", "Training lapsed")],
                    max_length=10)),
                ("began_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("owner", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+",
                                               to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ["due_at"], "verbose_name": "hand-over of alert lists",
                     "verbose_name_plural": "hand-overs of alert lists"},
        ),
        migrations.RunSQL(REST, migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Resting",
            fields=[
                ("user", models.OneToOneField(
                    db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name="+",
                    serialize=False, to=settings.AUTH_USER_MODEL)),
                ("why", models.CharField(max_length=10)),
            ],
            options={"db_table": "alerts_resting", "managed": False},
        ),
    ]
