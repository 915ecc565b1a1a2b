"""The documentation as a page made from the description of the API; it needs no internet."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from serving.dependencies import Visitor
from serving.rendering import page_response

router = APIRouter(include_in_schema=False)

Schema = dict[str, Any]

_BOUNDS = {
    "minimum": "at least {:,}",
    "maximum": "at most {:,}",
    "maxLength": "at most {:,} characters",
    "maxItems": "at most {:,} items",
    "maxProperties": "at most {:,} entries",
}


@dataclass(frozen=True)
class ShownField:
    """A parameter or a field of a body: its type in words, and what it means."""

    name: str
    type: str
    required: bool
    meaning: str


@dataclass(frozen=True)
class ShownModel:
    """A body with its fields."""

    name: str
    meaning: str
    fields: tuple[ShownField, ...]


@dataclass(frozen=True)
class ShownEndpoint:
    """An endpoint: what it takes and answers."""

    method: str
    path: str
    summary: str
    meaning: str
    parameters: tuple[ShownField, ...]
    body: str | None
    example: str | None
    answers: tuple[tuple[str, str], ...]


@router.get("/docs")
def show_documentation(request: Request, visit: Visitor) -> Response:
    """Every endpoint and every body."""
    document = request.app.openapi()
    models = document["components"]["schemas"].items()
    return page_response(
        "docs.html",
        visit,
        endpoints=tuple(_endpoints(document)),
        models=tuple(_model(name, schema) for name, schema in models if "properties" in schema),
    )


def _endpoints(document: Schema) -> Iterator[ShownEndpoint]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {})
            yield ShownEndpoint(
                method=method.upper(),
                path=path,
                summary=operation["summary"],
                meaning=operation.get("description", ""),
                parameters=tuple(map(_parameter, operation.get("parameters", ()))),
                body=_type(body["schema"]) if body else None,
                example=json.dumps(body["example"], indent=2) if body else None,
                answers=tuple(_answers(operation["responses"])),
            )


def _parameter(parameter: Schema) -> ShownField:
    schema = parameter["schema"]
    return ShownField(
        parameter["name"], _type(schema), bool(parameter["required"]), _meaning(schema)
    )


def _answers(responses: Schema) -> Iterator[tuple[str, str]]:
    for status, response in responses.items():
        schemas = [content.get("schema", {}) for content in response.get("content", {}).values()]
        yield status, " or ".join(_type(schema) for schema in schemas)


def _model(name: str, schema: Schema) -> ShownModel:
    required = schema.get("required", ())
    fields = tuple(
        ShownField(field, _type(inner), field in required, _meaning(inner))
        for field, inner in schema["properties"].items()
    )
    return ShownModel(name, schema.get("description", ""), fields)


def _type(schema: Schema) -> str:
    """A type in words, such as `list of InteractionBody` or `time or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(map(json.dumps, schema["enum"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    kinds = schema.get("type", "anything")
    if isinstance(kinds, list):
        return " or ".join(kinds)
    if kinds == "array" and "items" in schema:
        return f"list of {_type(schema['items'])}"
    if kinds == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return "time" if schema.get("format") == "date-time" else str(kinds)


def _meaning(schema: Schema) -> str:
    """What a field means, its bounds and default."""
    parts = [schema, *schema.get("anyOf", ())]
    found = [
        words.format(part[key]) for part in parts for key, words in _BOUNDS.items() if key in part
    ]
    default = schema.get("default")
    found += [f"default {default}"] if default not in (None, []) else []
    return "; ".join(filter(None, (schema.get("description", ""), ", ".join(found))))
