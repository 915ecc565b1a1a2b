"""A hard case: losses take twenty times as long as wins, and the data are cut at a date.

`python -m benchmarks.slow_losses --json`. Wins come after 10 days in the mean, losses after 200, so
that most of what is decided early is won. How likely a lead is to be won depends on its source and
amount alone, which makes the truth at an age known: of a lead still open after `a` days,
p exp(-a / 10) of p exp(-a / 10) + (1 - p) exp(-a / 200), less the wins beyond the window.
"""

import argparse
import csv
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crm.folder import read_folder
from features.population import population_of
from leads.arrays import Floats
from leads.clock import DAY_US, format_time, parse_time
from leads.timeline import Timelines
from leads.view import Snapshots, look
from models.calibration import sigmoid
from models.scorer import Scorer
from training.artifacts import artifact_of
from training.fitting import fit_model

LEADS = 21_000
DAYS, CUT_DAY = 500, 300
WON_AFTER_DAYS, LOST_AFTER_DAYS = 10.0, 200.0
WINDOW_DAYS = 365
AGES_DAYS = (0, 1, 3, 7, 14, 30, 60)
BEGIN = "2025-01-01T00:00:00Z"
SOURCES = {"fair": -0.9, "web": -0.2, "partner": 0.3, "referral": 1.0}
PIPELINES = f"""[[pipeline]]
name = "default"
stages = ["New"]
won = ["Won"]
lost = ["Lost"]
window_days = {WINDOW_DAYS}
"""


@dataclass(frozen=True)
class SlowLosses:
    """Leads with their own probability of being won, and how many days each took to close."""

    timelines: Timelines
    ever_won: Floats
    days_open: Floats

    def truth(self, lead: Sequence[int], age_days: float) -> Floats:
        """The true probability of being won within the window, of leads open at an age."""
        p = self.ever_won[lead]
        won = p * np.exp(-age_days / WON_AFTER_DAYS)
        lost = (1 - p) * np.exp(-age_days / LOST_AFTER_DAYS)
        truth: Floats = won / (won + lost) * -np.expm1(-WINDOW_DAYS / WON_AFTER_DAYS)
        return truth


def slow_losses(leads: int, seed: int) -> SlowLosses:
    """Draw the leads, write them as a data folder and read that."""
    draw = np.random.default_rng(seed)
    created = np.sort(draw.uniform(0, DAYS, leads))
    source = draw.choice(list(SOURCES), leads)
    amount = draw.lognormal(8, 1, leads)
    slant = np.array([SOURCES[name] for name in source]) - 0.4 * (np.log(amount) - 8)
    ever_won = sigmoid(slant - 0.1)
    won = draw.random(leads) < ever_won
    days = np.where(
        won, draw.exponential(WON_AFTER_DAYS, leads), draw.exponential(LOST_AFTER_DAYS, leads)
    )
    # Calls tell nothing of the end: one a week while a lead is open, for 100 days at most.
    called = np.minimum(days, 100.0)
    calls = [np.sort(draw.uniform(0, d, draw.poisson(d / 7))) for d in called]
    ids = [f"L{number:06}" for number in range(leads)]
    moment = _moment_after(parse_time(BEGIN))
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "pipelines.toml").write_text(PIPELINES)
        _write(folder / "leads.csv", ["lead_id", "created_at", "source", "amount"], (
            (ids[i], moment(created[i]), source[i], round(amount[i])) for i in range(leads)
        ))  # fmt: skip
        _write(folder / "interactions.csv", ["lead_id", "occurred_at", "kind"], (
            (ids[i], moment(created[i] + after), "call") for i in range(leads) for after in calls[i]
        ))  # fmt: skip
        _write(folder / "stage_changes.csv", ["lead_id", "occurred_at", "stage"], (
            (ids[i], moment(created[i] + days[i]), "Won" if won[i] else "Lost")
            for i in range(leads)
        ))  # fmt: skip
        timelines = read_folder(folder).timelines
    row = [timelines.row_of[lead_id] for lead_id in ids]
    in_rows = np.argsort(row)
    return SlowLosses(timelines, ever_won[in_rows], days[in_rows])


def _moment_after(begin: int) -> Any:
    return lambda day: format_time(begin + int(day * DAY_US))


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def measured(leads: int, seed: int) -> dict[str, Any]:
    """The mean probability of later leads at each age while open, beside the truth's."""
    case = slow_losses(leads, seed)
    cut = parse_time(BEGIN) + CUT_DAY * DAY_US
    fitted = fit_model(case.timelines, cut, seed)
    scorer = Scorer(artifact_of(fitted, case.timelines, {}), "measured")
    population = population_of(case.timelines)
    later = np.flatnonzero(case.timelines.created_at > cut)
    by_age = {}
    for age in AGES_DAYS:
        lead = later[case.days_open[later] > age]
        snapshots = Snapshots(lead, case.timelines.created_at[lead] + age * DAY_US)
        said = scorer.probabilities(look(case.timelines, snapshots), population)
        truth = case.truth(lead, age)
        by_age[f"{age} days"] = {
            "leads": len(lead),
            "mean": float(said.mean()),
            "true_mean": float(truth.mean()),
            "distance": float(np.sqrt(np.mean((said - truth) ** 2))),
        }
    return {"leads": leads, "seed": seed, "by_age": by_age}


def main() -> None:
    """Run it and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leads", type=int, default=LEADS)
    given = parser.parse_args()
    print(json.dumps(measured(given.leads, given.seed), indent=None if given.json else 2))


if __name__ == "__main__":
    main()
