"""Fitting: a bag of trees and a line, calibrated on predictions of later leads by earlier ones.

Every choice is made on windows later than what was learned from.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.clock import format_time
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_stage
from leads.timeline import Timelines
from models.calibration import Platt, log_odds_of
from models.margin import Margin, margin_of
from training.directions import win_rates
from training.folds import Fold, folds_in_time
from training.history import HistoryChoice
from training.learner import Progress, learn, no_progress
from training.level import NewestWindow, at_newest_level
from training.recipe import Recipe
from training.rows import FEWEST_LEADS_EACH, TrainingRows, leads_of_each, training_rows
from training.snapshots import learning_weights
from training.targets import targets


@dataclass(frozen=True)
class FittedModel:
    """A bag of trees and a line with calibration, background and medians, as plain values.

    `linear` is the record of the line with its share of the margin, empty where it has none;
    `directions` that of the plain win rates.
    """

    plan: SignalPlan
    boosters: tuple[str, ...]
    linear: dict[str, Any]
    calibration: Platt
    background_log_odds: float
    typical: dict[str, dict[str, list[float | None]]]
    chosen_rounds: int
    n_leads: int
    n_snapshots: int
    base_rate: float
    newest: NewestWindow | None = None
    choices: dict[str, float] = field(default_factory=dict)
    history: HistoryChoice = field(default_factory=HistoryChoice)
    directions: dict[str, Any] = field(default_factory=dict)

    @property
    def margin(self) -> Margin:
        """What it says of rows of signals, before calibration."""
        return margin_of(self.boosters, self.linear, len(self.plan.columns))


@dataclass(frozen=True)
class Lessons:
    """What is learned at a cut: rows of signals with their targets, NaN for none."""

    rows: TrainingRows
    target: Floats
    until: int

    @property
    def learned(self) -> Bools:
        """The rows that have a target."""
        chosen: Bools = ~np.isnan(self.target)
        return chosen


def lessons(timelines: Timelines, until: int, seed: int, recipe: Recipe | None = None) -> Lessons:
    """What was known at `until`. Raises `TooFewLeadsError` below ten won and ten others."""
    rows = training_rows(timelines, until, seed)
    label = rows.labels(until)
    decided = label != CENSORED_LABEL
    check_enough(rows.view.snapshots.lead[decided], label[decided], f"by {format_time(until)}")
    return Lessons(rows, targets(rows, until, recipe or Recipe(), seed), until)


def fit_model(
    timelines: Timelines,
    until: int,
    seed: int,
    recipe: Recipe | None = None,
    progress: Progress = no_progress,
) -> FittedModel:
    """Fit on what was known at `until`. Raises `TooFewLeadsError` below ten won and ten others."""
    progress("computing signals")
    return fit_lessons(lessons(timelines, until, seed, recipe), seed, recipe, progress)


def fit_lessons(
    learned: Lessons, seed: int, recipe: Recipe | None = None, progress: Progress = no_progress
) -> FittedModel:
    """The model of some lessons."""
    recipe = recipe or Recipe()
    rows, target, until = learned.rows, learned.target, learned.until
    known = learned.learned
    lead = rows.view.snapshots.lead
    progress("calibrating forward in time")
    folds = _folds(learned, recipe, seed)
    made = learn(
        rows.plan, rows.matrix, lead, target, folds, recipe, seed, progress, rows.view.as_of
    )  # fmt: skip
    margin = made.margin.of(rows.matrix)
    label = rows.labels(until)
    calibration, newest = at_newest_level(made.calibration, margin, label, rows.view, until)
    weight = learning_weights(lead[known])
    background = np.average(calibration.log_odds(margin[known]), weights=weight)
    return FittedModel(
        plan=rows.plan,
        boosters=made.boosters,
        linear=made.linear,
        calibration=calibration,
        background_log_odds=float(background),
        typical=_typical(rows),
        chosen_rounds=made.rounds,
        n_leads=len(np.unique(lead[known])),
        n_snapshots=int(known.sum()),
        base_rate=float(np.average(target[known], weights=weight)),
        newest=newest,
        choices=made.losses,
        history=made.history,
        directions=_directions(learned),
    )


def base_rate_model(fitted: FittedModel) -> FittedModel:
    """The model that says the same of every lead: for records without a signal."""
    rate = fitted.base_rate if fitted.newest is None else fitted.newest.won
    level = log_odds_of(rate)
    return replace(
        fitted,
        boosters=(),
        linear={},
        calibration=Platt(1.0, level),
        background_log_odds=level,
        chosen_rounds=0,
        choices={},
        directions={},
    )


def check_enough(lead: Int64s, label: Int8s, which: str, fewest: int = FEWEST_LEADS_EACH) -> None:
    """Refuse to learn from or judge on fewer than `fewest` leads won, or as many not won.

    `which` says in the message which leads were looked at, as in "by 2026-03-01T10:00:00Z".
    """
    won, other = leads_of_each(lead, label)
    if min(won, other) < fewest:
        raise TooFewLeadsError(
            f"{won} leads are won and {other} decided otherwise {which}; at least {fewest} of "
            "each are needed: import more history or take a later --until"
        )


def _folds(learned: Lessons, recipe: Recipe, seed: int) -> list[Fold]:
    """Later leads to choose and calibrate by, of known target, that earlier ones can predict.

    None where these are too few to tell.
    """
    rows, target = learned.rows, learned.target
    lead, label = rows.view.snapshots.lead, rows.labels(learned.until)

    def targets_at(rows: TrainingRows, cut: int) -> Floats:
        return targets(rows, cut, recipe, seed)

    folds = folds_in_time(rows, recipe.folds, label, targets_at)
    folds = [replace(fold, test=fold.test[~np.isnan(target[fold.test])]) for fold in folds]
    folds = [fold for fold in folds if len(fold.test) and _can_learn(rows, fold)]
    tested = np.concatenate([np.zeros(0, np.int64), *(fold.test for fold in folds)])
    enough = min(leads_of_each(lead[tested], label[tested])) >= FEWEST_LEADS_EACH
    return folds if enough else []


def _can_learn(rows: TrainingRows, fold: Fold) -> bool:
    label = rows.labels(fold.cut)
    return min(leads_of_each(rows.view.snapshots.lead, label)) >= FEWEST_LEADS_EACH


def _typical(rows: TrainingRows) -> dict[str, dict[str, list[float | None]]]:
    """The median of each column by pipeline and stage over all open snapshots; None if unknown."""
    stage = known_stage(rows.view)
    typical: dict[str, dict[str, list[float | None]]] = {}
    for code in np.unique(stage):
        pipeline, name = rows.timelines.pipelines.stage_names[code]
        matrix = rows.matrix[stage == code]
        medians = [
            None if np.isnan(column).all() else float(np.nanmedian(column)) for column in matrix.T
        ]
        typical.setdefault(pipeline, {})[name] = medians
    return typical


def _directions(learned: Lessons) -> dict[str, Any]:
    """The plain win rates of what is learned."""
    rows, known = learned.rows, learned.learned
    lead, stage = rows.view.snapshots.lead[known], known_stage(rows.view)[known]
    target, pipelines = learned.target[known], rows.timelines.pipelines
    return win_rates(rows.plan, rows.matrix[known], target, lead, stage, pipelines)
