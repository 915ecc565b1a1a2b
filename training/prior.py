"""The prior: what is said of a lead by where it stands alone, while few leads are closed.

The win rate of its stage, shrunk to that of its pipeline, that to the rate of all, and that to a
rate that is usual in sales. Shrinking is by penalised likelihood on the log-odds (a normal prior
around the level above); the levels below are then moved together so that their mean is the level
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
PIPELINE_LEADS, STAGE_LEADS = 20.0, 10.0
_WIDEST = 30.0
_HALVINGS = 80


@dataclass(frozen=True)
class Prior:
    """Log-odds of winning: of `whole`, of each pipeline and of each stage, by their codes."""

    whole: float
    pipeline: Floats
    stage: Floats


@dataclass(frozen=True)
class Standing:
    """Where snapshots stand, whose they are, and what is learned of each: one entry per snapshot.

    `target` is from 0 to 1, NaN for none; `decided` says whose outcome is known.
    """

    stage: Int32s
    lead: Int64s
    target: Floats
    decided: Bools


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
    pipeline = _shrunk(leads, wins, above, PIPELINE_LEADS)
    pipeline = _at_level_above(pipeline, leads, above, everyone[:pipelines])
    above = pipeline[stage_pipeline]
    stage = _shrunk(count, won, above, STAGE_LEADS)
    return Prior(float(whole[0]), pipeline, _at_level_above(stage, count, above, stage_pipeline))


def moves_of_pipelines(standing: Standing, log_odds: Floats, stage_pipeline: Int16s) -> Floats:
    """What each pipeline's leads are above or below what is said of them, shrunk to nothing.

    One move of the log-odds per pipeline. Leaning on the prior narrows what is said, which alone
    lowers the mean of small probabilities.
    """
    pipelines = int(stage_pipeline.max()) + 1
    moves = np.zeros(pipelines)
    pipeline, learned = stage_pipeline[standing.stage], ~np.isnan(standing.target)
    for code in range(pipelines):
        leads = independent_leads(standing.lead[standing.decided & (pipeline == code)])
        rows = np.flatnonzero(learned & (pipeline == code))
        if leads and len(rows):
            weight = np.full(len(rows), leads / len(rows))
            moves[code] = _shrunk_move(log_odds[rows], standing.target[rows], weight)
    return moves


def _shrunk_move(log_odds: Floats, target: Floats, weight: Floats) -> float:
    rate = np.average(sigmoid(log_odds), weights=weight)
    pull = PIPELINE_LEADS * rate * (1 - rate)
    low, high = -_WIDEST, _WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_high = weight @ (sigmoid(log_odds + middle) - target) + pull * middle > 0
        low, high = (low, middle) if too_high else (middle, high)
    return (low + high) / 2


def independent_leads(lead: Int64s) -> float:
    """How many leads of one snapshot each these snapshots are worth (Kish 1965).

    A lead that was open for long has many snapshots and would speak for several.
    """
    _, snapshots = np.unique(lead, return_counts=True)
    return float(snapshots.sum() ** 2 / (snapshots**2).sum()) if len(snapshots) else 0.0


def _evidence(standing: Standing, stage_pipeline: Int16s) -> tuple[Floats, Floats]:
    """How many leads speak for each stage, and how many of them are won; neither is whole.

    Snapshots of leads still open have a say in the rate; what the rate is worth is counted in
    leads whose outcome is known, pipeline by pipeline.
    """
    count, won = np.zeros(len(stage_pipeline)), np.zeros(len(stage_pipeline))
    pipeline = stage_pipeline[standing.stage]
    learned = ~np.isnan(standing.target)
    for code in np.unique(pipeline):
        leads = independent_leads(standing.lead[standing.decided & (pipeline == code)])
        rows = np.flatnonzero(learned & (pipeline == code))
        if leads and len(rows):
            weight = np.full(len(rows), leads / len(rows))
            stage = standing.stage[rows]
            count += np.bincount(stage, weight, len(count))
            won += np.bincount(stage, weight * standing.target[rows], len(won))
    return count, won


def _shrunk(count: Floats, won: Floats, above: Floats, leads: float) -> Floats:
    """The log-odds of each level, shrunk to the level above as if by so many leads (bisection)."""
    rate = sigmoid(above)
    pull = leads * rate * (1 - rate)
    low, high = above - _WIDEST, above + _WIDEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        too_high = count * sigmoid(middle) - won + pull * (middle - above) > 0
        low, high = np.where(too_high, low, middle), np.where(too_high, middle, high)
    return np.where(count > 0, (low + high) / 2, above)


def _at_level_above(log_odds: Floats, count: Floats, above: Floats, group: Int16s) -> Floats:
    """Levels with evidence, moved group by group so that their mean rate is that above them."""
    moved = log_odds.copy()
    for code in np.unique(group[count > 0]):
        rows = np.flatnonzero((group == code) & (count > 0))
        rate = float(sigmoid(above[rows[:1]])[0])
        low, high = -_WIDEST, _WIDEST
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            mean = np.average(sigmoid(log_odds[rows] + middle), weights=count[rows])
            low, high = (low, middle) if mean > rate else (middle, high)
        moved[rows] = log_odds[rows] + (low + high) / 2
    return moved
