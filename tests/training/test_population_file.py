"""The population of a model as a file: the same sums over leads, without knowing any of them."""

import numpy as np

from features.families import FAMILIES
from features.persons import PERSONS
from features.plan import learn_plan
from features.population import population_of
from leads.clock import DAY_US
from leads.view import Snapshots, look
from tests.features.training_history import training_history
from tests.leads.histories import lead, timelines_of
from training.population_file import read_population, write_population


def test_lead_that_is_not_among_them_has_the_same_row_with_the_file(tmp_path):
    """Persons are left out: who was a contact stays out of the file."""
    timelines = training_history().timelines()
    plan = learn_plan(timelines, tuple(one for one in FAMILIES if one is not PERSONS))
    newest = int(timelines.events.recorded_at.max())
    other = timelines_of([lead(0, "not one of them", owner="Anna", source="fair")], [])
    moments = np.arange(newest, newest - 40 * DAY_US, -DAY_US)
    moments = moments[moments >= other.created_at[0]]
    view = look(other, Snapshots(np.zeros(len(moments), np.int64), moments))
    population = population_of(timelines)
    row = plan.matrix(view, population)

    write_population(tmp_path / "population.npz", population)
    read = read_population(tmp_path / "population.npz", timelines.pipelines)

    np.testing.assert_array_equal(plan.matrix(view, read), row)
    names = [column.name for column in plan.columns]
    assert not np.isnan(row[0, names.index("win_rate_last_50")])
