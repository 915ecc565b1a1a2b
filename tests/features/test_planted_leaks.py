"""A test of the tests: every planted fault turns the law named for it red."""

import pytest
from hypothesis import Phase, given, settings

from features.plan import SignalPlan, learn_plan
from tests.features.laws import (
    LAWS,
    LAWS_OF_COLUMNS,
    check_alone_as_in_a_batch,
    check_blind_to_the_future,
    check_columns_are_named,
    check_columns_are_told,
    check_every_column_is_filled,
    check_finite_or_missing,
    check_groups_are_one,
    check_lead_without_events_has_a_row,
    check_levels_are_codes,
    check_once_known_it_does_not_matter_when_it_was_recorded,
    check_order_of_records_does_not_matter,
    check_other_leads_only_through_the_population,
    check_population_is_blind_to_the_future,
    check_population_leaves_the_lead_out,
    check_settings_survive_json,
    check_the_very_moment_counts,
    check_ties_are_in_the_stated_order,
)
from tests.features.planted import LEAKS, MISDECLARED, SOUND
from tests.features.training_history import training_history
from tests.leads.histories import few, histories

LAW_OF_FAULT = {
    "by occurred_at alone": check_blind_to_the_future,
    "by recorded_at alone": check_blind_to_the_future,
    "events of the timelines": check_blind_to_the_future,
    "the closing counted": check_blind_to_the_future,
    "kernel past the range": check_blind_to_the_future,
    "value of today": check_blind_to_the_future,
    "until the next event": check_blind_to_the_future,
    "counted beforehand": check_blind_to_the_future,
    "as the timelines number it": check_other_leads_only_through_the_population,
    "window of recording": check_once_known_it_does_not_matter_when_it_was_recorded,
    "< for <=": check_the_very_moment_counts,
    "final outcomes of others": check_other_leads_only_through_the_population,
    "closings until today": check_population_is_blind_to_the_future,
    "its own outcome": check_population_leaves_the_lead_out,
    "beside the batch": check_alone_as_in_a_batch,
    "place in the batch": check_alone_as_in_a_batch,
    "number of leads": check_other_leads_only_through_the_population,
    "level codes": check_other_leads_only_through_the_population,
    "row of the input": check_order_of_records_does_not_matter,
    "ties by row": check_ties_are_in_the_stated_order,
    "on time only": check_once_known_it_does_not_matter_when_it_was_recorded,
    "infinite": check_finite_or_missing,
    "leaves rows out": check_every_column_is_filled,
    "leaves a lead out": check_lead_without_events_has_a_row,
    "writes beside": check_every_column_is_filled,
    "keys that JSON renames": check_settings_survive_json,
    "codes without a level": check_levels_are_codes,
    "a name twice": check_columns_are_named,
    "capitals": check_columns_are_named,
    "unfillable": check_columns_are_told,
    "no value": check_columns_are_told,
    "no missing": check_columns_are_told,
    "no unit": check_columns_are_told,
    "two groups of a name": check_groups_are_one,
}


def plan_of(family) -> SignalPlan:
    return learn_plan(training_history().timelines(), (family,))


def breaks(law, plan: SignalPlan) -> None:
    """Run a law over generated histories as `test_laws` does, without shrinking what it finds."""

    @given(history=histories())
    @settings(
        max_examples=1000,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    def run(history):
        law(plan, history)

    run()


@pytest.mark.parametrize(("family", "message"), LEAKS, ids=lambda planted: _name(planted))
def test_planted_leak_turns_its_law_red(family, message):
    with pytest.raises(AssertionError, match=message):
        breaks(LAW_OF_FAULT[family.name], plan_of(family))


@pytest.mark.parametrize(("family", "message"), MISDECLARED, ids=lambda planted: _name(planted))
def test_column_declared_wrongly_turns_its_law_red(family, message):
    with pytest.raises(AssertionError, match=message):
        LAW_OF_FAULT[family.name](plan_of(family), training_history())


@pytest.mark.parametrize("law", [*LAWS, *LAWS_OF_COLUMNS], ids=lambda law: law.__name__)
@given(history=histories())
@few(10)
def test_family_without_a_fault_keeps_every_law(law, history):
    law(plan_of(SOUND), history)


def test_every_law_is_shown_to_see_a_fault():
    assert set(LAW_OF_FAULT.values()) == {*LAWS, *LAWS_OF_COLUMNS}


def _name(planted) -> str:
    return getattr(planted, "name", "")
