"""Fitting: a bag of trees and a line, calibrated on predictions of later leads by earlier ones.

Every choice is made on windows later than what was learned from. With few closed leads the model
leans on the win rates of stages and of the whole, below ten of an outcome on them alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from features.families import switched
from features.plan import SignalPlan
from leads.arrays import Bools, Floats, Int8s, Int64s
from leads.clock import format_time
from leads.counting import count_of
from leads.errors import TooFewLeadsError
from leads.outcome import CENSORED_LABEL, known_stage
from leads.timeline import Timelines
from models.calibration import Platt, log_odds_of, sigmoid
from models.margin import Margin, margin_of
from training.borrowing import Blend, blended, of_stages_alone
from training.directions import win_rates
from training.evidence import Evidence, evidence_of
from training.folds import Fold, folds_in_time
from training.history import HistoryChoice
from training.horizons import fit_horizons
from training.incidence import strata
from training.interval import LearnedRows, borrowed_alone, fit_interval, of_base_rate
from training.learner import Learned, Progress, learn, no_progress
from training.lending import Learnable, as_if_elsewhere, with_lent
from training.level import NewestWindow, at_newest_level
from training.prior import Prior, Standing, above_lender, moves_of_pipelines, prior_of
from training.recipe import Recipe
from training.rows import FEWEST_LEADS_EACH, TrainingRows, leads_of_each, training_rows
from training.signals_choice import SignalsChoice, with_chosen
from training.targets import targets

# The moments of leads that are learned from are no choice of the seed: models of two seeds then
# explain a lead alike, as docs/benchmarks.md measures.
MOMENTS = 0


@dataclass(frozen=True)
class FittedModel:
    """A bag of trees and a line with calibration, background and medians, as plain values.

    `linear` is the record of the line with its share of the margin, empty where it has none;
    `directions` that of the plain win rates; `horizons` when wins come,
    `interval` how sure it is, as records; `evidence` what each pipeline, by name, rests on.
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
    signals: tuple[SignalsChoice, ...] = ()
    directions: dict[str, Any] = field(default_factory=dict)
    horizons: dict[str, Any] = field(default_factory=dict)
    interval: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, Evidence] = field(default_factory=dict)

    @property
    def margin(self) -> Margin:
        """What it says of rows of signals, before calibration."""
        return margin_of(self.boosters, self.linear, len(self.plan.columns))


@dataclass(frozen=True)
class Lessons:
    """What is learned at a cut: rows of signals with their targets, NaN for none.

    `folds` are later leads to choose and calibrate by, none where these are too few to tell;
    `signals` says which families of signals were tried on them.
    """

    rows: TrainingRows
    target: Floats
    until: int
    folds: tuple[Fold, ...] = ()
    signals: tuple[SignalsChoice, ...] = ()

    @property
    def learned(self) -> Bools:
        """The rows that have a target."""
        chosen: Bools = ~np.isnan(self.target)
        return chosen


def lessons(timelines: Timelines, until: int, seed: int, recipe: Recipe | None = None) -> Lessons:
    """What was known at `until`. Raises `TooFewLeadsError` where no lead was."""
    recipe = recipe or Recipe()
    rows = training_rows(timelines, until, MOMENTS, switched(recipe.families).always)
    if not len(rows.timelines):
        raise TooFewLeadsError(
            f"no lead is known by {format_time(until)}: import leads or take a later --until"
        )
    target = targets(rows, until, recipe, seed)
    folds = _folds(rows, target, until, recipe, seed)
    rows, choices = with_chosen(rows, target, folds, recipe, seed)
    return Lessons(rows, target, until, folds, choices)


def fit_model(
    timelines: Timelines,
    until: int,
    seed: int,
    recipe: Recipe | None = None,
    progress: Progress = no_progress,
) -> FittedModel:
    """Fit on what was known at `until`. Raises `TooFewLeadsError` where no lead was."""
    progress("computing signals")
    return fit_lessons(lessons(timelines, until, seed, recipe), seed, recipe, progress)


