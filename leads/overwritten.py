"""Attributes that were overwritten: the table of leads holds their current value, not the first.

Such a value is shown from creation on, although it was known only from the last change. It would
tell the future, so nothing may be learned from it.
"""

from dataclasses import dataclass

import numpy as np

from leads.arrays import Bools, Floats, Int32s

FEWEST_LEADS = 20
SHARE = 0.5


@dataclass(frozen=True)
class Overwritten:
    """An attribute of which `equal` of the `changed` leads hold the value of their last change."""

    attribute: str
    changed: int
    equal: int

    @property
    def evidence(self) -> str:
        """Why, and what to do, in one sentence."""
        return (
            f"of the {self.changed:,} leads whose changes begin after their creation, "
            f"{self.equal:,} hold the value of the last change in the table of leads: it is the "
            "current value, not the one at creation; write the values at creation into "
            "attribute_changes, too"
        )


def overwritten_attributes(
    attributes: tuple[str, ...],
    lead: Int32s,
    name: Int32s,
    number: Floats,
    level: Int32s,
    at_creation: Bools,
) -> tuple[Overwritten, ...]:
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
            found.append(Overwritten(attribute, len(before), int(equal.sum())))
    return tuple(found)
