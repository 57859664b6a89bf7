"""The pages of user groups (ACC-16)."""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import groups
from accounts.access import private_page, right_required, user_of
from accounts.group_forms import MemberForm, NewGroupForm, PurposeForm
from accounts.models import UserGroup
from accounts.roles import Right


@require_safe
@right_required(Right.QUERY)
@private_page
def mine(request: HttpRequest) -> HttpResponse:
    now = datetime.now(UTC)
    found = UserGroup.objects.of(user_of(request), now).select_related("owner")
    ended = UserGroup.objects.filter(owner=user_of(request), ends_on__lte=now.date())
    return render(request, "accounts/groups.html", {"groups": found, "ended": ended})


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def new(request: HttpRequest) -> HttpResponse:
    form = NewGroupForm(request.POST if request.method == "POST" else None, today=datetime.now(UTC).date())
    if form.is_bound and form.is_valid():
        try:
            group = groups.create(owner=user_of(request), **form.cleaned_data)
            return redirect("groups:group", group.key)
        except groups.NameTaken:
            form.add_error("name", "Another group has this name.")
    elif form.is_bound:
        groups.refuse(by=user_of(request), why="fields")
    return render(request, "accounts/group_new.html", {"form": form}, status=400 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@right_required(Right.QUERY)
@private_page
def group(request: HttpRequest, group: UUID) -> HttpResponse:
    """A group for its owner and members; `do` says what is sent: add, remove, change or leave."""
    try:
        opened = groups.opened(group=group, by=user_of(request))
    except groups.NotInThisGroup as refusal:
        raise Http404 from refusal
    if request.method != "POST":
        return _show(request, opened)
    step = {"add": _add, "remove": _remove, "change": _change, "leave": _leave}.get(request.POST.get("do", ""))
    if step is None:
        raise Http404
    try:
        return step(request, opened)
    except groups.NotTheOwner:
        return _show(request, opened, status=403)


def _add(request: HttpRequest, group: UserGroup) -> HttpResponse:
    form = MemberForm(request.POST)
    if form.is_valid():
        try:
            groups.add(group=group, by=user_of(request), username=form.cleaned_data["username"])
            messages.success(request, "The member is added.")
            return redirect("groups:group", group.key)
        except groups.NotToBeAdded:
            form.add_error("username", "No officer, staff member or supervisor with an open account has this username.")
    return _show(request, group, status=400, member_form=form)


def _remove(request: HttpRequest, group: UserGroup) -> HttpResponse:
    member = request.POST.get("member", "")
    if not (member.isascii() and member.isdigit() and len(member) < 19):
        raise Http404
    groups.remove(group=group, by=user_of(request), member=int(member))
    messages.success(request, "The member is removed.")
    return redirect("groups:group", group.key)


def _change(request: HttpRequest, group: UserGroup) -> HttpResponse:
    form = PurposeForm(request.POST, today=datetime.now(UTC).date())
    if not form.is_valid():
        return _show(request, group, status=400, purpose_form=form)
    groups.change(group=group, by=user_of(request), **form.cleaned_data)
    messages.success(request, "The group is changed.")
    return redirect("groups:group", group.key)


def _leave(request: HttpRequest, group: UserGroup) -> HttpResponse:
    groups.leave(group=group, by=user_of(request))
    messages.success(request, "You left the group.")
    return redirect("groups:mine")


def _show(request: HttpRequest, group: UserGroup, *, status: int = 200, **forms: object) -> HttpResponse:
    now = datetime.now(UTC)
    initial = {"purpose": group.purpose, "ends_on": group.ends_on}
    context = {
        "group": group, "members": group.members.select_related("aor"), "is_owner": group.owner_id == user_of(request).pk,
        "has_ended": groups.has_ended(group, now=now), "member_form": MemberForm(),
        "purpose_form": PurposeForm(initial=initial, today=now.date()),
    }
    return render(request, "accounts/group.html", context | forms, status=status)
