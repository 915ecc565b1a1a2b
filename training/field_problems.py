"""Problems of attributes: mostly missing, none at all, the same lead twice."""

import numpy as np

from leads.arrays import Int64s
from leads.clock import HOUR_US
from training.creation_values import CreationValues
from training.problem import FEWEST_LEADS, Looked, Problem, listed

_MOST_MISSING = 0.95


def attributes(looked: Looked) -> list[Problem]:
    """Attributes that are mostly missing, and those that no lead has."""
    shares = {column.attribute: column.filled.mean() for column in looked.values}
    history = {size.attribute: size.changes for size in looked.inventory.attributes}
    sparse = [
        f"{name} ({share:.0%})"
        for name, share in shares.items()
        if share < 1 - _MOST_MISSING and history[name] < FEWEST_LEADS
    ]
    found = []
    if sparse:
        found.append(
            Problem(
                "mostly_missing",
                "note",
                f"mostly missing when a lead comes in: {listed(sparse)}; little can be learned "
                "from them",
            )
        )
    if not shares and not looked.known.kinds:
        found.append(
            Problem(
                "nothing_known",
                "care",
                "leads have no attributes and no interactions: only their stages and ages can be "
                "learned from; import what you know of them (source, amount, country, owner …)",
            )
        )
    return found


def duplicates(looked: Looked) -> list[Problem]:
    """Leads that came in within the same hour with the same values of all attributes."""
    filled = [column for column in looked.values if column.filled.mean() > 0.5]
    if looked.times_are_made_up or len(filled) < 3 or len(looked.known) < FEWEST_LEADS:
        return []
    hour = looked.known.created_at // HOUR_US
    keys = np.stack(
        [hour, *(_exact(column) for column in filled), looked.known.pipeline.astype(np.int64)]
    )
    distinct = np.unique(keys, axis=1).shape[1]
    repeated = len(looked.known) - distinct
    if repeated < max(FEWEST_LEADS / 2, 0.01 * len(looked.known)):
        return []
    return [
        Problem(
            "duplicates",
            "care",
            f"{repeated:,} leads came in within the same hour as another one with the same values "
            "of every attribute: if they are the same lead twice, merge them before the import, "
            "for one outcome would be learned from and judged on twice",
        )
    ]


def _exact(column: CreationValues) -> Int64s:
    """A code for every distinct value."""
    values = np.where(np.isnan(column.number), column.level, column.number)
    _, codes = np.unique(values, return_inverse=True)
    exact: Int64s = codes.astype(np.int64)
    return exact
