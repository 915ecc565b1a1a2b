"""Metrics agree with scikit-learn where it has them, and with what they mean elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from models.metrics import (
    METRICS,
    auc,
    average_precision,
    brier,
    calibration_curve,
    ece,
    lift_at,
    lift_curve,
    log_loss,
    tally,
)

PAIRS = [
    (auc, reference.roc_auc_score),
    (average_precision, reference.average_precision_score),
    (log_loss, reference.log_loss),
    (brier, reference.brier_score_loss),
]


@st.composite
def snapshots(draw):
    """Labels of both classes, probabilities with ties, weights among them zeros."""
    grid = st.integers(0, 8).map(lambda eighth: eighth / 8)
    weights = st.sampled_from([0.0, 0.25, 1.0, 3.0])
    rows = draw(st.lists(st.tuples(st.integers(0, 1), grid, weights), max_size=30))
    rows += [(0, draw(grid), 1.0), (1, draw(grid), 1.0)]
    label, probability, weight = (np.array(column, float) for column in zip(*rows, strict=True))
    return label, probability, weight


@pytest.mark.parametrize(("own", "sklearns"), PAIRS)
@given(snapshots())
def test_metric_is_scikit_learns(own, sklearns, drawn):
    label, probability, weight = drawn
    assert own(label, probability, weight) == pytest.approx(
        sklearns(label, probability, sample_weight=weight), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("metric", METRICS)
@given(snapshots(), st.randoms(use_true_random=False))
def test_order_of_snapshots_does_not_matter(metric, drawn, random):
    order = random.sample(range(len(drawn[0])), len(drawn[0]))
    measured, turned = (
        METRICS[metric](tally(*columns)) for columns in (drawn, [c[order] for c in drawn])
    )
    assert turned == pytest.approx(measured, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@given(snapshots(), st.sampled_from([0.5, 2.0, 8.0]))
def test_unit_of_weight_does_not_matter(metric, drawn, factor):
    label, probability, weight = drawn
    measure = METRICS[metric]
    assert measure(tally(label, probability, weight * factor)) == pytest.approx(
        measure(tally(label, probability, weight)), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("metric", METRICS)
@given(snapshots())
def test_weight_two_is_the_snapshot_twice(metric, drawn):
    label, probability, weight = drawn
    twice = [np.append(column, column[-1]) for column in drawn]
    heavier = weight.copy()
    heavier[-1] *= 2
    measure = METRICS[metric]
    assert measure(tally(*twice)) == pytest.approx(
        measure(tally(label, probability, heavier)), rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize("metric", METRICS)
@given(snapshots())
def test_snapshot_without_weight_does_not_count(metric, drawn):
    kept = [column[drawn[2] > 0] for column in drawn]
    measure = METRICS[metric]
    assert measure(tally(*drawn)) == pytest.approx(measure(tally(*kept)), rel=1e-9, abs=1e-12)


@given(snapshots())
def test_auc_of_the_reverse_ranking_is_its_complement(drawn):
    label, probability, weight = drawn
    assert auc(label, 1 - probability, weight) == pytest.approx(1 - auc(label, probability, weight))


@given(snapshots())
def test_auc_and_lift_know_only_the_ranking(drawn):
    label, probability, weight = drawn
    stretched = probability**3 / 2
    assert auc(label, stretched, weight) == pytest.approx(auc(label, probability, weight))
    assert lift_at(label, stretched, weight) == pytest.approx(lift_at(label, probability, weight))


@given(snapshots())
def test_calibration_error_is_at_least_the_total_surplus(drawn):
    label, probability, weight = drawn
    surplus = abs(np.average(probability - label, weights=weight))
    assert surplus - 1e-12 <= ece(label, probability, weight) <= 1


def test_constant_prediction_has_half_auc_and_one_bin():
    label, probability = np.array([1, 0, 0, 0, 0]), np.full(5, 0.3)

    assert auc(label, probability) == 0.5
    assert ece(label, probability) == pytest.approx(0.1)
    assert lift_at(label, probability) == pytest.approx(1.0)
    (only,) = calibration_curve(label, probability)
    assert only == pytest.approx((0.3, 0.2, 5))


def test_ece_is_the_mean_gap_of_ten_bins_of_equal_count():
    """100 snapshots, ten to a bin: observed 0.25 too many in one bin, 0.35 too few in another."""
    probability = (np.arange(100) + 0.5) / 100
    label = np.concatenate([[1] * ten + [0] * (10 - ten) for ten in (3, 1, 2, 3, 4, 5, 6, 7, 5, 9)])
    gaps = [0.25] + [0.05] * 7 + [0.35, 0.05]
    assert ece(label, probability) == pytest.approx(np.mean(gaps))


def test_ece_bins_hold_equal_weight():
    """One lead of weight 9 and nine of weight 1, in two bins: the heavy one is a bin."""
    probability = np.array([0.9] + [0.1] * 9)
    label = np.array([1] + [0] * 8 + [1])
    weight = np.array([9.0] + [1.0] * 9)
    assert ece(label, probability, weight, bins=2) == pytest.approx(
        (0.1 * 9 + (1 / 9 - 0.1) * 9) / 18
    )


def test_equal_probabilities_share_the_bin_where_their_middle_falls():
    """Three of four are equal: they reach into the upper half, but belong to the lower."""
    curve = calibration_curve([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.5], bins=2)
    assert [point.snapshots for point in curve] == [3, 1]


def test_lift_at_a_tenth_compares_its_win_rate_with_the_base_rate():
    probability = np.arange(100) / 100
    label = np.zeros(100)
    label[[95, 96, 97, 3, 40]] = 1
    assert lift_at(label, probability) == pytest.approx((3 / 10) / (5 / 100))
    assert lift_at(label, probability, share=0.05) == pytest.approx((3 / 5) / (5 / 100))


def test_ties_at_the_edge_of_the_share_are_taken_in_proportion():
    """The top tenth of 20 is two: the best one, and one of four equal ones that hold a win."""
    probability = np.array([0.9] + [0.5] * 4 + [0.1] * 15)
    label = np.array([1, 1] + [0] * 18)
    assert lift_at(label, probability) == pytest.approx(((1 + 1 / 4) / 2) / (2 / 20))


def test_certain_and_wrong_has_a_large_but_finite_log_loss():
    assert log_loss([0, 1], [1.0, 0.0]) == pytest.approx(36.04, abs=0.01)


@pytest.mark.parametrize(
    ("label", "defined"),
    [
        ([], set()),
        ([0, 0], {"base_rate", "log_loss", "brier", "ece"}),
        ([1, 1], set(METRICS) - {"auc"}),
        ([1, 0], set(METRICS)),
    ],
)
def test_metric_that_the_labels_do_not_define_is_none(label, defined):
    tallied = tally(label, [0.25, 0.5][: len(label)])
    assert {name for name, measure in METRICS.items() if measure(tallied) is not None} == defined


def test_no_weight_at_all_defines_nothing():
    tallied = tally([1, 0], [0.25, 0.5], [0.0, 0.0])
    assert {measure(tallied) for measure in METRICS.values()} == {None}
    assert calibration_curve([1, 0], [0.25, 0.5], [0, 0]) == []
    assert lift_curve([1, 0], [0.25, 0.5], [0, 0]) == []


@given(snapshots())
def test_calibration_curve_holds_every_snapshot_once(drawn):
    label, probability, weight = (column[drawn[2] > 0] for column in drawn)
    curve = calibration_curve(label, probability, weight)

    assert sum(point.snapshots for point in curve) == len(label)
    assert len(curve) <= 10
    assert [p.predicted for p in curve] == sorted(p.predicted for p in curve)
    assert all(0 <= point.observed <= 1 for point in curve)


def test_calibration_curve_is_lowest_first():
    probability = np.repeat([0.1, 0.2, 0.7, 0.8], 5)
    label = np.array([0] * 10 + [1] * 10)
    curve = calibration_curve(label, probability, bins=2)
    assert [tuple(point) for point in curve] == [
        pytest.approx((0.15, 0.0, 10)),
        pytest.approx((0.75, 1.0, 10)),
    ]


@given(snapshots())
def test_lift_curve_rises_to_all_wins(drawn):
    curve = lift_curve(*drawn)
    captured = [point.captured for point in curve]

    assert captured == sorted(captured)
    assert curve[-1] == pytest.approx((1.0, 1.0, 1.0))
    assert curve[9].lift == pytest.approx(lift_at(*drawn))


def test_lift_curve_without_wins_is_empty():
    assert lift_curve([0, 0], [0.1, 0.2]) == []
