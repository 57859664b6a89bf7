"""The API of alerts, as on the pages: the same forms check, the same domain functions act, refusals are on record."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import may_permission, user_of
from accounts.roles import Right
from alerts import entries, hits, lists, overview
from alerts.api import serializers
from alerts.forms import AlertForm, EntryForm, ListForm, RenewForm
from alerts.models import AlertList, Entry
from alerts.views.hits import token
from audit import cursors


class AlertsView(APIView):
    permission_classes = [IsAuthenticated, may_permission(Right.QUERY)]

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        """No answer with plates is kept by any cache (RES-7)."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        return response


class AlertLists(AlertsView):
    @extend_schema(parameters=[OpenApiParameter("before", str)], responses=serializers.AlertListsOutput)
    def get(self, request: Request) -> Response:
        """One's own lists, newest first."""
        page = overview.open_lists(user=user_of(request), cursor=_cursor(request), size=settings.READS_PER_PAGE)
        found = serializers.AlertListOutput(page.lists, many=True)
        return Response({"results": found.data, "next": _next(request, "api-alert-lists", page.next)})

    @extend_schema(request=serializers.AlertListInput, responses={201: serializers.AlertListMadeOutput})
    def post(self, request: Request) -> Response:
        """A single-plate alert; or, with a name and no plate, an empty list."""
        data, now = fields_of(request), timezone.now()
        if data.get("name") and not data.get("plate"):
            form: Any = ListForm(data, user=user_of(request), now=now)
            made = _done(form, lambda: lists.create(owner=user_of(request), name=form.cleaned_data["name"], **form.sharing(),
                                                    now=now))
        else:
            form = AlertForm(data, user=user_of(request), now=now)
            made = _done(form, lambda: entries.add(owner=user_of(request), **form.entry(), **form.sharing(),
                                                   name=str(data.get("name", "")), now=now)).alert_list
        return Response(serializers.AlertListMadeOutput(made).data, status=201)


class AlertListEntries(AlertsView):
    @extend_schema(request=serializers.EntryInput, responses={201: serializers.EntryOutput})
    def post(self, request: Request, alert_list: UUID) -> Response:
        """Watch one more plate on a list."""
        own = AlertList.objects.visible_to(user_of(request)).filter(pk=alert_list).first()
        if own is None:
            raise Http404
        now = timezone.now()
        form = EntryForm(fields_of(request), user=user_of(request), now=now)
        try:
            made = _done(form, lambda: entries.add_to(alert_list=own, **form.entry(), now=now))
        except AlertList.DoesNotExist as refusal:
            raise Http404 from refusal
        return Response(serializers.EntryOutput(made).data, status=201)


class AlertEntry(AlertsView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, entry: UUID) -> Response:
        """Remove an entry with its hits and notifications."""
        try:
            entries.remove(entry=_own_entry(request, entry), by=user_of(request), now=timezone.now())
        except entries.EntryNotFound as refusal:
            raise Http404 from refusal
        return Response(status=204)


class AlertEntryRenewal(AlertsView):
    @extend_schema(request=serializers.RenewalInput, responses=serializers.EntryOutput)
    def post(self, request: Request, entry: UUID) -> Response:
        """Affirm a continuing operational need: valid from now on for as long as policy says."""
        own, form = _own_entry(request, entry), RenewForm(fields_of(request))
        try:
            renewed = _done(form, lambda: entries.renew(entry=own, by=user_of(request), **form.cleaned_data,
                                                        now=timezone.now()), entry=own)
        except entries.EntryNotFound as refusal:
            entries.refuse_late(entry=own, entered=form.entered())
            raise Http404 from refusal
        return Response(serializers.EntryOutput(renewed).data)


class Hits(AlertsView):
    @extend_schema(parameters=[OpenApiParameter("before", str)], responses=serializers.HitsOutput)
    def get(self, request: Request) -> Response:
        """The hits one may see, newest first: those one was told of, which count as seen from then on, and those of one's own
        entries."""
        page = hits.page(user=user_of(request), cursor=_cursor(request), size=settings.READS_PER_PAGE, now=timezone.now())

        def photos(item: hits.SeenHit) -> list[str]:
            address = token(request, item)
            return [request.build_absolute_uri(reverse("lpr:photo", args=[address, number])) for number in (1, 2)]

        shown = serializers.HitOutput(page.hits, many=True, context={"photos": photos})
        return Response({"results": shown.data, "next": _next(request, "api-hits", page.next)})


def _cursor(request: Request) -> cursors.Cursor | None:
    try:
        return cursors.read(request.query_params.get("before", ""))
    except cursors.CursorNotValid as refusal:
        raise ValidationError({"before": ["This is no place in the list."]}) from refusal


def _next(request: Request, name: str, cursor: cursors.Cursor | None) -> str | None:
    return request.build_absolute_uri(f"{reverse(name)}?before={cursor}") if cursor else None


def fields_of(request: Request) -> Mapping[str, Any]:
    """The fields that were sent; an answer of 400 for anything but an object of them."""
    if not isinstance(request.data, Mapping):
        raise ValidationError({"": ["Send an object of fields."]})
    return request.data


def _own_entry(request: Request, entry: UUID) -> Entry:
    own = Entry.objects.visible_to(user_of(request)).filter(pk=entry).first()
    if own is None:
        raise Http404
    return own


def _done(form: Any, act: Callable[[], Any], *, entry: Entry | None = None) -> Any:
    """What `act` returns for a valid form; otherwise the refusal is recorded and answered by field."""
    if form.is_valid():
        try:
            return act()
        except (entries.EntryRefused, lists.ListRefused) as refusal:
            form.refused(refusal)
    entries.refuse(entered=form.entered(), errors=form.mistakes(), entry=entry)
    raise ValidationError(form.mistakes())
