"""Accuracy forward in time, beside the four baselines: `python -m benchmarks.accuracy --json`.

loan_applications: learned until 2012-02-03T16:17:11Z, judged on later applications while open.
school_crm: learned until 2023-10-01T00:00+02:00, judged on October's deals at six ages while open.
marketplace_sellers: learned until 2018-04-01T00:00Z with a window of 60 days, judged on the leads
of April and May as they came in.
simulated: 20,000 leads, learned at two thirds of the time, judged beside the true probabilities;
the share of them that the intervals hold, and the error of each horizon.
loan_offers, bank_campaign, x_education, leadforge: by protocols of others, in benchmarks/published.
Real test rows are counted: `runs_on_the_test` says how often a work has been scored so far.
"""

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.published.bank_campaign import bank_campaign as bank_campaign_rolled
from benchmarks.published.leadforge import ENVIRONMENT as LEADFORGE
from benchmarks.published.leadforge import leadforge
from benchmarks.published.loan_offers import loan_offers as loan_offers_of
from benchmarks.published.run_record import RECORD, count_run
from benchmarks.published.x_education import in_random_order, judged_last
from crm.folder import read_folder
from crm.simulator import SimulatedCrm, simulate, true_horizons_at, write_folder
from leads.arrays import Floats, Int8s
from leads.clock import DAY_US, format_time, parse_time
from leads.outcome import CENSORED_LABEL, known_status, labels
from leads.pipelines import OPEN
from leads.timeline import Timelines
from leads.view import Snapshots, look
from models.bootstrap import figures, paired_difference
from models.horizons import SHOWN_DAYS
from models.metrics import calibration_curve
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
X_EDUCATION = DATA / "x_education"
BANK = DATA / "bank_campaign"
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


def x_education(seed: int) -> dict[str, Any]:
    """The last quarter by falling lead number, and of the same leads in random order."""
    timelines = read_folder(X_EDUCATION, mapping=MAPPINGS / "x_education.toml").timelines
    return {
        "by_lead_number": _compared(judged_last(timelines, seed)),
        "in_random_order": _compared(judged_last(in_random_order(timelines, seed), seed)),
    }


def loan_offers(seed: int) -> dict[str, Any]:
    """The outcome of the last offer, from the raw events."""
    return loan_offers_of(LOANS / "events.parquet", seed)


def bank_campaign(seed: int) -> dict[str, Any]:
    """The last fifth of the calls, by a rolling window."""
    timelines = read_folder(BANK, mapping=MAPPINGS / "bank_campaign.toml").timelines
    return bank_campaign_rolled(timelines, seed)


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
        crm = simulate(leads, seed)
        timelines, truth = _simulated_crm(crm, Path(folder))
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
    return {
        **_compared(judged),
        "cut": format_time(cut),
        "leads": leads,
        "error": error_against(p_win[kept], judged.probability[MODEL]),
        "interval": coverage(p_win[kept], judged.bounds),
        "horizons": _horizon_errors(crm, judged),
    }


def coverage(true: Floats, bounds: Floats | None) -> dict[str, float]:
    """The share of snapshots whose true probability lies in the interval, and its mean width."""
    if bounds is None:
        return {}
    low, high = bounds.T
    return {
        "covered": float(((low <= true) & (true <= high)).mean()),
        "width": float((high - low).mean()),
    }


def _horizon_errors(crm: SimulatedCrm, judged: Judged) -> dict[str, dict[str, float]]:
    """`error_against` the true probability of being won by each horizon, up to the window."""
    if judged.horizons is None:
        return {}
    view = judged.view
    rows = np.array([crm.row_of[view.lead_id(row)] for row in range(len(view))])
    true = true_horizons_at(crm, Snapshots(rows, view.as_of), SHOWN_DAYS)
    errors = {}
    for place, day in enumerate(SHOWN_DAYS):
        said = ~np.isnan(judged.horizons[:, place])
        if said.any():
            errors[f"{day}d"] = error_against(true[said, place], judged.horizons[said, place])
    return errors


def error_against(true: Floats, said: Floats) -> dict[str, float]:
    """How far probabilities are from the true ones, each snapshot counting once.

    `calibration`: the mean gap between the mean of either in ten bins of equal count by what was
    said; `mean_absolute`: of each snapshot. No outcome enters, so that chance does not.
    """
    bins = calibration_curve(true, said)
    weight = np.array([one.snapshots for one in bins])
    gaps = np.array([abs(one.predicted - one.observed) for one in bins])
    return {
        "calibration": float(np.average(gaps, weights=weight)),
        "mean_absolute": float(np.abs(true - said).mean()),
        "mean": float((said - true).mean()),
    }


def _simulated_crm(crm: SimulatedCrm, folder: Path) -> tuple[Timelines, Any]:
    """The timelines of a simulated CRM and its table of true probabilities."""
    write_folder(crm, folder)
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


# The folder that each work needs; the simulated ones need none.
NEEDS: dict[str, Path | None] = {
    "simulated": None,
    "loan_applications": LOANS,
    "school_crm": SCHOOL,
    "marketplace_sellers": SELLERS,
    "loan_offers": LOANS,
    "bank_campaign": BANK,
    "x_education": X_EDUCATION,
    "leadforge": LEADFORGE,
}
WORK: dict[str, Callable[[int], dict[str, Any]]] = {
    "loan_applications": loan_applications,
    "school_crm": school_crm,
    "marketplace_sellers": marketplace_sellers,
    "loan_offers": loan_offers,
    "bank_campaign": bank_campaign,
    "x_education": x_education,
    "leadforge": leadforge,
}


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leads", type=int, default=20_000, help="simulated leads")
    parser.add_argument(
        "--only",
        nargs="*",
        choices=NEEDS,
        help="which of them; leadforge, when asked for, is installed in an environment of its own",
    )
    parser.add_argument(
        "--runs", type=Path, default=RECORD, help="the file that counts the runs on test rows"
    )
    given = parser.parse_args()
    results = {}
    for name in given.only or NEEDS:
        folder = NEEDS[name]
        asked_for = name == "leadforge" and given.only
        if folder is None:
            results[name] = simulated(given.seed, given.leads)
        elif folder.is_dir() or asked_for:
            found = WORK[name](given.seed)
            results[name] = {**found, "runs_on_the_test": count_run(name, given.runs)}
        else:
            print(f"{name} is left out: there is no folder {folder}", file=sys.stderr)
    if not results:
        sys.exit("nothing was measured: give the data, or --only simulated")
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
