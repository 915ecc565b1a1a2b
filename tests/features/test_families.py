"""Which families of signals are learned from."""

import pytest

from features.calendar import CALENDAR, DATED_CALENDAR
from features.families import (
    FAMILIES,
    ON_BY_DEFAULT,
    Families,
    switched,
)
from features.lately import LATELY
from features.plan import learn_plan, plan_from_record
from features.stages import STAGES
from leads.errors import SettingsError
from tests.features.training_history import training_history


def test_a_switch_turns_a_family_on_or_off_in_the_order_of_all():
    chosen = switched("+calendar, -pace")

    names = [family.name for family in chosen.always]
    assert set(names) == {one.name for one in ON_BY_DEFAULT} - {"pace"} | {"calendar"}
    assert names == [one.name for one in FAMILIES if one.name in names]
    assert switched("") == Families()
    assert CALENDAR in chosen.always


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


def test_stages_are_always_on():
    with pytest.raises(SettingsError, match=r"'-stages'.*stages are always on"):
        switched("-stages")
    every = " ".join(f"-{family.name}" for family in FAMILIES if family is not STAGES)
    assert switched(every) == Families((STAGES,), ())


def test_date_is_of_the_calendar_in_either_order():
    for switches in ("+date", "+date +calendar", "+calendar +date"):
        assert DATED_CALENDAR in switched(switches).always
    assert CALENDAR in switched("+calendar +date -date").always


def test_plan_of_other_families_is_read_without_the_switch():
    timelines = training_history().timelines()
    plan = learn_plan(timelines, switched("+calendar -pace").always)

    names = [family.name for family, _ in plan.parts]
    assert "calendar" in names
    assert "pace" not in names
    assert plan_from_record(plan.as_record()).columns == plan.columns
