"""Rows of one family by the names of its columns, for tests with values worked out by hand."""

import numpy as np

from features.plan import SignalPlan
from features.population import population_of
from features.signal import Family, FamilySettings
from leads.view import look
from tests.leads.histories import at, lead, snapshots_of, timelines_of

LEAD = lead()


def values_at(
    days: float, family: Family, settings: FamilySettings, events=(), leads=(LEAD,), lead_id="a"
) -> dict[str, float]:
    """The values of one snapshot, by column; the population is that of all the leads."""
    timelines = timelines_of(leads, events)
    view = look(timelines, snapshots_of(timelines, [(lead_id, at(days))]))
    plan = SignalPlan(((family, settings),))
    row = plan.matrix(view, population_of(timelines))[0]
    return {column.name: float(value) for column, value in zip(plan.columns, row, strict=True)}


def assert_values(found: dict[str, float], **expected: float) -> None:
    """The named columns have these values; NaN is missing."""
    named = {name: found[name] for name in expected}
    np.testing.assert_allclose(
        list(named.values()), list(expected.values()), rtol=1e-12, atol=1e-12, err_msg=str(named)
    )
