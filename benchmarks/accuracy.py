"""Accuracy forward in time, beside the four baselines: `python -m benchmarks.accuracy --json`.

loan_applications: learned until 2012-02-03T16:17:11Z, judged on later applications while open.
simulated: 20,000 leads, learned at two thirds of the time, judged beside the true probabilities.
"""

import argparse
import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from crm.folder import read_folder
from crm.simulator import simulate, write_folder
from leads.arrays import Floats, Int8s
from leads.clock import format_time, parse_time
from leads.outcome import CENSORED_LABEL, known_status, labels
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, look
from models.bootstrap import figures, paired_difference
from training.evaluation import MODEL, Judged, judge

LOANS = Path("../shared/data/loan_applications")
LOANS_UNTIL = "2012-02-03T16:17:11Z"
METRICS = ("auc", "log_loss", "brier", "ece")


def loan_applications(seed: int) -> dict[str, Any]:
    """The model and the baselines on the evaluation's 4,291 snapshots, each counting once."""
    timelines = read_folder(LOANS / "contract").timelines
    with (LOANS / "evaluation" / "truth.csv").open(newline="") as file:
        truth = list(csv.DictReader(file))
    snapshots = Snapshots(
        np.array([timelines.row_of[row["lead_id"]] for row in truth]),
        np.array([parse_time(row["as_of"]) for row in truth]),
    )
    won = np.array([int(row["won"]) for row in truth], np.int8)
    judged = judge(timelines, parse_time(LOANS_UNTIL), snapshots, won, seed)
    ages = np.array([row["group"] for row in truth])
    by_age = {
        age: _figures(judged, judged.probability[MODEL], ages == age) for age in dict.fromkeys(ages)
    }
    return {**_compared(judged), "by_age": by_age}


def simulated(seed: int, leads: int) -> dict[str, Any]:
    """The model beside the true probabilities, on the truth's snapshots after the cut."""
    with tempfile.TemporaryDirectory() as folder:
        timelines, truth = _simulated_crm(Path(folder), leads, seed)
    until = timelines.newest_event_at() or 0
    cut = int(np.quantile(timelines.created_at, 2 / 3))
    rows = np.array([timelines.row_of[lead] for lead in truth["lead_id"].to_pylist()])
    as_of = truth["as_of"].cast("int64").to_numpy().astype(np.int64)
    p_win = truth["p_win"].to_numpy()
    view = look(timelines, Snapshots(rows, as_of))
    label = labels(view, until)
    kept = (timelines.created_at[rows] > cut) & (label != CENSORED_LABEL)
    kept &= known_status(view) == OPEN
    judged = judge(timelines, cut, Snapshots(rows[kept], as_of[kept]), label[kept], seed)
    judged.probability["truth"] = p_win[kept]
    return {**_compared(judged), "cut": format_time(cut), "leads": leads}


def _simulated_crm(folder: Path, leads: int, seed: int) -> tuple[Timelines, Any]:
    """The timelines of a simulated CRM and its table of true probabilities."""
    write_folder(simulate(leads, seed), folder)
    return read_folder(folder).timelines, pq.read_table(folder / "truth.parquet")


def _compared(judged: Judged) -> dict[str, Any]:
    """Every model's figures, and the paired difference of AUC from this model to each."""
    model = judged.probability[MODEL]
    one = np.ones(len(judged.label))
    lead = judged.view.snapshots.lead
    return {
        "n_snapshots": len(judged.label),
        "n_leads": len(np.unique(lead)),
        "figures": {name: _figures(judged, p) for name, p in judged.probability.items()},
        "auc_above": {
            name: paired_difference("auc", judged.label, model, p, one, lead)
            for name, p in judged.probability.items()
            if name != MODEL
        },
    }


def _figures(judged: Judged, probability: Floats, mask: Int8s | None = None) -> dict[str, Any]:
    rows = np.ones(len(judged.label), np.bool_) if mask is None else mask
    found = figures(
        judged.label[rows], probability[rows], np.ones(rows.sum()), judged.view.snapshots.lead[rows]
    )
    return {name: found[name] for name in METRICS}


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leads", type=int, default=20_000, help="simulated leads")
    given = parser.parse_args()
    results = {"simulated": simulated(given.seed, given.leads)}
    if LOANS.is_dir():
        results["loan_applications"] = loan_applications(given.seed)
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
