"""Where a supervisor asks the Agency Manager to have an account deleted, and sees what became of it (ACC-9)."""

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import countdown, deletions
from accounts.access import private_page, right_required, user_of
from accounts.deletion_form import DeletionForm
from accounts.models import DeletionRequest
from accounts.roles import Right


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.ASK_DELETION)
@private_page
def asked(request: HttpRequest) -> HttpResponse:
    by, now = user_of(request), datetime.now(UTC)
    form = DeletionForm(request.POST if request.method == "POST" else None, by=by)
    if form.is_bound and form.is_valid():
        try:
            made = deletions.ask(by=by, now=now, **form.cleaned_data)
            messages.success(request, f"The Agency Manager now sees that you ask for the deletion of {made.account}.")
            return redirect("accounts:deletions")
        except (deletions.MayNot, deletions.AlreadyThere, deletions.AlreadyEnded) as refusal:
            form.add_error("account", str(refusal))
    elif form.is_bound:
        deletions.refuse(by=by, why=form.why or "fields", username="")
    found = DeletionRequest.objects.visible_to(by).select_related("account__aor")
    rows = [(row, countdown.shown(row, now=now) if row.state == DeletionRequest.State.FILED else "") for row in found[:100]]
    return render(request, "accounts/deletions.html", {"form": form, "rows": rows}, status=400 if form.errors else 200)
