"""Histories of leads for the tests: short builders for written ones, a strategy for all others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from leads.clock import DAY_US, HOUR_US, parse_time
from leads.pipelines import OPEN, Pipeline, Pipelines
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
from leads.view import Snapshots

# A Thursday, off midnight, so that a microsecond more or less stays within the day.
START = parse_time("2026-01-01T09:17:00Z")

PIPELINES = Pipelines(
    (
        Pipeline(
            "b2b",
            ("New", "Qualified", "Proposal"),
            ("Won",),
            ("Lost", "Disqualified"),
            after=("Onboarding",),
            window_days=30,
        ),
        Pipeline("b2c", ("New", "Offer"), ("Köpt",), ("Förlorad",), window_days=7),
    )
)
TYPES = {
    "amount": "number",
    "source": "category",
    "is vip": "boolean",
    "förfaller": "time",
    "备注": "text",
    "expected_close_date": "time",
    "owner": "category",
    "contact": "category",
}
KINDS = ("email", "call", "möte", "邮件", "Email!")
VALUES = {
    "amount": ("0", "-12.5", "1e6"),
    "source": ("fair", "mässa", "展会", "FAIR"),
    "is vip": ("true", "nej"),
    "förfaller": ("2026-01-04", "2026-02-01T10:00:00+08:00", "1999-12-31T23:59:59Z"),
    "备注": ("ring tillbaka", "👍 {value} \\ %s"),
    "expected_close_date": ("2026-01-09", "2026-01-20", "2026-03-01T12:00:00Z"),
    "owner": ("Anna", "李", "O'Hara"),
    "contact": ("Åsa", "张伟", "Bo"),
}


def at(days: float) -> int:
    """The moment so many days after the start."""
    return START + round(days * DAY_US)


def lead(created: float = 0, lead_id: str = "a", pipeline: str = "b2b", **attributes) -> Lead:
    """A lead that came in so many days after the start."""
    return Lead(lead_id, at(created), pipeline, attributes)


def _event(kind, days, name, recorded, lead_id, event_id, **more) -> Event:
    known = days if recorded is None else recorded
    event_id = event_id or f"{name}@{days}"
    return Event(lead_id, kind, at(days), at(known), name, event_id, **more)


def moved(days, stage, recorded=None, lead_id="a", event_id="", pipeline=None) -> Event:
    """A stage change, so many days after the start; recorded then unless told otherwise."""
    return _event(STAGE_CHANGE, days, stage, recorded, lead_id, event_id, pipeline=pipeline)


def contact(days, kind="email", recorded=None, lead_id="a", event_id="", **more) -> Event:
    """An interaction, so many days after the start; recorded then unless told otherwise."""
    return _event(INTERACTION, days, kind, recorded, lead_id, event_id, **more)


def changed(days, attribute, value, recorded=None, lead_id="a", event_id="") -> Event:
    """An attribute change, so many days after the start; None clears the attribute."""
    return _event(ATTRIBUTE_CHANGE, days, attribute, recorded, lead_id, event_id, value=value)


@dataclass(frozen=True)
class History:
    """Leads, their events, and moments to look at them."""

    leads: tuple[Lead, ...]
    events: tuple[Event, ...]
    moments: tuple[int, ...]

    def timelines(self) -> Timelines:
        """The timelines of these leads."""
        return timelines_of(self.leads, self.events)

    def snapshots(self) -> list[tuple[str, int]]:
        """Every lead at every moment since it came in."""
        return [
            (lead.lead_id, moment)
            for lead in self.leads
            for moment in self.moments
            if moment >= lead.created_at
        ]

    def with_events(self, events: Iterable[Event]) -> "History":
        """The same leads with other events."""
        return replace(self, events=tuple(events))


def timelines_of(
    leads: Sequence[Lead], events: Sequence[Event] = (), pipelines=PIPELINES, types=TYPES
) -> Timelines:
    """The timelines of leads and events."""
    return build_timelines(
        lead_columns(leads, types), event_columns(events, types), pipelines, types
    )


def snapshots_of(timelines: Timelines, pairs: Sequence[tuple[str, int]]) -> Snapshots:
    """Snapshots of leads by their ids."""
    rows = [timelines.row_of[lead_id] for lead_id, _ in pairs]
    return Snapshots(np.array(rows, np.int64), np.array([a for _, a in pairs], np.int64))


def is_known(event: Event, as_of: int) -> bool:
    """The contract's words: an event is known when both of its times are <= `as_of`."""
    return max(event.occurred_at, event.recorded_at) <= as_of


def stage_code(event: Event, lead: Lead) -> int:
    """The stage that a stage change means for its lead."""
    return PIPELINES.stage_code(event.name, event.pipeline, lead.pipeline)


