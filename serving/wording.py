"""How pages word times, points and names."""

from collections.abc import Mapping

from leads.attributes import AttributeType, read_number
from leads.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, moment_of
from leads.errors import InvalidInputError

NAMING_ATTRIBUTES = ("name", "account")


def readable_time(at_us: int) -> str:
    """Such as `1 Mar 2026, 10:00 UTC`."""
    moment = moment_of(at_us)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def points(effect: float) -> str:
    """An effect in points of probability, signed: `+18`, `−0.4`, `0`."""
    amount = 100 * abs(effect)
    text = f"{amount:.0f}" if amount >= 0.95 else f"{amount:.1f}"
    if float(text) == 0:
        return "0"
    return f"{'+' if effect > 0 else '−'}{text}"


def exact_points(tenths: int) -> str:
    """Tenths of a point as points, signed: `+38.5`."""
    return f"{'−' if tenths < 0 else '+'}{abs(tenths) / 10:.1f}"


def tenths_of_points(effect: float) -> int:
    """An effect in whole tenths of a point."""
    return round(1000 * effect)


def tenths_of_percent(probability: float) -> int:
    """A probability in whole tenths of a percent, never 0 or 100 percent."""
    return min(max(round(1000 * probability), 1), 999)


def percent(probability: float) -> str:
    """A probability with one decimal."""
    return f"{tenths_of_percent(probability) / 10:.1f} %"


def field_label(name: str) -> str:
    """A field's or factor's name as a heading: `Expected close date`."""
    spaced = name.replace("_", " ").strip() or name
    return spaced[:1].upper() + spaced[1:]


def lead_name(attributes: Mapping[str, str | None], lead_id: str) -> str:
    """What a lead is called: its name, else its account, else its id."""
    named = (attributes.get(attribute) for attribute in NAMING_ATTRIBUTES)
    return next((text for text in named if text), lead_id)


def length_of_time(us: int) -> str:
    """Such as `3 hours`, in the largest unit that fits."""
    units = ((DAY_US, "day"), (HOUR_US, "hour"), (MINUTE_US, "minute"), (SECOND_US, "second"))
    for unit_us, unit in units:
        if us >= unit_us:
            count = round(us / unit_us)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a second"


def shown_value(text: str | None, attribute_type: AttributeType | None) -> str:
    """An attribute's value; a number with its thousands set apart."""
    if text is None:
        return "—"
    if attribute_type != "number":
        return text
    try:
        number = read_number(text)
    except InvalidInputError:
        return text
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.12g}"
