"""The values of attributes as known at each snapshot: one walk for all of them."""

from collections.abc import Sequence

import numpy as np
from numba import njit

from leads.arrays import MISSING, Floats, Int8s, Int32s, Int64s
from leads.records import ATTRIBUTE_CHANGE
from leads.view import View


def known_levels(view: View, attributes: Sequence[str]) -> list[Int32s]:
    """The code of each category's latest known value at each snapshot, -1 where missing."""
    latest, places = _latest(view), _places(view, attributes)
    none = np.full(len(view), MISSING, np.int32)
    if not attributes:
        return []
    levels: Int32s = _levels(latest, view.events.level)
    return [none if place == MISSING else levels[place] for place in places]


def known_numbers(view: View, attribute: str) -> Floats:
    """The latest known value of a number at each snapshot, NaN where missing."""
    (place,) = _places(view, [attribute])
    if place == MISSING:
        return np.full(len(view), np.nan)
    numbers: Floats = _numbers(_latest(view)[place], view.events.number)
    return numbers


def _places(view: View, attributes: Sequence[str]) -> list[int]:
    named = view.timelines.attributes
    return [named.index(name) if name in named else MISSING for name in attributes]


def _latest(view: View) -> Int64s:
    """(attribute x snapshot): the latest known change of each attribute, -1 where there is none."""
    if known_levels not in view.remembered:
        view.remembered[known_levels] = _latest_changes(
            view.events.type, view.events.name, view.first, view.stop,
            len(view.timelines.attributes),
        )  # fmt: skip
    latest: Int64s = view.remembered[known_levels]
    return latest


@njit(cache=True, nogil=True)  # pragma: no cover
def _latest_changes(
    event_type: Int8s, name: Int32s, first: Int64s, stop: Int64s, attributes: int
) -> Int64s:
    latest = np.full((attributes, len(first)), MISSING, np.int64)
    for s in range(len(first)):
        for event in range(first[s], stop[s]):
            if event_type[event] == ATTRIBUTE_CHANGE:
                latest[name[event], s] = event
    return latest


@njit(cache=True, nogil=True)  # pragma: no cover
def _levels(latest: Int64s, level: Int32s) -> Int32s:
    levels = np.full(latest.shape, MISSING, np.int32)
    for attribute in range(latest.shape[0]):
        for s in range(latest.shape[1]):
            if latest[attribute, s] >= 0:
                levels[attribute, s] = level[latest[attribute, s]]
    return levels


@njit(cache=True, nogil=True)  # pragma: no cover
def _numbers(latest: Int64s, number: Floats) -> Floats:
    numbers = np.full(len(latest), np.nan)
    for s in range(len(latest)):
        if latest[s] >= 0:
            numbers[s] = number[latest[s]]
    return numbers
