"""Mails about deliveries of the log: ready, and waiting (AUD-13)."""

from django.db import migrations, models

KINDS = [
    ("question", "A question about a query of yours"), ("answer", "Your question about a query was answered"),
    ("named", "A query was made in your name"), ("disowned", "A query was disowned"), ("owed", "A review is due"),
    ("incident", "An incident asks for a report"), ("suspected", "Unauthorized use is suspected"),
    ("contract", "The end of the contract"), ("ready", "Your delivery of the audit log is ready"),
    ("due", "A delivery of the audit log waits")]


class Migration(migrations.Migration):
    dependencies = [("audit", "0012_areas_of_the_person_named")]

    operations = [
        migrations.RemoveConstraint("letter", "letter_kind_is_listed"),
        migrations.AlterField("letter", "kind", models.CharField(choices=KINDS, max_length=10)),
        migrations.AddConstraint("letter", models.CheckConstraint(
            condition=models.Q(("kind__in", [kind for kind, _ in KINDS])), name="letter_kind_is_listed")),
    ]
