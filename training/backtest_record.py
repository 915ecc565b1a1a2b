"""What MLflow gets of a backtest: a run over all months, with a nested run for each of them."""

import json
from collections.abc import Mapping
from typing import Any

from training.backtest_plots import ageing_plot, months_plot
from training.recipe import Recipe
from training.tracking import ChildRun, RunRecord

_OF_A_MONTH = ("month", "from", "to", "learned_leads", "learned_won", "n_leads", "n_snapshots")
_BY_MONTH = ("auc", "log_loss", "brier", "base_rate")


def backtest_record(
    report: Mapping[str, Any], recipe: Recipe, about: Mapping[str, object]
) -> RunRecord:
    """The run of a backtest's report; `about` are parameters: until, seed, source, data hash.

    Figures by month are series by the month's place, those of ageing by the model's age in months.
    """
    months, ageing = report["months"], report["ageing"]
    overall = report["overall"]
    return RunRecord(
        name="backtest",
        params={**recipe.as_params(), **about, "months": len(months)},
        metrics={
            **_flat("backtest", overall),
            **{
                name: value
                for baseline, figures in overall["baselines"].items()
                for name, value in _flat(f"backtest.{baseline}", figures).items()
            },
        },
        tags={"kind": "backtest"},
        figures={
            "by_month.png": months_plot(months),
            **({"ageing.png": ageing_plot(ageing)} if ageing else {}),
        },
        artifact_folder=None,
        texts={"backtest.json": json.dumps(report, indent=2, ensure_ascii=False)},
        summary=report["retraining"],
        series={
            **{
                f"by_month.{metric}": [
                    (place, m[metric]["value"]) for place, m in enumerate(months)
                ]
                for metric in _BY_MONTH
            },
            "by_month.mean_predicted": [(p, m["mean_predicted"]) for p, m in enumerate(months)],
            **{
                f"by_age.{metric}_against_fresh": [
                    (entry["age_months"], entry[metric]["difference"]["value"]) for entry in ageing
                ]
                for metric in ("auc", "log_loss")
            },
        },
        children=tuple(_month_run(month) for month in months),
    )


def _month_run(month: Mapping[str, Any]) -> ChildRun:
    return ChildRun(
        name=month["month"],
        params={name: month[name] for name in _OF_A_MONTH},
        metrics={
            **_flat("month", month),
            "month.mean_predicted": month["mean_predicted"],
            **{
                f"month.{baseline}.{metric}": value
                for baseline, values in month["baselines"].items()
                for metric, value in values.items()
            },
        },
    )


def _flat(prefix: str, figures: Mapping[str, Any]) -> dict[str, float | None]:
    """Flat names: `backtest.auc`, `backtest.auc.low`, `backtest.auc.high`."""
    return {
        f"{prefix}.{name}{end}": figure[part]
        for name, figure in figures.items()
        if isinstance(figure, Mapping) and "value" in figure
        for end, part in (("", "value"), (".low", "low"), (".high", "high"))
    }
