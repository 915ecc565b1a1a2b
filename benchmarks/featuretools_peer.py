"""Featuretools on the events of `benchmarks.features`, in an environment of its own.

`python -m benchmarks.features --featuretools THAT_PYTHON` runs this file there: it reads contacts
and snapshots from Parquet and writes what it found, and its seconds of the processor, beside them.
Each moment is a cutoff time; it makes the columns without a window, for a window costs a run of
its own. It needs pandas before 3.
"""

import sys
import time
from pathlib import Path

import featuretools
import pandas as pd


def main(folder: Path) -> None:
    """Counts of all, by direction and by kind, kinds ever, minutes ever and the longest."""
    contacts, snapshots = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("contacts", "snapshots")
    )
    contacts["happened"] = pd.to_datetime(contacts["happened"], unit="us")
    contacts["contact"] = range(len(contacts))
    for name in ("kind", "direction"):
        contacts[name] = contacts[name].astype("category")
    entities = featuretools.EntitySet("crm")
    entities.add_dataframe(
        dataframe=pd.DataFrame({"lead": snapshots["lead"]}), dataframe_name="leads", index="lead"
    )
    entities.add_dataframe(
        dataframe=contacts, dataframe_name="contacts", index="contact", time_index="happened"
    )
    entities.add_relationship("leads", "lead", "contacts", "lead")
    for name in ("kind", "direction"):
        values = {name: sorted(contacts[name].unique())}
        entities.add_interesting_values(dataframe_name="contacts", values=values)
    cutoffs = pd.DataFrame(
        {"lead": snapshots["lead"], "time": pd.to_datetime(snapshots["as_of"], unit="us")}
    )
    begun = time.process_time()
    found, _ = featuretools.dfs(
        entityset=entities, target_dataframe_name="leads", cutoff_time=cutoffs,
        agg_primitives=["count", "num_unique", "sum", "max"], where_primitives=["count"],
        primitive_options={"num_unique": {"include_columns": {"contacts": ["kind"]}}},
        trans_primitives=[], max_depth=1, n_jobs=1,
    )  # fmt: skip
    seconds = time.process_time() - begun
    (folder / "seconds.txt").write_text(str(seconds))
    if found.index.nlevels > 1:
        found = found.reset_index(level="time", drop=True)
    found = found.loc[snapshots["lead"]].astype("float64")
    found.columns = [str(name) for name in found.columns]
    found.to_parquet(folder / "found.parquet")


main(Path(sys.argv[1]))
