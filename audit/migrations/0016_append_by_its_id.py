"""`audit.append` gives back the id alone, which carries the time, and takes a payload's fields by one term; its kind of answer
cannot be changed in place."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"
# A record made by this release has the type from its first migration on.
TYPE = """
DO $do$
BEGIN
    IF to_regtype('audit.copied') IS NULL THEN
        CREATE TYPE audit.copied AS (
            actor_id bigint, actor varchar(150), aor varchar(32), on_behalf_of text, plate varchar(10) COLLATE "C",
            state varchar(2) COLLATE "C", reason varchar(32), query uuid
        );
    END IF;
END
$do$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0015_asked_elsewhere_in_their_name")]

    operations = [
        migrations.RunSQL(TYPE, migrations.RunSQL.noop),
        migrations.RunSQL("DROP FUNCTION audit.append(text, text);\n" + (SQL / "append.sql").read_text(),
                          migrations.RunSQL.noop),
    ]
