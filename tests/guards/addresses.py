"""Every address of the service with sample arguments, as the guards walk them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, PathConverter, SlugConverter, StringConverter, UUIDConverter
from django.urls.resolvers import RoutePattern

SAMPLES = {UUIDConverter: "0190a0a0-0000-7000-8000-000000000000", IntConverter: "1", StringConverter: "sample",
           SlugConverter: "sample", PathConverter: "1"}
# Patterns that are regular expressions, all of them Django's own.
WRITTEN_OUT = {"app_list": "accounts/", "final_catch_all_view": "nowhere"}


@dataclass(frozen=True)
class Address:
    """`route` is the pattern in whole, `name` the view's name with its namespace, `path` an example."""

    route: str
    name: str
    path: str
    converters: tuple[tuple[str, type], ...]

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def is_admin(self) -> bool:
        return self.path.startswith("/admin/")


def every() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, "", "/", "", ()))


def _walk(patterns: list, route: str, path: str, namespace: str, converters: tuple) -> Iterator[Address]:
    for entry in patterns:
        here = f"{route}{entry.pattern}"
        found = (*converters, *((name, type(item)) for name, item in entry.pattern.converters.items()))
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, here, path + _sample(entry), inner, found)
        else:
            yield Address(here, f"{namespace}{entry.name}" if entry.name else "", path + _sample(entry), found)


def _sample(entry: Any) -> str:
    if not isinstance(entry.pattern, RoutePattern):
        assert isinstance(entry, URLPattern)
        return WRITTEN_OUT[entry.name or "final_catch_all_view"]
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: _value(entry.pattern.converters[found.group(1)]), str(entry.pattern))


def _value(converter: object) -> str:
    return next(SAMPLES[kind] for kind in type(converter).__mro__ if kind in SAMPLES)
