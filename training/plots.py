"""The plots of an evaluation, as matplotlib figures that belong to whoever asked for them.

No pyplot: it keeps figures in a global list and may look for a display. Margins are given, for
finding them costs as much as drawing.
"""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.metrics import CalibrationBin, LiftPoint
from models.scorer import Score
from training.curves import AgePoint, Curves, Distribution
from training.importance import GroupImportance

_SIZE_INCHES = (6.4, 4.8)
_DPI = 100
_MARGINS = {"left": 0.11, "right": 0.97, "top": 0.92, "bottom": 0.11}
_CURVE = "#1f5fa8"
_REFERENCE = "#8a8a8a"
_OTHER = "#c9792b"
_MOST_GROUPS = 15
_LONGEST_LABEL = 34


def calibration_plot(bins: Sequence[CalibrationBin], title: str = "Calibration") -> Figure:
    """Predicted against observed, and below it how many snapshots each bin holds.

    Both axes end a little above the largest probability, so that rare wins fill the plot.
    """
    figure = Figure(figsize=(_SIZE_INCHES[0], _SIZE_INCHES[0]), dpi=_DPI)
    curve, counts = figure.subplots(
        2, 1, sharex=True, height_ratios=(4, 1), gridspec_kw={**_MARGINS, "hspace": 0.06}
    )
    predicted = [one.predicted for one in bins]
    observed = [one.observed for one in bins]
    end = min(1.0, 1.1 * max([*predicted, *observed], default=0.0)) or 1.0
    curve.plot([0, end], [0, end], "--", color=_REFERENCE, label="perfectly calibrated")
    curve.plot(predicted, observed, "o-", color=_CURVE, label="this model")
    _title(curve, title)
    curve.set(ylabel="observed win rate", xlim=(-end / 50, end), ylim=(0, end))
    _finish(curve)
    _count_bars(counts, bins, end)
    return figure


def lift_plot(points: Sequence[LiftPoint], title: str = "Lift") -> Figure:
    """The share of all wins found when the highest-ranked leads are worked first."""
    figure, axes = _figure()
    share = [0.0, *(100 * point.share for point in points)]
    captured = [0.0, *(100 * point.captured for point in points)]
    axes.plot([0, 100], [0, 100], "--", color=_REFERENCE, label="in no particular order")
    axes.plot(share, captured, color=_CURVE, label="highest probability first")
    for point in points:
        if round(100 * point.share, 6) in (10.0, 20.0, 50.0):
            _mark(axes, point)
    _title(axes, title)
    axes.set(xlim=(0, 100), ylim=(0, 102))
    axes.set(xlabel="share of snapshots, %", ylabel="share of wins found, %")
    _finish(axes)
    return figure


def auc_by_age_plot(points: Sequence[AgePoint]) -> Figure:
    """The AUC at each age of a lead with its 95 % interval, and how many snapshots it is from.

    An age whose snapshots are all of one class is left out.
    """
    figure, axes = _figure()
    shown = [(point.auc, point) for point in points if point.auc is not None]
    places = range(len(shown))
    axes.axhline(0.5, linestyle="--", color=_REFERENCE, label="by chance")
    for place, (auc, point) in zip(places, shown, strict=True):
        ends = [auc if end is None else end for end in (point.low, point.high)]
        axes.plot([place, place], ends, color=_CURVE)
        axes.annotate(
            f"{point.snapshots:,}", (place, 0.01), xycoords=("data", "axes fraction"),
            ha="center", size=7,
        )  # fmt: skip
    axes.plot(
        places, [auc for auc, _ in shown], "o", color=_CURVE, label="this model, 95 % interval"
    )
    axes.set_xticks(places, [point.age.removesuffix(" days") for _, point in shown], size=9)
    lowest = min([0.5, *(auc if point.low is None else point.low for auc, point in shown)])
    _title(axes, "AUC by age of the lead")
    axes.set(ylabel="AUC", ylim=(max(0.0, lowest - 0.06), 1.0))
    axes.set(xlim=(-0.5, max(len(shown), 1) - 0.5), xlabel="age in days; above it its snapshots")
    _finish(axes)
    return figure


