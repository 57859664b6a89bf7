"""The pages of reviewers: calendar and queue, a review, one query of it, its signals, sign-off and report (AUD-8, BEY-5)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit import people, sanctions
from audit.access import reader_required, sees_every_aor
from audit.cursors import cursor_of, page
from audit.events import Kind
from audit.models import Review, ReviewItem, Verdict
from audit.record import record_durably
from audit.reviews import calendar, log, questions, reviewing, signoff
from audit.reviews.forms import AskForm, ChooseForm, FollowUpForm, OpenForm, SignOffForm, VerdictForm
from audit.reviews.reviewing import ReviewNotFound, ReviewRefused

CANDIDATES = 50
LISTED = 100
_CURSOR_SALT = "audit.reviews.candidates"
_ACTS: dict[str, type[VerdictForm] | type[AskForm]] = {"verdict": VerdictForm, "ask": AskForm}


@require_safe
@never_cache
@reader_required
def reviews(request: HttpRequest) -> HttpResponse:
    """Which area owes a review, what waits for one, and the reviews there are."""
    record_durably(Kind.REVIEWS_LISTED)
    found = Review.objects.visible_to(request.user).select_related("opened_by", "closed_by")
    is_open, open_next = page(found.filter(closed_at=None), by="opened_at", cursor=cursor_of(request, "open_before"), size=LISTED)
    closed, closed_next = page(found.filter(closed_at__isnull=False), by="closed_at", cursor=cursor_of(request), size=LISTED)
    queue = questions.queue(user=request.user)
    # Another area or OPR may be at it.
    visible = set(found.filter(items__question__in=queue).values_list("pk", flat=True))
    return render(request, "audit/reviews.html", {
        "calendar": calendar.of(people.areas_of(request.user), now=timezone.now()), "policy": reviewing.policy(),
        "queue": [(question, question.item and question.item.review_id in visible) for question in queue],
        "open": is_open, "open_next": open_next, "closed": closed, "closed_next": closed_next})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reader_required
def begin(request: HttpRequest) -> HttpResponse:
    user, now = request.user, timezone.now()
    form = OpenForm(request.POST if request.method == "POST" else None, areas=people.areas_of(user),
                    every_aor=sees_every_aor(user), smallest=reviewing.policy().smallest_sample, today=now.astimezone(UTC).date())
    if form.is_bound:
        try:
            if form.is_valid():
                return _to(reviewing.begin(user=user, now=now, **form.wanted()))
            reviewing.refuse("The form was not filled in rightly.", fields=sorted(form.errors))
        except ReviewRefused as refusal:
            if not form.errors:
                form.refuse(refusal)
    return render(request, "audit/review_new.html", {"form": form}, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reader_required
def review(request: HttpRequest, review: UUID) -> HttpResponse:
    """The review; POST signs it off."""
    found = _found(request, review)
    form = SignOffForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        try:
            if form.is_valid():
                signoff.sign_off(review=found, note=form.cleaned_data["note"], user=request.user, now=timezone.now())
                messages.success(request, "The review is signed off.")
                return _to(found)
            reviewing.refuse("The sign-off was not filled in.", review=found.pk, fields=sorted(form.errors))
        except ReviewRefused as refusal:
            if not form.errors:
                form.refuse(refusal)
    seen = reviewing.look(review=found)
    own = {item.pk for item, _ in seen.items if reviewing.is_own(item, request.user)}
    return render(request, "audit/review.html", {"seen": seen, "review": found, "form": form, "own": own},
                  status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reader_required
def item(request: HttpRequest, review: UUID, item: UUID) -> HttpResponse:
    """One query of a review; POST with `act`: a verdict, a question to the officer, or the sanction that followed."""
    found = _found(request, review)
    one = found.items.select_related("review", "officer", "judged_by", "question").filter(pk=item).first()
    if one is None:
        raise Http404
    act = request.POST.get("act", "")
    followed = sanctions.choices(one.officer, user=request.user)
    shown: dict[str, forms.Form] = {
        "verdict": VerdictForm(initial={"verdict": one.verdict}), "ask": AskForm(),
        "follow_up": FollowUpForm(choices=followed, initial={"sanction": one.sanction})}
    if request.method == "POST":
        form = FollowUpForm(request.POST, choices=followed) if act == "follow_up" else _ACTS.get(act, VerdictForm)(request.POST)
        shown[act] = form
        try:
            if form.is_valid():
                messages.success(request, _done(form, one, request.user))
                return redirect("audit:review_item", found.pk, one.pk)
            reviewing.refuse("The form was not filled in rightly.", review=found.pk, item=one.pk, fields=sorted(form.errors))
        except ReviewRefused as refusal:
            if not form.errors:
                form.refuse(refusal)
    seen = reviewing.look(review=found, purpose="query")
    row = next((row for other, row in seen.items if other.pk == one.pk), None)
    if row is None:
        raise Http404
    following = next((other for other, _ in seen.items if not other.verdict and other.pk != one.pk), None)
    return render(request, "audit/review_item.html", {
        "review": found, "item": one, "row": row, "forms": shown, "question": getattr(one, "question", None),
        "disowned": questions.disowned(item=one),
        "is_own": reviewing.is_own(one, request.user), "following": following}, status=400 if request.method == "POST" else 200)


@require_safe
@never_cache
@reader_required
def signals(request: HttpRequest, review: UUID) -> HttpResponse:
    """Each signal of the period with the rows behind it."""
    found = _found_whole(request, review)
    return render(request, "audit/review_signals.html", {
        "review": found, "findings": reviewing.findings(review=found), "items": _items(found)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@reader_required
def choose(request: HttpRequest, review: UUID) -> HttpResponse:
    """What there is to choose from; names and cursors come in the body. POST with `act=take` takes what is marked."""
    found = _found_whole(request, review)
    form = ChooseForm(request.POST if request.method == "POST" else {})
    picked = request.POST.getlist("query")
    if request.method == "POST" and request.POST.get("act") == "take":
        try:
            count = reviewing.choose(review=found, queries=_numbers(picked), user=request.user)
            messages.success(request, f"{count} quer{'y was' if count == 1 else 'ies were'} taken into the review.")
            return _to(found)
        except ReviewRefused as refusal:
            form.is_valid()
            form.refuse(refusal)
    officer = form.cleaned_data.get("officer", "") if form.is_valid() else str(form.data.get("officer", ""))[:150]
    before = _read_cursor(request.POST.get("before", ""), found)
    rows = reviewing.candidates(review=found, officer=officer.replace("\x00", ""), before=before, limit=CANDIDATES + 1)
    older = _cursor(found, rows[CANDIDATES - 1]) if len(rows) > CANDIDATES else ""
    return render(request, "audit/review_choose.html", {
        "review": found, "form": form, "rows": rows[:CANDIDATES], "older": older, "picked": picked, "items": _items(found)},
        status=400 if form.errors else 200)


@require_POST
@reader_required
def draw_again(request: HttpRequest, review: UUID) -> HttpResponse:
    found = _found_whole(request, review)
    is_same = reviewing.draw_again(review=found)
    if is_same:
        messages.success(request, "Drawn again from seed and log: the same queries in the same order.")
    elif is_same is None:
        messages.warning(request, f"Whether this sample was drawn rightly cannot be told: {reviewing.NOT_TOLD}.")
    else:
        messages.error(request, "Drawn again from seed and log: not the same queries. Tell OPR.")
    return _to(found)


@require_safe
@never_cache
@reader_required
def report(request: HttpRequest, review: UUID) -> HttpResponse:
    found = _found(request, review)
    try:
        content = signoff.report(review=found)
    except (ReviewRefused, signoff.ReportEnded) as refusal:
        messages.error(request, str(refusal))
        return _to(found)
    except signoff.ReportChanged:
        messages.error(request, "The facts of this review are not those that were signed off. No report is given out: tell OPR.")
        return _to(found)
    return HttpResponse(content, content_type="application/pdf", headers={
        "Content-Disposition": f'attachment; filename="review-{found.pk}.pdf"'})


@require_POST
@reader_required
def take(request: HttpRequest, question: UUID) -> HttpResponse:
    """Open a review of a disowned query."""
    try:
        return _to(questions.take(question=question, user=request.user, now=timezone.now()))
    except questions.QuestionNotFound as error:
        raise Http404 from error
    except ReviewRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("audit:reviews")


def _found(request: HttpRequest, review: UUID) -> Review:
    try:
        return reviewing.found(review=review, user=request.user)
    except ReviewNotFound as error:
        raise Http404 from error


def _found_whole(request: HttpRequest, review: UUID) -> Review:
    """The review, where the log still holds all of its period."""
    found = _found(request, review)
    if reviewing.dropped(review=found):
        raise Http404
    return found


def _done(form: forms.Form, item: ReviewItem, user: Any) -> str:
    said, now = form.cleaned_data, timezone.now()
    if isinstance(form, AskForm):
        questions.ask(item=item, text=said["question"], user=user, now=now)
        return "The officer is asked."
    if isinstance(form, FollowUpForm):
        reviewing.follow_up(item=item, sanction=said["sanction"], user=user)
        return "The sanction is noted."
    reviewing.judge(item=item, verdict=Verdict(said["verdict"]), note=said["note"], user=user, now=now)
    return "The verdict is recorded."


def _items(review: Review) -> dict[UUID, UUID]:
    """The item of each query that is in the review."""
    return dict(review.items.values_list("query", "pk"))


def _numbers(texts: list[str]) -> list[UUID]:
    """The numbers that were sent; what is none means no query and is refused as one."""
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        return [UUID(int=0)]


def _to(review: Review) -> HttpResponse:
    answer = redirect("audit:review", review.pk)
    answer.status_code = 303
    return answer


def _cursor(review: Review, last: log.Row) -> str:
    return signing.dumps([str(review.pk), last.at.isoformat(), str(last.id)], salt=_CURSOR_SALT)


def _read_cursor(text: str, review: Review) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    try:
        of, at, id = signing.loads(text, salt=_CURSOR_SALT)
    except signing.BadSignature as error:
        raise Http404 from error
    if of != str(review.pk):
        raise Http404
    return datetime.fromisoformat(at), UUID(id)
