"""From a fitted model to the artifact that serving reads."""

from collections.abc import Mapping
from typing import Any

from leads.timeline import Timelines
from models.artifact import Artifact
from training.fitting import FittedModel


def artifact_of(fitted: FittedModel, timelines: Timelines, about: Mapping[str, Any]) -> Artifact:
    """The artifact of a fitted model; `about` is what its card says: times, data, figures."""
    return Artifact(
        signals=fitted.plan.as_record(),
        pipelines=timelines.pipelines.as_records(),
        attribute_types=timelines.attribute_types,
        calibration=fitted.calibration.as_record(),
        background_margin=fitted.background_log_odds,
        typical=fitted.typical,
        boosters=fitted.boosters,
        about=about,
        linear=fitted.linear,
        directions=fitted.directions,
        horizons=fitted.horizons,
        interval=fitted.interval,
    )
