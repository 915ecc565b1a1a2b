"""The laws that every family of signals keeps, one `check_*` each, over a history of leads.

A law takes a plan and a history; its assertion says which law was broken.
"""

import json
import random
import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from features.plan import SignalPlan, plan_from_record
from features.population import population_of
from features.signal import Unit
from leads.arrays import Floats
from leads.clock import DAY_US, SECOND_US
from leads.records import ATTRIBUTE_CHANGE, Event
from leads.timeline import Timelines
from leads.view import look
from tests.leads.histories import History, in_stated_order, is_known, snapshots_of

FIRST_WEEK_US = 7 * DAY_US

Pairs = Sequence[tuple[str, int]]


def rows_of(
    plan: SignalPlan, timelines: Timelines, pairs: Pairs, others: Timelines | None = None
) -> Floats:
    """The rows of some snapshots; the population is of `others`, else of the same timelines."""
    population = population_of(timelines if others is None else others)
    return plan.matrix(look(timelines, snapshots_of(timelines, pairs)), population)


def same(found: Floats, expected: Floats) -> bool:
    """Equal to the last bit, missing where missing."""
    return np.array_equal(found, expected, equal_nan=True)


def _events_of(history: History, lead_id: str, *, own: bool) -> list[Event]:
    return [event for event in history.events if (event.lead_id == lead_id) == own]


def _futures(events: Iterable[Event], as_of: int) -> list[Event]:
    """Events moved to where `as_of` does not know them: by one clock, by the other, by both."""
    late, soon = as_of + 1, as_of + DAY_US
    clocks = [(as_of - DAY_US, late), (late, as_of - DAY_US), (soon, soon), (late, late)]
    return [
        replace(event, occurred_at=occurred, recorded_at=recorded, event_id=f"{number}-{place}")
        for place, event in enumerate(events)
        for number, (occurred, recorded) in enumerate(clocks)
    ]


def check_blind_to_the_future(plan: SignalPlan, history: History) -> None:
    """Removing, changing or adding own events not known at the snapshot changes nothing."""
    whole = history.timelines()
    for lead_id, as_of in history.snapshots():
        before = rows_of(plan, whole, [(lead_id, as_of)], whole)
        own = _events_of(history, lead_id, own=True)
        rest = _events_of(history, lead_id, own=False)
        known = [event for event in own if is_known(event, as_of)]
        for events in (known, known + _futures(own, as_of)):
            other = history.with_events(rest + events).timelines()
            found = rows_of(plan, other, [(lead_id, as_of)], other)
            assert same(found, before), "blind to the future: an event not yet known changed a row"


def check_population_is_blind_to_the_future(plan: SignalPlan, history: History) -> None:
    """Other leads' events and other leads not known at the snapshot change nothing."""
    whole = history.timelines()
    for lead_id, as_of in history.snapshots():
        before = rows_of(plan, whole, [(lead_id, as_of)], whole)
        leads = [lead for lead in history.leads if lead.created_at <= as_of]
        known = [event for event in history.events if is_known(event, as_of)]
        unknown = _futures(history.events, as_of)
        later = [replace(lead, created_at=as_of + 1) for lead in history.leads if lead not in leads]
        for changed in (History(tuple(leads), tuple(known), ()),
                        History((*leads, *later), (*known, *unknown), ())):  # fmt: skip
            found = rows_of(plan, whole, [(lead_id, as_of)], changed.timelines())
            assert same(found, before), "population blind to the future: it changed a row"


def check_population_leaves_the_lead_out(plan: SignalPlan, history: History) -> None:
    """What happened to the lead itself does not come back to it through the population."""
    whole = history.timelines()
    for lead_id, as_of in history.snapshots():
        others = tuple(lead for lead in history.leads if lead.lead_id != lead_id)
        without = replace(history, leads=others).timelines()
        found = rows_of(plan, whole, [(lead_id, as_of)], without)
        before = rows_of(plan, whole, [(lead_id, as_of)])
        assert same(found, before), "population without the lead itself: its own past came back"


def check_other_leads_only_through_the_population(plan: SignalPlan, history: History) -> None:
    """Under one population a row is the same whatever other leads the timelines hold."""
    whole = history.timelines()
    for lead_id, as_of in history.snapshots():
        alone = whole.only(np.array([whole.row_of[lead_id]]))
        found = rows_of(plan, alone, [(lead_id, as_of)], whole)
        rebuilt = replace(
            history,
            leads=tuple(lead for lead in history.leads if lead.lead_id == lead_id),
            events=tuple(_events_of(history, lead_id, own=True)),
        ).timelines()
        again = rows_of(plan, rebuilt, [(lead_id, as_of)], whole)
        before = rows_of(plan, whole, [(lead_id, as_of)], whole)
        assert same(found, before), "blind to other leads: their presence changed a row"
        assert same(again, before), "blind to other leads: their presence changed a row"


