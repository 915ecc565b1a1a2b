"""The cells of one target column, made from a block of an export as a mapping says."""

from collections.abc import Callable, Sequence
from datetime import datetime

from crm.mapping.definition import CLOCK_UNITS, SECONDS_PER_UNIT, UNIX_FORMATS, Cells
from crm.tables import Block
from leads.attributes import read_number, value_text
from leads.clock import EARLIEST_US, LATEST_US, SECOND_US, format_time
from leads.contract import is_missing
from leads.errors import InvalidInputError

Change = Callable[[str], str]
END_OF_DAY = "T23:59:59"
_DATE_LENGTH = len("2026-03-01")


def make_cells(
    rule: Cells, target: str, block: Block, problems: dict[int, str]
) -> Sequence[str | None]:
    """The cells of a column, one per row of the block.

    Rows whose cell cannot be made are noted in `problems` by their place, with the reason.
    """
    cells = _source(rule, block)
    changes = _changes(rule)
    if not changes and not rule.values and rule.if_empty is None:
        return cells
    refused: dict[str | None, str] = {}
    made: dict[str | None, str | None] = {}
    for text in dict.fromkeys(cells):
        try:
            made[text] = _changed(text, rule, changes)
        except InvalidInputError as error:
            refused[text] = f"{target}: {error}; correct the row or the mapping"
            made[text] = None
    if refused:
        for place, text in enumerate(cells):
            if text in refused:
                problems.setdefault(place, refused[text])
    return [made[text] for text in cells]


def _source(rule: Cells, block: Block) -> Sequence[str | None]:
    if rule.row_number:
        return list(map(str, block.rows))
    if rule.constant is not None:
        return [rule.constant] * len(block)
    if len(rule.columns) == 1:
        return block.columns[rule.columns[0]]
    rows = zip(*(block.columns[name] for name in rule.columns), strict=True)
    joined = (rule.separator.join(c.strip() for c in row if c and c.strip()) for row in rows)
    return [text or None for text in joined]


def _changes(rule: Cells) -> list[Change]:
    """What is done to a filled cell, after its values were mapped."""
    changes: list[Change] = []
    if rule.decimal_comma:
        changes.append(_with_decimal_point)
    if rule.unit is not None:
        unit = rule.unit
        changes.append(lambda text: _seconds(text, unit))
    if rule.time_format is not None:
        time_format = rule.time_format
        changes.append(lambda text: _iso_time(text, time_format))
    if rule.end_of_day:
        changes.append(_end_of_day)
    if rule.characters is not None:
        characters = rule.characters
        changes.insert(0, lambda text: text[:characters])
    return changes


def _changed(text: str | None, rule: Cells, changes: Sequence[Change]) -> str | None:
    missing = text is None or is_missing(text)
    if rule.values:
        key = "" if text is None else text.strip()
        text = rule.values.get(key, text if missing or rule.otherwise is None else rule.otherwise)
    if text is None or is_missing(text):
        return rule.if_empty
    text = text.strip()
    for change in changes:
        text = change(text)
    return text


def _with_decimal_point(text: str) -> str:
    """`1.234,50` and `1 234,50` as `1234.50`."""
    return "".join(text.split()).replace(".", "").replace(",", ".")


def _seconds(text: str, unit: str) -> str:
    if unit in CLOCK_UNITS:
        return _clock_seconds(text, unit)
    return value_text(round(read_number(text) * SECONDS_PER_UNIT[unit], 6))


def _clock_seconds(text: str, unit: str) -> str:
    parts = text.split(":")
    if len(parts) != len(CLOCK_UNITS[0].split(":")) + (unit != CLOCK_UNITS[0]) or not all(
        part.strip().isdecimal() for part in parts
    ):
        raise InvalidInputError(f"{text!r} is not a duration of the form {unit}")
    weights = (3600, 60, 1)
    return str(sum(int(part) * weight for part, weight in zip(parts, weights, strict=False)))


def _iso_time(text: str, time_format: str) -> str:
    if time_format in UNIX_FORMATS:
        at_us = round(read_number(text) * UNIX_FORMATS[time_format] * SECOND_US)
        if not EARLIEST_US <= at_us <= LATEST_US:
            raise InvalidInputError(f"{text!r} is no time of the format {time_format}")
        return format_time(at_us)
    try:
        moment = datetime.strptime(text, time_format)  # noqa: DTZ007
    except ValueError:
        raise InvalidInputError(f"{text!r} is no time of the format {time_format!r}") from None
    has_clock = any(part in time_format for part in ("%H", "%I", "%X", "%c"))
    return moment.isoformat() if has_clock else moment.date().isoformat()


def _end_of_day(text: str) -> str:
    """A bare date as its last second: a closing must not be known earlier than it was."""
    return text + END_OF_DAY if len(text) == _DATE_LENGTH and text.count("-") == 2 else text
