"""The plots of a backtest: what each month's model reached, and what age costs a model."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

_SIZE_INCHES = (6.4, 6.4)
_WIDE_INCHES = (6.4, 4.0)
_DPI = 100
_MARGINS = {"left": 0.13, "right": 0.97, "top": 0.93, "bottom": 0.12}
_MODEL, _BASE_RATE, _WON = "#1f5fa8", "#8a8a8a", "#c9792b"


def months_plot(months: Sequence[Mapping[str, Any]]) -> Figure:
    """AUC with its interval by month, and below it the mean predicted beside the share won."""
    figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI)
    ranks, rates = figure.subplots(2, 1, sharex=True, gridspec_kw={**_MARGINS, "hspace": 0.08})
    places = range(len(months))
    value, below, above = _with_interval([month["auc"] for month in months])
    ranks.axhline(0.5, linestyle="--", color=_BASE_RATE, label="no better than chance")
    ranks.errorbar(places, value, (below, above), fmt="o-", color=_MODEL, label="the month's model")
    ranks.set(ylabel="AUC, 95 % interval")
    ranks.set_title("Each month's model on the leads of that month")
    value, below, above = _with_interval([month["base_rate"] for month in months])
    rates.errorbar(places, value, (below, above), fmt="o", color=_WON, label="won, 95 % interval")
    predicted = [month["mean_predicted"] for month in months]
    rates.plot(places, predicted, "o-", color=_MODEL, label="mean predicted")
    rates.set(ylabel="share", xticks=list(places))
    rates.set_ylim(bottom=0)
    rates.set_xticklabels([month["month"] for month in months], rotation=45, ha="right")
    for axes in (ranks, rates):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure


def ageing_plot(ageing: Sequence[Mapping[str, Any]]) -> Figure:
    """The log loss of older models above that of the fresh one, by age in months."""
    figure = Figure(figsize=_WIDE_INCHES, dpi=_DPI)
    axes = figure.subplots(gridspec_kw=_MARGINS)
    value, below, above = _with_interval([entry["log_loss"]["difference"] for entry in ageing])
    ages = [entry["age_months"] for entry in ageing]
    axes.axhline(0.0, linestyle="--", color=_BASE_RATE)
    axes.errorbar(ages, value, (below, above), fmt="o-", color=_MODEL)
    axes.set(xlabel="age of the model in months", ylabel="log loss above a fresh model's")
    axes.set_xticks(ages)
    axes.set_title("What age costs a model")
    axes.grid(alpha=0.3)
    return figure


def _with_interval(
    estimates: Sequence[Mapping[str, float | None]],
) -> tuple[list[float], list[float], list[float]]:
    """The values and how far their intervals reach below and above; NaN is not drawn."""
    value = [_number(estimate["value"]) for estimate in estimates]
    ends = [(_number(estimate["low"]), _number(estimate["high"])) for estimate in estimates]
    # Of a metric at its edge the interval of resamples may lie on one side of the value.
    below = [float(np.fmax(v - low, 0.0)) for v, (low, _) in zip(value, ends, strict=True)]
    above = [float(np.fmax(high - v, 0.0)) for v, (_, high) in zip(value, ends, strict=True)]
    return value, below, above


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
