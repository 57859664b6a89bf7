"""Addresses of who took a mail or a report go when it is sent (ACC-9)."""

from django.db import migrations

SENT = """
DELETE FROM public.audit_mailingrecipient r USING public.audit_mailing m WHERE m.id = r.mailing_id AND m.sent_at IS NOT NULL;
UPDATE public.audit_incident SET taken_by = taken_by - 'first_report' WHERE first_report_at IS NOT NULL;
UPDATE public.audit_incident SET taken_by = taken_by - 'written_report' WHERE written_report_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0022_scopes_counts_and_draws")]

    operations = [
        migrations.RunSQL(SENT, migrations.RunSQL.noop),
    ]
