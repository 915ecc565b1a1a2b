"""getML's FastProp on the contacts of `benchmarks.features`, in an environment of its own.

`python -m benchmarks.features --getml THAT_PYTHON` runs this file there: it reads contacts and
snapshots from Parquet, launches getML's engine without a browser, open to this machine alone, fits
three pipelines on the snapshots, writes what they find beside them and says so in one line of
JSON. From then on it answers each line with the name of a pipeline by the seconds of `transform`:
of the clock, and of the processor, for the engine and this process together. Its session is to be
its own: that is how the engine's time is found.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import getml
import numpy as np
import pandas as pd
from getml.data import DataFrame, DataModel, roles
from getml.data.time import days
from getml.feature_learning import FastProp, aggregations, loss_functions

KINDS, DIRECTIONS = range(4), range(2)
# Of a window by its days; 0 is for ever. Minutes are summed in three of them.
MINUTES_IN = {1: False, 7: True, 30: True, 90: False, 0: True}
TICKS = os.sysconf("SC_CLK_TCK")


def loaded(folder: Path) -> tuple[DataFrame, dict[str, DataFrame]]:
    """The snapshots, and the contacts with the columns that each pipeline reads."""
    contacts, snapshots = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("contacts", "snapshots")
    )
    contacts["lead"], snapshots["lead"] = (
        contacts["lead"].astype(str),
        snapshots["lead"].astype(str),
    )
    contacts["happened"] = pd.to_datetime(contacts["happened"], unit="us")
    snapshots["as_of"] = pd.to_datetime(snapshots["as_of"], unit="us")
    # FastProp keeps the features that go with a target most; here it keeps all that it makes.
    snapshots["target"] = np.random.default_rng(0).integers(0, 2, len(snapshots)).astype(float)
    each = {"contact": np.ones(len(contacts))}
    each |= {f"kind_{code}": (contacts["kind"] == code).astype(float) for code in KINDS}
    each |= {
        f"direction_{code}": (contacts["direction"] == code).astype(float) for code in DIRECTIONS
    }
    for name in ("kind", "direction"):
        contacts[name] = np.array([str(code) for code in KINDS], object)[contacts[name]]
    contacts = contacts.assign(**each)
    numbers = {
        "counted": list(each),
        "timed": [*each, "minutes"],
        "since": [],
        "others": ["minutes"],
    }
    words = {"since": ["kind", "direction"], "others": ["kind"]}
    keys = {roles.join_key: ["lead"], roles.time_stamp: ["happened"]}
    population = DataFrame.from_pandas(
        snapshots, "snapshots",
        {roles.join_key: ["lead"], roles.time_stamp: ["as_of"], roles.target: ["target"]},
    )  # fmt: skip
    tables = {
        name: DataFrame.from_pandas(
            contacts, name,
            keys | {roles.numerical: columns, roles.categorical: words.get(name, [])},
            ignore=True,
        )
        for name, columns in numbers.items()
    }  # fmt: skip
    return population, tables


def learner(names: list[str], most_frequent: int = 0) -> FastProp:
    """FastProp with some aggregations, on two threads."""
    return FastProp(
        aggregation=names, n_most_frequent=most_frequent, num_features=1000, num_threads=2,
        loss_function=loss_functions.CrossEntropyLoss,
    )  # fmt: skip


def pipelines(
    population: DataFrame, tables: Mapping[str, DataFrame]
) -> dict[str, tuple[getml.Pipeline, dict[str, DataFrame]]]:
    """By name a pipeline and the tables it reads.

    `sums`: contacts, of each kind and direction, and minutes in five windows, a relationship each;
    `since`: days since the last contact, of each kind and direction, by conditions; `others`: how
    many kinds there were, and the longest.
    """
    windows = {
        day: tables["timed" if minutes else "counted"] for day, minutes in MINUTES_IN.items()
    }
    asked = {
        "sums": (windows, learner([aggregations.SUM])),
        "since": ({0: tables["since"]}, learner([aggregations.MIN], len(KINDS))),
        "others": ({0: tables["others"]}, learner([aggregations.COUNT_DISTINCT, aggregations.MAX])),
    }
    return {name: joined(population, *one) for name, one in asked.items()}


def joined(
    population: DataFrame, windows: Mapping[int, DataFrame], fast_prop: FastProp
) -> tuple[getml.Pipeline, dict[str, DataFrame]]:
    """The pipeline that joins a table by lead within each window, known by the moment."""
    model = DataModel(population.to_placeholder("snapshots"))
    read = {f"last_{day}": table for day, table in windows.items()}
    for day, (name, table) in zip(windows, read.items(), strict=True):
        model.add(table.to_placeholder(name))
        model.snapshots.join(
            getattr(model, name), on="lead", time_stamps=("as_of", "happened"),
            memory=days(day) if day else None,
        )  # fmt: skip
    return getml.Pipeline(data_model=model, feature_learners=[fast_prop]), read


def both_seconds(work: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Of the clock and of the processor, and what was made."""
    clock, processor = time.perf_counter(), session_seconds()
    made = work()
    processor = session_seconds() - processor
    return {"seconds": time.perf_counter() - clock, "processor_seconds": processor}, made


def session_seconds() -> float:
    """Of the processor, of all processes of this session."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == os.getsid(0):
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def described(sql: str) -> str:
    """A feature's words: what is aggregated, the window and the condition, without spaces."""
    lines = [line.strip() for line in sql.splitlines()]
    what = next(line for line in lines if line.startswith("SELECT"))
    what = what.removeprefix("SELECT").rpartition(" AS ")[0]
    days_in = [line.split("'+")[1].split(".")[0] for line in lines if "days'" in line]
    condition = [line for line in lines if line.startswith("AND t2.") and "=" in line]
    text = "|".join([what, *(days_in or ["ever"]), *condition])
    return text.replace(" ", "").replace('"', "").replace("ANDt2.", "").replace("t2.", "")


def main(folder: Path) -> None:
    """Fit, write what is found, then transform whenever a line asks for it."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    getml.engine.launch(
        launch_browser=False, allow_push_notifications=False, allow_remote_ips=False,
        home_directory=str(folder), in_memory=True, quiet=True,
    )  # fmt: skip
    try:
        getml.set_project("contacts")
        population, tables = loaded(folder)
        made = pipelines(population, tables)
        fitted = {}
        for name, (pipeline, read) in made.items():
            took, _ = both_seconds(lambda: pipeline.fit(population, read, check=False))  # noqa: B023
            found = pipeline.transform(population, read)
            columns = [described(feature.sql) for feature in pipeline.features]
            pd.DataFrame(found, columns=columns).to_parquet(folder / f"found_{name}.parquet")
            fitted[name] = took | {"features": len(columns)}
        answers.write(json.dumps(fitted) + "\n")
        for line in sys.stdin:
            pipeline, read = made[line.strip()]
            took, _ = both_seconds(lambda: pipeline.transform(population, read))  # noqa: B023
            answers.write(json.dumps(took) + "\n")
    finally:
        getml.engine.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