def in_stated_order(events: Iterable[Event], leads: Iterable[Lead]) -> list[Event]:
    """The contract's order of each lead's events, by plain sorting."""
    lead_of = {lead.lead_id: lead for lead in leads}

    def key(event: Event):
        stage = (False, -1)
        if event.type == STAGE_CHANGE:
            code = stage_code(event, lead_of[event.lead_id])
            stage = (PIPELINES.stage_outcome[code] != OPEN, PIPELINES.stage_order[code])
        return (event.occurred_at, event.recorded_at, event.type, *stage, event.event_id)

    return sorted(events, key=key)


def few(examples: int):
    """How many examples to try; a time limit would measure the machine's load."""
    return settings(max_examples=examples, deadline=None)


# Whole and half days, so that ties are common; some a microsecond aside.
_ASIDE = st.sampled_from([0, 0, 0, -1, 1])


def _times(*days: float):
    return st.builds(lambda day, aside: at(day) + aside, st.sampled_from(days), _ASIDE)


_HAPPENED = _times(1, 2, 3, 1.5, 2, 0.5, 7, 0, 8, 10, 30, -1, -40)
_CAME_IN = _times(0, 1, 0.5, -1, 2, 8, 30)
_LOOKED = _times(8, 10, 3, 30, 37, 2, 1, 0)
# Recorded on time, late, or ahead of time, as a planned meeting is.
_DELAYS = st.sampled_from([0, 0, 0, 0, 1, HOUR_US, DAY_US, 7 * DAY_US, 30 * DAY_US, -DAY_US])
_LEAD_IDS = ("a", "", "Åsa Öberg", "客户 7", "a'; --", "👩‍💼")


@st.composite
def _stage_changes(draw, lead_id: str, occurred_at: int, event_id: str) -> Event:
    code = draw(st.sampled_from(range(len(PIPELINES.stage_names))))
    pipeline, stage = PIPELINES.stage_names[code]
    return Event(
        lead_id,
        STAGE_CHANGE,
        occurred_at,
        occurred_at + draw(_DELAYS),
        stage,
        event_id,
        pipeline=draw(st.sampled_from([None, None, pipeline])),
    )


@st.composite
def _attribute_changes(draw, lead_id: str, occurred_at: int, event_id: str) -> Event:
    attribute = draw(st.sampled_from(sorted(TYPES)))
    value = draw(st.sampled_from((None, *VALUES[attribute])))
    recorded_at = occurred_at + draw(_DELAYS)
    return Event(
        lead_id, ATTRIBUTE_CHANGE, occurred_at, recorded_at, attribute, event_id, value=value
    )


@st.composite
def _interactions(draw, lead_id: str, occurred_at: int, event_id: str) -> Event:
    return Event(
        lead_id,
        INTERACTION,
        occurred_at,
        occurred_at + draw(_DELAYS),
        draw(st.sampled_from(KINDS)),
        event_id,
        direction=draw(st.sampled_from([None, "inbound", "outbound"])),
        actor=draw(st.sampled_from([None, "Åke", "李"])),
        duration_seconds=draw(st.sampled_from([None, 0.0, 90.5])),
        result=draw(st.sampled_from([None, "svarade", "no answer"])),
    )


_EVENTS = (_stage_changes, _stage_changes, _attribute_changes, _interactions)


@st.composite
def _leads(draw, lead_id: str) -> Lead:
    names = draw(st.sets(st.sampled_from(sorted(TYPES)), max_size=3))
    return Lead(
        lead_id,
        draw(_CAME_IN),
        draw(st.sampled_from(PIPELINES.names)),
        {name: draw(st.sampled_from((None, *VALUES[name]))) for name in sorted(names)},
    )


@st.composite
def histories(draw, most_leads: int = 4, most_events: int = 14) -> History:
    """Leads of two pipelines with reopenings, ties, late and planned events, and odd names."""
    # Sizes are sampled: drawn integers would mostly be small.
    ids = _LEAD_IDS[: draw(st.sampled_from(range(1, most_leads + 1)))]
    n_events = draw(st.sampled_from(range(0, most_events + 1, 2)))
    leads = tuple(draw(_leads(lead_id)) for lead_id in ids)
    numbers = draw(st.permutations(range(n_events)))
    events = tuple(
        draw(
            draw(st.sampled_from(_EVENTS))(
                draw(st.sampled_from(ids)), draw(_HAPPENED), f"e{number}"
            )
        )
        for number in numbers
    )
    moments = draw(st.lists(_LOOKED, min_size=1, max_size=3, unique=True))
    return History(leads, events, tuple(moments))