def fit_lessons(
    learned: Lessons, seed: int, recipe: Recipe | None = None, progress: Progress = no_progress
) -> FittedModel:
    """The model of some lessons."""
    recipe = recipe or Recipe()
    rows, until = learned.rows, learned.until
    label, lead = rows.labels(until), rows.view.snapshots.lead
    made, everything = None, np.ones(len(lead))
    if min(leads_of_each(lead, label)) >= FEWEST_LEADS_EACH:
        progress("calibrating forward in time")
        own = Learnable(rows.matrix, lead, rows.view.as_of, learned.target, list(learned.folds))
        closed = _evidence(rows, label, everything)
        of = with_lent(own, rows.plan, known_stage(rows.view), rows.timelines.pipelines, closed)
        made = learn(
            rows.plan, of.matrix, of.lead, of.target, of.folds, recipe, seed, progress, of.as_of
        )
    counted = everything if made is None else _counted(learned, made)
    standing, evidence = _standing(learned, label, counted), _evidence(rows, label, counted)
    prior = prior_of(standing, rows.timelines.pipelines.stage_pipeline)
    share = evidence_of(lead, label, counted).own
    parts = _leaning(made, rows, standing, evidence, share, prior)
    margin = margin_of(parts.boosters, parts.linear, len(rows.plan.columns)).of(rows.matrix)
    calibration, newest = at_newest_level(parts.calibration, margin, label, rows.view, until)
    known = learned.learned
    return FittedModel(
        plan=rows.plan,
        boosters=parts.boosters,
        linear=parts.linear,
        calibration=calibration,
        background_log_odds=_mean(calibration.log_odds(margin[known]), prior.whole),
        typical=_typical(rows),
        chosen_rounds=0 if made is None else made.rounds,
        n_leads=len(np.unique(lead[known])),
        n_snapshots=int(known.sum()),
        base_rate=_base_rate(learned, prior, few=made is None),
        newest=newest,
        choices={} if made is None else made.losses,
        history=HistoryChoice() if made is None else made.history,
        signals=learned.signals,
        directions=_directions(learned),
        horizons=_horizons(learned, calibration.log_odds(margin)),
        interval=_interval(
            learned, made, counted, evidence, calibration.log_odds(margin[known]), recipe, seed
        ),
        evidence=evidence,
    )


def _counted(learned: Lessons, made: Learned) -> Floats:
    """What each snapshot counted in what was learned, by the history that was chosen."""
    as_of = learned.rows.view.as_of
    return made.history.history.shares(as_of, int(as_of[learned.learned].max()))


def _standing(learned: Lessons, label: Int8s, counted: Floats) -> Standing:
    view = learned.rows.view
    decided = label != CENSORED_LABEL
    return Standing(known_stage(view), view.snapshots.lead, learned.target, decided, counted)


def _leaning(
    made: Learned | None, rows: TrainingRows, standing: Standing,
    evidence: Mapping[str, Evidence], share: float, prior: Prior,
) -> Blend:  # fmt: skip
    """What was learned, which has `share`, leaning on the prior for the rest.

    Each pipeline is moved to its level.
    """
    if made is None:
        return of_stages_alone(rows.plan, prior)
    log_odds = made.calibration.log_odds(made.margin.of(rows.matrix))
    level = _levels(made, rows, standing, evidence, share, prior, log_odds)
    log_odds = share * log_odds + (1 - share) * prior.stage[standing.stage]
    stage_pipeline = rows.timelines.pipelines.stage_pipeline
    moves = moves_of_pipelines(standing, log_odds, stage_pipeline, level)
    parts = Blend(made.boosters, made.linear, made.calibration)
    return blended(parts, rows.plan, prior, share, moves[stage_pipeline])


def _levels(
    made: Learned, rows: TrainingRows, standing: Standing, evidence: Mapping[str, Evidence],
    share: float, prior: Prior, log_odds: Floats,
) -> Floats:  # fmt: skip
    """The log-odds to expect of each pipeline: the prior's, of a thin one beside its lender's.

    What was learned, whose `log_odds` are those of the rows, has `share` in that, too.
    """
    level, pipelines = prior.pipeline.copy(), rows.timelines.pipelines
    pipeline = pipelines.stage_pipeline[standing.stage]
    found = as_if_elsewhere(rows.plan, rows.matrix, standing.stage, pipelines, evidence)
    for code, one in found.items():
        elsewhere = made.calibration.log_odds(made.margin.of(one.matrix))
        lenders = np.flatnonzero(pipeline == one.lender)
        beside = above_lender(standing, one.rows, elsewhere, lenders, log_odds)
        level[code] += share * (prior.pipeline[one.lender] + beside - level[code])
    return level


