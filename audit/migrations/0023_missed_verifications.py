"""A verification that was missed is made up for before anybody is alarmed (AUD-2)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0022_scopes_counts_and_draws")]
    operations = [migrations.AddField("lastverified", "missed_since", models.DateTimeField(null=True))]
