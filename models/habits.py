"""Habits: what usually happens at leads of a stage, as it was known at any moment.

Interactions by kind, direction and result, and moves from one stage to the next, each under the
stage that its lead was in, as known when the event became known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from leads.arrays import Floats, Int8s, Int16s, Int32s, Int64s
from leads.records import INTERACTION, STAGE_CHANGE
from leads.timeline import Timelines

# Fewer interactions than this at leads of a stage: those of its whole pipeline count.
ENOUGH = 50


@dataclass(frozen=True)
class Habit:
    """A kind of interaction with one result: how often it happened, and how long it usually took.

    `direction` is 0 inbound, 1 outbound, -1 unknown; `duration_seconds` is None where it was
    mostly not recorded.
    """

    kind: str
    direction: int
    result: str | None
    times: int
    duration_seconds: float | None


@dataclass(frozen=True, eq=False)
class Habits:
    """What happened at the leads of some timelines; sorted when first asked for, and kept."""

    timelines: Timelines

    def interactions(self, stage: int, as_of: int) -> list[Habit]:
        """What had happened by a moment at leads in a stage, most frequent first."""
        found = self._interactions_at([stage], as_of)
        if sum(habit.times for habit in found) < ENOUGH:
            of_stage = self.timelines.pipelines.stage_pipeline
            found = self._interactions_at(np.flatnonzero(of_stage == of_stage[stage]), as_of)
        return sorted(found, key=lambda h: (-h.times, h.kind, h.direction, h.result or ""))

    def moves(self, stage: int, as_of: int) -> dict[int, int]:
        """How often leads had gone by a moment from a stage to each other one."""
        before, after, known_at = self._moves
        rows = (before == stage) & (known_at <= as_of) & (after != stage)
        codes, times = np.unique(after[rows], return_counts=True)
        return dict(zip(codes.tolist(), times.tolist(), strict=True))

    @cached_property
    def _stages(self) -> tuple[Int32s, Int64s]:
        """The stage that the lead of each event was in before it, and when the event was known."""
        timelines, events = self.timelines, self.timelines.events
        before: Int32s
        known_at: Int64s
        before, known_at = _stages_before(
            timelines.start,
            events.type,
            events.name,
            events.occurred_at,
            events.recorded_at,
            timelines.created_at,
            timelines.pipelines.first_code[timelines.pipeline],
        )
        return before, known_at

    @cached_property
    def _moves(self) -> tuple[Int32s, Int32s, Int64s]:
        rows = np.flatnonzero(self.timelines.events.type == STAGE_CHANGE)
        before, known_at = self._stages
        return before[rows], self.timelines.events.name[rows], known_at[rows]

    @cached_property
    def _by_key(self) -> tuple[Int64s, Int64s, Int64s, Floats]:
        """Each key of stage, kind, direction, result: its start, its moments and durations."""
        events = self.timelines.events
        before, known_at = self._stages
        rows = np.flatnonzero(events.type == INTERACTION)
        key = before[rows].astype(np.int64)
        for code, many in (
            (events.name, len(self.timelines.kinds)),
            (events.direction, 2),
            (events.result, len(self.timelines.results)),
        ):
            key = key * (many + 1) + code[rows] + 1
        order = np.lexsort((known_at[rows], key))
        distinct, start = np.unique(key[order], return_index=True)
        rows = rows[order]
        stop = np.append(start, len(rows)).astype(np.int64)
        return distinct, stop, known_at[rows], events.duration_seconds[rows]

    def _interactions_at(self, stages: Sequence[int] | Int64s, as_of: int) -> list[Habit]:
        """The habits of leads in any of the stages."""
        distinct, start, known_at, duration = self._by_key
        timelines = self.timelines
        kinds, results = len(timelines.kinds) + 1, len(timelines.results) + 1
        found: dict[tuple[int, int, int], list[Floats]] = {}
        for place in np.flatnonzero(np.isin(distinct // (results * 3 * kinds), stages)):
            rest, result = divmod(int(distinct[place]), results)
            rest, direction = divmod(rest, 3)
            known = slice(start[place], start[place + 1])
            times = int(np.searchsorted(known_at[known], as_of, "right"))
            if times:
                what = rest % kinds - 1, direction - 1, result - 1
                found.setdefault(what, []).append(duration[known][:times])
        return [
            Habit(
                kind=timelines.kinds[kind],
                direction=direction,
                result=None if result < 0 else timelines.results[result],
                times=sum(map(len, durations)),
                duration_seconds=_usual(np.concatenate(durations)),
            )
            for (kind, direction, result), durations in found.items()
        ]


def _usual(durations: Floats) -> float | None:
    """The median, where more than half have one."""
    known = durations[~np.isnan(durations)]
    return float(np.median(known)) if 2 * len(known) > len(durations) else None


@njit(cache=True, nogil=True)  # pragma: no cover
def _stages_before(
    start: Int64s,
    event_type: Int8s,
    name: Int32s,
    occurred_at: Int64s,
    recorded_at: Int64s,
    created_at: Int64s,
    first_code: Int16s,
) -> tuple[Int32s, Int64s]:
    """Of each event the stage by the moves before it that were known when it was, and that moment.

    So what is known later changes nothing about it.
    """
    before = np.empty(len(event_type), np.int32)
    known_at = np.empty(len(event_type), np.int64)
    moves = np.empty(len(event_type), np.int64)
    for lead in range(len(start) - 1):
        n_moves = 0
        for event in range(start[lead], start[lead + 1]):
            known_at[event] = max(occurred_at[event], recorded_at[event], created_at[lead])
            before[event] = first_code[lead]
            for place in range(n_moves - 1, -1, -1):
                if known_at[moves[place]] <= known_at[event]:
                    before[event] = name[moves[place]]
                    break
            if event_type[event] == STAGE_CHANGE:
                moves[n_moves] = event
                n_moves += 1
    return before, known_at
