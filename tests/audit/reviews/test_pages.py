"""The pages of reviews: who opens them, that each look is recorded, and that what was typed is kept (AUD-8, BEY-5)."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from audit import context
from audit.events import Kind
from audit.models import Method, Review
from audit.reviews import signoff, views
from tests.audit.walking import whole
from tests.factories.reviews import attempt, reprimanded

pytestmark = pytest.mark.usefixtures("database")
START = "/audit/reviews/"


def form(**fields):
    today = datetime.now(UTC).date()
    return {"aor": "NYC", "since": f"{today - timedelta(days=1)}", "until": f"{today}", "method": "random", "size": "10"} | fields


@pytest.mark.req("AUD-8")
def test_a_supervisor_reviews_a_sample_from_opening_to_report(supervisor, officer, manager, asked, signed_in, events, now):
    query = asked(officer, plate="XYZ1234")
    browser = signed_in(supervisor)
    assert "Reviews" in browser.get("/audit/").content.decode()
    assert "Owed" in browser.get(START).content.decode()
    review = browser.post(f"{START}new/", form())["Location"]
    page = browser.get(review).content.decode()
    assert "XYZ1234" in page
    assert page.count("<h1") == 1
    item = f"{review}items/{Review.objects.get().items.get().pk}/"
    assert "Audit id" in browser.get(item).content.decode()
    refused = browser.post(item, {"act": "verdict", "note": "kept words"})
    assert refused.status_code == 400
    assert "kept words" in refused.content.decode()
    assert browser.post(item, {"act": "ask", "question": "Why?"}).status_code == 302
    assert browser.post(item, {"act": "verdict", "verdict": "questioned", "note": "No case"}).status_code == 302
    followed = reprimanded(officer, manager, now)
    refused = browser.post(item, {"act": "follow_up", "sanction": "S-12"})
    assert (refused.status_code, "no such sanction of this person" in refused.content.decode()) == (400, True)
    # A supervisor sees no sanctions, and types the number; the manager chooses.
    assert followed not in browser.get(item).content.decode()
    assert f'value="{followed}"' in signed_in(manager).get(item).content.decode()
    assert browser.post(item, {"act": "follow_up", "sanction": followed}).status_code == 302
    assert followed in browser.get(item).content.decode()
    assert browser.post(f"{review}draw-again/", follow=True).status_code == 200
    refused = browser.post(review, {"note": "my conclusion"})
    assert refused.status_code == 400
    assert "my conclusion" in refused.content.decode()
    assert browser.post(review, {"note": "my conclusion", "confirm": "on"}).status_code == 303
    assert browser.get(f"{review}report.pdf").content.startswith(b"%PDF")
    assert "Signed off" in browser.get(START).content.decode()
    assert browser.get(f"/queries/{query}/").status_code == 200
    assert events(Kind.REVIEWS_LISTED, actor="supervisor")
    purposes = {event["details"]["purpose"] for event in events(Kind.REVIEW_VIEWED)}
    assert purposes == {"page", "query", "draw again", "sign-off", "report"}
    assert len(events(Kind.REVIEW_REFUSED)) == 3


@pytest.mark.req("AUD-8", "BEY-5")
def test_signals_are_shown_with_their_rows(supervisor, officer, signed_in, events):
    for number in range(25):
        attempt(context.actor_of(officer), plate="AGAIN1", case_reference=f"Subject Ann Lee, case 7{number}391824")
    browser = signed_in(supervisor)
    review = browser.post(f"{START}new/", form(method="signals"))["Location"]
    page = browser.get(f"{review}signals/").content.decode()
    assert "officer asked 25 times about one plate." in page
    assert "The first 20 of 25." in page
    assert "Subject Ann Lee, case 70391824" in page
    assert events(Kind.REVIEW_VIEWED)[-1]["details"]["purpose"] == "signals"


@pytest.mark.req("AUD-8")
def test_queries_are_chosen_from_pages_whose_names_travel_in_the_body(supervisor, officer, officer2, signed_in, events):
    for number in range(55):
        last = attempt(context.actor_of(officer), plate=f"P{number}")
    other = attempt(context.actor_of(officer2), plate="OTHER1")
    browser = signed_in(supervisor)
    review = browser.post(f"{START}new/", form(method="chosen", size=""))["Location"]
    choose = f"{review}choose/"
    first = browser.get(choose).content.decode()
    assert "OTHER1" in first
    assert "Older queries" in first
    cursor = first.partition('name="before" value="')[2].partition('"')[0]
    older = browser.post(choose, {"officer": "", "before": cursor}).content.decode()
    assert "P0<" in older
    assert "OTHER1" not in older
    assert "OTHER1" not in browser.post(choose, {"officer": "officer", "act": "show"}).content.decode()
    assert browser.post(choose, {"before": "forged"}).status_code == 404
    for wrong in ([], ["not a number"], ["0190a0a0-0000-7000-8000-000000000000"]):
        answer = browser.post(choose, {"officer": "officer2", "query": wrong, "act": "take"})
        assert answer.status_code == 400
        assert 'value="officer2"' in answer.content.decode()
    assert browser.post(choose, {"query": [last, other], "act": "take"}).status_code == 303
    assert Review.objects.get().items.count() == 2
    assert browser.get(choose).content.decode().count(">taken<") == 2
    assert len(events(Kind.REVIEW_REFUSED)) == 3


@pytest.mark.req("AUD-8", "AUD-12")
def test_a_review_of_another_area_is_not_there(supervisor, other_manager, officer, asked, opened, signed_in, events):
    asked(officer)
    review = opened(supervisor)
    item = review.items.get()
    stranger = signed_in(other_manager)
    for page in ("", f"items/{item.pk}/", "signals/", "choose/", "report.pdf"):
        assert stranger.get(f"{START}{review.pk}/{page}").status_code == 404
        assert signed_in(officer).get(f"{START}{review.pk}/{page}").status_code == 403
    verdict = {"act": "verdict", "verdict": "justified", "note": "n"}
    for page, body in (("", {"note": "n", "confirm": "on"}), (f"items/{item.pk}/", verdict),
                       ("choose/", {"act": "take", "query": str(item.query)}), ("draw-again/", {})):
        assert stranger.post(f"{START}{review.pk}/{page}", body).status_code == 404
    assert len(events(Kind.ACCESS_REFUSED, actor="other_manager")) == 9
    assert not events(Kind.REVIEW_JUDGED)
    assert "NYC" not in stranger.get(START).content.decode()


@pytest.mark.req("AUD-8", "AUD-12")
def test_an_area_that_is_not_ones_own_is_no_choice_and_the_refusal_is_recorded(supervisor, aor_chi, signed_in, events):
    browser = signed_in(supervisor)
    assert "Chicago" not in browser.get(f"{START}new/").content.decode()
    for aor in ("CHI", "", "%"):
        assert browser.post(f"{START}new/", form(aor=aor)).status_code == 400
    assert [event["details"].get("fields", ["aor"]) for event in events(Kind.REVIEW_REFUSED)] == [["aor"]] * 3
    assert not Review.objects.exists()


@pytest.mark.req("AUD-8")
@pytest.mark.parametrize("fields", [
    {"since": "x"}, {"until": "2020-01-01"}, {"size": "3"}, {"size": "99999"}, {"method": "mine"}])
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(supervisor, signed_in, events, fields):
    answer = signed_in(supervisor).post(f"{START}new/", form(**fields))
    text = answer.content.decode()
    assert answer.status_code == 400
    [(name, value)] = fields.items()
    assert f'id="id_{name}_error"' in text
    assert value in text or name == "method"
    assert events(Kind.REVIEW_REFUSED)


@pytest.mark.req("AUD-8")
def test_every_signed_off_review_is_found_page_by_page(supervisor, opened, signed_in, monkeypatch, now):
    monkeypatch.setattr(views, "LISTED", 2)
    made = [opened(supervisor) for _ in range(5)]
    with context.acting(context.actor_of(supervisor)):
        for place, review in enumerate(made[:3]):
            signoff.sign_off(review=review, note="n", user=supervisor, now=now + timedelta(seconds=place))
    browser = signed_in(supervisor)

    def listed(page, heading="closed-heading"):
        return re.findall(r"/audit/reviews/([0-9a-f-]{36})/", page.split(f'id="{heading}"')[1].split("</section>")[0])

    assert whole(browser, START, listed) == [str(review.pk) for review in made[2::-1]]
    assert whole(browser, START, lambda page: listed(page, "open-heading"), "open_before") == [str(made[4].pk), str(made[3].pk)]
    assert browser.get(f"{START}?before=nonsense").status_code == 404


@pytest.mark.req("AUD-8")
def test_opr_chooses_any_area_or_all(auditor, officer, officer_chi, asked, signed_in):
    asked(officer)
    asked(officer_chi)
    browser = signed_in(auditor)
    assert "Every area" in browser.get(f"{START}new/").content.decode()
    for aor, number in (("", 2), ("CHI", 1)):
        browser.post(f"{START}new/", form(aor=aor))
        review = Review.objects.get(aor=aor)
        assert review.items.count() == number
    assert Review.objects.filter(method=Method.RANDOM, is_of_opr=True).count() == 2


@pytest.mark.req("AUD-8")
def test_a_reviewers_own_query_in_anothers_review_offers_no_verdict(manager, supervisor, asked, opened, signed_in, events):
    asked(supervisor)
    review = opened(manager)
    item = f"{START}{review.pk}/items/{review.items.get().pk}/"
    browser = signed_in(supervisor)
    page = browser.get(item).content.decode()
    assert "Somebody else decides it" in page
    assert 'value="verdict"' not in page
    answer = browser.post(item, {"act": "verdict", "verdict": "justified", "note": "mine"})
    assert answer.status_code == 400
    assert events(Kind.REVIEW_REFUSED)[-1]["actor"] == "supervisor"
    assert not events(Kind.REVIEW_JUDGED)
