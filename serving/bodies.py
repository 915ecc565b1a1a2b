"""Bodies from raw bytes: capped while they stream, parsed strictly, without ambiguity."""

import asyncio
import json
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails
from starlette.exceptions import HTTPException

from serving.fields import refusal

MAX_BODY_BYTES = 1024 * 1024
BODY_SECONDS = 20.0

ParsedBody = TypeVar("ParsedBody", bound=BaseModel)


async def read_body(request: Request) -> bytes:
    """The raw body; 413 as soon as it is longer than 1 MiB, 408 when it takes over 20 seconds."""
    chunks = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                chunks += chunk
                if len(chunks) > MAX_BODY_BYTES:
                    raise HTTPException(413, f"the body is longer than {MAX_BODY_BYTES:,} bytes")
    except TimeoutError:
        raise HTTPException(408, f"the body took over {BODY_SECONDS:.0f} seconds") from None
    return bytes(chunks)


def parse_body(model: type[ParsedBody], raw: bytes) -> ParsedBody:
    """A body as its model; raises pydantic's `ValidationError`, for a key given twice too."""
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
