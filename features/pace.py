"""Pace: how long a lead takes, and how large it is, beside what is usual in its pipeline then."""

import numpy as np
from numba import njit

from features.attributes import attribute_group
from features.index import in_time
from features.known_values import known_numbers
from features.population import (
    COUNT,
    LOG_SUM,
    LOG_UNIT,
    PIPELINES,
    SECONDS_TO_WIN,
    VISITS,
    WON_LEADS,
    About,
    Population,
    of_amount,
)
from features.signal import Column, Family, FamilySettings
from features.stages import PACE as PACE_GROUP
from leads.arrays import Floats, Int8s, Int16s, Int32s, Int64s
from leads.clock import SECOND_US
from leads.outcome import known_stage
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import View

AMOUNT = "amount"
# What is usual is not said of fewer.
FEWEST = 5

_COLUMNS = (
    Column(
        "stage_pace", PACE_GROUP, "ratio",
        "Its time in this stage is {times} what is usual",
        "Too few leads have left this stage to say what is usual.", comparable=False,
    ),
    Column(
        "age_pace", PACE_GROUP, "ratio",
        "Its age is {times} what is usual in this pipeline when a lead is won",
        "Too few leads were won to say how long it takes.", comparable=False,
    ),
)  # fmt: skip
_SIZE = Column(
    "amount_to_usual", attribute_group(AMOUNT), "ratio",
    "The amount is {times} what is usual in this pipeline",
    "Its amount, or what is usual, is not known.", comparable=False,
)  # fmt: skip


def learn(timelines: Timelines) -> FamilySettings:
    """Whether leads have an amount."""
    quarantined = {one.attribute for one in timelines.quarantined}
    has_amount = (
        AMOUNT in timelines.attributes
        and AMOUNT not in quarantined
        and timelines.attribute_types.get(AMOUNT) == "number"
    )
    return {"amount": has_amount}


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """Time in the stage and age beside the usual, then the amount."""
    return (*_COLUMNS, _SIZE) if settings["amount"] else _COLUMNS


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from ended visits, wins and amounts of other leads."""
    own = population.rows(view)
    pipelines, stage = view.timelines.pipelines, known_stage(view)
    visited = population.places_of_stages(VISITS, view.timelines)[stage]
    usual = _usual(population.index(VISITS).totals(visited, view.as_of, own, in_time(view)))
    in_stage = _seconds_in_stage(
        view.events.type, view.events.name, view.events.occurred_at, view.first, view.stop,
        view.as_of, view.created_at, pipelines.first_code[view.pipeline],
    )  # fmt: skip
    block[:, 0] = (1 + in_stage) / (1 + usual)
    pipeline = population.places_of_pipelines(PIPELINES, view.timelines)[stage]
    won = population.index(PIPELINES).totals(pipeline, view.as_of, own, in_time(view))
    wins = won[:, WON_LEADS]
    to_win = np.where(wins >= FEWEST, won[:, SECONDS_TO_WIN] / np.maximum(wins, 1), np.nan)
    age = (view.as_of - view.created_at) / SECOND_US
    block[:, 1] = (1 + age) / (1 + to_win)
    if settings["amount"]:
        about = of_amount(AMOUNT)
        pipeline = population.places_of_pipelines(about, view.timelines)[stage]
        usual = _usual(population.index(about).totals(pipeline, view.as_of, own, in_time(view)))
        block[:, 2] = (1 + np.abs(known_numbers(view, AMOUNT))) / (1 + usual)


def _usual(totals: Int64s) -> Floats:
    """The geometric mean of one more than each, less one; NaN of fewer than five."""
    count = totals[:, COUNT]
    mean = totals[:, LOG_SUM] / LOG_UNIT / np.maximum(count, 1)
    return np.where(count >= FEWEST, np.expm1(mean), np.nan)


@njit(cache=True, nogil=True)  # pragma: no cover
def _seconds_in_stage(
    event_type: Int8s,
    name: Int32s,
    occurred_at: Int64s,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    created_at: Int64s,
    first_code: Int16s,
) -> Floats:
    seconds = np.empty(len(first))
    for s in range(len(first)):
        stage, entered = np.int32(first_code[s]), created_at[s]
        for event in range(first[s], stop[s]):
            if event_type[event] == STAGE_CHANGE and name[event] != stage:
                stage, entered = name[event], max(occurred_at[event], entered)
        seconds[s] = (as_of[s] - entered) / 1e6
    return seconds


def asks(settings: FamilySettings) -> tuple[About, ...]:
    """The indexes of visits, wins and amounts."""
    return (VISITS, PIPELINES, *((of_amount(AMOUNT),) if settings["amount"] else ()))


PACE = Family("pace", learn, columns, fill, asks=asks)
