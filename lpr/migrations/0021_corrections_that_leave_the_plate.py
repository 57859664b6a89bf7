"""A correction says whether plate and state were right all the same: a hit of such a read is a hit (BEY-7). Of what was resolved
before it is not known, and so taken for a correction of the plate."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lpr", "0020_sources_since_when_and_months_as_long_as_kept")]
    operations = [migrations.AddField("errorreport", "plate_stays", models.BooleanField(default=False))]
