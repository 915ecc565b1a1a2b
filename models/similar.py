"""Similar leads: resolved ones that once looked like this one to the model, and how they ended.

Each is looked at while it was in the same stage, for about as long, as it was known then; alike
are those whose groups of signals moved the score alike. Of a lead resolved later than the moment
asked about nothing is shown.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from features.population import Population
from features.signal import Group
from leads.arrays import Floats, Int8s, Int32s, Int64s
from leads.clock import DAY_US
from leads.errors import InvalidSnapshotError
from leads.outcome import closings, known_stage, known_status
from leads.pipelines import OPEN
from leads.records import STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import Snapshots, View, look
from models.alternatives import view_of_all
from models.factors import sum_groups
from models.languages import ENGLISH, Language, message
from models.scorer import Scorer
from models.sentences import group_label

MOST_SIMILAR = 5
MOST_REASONS = 3
# Leads are compared after about as long in the stage: the nearest of these, by their ratio.
DAYS_IN_STAGE = (0.25, 1.0, 3.0, 7.0, 14.0, 30.0, 60.0, 120.0, 240.0, 480.0)
# So many snapshots at a time: bounds the memory that contributions take.
BLOCK_SNAPSHOTS = 10_000
# 20,000 leads and 60 groups take 5 MB each.
MOST_SHELVES = 16
NEVER = np.iinfo(np.int64).max
Float32s = np.ndarray[tuple[int, int], np.dtype[np.float32]]

# What people read of all of them.
NOTE = message(
    "Resolved leads whose signals moved the score most alike, each as it was known while it was "
    "in this stage. How they ended is not how this one has to end."
)


@dataclass(frozen=True)
class SharedReason:
    """A group of signals and what it does to two leads' log-odds: to this one, to the other."""

    group: Group
    here: float
    there: float

    def label_in(self, language: Language = ENGLISH) -> str:
        """What a person calls the group."""
        return group_label(self.group, language)


@dataclass(frozen=True)
class SimilarLead:
    """A resolved lead, the moment when it was like this one, and how it ended.

    `likeness` is 1 for equal reasons and 0.5 where they differ by a factor of two in the odds.
    Times in microseconds; `status` is WON or LOST as known at the moment asked about.
    """

    lead_id: str
    status: int
    created_at: int
    compared_at: int
    closed_at: int
    win_probability: float
    likeness: float
    alike_in: tuple[SharedReason, ...]
    differs_in: tuple[SharedReason, ...]

    @property
    def days_taken(self) -> float:
        """From its creation to its close."""
        return (self.closed_at - self.created_at) / DAY_US


@dataclass(frozen=True)
class SimilarLeads:
    """The most similar first; `compared` counts all that had been in the stage and are resolved."""

    lead_id: str
    as_of: int
    status: int
    pipeline: str
    stage: str
    compared: int
    leads: tuple[SimilarLead, ...]


class StageHistory(NamedTuple):
    """The stages of leads as they became known: one row per change, sorted by lead and moment.

    A stage holds from `since` until `until`, `NEVER` where it still does.
    """

    lead: Int64s
    since: Int64s
    until: Int64s
    stage: Int32s
    status: Int8s


class _Shelf(NamedTuple):
    """Leads at comparable snapshots, with what each group did to their log-odds."""

    lead: Int64s
    as_of: Int64s
    probability: Floats
    groups: Float32s


