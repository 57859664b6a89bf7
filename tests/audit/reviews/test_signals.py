"""Signals of reviews: each by its threshold, with the rows behind it (BEY-5)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import Course, TrainingRecord
from audit import context
from audit.events import Kind
from audit.models import Method, ReviewPolicy, Signal
from audit.record import record_durably
from audit.reviews import log, reviewing
from tests.factories.alerts import CASE
from tests.factories.reviews import attempt, moved

pytestmark = pytest.mark.usefixtures("database")
# A Wednesday noon in New York, the last that is two days gone.
NOON = next(day for day in (datetime.now(UTC).replace(hour=17, minute=0, second=0, microsecond=0) - timedelta(days=back)
                            for back in range(2, 9)) if day.isoweekday() == 3)


@pytest.fixture
def found(opened, supervisor):
    """`found() -> {signal: [(size, queries of its rows)]}` of a review over the last ten days."""

    def look(**arguments):
        review = opened(supervisor, since=NOON - timedelta(days=10), until=datetime.now(UTC) + timedelta(days=1), **arguments)
        with context.acting(context.actor_of(supervisor)):
            signals = {}
            for finding in reviewing.findings(review=review):
                signals.setdefault(finding.signal, []).append((finding.size, [row.id for row in finding.rows]))
        return signals

    return look


@pytest.mark.req("BEY-5")
def test_the_same_user_and_plate_again_and_again(officer, officer2, asked, found):
    ReviewPolicy.objects.update(same_plate_times=3)
    first = [asked(officer, at=NOON + timedelta(minutes=minute), case_reference=f"Subject Ann Lee, case 7{minute}91824")
             for minute in range(3)]
    asked(officer2, at=NOON, case_reference="Subject Bo Ray, case 88172635")
    asked(officer, plate="OTHER1", at=NOON, case_reference="Subject Cy Fox, case 55172639")
    assert found() == {Signal.SAME_PLATE: [(3, first)]}


@pytest.mark.req("BEY-5")
def test_the_same_case_text_over_many_plates_whatever_its_case_and_spaces(officer, officer2, asked, found):
    ReviewPolicy.objects.update(same_case_plates=3)
    texts = ("Subject Ann Lee, case 7391824", "SUBJECT ann  lee, CASE 7391824", " Subject Ann Lee, case 7391824 ")
    many = [asked(person, plate=f"P{number}", at=NOON + timedelta(minutes=number), case_reference=text)
            for number, (person, text) in enumerate(zip((officer, officer2, officer), texts, strict=True))]
    asked(officer, plate="P0", at=NOON, case_reference="Subject Bo Ray, case 88172635")
    assert found() == {Signal.SAME_CASE: [(3, many)]}


@pytest.mark.req("BEY-5")
@pytest.mark.parametrize(("hour", "is_off"), [(4, True), (5, False), (21, False), (22, True)])
def test_searches_off_shift_by_the_clocks_of_the_area(officer, asked, found, aor_nyc, hour, is_off):
    from zoneinfo import ZoneInfo

    local = NOON.astimezone(ZoneInfo(aor_nyc.time_zone)).replace(hour=hour, minute=30)
    query = asked(officer, at=local, case_reference="Subject Ann Lee, case 7391824")
    assert found() == ({Signal.OFF_SHIFT: [(1, [query])]} if is_off else {})


@pytest.mark.req("BEY-5")
@pytest.mark.parametrize("is_off", [True, False])
def test_a_weekend_is_off_shift_where_policy_says_so(officer, asked, found, is_off):
    ReviewPolicy.objects.update(weekend_is_off=is_off)
    query = asked(officer, at=NOON - timedelta(days=4), case_reference="Subject Ann Lee, case 7391824")
    assert found() == ({Signal.OFF_SHIFT: [(1, [query])]} if is_off else {})


@pytest.mark.req("BEY-5")
@pytest.mark.parametrize(("text", "is_filler"), [
    ("ongoing investigation 20261121", True), ("case 12345678", True), ("case number 11111111", True),
    ("test Ann Lee test", True), (CASE, False), ("case number 83917264", False),
    ("Ann Lee narcotics investigation, case 8172635", False), ("A 098 765 431", False),
])
def test_references_that_are_mostly_filler(officer, asked, found, text, is_filler):
    query = asked(officer, at=NOON, case_reference=text)
    assert found() == ({Signal.FILLER: [(1, [query])]} if is_filler else {})


@pytest.mark.req("BEY-5", "ACC-7")
@pytest.mark.parametrize(("days", "is_signal"), [(0, True), (14, True), (15, False)])
def test_queries_while_training_was_about_to_lapse(officer, asked, found, days, is_signal):
    yearly = Course.objects.filter(interval_months__isnull=False).first()
    local_day = NOON.date()
    TrainingRecord.objects.filter(user=officer, course=yearly).update(
        completed_on=local_day - timedelta(days=200), valid_until=local_day + timedelta(days=days))
    TrainingRecord.objects.filter(user=officer).exclude(course=yearly).update(completed_on=local_day - timedelta(days=200))
    # Renewed since: what counts is how it stood on the day of the query.
    TrainingRecord.objects.create(user=officer, course=yearly, completed_on=local_day + timedelta(days=1),
                                  valid_until=local_day + timedelta(days=366))
    query = asked(officer, at=NOON, case_reference="Subject Ann Lee, case 7391824")
    assert found() == ({Signal.TRAINING: [(1, [query])]} if is_signal else {})


@pytest.mark.req("BEY-5", "QRY-5")
@pytest.mark.parametrize(("name", "is_signal"), [("OFFICER", True), ("erin roth", True), ("Ellis Ortega", False)])
def test_a_query_on_behalf_of_oneself(officer, asked, found, name, is_signal):
    officer.full_name = "Erin Roth"
    officer.save()
    query = asked(officer, at=NOON, other_name=name, case_reference="Subject Ann Lee, case 7391824")
    assert found() == ({Signal.SELF_ON_BEHALF: [(1, [query])]} if is_signal else {})


@pytest.mark.req("BEY-5", "AUD-8")
def test_a_sample_by_signals_takes_those_with_the_most_first(supervisor, officer, officer2, opened, events):
    ReviewPolicy.objects.update(same_plate_times=2, smallest_sample=3, shift_begins=0, shift_ends=24)
    actor, other = context.actor_of(officer), context.actor_of(officer2)
    quiet = [attempt(other, plate=f"Q{number}") for number in range(4)]
    twice = [attempt(actor, plate="AGAIN1", case_reference=text) for text in ("Subject Ann Lee, case 7391824", "case 12345678")]
    review = opened(supervisor, method=Method.SIGNALS, size=3)
    taken = list(review.items.order_by("position"))
    assert [item.query for item in taken[:2]] == twice[::-1]
    assert taken[2].query in quiet
    assert sorted(taken[0].signals) == ["filler", "same_plate"]
    assert taken[0].signal_names == ["Case reference like filler", "Same plate again and again"]
    assert taken[2].signals == []
    with context.acting(context.actor_of(supervisor)):
        assert reviewing.draw_again(review=review)
    assert events(Kind.REVIEW_VIEWED)[-1]["details"]["purpose"] == "draw again"


@pytest.fixture
def by_signals(supervisor, officer, officer2, asked, opened, aor_nyc):
    """A sample by signals, after which everything that signals come of beside the log has changed."""
    def make():
        ReviewPolicy.objects.update(same_plate_times=2, smallest_sample=2, shift_begins=5, shift_ends=22)
        for number in range(3):
            asked(officer2, at=NOON, plate=f"Q{number}", case_reference="Subject Ann Lee, case 7391824", other_name="Ann Roe")
        for _ in range(2):
            asked(officer, at=NOON, plate="AGAIN1", case_reference="Subject Ann Lee, case 7391824")
        review = opened(supervisor, since=NOON - timedelta(days=1), until=NOON + timedelta(days=1), method=Method.SIGNALS, size=2)
        assert {item.officer for item in review.items.all()} == {officer}
        officer2.full_name = "Ann Roe"
        officer2.save()
        lapsing = TrainingRecord.objects.filter(user=officer2, valid_until__isnull=False)
        lapsing.update(valid_until=NOON.date() + timedelta(days=1))
        aor_nyc.time_zone = "Asia/Tokyo"
        aor_nyc.save()
        return review

    return make


@pytest.mark.req("AUD-8", "BEY-5")
def test_a_sample_by_signals_is_drawn_again_though_training_zone_and_names_changed(by_signals, supervisor, events):
    review = by_signals()
    [kept] = events(Kind.REVIEW_SIGNALLED)
    assert {count: len(queries) for count, queries in kept["details"]["by_count"].items()} == {"1": 2}
    with context.acting(context.actor_of(supervisor)):
        assert reviewing.draw_again(review=review) is True
        review.items.filter(position=1).update(query=uuid4())
        assert reviewing.draw_again(review=review) is False


@pytest.mark.req("AUD-8", "BEY-5")
def test_where_too_many_have_signals_the_page_says_that_the_draw_cannot_be_told(by_signals, supervisor, signed_in, monkeypatch,
                                                                                events):
    monkeypatch.setattr(reviewing, "MOST_SIGNALLED", 1)
    review = by_signals()
    assert events(Kind.REVIEW_SIGNALLED)[-1]["details"] == {"review": str(review.pk), "too_many": 1}
    with context.acting(context.actor_of(supervisor)):
        assert reviewing.draw_again(review=review) is None
    page = signed_in(supervisor).post(f"/audit/reviews/{review.pk}/draw-again/", follow=True).content.decode()
    assert "cannot be told: signals also depend on training, time zones and names" in page


@pytest.mark.req("AUD-8", "BEY-5")
def test_a_review_by_signals_is_opened_by_one_call_of_the_log_however_long_it_takes(by_signals, supervisor, monkeypatch, events):
    """The event that opens the call does so for a minute: a second call behind a long one would be refused."""
    asked = []
    rows = log._rows

    def slow(statement, *parameters):
        found = rows(statement, *parameters)
        asked.append(statement)
        moved(UUID(events(Kind.REVIEW_OPENED)[-1]["id"]), datetime.now(UTC) - timedelta(minutes=5))
        return found

    monkeypatch.setattr(log, "_rows", slow)
    review = by_signals()
    assert len(asked) == 1
    assert [item.signals for item in review.items.all()] == [["same_plate"]] * 2
    assert events(Kind.REVIEW_SIGNALLED)[-1]["details"]["review"] == str(review.pk)


@pytest.mark.req("AUD-8")
def test_whatever_is_asked_for_the_log_tells_the_signals_of_so_many_queries_and_only_at_the_opening(
    supervisor, officer, opened,
):
    ReviewPolicy.objects.update(same_plate_times=2, smallest_sample=2, shift_begins=0, shift_ends=24, weekend_is_off=False)
    for _ in range(2):
        attempt(context.actor_of(officer), plate="AGAIN1", case_reference="Subject Ann Lee, case 7391824")
    review = opened(supervisor, method=Method.SIGNALS, size=2)
    with context.acting(context.actor_of(supervisor)):
        look = record_durably(Kind.REVIEW_VIEWED, review=review.pk, purpose="draw again").id
    for most in (-1, 2, 2**31 - 1):
        assert log.sample(opened=look, most=most).by_count is None
    for most, told in ((-1, None), (1, None), (2, {"1": 2}), (2**31 - 1, {"1": 2})):
        by_count = log.sample(opened=review.opened, most=most).by_count
        assert (by_count and {count: len(queries) for count, queries in by_count.items()}) == told


@pytest.mark.req("BEY-5")
def test_thresholds_are_those_of_the_opening_whatever_policy_says_later(supervisor, officer, opened):
    ReviewPolicy.objects.update(same_plate_times=2, shift_begins=0, shift_ends=24)
    for number in range(2):
        attempt(context.actor_of(officer), plate="AGAIN1", case_reference=f"Subject Ann Lee, case 73{number}1824")
    review = opened(supervisor)
    ReviewPolicy.objects.update(same_plate_times=99)
    with context.acting(context.actor_of(supervisor)):
        [finding] = reviewing.findings(review=review)
    assert (finding.signal, finding.text) == (Signal.SAME_PLATE, "officer asked 2 times about one plate.")


@pytest.mark.req("BEY-5", "AUD-12")
def test_signals_tell_nothing_of_another_area(supervisor, officer_chi, opened):
    ReviewPolicy.objects.update(same_plate_times=2)
    for _ in range(3):
        attempt(context.actor_of(officer_chi), plate="AGAIN1")
    review = opened(supervisor)
    with context.acting(context.actor_of(supervisor)):
        assert reviewing.findings(review=review) == []


def test_every_signal_has_its_sentence():
    from audit.reviews.log import Finding, Row

    row = Row(NOON, None, "officer", "NYC", "", "P1", "OH", "CRIM", {})
    texts = {Finding(signal, 2, [row]).text for signal in Signal}
    assert len(texts) == len(Signal)
