"""Events that were recorded after they happened: only they leave holes in what was known."""

import numpy as np
from numba import njit

from leads.arrays import Int64s

_NEVER = np.iinfo(np.int64).min


@njit(cache=True, nogil=True)  # pragma: no cover
def newest_late_records(start: Int64s, occurred_at: Int64s, recorded_at: Int64s) -> Int64s:
    """By lead, the newest `recorded_at` of its late events; the least number where it has none.

    From then on all that had happened to the lead was known.
    """
    newest = np.full(len(start) - 1, _NEVER, np.int64)
    for lead in range(len(newest)):
        for event in range(start[lead], start[lead + 1]):
            if recorded_at[event] > occurred_at[event] and recorded_at[event] > newest[lead]:
                newest[lead] = recorded_at[event]
    return newest
