"""The prior: what is said of a lead by where it stands alone, while few leads are closed.

The win rate of its stage, shrunk to that of its pipeline, that to the rate of all, and that to a
rate that is usual in sales. Shrinking is by penalised likelihood on the log-odds (a normal prior
around what the levels have in common); they are then moved together so that their mean is the level
above: what all leads say is counted once.
"""

from dataclasses import dataclass

import numpy as np

from leads.arrays import Bools, Floats, Int16s, Int32s, Int64s
from models.calibration import log_odds_of, sigmoid

# Won of all leads where nothing is known: between the 4 % to 17 % of the deals, sellers and loan
# applications and the 28 % to 38 % of other tables that figures are measured on. It counts as much
# as so many leads.
USUAL_RATE, USUAL_LEADS = 0.2, 8.0
# As many leads of its own as make a pipeline or stage half its own and half the level above. Chosen
# on simulated leads and loan applications of December: docs/benchmarks.md.
PIPELINE_LEADS, STAGE_LEADS = 40.0, 10.0
_WIDEST = 30.0
_LEAST = 1e-12
_HALVINGS = 50


@dataclass(frozen=True)
class Prior:
    """Log-odds of winning: of `whole`, of each pipeline and of each stage, by their codes."""

    whole: float
    pipeline: Floats
    stage: Floats


@dataclass(frozen=True)
class Standing:
    """Where snapshots stand, whose they are, and what is learned of each: one entry per snapshot.

    `target` is from 0 to 1, NaN for none; `decided` says whose outcome is known. `counted` is what
    each counts in what is learned, from 0 to 1: without it each the same (`training.history`).
    """

    stage: Int32s
    lead: Int64s
    target: Floats
    decided: Bools
    counted: Floats | None = None

    def weights(self, rows: Int64s) -> Floats:
        """What some snapshots weigh, 0 without a target: together as many as decided leads."""
        counted = np.ones(len(self.lead)) if self.counted is None else self.counted
        decided = rows[self.decided[rows]]
        leads = independent_leads(self.lead[decided], counted[decided])
        weight = np.where(np.isnan(self.target[rows]), 0.0, counted[rows])
        shared: Floats = weight * (leads / max(float(weight.sum()), _LEAST))
        return shared


def prior_of(standing: Standing, stage_pipeline: Int16s) -> Prior:
    """The prior of some snapshots; `stage_pipeline` is the pipeline of each stage code."""
    count, won = _evidence(standing, stage_pipeline)
    everyone = np.zeros(len(count), np.int16)
    usual = np.array([log_odds_of(USUAL_RATE)])
    whole = _shrunk(np.array([count.sum()]), np.array([won.sum()]), usual, USUAL_LEADS)
    pipelines = int(stage_pipeline.max()) + 1
    leads = np.bincount(stage_pipeline, count, pipelines).astype(np.float64)
    wins = np.bincount(stage_pipeline, won, pipelines).astype(np.float64)
    above = np.repeat(whole, pipelines)
    pipeline = _told_apart(leads, wins, above, everyone[:pipelines], PIPELINE_LEADS)
    above = pipeline[stage_pipeline]
    stage = _told_apart(count, won, above, stage_pipeline, STAGE_LEADS)
    return Prior(float(whole[0]), pipeline, stage)


def moves_of_pipelines(
    standing: Standing, log_odds: Floats, stage_pipeline: Int16s, level: Floats
) -> Floats:
    """What makes the mean of each pipeline's leads the rate of its `level`, by their log-odds.

    One move of the log-odds per pipeline. Leaning on the prior narrows what is said, which alone
    lowers the mean of small probabilities. The level is held back already where few leads are
    closed: to hold the move back, too, would count these leads twice.
    """
    moves = np.zeros(len(level))
    pipeline = stage_pipeline[standing.stage]
    for code, rate in enumerate(sigmoid(level)):
        rows = np.flatnonzero(pipeline == code)
        weight = standing.weights(rows)
        rows, weight = rows[weight > 0], weight[weight > 0]
        if len(rows):
            moves[code] = _move_to_rate(log_odds[rows], weight, float(rate))
    return moves


