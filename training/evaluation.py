"""Evaluation forward in time: a model fitted on what was known at a cut, judged on later leads."""

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from features.population import Population, population_of
from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.clock import DAY_US, format_time
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_stage, labels
from leads.timeline import Timelines
from leads.view import Snapshots, View, known_by, look
from models.bootstrap import Estimate, figures
from models.calibration import Platt, log_odds, sigmoid
from models.metrics import METRICS, tally
from models.scorer import Scorer
from training.artifacts import artifact_of
from training.baselines import BASELINES, fitted_baselines
from training.censoring import censoring_weights, mostly_decided
from training.fitting import Lessons, check_enough, fit_lessons, lessons
from training.learner import Progress, no_progress
from training.level import at_newest_level
from training.recipe import Recipe
from training.rows import FEWEST_LEADS_EACH, TrainingRows, leads_of_each
from training.snapshots import equal_weights, learning_weights, open_life_snapshots
from training.targets import targets_of_strata

HOLDOUT_SHARE = 0.25
# Figures exist from one of each on; their intervals say how little that is.
FEWEST_JUDGED_EACH = 2
AGE_EDGES_DAYS = (0, 1, 3, 7, 14, 30, 90, np.inf)


@dataclass(frozen=True)
class Judged:
    """Decided snapshots with their labels and what each model said of them.

    `closed_weight` is 1 per lead over these. In `weight` they also stand for the `n_censored`
    snapshots of which it was too early to tell, where there are any. `members` is what each member
    of the model's bag said alone, `bounds` and `horizons` the ends of the model's interval and its
    horizons, as the scorer gives them.
    """

    view: View
    label: Int8s
    weight: Floats
    closed_weight: Floats
    n_censored: int
    n_too_early: int
    probability: dict[str, Floats]
    members: tuple[Floats, ...] = ()
    bounds: Floats | None = None
    horizons: Floats | None = None
    undecided: "Undecided | None" = None

    def only(self, rows: Bools) -> "Judged":
        """Some of the snapshots; those undecided stay."""
        return replace(
            self,
            view=look(self.view.timelines, self.view.snapshots.only(rows)),
            label=self.label[rows],
            weight=self.weight[rows],
            closed_weight=equal_weights(self.view.snapshots.lead[rows]),
            probability={name: said[rows] for name, said in self.probability.items()},
            members=tuple(said[rows] for said in self.members),
            bounds=None if self.bounds is None else self.bounds[rows],
            horizons=None if self.horizons is None else self.horizons[rows],
        )


@dataclass(frozen=True)
class Undecided:
    """Snapshots of which it was too early to tell, and what the model said of them.

    `won` is the share that is won of the snapshots in the same stage and of the same age.
    """

    lead: Int64s
    probability: Floats
    won: Floats


MODEL = "model"


def nothing_judged(timelines: Timelines) -> Judged:
    """What is judged where too few later leads are decided: no snapshot by any model."""
    none = np.zeros(0)
    snapshots = Snapshots(np.zeros(0, np.int64), np.zeros(0, np.int64))
    return Judged(
        view=look(timelines, snapshots),
        label=np.zeros(0, np.int8),
        weight=none,
        closed_weight=none,
        n_censored=0,
        n_too_early=0,
        probability=dict.fromkeys((MODEL, *BASELINES), none),
    )


def holdout_cut(timelines: Timelines, until: int) -> int:
    """The moment after which the newest quarter of the leads to judge on was created.

    Those are closed leads of weeks that are mostly decided; where these are too few, all closed.
    """
    view = look(timelines, _at_creation(timelines, until))
    label = labels(view, until)
    decided = label != CENSORED_LABEL
    if not decided.any():
        raise TooFewLeadsError("no lead was closed yet: nothing to learn from; import more history")
    known = decided & mostly_decided(view, label, until)
    if min(leads_of_each(view.snapshots.lead[known], label[known])) >= FEWEST_LEADS_EACH:
        decided = known
    return int(np.quantile(view.created_at[decided], 1 - HOLDOUT_SHARE))


def _at_creation(timelines: Timelines, until: int) -> Snapshots:
    rows = np.flatnonzero(timelines.created_at <= until)
    return Snapshots(rows, timelines.created_at[rows])


