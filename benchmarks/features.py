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
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit

from benchmarks.feature_peers import (
    DIRECTIONS,
    KINDS,
    Contacts,
    duckdb_query,
    names,
    pandas_query,
    polars_query,
)
from benchmarks.features_of_all import (
    PIPELINES,
    all_families,
    created_at_of,
    most_memory_held,
    one_lead,
    seconds_of,
)
from features.engagement import ENGAGEMENT
from features.plan import SignalPlan, learn_plan
from features.population import Population, population_of
from features.rhythm import RHYTHM
from features.rhythm_kernel import conversation
from features.signal import Column, Family, FamilySettings
from leads.arrays import MISSING, Floats, Int8s, Int64s
from leads.clock import DAY_US
from leads.records import INTERACTION
from leads.timeline import Events, Timelines
from leads.view import Snapshots, View, look

SIZES = (10_000, 100_000, 1_000_000)
PEERS: dict[str, Callable[[Contacts], Callable[[], Floats]]] = {
    "polars": polars_query, "duckdb": duckdb_query, "pandas": pandas_query,
}  # fmt: skip


def invented(leads: int, events_each: int, snapshots_each: int = 1) -> Contacts:
    """Contacts over 120 days of each lead's life, and moments within it; minutes are whole."""
    draw = np.random.default_rng(leads + events_each)
    created_at = created_at_of(leads)
    of_lead = np.repeat(np.arange(leads), events_each)
    at = created_at[of_lead] + draw.integers(1, 120 * DAY_US, len(of_lead))
    at = at[np.lexsort((at, of_lead))]
    lead = np.repeat(np.arange(leads), snapshots_each)
    return Contacts(
        of_lead=of_lead,
        at=at,
        kind=draw.integers(0, len(KINDS), len(at)).astype(np.int8),
        direction=draw.integers(0, len(DIRECTIONS), len(at)).astype(np.int8),
        minutes=draw.integers(1, 60, len(at)).astype(np.float64),
        lead=lead,
        as_of=created_at[lead] + draw.integers(0, 150 * DAY_US, len(lead)),
    )


def timelines_of(contacts: Contacts) -> Timelines:
    """The contacts as timelines hold them."""
    leads, n = int(contacts.lead.max()) + 1, len(contacts.at)
    return Timelines(
        lead_ids=tuple(map(str, range(leads))),
        created_at=created_at_of(leads),
        pipeline=np.zeros(leads, np.int16),
        start=np.searchsorted(contacts.of_lead, np.arange(leads + 1)),
        events=Events(
            occurred_at=contacts.at,
            recorded_at=contacts.at,
            type=np.full(n, INTERACTION, np.int8),
            name=contacts.kind.astype(np.int32),
            number=np.full(n, np.nan),
            level=np.full(n, MISSING, np.int32),
            direction=contacts.direction,
            duration_seconds=contacts.minutes * 60,
            actor=np.full(n, MISSING, np.int32),
            result=np.full(n, MISSING, np.int32),
            row=np.zeros(n, np.int64),
        ),
        pipelines=PIPELINES,
        kinds=KINDS,
        attributes=(),
        attribute_types={},
        levels=(),
        actors=(),
        results=(),
        event_id=("",),
    )


_DURATIONS = {"directions": False, "people": False, "durations": True}


def _minutes_columns(settings: FamilySettings) -> tuple[Column, ...]:
    return tuple(one for one in RHYTHM.columns(settings) if "minutes" in one.name)


def _fill_minutes(
    settings: FamilySettings, view: View, population: Population, block: Floats
) -> None:
    events = view.events
    _walk_minutes(
        events.type, events.occurred_at, events.duration_seconds,
        view.first, view.stop, view.as_of, block,
    )  # fmt: skip


@njit(cache=True, nogil=True)  # pragma: no cover
def _walk_minutes(
    event_type: Int8s,
    occurred_at: Int64s,
    duration_seconds: Floats,
    first: Int64s,
    stop: Int64s,
    as_of: Int64s,
    block: Floats,
) -> None:
    contacts = np.empty((stop - first).max(), np.int64)
    for s in range(len(first)):
        n = 0
        for event in range(first[s], stop[s]):
            if event_type[event] == INTERACTION:
                contacts[n] = event
                n += 1
        conversation(occurred_at, contacts[:n], as_of[s], duration_seconds, block[s])


# Of the rhythm only what the peers can express.
MINUTES = Family("minutes", lambda timelines: _DURATIONS, _minutes_columns, _fill_minutes)


def leadscore_query(
    contacts: Contacts, beside_engagement: Family = MINUTES
) -> tuple[SignalPlan, Callable[[], Floats]]:
    """The view and two families, as a training does."""
    timelines = timelines_of(contacts)
    learned = dict(ENGAGEMENT.learn(timelines)) | {"directed_kinds": []}
    plan = SignalPlan(((ENGAGEMENT, learned), (beside_engagement, _DURATIONS)))
    snapshots = Snapshots(contacts.lead, contacts.as_of)
    return plan, lambda: plan.matrix(look(timelines, snapshots), population_of(timelines))


