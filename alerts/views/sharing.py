"""Who is told of a list's hits and in how many mails, and one hit shown to others on the case (ALR-4)."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.access import private_page, right_required, user_of
from accounts.roles import Right
from alerts import entries, hits, sharing
from alerts.forms import HitSharingForm, TellingForm
from alerts.lists import ListRefused
from alerts.models import AlertList, Hit
from alerts.views.answers import see_other


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def of_list(request: HttpRequest, alert_list: UUID) -> HttpResponse:
    """The scope of one of one's lists, and its change."""
    user, now = user_of(request), timezone.now()
    own = AlertList.objects.visible_to(user).filter(pk=alert_list).first()
    if own is None:
        raise Http404
    if request.method != "POST":
        initial = {"scope": own.scope, "users": ", ".join(map(str, own.users.all())), "group": own.group_id,
                   "collapse_minutes": own.collapse_minutes}
        return _of_list_page(request, own, TellingForm(user=user, now=now, initial=initial))
    form = TellingForm(request.POST, user=user, now=now)
    if form.is_valid():
        try:
            sharing.change(alert_list=own, by=user, **form.sharing(), now=now)
            return see_other("alerts:list", own.pk)
        except ListRefused as refusal:
            form.refused(refusal)
        except AlertList.DoesNotExist as refusal:
            # Its one plate was removed meanwhile.
            raise Http404 from refusal
    entries.refuse(entered=form.entered(), errors=form.mistakes())
    return _of_list_page(request, own, form, 400)


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def of_hit(request: HttpRequest, hit: UUID) -> HttpResponse:
    """The users to whom a hit of one's own is shown."""
    user, now = user_of(request), timezone.now()
    own = Hit.objects.visible_to(user).filter(pk=hit, entry__owner=user).first()
    if own is None:
        raise Http404
    hits.mark([own])
    form = HitSharingForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        if form.is_valid():
            try:
                sharing.show_hit(hit=own, by=user, users=form.cleaned_data["users"], now=now)
                return see_other("alerts:hits")
            except ListRefused as refusal:
                form.refused(refusal)
            except Hit.DoesNotExist as refusal:
                # The plate was removed meanwhile.
                raise Http404 from refusal
        entries.refuse(entered=form.entered(), errors=form.mistakes())
    return render(request, "alerts/share_hit.html", {"hit": own, "form": form}, status=400 if form.is_bound else 200)


def _of_list_page(request: HttpRequest, own: AlertList, form: TellingForm, status: int = 200) -> HttpResponse:
    return render(request, "alerts/share_list.html", {"alert_list": own, "form": form}, status=status)