def _mean(log_odds: Floats, of_none: float) -> float:
    return float(log_odds.mean()) if len(log_odds) else of_none


def _base_rate(learned: Lessons, prior: Prior, *, few: bool) -> float:
    """The share won of what was learned from; of few leads shrunk to the usual, never 0 or 1."""
    if few:
        return float(sigmoid(np.array([prior.whole]))[0])
    return float(learned.target[learned.learned].mean())


def _evidence(rows: TrainingRows, label: Int8s, counted: Floats) -> dict[str, Evidence]:
    """The closed leads of each pipeline, by what their snapshots count."""
    pipelines = rows.timelines.pipelines
    pipeline = pipelines.stage_pipeline[known_stage(rows.view)]
    lead, found = rows.view.snapshots.lead, {}
    for code, name in enumerate(pipelines.names):
        own = pipeline == code
        found[name] = evidence_of(lead[own], label[own], counted[own])
    return found


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
        interval=of_base_rate(level, fitted.n_leads, _own(fitted.evidence)).as_record(),
    )


def check_enough(lead: Int64s, label: Int8s, which: str, fewest: int = FEWEST_LEADS_EACH) -> None:
    """Refuse to learn from or judge on fewer than `fewest` leads won, or as many not won.

    `which` says in the message which leads were looked at, as in "by 2026-03-01T10:00:00Z".
    """
    won, other = leads_of_each(lead, label)
    if min(won, other) < fewest:
        raise TooFewLeadsError(
            f"{count_of(won, 'lead is', 'leads are')} won and {other:,} decided otherwise {which}; "
            f"at least {fewest} of each are needed: import more history or take a later --until"
        )


def _folds(
    rows: TrainingRows, target: Floats, until: int, recipe: Recipe, seed: int
) -> tuple[Fold, ...]:
    """Later leads of known target that earlier ones can predict; none where these are too few."""
    lead, label = rows.view.snapshots.lead, rows.labels(until)
    if min(leads_of_each(lead, label)) < FEWEST_LEADS_EACH:
        return ()

    def targets_at(rows: TrainingRows, cut: int) -> Floats:
        return targets(rows, cut, recipe, seed)

    folds = folds_in_time(rows, recipe.folds, label, targets_at)
    folds = [replace(fold, test=fold.test[~np.isnan(target[fold.test])]) for fold in folds]
    folds = [fold for fold in folds if len(fold.test) and _can_learn(rows, fold)]
    tested = np.concatenate([np.zeros(0, np.int64), *(fold.test for fold in folds)])
    enough = min(leads_of_each(lead[tested], label[tested])) >= FEWEST_LEADS_EACH
    return tuple(folds) if enough else ()


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
    pipelines = rows.timelines.pipelines
    stage_and_age = strata(rows.view)[0][known]
    return win_rates(
        rows.plan, rows.matrix[known], learned.target[known], lead, stage, pipelines, stage_and_age
    )


def _horizons(learned: Lessons, log_odds: Floats) -> dict[str, Any]:
    """When wins come, by what the calibrated model says; empty where nothing was ever won."""
    found = fit_horizons(learned.rows.view, learned.until, learned.target, log_odds)
    return {} if found is None else found.as_record()


def _interval(
    learned: Lessons, made: Learned | None, counted: Floats, evidence: Mapping[str, Evidence],
    log_odds: Floats, recipe: Recipe, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """How sure the log-odds are that a calibrated model says of the rows with a target."""
    rows, known = learned.rows, learned.learned
    own = _own(evidence)
    if made is None:
        return borrowed_alone(log_odds, own).as_record()
    lessons = LearnedRows(
        rows.plan, rows.matrix[known], learned.target[known], rows.view.snapshots.lead[known],
        counted[known],
    )  # fmt: skip
    recipe = replace(recipe, linear_share=made.linear_share)
    return fit_interval(lessons, log_odds, own, recipe, made.rounds, seed).as_record()


def _own(evidence: Mapping[str, Evidence]) -> dict[str, float]:
    return {name: one.own for name, one in evidence.items()}
