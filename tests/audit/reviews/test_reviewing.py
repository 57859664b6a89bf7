"""Reviews: who opens them, what is drawn, who judges what, and that the database holds it too (AUD-8)."""

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections

from audit import context
from audit.events import Kind
from audit.models import Method, NamedNotice, Review, ReviewItem, ReviewPolicy, Verdict
from audit.record import record_durably
from audit.reviews import log, reviewing, signoff
from audit.reviews.reviewing import ReviewRefused
from tests.factories.reviews import attempt, reprimanded

pytestmark = pytest.mark.usefixtures("database")


def acting(user):
    return context.acting(context.actor_of(user))


def queries(review: Review) -> list[UUID]:
    return list(review.items.order_by("position").values_list("query", flat=True))


def hundred(user, count=30) -> list[UUID]:
    return [attempt(context.actor_of(user), plate=f"P{number}") for number in range(count)]


@pytest.mark.req("AUD-8")
def test_a_random_sample_is_what_anyone_computes_from_seed_and_numbers(supervisor, officer, opened, events):
    asked = hundred(officer)
    review = opened(supervisor, size=12)
    in_order = sorted(asked, key=lambda number: hashlib.sha256(f"{review.seed} {number}".encode()).digest())
    assert queries(review) == in_order[:12]
    assert review.population == 30
    [opening], [drawn] = events(Kind.REVIEW_OPENED), events(Kind.REVIEW_DRAWN)
    assert (opening["actor"], opening["details"]["seed"], opening["details"]["size"]) == ("supervisor", review.seed, 12)
    assert (drawn["details"]["queries"], drawn["details"]["population"]) == ([str(one) for one in in_order[:12]], 30)
    hundred(officer)
    with acting(supervisor):
        assert reviewing.draw_again(review=review)


@pytest.mark.req("AUD-8")
def test_another_seed_draws_another_sample_and_the_seed_is_the_systems(supervisor, officer, opened):
    hundred(officer)
    one, other = opened(supervisor), opened(supervisor)
    assert one.seed != other.seed
    assert len(one.seed) == 32
    assert queries(one) != queries(other)


@pytest.mark.req("AUD-8")
def test_a_sample_that_was_tampered_with_is_not_drawn_again(supervisor, officer, opened):
    hundred(officer)
    review = opened(supervisor)
    review.items.filter(position=3).update(query=uuid4())
    with acting(supervisor):
        assert not reviewing.draw_again(review=review)


@pytest.mark.req("AUD-8")
def test_a_sample_is_drawn_again_whatever_its_reviewer_is_called_by_then(supervisor, officer, asked, opened, events):
    hundred(officer, 3)
    asked(officer, other_name="Sidney Vance")
    asked(officer, other_name="Supervisor")
    review = opened(supervisor)
    assert len(queries(review)) == 4
    assert events(Kind.REVIEW_OPENED)[-1]["details"]["opener_names"] == ["supervisor", "Supervisor"]
    supervisor.full_name = "Sidney Vance"
    supervisor.save()
    with acting(supervisor):
        assert reviewing.draw_again(review=review)


@pytest.mark.req("AUD-8", "BEY-4")
def test_a_query_in_ones_name_is_left_out_however_the_name_was_typed(supervisor, officer, asked, opened):
    supervisor.full_name = "José Pérez"
    supervisor.save()
    asked(officer, other_name="JOSÉ  PÉREZ")
    assert queries(opened(supervisor)) == []


@pytest.mark.req("AUD-8")
def test_a_sample_smaller_than_policy_is_refused_and_recorded(supervisor, officer, opened, events):
    hundred(officer)
    with pytest.raises(ReviewRefused, match="at least 10"):
        opened(supervisor, size=9)
    ReviewPolicy.objects.update(smallest_sample=9)
    assert len(queries(opened(supervisor, size=9))) == 9
    [refused] = events(Kind.REVIEW_REFUSED)
    assert (refused["actor"], refused["details"]["size"]) == ("supervisor", 9)


@pytest.mark.req("AUD-8")
def test_where_there_are_fewer_all_are_taken_and_an_empty_period_can_be_signed_off(supervisor, officer, opened, now):
    assert queries(opened(supervisor)) == []
    empty = opened(supervisor)
    with acting(supervisor):
        signoff.sign_off(review=empty, note="Nobody asked anything.", user=supervisor, now=now)
    asked = hundred(officer, 3)
    assert sorted(queries(opened(supervisor))) == sorted(asked)


@pytest.mark.req("AUD-8", "AUD-12")
def test_a_review_draws_from_its_own_area_and_opr_from_every_one(supervisor, auditor, officer, officer_chi, opened):
    here, there = hundred(officer, 4), hundred(officer_chi, 4)
    assert sorted(queries(opened(supervisor))) == sorted(here)
    assert sorted(queries(opened(auditor, aor=""))) == sorted(here + there)
    assert sorted(queries(opened(auditor, aor="CHI"))) == sorted(there)


