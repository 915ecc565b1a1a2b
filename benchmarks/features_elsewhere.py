"""Tools that want an environment of their own, beside leadscore on the same invented contacts.

Part of `benchmarks.features`, which is given the Python of each environment.
"""

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.feature_peers import (
    DIRECTIONS,
    KINDS,
    MINUTE_WINDOWS_DAYS,
    WINDOWS_DAYS,
    Contacts,
    slots,
)
from benchmarks.invented_contacts import both_seconds, equal, invented, leadscore_query
from features.rhythm import RHYTHM
from leads.arrays import Floats
from leads.clock import DAY_US


def write_parquet(contacts: Contacts, folder: Path) -> None:
    """The contacts and the snapshots as the peers read them."""
    events = {
        "lead": contacts.of_lead, "happened": contacts.at, "kind": contacts.kind,
        "direction": contacts.direction, "minutes": contacts.minutes,
    }  # fmt: skip
    pq.write_table(pa.table(events), folder / "contacts.parquet")
    moments = {"lead": contacts.lead, "as_of": contacts.as_of}
    pq.write_table(pa.table(moments), folder / "snapshots.parquet")


FEATURETOOLS_COLUMNS = {
    "COUNT(contacts)": "interactions_ever",
    "NUM_UNIQUE(contacts.kind)": "kinds_ever",
    "SUM(contacts.minutes)": "minutes_ever",
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
    """Featuretools in its own environment, for fewer columns than leadscore's.

    Of a lead without a contact it says that the number of kinds is missing and the sum of minutes
    is 0, leadscore the other way round; there, and only there, those two are turned into ours.
    """
    contacts = invented(snapshots, 10)
    plan, ours = leadscore_query(contacts)
    place_of = {column.name: place for place, column in enumerate(plan.columns)}
    matrix = ours()
    with tempfile.TemporaryDirectory() as folder:
        write_parquet(contacts, Path(folder))
        script = Path(__file__).with_name("featuretools_peer.py")
        subprocess.run([python, script, folder], check=True, capture_output=True)
        table = pq.read_table(Path(folder) / "found.parquet")
        found = {name: table[name].to_numpy().copy() for name in FEATURETOOLS_COLUMNS}
        seconds = float((Path(folder) / "seconds.txt").read_text())
    nothing = found["COUNT(contacts)"] == 0
    if not np.isnan(found["NUM_UNIQUE(contacts.kind)"][nothing]).all():
        raise RuntimeError("featuretools has a number of kinds of leads without a contact")
    found["NUM_UNIQUE(contacts.kind)"][nothing] = 0.0
    found["SUM(contacts.minutes)"][nothing] = np.nan
    are_equal = {
        name: equal(found[theirs], matrix[:, place_of[name]])
        for theirs, name in FEATURETOOLS_COLUMNS.items()
    }
    own = float(np.median([both_seconds(ours)[0] for _ in range(5)]))
    return {
        "snapshots": snapshots,
        "columns": len(FEATURETOOLS_COLUMNS),
        "without_a_contact": int(nothing.sum()),
        "processor_seconds": {"leadscore": own, "featuretools": seconds},
        "times_leadscore": seconds / own,
        "equal": are_equal,
    }


def getml_columns() -> dict[str, str]:
    """What each of our columns is called by `benchmarks.getml_peer`."""
    found = {"kinds_ever": "COUNT(DISTINCTkind)|ever", "longest_minutes": "MAX(minutes)|ever"}
    for slot, since, column, code in slots():
        counted = "contact" if column is None else f"{column}_{code}"
        found |= {f"{slot}_{days}d": f"SUM({counted})|{days}" for days in WINDOWS_DAYS}
        found[f"{slot}_ever"] = f"SUM({counted})|ever"
        condition = "" if column is None else f"|{column}='{code}'"
        found[since] = f"MIN(t1.as_of-happened)|ever{condition}"
    for window in (*(f"{days}d" for days in MINUTE_WINDOWS_DAYS), "ever"):
        found[f"minutes_{window}"] = f"SUM(minutes)|{window.removesuffix('d')}"
    return found


def beside_getml(python: Path, snapshots: int, repeats: int) -> dict[str, Any]:
    """FastProp's `transform` in its own environment and leadscore, in turns; medians.

    `sums` are nearly as many features as leadscore's columns, most of them the same; all three
    pipelines together make all of the columns that are compared, and more. Two snapshots are
    added: of a whole multiple of 5,000 in a thread, getML 1.5.1 leaves the last 5,000 at 0.
    """
    snapshots += 2
    contacts = invented(snapshots, 10)
    plan, ours = leadscore_query(contacts)
    whole_plan, whole = leadscore_query(contacts, RHYTHM)
    matrix = ours()
    whole()
    place_of = {column.name: place for place, column in enumerate(plan.columns)}
    taken: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_parquet(contacts, Path(folder))
        with _getml(python, Path(folder)) as ask:
            fitted = ask(None)
            queries = {"leadscore": ours, "leadscore_all_rhythm": whole}
            for _ in range(repeats):
                for name, query in queries.items():
                    taken.setdefault(name, []).append(both_seconds(query))
                for name in fitted:
                    took = ask(name)
                    both = took["processor_seconds"], took["seconds"]
                    taken.setdefault(name, []).append(both)
        found: dict[str, Floats] = {}
        for name in fitted:
            table = pq.read_table(Path(folder) / f"found_{name}.parquet")
            found |= {column: table[column].to_numpy() for column in table.column_names}
    same = {
        name: _same(found[theirs], matrix[:, place_of[name]], in_seconds="since" in name)
        for name, theirs in getml_columns().items()
        if theirs in found
    }
    processor, clock = (
        {name: float(np.median([turn[which] for turn in each])) for name, each in taken.items()}
        for which in (0, 1)
    )
    return {
        "snapshots": snapshots,
        "columns_of_leadscore": [len(plan.columns), len(whole_plan.columns)],
        "features": {name: one["features"] for name, one in fitted.items()},
        "columns_compared": len(same),
        "not_equal": sorted(name for name, one in same.items() if not one),
        "fit": fitted,
        "processor_seconds": processor,
        "seconds": clock,
        "times_leadscore": _times(processor, list(fitted)),
        "times_leadscore_by_the_clock": _times(clock, list(fitted)),
        "repeats": repeats,
    }


def _times(taken: dict[str, float], pipelines: list[str]) -> dict[str, float]:
    together = sum(taken[name] for name in pipelines)
    return {
        "sums": taken["sums"] / taken["leadscore"],
        "all_three": together / taken["leadscore"],
        "all_three_beside_all_rhythm": together / taken["leadscore_all_rhythm"],
    }


def _same(found: Floats, wanted: Floats, *, in_seconds: bool) -> bool:
    """To the last bit; days, which getML has in seconds of a float, to the microsecond.

    What is missing in a row is 0 in getML's.
    """
    wanted = np.nan_to_num(wanted)
    if not in_seconds:
        return equal(found, wanted)
    return np.allclose(found * 1e6, wanted * DAY_US, rtol=0, atol=1)


@contextmanager
def _getml(python: Path, folder: Path) -> Iterator[Callable[[str | None], dict[str, Any]]]:
    """Asks the peer for a turn of a pipeline, or, with None, reads what it says of the fits.

    The engine and all else that it started end with it.
    """
    script = Path(__file__).with_name("getml_peer.py")
    with (
        (folder / "getml.log").open("w") as log,
        subprocess.Popen(
            [python, script, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            text=True, start_new_session=True,
        ) as peer,
    ):  # fmt: skip

        def ask(name: str | None) -> dict[str, Any]:
            if name is not None:
                _pipe(peer.stdin).write(name + "\n")
                _pipe(peer.stdin).flush()
            line = _pipe(peer.stdout).readline()
            if not line:
                raise RuntimeError(
                    f"getML's peer ended: {(folder / 'getml.log').read_text()[-2000:]}"
                )
            answer: dict[str, Any] = json.loads(line)
            return answer

        try:
            yield ask
            _pipe(peer.stdin).close()
            peer.wait(60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(peer.pid, signal.SIGTERM)


def _pipe(one: IO[str] | None) -> IO[str]:
    assert one is not None
    return one
