"""How pages word times, points and names."""

from collections.abc import Mapping

from leads.attributes import AttributeType, read_number
from leads.clock import DAY_US, HOUR_US, MINUTE_US, moment_of
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


def exact_points(effect: float) -> str:
    """An effect in points with one decimal, so that what is added up can be checked."""
    return f"{'−' if effect < 0 else '+'}{100 * abs(effect):.1f}"


def percent(share: float) -> str:
    """A probability with one decimal, never shown as 0 or 100."""
    return f"{min(max(100 * share, 0.1), 99.9):.1f} %"


def lead_name(attributes: Mapping[str, str | None], lead_id: str) -> str:
    """What a lead is called: its name, else its account, else its id."""
    named = (attributes.get(attribute) for attribute in NAMING_ATTRIBUTES)
    return next((text for text in named if text), lead_id)


def length_of_time(us: int) -> str:
    """Such as `3 hours`."""
    for unit_us, unit in ((DAY_US, "day"), (HOUR_US, "hour"), (MINUTE_US, "minute")):
        if us >= unit_us:
            count = round(us / unit_us)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


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
