"""leadforge, a benchmark of lead scoring on simulated companies, in an environment of its own.

Five seeds at three difficulties; each bundle has 5,000 leads, seen 30 days after they came in,
and says which are tested. Touches, sessions and sales activities are interactions, an opportunity
is a stage; `total_touches_all` and the opportunities' `stage` are left out, for they tell what
happened later. Learned from the bundle's train and valid leads.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.published.learned import TargetTable, learn
from features.plan import learn_plan
from features.population import population_of
from leads.arrays import Floats
from leads.attributes import AttributeType
from leads.clock import DAY_US, SECOND_US
from leads.pipelines import DEFAULT_PIPELINE, Pipeline, Pipelines
from leads.records import (
    ATTRIBUTE_CHANGE,
    INTERACTION,
    STAGE_CHANGE,
    Event,
    Lead,
    event_columns,
    lead_columns,
)
from leads.timeline import Timelines, build_timelines
from leads.view import Snapshots, known_by, look
from models.metrics import auc, brier, ece

PACKAGE = "leadforge==1.0.0"
ENVIRONMENT = Path.home() / ".cache" / "leadscore" / "leadforge-1.0.0"
RECIPE, TASK = "b2b_saas_procurement_v1", "converted_within_90_days"
SEEDS, DIFFICULTIES = (42, 43, 44, 45, 46), ("intro", "intermediate", "advanced")
SNAPSHOT_AFTER_US = 30 * DAY_US

OPPORTUNITY, WON, LOST = "Opportunity", "Won", "Lost"
PIPELINES = Pipelines((Pipeline(DEFAULT_PIPELINE, ("New", OPPORTUNITY), (WON,), (LOST,)),))
# Of the task's table, what the tables of events do not say; `total_touches_all` looks ahead.
KNOWN_AT_SNAPSHOT: Mapping[str, AttributeType] = {
    "has_open_opportunity": "boolean",
    "expected_acv": "number",
}
ACCOUNT_FIELDS = (
    "industry", "region", "employee_band", "estimated_revenue_band", "process_maturity_band",
)  # fmt: skip
CONTACT_FIELDS = ("role_function", "seniority", "buyer_role", "email_domain_type")
LEAD_FIELDS: Mapping[str, str] = {
    "lead_source": "source",
    "first_touch_channel": "first_touch_channel",
    "owner_rep_id": "owner",
    "account_id": "account",
    "contact_id": "contact",
}
TYPES: Mapping[str, AttributeType] = {
    **KNOWN_AT_SNAPSHOT,
    "amount": "number",
    **dict.fromkeys((*ACCOUNT_FIELDS, *CONTACT_FIELDS, *LEAD_FIELDS.values()), "category"),
}


@dataclass(frozen=True)
class Bundle:
    """The timelines of a bundle, one snapshot per lead, its outcome, and whether it is tested.

    Every lead closes right after its snapshot, so that later ones know how it ended.
    """

    timelines: Timelines
    snapshots: Snapshots
    target: Floats
    tested: "np.ndarray[Any, np.dtype[np.bool_]]"


def install() -> Path:
    """The command of leadforge, in its own environment, which is made the first time.

    Raises `CalledProcessError` where it cannot be installed.
    """
    command = ENVIRONMENT / "bin" / "leadforge"
    if not command.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        pip = str(ENVIRONMENT / "bin" / "pip")
        subprocess.run([pip, "install", "--quiet", PACKAGE], check=True, stdout=sys.stderr)
    return command


def generate(command: Path, seed: int, difficulty: str, folder: Path) -> None:
    """Write one bundle."""
    subprocess.run(
        [
            str(command), "generate", "--recipe", RECIPE, "--seed", str(seed),
            "--mode", "student_public", "--difficulty", difficulty, "--out", str(folder),
        ],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def read_bundle(folder: Path) -> Bundle:
    """A bundle as leads and events; times are days, read in UTC."""
    tables = {path.stem: pd.read_parquet(path) for path in (folder / "tables").glob("*.parquet")}
    task = {
        path.stem: pd.read_parquet(path) for path in (folder / "tasks" / TASK).glob("*.parquet")
    }
    tested = set(task["test"]["lead_id"])
    known = pd.concat(task.values()).set_index("lead_id")
    leads = _leads(tables)
    created_at = {lead.lead_id: lead.created_at for lead in leads}
    won = known[TASK].astype(bool)
    events = [*_interactions(tables), *_opportunities(tables["opportunities"])]
    events += _at_snapshot(known, created_at, won)
    timelines = build_timelines(
        lead_columns(leads, TYPES), event_columns(events, TYPES), PIPELINES, TYPES
    )
    rows = np.arange(len(timelines))
    return Bundle(
        timelines,
        Snapshots(rows, timelines.created_at + SNAPSHOT_AFTER_US),
        won.reindex(list(timelines.lead_ids)).to_numpy(np.float64),
        np.array([lead_id in tested for lead_id in timelines.lead_ids]),
    )


def _read(folder: Path) -> dict[str, pd.DataFrame]:
    return {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def _leads(tables: Mapping[str, pd.DataFrame]) -> list[Lead]:
    joined = (
        tables["leads"]
        .merge(tables["accounts"][["account_id", *ACCOUNT_FIELDS]], on="account_id", how="left")
        .merge(tables["contacts"][["contact_id", *CONTACT_FIELDS]], on="contact_id", how="left")
        .rename(columns=dict(LEAD_FIELDS))
    )
    names = [*LEAD_FIELDS.values(), *ACCOUNT_FIELDS, *CONTACT_FIELDS]
    return [
        Lead(row["lead_id"], at, DEFAULT_PIPELINE, {name: _text(row[name]) for name in names})
        for row, at in zip(
            joined.to_dict("records"), _times(joined["lead_created_at"]), strict=True
        )
    ]


def _interactions(tables: Mapping[str, pd.DataFrame]) -> list[Event]:
    """Touches, sessions and sales activities; how long a session lasted is its duration."""
    touches, sessions = tables["touches"], tables["sessions"]
    activities = tables["sales_activities"]
    return [
        *_contacts(
            touches, "touch", direction=touches["touch_direction"], kind=touches["touch_type"]
        ),
        *_contacts(
            sessions, "session", kind=sessions["session_type"],
            duration=sessions["session_duration_seconds"],
        ),
        *_contacts(
            activities, "activity", kind=activities["activity_type"] + " by sales",
            actor=activities["rep_id"], result=activities["activity_outcome"],
        ),
    ]  # fmt: skip


def _contacts(
    table: pd.DataFrame,
    what: str,
    *,
    kind: "pd.Series[str]",
    direction: "pd.Series[str] | None" = None,
    duration: "pd.Series[float] | None" = None,
    actor: "pd.Series[str] | None" = None,
    result: "pd.Series[str] | None" = None,
) -> list[Event]:
    nothing: list[Any] = [None] * len(table)
    columns = zip(
        table["lead_id"], _times(table[f"{what}_timestamp"]), table[f"{what}_id"], kind,
        *(nothing if one is None else one for one in (direction, duration, actor, result)),
        strict=True,
    )  # fmt: skip
    return [
        Event(
            lead_id, INTERACTION, at, at, name, event_id, direction=way, actor=who, result=ended,
            duration_seconds=None if seconds is None or pd.isna(seconds) else float(seconds),
        )
        for lead_id, at, event_id, name, way, seconds, who, ended in columns
    ]  # fmt: skip


def _opportunities(table: pd.DataFrame) -> list[Event]:
    """A stage change and the amount, when the opportunity was opened."""
    columns = zip(
        table["lead_id"], _times(table["created_at"]), table["opportunity_id"],
        table["estimated_acv"], strict=True,
    )  # fmt: skip
    return [
        event
        for lead_id, at, event_id, amount in columns
        for event in (
            Event(lead_id, STAGE_CHANGE, at, at, OPPORTUNITY, event_id),
            Event(
                lead_id, ATTRIBUTE_CHANGE, at, at, "amount", f"{event_id}-amount",
                value=_text(amount),
            ),
        )
    ]  # fmt: skip


def _at_snapshot(
    known: pd.DataFrame, created_at: Mapping[str, int], won: "pd.Series[bool]"
) -> list[Event]:
    """What the task's table says at each snapshot, and right after it the closing."""
    events = []
    for lead_id, row in known.iterrows():
        at = created_at[str(lead_id)] + SNAPSHOT_AFTER_US
        for name in KNOWN_AT_SNAPSHOT:
            value = _text(row[name])
            if value is not None:
                events.append(
                    Event(str(lead_id), ATTRIBUTE_CHANGE, at, at, name, f"{lead_id}-{name}",
                          value=value)
                )  # fmt: skip
        closed, stage = at + SECOND_US, WON if won[lead_id] else LOST
        events.append(Event(str(lead_id), STAGE_CHANGE, closed, closed, stage, f"{lead_id}-end"))
    return events


