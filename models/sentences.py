"""Sentences: what a sales rep reads of a signal, from its column's messages and its value.

A `Statement` is a factor in codes: English messages, which are the keys of the catalogs, and what
goes into them. It is stored, and said in any language (`models.languages`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from features.signal import Column, Group
from models.kinds import kind_in_words, kinds_in_words
from models.languages import ENGLISH, Language, counted, message

# What a level is called that is not listed: seen in few leads, never seen.
_OTHER_LEVELS = (message("one that few leads have"), message("one not seen before"))
Direction = Literal["win", "lose"]

# What is added where the plain win rates of a value go against the direction of its effect.
_ALTHOUGH: dict[Direction, str] = {
    "win": message(
        "{sentence} The model counts this for the lead, although such leads are in fact won less "
        "often."
    ),
    "lose": message(
        "{sentence} The model counts this against the lead, although such leads are in fact won "
        "more often."
    ),
}
# Units of time in days, largest first, and below how many there is a decimal.
_MINUTES = counted("{count} minute", "{count} minutes")
_UNITS_OF_TIME = (
    (365.25, 9.95, counted("{count} year", "{count} years")),
    (1.0, 2.95, counted("{count} day", "{count} days")),
    (1 / 24, 2.95, counted("{count} hour", "{count} hours")),
    (1 / 1440, 0.0, _MINUTES),
)
_DAYS_IN = {"days": 1.0, "hours": 1 / 24, "minutes": 1 / 1440}
# From here on nobody counts digits: a number is then said with its power of ten.
LONGEST = 1e15
_TENTH = 0.1
# Placeholders for names of fields and of kinds; all others are the CRM's own words.
_SAID_AS: Mapping[str, Callable[[str, Language], str]] = {
    **dict.fromkeys(
        ("attribute", "field", "first", "second", "person"),
        lambda name, language: language.field(name),
    ),
    **dict.fromkeys(("same", "same_too"), lambda name, language: language.same(name)),
    "kinds": kinds_in_words,
}


@dataclass(frozen=True)
class Statement:
    """A factor in codes.

    `value` is a number, a level's name, or for a level that is not listed 0 (seen in few leads) or
    1 (never seen); None where `message` says what missing means. `typical` is None where it is
    unknown or says nothing. `contradicted` is the factor's direction where the plain win rates go
    against it.
    """

    label: str
    message: str
    unit: str
    value: float | str | None = None
    typical: float | None = None
    label_names: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    contradicted: Direction | None = None

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored."""
        return asdict(self)

    def label_in(self, language: Language) -> str:
        """What the factor is called."""
        return _capitalised(language.say(self.label, **named_in(self.label_names, language)))

    def sentence_in(self, language: Language) -> str:
        """The factor as a sentence, and a second one where the win rates contradict it."""
        said = self._plain_sentence(language)
        if self.contradicted is None:
            return said
        return language.say(_ALTHOUGH[self.contradicted], sentence=said)

    def _plain_sentence(self, language: Language) -> str:
        names = named_in(self.names, language)
        if self.value is None:
            return _capitalised(language.say(self.message, **names))
        value = _in_words(self.unit, self.value, language)
        times = _times(self.value, language) if self.unit == "ratio" else ""
        said = _capitalised(language.say(self.message, value=value, times=times, **names))
        usual = None if self.typical is None else _in_words(self.unit, self.typical, language)
        if usual in (None, value):
            return language.say("{statement}.", statement=said)
        return language.say("{statement}; typically {usual}.", statement=said, usual=usual)


def statement(
    column: Column, value: float, typical: float, contradicted: Direction | None = None
) -> Statement:
    """What a column's value says; NaN is missing, for `typical` it means unknown."""
    group = column.group
    if math.isnan(value):
        return Statement(
            label=group.label,
            message=column.missing,
            unit=_unit(column),
            label_names=group.names,
            names=column.names,
            contradicted=contradicted,
        )
    return Statement(
        label=group.label,
        message=column.said_of.get(value, column.sentence),
        unit=_unit(column),
        value=_value(column, value),
        typical=None if math.isnan(typical) or not has_typical(column) else typical,
        label_names=group.names,
        names=column.names,
        contradicted=contradicted,
    )


def group_label(group: Group, language: Language = ENGLISH) -> str:
    """What a factor is called."""
    return _capitalised(language.say(group.label, **named_in(group.names, language)))


def sentence(column: Column, value: float, typical: float, language: Language = ENGLISH) -> str:
    """The sentence of a column's value; NaN is missing, for `typical` it means unknown."""
    return statement(column, value, typical).sentence_in(language)


