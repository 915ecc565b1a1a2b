"""The curves of an evaluation, as data: logged with a run, drawn then or years later."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leads.arrays import Floats
from models.metrics import CalibrationBin, LiftPoint, calibration_curve, lift_curve
from training.evaluation import MODEL, Judged
from training.importance import GroupImportance

_BINS = 20


@dataclass(frozen=True)
class Distribution:
    """How scores are distributed: in each bin between two edges, shares that add up to 1.

    `won` over the snapshots of leads that were won, `not_won` over the others.
    """

    edges: tuple[float, ...]
    won: tuple[float, ...]
    not_won: tuple[float, ...]
    n_won: int
    n_not_won: int


@dataclass(frozen=True)
class AgePoint:
    """The AUC of the snapshots of an age, None where they are all of one class."""

    age: str
    snapshots: int
    auc: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Curves:
    """What the plots of a run show, all of the later leads it was judged on."""

    calibration: tuple[CalibrationBin, ...]
    lift: tuple[LiftPoint, ...]
    by_age: tuple[AgePoint, ...]
    distribution: Distribution
    importance: tuple[GroupImportance, ...]

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be logged as JSON."""
        return {
            "calibration": [point._asdict() for point in self.calibration],
            "lift": [point._asdict() for point in self.lift],
            "by_age": [asdict(point) for point in self.by_age],
            "distribution": asdict(self.distribution),
            "importance": [asdict(group) for group in self.importance],
        }


def curves_of(
    judged: Judged, by_age: Mapping[str, Mapping[str, Any]], importance: tuple[GroupImportance, ...]
) -> Curves:
    """The curves of a judged model; `by_age` is that of its report."""
    probability = judged.probability[MODEL]
    return Curves(
        calibration=tuple(calibration_curve(judged.label, probability, judged.weight)),
        lift=tuple(lift_curve(judged.label, probability, judged.weight)),
        by_age=tuple(
            AgePoint(
                age, one["n_snapshots"], *(one["auc"][end] for end in ("value", "low", "high"))
            )
            for age, one in by_age.items()
        ),
        distribution=_distribution(judged),
        importance=importance,
    )


def curves_from_record(record: Mapping[str, Any]) -> Curves:
    """The curves of a record of `as_record`."""
    distribution: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in record["distribution"].items()
    }
    return Curves(
        calibration=tuple(CalibrationBin(**point) for point in record["calibration"]),
        lift=tuple(LiftPoint(**point) for point in record["lift"]),
        by_age=tuple(AgePoint(**point) for point in record["by_age"]),
        distribution=Distribution(**distribution),
        importance=tuple(GroupImportance(**group) for group in record["importance"]),
    )


def _distribution(judged: Judged) -> Distribution:
    probability = judged.probability[MODEL]
    edges = np.linspace(0, float(min(1.0, 1.05 * probability.max(initial=0.0))) or 1.0, _BINS + 1)
    won = judged.label == 1
    return Distribution(
        edges=tuple(edges.tolist()),
        won=_shares(probability[won], judged.weight[won], edges),
        not_won=_shares(probability[~won], judged.weight[~won], edges),
        n_won=int(won.sum()),
        n_not_won=int((~won).sum()),
    )


def _shares(probability: Floats, weight: Floats, edges: Floats) -> tuple[float, ...]:
    """The share of the weight in each bin; all 0 where there is none."""
    counted, _ = np.histogram(probability, edges, weights=weight)
    total = float(weight.sum())
    return tuple((counted / total if total else counted).tolist())
