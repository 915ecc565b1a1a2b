"""Which families of signals are learned from."""

import pytest

from features.calendar import CALENDAR, DATED_CALENDAR
from features.families import (
    FAMILIES,
    ON_BY_DEFAULT,
    Families,
    families_in_use,
    switched,
    use_families,
)
from features.lately import LATELY
from features.plan import learn_plan, plan_from_record
from leads.errors import SettingsError
from tests.features.training_history import training_history


@pytest.fixture
def put_back():
    yield
    use_families(Families())


def test_a_switch_turns_a_family_on_or_off_in_the_order_of_all():
    chosen = switched("+calendar, -pace")

    names = [family.name for family in chosen.always]
    assert set(names) == {one.name for one in ON_BY_DEFAULT} - {"pace"} | {"calendar"}
    assert names == [one.name for one in FAMILIES if one.name in names]
    assert switched("") == Families()
    assert CALENDAR in chosen.always
    assert DATED_CALENDAR in switched("+date").always
    assert DATED_CALENDAR not in switched("+date -date").always


def test_what_is_tried_can_be_taken_always_or_never():
    assert switched("+lately").always == (*ON_BY_DEFAULT, LATELY)
    tried = Families().if_better
    assert LATELY in tried
    for switches in ("+lately", "-lately"):
        assert switched(switches).if_better == tuple(one for one in tried if one is not LATELY)


@pytest.mark.parametrize("switches", ["calendar", "+weather", "- replies", "+"])
def test_unknown_switch_is_named_with_those_that_exist(switches):
    with pytest.raises(SettingsError, match=r"LEADSCORE_FAMILIES has .*\+calendar -replies"):
        switched(switches)


def test_not_every_family_can_be_off():
    every = " ".join(f"-{family.name}" for family in ON_BY_DEFAULT)
    with pytest.raises(SettingsError, match="turns every family of signals off"):
        switched(every)


def test_what_is_in_use_is_learned_and_read_without_the_switch(put_back):
    timelines = training_history().timelines()
    use_families(switched("+calendar -stages"))
    plan = learn_plan(timelines)
    use_families(Families())

    names = [family.name for family, _ in plan.parts]
    assert "calendar" in names
    assert "stages" not in names
    assert plan_from_record(plan.as_record()).columns == plan.columns
    assert families_in_use() == Families()
