"""What logging a training costs beside the fitting: `python -m benchmarks.tracking --json`.

A simulated CRM is trained on; then the describing and logging are repeated on MLflow's database as
it is after a first run. Seconds by the clock and of the processor, medians and worst of the runs.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crm.folder import read_folder
from crm.simulator import simulate, write_folder
from features.population import population_of
from leads.view import known_by
from models.artifact import read_artifact
from models.scorer import Scorer
from training.curves import Curves, curves_of
from training.fitting import fit_model
from training.importance import importance
from training.learning import Source, train
from training.recipe import Recipe
from training.registry import artifact_path
from training.tracking import RunRecord, log_run
from training.training_record import served_among, training_record

SEED = 0


def measured(work: Callable[[], Any], runs: int) -> dict[str, float]:
    """Median and worst seconds of some runs, by the clock and of the processor."""
    clock, processor = [], []
    for _ in range(runs):
        begun, begun_here = time.perf_counter(), time.process_time()
        work()
        clock.append(time.perf_counter() - begun)
        processor.append(time.process_time() - begun_here)
    return {
        "seconds": round(statistics.median(clock), 3),
        "worst_seconds": round(max(clock), 3),
        "processor_seconds": round(statistics.median(processor), 3),
    }


def tracking(leads: int, runs: int) -> dict[str, Any]:
    """Train once, then measure each part of what follows a fitting."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        write_folder(simulate(leads, SEED), home / "crm")
        timelines = read_folder(home / "crm").timelines
        until = timelines.newest_event_at() or 0
        uri = f"sqlite:///{home}/mlflow.db"
        place: dict[str, Any] = {"tracking_uri": uri, "artifact_root": home / "runs"}
        source = Source("a simulated CRM", "0" * 64)
        begun = time.perf_counter()
        trained = train(timelines, until, SEED, source, **place)
        seconds_of_training = time.perf_counter() - begun
        fitted = fit_model(timelines, until, SEED)
        known = known_by(timelines, until)
        folder = artifact_path(uri, trained.version)

        def describe() -> Curves:
            scorer = Scorer(read_artifact(folder), trained.version)
            moved_by = importance(scorer, trained.judged.view, population_of(known))
            return curves_of(trained.judged, trained.report["holdout"]["by_age"], moved_by)

        def record(curves: Curves) -> RunRecord:
            about = read_artifact(folder).about
            made = training_record(fitted, trained.judged, curves, about, Recipe(), folder)
            return served_among(made, known, population_of(known), until)

        curves = describe()
        made = record(curves)
        return {
            "leads": leads,
            "holdout_snapshots": len(trained.judged.label),
            "first_training_seconds": round(seconds_of_training, 1),
            "describe": measured(describe, runs),
            "record": measured(lambda: record(curves), runs),
            "log": measured(lambda: log_run(made, **place), runs),
            "all": measured(lambda: log_run(record(describe()), **place), runs),
        }


def main() -> None:
    """Run it and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--leads", type=int, default=2_000, help="simulated leads")
    parser.add_argument("--runs", type=int, default=10, help="how often each part is measured")
    given = parser.parse_args()
    result = tracking(given.leads, given.runs)
    print(json.dumps(result, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
