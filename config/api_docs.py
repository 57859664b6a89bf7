"""The API's documentation as a plain page, rendered from its schema: the usual viewers inject script, which no page here has."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every call with its fields, answers and examples."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    shapes = schema.get("components", {}).get("schemas", {})
    calls = [_call(address, method, described, shapes) for address, methods in schema["paths"].items()
             for method, described in methods.items() if method in METHODS]
    return render(request, "api_docs.html", {"info": schema["info"], "calls": calls})


def _call(address: str, method: str, described: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    bodies = described.get("requestBody", {}).get("content", {})
    body = _first(bodies)
    return {
        "id": described["operationId"], "method": method.upper(), "address": address,
        "description": described.get("description", ""), "parameters": described.get("parameters", []),
        "content_types": list(bodies), "fields": _fields(body.get("schema"), shapes),
        "examples": list(body.get("examples", {}).values()),
        "answers": [_answer(code, answer, shapes) for code, answer in described.get("responses", {}).items()],
    }


def _answer(code: str, described: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    body = _first(described.get("content", {}))
    return {"status": code, "description": described.get("description", ""), "fields": _fields(body.get("schema"), shapes),
            "examples": list(body.get("examples", {}).values())}


def _first(contents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Of several content types of one body, the first."""
    return next(iter(contents.values()), {})


def _fields(schema: dict[str, Any] | None, shapes: dict[str, Any], *, deep: bool = True) -> list[dict[str, Any]]:
    """The fields of a shape, those of lists and objects inside it below them."""
    shape = _shape(schema or {}, shapes)
    rows = []
    for name, field in shape.get("properties", {}).items():
        inner = _shape(field.get("items", field), shapes)
        rows.append({
            "name": name, "type": _type(field, shapes), "required": name in shape.get("required", ()),
            "description": field.get("description", ""),
            "fields": _fields(inner, shapes, deep=False) if deep and "properties" in inner else [],
        })
    return rows


def _shape(schema: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    """What a reference points to; the first where several are joined."""
    for joined in ("allOf", "oneOf"):
        if schema.get(joined):
            schema = schema[joined][0]
    return shapes.get(schema["$ref"].rsplit("/", 1)[1], {}) if "$ref" in schema else schema


def _type(field: dict[str, Any], shapes: dict[str, Any]) -> str:
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), shapes)}"
    shape = _shape(field, shapes)
    words = shape.get("format") or shape.get("type") or "any"
    return " ".join(words) if isinstance(words, list) else str(words)
