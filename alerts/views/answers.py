"""Answers that more than one page of alerts gives."""

from typing import Any

from django.http import HttpResponseRedirect
from django.urls import reverse


def see_other(name: str, *arguments: Any) -> HttpResponseRedirect:
    """On to another page by GET, after a POST."""
    answer = HttpResponseRedirect(reverse(name, args=arguments))
    answer.status_code = 303
    return answer
