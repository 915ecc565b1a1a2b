"""Readiness: the accuracy to expect, what more would buy, and one verdict with its reason."""

import re
from dataclasses import replace

import numpy as np
import pytest

from models.metrics import auc
from tests.training.sales_records import orderly, until
from tests.training.simulated_crm import (
    audited_timelines,
    simulated_timelines,
    until_of,
    with_shuffled_closings,
)
from training.drift import BaseRateShift
from training.evaluation import judge_forward
from training.leak_audit import NOT_OVERRULED, Audit, Overruled, set_aside
from training.learning_curve import QUICK, SHARES, expected_accuracy
from training.problem import Problem
from training.readiness import Readiness, readiness
from training.suspicion import Suspicion

SHIFT = BaseRateShift("2026-02", 0.1, 0.3, 100, 100, 30, 0.001)
TELLING = Suspicion("lost_reason", "filled_at_close", "filled for 90% of closed leads")


@pytest.fixture(scope="module")
def timelines():
    return simulated_timelines()


@pytest.fixture(scope="module")
def looked(timelines) -> Readiness:
    return readiness(timelines, until_of(timelines), 1)


@pytest.fixture(scope="module")
def expected(looked):
    return looked.expected


# What to expect.


def test_accuracy_is_that_of_a_quick_model_on_later_leads(expected, timelines):
    judged = judge_forward(audited_timelines(), until_of(timelines), 1, QUICK)

    found = auc(judged.label, judged.probability["model"], judged.weight)
    # Two fits of the same rows, added up in another order: two leads that nearly tie may swap.
    assert expected.auc["value"] == pytest.approx(found, abs=1e-4)
    assert expected.auc["low"] < expected.auc["value"] < expected.auc["high"]
    assert 0 < expected.judged_won < expected.judged_leads


def test_curve_goes_from_a_quarter_of_the_leads_to_all(expected):
    assert [point.share for point in expected.curve] == [*SHARES, 1.0]
    assert expected.curve[-1].leads == expected.learned_leads
    assert expected.curve[-1].auc == expected.auc["value"]


def test_twice_the_leads_add_less_than_all_did_to_a_quarter(expected):
    quarter, _, whole = expected.curve
    twice = expected.twice_auc

    assert twice["low"] < twice["value"] < twice["high"]
    assert abs(twice["value"]) <= abs(whole.auc - quarter.auc) / 2


@pytest.mark.slow
def test_same_seed_gives_the_same_figures(expected, timelines):
    assert expected_accuracy(audited_timelines(), until_of(timelines), 1) == expected


def test_log_loss_above_the_base_rates_is_not_called_less(looked):
    worse = {"value": -0.003, "low": -0.004, "high": -0.002}
    better = {"value": 0.03, "low": 0.02, "high": 0.04}
    of_worse, of_better = (
        replace(looked, expected=replace(looked.expected, log_loss_gain=gain)).accuracy_sentences[0]
        for gain in (worse, better)
    )

    assert "and no less (-0.003 (-0.004 to -0.002)) log loss than the base rate" in of_worse
    assert " less log loss than the base rate" in of_better
    assert "no less" not in of_better


# The verdict.


def test_simulated_records_are_ready(looked):
    assert looked.verdict in ("ready", "ready with care")
    assert not [one for one in looked.problems if one.weight == "stops"]
    assert looked.unmeasured is None


@pytest.mark.parametrize(
    ("parts", "verdict", "said"),
    [
        ({}, "ready", "^Ready: nothing was found"),
        (
            {"problems": (Problem("no_stage_history", "care", "…"),), "found": (TELLING,)},
            "ready with care",
            r"^Ready with care: no stage history; fields that tell the outcome \(lost_reason\)\.$",
        ),
        ({"problems": (Problem("pipeline_length", "note", "…"),)}, "ready", "^Ready: "),
        ({"shift": SHIFT}, "ready with care", "a base rate that moved"),
        (
            {"problems": (Problem("too_few_outcomes", "stops", "3 leads are won"),)},
            "not ready",
            r"^Not ready: 3 leads are won\.$",
        ),
        (
            {"expected": None, "unmeasured": "no lead was closed yet"},
            "not ready",
            r"^Not ready: no lead was closed yet\.$",
        ),
        ({"found": (replace(TELLING, ground="name"),)}, "ready", "^Ready: "),
        ({"found": (TELLING,), "allowed": ("lost_reason",)}, "ready", "^Ready: "),
    ],
)
def test_verdict_follows_from_what_was_found(looked, parts, verdict, said):
    parts = dict(parts)
    found, allowed = parts.pop("found", ()), parts.pop("allowed", ())
    overruled = Overruled(allowed) if allowed else NOT_OVERRULED
    aside = set_aside(looked.audit.timelines, found, overruled)
    clean = replace(looked, problems=(), audit=Audit(aside, found, overruled), shift=None)
    changed = replace(clean, **parts)

    assert changed.verdict == verdict
    assert re.search(said, changed.sentence), changed.sentence
    assert changed.as_record()["sentence"] == changed.sentence


def test_records_that_tell_nothing_are_not_ready(looked):
    nothing = {"value": 0.51, "low": 0.44, "high": 0.58}
    less = {"value": -0.01, "low": -0.03, "high": 0.01}
    flat = replace(looked.expected, auc=nothing, log_loss_gain=less)
    changed = replace(looked, problems=(), expected=flat)

    assert changed.verdict == "not ready"
    assert "does not tell later leads apart" in changed.sentence


def test_few_leads_are_not_measured_and_the_reason_is_said():
    few = readiness(orderly(24).timelines(), until(), 0)

    assert few.verdict == "not ready"
    assert few.expected is None
    assert "at least 10" in few.sentence or "10 of each" in few.sentence
    assert few.accuracy_sentences == [f"Cannot be measured: {few.unmeasured}."]


def test_field_that_tells_the_outcome_is_not_counted_on():
    records = orderly(400)
    leaky = records.with_extra([{"Won": "yes"}.get(one, "no") for one in records.outcome])
    looked = readiness(leaky.timelines(), until(), 0)

    assert [one.attribute for one in looked.suspicious] == ["extra"]
    assert looked.expected.auc["low"] < 0.6


@pytest.mark.slow
def test_outcomes_dealt_by_lot_are_not_ready(timelines):
    """In one pipeline: more is won in the other, so that which of them it is tells something."""
    dealt = with_shuffled_closings(timelines.only(np.flatnonzero(timelines.pipeline == 0)))
    found = readiness(dealt, until_of(timelines), 1)

    assert found.verdict == "not ready"
    assert found.expected.auc["low"] < 0.5
