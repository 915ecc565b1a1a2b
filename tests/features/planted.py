"""Families with a fault planted in each, to show that the laws see it."""

import numpy as np
from numba import njit

from features.closing_stream import EVERYBODY
from features.population import STAGES, Population, win_counts
from features.signal import Column, Family, FamilySettings, Group, as_learned
from leads.arrays import Floats
from leads.clock import DAY_US
from leads.outcome import closings
from leads.pipelines import WON
from leads.records import ATTRIBUTE_CHANGE, INTERACTION, STAGE_CHANGE
from leads.view import View

_GROUP = Group("planted", "Planted")
_COLUMN = Column("planted", _GROUP, "count", "Planted: {value}", "Not planted.")


def _family(
    name: str,
    fill,
    columns=(_COLUMN,),
    settings: FamilySettings | None = None,
    prepare=as_learned,
) -> Family:
    return Family(name, lambda _: settings or {}, lambda _: columns, fill, prepare)


def _per_snapshot(name: str, value) -> Family:
    """A family of one column, `value(view, population, snapshot)`."""

    def fill(settings, view: View, population: Population, block: Floats) -> None:
        for snapshot in range(len(view)):
            block[snapshot, 0] = value(view, population, snapshot)

    return _family(name, fill)


def _own(view: View, snapshot: int) -> slice:
    """All events of a snapshot's lead in the timelines, past and future."""
    row = view.snapshots.lead[snapshot]
    return slice(view.timelines.start[row], view.timelines.start[row + 1])


def _known(view: View, snapshot: int) -> slice:
    return slice(view.first[snapshot], view.stop[snapshot])


def _sound(view, population, snapshot):
    return np.sum(view.events.type[_known(view, snapshot)] == INTERACTION)


def _happened_though_not_recorded(view, population, snapshot):
    happened = view.timelines.events.occurred_at[_own(view, snapshot)]
    return np.sum(happened <= view.as_of[snapshot])


def _recorded_though_not_happened(view, population, snapshot):
    recorded = view.timelines.events.recorded_at[_own(view, snapshot)]
    return np.sum(recorded <= view.as_of[snapshot])


def _before_instead_of_until(view, population, snapshot):
    return np.sum(view.events.occurred_at[_known(view, snapshot)] < view.as_of[snapshot])


def _all_events_of_the_timelines(view, population, snapshot):
    return np.sum(view.timelines.events.type[_own(view, snapshot)] == INTERACTION)


def _closing_counted(view, population, snapshot):
    """The stage changes of the view's range and the one behind it: the closing, as often as not."""
    own, known = _own(view, snapshot), _known(view, snapshot)
    events = view.timelines.events
    later = events.occurred_at[own] > view.as_of[snapshot]
    behind = (events.type[own] == STAGE_CHANGE) & later
    return np.sum(view.events.type[known] == STAGE_CHANGE) + behind.any()


@njit
def _count_past_the_range(event_type, stop, end_of_lead, block):  # pragma: no cover
    """A compiled walk that goes on by one event too many."""
    for s in range(len(stop)):
        block[s, 0] = 0.0
        for event in range(stop[s], min(stop[s] + 1, end_of_lead[s])):
            block[s, 0] += event_type[event] == STAGE_CHANGE


def _kernel_past_the_range(settings, view, population, block):
    end_of_lead = view.timelines.start[view.snapshots.lead + 1]
    _count_past_the_range(view.events.type, view.stop, end_of_lead, block)


def _final_outcomes_of_others(view, population, snapshot):
    own = view.snapshots.lead[snapshot]
    closing = closings(view.timelines, np.iinfo(np.int64).max)
    return np.sum(np.delete(closing.status, own) == WON)


def _closings_of_the_population_until_today(view, population, snapshot):
    return np.sum(population.index(STAGES).own_changes)


def _own_outcome_in_the_population(view, population, snapshot):
    everybody = population.index(STAGES).places([EVERYBODY])
    nobody = np.array([-1])
    return win_counts(population, everybody, view.as_of[[snapshot]], nobody)[1][0]


def _beside_the_mean_of_the_batch(view, population, snapshot):
    ages = view.as_of - view.created_at
    return (ages[snapshot] - ages.mean()) / DAY_US


def _place_in_the_batch(view, population, snapshot):
    return snapshot


def _number_of_leads(view, population, snapshot):
    return len(view.timelines)


def _row_of_the_input(view, population, snapshot):
    return view.events.row[_known(view, snapshot)].max(initial=-1)


def _newest_by_row_of_the_input(view, population, snapshot):
    """The type of the newest event; among ties the one that came last in the input."""
    events, known = view.events, _known(view, snapshot)
    order = np.lexsort((events.row[known], events.occurred_at[known]))
    return events.type[known][order[-1]] if len(order) else np.nan


def _recorded_in_the_last_week(view, population, snapshot):
    """A window that is laid on the moments of recording."""
    recorded = view.events.recorded_at[_known(view, snapshot)]
    return np.sum(view.as_of[snapshot] - recorded < 7 * DAY_US)


def _value_of_today(view, population, snapshot):
    """The latest value of an attribute that the timelines hold, not the latest known."""
    events, own = view.timelines.events, _own(view, snapshot)
    values = events.number[own][events.type[own] == ATTRIBUTE_CHANGE]
    return values[-1] if len(values) else np.nan


def _days_until_the_next_event(view, population, snapshot):
    """How long a stage lasts, though the move that ends it is still to come."""
    occurred = view.timelines.events.occurred_at[_own(view, snapshot)]
    later = occurred[occurred > view.as_of[snapshot]]
    return (later.min() - view.as_of[snapshot]) / DAY_US if len(later) else np.nan


