"""Timelines: every lead's events in the stated order, as columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leads.arrays import (
    MISSING,
    Coded,
    Floats,
    Int8s,
    Int16s,
    Int32s,
    Int64s,
)
from leads.attributes import AttributeType
from leads.clock import LATEST_US
from leads.event_order import order_events
from leads.late_records import newest_late_records
from leads.overwritten import overwritten_attributes
from leads.pipelines import Pipelines
from leads.quarantine import Quarantined
from leads.records import (
    ATTRIBUTE_CHANGE,
    INTERACTION,
    STAGE_CHANGE,
    EventColumns,
    LeadColumns,
    concatenate_events,
)


@dataclass(frozen=True)
class Events:
    """Events as parallel columns, sorted by lead and, within a lead, in the stated order.

    `name` is the code of the kind, the stage or the attribute, by `type`; `number` and `level` are
    the value of an attribute change, missing (NaN, -1) elsewhere and where it was cleared.
    """

    occurred_at: Int64s
    recorded_at: Int64s
    type: Int8s
    name: Int32s
    number: Floats
    level: Int32s
    direction: Int8s
    duration_seconds: Floats
    actor: Int32s
    result: Int32s
    row: Int64s

    def take(self, places: Int64s | slice) -> "Events":
        """The events at these places."""
        return Events(**{name: getattr(self, name)[places] for name in self.__dataclass_fields__})

    def followed_by(self, other: "Events") -> "Events":
        """These events with others behind them."""
        return Events(
            **{
                name: np.concatenate([getattr(self, name), getattr(other, name)])
                for name in self.__dataclass_fields__
            }
        )


@dataclass(frozen=True)
class Timelines:
    """All that happened to some leads; lead `i` owns the events `start[i]` to `start[i + 1]`.

    Everything textual is a code into the lists beside it. `event_id[events.row[k]]` is the id of
    event `k`; a value known at creation has the id "". Nothing is learned from the attributes of
    `quarantined`.
    """

    lead_ids: tuple[str, ...]
    created_at: Int64s
    pipeline: Int16s
    start: Int64s
    events: Events
    pipelines: Pipelines
    kinds: tuple[str, ...]
    attributes: tuple[str, ...]
    attribute_types: Mapping[str, AttributeType]
    levels: tuple[str, ...]
    actors: tuple[str, ...]
    results: tuple[str, ...]
    event_id: Sequence[str]
    quarantined: tuple[Quarantined, ...] = ()

    def __len__(self) -> int:
        return len(self.lead_ids)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of a lead's id."""
        return {lead_id: row for row, lead_id in enumerate(self.lead_ids)}

    @cached_property
    def newest_late_record(self) -> Int64s:
        """By lead, from when on nothing that had happened to it was still to be recorded."""
        newest: Int64s = newest_late_records(
            self.start, self.events.occurred_at, self.events.recorded_at
        )
        return newest

    def newest_event_at(self, by: int = LATEST_US) -> int | None:
        """When the newest thing known by a moment was learned, an event or a lead; None if nothing.

        Planned events do not count before they happen.
        """
        learned = np.maximum(self.events.occurred_at, self.events.recorded_at)
        moments = np.concatenate([self.created_at, learned])
        moments = moments[moments <= by]
        return int(moments.max()) if len(moments) else None

    def ids_of(self, events: Events, places: Sequence[int]) -> list[str]:
        """The ids of some of `events`, without the values known at creation."""
        ids = [self.event_id[int(events.row[place])] for place in places]
        return [event_id for event_id in ids if event_id]

    def only(self, rows: Int64s) -> "Timelines":
        """The timelines of some leads, in the order of `rows`."""
        lengths = (self.start[1:] - self.start[:-1])[rows]
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        offsets = np.repeat(self.start[rows] - start[:-1], lengths)
        return replace(
            self,
            lead_ids=tuple(self.lead_ids[row] for row in rows),
            created_at=self.created_at[rows],
            pipeline=self.pipeline[rows],
            start=start,
            events=self.events.take(np.arange(start[-1]) + offsets),
        )


