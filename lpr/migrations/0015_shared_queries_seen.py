"""Who has been told of a shared query by their inbox."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lpr", "0014_offenses_of_reasons"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField("sharedquery", "seen_by", models.ManyToManyField(
            blank=True, related_name="+", to=settings.AUTH_USER_MODEL)),
    ]
