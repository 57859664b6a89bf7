"""Addresses of who took a mail or a report go when it is sent (ACC-9). A review of every area counts for one in which nobody asked, and
those opened before 0022 say of which areas they drew enough, as far as the log still holds their queries. A sample by signals is drawn
and its signals counted in one call (AUD-8)."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
OTHER_ANSWERS = ("review_signalled(uuid, integer)", "review_sample(uuid)")
SENT = """
DELETE FROM public.audit_mailingrecipient r USING public.audit_mailing m WHERE m.id = r.mailing_id AND m.sent_at IS NOT NULL;
UPDATE public.audit_incident SET taken_by = taken_by - 'first_report' WHERE first_report_at IS NOT NULL;
UPDATE public.audit_incident SET taken_by = taken_by - 'written_report' WHERE written_report_at IS NOT NULL;
"""

# The least number of a sample is that of the policy at the opening.
AREAS = """
UPDATE public.audit_review r SET areas = found.areas
FROM (
    SELECT every.id, array_agg(taken.aor ORDER BY taken.aor) AS areas
    FROM public.audit_review every
    CROSS JOIN LATERAL audit.event_by_id(every.opened) begun
    CROSS JOIN LATERAL (
        SELECT e.aor, count(*) AS queries
        FROM public.audit_reviewitem i CROSS JOIN LATERAL audit.event_by_id(i.query) e
        WHERE i.review_id = every.id AND e.aor <> '' GROUP BY e.aor) taken
    JOIN LATERAL (
        SELECT asked.aor, count(*) AS queries FROM audit.review_population(begun) asked GROUP BY asked.aor) there
        ON there.aor = taken.aor
    WHERE every.aor = '' AND every.areas = '{}' AND every.method <> 'chosen' AND begun.kind = 'review.opened'
      AND taken.queries >= least(there.queries, coalesce(
          (SELECT h.smallest_sample FROM public.audit_historicalreviewpolicy h WHERE h.history_date <= every.opened_at
           ORDER BY h.history_date DESC, h.history_id DESC LIMIT 1),
          (SELECT p.smallest_sample FROM public.audit_reviewpolicy p WHERE p.id = 1)))
    GROUP BY every.id) found
WHERE r.id = found.id;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0023_missed_verifications")]

    operations = [
        migrations.RunSQL("".join(f"DROP FUNCTION IF EXISTS audit.{one};\n" for one in OTHER_ANSWERS)
                          + (SQL / "reviews.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL(SENT, migrations.RunSQL.noop),
        migrations.RunSQL(AREAS, migrations.RunSQL.noop),
        migrations.AddIndex("dailycount", models.Index(fields=["aor", "day"], condition=models.Q(measure="search"),
                                                       name="daily_count_of_searches")),
    ]
