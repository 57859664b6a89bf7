"""Full names are kept composed and with single spaces, and beside them as they are compared (QRY-5, BEY-4)."""

from typing import Any

from django.db import migrations, models

from audit import names


def fold_names(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    for pk, full_name in people.values_list("pk", "full_name"):
        people.filter(pk=pk).update(full_name=names.tidy(full_name), folded_name=names.fold(full_name))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_who_follows")]
    operations = [
        migrations.AddField("user", "folded_name", models.CharField(default="", editable=False, max_length=450),
                            preserve_default=False),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
        migrations.AlterField("user", "folded_name", models.CharField(db_index=True, editable=False, max_length=450)),
    ]