def judge_forward(
    timelines: Timelines,
    until: int,
    seed: int,
    recipe: Recipe | None = None,
    progress: Progress = no_progress,
) -> Judged:
    """Fit on what was known at the holdout's cut and predict later leads, labelled as of `until`.

    Judged are weeks and ages that are mostly decided, or all where these hold too few leads; of
    them, decided snapshots stand for undecided ones: see `training.censoring`. Raises
    `TooFewLeadsError`.
    """
    known = known_by(timelines, until)
    cut = holdout_cut(known, until)
    snapshots = open_life_snapshots(known, until, seed)
    every = snapshots.only(known.created_at[snapshots.lead] > cut)
    later = to_judge_on(known, every, until)
    view = look(known, later)
    label = labels(view, until)
    weight = censoring_weights(view, until, equal_weights(later.lead))
    decided = label != CENSORED_LABEL
    check_enough(
        later.lead[decided],
        label[decided],
        f"among those created after {format_time(cut)}, kept to judge the model on",
        FEWEST_JUDGED_EACH,
    )
    every_one = judge(known, cut, later, label, seed, recipe, progress, weight)
    undecided = Undecided(
        later.lead[~decided],
        every_one.probability[MODEL][~decided],
        targets_of_strata(view, until)[~decided],
    )
    return replace(
        every_one.only(decided),
        n_censored=int((~decided).sum()),
        n_too_early=len(every) - len(later),
        undecided=undecided,
    )


def to_judge_on(known: Timelines, later: Snapshots, until: int) -> Snapshots:
    """The snapshots of mostly decided weeks and ages; all of them where these are too few."""
    view = look(known, later)
    label = labels(view, until)
    chosen = mostly_decided(view, label, until)
    decided = chosen & (label != CENSORED_LABEL)
    if min(leads_of_each(later.lead[decided], label[decided])) < FEWEST_LEADS_EACH:
        return later
    return later.only(chosen)


def judge(
    timelines: Timelines,
    cut: int,
    snapshots: Snapshots,
    label: Int8s,
    seed: int,
    recipe: Recipe | None = None,
    progress: Progress = no_progress,
    weight: Floats | None = None,
) -> Judged:
    """Fit the model and the four baselines on what was known at `cut`; predict `snapshots`.

    Without weights each lead weighs 1.
    """
    progress("computing signals")
    learned = lessons(timelines, cut, seed, recipe)
    fitted = fit_lessons(learned, seed, recipe, progress)
    view = look(timelines, snapshots)
    population = population_of(timelines)
    scorer = Scorer(artifact_of(fitted, timelines, {}), version="holdout")
    probability = {MODEL: scorer.probabilities(view, population)}
    progress("fitting the baselines")
    probability |= _baseline_probabilities(learned, view, population, fitted.base_rate)
    closed_weight = equal_weights(snapshots.lead)
    bounds, horizons = scorer.bounds_and_horizons(view, population)
    return Judged(
        view=view,
        label=label,
        weight=closed_weight if weight is None else weight,
        closed_weight=closed_weight,
        n_censored=0,
        n_too_early=0,
        probability=probability,
        members=scorer.member_probabilities(view, population),
        bounds=bounds,
        horizons=horizons,
    )


def _baseline_probabilities(
    learned: Lessons, view: View, population: Population, base_rate: float
) -> dict[str, Floats]:
    """What each says; of leads that are all won or all not every one says the base rate."""
    rows, target = learned.rows, learned.target
    if not _has_both_outcomes(target):
        return {name: np.full(len(view), base_rate) for name in BASELINES}
    weight = learning_weights(rows.view.snapshots.lead)
    matrix = rows.plan.matrix(view, population)
    # On several threads BLAS adds in another order, which shows in the last digits of a figure.
    with threadpool_limits(limits=1):
        known = learned.learned
        models = fitted_baselines(rows.plan, rows.matrix[known], target[known], weight[known])
        label, cut = rows.labels(learned.until), learned.until
        return {name: _at_level(model, rows, label, cut, matrix) for name, model in models.items()}


def _has_both_outcomes(target: Floats) -> bool:
    """Whether something is won and something not, if only by a share; NaN is neither."""
    return bool((target > 0).any() and (target < 1).any())


def _at_level(model: Any, rows: TrainingRows, label: Int8s, cut: int, matrix: Floats) -> Floats:
    """A baseline's probabilities, at the newest level as the model's are."""
    learned, said = (log_odds(model.predict_proba(of)[:, 1]) for of in (rows.matrix, matrix))
    calibration, _ = at_newest_level(Platt(1.0, 0.0), learned, label, rows.view, cut)
    return sigmoid(calibration.log_odds(said))


