"""A challenger is judged as it would have been at the champion's moment, on what came later."""

import re
from dataclasses import replace

import numpy as np
import pytest

from leads.clock import DAY_US, format_time
from leads.outcome import CENSORED_LABEL, labels
from leads.view import look
from models.artifact import Artifact
from tests.training.simulated_crm import (
    RECIPE,
    known_at,
    simulated_timelines,
    until_of,
    with_shuffled_closings,
)
from training.artifacts import artifact_of
from training.challenger import Contest, judge_challenger
from training.comparison import FEWEST_LEADS
from training.evaluation import holdout_cut, to_judge_on
from training.fitting import fit_model
from training.recipe import Recipe
from training.snapshots import open_life_snapshots

SEED = 1
FLAT = Recipe(members=1, rounds=(1, 2), leaves=2, last_days=(), half_lives_days=())


def registered(timelines, until: int, **about) -> Artifact:
    """What `train` registers of what was known at a moment."""
    fitted = fit_model(timelines, until, SEED, RECIPE)
    card = {
        "until": format_time(until),
        "seed": SEED,
        "recipe": RECIPE.as_record(),
        "base_rate": fitted.base_rate,
        "support": None,
    }
    return artifact_of(fitted, timelines, {**card, **about})


def with_card(artifact: Artifact, **about) -> Artifact:
    return replace(artifact, about={**artifact.about, **about})


@pytest.fixture(scope="module")
def timelines():
    return simulated_timelines()


@pytest.fixture(scope="module")
def until(timelines):
    return until_of(timelines)


@pytest.fixture(scope="module")
def cut(timelines, until):
    return holdout_cut(timelines, until)


@pytest.fixture(scope="module")
def champion(timelines, cut):
    return registered(timelines, cut)


@pytest.fixture(scope="module")
def challenger(timelines, until):
    return registered(timelines, until)


@pytest.fixture(scope="module")
def wrong_champion(champion):
    """A champion that is sure of the contrary."""
    calibration = {**champion.calibration, "slope": -4 * champion.calibration["slope"]}
    return replace(champion, calibration=calibration)


@pytest.fixture(scope="module")
def late_champion(timelines, until):
    """A champion after which hardly any lead was decided."""
    return registered(timelines, until - 10 * DAY_US)


# Judged on later leads.


def test_the_same_recipe_on_newer_records_is_promoted_for_it_is_newer(
    timelines, challenger, champion
):
    verdict = judge_challenger(Contest(challenger, champion, "6", timelines))

    assert verdict.promote
    assert re.fullmatch(
        r"log loss differs by \+0\.0000 \(\+0\.0000 to \+0\.0000, 95 %\) from version 6 on \d+ "
        r"later leads; not worse, and newer",
        verdict.reason,
    )


def test_better_challenger_is_promoted(timelines, challenger, wrong_champion):
    verdict = judge_challenger(Contest(challenger, wrong_champion, "6", timelines))

    assert verdict.promote
    assert re.search(
        r"by -\d\.\d{4} \(-\S+ to -\S+, 95 %\) .* later leads; better$", verdict.reason
    )


def test_challenger_that_learned_from_chance_is_refused(timelines, challenger, champion, cut):
    """Of what the champion knew the outcomes are drawn by lot; what came later is as it was."""
    by_lot = with_shuffled_closings(timelines)
    later = known_at(timelines) > cut
    name = np.where(later, timelines.events.name, by_lot.events.name)
    mixed = replace(by_lot, events=replace(by_lot.events, name=name))

    verdict = judge_challenger(Contest(challenger, champion, "6", mixed))

    assert not verdict.promote
    assert re.search(r"by \+0\.\d{4} .*; the upper end is not below 0\.002$", verdict.reason)


def test_only_snapshots_later_than_what_the_champion_learned_from_count(
    timelines, challenger, champion, cut, until
):
    verdict = judge_challenger(Contest(challenger, champion, "6", timelines))

    snapshots = open_life_snapshots(timelines, until, SEED)
    later = to_judge_on(timelines, snapshots.only(snapshots.as_of > cut), until)
    decided = labels(look(timelines, later), until) != CENSORED_LABEL
    n_leads = len(np.unique(later.lead[decided]))
    assert f" on {n_leads} later leads" in verdict.reason
    assert (later.as_of > cut).all()
    assert FEWEST_LEADS <= n_leads < len(np.unique(snapshots.lead))


def test_the_same_model_again_is_refused_whatever_its_card_says(timelines, champion, challenger):
    again = with_card(champion, trained_at="another day", until=challenger.about["until"])

    verdict = judge_challenger(Contest(again, champion, "6", timelines))

    assert not verdict.promote
    assert verdict.reason == "its model is that of version 6, byte for byte"


