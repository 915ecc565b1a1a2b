"""A simulated CRM as a data folder of the contract, with the true probabilities beside it."""

from pathlib import Path

import pandas as pd

from crm.simulator import world
from crm.simulator.changes import attribute_changes_table
from crm.simulator.simulated import SimulatedCrm
from crm.simulator.tables import interactions_table, leads_table, stage_changes_table
from crm.simulator.truth import DEFAULT_PATHS, random_snapshots, true_probability_at
from leads.view import Snapshots


def write_folder(
    simulated: SimulatedCrm,
    out: Path,
    snapshots: Snapshots | None = None,
    paths: int = DEFAULT_PATHS,
    leaky: bool = False,
) -> None:
    """Write `leads`, `interactions`, `stage_changes`, `attribute_changes`, pipelines and truth.

    The truth is that of `snapshots`, by default of `random_snapshots`. `leaky` moves the reason
    of a loss from the changes to a column of `leads`, beside the days that the lead took: fields
    that were filled at the close and give it away.
    """
    out.mkdir(parents=True, exist_ok=True)
    if snapshots is None:
        snapshots = random_snapshots(simulated)
    _write(leads_table(simulated, leaky), out / "leads.csv")
    _write(interactions_table(simulated), out / "interactions.csv")
    _write(stage_changes_table(simulated), out / "stage_changes.csv")
    _write(attribute_changes_table(simulated, leaky), out / "attribute_changes.csv")
    (out / "pipelines.toml").write_text(_pipelines_text(), encoding="utf-8")
    truth_table(simulated, snapshots, paths).to_parquet(out / "truth.parquet", index=False)


def truth_table(simulated: SimulatedCrm, snapshots: Snapshots, paths: int) -> pd.DataFrame:
    """One row per snapshot: `lead_id`, `as_of` as a UTC timestamp, `p_win`."""
    return pd.DataFrame(
        {
            "lead_id": [simulated.arrivals.lead_id[row] for row in snapshots.lead],
            "as_of": pd.to_datetime(snapshots.as_of, unit="us", utc=True).astype(
                "datetime64[us, UTC]"
            ),
            "p_win": true_probability_at(simulated, snapshots, paths),
        }
    )


def _pipelines_text() -> str:
    """`pipelines.toml`."""
    return "\n".join(
        "[[pipeline]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in record.items())
        for record in world.PIPELINES.as_records()
    )


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _write(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
