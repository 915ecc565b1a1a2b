"""What MLflow gets of a training, as data."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from features.population import Population
from leads.clock import DAY_US, format_time
from leads.records import INTERACTION
from leads.timeline import Timelines
from models.metrics import METRICS, tally
from training.bag import member_seed
from training.curves import Curves
from training.evaluation import Judged
from training.fitting import FittedModel
from training.model_card import model_card
from training.plots import all_plots
from training.problem import listed
from training.recipe import Recipe
from training.tracking import ChildRun, RunRecord, TrainingData
from training.tuning import Tuned

CURVES_FILE, REPORT_FILE, CARD_FILE = "curves.json", "report.json", "model_card.md"

_CARD = (
    "until", "first_created_at", "newest_event_at", "seed", "source", "data_hash", "n_leads",
    "n_snapshots", "trees", "columns",
)  # fmt: skip
_REPORT = (
    "holdout", "baselines", "worth", "base_rate_shift", "history", "signals", "quarantined",
    "suspicious", "allowed", "denied",
)  # fmt: skip
_GROUPS_NAMED = 8
_FIELDS_NAMED = 50


def training_record(
    fitted: FittedModel,
    judged: Judged,
    curves: Curves,
    about: Mapping[str, Any],
    recipe: Recipe,
    artifact_folder: Path,
) -> RunRecord:
    """Parameters, figures with intervals, plots with their data, the card, the bag, the model.

    Without the population that the model is served among: see `served_among`.
    """
    moving = [group.label for group in curves.importance if group.mean_effect > 0]
    return RunRecord(
        params={
            **recipe.as_params(),
            **{name: about[name] for name in _CARD},
            "history": fitted.history.history.name,
            "allowed": ", ".join(about["allowed"]),
            "denied": ", ".join(about["denied"]),
        },
        metrics={
            **_flat("holdout", about["holdout"]),
            **{
                name: value
                for baseline, figures in about["baselines"].items()
                for name, value in _flat(baseline, figures).items()
            },
            "base_rate": fitted.base_rate,
        },
        tags={
            "signals": ", ".join(family.name for family, _ in fitted.plan.parts),
            "quarantined": listed([one["field"] for one in about["quarantined"]], _FIELDS_NAMED),
        },
        figures=all_plots(curves),
        artifact_folder=artifact_folder,
        texts={
            CARD_FILE: model_card(about, moving[:_GROUPS_NAMED]),
            REPORT_FILE: json.dumps({name: about[name] for name in _REPORT}, indent=1),
            CURVES_FILE: json.dumps(curves.as_record(), indent=1),
        },
        summary=about["worth"]["sentence"],
        series={"forward_log_loss_by_trees": _by_trees(fitted, recipe)},
        children=tuple(_members(fitted, judged, about["seed"])),
        data=_data(about),
    )


def served_among(
    record: RunRecord, known: Timelines, population: Population, until: int
) -> RunRecord:
    """The record with what MLflow needs to serve the model."""
    example = json.dumps(example_body(known, until), ensure_ascii=False)
    return replace(record, population=population, input_example=example)


def with_trials(record: RunRecord, tuned: Tuned | None) -> RunRecord:
    """The record with a nested run for each recipe that was tried, if any were."""
    if tuned is None:
        return record
    trials = tuple(
        ChildRun(
            f"recipe {number}",
            params={"recipe": number, "trees": trial.rounds, **trial.recipe.as_params()},
            metrics={"forward_log_loss": trial.loss, "seconds": trial.seconds},
        )
        for number, trial in enumerate(tuned.trials)
    )
    return replace(record, children=(*record.children, *trials))


def example_body(known: Timelines, until: int) -> dict[str, Any]:
    """A body of `POST /v1/score` of an invented lead, in the words of the pipelines learned from.

    It holds nothing of any lead: no attribute, and of the interactions the most frequent kind.
    """
    pipeline = known.pipelines.pipelines[0]
    body: dict[str, Any] = {
        "lead": {
            "lead_id": "an-example",
            "created_at": format_time(until - 3 * DAY_US),
            "pipeline": pipeline.name,
        }
    }
    kinds = known.events.name[known.events.type == INTERACTION]
    if len(kinds):
        kind = known.kinds[int(np.bincount(kinds).argmax())]
        body["interactions"] = [{"occurred_at": format_time(until - 2 * DAY_US), "kind": kind}]
    if len(pipeline.stages) > 1:
        moved = {"occurred_at": format_time(until - DAY_US), "stage": pipeline.stages[1]}
        body["stage_changes"] = [moved]
    return {**body, "as_of": format_time(until)}


def _flat(prefix: str, figures: Mapping[str, Any]) -> dict[str, float | None]:
    """Flat names: `holdout.auc`, `holdout.auc.low`, `holdout.auc.high`."""
    flat: dict[str, float | None] = {}
    for name, figure in figures.items():
        if isinstance(figure, Mapping) and "value" in figure:
            flat[f"{prefix}.{name}"] = figure["value"]
            flat[f"{prefix}.{name}.low"] = figure["low"]
            flat[f"{prefix}.{name}.high"] = figure["high"]
    return flat


def _by_trees(fitted: FittedModel, recipe: Recipe) -> list[tuple[int, float | None]]:
    """The log loss on later leads after each number of trees that there was to choose from."""
    losses = ((rounds, fitted.choices.get(f"log_loss_{rounds}_trees")) for rounds in recipe.rounds)
    return [(rounds, loss) for rounds, loss in losses if loss is not None]


def _members(fitted: FittedModel, judged: Judged, seed: int) -> Iterator[ChildRun]:
    """The bag's members, with the figures that their like reached in the judged model.

    That one was fitted with the same seeds on earlier leads; this one has learned from all. As many
    as both have: of more trees there are fewer members.
    """
    for number, said in enumerate(judged.members[: len(fitted.boosters)]):
        tallied = tally(judged.label, said, judged.weight)
        yield ChildRun(
            f"member {number}",
            params={
                "member": number,
                "seed": member_seed(seed, number),
                "trees": fitted.chosen_rounds,
            },
            metrics={f"holdout.{name}": METRICS[name](tallied) for name in ("auc", "log_loss")},
        )


def _data(about: Mapping[str, Any]) -> TrainingData:
    profile = {name: about[name] for name in ("n_leads", "n_snapshots", "base_rate")}
    span = {name: about[name] for name in ("first_created_at", "until", "newest_event_at")}
    return TrainingData(about["source"], about["data_hash"], json.dumps({**profile, **span}))
