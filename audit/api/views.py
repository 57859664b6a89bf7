"""The audit search for programs: the same search, the same scope, the same record."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import search
from audit.access import ReadsAudit
from audit.api.serializers import PageSerializer, SearchBegunSerializer, SearchSerializer
from audit.forms import SearchForm, storable

# Of fields that there are not, as many are named.
MOST_NAMED = 20


class SearchesView(APIView):
    permission_classes = [IsAuthenticated, ReadsAudit]

    @extend_schema(request=SearchSerializer, responses={201: SearchBegunSerializer})
    def post(self, request: Request) -> Response:
        """Search the record; the answer's id opens the pages of what was found."""
        if not isinstance(request.data, dict):
            raise ValidationError({"non_field_errors": ["Send one object."]})
        form = SearchForm({name: "" if value is None else str(value) for name, value in request.data.items()})
        mistakes = form.mistakes() | _misfits(request.data, form)
        if mistakes:
            search.refuse(entered=form.entered(), errors=mistakes)
            raise ValidationError(mistakes)
        found = search.begin(criteria=form.criteria())
        return Response({"id": found}, status=status.HTTP_201_CREATED,
                        headers={"Location": reverse("audit-search", args=[found]), "Cache-Control": "no-store"})


def _misfits(sent: dict[str, Any], form: SearchForm) -> dict[str, list[str]]:
    """What a page's form cannot send: values that are no text, and fields that there are not. Left out, they would widen the
    search in silence."""
    unknown = {storable(name)[:60]: ["There is no such field."] for name in sent if name not in form.fields}
    # A user may be named by a number.
    wrong = {name: ["Send one text."] for name, value in sent.items()
             if name in form.fields and not (value is None or isinstance(value, str) or type(value) is int)}
    return dict(list(unknown.items())[:MOST_NAMED]) | wrong


class SearchView(APIView):
    permission_classes = [IsAuthenticated, ReadsAudit]

    @extend_schema(parameters=[OpenApiParameter("cursor", str)], responses=PageSerializer)
    def get(self, request: Request, search_id: UUID) -> Response:
        """A page of a search, newest first; `next` is the address of the page that follows, or null."""
        try:
            page = search.open_page(search=search_id, user_id=request.user.pk,
                                    cursor=request.query_params.get("cursor", ""))
        except search.SearchNotFound as error:
            raise Http404 from error
        return Response(PageSerializer(page, context={"request": request}).data,
                        headers={"Cache-Control": "no-store, private"})