def has_typical(column: Column) -> bool:
    """Whether a typical value says something: not of words, nor of parts of a calendar."""
    wordy = column.levels or column.unit in {"level", "flag", "weekday", "hour_of_day", "date"}
    return column.comparable and not wordy


def json_value(column: Column, value: float) -> float | str | bool | None:
    """A value as other systems read it: a number, the level's name, true or false, or None."""
    if math.isnan(value):
        return None
    plain = _value(column, value)
    if isinstance(plain, str):
        return plain
    if column.unit == "flag":
        return bool(value)
    if column.levels or column.unit in {"level", "weekday", "date"}:
        return value_in_words(column, value)
    return value


def value_in_words(column: Column, value: float, language: Language = ENGLISH) -> str:
    """A value with its unit, as a person says it."""
    return _in_words(_unit(column), _value(column, value), language)


def _unit(column: Column) -> str:
    return "level" if column.levels and column.unit != "kind" else column.unit


def _value(column: Column, value: float) -> float | str:
    """A level by its name or by how far past the listed ones it is; any other value as it is."""
    if _unit(column) not in {"level", "kind"}:
        return value
    code = int(value)
    listed = len(column.levels)
    return column.levels[code] if code < listed else float(min(code - listed, 1))


def _in_words(unit: str, value: float | str, language: Language) -> str:
    if isinstance(value, str):
        return kind_in_words(value, language) if unit == "kind" else value
    match unit:
        case "level" | "kind":
            return language.say(_OTHER_LEVELS[int(value)])
        case "flag":
            return language.say("yes") if value else language.say("no")
        case "weekday":
            return language.weekday(int(value))
        case "hour_of_day":
            return f"{int(value):02d}:00"
        case "share":
            return language.say("{number} %", number=language.figure(f"{100 * value:.0f}"))
        case "difference":
            return number(value, language) if value <= 0 else f"+{number(value, language)}"
        case "date":
            return language.day(date(1970, 1, 1) + timedelta(days=int(value)))
        case "days_from_now" if value < 0:
            return language.say("{duration} ago", duration=duration(-value, language))
        case "days_from_now":
            return language.say("in {duration}", duration=duration(value, language))
        case "days" | "hours" | "minutes":
            return _lasting(value, unit, language)
    return number(_rounded(value) if unit == "ratio" else value, language)


def _rounded(ratio: float) -> float:
    """To one decimal; a small one to its first digit: nothing is 0 times as old as another."""
    return round(ratio, 1) if abs(ratio) >= _TENTH else float(f"{ratio:.1g}")


def _times(value: float | str, language: Language) -> str:
    """How many times as much as something, said before it: of a part, what share of it."""
    ratio = float(value)
    if _rounded(ratio) == 1:
        return language.say("about")
    if ratio < 1:
        percent = 100 * ratio
        shown = float(round(percent)) if abs(percent) >= 1 else float(f"{percent:.1g}")
        return language.say("{number} % of", number=number(shown, language))
    return language.say("{number} times", number=number(_rounded(ratio), language))


def _lasting(value: float, unit: str, language: Language) -> str:
    """A length of time; nothing at all of what was counted in minutes is 0 of them."""
    if unit == "minutes" and value == 0:
        return language.count(*_MINUTES, language.figure("0"))
    return duration(_DAYS_IN[unit] * value, language)


def duration(days: float, language: Language = ENGLISH) -> str:
    """A length of time in its largest fitting unit, with one decimal below 3 days or 10 years."""
    for length, exact_below, (one, many) in _UNITS_OF_TIME:
        if days >= length * 0.95:
            amount = days / length
            words = f"{amount:,.{1 if amount < exact_below else 0}f}".removesuffix(".0")
            return language.count(one, many, language.figure(words))
    return language.say("less than a minute")


def number(value: float, language: Language = ENGLISH) -> str:
    """A number to three digits or whole, with thousands set apart; a huge one by power of ten."""
    if abs(value) >= LONGEST:
        return language.figure(f"{value:.1e}")
    if value == int(value) or abs(value) >= 100:
        return language.figure(f"{value:,.0f}")
    if abs(value) >= 0.001:
        return language.figure(f"{value:.3g}")
    return language.say("nearly 0")


def named_in(names: Mapping[str, str], language: Language) -> dict[str, str]:
    """What fills the placeholders of a column's or a group's messages."""
    return {
        placeholder: _SAID_AS[placeholder](name, language) if placeholder in _SAID_AS else name
        for placeholder, name in names.items()
    }


def _capitalised(said: str) -> str:
    return said[:1].upper() + said[1:]
