"""Problems: every error as problem details of RFC 9457, or as a page for a browser."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from leads.errors import (
    DamagedArtifactError,
    EventConflictError,
    InvalidInputError,
    LeadscoreError,
    StoreError,
    UnknownLeadError,
    UnknownModelError,
)
from serving.rendering import page_response
from serving.visit import visit_of

logger = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"
MOST_ERRORS = 20
LONGEST_MESSAGE = 1_000
LONGEST_PLACE = 100
# What pydantic says of a field that nothing reads tells no remedy.
_NO_SUCH_PARAMETER = "there is no such parameter; leave it out"
_NO_SUCH_FIELD = (
    "there is no such field; leave it out, or put what is your own into attributes or details"
)

STATUS_OF: Mapping[type[LeadscoreError], int] = {
    InvalidInputError: 422,
    UnknownLeadError: 404,
    EventConflictError: 409,
    UnknownModelError: 503,
    DamagedArtifactError: 503,
    StoreError: 503,
    LeadscoreError: 500,
}


@dataclass(frozen=True)
class Problem:
    """What went wrong, for the caller; `errors` are (place, message) of fields, None for none."""

    status: int
    detail: str
    errors: Sequence[tuple[Sequence[int | str], str]] | None = None

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    def as_body(self) -> dict[str, Any]:
        """The problem as JSON."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail[:LONGEST_MESSAGE],
        }
        if self.errors is None:
            return body
        shown = [
            {"loc": [_short(part) for part in loc], "message": message[:LONGEST_MESSAGE]}
            for loc, message in self.errors[:MOST_ERRORS]
        ]
        return body | {"errors": shown}


def problem_response(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A problem as JSON."""
    content = orjson.dumps(problem.as_body())
    return Response(content, problem.status, dict(headers or {}), PROBLEM_JSON)


def install_problems(app: FastAPI) -> None:
    """Answer every expected error of an app with a problem."""
    app.add_exception_handler(LeadscoreError, _on_leadscore_error)
    app.add_exception_handler(ValidationError, _on_validation_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)


def problem_of(error: LeadscoreError) -> Problem:
    """The problem of an error that was raised on purpose; its message is for the caller."""
    status = next(STATUS_OF[known] for known in type(error).__mro__ if known in STATUS_OF)
    if status >= 500:
        logger.warning("%s: %s", type(error).__name__, error)
    return Problem(status, str(error), [((), str(error))] if status == 422 else None)


async def _on_leadscore_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LeadscoreError)
    return _answer(request, problem_of(error))


async def _on_validation_error(request: Request, error: Exception) -> Response:
    """What is wrong with which field; never the input itself, which may not be valid JSON."""
    assert isinstance(error, ValidationError | RequestValidationError)
    found = [(tuple(e["loc"]), _message(e)) for e in _details(error)]
    loc, message = found[0]
    place = ".".join(str(_short(part)) for part in loc)
    count = f" ({len(found)} fields are refused)" if len(found) > 1 else ""
    detail = f"{place}: {message}{count}" if place else f"{message}{count}"
    return _answer(request, Problem(422, detail, found))


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] != "extra_forbidden":
        return str(error["msg"])
    return _NO_SUCH_PARAMETER if error["loc"][0] == "query" else _NO_SUCH_FIELD


def _details(error: ValidationError | RequestValidationError) -> Sequence[Any]:
    if isinstance(error, RequestValidationError):
        return error.errors()
    return error.errors(include_url=False, include_context=False, include_input=False)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"nothing is served at {request.url.path[:LONGEST_PLACE]!r}; see /openapi.json"
    if error.status_code == 405:
        detail = f"{request.method} is not served at {request.url.path[:LONGEST_PLACE]!r}"
    return _answer(request, Problem(error.status_code, detail), error.headers)


def _answer(
    request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """A page where a browser asked for one, else problem details."""
    is_page = not request.url.path.startswith("/v1/")
    if is_page and "text/html" in request.headers.get("accept", ""):
        return page_response("problem.html", visit_of(request), problem.status, problem=problem)
    return problem_response(problem, headers)


def _short(part: int | str) -> int | str:
    return part if isinstance(part, int) else part[:LONGEST_PLACE]
