"""Queries for programs: the same form, the same policy, the same record as the pages (QRY-1 to QRY-9)."""

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import problems
from accounts.access import may_permission, user_of
from accounts.roles import Right
from lpr import page_cursors, read_tokens, recall, replay, search
from lpr.api import query_examples
from lpr.api.query_serializers import (
    AnswerSerializer,
    ProblemSerializer,
    QuerySerializer,
    RecallSerializer,
    ReplaySerializer,
)
from lpr.forms.query import QueryForm

PRIVATE = {"Cache-Control": "no-store, private"}
BEFORE = OpenApiParameter("before", str, description="The cursor of a later page, as `next` gives it.")


class NotAnswered(exceptions.APIException):
    status_code = 503
    default_detail = "The store of reads did not answer. The question is on record and was not answered."


class QueriesView(APIView):
    permission_classes = [IsAuthenticated, may_permission(Right.QUERY)]

    @extend_schema(operation_id="queries_recall", parameters=[BEFORE], responses=RecallSerializer)
    def get(self, request: Request) -> Response:
        """Recall one's own queries, newest first. The recall is itself recorded."""
        try:
            before = page_cursors.asked_before(request.query_params.get("before", ""))
        except signing.BadSignature as refusal:
            raise Http404 from refusal
        queries, more = recall.own(user=user_of(request), limit=settings.READS_PER_PAGE, before=before)
        address = _address(request, "api-queries", page_cursors.after(queries[-1])) if more else None
        return Response(RecallSerializer({"results": queries, "next": address}).data, headers=PRIVATE)

    @extend_schema(operation_id="queries_ask", request=QuerySerializer, examples=query_examples.ASKING, responses={
        201: AnswerSerializer, (400, problems.CONTENT_TYPE): ProblemSerializer})
    def post(self, request: Request) -> Response:
        """Ask about one exact plate. The attempt is recorded before anything is looked up; an error names its field."""
        form = _form(request)
        if not form.is_valid():
            search.refuse(entered=form.entered(), errors=form.mistakes())
            raise exceptions.ValidationError(form.mistakes())
        try:
            answered = search.run_query(query=form.query())
            page = search.page(event=answered.id, size=settings.READS_PER_PAGE)
        except search.QueryFailed as error:
            raise NotAnswered from error
        answer = {"id": answered.id, "count": answered.count, "count_state_unread": answered.count_state_unread,
                  **_page(request, answered.id, page)}
        return Response(AnswerSerializer(answer).data, status=status.HTTP_201_CREATED,
                        headers=PRIVATE | {"Location": reverse("api-query", args=[answered.id])})


class QueryView(APIView):
    """Open to the asker, and to audit roles of the asker's area and of that of the person named."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="queries_replay", parameters=[BEFORE], responses=ReplaySerializer)
    def get(self, request: Request, query: UUID) -> Response:
        """Replay a logged query: its reads as of the time of asking. Each page is a look of its own on record."""
        try:
            cursor = page_cursors.read(query, request.query_params.get("before", ""))
            opened = recall.opened(query=query, user=user_of(request), purpose="results", page=cursor.number)
        except (signing.BadSignature, recall.QueryNotFound) as refusal:
            raise Http404 from refusal
        if opened.asked.count is None:
            raise NotAnswered
        try:
            page = search.page(event=opened.event, cursor=cursor, size=settings.READS_PER_PAGE)
            comparison = replay.compare(opened) if opened.is_replay and cursor.number == 1 else None
        except search.QueryFailed as error:
            raise NotAnswered from error
        answer = {**vars(opened.asked), **_page(request, query, page), "comparison": comparison and _compared(comparison)}
        return Response(ReplaySerializer(answer).data, headers=PRIVATE)


def _compared(comparison: replay.Comparison) -> dict[str, Any]:
    (answered, answered_digest), (shown, shown_digest) = comparison.answered, comparison.shown
    return {
        "is_same": comparison.is_same, "is_proven": comparison.is_proven, "is_explained": comparison.is_explained,
        "answered": answered, "answered_digest": answered_digest, "shown": shown, "shown_digest": shown_digest,
        "differences": [{"cause": one.cause.value, "what": one.cause.label, "count": one.count,
                         "reads": [read for read, _ in one.reads]} for one in comparison.differences]}


def _form(request: Request) -> QueryForm:
    """The form filled from JSON: one plain value for each field, whatever type it came as."""
    sent = request.data
    if not isinstance(sent, dict):
        search.refuse(entered={}, errors={"__all__": ["Send one object."]})
        raise exceptions.ValidationError({"non_field_errors": ["Send one object."]})
    plain = {name: _text(value) for name, value in sent.items()}
    form = QueryForm(plain, user=user_of(request), now=timezone.now())
    for name, value in sent.items():
        if isinstance(value, dict | list | bool) and name in form.fields:
            form.add_error(name, "Enter one value.")
    return form


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _page(request: Request, query: UUID, page: search.Page) -> dict[str, Any]:
    """The reads of a page with the addresses of their photos, and the address of the page that follows."""
    reads = [
        {**vars(read), "id": read.record_id, "state_read": bool(read.state), "photos": _photos(request, query, read)}
        for read in (*page.reads, *page.state_unread)
    ]
    following = page.next and _address(request, "api-query", page_cursors.text(query, page.next), query)
    return {"reads": reads, "next": following}


def _photos(request: Request, query: UUID, read: search.Read) -> list[str]:
    token = read_tokens.make(user_id=user_of(request).pk, session_key=request.session.session_key,
                             record_id=read.record_id, query=query)
    return [request.build_absolute_uri(reverse("lpr:photo", args=[token, number])) for number in (1, 2)]


def _address(request: Request, name: str, cursor: str, *arguments: UUID) -> str:
    return request.build_absolute_uri(f"{reverse(name, args=arguments)}?before={cursor}")
