"""Horizons: how much of the probability of being won falls within a week, a month, a quarter.

The chance of being won within some days is the win probability times the share of such wins that
comes by then. The share rises with the days and is 1 at the window, so that horizons never cross
and never exceed the probability. Its log-odds are affine in where a lead stands: by its stage, in
its age and in how likely it is to be won at all, so that it moves without jumps as time passes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leads.arrays import Floats, Int64s
from leads.clock import DAY_US
from leads.errors import DamagedArtifactError
from models.calibration import sigmoid

# The horizons that are shown, in days.
SHOWN_DAYS = (7, 30, 90, 365)
# The slope in the logarithm of the age changes here, so that the young are told apart from the old.
_BEND_DAYS = 14.0
# Log-odds further out say no more of the timing.
_FURTHEST = 4.0
N_FEATURES = 4

Stage = tuple[str, str]


@dataclass(frozen=True)
class Horizons:
    """What the share of wins by each of `days` depends on; empty where nothing is known of it.

    `coefficients` is (place x day x feature); `places` gives the place of a stage, that of a
    pipeline as a whole under the name None, and the last place is that of all leads. `level` is
    what a recalibration moved the log-odds by since: a lead's timing does not change with it.
    """

    days: tuple[int, ...]
    window_days: Mapping[str, float]
    places: Mapping[tuple[str, str | None], int]
    coefficients: Floats
    level: float = 0.0

    def shares(self, stages: Sequence[Stage], age_us: Int64s, log_odds: Floats) -> Floats:
        """(snapshot x day) the share of the wins within the window that comes by each of `days`.

        1 at the window, NaN beyond it. `stages` are pipeline and stage of each snapshot.
        """
        place = np.array([self._place(stage) for stage in stages], np.int64)
        window = np.array([self.window_days.get(pipeline, np.nan) for pipeline, _ in stages])
        log_odds_of_share = np.zeros((len(stages), len(self.days)))
        # Feature by feature, so that a row adds up in the same order alone and among others.
        for number, feature in enumerate(features(age_us, log_odds - self.level).T):
            log_odds_of_share += self.coefficients[place, :, number] * feature[:, None]
        shares = np.maximum.accumulate(sigmoid(log_odds_of_share), axis=1)
        days = np.array(self.days)
        shares[days == window[:, None]] = 1.0
        return np.where(days <= window[:, None], shares, np.nan)

    def shown(self, stages: Sequence[Stage], age_us: Int64s, log_odds: Floats) -> Floats:
        """(snapshot x day) `shares` of the horizons that are shown."""
        shown = [self.days.index(day) for day in SHOWN_DAYS]
        return self.shares(stages, age_us, log_odds)[:, shown]

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model."""
        return {
            "days": list(self.days),
            "window_days": dict(self.window_days),
            "places": [[*name, place] for name, place in self.places.items()],
            "coefficients": self.coefficients.tolist(),
            "level": self.level,
        }

    def _place(self, stage: Stage) -> int:
        everywhere = len(self.coefficients) - 1
        return self.places.get(stage, self.places.get((stage[0], None), everywhere))


def features(age_us: Int64s, log_odds: Floats) -> Floats:
    """(snapshot x feature) what the timing of a win is told from, each about as wide as 1."""
    age = np.log1p(np.maximum(age_us, 0) / DAY_US)
    bend = np.log1p(_BEND_DAYS)
    return np.stack(
        [
            np.ones(len(age)),
            (age - bend) / 2,
            np.maximum(age - bend, 0.0),
            np.clip(log_odds, -_FURTHEST, _FURTHEST) / 2,
        ],
        axis=1,
    )


def horizons_from_record(record: Mapping[str, Any]) -> Horizons | None:
    """The horizons of a stored record, None of an empty one.

    Raises `DamagedArtifactError` for parts that do not fit together.
    """
    if not record:
        return None
    try:
        made = Horizons(
            days=tuple(int(day) for day in record["days"]),
            window_days={name: float(days) for name, days in record["window_days"].items()},
            places={(pipeline, stage): int(place) for pipeline, stage, place in record["places"]},
            coefficients=np.array(record["coefficients"], np.float64),
            level=float(record["level"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedArtifactError(
            f"horizons.json is none ({error!r}); promote the version again, or train a new one"
        ) from error
    if not np.isfinite(made.coefficients).all() or min(made.places.values(), default=0) < 0:
        raise DamagedArtifactError(
            "horizons.json holds numbers that are not finite or places below 0; promote the "
            "version again, or train a new one"
        )
    expected = (max(made.places.values(), default=-1) + 2, len(made.days), N_FEATURES)
    if made.coefficients.shape != expected or not set(SHOWN_DAYS) <= set(made.days):
        raise DamagedArtifactError(
            f"horizons.json holds coefficients of shape {made.coefficients.shape} for "
            f"{expected}; promote the version again, or train a new one"
        )
    return made
