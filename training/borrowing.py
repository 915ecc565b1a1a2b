"""Borrowing: what was learned counts by how many leads it was learned from, the prior for the rest.

All of it is affine on the log-odds, and what depends on where a lead stands becomes part of the
line's levels of the stage: a model of few leads is the same kind of model, its effects add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.plan import SignalPlan
from leads.arrays import Floats
from models.calibration import Platt
from models.linear import PER_LINE, linear_from_record
from models.margin import SHARE
from training.prior import Prior
from training.stage_levels import stage_place

# So many leads of the rarer outcome make what was learned half of what is said. Chosen on simulated
# leads and loan applications of December, as those of the prior: docs/benchmarks.md.
HALF_LEARNED_LEADS = 30.0
# Where trees alone were learned, the line that carries the prior has this share.
_SHARE = 0.5


@dataclass(frozen=True)
class Blend:
    """The parts of a model, as they are stored, that say what was learned and what is borrowed."""

    boosters: tuple[str, ...]
    linear: dict[str, Any]
    calibration: Platt


def own_share(won: int, other: int) -> float:
    """The weight of what was learned from so many leads won and not won, from 0 to 1."""
    fewer = min(won, other)
    return fewer / (fewer + HALF_LEARNED_LEADS)


def of_stages_alone(plan: SignalPlan, prior: Prior) -> Blend:
    """The prior as a model: a line that has levels of the stage and nothing else."""
    place = stage_place(plan)
    columns = len(plan.columns)
    nothing, after = [0.0] * columns, [0] * (place + 1) + [1] * (columns - place)
    line = {
        "intercept": 0.0, "centre": nothing, "scale": [1.0] * columns, "slope": [nothing],
        "missing": [nothing], "mean": [nothing], "first_level": after, "level": [[0.0]],
        "first_bend": [0] * (columns + 1), "bend_at": [], "bend_slope": [[]],
        "stage": place, "line_of_stage": [], SHARE: 1.0,
    }  # fmt: skip
    return Blend((), _with_stages(line, plan, prior.stage, prior.whole), Platt(1.0, 0.0))


def blended(learned: Blend, plan: SignalPlan, prior: Prior, share: float, moved: Floats) -> Blend:
    """`share` of the calibrated log-odds of a model and the rest of the prior's.

    `moved` is added at each stage code on top: what the pipeline's leads are above or below that.
    """
    slope, line = learned.calibration.slope, learned.linear
    of_line = line[SHARE] or _SHARE
    new_slope = share * slope * ((1 - line[SHARE]) / (1 - of_line) if of_line < 1 else 1.0)
    scale = share * slope * line[SHARE] / (new_slope * of_line)
    scaled = {**_times(line, scale), SHARE: of_line}
    per_unit = new_slope * of_line
    added = ((1 - share) * prior.stage + moved) / per_unit
    elsewhere = (1 - share) * prior.whole / per_unit
    return Blend(
        learned.boosters,
        _with_stages(scaled, plan, added, elsewhere),
        Platt(new_slope, share * learned.calibration.intercept),
    )


def _times(line: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """A line all of whose log-odds are so many times as large."""
    return {
        **line,
        "intercept": line["intercept"] * factor,
        **{part: (np.array(line[part], np.float64) * factor).tolist() for part in PER_LINE},
    }


def _with_stages(
    line: Mapping[str, Any], plan: SignalPlan, added: Floats, elsewhere: float
) -> dict[str, Any]:
    """A line to which each stage code adds something, and a stage it has not seen `elsewhere`.

    What they add on average goes into the intercept, so that it is no stage's effect.
    """
    linear = linear_from_record(line)
    place, centre = stage_place(plan), float(np.mean(added))
    first, stop = (int(end) for end in linear.first_level[place : place + 2])
    levels = np.repeat(linear.missing[:, [place]], len(added), axis=1)
    levels[:, : stop - first] = linear.level[:, first:stop]
    missing = linear.missing.copy()
    missing[:, place] += elsewhere - centre
    ends = linear.first_level.copy()
    ends[place + 1 :] += len(added) - (stop - first)
    level = np.hstack([linear.level[:, :first], levels + added - centre, linear.level[:, stop:]])
    return {
        **line,
        "intercept": linear.intercept + centre,
        "missing": missing.tolist(),
        "first_level": ends.tolist(),
        "level": level.tolist(),
    }