def check_alone_as_in_a_batch(plan: SignalPlan, history: History) -> None:
    """A snapshot alone gives the row it gives in a batch, in any order of the batch."""
    timelines = history.timelines()
    pairs = history.snapshots()
    batch = rows_of(plan, timelines, pairs)
    backwards = rows_of(plan, timelines, pairs[::-1])
    assert same(backwards[::-1], batch), "alone as in a batch: the order of the batch matters"
    for row, pair in enumerate(pairs):
        alone = rows_of(plan, timelines, [pair])
        assert same(alone[0], batch[row]), "alone as in a batch: other snapshots changed a row"


def check_order_of_records_does_not_matter(plan: SignalPlan, history: History) -> None:
    """Leads and events may come in any order."""
    shuffle = random.Random(3)
    shuffled = replace(
        history,
        leads=tuple(shuffle.sample(history.leads, len(history.leads))),
        events=tuple(shuffle.sample(history.events, len(history.events))),
    )
    pairs = history.snapshots()
    found = rows_of(plan, shuffled.timelines(), pairs)
    assert same(found, rows_of(plan, history.timelines(), pairs)), "order of records: it mattered"


def check_ties_are_in_the_stated_order(plan: SignalPlan, history: History) -> None:
    """Events at one moment count in the contract's order: ids that say it change nothing."""
    ordered = in_stated_order(history.events, history.leads)
    numbered = [replace(event, event_id=f"{place:04}") for place, event in enumerate(ordered)]
    pairs = history.snapshots()
    found = rows_of(plan, history.with_events(numbered[::-1]).timelines(), pairs)
    before = rows_of(plan, history.timelines(), pairs)
    assert same(found, before), "stated order of ties: another order was taken"


def check_once_known_it_does_not_matter_when_it_was_recorded(
    plan: SignalPlan, history: History
) -> None:
    """From the moment it is recorded, a late event counts as if recorded on time.

    Ties are left out: among them the moment of recording is part of the stated order; and attribute
    changes of before the lead came in: a value known at creation yields to those known by then.
    """
    created_at = {lead.lead_id: lead.created_at for lead in history.leads}
    first_of = {(event.lead_id, event.occurred_at): event for event in history.events}
    events = [
        event
        for (lead_id, moment), event in first_of.items()
        if moment > created_at.get(lead_id, 0)
        or (event.type != ATTRIBUTE_CHANGE and moment != created_at.get(lead_id))
    ]
    for lead_id, as_of in history.snapshots():
        known = [event for event in events if is_known(event, as_of)]
        on_time = [replace(event, recorded_at=event.occurred_at) for event in known]
        late = rows_of(plan, history.with_events(events).timelines(), [(lead_id, as_of)])
        found = rows_of(plan, history.with_events(on_time).timelines(), [(lead_id, as_of)])
        assert same(found, late), "late recording: once known, an event counts like any other"


def check_the_very_moment_counts(plan: SignalPlan, history: History) -> None:
    """An event at the very moment of the snapshot counts as it would a microsecond earlier.

    Only the newest event of all is looked at, away from ties and from the end of a first week,
    which a microsecond earlier is within.
    """
    moments = [
        moment for event in history.events for moment in {event.occurred_at, event.recorded_at}
    ]
    moments += [lead.created_at for lead in history.leads]
    for event in history.events:
        as_of = event.occurred_at
        if any(as_of - SECOND_US <= moment for moment in moments if moment != as_of):
            continue
        if event.recorded_at > as_of or moments.count(as_of) > 1:
            continue
        if any(as_of - lead.created_at == FIRST_WEEK_US for lead in history.leads):
            continue
        earlier = replace(event, occurred_at=as_of - 1, recorded_at=as_of - 1)
        rest = [other for other in history.events if other is not event]
        pairs = [(lead.lead_id, as_of) for lead in history.leads]
        now = rows_of(plan, history.timelines(), pairs)
        before = rows_of(plan, history.with_events([*rest, earlier]).timelines(), pairs)
        close = np.allclose(now, before, rtol=1e-6, atol=1e-6, equal_nan=True)
        assert close, "the very moment counts: an event at as_of was not seen"


def check_every_column_is_filled(plan: SignalPlan, history: History) -> None:
    """Each family writes its whole block, one column per declared one, and nothing beside it."""
    timelines = history.timelines()
    view = look(timelines, snapshots_of(timelines, history.snapshots()))
    population = population_of(timelines)
    for family, settings in plan.parts:
        width = len(family.columns(settings))
        prepared = family.prepare(settings, timelines)
        blocks = [np.full((len(view), width + 2), filler) for filler in (1.5e300, -7.25)]
        for block in blocks:
            family.fill(prepared, view, population, block[:, 1:-1])
        assert same(*[block[:, 1:-1] for block in blocks]), "every column filled: one was left"
        for block in blocks:
            beside = block[:, [0, -1]]
            assert len(np.unique(beside)) <= 1, "every column filled: it wrote beside its block"


