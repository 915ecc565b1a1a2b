"""How fast signals are computed, beside what a data team would pick, all on the same events.

`python -m benchmarks.features --json`: one invented set of events per size; every tool gives the
same columns, which are compared for equality, and the medians of some turns are told: seconds of
the processor, all threads together, and of the clock. Each may use two threads, pandas uses one.
Leadscore is measured with engagement and minutes, which are these columns and two more, and with
all of the rhythm beside them. Then every signal on by default: `benchmarks.features_of_all`.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.feature_peers import (
    Contacts,
    duckdb_query,
    names,
    pandas_query,
    polars_query,
)
from benchmarks.features_elsewhere import beside_featuretools, beside_getml
from benchmarks.features_of_all import all_families, most_memory_held, one_lead
from benchmarks.invented_contacts import (
    both_seconds,
    equal,
    invented,
    leadscore_query,
    timelines_of,
)
from features.plan import learn_plan
from features.population import population_of
from features.rhythm import RHYTHM
from leads.arrays import Floats
from leads.view import Snapshots, look

SIZES = (10_000, 100_000, 1_000_000)
# Five turns of few snapshots are over in a second, within which much can come between.
LEAST_SECONDS = 10
PEERS: dict[str, Callable[[Contacts], Callable[[], Floats]]] = {
    "polars": polars_query, "duckdb": duckdb_query, "pandas": pandas_query,
}  # fmt: skip


def compared(contacts: Contacts, repeats: int, peers: list[str]) -> dict[str, Any]:
    """Medians of the seconds of each tool, in turns, and how many times leadscore's they are."""
    plan, ours = leadscore_query(contacts)
    place_of = {column.name: place for place, column in enumerate(plan.columns)}
    matrix = ours()
    wanted = matrix[:, [place_of[name] for name in names()]]
    queries = {name: PEERS[name](contacts) for name in peers}
    are_equal = {name: equal(query(), wanted) for name, query in queries.items()}
    whole_plan, whole = leadscore_query(contacts, RHYTHM)
    queries = {"leadscore": ours, "leadscore_all_rhythm": whole, **queries}
    whole()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in queries}
    begun, turns = time.perf_counter(), 0
    while turns < repeats or time.perf_counter() - begun < LEAST_SECONDS:
        for name, query in queries.items():
            taken[name].append(both_seconds(query))
        turns += 1
    processor, clock = (
        {name: float(np.median([turn[which] for turn in each])) for name, each in taken.items()}
        for which in (0, 1)
    )
    return {
        "snapshots": len(contacts.lead),
        "events": len(contacts.at),
        "columns": len(names()),
        "columns_of_leadscore": [len(plan.columns), len(whole_plan.columns)],
        "processor_seconds": processor,
        "seconds": clock,
        "times_leadscore": {name: processor[name] / processor["leadscore"] for name in peers},
        "times_leadscore_by_the_clock": {name: clock[name] / clock["leadscore"] for name in peers},
        "equal": are_equal,
        "repeats": turns,
    }


def deep_alone(leads: int) -> dict[str, Any]:
    """Every signal on by default of leads with 20,000 events each, at 10 snapshots."""
    contacts = invented(leads, 20_000, 10)
    timelines = timelines_of(contacts)
    plan = learn_plan(timelines.only(np.arange(min(leads, 50))))
    snapshots = Snapshots(contacts.lead, contacts.as_of)
    few = snapshots.only(np.arange(2))
    plan.matrix(look(timelines, few), population_of(timelines.only(np.arange(2))))
    processor, clock = both_seconds(
        lambda: plan.matrix(look(timelines, snapshots), population_of(timelines))
    )
    return {
        "snapshots": len(snapshots),
        "events": len(contacts.at),
        "columns": len(plan.columns),
        "processor_seconds": processor,
        "seconds": clock,
        "mebibytes": most_memory_held(),
    }


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="snapshots")
    parser.add_argument("--deep-leads", type=int, default=100, help="leads of 20,000 events")
    parser.add_argument("--deep-alone", type=int, default=2_000, help="such leads, without peers")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--featuretools", type=Path, help="the Python of its environment")
    parser.add_argument("--getml", type=Path, help="the Python of its environment")
    parser.add_argument(
        "--getml-sizes", type=int, nargs="*", default=SIZES, help="snapshots beside getML"
    )
    given = parser.parse_args()
    results: dict[str, Any] = {"load": os.getloadavg()[0], "one_lead": one_lead()}
    # Those that may fail to start come first.
    if given.getml:
        results["getml"] = [
            beside_getml(given.getml, size, given.repeats) for size in given.getml_sizes
        ]
    if given.featuretools:
        results["featuretools"] = beside_featuretools(given.featuretools)
    for size in given.sizes:
        results[f"{size:,} snapshots"] = compared(invented(size, 10), given.repeats, given.peers)
    if given.deep_leads:
        deep = invented(given.deep_leads, 20_000, 10)
        results[f"{given.deep_leads:,} leads of 20,000 events"] = compared(
            deep, min(given.repeats, 3), given.peers
        )
    if given.deep_alone:
        results[f"{given.deep_alone:,} leads alone"] = deep_alone(given.deep_alone)
    results["all_families"] = [all_families(size) for size in given.sizes]
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
