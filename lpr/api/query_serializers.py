"""The shapes of queries in the API. The form checks what comes in; these say what goes out, and document both."""

from rest_framework import serializers

from lpr import states, timeframes
from lpr.forms.case import FOR_WHOM


class QuerySerializer(serializers.Serializer):
    """The fields of the form, for the documentation."""

    plate = serializers.CharField(max_length=64, help_text="The whole number; spaces, hyphens and dots make no difference.")
    state = serializers.ChoiceField(choices=[*states.NAMES.items()])
    reason = serializers.CharField(help_text="The code of a listed reason.")
    offense = serializers.CharField(
        required=False, help_text="The code of an offense that goes with the reason; HSI names it for a criminal reason.")
    timeframe = serializers.ChoiceField(choices=timeframes.CHOICES)
    date_from = serializers.DateField(required=False, help_text="First day, for `custom`.")
    date_to = serializers.DateField(required=False, help_text="Last day, included, for `custom`.")
    case_reference = serializers.CharField(max_length=500, help_text="The subject or the case number.")
    for_whom = serializers.ChoiceField(choices=FOR_WHOM)
    other_name = serializers.CharField(required=False, help_text="The agent or officer, for `other`.")
    other_unit = serializers.CharField(required=False)
    geo_state = serializers.CharField(required=False, help_text="State of capture.")
    near_latitude = serializers.DecimalField(14, 6, required=False, help_text="Degrees north, with longitude and radius.")
    near_longitude = serializers.DecimalField(14, 6, required=False, help_text="Degrees east.")
    near_address = serializers.CharField(required=False, help_text="Instead of coordinates.")
    near_radius_km = serializers.DecimalField(8, 3, required=False)


class FoundReadSerializer(serializers.Serializer):
    """One read. What its source did not give is empty."""

    id = serializers.UUIDField()
    plate = serializers.CharField()
    state = serializers.CharField(help_text="Empty where the source did not read it; see `state_read`.")
    state_read = serializers.BooleanField()
    captured_at = serializers.DateTimeField()
    zone = serializers.CharField(help_text="The time zone of the place.")
    received_at = serializers.DateTimeField()
    stored_at = serializers.DateTimeField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    address = serializers.CharField(help_text="The nearest address; empty where none is within 1 mile.")
    address_is_approximate = serializers.BooleanField()
    intersection = serializers.CharField()
    make = serializers.CharField()
    model = serializers.CharField()
    source = serializers.CharField(help_text="The source in words.")  # type: ignore[assignment]
    source_kind = serializers.CharField()
    camera = serializers.CharField()
    confidence = serializers.IntegerField(allow_null=True, help_text="Percent.")
    photos = serializers.ListField(child=serializers.URLField(), help_text="Plate, vehicle. They end with the session.")


class AnswerSerializer(serializers.Serializer):
    id = serializers.UUIDField(help_text="The audit id of the query.")
    count = serializers.IntegerField(help_text="Reads found in all, on all pages.")
    count_state_unread = serializers.IntegerField(help_text="Of them, reads whose state was not read.")
    reads = FoundReadSerializer(many=True)
    next = serializers.URLField(allow_null=True, help_text="The page that follows, or null.")


class ProblemSerializer(serializers.Serializer):
    """Problem details of RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="Sentences by field.")


class NearSerializer(serializers.Serializer):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    radius_km = serializers.FloatField()
    address = serializers.CharField()


class LoggedQuerySerializer(serializers.Serializer):
    """A question as the log holds it."""

    plate = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    offense = serializers.CharField()
    timeframe = serializers.CharField()
    captured_from = serializers.DateTimeField()
    captured_until = serializers.DateTimeField()
    case_reference = serializers.CharField()
    for_whom = serializers.CharField()
    other_name = serializers.CharField()
    other_unit = serializers.CharField()
    geo_state = serializers.CharField()
    near = NearSerializer(allow_null=True)


class AskedSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    asked_at = serializers.DateTimeField(source="at")
    asked_by = serializers.CharField(source="actor")
    query = LoggedQuerySerializer()
    count = serializers.IntegerField(allow_null=True, help_text="Null where the store did not answer.")
    count_state_unread = serializers.IntegerField()


class RecallSerializer(serializers.Serializer):
    results = AskedSerializer(many=True)
    next = serializers.URLField(allow_null=True)


class DifferenceSerializer(serializers.Serializer):
    cause = serializers.CharField()
    what = serializers.CharField(help_text="The cause in words.")
    count = serializers.IntegerField()
    reads = serializers.ListField(child=serializers.UUIDField(), help_text="The reads meant, where they are known.")


class ComparisonSerializer(serializers.Serializer):
    """A replay beside what was answered."""

    is_same = serializers.BooleanField(help_text="Count and digest are those of the answer.")
    is_proven = serializers.BooleanField(help_text="All reads of the answer are still held: their digest is the answered one.")
    is_explained = serializers.BooleanField(help_text="Each difference has a cause on record.")
    answered = serializers.IntegerField()
    answered_digest = serializers.CharField()
    shown = serializers.IntegerField()
    shown_digest = serializers.CharField()
    differences = DifferenceSerializer(many=True)


class ReplaySerializer(AskedSerializer):
    reads = FoundReadSerializer(many=True)
    next = serializers.URLField(allow_null=True)
    comparison = ComparisonSerializer(allow_null=True, help_text="On the first page of an audit role's replay.")
