"""Fitting: a bag of trees and a line, calibrated on predictions of later leads by earlier ones.

Every choice is made on windows later than what was learned from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.clock import format_time
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_stage
from leads.timeline import Timelines
from models.calibration import Platt, fit_intercept, fit_platt, log_odds_of, sigmoid
from models.margin import SHARE, Margin, margin_of, mixed
from models.metrics import log_loss
from training.bag import fit_bag, staged_margins
from training.folds import Fold, folds_in_time
from training.level import NewestWindow, at_newest_level
from training.linear import fit_linear
from training.recipe import Recipe
from training.rows import FEWEST_LEADS_EACH, TrainingRows, leads_of_each, training_rows
from training.snapshots import learning_weights
from training.targets import targets

Progress = Callable[[str], None]


def no_progress(step: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class FittedModel:
    """A bag of trees and a line with calibration, background and medians, as plain values.

    `linear` is the record of the line with its share of the margin, empty where it has none.
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
    progress("calibrating forward in time")
    chosen = _cross_fit(rows, recipe, target, until, seed)
    progress("fitting the bag")
    known = learned.learned
    matrix, known_target = rows.matrix[known], target[known]
    weight = learning_weights(rows.view.snapshots.lead[known])
    boosters = fit_bag(
        matrix, known_target, weight, rows.plan.categorical, recipe, chosen.rounds, seed
    )
    linear = fit_linear(rows.plan, matrix, known_target, weight, recipe.linear_c)
    line = {**linear.as_record(), SHARE: recipe.linear_share}
    margin = margin_of(boosters, line, len(rows.plan.columns)).of(rows.matrix)
    calibration = _at_level_of(chosen.calibration, margin[known], known_target)
    calibration, newest = at_newest_level(calibration, margin, rows.labels(until), rows.view, until)
    background = np.average(calibration.log_odds(margin[known]), weights=weight)
    return FittedModel(
        plan=rows.plan,
        boosters=boosters,
        linear=line,
        calibration=calibration,
        background_log_odds=float(background),
        typical=_typical(rows),
        chosen_rounds=chosen.rounds,
        n_leads=len(np.unique(rows.view.snapshots.lead[known])),
        n_snapshots=len(known_target),
        base_rate=float(np.average(known_target, weights=weight)),
        newest=newest,
        choices=chosen.losses,
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


@dataclass(frozen=True)
class _Chosen:
    """What later leads chose: how many trees, and the calibration."""

    rounds: int
    calibration: Platt
    losses: dict[str, float]


def _cross_fit(
    rows: TrainingRows, recipe: Recipe, target: Floats, until: int, seed: int
) -> _Chosen:
    """Chosen by predictions of later leads by what was known before they came in.

    With too few leads to predict from or to predict, the fewest trees as they are.
    """
    lead, label = rows.view.snapshots.lead, rows.labels(until)

    def targets_at(rows: TrainingRows, cut: int) -> Floats:
        return targets(rows, cut, recipe, seed)

    folds = folds_in_time(rows, recipe.folds, label, targets_at)
    folds = [replace(fold, test=fold.test[~np.isnan(target[fold.test])]) for fold in folds]
    folds = [fold for fold in folds if len(fold.test) and _can_learn(rows, fold)]
    tested = np.concatenate([np.zeros(0, np.int64), *(fold.test for fold in folds)])
    if min(leads_of_each(lead[tested], label[tested])) < FEWEST_LEADS_EACH:
        return _Chosen(min(recipe.rounds), Platt(1.0, 0.0), {})
    parts = [_fold_margins(rows, fold, recipe, seed) for fold in folds]
    return _choose(parts, [target[fold.test] for fold in folds], recipe)


def _at_fold_level(margin: Floats, target: Floats) -> Floats:
    """A fold's margins moved so that its mean probability is right.

    Between folds the base rate moves: that is not the calibration's to learn, which would add
    what the models learn themselves once they know the newer leads.
    """
    return margin + fit_intercept(margin, target, np.ones(len(target)))


def _can_learn(rows: TrainingRows, fold: Fold) -> bool:
    label = rows.labels(fold.cut)
    return min(leads_of_each(rows.view.snapshots.lead, label)) >= FEWEST_LEADS_EACH


def _choose(parts: Sequence[Floats], part_targets: Sequence[Floats], recipe: Recipe) -> _Chosen:
    """The number of trees with which the calibrated log loss on later leads is lowest."""
    target = np.concatenate(part_targets)
    weight = np.ones(len(target))
    losses: dict[str, float] = {}
    best: tuple[float, _Chosen] | None = None
    for place, rounds in enumerate(recipe.rounds):
        margin = np.concatenate(
            [
                _at_fold_level(margins[place], known)
                for margins, known in zip(parts, part_targets, strict=True)
            ]
        )
        platt = fit_platt(margin, target, weight)
        loss = log_loss(target, sigmoid(platt.log_odds(margin)), weight)
        if loss is not None:
            losses[f"log_loss_{rounds}_trees"] = loss
            if best is None or loss < best[0]:
                best = loss, _Chosen(rounds, platt, losses)
    return _Chosen(min(recipe.rounds), Platt(1.0, 0.0), {}) if best is None else best[1]


def _fold_margins(rows: TrainingRows, fold: Fold, recipe: Recipe, seed: int) -> Floats:
    """The margins of a fold's later rows after each number of trees (rounds x rows)."""
    learned = ~np.isnan(fold.target)
    matrix, target, later = rows.matrix[learned], fold.target[learned], rows.matrix[fold.test]
    weight = learning_weights(rows.view.snapshots.lead[learned])
    most = max(recipe.rounds)
    texts = fit_bag(matrix, target, weight, rows.plan.categorical, recipe, most, seed)
    staged = staged_margins(texts, recipe.rounds, later)
    linear = fit_linear(rows.plan, matrix, target, weight, recipe.linear_c)
    return mixed(staged, linear.margins(later), recipe.linear_share)


def _at_level_of(calibration: Platt, margin: Floats, target: Floats) -> Platt:
    """The calibration's slope with the intercept that makes the mean of what was learned right."""
    level = fit_intercept(calibration.slope * margin, target, np.ones(len(target)))
    return replace(calibration, intercept=level)


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
