"""The two plots of an evaluation, as matplotlib figures that belong to whoever asked for them.

No pyplot: it keeps figures in a global list and may look for a display.
"""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.metrics import CalibrationBin, LiftPoint

_SIZE_INCHES = (6.4, 6.4)
_DPI = 120
_CURVE = "#1f5fa8"
_REFERENCE = "#8a8a8a"


def calibration_plot(bins: Sequence[CalibrationBin], title: str = "Calibration") -> Figure:
    """Predicted against observed, and below it how many snapshots each bin holds.

    Both axes end a little above the largest probability, so that rare wins fill the plot.
    """
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    curve, counts = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    predicted = [one.predicted for one in bins]
    observed = [one.observed for one in bins]
    end = min(1.0, 1.1 * max([*predicted, *observed], default=0.0)) or 1.0
    curve.plot([0, end], [0, end], "--", color=_REFERENCE, label="perfectly calibrated")
    curve.plot(predicted, observed, "o-", color=_CURVE, label="this model")
    curve.set(title=title, ylabel="observed win rate", xlim=(-end / 50, end), ylim=(0, end))
    _finish(curve)
    _count_bars(counts, bins, end)
    return figure


def lift_plot(points: Sequence[LiftPoint], title: str = "Lift") -> Figure:
    """The share of all wins found when the highest-ranked leads are worked first."""
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    share = [0.0, *(100 * point.share for point in points)]
    captured = [0.0, *(100 * point.captured for point in points)]
    axes.plot([0, 100], [0, 100], "--", color=_REFERENCE, label="in no particular order")
    axes.plot(share, captured, color=_CURVE, label="highest probability first")
    for point in points:
        if round(100 * point.share, 6) in (10.0, 20.0, 50.0):
            _mark(axes, point)
    axes.set(title=title, xlim=(0, 100), ylim=(0, 102))
    axes.set(xlabel="share of snapshots, %", ylabel="share of wins found, %")
    _finish(axes)
    return figure


def _count_bars(axes: Axes, bins: Sequence[CalibrationBin], end: float) -> None:
    predicted = [one.predicted for one in bins]
    counts = [one.snapshots for one in bins]
    axes.bar(predicted, counts, width=end / 60, color=_CURVE)
    for place, count in zip(predicted, counts, strict=True):
        axes.annotate(
            f"{count:,}",
            (place, count),
            (0, 2),
            textcoords="offset points",
            ha="center",
            rotation=90,
            size=7,
        )
    axes.margins(y=0.6)
    axes.set(xlabel="predicted win probability", ylabel="snapshots")


def _mark(axes: Axes, point: LiftPoint) -> None:
    place = (100 * point.share, 100 * point.captured)
    axes.plot(*place, "o", color=_CURVE)
    axes.annotate(
        f"{point.lift:.1f} x the average", place, (8, -10), textcoords="offset points", size=9
    )


def _finish(axes: Axes) -> None:
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left" if axes.get_ylim()[1] <= 1 else "lower right", frameon=False)
