"""Lately: how the last leads that closed ended, in the pipeline and in all."""

import numpy as np

from features.closing_stream import EVERYBODY
from features.population import STREAM, About, Population
from features.signal import Column, Family, FamilySettings, Group
from leads.arrays import Floats
from leads.outcome import known_stage
from leads.timeline import Timelines
from leads.view import View

LAST = (50, 200, 1000)
# Over fewer closings a share says nothing.
FEWEST = 10

_GROUP = Group("lately", "How leads closed lately")
_MISSING = "Too few leads were closed before."


def learn(timelines: Timelines) -> FamilySettings:
    """Whether there are several pipelines, so that one's own stream differs from all."""
    return {"pipelines": len(timelines.pipelines.names) > 1}


def columns(settings: FamilySettings) -> tuple[Column, ...]:
    """The share won of the last closings of all, then of the lead's pipeline."""
    of_all = [_declared(f"win_rate_last_{n}", f"Of the last {n} closed leads") for n in LAST]
    of_pipeline = [
        _declared(
            f"pipeline_win_rate_last_{n}", f"Of the last {n} closed leads of this pipeline"
        )
        for n in LAST
    ]  # fmt: skip
    return (*of_all, *of_pipeline) if settings["pipelines"] else tuple(of_all)


def _declared(name: str, which: str) -> Column:
    return Column(name, _GROUP, "share", f"{which} {{value}} were won", _MISSING, comparable=False)


def fill(settings: FamilySettings, view: View, population: Population, block: Floats) -> None:
    """Fill the block from the population's stream of closings."""
    stream, own = population.stream, population.rows(view)
    pipelines = view.timelines.pipelines
    now = pipelines.stage_pipeline[known_stage(view)]
    theirs = np.array([stream.names.get(name, -1) for name in pipelines.names], np.int64)
    places = [np.full(len(view), stream.names.get(EVERYBODY, -1))]
    if settings["pipelines"]:
        places.append(theirs[now])
    at = 0
    for place in places:
        for closings in LAST:
            won, closed = stream.last(place, view.as_of, own, closings)
            block[:, at] = np.where(closed >= FEWEST, won / np.maximum(closed, 1), np.nan)
            at += 1


def asks(settings: FamilySettings) -> tuple[About, ...]:
    """The stream of closings."""
    return (STREAM,)


LATELY = Family("lately", learn, columns, fill, asks=asks)
