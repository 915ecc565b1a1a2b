"""Training rows: every open snapshot with its signals and its label at any cut."""

from dataclasses import dataclass

import numpy as np

from features.families import ON_BY_DEFAULT, with_own
from features.plan import SignalPlan, learn_plan
from features.population import Population, population_of
from features.signal import Family
from leads.arrays import Floats, Int8s, Int64s
from leads.outcome import NOT_WON_LABEL, WON_LABEL, labels
from leads.timeline import Timelines
from leads.view import View, known_by, look
from training.snapshots import open_life_snapshots

FEWEST_LEADS_EACH = 10


@dataclass(frozen=True)
class TrainingRows:
    """Every open snapshot known by a cut, with its signals: one matrix row per snapshot."""

    timelines: Timelines
    plan: SignalPlan
    population: Population
    view: View
    matrix: Floats

    def labels(self, until: int) -> Int8s:
        """Labels as known by an earlier cut; those of later snapshots are CENSORED_LABEL."""
        return labels(self.view, until)


def training_rows(
    timelines: Timelines,
    until: int,
    seed: int,
    families: tuple[Family, ...] = ON_BY_DEFAULT,
) -> TrainingRows:
    """The open snapshots of what was known by `until`, with their signals.

    Of some families and the data team's own one, if one is in use.
    """
    known = known_by(timelines, until)
    plan, population = learn_plan(known, with_own(families)), population_of(known)
    view = look(known, open_life_snapshots(known, until, seed))
    return TrainingRows(known, plan, population, view, plan.matrix(view, population))


def leads_of_each(lead: Int64s, label: Int8s) -> tuple[int, int]:
    """How many leads have a snapshot that was won, and one that was not."""
    return len(np.unique(lead[label == WON_LABEL])), len(np.unique(lead[label == NOT_WON_LABEL]))
