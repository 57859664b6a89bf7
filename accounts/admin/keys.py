"""Sending a registration key again and taking one back, on the page of what it stands on (ACC-4)."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts.admin.steps import RecordPages


class KeyPages(RecordPages):
    """Adds `<id>/key/`, which takes `do=send` or `do=revoke`. Subclasses say what each does and what they may refuse."""

    key_refusals: tuple[type[Exception], ...] = ()

    def send_key(self, request: HttpRequest, ground: Any) -> None:
        raise NotImplementedError

    def revoke_key(self, request: HttpRequest, ground: Any) -> None:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_key"
        return [path("<path:object_id>/key/", self.admin_site.admin_view(self.key_view), name=name), *super().get_urls()]

    def key_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One step with the key, then back to the page, which says how the key stands."""
        ground = self._theirs(request, object_id)
        step = {"send": self.send_key, "revoke": self.revoke_key}.get(request.POST.get("do", ""))
        if request.method != "POST" or step is None:
            raise Http404
        try:
            step(request, ground)
            self.message_user(request, "A new key is on its way." if step == self.send_key else "The key is revoked.")
        except self.key_refusals as refusal:
            self.message_user(request, str(refusal) or "There is no key with which this can be done.", messages.ERROR)
        return self.back_to(ground)

    @admin.display(description="registration key")
    def key_state(self, ground: Any) -> str:
        key = ground.keys.first()
        return f"{key.state(timezone.now())}, until {key.expires_at:%Y-%m-%d %H:%M} UTC" if key else "none"
