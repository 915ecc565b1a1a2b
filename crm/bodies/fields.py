"""The types of fields in bodies and queries: bounded, without NUL, read by the same rules as files.

Texts that stand for a missing value in a file ("", "NA", "null" …) are missing here too, so that a
row and a body with the same content are the same.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, StringConstraints
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

from leads.attributes import MAX_NUMBER, value_text
from leads.clock import parse_time
from leads.contract import MAX_NAME_LENGTH, MAX_TEXT_LENGTH, is_missing
from leads.errors import InvalidInputError

MAX_TIME_LENGTH = 64
MAX_ITEMS = 10_000
MAX_FIELDS = 1_000


def refusal(reason: str) -> PydanticCustomError:
    """An error of one field, with a message for a person."""
    return PydanticCustomError("refused", "{reason}", {"reason": reason})


def _read_moment(value: Any) -> int:
    if not isinstance(value, str) or len(value) > MAX_TIME_LENGTH:
        raise refusal("give an ISO 8601 time as text, such as 2026-03-01T10:00:00Z")
    try:
        return parse_time(value)
    except InvalidInputError as error:
        raise refusal(str(error).removesuffix(" or give --timezone")) from None


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise refusal("it holds a NUL character; remove it")
    return text


def _present(text: str) -> str:
    if is_missing(text):
        raise refusal("it is empty or stands for a missing value; fill it")
    return text


def _none_if_missing(text: str | None) -> str | None:
    return None if is_missing(text) else text


def _read_value(value: Any) -> str | None:
    """A JSON scalar as the text of a cell, None where it is missing."""
    if value is None:
        return None
    if not isinstance(value, str | bool | int | float):
        raise refusal("give a text, a number, true, false or null")
    if isinstance(value, str):
        if len(value) > MAX_TEXT_LENGTH:
            raise refusal(f"it is longer than {MAX_TEXT_LENGTH:,} characters; shorten it")
        return _none_if_missing(_without_nul(value).strip())
    if not abs(value) < MAX_NUMBER:
        raise refusal(f"give a finite number below {MAX_NUMBER:.0e}")
    return value_text(value)


Moment = Annotated[
    int,
    BeforeValidator(_read_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": MAX_TIME_LENGTH}),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME_LENGTH),
    AfterValidator(_without_nul),
    AfterValidator(_present),
]
_ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_NAME_LENGTH),
    AfterValidator(_without_nul),
]
_LongText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=MAX_TEXT_LENGTH),
    AfterValidator(_without_nul),
]
OptionalName = Annotated[_ShortText | None, AfterValidator(_none_if_missing)]
OptionalText = Annotated[_LongText | None, AfterValidator(_none_if_missing)]
Seconds = Annotated[float, Field(ge=0, lt=MAX_NUMBER)]
Value = Annotated[
    str | None,
    PlainValidator(_read_value),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
Fields = Annotated[dict[Name, Value], Field(max_length=MAX_FIELDS)]
