"""Every address of the service with sample arguments, as the guards walk them."""

import re
from collections.abc import Iterator, Mapping
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
    """`route` is the pattern in whole, `name` the view's name with its namespace, `template` the path with names in it."""

    route: str
    name: str
    template: str
    converters: tuple[tuple[str, type], ...]

    @property
    def path(self) -> str:
        """An example."""
        return self.path_of({})

    def path_of(self, values: Mapping[str, str]) -> str:
        """The path with `values` for the arguments that it names, and samples for the others."""
        samples = {name: next(SAMPLES[base] for base in kind.__mro__ if base in SAMPLES) for name, kind in self.converters}
        return self.template.format(**samples | dict(values))

    @property
    def names_a_record(self) -> bool:
        """Whether its answer may depend on whose record an argument names; layer and place of a map's tile are nobody's."""
        return bool({name for name, _ in self.converters} - {"layer", "z", "x", "y"})

    @property
    def is_api(self) -> bool:
        return self.template.startswith("/api/")

    @property
    def is_admin(self) -> bool:
        return self.template.startswith("/admin/")


def every() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, "", "/", "", ()))


def _walk(patterns: list, route: str, path: str, namespace: str, converters: tuple) -> Iterator[Address]:
    for entry in patterns:
        here = f"{route}{entry.pattern}"
        found = (*converters, *((name, type(item)) for name, item in entry.pattern.converters.items()))
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry.url_patterns, here, path + _template(entry), inner, found)
        else:
            yield Address(here, f"{namespace}{entry.name}" if entry.name else "", path + _template(entry), found)


def _template(entry: Any) -> str:
    if not isinstance(entry.pattern, RoutePattern):
        assert isinstance(entry, URLPattern)
        return WRITTEN_OUT[entry.name or "final_catch_all_view"]
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(entry.pattern))