# Judged without later leads.


def test_older_challenger_is_refused(timelines, challenger, champion):
    verdict = judge_challenger(Contest(champion, challenger, "6", timelines))

    assert not verdict.promote
    assert verdict.reason == (
        f"older than version 6: learned until {champion.about['until']} instead of "
        f"{challenger.about['until']}"
    )


def test_too_few_later_leads_and_the_same_recipe(timelines, challenger, late_champion):
    verdict = judge_challenger(Contest(challenger, late_champion, "6", timelines))

    assert verdict.promote
    assert re.fullmatch(
        r"\d+ decided leads are later than what version 6 learned from \(\d+ won, \d+ not\), too "
        r"few to compare on; its recipe is the same, and it is newer",
        verdict.reason,
    )


def test_another_seed_on_the_same_records_is_not_newer(timelines, challenger):
    other = replace(with_card(challenger, seed=2), boosters=challenger.boosters[::-1])

    verdict = judge_challenger(Contest(other, challenger, "6", timelines))

    assert not verdict.promote
    assert verdict.reason.startswith("0 decided leads are later than what version 6 learned from")
    assert verdict.reason.endswith("; its recipe is the same, and not newer")


@pytest.mark.slow
def test_too_few_later_leads_and_another_recipe_are_backtested(
    timelines, challenger, late_champion
):
    """A recipe that learns little against one that does, and the other way round."""
    flat = {"recipe": FLAT.as_record()}
    steps = []

    refused = judge_challenger(
        Contest(with_card(challenger, **flat), late_champion, "6", timelines), steps.append
    )
    reverse = judge_challenger(
        Contest(challenger, with_card(late_champion, **flat), "6", timelines)
    )

    assert not refused.promote
    figures = re.compile(
        r"too few to compare on; log loss differs by (\S+) \(\S+ to \S+, 95 %\) from the recipe of "
        r"version 6 on (\d+) leads of a backtest; "
    )
    worse, better = (figures.search(one.reason) for one in (refused, reverse))
    assert float(worse[1]) > 0
    assert float(better[1]) == -float(worse[1])
    assert int(worse[2]) == int(better[2]) >= FEWEST_LEADS
    assert any(step.startswith("backtesting both recipes: ") for step in steps)


@pytest.mark.slow
def test_too_few_later_leads_and_other_families_are_backtested_with_their_own(
    timelines, challenger, late_champion
):
    """What learns from stages alone is no match for what learns from everything."""
    least = "-engagement -rhythm -replies -attributes -track_records -persons -pace -lately"
    poorer = with_card(challenger, recipe=replace(RECIPE, families=least).as_record())

    verdict = judge_challenger(Contest(poorer, late_champion, "6", timelines))

    assert not verdict.promote
    found = re.search(r"; log loss differs by \+(\S+) ", verdict.reason)
    assert found
    assert float(found[1]) > 0.01


def test_champion_without_a_recipe_on_record_is_not_replaced(timelines, challenger, late_champion):
    about = {name: value for name, value in late_champion.about.items() if name != "recipe"}
    champion = replace(late_champion, about=about)

    verdict = judge_challenger(Contest(challenger, champion, "6", timelines))

    assert not verdict.promote
    assert verdict.reason.endswith("and its recipe is not on record to be fitted again")


# Without a signal.


def test_base_rate_does_not_replace_a_champion_that_is_better(timelines, challenger, champion):
    base_rate = with_card(challenger, support="none")

    verdict = judge_challenger(Contest(base_rate, champion, "6", timelines))

    assert not verdict.promote
    assert verdict.reason.startswith(
        "the base rate alone, for it found no signal: log loss differs"
    )
    assert verdict.reason.endswith("later leads; not better")


def test_base_rate_does_not_replace_a_champion_untested(timelines, challenger, late_champion):
    base_rate = with_card(challenger, support="none")

    verdict = judge_challenger(Contest(base_rate, late_champion, "6", timelines))

    assert not verdict.promote
    assert verdict.reason == "it found no signal, and version 6 did"


def test_base_rate_replaces_a_champion_that_turned_out_worse_than_it(
    timelines, challenger, wrong_champion
):
    base_rate = with_card(challenger, support="none")

    verdict = judge_challenger(Contest(base_rate, wrong_champion, "6", timelines))

    assert verdict.promote
    assert verdict.reason.endswith("; better")


def test_newer_base_rate_replaces_an_older_one(timelines, challenger, champion):
    newer, older = (with_card(one, support="none") for one in (challenger, champion))

    assert judge_challenger(Contest(newer, older, "6", timelines)).promote
    assert not judge_challenger(Contest(older, newer, "6", timelines)).promote