class ResolvedLeads:
    """The resolved leads of a population as one model sees them; safe to use from several threads.

    Snapshots of a stage and a time in it are scored when first asked for, and kept.
    """

    def __init__(self, scorer: Scorer, population: Population) -> None:
        self.scorer = scorer
        self.population = population
        self._shelves: dict[tuple[int, float], _Shelf] = {}
        self._lock = threading.Lock()
        names = [group.name for group in scorer.groups]
        self._group_of_column = np.array(
            [names.index(column.group.name) for column in scorer.plan.columns], np.int64
        )

    def like(self, timelines: Timelines, as_of: int, most: int = MOST_SIMILAR) -> SimilarLeads:
        """The leads most like the only lead in `timelines`, resolved by `as_of`.

        None for a lead that is itself won or lost. Raises `InvalidSnapshotError`.
        """
        view = view_of_all(timelines, as_of)
        stage, status = int(known_stage(view)[0]), int(known_status(view)[0])
        found = SimilarLeads(
            view.lead_id(0), as_of, status, *timelines.pipelines.stage_names[stage], 0, ()
        )
        if status != OPEN or self.population.timelines is None:
            return found
        shelf = self._shelf(stage, _nearest_age(as_of - _entered(timelines, as_of)))
        status_of = self._status_at(as_of)
        own = self.population.row_of.get(view.lead_id(0), -1)
        rows = np.flatnonzero(
            (status_of[shelf.lead] != OPEN) & (shelf.as_of <= as_of) & (shelf.lead != own)
        )
        here = self._groups(view)[1][0].astype(np.float32)
        distance = np.abs(shelf.groups[rows] - here).sum(axis=1)
        nearest = np.lexsort((shelf.lead[rows], distance))[:most]
        leads = self._described(shelf, rows[nearest], here, as_of)
        return SimilarLeads(
            found.lead_id, as_of, status, found.pipeline, found.stage, len(rows), leads
        )

    @cached_property
    def _history(self) -> StageHistory:
        assert self.population.timelines is not None
        return stage_history(self.population.timelines)

    def _status_at(self, as_of: int) -> Int8s:
        """How every lead stood at a moment; one not yet known is open."""
        known = self._history.since <= as_of
        status = np.zeros(len(self.population.row_of), np.int8)
        # Of several rows of a lead the last one stays.
        status[self._history.lead[known]] = self._history.status[known]
        return status

    def _shelf(self, stage: int, days: float) -> _Shelf:
        with self._lock:
            # The one used last is at the end; the one not used for longest goes.
            shelf = self._shelves.pop((stage, days), None) or self._filled(stage, days)
            self._shelves[stage, days] = shelf
            if len(self._shelves) > MOST_SHELVES:
                del self._shelves[next(iter(self._shelves))]
            return shelf

    def _filled(self, stage: int, days: float) -> _Shelf:
        """Every lead that has left the stage, so long after it came to it or just before it left.

        Its first visit counts, as it became known: so nothing later moves the snapshot.
        """
        assert self.population.timelines is not None
        history = self._history
        there = np.flatnonzero(history.stage == stage)
        lead, first = np.unique(history.lead[there], return_index=True)
        visit = there[first]
        as_of = np.minimum(history.since[visit] + int(days * DAY_US), history.until[visit] - 1)
        ever_closed = np.isin(lead, history.lead[history.status != OPEN])
        kept = ever_closed & (history.until[visit] != NEVER)
        snapshots = Snapshots(lead[kept], as_of[kept])
        blocks = [
            self._groups(look(self.population.timelines, snapshots.only(rows)))
            for rows in _blocks(len(snapshots))
        ]
        probability, groups = (np.concatenate(part) for part in zip(*blocks, strict=True))
        return _Shelf(snapshots.lead, snapshots.as_of, probability, groups.astype(np.float32))

    def _groups(self, view: View) -> tuple[Floats, Floats]:
        """The probability of each snapshot, and what each group does to its log-odds."""
        scores = self.scorer.score(view, self.population)
        names = len(self.scorer.groups)
        groups = sum_groups(scores.contributions, self._group_of_column, names)
        return scores.effects.probability, groups

    def _described(
        self, shelf: _Shelf, rows: Int64s, here: Floats, as_of: int
    ) -> tuple[SimilarLead, ...]:
        timelines = self.population.timelines
        assert timelines is not None
        found = timelines.only(shelf.lead[rows])
        ends = closings(found, as_of)
        return tuple(
            SimilarLead(
                lead_id=found.lead_ids[place],
                status=int(ends.status[place]),
                created_at=int(found.created_at[place]),
                compared_at=int(shelf.as_of[row]),
                closed_at=int(ends.closed_at[place]),
                win_probability=float(shelf.probability[row]),
                likeness=float(np.exp(-np.abs(shelf.groups[row] - here).sum())),
                alike_in=self._reasons(
                    here, shelf.groups[row], _agreement(here, shelf.groups[row])
                ),
                differs_in=self._reasons(here, shelf.groups[row], np.abs(shelf.groups[row] - here)),
            )
            for place, row in enumerate(rows)
        )

    def _reasons(self, here: Floats, there: Floats, weight: Floats) -> tuple[SharedReason, ...]:
        """The groups of the largest weight; ties by name."""
        groups = self.scorer.groups
        order = sorted(np.flatnonzero(weight > 0), key=lambda g: (-weight[g], groups[g].name))
        return tuple(
            SharedReason(groups[g], float(here[g]), float(there[g])) for g in order[:MOST_REASONS]
        )


def stage_history(timelines: Timelines) -> StageHistory:
    """The stages of all leads as they became known, from their creation on."""
    events = timelines.events
    lead_of_event = np.repeat(np.arange(len(timelines)), np.diff(timelines.start))
    moves = np.flatnonzero(events.type == STAGE_CHANGE)
    lead = np.concatenate([np.arange(len(timelines)), lead_of_event[moves]])
    learned = np.maximum(events.occurred_at[moves], events.recorded_at[moves])
    created_at = timelines.created_at[lead]
    moment = np.maximum(np.concatenate([timelines.created_at, learned]), created_at)
    order = np.lexsort((moment, lead))
    lead, moment = lead[order], moment[order]
    stage = known_stage(look(timelines, Snapshots(lead, moment)))
    changed = np.append(True, (lead[1:] != lead[:-1]) | (stage[1:] != stage[:-1]))[: len(lead)]
    lead, since, stage = lead[changed], moment[changed], stage[changed]
    until = np.full(len(lead), NEVER)
    same = lead[1:] == lead[:-1]
    until[:-1][same] = since[1:][same]
    return StageHistory(lead, since, until, stage, timelines.pipelines.stage_outcome[stage])


def _entered(timelines: Timelines, as_of: int) -> int:
    """When the only lead's stage at a moment became known."""
    history = stage_history(timelines)
    known = np.flatnonzero(history.since <= as_of)
    if not len(known):
        raise InvalidSnapshotError("the lead did not exist by then; ask for a later moment")
    return int(history.since[known[-1]])


def _nearest_age(us: int) -> float:
    """The listed time in a stage that is nearest by its ratio."""
    days = max(us / DAY_US, DAYS_IN_STAGE[0])
    return min(DAYS_IN_STAGE, key=lambda listed: abs(np.log(listed / days)))


def _agreement(here: Floats, there: Floats) -> Floats:
    """How far each group moves both leads the same way."""
    same = np.sign(here) == np.sign(there)
    return np.where(same, np.minimum(np.abs(here), np.abs(there)), 0.0)


def _blocks(rows: int) -> Sequence[Int64s]:
    """The rows in blocks, one at least."""
    return [
        np.arange(at, min(at + BLOCK_SNAPSHOTS, rows))
        for at in range(0, max(rows, 1), BLOCK_SNAPSHOTS)
    ]