@pytest.mark.req("AUD-8", "AUD-12")
@pytest.mark.parametrize("aor", ["", "CHI", "nyc"])
def test_no_review_of_another_area_is_opened(supervisor, opened, events, aor):
    with pytest.raises(ReviewRefused, match="own area"):
        opened(supervisor, aor=aor)
    [refused] = events(Kind.REVIEW_REFUSED)
    assert refused["actor"] == "supervisor"
    assert not Review.objects.exists()


@pytest.mark.req("AUD-8", "AUD-12", "BEY-3")
def test_the_database_itself_widens_no_review_beyond_its_openers_area(supervisor, officer, officer_chi):
    hundred(officer_chi, 3)
    here = hundred(officer, 2)
    now = datetime.now(UTC)
    whole = {"review": uuid4(), "since": now - timedelta(days=1), "until": now + timedelta(days=1), "method": "random",
             "size": 50, "seed": "s", "thresholds": reviewing.policy().thresholds()}
    for area in ("CHI", "", "' OR true --"):
        event = record_durably(Kind.REVIEW_OPENED, actor=context.actor_of(supervisor), aor=area, **whole).id
        assert sorted(one.query for one in log.sample(opened=event).drawn) == sorted(here)
    for actor in (context.actor_of(officer), context.Actor(id=5, name="m", role="agency_manager"), context.SYSTEM):
        event = record_durably(Kind.REVIEW_OPENED, actor=actor, aor="NYC", **whole).id
        with pytest.raises(DatabaseError, match="opens no review"):
            log.sample(opened=event)


@pytest.mark.req("AUD-8", "AUD-12", "BEY-3")
def test_the_doors_open_for_the_right_looker_and_the_right_event_alone(
    supervisor, auditor, other_manager, officer, opened, manager,
):
    hundred(officer, 3)
    of_supervisor, of_opr = opened(supervisor), opened(auditor, aor="NYC")

    def rows(user, review, kind=Kind.REVIEW_VIEWED):
        return log.rows_of(event=record_durably(kind, actor=context.actor_of(user), review=review.pk).id)

    assert len(rows(supervisor, of_supervisor)) == len(rows(manager, of_supervisor)) == len(rows(auditor, of_supervisor)) == 3
    for user, review, kind in (
        (other_manager, of_supervisor, Kind.REVIEW_VIEWED), (officer, of_supervisor, Kind.REVIEW_VIEWED),
        (manager, of_opr, Kind.REVIEW_VIEWED), (supervisor, of_supervisor, Kind.AUDIT_VIEWED),
    ):
        with pytest.raises(DatabaseError, match="opens no review"):
            rows(user, review, kind)
    with connections["default"].cursor() as cursor, pytest.raises(DatabaseError, match="permission denied"):
        cursor.execute("SELECT * FROM audit.review_population(NULL)")


@pytest.mark.req("AUD-8")
def test_own_queries_and_those_asked_in_ones_name_are_not_drawn(supervisor, officer, asked, opened):
    other = asked(officer)
    asked(supervisor)
    asked(officer, other_name="SUPERVISOR")
    supervisor.full_name = "Sidney Vance"
    supervisor.save()
    asked(officer, other_name="sidney  vance".replace("  ", " "))
    assert queries(opened(supervisor)) == [other]


@pytest.mark.req("AUD-8")
def test_nobody_judges_asks_about_or_signs_off_their_own_query(manager, supervisor, officer, asked, opened, events, now):
    asked(supervisor)
    asked(officer, other_name="supervisor")
    review = opened(manager)
    assert NamedNotice.objects.filter(person=supervisor).exists()
    with acting(supervisor):
        for item in review.items.select_related("review", "officer"):
            with pytest.raises(ReviewRefused, match="Nobody reviews"):
                reviewing.judge(item=item, verdict=Verdict.JUSTIFIED, note="mine", user=supervisor, now=now)
    with acting(manager):
        for item in review.items.select_related("review"):
            reviewing.judge(item=item, verdict=Verdict.JUSTIFIED, note="looked at", user=manager, now=now)
    with acting(supervisor), pytest.raises(ReviewRefused, match="Nobody signs off"):
        signoff.sign_off(review=review, note="mine", user=supervisor, now=now)
    assert [event["actor"] for event in events(Kind.REVIEW_REFUSED)] == ["supervisor"] * 3
    assert not Review.objects.filter(closed_at__isnull=False).exists()


@pytest.mark.req("AUD-8")
def test_a_verdict_stands_in_the_log_and_can_be_changed_until_the_sign_off(supervisor, officer, asked, opened, events, now):
    query = asked(officer)
    review = opened(supervisor)
    for verdict, note in ((Verdict.QUESTIONED, "No case of that number"), (Verdict.JUSTIFIED, "Found under XYZ1234")):
        item = review.items.select_related("review").get()
        with acting(supervisor):
            reviewing.judge(item=item, verdict=verdict, note=note, user=supervisor, now=now)
    first, second = events(Kind.REVIEW_JUDGED)
    assert (first["details"]["verdict"], first["details"]["note"]) == ("questioned", "No case of that number")
    assert (second["query"], second["actor"]) == (str(query), "supervisor")
    item = review.items.get()
    assert (item.verdict, str(item.judged)) == ("justified", second["id"])
    with acting(supervisor):
        [(_, row)] = reviewing.look(review=review).items
    assert row.judged["note"] == "Found under XYZ1234"
    with acting(supervisor):
        signoff.sign_off(review=review, note="Fine.", user=supervisor, now=now)
        with pytest.raises(ReviewRefused, match="signed off"):
            reviewing.judge(item=item, verdict=Verdict.QUESTIONED, note="again", user=supervisor, now=now)
    assert review.items.get().verdict == "justified"
    assert events(Kind.REVIEW_REFUSED)[-1]["details"]["item"] == str(item.pk)


