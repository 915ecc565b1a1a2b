"""The values of attributes as known at each snapshot."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from leads.arrays import MISSING, Floats, Int8s, Int32s, Int64s
from leads.records import ATTRIBUTE_CHANGE
from leads.view import View


def known_levels(view: View, attributes: Sequence[str]) -> Int32s:
    """(snapshot x attribute): the code of each category's latest known value, -1 where missing."""
    levels: Int32s = _known_levels(
        view.events.type,
        view.events.name,
        view.events.level,
        view.first,
        view.stop,
        _slots(view, attributes),
        len(attributes),
    )
    return levels


def known_numbers(view: View, attribute: str) -> Floats:
    """The latest known value of a number at each snapshot, NaN where missing."""
    numbers: Floats = _known_numbers(
        view.events.type,
        view.events.name,
        view.events.number,
        view.first,
        view.stop,
        _slots(view, [attribute]),
    )
    return numbers


def _slots(view: View, attributes: Sequence[str]) -> Int64s:
    """The place of each attribute of the timelines among those asked for."""
    slot_of = {name: slot for slot, name in enumerate(attributes)}
    return np.array([slot_of.get(name, MISSING) for name in view.timelines.attributes], np.int64)


@njit(cache=True, nogil=True)  # pragma: no cover
def _known_levels(
    event_type: Int8s,
    name: Int32s,
    level: Int32s,
    first: Int64s,
    stop: Int64s,
    slot: Int64s,
    width: int,
) -> Int32s:
    known = np.full((len(first), width), MISSING, np.int32)
    for s in range(len(first)):
        for event in range(first[s], stop[s]):
            if event_type[event] == ATTRIBUTE_CHANGE and slot[name[event]] >= 0:
                known[s, slot[name[event]]] = level[event]
    return known


@njit(cache=True, nogil=True)  # pragma: no cover
def _known_numbers(
    event_type: Int8s, name: Int32s, number: Floats, first: Int64s, stop: Int64s, slot: Int64s
) -> Floats:
    known = np.full(len(first), np.nan)
    for s in range(len(first)):
        for event in range(first[s], stop[s]):
            if event_type[event] == ATTRIBUTE_CHANGE and slot[name[event]] == 0:
                known[s] = number[event]
    return known
