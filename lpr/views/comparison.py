"""A read beside its two photographs, to be compared before it is watched (BEY-6)."""

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from lpr import comparison, error_reports, read_tokens, search
from lpr.views.queries import failed


class ComparisonForm(forms.Form):
    """A tick that is missing is an answer too: the read is not what the photos show."""

    same_plate = forms.BooleanField(required=False, label="The plate number is what the photos show")
    same_state = forms.BooleanField(required=False, label="The state is what the photos show, or cannot be read from them")
    same_vehicle = forms.BooleanField(required=False, label="Make and model match the vehicle")


@require_http_methods(["GET", "POST"])
@right_required(Right.QUERY)
@private_page
def compare(request: HttpRequest, token: str) -> HttpResponse:
    """The three ticks; with all of them one goes on to the alert."""
    try:
        shown = read_tokens.opened(token, user_id=user_of(request).pk, session_key=request.session.session_key)
        read = error_reports.shown_read(shown=shown, user=user_of(request))
    except (read_tokens.TokenNotValid, error_reports.ReadNotShown) as refusal:
        raise Http404 from refusal
    except search.QueryFailed:
        return failed(request)
    form = ComparisonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        answers = comparison.Answers(**form.cleaned_data)
        comparison.record_answers(read=shown.record_id, answers=answers, query=shown.query, hit=shown.hit)
        if answers == comparison.Answers(True, True, True):
            return HttpResponseRedirect(f"{reverse('alerts:new')}?read={token}", status=303)
        form.add_error(None, "Use a read only if plate, state and vehicle are what the photos show. Report it as wrong if not.")
    return render(request, "lpr/compare.html", {"form": form, "read": read, "token": token}, status=400 if form.is_bound else 200)