def compared(contacts: Contacts, repeats: int, peers: list[str]) -> dict[str, Any]:
    """Medians of the seconds of each tool, in turns, and how many times leadscore's they are."""
    plan, ours = leadscore_query(contacts)
    place_of = {column.name: place for place, column in enumerate(plan.columns)}
    matrix = ours()
    wanted = matrix[:, [place_of[name] for name in names()]]
    queries = {name: PEERS[name](contacts) for name in peers}
    equal = {name: _equal(query(), wanted) for name, query in queries.items()}
    whole_plan, whole = leadscore_query(contacts, RHYTHM)
    queries = {"leadscore": ours, "leadscore_all_rhythm": whole, **queries}
    whole()
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in queries}
    for _ in range(repeats):
        for name, query in queries.items():
            taken[name].append(_both_seconds(query))
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
        "equal": equal,
        "repeats": repeats,
    }


def _equal(found: Floats, wanted: Floats) -> bool:
    return np.array_equal(found, wanted, equal_nan=True)


def _both_seconds(query: Callable[[], object]) -> tuple[float, float]:
    """Of the processor, all threads together, and of the clock."""
    begun = time.process_time()
    clock = seconds_of(query)
    return time.process_time() - begun, clock


def deep_alone(leads: int) -> dict[str, Any]:
    """Every signal on by default of leads with 20,000 events each, at 10 snapshots."""
    contacts = invented(leads, 20_000, 10)
    timelines = timelines_of(contacts)
    plan = learn_plan(timelines.only(np.arange(min(leads, 50))))
    snapshots = Snapshots(contacts.lead, contacts.as_of)
    few = snapshots.only(np.arange(2))
    plan.matrix(look(timelines, few), population_of(timelines.only(np.arange(2))))
    processor, clock = _both_seconds(
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


FEATURETOOLS_COLUMNS = {
    "COUNT(contacts)": "interactions_ever",
    "NUM_UNIQUE(contacts.kind)": "kinds_ever",
    "MAX(contacts.minutes)": "longest_minutes",
    **{
        f"COUNT(contacts WHERE direction = {code})": f"{name}_ever"
        for code, name in enumerate(DIRECTIONS)
    },
    **{
        f"COUNT(contacts WHERE kind = {code})": f"kind_{name}_ever"
        for code, name in enumerate(KINDS)
    },
}


def beside_featuretools(python: Path, snapshots: int = 10_000) -> dict[str, Any]:
    """Seconds of featuretools in its own environment, for fewer columns than leadscore's."""
    contacts = invented(snapshots, 10)
    plan, ours = leadscore_query(contacts)
    place_of = {column.name: place for place, column in enumerate(plan.columns)}
    matrix = ours()
    with tempfile.TemporaryDirectory() as folder:
        events = {
            "lead": contacts.of_lead, "happened": contacts.at, "kind": contacts.kind,
            "direction": contacts.direction, "minutes": contacts.minutes,
        }  # fmt: skip
        pq.write_table(pa.table(events), Path(folder) / "contacts.parquet")
        moments = {"lead": contacts.lead, "as_of": contacts.as_of}
        pq.write_table(pa.table(moments), Path(folder) / "snapshots.parquet")
        script = Path(__file__).with_name("featuretools_peer.py")
        subprocess.run([python, script, folder], check=True, capture_output=True)
        found = pq.read_table(Path(folder) / "found.parquet")
        seconds = float((Path(folder) / "seconds.txt").read_text())
    equal = {
        name: _equal(found[theirs].to_numpy(), matrix[:, place_of[name]])
        for theirs, name in FEATURETOOLS_COLUMNS.items()
    }
    own = float(np.median([seconds_of(ours) for _ in range(5)]))
    return {
        "snapshots": snapshots,
        "columns": len(FEATURETOOLS_COLUMNS),
        "seconds": {"leadscore": own, "featuretools": seconds},
        "times_leadscore": seconds / own,
        "equal": equal,
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
    given = parser.parse_args()
    results: dict[str, Any] = {"load": os.getloadavg()[0], "one_lead": one_lead()}
    for size in given.sizes:
        results[f"{size:,} snapshots"] = compared(invented(size, 10), given.repeats, given.peers)
    if given.deep_leads:
        deep = invented(given.deep_leads, 20_000, 10)
        results[f"{given.deep_leads:,} leads of 20,000 events"] = compared(
            deep, min(given.repeats, 3), given.peers
        )
    if given.deep_alone:
        results[f"{given.deep_alone:,} leads alone"] = deep_alone(given.deep_alone)
    if given.featuretools:
        results["featuretools"] = beside_featuretools(given.featuretools)
    results["all_families"] = [all_families(size) for size in given.sizes]
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
