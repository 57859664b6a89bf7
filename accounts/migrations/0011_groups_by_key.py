"""Addresses name a group by a key that tells nothing of how many there are."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_deletions_and_sanctions")]
    operations = [
        migrations.AddField("usergroup", "key", models.UUIDField(
            db_default=RandomUUID(), default=uuid.uuid4, editable=False, unique=True)),
    ]
