"""A scorer of a line over some signals, for tests that choose what speaks for a lead."""

from collections.abc import Mapping

import numpy as np

from features.plan import learn_plan
from features.signal import Family
from leads.timeline import Timelines
from models.artifact import Artifact
from models.calibration import Platt
from models.margin import SHARE
from models.scorer import Scorer


def line_over(
    timelines: Timelines, families: tuple[Family, ...], slopes: Mapping[str, float]
) -> Scorer:
    """What a named column adds to the log-odds: its slope times how its value compares with 1."""
    plan = learn_plan(timelines, families)
    names = [column.name for column in plan.columns]
    assert set(slopes) <= set(names), sorted(set(slopes) - set(names))
    numbers = np.zeros(len(names))
    slope = [slopes.get(name, 0.0) for name in names]
    line = {
        "intercept": 0.0, "centre": numbers, "scale": numbers + 1, "slope": [slope],
        "missing": [[-one for one in slope]], "mean": [slope], "level": [[]], "bend_at": [],
        "first_level": [0] * (len(names) + 1), "first_bend": [0] * (len(names) + 1),
        "bend_slope": [[]], "stage": 0, "line_of_stage": [], SHARE: 1.0,
    }  # fmt: skip
    return Scorer(
        Artifact(
            plan.as_record(), timelines.pipelines.as_records(), timelines.attribute_types,
            Platt(1.0, 0.0).as_record(), 0.0, {}, (), {}, line,
        ),
        "1",
    )  # fmt: skip