def above_lender(
    standing: Standing, rows: Int64s, elsewhere: Floats, lenders: Int64s, learned: Floats
) -> float:
    """How far a pipeline of few leads is above the one that lends to it, on the log-odds.

    `elsewhere` are the log-odds of its `rows` as if they were the lender's, `learned` those of all
    rows, of which `lenders` are the lender's own. That leads look like those that are won there
    counts; that more of them are won than that says is held back as if by so many leads.
    """
    weight = standing.weights(rows)
    leads, won = float(weight.sum()), float(weight @ np.nan_to_num(standing.target[rows]))
    if not leads:
        return 0.0
    looks = log_odds_of(float(np.average(sigmoid(elsewhere), weights=weight)))
    held = _shrunk(np.array([leads]), np.array([won]), np.array([looks]), PIPELINE_LEADS)
    of_lender = np.average(sigmoid(learned[lenders]), weights=standing.weights(lenders))
    return float(held[0]) - log_odds_of(float(of_lender))


def independent_leads(lead: Int64s, counted: Floats | None = None) -> float:
    """How many leads of one snapshot each these snapshots are worth (Kish 1965).

    A lead that was open for long has many snapshots and would speak for several. `counted` is what
    each snapshot counts.
    """
    weight = np.bincount(np.unique(lead, return_inverse=True)[1], counted).astype(np.float64)
    return float(weight.sum() ** 2 / (weight**2).sum()) if weight.any() else 0.0


def _evidence(standing: Standing, stage_pipeline: Int16s) -> tuple[Floats, Floats]:
    """How many leads speak for each stage, and how many of them are won; neither is whole.

    Snapshots of leads still open have a say in the rate; what the rate is worth is counted in
    leads whose outcome is known, pipeline by pipeline.
    """
    count, won = np.zeros(len(stage_pipeline)), np.zeros(len(stage_pipeline))
    pipeline = stage_pipeline[standing.stage]
    for code in np.unique(pipeline):
        rows = np.flatnonzero(pipeline == code)
        weight = standing.weights(rows)
        stage, target = standing.stage[rows], np.nan_to_num(standing.target[rows])
        count += np.bincount(stage, weight, len(count))
        won += np.bincount(stage, weight * target, len(won))
    return count, won


def _shrunk(count: Floats, won: Floats, above: Floats, leads: float) -> Floats:
    """The log-odds of each level, shrunk to the level above as if by so many leads (bisection)."""
    rate = sigmoid(above)
    return above + _beyond(count, won, above, leads * rate * (1 - rate))


def _beyond(count: Floats, won: Floats, level: Floats, pull: Floats) -> Floats:
    """How far beyond some log-odds levels are by their wins, each pulled back to them."""
    low, high = np.full(len(count), -_WIDEST), np.full(len(count), _WIDEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_high = count * sigmoid(level + middle) - won + pull * middle > 0
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return np.where(count > 0, (low + high) / 2, 0.0)


def _told_apart(count: Floats, won: Floats, above: Floats, group: Int16s, leads: float) -> Floats:
    """The log-odds of levels: what is known of those above, and what tells them from each other.

    How far they are apart is asked beside the rate that the levels of a group had together, as if
    shrunk by so many leads, and not beside what is said above: that is held back where little is
    known, and a level seen once more often than another would seem better for each win of all.
    """
    levels = above.copy()
    rate = sigmoid(above)
    pull = leads * rate * (1 - rate)
    for code in np.unique(group[count > 0]):
        rows = np.flatnonzero((group == code) & (count > 0))
        together = float(np.clip(won[rows].sum() / count[rows].sum(), _LEAST, 1 - _LEAST))
        level = np.full(len(rows), log_odds_of(together))
        beyond = _beyond(count[rows], won[rows], level, pull[rows])
        levels[rows] = beyond + _move_to_rate(beyond, count[rows], float(rate[rows[0]]))
    return levels


def _move_to_rate(log_odds: Floats, count: Floats, rate: float) -> float:
    """What to add to log-odds so that their mean rate is another (bisection)."""
    low, high = -_WIDEST, _WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        mean = np.average(sigmoid(log_odds + middle), weights=count)
        low, high = (low, middle) if mean > rate else (middle, high)
    return (low + high) / 2
