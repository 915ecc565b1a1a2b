"""The description of the API: FastAPI's, with the bodies that are parsed from raw bytes."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from crm.bodies.score_request import (
    AttributeChangeBody,
    InteractionBody,
    LeadBody,
    ScoreRequest,
    StageChangeBody,
)
from crm.bodies.what_if_request import (
    HypotheticalAttributeChange,
    HypotheticalInteraction,
    HypotheticalStageChange,
    WhatIfRequest,
)
from leads.contract import ATTRIBUTE_CHANGES, INTERACTIONS, LEADS, STAGE_CHANGES
from serving.schemas import ProblemAnswer

_REFERENCE = "#/components/schemas/{model}"
# Bodies whose fields are columns of the contract, and mean what those mean.
TABLES_OF_BODIES = {
    LeadBody: LEADS,
    InteractionBody: INTERACTIONS,
    StageChangeBody: STAGE_CHANGES,
    AttributeChangeBody: ATTRIBUTE_CHANGES,
    HypotheticalInteraction: INTERACTIONS,
    HypotheticalStageChange: STAGE_CHANGES,
    HypotheticalAttributeChange: ATTRIBUTE_CHANGES,
}
EXAMPLE = {
    "lead": {
        "lead_id": "42",
        "created_at": "2026-02-01T09:00:00Z",
        "pipeline": "b2b",
        "attributes": {"source": "fair", "amount": 12000},
    },
    "interactions": [
        {
            "occurred_at": "2026-02-03T10:15:00Z",
            "kind": "email",
            "direction": "inbound",
            "details": {"opens": 3},
        }
    ],
    "stage_changes": [{"occurred_at": "2026-02-10T08:00:00Z", "stage": "Qualified"}],
    "attribute_changes": [
        {"occurred_at": "2026-02-12T08:00:00Z", "attribute": "amount", "value": 15000}
    ],
    "as_of": "2026-03-01T10:00:00Z",
}

WHAT_IF_EXAMPLE = {
    "interactions": [{"kind": "call", "direction": "outbound", "result": "answered"}],
    "stage_changes": [{"stage": "Proposal", "occurred_at": "2026-03-02T09:00:00Z"}],
    "as_of": "2026-03-02T10:00:00Z",
}
# Bodies that are parsed from raw bytes, and an example of each.
RAW_BODIES: dict[str, tuple[type[BaseModel], dict[str, Any]]] = {
    "/v1/score": (ScoreRequest, EXAMPLE),
    "/v1/leads/{lead_id}/what-if": (WhatIfRequest, WHAT_IF_EXAMPLE),
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an app, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        _add_schema(schemas, "Problem", ProblemAnswer)
        for path, (model, example) in RAW_BODIES.items():
            _add_schema(schemas, model.__name__, model)
            body = _request_body(model.__name__, example)
            document["paths"][path]["post"]["requestBody"] = body
        _add_meanings(schemas)
        app.openapi_schema = document
    return app.openapi_schema


def _request_body(name: str, example: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model=name)}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"required": True, "content": content}


def _add_schema(schemas: dict[str, Any], name: str, model: Any) -> None:
    """Add a model's schema and those it refers to."""
    schema = model.model_json_schema(ref_template=_REFERENCE)
    schemas |= schema.pop("$defs", {})
    schemas[name] = schema


def _add_meanings(schemas: dict[str, Any]) -> None:
    """Say of each field that is a column of the contract what the contract says of it."""
    for body, table in TABLES_OF_BODIES.items():
        properties = schemas[body.__name__]["properties"]
        for column in table.columns:
            if column.name in properties:
                properties[column.name].setdefault("description", column.meaning)
