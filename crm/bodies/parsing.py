"""Bodies from raw bytes: parsed strictly, without ambiguity."""

import json
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails

from crm.bodies.fields import refusal

ParsedBody = TypeVar("ParsedBody", bound=BaseModel)


def parse_body(model: type[ParsedBody], raw: bytes) -> ParsedBody:
    """A body as its model; raises pydantic's `ValidationError`, for a key given twice too."""
    if not raw.strip():
        raise refused_fields([((), "the body is empty; send a JSON object")])
    body = model.model_validate_json(raw)
    repeated = _repeated_key(raw)
    if repeated is not None:
        raise refused_fields([((repeated,), "this key is given twice in one object; keep one")])
    return body


def refused_fields(errors: list[tuple[tuple[int | str, ...], str]]) -> ValidationError:
    """The error of some fields, each given by its place in the body and a message."""
    return ValidationError.from_exception_data(
        "body",
        [InitErrorDetails(type=refusal(message), loc=loc, input=None) for loc, message in errors],
    )


def _repeated_key(raw: bytes) -> str | None:
    """A key that some object of a valid JSON text holds twice, of which parsers keep only one."""
    repeated: list[str] = []

    def note(pairs: list[tuple[str, object]]) -> None:
        if len(pairs) != len({key for key, _ in pairs}):
            keys = [key for key, _ in pairs]
            repeated.extend(key for key in keys if keys.count(key) > 1)

    json.loads(raw, object_pairs_hook=note, parse_int=str, parse_float=str)
    return repeated[0] if repeated else None
