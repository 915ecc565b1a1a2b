"""The signal plan of a model: which families, with what they learned, and the matrix they fill."""

import itertools
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.families import FAMILIES, ON_BY_DEFAULT, with_own
from features.own_signals import NAME as OWN_SIGNALS
from features.population import About, Population
from features.signal import Column, Family, FamilySettings
from leads.arrays import Floats
from leads.errors import DamagedArtifactError, SettingsError
from leads.timeline import Timelines
from leads.view import Snapshots, View

# Rows that stay in a core's cache; the compiled walks run without Python's lock.
BLOCK_ROWS = 16_384
FEWEST_BLOCK_ROWS = 100
THREADS = 2
# The first rows are filled alone and tell how long the rest takes: with threads 49 columns of
# 10,000 leads took 4.1 ms of the processor, without 2.2. Before them an eighth as many are filled
# that are not timed: these read cold memory and ask the system for a page.
FIRST_SHARE, MOST_FIRST_ROWS, WARMING_SHARE = 16, 1_024, 8
WORTH_THREADS_S = 0.005
# Memory fresh from the system costs a fault a page. Arrays of 4 MiB and more get large pages
# wherever one fits whole: 49 columns of 10,000 leads (3.7 MiB) took 957 faults, 1.2 ms, as they
# were, 447 as part of a larger array, and 3 where a page begins.
LARGE_PAGE_BYTES, LEAST_LARGE_BYTES = 1 << 21, 1 << 20


@dataclass(frozen=True)
class SignalPlan:
    """Families with their learned settings, in the order of their blocks."""

    parts: tuple[tuple[Family, FamilySettings], ...]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Every column of the matrix, in order."""
        return tuple(c for columns in self._columns_of_parts for c in columns)

    @cached_property
    def categorical(self) -> tuple[int, ...]:
        """The places of the categorical columns."""
        return tuple(place for place, column in enumerate(self.columns) if column.levels)

    def matrix(self, view: View, population: Population) -> Floats:
        """One row per snapshot, one column per signal; NaN is missing.

        Many rows are filled in blocks by several threads; a row does not depend on its block.
        """
        matrix = _unwritten(len(view), len(self.columns))
        prepared = self._prepared(view.timelines)
        population.build(self._asked)

        def fill(rows: slice) -> None:
            block_view = _rows_of(view, rows)
            for (family, _), made, columns in zip(self.parts, prepared, self._places, strict=True):
                family.fill(made, block_view, population, matrix[rows, columns])

        _fill_in_blocks(fill, len(view))
        return matrix

    def beside(self, other: "SignalPlan") -> "SignalPlan":
        """The families of this plan, then those of another; so stand the columns."""
        return SignalPlan((*self.parts, *other.parts))

    def __getstate__(self) -> dict[str, Any]:
        """Only the parts: what was prepared belongs to this process."""
        return {"parts": self.parts}

    @cached_property
    def _columns_of_parts(self) -> tuple[tuple[Column, ...], ...]:
        return tuple(family.columns(settings) for family, settings in self.parts)

    @cached_property
    def _asked(self) -> tuple[About, ...]:
        """What the families read of the population."""
        return tuple(about for family, settings in self.parts for about in family.asks(settings))

    @cached_property
    def _places(self) -> tuple[slice, ...]:
        """The columns of each part's block."""
        ends = itertools.accumulate((len(c) for c in self._columns_of_parts), initial=0)
        return tuple(slice(first, stop) for first, stop in itertools.pairwise(ends))

    @cached_property
    def _last_prepared(self) -> list[tuple["weakref.ref[Timelines]", tuple[Any, ...]]]:
        """At most one: the timelines seen last and what the families prepared for them."""
        return []

    def _prepared(self, timelines: Timelines) -> tuple[Any, ...]:
        for seen, prepared in self._last_prepared:
            if seen() is timelines:
                return prepared
        prepared = tuple(family.prepare(settings, timelines) for family, settings in self.parts)
        self._last_prepared[:] = [(weakref.ref(timelines), prepared)]
        return prepared

    def as_record(self) -> dict[str, Any]:
        """A plain record, to be stored with a model: a list, for a file may sort the keys."""
        return {
            "families": [
                {"family": family.name, "settings": dict(settings)}
                for family, settings in self.parts
            ]
        }


