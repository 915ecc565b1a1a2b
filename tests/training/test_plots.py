"""The plots show the numbers of the curves they are given."""

import sys

import numpy as np
import pytest

from models.metrics import CalibrationBin, LiftPoint, calibration_curve, lift_curve
from training.plots import calibration_plot, lift_plot


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


def test_text_of_the_plots_does_not_overlap_its_frame(holdout, tmp_path):
    """Drawn for real: every label lies within the picture."""
    for figure in (calibration_plot(calibration_curve(*holdout)), lift_plot(lift_curve(*holdout))):
        figure.savefig(tmp_path / "plot.png")
        picture = figure.bbox
        for axes in figure.axes:
            for text in [*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title]:
                box = text.get_window_extent()
                assert picture.x0 <= box.x0 <= box.x1 <= picture.x1
                assert picture.y0 <= box.y0 <= box.y1 <= picture.y1


@pytest.mark.parametrize(
    ("plot", "curve"),
    [
        (calibration_plot, []),
        (calibration_plot, [CalibrationBin(0.0, 0.0, 3)]),
        (lift_plot, []),
        (lift_plot, [LiftPoint(1.0, 1.0, 1.0)]),
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
