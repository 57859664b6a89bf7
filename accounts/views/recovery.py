"""A forgotten password: the two pages that a stranger may open (ACC-3). Both answer the same to everybody."""

from datetime import UTC, datetime

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import passwords, recovery
from accounts.access import private_page
from accounts.forms import AnswerForm, RecoverForm
from accounts.views.login import come_back


@login_not_required
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    form = RecoverForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        recovery.ask(username=form.cleaned_data["username"], now=datetime.now(UTC))
        return render(request, "accounts/recover_asked.html")
    return render(request, "accounts/recover.html", {"form": form})


@login_not_required
@sensitive_post_parameters()
@sensitive_variables("token")
@private_page
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    form, now = AnswerForm(request.POST if request.method == "POST" else None), datetime.now(UTC)
    try:
        if form.is_bound and form.is_valid():
            recovery.answer(token=token, typed=form.cleaned_data["answer"], now=now)
            return render(request, "accounts/recover_answered.html")
        question = recovery.question(token=token, now=now)
    except recovery.LinkDead:
        response = render(request, "accounts/recover_dead.html", status=404)
        # Django's own log would name the address, and with it the token.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response
    except passwords.Busy as busy:
        return come_back(request, busy)
    return render(request, "accounts/recover_answer.html", {"form": form, "question": question})
