"""What each family of signals adds, forward in time: `python -m benchmarks.ablation --json`.

One model has the signals that are on by default; each other leaves a family or some columns out,
or adds some that are off. All are a bag of trees and a line by the usual recipe, with a fixed
number of trees, learned from what was known at a cut, open leads with the probability that they
are won as a training gives them, and judged on leads that came later: on what is mostly decided,
the decided standing for the rest. The cuts lie before the leads that docs/benchmarks.md judges on,
which are not looked at here.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.accuracy import (
    DATA,
    LOANS,
    LOANS_UNTIL,
    MAPPINGS,
    SCHOOL,
    SCHOOL_UNTIL,
)
from crm.folder import read_folder
from crm.simulator import simulate, write_folder
from features.calendar import CALENDAR, DATED_CALENDAR
from features.families import FAMILIES
from features.plan import SignalPlan, learn_plan
from features.population import population_of
from leads.arrays import Bools, Floats, Int64s
from leads.clock import parse_time
from leads.outcome import CENSORED_LABEL, known_status, labels
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, View, known_by, look
from models.calibration import fit_intercept, sigmoid
from models.margin import margin_of
from models.metrics import METRICS, rank
from training.censoring import censoring_weights
from training.evaluation import to_judge_on
from training.forward import Material, fit_parts
from training.recipe import Recipe
from training.rows import training_rows
from training.snapshots import equal_weights, learning_weights, open_life_snapshots
from training.targets import targets

TREES = 100
RESAMPLES = 1000
# Between these shares of the leads, in order of creation, are the folds in time.
EDGES = (0.6, 0.8, 1.0)
DEFAULT = "the signals on by default"

# Columns that are judged apart from their families: added where they are off, else left out.
COLUMNS: Mapping[str, Callable[[str], bool]] = {
    "hour and weekday of scoring": lambda name: name in ("weekday", "hour"),
    "days to quarter end": lambda name: name == "days_to_quarter_end",
    "kind x direction": lambda name: name.startswith(("inbound_kind_", "outbound_kind_")),
    "closed leads of a value": lambda name: name.startswith("closed_leads_of_"),
    "the date": lambda name: name == "date",
}


@dataclass(frozen=True)
class Fold:
    """Rows to learn from with targets, later rows with theirs, their weights and whose they are.

    Columns are those of the plan, `on` which of them are on by default.
    """

    plan: SignalPlan
    on: Bools
    learn: Material
    wanted: Floats
    later: Floats
    target: Floats
    weight: Floats
    lead: Int64s


Folds = Iterator[Fold]


def loan_applications(seed: int) -> Folds:
    """Applications before the evaluation's."""
    return _earlier(read_folder(LOANS / "contract").timelines, LOANS_UNTIL, seed)


def school_crm(seed: int) -> Folds:
    """Deals before October's."""
    mapping = MAPPINGS / "school_crm.toml"
    return _earlier(read_folder(SCHOOL, mapping=mapping).timelines, SCHOOL_UNTIL, seed)


def simulated(seed: int, leads: int = 20_000) -> Folds:
    """Leads after two thirds of the time; the target is the true probability."""
    with tempfile.TemporaryDirectory() as folder:
        write_folder(simulate(leads, seed), Path(folder))
        timelines = read_folder(Path(folder)).timelines
        truth = pq.read_table(Path(folder) / "truth.parquet")
    rows = np.array([timelines.row_of[lead] for lead in truth["lead_id"].to_pylist()])
    as_of = truth["as_of"].cast("int64").to_numpy().astype(np.int64)
    cut = int(np.quantile(timelines.created_at, 2 / 3))
    kept = timelines.created_at[rows] > cut
    kept &= known_status(look(timelines, Snapshots(rows, as_of))) == OPEN
    view = look(timelines, Snapshots(rows[kept], as_of[kept]))
    weight = equal_weights(view.snapshots.lead)
    fold = _fold(timelines, cut, view, truth["p_win"].to_numpy()[kept], weight, seed)
    # Each seed has leads of its own.
    yield replace(fold, lead=fold.lead + seed * leads)


def _earlier(timelines: Timelines, until: str, seed: int) -> Folds:
    """Folds in time among the leads known at `until`, labelled and weighed as known then."""
    end = parse_time(until)
    known = known_by(timelines, end)
    edges = np.quantile(known.created_at, EDGES).astype(np.int64)
    every = open_life_snapshots(known, end, seed)
    created_at = known.created_at[every.lead]
    for begin, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        later = every.only((created_at > begin) & (created_at <= stop))
        view = look(known, to_judge_on(known, later, end))
        label = labels(view, end)
        weight = censoring_weights(view, end, equal_weights(view.snapshots.lead))
        decided = label != CENSORED_LABEL
        view, target = look(known, view.snapshots.only(decided)), label[decided].astype(np.float64)
        yield _fold(known, begin, view, target, weight[decided], seed)


