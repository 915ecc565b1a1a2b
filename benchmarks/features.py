"""How fast signals are computed, beside what a data team would pick, all on the same events.

`python -m benchmarks.features --json`: one invented set of events per size; every tool gives the
same columns, which are compared for equality, and the median of some runs is told. Leadscore fills
the two families that these columns are of: more columns than the others are asked for.
`all_families` reads 10 events a lead from Parquet and fills every signal that is on by default.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.feature_peers import (
    DIRECTIONS,
    KINDS,
    Contacts,
    duckdb_query,
    names,
    pandas_query,
    polars_query,
)
from features.engagement import ENGAGEMENT
from features.plan import SignalPlan, learn_plan
from features.population import population_of
from features.rhythm import RHYTHM
from leads.arrays import MISSING, Coded, Floats, Int64s
from leads.clock import DAY_US
from leads.pipelines import Pipeline, Pipelines
from leads.records import (
    INTERACTION,
    STAGE_CHANGE,
    EventColumns,
    LeadColumns,
)
from leads.timeline import Events, Timelines, build_timelines
from leads.view import Snapshots, look

START_US = 1_700_000_000_000_000
SPREAD_DAYS = 365
PIPELINES = Pipelines((Pipeline("b2b", ("New", "Offer"), ("Won",), ("Lost",)),))
SIZES = (10_000, 100_000, 1_000_000)
PEERS: dict[str, Callable[[Contacts], Callable[[], Floats]]] = {
    "polars": polars_query, "duckdb": duckdb_query, "pandas": pandas_query,
}  # fmt: skip


def invented(leads: int, events_each: int, snapshots_each: int = 1) -> Contacts:
    """Contacts over 120 days of each lead's life, and moments within it; minutes are whole."""
    draw = np.random.default_rng(leads + events_each)
    created_at = _created_at(leads)
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


def _created_at(leads: int) -> Int64s:
    drawn = np.random.default_rng(leads).integers(0, SPREAD_DAYS * DAY_US, leads)
    return START_US + np.sort(drawn)


