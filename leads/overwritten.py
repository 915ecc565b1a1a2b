"""Attributes that were overwritten: the table of leads holds their current value, not the first.

Such a value is shown from creation on, although it was known only from the last change. It would
tell the future, so nothing may be learned from it.
"""

import numpy as np

from leads.arrays import Bools, Floats, Int32s, Int64s
from leads.quarantine import Quarantined

FEWEST_LEADS = 20
SHARE = 0.5


def overwritten_attributes(
    attributes: tuple[str, ...],
    lead: Int32s | Int64s,
    name: Int32s,
    number: Floats,
    level: Int32s,
    at_creation: Bools,
) -> tuple[Quarantined, ...]:
    """The overwritten ones of `attributes`, from all attribute changes in the stated order.

    One entry per change, sorted by lead; `at_creation` marks the values of the table of leads.
    """
    found = []
    for code, attribute in enumerate(attributes):
        own = np.flatnonzero(name == code)
        last = own[np.append(lead[own][1:] != lead[own][:-1], True)] if len(own) else own
        shown = own[at_creation[own]]
        place = np.searchsorted(lead[last], lead[shown])
        changed = last[place] != shown
        before, after = shown[changed], last[place][changed]
        equal = (level[before] == level[after]) & (
            (number[before] == number[after]) | np.isnan(number[before]) & np.isnan(number[after])
        )
        if len(before) >= FEWEST_LEADS and equal.mean() >= SHARE:
            found.append(Quarantined(attribute, _evidence(len(before), int(equal.sum()))))
    return tuple(found)


def _evidence(changed: int, equal: int) -> str:
    """Why, and what to do: of the `changed` leads `equal` hold the value of their last change."""
    return (
        f"of the {changed:,} leads whose changes begin after their creation, {equal:,} hold the "
        "value of the last change in the table of leads: it is the current value, not the one at "
        "creation; write the values at creation into attribute_changes, too"
    )
