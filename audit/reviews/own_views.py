"""The page of one's own: questions about one's queries, and queries that were made in one's name (AUD-8, QRY-5, BEY-4)."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from audit import people
from audit.cursors import cursor_of
from audit.events import Kind
from audit.models import NamedNotice, Question
from audit.record import record_durably
from audit.reviews import naming, questions
from audit.reviews.forms import AnswerForm, DisownForm

LISTED = 100


def agency_required(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Refuse whoever is not of the agency with 403, which the audit middleware records."""
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not people.of_agency(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


@require_safe
@never_cache
@agency_required
def own(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@never_cache
@agency_required
def answer(request: HttpRequest, question: UUID) -> HttpResponse:
    if not Question.objects.filter(pk=question, officer=request.user.pk).exists():
        raise Http404
    form = AnswerForm(request.POST)
    if not form.is_valid():
        record_durably(Kind.QUESTION_REFUSED, question=question, why="no answer was given")
        return _page(request, question=question, form=form)
    try:
        questions.answer(question=question, text=form.cleaned_data["answer"], user=request.user, now=timezone.now())
    except questions.AlreadyAnswered:
        messages.error(request, "You answered this question before; the first answer stands.")
    else:
        messages.success(request, "Your answer is recorded.")
    return redirect("audit:own_questions")


@require_POST
@never_cache
@agency_required
def disown(request: HttpRequest, notice: UUID) -> HttpResponse:
    if not NamedNotice.objects.filter(pk=notice, person=request.user.pk).exists():
        raise Http404
    form = DisownForm(request.POST)
    if not form.is_valid():
        record_durably(Kind.DISOWNING_REFUSED, notice=notice, why="the note is too long")
        return _page(request, notice=notice, form=form)
    try:
        naming.disown(notice=notice, note=form.cleaned_data["note"], user=request.user, now=timezone.now())
    except naming.AlreadyDisowned:
        messages.error(request, "You disowned this query before.")
    else:
        messages.success(request, "You disowned the query. Its officer is asked, and the reviewers of the area are told.")
    return redirect("audit:own_questions")


def _page(request: HttpRequest, *, question: UUID | None = None, notice: UUID | None = None,
          form: forms.Form | None = None) -> HttpResponse:
    """The page, with the form that was not filled in rightly at its place."""
    asked, asked_next = questions.own(user=request.user, before=cursor_of(request, "asked_before"), size=LISTED)
    named, notices_next = naming.own(user=request.user, before=cursor_of(request, "notices_before"), size=LISTED,
                                     now=timezone.now())
    return render(request, "audit/own_questions.html", {
        "asked": [{"question": one, "row": row, "form": form if one.pk == question else AnswerForm(auto_id=f"{one.pk}_%s")}
                  for one, row in asked],
        "named": [{"notice": one, "row": row, "form": form if one.pk == notice else DisownForm(auto_id=f"{one.pk}_%s")}
                  for one, row in named],
        "asked_next": asked_next, "notices_next": notices_next, "form": form, "place": request.GET.urlencode()},
        status=400 if form is not None else 200)