def importance_plot(groups: Sequence[GroupImportance]) -> Figure:
    """How far each group of signals moves a score on average; the fifteen strongest."""
    figure, axes = _figure(left=0.4)
    strongest = sorted(groups, key=lambda one: -one.mean_effect)[:_MOST_GROUPS][::-1]
    effects = [100 * one.mean_effect for one in strongest]
    axes.barh(range(len(strongest)), effects, color=_CURVE)
    axes.set_yticks(
        range(len(strongest)), [one.label[:_LONGEST_LABEL] for one in strongest], size=8
    )
    _title(axes, "What moves the scores")
    axes.set(xlabel="mean effect either way, points of probability")
    axes.set_axisbelow(True)
    axes.grid(alpha=0.3, axis="x")
    return figure


def distribution_plot(distribution: Distribution) -> Figure:
    """How the win probabilities of leads that were won lie beside those of leads that were not.

    Each curve is a share of its own snapshots, so that rare wins are seen.
    """
    figure, axes = _figure()
    curves = (
        ("not won", distribution.not_won, distribution.n_not_won, _OTHER),
        ("won", distribution.won, distribution.n_won, _CURVE),
    )
    for name, shares, count, colour in curves:
        percent = [100 * share for share in shares]
        axes.stairs(percent, distribution.edges, color=colour, fill=True, alpha=0.25)
        axes.stairs(percent, distribution.edges, color=colour, label=f"{name}, {count:,} snapshots")
    _title(axes, "Distribution of the scores")
    axes.set(xlim=(0, distribution.edges[-1]), ylim=(0, None))
    axes.set(xlabel="predicted win probability", ylabel="share of these snapshots, %")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper right", frameon=False)
    return figure


def factors_plot(score: Score) -> Figure:
    """From a typical lead's probability to this one's, factor by factor.

    Raises `ValueError` for a lead that is won or lost, which has no probability.
    """
    if score.base_probability is None or score.other_effects is None:
        raise ValueError(f"lead {score.lead_id!r} is {score.status}: only open leads are explained")
    figure, axes = _figure(left=0.4)
    rest = ("Everything else", score.other_effects)
    steps = [*((factor.label, factor.effect) for factor in score.factors), rest]
    reached = 100 * score.base_probability
    labels = [f"A typical lead: {reached:.0f} %"]
    for place, (label, effect) in enumerate(steps, start=1):
        axes.barh(place, 100 * effect, left=reached, color=_CURVE if effect > 0 else _OTHER)
        reached += 100 * effect
        labels.append(f"{label[:_LONGEST_LABEL]} {100 * effect:+.1f}")
    axes.axvline(100 * score.base_probability, linestyle="--", color=_REFERENCE)
    axes.axvline(reached, color=_REFERENCE)
    axes.set_yticks(range(len(labels) + 1), [*labels, f"This lead: {reached:.0f} %"], size=8)
    axes.use_sticky_edges = False
    axes.margins(x=0.05)
    axes.set(ylim=(len(labels) + 0.5, -0.5), xlabel="win probability, %")
    _title(axes, f"Lead {score.lead_id[:_LONGEST_LABEL]}")
    return figure


def all_plots(curves: Curves) -> dict[str, Figure]:
    """Every plot of a run, by the name of its file."""
    return {
        "calibration.png": calibration_plot(curves.calibration),
        "lift.png": lift_plot(curves.lift),
        "auc_by_age.png": auc_by_age_plot(curves.by_age),
        "importance.png": importance_plot(curves.importance),
        "distribution.png": distribution_plot(curves.distribution),
    }


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as a picture, packed fast rather than small."""
    figure.savefig(path, pil_kwargs={"compress_level": 1})


def _figure(**margins: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI)
    return figure, figure.subplots(gridspec_kw=_MARGINS | margins)


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


def _title(axes: Axes, title: str) -> None:
    """A title at a given height, for finding one measures every label once more."""
    axes.set_title(title, y=1.01)


def _finish(axes: Axes) -> None:
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left" if axes.get_ylim()[1] <= 1 else "lower right", frameon=False)
