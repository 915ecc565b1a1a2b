"""What each family of signals adds, forward in time: `python -m benchmarks.ablation --json`.

One model has all signals but the last closings and the date; each other leaves a family or some
columns out, or adds those. All are bags of the recipe's trees, learned from what was known at a
cut, open leads with the probability that they are won as a training gives them, and judged on leads
that came later. The cuts lie before the leads that docs/benchmarks.md judges
on, which are not looked at here.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
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
from features.plan import FAMILIES, ON_BY_DEFAULT, SignalPlan, learn_plan
from features.population import population_of
from leads.arrays import Bools, Floats, Int64s
from leads.clock import parse_time
from leads.outcome import CENSORED_LABEL, known_status, labels
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, View, known_by, look
from models.metrics import METRICS, rank
from training.recipe import Recipe
from training.rows import training_rows
from training.snapshots import open_life_snapshots
from training.targets import targets

TREES = 100
RESAMPLES = 1000
# Between these shares of the leads, in order of creation, are the folds in time.
EDGES = (0.6, 0.8, 1.0)
EVERYTHING = "everything but lately and the date"

# Columns that are judged apart from their families.
COLUMNS: Mapping[str, Callable[[str], bool]] = {
    "hour and weekday of scoring": lambda name: name in ("weekday", "hour"),
    "days to quarter end": lambda name: name == "days_to_quarter_end",
    "kind x direction": lambda name: name.startswith(("inbound_kind_", "outbound_kind_")),
    "closed leads of a value": lambda name: name.startswith("closed_leads_of_"),
}


@dataclass(frozen=True)
class Fold:
    """Rows to learn from with targets and weights, later rows with theirs, and whose they are."""

    learn: Floats
    wanted: Floats
    weight: Floats
    later: Floats
    target: Floats
    lead: Int64s


Folds = Iterator[tuple[SignalPlan, Fold]]


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
    yield _fold(timelines, cut, view, truth["p_win"].to_numpy()[kept], seed)


def _earlier(timelines: Timelines, until: str, seed: int) -> Folds:
    """Folds in time among the leads known at `until`, labelled as known then."""
    end = parse_time(until)
    known = known_by(timelines, end)
    edges = np.quantile(known.created_at, EDGES).astype(np.int64)
    every = open_life_snapshots(known, end, seed)
    created_at = known.created_at[every.lead]
    for begin, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        view = look(known, every.only((created_at > begin) & (created_at <= stop)))
        label = labels(view, end)
        decided = label != CENSORED_LABEL
        view = look(known, view.snapshots.only(decided))
        yield _fold(known, begin, view, label[decided].astype(np.float64), seed)


def _fold(
    timelines: Timelines, cut: int, later: View, target: Floats, seed: int
) -> tuple[SignalPlan, Fold]:
    known = known_by(timelines, cut)
    families = tuple(DATED_CALENDAR if one is CALENDAR else one for one in FAMILIES)
    plan = learn_plan(known, families)
    rows = training_rows(timelines, cut, seed)
    wanted = targets(rows, cut, Recipe(), seed)
    taught = ~np.isnan(wanted)
    # Of those timelines that the rows' view is of: what is prepared is prepared for them.
    learn = plan.matrix(rows.view, rows.population)[taught]
    matrix = plan.matrix(later, population_of(timelines))
    lead = rows.view.snapshots.lead[taught]
    weight = 1 / np.bincount(lead)[lead]
    return plan, Fold(learn, wanted[taught], weight, matrix, target, later.snapshots.lead)


def variants(plan: SignalPlan, *, whole: bool = False) -> dict[str, Bools]:
    """Which columns each model has, by what it is called; `whole` for families alone."""
    names = [column.name for column in plan.columns]
    family_of = [family.name for family, settings in plan.parts for _ in family.columns(settings)]
    on = {family.name for family in ON_BY_DEFAULT}
    default = np.array(
        [family in on and name != "date" for family, name in zip(family_of, names, strict=True)]
    )
    found = {EVERYTHING: default}
    for family in dict.fromkeys(family_of):
        own = np.array([one == family for one in family_of])
        if family in on:
            found[f"without {family}"] = default & ~own
        else:
            found[f"with {family}"] = default | own
    if whole:
        return found
    for what, chosen in COLUMNS.items():
        found[f"without {what}"] = default & ~np.array([chosen(name) for name in names])
    found["with the date"] = default | np.array([name == "date" for name in names])
    return found


def ablation(
    read: Callable[[int], Folds], seeds: int, members: int, *, whole: bool = False
) -> dict[str, Any]:
    """Every model beside the first one, over all folds and seeds; intervals over leads."""
    losses: dict[str, list[Floats]] = {}
    aucs: dict[str, list[float]] = {}
    leads: list[Int64s] = []
    width: dict[str, int] = {}
    for seed in range(seeds):
        for plan, fold in read(seed):
            leads.append(fold.lead)
            for name, chosen in variants(plan, whole=whole).items():
                p = _predicted(plan, fold, chosen, seed, members)
                losses.setdefault(name, []).append(_log_loss(fold.target, p))
                aucs.setdefault(name, []).append(_auc(fold.target, p))
                width[name] = int(chosen.sum())
    lead = np.concatenate(leads)
    default = np.concatenate(losses[EVERYTHING])
    return {
        name: {
            "columns": width[name],
            "log_loss": _mean_over_leads(np.concatenate(parts), lead),
            "log_loss_above": _interval(np.concatenate(parts) - default, lead),
            "auc": float(np.mean(aucs[name])),
        }
        for name, parts in losses.items()
    } | {"leads": len(np.unique(lead)), "snapshots": len(lead)}


def _predicted(plan: SignalPlan, fold: Fold, chosen: Bools, seed: int, members: int) -> Floats:
    recipe = Recipe()
    places = np.flatnonzero(chosen)
    categorical = [at for at, place in enumerate(places) if place in plan.categorical]
    parameters = {
        "objective": "cross_entropy", "learning_rate": recipe.learning_rate,
        "num_leaves": recipe.leaves,
        "min_data_in_leaf": int(np.clip(len(fold.wanted) / 50, 5, recipe.rows_per_leaf)),
        "feature_fraction": recipe.feature_fraction, "bagging_freq": 1,
        "bagging_fraction": recipe.bagging_fraction, "lambda_l2": recipe.l2,
        "max_bin": recipe.max_bin, "force_col_wise": True, "num_threads": 1, "verbosity": -1,
    }  # fmt: skip
    dataset = lightgbm.Dataset(
        fold.learn[:, places],
        fold.wanted,
        weight=fold.weight,
        categorical_feature=categorical,
        params=parameters,
    ).construct()
    later = fold.later[:, places]
    margins = [
        lightgbm.train(parameters | {"seed": seed * 1000 + member}, dataset, TREES).predict(
            later, raw_score=True, num_threads=1
        )
        for member in range(members)
    ]
    return 1 / (1 + np.exp(-np.mean(margins, axis=0)))


def _log_loss(target: Floats, p: Floats) -> Floats:
    return -(target * np.log(p) + (1 - target) * np.log1p(-p))


def _auc(target: Floats, p: Floats) -> float:
    """Against the outcome; against the truth, of a draw from it."""
    label = (np.random.default_rng(0).random(len(target)) < target).astype(np.int8)
    return float(METRICS["auc"](rank(label, p).tally(np.ones(len(p)))) or np.nan)


def _mean_over_leads(value: Floats, lead: Int64s) -> float:
    """Each lead counts once."""
    return float(_by_lead(value, lead).mean())


def _by_lead(value: Floats, lead: Int64s) -> Floats:
    _, place, counts = np.unique(lead, return_inverse=True, return_counts=True)
    return np.bincount(place, value) / counts


def _interval(difference: Floats, lead: Int64s) -> dict[str, float]:
    """The mean difference, each lead once, with the 95 % of resampled leads."""
    of_lead = _by_lead(difference, lead)
    generator = np.random.default_rng(0)
    drawn = [
        of_lead[generator.integers(0, len(of_lead), len(of_lead))].mean() for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"value": float(of_lead.mean()), "low": float(low), "high": float(high)}


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
    parser.add_argument("--families", action="store_true", help="whole families alone")
    parser.add_argument("--only", nargs="*", choices=WORK, help="which data")
    given = parser.parse_args()
    results = {
        name: ablation(WORK[name], given.seeds, given.members, whole=given.families)
        for name in given.only or WORK
        if name == "simulated" or (DATA / name).is_dir()
    }
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
