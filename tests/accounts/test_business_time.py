"""24 business hours: Monday to Friday, no federal holidays, midnight to midnight of the area (ACC-9)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.business_time import add, between, is_business_day

NEW_YORK, CHICAGO, GUAM = (ZoneInfo(name) for name in ("America/New_York", "America/Chicago", "Pacific/Guam"))
# Midnight is where Havana changes its clock: a business day there can have 23 or 25 hours, and one has no midnight.
ZONES = st.sampled_from([NEW_YORK, CHICAGO, GUAM, ZoneInfo("America/Los_Angeles"), ZoneInfo("America/Havana")])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 31), timezones=st.just(UTC))
LENGTHS = st.timedeltas(timedelta(0), timedelta(hours=80))
DAY = timedelta(hours=24)
# The rule is slow on a machine that is busy with other tests, which is no fault of it.
settings.register_profile("business_time", deadline=None, suppress_health_check=[HealthCheck.too_slow])
PATIENT = settings.get_profile("business_time")


def at(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.req("ACC-9")
@pytest.mark.parametrize(("asked", "due"), [
    ("2026-11-17 09:30", "2026-11-18 09:30"),  # Tuesday to Wednesday: 24 clock hours, not three working days
    ("2026-11-20 15:00", "2026-11-23 15:00"),  # over a weekend
    ("2026-11-21 11:00", "2026-11-24 00:00"),  # asked on a Saturday: all of Monday
    ("2026-11-25 18:00", "2026-11-27 18:00"),  # over Thanksgiving
    ("2026-07-02 12:00", "2026-07-06 12:00"),  # July 4 is a Saturday, observed on Friday
    ("2027-12-30 10:00", "2028-01-03 10:00"),  # New Year's Day 2028 is a Saturday, observed in 2027
    ("2026-12-31 20:00", "2027-01-04 20:00"),  # year end: New Year's Day is a Friday
    ("2027-06-17 08:00", "2027-06-21 08:00"),  # Juneteenth observed
    ("2026-03-06 12:00", "2026-03-09 12:00"),  # the clock goes forward on Sunday
    ("2026-10-30 12:00", "2026-11-02 12:00"),  # and back
])
def test_when_24_business_hours_are_over(asked, due):
    assert add(at(asked), DAY, zone=NEW_YORK) == at(due)


@pytest.mark.req("ACC-9")
def test_each_area_has_its_own_midnight():
    asked = datetime(2026, 11, 21, 5, 30, tzinfo=UTC)  # Saturday half past midnight in New York, still Friday in Chicago
    assert add(asked, DAY, zone=NEW_YORK) == at("2026-11-24 00:00")
    assert add(asked, DAY, zone=CHICAGO) == at("2026-11-23 23:30", CHICAGO)


@pytest.mark.req("ACC-9")
@pytest.mark.parametrize("holiday", ["2026-01-19", "2026-02-16", "2026-05-25", "2026-06-19", "2026-07-03", "2026-09-07",
                                     "2026-10-12", "2026-11-11", "2026-11-26", "2026-12-25", "2027-12-24", "2027-12-31"])
def test_federal_holidays_do_not_count(holiday):
    assert not is_business_day(date.fromisoformat(holiday))


@pytest.mark.req("ACC-9")
@PATIENT
@given(MOMENTS, LENGTHS, ZONES)
def test_what_is_added_has_gone_by(start, length, zone):
    assert between(start, add(start, length, zone=zone), zone=zone) == length


@pytest.mark.req("ACC-9")
@PATIENT
@given(MOMENTS, LENGTHS, ZONES)
def test_the_end_is_the_first_such_moment(start, length, zone):
    end = add(start, length, zone=zone)
    assert end >= start + length
    if length:
        assert between(start, end - timedelta(seconds=1), zone=zone) < length


@pytest.mark.req("ACC-9")
@PATIENT
@given(MOMENTS, LENGTHS, LENGTHS, ZONES)
def test_time_adds_up_in_steps(start, first, second, zone):
    assert add(add(start, first, zone=zone), second, zone=zone) == add(start, first + second, zone=zone)


@pytest.mark.req("ACC-9")
@PATIENT
@given(MOMENTS, MOMENTS, MOMENTS, ZONES)
def test_stretches_add_up_and_no_more_goes_by_than_the_clock_shows(first, second, third, zone):
    assert between(first, second, zone=zone) + between(second, third, zone=zone) == between(first, third, zone=zone)
    assert abs(between(first, second, zone=zone)) <= abs(second - first)


@pytest.mark.req("ACC-9")
@PATIENT
@given(MOMENTS, ZONES)
def test_nothing_goes_by_on_days_that_do_not_count(start, zone):
    day = start.astimezone(zone).date()
    spent = between(start, start + timedelta(seconds=1), zone=zone)
    if (start + timedelta(seconds=1)).astimezone(zone).date() == day:
        assert spent == (timedelta(seconds=1) if is_business_day(day) else timedelta(0))
