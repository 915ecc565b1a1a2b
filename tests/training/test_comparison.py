"""The rule of promotion: better, or newer and not worse, and no pipeline worse."""

from dataclasses import replace

import numpy as np
import pytest

from models.bootstrap import paired_difference
from training.comparison import (
    Pairs,
    decide,
    difference,
    enough,
    surely_best,
    worse_pipelines,
)

LEADS, SNAPSHOTS = 2_000, 6


def sigmoid(log_odds):
    return 1 / (1 + np.exp(-log_odds))


def nudged(probability, generator, deviation):
    """The same probabilities, off by some log-odds that the snapshots of a lead do not share."""
    log_odds = np.log(probability) - np.log1p(-probability)
    return sigmoid(log_odds + generator.normal(0, deviation, len(probability)))


@pytest.fixture
def pairs():
    """Leads whose outcome follows the champion's probabilities, in two pipelines of equal size."""
    generator = np.random.default_rng(0)
    lead = np.repeat(np.arange(LEADS), SNAPSHOTS)
    truth = sigmoid(generator.normal(-0.5, 1, LEADS))[lead]
    label = (generator.random(LEADS)[lead] < truth).astype(np.int8)
    return Pairs(
        label=label,
        weight=np.ones(len(lead)),
        lead=lead,
        challenger=truth,
        champion=truth,
        pipelines={"b2b": lead % 2 == 0, "b2c": lead % 2 == 1},
    )


@pytest.fixture
def worse(pairs):
    return nudged(pairs.champion, np.random.default_rng(1), 0.6)


def only(pairs, rows):
    return Pairs(
        label=pairs.label[rows],
        weight=pairs.weight[rows],
        lead=pairs.lead[rows],
        challenger=pairs.challenger[rows],
        champion=pairs.champion[rows],
        pipelines={name: mask[rows] for name, mask in pairs.pipelines.items()},
    )


# Who is promoted.


def test_better_is_promoted_even_if_it_is_not_newer(pairs, worse):
    verdict = decide(replace(pairs, champion=worse), "version 6", must_be_better=True)

    assert verdict.promote
    found = difference(replace(pairs, champion=worse))
    assert found.high < 0
    assert verdict.reason == (
        f"log loss differs by {found.value:+.4f} ({found.low:+.4f} to {found.high:+.4f}, 95 %) "
        "from version 6 on 2,000 later leads; better"
    )


def test_worse_is_refused(pairs, worse):
    verdict = decide(replace(pairs, challenger=worse), "version 6")

    assert not verdict.promote
    assert verdict.reason.endswith("later leads; the upper end is not below 0.002")


def test_equal_is_promoted_only_if_it_is_newer(pairs):
    newer = decide(pairs, "version 6")
    other = decide(pairs, "version 6", must_be_better=True)

    assert newer.promote
    assert newer.reason.endswith("; not worse, and newer")
    assert not other.promote
    assert other.reason.endswith("later leads; not better")


def test_not_worse_is_told_by_the_upper_end_and_not_by_the_difference(pairs):
    """Few leads: the difference is small, but nobody knows it well enough."""
    challenger = nudged(pairs.champion, np.random.default_rng(2), 0.15)
    few = only(replace(pairs, challenger=challenger), pairs.lead < 120)

    assert difference(few).value < 0.002 < difference(few).high
    assert not decide(few, "version 6").promote


def test_worse_in_one_pipeline_is_refused_although_the_whole_is_better(pairs, worse):
    b2c = pairs.pipelines["b2c"]
    much_worse = nudged(pairs.champion, np.random.default_rng(3), 1.2)
    uneven = replace(
        pairs,
        challenger=np.where(b2c, worse, pairs.champion),
        champion=np.where(b2c, pairs.champion, much_worse),
    )

    verdict = decide(uneven, "version 6")

    assert difference(uneven).high < 0
    assert not verdict.promote
    assert "; worse in b2c by +0.0" in verdict.reason
    assert list(worse_pipelines(uneven)) == ["b2c"]


def test_pipeline_of_few_leads_has_no_say(pairs, worse):
    tiny = pairs.lead < 29
    some = replace(
        pairs,
        challenger=np.where(tiny, 1 - pairs.label * 0.9 - 0.05, pairs.champion),
        pipelines={"most": ~tiny, "tiny": tiny},
    )

    assert worse_pipelines(some) == {}
    heard = pairs.lead < 30
    assert list(worse_pipelines(replace(some, pipelines={"tiny": heard}))) == ["tiny"]