def timelines_of(contacts: Contacts) -> Timelines:
    """The contacts as timelines hold them."""
    leads, n = int(contacts.lead.max()) + 1, len(contacts.at)
    return Timelines(
        lead_ids=tuple(map(str, range(leads))),
        created_at=_created_at(leads),
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


def leadscore_query(contacts: Contacts) -> tuple[SignalPlan, Callable[[], Floats]]:
    """The view and the two families, as a training does."""
    timelines = timelines_of(contacts)
    learned = dict(ENGAGEMENT.learn(timelines)) | {"directed_kinds": []}
    minutes = {"directions": False, "people": False, "durations": True}
    plan = SignalPlan(((ENGAGEMENT, learned), (RHYTHM, minutes)))
    snapshots = Snapshots(contacts.lead, contacts.as_of)
    return plan, lambda: plan.matrix(look(timelines, snapshots), population_of(timelines))


def compared(contacts: Contacts, repeats: int, peers: list[str]) -> dict[str, Any]:
    """Medians of the seconds of each tool, in turns, and how many times leadscore's that is."""
    plan, ours = leadscore_query(contacts)
    place_of = {column.name: place for place, column in enumerate(plan.columns)}
    matrix = ours()
    wanted = matrix[:, [place_of[name] for name in names()]]
    queries = {name: PEERS[name](contacts) for name in peers}
    equal = {name: _equal(query(), wanted) for name, query in queries.items()}
    queries = {"leadscore": ours, **queries}
    taken: dict[str, list[float]] = {name: [] for name in queries}
    for _ in range(repeats):
        for name, query in queries.items():
            taken[name].append(_seconds(query))
    seconds = {name: float(np.median(each)) for name, each in taken.items()}
    return {
        "snapshots": len(contacts.lead),
        "events": len(contacts.at),
        "columns": len(names()),
        "columns_of_leadscore": len(plan.columns),
        "seconds": seconds,
        "times_leadscore": {name: seconds[name] / seconds["leadscore"] for name in peers},
        "equal": equal,
        "repeats": repeats,
    }


def _equal(found: Floats, wanted: Floats) -> bool:
    return np.array_equal(found, wanted, equal_nan=True)


def _seconds(query: Callable[[], object]) -> float:
    begun = time.perf_counter()
    query()
    return time.perf_counter() - begun


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
    own = float(np.median([_seconds(ours) for _ in range(5)]))
    return {
        "snapshots": snapshots,
        "columns": len(FEATURETOOLS_COLUMNS),
        "seconds": {"leadscore": own, "featuretools": seconds},
        "times_leadscore": seconds / own,
        "equal": equal,
    }


def write_parquet(folder: Path, leads: int) -> None:
    """10 events a lead: 5 contacts, 2 stage changes, and 3 attributes at creation."""
    draw = np.random.default_rng(1)
    created_at = _created_at(leads)
    of_lead = np.repeat(np.arange(leads), 7)
    is_move = np.tile(np.array([False] * 5 + [True] * 2), leads)
    at = created_at[of_lead] + draw.integers(1, 120 * DAY_US, len(of_lead))
    closing = np.where(draw.random(leads) < 0.3, "Won", "Lost")
    name = np.array(KINDS)[draw.integers(0, len(KINDS), len(at))]
    name = np.where(is_move, "Offer", name)
    name[6::7] = closing
    at[6::7] = created_at + 130 * DAY_US
    columns = {
        "lead": of_lead.astype(np.int32),
        "at": at,
        "type": np.where(is_move, STAGE_CHANGE, INTERACTION).astype(np.int8),
        "name": pa.array(name).dictionary_encode(),
        "direction": np.where(is_move, MISSING, draw.integers(0, 2, len(at))).astype(np.int8),
        "seconds": np.where(is_move, np.nan, draw.integers(60, 3600, len(at)).astype(float)),
    }
    pq.write_table(pa.table(columns), folder / "events.parquet")
    attributes = {
        "created_at": created_at,
        "source": pa.array(np.array(_texts("s", 12))[draw.integers(0, 12, leads)]),
        "owner": pa.array(np.array(_texts("o", 40))[draw.integers(0, 40, leads)]),
        "amount": draw.integers(100, 90_000, leads).astype(np.float64),
    }
    pq.write_table(pa.table(attributes), folder / "leads.parquet")


def _texts(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


def read_parquet(folder: Path) -> Timelines:
    """The timelines of what `write_parquet` wrote."""
    events, leads = (pq.read_table(folder / f"{name}.parquet") for name in ("events", "leads"))
    n, lead_ids = len(events), list(map(str, range(len(leads))))
    occurred_at = events["at"].to_numpy()
    columns = EventColumns(
        lead_id=Coded(events["lead"].to_numpy(), tuple(lead_ids)),
        type=events["type"].to_numpy(),
        occurred_at=occurred_at,
        recorded_at=occurred_at,
        name=_coded(events["name"].combine_chunks()),
        pipeline=Coded.missing(n),
        number=np.full(n, np.nan),
        level=Coded.missing(n),
        direction=events["direction"].to_numpy(),
        duration_seconds=events["seconds"].to_numpy(),
        actor=Coded.missing(n),
        result=Coded.missing(n),
        event_id=[""] * n,
    )
    texts = {name: leads[name].combine_chunks().dictionary_encode() for name in ("source", "owner")}
    of_leads = LeadColumns(
        lead_id=lead_ids,
        created_at=leads["created_at"].to_numpy(),
        pipeline=Coded(np.zeros(len(leads), np.int32), ("b2b",)),
        numbers={"amount": leads["amount"].to_numpy()},
        levels={
            name: Coded(
                text.indices.to_numpy().astype(np.int32), tuple(text.dictionary.to_pylist())
            )
            for name, text in texts.items()
        },
    )
    types: Any = {"amount": "number", "source": "category", "owner": "category"}
    return build_timelines(of_leads, columns, PIPELINES, types)


def _coded(text: pa.DictionaryArray) -> Coded:
    return Coded(text.indices.to_numpy().astype(np.int32), tuple(text.dictionary.to_pylist()))


def all_families(leads: int) -> dict[str, Any]:
    """Seconds from Parquet to every signal of one snapshot a lead, and the most memory held."""
    with tempfile.TemporaryDirectory() as folder:
        write_parquet(Path(folder), leads)
        code = (
            "import json; from pathlib import Path; from benchmarks.features import from_parquet; "
            f"print(json.dumps(from_parquet(Path({folder!r}))))"
        )
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
    measured: dict[str, Any] = json.loads(run.stdout)
    return measured


def from_parquet(folder: Path) -> dict[str, Any]:
    """In a process of its own, which has compiled nothing when the clock begins but small rows."""
    begun, cpu = time.perf_counter(), time.process_time()
    timelines = read_parquet(folder)
    read = time.perf_counter()
    some = timelines.only(np.arange(min(5_000, len(timelines))))
    plan = learn_plan(some)
    learned = time.perf_counter()
    draw = np.random.default_rng(2)
    lead = np.arange(len(timelines))
    as_of = timelines.created_at + draw.integers(0, 150 * DAY_US, len(lead))
    matrix = plan.matrix(look(timelines, Snapshots(lead, as_of)), population_of(timelines))
    ended = time.perf_counter()
    return {
        "snapshots": len(lead),
        "events": len(timelines.events.type),
        "columns": matrix.shape[1],
        "seconds": ended - begun,
        "seconds_reading": read - begun,
        "seconds_of_signals": ended - learned,
        "processor_seconds": time.process_time() - cpu,
        "mebibytes": _most_memory_held(),
    }


def _most_memory_held() -> float:
    """Of this process since it began; getrusage would tell that of the one it was forked from."""
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in one]
    return int(line.split()[1]) / 1024


def one_lead(events: int = 200) -> dict[str, Any]:
    """Microseconds of one lead of so many events among 20,000, all families on by default."""
    with tempfile.TemporaryDirectory() as folder:
        write_parquet(Path(folder), 20_000)
        others = read_parquet(Path(folder))
    plan, population = learn_plan(others), population_of(others)
    lead = others.only(np.array([7]))
    again = np.repeat(np.arange(len(lead.events.type)), events // len(lead.events.type))
    longer = lead.events.take(again)
    taken = []
    for _ in range(1_000):
        asked = Timelines(
            **{
                **{name: getattr(lead, name) for name in lead.__dataclass_fields__},
                "lead_ids": ("new",),
                "start": np.array([0, len(again)]),
                "events": longer,
            }
        )
        snapshot = Snapshots(np.zeros(1, np.int64), lead.created_at + 140 * DAY_US)
        taken.append(_seconds(lambda: plan.matrix(look(asked, snapshot), population)) * 1e6)  # noqa: B023
    return {"events": len(again), "columns": len(plan.columns), "median": float(np.median(taken))}


def main() -> None:
    """Run what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="snapshots")
    parser.add_argument("--deep-leads", type=int, default=2_000, help="leads of 20,000 events")
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
    if given.featuretools:
        results["featuretools"] = beside_featuretools(given.featuretools)
    results["all_families"] = [all_families(size) for size in given.sizes]
    print(json.dumps(results, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
