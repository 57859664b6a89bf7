"""The intake of reads: native JSON, Rekor groups and Plate Recognizer hooks, told apart by their content (DAT-1 to DAT-4)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.events import Kind
from audit.record import record_durably
from lpr import deliveries, photos
from lpr.api.source_authentication import SourceAuthentication
from lpr.formats import detection, json_text
from lpr.formats.native_read import Outcome, PayloadNotReadable
from lpr.models import Source


class NotReadable(APIException):
    status_code = 400
    problem_type = "delivery-not-readable"


class TooMuch(APIException):
    status_code = 413
    problem_type = "delivery-too-large"


class TryAgain(APIException):
    status_code = 503
    problem_type = "delivery-not-stored"
    default_detail = "The store did not take the delivery, and nothing of it is stored. Send it again."
    wait = 10


class PhotoSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["plate", "vehicle"])
    jpeg = serializers.CharField(required=False, help_text="The picture in base64.")
    url = serializers.URLField(required=False, help_text="An address in the operator's own photo store.")


class ReadSerializer(serializers.Serializer):
    source_record_id = serializers.CharField()
    plate = serializers.CharField()
    state = serializers.CharField(required=False, allow_blank=True, help_text="Empty where the source did not read it.")
    captured_at = serializers.DateTimeField(help_text="RFC 3339 with the offset from UTC.")
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    make = serializers.CharField(required=False)
    model = serializers.CharField(required=False)
    camera = serializers.CharField(required=False)
    address = serializers.CharField(required=False)
    intersection = serializers.CharField(required=False)
    confidence = serializers.FloatField(required=False, min_value=0, max_value=100)
    photos = PhotoSerializer(many=True)


class ReadsSerializer(serializers.Serializer):
    reads = ReadSerializer(many=True)


class RefusedSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Place in the delivery, counted from 0.")
    reason = serializers.CharField()


class DeliveredSerializer(serializers.Serializer):
    stored = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    hits = serializers.IntegerField()
    refused = RefusedSerializer(many=True)


@dataclass(frozen=True)
class Delivery:
    """A body taken apart: its records, and the digest for the receipt."""

    outcomes: list[Outcome]
    digest: str


class ReadsView(APIView):
    authentication_classes = [SourceAuthentication]
    permission_classes = [IsAuthenticated]
    parser_classes = [JSONParser, MultiPartParser]

    @extend_schema(
        operation_id="reads_deliver",
        request=ReadsSerializer,
        responses={200: DeliveredSerializer, 400: OpenApiResponse(description="The body is no delivery."),
                   401: OpenApiResponse(description="The key is not valid."),
                   413: OpenApiResponse(description="More reads or bytes than one call may hold.")},
        examples=[
            OpenApiExample("One native read", request_only=True, value={"reads": [{
                "source_record_id": "gate4-000017", "plate": "XYZ-1234", "state": "OH",
                "captured_at": "2026-05-01T12:00:00-04:00", "latitude": 39.9612, "longitude": -82.9988, "make": "Ford",
                "model": "F-150", "camera": "Gate 4", "confidence": 97,
                "photos": [{"kind": "plate", "jpeg": "/9j/4AAQ..."}, {"kind": "vehicle", "jpeg": "/9j/4AAQ..."}]}]}),
            OpenApiExample("Nine stored, one refused", response_only=True, value={
                "stored": 9, "duplicates": 0, "hits": 1,
                "refused": [{"index": 3, "reason": "captured_at: lies in the future."}]}),
        ],
    )
    def post(self, request: Request) -> Response:
        """Deliver up to 1,000 reads, one Rekor `alpr_group`, or one Plate Recognizer hook (JSON, or multipart with the fields
        `json` and `upload`). Sending a record again is safe: it is stored once and counted as a duplicate.

        The header `Receipt` names the receipt that the operator keeps of this body, `Receipt-First-Received` when it came first.
        The same body bears the same receipt whenever it is sent, so that an answer that was lost can be had again.
        """
        source = cast(Source, request.auth)
        try:
            delivery = _taken_apart(request._request, source)
        except APIException as refusal:
            record_durably(Kind.READS_REFUSED, why=str(refusal.detail))
            raise
        try:
            delivered = deliveries.take_in(source=source, sent=delivery.outcomes, body_digest=delivery.digest,
                                           now=datetime.now(UTC))
        except deliveries.NotStored as error:
            raise TryAgain from error
        return Response(DeliveredSerializer(delivered).data, headers={
            "Receipt": str(delivered.receipt), "Receipt-First-Received": delivered.first_received_at.isoformat()})


def _taken_apart(request: HttpRequest, source: Source) -> Delivery:
    text, upload = _body(request)
    digest = hashlib.sha256(text + (upload or b"")).hexdigest()
    places = {camera: (place[0], place[1]) for camera, place in source.camera_places.items()}
    try:
        payload = json_text.parse(text)
        if isinstance(payload, dict) and isinstance(payload.get("reads"), list):
            _refuse_too_many(len(payload["reads"]))
        outcomes = detection.read_payload(payload, upload=upload, camera_places=places)
    except PayloadNotReadable as refusal:
        raise NotReadable(refusal.reason) from refusal
    _refuse_too_many(len(outcomes))
    return Delivery(outcomes, digest)


def _body(request: HttpRequest) -> tuple[bytes, bytes | None]:
    """The JSON, and the picture beside it in multipart. What a JSON body declares as its type is not asked: vendors differ."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise TooMuch(f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024**2} MB.")
    try:
        if request.content_type != "multipart/form-data":
            return request.body, None
        text, upload = request.POST.get("json"), request.FILES.get("upload")
    except RequestDataTooBig as error:
        raise TooMuch("The body is too large.") from error
    except (MultiPartParserError, BadRequest) as error:
        raise NotReadable("The multipart body cannot be read.") from error
    if text is None:
        raise NotReadable("The multipart body has no field named json.")
    # One byte more than allowed, so that the check of the photo sees the excess.
    return text.encode("utf-8", "surrogatepass"), upload.read(photos.MOST_BYTES + 1) if upload else None


def _refuse_too_many(count: int) -> None:
    if count > settings.READS_PER_CALL:
        raise TooMuch(f"A call may hold {settings.READS_PER_CALL} reads at most; this one holds {count}.")
