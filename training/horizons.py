"""Learning when leads are won that are won: of the wins within the window the share by each day.

Recent wins are only the quick ones. So a lead that is still open counts as well, as much as it is
expected to be won yet, by the day that the leads like it which were followed longer tell
(`training/incidence.py`); and every snapshot stands for the wins among its like, known or expected.
"""

from dataclasses import dataclass

import numpy as np

from leads.arrays import Bools, Floats, Int64s
from leads.clock import DAY_US
from leads.outcome import closings, known_stage, window_end
from leads.view import View
from models.calibration import least_penalised
from models.horizons import N_FEATURES, Horizons, features
from training.incidence import Incidences, strata
from training.snapshots import learning_weights

DAYS = (1, 3, 7, 14, 30, 60, 90, 180, 365)
# Beyond this many snapshots, evenly drawn ones say the same.
MOST_ROWS = 200_000
# How far a stage is drawn towards its pipeline, in leads won: of 0.1 to 4, tried on five
# simulations of 1,000 and 5,000 leads, 0.3 and 1 had the smallest errors.
_RIDGE_LEADS = 0.5
_RIDGE_OF_ALL = 0.5


def fit_horizons(view: View, until: int, target: Floats, log_odds: Floats) -> Horizons | None:
    """The horizons of snapshots by what was known at `until`, with what was learned of each.

    `target` is from 0 to 1, NaN for none; `log_odds` are the model's, calibrated. None where no
    snapshot was won or may be.
    """
    timelines = view.timelines
    learned = np.flatnonzero(target > 0)
    if not len(learned):
        return None
    learned = learned[:: -(-len(learned) // MOST_ROWS)]
    share = shares_won(view, until, DAYS, learned)
    weight = learning_weights(view.snapshots.lead[learned]) * target[learned]
    design = features((view.as_of - view.created_at)[learned], log_odds[learned])
    stage = known_stage(view)[learned]
    pipeline = timelines.pipelines.stage_pipeline[stage]
    window = (window_end(view) - view.as_of)[learned] / DAY_US
    names = timelines.pipelines.stage_names
    lessons = _Lessons(design, share, weight, window)
    everywhere = lessons.fit(np.ones(len(stage), np.bool_), None)
    places: dict[tuple[str, str | None], int] = {}
    coefficients: list[Floats] = []
    for code, one in enumerate(timelines.pipelines.pipelines):
        whole = lessons.fit(pipeline == code, everywhere)
        places[one.name, None] = len(coefficients)
        coefficients.append(whole)
        for stage_code in np.unique(stage[pipeline == code]):
            places[one.name, names[stage_code][1]] = len(coefficients)
            coefficients.append(lessons.fit(stage == stage_code, whole))
    return Horizons(
        days=DAYS,
        window_days={one.name: float(one.window_days) for one in timelines.pipelines.pipelines},
        places=places,
        coefficients=np.stack([*coefficients, everywhere]),
    )


def shares_won(view: View, until: int, days: tuple[int, ...], rows: Int64s) -> Floats:
    """(row x day) of the win of a snapshot, known or expected, the share within so many days.

    0 or 1 where it is known; of an open lead what became of those like it from then on. 1 from the
    window on. `rows` are the places of snapshots that are won, or may yet be.
    """
    curves = Incidences(view, until)
    closed_after = closings(view.timelines, until).closed_at[view.snapshots.lead[rows]]
    closed_after = closed_after - view.as_of[rows]
    window = (window_end(view) - view.as_of)[rows]
    horizons = np.array(days) * DAY_US
    share = (closed_after[:, None] <= horizons).astype(np.float64)
    undecided = np.flatnonzero(~curves.decided[rows])
    codes = tuple(each[rows[undecided]] for each in strata(view))
    for chosen, curve in curves.of(codes):
        some = undecided[chosen]
        for place, horizon in enumerate(horizons):
            share[some, place] = curve.share_between(
                curves.after[rows[some]], np.minimum(horizon, window[some]), window[some]
            )
    share[horizons >= window[:, None]] = 1.0
    return share


@dataclass(frozen=True)
class _Lessons:
    """Snapshots that stand for wins: where they stood, the shares by each day, weight, window."""

    design: Floats
    share: Floats
    weight: Floats
    window_days: Floats

    def fit(self, rows: Bools, prior: Floats | None) -> Floats:
        """(day x feature) the coefficients of some rows, drawn towards those of more of them."""
        fitted = np.zeros((self.share.shape[1], N_FEATURES)) if prior is None else prior.copy()
        ridge = _RIDGE_OF_ALL if prior is None else _RIDGE_LEADS
        for place, day in enumerate(DAYS):
            within = np.flatnonzero(rows & (self.window_days > day))
            fitted[place] = least_penalised(
                self.design[within].T,
                self.share[within, place],
                self.weight[within],
                fitted[place],
                np.full(N_FEATURES, ridge),
            )
        return fitted
