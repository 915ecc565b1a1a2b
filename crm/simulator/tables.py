"""Leads, interactions and stage changes of a simulated CRM, as tables of the contract."""

import numpy as np
import pandas as pd

from crm.simulator import world
from crm.simulator.changes import days_to_close, lost_reason_at_cut
from crm.simulator.event_columns import OWNER_NAMES, event_columns, times_text
from crm.simulator.simulated import SimulatedCrm
from crm.simulator.state import (
    CALL_ANSWERED,
    CALL_IN,
    CALL_MISSED,
    EMAIL_IN,
    EMAIL_OUT,
    LOST,
    MEETING_HELD,
    MEETING_MISSED,
    ONBOARDED,
    STAGE,
    VISIT,
    WON,
)
from leads.arrays import Coded, Int64s

# Kind, direction and result of every interaction, and its shortest and longest duration.
INTERACTIONS: dict[int, tuple[str, str, str, float, float]] = {
    EMAIL_OUT: ("email", "outbound", "", np.nan, np.nan),
    CALL_ANSWERED: ("call", "outbound", "answered", 60, 1500),
    CALL_MISSED: ("call", "outbound", "no answer", 0, 30),
    MEETING_HELD: ("meeting", "outbound", "held", 1200, 5400),
    MEETING_MISSED: ("meeting", "outbound", "no show", 0, 0),
    EMAIL_IN: ("email", "inbound", "", np.nan, np.nan),
    CALL_IN: ("call", "inbound", "answered", 60, 1500),
    VISIT: ("website visit", "inbound", "", 10, 900),
}


def leads_table(simulated: SimulatedCrm, leaky: bool = False) -> pd.DataFrame:
    """One row per lead; what changes over time is in the attribute changes alone."""
    arrivals = simulated.arrivals
    names = [
        f"{account or contact}: {product}"
        for account, contact, product in zip(
            arrivals.account, arrivals.contact, arrivals.product, strict=True
        )
    ]
    table = pd.DataFrame(
        {
            "lead_id": arrivals.lead_id,
            "created_at": times_text(arrivals.created_at),
            "pipeline": np.array(world.PIPELINES.names, object)[arrivals.pipeline],
            "name": names,
            "contact": arrivals.contact,
            "contact_role": _texts(arrivals.role),
            "account": arrivals.account,
            "company_size": pd.Series(arrivals.company_size).astype("Int64"),
            "country": _texts(arrivals.country),
            "source": _texts(arrivals.source),
            "campaign": _texts(arrivals.campaign),
            "currency": "EUR",
        }
    )
    if leaky:
        table["lost_reason"] = lost_reason_at_cut(simulated)
        table["days_to_close"] = days_to_close(simulated)
    return table


def interactions_table(simulated: SimulatedCrm) -> pd.DataFrame:
    """One row per call, meeting, email and website visit."""
    history = simulated.history
    rows = np.flatnonzero(history.code <= VISIT)
    code = history.code[rows]
    columns = list(zip(*(INTERACTIONS[key] for key in sorted(INTERACTIONS)), strict=True))
    kind, direction, result = (np.array(column, object)[code] for column in columns[:3])
    shortest, longest = (np.array(column, float)[code] for column in columns[3:])
    seconds = np.floor(shortest + history.drawn[rows, 0] ** 2 * (longest - shortest))
    contact = np.array(simulated.arrivals.contact, object)[simulated.lead_of_event[rows]]
    by_us = OWNER_NAMES[simulated.owner_before_event[rows]]
    actor = np.where(direction == "outbound", by_us, np.where(kind == "website visit", "", contact))
    return event_columns(simulated, rows).assign(
        kind=kind,
        direction=direction,
        actor=actor,
        duration_seconds=pd.Series(seconds).astype("Int64"),
        result=result,
    )


def stage_changes_table(simulated: SimulatedCrm) -> pd.DataFrame:
    """One row per move; a lead enters its first stage without one."""
    rows = np.flatnonzero(simulated.history.code == STAGE)
    return event_columns(simulated, rows).assign(
        stage=_stage_names(simulated, rows), actor=OWNER_NAMES[simulated.owner_before_event[rows]]
    )


def _stage_names(simulated: SimulatedCrm, rows: Int64s) -> list[str]:
    """The stage of each move; a lead that was lost in its first stage was disqualified."""
    lead, stage = simulated.lead_of_event[rows], simulated.history.value[rows]
    from_first = np.ones(len(rows), bool)
    from_first[1:] = (np.diff(lead) != 0) | (stage[:-1] == 0)
    return [
        _stage_name(int(pipeline), int(code), bool(first))
        for pipeline, code, first in zip(
            simulated.arrivals.pipeline[lead], stage, from_first, strict=True
        )
    ]


def _stage_name(pipeline: int, stage: int, from_first: bool) -> str:
    stages = world.PIPELINES.pipelines[pipeline]
    if stage == LOST:
        return stages.lost[-1] if from_first else stages.lost[0]
    if stage == ONBOARDED:
        return stages.after[0]
    return stages.won[0] if stage == WON else stages.stages[stage]


def _texts(column: Coded) -> list[str | None]:
    return [column.text(row) for row in range(len(column.codes))]
