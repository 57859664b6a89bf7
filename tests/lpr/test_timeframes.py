"""How far back a query reaches: presets, days, years that count leap days (QRY-3)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lpr import timeframes
from lpr.timeframes import CLOCKS_AHEAD, Span, TimeframeNotValid, TimeframeTooLong, years_before

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


def resolve(timeframe, date_from=None, date_to=None, *, zone=NEW_YORK, now=NOW):
    return timeframes.resolve(timeframe=timeframe, date_from=date_from, date_to=date_to, zone=zone, now=now)


@pytest.mark.req("QRY-3")
@pytest.mark.parametrize(("preset", "since"), [
    ("7d", NOW - timedelta(days=7)), ("30d", NOW - timedelta(days=30)), ("60d", NOW - timedelta(days=60)),
    ("90d", NOW - timedelta(days=90)), ("1y", datetime(2025, 11, 21, 15, 30, tzinfo=UTC)),
    ("5y", datetime(2021, 11, 21, 15, 30, tzinfo=UTC)),
])
def test_a_preset_reaches_back_from_now(preset, since):
    assert resolve(preset) == Span(since, NOW + CLOCKS_AHEAD)


@pytest.mark.req("QRY-3")
def test_days_are_calendar_days_of_the_asker_and_both_are_included():
    assert resolve("custom", date(2026, 3, 7), date(2026, 3, 8)) == Span(
        datetime(2026, 3, 7, 5, tzinfo=UTC), datetime(2026, 3, 9, 4, tzinfo=UTC))


@pytest.mark.req("QRY-3")
def test_today_reaches_to_now_and_not_beyond_what_a_clock_may_run_ahead():
    assert resolve("custom", date(2026, 11, 21), date(2026, 11, 21)).captured_until == NOW + CLOCKS_AHEAD


@pytest.mark.req("QRY-3")
@pytest.mark.parametrize(("timeframe", "first", "last", "field"), [
    ("", None, None, "timeframe"), ("6d", None, None, "timeframe"), ("30d", date(2026, 1, 1), None, "timeframe"),
    ("custom", None, date(2026, 1, 1), "date_from"), ("custom", date(2026, 1, 1), None, "date_to"),
    ("custom", date(2026, 2, 1), date(2026, 1, 31), "date_to"), ("custom", date(2026, 11, 22), date(2026, 11, 22), "date_from"),
    ("custom", date(2026, 11, 1), date(2026, 11, 22), "date_to"), ("custom", date(1, 1, 1), date(2026, 1, 1), "date_from"),
    ("custom", date(2026, 1, 1), date(9999, 12, 31), "date_to"),
])
def test_what_is_no_closed_span_of_the_past_is_refused_at_its_field(timeframe, first, last, field):
    with pytest.raises(TimeframeNotValid) as refusal:
        resolve(timeframe, first, last)
    assert refusal.value.field == field


def test_a_day_that_has_begun_in_utc_may_be_entered():
    late = datetime(2026, 11, 22, 2, tzinfo=UTC)  # still November 21 in New York
    assert resolve("custom", date(2026, 11, 22), date(2026, 11, 22), now=late)


@pytest.mark.req("QRY-3")
def test_five_years_are_calendar_years_whatever_leap_days_lie_between():
    assert years_before(date(2026, 5, 7), 5) == date(2021, 5, 7)
    assert (date(2026, 5, 7) - years_before(date(2026, 5, 7), 5)).days == 1826
    assert years_before(date(2028, 2, 29), 4) == date(2024, 2, 29)
    # Five years before a February 29 no limit is stretched by a day.
    assert years_before(date(2028, 2, 29), 5) == date(2023, 3, 1)


def limited(first_day, *, years, now=NOW, zone=NEW_YORK):
    span = resolve("custom", first_day, now.astimezone(zone).date(), zone=zone, now=now)
    return timeframes.limited(span, years=years, zone=zone, now=now)


@pytest.mark.req("QRY-3", "QRY-4")
def test_the_day_of_the_limit_may_be_entered_and_is_cut_at_the_limit():
    assert limited(date(2021, 11, 21), years=5).captured_from == datetime(2021, 11, 21, 15, 30, tzinfo=UTC)
    assert limited(date(2021, 11, 22), years=5).captured_from == datetime(2021, 11, 22, 5, tzinfo=UTC)


@pytest.mark.req("QRY-3", "QRY-4")
def test_a_day_more_than_the_limit_is_refused_and_the_limit_named():
    with pytest.raises(TimeframeTooLong, match="5 years at most, to November 21, 2021"):
        limited(date(2021, 11, 20), years=5)
    with pytest.raises(TimeframeTooLong):
        limited(date(2023, 2, 28), years=5, now=datetime(2028, 2, 29, 15, tzinfo=UTC))


@pytest.mark.req("QRY-4")
def test_no_limit_is_no_limit():
    assert limited(date(1995, 1, 1), years=None).captured_from == datetime(1995, 1, 1, 5, tzinfo=UTC)


def test_the_longest_preset_keeps_a_limit_of_as_many_years():
    assert timeframes.limited(resolve("5y"), years=5, zone=NEW_YORK, now=NOW) == resolve("5y")
