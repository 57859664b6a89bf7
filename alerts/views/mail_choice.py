"""The page on which one chooses how often one is mailed of hits (BEY-9)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import digests
from alerts.forms import MailChoiceForm
from alerts.models import AlertPolicy
from alerts.views.answers import see_other


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def choose(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = MailChoiceForm(request.POST if request.method == "POST" else None, initial={"frequency": digests.choice_of(user)})
    if form.is_bound:
        if form.is_valid():
            digests.choose(user=user, **form.cleaned_data, now=timezone.now())
            return see_other("alerts:hits")
        digests.refuse(errors=form.mistakes())
    return render(request, "alerts/mail_choice.html", {"form": form, "digest_hour": AlertPolicy.objects.get(pk=1).digest_hour},
                  status=400 if form.is_bound else 200)
