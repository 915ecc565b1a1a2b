"""Whether a model is worth using: said of a signal, never of none."""

import re
from dataclasses import replace

import numpy as np
import pytest

from leads.outcome import WON_LABEL
from models.calibration import sigmoid
from models.scorer import NO_SUPPORT
from tests.training.simulated_crm import RECIPE, simulated_timelines, until_of
from training.evaluation import MODEL, Undecided, judge_forward
from training.worth import worth


@pytest.fixture(scope="module")
def judged():
    timelines = simulated_timelines()
    return judge_forward(timelines, until_of(timelines), 1, RECIPE)


def saying(judged, strength, **others):
    """The same snapshots, with a model that says more or less of how they ended, and baselines."""
    won = np.where(judged.label == WON_LABEL, 1.0, -1.0)
    rate = np.log(judged.label.mean() / (1 - judged.label.mean()))
    noise = np.random.default_rng(3).normal(size=len(won))
    flat = np.full(len(won), judged.label.mean())
    said = {
        MODEL: sigmoid(rate + strength * (won + noise)) if strength else flat,
        "base_rate": flat,
        "stage_win_rate": flat,
    }
    for name, own in others.items():
        said[name] = sigmoid(rate + own * (won + noise))
    return replace(judged, probability=said)


def test_model_with_a_signal_is_worth_using_and_where(judged):
    found = worth(saying(judged, 0.5))

    assert found.support is None
    assert found.sentence.startswith("Worth using: on ")
    assert found.sentence.endswith(
        "it is better than the win rate of the lead's stage at every age of which there are "
        "30 leads."
    )
    assert found.above["base_rate"]["low"] > 0


def test_it_says_between_what_to_expect_when_most_of_what_was_judged_is_open(judged):
    told = saying(judged, 0.5)
    n = len(told.label)
    rest = Undecided(np.arange(n), told.probability[MODEL][::-1], np.full(n, told.label.mean()))

    half = worth(replace(told, n_censored=n, undecided=rest)).sentence
    most = worth(replace(told, n_censored=n // 10, undecided=rest)).sentence

    assert "Only 50% of these snapshots are decided" in half
    reached, least = (
        float(said) for said in re.search(r"AUC is (\S+) of them, and (\S+) if", half).groups()
    )
    assert 0.5 < least < reached
    assert "are decided" not in most


@pytest.mark.parametrize("strength", [0.0, -0.3])
def test_model_without_a_signal_is_not(judged, strength):
    found = worth(saying(judged, strength))

    assert found.support == NO_SUPPORT
    assert found.sentence.startswith("Not worth using: on ")
    assert "the base rate is what is registered" in found.sentence


def test_better_simple_rule_is_named(judged):
    sentence = worth(saying(judged, 0.1, naive_bayes=0.5)).sentence

    assert ", but above that of naive bayes, the best of the simple rules (-0." in sentence


def test_worse_simple_rule_is_named_too(judged):
    sentence = worth(saying(judged, 0.5, naive_bayes=0.1)).sentence

    assert " and below that of naive bayes, the best of the simple rules (0." in sentence


def test_level_rule_is_called_level(judged):
    sentence = worth(saying(judged, 0.3, naive_bayes=0.3)).sentence

    assert " and level with that of naive bayes, the best of the simple rules (0.000" in sentence


def test_record_is_what_train_reports(judged):
    found = worth(saying(judged, 0.5))

    assert found.as_record() == {
        "support": None, "sentence": found.sentence, "log_loss_above": found.above,
    }  # fmt: skip
