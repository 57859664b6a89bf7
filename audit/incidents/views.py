"""The pages of incidents and of suspected unauthorized use (AUD-9, AUD-14)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from audit import sanctions
from audit.access import SEES_EVERY_AOR, only
from audit.cursors import cursor_of, page
from audit.events import Kind
from audit.incidents import clocks, recipients, recording
from audit.incidents.forms import (
    CloseForm,
    CloseUseForm,
    FirstReportForm,
    IncidentForm,
    KnownForm,
    NoteForm,
    NoteUseForm,
    OpenForm,
    OpenUseForm,
    WrittenReportForm,
)
from audit.incidents.recording import IncidentRefused
from audit.models.incident import APPOINTER, MANAGER, OPERATIONS, Incident, StepKind, SuspectedUse
from audit.record import record_durably

LISTED = 100
KEEPERS = frozenset({OPERATIONS, APPOINTER})
# Who may record suspected use: they who keep the records, and who audit and manage.
REPORTERS = KEEPERS | {MANAGER, SEES_EVERY_AOR, "supervisor"}


def may_keep(user: Any) -> bool:
    """Whether `user` keeps incidents."""
    return bool(user.is_active) and getattr(user, "role", "") in KEEPERS


def may_report(user: Any) -> bool:
    """Whether `user` may record suspected unauthorized use."""
    return bool(user.is_active) and getattr(user, "role", "") in REPORTERS


@require_safe
@never_cache
@only(may_report)
def incidents(request: HttpRequest) -> HttpResponse:
    """The incidents and suspected uses that this person sees."""
    record_durably(Kind.INCIDENTS_LISTED)
    now = timezone.now()
    found, following = page(Incident.objects.visible_to(request.user).select_related("opened_by"), by="opened_at",
                            cursor=cursor_of(request), size=LISTED)
    suspected, suspected_next = page(SuspectedUse.objects.visible_to(request.user).select_related("person", "opened_by"),
                                     by="opened_at", cursor=cursor_of(request, "suspected_before"), size=LISTED)
    return render(request, "audit/incidents.html", {
        "incidents": [(one, clocks.of(one, now=now)) for one in found], "next": following, "keeps": may_keep(request.user),
        "suspected": suspected, "suspected_next": suspected_next})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@only(may_keep)
def open_incident(request: HttpRequest) -> HttpResponse:
    return _opened(request, OpenForm, recording.open_incident, "audit/incident_new.html", "audit:incident",
                   initial={"discovered_at": f"{timezone.now():%Y-%m-%d %H:%M}"})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@only(may_report)
def open_suspected_use(request: HttpRequest) -> HttpResponse:
    return _opened(request, OpenUseForm, recording.open_suspected_use, "audit/suspected_use_new.html", "audit:suspected_use",
                   initial={"discovered_at": f"{timezone.now():%Y-%m-%d %H:%M}"})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@only(may_keep)
def incident(request: HttpRequest, incident: UUID) -> HttpResponse:
    """An incident with its clocks and steps; POST with `act`: a report, a step, or the end."""
    one = Incident.objects.visible_to(request.user).filter(pk=incident).first()
    if one is None:
        raise Http404
    last = one.steps.filter(kind=StepKind.OPENED).values_list("text", flat=True).first()
    shown: dict[str, IncidentForm] = {
        "first_report": FirstReportForm(initial={"text": last}),
        "written_report": WrittenReportForm(initial={"what_happened": last}), "note": NoteForm(), "close": CloseForm(),
        "complete": KnownForm(initial={"data_kinds": one.data_kinds, "users_affected": one.users_affected})}
    acts: dict[str, Callable[[Any], None]] = {
        "first_report": lambda form: recording.send_first_report(
            incident=one, text=form.cleaned_data["text"], user=request.user, now=timezone.now()),
        "written_report": lambda form: recording.send_written_report(
            incident=one, answers=form.answers(), user=request.user, now=timezone.now()),
        "note": lambda form: recording.note(
            incident=one, kind=StepKind(form.cleaned_data["kind"]), text=form.cleaned_data["text"], user=request.user,
            now=timezone.now()),
        "complete": lambda form: recording.complete(incident=one, user=request.user, now=timezone.now(), **form.cleaned_data),
        "close": lambda form: recording.close(
            incident=one, text=form.cleaned_data["text"], user=request.user, now=timezone.now())}
    if done := _acted(request, shown, acts, incident=one.number):
        return done
    record_durably(Kind.INCIDENT_VIEWED, incident=one.number)
    return render(request, "audit/incident.html", {
        "incident": one, "clocks": clocks.of(one, now=timezone.now()), "steps": one.steps.select_related("by"), "forms": shown,
        "recipients": recipients.of_reports(), "closes": getattr(request.user, "role", "") == APPOINTER},
        status=400 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@only(may_report)
def suspected_use(request: HttpRequest, suspected_use: UUID) -> HttpResponse:
    """A suspected use; POST with `act`: a step of the inquiry, or the outcome."""
    one = SuspectedUse.objects.visible_to(request.user).select_related("person", "opened_by").filter(pk=suspected_use).first()
    if one is None:
        raise Http404
    shown: dict[str, IncidentForm] = {
        "note": NoteUseForm(), "close": CloseUseForm(choices=sanctions.choices(one.person, user=request.user))}
    acts: dict[str, Callable[[Any], None]] = {
        "note": lambda form: recording.note_suspected_use(
            suspected_use=one, text=form.cleaned_data["text"], user=request.user, now=timezone.now()),
        "close": lambda form: recording.close_suspected_use(
            suspected_use=one, user=request.user, now=timezone.now(), **form.wanted())}
    if done := _acted(request, shown, acts, suspected_use=one.number):
        return done
    record_durably(Kind.INCIDENT_VIEWED, suspected_use=one.number)
    return render(request, "audit/suspected_use.html", {
        "suspected": one, "steps": one.steps.select_related("by"), "forms": shown, "taken": (one.closed_at or timezone.now())
        - one.discovered_at, "closes": recording.may_close_suspected_use(request.user)},
        status=400 if request.method == "POST" else 200)


def _opened(request: HttpRequest, form_class: type[IncidentForm], open_one: Callable[..., Any], template: str, page: str,
            initial: dict[str, Any]) -> HttpResponse:
    form = form_class(request.POST) if request.method == "POST" else form_class(initial=initial)
    if form.is_bound:
        try:
            if form.is_valid():
                made = open_one(user=request.user, now=timezone.now(), **form.cleaned_data)
                if not may_see(request.user, made):
                    messages.success(request, "It is recorded, and who must know is told.")
                    return redirect("audit:incidents")
                return redirect(page, made.pk)
            recording.refuse("The form was not filled in rightly.", fields=sorted(form.errors))
        except IncidentRefused as refusal:
            if not form.errors:
                form.refuse(refusal)
    return render(request, template, {"form": form}, status=400 if form.is_bound else 200)


def may_see(user: Any, made: Incident | SuspectedUse) -> bool:
    return type(made).objects.visible_to(user).filter(pk=made.pk).exists()


def _acted(request: HttpRequest, shown: dict[str, IncidentForm], acts: dict[str, Callable[[Any], None]],
           **about: Any) -> HttpResponse | None:
    """Do what was posted and go back to the page; None where the page is to be shown, with the errors in its form."""
    if request.method != "POST":
        return None
    act = request.POST.get("act", "")
    if act not in acts:
        raise Http404
    form = shown[act] = shown[act].filled(request.POST)
    try:
        if form.is_valid():
            acts[act](form)
            messages.success(request, "It is recorded.")
            return redirect(request.path)
        recording.refuse("The form was not filled in rightly.", fields=sorted(form.errors), **about)
    except IncidentRefused as refusal:
        if not form.errors:
            form.refuse(refusal)
    return None