def _times(days: Sequence[str]) -> list[int]:
    moments = pd.to_datetime(pd.Series(list(days), dtype="str"), utc=True)
    times: list[int] = moments.dt.as_unit("us").astype("int64").tolist()
    return times


def _text(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)


def judged(bundle: Bundle, seed: int) -> dict[str, Any]:
    """The figures on a bundle's tested leads; nothing is known of how these ended."""
    timelines, snapshots = bundle.timelines, bundle.snapshots
    learned_rows = np.flatnonzero(~bundle.tested)
    learned_from = timelines.only(learned_rows)
    until = int(snapshots.as_of[learned_rows].max())
    plan = learn_plan(known_by(learned_from, until))
    table = _table(plan, timelines, learned_from, snapshots, bundle.target)
    learned = learn(table.only(~bundle.tested), seed)
    said = learned.probabilities(table.matrix[bundle.tested])
    label = bundle.target[bundle.tested]
    return {
        "n": len(label),
        "won": float(label.mean()),
        "auc": auc(label, said),
        "brier": brier(label, said),
        "ece": ece(label, said),
        "learned": {"trees": learned.rounds, **learned.calibration.as_record()},
    }


def _table(
    plan: Any, timelines: Timelines, others: Timelines, snapshots: Snapshots, target: Floats
) -> TargetTable:
    """The signals of all snapshots, with the leads to learn from as the population.

    All came in within a month and are told apart by chance: every outcome teaches from the start.
    """
    view = look(timelines, snapshots)
    return TargetTable(
        plan, view, plan.matrix(view, population_of(others)), target, view.created_at
    )


def leadforge(seed: int) -> dict[str, Any]:
    """The AUC of every seed and its median, by difficulty."""
    command = install()
    found: dict[str, Any] = {}
    for difficulty in DIFFICULTIES:
        by_seed = {}
        for bundle_seed in SEEDS:
            with tempfile.TemporaryDirectory() as folder:
                generate(command, bundle_seed, difficulty, Path(folder) / "bundle")
                by_seed[str(bundle_seed)] = judged(read_bundle(Path(folder) / "bundle"), seed)
        aucs = [one["auc"] for one in by_seed.values()]
        found[difficulty] = {"median_auc": float(np.median(aucs)), "by_seed": by_seed}
    return found
