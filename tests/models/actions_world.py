"""The small simulated CRM with its model, and one lead of it at a time, for tests of what-if."""

from functools import cache

import numpy as np

from features.population import Population, population_of
from leads.outcome import known_status
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, look
from models.scorer import Scorer
from tests.training.simulated_crm import middle_of, simulated_timelines, small_model
from training.artifacts import artifact_of


@cache
def world() -> tuple[Scorer, Timelines, Population]:
    """A scorer, all timelines and their population."""
    timelines = simulated_timelines()
    return (
        Scorer(artifact_of(small_model(), timelines, {}), "1"),
        timelines,
        population_of(timelines),
    )


def only_lead(timelines: Timelines, lead_id: str) -> Timelines:
    """One lead's timeline."""
    return timelines.only(np.array([timelines.row_of[lead_id]]))


def moment() -> int:
    """A moment amid the records."""
    return middle_of(simulated_timelines())


@cache
def open_ids(as_of: int | None = None) -> list[str]:
    """The leads that were open at a moment, by default at `moment()`."""
    timelines = simulated_timelines()
    as_of = moment() if as_of is None else as_of
    rows = np.flatnonzero(timelines.created_at <= as_of)
    view = look(timelines, Snapshots(rows, np.full(len(rows), as_of)))
    return [timelines.lead_ids[row] for row in rows[known_status(view) == OPEN]]


def probability(timelines: Timelines, lead_id: str, as_of: int, population=None) -> float:
    """The plain score of a lead."""
    scorer, _, everybody = world()
    row = np.array([timelines.row_of[lead_id]])
    view = look(timelines, Snapshots(row, np.array([as_of])))
    return float(scorer.probabilities(view, population or everybody)[0])


def some_leads() -> list[str]:
    """A few of them."""
    return open_ids()[:: len(open_ids()) // 8]
