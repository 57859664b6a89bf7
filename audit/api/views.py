"""The audit search for programs: the same search, the same scope, the same record."""

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
from audit.forms import SearchForm


class SearchesView(APIView):
    permission_classes = [IsAuthenticated, ReadsAudit]

    @extend_schema(request=SearchSerializer, responses={201: SearchBegunSerializer})
    def post(self, request: Request) -> Response:
        """Search the record; the answer's id opens the pages of what was found."""
        if not isinstance(request.data, dict):
            raise ValidationError({"non_field_errors": ["Send one object."]})
        form = SearchForm({name: value for name, value in request.data.items() if isinstance(value, str | int)})
        if not form.is_valid():
            search.refuse(entered=form.entered(), errors=form.mistakes())
            raise ValidationError(form.mistakes())
        found = search.begin(criteria=form.criteria())
        return Response({"id": found}, status=status.HTTP_201_CREATED,
                        headers={"Location": reverse("audit-search", args=[found]), "Cache-Control": "no-store"})


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
