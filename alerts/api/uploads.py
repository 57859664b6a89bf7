"""Batch upload for programs: the page's form, drafts and domain functions, answered as JSON (ALR-1, ALR-2).

As on the page nothing is saved before the preview was answered and its confirmation sent.
"""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import user_of
from alerts import drafts, upload_steps, uploads
from alerts.api import serializers
from alerts.api.views import AlertsView, fields_of
from alerts.entries import EntryRefused
from alerts.forms import ColumnsForm, UploadForm
from alerts.lists import ListRefused

COLUMNS = OpenApiExample("The file's second column holds the plates", request_only=True, value={
    "plate": 1, "state": 2, "reason": 4, "case_reference": 0})


class UploadsView(AlertsView):
    """A draft that is another user's, was confirmed, or whose hour is over, is not found."""

    parser_classes = [JSONParser]

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(Http404() if isinstance(exc, drafts.DraftNotFound) else exc)


class AlertUploads(AlertsView):
    parser_classes = [MultiPartParser]

    @extend_schema(operation_id="alert_uploads_begin", request={"multipart/form-data": serializers.UploadInput},
                   responses={201: serializers.UploadOutput})
    def post(self, request: Request) -> Response:
        """Send a file of plates and see what is in it. A file with more plates than a list may hold is refused whole."""
        form = UploadForm(request.data, request.FILES, user=user_of(request), now=timezone.now())
        draft = upload_steps.begun(form)
        if draft is None:
            raise ValidationError(form.mistakes())
        return _shown(request, draft, status=201)


class AlertUpload(UploadsView):
    @extend_schema(operation_id="alert_uploads_preview", responses=serializers.UploadOutput)
    def get(self, request: Request, draft: UUID) -> Response:
        """What confirming would do, row by row. Each look is on record."""
        return _shown(request, draft)

    @extend_schema(operation_id="alert_uploads_confirm", request=serializers.ConfirmationInput,
                   responses={201: serializers.FilledListOutput})
    def post(self, request: Request, draft: UUID) -> Response:
        """Save the good rows, affirming an ongoing investigation for each plate."""
        ongoing = fields_of(request).get("confirm")
        try:
            filled = uploads.confirm(draft=draft, by=user_of(request), ongoing=ongoing is True or ongoing == "on",
                                     now=timezone.now())
        except (uploads.UploadRefused, EntryRefused, ListRefused) as refusal:
            errors = {refusal.field: [str(refusal)]}
            uploads.refuse(data=b"", errors=errors)
            raise ValidationError(errors) from refusal
        return Response(serializers.FilledListOutput(filled).data, status=201)

    @extend_schema(operation_id="alert_uploads_discard", responses={204: None})
    def delete(self, request: Request, draft: UUID) -> Response:
        """Discard the file."""
        uploads.discard(draft=draft, by=user_of(request), now=timezone.now())
        return Response(status=204)


class AlertUploadColumns(UploadsView):
    @extend_schema(operation_id="alert_uploads_name_columns", request=serializers.ColumnsInput,
                   responses=serializers.UploadOutput, examples=[COLUMNS])
    def post(self, request: Request, draft: UUID) -> Response:
        """Say which column is which, where the headings are not known; the next file with them is read without asking."""
        user, now = user_of(request), timezone.now()
        form = ColumnsForm(fields_of(request), heading=drafts.opened(draft=draft, by=user, now=now).heading)
        if not upload_steps.named(form, draft=draft, by=user, now=now):
            raise ValidationError(form.mistakes())
        return _shown(request, draft)


def _shown(request: Request, draft: UUID, status: int = 200) -> Response:
    user, now = user_of(request), timezone.now()
    said = drafts.opened(draft=draft, by=user, now=now)
    found: Any = None
    if said.columns:
        try:
            found = uploads.preview(draft=draft, by=user, now=now)
        except uploads.ListNotChosen as refusal:
            raise Http404 from refusal
    answer = {"id": draft, "heading": said.heading, "columns": said.columns, "preview": found}
    return Response(serializers.UploadOutput(answer).data, status=status)
