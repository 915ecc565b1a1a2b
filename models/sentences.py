"""Sentences: what a sales rep reads of a signal, from its column's message and its value.

Messages are English with placeholders; a translation replaces the message, not the sentence.
"""

import math
from datetime import date, timedelta

from features.signal import Column, Group
from features.vocabulary import rare_code

_RARE_LEVEL = "one seldom seen in training"
_UNSEEN_LEVEL = "one not seen in training"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS_IN = {"days": 1.0, "hours": 1 / 24, "minutes": 1 / 1440}
_UNITS_OF_TIME = ((365.25, "year"), (1.0, "day"), (1 / 24, "hour"), (1 / 1440, "minute"))


def group_label(group: Group) -> str:
    """What a factor is called."""
    return _capitalised(group.label.format(**group.names))


def sentence(column: Column, value: float, typical: float) -> str:
    """The sentence of a column's value; NaN is missing, for `typical` it means unknown."""
    if math.isnan(value):
        return _capitalised(column.missing.format(**column.names))
    statement = column.sentence.format(value=value_in_words(column, value), **column.names)
    if math.isnan(typical) or not has_typical(column):
        return f"{_capitalised(statement)}."
    usual = value_in_words(column, typical)
    if usual == value_in_words(column, value):
        return f"{_capitalised(statement)}."
    return f"{_capitalised(statement)}; typically {usual}."


def has_typical(column: Column) -> bool:
    """Whether a typical value says something: not of words, nor of parts of a calendar."""
    wordy = column.levels or column.unit in {"level", "flag", "weekday", "hour_of_day", "date"}
    return column.comparable and not wordy


def json_value(column: Column, value: float) -> float | str | bool | None:
    """A value as other systems read it: a number, the level's name, true or false, or None."""
    if math.isnan(value):
        return None
    if column.unit == "flag":
        return bool(value)
    if column.levels or column.unit in {"level", "weekday", "date"}:
        return value_in_words(column, value)
    return value


def value_in_words(column: Column, value: float) -> str:
    """A value with its unit, as a person says it."""
    if column.levels or column.unit == "level":
        code = int(value)
        if code < len(column.levels):
            return column.levels[code]
        return _RARE_LEVEL if code == rare_code(len(column.levels)) else _UNSEEN_LEVEL
    if column.unit == "flag":
        return "yes" if value else "no"
    if column.unit == "weekday":
        return _WEEKDAYS[int(value)]
    if column.unit == "hour_of_day":
        return f"{int(value):02d}:00"
    if column.unit == "share":
        return f"{100 * value:.0f} %"
    if column.unit == "difference":
        return number(value) if value <= 0 else f"+{number(value)}"
    if column.unit == "date":
        return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()
    if column.unit == "days_from_now":
        return f"{duration(-value)} ago" if value < 0 else f"in {duration(value)}"
    if column.unit in _DAYS_IN:
        return duration(_DAYS_IN[column.unit] * value)
    return number(round(value, 1) if column.unit == "ratio" else value)


def duration(days: float) -> str:
    """A length of time in its largest fitting unit, with one decimal below 3 days or 10 years."""
    for length, name in _UNITS_OF_TIME:
        if days >= length * 0.95:
            amount = days / length
            exact = amount < (9.95 if name == "year" else 2.95)
            words = f"{amount:,.{1 if exact and name != 'minute' else 0}f}".removesuffix(".0")
            return f"{words} {name}{'' if words == '1' else 's'}"
    return "less than a minute"


def number(value: float) -> str:
    """A number to three digits or whole, with thousands set apart."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else "nearly 0"


def _capitalised(statement: str) -> str:
    return statement[:1].upper() + statement[1:]
