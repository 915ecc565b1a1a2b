"""What there is: leads, outcomes and events by pipeline and stage, and the time they span."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from leads.arrays import Int8s, Int32s, Int64s
from leads.clock import DAY_US, format_time
from leads.outcome import CENSORED_LABEL, STATUS_NAMES, WON_LABEL, closings, known_stage, labels
from leads.pipelines import LOST, OPEN, WON
from leads.records import ATTRIBUTE_CHANGE, EVENT_TYPES, STAGE_CHANGE
from leads.timeline import Timelines
from leads.view import Snapshots, known_by, look
from training.creation_values import values_at_creation


@dataclass(frozen=True)
class PipelineSize:
    """A pipeline's leads: how they stand, and those decided within the window of their creation.

    `decided` leads were won within the window, or lost, or the window passed. `median_days` is the
    time from creation to the close of half of the closed leads, None without any.
    """

    pipeline: str
    window_days: float
    leads: int
    open: int
    won: int
    lost: int
    decided: int
    won_within_window: int
    median_days: float | None


@dataclass(frozen=True)
class StageSize:
    """A stage: leads that ever came to it, are in it now, and the decided share of them won."""

    pipeline: str
    stage: str
    outcome: str
    reached: int
    now: int
    decided: int
    won: int


@dataclass(frozen=True)
class AttributeSize:
    """An attribute: its type, the share of leads that have it at creation, and later changes."""

    attribute: str
    type: str
    filled_at_creation: float
    changes: int


@dataclass(frozen=True)
class Inventory:
    """All that is known at a moment, counted; times in microseconds."""

    leads: int
    events: dict[str, int]
    kinds: dict[str, int]
    first_created_at: int
    last_created_at: int
    newest_event_at: int
    until: int
    pipelines: tuple[PipelineSize, ...]
    stages: tuple[StageSize, ...]
    attributes: tuple[AttributeSize, ...]

    @property
    def span_days(self) -> float:
        """From the first lead's creation to the newest event."""
        return (self.newest_event_at - self.first_created_at) / DAY_US

    @property
    def stale_days(self) -> float:
        """How old the newest event is."""
        return (self.until - self.newest_event_at) / DAY_US

    def as_record(self) -> dict[str, Any]:
        """A plain record for `--json`."""
        times = ("first_created_at", "last_created_at", "newest_event_at", "until")
        return {**asdict(self), **{name: format_time(getattr(self, name)) for name in times}}


def inventory(timelines: Timelines, until: int) -> Inventory:
    """Count what is known by `until`; at least one lead must be."""
    known = known_by(timelines, until)
    every = Snapshots(np.arange(len(known)), known.created_at)
    label = labels(look(known, every), until)
    events = known.events
    return Inventory(
        leads=len(known),
        events={
            name: int((events.type == code).sum() - (code == ATTRIBUTE_CHANGE) * _given(known))
            for name, code in EVENT_TYPES.items()
        },
        kinds=_counted(known.kinds, events.name[events.type == EVENT_TYPES["interaction"]]),
        first_created_at=int(known.created_at.min()),
        last_created_at=int(known.created_at.max()),
        newest_event_at=known.newest_event_at(until) or until,
        until=until,
        pipelines=_pipeline_sizes(known, until, label),
        stages=_stage_sizes(known, until, label),
        attributes=_attribute_sizes(known),
    )


def _given(known: Timelines) -> int:
    """How many of the attribute changes are values of the table of leads."""
    rows = known.events.row[known.events.type == ATTRIBUTE_CHANGE]
    return sum(not known.event_id[row] for row in rows.tolist())


def _counted(names: tuple[str, ...], codes: Int32s) -> dict[str, int]:
    """The names that occur with how often they do, the most frequent first."""
    counts = np.bincount(codes, minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    return {names[code]: int(counts[code]) for code in order if counts[code]}


def _pipeline_sizes(known: Timelines, until: int, label: Int8s) -> tuple[PipelineSize, ...]:
    closed = closings(known, until)
    sizes = []
    for code, pipeline in enumerate(known.pipelines.pipelines):
        own = closed.pipeline == code
        days = (closed.closed_at - known.created_at)[own & (closed.status != OPEN)] / DAY_US
        sizes.append(
            PipelineSize(
                pipeline=pipeline.name,
                window_days=pipeline.window_days,
                leads=int(own.sum()),
                open=int((own & (closed.status == OPEN)).sum()),
                won=int((own & (closed.status == WON)).sum()),
                lost=int((own & (closed.status == LOST)).sum()),
                decided=int((own & (label != CENSORED_LABEL)).sum()),
                won_within_window=int((own & (label == WON_LABEL)).sum()),
                median_days=float(np.median(days)) if len(days) else None,
            )
        )
    return tuple(sizes)


def _stage_sizes(known: Timelines, until: int, label: Int8s) -> tuple[StageSize, ...]:
    pipelines = known.pipelines
    every = np.arange(len(known))
    first = known_stage(look(known, Snapshots(every, known.created_at)))
    now = known_stage(look(known, Snapshots(every, np.full(len(known), until))))
    stage, lead = _reached(known, first)
    sizes = []
    for code, (pipeline, name) in enumerate(pipelines.stage_names):
        leads = lead[stage == code]
        sizes.append(
            StageSize(
                pipeline=pipeline,
                stage=name,
                outcome=STATUS_NAMES[int(pipelines.stage_outcome[code])],
                reached=len(leads),
                now=int((now == code).sum()),
                decided=int((label[leads] != CENSORED_LABEL).sum()),
                won=int((label[leads] == WON_LABEL).sum()),
            )
        )
    return tuple(sizes)


def _reached(known: Timelines, first: Int32s) -> tuple[Int64s, Int64s]:
    """The distinct pairs of a stage and a lead that came to it; `first` is where each began."""
    events = known.events
    rows = np.flatnonzero(events.type == STAGE_CHANGE)
    lead = np.repeat(np.arange(len(known)), np.diff(known.start))[rows]
    pairs = np.stack(
        [
            np.concatenate([events.name[rows].astype(np.int64), first.astype(np.int64)]),
            np.concatenate([lead, np.arange(len(known))]),
        ]
    )
    stage, of_lead = np.unique(pairs, axis=1)
    return stage, of_lead


def _attribute_sizes(known: Timelines) -> tuple[AttributeSize, ...]:
    events = known.events
    changes = events.name[events.type == ATTRIBUTE_CHANGE]
    counts = np.bincount(changes, minlength=len(known.attributes))
    sizes = [
        AttributeSize(
            attribute=column.attribute,
            type=column.type,
            filled_at_creation=float(column.filled.mean()),
            changes=int(count) - int(column.filled.sum()),
        )
        for column, count in zip(values_at_creation(known), counts, strict=True)
    ]
    return tuple(sorted(sizes, key=lambda size: (-size.filled_at_creation, size.attribute)))