def check_finite_or_missing(plan: SignalPlan, history: History) -> None:
    """A value is a finite number or NaN."""
    rows = rows_of(plan, history.timelines(), history.snapshots())
    assert not np.isinf(rows).any(), "finite or missing: a value was infinite"


def check_lead_without_events_has_a_row(plan: SignalPlan, history: History) -> None:
    """A lead of which nothing is known but its creation has a row, whatever others did."""
    silent = replace(history.leads[0], lead_id="silent", attributes={})
    pairs = [("silent", silent.created_at), ("silent", silent.created_at + 400 * DAY_US)]
    rows = rows_of(plan, replace(history, leads=(*history.leads, silent)).timelines(), pairs)
    assert rows.shape == (2, len(plan.columns)), "lead without events: no full row"
    check_every_column_is_filled(plan, History((silent,), (), tuple(moment for _, moment in pairs)))


def check_settings_survive_json(plan: SignalPlan, history: History) -> None:
    """Settings written as JSON, keys sorted, and read again give the same columns and matrix."""
    record = json.loads(json.dumps(plan.as_record(), sort_keys=True, allow_nan=False))
    again = plan_from_record(record, tuple(family for family, _ in plan.parts))
    assert again.columns == plan.columns, "settings survive JSON: other columns came back"
    timelines, pairs = history.timelines(), history.snapshots()
    found = rows_of(again, timelines, pairs)
    assert same(found, rows_of(plan, timelines, pairs)), "settings survive JSON: another matrix"


def check_columns_are_named(plan: SignalPlan, history: History) -> None:
    """Names are snake_case and unique in a plan."""
    names = [column.name for column in plan.columns]
    assert len(set(names)) == len(names), f"columns named: {names} repeats a name"
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name), f"columns named: {name!r}"


def check_columns_are_told(plan: SignalPlan, history: History) -> None:
    """Every column has a known unit, a fillable sentence with its value, and one for missing."""
    for column in plan.columns:
        assert column.unit in get_args(Unit), f"columns told: unit of {column.name}"
        ways = ({"value"}, {"times"}) if column.unit == "ratio" else ({"value"},)
        assert _placeholders(column.sentence) - {*column.names} in ways, (
            f"columns told: placeholders of {column.sentence!r}"
        )
        assert column.missing.endswith("."), f"columns told: what missing means in {column.name}"
        assert _placeholders(column.missing) <= {*column.names}, (
            f"columns told: placeholders of {column.missing!r}"
        )
        group = column.group
        assert group.label, f"columns told: label of group {group.name}"
        assert _placeholders(group.label) <= {*group.names}, (
            f"columns told: placeholders of {group.label!r}"
        )


def check_levels_are_codes(plan: SignalPlan, history: History) -> None:
    """A categorical column holds the codes of its levels, rare or unseen, or nothing."""
    rows = rows_of(plan, history.timelines(), history.snapshots())
    for place, column in enumerate(plan.columns):
        if column.levels:
            codes = rows[:, place][~np.isnan(rows[:, place])]
            allowed = np.isin(codes, np.arange(len(column.levels) + 2))
            assert allowed.all(), f"levels are codes: {column.name}"


def check_groups_are_one(plan: SignalPlan, history: History) -> None:
    """Groups of one name are one group, so that a factor has one label."""
    groups: dict[str, object] = {}
    for column in plan.columns:
        known = groups.setdefault(column.group.name, column.group)
        assert known == column.group, f"groups are one: {column.group.name}"


def _placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


Law = Callable[[SignalPlan, History], None]

LAWS: tuple[Law, ...] = (
    check_blind_to_the_future,
    check_population_is_blind_to_the_future,
    check_population_leaves_the_lead_out,
    check_other_leads_only_through_the_population,
    check_alone_as_in_a_batch,
    check_order_of_records_does_not_matter,
    check_ties_are_in_the_stated_order,
    check_once_known_it_does_not_matter_when_it_was_recorded,
    check_the_very_moment_counts,
    check_every_column_is_filled,
    check_finite_or_missing,
    check_lead_without_events_has_a_row,
    check_settings_survive_json,
    check_levels_are_codes,
)
# These look at what is declared, not at values: one history is enough.
LAWS_OF_COLUMNS: tuple[Law, ...] = (
    check_columns_are_named,
    check_columns_are_told,
    check_groups_are_one,
)
