"""A replay is compared with what was answered, and the cause of each difference named (QRY-10)."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("lpr", "0015_shared_queries_seen")]
    operations = [migrations.RunSQL(
        (SQL / "replay.sql").read_text(),
        "DROP FUNCTION store.replay_differences(uuid), store.replay_outcome(uuid, integer), store.replayed_reads(uuid)")]
