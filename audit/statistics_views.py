"""The pages of the usage reports."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit import charts, exports, statistics
from audit.access import reader_required, sees_every_aor


class SpanForm(forms.Form):
    """Two days, both included (UTC)."""

    since = forms.DateField(label="From", help_text="2026-10-01")
    until = forms.DateField(label="To", help_text="That day included. UTC")

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", "The end must not be before the beginning.")
        return cleaned


@require_safe
@never_cache
@reader_required
def statistics_page(request: HttpRequest) -> HttpResponseBase:
    now = datetime.now(UTC)
    form = _form(request, now)
    if not form.is_valid():
        return render(request, "audit/statistics.html", {"form": form, "quarters": _quarters(now.date())}, status=400)
    made = statistics.report(user=request.user, **form.cleaned_data, format="page", now=now)
    return render(request, "audit/statistics.html", {
        "form": form, "report": made, "headings": statistics.headings(), "chart": charts.of_days(made.days),
        "tables": [("Total", [made.total]), *made.groups], "quarters": _quarters(now.date()),
        "every_aor": sees_every_aor(request.user)})


@require_safe
@never_cache
@reader_required
def statistics_file(request: HttpRequest, format: str) -> HttpResponseBase:
    now = datetime.now(UTC)
    form = _form(request, now)
    if not form.is_valid():
        return render(request, "audit/statistics.html", {"form": form, "quarters": _quarters(now.date())}, status=400)
    made = statistics.report(user=request.user, **form.cleaned_data, format=format, now=now)
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"usage.{format}"
        reader: Any = request.user
        made_for = f"{reader.get_full_name()} ({reader.get_username()})"
        exports.WRITERS[format](statistics.document(made=made, made_for=made_for, now=now), file)
        return FileResponse(file.open("rb"), as_attachment=True, content_type=exports.CONTENT_TYPES[format],
                            filename=f"usage-{made.since}-{made.until}.{format}")


def _form(request: HttpRequest, now: datetime) -> SpanForm:
    since, until = statistics.quarter_of(now.date())
    return SpanForm(request.GET if "since" in request.GET else {"since": f"{since}", "until": f"{until}"})


def _quarters(today: date) -> list[tuple[str, date, date]]:
    """This quarter and the seven before it."""
    found, day = [], today
    for _ in range(8):
        since, until = statistics.quarter_of(day)
        found.append((f"{since.year} quarter {(since.month + 2) // 3}", since, until))
        day = since - timedelta(days=1)
    return found