def _fold(
    timelines: Timelines, cut: int, later: View, target: Floats, weight: Floats, seed: int
) -> Fold:
    known = known_by(timelines, cut)
    families = tuple(DATED_CALENDAR if one is CALENDAR else one for one in FAMILIES)
    plan = learn_plan(known, families)
    rows = training_rows(timelines, cut, seed)
    wanted = targets(rows, cut, Recipe(), seed)
    taught = ~np.isnan(wanted)
    # Of those timelines that the rows' view is of: what is prepared is prepared for them.
    learn = plan.matrix(rows.view, rows.population)[taught]
    default = {column.name for column in rows.plan.columns}
    return Fold(
        plan=plan,
        on=np.array([column.name in default for column in plan.columns]),
        learn=Material(plan, learn, rows.view.snapshots.lead[taught]),
        wanted=wanted[taught],
        later=plan.matrix(later, population_of(timelines)),
        target=target,
        weight=weight,
        lead=later.snapshots.lead,
    )


def variants(plan: SignalPlan, on: Bools, *, whole: bool = False) -> dict[str, Bools]:
    """Which columns each model has, by what it is called; `whole` for families alone."""
    names = [column.name for column in plan.columns]
    family_of = [family.name for family, settings in plan.parts for _ in family.columns(settings)]
    judged = {
        family: np.array([one == family for one in family_of])
        for family in dict.fromkeys(family_of)
    }
    if not whole:
        judged |= {
            what: np.array([chosen(name) for name in names]) for what, chosen in COLUMNS.items()
        }
    found = {DEFAULT: on}
    for what, own in judged.items():
        if (own & on).any():
            found[f"without {what}"] = on & ~own
        elif own.any():
            found[f"with {what}"] = on | own
    return found


def ablation(
    read: Callable[[int], Folds], seeds: int, members: int, *, whole: bool = False
) -> dict[str, Any]:
    """Every model beside the first one, over all folds and seeds; intervals over leads."""
    losses: dict[str, list[Floats]] = {}
    aucs: dict[str, list[float]] = {}
    leads: list[Int64s] = []
    weights: list[Floats] = []
    width: dict[str, int] = {}
    for seed in range(seeds):
        for fold in read(seed):
            leads.append(fold.lead)
            weights.append(fold.weight)
            for name, chosen in variants(fold.plan, fold.on, whole=whole).items():
                p = _predicted(fold, chosen, seed, members)
                losses.setdefault(name, []).append(_log_loss(fold.target, p))
                aucs.setdefault(name, []).append(_auc(fold.target, p, fold.weight))
                width[name] = int(chosen.sum())
    lead, weight = np.concatenate(leads), np.concatenate(weights)
    default = np.concatenate(losses[DEFAULT])
    return {
        name: {
            "columns": width[name],
            "log_loss": float(np.average(np.concatenate(parts), weights=weight)),
            "log_loss_above": _interval(np.concatenate(parts) - default, weight, lead),
            "auc": float(np.mean(aucs[name])),
        }
        for name, parts in losses.items()
    } | {"leads": len(np.unique(lead)), "snapshots": len(lead)}


def _predicted(fold: Fold, chosen: Bools, seed: int, members: int) -> Floats:
    """Of the later rows, by a model that finds nothing in the columns that are not chosen."""
    recipe = replace(Recipe(), members=members)
    learn, later = (np.where(chosen, matrix, np.nan) for matrix in (fold.learn.matrix, fold.later))
    weight = learning_weights(fold.learn.lead)
    material = replace(fold.learn, matrix=learn)
    boosters, line = fit_parts(material, fold.wanted, weight, recipe, TREES, seed)
    margin = margin_of(boosters, line, len(chosen))
    level = fit_intercept(margin.of(learn), fold.wanted, weight)
    return sigmoid(margin.of(later) + level)


def _log_loss(target: Floats, p: Floats) -> Floats:
    return -(target * np.log(p) + (1 - target) * np.log1p(-p))


def _auc(target: Floats, p: Floats, weight: Floats) -> float:
    """Against the outcome; against the truth, of a draw from it."""
    label = (np.random.default_rng(0).random(len(target)) < target).astype(np.int8)
    return float(METRICS["auc"](rank(label, p).tally(weight)) or np.nan)


def _interval(difference: Floats, weight: Floats, lead: Int64s) -> dict[str, float]:
    """The mean difference with the 95 % of resampled leads."""
    _, place = np.unique(lead, return_inverse=True)
    added, weights = np.bincount(place, weight * difference), np.bincount(place, weight)
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLES):
        chosen = generator.integers(0, len(added), len(added))
        drawn.append(added[chosen].sum() / weights[chosen].sum())
    low, high = np.quantile(drawn, (0.025, 0.975))
    value = added.sum() / weights.sum()
    return {"value": float(value), "low": float(low), "high": float(high)}


WORK: dict[str, Callable[[int], Folds]] = {
    "loan_applications": loan_applications,
    "school_crm": school_crm,
    "simulated": simulated,
}


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--members", type=int, default=3, help="models in a bag")
    parser.add_argument("--leads", type=int, default=20_000, help="simulated leads")
    parser.add_argument("--families", action="store_true", help="whole families alone")
    parser.add_argument("--only", nargs="*", choices=WORK, help="which data")
    given = parser.parse_args()
    work = WORK | {"simulated": partial(simulated, leads=given.leads)}
    results = {
        name: ablation(work[name], given.seeds, given.members, whole=given.families)
        for name in given.only or WORK
        if name == "simulated" or (DATA / name).is_dir()
    }
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
