"""Fitting: a bag of LightGBM models, its calibration cross-fitted forward in time, its background.

Every choice is made on windows later than what was learned from.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import lightgbm
import numpy as np
from joblib import Parallel, delayed

from features.plan import SignalPlan, learn_plan
from features.population import population_of
from leads.arrays import Floats, Int8s, Int64s
from leads.clock import format_time
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_stage
from leads.timeline import Timelines
from leads.view import known_by
from models.booster import Booster
from models.calibration import Platt, fit_intercept, fit_platt, log_odds_of, sigmoid
from models.metrics import log_loss
from training.level import NewestWindow, at_newest_level
from training.rows import (
    FEWEST_LEADS_EACH,
    Fold,
    TrainingRows,
    folds_in_time,
    leads_of_each,
    training_rows,
)
from training.snapshots import learning_weights
from training.targets import targets

WORKERS = 2
Progress = Callable[[str], None]


def no_progress(step: str) -> None:
    """Says nothing."""


@dataclass(frozen=True)
class Recipe:
    """How a model is fitted: small, strongly regularised trees and a bag of seeds.

    `rounds` are the numbers of trees to choose from; `folds` the shares of leads, in order of
    creation, between which the calibration is cross-fitted: each part is predicted by models that
    knew only what was known when it began. `rows_per_leaf` and `l2` fall with few rows or leads.
    """

    learning_rate: float = 0.1
    leaves: int = 6
    rows_per_leaf: int = 300
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.7
    l2: float = 10.0
    max_bin: int = 63
    members: int = 5
    folds: tuple[float, ...] = (0.5, 0.65, 0.8, 1.0)
    rounds: tuple[int, ...] = (25, 50, 100, 150, 200, 300)

    def as_params(self) -> dict[str, str]:
        """What a run logs of it."""
        return {name: str(value) for name, value in asdict(self).items()}

    def as_record(self) -> dict[str, Any]:
        """A plain record, kept with the model so that its recipe can be fitted again."""
        return asdict(self)


def recipe_from_record(record: Mapping[str, Any]) -> Recipe:
    """The recipe of a stored record; settings that this version does not know are left out."""
    values: dict[str, Any] = {
        name: tuple(record[name]) if isinstance(record[name], list) else record[name]
        for name in Recipe.__dataclass_fields__
        if name in record
    }
    return Recipe(**values)


@dataclass(frozen=True)
class FittedModel:
    """A bag of trees with its calibration, background and medians, as plain values."""

    plan: SignalPlan
    boosters: tuple[str, ...]
    calibration: Platt
    background_log_odds: float
    typical: dict[str, dict[str, list[float | None]]]
    chosen_rounds: int
    n_leads: int
    n_snapshots: int
    base_rate: float
    newest: NewestWindow | None = None
    choices: dict[str, float] = field(default_factory=dict)


def fit_model(
    timelines: Timelines,
    until: int,
    seed: int,
    recipe: Recipe | None = None,
    progress: Progress = no_progress,
) -> FittedModel:
    """Fit on what was known at `until`. Raises `TooFewLeadsError` below ten won and ten others."""
    recipe = recipe or Recipe()
    known = known_by(timelines, until)
    progress("computing signals")
    plan = learn_plan(known)
    rows = training_rows(known, plan, population_of(known), until, seed)
    label = rows.labels(until)
    decided = label != CENSORED_LABEL
    check_enough(rows.view.snapshots.lead[decided], label[decided], f"by {format_time(until)}")
    progress("calibrating forward in time")
    target = targets(rows.view, until)
    calibration, rounds, choices = _cross_fit(rows, recipe, target, until, seed)
    progress("fitting the bag")
    boosters = _fit_bag(rows, target, recipe, rounds, seed)
    margin = _bag_margin(boosters, rows.matrix)
    learned = ~np.isnan(target)
    calibration = _at_level_of(calibration, margin[learned], target[learned])
    calibration, newest = at_newest_level(calibration, margin, label, rows.view, until)
    described = _described(rows, target, boosters, calibration, margin)
    return replace(described, chosen_rounds=rounds, newest=newest, choices=choices)


def base_rate_model(fitted: FittedModel) -> FittedModel:
    """The model that says the same of every lead: for records without a signal."""
    rate = fitted.base_rate if fitted.newest is None else fitted.newest.won
    level = log_odds_of(rate)
    return replace(
        fitted,
        boosters=(),
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


def _cross_fit(
    rows: TrainingRows, recipe: Recipe, target: Floats, until: int, seed: int
) -> tuple[Platt, int, dict[str, float]]:
    """The calibration and number of trees, from predictions of later leads by earlier ones.

    With too few leads to predict from or to predict, the fewest trees as they are.
    """
    lead, label = rows.view.snapshots.lead, rows.labels(until)
    folds = [fold for fold in folds_in_time(rows, recipe.folds, label) if _can_learn(rows, fold)]
    folds = [replace(fold, test=fold.test[~np.isnan(target[fold.test])]) for fold in folds]
    tested = np.concatenate([np.zeros(0, np.int64), *(fold.test for fold in folds)])
    if min(leads_of_each(lead[tested], label[tested])) < FEWEST_LEADS_EACH:
        return Platt(1.0, 0.0), min(recipe.rounds), {}
    margins = [_at_fold_level(_staged_margins(rows, fold, recipe, seed), target[fold.test])
               for fold in folds]  # fmt: skip
    return _choose(np.concatenate(margins, axis=1), lead[tested], target[tested], recipe)


def _at_fold_level(margins: Floats, target: Floats) -> Floats:
    """Each number of trees' margins moved so that the fold's mean probability is right.

    Between folds the base rate moves: that is not the calibration's to learn, which would add
    what the models learn themselves once they know the newer leads.
    """
    ones = np.ones(len(target))
    return np.stack([margin + fit_intercept(margin, target, ones) for margin in margins])


def _can_learn(rows: TrainingRows, fold: Fold) -> bool:
    label = rows.labels(fold.cut)
    return min(leads_of_each(rows.view.snapshots.lead, label)) >= FEWEST_LEADS_EACH


def _choose(
    margins: Floats, lead: Int64s, target: Floats, recipe: Recipe
) -> tuple[Platt, int, dict[str, float]]:
    """The number of trees whose calibrated log loss on the later leads is lowest."""
    weight = learning_weights(lead)
    losses, fits = [], []
    for margin in margins:
        platt = fit_platt(margin, target, weight)
        loss = log_loss(target, sigmoid(platt.log_odds(margin)), weight)
        losses.append(float("inf") if loss is None else loss)
        fits.append(platt)
    best = int(np.argmin(losses))
    choices = {
        f"log_loss_{rounds}_trees": loss
        for rounds, loss in zip(recipe.rounds, losses, strict=True)
        if np.isfinite(loss)
    }
    return fits[best], recipe.rounds[best], choices


def _staged_margins(rows: TrainingRows, fold: Fold, recipe: Recipe, seed: int) -> Floats:
    """The bag's margins of a fold's later rows after each number of trees (rounds x rows)."""
    texts = _fit_bag(rows, fold.target, recipe, max(recipe.rounds), seed)
    matrix = rows.matrix[fold.test]
    added = np.zeros((len(recipe.rounds), len(matrix)))
    for text in texts:
        booster = lightgbm.Booster(model_str=text)
        for place, (begin, end) in enumerate(itertools.pairwise((0, *recipe.rounds))):
            added[place] += booster.predict(
                matrix, raw_score=True, start_iteration=begin, num_iteration=end - begin,
                num_threads=1,
            )  # fmt: skip
    staged: Floats = np.cumsum(added, axis=0) / len(texts)
    return staged


def _fit_bag(
    rows: TrainingRows, target: Floats, recipe: Recipe, rounds: int, seed: int
) -> tuple[str, ...]:
    """One LightGBM model per seed, as text; two at a time, each on one thread.

    They learn from the rows that have a target, and share one set of bins, which cost a quarter of
    a model's time to find.
    """
    chosen = ~np.isnan(target)
    weight = learning_weights(rows.view.snapshots.lead[chosen])
    parameters = _parameters(recipe, len(weight), float(weight.sum()))
    dataset = lightgbm.Dataset(
        rows.matrix[chosen],
        target[chosen],
        weight=weight,
        categorical_feature=list(rows.plan.categorical),
        params=parameters,
    ).construct()
    texts: Sequence[str] = Parallel(n_jobs=WORKERS, prefer="threads")(
        delayed(_fit_one)(parameters | {"seed": member_seed(seed, member)}, dataset, rounds)
        for member in range(recipe.members)
    )
    return tuple(texts)


def member_seed(seed: int, member: int) -> int:
    """The seed of a member of the bag."""
    return seed * 1000 + member


def _fit_one(parameters: dict[str, Any], dataset: lightgbm.Dataset, rounds: int) -> str:
    return str(lightgbm.train(parameters, dataset, rounds).model_to_string())


def _parameters(recipe: Recipe, rows: int, leads: float) -> dict[str, Any]:
    """LightGBM's parameters; leaves and penalty shrink with data too small for the recipe's."""
    return {
        "objective": "cross_entropy",
        "learning_rate": recipe.learning_rate,
        "num_leaves": recipe.leaves,
        "min_data_in_leaf": int(np.clip(rows / 50, 5, recipe.rows_per_leaf)),
        "feature_fraction": recipe.feature_fraction,
        "bagging_fraction": recipe.bagging_fraction,
        "bagging_freq": 1,
        "lambda_l2": float(np.clip(leads / 250, 1.0, recipe.l2)),
        "max_bin": recipe.max_bin,
        # Left to itself LightGBM times two ways of summing and takes the faster one of the day.
        "force_col_wise": True,
        "deterministic": True,
        "num_threads": 1,
        "verbosity": -1,
    }


def _at_level_of(calibration: Platt, margin: Floats, target: Floats) -> Platt:
    """The calibration's slope with the intercept that makes the mean of what was learned right."""
    level = fit_intercept(calibration.slope * margin, target, np.ones(len(target)))
    return replace(calibration, intercept=level)


def _bag_margin(boosters: Sequence[str], matrix: Floats) -> Floats:
    margin: Floats = np.mean([Booster(text).margins(matrix) for text in boosters], axis=0)
    return margin


def _described(
    rows: TrainingRows,
    target: Floats,
    boosters: tuple[str, ...],
    calibration: Platt,
    margin: Floats,
) -> FittedModel:
    """The fitted model with its background: mean margin and typical values of what it learned."""
    learned = ~np.isnan(target)
    lead = rows.view.snapshots.lead[learned]
    weight = learning_weights(lead)
    return FittedModel(
        plan=rows.plan,
        boosters=boosters,
        calibration=calibration,
        background_log_odds=float(
            np.average(calibration.log_odds(margin[learned]), weights=weight)
        ),
        typical=_typical(rows),
        chosen_rounds=0,
        n_leads=len(np.unique(lead)),
        n_snapshots=len(lead),
        base_rate=float(np.average(target[learned], weights=weight)),
    )


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
