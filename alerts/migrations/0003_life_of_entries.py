"""The life of an entry: its prompts, that it has ended, and how long its hits are kept."""

from django.db import migrations, models


def _policy_fields() -> list[tuple[str, models.Field]]:
    return [
        ("second_prompt_days", models.PositiveIntegerField("days before expiry of the second prompt", default=7)),
        ("last_prompt_days", models.PositiveIntegerField("days before expiry of the last prompt", default=1)),
        ("hit_days", models.PositiveIntegerField("days that hits of a living entry are kept", default=365)),
    ]


class Migration(migrations.Migration):
    dependencies = [("alerts", "0002_matching")]
    operations = [
        *(migrations.AddField(model, name, field) for model in ("alertpolicy", "historicalalertpolicy")
          for name, field in _policy_fields()),
        migrations.AddField("entry", "prompted_days", models.PositiveSmallIntegerField(null=True)),
        migrations.AlterField("entry", "status", models.CharField(
            choices=[("active", "Active"), ("suspended", "Suspended"), ("expired", "Ended")], default="active",
            max_length=10)),
        migrations.RemoveConstraint("entry", "entry_status_is_listed"),
        migrations.AddConstraint("entry", models.CheckConstraint(
            condition=models.Q(status__in=["active", "suspended", "expired"]), name="entry_status_is_listed")),
        migrations.AddIndex("entry", models.Index(fields=["valid_until"], name="entry_by_end")),
        migrations.AddIndex("hit", models.Index(fields=["hit_at"], name="hit_by_age")),
    ]
