"""A small simulated CRM and a small model of it, made once for all tests that ask."""

import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from crm.folder import read_folder
from crm.simulator import SimulatedCrm, simulate, write_folder
from leads.arrays import Int64s
from leads.outcome import CENSORED_LABEL, labels
from leads.pipelines import OPEN
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import Snapshots, look
from training.fitting import FittedModel, fit_model
from training.leak_audit import audit
from training.recipe import Recipe

LEADS, SEED = 700, 11
RECIPE = Recipe(members=2, rounds=(20, 40), last_days=(), half_lives_days=())
NO_SNAPSHOTS = Snapshots(np.zeros(0, np.int64), np.zeros(0, np.int64))


@cache
def simulated_crm(leads: int = LEADS) -> SimulatedCrm:
    """A simulated CRM of two pipelines over two years."""
    return simulate(leads, SEED)


@cache
def simulated_timelines(leads: int = LEADS) -> Timelines:
    """Its timelines, by way of a data folder."""
    with tempfile.TemporaryDirectory() as folder:
        write_folder(simulated_crm(leads), Path(folder), NO_SNAPSHOTS, paths=1)
        return read_folder(Path(folder)).timelines


@cache
def audited_timelines() -> Timelines:
    """Its timelines without the fields that the leak audit sets aside."""
    timelines = simulated_timelines()
    return audit(timelines, until_of(timelines)).timelines


@cache
def small_model() -> FittedModel:
    """A model that learned everything but the fields that are filled at the close."""
    timelines = audited_timelines()
    return fit_model(timelines, until_of(timelines), seed=1, recipe=RECIPE)


def until_of(timelines: Timelines) -> int:
    """The newest moment of some timelines."""
    return int(timelines.newest_event_at() or 0)


def middle_of(timelines: Timelines) -> int:
    """A moment before which two thirds of the leads came in."""
    return int(np.quantile(timelines.created_at, 2 / 3))


def known_at(timelines: Timelines) -> Int64s:
    """When each event was known."""
    return np.maximum(timelines.events.occurred_at, timelines.events.recorded_at)


def with_another_future(timelines: Timelines, moment: int) -> Timelines:
    """The same timelines, but everything learned after a moment turned out otherwise."""
    generator = np.random.default_rng(0)
    events = timelines.events
    later = known_at(timelines) > moment
    name, number = events.name.copy(), events.number.copy()
    n_names = {
        ATTRIBUTE_CHANGE: None,
        INTERACTION: len(timelines.kinds),
        STAGE_CHANGE: len(timelines.pipelines.stage_names),
    }
    for event_type, names in n_names.items():
        rows = np.flatnonzero(later & (events.type == event_type))
        if names is not None:
            name[rows] = generator.integers(0, names, len(rows))
    rows = np.flatnonzero(later & ~np.isnan(number))
    number[rows] = generator.normal(size=len(rows))
    direction = np.where(later, 1 - np.maximum(events.direction, 0), events.direction)
    changed = replace(events, name=name, number=number, direction=direction.astype(np.int8))
    return replace(timelines, events=changed)


def with_shuffled_closings(timelines: Timelines, after: int = 0) -> Timelines:
    """The same timelines, but whether a closing won or lost is drawn by lot in each pipeline.

    Closings that were known up to `after` stay.
    """
    generator = np.random.default_rng(0)
    events, pipelines = timelines.events, timelines.pipelines
    name = events.name.copy()
    is_closing = (events.type == STAGE_CHANGE) & (known_at(timelines) > after)
    is_closing[is_closing] = pipelines.stage_outcome[name[is_closing]] != OPEN
    for pipeline in range(len(pipelines.names)):
        rows = np.flatnonzero(is_closing)
        rows = rows[pipelines.stage_pipeline[name[rows]] == pipeline]
        name[rows] = generator.permutation(name[rows])
    return replace(timelines, events=replace(events, name=name))


def decided(timelines: Timelines, snapshots: Snapshots) -> tuple[Snapshots, np.ndarray]:
    """The snapshots whose label is known by now, with their labels."""
    label = labels(look(timelines, snapshots), until_of(timelines))
    kept = label != CENSORED_LABEL
    return snapshots.only(kept), label[kept]
