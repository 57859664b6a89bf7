"""A review ends with the log that it stands on: no report, no draw, a page that says so and keeps the verdicts (AUD-5, AUD-8)."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from audit import context
from audit.events import Kind
from audit.models import Method, Review, Verdict
from audit.retention import months
from audit.reviews import reviewing, signoff
from audit.reviews.reviewing import ReviewRefused
from tests.audit.retention.conftest import approved, seal
from tests.factories import old_log

pytestmark = pytest.mark.usefixtures("database")
PLATE, CASE = "OLD4711", "Subject Wilma Flint, case 77554433"


@pytest.fixture
def signed(old, supervisor, officer, opened, now) -> Review:
    """A signed-off review of January, eight years ago, when one query was asked."""
    since = datetime(old.january.year, 1, 1, tzinfo=UTC)
    old_log.append_old(since.replace(day=12), (Kind.QUERY_ATTEMPTED, {
        "actor_id": officer.pk, "actor": "officer", "aor": "NYC", "plate": PLATE, "state": "OH", "reason": "CRIM",
        "details": {"case_reference": CASE, "timeframe": "7d"}}))
    seal(now)
    review = opened(supervisor, since=since, until=since.replace(month=2))
    with context.acting(context.actor_of(supervisor)):
        reviewing.judge(item=review.items.get(), verdict=Verdict.QUESTIONED, note="odd", user=supervisor, now=now)
        signoff.sign_off(review=review, note="Looked at.", user=supervisor, now=now)
    seal(now)
    review.refresh_from_db()
    return review


@pytest.mark.req("AUD-5", "AUD-8")
def test_a_review_ends_with_its_month_and_says_so(signed, old, supervisor, appointer, operator, opened, signed_in, events, now):
    browser, page = signed_in(supervisor), f"/audit/reviews/{signed.pk}/"
    still_open = opened(supervisor, since=signed.since, until=signed.until, method=Method.CHOSEN)
    assert PLATE in browser.get(page).content.decode()
    assert browser.get(f"{page}report.pdf")["Content-Type"] == "application/pdf"
    approved(old, appointer, operator, now)
    assert months.drop_approved(now=now) == 2
    seal(now)
    january = f"{old.january:%Y-%m}"

    def says_what_is_left(*, and_how_it_was_opened: bool) -> None:
        text = browser.get(page).content.decode()
        assert f"The log of {january}" in text
        assert "Query 1 of officer" in text
        assert "Questioned" in text
        assert ("Looked at." in text) is and_how_it_was_opened
        for gone in (PLATE, CASE, "report.pdf", "draw-again", "signals/"):
            assert gone not in text

    says_what_is_left(and_how_it_was_opened=True)
    answer = browser.get(f"{page}report.pdf", follow=True)
    assert answer["Content-Type"].startswith("text/html")
    assert "The report ended with it" in answer.content.decode()
    [refused] = events(Kind.REVIEW_REPORT_REFUSED)
    assert refused["details"]["dropped"] == [january]
    for rest, ask in (("signals/", browser.get), ("choose/", browser.get), ("draw-again/", browser.post),
                      (f"items/{signed.items.get().pk}/", browser.get)):
        assert ask(page + rest).status_code == 404, rest
    with context.acting(context.actor_of(supervisor)), pytest.raises(ReviewRefused, match=f"log of {january} was dropped"):
        signoff.sign_off(review=still_open, note="Too late.", user=supervisor, now=now)
    # As if it had been opened then, too: the event that opens it to its readers is gone.
    Review.objects.filter(pk=signed.pk).update(opened=UUID(old.ids[0]))
    says_what_is_left(and_how_it_was_opened=False)
    assert browser.get(f"{page}report.pdf").status_code == 303
    assert b"Signed off" in browser.get("/audit/reviews/").content


@pytest.mark.req("AUD-5", "AUD-8")
def test_a_review_of_other_months_keeps_its_report(gone, supervisor, officer, asked, opened, signed_in, now):
    asked(officer)
    review = opened(supervisor)
    assert reviewing.dropped(review=review) == []
    with context.acting(context.actor_of(supervisor)):
        reviewing.judge(item=review.items.get(), verdict=Verdict.JUSTIFIED, note="fine", user=supervisor, now=now)
        signoff.sign_off(review=review, note="Fine.", user=supervisor, now=now)
    assert signed_in(supervisor).get(f"/audit/reviews/{review.pk}/report.pdf")["Content-Type"] == "application/pdf"
