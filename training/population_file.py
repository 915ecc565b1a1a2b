"""The population of a model as a file: closings by stage, without the ids of the leads.

A registered model that MLflow serves has no store to ask, so it takes with it what was known of
other leads when it was trained. Nothing in the file tells one lead from another.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from features.population import Population, population_of
from leads.pipelines import Pipelines
from leads.records import event_columns, lead_columns
from leads.timeline import build_timelines

_COLUMNS = ("start", "known_at", "won", "closed")


def write_population(path: Path, population: Population) -> None:
    """Write the counts of a population as numpy arrays."""
    with path.open("xb") as file:
        np.savez(file, **{name: getattr(population, name) for name in _COLUMNS})


def read_population(path: Path, pipelines: Pipelines) -> Population:
    """The population of a file; it knows no lead by its id, so none is left out of its own."""
    with np.load(path, allow_pickle=False) as arrays:
        return replace(nobody(pipelines), **{name: arrays[name] for name in _COLUMNS})


def nobody(pipelines: Pipelines) -> Population:
    """A population without leads."""
    timelines = build_timelines(lead_columns([], {}), event_columns([], {}), pipelines, {})
    return population_of(timelines)
