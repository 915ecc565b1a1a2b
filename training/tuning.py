"""Tuning: a recipe searched for on later leads, among those that the holdout does not judge.

Optuna's tree-structured Parzen estimator proposes (Bergstra, Bardenet, Bengio and Kégl, Algorithms
for Hyper-Parameter Optimization, 2011), what later leads say decides.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from leads.arrays import Floats, Int64s
from leads.errors import TooFewLeadsError
from leads.timeline import Timelines
from leads.view import known_by
from training.comparison import ERROR_RATE, Difference, mean_difference
from training.evaluation import holdout_cut
from training.fitting import lessons
from training.forward import Material, fold_margins, forward_of
from training.ground import Ground
from training.history import EVERYTHING
from training.learner import Progress, no_progress
from training.recipe import Recipe

if TYPE_CHECKING:
    import optuna

MINUTE_SECONDS = 60.0


@dataclass(frozen=True)
class Trial:
    """A recipe that was tried, its calibrated log loss on later leads and what it took."""

    recipe: Recipe
    loss: float
    rounds: int
    seconds: float


@dataclass(frozen=True)
class Tuned:
    """The recipe to fit, and all that were tried, the default first.

    `difference` is that of the lowest loss to the default's, its interval at an error rate of 5 %
    over all others; None where nothing else could be tried.
    """

    recipe: Recipe
    trials: tuple[Trial, ...]
    difference: Difference | None

    @property
    def sentence(self) -> str:
        """What came of it, for a person, without its full stop."""
        tried = f"{len(self.trials):,} recipes tried on later leads"
        if self.difference is None:
            return f"{tried}: too few to choose by, so the usual recipe stays"
        found = (
            f"the best one's log loss differs by {self.difference.value:+.4f} "
            f"({self.difference.low:+.4f} to {self.difference.high:+.4f}) from the usual one's"
        )
        better = self.recipe != self.trials[0].recipe
        return f"{tried}: {found}; {'it is used' if better else 'the usual one stays'}"

    def _changed(self) -> dict[str, Any]:
        """What is another in the recipe than in the usual one."""
        usual = self.trials[0].recipe.as_record() if self.trials else self.recipe.as_record()
        return {name: new for name, new in self.recipe.as_record().items() if new != usual[name]}

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model."""
        return {
            "n_trials": len(self.trials),
            "default_loss": self.trials[0].loss if self.trials else None,
            "best_loss": min((one.loss for one in self.trials), default=None),
            "changed": self._changed(),
            "sentence": self.sentence,
        }


def tune(
    timelines: Timelines,
    until: int,
    seed: int,
    minutes: float,
    recipe: Recipe | None = None,
    progress: Progress = no_progress,
    clock: Callable[[], float] = time.monotonic,
) -> Tuned:
    """Search for a recipe for about so many minutes; the usual one stays unless surely beaten.

    Only what was known when the holdout of `judge_forward` begins is looked at. No trial is begun
    that would probably end too late; the usual recipe is always tried where any can be.
    """
    recipe = recipe or Recipe()
    deadline = clock() + minutes * MINUTE_SECONDS
    progress("computing signals")
    ground = _ground(timelines, until, seed, recipe)
    if ground is None:
        return Tuned(recipe, (), None)
    trials: list[Trial] = []
    usual, best = None, None
    study = _study(seed)
    while not trials or clock() + max(one.seconds for one in trials) < deadline:
        begun = clock()
        asked, proposed = _proposed(study, recipe, is_first=not trials)
        rounds, losses = _forward(ground, proposed, seed)
        study.tell(asked, float(losses.mean()))
        trials.append(Trial(proposed, float(losses.mean()), rounds, clock() - begun))
        if usual is None:
            usual = losses
        elif best is None or losses.mean() < best.mean():
            best = losses
        progress(f"{len(trials)} recipes tried, log loss {min(t.loss for t in trials):.4f}")
    if usual is None or best is None:
        return Tuned(recipe, tuple(trials), None)
    return _decided(trials, best - usual, ground.lead)


def _decided(trials: Sequence[Trial], gap: Floats, lead: Int64s) -> Tuned:
    """The best of the others if it is surely better than the first: by lead, all trials counted."""
    usual, *others = trials
    best = min(others, key=lambda one: one.loss)
    found = mean_difference(gap, np.ones(len(lead)), lead, ERROR_RATE / len(others))
    return Tuned(best.recipe if found.high < 0 else usual.recipe, tuple(trials), found)


def _forward(ground: Ground, recipe: Recipe, seed: int) -> tuple[int, Floats]:
    """The best number of a recipe's trees, and what each later row then costs, in nats.

    With the best of the shares that a fit of the recipe may choose.
    """
    targets = [ground.target[fold.test] for fold in ground.folds]
    parts = [fold_margins(ground.material, fold, recipe, EVERYTHING, seed) for fold in ground.folds]
    shares = (recipe.linear_share, *recipe.other_shares)
    ways = [(place, share) for place in range(len(recipe.rounds)) for share in shares]
    losses = [
        forward_of([part.mixed(place, share) for part in parts], targets).loss
        for place, share in ways
    ]
    best = min(range(len(losses)), key=lambda way: float(losses[way].mean()))
    return recipe.rounds[ways[best][0]], losses[best]


def _ground(timelines: Timelines, until: int, seed: int, recipe: Recipe) -> Ground | None:
    """Rows known when the holdout begins; None where these are too few to choose by.

    The choice of history is left to the fit.
    """
    known = known_by(timelines, until)
    try:
        learned = lessons(known, holdout_cut(known, until), seed, recipe)
    except TooFewLeadsError:
        return None
    folds = learned.folds
    view = learned.rows.view
    material = Material(learned.rows.plan, learned.rows.matrix, view.snapshots.lead)
    return Ground(material, learned.target, folds) if folds else None


def _study(seed: int) -> "optuna.Study":
    """A study in memory; Optuna takes a second to import, for those alone who ask for it."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))


def _proposed(
    study: "optuna.Study", recipe: Recipe, *, is_first: bool
) -> tuple["optuna.trial.Trial", Recipe]:
    """The next trial and its recipe; the first is the usual one."""
    if is_first:
        study.enqueue_trial({name: getattr(recipe, name) for name in _RANGES})
    trial = study.ask()
    values = {name: ask(trial, name) for name, ask in _RANGES.items()}
    return trial, recipe if is_first else replace(recipe, **values, other_shares=())


def _whole(low: int, high: int) -> Callable[["optuna.trial.Trial", str], int]:
    return lambda trial, name: trial.suggest_int(name, low, high, log=True)


def _real(
    low: float, high: float, *, log: bool = True
) -> Callable[["optuna.trial.Trial", str], float]:
    return lambda trial, name: trial.suggest_float(name, low, high, log=log)


# What is searched, and between which bounds; the numbers of trees are chosen within each trial.
_RANGES: dict[str, Callable[["optuna.trial.Trial", str], Any]] = {
    "learning_rate": _real(0.03, 0.3),
    "leaves": _whole(3, 32),
    "rows_per_leaf": _whole(50, 1000),
    "feature_fraction": _real(0.1, 1.0),
    "bagging_fraction": _real(0.4, 1.0, log=False),
    "l2": _real(0.3, 100.0),
    "linear_c": _real(0.001, 10.0),
    "linear_share": _real(0.0, 1.0, log=False),
}
