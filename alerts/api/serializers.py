"""The shapes of the API of alerts. Input is checked by the forms of the pages; these describe it and write the answers."""

import builtins
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alerts import uploads
from alerts.hits import SeenHit
from alerts.models import AlertList, Entry, Scope
from lpr.forms.case import FOR_WHOM


class EntryInput(serializers.Serializer):
    plate = serializers.CharField(max_length=64)
    state = serializers.CharField(max_length=2)
    reason = serializers.CharField()
    case_reference = serializers.CharField()
    for_whom = serializers.ChoiceField(FOR_WHOM)
    other_name = serializers.CharField(required=False)
    ongoing = serializers.BooleanField()


class SharingInput(serializers.Serializer):
    scope = serializers.ChoiceField(Scope.choices, required=False)
    users = serializers.ListField(child=serializers.CharField(), required=False, help_text="User names.")
    group = serializers.CharField(required=False, help_text="A group's id or name.")


class AlertListInput(SharingInput, EntryInput):
    """A single-plate alert: all fields of the form. With `name` and without a plate: an empty list of that name."""

    name = serializers.CharField(required=False, max_length=100)


class UploadInput(SharingInput):
    """The form of the page, as multipart."""

    file = serializers.FileField(help_text="CSV or XLSX; the first row names the columns, or "
                                 "they stand in the order of the template.")
    mode = serializers.ChoiceField(uploads.Mode.choices, required=False, help_text="By default `new`.")
    name = serializers.CharField(required=False, max_length=100, help_text="Of the new list.")
    alert_list = serializers.UUIDField(required=False, help_text="Which list is added to, or replaced.")


class ColumnsInput(serializers.Serializer):
    """By our column's name the position in `heading`, from 0."""

    plate = serializers.IntegerField()
    state = serializers.IntegerField()
    reason = serializers.IntegerField()
    case_reference = serializers.IntegerField()
    for_whom = serializers.IntegerField(required=False)
    other_name = serializers.IntegerField(required=False)


class ConfirmationInput(serializers.Serializer):
    confirm = serializers.BooleanField(help_text="Affirms that each plate belongs to an ongoing investigation.")


class RenewalInput(serializers.Serializer):
    need_confirmed = serializers.BooleanField()
    note = serializers.CharField()


class EntryOutput(serializers.ModelSerializer):
    class Meta:
        model = Entry
        fields = ["id", "plate", "state", "reason", "case_reference", "other_name", "status", "created_at", "valid_until"]


class AlertListOutput(serializers.ModelSerializer):
    users: Any = serializers.SlugRelatedField("username", many=True, read_only=True)
    group: Any = serializers.SlugRelatedField("name", read_only=True)
    entry_count = serializers.IntegerField(read_only=True)
    hit_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = AlertList
        fields = ["id", "name", "scope", "users", "group", "created_at", "entry_count", "hit_count"]


class AlertListMadeOutput(serializers.ModelSerializer):
    entries = EntryOutput(many=True, read_only=True)

    class Meta:
        model = AlertList
        fields = ["id", "name", "scope", "created_at", "entries"]


class AlertListsOutput(serializers.Serializer):
    results = AlertListOutput(many=True)
    next = serializers.URLField(allow_null=True)


class GoodRowOutput(serializers.Serializer):
    row = serializers.IntegerField(source="number")
    plate = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    case_reference = serializers.CharField()
    for_whom = serializers.CharField()
    other_name = serializers.CharField()


class BadRowOutput(serializers.Serializer):
    row = serializers.IntegerField(source="number")
    cells = serializers.DictField(child=serializers.CharField(), help_text="As they came, by our column's name.")
    why = serializers.ListField(child=serializers.CharField())


class RepeatedRowOutput(serializers.Serializer):
    row = serializers.IntegerField(source="row.number")
    plate = serializers.CharField(source="row.plate")
    state = serializers.CharField(source="row.state")
    first_row = serializers.IntegerField(source="first", allow_null=True, help_text="null: the plate is on the list.")
    differs = serializers.BooleanField(help_text="It says another reason, case or person than what is kept.")


class ColleagueOutput(serializers.Serializer):
    username = serializers.CharField()
    full_name = serializers.CharField()


class WatchedRowOutput(serializers.Serializer):
    row = serializers.IntegerField()
    plate = serializers.CharField()
    state = serializers.CharField()
    users = ColleagueOutput(many=True)


class RemovedOutput(serializers.ModelSerializer):
    class Meta:
        model = Entry
        fields = ["id", "plate", "state"]


class PreviewOutput(serializers.Serializer):
    """What confirming would do; null where the columns have to be named first."""

    good = GoodRowOutput(many=True)
    bad = BadRowOutput(many=True)
    repeated = RepeatedRowOutput(many=True)
    watched_by_others = serializers.SerializerMethodField()
    removed = RemovedOutput(many=True)
    kept = RemovedOutput(many=True, help_text="Not replaced, because a bad row names them.")
    unchanged = serializers.IntegerField()

    @extend_schema_field(WatchedRowOutput(many=True))
    def get_watched_by_others(self, preview: uploads.Preview) -> builtins.list[Any]:
        rows = [{"row": row.number, "plate": row.plate, "state": row.state, "users": colleagues}
                for row, colleagues in preview.watched_by_others]
        return list(WatchedRowOutput(rows, many=True).data)


class UploadOutput(serializers.Serializer):
    """A file that is kept sealed for an hour and not saved yet. Without `columns` they have to be named first."""

    id = serializers.UUIDField()
    heading = serializers.ListField(child=serializers.CharField())
    columns = serializers.DictField(child=serializers.IntegerField())
    preview = PreviewOutput(allow_null=True)


class FilledListOutput(serializers.ModelSerializer):
    entry_count = serializers.IntegerField(source="entries.count")

    class Meta:
        model = AlertList
        fields = ["id", "name", "scope", "entry_count"]


class HitOutput(serializers.Serializer):
    id = serializers.UUIDField(source="hit.pk")
    list = serializers.CharField(source="list_name")
    plate = serializers.CharField(source="hit.plate")
    state = serializers.CharField(source="hit.state")
    captured_at = serializers.DateTimeField(source="hit.captured_at")
    hit_at = serializers.DateTimeField(source="hit.hit_at")
    latitude = serializers.FloatField(source="hit.latitude")
    longitude = serializers.FloatField(source="hit.longitude")
    address = serializers.CharField(source="hit.address")
    intersection = serializers.CharField(source="hit.intersection")
    make = serializers.CharField(source="hit.make")
    model = serializers.CharField(source="hit.model")
    source: Any = serializers.CharField(source="hit.source")
    reason = serializers.CharField()
    marked = serializers.CharField(source="hit.marked", help_text="`corrected` or `withdrawn` if the read was wrong, or empty.")
    plate_stays = serializers.BooleanField(
        source="hit.plate_stays", help_text="Whether plate and state were right, of a read that was `corrected`.")
    is_own = serializers.BooleanField()
    is_new = serializers.BooleanField()
    photos = serializers.SerializerMethodField(help_text="Addresses of the plate photo and the vehicle photo.")

    # `list` is a field in here.
    def get_photos(self, item: SeenHit) -> builtins.list[str]:
        return self.context["photos"](item)


class HitsOutput(serializers.Serializer):
    results = HitOutput(many=True)
    next = serializers.URLField(allow_null=True)
