"""Lead states: the fold of what was known, worked out anew by a plain loop at every moment."""

import numpy as np
from hypothesis import given

from features.lead_states import lead_states, visits
from leads.pipelines import OPEN
from leads.records import ATTRIBUTE_CHANGE, STAGE_CHANGE
from leads.view import Snapshots, look
from tests.leads.histories import PIPELINES, at, changed, few, histories, lead, moved, timelines_of


def folded(timelines, row, as_of):
    """(status, pipeline, source, kept source, amount, days to closing) by a loop over a view."""
    view = look(timelines, Snapshots(np.array([row]), np.array([as_of])))
    events = view.events
    status, pipeline = OPEN, int(timelines.pipeline[row])
    source = kept = amount = None
    closed_after = 0
    for event in range(int(view.first[0]), int(view.stop[0])):
        name = int(events.name[event])
        if events.type[event] == STAGE_CHANGE:
            outcome = PIPELINES.stage_outcome[name]
            if outcome != OPEN and status == OPEN:
                kept = source
            if outcome != status:
                after = int(events.occurred_at[event] - timelines.created_at[row])
                closed_after = 0 if outcome == OPEN else max(after, 0)
            status, pipeline = outcome, int(PIPELINES.stage_pipeline[name])
        elif events.type[event] == ATTRIBUTE_CHANGE:
            code = int(events.level[event])
            if timelines.attributes[name] == "source":
                source = timelines.levels[code] if code >= 0 else None
            if timelines.attributes[name] == "amount":
                amount = None if np.isnan(events.number[event]) else float(events.number[event])
    return status, pipeline, source if status == OPEN else kept, amount, closed_after


@given(histories(most_events=20))
@few(150)
def test_states_are_the_fold_of_what_was_known(history):
    timelines = history.timelines()
    states = lead_states(timelines, "source", None, "amount")
    assert (np.diff(states.lead) >= 0).all()
    for row in range(len(timelines)):
        own = np.flatnonzero(states.lead == row)
        assert states.known_at[own[0]] == timelines.created_at[row]
        assert (np.diff(states.known_at[own]) > 0).all()
        for as_of in {*history.moments, *states.known_at[own].tolist()}:
            if as_of < timelines.created_at[row]:
                continue
            now = own[states.known_at[own] <= as_of][-1]
            code, number = int(states.first_level[now]), float(states.number[now])
            found = (
                states.status[now],
                states.pipeline[now],
                timelines.levels[code] if code >= 0 else None,
                None if np.isnan(number) else number,
                states.closed_after_us[now],
            )
            assert found == folded(timelines, row, as_of)


def ended_plainly(timelines, row, as_of):
    """The visits of a lead that had ended by a moment: stage and seconds, by a plain loop."""
    view = look(timelines, Snapshots(np.array([row]), np.array([as_of])))
    created = int(timelines.created_at[row])
    stage, entered = int(PIPELINES.first_code[timelines.pipeline[row]]), created
    ended = []
    for event in range(int(view.first[0]), int(view.stop[0])):
        to = int(view.events.name[event])
        if view.events.type[event] == STAGE_CHANGE and to != stage:
            left = max(int(view.events.occurred_at[event]), entered)
            ended.append((stage, (left - entered) / 1e6))
            stage, entered = to, left
    return sorted(ended)


@given(histories(most_events=20))
@few(150)
def test_ended_visits_are_those_of_what_was_known(history):
    timelines = history.timelines()
    lead_of, stage, known_at, count, seconds = visits(timelines)
    for row in range(len(timelines)):
        for as_of in history.moments:
            if as_of < timelines.created_at[row]:
                continue
            said: dict[tuple[int, float], int] = {}
            for k in np.flatnonzero((lead_of == row) & (known_at <= as_of)):
                visit = (int(stage[k]), float(seconds[k]))
                said[visit] = said.get(visit, 0) + int(count[k])
            found = sorted(visit for visit, times in said.items() for _ in range(times))
            assert min(said.values(), default=0) >= 0
            assert found == ended_plainly(timelines, row, as_of)


def test_closed_lead_keeps_the_value_it_was_closed_with():
    timelines = timelines_of(
        [lead(source="fair")], [moved(2, "Won"), changed(3, "source", "展会"), moved(5, "New")]
    )

    states = lead_states(timelines, "source")

    levels = {
        int(t): timelines.levels[code]
        for t, code in zip(states.known_at, states.first_level, strict=True)
    }
    assert levels[at(2)] == levels.get(at(3), "fair") == "fair"
    assert levels[at(5)] == "展会"