def test_many_pipelines_are_not_condemned_by_chance(pairs):
    """Of 40 pipelines that are as good as before, without a correction some would seem worse."""
    generator = np.random.default_rng(4)
    champion = nudged(pairs.champion, generator, 0.3)
    challenger = nudged(pairs.champion, generator, 0.3)
    many = replace(
        pairs,
        champion=champion,
        challenger=challenger,
        pipelines={str(one): pairs.lead % 40 == one for one in range(40)},
    )

    assert worse_pipelines(many) == {}
    assert any(difference(many, rows).low > 0 for rows in many.pipelines.values())


# What the interval is.


def test_interval_agrees_with_resampling_leads(pairs, worse):
    both = replace(pairs, challenger=worse)

    found = difference(both)

    resampled = paired_difference(
        "log_loss", both.label, both.challenger, both.champion, both.weight, both.lead,
        resamples=2_000,
    )  # fmt: skip
    assert found.value == pytest.approx(resampled["value"], abs=1e-12)
    assert found.low == pytest.approx(resampled["low"], abs=0.05 * (found.high - found.low))
    assert found.high == pytest.approx(resampled["high"], abs=0.05 * (found.high - found.low))


def test_snapshots_of_a_lead_are_not_new_evidence(pairs, worse):
    once = replace(pairs, challenger=worse)
    twice = only(once, np.repeat(np.arange(len(once.lead)), 2))

    for one, other in zip(
        vars(difference(once)).values(), vars(difference(twice)).values(), strict=True
    ):
        assert one == pytest.approx(other, abs=1e-12)


def test_interval_holds_the_true_difference_in_19_of_20_cases(pairs):
    """Outcomes drawn anew 400 times, of 150 leads; the truth is known."""
    generator = np.random.default_rng(5)
    few = only(pairs, pairs.lead < 150)
    challenger = nudged(few.champion, generator, 0.5)
    gap = np.log(few.champion / challenger), np.log((1 - few.champion) / (1 - challenger))
    true = np.mean(few.champion * gap[0] + (1 - few.champion) * gap[1])
    held = 0
    for _ in range(400):
        drawn = generator.random(LEADS)[few.lead] < few.champion
        found = difference(replace(few, label=drawn.astype(np.int8), challenger=challenger))
        held += found.low <= true <= found.high

    assert 0.92 <= held / 400 <= 0.98


def test_one_lead_says_nothing(pairs):
    found = difference(only(pairs, pairs.lead == 0))

    assert (found.low, found.high) == (-np.inf, np.inf)


def test_weights_count_like_copies(pairs, worse):
    both = replace(pairs, challenger=worse)
    doubled = replace(both, weight=np.where(both.lead == 7, 2.0, 1.0))
    copied = only(both, np.concatenate([np.arange(len(both.lead)), np.flatnonzero(both.lead == 7)]))

    assert difference(doubled).value == pytest.approx(difference(copied).value, abs=1e-12)
    assert difference(doubled).high == pytest.approx(difference(copied).high, abs=1e-12)


def test_a_hundred_leads_and_ten_of_each_class_are_enough():
    lead = np.arange(100)
    label = (lead < 10).astype(np.int8)

    assert enough(lead, label)
    assert not enough(lead[1:], label[1:])
    assert not enough(lead, (lead < 9).astype(np.int8))
    assert not enough(lead, (lead >= 9).astype(np.int8))
    assert not enough(np.repeat(lead[:50], 2), np.repeat(label[:50], 2))


def losses_below(*errors_below):
    """Losses of the usual one, then of others whose mean lies so many standard errors below."""
    noise = np.random.default_rng(4).normal(size=400)
    noise = (noise - noise.mean()) / noise.std(ddof=1) * np.sqrt(400)
    return [np.zeros(400), *((noise - errors) / 1000 for errors in errors_below)]


@pytest.mark.parametrize(
    ("errors_below", "best"),
    [
        ((2.2,), 1),
        ((1.8,), 0),
        # Of five that are tried 2.2 standard errors are chance.
        ((2.2, 0, 0, 0, -1), 0),
        ((3.0, 0, 3.5, 0, -1), 3),
        ((-9.0,), 0),
    ],
)
def test_another_is_best_only_where_that_is_no_chance(errors_below, best):
    assert surely_best(losses_below(*errors_below), 0, np.arange(400)) == best
