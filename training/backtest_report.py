"""The figures of a backtest: by month, over all months, and by how old the model was."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from leads.arrays import Bools, Floats, Int64s
from leads.clock import format_time
from models.bootstrap import Estimate, figures, paired_difference
from models.metrics import METRICS, tally
from training.backtest import Backtest, Month, month_numbers
from training.evaluation import MODEL

# A loss of less than this much log loss is not worth a retraining.
WORTH_RETRAINING = 0.002
FRESH = 0
_COMPARED = ("log_loss", "auc")


def backtest_report(replayed: Backtest) -> dict[str, Any]:
    """The object of `backtest --json`.

    `months` has each month's fresh model beside the baselines, `overall` all months together;
    `ageing` compares models of each age with the fresh one on the same snapshots.
    """
    every = np.ones(len(replayed.label), np.bool_)
    ageing = [_ageing(replayed, age) for age in replayed.probability if age != FRESH]
    fresh = replayed.probability[FRESH]
    return {
        "months": [_month(replayed, place) for place in range(len(replayed.months))],
        "overall": {
            **_judged(replayed, every),
            "baselines": {
                name: dict(_figures(replayed, fresh[name], every))
                for name in fresh
                if name != MODEL
            },
        },
        "ageing": ageing,
        "retraining": retraining_sentence(ageing),
        "left_out": list(replayed.left_out),
    }


def retraining_sentence(ageing: list[dict[str, Any]]) -> str:
    """How often to retrain, from the first age at which a model is clearly worse than a fresh one.

    `ageing` is that of `backtest_report`, youngest first.
    """
    for entry in ageing:
        lost = entry["log_loss"]["difference"]
        if lost["low"] is not None and lost["low"] > 0 and lost["value"] > WORTH_RETRAINING:
            months, learned = entry["age_months"], entry["learned_leads"]
            return (
                f"A model {_months_old(months)} has {lost['value']:.4f} more log loss "
                f"({_range(lost)}) than a fresh one, which knows {learned['fresh']:,.0f} closed "
                f"leads instead of {learned['old']:,.0f}: retrain every "
                f"{'month' if months == 1 else f'{months} months'}."
            )
    if not ageing:
        return "Too few months could be replayed to say how fast a model ages."
    oldest = ageing[-1]
    months, lost = oldest["age_months"], oldest["log_loss"]["difference"]
    return (
        f"No model up to {_months_old(months)} is clearly worse than a fresh one (at that age by "
        f"{lost['value']:+.4f} of log loss, {_range(lost)}): as far as this history can tell, "
        f"retraining every {months + 1} months is often enough."
    )


def _month(replayed: Backtest, place: int) -> dict[str, Any]:
    month = replayed.months[place]
    rows = replayed.month == place
    fresh = replayed.probability[FRESH]
    return {
        "month": format_time(month.start)[:7],
        "from": format_time(month.start),
        "to": format_time(month.end),
        "learned_leads": month.learned_leads,
        "learned_won": month.learned_won,
        "n_censored": month.n_censored,
        **_judged(replayed, rows),
        "baselines": {
            name: _values(replayed, fresh[name], rows) for name in fresh if name != MODEL
        },
    }


def _judged(replayed: Backtest, rows: Bools) -> dict[str, Any]:
    """The fresh model on some snapshots; `log_loss_above` are the baselines' minus the model's."""
    fresh = replayed.probability[FRESH]
    model = fresh[MODEL]
    return {
        "n_leads": len(np.unique(replayed.view.snapshots.lead[rows])),
        "n_snapshots": int(rows.sum()),
        "mean_predicted": float(np.average(model[rows], weights=replayed.weight[rows])),
        **_figures(replayed, model, rows),
        "log_loss_above": {
            name: _difference(replayed, "log_loss", fresh[name], model, rows)
            for name in fresh
            if name != MODEL
        },
    }


def _ageing(replayed: Backtest, age: int) -> dict[str, Any]:
    """A model of some age and the fresh one on the same snapshots; `difference` is old - fresh."""
    old, fresh = replayed.probability[age][MODEL], replayed.probability[FRESH][MODEL]
    rows = ~np.isnan(old) & ~np.isnan(fresh)
    values = {"old": _values(replayed, old, rows), "fresh": _values(replayed, fresh, rows)}
    judged_in = np.unique(replayed.month[rows])
    return {
        "age_months": age,
        "n_months": len(judged_in),
        "learned_leads": _learned(replayed.months, judged_in, age),
        "n_leads": len(np.unique(replayed.view.snapshots.lead[rows])),
        "n_snapshots": int(rows.sum()),
        **{
            metric: {
                "old": values["old"][metric],
                "fresh": values["fresh"][metric],
                "difference": _difference(replayed, metric, old, fresh, rows),
            }
            for metric in _COMPARED
        },
    }


def _learned(months: Sequence[Month], judged_in: Int64s, age: int) -> dict[str, float]:
    """How many closed leads the models of an age, and the fresh ones, knew on average."""
    number = month_numbers(months)
    old = [int(np.flatnonzero(number == number[place] - age)[0]) for place in judged_in]
    return {
        "old": float(np.mean([months[place].learned_leads for place in old])),
        "fresh": float(np.mean([months[place].learned_leads for place in judged_in])),
    }


def _figures(replayed: Backtest, probability: Floats, rows: Bools) -> dict[str, Estimate]:
    return figures(
        replayed.label[rows],
        probability[rows],
        replayed.weight[rows],
        replayed.view.snapshots.lead[rows],
    )


def _values(replayed: Backtest, probability: Floats, rows: Bools) -> dict[str, float | None]:
    tallied = tally(replayed.label[rows], probability[rows], replayed.weight[rows])
    return {metric: measure(tallied) for metric, measure in METRICS.items()}


def _difference(
    replayed: Backtest, metric: str, one: Floats, other: Floats, rows: Bools
) -> Estimate:
    """A metric of one column of probabilities minus that of another, paired over leads."""
    return paired_difference(
        metric,
        replayed.label[rows],
        one[rows],
        other[rows],
        replayed.weight[rows],
        replayed.view.snapshots.lead[rows],
    )


def _months_old(months: int) -> str:
    return "one month old" if months == 1 else f"{months} months old"


def _range(estimate: Estimate) -> str:
    low, high = estimate["low"], estimate["high"]
    return "unknown" if low is None or high is None else f"{low:+.4f} to {high:+.4f}, 95 %"
