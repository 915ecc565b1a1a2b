"""The interval: how far the win rate of leads known to be like this one may be from what is shown.

Normal on the log-odds around those of the score, so that the number shown lies inside whatever the
calibration. The variance is that of a typical lead and grows with the distance from it, where few
leads are alike and an error of the calibration's slope tells most.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leads.arrays import Floats
from leads.errors import DamagedArtifactError

# Of a normal distribution 90 % lies within so many standard deviations.
NORMAL_90 = 1.6448536269514722
# Of a pipeline of which no closed lead is known: businesses differ by so much in the log-odds of
# their win rates, a factor of 2.7 in the odds.
ALL_BORROWED = 1.0
_REMEDY = "promote the version again, or train a new one"


@dataclass(frozen=True)
class Interval:
    """The variance of the log-odds: `typical` at `centre`, `per_distance` more per its square.

    `borrowed` is what comes on top, by the name of the pipeline: of few closed leads of its own
    much is borrowed from others. A pipeline that is not in it borrows all.
    """

    centre: float
    typical: float
    per_distance: float
    borrowed: Mapping[str, float]

    def bounds(self, log_odds: Floats, pipelines: Sequence[str]) -> Floats:
        """(snapshot x 2) the log-odds of both ends of the 90 % interval; NaN for those of NaN.

        `pipelines` are the names of those that the snapshots are in.
        """
        borrowed = np.array([self.borrowed.get(name, ALL_BORROWED) for name in pipelines])
        distance = log_odds - self.centre
        half = NORMAL_90 * np.sqrt(self.typical + borrowed + self.per_distance * distance**2)
        return np.stack([log_odds - half, log_odds + half], axis=1)

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model."""
        return asdict(self)


def interval_from_record(record: Mapping[str, Any]) -> Interval | None:
    """The interval of a stored record, None of an empty one; raises `DamagedArtifactError`."""
    if not record:
        return None
    try:
        made = Interval(
            centre=float(record["centre"]),
            typical=float(record["typical"]),
            per_distance=float(record["per_distance"]),
            borrowed={name: float(variance) for name, variance in record["borrowed"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedArtifactError(f"interval.json is none ({error!r}); {_REMEDY}") from error
    variances = [made.typical, made.per_distance, *made.borrowed.values()]
    if not (math.isfinite(made.centre) and made.typical > 0 and all(v >= 0 for v in variances)):
        raise DamagedArtifactError(
            f"interval.json has the centre {made.centre} and the variances {variances}, of which "
            f"none may be negative; {_REMEDY}"
        )
    return made
