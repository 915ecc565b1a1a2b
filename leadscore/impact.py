"""Impact: what another champion would do to the leads that are open now."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leads.arrays import Floats, Int64s
from leads.clock import format_time
from leads.counting import count_of
from leads.view import look
from leadscore.scoring import BLOCK_SNAPSHOTS, OpenNow
from leadscore.terminal import percent, say, show_table
from models.scorer import Scorer

TOP = 20
# A lead that moves by more than this, in probability, is counted as moved.
MOVED = 0.1


@dataclass(frozen=True)
class Mover:
    """A lead that enters or leaves the top 20: its probability and rank before and after."""

    lead_id: str
    before: float
    after: float
    rank_before: int
    rank_after: int


@dataclass(frozen=True)
class Impact:
    """How the open leads' scores change at a moment; without a champion before, only `after`.

    `n_moved` leads move by more than 10 points; `entered` and `left` are of the top 20.
    """

    as_of: str
    n_open: int
    mean_after: float | None
    mean_before: float | None = None
    n_moved: int | None = None
    entered: tuple[Mover, ...] = ()
    left: tuple[Mover, ...] = ()

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        return asdict(self)


def impact_of(leads: OpenNow, challenger: Scorer, champion: Scorer | None) -> Impact:
    """Score the open leads with both and compare."""
    lead_ids = [leads.timelines.lead_ids[row] for row in leads.snapshots.lead]
    as_of = format_time(leads.freshness.as_of)
    after = _probabilities(leads, challenger)
    if champion is None:
        return Impact(as_of, len(after), _mean(after))
    return compared(as_of, lead_ids, _probabilities(leads, champion), after)


def compared(as_of: str, lead_ids: Sequence[str], before: Floats, after: Floats) -> Impact:
    """The impact of probabilities that change from `before` to `after`, one per lead."""
    rank_before, rank_after = _ranks(lead_ids, before), _ranks(lead_ids, after)
    was, comes = rank_before <= TOP, rank_after <= TOP

    def movers(rows: Int64s) -> tuple[Mover, ...]:
        return tuple(
            Mover(
                lead_ids[row],
                float(before[row]),
                float(after[row]),
                int(rank_before[row]),
                int(rank_after[row]),
            )
            for row in rows
        )

    entered, left = np.flatnonzero(comes & ~was), np.flatnonzero(was & ~comes)
    return Impact(
        as_of=as_of,
        n_open=len(lead_ids),
        mean_after=_mean(after),
        mean_before=_mean(before),
        n_moved=int((np.abs(after - before) > MOVED).sum()),
        entered=movers(entered[np.argsort(rank_after[entered])]),
        left=movers(left[np.argsort(rank_before[left])]),
    )


def show_impact(impact: Impact, version: str, champion: str | None) -> None:
    """The impact in words, and who enters and leaves the top 20."""
    mean = percent(impact.mean_after, 1)
    if impact.mean_before is None or impact.n_moved is None:
        leads = count_of(impact.n_open, "lead is", "leads are")
        say(f"{leads} open; the mean of version {version} is {mean}.")
        return
    say(
        f"From version {champion} to {version}, {impact.n_moved:,} of {impact.n_open:,} open "
        f"leads move by more than 10 points; the mean goes from "
        f"{percent(impact.mean_before, 1)} to {mean}."
    )
    movers = [("enters", one) for one in impact.entered] + [("leaves", one) for one in impact.left]
    if not movers:
        say(f"The top {TOP} stay the same leads.")
        return
    show_table(
        "",
        (f"top {TOP}", "lead", "before", "after", "rank before", "rank after"),
        [
            (
                what,
                one.lead_id,
                percent(one.before),
                percent(one.after),
                one.rank_before,
                one.rank_after,
            )
            for what, one in movers
        ],
        wrapped=None,
    )


def _probabilities(leads: OpenNow, scorer: Scorer) -> Floats:
    """One per open lead, computed in blocks to bound the memory that signals take."""
    found = np.zeros(len(leads.snapshots))
    for at in range(0, len(found), BLOCK_SNAPSHOTS):
        rows = np.arange(at, min(at + BLOCK_SNAPSHOTS, len(found)))
        view = look(leads.timelines, leads.snapshots.only(rows))
        found[rows] = scorer.probabilities(view, leads.population)
    return found


def _ranks(lead_ids: Sequence[str], probability: Floats) -> Int64s:
    """1 for the highest, ties by id, as leads are listed."""
    order = np.lexsort((np.array(lead_ids, dtype=np.str_), -probability))
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks


def _mean(probability: Floats) -> float | None:
    return float(probability.mean()) if len(probability) else None
