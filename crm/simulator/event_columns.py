"""Columns that every event table has, and how moments and owners are written."""

import numpy as np
import pandas as pd

from crm.simulator import world
from crm.simulator.simulated import SimulatedCrm
from leads.arrays import Int64s

OWNER_NAMES = np.array([owner[0] for owner in world.OWNERS], object)


def event_columns(simulated: SimulatedCrm, rows: Int64s) -> pd.DataFrame:
    """Lead, both clocks and id of some rows; ids are numbered within each lead."""
    history, lead = simulated.history, simulated.lead_of_event[rows]
    ids = np.array(simulated.arrivals.lead_id, object)[lead]
    numbers = rows - history.start[lead] + 1
    return pd.DataFrame(
        {
            "lead_id": ids,
            "occurred_at": times_text(history.occurred_at[rows]),
            "recorded_at": times_text(history.recorded_at[rows]),
            "event_id": [f"{i}-{n}" for i, n in zip(ids, numbers, strict=True)],
        },
        dtype="str",
    )


def times_text(at_us: Int64s) -> list[str]:
    """ISO 8601 in UTC, to the second, one per moment."""
    return [f"{text}Z" for text in np.datetime_as_string(at_us.astype("datetime64[us]"), unit="s")]


def dates_text(at_us: Int64s) -> list[str]:
    """Days of UTC as ISO 8601, one per moment."""
    return [str(text) for text in np.datetime_as_string(at_us.astype("datetime64[us]"), unit="D")]
