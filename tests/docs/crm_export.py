"""An invented CRM's export: deals and activities in its own words, times without an offset."""

from pathlib import Path

import pandas as pd

from crm.simulator import simulate
from crm.simulator.changes import attribute_changes_table
from crm.simulator.tables import interactions_table, leads_table, stage_changes_table

PIPELINE, ZONE = "b2b", "Europe/Stockholm"
STAGES = {
    "New": "New",
    "Qualified": "Qualified",
    "Discovery": "Meeting held",
    "Proposal": "Proposal sent",
    "Negotiation": "Negotiation",
    "Won": "Closed Won",
    "Onboarding": "Closed Won",
    "Lost": "Closed Lost",
    "Disqualified": "Closed Lost",
}
FIRST_STAGE, CLOSED = "New", ("Closed Won", "Closed Lost")


def write_export(folder: Path, leads: int = 1500, seed: int = 7) -> None:
    """Write `deals.csv` and `activities.csv`, as such a CRM would."""
    simulated = simulate(leads, seed)
    table = leads_table(simulated, False)
    table = table[table["pipeline"] == PIPELINE]
    known = set(table["lead_id"])
    interactions = interactions_table(simulated)
    interactions = interactions[interactions["lead_id"].isin(known)]
    changes = attribute_changes_table(simulated, False)
    deals = _deals(table, stage_changes_table(simulated), changes)
    folder.mkdir(parents=True)
    deals.to_csv(folder / "deals.csv", index=False)
    _activities(interactions).to_csv(folder / "activities.csv", index=False)


def _deals(leads: pd.DataFrame, moves: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    """One row per deal: how it came in, and how it stands at the export."""
    moves = moves.assign(stage=moves["stage"].map(STAGES)).sort_values("occurred_at", kind="stable")
    last = moves.groupby("lead_id").last()
    closed = moves[moves["stage"].isin(CLOSED)].groupby("lead_id").last()
    lead_id = leads["lead_id"]
    stage = lead_id.map(last["stage"]).fillna(FIRST_STAGE)
    closed_at = lead_id.map(closed["occurred_at"]).where(stage.isin(CLOSED))
    first = changes.groupby(["attribute", "lead_id"])["value"].first()
    latest = changes.groupby(["attribute", "lead_id"])["value"].last()
    return pd.DataFrame(
        {
            "Deal ID": lead_id,
            "Created Time": _local(leads["created_at"]),
            "Deal Owner": lead_id.map(first["owner"]),
            "Lead Source": leads["source"],
            "Country": leads["country"],
            "Amount": lead_id.map(first["amount"]),
            "Stage": stage,
            "Closed Time": _local(closed_at),
            "Lost Reason": lead_id.map(latest["lost_reason"]),
        }
    )


def _activities(interactions: pd.DataFrame) -> pd.DataFrame:
    """One row per call, mail, meeting or visit."""
    return pd.DataFrame(
        {
            "Activity ID": interactions["event_id"],
            "Deal ID": interactions["lead_id"],
            "Start Time": _local(interactions["occurred_at"]),
            "Activity Type": interactions["kind"],
            "Direction": interactions["direction"].map({"inbound": "In", "outbound": "Out"}),
            "Duration (seconds)": interactions["duration_seconds"],
            "Result": interactions["result"],
        }
    )


def _local(times: pd.Series) -> pd.Series:
    """Times as a CRM shows them: on the office's clock, without an offset."""
    moments = pd.to_datetime(times, utc=True, format="ISO8601").dt.tz_convert(ZONE)
    return moments.dt.strftime("%Y-%m-%d %H:%M:%S")
