"""Attribute changes of a simulated CRM: values that change, and fields filled at the close."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crm.simulator import world
from crm.simulator.event_columns import OWNER_NAMES, dates_text, event_columns, times_text
from crm.simulator.simulated import SimulatedCrm
from crm.simulator.state import AMOUNT, CLOSE_DATE, LOST, OWNER, STAGE, WON
from leads.arrays import Int64s
from leads.clock import DAY_US, SECOND_US, moment_of

# Fields of a closing are recorded at most so long after it.
LONGEST_FILLING_SECONDS = 600


def attribute_changes_table(simulated: SimulatedCrm, leaky: bool = False) -> pd.DataFrame:
    """Amount, owner and expected close date from creation on, and the fields filled at the close.

    `leaky` leaves out the reason of a loss: it is then a column of `leads`.
    """
    losses = [] if leaky else [_lost_reasons(simulated), _cleared_reasons(simulated)]
    table = pd.concat(
        [
            _initial_values(simulated),
            _later_values(simulated),
            *losses,
            _win_field(simulated, "contract_number", _contract_numbers(simulated)),
            _win_field(simulated, "final_discount", _discounts(simulated)),
        ]
    )
    return table.sort_values(["lead_id", "recorded_at"], kind="stable", ignore_index=True)


def lost_reason_at_cut(simulated: SimulatedCrm) -> list[str | None]:
    """The reason of every lead that is lost at the cut, None for the others."""
    reasons: list[str | None] = [None] * len(simulated)
    closing = _closing_at_cut(simulated)
    for lead in np.flatnonzero(closing >= 0):
        if simulated.history.value[closing[lead]] == LOST:
            reasons[lead] = _reason(simulated, closing[lead])
    return reasons


def days_to_close(simulated: SimulatedCrm) -> pd.Series:
    """Whole days from creation to the closing that stands at the cut, missing for open leads."""
    closing = _closing_at_cut(simulated)
    closed_at = simulated.history.occurred_at[closing.clip(0)]
    days = (closed_at - simulated.arrivals.created_at) // DAY_US
    return pd.Series(days, dtype="Int64").mask(closing < 0)


def _closing_at_cut(simulated: SimulatedCrm) -> Int64s:
    """The row of the history that closed each lead; -1 where it is open at the cut."""
    closing = np.full(len(simulated), -1)
    for row in np.flatnonzero(simulated.history.code == STAGE):
        if simulated.history.value[row] in (WON, LOST):
            closing[simulated.lead_of_event[row]] = row
        elif simulated.history.value[row] < WON:
            closing[simulated.lead_of_event[row]] = -1
    return closing


def _moves_to(simulated: SimulatedCrm, stage: int) -> Int64s:
    history = simulated.history
    return np.flatnonzero((history.code == STAGE) & (history.value == stage))


def _lost_reasons(simulated: SimulatedCrm) -> pd.DataFrame:
    rows = _moves_to(simulated, LOST)
    return _filled(simulated, rows, "lost_reason", [_reason(simulated, row) for row in rows])


def _reason(simulated: SimulatedCrm, row: int) -> str:
    return world.LOST_REASONS[int(simulated.history.drawn[row, 1] * len(world.LOST_REASONS))]


def _cleared_reasons(simulated: SimulatedCrm) -> pd.DataFrame:
    """A lead that is reopened has no reason of a loss any more."""
    lead = simulated.lead_of_event
    lost = _moves_to(simulated, LOST)
    followed = lost[(lost + 1 < len(lead))]
    reopened = followed[lead[followed] == lead[followed + 1]] + 1
    columns = event_columns(simulated, reopened)
    return columns.assign(
        event_id=columns["event_id"] + "-lost_reason",
        attribute="lost_reason",
        value="",
        actor=OWNER_NAMES[simulated.owner_before_event[reopened]],
    )


def _contract_numbers(simulated: SimulatedCrm) -> list[str]:
    rows = _moves_to(simulated, WON)
    years = [moment_of(at).year for at in simulated.history.occurred_at[rows]]
    numbers = simulated.lead_of_event[rows] + 1
    return [f"C-{year}-{number:06d}" for year, number in zip(years, numbers, strict=True)]


def _discounts(simulated: SimulatedCrm) -> list[str]:
    """Percent, in steps of 5."""
    drawn = simulated.history.drawn[_moves_to(simulated, WON), 1]
    return [str(int(5 * np.floor(5 * share))) for share in drawn]


def _win_field(simulated: SimulatedCrm, attribute: str, values: Sequence[str]) -> pd.DataFrame:
    return _filled(simulated, _moves_to(simulated, WON), attribute, values)


def _filled(
    simulated: SimulatedCrm, rows: Int64s, attribute: str, values: Sequence[str]
) -> pd.DataFrame:
    """A field filled within minutes after a closing was recorded, before anything else was."""
    history = simulated.history
    wait_us = (history.drawn[rows, 0] * LONGEST_FILLING_SECONDS).astype(np.int64) * SECOND_US
    recorded_at = history.recorded_at[rows] + wait_us
    following = np.append(history.recorded_at, simulated.end_us)[rows + 1]
    same_lead = np.append(simulated.lead_of_event, -1)[rows + 1] == simulated.lead_of_event[rows]
    recorded_at = np.where(same_lead, np.minimum(recorded_at, following - SECOND_US), recorded_at)
    columns = event_columns(simulated, rows)
    table = columns.assign(
        recorded_at=times_text(recorded_at),
        event_id=columns["event_id"] + f"-{attribute}",
        attribute=attribute,
        value=values,
        actor=OWNER_NAMES[simulated.owner_before_event[rows]],
    )
    known: pd.DataFrame = table.loc[recorded_at <= simulated.end_us]
    return known


def _initial_values(simulated: SimulatedCrm) -> pd.DataFrame:
    arrivals = simulated.arrivals
    values = {
        "amount": [f"{amount:.0f}" for amount in arrivals.amount],
        "owner": OWNER_NAMES[arrivals.owner],
        "expected_close_date": dates_text(arrivals.expected_close),
    }
    created_at = times_text(arrivals.created_at)
    parts = [
        pd.DataFrame(
            {
                "lead_id": arrivals.lead_id,
                "occurred_at": created_at,
                "recorded_at": created_at,
                "event_id": [f"{lead_id}-{attribute}" for lead_id in arrivals.lead_id],
                "attribute": attribute,
                "value": value,
            }
        )
        for attribute, value in values.items()
    ]
    return pd.concat(parts)


def _later_values(simulated: SimulatedCrm) -> pd.DataFrame:
    history = simulated.history
    rows = np.flatnonzero((history.code >= AMOUNT) & (history.code <= CLOSE_DATE))
    code = history.code[rows]
    attribute = np.array(["amount", "owner", "expected_close_date"], object)[code - AMOUNT]
    value = [
        _value_text(int(c), v, at)
        for c, v, at in zip(code, history.value[rows], history.recorded_at[rows], strict=True)
    ]
    return event_columns(simulated, rows).assign(
        attribute=attribute, value=value, actor=OWNER_NAMES[simulated.owner_before_event[rows]]
    )


def _value_text(code: int, value: float, at_us: int) -> str:
    if code == AMOUNT:
        return f"{value:.0f}"
    if code == OWNER:
        return str(OWNER_NAMES[int(value)])
    return dates_text(np.array([at_us + int(value) * DAY_US]))[0]
