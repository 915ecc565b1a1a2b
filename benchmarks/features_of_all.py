"""How fast all signals on by default are computed: from Parquet, and of one lead alone.

10 events a lead are read from Parquet in a process of its own. Part of `benchmarks.features`.
"""

import json
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

from benchmarks.feature_peers import KINDS
from features.plan import learn_plan
from features.population import population_of
from leads.arrays import MISSING, Coded, Int64s
from leads.clock import DAY_US
from leads.pipelines import Pipeline, Pipelines
from leads.records import INTERACTION, STAGE_CHANGE, EventColumns, LeadColumns
from leads.timeline import Timelines, build_timelines
from leads.view import Snapshots, look

START_US = 1_700_000_000_000_000
SPREAD_DAYS = 365
PIPELINES = Pipelines((Pipeline("b2b", ("New", "Offer"), ("Won",), ("Lost",)),))


def created_at_of(leads: int) -> Int64s:
    """When so many invented leads came in, in order."""
    drawn = np.random.default_rng(leads).integers(0, SPREAD_DAYS * DAY_US, leads)
    return START_US + np.sort(drawn)


def seconds_of(query: Callable[[], object]) -> float:
    """By the clock."""
    begun = time.perf_counter()
    query()
    return time.perf_counter() - begun


def write_parquet(folder: Path, leads: int) -> None:
    """10 events a lead: 5 contacts, 2 stage changes, and 3 attributes at creation."""
    draw = np.random.default_rng(1)
    created_at = created_at_of(leads)
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
            "import json; from pathlib import Path; "
            "from benchmarks.features_of_all import from_parquet; "
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
        "mebibytes": most_memory_held(),
    }


def most_memory_held() -> float:
    """Mebibytes of this process since it began.

    getrusage would tell that of the one it was forked from.
    """
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
        taken.append(seconds_of(lambda: plan.matrix(look(asked, snapshot), population)) * 1e6)  # noqa: B023
    return {"events": len(again), "columns": len(plan.columns), "median": float(np.median(taken))}
