"""Fields and interactions of the close itself: dated there, changed there, or happening there."""

from collections.abc import Iterator

import numpy as np

from leads.arrays import MISSING, Bools, Floats, Int32s, Int64s
from leads.clock import DAY_US, HOUR_US, SECOND_US
from leads.records import ATTRIBUTE_CHANGE, INTERACTION
from training.creation_values import CreationValues
from training.suspicion import FEWEST_LEADS, Audited, Suspicion, surely_above

# The days before a close that belong to it, at most this part of the lead's life.
_DAYS_BEFORE_US, _PART_OF_LIFE = 3 * DAY_US, 0.25
# More than so many of the first changes are around the close; so few of them are seen before it.
_AROUND, _SEEN_BEFORE = 0.6, 0.2
# Of leads that lived for so long it can be told what belongs to the close.
_LONG_LIFE_US = 3 * DAY_US
# More than so many values give the close to the day, and so many times as many as by chance.
_DATED, _TIMES_CHANCE = 0.5, 3.0
_UNITS_US = {"days": DAY_US, "hours": HOUR_US, "minutes": 60 * SECOND_US, "seconds": SECOND_US}
# An interaction belongs to the close where nearly all of its kind are within a day of one.
_AT_CLOSE = 0.95


def measures_close(audited: Audited) -> Iterator[Suspicion]:
    """Times at creation that are the day of the close, and numbers that are the time until it."""
    closed_at, created_at = audited.closings.closed_at, audited.created_at
    lived = np.flatnonzero(audited.closed)
    lived = lived[closed_at[lived] - created_at[lived] >= _LONG_LIFE_US]
    for column in audited.values:
        rows = lived[~np.isnan(column.number[lived])]
        if len(rows) < FEWEST_LEADS:
            continue
        life = (closed_at[rows] - created_at[rows]).astype(np.float64)
        for unit, told in _times_told(column, rows, created_at):
            near = int((np.abs(told - life) <= DAY_US).sum())
            by_chance = int((np.abs(told - np.roll(life, 1)) <= DAY_US).sum())
            if surely_above(near, len(rows)) > _DATED and near > _TIMES_CHANCE * by_chance:
                yield Suspicion(
                    column.attribute,
                    "measures_close",
                    f"of {len(rows):,} leads that it is known of, it gives {unit} to the day for "
                    f"{near:,}: it is written at the close",
                )
                break


def _times_told(
    column: CreationValues, rows: Int64s, created_at: Int64s
) -> Iterator[tuple[str, Floats]]:
    """The time from creation to the close that values would mean, in each way to read them."""
    values = column.number[rows]
    if column.type == "time":
        yield "the moment of the close", values - created_at[rows]
    if column.type == "number":
        for unit, microseconds in _UNITS_US.items():
            yield f"the time until the close in {unit}", values * microseconds


def written_at_close(audited: Audited) -> Iterator[Suspicion]:
    """Attributes that are first written, or first changed, in the days around the close."""
    lead, name, place = _first_changes(audited)
    around, before = _around_close(audited, lead, place)
    for code, column in enumerate(audited.values):
        own = name == code
        written, near = int(own.sum()), int((own & around).sum())
        if near < FEWEST_LEADS or surely_above(near, written) <= _AROUND:
            continue
        said = f"of the {written:,} leads in which it"
        when = f"{near:,} at the close, or in the days before it"
        had_one = column.filled[lead[own & around]].mean() > 0.5
        if had_one and (own & around & before).sum() <= _SEEN_BEFORE * near:
            yield Suspicion(
                column.attribute,
                "changed_at_close",
                f"{said} was changed, {when}: make sure that the first value is the one at "
                "creation",
            )
        else:
            yield Suspicion(
                column.attribute,
                "written_at_close",
                f"{said} was written after they came in, {when}: it is a part of the close",
            )


def _first_changes(audited: Audited) -> tuple[Int64s, Int32s, Int64s]:
    """Lead, attribute and place of the first change of each that was learned after creation."""
    events = audited.known.events
    rows = np.flatnonzero(events.type == ATTRIBUTE_CHANGE)
    lead = audited.lead_of_event[rows]
    learned = np.maximum(events.occurred_at[rows], events.recorded_at[rows])
    rows = rows[learned > audited.created_at[lead]]
    lead, name = audited.lead_of_event[rows], events.name[rows]
    _, first = np.unique(name.astype(np.int64) * len(audited.known) + lead, return_index=True)
    return lead[first], name[first], rows[first]


def _around_close(audited: Audited, lead: Int64s, place: Int64s) -> tuple[Bools, Bools]:
    """Which events are around the close of their lead or after it, and which known before it."""
    events, closing = audited.known.events, audited.closings
    occurred_at = events.occurred_at[place]
    learned = np.maximum(occurred_at, events.recorded_at[place])
    closed, known_at = audited.closed[lead], closing.known_at[lead]
    life = np.where(closed, known_at - audited.created_at[lead], 0)
    slack = np.minimum(_DAYS_BEFORE_US, (_PART_OF_LIFE * life).astype(np.int64))
    late = (learned >= known_at - slack) | (occurred_at >= closing.closed_at[lead] - slack)
    return closed & late, closed & (learned < known_at)


def happens_at_close(audited: Audited) -> Iterator[Suspicion]:
    """Kinds of interactions, and results of a kind, that are within a day of a close or nowhere."""
    events, known = audited.known.events, audited.known
    place = np.flatnonzero(events.type == INTERACTION)
    lead = audited.lead_of_event[place]
    closed_at = audited.closings.closed_at[lead]
    # The life of an open lead never ends: whatever happens to it is not at its close.
    long = closed_at - audited.created_at[lead] >= _LONG_LIFE_US
    place, lead, closed_at = place[long], lead[long], closed_at[long]
    at_close = audited.closed[lead] & (np.abs(closed_at - events.occurred_at[place]) <= DAY_US)
    kind, result = events.name[place].astype(np.int64), events.result[place]
    kinds = dict(_of_close(kind, at_close, lead))
    for code, (size, near) in kinds.items():
        yield _happens(f"interactions: {known.kinds[code]}", size, near)
    rest = (result != MISSING) & ~np.isin(kind, list(kinds))
    pair = kind[rest] * len(known.results) + result[rest]
    for code, (size, near) in _of_close(pair, at_close[rest], lead[rest]):
        of_kind, level = divmod(code, len(known.results))
        field = f"interactions: {known.kinds[of_kind]}, result {known.results[level]}"
        yield _happens(field, size, near)


def _of_close(code: Int64s, at_close: Bools, lead: Int64s) -> Iterator[tuple[int, tuple[int, int]]]:
    """The codes of which nearly all events are at a close, with their number and that of these."""
    codes, place = np.unique(code, return_inverse=True)
    sizes = np.bincount(place, minlength=len(codes))
    near = np.bincount(place[at_close], minlength=len(codes))
    for one in np.flatnonzero((near >= FEWEST_LEADS) & (near >= _AT_CLOSE * sizes)):
        if len(np.unique(lead[at_close & (place == one)])) >= FEWEST_LEADS:
            yield int(codes[one]), (int(sizes[one]), int(near[one]))


def _happens(field: str, size: int, near: int) -> Suspicion:
    return Suspicion(
        field,
        "happens_at_close",
        f"of {size:,} of these in leads that live for days, {near:,} are within a day of the "
        "close: leave them out if they are a part of it",
    )
