"""How pages word times, points and names."""

from collections.abc import Mapping, Sequence

from leads.attributes import AttributeType, read_number
from leads.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, moment_of
from leads.errors import InvalidInputError
from models.languages import Language, counted
from models.sentences import LONGEST

NAMING_ATTRIBUTES = ("name", "account")
_UNITS_OF_TIME = (
    (DAY_US, counted("{count} day", "{count} days")),
    (HOUR_US, counted("{count} hour", "{count} hours")),
    (MINUTE_US, counted("{count} minute", "{count} minutes")),
    (SECOND_US, counted("{count} second", "{count} seconds")),
)


def readable_time(at_us: int, language: Language) -> str:
    """Such as `1 Mar 2026, 10:00 UTC`."""
    return language.moment(moment_of(at_us))


def points(effect: float, language: Language) -> str:
    """An effect in points of probability, signed: `+18`, `−0.4`, `0`."""
    amount = 100 * abs(effect)
    text = f"{amount:.0f}" if amount >= 0.95 else f"{amount:.1f}"
    if float(text) == 0:
        return "0"
    return f"{'+' if effect > 0 else '−'}{language.figure(text)}"


def exact_points(tenths: int, language: Language) -> str:
    """Tenths of a point as points, signed: `+38.5`."""
    return f"{'−' if tenths < 0 else '+'}{language.figure(f'{abs(tenths) / 10:.1f}')}"


def tenths_of_points(effect: float) -> int:
    """An effect in whole tenths of a point."""
    return round(1000 * effect)


def tenths_of_percent(probability: float) -> int:
    """A probability in whole tenths of a percent, never 0 or 100 percent."""
    return min(max(round(1000 * probability), 1), 999)


def tenths_adding_up(effects: Sequence[float], total: int) -> list[int]:
    """Effects in tenths of a point that add up to a total, which is at most rounding away."""
    tenths = [tenths_of_points(effect) for effect in effects]
    step = 1 if sum(tenths) < total else -1
    while sum(tenths) != total:
        gaps = [step * (1000 * one - shown) for one, shown in zip(effects, tenths, strict=True)]
        tenths[gaps.index(max(gaps))] += step
    return tenths


def percent(probability: float, language: Language) -> str:
    """A probability with one decimal."""
    figure = language.figure(f"{tenths_of_percent(probability) / 10:.1f}")
    return language.say("{number} %", number=figure)


def field_label(name: str, language: Language) -> str:
    """A field's name as a heading: `Expected close date`."""
    words = language.field(name)
    return words[:1].upper() + words[1:]


def lead_name(attributes: Mapping[str, str | None], lead_id: str) -> str:
    """What a lead is called: its name, else its account, else its id."""
    named = (attributes.get(attribute) for attribute in NAMING_ATTRIBUTES)
    return next((text for text in named if text), lead_id)


def status_word(status: str, language: Language) -> str:
    """How a lead ended, on a label."""
    if status == "won":
        return language.say("Won")
    return language.say("Lost") if status == "lost" else language.say("Open")


def length_of_time(us: int, language: Language) -> str:
    """Such as `3 hours`, in the largest unit that fits."""
    for unit_us, (one, many) in _UNITS_OF_TIME:
        if us >= unit_us:
            return language.count(one, many, language.figure(f"{round(us / unit_us):,}"))
    return language.say("less than a second")


def shown_value(text: str | None, attribute_type: AttributeType | None, language: Language) -> str:
    """An attribute's value; a number with its thousands set apart, a huge one by power of ten."""
    if text is None:
        return "—"
    if attribute_type != "number":
        return text
    try:
        number = read_number(text)
    except InvalidInputError:
        return text
    if abs(number) >= LONGEST:
        return language.figure(f"{number:.12g}")
    return language.figure(f"{number:,.0f}" if number.is_integer() else f"{number:,.12g}")
