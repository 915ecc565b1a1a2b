"""Attributes of leads: their types, how types are inferred, and how a value is read."""

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from leads.clock import parse_time
from leads.contract import MAX_TEXT_LENGTH, is_missing, is_no_number
from leads.errors import InvalidInputError

AttributeType = Literal["number", "category", "boolean", "time", "text"]
ATTRIBUTE_TYPES: tuple[AttributeType, ...] = get_args(AttributeType)
ATTRIBUTE_TYPE_MEANINGS: Mapping[AttributeType, str] = MappingProxyType(
    {
        "number": "digits with a decimal point: `1200`, `-3.5`",
        "category": "a word of few or many: `fair`, `SE`",
        "boolean": "`true` or `false`, `yes` or `no`, `ja`, `nein`, `nej`, `是`, `否`",
        "time": "a date or an ISO 8601 time; without an offset in `--timezone`, else in UTC",
        "text": "long text; only whether it is there is learned from",
    }
)
NUMERIC_TYPES: frozenset[AttributeType] = frozenset({"number", "boolean", "time"})

UTC_ZONE = ZoneInfo("UTC")
INFERENCE_SHARE = 0.95
LONG_TEXT = 100
MAX_NUMBER = 1e300

_TRUE = frozenset({"true", "yes", "ja", "是", "1", "1.0"})
_FALSE = frozenset({"false", "no", "nein", "nej", "否", "0", "0.0"})
_WORDS = (_TRUE | _FALSE) - {"1", "0", "1.0", "0.0"}


def read_number(text: str) -> float:
    """A finite decimal number; raises `InvalidInputError` otherwise."""
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not abs(number) < MAX_NUMBER:
        raise InvalidInputError(f"{text!r} is not a number; write digits with a decimal point")
    return number + 0.0


def read_boolean(text: str) -> float:
    """1.0 or 0.0; raises `InvalidInputError` otherwise."""
    word = text.strip().lower()
    if word in _TRUE:
        return 1.0
    if word in _FALSE:
        return 0.0
    raise InvalidInputError(f"{text!r} is neither true nor false")


def read_value(
    text: str | None, attribute_type: AttributeType, timezone: ZoneInfo = UTC_ZONE
) -> float | str | None:
    """A cell as a value of its type: a number for numeric types, text otherwise, None if missing.

    A boolean is 1.0 or 0.0, a time microseconds since the epoch. A date or time without an
    offset, such as an expected close date, is read in `timezone`. Raises `InvalidInputError`.
    """
    if text is None or is_missing(text) or (attribute_type in NUMERIC_TYPES and is_no_number(text)):
        return None
    if attribute_type == "number":
        return read_number(text)
    if attribute_type == "boolean":
        return read_boolean(text)
    if attribute_type == "time":
        return float(parse_time(text, timezone))
    if len(text) > MAX_TEXT_LENGTH:
        raise InvalidInputError(f"{text[:40]!r}… is longer than {MAX_TEXT_LENGTH:,} characters")
    return text.strip()


def value_text(value: float | str | bool) -> str:
    """A JSON value as the text that a cell would hold: `3`, `3.5`, `true`, `fair`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(float(value))


def infer_type(values: Iterable[str | None]) -> AttributeType:
    """The type that fits at least 95 % of the values present; `category` when there are none.

    What does not fit becomes a rejected row at import, so that one typing error does not turn a
    column of amounts into text.
    """
    present = [text for text in values if not is_missing(text)]
    numbers = [text for text in present if not is_no_number(text)]
    if not numbers:
        return "category"
    if all(text is not None and text.strip().lower() in _WORDS for text in numbers):
        return "boolean"
    for candidate in ("number", "time"):
        if _share_readable(numbers, candidate) >= INFERENCE_SHARE:
            return candidate
    longest = sum(len(text or "") > LONG_TEXT for text in present)
    return "text" if longest > len(present) / 20 else "category"


def _share_readable(values: list[str | None], attribute_type: str) -> float:
    return sum(_readable(text, attribute_type) for text in values) / len(values)


def _readable(text: str | None, attribute_type: str) -> bool:
    try:
        read_value(text, attribute_type)  # type: ignore[arg-type]
    except InvalidInputError:
        return False
    return True
