"""The plots show the numbers of the curves they are given."""

import sys

import numpy as np
import pytest

from models.metrics import CalibrationBin, LiftPoint, calibration_curve, lift_curve
from models.scorer import Factor, Score
from models.sentences import Statement
from training.curves import AgePoint, Curves, Distribution
from training.importance import GroupImportance
from training.plots import (
    all_plots,
    auc_by_age_plot,
    calibration_plot,
    distribution_plot,
    factors_plot,
    importance_plot,
    lift_plot,
    save_figure,
)

AGES = (
    AgePoint("0-1 days", 6159, 0.7, 0.65, 0.75),
    AgePoint("1-3 days", 12, None, None, None),
    AgePoint("90+ days", 138, 0.4, None, None),
)
DISTRIBUTION = Distribution((0.0, 0.25, 0.5), (0.4, 0.6), (0.9, 0.1), 30, 200)
GROUPS = tuple(
    GroupImportance(f"g{i}", f"How much of number {i} there is for this lead", i / 100)
    for i in range(20)
)


@pytest.fixture(scope="module")
def holdout():
    generator = np.random.default_rng(1)
    probability = generator.random(2000) ** 2
    return generator.random(2000) < probability, probability


def _points(axes, label):
    (line,) = (line for line in axes.get_lines() if line.get_label() == label)
    return [tuple(map(float, point)) for point in line.get_xydata()]


def _texts(axes):
    return [text.get_text() for text in axes.texts]


def test_calibration_plot_shows_bins_against_the_diagonal(holdout):
    bins = calibration_curve(*holdout)
    curve, counts = calibration_plot(bins, "Holdout").axes

    assert curve.get_title() == "Holdout"
    assert _points(curve, "this model") == [(one.predicted, one.observed) for one in bins]
    assert all(x == y for x, y in _points(curve, "perfectly calibrated"))
    assert _texts(counts) == [f"{one.snapshots:,}" for one in bins]
    assert [bar.get_height() for bar in counts.patches] == [one.snapshots for one in bins]


def test_rare_wins_fill_the_calibration_plot():
    curve, _ = calibration_plot(
        [CalibrationBin(0.01, 0.02, 1200), CalibrationBin(0.03, 0.0, 9)]
    ).axes
    assert curve.get_xlim()[1] == pytest.approx(0.033)


def test_lift_plot_shows_the_share_of_wins_found(holdout):
    points = lift_curve(*holdout)
    (axes,) = lift_plot(points).axes

    assert _points(axes, "highest probability first")[1:] == [
        pytest.approx((100 * point.share, 100 * point.captured)) for point in points
    ]
    assert _texts(axes) == [f"{points[i].lift:.1f} x the average" for i in (9, 19, 49)]


def test_auc_by_age_has_its_interval_and_its_snapshots():
    (axes,) = auc_by_age_plot(AGES).axes

    assert _points(axes, "this model, 95 % interval") == [(0.0, 0.7), (1.0, 0.4)]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0-1", "90+"]
    assert _texts(axes) == ["6,159", "138"]
    bars = [line.get_ydata() for line in axes.get_lines() if line.get_label().startswith("_")]
    assert [list(bar) for bar in bars] == [[0.65, 0.75], [0.4, 0.4]]
    assert axes.get_ylim()[0] < 0.4


def test_importance_shows_the_strongest_groups_with_the_first_on_top():
    (axes,) = importance_plot(GROUPS).axes

    assert [bar.get_width() for bar in axes.patches] == [pytest.approx(i) for i in range(5, 20)]
    assert axes.get_yticklabels()[-1].get_text().startswith("How much of number 19")


def test_distribution_shows_won_beside_not_won():
    (axes,) = distribution_plot(DISTRIBUTION).axes

    stairs = {patch.get_label(): list(patch.get_data().values) for patch in axes.patches}
    assert stairs["won, 30 snapshots"] == [40.0, 60.0]
    assert stairs["not won, 200 snapshots"] == [90.0, 10.0]


def test_factors_lead_from_a_typical_lead_to_this_one():
    factors = tuple(
        Factor(
            name, name, effect, "win", 1.0, "count", None, "", (), Statement(name, name, "count")
        )
        for name, effect in (("Pace", 0.3), ("Source", -0.1))
    )
    score = Score("42", 0, "open", 0.45, 45, "C", 0.2, factors, 0.05)

    (axes,) = factors_plot(score).axes

    steps = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert steps == [
        (pytest.approx(20), pytest.approx(30)),
        (pytest.approx(50), pytest.approx(-10)),
        (pytest.approx(40), pytest.approx(5)),
    ]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[0] == "A typical lead: 20 %"
    assert labels[1:4] == ["Pace +30.0", "Source -10.0", "Everything else +5.0"]
    assert labels[4] == "This lead: 45 %"


def test_closed_lead_has_no_factors_to_plot():
    with pytest.raises(ValueError, match="lead '42' is won: only open leads are explained"):
        factors_plot(Score("42", 0, "won"))


def test_text_of_the_plots_does_not_overlap_its_frame(holdout, tmp_path):
    """Drawn for real: every label lies within the picture."""
    calibration, lift = tuple(calibration_curve(*holdout)), tuple(lift_curve(*holdout))
    drawn = all_plots(Curves(calibration, lift, AGES, DISTRIBUTION, GROUPS))
    assert len(drawn) == 5
    for name, figure in drawn.items():
        save_figure(figure, tmp_path / name)
        picture = figure.bbox
        for axes in figure.axes:
            for text in [*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title]:
                box = text.get_window_extent()
                assert picture.x0 <= box.x0 <= box.x1 <= picture.x1
                assert picture.y0 <= box.y0 <= box.y1 <= picture.y1
            whole = axes.get_tightbbox()
            assert picture.x0 <= whole.x0 <= whole.x1 <= picture.x1, name
            assert picture.y0 <= whole.y0 <= whole.y1 <= picture.y1, name


@pytest.mark.parametrize(
    ("plot", "curve"),
    [
        (calibration_plot, []),
        (calibration_plot, [CalibrationBin(0.0, 0.0, 3)]),
        (lift_plot, []),
        (lift_plot, [LiftPoint(1.0, 1.0, 1.0)]),
        (auc_by_age_plot, []),
        (importance_plot, []),
        (distribution_plot, Distribution((0.0, 1.0), (0.0,), (1.0,), 0, 3)),
    ],
)
def test_empty_and_degenerate_curves_are_drawn(plot, curve, tmp_path):
    plot(curve).savefig(tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_no_global_state_of_pyplot_is_used(holdout):
    lift_plot(lift_curve(*holdout))
    assert (
        "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
    )