@pytest.mark.req("AUD-8")
def test_no_plate_case_text_or_note_stands_in_a_table_of_reviews(supervisor, officer, asked, opened, now):
    asked(officer, plate="SECRET1", case_reference="Subject Wilma Flint, case 77554433", other_name="supervisor2")
    review = opened(supervisor)
    with acting(supervisor):
        reviewing.judge(item=review.items.select_related("review").get(), verdict="questioned", note="SECRET1 of Flint",
                        user=supervisor, now=now)
        signoff.sign_off(review=review, note="SECRET1 was not explained", user=supervisor, now=now)
    for model in (Review, ReviewItem):
        text = str(list(model.objects.values()))
        assert "SECRET1" not in text
        assert "Flint" not in text


@pytest.mark.req("AUD-8")
def test_a_chosen_sample_takes_what_is_of_its_area_and_period_and_nobodys_own(
    supervisor, officer, officer_chi, asked, opened, events,
):
    mine, elsewhere, one, other = asked(supervisor), asked(officer_chi), asked(officer), asked(officer)
    old = asked(officer, at=datetime.now(UTC) - timedelta(days=5))
    review = opened(supervisor, method=Method.CHOSEN, size=1)
    assert queries(review) == []
    with acting(supervisor):
        assert reviewing.choose(review=review, queries=[one], user=supervisor) == 1
        for wrong in (mine, elsewhere, old, uuid4()):
            with pytest.raises(ReviewRefused, match="Not every one"):
                reviewing.choose(review=review, queries=[other, wrong], user=supervisor)
        with pytest.raises(ReviewRefused, match="at least one"):
            reviewing.choose(review=review, queries=[], user=supervisor)
        assert reviewing.choose(review=review, queries=[one, other], user=supervisor) == 1
        shown = reviewing.candidates(review=review, officer="OFFICER", before=None, limit=10)
        assert [row.id for row in shown] == [other, one]
        older = reviewing.candidates(review=review, officer="", before=(shown[0].at, shown[0].id), limit=9)
        assert [row.id for row in older] == [one]
    assert queries(review) == [one, other]
    assert len(events(Kind.REVIEW_CHOSEN)) == 6
    assert len(events(Kind.REVIEW_REFUSED)) == 5
    assert events(Kind.REVIEW_CANDIDATES_VIEWED)[0]["details"]["user"] == "OFFICER"


@pytest.mark.req("AUD-8")
def test_a_drawn_sample_takes_nothing_by_hand(supervisor, officer, asked, opened):
    query = asked(officer)
    review = opened(supervisor)
    with acting(supervisor), pytest.raises(ReviewRefused, match="stays as it was drawn"):
        reviewing.choose(review=review, queries=[query], user=supervisor)


@pytest.mark.req("AUD-8", "ACC-11")
def test_a_questioned_query_is_tied_to_the_sanction_that_followed(
    supervisor, officer, officer2, manager, asked, opened, events, now,
):
    followed, theirs = reprimanded(officer, manager, now), reprimanded(officer2, manager, now)
    asked(officer)
    review = opened(supervisor)
    item = review.items.select_related("review").get()
    with acting(supervisor):
        with pytest.raises(ReviewRefused, match="follows a questioned"):
            reviewing.follow_up(item=item, sanction=followed, user=supervisor)
        reviewing.judge(item=item, verdict=Verdict.QUESTIONED, note="n", user=supervisor, now=now)
        item.refresh_from_db()
        for wrong in ("17", str(uuid4()), theirs):
            with pytest.raises(ReviewRefused, match="no such sanction"):
                reviewing.follow_up(item=item, sanction=wrong, user=supervisor)
        reviewing.follow_up(item=item, sanction=followed, user=supervisor)
    assert review.items.get().sanction == followed
    assert [event["details"]["sanction"] for event in events(Kind.REVIEW_FOLLOWED_UP)] == [followed]
    assert len(events(Kind.REVIEW_REFUSED)) == 4


@pytest.mark.req("AUD-8")
@pytest.mark.parametrize(("since", "until", "field"), [(1, 0, "until"), (0, 0, "until"), (2, 3, "since")])
def test_a_period_without_length_or_beginning_is_refused(supervisor, opened, now, since, until, field):
    with pytest.raises(ReviewRefused) as refusal:
        opened(supervisor, since=now + timedelta(days=since), until=now + timedelta(days=until))
    assert refusal.value.field == field
