"""The outcome of a loan application's last offer, by the published protocol.

Teinemaa, Dumas, La Rosa, Maggi: Outcome-oriented predictive process monitoring (TKDD 2019), log
BPIC 2012: the label is the last offer event, prefixes of 1 to 40 events are scored, the first
80 % of the cases by their start are learned from, without events from the first later case on, and
the AUC of each prefix length is averaged by the number of later prefixes of that length.

An event is an interaction (its kind the activity and lifecycle, its actor the resource) of a lead
that is created by its first event with the attribute `amount`.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.published.learned import TargetTable, learn
from benchmarks.published.prefix_auc import mean_auc
from features.plan import learn_plan
from features.population import population_of
from leads.arrays import MISSING, Bools, Coded, Int64s
from leads.clock import format_time
from leads.pipelines import DEFAULT_PIPELINE, Pipeline, Pipelines
from leads.records import INTERACTION, EventColumns, LeadColumns
from leads.timeline import Timelines, build_timelines
from leads.view import Snapshots, known_by, look
from models.metrics import brier, ece

OUTCOMES = ("O_ACCEPTED", "O_DECLINED", "O_CANCELLED")
NAMES = {"O_ACCEPTED": "accepted", "O_DECLINED": "declined", "O_CANCELLED": "cancelled"}
LONGEST_PREFIX = 40
LEARNED_SHARE = 0.8
# As published: cases and events of the log.
CASES, EVENTS = 4_685, 186_693
# The stages are those of any lead; none ever closes, for the outcome is given as the target.
PIPELINES = Pipelines((Pipeline(DEFAULT_PIPELINE, ("Applied",), ("Accepted",), ("Ended",)),))


@dataclass(frozen=True)
class Offers:
    """The cases with an offer's outcome, in order of their start; `outcome` has one per lead."""

    timelines: Timelines
    outcome: tuple[str, ...]

    @property
    def split(self) -> int:
        """The start of the first case that is judged on."""
        return int(self.timelines.created_at[int(len(self.timelines) * LEARNED_SHARE)])


def read_offers(events: Path) -> Offers:
    """The cases of the raw log; raises `ValueError` where it is not the published one."""
    table = pq.read_table(events)
    case = np.array(table["case:concept:name"].to_pylist())
    name = np.array(table["concept:name"].to_pylist())
    lifecycle = np.array(table["lifecycle:transition"].to_pylist())
    at = table["time:timestamp"].cast("int64").to_numpy().astype(np.int64)
    last_offer = {}
    for row in np.flatnonzero(np.char.startswith(name, "O") & (lifecycle == "COMPLETE")).tolist():
        last_offer[str(case[row])] = str(name[row])
    outcome = {key: found for key, found in last_offer.items() if found in OUTCOMES}
    kept = np.flatnonzero(np.isin(case, list(outcome)))
    if (len(outcome), len(kept)) != (CASES, EVENTS):
        raise ValueError(
            f"{events} has {len(outcome):,} cases with {len(kept):,} events whose last offer was "
            f"accepted, declined or cancelled; published are {CASES:,} and {EVENTS:,}"
        )
    _, first = np.unique(case[kept], return_index=True)
    starts = kept[np.sort(first)]
    starts = starts[np.argsort(at[starts], kind="stable")]
    ids = [str(case[row]) for row in starts]
    amount = table["case:AMOUNT_REQ"].to_numpy().astype(np.float64)
    leads = LeadColumns(
        lead_id=ids,
        created_at=at[starts],
        pipeline=Coded.of([DEFAULT_PIPELINE] * len(ids)),
        numbers={"amount": amount[starts]},
        levels={},
    )
    interactions = _interactions(
        Coded.of(case[kept].tolist()),
        apart(case[kept], at[kept]),
        Coded.of([f"{a}-{b}" for a, b in zip(name[kept], lifecycle[kept], strict=True)]),
        Coded.of(table["org:resource"].take(kept).to_pylist()),
    )
    timelines = build_timelines(leads, interactions, PIPELINES, {"amount": "number"})
    return Offers(timelines, tuple(outcome[lead_id] for lead_id in ids))


