"""The signals that the peers of `benchmarks.features` can express, by each of them.

Of every snapshot: contacts in five windows and days since the last one, of all, of each direction
and of each kind; kinds ever; minutes in three windows and the longest. The input is the same:
events sorted by lead and time, text already coded as small numbers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from leads.arrays import Floats, Int8s, Int64s
from leads.clock import DAY_US

WINDOWS_DAYS = (1, 7, 30, 90)
MINUTE_WINDOWS_DAYS = (7, 30)
KINDS = ("call", "chat", "email", "meeting")
DIRECTIONS = ("inbound", "outbound")


@dataclass(frozen=True)
class Contacts:
    """Contacts as columns, sorted by lead and time, and one snapshot per row of `lead`."""

    of_lead: Int64s
    at: Int64s
    kind: Int8s
    direction: Int8s
    minutes: Floats
    lead: Int64s
    as_of: Int64s


def slots() -> Iterator[tuple[str, str, str | None, int]]:
    """(name, name of its days since, column, code) of what is counted."""
    yield "interactions", "days_since_interaction", None, 0
    for code, name in enumerate(DIRECTIONS):
        yield name, f"days_since_{name}", "direction", code
    for code, name in enumerate(KINDS):
        yield f"kind_{name}", f"kind_{name}_days_since", "kind", code


def names() -> list[str]:
    """The columns, in order."""
    counted = [
        name
        for slot, since, _, _ in slots()
        for name in (*(f"{slot}_{days}d" for days in WINDOWS_DAYS), f"{slot}_ever", since)
    ]
    minutes = [*(f"minutes_{days}d" for days in MINUTE_WINDOWS_DAYS), "minutes_ever"]
    return [*counted, "kinds_ever", *minutes, "longest_minutes"]


def polars_query(contacts: Contacts) -> Callable[[], Floats]:
    """A lazy join and one group-by."""
    events, snapshots = (pl.DataFrame(one) for one in _frames(contacts))
    age = pl.col("as_of") - pl.col("happened")
    wanted: list[pl.Expr] = []
    for slot, since, column, code in slots():
        chosen = pl.lit(value=True) if column is None else pl.col(column) == code
        wanted += [
            (chosen & (age < days * DAY_US)).sum().alias(f"{slot}_{days}d") for days in WINDOWS_DAYS
        ]
        wanted.append((pl.len() if column is None else chosen.sum()).alias(f"{slot}_ever"))
        own = age if column is None else age.filter(chosen)
        wanted.append(own.min().alias(since))
    wanted.append(pl.col("kind").n_unique().alias("kinds_ever"))
    for days in MINUTE_WINDOWS_DAYS:
        lately = pl.col("minutes").filter(age < days * DAY_US)
        wanted.append(lately.sum().alias(f"minutes_{days}d"))
    wanted.append(pl.col("minutes").sum().alias("minutes_ever"))
    wanted.append(pl.col("minutes").max().alias("longest_minutes"))
    query = (
        events.lazy()
        .join(snapshots.lazy(), on="lead")
        .filter(pl.col("happened") <= pl.col("as_of"))
        .group_by("snapshot")
        .agg(wanted)
    )
    whole = snapshots.lazy().select("snapshot").join(query, on="snapshot", how="left")
    return lambda: _filled(whole.sort("snapshot").collect().to_pandas())


def duckdb_query(contacts: Contacts) -> Callable[[], Floats]:
    """A join and one group-by in SQL, over tables in its memory, on two threads."""
    events, snapshots = (pd.DataFrame(one) for one in _frames(contacts))
    connection = duckdb.connect(config={"threads": 2})
    connection.register("events_frame", events)
    connection.register("snapshots_frame", snapshots)
    connection.execute("CREATE TABLE events AS SELECT * FROM events_frame")
    connection.execute("CREATE TABLE snapshots AS SELECT * FROM snapshots_frame")
    wanted = []
    for slot, since, column, code in slots():
        chosen = "TRUE" if column is None else f"{column} = {code}"
        wanted += [
            f"count(*) FILTER (WHERE {chosen} AND as_of - happened < {days * DAY_US}) "
            f"AS {slot}_{days}d"
            for days in WINDOWS_DAYS
        ]
        wanted.append(f"count(*) FILTER (WHERE {chosen}) AS {slot}_ever")
        wanted.append(f"min(as_of - happened) FILTER (WHERE {chosen}) AS {since}")
    wanted.append("count(DISTINCT kind) AS kinds_ever")
    for days in MINUTE_WINDOWS_DAYS:
        lately = f"as_of - happened < {days * DAY_US}"
        wanted.append(f"coalesce(sum(minutes) FILTER (WHERE {lately}), 0) AS minutes_{days}d")
    wanted += ["sum(minutes) AS minutes_ever", "max(minutes) AS longest_minutes"]
    query = (
        f"WITH found AS (SELECT snapshot, {', '.join(wanted)} FROM events JOIN snapshots "
        "USING (lead) WHERE happened <= as_of GROUP BY snapshot) "
        "SELECT * FROM snapshots LEFT JOIN found USING (snapshot) ORDER BY snapshot"
    )
    return lambda: _filled(connection.execute(query).df())


def pandas_query(contacts: Contacts) -> Callable[[], Floats]:
    """A merge, a column per condition and one group-by."""
    events, snapshots = (pd.DataFrame(one) for one in _frames(contacts))

    def run() -> Floats:
        joined = events.merge(snapshots, on="lead")
        joined = joined[joined["happened"] <= joined["as_of"]]
        age = joined["as_of"] - joined["happened"]
        sums, least = {}, {}
        for slot, since, column, code in slots():
            chosen = age >= 0 if column is None else joined[column] == code
            for days in WINDOWS_DAYS:
                sums[f"{slot}_{days}d"] = chosen & (age < days * DAY_US)
            sums[f"{slot}_ever"] = chosen
            least[since] = age.where(chosen)
        minutes = joined["minutes"]
        for days in MINUTE_WINDOWS_DAYS:
            sums[f"minutes_{days}d"] = minutes.where(age < days * DAY_US, 0.0)
        sums["minutes_ever"] = minutes
        of_snapshot = joined["snapshot"]
        parts = [
            pd.DataFrame(sums).groupby(of_snapshot).sum(),
            pd.DataFrame(least).groupby(of_snapshot).min(),
            joined.groupby("snapshot").agg(
                kinds_ever=("kind", "nunique"), longest_minutes=("minutes", "max")
            ),
        ]
        return _filled(pd.concat(parts, axis=1).reindex(snapshots["snapshot"]))

    return run


def _frames(contacts: Contacts) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    events = {
        "lead": contacts.of_lead, "happened": contacts.at, "kind": contacts.kind,
        "direction": contacts.direction, "minutes": contacts.minutes,
    }  # fmt: skip
    snapshot = np.arange(len(contacts.lead))
    return events, {"snapshot": snapshot, "lead": contacts.lead, "as_of": contacts.as_of}


def _filled(found: pd.DataFrame) -> Floats:
    """The columns in order; a snapshot without contact has counts of 0 and nothing else."""
    table = found[names()].astype(np.float64)
    since = [name for name in names() if "since" in name]
    table[since] /= DAY_US
    counts = [name for name in names() if "since" not in name and "minutes" not in name]
    return table.fillna(dict.fromkeys(counts, 0.0)).to_numpy()
