"""Accuracy forward in time, beside the four baselines: `python -m benchmarks.accuracy --json`.

loan_applications: learned until 2012-02-03T16:17:11Z, judged on later applications while open.
school_crm: learned until 2023-10-01T00:00+02:00, judged on October's deals at six ages while open.
marketplace_sellers: learned until 2018-04-01T00:00Z with a window of 60 days, judged on the leads
of April and May as they came in.
simulated: 20,000 leads, learned at two thirds of the time, judged beside the true probabilities.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from crm.folder import read_folder
from crm.simulator import simulate, write_folder
from leads.arrays import Floats, Int8s
from leads.clock import DAY_US, format_time, parse_time
from leads.outcome import CENSORED_LABEL, known_status, labels
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, look
from models.bootstrap import figures, paired_difference
from training.drift import base_rate_shift
from training.evaluation import MODEL, Judged, judge

DATA = Path("../shared/data")
MAPPINGS = Path("examples/mappings")
LOANS = DATA / "loan_applications"
LOANS_UNTIL = "2012-02-03T16:17:11Z"
SCHOOL, SCHOOL_UNTIL, SCHOOL_END = (
    DATA / "school_crm", "2023-10-01T00:00:00+02:00", "2023-11-01T00:00:00+01:00",
)  # fmt: skip
SCHOOL_AGES_DAYS = (0, 1, 3, 7, 14, 30)
SELLERS, SELLERS_UNTIL, SELLERS_END = (
    DATA / "marketplace_sellers", "2018-04-01T00:00:00Z", "2018-06-01T00:00:00Z",
)  # fmt: skip
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


def school_crm(seed: int) -> dict[str, Any]:
    """October's deals at each age while open, labelled as known at the end of the export."""
    timelines = read_folder(SCHOOL, mapping=MAPPINGS / "school_crm.toml").timelines
    judged = _later_leads(timelines, SCHOOL_UNTIL, SCHOOL_END, SCHOOL_AGES_DAYS, seed)
    days = np.rint((judged.view.as_of - judged.view.created_at) / DAY_US).astype(np.int64)
    by_age = {
        f"{age} days": {
            "n": int((days == age).sum()),
            "won": int(judged.label[days == age].sum()),
            **{
                name: _figures(judged, probability, days == age)
                for name, probability in judged.probability.items()
            },
        }
        for age in SCHOOL_AGES_DAYS
    }
    return {**_compared(judged), "by_age": by_age}


def marketplace_sellers(seed: int) -> dict[str, Any]:
    """The leads of April and May as they came in: their mean probability beside the share won."""
    mapping = MAPPINGS / "marketplace_sellers.toml"
    timelines = read_folder(SELLERS, mapping=mapping).timelines
    judged = _later_leads(timelines, SELLERS_UNTIL, SELLERS_END, (0,), seed)
    shift = base_rate_shift(timelines, parse_time(SELLERS_UNTIL))
    return {
        **_compared(judged),
        "won": float(judged.label.mean()),
        "mean": {name: float(p.mean()) for name, p in judged.probability.items()},
        "base_rate_shift": None if shift is None else shift.as_record(),
    }


def _later_leads(
    timelines: Timelines, until: str, end: str, ages_days: Sequence[int], seed: int
) -> Judged:
    """The leads created from `until` to `end`, learned on what was known at `until`.

    At these ages while open, labelled as known at the newest event; undecided ones are left out.
    """
    cut = parse_time(until)
    rows = np.flatnonzero((timelines.created_at >= cut) & (timelines.created_at < parse_time(end)))
    ages = np.array(ages_days) * DAY_US
    lead = np.repeat(rows, len(ages))
    snapshots = Snapshots(lead, timelines.created_at[lead] + np.tile(ages, len(rows)))
    view = look(timelines, snapshots)
    label = labels(view, timelines.newest_event_at() or 0)
    kept = (label != CENSORED_LABEL) & (known_status(view) == OPEN)
    return judge(timelines, cut, snapshots.only(kept), label[kept], seed)


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


WORK: dict[str, Any] = {
    "simulated": simulated,
    "loan_applications": loan_applications,
    "school_crm": school_crm,
    "marketplace_sellers": marketplace_sellers,
}


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leads", type=int, default=20_000, help="simulated leads")
    parser.add_argument("--only", nargs="*", choices=WORK, help="which of them")
    given = parser.parse_args()
    results = {}
    for name in given.only or WORK:
        if name == "simulated":
            results[name] = simulated(given.seed, given.leads)
        elif (DATA / name).is_dir():
            results[name] = WORK[name](given.seed)
        else:
            print(f"{name} is left out: there is no folder {DATA / name}", file=sys.stderr)
    if not results:
        sys.exit("nothing was measured: give the data, or --only simulated")
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
