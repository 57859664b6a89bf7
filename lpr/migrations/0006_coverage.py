"""Counts of reads by area and kind of source, and the door from which they come."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("lpr", "0005_retention")]
    operations = [
        migrations.CreateModel("CoverageCount", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("area", models.CharField(max_length=5)),
            ("source_kind", models.CharField(max_length=20)),
            ("reads", models.PositiveBigIntegerField()),
            ("counted_at", models.DateTimeField()),
        ], options={"constraints": [
            models.UniqueConstraint(fields=["area", "source_kind"], name="coverage_once_for_area_and_kind")]}),
        migrations.CreateModel("CoverageState", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("counted_at", models.DateTimeField()),
            ("below_since", models.DateTimeField(null=True)),
            ("told_at", models.DateTimeField(null=True)),
        ], options={"constraints": [
            models.CheckConstraint(condition=models.Q(pk=1), name="coverage_state_is_one_row")]}),
        migrations.RunSQL((SQL / "coverage.sql").read_text(), "DROP FUNCTION store.coverage(timestamptz, integer)"),
    ]