def report(judged: Judged) -> dict[str, Any]:
    """The figures of `train --json`: `holdout` for the model, `baselines` beside it.

    Parts carry the baselines' values too. `closed_only` are the figures over decided snapshots as
    they are, `per_snapshot` those with each snapshot instead of each lead weighing 1, `cautious`
    those with undecided snapshots as if nobody could tell them apart.
    """
    holdout: dict[str, Any] = {
        "n_leads": len(np.unique(judged.view.snapshots.lead)),
        "n_snapshots": len(judged.label),
        "n_censored": judged.n_censored,
        "n_too_early": judged.n_too_early,
        **_figures(judged, MODEL),
        "by_age": _by(judged, age_masks(judged.view)),
        "by_stage": _by(judged, _stage_masks(judged.view)),
        "by_pipeline": _by(judged, _pipeline_masks(judged.view)),
        "closed_only": _figures(replace(judged, weight=judged.closed_weight), MODEL),
        "per_snapshot": _figures(replace(judged, weight=snapshot_weights(judged)), MODEL),
        "cautious": dict(cautious_figures(judged)),
    }
    baselines = {name: _figures(judged, name) for name in judged.probability if name != MODEL}
    return {"holdout": holdout, "baselines": baselines}


def snapshot_weights(judged: Judged) -> Floats:
    """One per snapshot instead of one per lead, moved from censored ones as in `weight`.

    A weight of 1 / n per snapshot knows how long a lead will stay open.
    """
    weights: Floats = judged.weight / judged.closed_weight
    return weights


def cautious_figures(judged: Judged) -> dict[str, Estimate]:
    """The model's figures with undecided snapshots in them, each snapshot counting once.

    Each of these counts as won by the share of those in the same stage and of the same age that
    is, and for the rest as not won: within a stage and an age they count as told apart no better
    than chance, so that a model which tells them apart does better than this.
    """
    lead, label = judged.view.snapshots.lead, judged.label
    said, weight = judged.probability[MODEL], np.ones(len(judged.label))
    if judged.undecided is not None:
        rest = judged.undecided
        n = len(rest.lead)
        lead = np.concatenate([lead, rest.lead, rest.lead])
        said = np.concatenate([said, rest.probability, rest.probability])
        label = np.concatenate([label, np.ones(n, np.int8), np.zeros(n, np.int8)])
        weight = np.concatenate([weight, rest.won, 1 - rest.won])
    return figures(label, said, weight, lead)


def _figures(judged: Judged, name: str, mask: Bools | None = None) -> dict[str, Any]:
    rows = np.ones(len(judged.label), np.bool_) if mask is None else mask
    return dict(
        figures(
            judged.label[rows],
            judged.probability[name][rows],
            judged.weight[rows],
            judged.view.snapshots.lead[rows],
        )
    )


def _by(judged: Judged, masks: dict[str, Bools]) -> dict[str, Any]:
    return {
        name: {
            "n_leads": len(np.unique(judged.view.snapshots.lead[mask])),
            "n_snapshots": int(mask.sum()),
            **_figures(judged, MODEL, mask),
            "baselines": {
                baseline: _values(judged, baseline, mask)
                for baseline in judged.probability
                if baseline != MODEL
            },
        }
        for name, mask in masks.items()
        if mask.any()
    }


def _values(judged: Judged, name: str, mask: Bools) -> dict[str, float | None]:
    tallied = tally(judged.label[mask], judged.probability[name][mask], judged.weight[mask])
    return {metric: measure(tallied) for metric, measure in METRICS.items()}


def age_masks(view: View) -> dict[str, Bools]:
    """The snapshots of each span of ages, by its name."""
    days = (view.as_of - view.created_at) / DAY_US
    spans = itertools.pairwise(AGE_EDGES_DAYS)
    return {
        f"{low}-{high} days" if high < np.inf else f"{low}+ days": (days >= low) & (days < high)
        for low, high in spans
    }


def _stage_masks(view: View) -> dict[str, Bools]:
    stage = known_stage(view)
    names = view.timelines.pipelines.stage_names
    return {"/".join(names[code]): stage == code for code in np.unique(stage)}


def _pipeline_masks(view: View) -> dict[str, Bools]:
    pipelines = view.timelines.pipelines
    pipeline = pipelines.stage_pipeline[known_stage(view)]
    return {pipelines.names[code]: pipeline == code for code in np.unique(pipeline)}
