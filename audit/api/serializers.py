"""The shapes of the audit search in the API."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from audit import words
from audit.search import FoundEvent, Page


class SearchSerializer(serializers.Serializer):
    """The form's fields, for the documentation; the form itself checks them."""

    user = serializers.CharField(required=False)
    on_behalf_of = serializers.CharField(required=False)
    plate = serializers.CharField(required=False)
    to = serializers.CharField(required=False, help_text="Date or date and time, UTC; a date counts whole.")
    event = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)
    aor = serializers.CharField(required=False)

    def get_fields(self) -> dict[str, serializers.Field]:
        # `from` is the field's name outside, and no name for an attribute in Python.
        return {**super().get_fields(), "from": serializers.CharField(required=False, help_text="Date or date and time, UTC.")}


class SearchBegunSerializer(serializers.Serializer):
    id = serializers.UUIDField()


class EventSerializer(serializers.Serializer):
    """An event: its columns, all its facts, and its outcome in words."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    event = serializers.CharField(source="kind")
    user = serializers.CharField(source="actor")
    user_id = serializers.IntegerField(source="actor_id", allow_null=True)
    aor = serializers.CharField()
    on_behalf_of = serializers.CharField()
    plate = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    query = serializers.UUIDField(allow_null=True)
    outcome = serializers.SerializerMethodField()
    facts = serializers.DictField()

    def get_outcome(self, event: FoundEvent) -> str:
        return str(words.outcome(event))


class PageSerializer(serializers.Serializer):
    id = serializers.UUIDField(source="search")
    searched_at = serializers.DateTimeField()
    criteria = serializers.SerializerMethodField()
    next = serializers.SerializerMethodField()
    results = EventSerializer(source="events", many=True)

    def get_criteria(self, page: Page) -> dict[str, Any]:
        return {key: value for key, value in page.criteria.facts().items() if value}

    def get_next(self, page: Page) -> str | None:
        if not page.next_cursor:
            return None
        address = f"{reverse('audit-search', args=[page.search])}?cursor={page.next_cursor}"
        return self.context["request"].build_absolute_uri(address)
