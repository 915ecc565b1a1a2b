"""Targets: what to learn of each snapshot, open leads included.

Known outcomes are 1 and 0. A snapshot of a lead that is still open gets the probability that it
will yet be won within the window: first that of the snapshots like it which were followed longer,
then, told lead by lead, what a small model of those says of the lead as it stands at the cut.
Without open leads a model learns that whatever is new is won, for wins are what is known of it
first: see docs/decisions/0007-learning-from-open-leads.md.
"""

from dataclasses import replace

import numpy as np

from leads.arrays import Floats
from leads.outcome import NOT_WON_LABEL, WON_LABEL, known_status, window_end
from leads.pipelines import OPEN
from leads.view import Snapshots, View, look
from models.calibration import fit_intercept, sigmoid
from models.margin import mixed
from training.bag import fit_bag, staged_margins
from training.incidence import Incidences, strata
from training.linear import fit_linear
from training.recipe import Recipe
from training.rows import FEWEST_LEADS_EACH, TrainingRows, leads_of_each
from training.snapshots import learning_weights

# Trees of the small model that says what will become of open leads.
_ROUNDS = 60


def targets(rows: TrainingRows, until: int, recipe: Recipe, seed: int) -> Floats:
    """What is learned of each snapshot as known by `until`, from 0 to 1; NaN for none.

    Later snapshots have none. With too few leads decided for a model, open ones get what became of
    those like them.
    """
    curves = Incidences(rows.view, until)
    target = targets_of_strata(rows.view, until, curves)
    label = np.where(curves.won, WON_LABEL, NOT_WON_LABEL)[curves.decided]
    each = leads_of_each(rows.view.snapshots.lead[curves.decided], label)
    undecided = np.flatnonzero(~curves.decided & ~np.isnan(target))
    if not len(undecided) or min(each) < FEWEST_LEADS_EACH:
        return target
    lead, place = np.unique(rows.view.snapshots.lead[undecided], return_inverse=True)
    standing = look(rows.timelines, Snapshots(lead, np.full(len(lead), until)))
    still_open = (known_status(standing) == OPEN)[place]
    undecided, place = undecided[still_open], place[still_open]
    probability = _small_model(rows, target, standing, recipe, seed)[place]
    left, window = window_end(rows.view)[undecided] - until, window_end(standing)[place] - until
    revised = target.copy()
    for chosen, curve in curves.of(tuple(codes[place] for codes in strata(standing))):
        in_time = curve.share_within(left[chosen], window[chosen])
        revised[undecided[chosen]] = probability[chosen] * in_time
    return revised


def targets_of_strata(view: View, until: int, curves: Incidences | None = None) -> Floats:
    """Targets by what became of the snapshots in the same stratum, without a model."""
    curves = curves or Incidences(view, until)
    target = np.where(curves.decided, curves.won.astype(np.float64), np.nan)
    missing = np.flatnonzero((view.as_of <= until) & ~curves.decided)
    for rows, curve in curves.of(tuple(codes[missing] for codes in strata(view))):
        target[missing[rows]] = curve.won_later(curves.after[missing[rows]])
    return target


def _small_model(
    rows: TrainingRows, target: Floats, standing: View, recipe: Recipe, seed: int
) -> Floats:
    """The win probability of other snapshots by a small model of the targets."""
    learned = ~np.isnan(target)
    known, said = rows.matrix[learned], rows.plan.matrix(standing, rows.population)
    target, weight = target[learned], learning_weights(rows.view.snapshots.lead[learned])
    small = replace(recipe, members=1)
    texts = fit_bag(known, target, weight, rows.plan.categorical, small, _ROUNDS, seed)
    linear = fit_linear(rows.plan, known, target, weight, recipe.linear_c)
    margins = [
        mixed(
            staged_margins(texts, (_ROUNDS,), matrix)[0],
            linear.margins(matrix),
            recipe.linear_share,
        )
        for matrix in (known, said)
    ]
    return sigmoid(margins[1] + fit_intercept(margins[0], target, weight))