def apart(case: "np.ndarray[Any, Any]", at: Int64s) -> Int64s:
    """Times in which each event of a case is at least a microsecond after the one before it.

    Events of a case stand together. The log is exact to the millisecond: its order is kept.
    """
    later = at.copy()
    for row in range(1, len(later)):
        if case[row] == case[row - 1] and later[row] <= later[row - 1]:
            later[row] = later[row - 1] + 1
    return later


def _interactions(lead: Coded, at: Int64s, kind: Coded, actor: Coded) -> EventColumns:
    n = len(at)
    return EventColumns(
        lead_id=lead,
        type=np.full(n, INTERACTION, np.int8),
        occurred_at=at,
        recorded_at=at,
        name=kind,
        pipeline=Coded.missing(n),
        number=np.full(n, np.nan),
        level=Coded.missing(n),
        direction=np.full(n, MISSING, np.int8),
        duration_seconds=np.full(n, np.nan),
        actor=actor,
        result=Coded.missing(n),
        event_id=[str(row) for row in range(n)],
    )


def prefixes(timelines: Timelines, longest: int = LONGEST_PREFIX) -> tuple[Snapshots, Int64s]:
    """A snapshot at each of the first events of every lead, and how many events it knows."""
    events = np.flatnonzero(timelines.events.type == INTERACTION)
    lead = np.searchsorted(timelines.start, events, "right") - 1
    _, first, count = np.unique(lead, return_index=True, return_counts=True)
    length = np.arange(len(lead)) - np.repeat(first, count) + 1
    kept = length <= longest
    return Snapshots(lead[kept], timelines.events.occurred_at[events[kept]]), length[kept]


@dataclass(frozen=True)
class Split:
    """What is learned from and judged on: the matrix of every prefix, and which rows are which."""

    table: TargetTable
    length: Int64s
    learned: Bools
    judged: Bools
    closed: Bools


def split_of(offers: Offers) -> Split:
    """The prefixes with their signals; the plan is learned from what was known at the split."""
    timelines, cut = offers.timelines, offers.split
    snapshots, length = prefixes(timelines)
    view = look(timelines, snapshots)
    plan = learn_plan(known_by(timelines, cut - 1))
    last = timelines.events.occurred_at[timelines.start[1:] - 1][snapshots.lead]
    before = timelines.created_at[snapshots.lead] < cut
    table = TargetTable(
        plan=plan,
        view=view,
        matrix=plan.matrix(view, population_of(timelines)),
        target=np.full(len(view), np.nan),
        known_at=view.as_of,
    )
    return Split(table, length, before & (view.as_of < cut), ~before, before & (last < cut))


def loan_offers(events: Path, seed: int) -> dict[str, Any]:
    """The figures of the three targets, learned from all earlier cases and from closed ones."""
    offers = read_offers(events)
    split = split_of(offers)
    rows = {"as_published": split.learned, "closed_before_the_split": split.learned & split.closed}
    return {
        "cases": len(offers.timelines),
        "events": int((offers.timelines.events.type == INTERACTION).sum()),
        "split": format_time(offers.split),
        "prefixes_judged": int(split.judged.sum()),
        **{
            name: {NAMES[one]: _judged(offers, split, chosen, one, seed) for one in OUTCOMES}
            for name, chosen in rows.items()
        },
    }


def _judged(offers: Offers, split: Split, chosen: Bools, outcome: str, seed: int) -> dict[str, Any]:
    """One target's figures on the later prefixes, each counting once."""
    lead = split.table.view.snapshots.lead
    target = (np.array(offers.outcome) == outcome).astype(np.float64)[lead]
    learned = learn(replace(split.table, target=target).only(chosen), seed)
    said = learned.probabilities(split.table.matrix[split.judged])
    label, length, of = target[split.judged], split.length[split.judged], lead[split.judged]
    return {
        "auc": mean_auc(label, said, length, of),
        "brier": brier(label, said),
        "ece": ece(label, said),
        "distinct": {
            "margins": len(np.unique(learned.margin.of(split.table.matrix[split.judged]))),
            "probabilities": len(np.unique(said)),
        },
        "learned": {"trees": learned.rounds, **learned.calibration.as_record()},
    }
