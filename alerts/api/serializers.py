"""The shapes of the API of alerts. Input is checked by the forms of the pages; these describe it and write the answers."""

import builtins
from typing import Any

from rest_framework import serializers

from alerts.hits import SeenHit
from alerts.models import AlertList, Entry, Scope
from lpr.forms.query import FOR_WHOM


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
    is_own = serializers.BooleanField()
    is_new = serializers.BooleanField()
    photos = serializers.SerializerMethodField(help_text="Addresses of the plate photo and the vehicle photo.")

    # `list` is a field in here.
    def get_photos(self, item: SeenHit) -> builtins.list[str]:
        return self.context["photos"](item)


class HitsOutput(serializers.Serializer):
    results = HitOutput(many=True)
    next = serializers.URLField(allow_null=True)
