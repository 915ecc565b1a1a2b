"""Attributes that are half known: shown at creation only where no later change replaces them.

A lead takes an attribute that has changes from those alone. Where a table of leads holds current
values and the changes do not begin at creation, a value that is missing before the first change
tells that it will change, and one that is shown that it will not: the future, by its absence.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from leads.arrays import Int32s, Int64s

FEWEST_LEADS = 20


@dataclass(frozen=True)
class HalfKnown:
    """An attribute that must not be learned from, with the numbers that say so.

    `replaced` leads have a value that their changes replace, `late` leads have a first change
    after their creation, `shown` leads have the value at creation alone.
    """

    attribute: str
    replaced: int
    late: int
    shown: int

    @property
    def evidence(self) -> str:
        """Why, and what to do, in one sentence."""
        return (
            f"the changes of {self.late:,} leads begin after their creation, while {self.shown:,} "
            "leads show a value from creation on: whether it is known would tell whether it "
            "changes later; write the values at creation into attribute_changes, too"
        )


def half_known_attributes(
    attributes: tuple[str, ...],
    replaced: Mapping[str, int],
    name: Int32s,
    lead: Int32s,
    known_at: Int64s,
    created_at: Int64s,
    at_creation: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> tuple[HalfKnown, ...]:
    """The half-known ones of `attributes`, from their changes: one entry per attribute change.

    `at_creation` marks the changes that stand for a value of the table of leads.
    """
    found = []
    for code, attribute in enumerate(attributes):
        if replaced.get(attribute, 0) < FEWEST_LEADS:
            continue
        own = name == code
        shown = np.unique(lead[own & at_creation])
        first = np.full(len(created_at), np.iinfo(np.int64).max)
        np.minimum.at(first, lead[own], known_at[own])
        changed = np.unique(lead[own & ~at_creation])
        late = np.setdiff1d(changed[first[changed] > created_at[changed]], shown)
        if min(len(late), len(shown)) >= FEWEST_LEADS:
            found.append(HalfKnown(attribute, replaced[attribute], len(late), len(shown)))
    return tuple(found)