def build_timelines(
    leads: LeadColumns,
    events: EventColumns,
    pipelines: Pipelines,
    attribute_types: Mapping[str, AttributeType],
) -> Timelines:
    """Timelines of leads and their events.

    Leads keep their order; events of leads that are not among them, and stage changes to a stage
    that no pipeline has, are left out: whoever reads records reports those. Values of `leads` are
    known at creation and become attribute changes at that moment, unless a change of the attribute
    was known by then: a history that begins at creation stands alone.
    """
    given = len(events)
    history = _known_at_creation(events, leads)
    events = concatenate_events([events, *_values_at_creation(leads, history)])
    lead = _lead_rows(events.lead_id, leads)
    lead_pipeline = leads.pipeline.recoded(
        [pipelines.pipeline_code_of[name] for name in leads.pipeline.levels]
    )
    lists = _name_lists(events)
    name = _names(events, lists, lead, leads.pipeline, pipelines)
    order, start = _stated_order(events, lead, name, pipelines, len(leads.lead_id), given)
    return Timelines(
        lead_ids=tuple(leads.lead_id),
        created_at=leads.created_at,
        pipeline=lead_pipeline.astype(np.int16),
        start=start,
        events=Events(
            occurred_at=events.occurred_at[order],
            recorded_at=events.recorded_at[order],
            type=events.type[order],
            name=name[order],
            number=events.number[order],
            level=events.level.codes[order],
            direction=events.direction[order],
            duration_seconds=events.duration_seconds[order],
            actor=events.actor.codes[order],
            result=events.result.codes[order],
            row=order,
        ),
        pipelines=pipelines,
        kinds=lists[INTERACTION],
        attributes=lists[ATTRIBUTE_CHANGE],
        attribute_types=dict(attribute_types),
        levels=events.level.levels,
        actors=events.actor.levels,
        results=events.result.levels,
        event_id=events.event_id,
        quarantined=_overwritten(events, order, lead, name, lists, given),
    )


def _overwritten(
    events: EventColumns,
    order: Int64s,
    lead: Int32s,
    name: Int32s,
    lists: Mapping[int, tuple[str, ...]],
    given: int,
) -> tuple[Quarantined, ...]:
    """The overwritten attributes; the events from place `given` on are values at creation."""
    rows = order[events.type[order] == ATTRIBUTE_CHANGE]
    return overwritten_attributes(
        lists[ATTRIBUTE_CHANGE],
        lead[rows],
        name[rows],
        events.number[rows],
        events.level.codes[rows],
        rows >= given,
    )


def _lead_rows(named: Coded, leads: LeadColumns) -> Int32s:
    """The row of the lead that each event names, -1 where it is not among them."""
    if named.levels == tuple(leads.lead_id):
        return named.codes
    row_of = {lead_id: row for row, lead_id in enumerate(leads.lead_id)}
    return named.recoded([row_of.get(lead_id, MISSING) for lead_id in named.levels])


def _known_at_creation(events: EventColumns, leads: LeadColumns) -> dict[str, Int32s]:
    """By attribute, the rows of the leads of which a change was known when they came in."""
    changes = np.flatnonzero(events.type == ATTRIBUTE_CHANGE)
    if len(changes) == 0:
        return {}
    lead = _lead_rows(events.lead_id, leads)[changes]
    known_at = np.maximum(events.occurred_at, events.recorded_at)[changes]
    early = lead >= 0
    early[early] = known_at[early] <= leads.created_at[lead[early]]
    name = events.name.codes[changes[early]]
    return {events.name.levels[code]: lead[early][name == code] for code in np.unique(name)}