def _counted_when_prepared(settings, timelines):
    """Looks at events where only lists may be looked at."""
    return {"events": np.diff(timelines.start)}


def _fill_from_the_prepared(prepared, view, population, block):
    block[:, 0] = prepared["events"][view.snapshots.lead]


def _length_of_a_list_of_the_timelines(settings, timelines):
    """Codes as the timelines number them, which other leads decide."""
    return {"events": np.full(len(timelines), len(timelines.levels))}


def _recorded_on_time_only(view, population, snapshot):
    events, known = view.events, _known(view, snapshot)
    return np.sum(events.recorded_at[known] <= events.occurred_at[known])


def _infinite_rate(view, population, snapshot):
    with np.errstate(divide="ignore"):
        return np.divide(1.0, np.float64(_sound(view, population, snapshot)))


def _leaves_rows_out(settings, view, population, block):
    some = view.stop > view.first
    block[some, 0] = 1.0


def _writes_beside(settings, view, population, block):
    whole = block.base if block.base is not None else block
    whole[:, 0] = np.arange(len(whole))
    block[:, 0] = 0.0


def _levels_by_batch(view, population, snapshot):
    return len(view.timelines.levels)


_TWO = (_COLUMN, Column("planted", _GROUP, "count", "Twice: {value}", "Not planted."))
_CAPITALS = (Column("Planted", _GROUP, "count", "Planted: {value}", "Not planted."),)
_UNFILLABLE = (Column("planted", _GROUP, "count", "{value} of {nothing}", "Not planted."),)
_NO_VALUE = (Column("planted", _GROUP, "count", "Planted", "Not planted."),)
_NO_MISSING = (Column("planted", _GROUP, "count", "Planted: {value}", ""),)
_NO_UNIT = (Column("planted", _GROUP, "parsecs", "Planted: {value}", "Not planted."),)  # type: ignore[arg-type]
_ONE_NAME = (
    _COLUMN,
    Column("other", Group("planted", "Another"), "count", "Other: {value}", "Not planted."),
)
_LEVELS = (Column("planted", _GROUP, "level", "{value}", "Not planted.", levels=("one",)),)


def _by_level(settings, view, population, block):
    """Looks its weight up by a number, which JSON turns into a text."""
    block[:, 0] = settings["weights"].get(1, 0.0)


SOUND = _per_snapshot("sound", _sound)

# Each with the message of the law that it breaks.
LEAKS: tuple[tuple[Family, str], ...] = (
    (_per_snapshot("by occurred_at alone", _happened_though_not_recorded), "blind to the future"),
    (_per_snapshot("by recorded_at alone", _recorded_though_not_happened), "blind to the future"),
    (_per_snapshot("events of the timelines", _all_events_of_the_timelines), "blind to the future"),
    (_per_snapshot("the closing counted", _closing_counted), "blind to the future"),
    (_family("kernel past the range", _kernel_past_the_range), "blind to the future"),
    (_per_snapshot("value of today", _value_of_today), "blind to the future"),
    (_per_snapshot("until the next event", _days_until_the_next_event), "blind to the future"),
    (
        _family("counted beforehand", _fill_from_the_prepared, prepare=_counted_when_prepared),
        "blind to the future",
    ),
    (
        _family(
            "as the timelines number it",
            _fill_from_the_prepared,
            prepare=_length_of_a_list_of_the_timelines,
        ),
        "blind to other leads",
    ),
    (_per_snapshot("< for <=", _before_instead_of_until), "the very moment counts"),
    (_per_snapshot("final outcomes of others", _final_outcomes_of_others), "blind to other leads"),
    (
        _per_snapshot("closings until today", _closings_of_the_population_until_today),
        "population blind to the future",
    ),
    (
        _per_snapshot("its own outcome", _own_outcome_in_the_population),
        "population without the lead itself",
    ),
    (_per_snapshot("beside the batch", _beside_the_mean_of_the_batch), "alone as in a batch"),
    (_per_snapshot("place in the batch", _place_in_the_batch), "alone as in a batch"),
    (_per_snapshot("number of leads", _number_of_leads), "blind to other leads"),
    (_per_snapshot("level codes", _levels_by_batch), "blind to other leads"),
    (_per_snapshot("row of the input", _row_of_the_input), "order of records"),
    (_per_snapshot("ties by row", _newest_by_row_of_the_input), "stated order of ties"),
    (_per_snapshot("on time only", _recorded_on_time_only), "late recording"),
    (_per_snapshot("window of recording", _recorded_in_the_last_week), "late recording"),
    (_per_snapshot("infinite", _infinite_rate), "finite or missing"),
    (_family("leaves rows out", _leaves_rows_out), "every column filled: one was left"),
    (_family("leaves a lead out", _leaves_rows_out), "every column filled: one was left"),
    (_family("writes beside", _writes_beside), "every column filled: it wrote beside"),
    (
        _family("keys that JSON renames", _by_level, settings={"weights": {1: 2.5}}),
        "settings survive JSON",
    ),
    (_family("codes without a level", SOUND.fill, _LEVELS), "levels are codes"),
)
MISDECLARED: tuple[tuple[Family, str], ...] = (
    (_family("a name twice", SOUND.fill, _TWO), "columns named"),
    (_family("capitals", SOUND.fill, _CAPITALS), "columns named"),
    (_family("unfillable", SOUND.fill, _UNFILLABLE), "columns told: placeholders"),
    (_family("no value", SOUND.fill, _NO_VALUE), "columns told: placeholders"),
    (_family("no missing", SOUND.fill, _NO_MISSING), "columns told: what missing means"),
    (_family("no unit", SOUND.fill, _NO_UNIT), "columns told: unit"),
    (_family("two groups of a name", SOUND.fill, _ONE_NAME), "groups are one"),
)