def _fill_in_blocks(fill: Callable[[slice], None], rows: int) -> None:
    """Fill all rows, by several threads where that is worth it."""
    timed = min(max(rows // FIRST_SHARE, FEWEST_BLOCK_ROWS), MOST_FIRST_ROWS)
    warming = -(-timed // WARMING_SHARE)
    first = warming + timed
    if rows <= first:
        fill(slice(0, rows))
        return
    fill(slice(0, warming))
    begun = time.thread_time()
    fill(slice(warming, first))
    seconds_of_rest = (time.thread_time() - begun) * (rows - first) / timed
    if seconds_of_rest < WORTH_THREADS_S:
        for block in _blocks(first, rows, BLOCK_ROWS):
            fill(block)
        return
    # Two blocks a thread at least: few leads may have much to walk over.
    share = max((rows - first) // (2 * THREADS), FEWEST_BLOCK_ROWS)
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(fill, _blocks(first, rows, min(share, BLOCK_ROWS))):
            pass


def _unwritten(rows: int, columns: int) -> Floats:
    """A matrix to be filled; one that is not small begins at a large page."""
    size = rows * columns * np.dtype(np.float64).itemsize
    if size < LEAST_LARGE_BYTES:
        return np.empty((rows, columns))
    pages = -(-size // LARGE_PAGE_BYTES) + 1
    room = np.empty(pages * LARGE_PAGE_BYTES, np.uint8)
    begin = -room.ctypes.data % LARGE_PAGE_BYTES
    return room[begin : begin + size].view(np.float64).reshape(rows, columns)


def _blocks(first: int, stop: int, rows: int) -> Iterator[slice]:
    """So many rows each, the last one what is left."""
    return (slice(at, min(at + rows, stop)) for at in range(first, stop, rows))


def _rows_of(view: View, rows: slice) -> View:
    """The same view of some of its snapshots."""
    if rows.start == 0 and rows.stop >= len(view):
        return view
    snapshots = Snapshots(view.snapshots.lead[rows], view.as_of[rows])
    return View(view.timelines, snapshots, view.events, view.first[rows], view.stop[rows])


def learn_plan(timelines: Timelines, families: tuple[Family, ...] | None = None) -> SignalPlan:
    """The plan learned from timelines as known at the training cut (`leads.view.known_by`).

    Without `families`, of those on by default and the own one in use.
    """
    families = with_own(ON_BY_DEFAULT) if families is None else families
    return SignalPlan(tuple((family, family.learn(timelines)) for family in families))


def plan_from_record(
    record: Mapping[str, Any], families: tuple[Family, ...] | None = None
) -> SignalPlan:
    """The plan of a stored record; raises `DamagedArtifactError` for an unknown family.

    `SettingsError` where it has own signals and those in use are other ones or none.
    """
    known = with_own(FAMILIES) if families is None else families
    by_name = {family.name: family for family in known}
    stored = record["families"]
    if OWN_SIGNALS not in by_name and any(entry["family"] == OWN_SIGNALS for entry in stored):
        raise SettingsError(
            "the model was trained with signals of your own; set LEADSCORE_SIGNALS to their file, "
            "or train again without"
        )
    unknown = sorted({entry["family"] for entry in stored} - set(by_name))
    if unknown:
        raise DamagedArtifactError(
            f"the model uses the signal family {unknown[0]!r}, which this version does not have; "
            "install the version that trained it or train again"
        )
    plan = SignalPlan(tuple((by_name[entry["family"]], entry["settings"]) for entry in stored))
    if OWN_SIGNALS in by_name:
        # Here, and not at the first score, it shows that the file of own signals is another.
        plan.columns  # noqa: B018
    return plan