def _values_at_creation(leads: LeadColumns, history: Mapping[str, Int32s]) -> list[EventColumns]:
    """Attribute changes at creation, one part per attribute; missing values make no event.

    Leads of `history` have a change of the attribute that was known by then. Attributes come in the
    order of their names: values of one moment must not lie as the columns of a file do.
    """
    parts = []
    for name in sorted((*leads.numbers, *leads.levels)):
        number = leads.numbers.get(name)
        level = leads.levels.get(name)
        shown = ~np.isnan(number) if number is not None else leads.levels[name].codes >= 0
        shown[history.get(name, np.zeros(0, np.int32))] = False
        present = np.flatnonzero(shown)
        n = len(present)
        missing = Coded.missing(n)
        parts.append(
            EventColumns(
                lead_id=Coded(present.astype(np.int32), tuple(leads.lead_id)),
                type=np.full(n, ATTRIBUTE_CHANGE, np.int8),
                occurred_at=leads.created_at[present],
                recorded_at=leads.created_at[present],
                name=Coded(np.zeros(n, np.int32), (name,)),
                pipeline=missing,
                number=np.full(n, np.nan) if number is None else number[present],
                level=missing if level is None else Coded(level.codes[present], level.levels),
                direction=np.full(n, MISSING, np.int8),
                duration_seconds=np.full(n, np.nan),
                actor=missing,
                result=missing,
                event_id=[""] * n,
            )
        )
    return parts


def _name_lists(events: EventColumns) -> dict[int, tuple[str, ...]]:
    """The names used by attribute changes and by interactions, sorted."""
    lists = {}
    for event_type in (ATTRIBUTE_CHANGE, INTERACTION):
        used = np.unique(events.name.codes[events.type == event_type])
        lists[event_type] = tuple(sorted(events.name.levels[code] for code in used))
    return lists


def _names(
    events: EventColumns,
    lists: Mapping[int, tuple[str, ...]],
    lead: Int32s,
    lead_pipeline: Coded,
    pipelines: Pipelines,
) -> Int32s:
    """The code of each event's kind, stage or attribute; -1 for an unknown stage."""
    name = np.full(len(events), MISSING, np.int32)
    for event_type, listed in lists.items():
        code_of = {text: code for code, text in enumerate(listed)}
        codes = events.name.recoded([code_of.get(text, MISSING) for text in events.name.levels])
        rows = events.type == event_type
        name[rows] = codes[rows]
    stages = np.flatnonzero((events.type == STAGE_CHANGE) & (lead >= 0))
    own = lead_pipeline.codes[lead[stages]]
    # One number for the three codes, each one more than it is: none is missing then.
    named, owned = len(events.pipeline.levels) + 1, len(lead_pipeline.levels) + 1
    keys = events.name.codes[stages].astype(np.int64)
    keys = (keys * named + events.pipeline.codes[stages] + 1) * owned + own + 1
    distinct = np.unique(keys)
    codes = np.array(
        [
            pipelines.stage_code(
                events.name.levels[key // owned // named],
                None
                if key // owned % named == 0
                else events.pipeline.levels[key // owned % named - 1],
                lead_pipeline.levels[key % owned - 1],
            )
            for key in distinct.tolist()
        ],
        np.int32,
    )
    name[stages] = codes[np.searchsorted(distinct, keys)] if len(codes) else MISSING
    return name


def _stated_order(
    events: EventColumns,
    lead: Int32s,
    name: Int32s,
    pipelines: Pipelines,
    leads: int,
    named: int,
) -> tuple[Int64s, Int64s]:
    """Order of the events that have a lead and a name, and where each lead's begin.

    By lead, occurred_at, recorded_at, type, stage order, event_id; closing stages come last among
    the stages of all pipelines, not only of their own. Events from `named` on have no id.
    """
    order, start, ties = order_events(
        lead, name, events.type, events.occurred_at, events.recorded_at,
        pipelines.stage_order, pipelines.stage_outcome, leads, named,
    )  # fmt: skip
    for first, stop in ties.reshape(-1, 2).tolist():
        run = order[first:stop].tolist()
        order[first:stop] = sorted(run, key=events.event_id.__getitem__)
    return order, start
